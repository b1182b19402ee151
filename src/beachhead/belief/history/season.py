"""The calendar in registrations: months of the year by country, months of the quarter, and how lumpy months are.

Month of the year: log of the market's month over its centred twelve-month mean (2 x 12 moving average, the classical
ratio-to-moving-average of Macaulay 1931), median over years; a country's deviation from all countries is shrunk by
its noise (James-Stein with the pooled variance). So the United Kingdom's number plates (March, September) are the
United Kingdom's own, and a country with two noisy years gets the common calendar. Month of the quarter: how a
newcomer's share of the market is spread over the three months of a quarter: importers register before a quarter ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from beachhead.world.entry import Entry, MarketSeries

Array = NDArray[np.float64]

FIRST_YEAR = 2019
_LEAST_CARS_A_MONTH = 50.0
_LEAST_YEARS = 3
_LEAST_CARS_A_QUARTER = 15.0
_WEEKS_A_MONTH = 365.25 / 7 / 12
_GROWN_UP_MONTHS = 6


def month_factors(markets: Iterable[MarketSeries]) -> tuple[Array, dict[str, Array]]:
    """(12,) log factor of each month over all countries, and of each country with enough years, shrunk towards it."""
    found = {m.country: ratios for m in markets if (ratios := _ratios(m)) is not None}
    if not found:
        return np.zeros(12), {}
    middle = {code: _centred(np.nanmedian(ratios, axis=0)) for code, ratios in found.items()}
    pooled = _centred(np.median(np.stack(list(middle.values())), axis=0))
    noise = {code: _noise(ratios) for code, ratios in found.items()}
    # how far countries truly differ: their mean squares less noise, the quiet ones counting most
    excess = [float(np.mean((middle[code] - pooled) ** 2)) - noise[code] for code in middle]
    own = max(float(np.average(excess, weights=[1 / (noise[code] + 1e-6) for code in middle])), 0.0)
    return pooled, {code: pooled + own / (own + noise[code] + 1e-12) * (middle[code] - pooled) for code in middle}


def quarter_factors(months: Array) -> Array:
    """(4,) log factors of the quarters of a year with these months, adding to 0."""
    return _centred(np.log(np.exp(months).reshape(4, 3).mean(axis=1)))


def within_quarter(entries: Sequence[Entry]) -> Array:
    """(3,) log factor of each month of a quarter on a newcomer's share of its market; their mean factor is 1.

    Each entry counts once, by the mean over its quarters of at least 15 cars from the seventh month on.
    """
    spread = [found for entry in entries if (found := _spread(entry)) is not None]
    if not spread:
        return np.zeros(3)
    mean = np.mean(spread, axis=0)
    out: Array = np.log(3 * mean / mean.sum())
    return out


def registration_size(entries: Sequence[Entry]) -> float:
    """Negative-binomial size of one week of a newcomer's registrations: how far boatloads scatter them.

    Two neighbouring months with one mean mu have E(a - b)^2 = 2 mu + 2 mu^2 / k and E(ab) = mu^2, so 1 / k is the sum
    of (a - b)^2 - (a + b) over that of 2ab; months are taken as shares of the market first. Each entry counts once.
    """
    excess = [found for entry in entries if (found := _excess(entry)) is not None]
    if not excess:
        return float("nan")
    return 1 / max(float(np.mean(excess)), 1e-3) / _WEEKS_A_MONTH


def _ratios(market: MarketSeries) -> Array | None:
    """(years, 12) log of each month over its centred mean; NaN where unknown."""
    skip = max(0, 12 * FIRST_YEAR - market.first)
    cars, first = market.cars[skip:], market.first + skip
    years = len(cars) // 12 + 2
    out = np.full((years, 12), np.nan)
    weights = np.array([0.5, *[1.0] * 11, 0.5]) / 12
    for t in range(6, len(cars) - 6):
        window = cars[t - 6 : t + 7]
        if np.isfinite(window).all() and window.min() > 0 and float(window @ weights) >= _LEAST_CARS_A_MONTH:
            month = first + t
            out[month // 12 - first // 12, month % 12] = np.log(cars[t]) - np.log(float(window @ weights))
    enough = (np.isfinite(out).sum(axis=0) >= _LEAST_YEARS).all()
    return out if enough else None


def _noise(ratios: Array) -> float:
    """Variance of a country's median: pi / 2 of the mean's, over years and months."""
    counts = np.isfinite(ratios).sum(axis=0)
    return float(np.mean(np.nanvar(ratios, axis=0, ddof=1) / counts)) * np.pi / 2


def _centred(logs: Array) -> Array:
    out: Array = logs - logs.mean()
    return out


def _grown_up(entry: Entry) -> tuple[int, Array, Array]:
    """Calendar month, cars and market from the seventh month on."""
    return entry.first + _GROWN_UP_MONTHS, entry.cars[_GROWN_UP_MONTHS:], entry.market[_GROWN_UP_MONTHS:]


def _spread(entry: Entry) -> Array | None:
    first, cars, market = _grown_up(entry)
    quarters = []
    for t in range(-first % 3, len(cars) - 2, 3):
        if np.nansum(cars[t : t + 3]) >= _LEAST_CARS_A_QUARTER and np.isfinite(cars[t : t + 3]).all():
            share = cars[t : t + 3] / market[t : t + 3]
            quarters.append(share / share.sum())
    return np.mean(quarters, axis=0) if quarters else None


def _excess(entry: Entry) -> float | None:
    _, cars, market = _grown_up(entry)
    level = cars / market * float(np.mean(market)) if len(market) else cars
    pairs = np.array([(a, b) for a, b in pairwise(level) if np.isfinite(a + b) and a + b >= 10]).reshape(-1, 2)
    if len(pairs) < 4:
        return None
    a, b = pairs.T
    scale = 1 / ((a + b) / 2) ** 2  # pairs of large months do not count more
    return float(np.sum(scale * ((a - b) ** 2 - (a + b))) / np.sum(2 * scale * np.maximum(a * b, 1.0)))
