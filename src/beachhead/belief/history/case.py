"""A question put to history: after k months of an entry, how many cars in the next twelve?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.world.entry import Entry

HORIZON_MONTHS = 12
ORIGINS = (3, 6, 12)
# A total that unlisted months leave open by more than this on the log scale cannot be scored.
WIDEST_TARGET = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One entry at one origin.

    Attributes:
        entry: the entry.
        months: k, months observed.
        origin: last month observed.
        seen: (k,) cars in the months observed; half the ceiling where unlisted.
        target: log1p of the next twelve months' total, the middle of what unlisted months leave open; NaN if those
            months have not been yet.
    """

    entry: Entry
    months: int
    origin: int
    seen: NDArray[np.float64]
    target: float

    @property
    def brand(self) -> str:
        """Brand of the entry."""
        return self.entry.brand


def cases(entries: Iterable[Entry], origins: Sequence[int] = ORIGINS) -> tuple[Case, ...]:
    """Every entry at every origin whose next twelve months are known closely enough to score."""
    asked = (case(entry, k) for entry in entries for k in origins if len(entry.cars) >= k + HORIZON_MONTHS)
    return tuple(c for c in asked if np.isfinite(c.target))


def case(entry: Entry, months: int) -> Case:
    """One entry after `months` months; its target is NaN where the future is unknown or too open."""
    cars = filled(entry)
    return Case(
        entry=entry,
        months=months,
        origin=entry.first + months - 1,
        seen=cars[:months],
        target=_target(entry, months),
    )


def filled(entry: Entry) -> NDArray[np.float64]:
    """(K,) cars by month, with half the ceiling where the brand was unlisted.

    Only totals of several months are made of it, and the share of unlisted months is carried along as noise.
    """
    return np.where(np.isnan(entry.cars), 0.5 * np.nan_to_num(entry.ceiling), np.nan_to_num(entry.cars))


def _target(entry: Entry, months: int) -> float:
    until = months + HORIZON_MONTHS
    if len(entry.cars) < until:
        return float("nan")
    least = float(np.nansum(entry.cars[months:until]))
    most = least + float(np.nansum(entry.ceiling[months:until]))
    low, high = np.log1p(least), np.log1p(most)
    return float((low + high) / 2) if high - low <= WIDEST_TARGET else float("nan")
