"""Rooms whose answers take a while: worked out by jobs, kept beside the launch, shown as sentences, tables and maps.

A cell is text or a number; the column's unit says which, so that a page may write it in the reader's own way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from beachhead.case.clock import now, today
from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.planning import WORLDS as PLAN_WORLDS
from beachhead.case.plan.rehearse import Rehearsed, rehearse_launch
from beachhead.case.plan.target_facts import in_scope
from beachhead.case.plan.whatif import Compared, compare, forget, keep, kept
from beachhead.case.plan.worth import ask_worth, named, worth_most_said, worth_nothing_said, worth_something
from beachhead.case.programme import Assessed as Programmed
from beachhead.case.siting.answer import ask_sites
from beachhead.case.siting.question import Ask, Model, Sited
from beachhead.case.siting.words import bound_sentence, effort_sentence
from beachhead.case.targets.answer import WORLDS as TARGET_WORLDS
from beachhead.case.targets.answer import Assessed, assess_targets
from beachhead.case.tasks.from_rooms import assess_whole
from beachhead.case.tasks.words import hangs_on, headline, left_out, shown
from beachhead.evidence.tables.tasks import TaskRow
from beachhead.launch.estimate import FEWEST
from beachhead.launch.information.worth import Known
from beachhead.launch.plan.headline import too_few
from beachhead.programme.target import Kind
from beachhead.programme.task import Stage
from beachhead.rehearsal.family import SAID
from beachhead.rehearsal.rehearse import DOES, OURS, Outcome
from beachhead.store import body_of, reading
from beachhead.web.pages.aftersales import work_aftersales
from beachhead.web.pages.room import (
    MOST_ROWS,
    TOPIC,
    Advance,
    BarOut,
    Cell,
    LevelFanOut,
    PointsOut,
    RoomName,
    RoomOut,
    SwingOut,
    TableOut,
    Unit,
    changed_since,
    day_of,
    iso_of,
    keep_answer,
    number_or_none,
    stands_on,
    table_of,
)
from beachhead.web.server.request import REFUSALS, desk_of, recorded, sheet_of
from beachhead.web.server.sessions import Analyst, Viewer
from beachhead.web.wire.field import Sentence
from beachhead.web.wire.refusal import NotFound
from beachhead.world.figures import how_many, money, spaced, tally, within_minutes
from beachhead.world.figures import odds as odds_said

REHEARSED_WORLDS = 24

MOST_NAMED = 200
MOST_KNOWN = 15

router = APIRouter(responses=REFUSALS)


class MoveOut(BaseModel):
    """A market in which something else would be done now."""

    market: str
    name: str
    as_it_is: str
    as_it_would_be: str


class WhatIfOut(BaseModel):
    """The launch as it is and as it would be, on the same worlds."""

    name: str
    sets: list[str]
    changed: list[str]
    quarter: str
    worlds: int
    value: float
    value_se: float | None
    other: float
    other_se: float | None
    gain: float
    gain_se: float | None
    moves: list[MoveOut]
    notes: list[Sentence]


class WhatIfsOut(BaseModel):
    """Every named scenario on record."""

    what_ifs: list[WhatIfOut]


@router.get("/rooms/{room}")
def room_answer(request: Request, response: Response, _: Viewer, room: RoomName) -> RoomOut:
    """What a room answered last; start a job of its name for a new answer."""
    sheet = sheet_of(request, response)
    with reading(sheet.launch.store) as work:
        body, asked = body_of(work, TOPIC, room), body_of(work, TOPIC, f"{room}:asked")
    if body is None:
        raise NotFound(f"{room} has not been worked out yet", f"start a job of kind {room}")
    stale = changed_since(sheet.launch, room, asked)
    record = hashlib.sha256(body.encode()).hexdigest()
    return RoomOut.model_validate_json(body).model_copy(update={"stale": stale, "record": record})


@router.get("/rooms/{room}/figures", response_class=HTMLResponse)
def room_figures(request: Request, response: Response, _: Viewer, room: RoomName) -> HTMLResponse:
    """The page of figures of a room's last answer, HTML with plain SVG inside."""
    sheet = sheet_of(request, response)
    with reading(sheet.launch.store) as work:
        body = body_of(work, TOPIC, f"{room}:figures")
    if body is None:
        raise NotFound(f"{room} has no page of figures yet", f"start a job of kind {room}")
    return HTMLResponse(body, headers=dict(response.headers))


