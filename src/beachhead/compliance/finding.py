"""Answers: what was found on a requirement, on a feature, on a route, each with its chain of reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from beachhead.compliance.requirement import Accepted, Gate
from beachhead.compliance.rule import Rule, Volume
from beachhead.world.source import Grade, Source


class Verdict(StrEnum):
    """Where a requirement stands. Unknown is never read as met."""

    MET = "met"
    MISSING = "missing"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "unknown"


class FeatureVerdict(StrEnum):
    """Where a feature stands. Unknown is never read as allowed."""

    ALLOWED = "allowed"
    CONDITIONAL = "allowed with conditions"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """One link of a chain of reasons.

    Attributes:
        text: a sentence.
        source: who says so.
    """

    text: str
    source: Source


@dataclass(frozen=True, slots=True)
class Finding:
    """Where one requirement stands for one vehicle in one law, for a span of time.

    Attributes:
        requirement: requirement code.
        title: what it is.
        verdict: where it stands.
        gate: what it closes while it is missing or unknown.
        reasons: why, from the rule to the evidence; never empty.
        accepts: what would show it.
        rule: the rule it rests on; None where nobody has spoken.
        in_whole_vehicle: true if a whole-vehicle approval covers it.
    """

    requirement: str
    title: str
    verdict: Verdict
    gate: Gate
    reasons: tuple[Reason, ...]
    accepts: tuple[Accepted, ...]
    rule: Rule | None
    in_whole_vehicle: bool

    @property
    def grade(self) -> Grade:
        """The weakest grade in its chain."""
        return weakest(self.reasons)


@dataclass(frozen=True, slots=True)
class FeatureFinding:
    """Where one declared feature stands.

    Attributes:
        feature: feature code.
        title: what it is.
        verdict: where it stands.
        conditions: what the driver or maker must observe.
        blocked_until: the day from which it may be switched on as far as can be known; None if not blocked, or if no
            day is known.
        awaits: requirements that must be met first and are not.
        reasons: why; never empty.
    """

    feature: str
    title: str
    verdict: FeatureVerdict
    conditions: tuple[str, ...]
    blocked_until: date | None
    awaits: tuple[str, ...]
    reasons: tuple[Reason, ...]

    @property
    def grade(self) -> Grade:
        """The weakest grade in its chain."""
        return weakest(self.reasons)


@dataclass(frozen=True, slots=True)
class SaleDate:
    """When cars may be sold by one route.

    Attributes:
        route: route code.
        title: what the route is called.
        volume: small series or unlimited.
        day: first legal day of sale; None if no such day is known.
        cap: cars a calendar year; None if unlimited, or if the limit is not known.
        cap_left: of these, not yet used in the year of `day` (or of the question, where `day` is None).
        waits_for: requirements that decide the day.
        shut_by: requirements for which no way is on record.
        to_settle: what is unknown and keeps the route shut until it is settled.
        provisional: the day it would be if everything unknown turned out to be asked for; not a permission.
        reasons: why; never empty.
    """

    route: str
    title: str
    volume: Volume
    day: date | None
    cap: int | None
    cap_left: int | None
    waits_for: tuple[str, ...]
    shut_by: tuple[str, ...]
    to_settle: tuple[str, ...]
    provisional: date | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one offer may do in one market on one day.

    Attributes:
        offer: offer code.
        market: market code.
        jurisdiction: code of the jurisdiction whose law was read; empty if no rule file covers the market.
        on: the day asked about.
        findings: one for each requirement of the catalogue, in its order.
        features: one for each declared function, by code.
        routes: one for each route of the market, in the order of its file.
    """

    offer: str
    market: str
    jurisdiction: str
    on: date
    findings: tuple[Finding, ...]
    features: tuple[FeatureFinding, ...]
    routes: tuple[SaleDate, ...]

    @property
    def pilot(self) -> SaleDate | None:
        """The earliest small-series route; the one with no day only if none has one; None if the market has none."""
        return earliest(route for route in self.routes if route.volume is Volume.SMALL_SERIES)

    @property
    def unlimited(self) -> SaleDate | None:
        """The earliest route without a cap; None if the market has none on record."""
        return earliest(route for route in self.routes if route.volume is Volume.UNLIMITED)

    def finding(self, requirement: str) -> Finding:
        """The finding on one requirement."""
        return next(finding for finding in self.findings if finding.requirement == requirement)

    def feature(self, code: str) -> FeatureFinding:
        """The finding on one declared feature."""
        return next(finding for finding in self.features if finding.feature == code)

    def with_verdict(self, verdict: Verdict) -> tuple[str, ...]:
        """Codes of the requirements that stand so."""
        return tuple(finding.requirement for finding in self.findings if finding.verdict is verdict)


def weakest(reasons: Iterable[Reason]) -> Grade:
    """The weakest grade of a chain: C if any link is an assumption."""
    return max(reason.source.grade for reason in reasons)


def earliest(routes: Iterable[SaleDate]) -> SaleDate | None:
    """The route with the first day; among those without one, the one with the first provisional day."""
    return min(
        routes,
        key=lambda route: (route.day or date.max, route.provisional or date.max, route.route),
        default=None,
    )
