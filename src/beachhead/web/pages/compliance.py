"""Compliance on the wire: what may be sold where, from when, what is missing, and who says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from beachhead.case.clock import today
from beachhead.case.compliance.answer import Brief, brief, checklist, keeps_approvals, launch_permits, matrix, watch
from beachhead.case.compliance.words import (
    changes_sentence,
    end_of_series_sentences,
    expiry_sentence,
    standing_sentence,
    subject,
)
from beachhead.compliance.dossier import Dossier
from beachhead.compliance.finding import Assessment, FeatureFinding, Finding, Reason, SaleDate, Verdict
from beachhead.compliance.notice import Notice, notices
from beachhead.compliance.permit import Permit
from beachhead.web.server.desk import Sheet
from beachhead.web.server.request import REFUSALS, desk_of, sheet_of
from beachhead.web.server.sessions import Viewer
from beachhead.web.wire.field import Sentence
from beachhead.web.wire.refusal import NotFound
from beachhead.web.wire.shape import SourceOut
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many, spaced
from beachhead.world.source import Source

EARLIEST, LATEST = date(2000, 1, 1), date(2090, 12, 31)
DAYS_AHEAD = 366

router = APIRouter(responses=REFUSALS)

Day = Annotated[date | None, Query(description="The day asked about; today where it is left out.")]
State = Literal["open", "dated", "limited", "unsettled", "shut", "no rules"]


class CellOut(BaseModel):
    """What one offer may do in one market."""

    offer: str
    market: str
    state: State
    pilot_from: date | None
    pilot_cap_left: int | None
    unlimited_from: date | None
    provisional: date | None
    missing: int
    unknown: int
    features_shut: list[str]
    keeps_shut: list[str]
    sentence: Sentence


class PermitOut(BaseModel):
    """First days over all offers, and what the approvals still to be had cost, in `currency` of the answer."""

    market: str
    name: str
    jurisdiction: str
    pilot_from: date | None
    pilot_cap: int | None
    unlimited_from: date | None
    cost_alone: float
    cost_shared: float


class OfferOut(BaseModel):
    """One offer."""

    code: str
    name: str


class NoticeOut(BaseModel):
    """What changes alike on a day to come, for the same offers and markets.

    `expected` is the day on which what is in hand or promised shows it again, so that nothing is to be done; `no_way`
    is true where it closes something that nothing on record would open again.
    """

    day: date
    codes: list[str]
    subject: Sentence
    before: str
    becomes: str
    offers: list[str]
    markets: list[str]
    closes: bool
    act_by: date | None
    expected: date | None
    late: bool
    no_way: bool
    source: SourceOut


class ComplianceOut(BaseModel):
    """Every offer in every market on a day, if work on approvals starts on it.

    Costs are in `currency`: the launch's, or euro where fx.csv has no rate of it.
    """

    on: date
    currency: str
    sentence: Sentence
    offers: list[OfferOut]
    cells: list[CellOut]
    permits: list[PermitOut]


class ChangesOut(BaseModel):
    """What changes between two days, and what runs out."""

    start: date
    end: date
    sentence: Sentence
    changes: list[NoticeOut]
    expiries: list[Sentence]
    end_of_series: list[Sentence]


class ReasonOut(BaseModel):
    """One link of a chain of reasons."""

    text: str
    source: SourceOut


class FindingOut(BaseModel):
    """Where one requirement stands."""

    requirement: str
    title: str
    verdict: str
    closes: str
    accepted: list[str]
    grade: str
    reasons: list[ReasonOut]


class FeatureOut(BaseModel):
    """Where one feature stands."""

    feature: str
    title: str
    verdict: str
    conditions: list[Sentence]
    blocked_until: date | None
    awaits: list[str]
    grade: str
    reasons: list[ReasonOut]


class RouteOut(BaseModel):
    """When cars may be sold by one route."""

    route: str
    title: str
    volume: str
    day: date | None
    provisional: date | None
    cap: int | None
    cap_left: int | None
    reasons: list[ReasonOut]


class LineOut(BaseModel):
    """One line of the checklist; `done` is null where it is not settled."""

    code: str
    text: str
    done: bool | None
    evidence: str
    citations: list[int]
    grade: str


class SectionOut(BaseModel):
    """Lines under one heading."""

    heading: str
    lines: list[LineOut]


class StepToDoOut(BaseModel):
    """One approval still to be had."""

    code: str
    title: str
    start: date
    end: date
    slack_days: float
    cost: float
    critical: bool


class DossierOut(BaseModel):
    """The checklist for one offer in one market by one route; costs as in `ComplianceOut`.

    `sentence` says on which day all is told, where that is not the day asked about.
    """

    route: str
    title: str
    sentence: Sentence
    currency: str
    cost: float
    unreachable: list[str]
    sections: list[SectionOut]
    steps: list[StepToDoOut]
    ahead: list[NoticeOut]
    end_of_series: list[Sentence]
    citations: list[SourceOut]


class AnswerOut(BaseModel):
    """What one offer may do in one market on a day, with every reason, and its dossier."""

    cell: CellOut
    market_name: str
    offer_name: str
    jurisdiction: str
    on: date
    routes: list[RouteOut]
    findings: list[FindingOut]
    features: list[FeatureOut]
    dossier: DossierOut | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Read:
    asked: Brief
    answers: tuple[Assessment, ...]
    permits: tuple[Permit, ...]


@router.get("/compliance")
def compliance(request: Request, response: Response, _: Viewer, on: Day = None) -> ComplianceOut:
    """The matrix of offers and markets, and the earliest days of pilot and unlimited sale."""
    sheet, day = sheet_of(request, response), _day(on)
    found = _read(request, sheet, day)
    laws = {answer.market: answer.jurisdiction for answer in found.answers}
    cells = [_cell(answer) for answer in found.answers]
    opened = {cell.market for cell in cells if cell.state == "open"}
    dated = {cell.market for cell in cells if cell.unlimited_from is not None}
    said = (
        f"On {day}, cars may be sold in {len(opened)} of {how_many(len(laws), 'market')}; for {len(dated) or 'none'} a "
        f"first legal day without a cap is known, if work on approvals starts on {day}. What is unknown is never "
        "read as allowed."
    )
    if not keeps_approvals(sheet.launch.folder):
        said += " The plan does not wait for these days: the launch keeps no approvals.csv."
    euro, currency = sheet.launch.folder.euro_told
    return ComplianceOut(
        on=day,
        currency=currency,
        sentence=said,
        offers=[OfferOut(code=offer.code, name=_offer_name(sheet, offer.code)) for offer in sheet.launch.folder.offers],
        cells=cells,
        permits=[
            PermitOut(
                market=permit.market,
                name=sheet.name_of(permit.market),
                jurisdiction=laws.get(permit.market, ""),
                pilot_from=permit.pilot.day if permit.pilot else None,
                pilot_cap=permit.pilot.cap if permit.pilot else None,
                unlimited_from=permit.unlimited.day if permit.unlimited else None,
                cost_alone=permit.cost_alone_eur * euro,
                cost_shared=permit.cost_shared_eur * euro,
            )
            for permit in found.permits
        ],
    )


@router.get("/compliance/changes")
def compliance_changes(
    request: Request, response: Response, _: Viewer, on: Day = None, until: Day = None
) -> ChangesOut:
    """What changes from a day on, within a year where no end is given; who is hit, and by when to act."""
    sheet, start = sheet_of(request, response), _day(on)
    end = _within(until) if until is not None else start + timedelta(days=DAYS_AHEAD)
    desk = desk_of(request)
    found, expiring = desk.kept(("changes", start, end), lambda: watch(_brief(request, sheet), start, end))
    return ChangesOut(
        start=start,
        end=end,
        sentence=changes_sentence(start, end, found),
        changes=[_notice(notice, start) for notice in notices(found)],
        expiries=[expiry_sentence(item) for item in expiring],
        end_of_series=end_of_series_sentences(found),
    )


@router.get("/compliance/{market}/{offer}")
def compliance_answer(
    request: Request,
    response: Response,
    _: Viewer,
    market: str,
    offer: str,
    on: Day = None,
    route: Annotated[
        str, Query(max_length=80, description="Route of the dossier; the one without a cap if empty.")
    ] = "",
) -> AnswerOut:
    """One offer in one market: every requirement, feature and route with its reasons, and the dossier."""
    sheet, day = sheet_of(request, response), _day(on)
    asked = _brief(request, sheet)
    try:
        (answer,) = matrix(asked, day, [offer], [market])
    except BadInput as error:
        raise NotFound(error.message, error.hint) from None
    made = checklist(asked, offer, market, day, route) if answer.routes else None
    return AnswerOut(
        cell=_cell(answer),
        market_name=sheet.name_of(market),
        offer_name=_offer_name(sheet, offer),
        jurisdiction=answer.jurisdiction,
        on=day,
        routes=[_route(route, day) for route in answer.routes],
        findings=[_finding(finding, day) for finding in answer.findings],
        features=[_feature(feature, day) for feature in answer.features],
        dossier=None if made is None else _dossier(made, day, sheet.launch.folder.euro_told),
    )


def _route(route: SaleDate, on: date) -> RouteOut:
    return RouteOut(
        route=route.route,
        title=route.title,
        volume=spaced(route.volume),
        day=route.day,
        provisional=route.provisional,
        cap=route.cap,
        cap_left=route.cap_left,
        reasons=_reasons(route.reasons, on),
    )


def _finding(finding: Finding, on: date) -> FindingOut:
    return FindingOut(
        requirement=finding.requirement,
        title=finding.title,
        verdict=finding.verdict.value,
        closes=finding.gate.value,
        accepted=[str(accepted) for accepted in finding.accepts],
        grade=finding.grade.value,
        reasons=_reasons(finding.reasons, on),
    )


def _feature(feature: FeatureFinding, on: date) -> FeatureOut:
    return FeatureOut(
        feature=feature.feature,
        title=feature.title,
        verdict=feature.verdict.value,
        conditions=list(feature.conditions),
        blocked_until=feature.blocked_until,
        awaits=list(feature.awaits),
        grade=feature.grade.value,
        reasons=_reasons(feature.reasons, on),
    )


def _day(on: date | None) -> date:
    return _within(on or today())


def _within(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise BadInput(f"no rule is known for {day}", f"ask about a day from {EARLIEST} to {LATEST}")
    return day


def _brief(request: Request, sheet: Sheet) -> Brief:
    desk = desk_of(request)
    found: Brief = desk.kept(("compliance",), lambda: brief(sheet.launch.folder))
    return found


def _read(request: Request, sheet: Sheet, day: date) -> _Read:
    """All answers of a day, kept until the folder changes: they take seconds."""
    desk = desk_of(request)

    def make() -> _Read:
        asked = _brief(request, sheet)
        return _Read(asked=asked, answers=matrix(asked, day), permits=launch_permits(asked, day))

    found: _Read = desk.kept(("compliance", day), make)
    return found


def _cell(answer: Assessment) -> CellOut:
    pilot, unlimited = answer.pilot, answer.unlimited
    best = unlimited or pilot
    shut = [] if best is None or best.day is not None else [*best.shut_by, *best.to_settle]
    features = [item.title for item in answer.features if item.verdict.value in ("blocked", "unknown")]
    return CellOut(
        offer=answer.offer,
        market=answer.market,
        state=_state(answer),
        pilot_from=pilot.day if pilot else None,
        pilot_cap_left=pilot.cap_left if pilot and pilot.day else None,
        unlimited_from=unlimited.day if unlimited else None,
        provisional=best.provisional if best and best.day is None else None,
        missing=len(answer.with_verdict(Verdict.MISSING)),
        unknown=len(answer.with_verdict(Verdict.UNKNOWN)),
        features_shut=features,
        keeps_shut=shut,
        sentence=_sentence(answer, best),
    )


def _state(answer: Assessment) -> State:
    if not answer.routes:
        return "no rules"
    if any(route.day is not None and route.day <= answer.on for route in answer.routes):
        return "open"
    if answer.unlimited is not None and answer.unlimited.day is not None:
        return "dated"
    if answer.pilot is not None and answer.pilot.day is not None:
        return "limited"
    return "shut" if all(route.shut_by for route in answer.routes) else "unsettled"


def _sentence(answer: Assessment, best: SaleDate | None) -> str:
    if best is None:
        return f"No rule file covers {answer.market}; write rules/{answer.market.casefold()}.yaml to ask about it."
    said = " ".join(reason.text for reason in best.reasons[:1])
    if best.day is None and best.provisional is not None:
        said += f" It would be {best.provisional} if all that is unsettled were asked for; that is no permission."
    return said


def _dossier(made: Dossier, on: date, told: tuple[float, str]) -> DossierOut:
    euro, currency = told
    road = made.road
    critical = set(road.schedule.critical)
    timed = sorted(road.schedule.timed, key=lambda item: (item.early_start, item.activity.code))
    return DossierOut(
        route=made.route.route,
        title=made.route.title,
        sentence=standing_sentence(made),
        currency=currency,
        cost=road.schedule.cost_eur * euro,
        unreachable=list(road.unreachable),
        sections=[
            SectionOut(
                heading=section.heading,
                lines=[
                    LineOut(
                        code=line.code,
                        text=line.text,
                        done=line.done,
                        evidence=line.evidence,
                        citations=list(line.citations),
                        grade=line.grade.value,
                    )
                    for line in section.lines
                ],
            )
            for section in made.sections
        ],
        steps=[
            StepToDoOut(
                code=item.activity.code,
                title=item.activity.title,
                start=road.date_of(item.early_start),
                end=road.date_of(item.early_finish),
                slack_days=round(item.slack),
                cost=item.activity.cost_eur * euro,
                critical=item.activity.code in critical,
            )
            for item in timed
        ],
        ahead=[_notice(notice, on) for notice in notices(made.ahead)],
        end_of_series=end_of_series_sentences(made.ahead),
        citations=[_source(source, on) for source in made.citations],
    )


def _notice(notice: Notice, on: date) -> NoticeOut:
    return NoticeOut(
        day=notice.day,
        codes=list(notice.codes),
        subject=subject(notice),
        before=notice.before,
        becomes=notice.becomes,
        offers=list(notice.offers),
        markets=list(notice.markets),
        closes=notice.closes,
        act_by=notice.act_by,
        expected=notice.expected,
        late=notice.late,
        no_way=notice.no_way,
        source=_source(notice.source, on),
    )


def _reasons(reasons: Sequence[Reason], on: date) -> list[ReasonOut]:
    return [ReasonOut(text=reason.text, source=_source(reason.source, on)) for reason in reasons]


def _source(source: Source, on: date) -> SourceOut:
    return SourceOut(
        who=source.who, as_of=source.as_of, grade=source.grade.value, age_days=max((on - source.as_of).days, 0)
    )


def _offer_name(sheet: Sheet, code: str) -> str:
    found = next((offer for offer in sheet.launch.folder.offers if offer.code == code), None)
    return code if found is None else f"{found.model} {found.trim}".strip()
