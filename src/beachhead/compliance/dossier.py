"""The checklist for one offer in one market by one route: what to show, what shows it, what is in hand, citations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from beachhead.compliance.approval import Holding, Vehicle
from beachhead.compliance.assess import law_of, read
from beachhead.compliance.finding import Assessment, FeatureVerdict, Finding, Reason, SaleDate, Verdict, weakest
from beachhead.compliance.in_hand import hand
from beachhead.compliance.prospect import prospect
from beachhead.compliance.ready import network, ready
from beachhead.compliance.requirement import Gate
from beachhead.compliance.road import Road, road
from beachhead.compliance.rule import Volume
from beachhead.compliance.rulebook import Rulebook
from beachhead.compliance.watch import Change, changes
from beachhead.world.errors import BadInput
from beachhead.world.source import Grade, Source

_NOTHING_HELD = Holding()
_A_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the checklist.

    Attributes:
        code: requirement or feature code.
        text: what must be shown, or how a feature stands.
        done: true if it is shown, false if not, None if it is not settled.
        evidence: what is in hand, or what would show it.
        citations: numbers of the citations, from 1.
        grade: weakest grade in its chain.
    """

    code: str
    text: str
    done: bool | None
    evidence: str
    citations: tuple[int, ...]
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines under one heading."""

    heading: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """The checklist.

    Attributes:
        assessment: the answer it rests on, on the day asked about.
        stands_on: the day on which requirements and features are told as they stand, with what is in hand or expected
            by then: the first day of sale, or the day asked about where none is known.
        route: the route it is written for.
        road: the steps still to be done, with times.
        sections: lines by heading.
        ahead: what changes within the next year.
        citations: every source cited, in order of first mention; line citations count from 1.
    """

    assessment: Assessment
    stands_on: date
    route: SaleDate
    road: Road
    sections: tuple[Section, ...]
    ahead: tuple[Change, ...]
    citations: tuple[Source, ...]


def dossier(
    rulebook: Rulebook,
    vehicle: Vehicle,
    market: str,
    on: date,
    holding: Holding = _NOTHING_HELD,
    route: str = "",
) -> Dossier:
    """The checklist for one offer in one market; for the unlimited route unless another is named."""
    net = network(rulebook)
    in_hand = hand(rulebook, vehicle, holding)
    ahead = prospect(net, vehicle, law_of(rulebook, market), in_hand, on)
    when = ready(net, in_hand, on)
    answer = read(ahead, market, when, on, holding)
    position = _position(answer, market, route)
    chosen = answer.routes[position]
    cited = _Cited()
    day = chosen.day or on
    sections = _sections(cited, read(ahead, market, when, day, holding))
    return Dossier(
        assessment=answer,
        stands_on=day,
        route=chosen,
        road=road(ahead, when, position, chosen),
        sections=sections,
        ahead=changes(rulebook, [vehicle], [market], on, on + _A_YEAR, holding),
        citations=tuple(cited.sources),
    )


def _position(answer: Assessment, market: str, route: str) -> int:
    codes = [item.route for item in answer.routes]
    if not codes:
        raise BadInput(f"no rule file covers {market}", f"write rules/{market.casefold()}.yaml in the launch folder")
    if route and route not in codes:
        raise BadInput(f"{route!r} is no route of {market}", f"name one of {', '.join(codes)}")
    if route:
        return codes.index(route)
    unlimited = [index for index, item in enumerate(answer.routes) if item.volume is Volume.UNLIMITED]
    return unlimited[0] if unlimited else 0


class _Cited:
    """Numbers sources in order of first mention."""

    def __init__(self) -> None:
        self.sources: dict[Source, int] = {}

    def numbers(self, reasons: Sequence[Reason]) -> tuple[int, ...]:
        found = [self.sources.setdefault(reason.source, len(self.sources) + 1) for reason in reasons]
        return tuple(dict.fromkeys(found))


def _sections(cited: _Cited, answer: Assessment) -> tuple[Section, ...]:
    """Requirements by gate, features, and what does not concern the offer, all as they stand on one day."""
    findings = answer.findings
    asked = [finding for finding in findings if finding.verdict is not Verdict.NOT_APPLICABLE]
    headings = (("Before the first car is sold", Gate.SALE), ("For features", Gate.FEATURE), ("Duties", Gate.DUTY))
    sections = [
        Section(heading=heading, lines=tuple(_line(cited, finding) for finding in asked if finding.gate is gate))
        for heading, gate in headings
    ]
    features = tuple(
        Line(
            code=feature.feature,
            text=f"{feature.title}: {feature.verdict}"
            + (f" until {feature.blocked_until}" if feature.blocked_until else ""),
            done=_DONE[feature.verdict],
            evidence="; ".join(feature.conditions),
            citations=cited.numbers(feature.reasons),
            grade=feature.grade,
        )
        for feature in answer.features
    )
    aside = tuple(_line(cited, finding) for finding in findings if finding.verdict is Verdict.NOT_APPLICABLE)
    sections += [Section(heading="Features", lines=features), Section(heading="Does not apply", lines=aside)]
    return tuple(section for section in sections if section.lines)


_DONE = {
    FeatureVerdict.ALLOWED: True,
    FeatureVerdict.CONDITIONAL: True,
    FeatureVerdict.BLOCKED: False,
    FeatureVerdict.UNKNOWN: None,
}


def _line(cited: _Cited, finding: Finding) -> Line:
    if finding.verdict is Verdict.NOT_APPLICABLE:
        return Line(
            code=finding.requirement,
            text=" ".join(reason.text for reason in finding.reasons).rstrip("."),
            done=None,
            evidence="",
            citations=cited.numbers(finding.reasons),
            grade=weakest(finding.reasons),
        )
    called = finding.rule.instrument if finding.rule is not None and finding.rule.instrument else finding.requirement
    return Line(
        code=finding.requirement,
        text=f"{finding.title} ({called})" if called != finding.requirement else finding.title,
        done={Verdict.MET: True, Verdict.UNKNOWN: None}.get(finding.verdict, False),
        evidence=finding.reasons[-1].text,
        citations=cited.numbers(finding.reasons),
        grade=weakest(finding.reasons),
    )
