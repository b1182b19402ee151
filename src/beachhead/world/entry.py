"""A brand's entry into a country as it happened, and the panel of them: history to learn from."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """One brand's monthly battery-electric registrations in one country, from its first month of sales on.

    Months are counted 12 * year + month - 1, so that they add and subtract.

    Attributes:
        brand: brand name.
        country: ISO 3166-1 alpha-2, except UK.
        region: region label of the country.
        first: month of entry.
        cars: (K,) cars registered in months first, first + 1 ...; NaN where the source did not list the brand.
        ceiling: (K,) most that an unlisted month can have been; NaN where the month is known.
        market: (K,) battery-electric registrations of all brands; never NaN, positive.
        newcomer: true if the brand had sold no car of any fuel there before.
        source: files the counts come from.
    """

    brand: str
    country: str
    region: str
    first: int
    cars: NDArray[np.float64]
    ceiling: NDArray[np.float64]
    market: NDArray[np.float64]
    newcomer: bool
    source: str

    def __post_init__(self) -> None:
        for name in ("cars", "ceiling", "market"):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != np.shape(self.cars):
                raise ValueError(f"{self.brand} in {self.country}: {name} has shape {array.shape}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if not (np.isfinite(self.market).all() and (self.market > 0).all()):
            raise ValueError(f"{self.brand} in {self.country}: market totals must be known and positive")
        if not (np.isnan(self.cars) ^ np.isnan(self.ceiling)).all():
            raise ValueError(f"{self.brand} in {self.country}: a month is either counted or has a ceiling")

    @property
    def key(self) -> tuple[str, str]:
        """Brand and country."""
        return (self.brand, self.country)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketSeries:
    """Monthly battery-electric registrations of a country.

    Attributes:
        country: ISO 3166-1 alpha-2, except UK.
        region: region label.
        first: month of the first value.
        cars: (K,) registrations; NaN where unknown.
    """

    country: str
    region: str
    first: int
    cars: NDArray[np.float64]

    def __post_init__(self) -> None:
        array = np.array(self.cars, dtype=np.float64)
        array.setflags(write=False)
        object.__setattr__(self, "cars", array)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """Entries and market totals.

    Attributes:
        entries: entries by brand, country and first month.
        markets: one series a country.
        notes: one sentence for each series mended or left out, and why; never a silent fill.
    """

    entries: tuple[Entry, ...]
    markets: tuple[MarketSeries, ...]
    notes: tuple[str, ...] = ()


_MONTH = re.compile(r"(\d{4})(?:[-/.]?M?(\d{2})|[-/.](\d))(?:[-/.]\d{2}(?:[ T][\d:.]+)?)?")


def month_of(text: str) -> int:
    """Month index of '2024-05', '202405', '2024M05', '2024-5', or of a day in it: '2024-05-01'."""
    found = _MONTH.fullmatch(text.strip())
    month = int(found[2] or found[3]) if found else 0
    if found is None or not 1 <= month <= 12:
        raise ValueError(f"{text!r} is not a month; write it like 2024-05")
    return 12 * int(found[1]) + month - 1


def month_text(month: int) -> str:
    """'2024-05' of a month index."""
    return f"{month // 12}-{month % 12 + 1:02d}"