@router.get("/what-ifs")
def what_ifs(request: Request, response: Response, _: Viewer) -> WhatIfsOut:
    """Named scenarios side by side with the launch as it is; start a job of kind `what_if` for another."""
    sheet = sheet_of(request, response)
    names = {market.code: market.name for market in sheet.launch.folder.markets}
    return WhatIfsOut(what_ifs=[_what_if(item, names) for item in kept(sheet.launch)])


@router.delete("/what-ifs")
def forget_what_if(
    request: Request,
    response: Response,
    person: Analyst,
    name: Annotated[str, Query(max_length=120, description="What the scenario is called.")],
) -> WhatIfsOut:
    """Take a scenario off the list; it stays on record as withdrawn."""
    forget(desk_of(request).launch(), name, who=person.name, at=now())
    recorded(request)
    return what_ifs(request, response, person)


def try_what_if(root: Path, arguments: dict[str, Any], advance: Advance) -> dict[str, Any]:
    """The job `what_if`: plan twice and keep the comparison; `sets` holds one override a line."""
    launch = open_launch(root)
    sets = [line.strip() for line in str(arguments.get("sets", "")).splitlines() if line.strip()]
    found = compare(launch, sets, on=day_of(arguments), worlds=int(arguments.get("worlds", PLAN_WORLDS)), tick=advance)
    name = str(arguments.get("name") or ", ".join(sets))[:120]
    keep(launch, found, name, who=str(arguments.get("who", "")), at=now())
    return {"what_if": name}


def work_out(room: RoomName) -> Callable[[Path, dict[str, Any], Advance], dict[str, Any]]:
    """The job of a room: answer and keep it."""
    return {
        "worth": _work_worth,
        "rehearsal": _work_rehearsal,
        "targets": _work_targets,
        "programme": _work_programme,
        "aftersales": work_aftersales,
        "network": _work_network,
    }[room]


# The jobs stand at module level: a worker process finds them by name.


def _work_worth(root: Path, arguments: dict[str, Any], advance: Advance) -> dict[str, Any]:
    launch = open_launch(root)
    stood = stands_on(launch, "worth")
    worlds = int(arguments.get("worlds", PLAN_WORLDS))
    found = ask_worth(launch, on=day_of(arguments), worlds=worlds, tick=advance)
    currency = launch.folder.terms.currency
    tables = [
        _known_table("Knowing a market's demand", found.markets, found.least, launch),
        _known_table("Knowing what markets share", found.factors, found.least, launch),
        _known_table("Knowing a fact", found.facts, found.least, launch),
    ]
    said = (
        f"{found.quarter}: knowing demand everywhere before the next gate would be worth "
        f"{money(found.everything, currency)}; no study of demand that is read by then can be worth more."
    )
    swings = [
        SwingOut(
            what=swing.what,
            low=swing.low,
            high=swing.high,
            at_low=swing.at_low.mean,
            at_low_se=swing.at_low.se,
            at_high=swing.at_high.mean,
            at_high_se=swing.at_high.se,
        )
        for swing in found.swings
    ]
    sentences = [said, *filter(None, [worth_nothing_said(found.facts, found.least)])]
    return keep_answer(
        launch, "worth", arguments, sentences, [table for table in tables if table.rows], swings=swings, stood=stood
    )


