"""What changes between two days, whom it hits, and by when to act; and evidence that runs out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from beachhead.compliance.approval import Approval, Certificate, Holding, Vehicle
from beachhead.compliance.assess import law_of
from beachhead.compliance.finding import FeatureFinding, FeatureVerdict, Finding, Reason, Verdict
from beachhead.compliance.in_hand import Hand, end_of, hand, series_reaches
from beachhead.compliance.jurisdiction import EndOfSeries
from beachhead.compliance.owed import owed
from beachhead.compliance.prospect import Prospect, Span, prospect
from beachhead.compliance.ready import NEVER, Ready, network, ready
from beachhead.compliance.requirement import Gate
from beachhead.compliance.rule import Status
from beachhead.compliance.rulebook import Rulebook
from beachhead.compliance.sale import completion, offered, sale_date
from beachhead.world.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that stands otherwise from a day on, for one offer and the markets that share the law.

    Attributes:
        day: first day of the new state.
        offer: offer code.
        markets: markets hit.
        what: `requirement`, `feature` or `route`.
        code: code of it.
        title: what it is.
        before: how it stood.
        after: how it stands; as before where what is missing stays missing and a later rule accepts other evidence.
        closes: true if it keeps cars from being sold, or a feature switched on, unless something is done.
        act_by: last day on which work must begin to have what is asked in time; None if there is nothing to obtain,
            or nothing on record would show it.
        expected: day on which what is in hand or promised shows it again, sooner than by any work begun now; there is
            nothing to obtain then. None if no such day is known.
        late: true if `act_by` has passed on the day asked about.
        end_of_series: what may still be registered of cars in stock, where a rule shuts out an approved type.
        reasons: why; never empty.
    """

    day: date
    offer: str
    markets: tuple[str, ...]
    what: str
    code: str
    title: str
    before: str
    after: str
    closes: bool
    act_by: date | None
    expected: date | None
    late: bool
    end_of_series: EndOfSeries | None = None
    reasons: tuple[Reason, ...]

    @property
    def becomes(self) -> str:
        """How it stands, in words that differ from how it stood."""
        return self.after if self.after != self.before else f"{self.after}, by other evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """One certificate that runs out.

    Attributes:
        certificate: the certificate.
        day: first day on which it no longer holds.
        act_by: last day on which renewal, with the audits that come before it, must begin; None if no way to renew is
            on record.
        late: true if that day has passed on the day asked about.
        source: who says how long it holds.
    """

    certificate: Certificate
    day: date
    act_by: date | None
    late: bool
    source: Source


def changes(
    rulebook: Rulebook,
    vehicles: Iterable[Vehicle],
    markets: Sequence[str],
    start: date,
    end: date,
    holding: Holding,
) -> tuple[Change, ...]:
    """Everything that stands otherwise on some day after `start` up to `end`, in order of day, seen from `start`."""
    net = network(rulebook)
    found: list[Change] = []
    for vehicle in vehicles:
        in_hand = hand(rulebook, vehicle, holding)
        when = ready(net, in_hand, start)
        sharing: dict[int, tuple[Prospect, list[str]]] = {}
        for market in markets:
            law = law_of(rulebook, market)
            if id(law) not in sharing:
                sharing[id(law)] = (prospect(net, vehicle, law, in_hand, start), [])
            sharing[id(law)][1].append(market)
        for ahead, sharers in sharing.values():
            found += _changes(ahead, tuple(sharers), when, end)
    return tuple(sorted(found, key=lambda change: (change.day, change.code, change.offer, change.markets)))


def expiries(
    rulebook: Rulebook,
    vehicles: Iterable[Vehicle],
    markets: Sequence[str],
    holding: Holding,
    start: date,
    end: date,
) -> tuple[Expiry, ...]:
    """Certificates that count for a vehicle on `start` and run out by `end`, first to run out first.

    One that another certificate of the same approval has replaced by then for every vehicle needs no renewal, and one
    that none of the markets named accepts, for itself or on the way to another, concerns others; without markets none
    is left out.
    """
    hands = [hand(rulebook, vehicle, holding) for vehicle in vehicles]
    concerned = _accepted(rulebook, markets) if markets else rulebook.approvals.keys()
    lapsing = [
        certificate
        for certificate in holding.certificates
        if certificate.approval in concerned
        and certificate.granted_on <= start < end_of(rulebook, certificate) <= end
        and any(_lapses(certificate, in_hand) for in_hand in hands)
    ]
    found = [_expiry(rulebook, certificate, start) for certificate in lapsing]
    return tuple(sorted(found, key=lambda item: (item.day, item.certificate.approval)))


def _changes(ahead: Prospect, markets: tuple[str, ...], when: Ready, end: date) -> Iterator[Change]:
    spans = [span for span in ahead.spans if span.start <= end]
    for before, after in pairwise(spans):
        told = _Teller(ahead, markets, when, after)
        old = {finding.requirement: finding for finding in before.findings}
        for finding in after.findings:
            was = old[finding.requirement]
            if finding.verdict is not was.verdict or _asked_anew(was, finding):
                yield told.requirement(was, finding)
        old_features = {feature.feature: feature for feature in before.features}
        for feature in after.features:
            if feature.verdict is not old_features[feature.feature].verdict:
                yield told.feature(old_features[feature.feature], feature)
    yield from _route_changes(ahead, markets, when, end)


def _route_changes(ahead: Prospect, markets: tuple[str, ...], when: Ready, end: date) -> Iterator[Change]:
    """Routes that open or close."""
    start = date.fromordinal(when.on)
    for position, route in enumerate(ahead.law.routes):
        for day, before, after in ((route.starts, "not open", "open"), (route.until, "open", "closed")):
            if day is None or not start < day <= end:
                continue
            offer = offered(route, markets[0], start)
            reasons = sale_date(offer, position, ahead, when, ()).reasons
            yield Change(
                day=day,
                offer=ahead.vehicle.code,
                markets=markets,
                what="route",
                code=route.code,
                title=route.title,
                before=before,
                after=after,
                closes=after == "closed",
                act_by=None,
                expected=None,
                late=False,
                reasons=reasons,
            )


def _asked_anew(before: Finding, after: Finding) -> bool:
    """Whether what was missing is still missing, but a later rule accepts other evidence of it."""
    return before.verdict is after.verdict is Verdict.MISSING and before.accepts != after.accepts


@dataclass(frozen=True, slots=True)
class _Work:
    """What a change leaves to be done, as `Change` tells it."""

    act_by: date | None
    expected: date | None
    late: bool


_NO_WORK = _Work(None, None, late=False)


class _Teller:
    """Tells the changes at the beginning of one span."""

    def __init__(self, ahead: Prospect, markets: tuple[str, ...], when: Ready, span: Span) -> None:
        self.ahead, self.markets, self.when, self.span = ahead, markets, when, span

    def requirement(self, before: Finding, after: Finding) -> Change:
        missing = after.verdict is Verdict.MISSING
        change = self._change(
            "requirement",
            after.requirement,
            after.title,
            (before.verdict, after.verdict),
            missing and after.gate is Gate.SALE,
            self._work([after], self._shown_from(after.requirement)) if missing else _NO_WORK,
            after.reasons,
        )
        shut_out = change.closes and before.verdict is not Verdict.MISSING and self._outlives_its_approval(after)
        return replace(change, end_of_series=self.ahead.law.end_of_series) if shut_out else change

    def _outlives_its_approval(self, finding: Finding) -> bool:
        """Whether the rule begins to ask every car that day, and the type holds an approval of before it."""
        day, law = self.span.start, self.ahead.law
        held = (item for code in law.whole_vehicle for item in self.ahead.in_hand.held.get(code, ()))
        return (
            finding.in_whole_vehicle
            and finding.rule is not None
            and finding.rule.all_vehicles == day
            and any(item.start < day for item in held)
        )

    def feature(self, before: FeatureFinding, after: FeatureFinding) -> Change:
        shut = after.verdict in (FeatureVerdict.BLOCKED, FeatureVerdict.UNKNOWN)
        awaited = [finding for finding in self.span.findings if finding.requirement in after.awaits]
        return self._change(
            "feature",
            after.feature,
            after.title,
            (before.verdict, after.verdict),
            shut,
            self._work(awaited, self._open_from(after.feature)) if shut and awaited else _NO_WORK,
            after.reasons,
        )

    def _shown_from(self, requirement: str) -> date | None:
        """First day after the change on which what is in hand or promised shows a requirement."""
        later = self.ahead.spans_from(self.span.end)
        return next(
            (
                span.start
                for span in later
                for finding in span.findings
                if finding.requirement == requirement and finding.verdict is Verdict.MET
            ),
            None,
        )

    def _open_from(self, code: str) -> date | None:
        """First day after the change on which a feature may be switched on by what is in hand or promised."""
        later = self.ahead.spans_from(self.span.end)
        return next(
            (
                span.start
                for span in later
                for feature in span.features
                if feature.feature == code and feature.verdict in (FeatureVerdict.ALLOWED, FeatureVerdict.CONDITIONAL)
            ),
            None,
        )

    def _work(self, findings: Sequence[Finding], expected: date | None) -> _Work:
        """Last day to begin: the day of change less the time it takes from today; none where waiting is as soon."""
        done = completion(owed(self.when.net, findings), self.when).day
        if expected is not None and expected.toordinal() <= done:
            return _Work(None, expected, late=False)
        if done >= NEVER:
            return _NO_WORK
        act_by = self.span.start - timedelta(days=done - self.when.on)
        return _Work(act_by, None, late=act_by.toordinal() < self.when.on)

    def _change(
        self,
        what: str,
        code: str,
        title: str,
        verdicts: tuple[str, str],
        closes: bool,
        work: _Work,
        reasons: tuple[Reason, ...],
    ) -> Change:
        return Change(
            day=self.span.start,
            offer=self.ahead.vehicle.code,
            markets=self.markets,
            what=what,
            code=code,
            title=title,
            before=str(verdicts[0]),
            after=str(verdicts[1]),
            closes=closes,
            act_by=work.act_by,
            expected=work.expected,
            late=work.late,
            reasons=reasons,
        )


def _accepted(rulebook: Rulebook, markets: Sequence[str]) -> Set[str]:
    """Approvals that show something in one of the markets, with all that they wait for or that counts as them."""
    found: set[str] = set()
    for law in (law_of(rulebook, market) for market in markets):
        for code, rules in law.rules.items():
            asked = [rule for rule in rules if rule.status is not Status.NOT_REQUIRED]
            found |= {item.code for rule in asked for item in rule.accepts or rulebook.requirements[code].shown_by}
        found |= {item.code for route in law.routes for accepts in route.instead.values() for item in accepts}
        found |= {*law.type_dating}
    for code in reversed([*rulebook.approvals]):  # each stands after all that it may wait for
        if code in found:
            found |= {need for way in rulebook.approvals[code].ways for need in way.needs}
            found |= {equivalence.holds for equivalence in rulebook.equivalences if equivalence.counts_as == code}
    return found


def _lapses(certificate: Certificate, in_hand: Hand) -> bool:
    """Whether it counts for a vehicle, and nothing of the same approval and series counts on the day it no longer does.

    What counts by an equivalence replaces nothing: it rests on a certificate of another approval.
    """
    held = [item for item in in_hand.held.get(certificate.approval, ()) if not item.by]
    own = next((item for item in held if item.certificate == certificate), None)
    return own is not None and not any(
        item.start <= own.end < item.end and series_reaches(item.series, own.series) for item in held
    )


def _expiry(rulebook: Rulebook, certificate: Certificate, start: date) -> Expiry:
    day, approval = end_of(rulebook, certificate), rulebook.approvals[certificate.approval]
    weeks = _renewal_weeks(rulebook, approval)
    act_by = None if weeks is None else day - timedelta(weeks=weeks)
    return Expiry(
        certificate=certificate,
        day=day,
        act_by=act_by,
        late=act_by is not None and act_by < start,
        source=certificate.source if certificate.expires_on else approval.source,
    )


def _renewal_weeks(rulebook: Rulebook, approval: Approval) -> float | None:
    """Usual time of a renewal: the audits it rests on are held anew, tests of the car stand; None if not on record."""
    ways = [
        way.weeks + max((_audit_weeks(rulebook, rulebook.approvals[need]) for need in way.needs), default=0.0)
        for way in approval.ways
        if way.weeks is not None
    ]
    return min(ways, default=None)


def _audit_weeks(rulebook: Rulebook, approval: Approval) -> float:
    """Weeks of an audit with all audits before it; 0 for what needs no renewal of its own."""
    return _renewal_weeks(rulebook, approval) or 0.0 if approval.kind == "audit" else 0.0
