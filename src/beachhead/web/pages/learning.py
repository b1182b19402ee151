"""What is worth learning, and what was learnt: research, designs of a batch, the monitor, prices and trims."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from beachhead.case.belief.spending import Spending, effect_said
from beachhead.case.plan.adjust import Adjusted, as_things_are, ask_adjust
from beachhead.case.plan.research import (
    Researched,
    ask_research,
    effect_worth,
    screen_said,
    settled_said,
    worth_checking,
)
from beachhead.case.reading import monitor_sentence
from beachhead.case.reading import monitors as watch_counts
from beachhead.launch.information.batch_design import design, pilot_channel
from beachhead.launch.information.research import TOP, Doubt
from beachhead.launch.judge.monitor import Monitor
from beachhead.web.server.desk import Sheet
from beachhead.web.server.request import REFUSALS, desk_of, sheet_of
from beachhead.web.server.sessions import Viewer
from beachhead.web.wire.field import FromRoom, Known, Sentence
from beachhead.web.wire.refusal import NotFound
from beachhead.world.errors import BadInput
from beachhead.world.figures import cars, how_many, money, percent, spaced

MOST_FACTS = 60

router = APIRouter(responses=REFUSALS)


class TaughtOut(FromRoom):
    """Another market that a batch teaches about, by the share of its variance removed."""

    market: str
    name: str
    share: float


class DesignOut(FromRoom):
    """What one batch in one market is expected to tell."""

    channel: str
    batch: int
    price_point: float
    weeks: int
    cost: float
    expected_orders: float
    odds_sold_out: float
    sd_before: float
    sd_after: float
    floor_sd: float
    share_resolved: float
    break_even: Known
    odds_break_even: float
    odds_wrong: float
    teaches: list[TaughtOut]


class DesignsOut(FromRoom):
    """The batches of the menu in one market."""

    market: str
    sentence: Sentence
    designs: list[DesignOut]


class IntervalOut(FromRoom):
    """Median and the ends of the central 90 % interval."""

    low: float
    median: float
    high: float


class OptionOut(FromRoom):
    """One change, held against leaving things as they are; a year's contribution."""

    lever: str
    deed: str
    gain: float
    gain_interval: IntervalOut
    odds: float
    cars: float


class SettlingOut(FromRoom):
    """An observation, and what it would do to the choice; `could_change` is false where it would leave it as it is."""

    name: str
    deed: str
    worth: float
    odds_now: float
    odds_after: float
    could_change: bool


class AdjustmentOut(FromRoom):
    """Price, trims and mix in one market: what to change, with which odds, and what would settle it."""

    market: str
    channel: str
    cars: float
    contribution: float
    elasticity: IntervalOut
    own_interval: dict[str, IntervalOut]
    contrast: float
    options: list[OptionOut]
    best: OptionOut | None
    settling: list[SettlingOut]
    badge: IntervalOut | None
    sentence: Sentence


class SightingOut(FromRoom):
    """What the counts alone have shown by a day, valid however often one looks; cars a year, null without upper end."""

    day: date
    cars: int
    low: Known
    high: Known
    evidence_above: Known
    evidence_below: Known


class LookOut(FromRoom):
    """The look that the gate planned, with its boundary."""

    number: int
    of: int
    statistic: Known
    boundary: Known
    crossed: bool


class MonitorOut(FromRoom):
    """The anytime-valid monitor of one market."""

    market: str
    name: str
    is_pilot: bool
    break_even: Known
    alpha: float
    threshold: float
    sightings: list[SightingOut]
    shown: str
    shown_on: date | None
    look: LookOut | None
    sentence: Sentence


class MonitorsOut(FromRoom):
    """One monitor for each market with counts, and what the gates make of the reading."""

    monitors: list[MonitorOut]
    verdicts: list[str]


class ScreenedOut(FromRoom):
    """One market of the screen; return is a year's contribution at full scale over what is at stake."""

    market: str
    name: str
    rank: int
    rank_low: int
    rank_high: int
    top_odds: float
    score: float
    score_low: float
    score_high: float
    demand_worth: float
    can_open: bool


class DoubtOut(FromRoom):
    """A fact that is stale, weak or missing, and what settling it is worth.

    `value` is as written, in `currency` if it is money; `channel` says in whose row, "" where a market has but one.
    """

    market: str
    name: str
    table: str
    field: str
    channel: str
    states: list[str]
    value: float | None
    currency: str
    grade: str
    age_days: int | None
    worth: float


class SpendingOut(FromRoom):
    """What awareness and showcases of exposure.csv do in one market in the quarters to come; gains are shares.

    `worth` is what knowing the effect is worth to the plan, null where it asks nothing of it (the home market).
    """

    market: str
    name: str
    total: float
    gain: float
    gain_low: float
    gain_high: float
    worth: float | None


class ResearchOut(FromRoom):
    """Which markets are worth a look, and which facts are worth checking."""

    sentence: Sentence
    top: int
    stability: float
    screen: list[ScreenedOut]
    facts: list[DoubtOut]
    total_facts: int
    studies: list[str]
    spending: list[SpendingOut]
    spending_sentence: Sentence
    spending_source: str