def _work_rehearsal(root: Path, arguments: dict[str, Any], advance: Advance) -> dict[str, Any]:
    launch = open_launch(root)
    stood = stands_on(launch, "rehearsal")
    worlds = int(arguments.get("worlds", REHEARSED_WORLDS))
    found = rehearse_launch(launch, worlds=worlds, on=day_of(arguments), tick=advance)
    asked = arguments if worlds >= FEWEST else {k: v for k, v in arguments.items() if k != "worlds"}
    return keep_answer(launch, "rehearsal", asked, _went(found), _played(found), stood=stood)


def _went(found: Rehearsed) -> list[str]:
    """In sentences how the plan went where the belief is right."""
    first = next(outcome for outcome in found.outcomes if outcome.policy == OURS)
    known = [
        f"{tally(part, whole)} of {what}"
        for part, whole, what in (
            (first.scaled_bad, first.scaled, "the markets that it scales are bad ones"),
            (first.good_dropped, first.good_piloted, "the good markets that it pilots are never scaled"),
        )
        if whole
    ]
    few = too_few(first.value, cure=f"“Work it out again” plays {REHEARSED_WORLDS}")
    return [
        f"Played in {found.worlds} made-up worlds of each family from {found.quarter}, gates on.",
        f"Where the belief is right: {'; '.join(known) or 'nothing was scaled'}.{few}",
        *found.notes,
    ]


def _played(found: Rehearsed) -> list[TableOut]:
    """The plan in every family of worlds, and the other policies beside it."""
    ours = [outcome for outcome in found.outcomes if outcome.policy == OURS]
    first = ours[0]
    columns = [("value", "money"), ("± standard error", "money"), ("of best", "share"), ("bad ones scaled", "share")]
    columns += [("good ones dropped", "share"), ("lowest cash", "money")]

    def figures(outcome: Outcome) -> list[Cell]:
        value = outcome.value
        return [value.mean, value.se, outcome.share, outcome.false_scale, outcome.false_stop, outcome.low_mean]

    return [
        table_of(
            "The plan where the belief is right, and where it is wrong",
            "Of best: of what somebody earns who knows everything. 90 % cover: intervals that held the truth",
            [("worlds", "text"), *columns, ("quarters to scale", "number"), ("90 % cover", "share")],
            [[spaced(o.family), *figures(o), o.quarters_to_scale, o.cover] for o in ours],
        ),
        table_of(
            "Other policies on the same worlds",
            f"Worlds: {spaced(first.family)}. Behind the plan: paired by world",
            [("policy", "text"), *columns, ("behind the plan", "money")],
            [
                [spaced(o.policy), *figures(o), None if o.policy == OURS else o.behind.mean]
                for o in found.outcomes
                if o.family is first.family
            ],
        ),
        table_of(
            "What the other policies do",
            "All pay, sell and leave by the same rules as the plan",
            [("policy", "text"), ("what it does", "text")],
            [[spaced(policy), does] for policy, does in DOES.items()],
        ),
        table_of(
            "Where the worlds come from",
            "The plan keeps its belief in all of them",
            [("worlds", "text"), ("what is true there", "text")],
            [[spaced(o.family), SAID[o.family]] for o in ours],
        ),
        *_targets_rehearsed(found, ours),
    ]


def _targets_rehearsed(found: Rehearsed, ours: list[Outcome]) -> list[TableOut]:
    """The odds of each target in every family of worlds; nothing where none can be told."""
    if not found.targets:
        return []
    return [
        table_of(
            "Odds of each target under the plan",
            f"Over {found.worlds} worlds of each family",
            [("target", "text"), *((spaced(o.family), "share") for o in ours)],
            [[code, *(o.odds[k] for o in ours)] for k, code in enumerate(found.targets)],
        )
    ]


def _work_targets(root: Path, arguments: dict[str, Any], advance: Advance) -> dict[str, Any]:
    launch = open_launch(root)
    stood = stands_on(launch, "targets")
    worlds = int(arguments.get("worlds", TARGET_WORLDS))
    found = assess_targets(launch, on=day_of(arguments), worlds=worlds, tick=advance)
    stand = assess_whole(launch, on=day_of(arguments)) if launch.folder.rows(TaskRow) else None
    bars = _bars(stand) if stand is not None else []
    return keep_answer(launch, "targets", arguments, *_targets(found), fans=_fans(found), bars=bars, stood=stood)


