"""Entries as points for the Gaussian process: log share of the market in blocks of months by age.

One block scheme for all entries: the log of a block's sum and the mean of its months' logs differ, so mixing monthly
data of one entry with blocks of others biases both. A month far above the half year before it (a boat came in) is cut
back before blocks are summed; the mean effect of that on the log of a quarter is added to every forecast again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.history.case import filled
from beachhead.world.entry import Entry

Array = NDArray[np.float64]

EDGES = (0, 1, 3, 6, 9, 12, 15, 18, 21, 24, 30, 36, 48)
BOATLOAD = 4.0  # a month is cut back to this many times what the median of the six before and 3 cars make
_LEAST_LISTED = 1 / 3  # a block with less than this share of its months listed says nothing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Points:
    """n blocks of months, and what each is known by.

    Attributes:
        entry: (n,) index of the entry.
        brand: (n,) index of the brand.
        country: (n,) index of the country.
        region: (n,) index of the region.
        age: (n,) months from entry to the middle of the block.
        month: (n,) calendar month of that middle.
        last: (n,) last calendar month of the block: what is known by then.
        width: (n,) months in the block.
        cars: (n,) cars in it, boatloads cut back.
        unlisted: (n,) share of its months without a count.
        log_share: (n,) log((cars + 1/2) / market).
        volume: (n,) log of the entry's cars a month over the year up to the block's end, over 50; between -4 and 4.
        size: (n,) log of the market's cars a year at the pace of the entry's first quarter, minus 10.
        lifted: (n,) log(uncut sum / cut sum).
    """

    entry: NDArray[np.int64]
    brand: NDArray[np.int64]
    country: NDArray[np.int64]
    region: NDArray[np.int64]
    age: Array
    month: Array
    last: NDArray[np.int64]
    width: Array
    cars: Array
    unlisted: Array
    log_share: Array
    volume: Array
    size: Array
    lifted: Array

    def take(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Points:
        """The chosen points."""
        kept: dict[str, Any] = {name: getattr(self, name)[keep] for name in _COLUMNS}
        return replace(self, **kept)

    def join(self, other: Points) -> Points:
        """These points and the others'."""
        both: dict[str, Any] = {name: np.append(getattr(self, name), getattr(other, name)) for name in _COLUMNS}
        return replace(self, **both)


_COLUMNS = tuple(f.name for f in fields(Points))


def points(entries: Sequence[Entry]) -> Points:
    """All whole blocks of all entries, and of each entry's last block what there is if that is half of it."""
    rows: list[tuple[float, ...]] = []
    labels = _labels(entries)
    for i, entry in enumerate(entries):
        raw, cars = filled(entry), _cut_back(filled(entry))
        unlisted = np.isnan(entry.cars)
        size = float(np.log(entry.market[:3].mean() * 12) - 10)
        for start, stop in pairwise(EDGES):
            end = min(stop, len(cars))
            if 2 * (end - start) < stop - start or unlisted[start:end].mean() > 1 - _LEAST_LISTED:
                continue
            total, market = cars[start:end].sum(), entry.market[start:end].sum()
            middle = (start + end) / 2
            rows.append(
                (
                    i,
                    *labels[i],
                    middle,
                    entry.first + middle,
                    entry.first + end - 1,
                    end - start,
                    total,
                    unlisted[start:end].mean(),
                    np.log((total + 0.5) / market),
                    _volume(cars[:end]),
                    size,
                    np.log((raw[start:end].sum() + 0.5) / (total + 0.5)),
                )
            )
    table = np.array(rows, dtype=np.float64).reshape(-1, 14)
    return Points(
        entry=table[:, 0].astype(np.int64),
        brand=table[:, 1].astype(np.int64),
        country=table[:, 2].astype(np.int64),
        region=table[:, 3].astype(np.int64),
        age=table[:, 4],
        month=table[:, 5],
        last=table[:, 6].astype(np.int64),
        width=table[:, 7],
        cars=table[:, 8],
        unlisted=table[:, 9],
        log_share=table[:, 10],
        volume=table[:, 11],
        size=table[:, 12],
        lifted=table[:, 13],
    )


def quarters_ahead(known: Points, entry: int, first: int, months: int) -> Points:
    """The four quarters after `months` months of an entry, as points without a count."""
    middle = np.array([months + 1.5 + 3.0 * q for q in range(4)], dtype=np.float64)
    return replace(
        known.take(np.flatnonzero(known.entry == entry)[-1:].repeat(4)),
        age=middle,
        month=middle + float(first),
        last=first + months + 2 + 3 * np.arange(4),
        width=np.full(4, 3.0),
        cars=np.full(4, np.nan),
        unlisted=np.zeros(4),
        log_share=np.full(4, np.nan),
    )


def _volume(cars: Array) -> float:
    return float(np.clip(np.log((cars[-12:].mean() + 1) / 50), -4, 4))


def _labels(entries: Sequence[Entry]) -> list[tuple[int, int, int]]:
    brands = {name: i for i, name in enumerate(sorted({e.brand for e in entries}))}
    countries = {name: i for i, name in enumerate(sorted({e.country for e in entries}))}
    regions = {name: i for i, name in enumerate(sorted({e.region for e in entries}))}
    return [(brands[e.brand], countries[e.country], regions[e.region]) for e in entries]


def _cut_back(cars: Array) -> Array:
    """(K,) months from the fourth on cut back to `BOATLOAD` times (median of up to six months before + 3 cars)."""
    out = cars.copy()
    for t in range(3, len(out)):
        out[t] = min(cars[t], BOATLOAD * (np.median(out[max(0, t - 6) : t]) + 3))
    return out