@router.get("/markets/{code}/designs")
def designs(request: Request, response: Response, _: Viewer, code: str) -> DesignsOut:
    """What each batch of the menu can and cannot tell in a market, before it is shipped."""
    sheet = sheet_of(request, response)
    name, problem = sheet.market(code).name, sheet.question.problem
    try:
        through = pilot_channel(problem, code)
        menu = problem.menu
        made = [design(problem, code, size, through, p) for p in menu.price_points for size in menu.batches]
    except BadInput as error:
        raise NotFound(error.message, error.hint) from None
    first = made[0]
    said = (
        f"{name}, through {spaced(first.channel)}, {how_many(first.weeks, 'week')}: today "
        f"{percent(first.odds_break_even)} odds that demand of the coming year beats {cars(first.break_even)} cars. A "
        "quarter is not the years, and the first buyers are fans, by how much is only learnt at full scale: no pilot "
        "takes that away."
    )
    out = []
    for item in made:
        taught = [TaughtOut(market=m, name=sheet.name_of(m), share=share) for m, share in item.teaches[:3]]
        plain: dict[str, Any] = {field: getattr(item, field) for field in DesignOut.model_fields if field != "teaches"}
        out.append(DesignOut(**plain, teaches=taught))
    return DesignsOut(market=code, sentence=said, designs=out)


@router.get("/markets/{code}/adjustment")
def adjustment(request: Request, response: Response, _: Viewer, code: str) -> AdjustmentOut:
    """The change of price, trims or mix with the largest expected gain in a market, and how prices move demand."""
    sheet = sheet_of(request, response)
    name, desk = sheet.market(code).name, desk_of(request)
    try:
        found: Adjusted = desk.kept(("adjust", code, sheet.version), lambda: ask_adjust(sheet.launch, market=code))
    except BadInput as error:
        raise NotFound(error.message, error.hint) from None
    if not found.rows:
        raise NotFound(f"{name} has no economics to adjust by", "add rows to economics.csv")
    row, currency = found.rows[0], sheet.launch.folder.terms.currency
    least, most = row.elasticity.low, row.elasticity.high
    said = (
        f"{as_things_are(row, name, currency)} "
        f"Raising all prices by 1 % costs {row.elasticity.median:.1f} % of the cars (90 %: {least:.1f} to {most:.1f})"
        + ("; no price has changed yet, so this rests on stated choices elsewhere. " if row.contrast == 0 else ". ")
        + (
            "Leave things as they are."
            if row.best is None
            else _best(row.best.deed, row.best.gain, row.best.odds, currency)
        )
    )
    plain: dict[str, Any] = {field: getattr(row, field) for field in AdjustmentOut.model_fields if field != "sentence"}
    return AdjustmentOut.model_validate({**plain, "channel": row.channel.value, "sentence": said}, from_attributes=True)


@router.get("/monitors")
def monitors(request: Request, response: Response, _: Viewer) -> MonitorsOut:
    """What the counts alone have shown of demand, valid however often one looks."""
    sheet, desk = sheet_of(request, response), desk_of(request)
    watched: tuple[Monitor, ...] = desk.kept(
        ("monitors", sheet.version), lambda: watch_counts(sheet.launch, sheet.question)
    )
    out = []
    for item in watched:
        plain = {f: getattr(item, f) for f in MonitorOut.model_fields if f not in ("name", "sentence")}
        name = sheet.name_of(item.market)
        said = monitor_sentence(item, name, sheet.question.year)
        out.append(MonitorOut.model_validate({**plain, "name": name, "sentence": said}, from_attributes=True))
    verdicts = [f"{sheet.name_of(j.market)}: the gate says {j.verdict}; {j.reason}." for j in sheet.question.judgements]
    return MonitorsOut(monitors=out, verdicts=verdicts)


@router.get("/research")
def research(request: Request, response: Response, _: Viewer) -> ResearchOut:
    """Screen of the markets, and doubtful facts by what knowing them is worth to the plan."""
    sheet, desk = sheet_of(request, response), desk_of(request)
    found: Researched = desk.kept(("research", sheet.version), lambda: ask_research(sheet.launch))
    screen, facts = found.found.screen, worth_checking(found)
    said = screen_said(screen, {row.market: sheet.name_of(row.market) for row in screen}, found.question.shut)
    names = {market.code: market.name for market in sheet.launch.folder.markets}
    said = " ".join(filter(None, (said, settled_said(found.question.standings.by_market, names))))
    if facts:
        said += f" {how_many(len(facts), 'fact')} would help the plan."
    return ResearchOut(
        sentence=said,
        top=TOP,
        stability=found.found.stability,
        screen=[
            ScreenedOut(
                name=sheet.name_of(row.market), **{f: getattr(row, f) for f in ScreenedOut.model_fields if f != "name"}
            )
            for row in screen
        ],
        facts=[_doubt(sheet, worth.doubt, worth.worth) for worth in facts[:MOST_FACTS]],
        total_facts=len(facts),
        studies=[f"{study.kind} of {sheet.name_of(study.market)}, {study.source.who}" for study in found.studies],
        spending=[_spending(sheet, found, spent) for spent in found.spending],
        spending_sentence=effect_said(found.spending),
        spending_source=found.spending[0].source.who if found.spending else "",
    )


def _spending(sheet: Sheet, found: Researched, spent: Spending) -> SpendingOut:
    plain = {field: getattr(spent, field) for field in SpendingOut.model_fields if field not in ("name", "worth")}
    return SpendingOut(**plain, name=sheet.name_of(spent.market), worth=effect_worth(found, spent.market))


def _best(deed: str, gain: float, odds: float, currency: str) -> str:
    return f"Best: {deed}; {money(gain, currency)} a year expected, {percent(odds)} odds that it gains."


def _doubt(sheet: Sheet, doubt: Doubt, worth: float) -> DoubtOut:
    return DoubtOut(
        market=doubt.market,
        name=sheet.name_of(doubt.market),
        table=doubt.table,
        field=doubt.field,
        channel=doubt.channel,
        states=[state.value for state in doubt.states],
        value=doubt.value,
        currency=doubt.currency,
        grade=doubt.grade,
        age_days=doubt.age_days,
        worth=worth,
    )