def _fans(found: Assessed) -> list[LevelFanOut]:
    return [
        LevelFanOut(
            name=item.target.name,
            unit="share" if item.target.kind is Kind.SERVICE_COVER else "number",
            quarters=[str(quarter) for quarter in item.quarters],
            quantiles=[[number_or_none(float(level)) for level in line] for line in item.fan],
            amount=float(item.target.amount),
            by=str(item.target.by),
            odds=[number_or_none(float(share)) for share in item.by_quarter],
        )
        for item in found.odds
        if not item.why_not and np.isfinite(item.fan).any()  # of a target that is met the level may not be told
    ]


def _bars(found: Programmed) -> list[BarOut]:
    slots, odds = {slot.task: slot for slot in found.schedule.slots}, {item.code: item for item in found.risk.tasks}
    return [
        BarOut(
            task=task.code,
            name=task.name,
            stage=str(task.stage),
            begins=slots[task.code].begins,
            ends=slots[task.code].ends,
            ends_low=odds[task.code].ends_low if task.code in odds else slots[task.code].ends,
            ends_high=odds[task.code].ends_high if task.code in odds else slots[task.code].ends,
            criticality=float(odds[task.code].criticality) if task.code in odds else None,
        )
        for task in shown(found)
    ]


def _targets(found: Assessed) -> tuple[list[str], list[TableOut]]:
    said = [f"Odds over {how_many(found.worlds, 'world')} of {'; '.join(found.notes)}."]
    said += [f"{item.target.name}: {item.why_not}." for item in found.odds if item.why_not]
    names = {item.target.code: item.target.name for item in found.odds}
    said += [
        f"Met: {names[target.after[0]]}; next by its rule: {target.amount_said} by {target.by}."
        for target in found.proposed
    ]
    odds = table_of(
        "Targets and their odds",
        "50, 80, 95 %: the first quarter by which it is reached with those odds; a dash if not within the plan",
        [("target", "text"), ("amount", "text"), ("by", "text"), ("odds", "share"), ("± standard error", "points")]
        + [
            ("50 %", "text"),
            ("80 %", "text"),
            ("95 %", "text"),
            ("then, 5 %", "number"),
            ("95 % of futures", "number"),
        ],
        [
            [
                item.target.name,
                item.target.amount_said,
                str(item.target.by),
                "met" if item.target.code in found.met else item.odds,
                None if item.odds is None else 100 * item.error,
                *(str(quarter) if quarter is not None else "–" for quarter in item.reached_by),
                *_then(item.fan, item.target.by - found.quarters[0]),
            ]
            for item in found.odds
        ],
    )
    moving = sorted((e for e in found.effects if abs(e.change) >= 0.0005), key=lambda e: -abs(e.change))
    levers = table_of(
        "What moves the odds most",
        "Each change alone, percentage points of the odds with their standard error",
        [("target", "text"), ("change", "text"), ("odds", "points"), ("± standard error", "points")],
        [[names[e.target], e.name, 100 * e.change, 100 * e.error] for e in moving],
    )
    rivals = [
        table_of(
            f"Rank {in_scope(scope)} is counted against these makers, {known.year}",
            "" if len(known.brands) <= MOST_KNOWN else f"The {MOST_KNOWN} largest of {len(known.brands)}",
            [("maker", "text"), ("cars a year", "cars")],
            [[brand, float(count)] for brand, count in zip(known.brands, known.cars, strict=True)][:MOST_KNOWN],
        )
        for scope, known in found.rivals.items()
    ]
    return said, [odds, levers, *rivals]


