"""Histories of makers' volumes from the registrations beside the repository, for fitting and backtests."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from beachhead.evidence.panel.counts import read_counts
from beachhead.programme.rank import History

FEWEST_CARS = 2000
EVERYWHERE = "all"


def rival_histories(folder: Path) -> tuple[History, ...]:
    """Trailing years, every half year, of each country, and of all countries that have been listed since 2019."""
    counts = read_counts(folder)
    by_country: dict[str, dict[str, dict[int, float]]] = defaultdict(dict)
    for (country, brand), months in counts.bev.items():
        by_country[country][brand] = months
    found = [h for c in sorted(by_country) if (h := _history(c, by_country[c], counts.covered[c])) is not None]
    since = [h for h in found if h.years[0] <= 2020]
    return (*found, _together(since))


def _history(country: str, brands: dict[str, dict[int, float]], covered: set[int]) -> History | None:
    """A year that ends with month m (counted from year 0) is labelled (m + 1) / 12."""
    columns, years = [], []
    names = tuple(sorted(brands))
    for end in range(min(covered), max(covered) + 2):
        if end % 6 or not set(range(end - 12, end)) <= covered:
            continue
        cars = np.array([sum(brands[b].get(m, 0.0) for m in range(end - 12, end)) for b in names])
        if cars.sum() >= FEWEST_CARS:
            columns.append(np.where(cars > 0, cars, np.nan))
            years.append(end / 12)
    if len(years) < 3:
        return None
    return History(scope=country, brands=names, years=tuple(years), cars=np.stack(columns, axis=1))


def _together(histories: list[History]) -> History:
    years = sorted(set.intersection(*(set(h.years) for h in histories)))
    names = tuple(sorted({b for h in histories for b in h.brands}))
    cars = np.zeros((len(names), len(years)))
    for h in histories:
        rows = [names.index(b) for b in h.brands]
        cars[rows] += np.nan_to_num(h.cars[:, [h.years.index(y) for y in years]])
    return History(scope=EVERYWHERE, brands=names, years=tuple(years), cars=np.where(cars > 0, cars, np.nan))
