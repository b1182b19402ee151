"""What one vehicle faces in one law over time: every finding from the first day to the last, read on any day."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date

from beachhead.compliance.approval import Vehicle
from beachhead.compliance.feature_finding import FeatureDesk
from beachhead.compliance.finding import FeatureFinding, FeatureVerdict, Finding, Verdict
from beachhead.compliance.in_hand import Hand
from beachhead.compliance.owed import Owed, owed, owed_on_route
from beachhead.compliance.ready import Network
from beachhead.compliance.requirement import Gate
from beachhead.compliance.requirement_finding import findings_over_time
from beachhead.compliance.rulebook import Law

_KEEPS_SHUT = (Verdict.MISSING, Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time in which nothing changes.

    Attributes:
        start: first day.
        end: first day of the next span; `date.max` for the last.
        findings: one for each requirement, in catalogue order.
        features: one for each declared function, by code.
        owed: for each route of the law, what it still asks.
        awaited: what blocked features wait for, each with the positions of the features that wait for just that.
    """

    start: date
    end: date
    findings: tuple[Finding, ...]
    features: tuple[FeatureFinding, ...]
    owed: tuple[Owed, ...]
    awaited: tuple[tuple[Owed, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Prospect:
    """What one vehicle faces in one law.

    Attributes:
        vehicle: the vehicle.
        law: the law.
        in_hand: what is in hand for the vehicle.
        spans: from the first day told to `date.max` without a gap.
        starts: first days of the spans.
    """

    vehicle: Vehicle
    law: Law
    in_hand: Hand
    spans: tuple[Span, ...]
    starts: tuple[date, ...]

    def on(self, day: date) -> Span:
        """The span in which a day lies."""
        return self.spans[bisect_right(self.starts, day) - 1]

    def spans_from(self, day: date) -> tuple[Span, ...]:
        """The span in which a day lies, and those that follow."""
        return self.spans[bisect_right(self.starts, day) - 1 :]


def prospect(net: Network, vehicle: Vehicle, law: Law, in_hand: Hand, since: date = date.min) -> Prospect:
    """What a vehicle faces in a law from a day on, given what is in hand; earlier days are not told apart."""
    rulebook = net.rulebook
    timelines = [
        findings_over_time(law, vehicle, in_hand, requirement)
        for requirement in rulebook.requirements.values()
        if not requirement.local or requirement.local in law.lineage or requirement.code in law.rules
    ]
    turns = {day for timeline in timelines for day, _ in timeline}
    turns |= _feature_days(law, vehicle) | _route_days(law, in_hand)
    starts = sorted({max(day, since) for day in turns} - {date.max})
    upcoming = [list(reversed(timeline)) for timeline in timelines]
    current: list[Finding] = [timeline[0][1] for timeline in timelines]
    teller = _Teller(net, law, vehicle, in_hand, [finding.requirement for finding in current])
    spans = []
    for index, start in enumerate(starts):
        for position, waiting in enumerate(upcoming):
            while waiting and waiting[-1][0] <= start:
                current[position] = waiting.pop()[1]
        end = starts[index + 1] if index + 1 < len(starts) else date.max
        spans.append(teller.span(start, end, tuple(current)))
    return Prospect(vehicle, law, in_hand, tuple(spans), tuple(starts))


def _feature_days(law: Law, vehicle: Vehicle) -> set[date]:
    """Days on which a rule on a declared feature begins or ends."""
    rules = [rule for feature in vehicle.features for rule in law.feature_rules.get(feature, ())]
    return {rule.begins for rule in rules} | {rule.until for rule in rules if rule.until is not None}


def _route_days(law: Law, in_hand: Hand) -> set[date]:
    """Days on which a whole-vehicle approval of a route begins or ends to hold."""
    held = (item for route in law.routes for code in route.whole_vehicle for item in in_hand.held.get(code, ()))
    return {day for item in held for day in (item.start, item.end)}


class _Teller:
    """Tells spans in order of time; features are told anew only when what they rest on has changed."""

    def __init__(self, net: Network, law: Law, vehicle: Vehicle, in_hand: Hand, codes: list[str]) -> None:
        self._net, self._law, self._in_hand = net, law, in_hand
        self._desk = FeatureDesk(net.rulebook, law, vehicle)
        self._place = {code: position for position, code in enumerate(codes)}
        self._needs = [self._place[code] for code in self._desk.needs]
        self._turns = _feature_days(law, vehicle)
        self._rested_on: list[Finding] = []
        self._features: tuple[FeatureFinding, ...] = ()
        self._awaited: tuple[tuple[Owed, tuple[int, ...]], ...] = ()

    def span(self, start: date, end: date, findings: tuple[Finding, ...]) -> Span:
        """The span from `start` to before `end`, in which these findings hold."""
        self._tell_features(start, findings)
        unshown = [finding for finding in findings if finding.gate is Gate.SALE and finding.verdict in _KEEPS_SHUT]
        return Span(
            start=start,
            end=end,
            findings=findings,
            features=self._features,
            owed=tuple(owed_on_route(self._net, route, unshown, self._in_hand, start) for route in self._law.routes),
            awaited=self._awaited,
        )

    def _tell_features(self, start: date, findings: tuple[Finding, ...]) -> None:
        rests_on = [findings[position] for position in self._needs]
        same = all(new is old for new, old in zip(rests_on, self._rested_on, strict=False))
        if self._rested_on and same and start not in self._turns:
            return
        self._rested_on = rests_on
        self._features = self._desk.findings({finding.requirement: finding for finding in rests_on}, start)
        self._awaited = tuple(
            (owed(self._net, [findings[self._place[code]] for code in awaits]), tuple(positions))
            for awaits, positions in _waiting_features(self._features).items()
        )


def _waiting_features(features: tuple[FeatureFinding, ...]) -> dict[tuple[str, ...], list[int]]:
    """Positions of blocked features by the requirements they wait for."""
    waiting: dict[tuple[str, ...], list[int]] = {}
    for position, feature in enumerate(features):
        if feature.awaits and feature.verdict is FeatureVerdict.BLOCKED:
            waiting.setdefault(feature.awaits, []).append(position)
    return waiting
