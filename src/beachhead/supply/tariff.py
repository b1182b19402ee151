"""What a border takes: duties with dates, quotas, minimum prices and rules of origin, some of them uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from beachhead.world.quarter import QUARTERS_A_YEAR, Quarter
from beachhead.world.source import Source


class CustomsValue(StrEnum):
    """What customs hold a car to be worth; each country chooses (WTO customs valuation agreement, article 8.2).

    `cif` counts freight and insurance to its border (Regulation (EU) 952/2013, articles 71 and 72). `fob` does not
    (United States 19 U.S.C. 1401a (b) (4) (A); Canada, Customs Act 48 (5) (b) (i); Australia, Customs Act 1901, 161).
    """

    CIF = "cif"
    FOB = "fob"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A named way the world may go, such as the outcome of a trade case.

    Attributes:
        fork: what is open, such as `eu_duty`.
        label: the way it goes, such as `undertaking`.
    """

    fork: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Something the world has yet to settle; forks are independent of each other and of demand.

    Attributes:
        name: what is open.
        labels: the ways it may go.
        odds: probability of each, summing to 1.
        known_from: first quarter in which everybody knows.
    """

    name: str
    labels: tuple[str, ...]
    odds: tuple[float, ...]
    known_from: Quarter

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.odds) or len(set(self.labels)) != len(self.labels) or not self.labels:
            raise ValueError(f"{self.name}: each label needs its own odds")
        if min(self.odds) < 0 or abs(sum(self.odds) - 1) > 1e-6:
            raise ValueError(f"{self.name}: odds {self.odds} do not sum to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """One way to bring a car over a border. All rows in force together are alternatives; a car uses the best it may.

    Attributes:
        destination: customs area of the market: its code, or that of a union, such as EU.
        origin: customs area in which the car was made.
        duty: share of the customs value.
        customs_value: whether that counts freight and insurance to the border.
        least_duty: least duty a car, launch currency.
        first: first quarter in force.
        last: last quarter in force; None if no end is known.
        quota: name of the quota it draws on; "" if there is none. A name may be shared by many destinations.
        quota_per_year: cars a year of the quota that all rows naming it may bring in together, of rows that differ the
            most of those in force in the year; None without quota.
        quota_from: quarter of the calendar, 1 to 4, with which a year of the quota begins; all rows naming it agree.
        least_price: net price a car below which the row may not be used (price undertaking), launch currency.
        least_origin_share: share of the car's value that must arise in the country of origin (rule of origin), 0..1.
        turn: the row holds only if the world goes this way; None if it holds in any case.
        source: who says so.
    """

    destination: str
    origin: str
    duty: float
    customs_value: CustomsValue = CustomsValue.CIF
    least_duty: float = 0.0
    first: Quarter
    last: Quarter | None = None
    quota: str = ""
    quota_per_year: float | None = None
    quota_from: int = 1
    least_price: float = 0.0
    least_origin_share: float = 0.0
    turn: Turn | None = None
    source: Source

    def __post_init__(self) -> None:
        where = f"{self.origin} to {self.destination}"
        if self.duty < 0 or self.least_duty < 0:
            raise ValueError(f"{where}: duty {self.duty} is negative")
        if self.last is not None and self.last < self.first:
            raise ValueError(f"{where}: ends {self.last} before it starts {self.first}")
        if bool(self.quota) != (self.quota_per_year is not None):
            raise ValueError(f"{where}: a quota needs both a name and cars a year")
        if not 1 <= self.quota_from <= QUARTERS_A_YEAR:
            raise ValueError(f"{where}: a year of the quota begins with quarter 1 to 4, not {self.quota_from}")
        if not 0 <= self.least_origin_share <= 1:
            raise ValueError(f"{where}: least origin share {self.least_origin_share} is not in 0..1")

    def holds_in(self, quarter: Quarter) -> bool:
        """Is the row in force in that quarter, if the world goes its way?"""
        return self.first <= quarter and (self.last is None or quarter <= self.last)


def quota_year(quarter: Quarter, begins: int) -> Quarter:
    """First quarter of the quota's year in which a quarter lies, of years that begin with quarter `begins`, 1 to 4."""
    return quarter + -((quarter.number - begins) % QUARTERS_A_YEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyMove:
    """A currency's rate from a quarter on, if the world goes that way.

    Attributes:
        currency: ISO 4217 code.
        turn: which way.
        first: first quarter at the new rate.
        factor: value of the currency relative to today, in the launch's currency; 1.1 = it buys 10 % more.
    """

    currency: str
    turn: Turn
    first: Quarter
    factor: float

    def __post_init__(self) -> None:
        if self.factor <= 0:
            raise ValueError(f"{self.currency}: factor {self.factor} is not positive")
