"""What the rows show of the odds stated with a pilot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from beachhead.case.belief.pricing import price_point_of
from beachhead.case.decide.stating import gate_name, range_name, sold_out_name
from beachhead.case.plan.decision import Chosen
from beachhead.case.plan.planning import PlanRecord
from beachhead.case.score.outcome import Came, Scene, State
from beachhead.launch.information.pilot_odds import PilotOdds
from beachhead.launch.judge.judge import opens
from beachhead.launch.question.action import ActionKind
from beachhead.ledger import Entry
from beachhead.pilot import RUNNING
from beachhead.pilot.result import PilotResult, result_of
from beachhead.world.errors import BadInput, OutOfDate
from beachhead.world.figures import how_many
from beachhead.world.quarter import Quarter
from beachhead.world.reading import Observation


def pilot_came(scene: Scene, entry: Entry, chosen: Chosen, odds: PilotOdds, record: PlanRecord) -> list[Came]:
    """How it stands with each of a pilot's odds."""
    by_name = {stated.name: stated for stated in entry.said.odds}
    rows, until = _rows(scene, odds)
    result = result_of(
        rows,
        batch=odds.batch,
        weeks=odds.weeks,
        until=odds.quarter.last_day,
        price_point=odds.price_point,
        price_of=price_point_of(scene.launch),
    )
    state, why = _standing(scene, chosen, odds, record, result, until)
    names = (sold_out_name(odds), *(range_name(odds, each) for each in odds.ranges), gate_name(odds))
    alike = [
        Came(
            stated=by_name[name], entry=entry.number, market=odds.market, state=state, happened=None, why=why,
            result=result,
        )
        for name in names
        if name in by_name
    ]  # fmt: skip
    if state is not State.TOLD or result is None:
        return alike
    answers = _answers(odds, result)
    return [
        _of_gate(scene, came, odds, result) if came.stated.name == gate_name(odds) else _answered(came, answers)
        for came in alike
    ]


def _rows(scene: Scene, odds: PilotOdds) -> tuple[list[Observation], Quarter]:
    """Rows that begin from the pilot's quarter on, and the quarter in which something else was decided, if it was."""
    later = [
        made.quarter
        for made in scene.chosen
        if made.action.market == odds.market and made.quarter > odds.quarter and made.action.kind is not ActionKind.WAIT
    ]
    until = min([odds.quarter + 2, *later])
    rows = [
        row
        for row in scene.rows
        if row.market == odds.market
        and row.channel is odds.channel
        and row.batch != RUNNING
        and odds.quarter.first_day <= row.start < until.first_day
    ]
    return rows, until


def _standing(
    scene: Scene, chosen: Chosen, odds: PilotOdds, record: PlanRecord, result: PilotResult | None, until: Quarter
) -> tuple[State, str]:
    """`told` if the rows can answer, else what stands in the way."""
    in_force = next((c for c in scene.chosen if (c.action.market, c.quarter) == (odds.market, chosen.quarter)), chosen)
    if in_force.action != chosen.action:
        return State.VOID, "another choice took its place"
    first, last = odds.quarter.first_day, until.first_day
    if scene.seen_before(record, odds.market, first, last, pilots=True):
        return State.VOID, "rows of it were on record before its odds were stated"
    if result is None:
        if scene.on < until.first_day:
            return State.WAITING, "no car has been counted yet"
        return State.UNSEEN, f"no car was counted through {odds.channel} from {first} to {(until + -1).last_day}"
    if result.unlike:
        return State.VOID, f"it was not run as decided: {result.unlike}"
    if scene.on <= result.last and not result.sold_out:
        return State.WAITING, f"its weeks end on {result.last}"
    if result.missing:
        return State.UNSEEN, result.missing
    return State.TOLD, _told(result)


def _told(result: PilotResult) -> str:
    span = f"{result.first} to {result.last}"
    if result.sold_out:
        return f"pilot of {result.batch:,}, {span}: sold out"
    most = how_many(result.at_most, "order")
    orders = most if result.at_most == result.at_least else f"{result.at_least:,} to {most}"
    return f"pilot of {result.batch:,}, {span}: {orders}"


def _answers(odds: PilotOdds, result: PilotResult) -> Mapping[str, bool | None]:
    ranges = {range_name(odds, each): result.within(each.low, each.high) for each in odds.ranges}
    return {sold_out_name(odds): result.sold_out, **ranges}


def _answered(came: Came, answers: Mapping[str, bool | None]) -> Came:
    happened = answers[came.stated.name]
    if happened is None:
        return replace(came, state=State.UNDECIDED, why=f"{came.why}; a row reaches beyond its weeks")
    return replace(came, happened=happened)


def _of_gate(scene: Scene, came: Came, odds: PilotOdds, result: PilotResult) -> Came:
    """The gate held against the belief as it was at the look: rows that ended before it, tables as they are now."""
    look = Quarter.of(result.last) + 1
    if scene.on < look.first_day:
        return replace(came, state=State.WAITING, why=f"its look is in {look}")
    known = scene.on_record.get(came.stated.name)
    if known is not None and not scene.anew:
        return replace(came, happened=known)
    if not scene.judged:
        return replace(came, state=State.READY)
    assert odds.gate is not None, "odds of a gate are stated with the gate"
    try:
        question = scene.question_at(look)
        return replace(came, happened=opens(odds.gate, question.problem))
    except (BadInput, OutOfDate) as error:
        return replace(came, state=State.VOID, why=f"the gate cannot be held against {look}: {error.message}")
