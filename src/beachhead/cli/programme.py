"""`beachhead programme`: what is late, what it delays, and when each market is ready, with odds."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from beachhead.case.clock import today
from beachhead.case.open import Launch, open_launch
from beachhead.case.programme import (
    Assessed,
    Report,
    day_of_report,
    early_said,
    read_reports,
    standing_on,
    update_progress,
)
from beachhead.case.tasks.from_rooms import assess_whole
from beachhead.case.tasks.sheet import as_calendar, as_csv, import_tasks
from beachhead.case.tasks.words import hangs_on, headline, is_brought, left_out, shown
from beachhead.cli.clock import Who, day_option, name_of, now
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, how_many, say, show_json, show_table
from beachhead.programme.risk import DRAWS, GateRisk
from beachhead.programme.task import Duration, Progress, Stage
from beachhead.world.errors import BadInput
from beachhead.world.figures import odds as odds_said
from beachhead.world.whole import write_whole

programme = typer.Typer(
    help="Tasks: what is late, what it delays, and when each market is ready, with odds.",
    no_args_is_help=True,
)

OnDay = Annotated[
    datetime | None,
    day_option("--on", "As it stands on this day; by default that of the latest report, or the programme's first."),
]
DrawsOption = Annotated[int, typer.Option("--draws", min=100, help="Draws of all durations.")]
ExactOption = Annotated[
    float, typer.Option("--exact", min=0, help="Seconds for OR-Tools to shorten the schedule (extra `schedule`).")
]
ApprovalsFlag = Annotated[bool, typer.Option(help="With the approvals still to be had, as compliance tells them.")]
OpeningsFlag = Annotated[
    bool, typer.Option("--openings", help="With the sites that siting would open, and the stores that close.")
]
StartedOption = Annotated[
    datetime | None,
    day_option("--started", "Day on which the task began."),
]
FinishedOption = Annotated[
    datetime | None,
    day_option("--finished", "Day on which it was done."),
]


@programme.command()
def status(
    directory: LaunchDir,
    on: OnDay = None,
    exact: ExactOption = 0.0,
    approvals: ApprovalsFlag = True,
    openings: OpeningsFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Every task with its schedule: what is late, what it delays."""
    launch = open_launch(directory)
    with progress("schedule", quiet=as_json):
        found = assess_whole(launch, on=_day(on), exact_seconds=exact, approvals=approvals, openings=openings)
    if as_json:
        show_json(programme_answer(launch, found))
    else:
        show_status(launch, found)


@programme.command()
def risk(
    directory: LaunchDir,
    on: OnDay = None,
    draws: DrawsOption = DRAWS,
    market: Annotated[str | None, typer.Option("--market", metavar="CODE", help="Gates of one market only.")] = None,
    exact: ExactOption = 0.0,
    approvals: ApprovalsFlag = True,
    openings: OpeningsFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """When each gate opens with 50, 80 and 95 %, what it hangs on, and the buffer that a promise needs."""
    launch = open_launch(directory)
    if market is not None:
        launch.market(market)
    with progress("draws", quiet=as_json):
        found = assess_whole(
            launch, on=_day(on), draws=draws, exact_seconds=exact, approvals=approvals, openings=openings
        )
    if as_json:
        show_json(programme_answer(launch, found, market))
    else:
        show_risk(launch, found, market)


@programme.command()
def update(
    directory: LaunchDir,
    task: Annotated[str | None, typer.Argument(metavar="TASK", help="Code of the task reported on.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Reports as CSV, XLSX or Parquet.")
    ] = None,
    started: StartedOption = None,
    finished: FinishedOption = None,
    left: Annotated[
        str | None, typer.Option("--left", metavar="WEEKS", help="Weeks still to do: 4, or low,likely,high as 3,4,8.")
    ] = None,
    on: Annotated[
        datetime | None,
        day_option("--on", "Day of the report; default today."),
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="In words.")] = "",
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """Report how far a task has come, or many from a file; every report stays on record."""
    launch, at = open_launch(directory), now()
    day = _day(on)
    if (task is None) == (file is None):
        raise BadInput("name one task, or a file of reports", "for example `beachhead programme update DIR TASK`")
    if file is not None:
        reports, name = read_reports(launch, file, day, at), file.name
    else:
        began, done = _day(started), _day(finished)
        said = _one(str(task), day_of_report(day, at, began, done), began, done, left, note)
        reports, name = (said,), "command line"
    fresh = update_progress(launch, reports, who=name_of(who), at=at, name=name)
    if as_json:
        show_json({"reports": reports, "new": fresh})
    else:
        many = how_many(fresh, "new report") if fresh else "nothing new"
        say(f"{many} on record; `beachhead programme status {directory}` shows what moved.")
        if early := early_said(standing_on(launch)):
            say(early)


@programme.command()
def export(
    directory: LaunchDir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="To write: .ics or .csv.", show_default=False)],
    on: OnDay = None,
    openings: OpeningsFlag = False,
) -> None:
    """Write the schedule for other tools: a calendar (.ics) or a table (.csv)."""
    launch = open_launch(directory)
    kind = file.suffix.casefold()
    if kind not in (".ics", ".csv"):
        raise BadInput(f"{file.name!r} is neither a calendar nor a table", "end the name in .ics or .csv")
    found = assess_whole(launch, on=_day(on), openings=openings)
    text = as_calendar(launch, found, now()) if kind == ".ics" else as_csv(found)
    try:
        write_whole(file, text)
    except OSError as error:
        raise BadInput(f"{str(file)!r} cannot be written ({error.strerror})", "name a file you may write") from error
    say(f"{how_many(len(found.standing.programme.tasks), 'task')} as of {found.standing.on} written to {file}.")