def _then(fan: np.ndarray[Any, Any], at: int) -> tuple[Cell, Cell]:
    """The level on the target's day: ends of its range."""
    if not 0 <= at < fan.shape[1]:
        return None, None
    return number_or_none(float(fan[0, at])), number_or_none(float(fan[-1, at]))


def _work_programme(root: Path, arguments: dict[str, Any], advance: Advance) -> dict[str, Any]:
    launch = open_launch(root)
    stood = stands_on(launch, "programme")
    found = assess_whole(launch, on=day_of(arguments))
    late, risk = found.late_days, found.risk
    said = [*headline(launch, found, today()), *filter(None, [left_out(found)])]
    odds = {item.code: item for item in risk.tasks}
    gates = table_of(
        "When each gate may open",
        "Odds: open on the due day. Buffer: days between the plain plan and the day that holds with 80 %",
        [("gate", "text"), ("due", "day"), ("odds", "odds"), ("50 %", "day"), ("80 %", "day"), ("95 %", "day")]
        + [("buffer, days", "number"), ("hangs on", "text")],
        [
            [item.gate.code, iso_of(item.gate.due), item.odds, iso_of(item.half), iso_of(item.sure), iso_of(item.late)]
            + [float(item.buffer_days), ", ".join(f"{code} {odds_said(share)}" for code, share in hangs_on(item, 2))]
            for item in risk.gates
        ],
    )
    slots = {slot.task: slot for slot in found.schedule.slots}
    tasks = table_of(
        "Tasks",
        "Late: days behind the first plan. Slack: days it may slip. Critical: odds that it holds up the last of all",
        [("task", "text"), ("what", "text"), ("owner", "text"), ("begins", "day"), ("ends", "day"), ("stage", "text")]
        + [("late, days", "number"), ("slack, days", "number"), ("critical", "odds")],
        [
            [task.code, task.name, task.owner, iso_of(slots[task.code].begins), iso_of(slots[task.code].ends)]
            + [str(task.stage)]
            + (
                [None, None, None]
                if task.stage is Stage.DONE
                else [float(late[task.code]), float(slots[task.code].slack_days), float(odds[task.code].criticality)]
            )
            for task in shown(found)
        ],
    )
    on = found.standing.on
    return keep_answer(launch, "programme", arguments, said, [gates, tasks], on=on, bars=_bars(found), stood=stood)


def _work_network(root: Path, arguments: dict[str, Any], advance: Advance) -> dict[str, Any]:
    launch = open_launch(root)
    stood = stands_on(launch, "network")
    count = arguments.get("count")
    ask = Ask(
        model=Model.PHASES if count is None else Model.COVER,
        minutes=float(arguments.get("minutes", 45)),
        count=None if count is None else int(count),
        work=float(arguments.get("work", 60)),
        seconds=None if arguments.get("seconds") is None else float(arguments["seconds"]),
    )
    found = ask_sites(launch, ask, advance)
    new = [site for site in found.sites if not site.kept]
    cost, stand = sum(site.cost for site in new), len(found.sites) - len(new)
    beside = f" beside {how_many(stand, 'that stands', 'that stand')}" if stand else ""
    brought = (
        f"With {how_many(len(new), 'new site')} ({found.format.name}, {money(cost, launch.folder.terms.currency)})"
        f"{beside}, {100 * found.covered_share:.1f} % of the people in the settlements counted are within "
        f"{within_minutes(found.ask.minutes)} of a site."
    )
    said = [brought, bound_sentence(found), effort_sentence(found), *found.notes]
    return keep_answer(
        launch, "network", arguments, said, _network_tables(launch, found), points=_points(launch, found), stood=stood
    )


