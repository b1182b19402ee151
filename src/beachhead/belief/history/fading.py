"""How long the level of a newcomer lasts: an AR(1) about its age's median, seen through what a quarter scatters.

y = level + scatter + counting noise for each quarter of an entry after the first; the level is stationary with variance
v and correlation `kept` from quarter to quarter. The three numbers maximise the likelihood of all entries, each by
the Kalman filter (Durbin & Koopman 2012, section 7.2); quarters without three cars are left out by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

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
_START = np.array([np.log(2.0), np.log(0.1), 3.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fading:
    """What lasts and what does not.

    Attributes:
        variance: of the level.
        kept: its correlation from one quarter to the next.
        scatter: variance of a quarter's own scatter, beyond what the negative binomial of its count allows.
        quarters: quarters of entries that it was fitted on.
    """

    variance: float
    kept: float
    scatter: float
    quarters: int


def fit_fading(entries: Sequence[Entry], size_weekly: float) -> Fading:
    """Fit the three numbers.

    Args:
        entries: the newcomers.
        size_weekly: negative-binomial size of one week of registrations that a reading takes.
    """
    y, noise = quarter_levels(entries, size_weekly)
    y = y - np.nanmedian(y, axis=0)  # what all do at an age is the growth path's affair
    found = minimize(_miss, _START, args=(y, noise), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-6})
    variance, scatter = np.exp(found.x[:2])
    return Fading(
        variance=float(variance),
        kept=float(expit(found.x[2])),
        scatter=float(scatter),
        quarters=int(np.isfinite(y).sum()),
    )


def quarter_levels(entries: Sequence[Entry], size_weekly: float) -> tuple[Array, Array]:
    """(entries, 24) twice: log share of each quarter after the first, NaN where none, and its counting noise."""
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
    v, scatter, kept = np.exp(numbers[0]), np.exp(numbers[1]), 1.0 / (1.0 + np.exp(-numbers[2]))
    total = 0.0
    for i in range(y.shape[0]):
        mean, var = 0.0, v
        for t in range(y.shape[1]):
            if t > 0:
                mean *= kept
                var = kept * kept * var + (1.0 - kept * kept) * v
            if np.isfinite(y[i, t]):
                spread = var + scatter + noise[i, t]
                away = y[i, t] - mean
                total += 0.5 * (np.log(spread) + away * away / spread)
                gain = var / spread
                mean += gain * away
                var -= gain * var
    return total