@programme.command("import")
def take_in(
    directory: LaunchDir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="XLSX, CSV or Parquet file.", show_default=False)],
) -> None:
    """Make tasks.csv from a workbook or table; all of it, or nothing with every fault at its row."""
    launch = open_launch(directory)
    count = import_tasks(launch, file, now().date())
    say(f"{how_many(count, 'task')} taken in from {file.name}; tasks.csv was replaced.")


def _one(task: str, day: date, started: date | None, finished: date | None, left: str | None, note: str) -> Report:
    if started is None and finished is None and left is None and not note:
        raise BadInput("the report says nothing", "add --started, --finished, --left or --note")
    said = Progress(on=day, started=started or finished, finished=finished, left=_left(left), note=note)
    return Report(task=task, progress=said)


def _left(written: str | None) -> Duration | None:
    if written is None:
        return None
    try:
        weeks = [float(part) for part in written.split(",")]
        low, likely, high = weeks * 3 if len(weeks) == 1 else weeks
        return Duration(low=low, likely=likely, high=high)
    except ValueError:
        raise BadInput(f"{written!r} is no number of weeks", "write 4, or low,likely,high as 3,4,8") from None


def show_status(launch: Launch, found: Assessed) -> None:
    """Sentences, then one row a task by its begin."""
    for line in headline(launch, found, today()):
        say(line)
    late = found.late_days
    slots = {slot.task: slot for slot in found.schedule.slots}
    odds = {item.code: item for item in found.risk.tasks}
    rows = []
    for task in shown(found):
        slot = slots[task.code]
        times = (task.code, task.owner, str(slot.begins), str(slot.ends), str(task.stage))
        if task.stage is Stage.DONE:
            rows.append((*times, "", "", ""))
        else:
            crit = odds_said(odds[task.code].criticality)
            rows.append((*times, _days(late[task.code]), f"{slot.slack_days:,}", crit))
    show_table(("task", "owner", "begins", "ends", "stage", "late", "slack", "critical"), rows, right={5, 6, 7})
    if hidden := left_out(found):
        say(hidden)
    say("Late: days behind the first plan. Slack: days it may slip. Critical: odds that it holds up the last of all.")


def show_risk(launch: Launch, found: Assessed, market: str | None = None) -> None:
    """Gates that wait for the same tasks and are due on the same day stand in one row."""
    for line in headline(launch, found, today()):
        say(line)
    groups = gate_groups(found, market)
    rows = [
        (
            _named(codes, first),
            "" if first.gate.due is None else str(first.gate.due),
            "" if first.odds is None else odds_said(first.odds),
            str(first.half),
            str(first.sure),
            str(first.late),
            f"{first.buffer_days}",
        )
        for codes, first in groups
    ]
    show_table(("gate", "due", "odds", "50 %", "80 %", "95 %", "buffer"), rows, right={2, 6})
    say("Odds: open on the due day. Buffer: days between the plain plan and the day that holds with 80 %.")
    for codes, first in groups:
        if advice := buffer_advice(_named(codes, first), first, found.standing.on):
            say(advice)


