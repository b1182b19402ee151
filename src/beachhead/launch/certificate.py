"""The proof that goes with a plan: what no plan could have earned more than."""

from __future__ import annotations

import math
from dataclasses import dataclass

from beachhead.launch.terms import Floats

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


def estimate(sample: Floats) -> Estimate:
    """Plain mean and its standard error."""
    n = len(sample)
    se = float(sample.std(ddof=1) / math.sqrt(n)) if n >= FEWEST else None
    return Estimate(mean=float(sample.mean()), se=se, count=n)


def error_of_sum(one: Estimate, other: Estimate) -> float | None:
    """Standard error of the sum or difference of two independent estimates; None where that of either is unknown."""
    return None if one.se is None or other.se is None else math.hypot(one.se, other.se)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Value of the plan and an upper bound on the value of any plan, on the same worlds.

    Attributes:
        value: expected net present value of the plan over carrying on as is, launch currency.
        bound: what no plan that cannot see the future could earn more than, in expectation.
        gap: bound less value, paired by world.
        share: value / bound; None where the bound is not positive, and where the error of the value is unknown.
        method: how the bound was found.
        committed: value of the markets entered already if nothing more is done, the home market aside; None if none.
    """

    value: Estimate
    bound: Estimate
    gap: Estimate
    share: float | None
    method: str
    committed: Estimate | None = None
