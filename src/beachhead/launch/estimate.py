"""A mean over made-up worlds, and how exactly it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 8
"""Worlds below which no error is stated: the spread of so few is itself luck, and two that agree have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A Monte Carlo mean.

    Attributes:
        mean: the estimate.
        se: its standard error; None where fewer than `FEWEST` worlds tell it, or in all but so few nothing pays.
        count: worlds it rests on.
    """

    mean: float
    se: float | None
    count: int


def estimate(sample: NDArray[np.float64]) -> Estimate:
    """Plain mean and its standard error."""
    n = len(sample)
    se = float(sample.std(ddof=1) / math.sqrt(n)) if n >= FEWEST else None
    return Estimate(mean=float(sample.mean()), se=se, count=n)


def error_of_sum(one: Estimate, other: Estimate) -> float | None:
    """Standard error of the sum or difference of two independent estimates; None where that of either is unknown."""
    return None if one.se is None or other.se is None else math.hypot(one.se, other.se)