def buffer_advice(name: str, item: GateRisk, on: date) -> str:
    """What to do about a gate that is not kept with 80 %, as of a day; "" if it is kept."""
    if not item.short_days:
        return ""
    if item.sure <= on:
        return f"{name}: open since {item.sure}, {how_many(item.short_days, 'day')} after its day, {item.gate.due}."
    most = hangs_on(item, 3)
    gained = how_many(item.short_days, "day")
    told = f"{name}: to keep {item.gate.due} with 80 %, gain {gained} or promise {item.sure}."
    if item.gate.due is not None and item.gate.due < on:
        told = f"{name}: its day, {item.gate.due}, is over; {item.sure} holds with 80 %."
    if not most:
        return f"{told} It waits for no other task."
    waits = ", ".join(f"{code} ({odds_said(share)})" for code, share in most)
    return f"{told} It hangs on {waits}; a week off the first brings {7 * most[0][1]:.1f} days on average."


def gate_groups(found: Assessed, market: str | None = None) -> list[tuple[tuple[str, ...], GateRisk]]:
    """Gates alike in all but the market, with the odds of the first."""
    groups: dict[tuple[Any, ...], list[GateRisk]] = {}
    for item in found.risk.gates:
        if market is None or item.gate.market == market:
            gate = item.gate
            hangs = item.critical[0][0] if item.critical and not is_brought(item.critical[0][0]) else ""
            key = (gate.opens, gate.due, item.half, item.sure, item.late, hangs, gate.market == "" and gate.code)
            groups.setdefault(key, []).append(item)
    return [(tuple(item.gate.code for item in items), items[0]) for items in groups.values()]


def programme_answer(launch: Launch, found: Assessed, market: str | None = None) -> dict[str, Any]:
    """The answer as one JSON object."""
    slots = {slot.task: slot for slot in found.schedule.slots}
    first = {slot.task: slot for slot in found.baseline.slots}
    odds = {item.code: item for item in found.risk.tasks}
    late = found.late_days
    stand = found.standing
    return {
        "launch": launch.folder.terms.name,
        "currency": launch.folder.terms.currency,
        "on": stand.on,
        "reported": stand.reported,
        "stages": {str(stage): count for stage, count in stand.stages.items()},
        "draws": found.risk.draws,
        "schedule": {
            "days": found.schedule.days,
            "bound": found.schedule.bound,
            "verdict": found.schedule.verdict,
            "chains": found.schedule.chains,
        },
        "end": _gate_answer(found.risk.end),
        "roles": stand.programme.roles,
        "tasks": [
            {
                "code": task.code,
                "name": task.name,
                "owner": task.owner,
                "markets": sorted(task.markets),
                "after": task.after,
                "uses": [{"role": need.role, "amount": need.amount} for need in task.needs],
                "blocks": task.blocks,
                "due": task.due,
                "cost": task.cost,
                "stage": task.stage,
                "planned_begins": first[task.code].begins,
                "planned_ends": first[task.code].ends,
                "begins": slots[task.code].begins,
                "ends": slots[task.code].ends,
                "late_days": late[task.code],
                "slack_days": slots[task.code].slack_days,
                "ends_low": odds[task.code].ends_low,
                "ends_median": odds[task.code].ends,
                "ends_high": odds[task.code].ends_high,
                "criticality": odds[task.code].criticality,
                "overrun": odds[task.code].overrun,
                "note": "" if task.progress is None else task.progress.note,
            }
            for task in stand.programme.tasks
        ],
        "gates": [_gate_answer(item) for item in found.risk.gates if market is None or item.gate.market == market],
        "sentences": headline(launch, found, today()),
    }


def _gate_answer(item: GateRisk) -> dict[str, Any]:
    gate = item.gate
    return {
        "code": gate.code,
        "market": gate.market,
        "opens": gate.opens,
        "due": gate.due,
        "odds": item.odds,
        "expected": item.expected,
        "half": item.half,
        "sure": item.sure,
        "late": item.late,
        "buffer_days": item.buffer_days,
        "short_days": item.short_days,
        "critical": [{"task": code, "criticality": share} for code, share in item.critical],
    }


def _named(codes: tuple[str, ...], item: GateRisk) -> str:
    if not item.gate.market:
        return codes[0]
    markets = [code.split()[0] for code in codes]
    shown = " ".join(markets[:4]) + (f" and {len(markets) - 4} more" if len(markets) > 4 else "")
    return f"{item.gate.opens} {shown}"


def _days(days: int) -> str:
    return "" if days == 0 else f"{days:+,}"


def _day(instant: datetime | None) -> date | None:
    return None if instant is None else instant.date()
