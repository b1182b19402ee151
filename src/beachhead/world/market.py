"""A market: one country in which cars are, or may be, sold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from beachhead.world.source import Source


class Stage(StrEnum):
    """Where a market stands in the launch: out -> piloting -> scaled -> exited; out -> scaled is allowed.

    A market whose pilot is over and that is neither scaled nor piloted again is out once more. Exited is final within a
    launch. The home market is scaled from the start.
    """

    OUT = "out"
    PILOTING = "piloting"
    SCALED = "scaled"
    EXITED = "exited"


class Channel(StrEnum):
    """Through whom cars are sold; each differs in capital, margin share, ramp and reach."""

    OWN_STORE = "own_store"
    AGENT = "agent"
    DEALER = "dealer"
    IMPORTER = "importer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One sourced number about a market.

    Attributes:
        name: what it measures, snake_case with its unit last, such as `bev_registrations_cars_per_year`.
        value: the number, in that unit.
        source: who says so.
    """

    name: str
    value: float
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """One country.

    Attributes:
        code: ISO 3166-1 alpha-2.
        name: English short name.
        region: the label within which markets share a demand factor, such as `nordic`.
        currency: ISO 4217 code of prices asked there.
        bev_per_year: battery-electric cars registered in the latest year known, cars a year.
        bev_growth: expected yearly growth of that number over the horizon, 0.1 = 10 %.
        is_home: true for the market in which the maker is already scaled.
        facts: every other sourced number known of it.
        source: source of `bev_per_year`.
    """

    code: str
    name: str
    region: str
    currency: str
    bev_per_year: float
    bev_growth: float
    is_home: bool = False
    facts: tuple[Fact, ...] = ()
    source: Source

    def fact(self, name: str) -> Fact | None:
        """The fact of that name, or None where nobody has read it."""
        return next((fact for fact in self.facts if fact.name == name), None)