def _network_tables(launch: Launch, found: Sited) -> list[TableOut]:
    names = {market.code: market.name for market in launch.folder.markets}
    place = found.places.name
    new = [site for site in found.sites if not site.kept]
    first = f"The first {MOST_ROWS}; gained" if len(new) > MOST_ROWS else "Gained"
    sites = table_of(
        "New sites, in the order in which they open" if any(site.opens for site in new) else "New sites",
        f"{first}: people whom no other site reaches within the minutes",
        [("site", "text"), ("market", "text"), ("opens", "text"), ("people nearest", "cars"), ("gained", "cars")]
        + [("minutes saved", "number"), ("takes from", "text"), ("would be replaced by", "text"), ("capital", "money")],
        [
            [place[s.place], names.get(found.places.country[s.place], ""), str(s.opens or "–"), s.worth.nearest_people]
            + [s.worth.gained_people, s.worth.saved_minutes if s.worth.taken_people >= 1 else None]
            + ["" if s.worth.takes_from is None else place[s.worth.takes_from]]
            + ["" if s.worth.replaced_by is None else place[s.worth.replaced_by], s.cost]
            for s in new[:MOST_ROWS]
        ],
    )
    markets = table_of(
        "Markets",
        "What one more site would add to the people within the minutes",
        [("market", "text"), ("sites", "number"), ("people within", "share"), ("people", "cars"), ("next site", "text")]
        + [("would add", "share"), ("capital", "money")],
        [
            [names[one.market], float(one.sites), one.covered_share, one.people]
            + ["–" if one.next_place is None else place[one.next_place], one.next_share, float(one.capital.sum())]
            for one in sorted(found.markets, key=lambda one: -one.people)
        ],
    )
    closing = table_of(
        "Sites that close",
        "Decided in stores.csv; each counts to the end of its last quarter open",
        [
            ("site", "text"),
            ("market", "text"),
            ("opens", "text"),
            ("last quarter open", "text"),
            ("closed from", "day"),
        ],
        [
            [place[one.place], names.get(found.places.country[one.place], ""), str(one.opens or "–"), str(one.closes)]
            + [iso_of((one.closes + 1).first_day)]
            for one in sorted(found.leaving, key=lambda one: (one.closes, one.place))
        ],
    )
    return [sites, *([closing] if found.leaving else []), markets]


def _points(launch: Launch, found: Sited) -> PointsOut:
    """Sites of the answer, then those that close within the launch: they stand, or are decided."""
    at = [*(site.place for site in found.sites), *(one.place for one in found.leaving)]
    ends = [
        f"{found.places.name[one.place]} ({launch.market(found.places.country[one.place]).name}) after {one.closes}"
        for one in found.leaving
    ]
    return PointsOut(
        lon=[round(float(found.places.lon[k]), 3) for k in at],
        lat=[round(float(found.places.lat[k]), 3) for k in at],
        stands=[*(site.kept for site in found.sites), *(True for _ in found.leaving)],
        people=[*(float(round(site.worth.nearest_people)) for site in found.sites), *(0.0 for _ in found.leaving)],
        name=[found.places.name[k] for k in at[:MOST_NAMED]],
        closes=[*("" for _ in found.sites), *ends],
    )


def _known_table(title: str, rows: Sequence[Known], least: float, launch: Launch) -> TableOut:
    names = {market.code: market.name for market in launch.folder.markets}
    worth = worth_something(rows, least)
    columns: list[tuple[str, Unit]] = [("what", "text"), ("worth up to", "money")]
    return table_of(
        title,
        worth_most_said(MOST_KNOWN, worth),
        columns,
        [[named(row.what, names), row.value] for row in worth[:MOST_KNOWN]],
    )


def _what_if(item: Compared, names: dict[str, str]) -> WhatIfOut:
    return WhatIfOut(
        name=item.name,
        sets=list(item.sets),
        changed=list(item.changed[:MOST_ROWS]),
        quarter=str(item.quarter),
        worlds=item.worlds,
        value=item.value.mean,
        value_se=item.value.se,
        other=item.other.mean,
        other_se=item.other.se,
        gain=item.gain.mean,
        gain_se=item.gain.se,
        moves=[
            MoveOut(market=code, name=names.get(code, code), as_it_is=one, as_it_would_be=two)
            for code, one, two in item.moves
        ],
        notes=list(item.notes),
    )
