"""Whose law it is, and one rule file as read: the parts a rulebook is bound from."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from beachhead.compliance.approval import Approval, Equivalence
from beachhead.compliance.requirement import Feature, Place, Requirement
from beachhead.compliance.rule import FeatureRule, Route, Rule
from beachhead.world.source import Source


class Scope(StrEnum):
    """Where a jurisdiction's rules bite.

    market: in the markets it names. agreement: nowhere by itself, its members accept each other's approvals.
    origin: in every other market, for cars built in the countries it names.
    """

    MARKET = "market"
    AGREEMENT = "agreement"
    ORIGIN = "origin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """A jurisdiction takes over another's rules wherever it has none of its own.

    Attributes:
        jurisdiction: code of the jurisdiction taken over from.
        through: the instrument that carries them over.
        routes: true if its routes to the customer are open here too.
        source: who says so; the citation.
    """

    jurisdiction: str
    through: str
    routes: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfSeries:
    """What may still be registered of cars in stock once a rule shuts out the type they were approved under.

    Attributes:
        share: most cars, as a share of those the maker registered in the country in the year before, 0..1.
        least: cars that may be admitted where the share is fewer.
        months: for how long after the rule's day.
        terms: who asks whom, by when, and for which cars, in sentences.
        source: who says so; the citation.
    """

    share: float
    least: int
    months: int
    terms: str
    source: Source

    def last_day(self, day: date) -> date:
        """Last day of registration where the rule asks every car from `day` on."""
        months = day.year * 12 + day.month - 1 + self.months
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(day.day, monthrange(year, month)[1])) - timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jurisdiction:
    """Whose law it is.

    Attributes:
        code: short key, such as `EU`.
        name: English name.
        scope: where its rules bite.
        markets: markets it covers; members of an agreement; countries of origin.
        adopts: whose rules it takes over; None if it stands alone.
        whole_vehicle: whole-vehicle approvals that date a type here and show what whole-vehicle approvals cover.
        end_of_series: what it admits of cars in stock that a new rule shuts out; None if nothing is on record.
        as_of: the day to which its file was kept up; the citation of its silence.
        place: where it was written.
    """

    code: str
    name: str
    scope: Scope
    markets: tuple[str, ...]
    adopts: Adoption | None
    whole_vehicle: tuple[str, ...]
    end_of_series: EndOfSeries | None = None
    as_of: date
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """One rule file as read.

    Attributes:
        name: file name.
        jurisdiction: whose file it is; None for a catalogue.
        extends: code of the jurisdiction it adds to or overrides, where the file names no markets of its own.
        requirements, features, approvals, equivalences, rules, feature_rules, routes: its entries.
        broken: codes defined by entries that could not be read; other entries may still refer to them.
    """

    name: str
    jurisdiction: Jurisdiction | None = None
    extends: str = ""
    requirements: tuple[Requirement, ...] = ()
    features: tuple[Feature, ...] = ()
    approvals: tuple[Approval, ...] = ()
    equivalences: tuple[Equivalence, ...] = ()
    rules: tuple[Rule, ...] = ()
    feature_rules: tuple[FeatureRule, ...] = ()
    routes: tuple[Route, ...] = ()
    broken: frozenset[str] = field(default_factory=frozenset)
