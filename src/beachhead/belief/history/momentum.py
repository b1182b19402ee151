"""What the last month tells beyond its quarter: blocks of months keep no order within them, and buyers do.

The last month's share of the market over that of the last three, on the log scale, and how much of it lasts through the
coming year, learnt from the errors that forecasts without it made on the training brands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.history.case import Case

Array = NDArray[np.float64]

LEARNT_AT = tuple(range(6, 25, 2))
"""Months after entry at which errors are looked at; every phase of the quarter is among them."""
_FIRST_MONTHS = 6  # before, the last month is a boatload or the ramp itself: it tells nothing
_FARTHEST = 2.0  # log scale: a month without a car, or one after a quarter almost without
_CAP = 1.5  # of an error: one collapse says little about the rest
_FEWEST = 5  # cases at one origin


def momentum(case: Case) -> float:
    """Log of the last month's share of the market over that of the last three; 0 early on, and where it sold none."""
    if case.months < _FIRST_MONTHS or case.seen[-1] <= 0:
        return 0.0
    market = case.entry.market[case.months - 3 : case.months]
    last = np.log((case.seen[-1] + 0.5) / market[-1])
    quarter = np.log((case.seen[-3:].sum() + 0.5) / market.sum())
    return float(np.clip(last - quarter, -_FARTHEST, _FARTHEST))


def lasting(missed: Mapping[int, Sequence[tuple[Case, float]]]) -> float:
    """The part of the momentum that lasts, between 0 and 1.

    Least squares of errors on momentum, both less their means at each origin; n cases of one brand weigh as the root of
    n; a weak pull to 0, as one case whose momentum is 1 without any error.

    Args:
        missed: by months seen, training cases with target less forecast median.
    """
    products, squares = 0.0, 1.0
    for cases in missed.values():
        selling = [(c, error) for c, error in cases if c.seen[-1] > 0]
        if len(selling) < _FEWEST:
            continue
        weights = _weights(c.brand for c, _ in selling)
        moved = np.array([momentum(c) for c, _ in selling])
        errors = np.clip([error for _, error in selling], -_CAP, _CAP)
        moved, errors = moved - weights @ moved / weights.sum(), errors - weights @ errors / weights.sum()
        products += float(weights @ (moved * errors))
        squares += float(weights @ moved**2)
    return float(np.clip(products / squares, 0.0, 1.0))


def _weights(brands: Iterable[str]) -> Array:
    named = list(brands)
    count = Counter(named)
    return np.array([count[brand] ** -0.5 for brand in named])
