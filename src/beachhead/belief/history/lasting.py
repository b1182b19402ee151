"""How long the level of a newcomer lasts: a random walk seen through what a quarter scatters.

y = level + scatter + counting noise for each quarter of an entry after the first, about the median of its age; the
level moves by independent steps (the local-level model, Durbin & Koopman 2012, section 2.1). The variances of step,
scatter and first level maximise the likelihood of all entries, each by the Kalman filter (section 7.2 there); quarters
without three cars are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from beachhead.belief.history.case import filled
from beachhead.world.compiled import compiled
from beachhead.world.entry import Entry

Array = NDArray[np.float64]

MONTHS = 3
FIRST_QUARTER, QUARTERS = 1, 25
"""The first three months of an entry are its start and tell of no level; after six years few are left."""
FEWEST_CARS = 3
"""A quarter with fewer cars counts as an exit, which is the growth path's affair."""
WEEKS = 13
_START = np.log([2.0, 0.1, 0.2])


@dataclass(frozen=True, slots=True, kw_only=True)
class LastingFit:
    """What lasts and what does not.

    Attributes:
        first: variance of the first level.
        walk: variance by which it moves in a quarter.
        scatter: variance of a quarter's own scatter, beyond what the negative binomial of its count allows.
        quarters: quarters of entries that it was fitted on.
    """

    first: float
    walk: float
    scatter: float
    quarters: int


def fit_lasting(entries: Sequence[Entry], size_weekly: float) -> LastingFit:
    """Fit the three numbers.

    Args:
        entries: the newcomers.
        size_weekly: negative-binomial size of one week of registrations that a reading takes.
    """
    y, noise = quarter_levels(entries, size_weekly)
    y = y - np.nanmedian(y, axis=0)  # what all do at an age is the growth path's affair
    found = minimize(_miss, _START, args=(y, noise), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-6})
    first, scatter, walk = (float(v) for v in np.exp(found.x))
    return LastingFit(first=first, walk=walk, scatter=scatter, quarters=int(np.isfinite(y).sum()))


def quarter_levels(entries: Sequence[Entry], size_weekly: float) -> tuple[Array, Array]:
    """(entries, Q) twice, Q <= 24: log share of each quarter after the first, NaN where none; its counting noise."""
    shape = (len(entries), QUARTERS - FIRST_QUARTER)
    y, noise = np.full(shape, np.nan), np.zeros(shape)
    for i, entry in enumerate(entries):
        cars = filled(entry)
        for a in range(min(shape[1], len(cars) // MONTHS - FIRST_QUARTER)):
            months = slice((a + FIRST_QUARTER) * MONTHS, (a + FIRST_QUARTER + 1) * MONTHS)
            sold, market = float(cars[months].sum()), float(np.sum(entry.market[months]))
            if sold >= FEWEST_CARS and market > 0:
                y[i, a] = np.log((sold + 0.5) / market)
                noise[i, a] = 1 / (sold + 0.5) + 1 / (WEEKS * size_weekly)
    reached = np.isfinite(y).any(axis=0)
    return y[:, reached], noise[:, reached]


@compiled
def _miss(numbers: Array, y: Array, noise: Array) -> float:
    """Minus the log likelihood of all entries, up to a constant."""
    first, scatter, walk = np.exp(numbers[0]), np.exp(numbers[1]), np.exp(numbers[2])
    total = 0.0
    for i in range(y.shape[0]):
        mean, var = 0.0, first
        for t in range(y.shape[1]):
            if t > 0:
                var += walk
            if np.isfinite(y[i, t]):
                spread = var + scatter + noise[i, t]
                away = y[i, t] - mean
                total += 0.5 * (np.log(spread) + away * away / spread)
                gain = var / spread
                mean += gain * away
                var -= gain * var
    return total
