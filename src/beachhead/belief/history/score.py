"""How good a predictive distribution was: CRPS, probability integral transform, cover."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_NO_ERROR = 1e-12  # of a mean score: less is rounding


def crps(atoms: ArrayLike, seen: float) -> float:
    """Continuous ranked probability score of equally likely atoms: E|X - y| - E|X - X'| / 2.

    Gneiting & Raftery 2007, Journal of the American Statistical Association 102, equation 21; the second term by the
    sorted sum (Laio & Tamea 2007). Published check: for N(0,1) at its mean, (sqrt 2 - 1) / sqrt pi = .2337.
    """
    x = np.sort(np.asarray(atoms, dtype=np.float64))
    n = len(x)
    spread = float(np.sum((2 * np.arange(1, n + 1) - n - 1) * x)) / n**2
    return max(float(np.abs(x - seen).mean()) - spread, 0.0)  # rounding alone takes it below


def transform(atoms: ArrayLike, seen: float) -> float:
    """Probability integral transform, ties split: P(X < y) + P(X = y) / 2."""
    x = np.asarray(atoms, dtype=np.float64)
    return float((x < seen).mean() + 0.5 * (x == seen).mean())


def skill(ours: Array | float, theirs: Array | float) -> float:
    """1 - mean(ours) / mean(theirs); NaN of a peer that made no error at all, on which nobody can improve."""
    least = float(np.mean(theirs))
    return 1 - float(np.mean(ours)) / least if least > _NO_ERROR else math.nan


def skill_interval(
    ours: Array, theirs: Array, clusters: ArrayLike, seed: int, rounds: int = 4000
) -> tuple[float, float]:
    """95 % bootstrap interval of the skill, drawing whole clusters; NaN where there is none (see `skill`)."""
    if math.isnan(skill(ours, theirs)):
        return math.nan, math.nan
    _, label = np.unique(np.asarray(clusters), return_inverse=True)
    count = int(label.max()) + 1
    sums = np.array([np.bincount(label, w, count) for w in (ours, theirs)])
    drawn = np.random.default_rng(seed).integers(0, count, size=(rounds, count))
    ours_drawn, theirs_drawn = (each[drawn].sum(axis=1) for each in sums)
    can = theirs_drawn > _NO_ERROR  # of a few clusters one draw may hold those alone of which the peer knew all
    low, high = np.quantile(1 - ours_drawn[can] / theirs_drawn[can], [0.025, 0.975])
    return float(low), float(high)


def mean_interval(values: Array, clusters: ArrayLike, seed: int, rounds: int = 4000) -> tuple[float, float]:
    """95 % bootstrap interval of a mean (a share, a paired difference), drawing whole clusters."""
    _, label = np.unique(np.asarray(clusters), return_inverse=True)
    count = int(label.max()) + 1
    sums, size = np.bincount(label, values, count), np.bincount(label, minlength=count)
    drawn = np.random.default_rng(seed).integers(0, count, size=(rounds, count))
    low, high = np.quantile(sums[drawn].sum(axis=1) / size[drawn].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)
