"""How large a market will be in the next twelve months, and how far that can be known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.world.entry import MarketSeries

Array = NDArray[np.float64]

_YEAR = 12
_LEAST_CARS = 100.0  # a year, for growth to mean anything
_LEARNT_FROM = 1000.0  # a year: growth of smaller markets says little about those that brands enter
_MEMORY = 120  # months: growth before that says little about the coming year
_PRIOR_WINDOWS = 200.0  # what is known beforehand weighs as much as this many windows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketFit:
    """Regression of next year's log growth on last year's, on the last quarter's pace and on size.

    Attributes:
        slopes: (4,) intercept, log growth of the last twelve months, log of last quarter's pace over the year's,
            log of the year's cars minus 10.
        log_sd: (2,) intercept and slope in size of the log of the residual's standard deviation.
    """

    slopes: Array
    log_sd: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOutlook:
    """Log of the next twelve months' registrations: normal with this mean and standard deviation."""

    mean: float
    sd: float


# What is believed before a panel is read: growth of a fifth to a third a year, some momentum, less in large markets.
BEFOREHAND = MarketFit(slopes=np.array([0.28, 0.10, 0.30, -0.08]), log_sd=np.array([-0.97, -0.17]))


def fit_market(markets: Iterable[MarketSeries], until: int) -> MarketFit:
    """Ridge regression over quarterly windows of the last ten years whose following year was complete by `until`."""
    kept = np.array([row for market in markets for row in _windows(market, until)]).reshape(-1, 5)
    if len(kept) < _PRIOR_WINDOWS:
        return BEFOREHAND
    regressors, growth = kept[:, :4], kept[:, 4]
    precision = regressors.T @ regressors + _PRIOR_WINDOWS * np.eye(4)
    slopes = np.linalg.solve(precision, regressors.T @ growth + _PRIOR_WINDOWS * BEFOREHAND.slopes)
    off = np.log(np.abs(growth - regressors @ slopes) + 0.02)
    spread = np.linalg.lstsq(regressors[:, [0, 3]], off, rcond=None)[0]
    # the mean log of |normal| lies .635 below the log of its standard deviation
    return MarketFit(slopes=slopes, log_sd=spread + np.array([0.635, 0.0]))


def market_ahead(fit: MarketFit, market: MarketSeries, origin: int) -> MarketOutlook:
    """Next twelve months after `origin`, from what was known then.

    A market without two whole years behind it is taken to have grown as the mean of all did; one without a whole year
    at the pace of the months there are.
    """
    past = market.cars[max(0, origin - market.first - 23) : origin - market.first + 1]
    year = past[-_YEAR:]
    seen = year[~np.isnan(year)]
    total = max(float(seen.mean()) * _YEAR, 1.0) if len(seen) else 1.0
    whole = len(past) == 24 and not np.isnan(past).any()
    row = _regressors(past) if whole else None
    if row is None:
        row = np.array([1.0, 0.3, 0.0, np.log(total) - 10])
    sd = float(np.exp(fit.log_sd[0] + fit.log_sd[1] * row[3]))
    return MarketOutlook(mean=float(np.log(total) + row @ fit.slopes), sd=float(np.clip(sd, 0.15, 0.8)))


def _windows(market: MarketSeries, until: int) -> list[Array]:
    """Regressors and the growth that followed, for every quarter known by `until`, of a market worth learning from."""
    cars = market.cars[: max(0, until - market.first + 1)]
    out = []
    for t in range(max(24, until - market.first - _MEMORY), len(cars) - _YEAR + 1, 3):
        if np.isnan(cars[t - 24 : t + _YEAR]).any() or cars[t - _YEAR : t].sum() < _LEARNT_FROM:
            continue
        regressors = _regressors(cars[t - 24 : t])
        if regressors is not None:
            out.append(np.append(regressors, np.log(cars[t : t + _YEAR].sum() / cars[t - _YEAR : t].sum())))
    return out


def _regressors(past: Array) -> Array | None:
    before, year = float(past[:_YEAR].sum()), float(past[_YEAR:].sum())
    if year < _LEAST_CARS or before <= 0:
        return None
    growth = float(np.clip(np.log(year / before), -1.0, 1.5))
    pace = float(np.log(max(float(past[-3:].mean()), 0.5) * _YEAR / year))
    return np.array([1.0, growth, pace, np.log(year) - 10])
