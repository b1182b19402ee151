"""The programme of an open launch: tables and reports as tasks, approvals as tasks, readiness as earliest quarters."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from beachhead import store
from beachhead.case.clock import latest_day
from beachhead.case.compliance.answer import quarter_from
from beachhead.case.open import Launch
from beachhead.evidence.cell import meant
from beachhead.evidence.checked import checked_rows
from beachhead.evidence.folder import Folder
from beachhead.evidence.load import load_table
from beachhead.evidence.row import Placed, columns_of
from beachhead.evidence.sheet import read_sheet
from beachhead.evidence.tables import tasks as task_table
from beachhead.evidence.tables.progress import ProgressRow
from beachhead.evidence.tables.roles import RoleRow
from beachhead.evidence.tables.tasks import TaskRow
from beachhead.evidence.textfile import read_bytes, with_known_header
from beachhead.programme.network import Programme, assemble, defects
from beachhead.programme.risk import DRAWS, Gate, GateRisk, Risk, assess
from beachhead.programme.schedule import Schedule, make_schedule
from beachhead.programme.task import Blocks, Duration, Need, Progress, Role, Shape, Stage, Task
from beachhead.store import Row, Version, Work
from beachhead.world.brief import brief
from beachhead.world.economics import Economics
from beachhead.world.errors import BadInput, Fault, NotLearnt
from beachhead.world.figures import how_many
from beachhead.world.quarter import Quarter

TOPIC = "progress"
PLAN_DRAWS = 2_000
"""Draws behind the earliest quarters of a plan: enough to tell a quarter, and quick."""
QUIET_DAYS = 28
"""Without a report for longer, a schedule says how it once stood."""
MOST_EARLY = 5
MOST_WEEKS = 1000
"""As in the tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report of progress on record.

    Attributes:
        task: code of tasks.csv.
        progress: what it says.
    """

    task: str
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The programme as it stands.

    Attributes:
        on: the day it stands for: the day asked, or that of the latest report, or the day on which it begins.
        reported: day of the latest report until then, in tasks.csv or on record; None if there is none.
        later: reports of later days, which are left out.
        programme: tasks with their progress.
        gates: what the tasks hold up: pilot and scaling of each market, and every task with a day of its own.
    """

    on: date
    reported: date | None
    later: int
    programme: Programme
    gates: tuple[Gate, ...]

    @property
    def stages(self) -> dict[Stage, int]:
        """How many tasks are planned, running and done."""
        return {stage: sum(task.stage is stage for task in self.programme.tasks) for stage in Stage}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed:
    """The programme with its schedule and odds.

    Attributes:
        standing: what was asked about.
        baseline: as planned at first, before anything was reported.
        schedule: by expected durations, resources within their limits.
        risk: odds of every task and gate.
    """

    standing: Standing
    baseline: Schedule
    schedule: Schedule
    risk: Risk

    __repr__ = brief

    @property
    def late_days(self) -> dict[str, int]:
        """By task, days by which it is expected to end later than planned at first; negative if earlier."""
        first = {slot.task: slot.ends for slot in self.baseline.slots}
        return {slot.task: (slot.ends - first[slot.task]).days for slot in self.schedule.slots}

    def gate(self, code: str) -> GateRisk:
        """The odds of a gate."""
        found = next((item for item in self.risk.gates if item.gate.code == code), None)
        if found is None:
            known = [item.gate.code for item in self.risk.gates]
            raise BadInput(f"{code!r} is no gate of this programme", meant(code, known, f"try {known[0]!r}"))
        return found


def standing_on(launch: Launch, on: date | None = None, extra: Iterable[Task] = ()) -> Standing:
    """The programme on a day; raises `BadInput` with every defect at its row.

    Args:
        launch: the launch.
        on: the day; None for that of the latest report, or the programme's first day where nothing was reported.
        extra: tasks from side rooms, such as approvals.
    """
    if not launch.folder.rows(TaskRow):
        cure = "add tasks.csv; `beachhead new DIR --example xiaomi` shows one"
        raise NotLearnt(f"{launch.path} has no tasks", cure)
    refuse_defects(launch.folder)
    with store.reading(launch.store) as work:
        told = _reports(work)
    known = {row.code for row in launch.folder.rows(TaskRow)}
    told = tuple(report for report in told if report.task in known)
    by_then = [report for report in told if on is None or report.progress.on <= on]
    latest = {report.task: report.progress for report in sorted(by_then, key=lambda report: report.progress.on)}
    tasks = [*_tasks(launch.folder, latest, on), *extra]
    programme = assemble(tasks, role_nouns(launch.folder), _start(launch.folder))
    reported = max((task.progress.on for task in programme.tasks if task.progress is not None), default=None)
    return Standing(
        on=on or reported or _first_day(programme),
        reported=reported,
        later=len(told) - len(by_then),
        programme=programme,
        gates=gates_of(launch.folder, programme),
    )


def reports_said(stand: Standing) -> str:
    """On which reports a standing rests, in a few words."""
    if stand.reported is not None:
        return f"latest report {stand.reported}"
    if stand.later:
        return f"nothing had been reported by then; {how_many(stand.later, 'later report')} left out"
    return "nothing has been reported yet"


def early_said(stand: Standing) -> str:
    """Tasks reported as begun before what they come after was done, in a sentence; empty if there are none.

    Work does begin early, so that such a report is taken; but it may as well be a slip, of either day.
    """
    told = {task.code: task.progress for task in stand.programme.tasks if task.progress is not None}
    begun = [(task, said.started) for task in stand.programme.tasks if (said := told.get(task.code)) and said.started]
    early = []
    for task, started in begun:
        for code in task.after:
            done = told[code].finished if code in told else None
            if done is None or started < done:
                early.append(f"{task.code} on {started}, {code} {f'done {done}' if done else 'not done yet'}")
    if not early:
        return ""
    more = f"; and {len(early) - MOST_EARLY} more" if len(early) > MOST_EARLY else ""
    return f"Begun before what it comes after was done: {'; '.join(early[:MOST_EARLY])}{more}."


def silence_said(stand: Standing, today: date) -> str:
    """That nobody has reported for weeks, so that what is shown is how it stood then; empty where it is not so."""
    if not (quiet := _silence(stand, today)):
        return ""
    return (
        f"{quiet}, so this is how it stood then. `--on {today}` shows it as of "
        "today, when what was not reported as begun begins at the earliest."
    )


def _trusted_note(stand: Standing, today: date) -> tuple[str, ...]:
    """That a plan rests on a schedule of which nobody has told for weeks; nothing where all that blocks is done."""
    waits = any(t.stage is not Stage.DONE and t.blocks is not Blocks.NOTHING for t in stand.programme.tasks)
    if not waits or not (quiet := _silence(stand, today)):
        return ()
    told = (
        f"Tasks: {quiet[0].lower()}{quiet[1:]}, and the plan takes them to keep their schedule of {stand.on}; "
        f"`beachhead programme risk --on {today}` says when they are done if what was not begun begins today."
    )
    return (told,)


def _silence(stand: Standing, today: date) -> str:
    """How long nobody has reported, as a sentence begins; empty where it is not for weeks."""
    quiet = (today - stand.on).days
    if quiet <= QUIET_DAYS or stand.on != (stand.reported or _first_day(stand.programme)):
        return ""
    since = "Nothing has been reported since the first day" if stand.reported is None else "Nothing has been reported"
    return f"{since} for {quiet // 7} weeks"


def assess_programme(
    launch: Launch,
    *,
    on: date | None = None,
    draws: int = DRAWS,
    tries: int | None = None,
    exact_seconds: float = 0.0,
    extra: Iterable[Task] = (),
) -> Assessed:
    """Schedule and odds of a launch's programme on a day; arguments as in what it calls."""
    stand = standing_on(launch, on, extra)
    seed = launch.folder.terms.seeds.plan
    planned = make_schedule(stand.programme, on=stand.on, seed=seed, tries=tries, exact_seconds=exact_seconds)
    risk = assess(stand.programme, stand.gates, on=stand.on, chains=planned.chains, draws=draws, seed=seed)
    first = make_schedule(_unreported(stand.programme), on=_first_day(stand.programme), seed=seed, tries=tries)
    return Assessed(standing=stand, baseline=first, schedule=planned, risk=risk)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readied:
    """Economics as far as tasks let a market begin.

    Attributes:
        economics: the rows, earliest quarters no earlier than the tasks are done.
        notes: a sentence for each group of markets that tasks hold up, and one if nobody has reported for weeks.
    """

    economics: tuple[Economics, ...]
    notes: tuple[str, ...] = ()


def with_readiness(
    launch: Launch, economics: Sequence[Economics], on: date, *, until: date, begun: Collection[str] = ()
) -> Readied:
    """Economics with earliest quarters no earlier than the tasks are done with 80 %; as they are without tasks.

    Only tasks of the folder count here: compliance hands its own dates to the plan.

    Args:
        launch: the launch.
        economics: rows to change.
        on: the day asked about.
        until: last day of the quarter decided: reports of later days are left out, what opens by then is not held up.
        begun: codes of markets that are scaled or were left: no task holds them up.
    """
    if not launch.folder.rows(TaskRow):
        return Readied(economics=tuple(economics))
    stand = standing_on(launch)
    if stand.reported is not None and stand.reported > until:
        stand = standing_on(launch, until)
    seed = launch.folder.terms.seeds.plan
    planned = make_schedule(stand.programme, on=stand.on, seed=seed)
    risk = assess(stand.programme, stand.gates, on=stand.on, chains=planned.chains, draws=PLAN_DRAWS, seed=seed)
    ready = {(item.gate.market, item.gate.opens): quarter_from(item.sure) for item in risk.gates if item.gate.market}
    readied = tuple(_ready(row, ready) for row in economics)
    held = [(was, row) for was, row in zip(economics, readied, strict=True) if row.market not in begun]
    notes = (*_pushed(launch, held, risk, Quarter.of(until)), *_trusted_note(stand, on))
    return Readied(economics=readied, notes=notes)


def update_progress(launch: Launch, reports: Sequence[Report], *, who: str, at: datetime, name: str) -> int:
    """Keep reports of progress; returns how many were new. Sending the same twice changes nothing."""
    known = {row.code for row in launch.folder.rows(TaskRow)}
    for report in reports:
        if report.task not in known:
            raise BadInput(f"{report.task!r} is no task", meant(report.task, known, "name a code of tasks.csv"))
        if (odd := _odd(report, latest_day(at))) is not None:
            raise BadInput(f"{report.task} {odd.problem}", odd.cure)
    with store.writing(launch.store) as work:
        kept = {version.key: version.body for version in store.current(work, TOPIC)}
        rows = [Row(key=_key(report), body=store.encode(report)) for report in reports]
        fresh = [row for row in rows if kept.get(row.key) != row.body]
        if fresh:
            digest = store.digest(json.dumps([[row.key, row.body] for row in fresh]))
            store.deliver(work, TOPIC, fresh, sha256=digest, name=name, who=who, at=at)
    return len(fresh)


def day_of_report(told: date | None, at: datetime, *named: date | None) -> date:
    """The day that a report stands for: the one told, else today, or a day that it names where that has begun."""
    return told or max([at.date(), *(day for day in named if day is not None and day <= latest_day(at))])


def read_reports(launch: Launch, path: Path, on: date | None, at: datetime) -> tuple[Report, ...]:
    """The reports in a CSV, XLSX or Parquet file sent at an instant, of day `on` where they name none.

    Raises:
        BadInput: with every fault found, a report of a day to come among them.
    """
    columns = columns_of(ProgressRow)
    required = tuple(name for name, column in columns.items() if column.required)
    grid = with_known_header(read_sheet(path, path.name), path.name, tuple(columns), required)
    placed, faults = checked_rows(grid, ProgressRow, path.name)
    known = {row.code for row in launch.folder.rows(TaskRow)}
    unknown = [
        Fault(
            file=path.name,
            row=item.line,
            column="task",
            written=item.row.task,
            problem="is no task of tasks.csv",
            cure=meant(item.row.task, known, "name a code of tasks.csv"),
        )
        for item in placed
        if item.row.task not in known
    ]
    reports = [(item.line, _report(item.row, on, at)) for item in placed]
    odd = [
        Fault(file=path.name, row=line, column=wrong.column, problem=wrong.problem, cure=wrong.cure)
        for line, report in reports
        if (wrong := _odd(report, latest_day(at))) is not None
    ]
    if found := [*grid.faults, *faults, *unknown, *odd]:
        raise BadInput.of(found)
    return tuple(report for _, report in reports)


def task_faults(folder: Folder) -> tuple[Fault, ...]:
    """What is wrong with tasks beyond their tables, each at its row: a gate before its tasks, too few of a resource."""
    rows = folder.rows(TaskRow)
    found = defects(_tasks(folder, {}), role_nouns(folder), _start(folder)) if rows else ()
    if not found:
        return ()
    placed: tuple[Placed[TaskRow], ...] = load_table(
        task_table.TABLE, read_bytes(folder.path / task_table.TABLE.file, task_table.TABLE.file)
    ).rows
    lines = {item.row.code: item.line for item in placed}
    return tuple(
        Fault(
            file=task_table.TABLE.file,
            row=lines.get(defect.task),
            column=defect.field,
            written=defect.written,
            problem=defect.problem,
            cure=defect.cure,
        )
        for defect in found
    )


def refuse_defects(folder: Folder) -> None:
    """Raise `BadInput` with every fault of the tasks."""
    if found := task_faults(folder):
        raise BadInput.of(found)


def role_nouns(folder: Folder) -> tuple[Role, ...]:
    """The rows of roles.csv."""
    return tuple(Role(code=row.code, name=row.name, capacity=row.capacity) for row in folder.rows(RoleRow))


def gates_of(folder: Folder, programme: Programme) -> tuple[Gate, ...]:
    """Pilot and scaling of each market abroad that tasks hold up, then each task with a day of its own."""
    first: dict[tuple[str, Blocks], Quarter] = {}
    for row in folder.economics:
        for blocks, quarter in ((Blocks.PILOT, row.earliest_pilot), (Blocks.SCALE, row.earliest_scale)):
            key = (row.market, blocks)
            first[key] = min(first.get(key, quarter), quarter)
    gates = []
    for market in (market.code for market in folder.markets if not market.is_home):
        for opens, held in ((Blocks.PILOT, {Blocks.PILOT}), (Blocks.SCALE, {Blocks.PILOT, Blocks.SCALE})):
            tasks = tuple(t.code for t in programme.tasks if t.blocks in held and t.concerns(market))
            if tasks:
                due = first[market, opens].first_day
                gates.append(Gate(code=f"{market} {opens}", market=market, opens=opens, tasks=tasks, due=due))
    own = [Gate(code=task.code, tasks=(task.code,), due=task.due) for task in programme.tasks if task.due is not None]
    return (*gates, *own)


def _first_day(programme: Programme) -> date:
    """The first day on which any task may begin."""
    return min(programme.release(task) for task in programme.tasks if not task.after or task.not_before)


def _unreported(programme: Programme) -> Programme:
    return replace(programme, tasks=tuple(replace(task, progress=None) for task in programme.tasks))


def _tasks(folder: Folder, progress: dict[str, Progress], on: date | None = None) -> list[Task]:
    """The rows of tasks.csv; a report on record counts for more than what a row says of its progress."""
    return [_task(folder, row, progress.get(row.code) or _written(row, on)) for row in folder.rows(TaskRow)]


def _written(row: TaskRow, on: date | None) -> Progress | None:
    """What the row says of its progress; with a day, only what had happened by then."""
    started, finished = row.started_on or row.finished_on, row.finished_on
    if started is None or (on is not None and started > on):
        return None
    if finished is not None and on is not None and finished > on:
        finished = None
    told = finished or max(started, row.as_of)
    return Progress(on=told if on is None else min(told, on), started=started, finished=finished)


def _task(folder: Folder, row: TaskRow, progress: Progress | None) -> Task:
    return Task(
        code=row.code,
        name=row.name,
        duration=Duration(
            low=row.weeks_low, likely=row.weeks_likely, high=row.weeks_high, shape=Shape(row.shape.value)
        ),
        after=row.after,
        owner=row.owner or "",
        needs=tuple(
            Need(role=role, amount=int(amount))
            for role, amount in zip(row.uses, row.amounts or (1.0,) * len(row.uses), strict=True)
        ),
        markets=_places(folder, row.markets),
        blocks=Blocks(row.blocks.value),
        not_before=None if row.not_before is None else row.not_before.first_day,
        due=row.due,
        cost=folder.money(row.cost, row.currency),
        progress=progress,
    )


def _places(folder: Folder, words: Sequence[str]) -> frozenset[str]:
    return frozenset(market.code for market in folder.markets if market.code in words or market.region in words)


def _start(folder: Folder) -> date:
    return folder.terms.start.first_day


def _ready(row: Economics, ready: dict[tuple[str, Blocks], Quarter]) -> Economics:
    pilot = max(row.earliest_pilot, ready.get((row.market, Blocks.PILOT), row.earliest_pilot))
    scale = max(row.earliest_scale, ready.get((row.market, Blocks.SCALE), row.earliest_scale))
    return replace(row, earliest_pilot=pilot, earliest_scale=max(pilot, scale))


def _pushed(launch: Launch, rows: Iterable[tuple[Economics, Economics]], risk: Risk, now: Quarter) -> tuple[str, ...]:
    """Who is held up by which task after `now`, by rows before and after: a sentence for each quarter and task."""
    held: dict[tuple[Blocks, Quarter, str], list[str]] = {}
    hangs = {(item.gate.market, item.gate.opens): item.critical[0][0] if item.critical else "" for item in risk.gates}
    for was, row in rows:
        for opens, old, new in (
            (Blocks.PILOT, was.earliest_pilot, row.earliest_pilot),
            (Blocks.SCALE, was.earliest_scale, row.earliest_scale),
        ):
            task, name = hangs.get((row.market, opens), ""), launch.market(row.market).name
            if task and new > old and new > now:
                told = held.setdefault((opens, new, task), [])
                told += [name] if name not in told else []
    return tuple(
        f"Tasks hold up {_WHAT[opens]} in {', '.join(markets)} until {quarter}; it hangs on {task}."
        for (opens, quarter, task), markets in held.items()
    )


_WHAT = {Blocks.PILOT: "pilots", Blocks.SCALE: "scaling"}


def _reports(work: Work) -> tuple[Report, ...]:
    return tuple(_decoded(version) for version in store.current(work, TOPIC))


def _decoded(version: Version) -> Report:
    assert version.body is not None
    return store.decode(version.body, Report)


def _key(report: Report) -> str:
    return f"{report.task} {report.progress.on}"


def _report(row: ProgressRow, on: date | None, at: datetime) -> Report:
    left = None
    if row.left_likely is not None:
        low = row.left_likely if row.left_low is None else row.left_low
        high = row.left_likely if row.left_high is None else row.left_high
        left = Duration(low=low, likely=row.left_likely, high=high)
    said = Progress(
        on=day_of_report(row.on or on, at, row.started_on, row.finished_on),
        started=row.started_on or row.finished_on,
        finished=row.finished_on,
        left=left,
        note=row.note,
    )
    return Report(task=row.task, progress=said)


class _Odd(NamedTuple):
    """What is odd about a report, whichever way it came."""

    column: str
    problem: str
    cure: str


def _odd(report: Report, today: date) -> _Odd | None:
    """Days in no order or yet to come, and work left of what has not begun, or is done, or would take a lifetime.

    None if all fits.
    """
    said = report.progress
    if said.on > today:
        return _Odd(
            "on",
            f"is reported on as of {said.on}, which has not come yet",
            f"mend the day; nowhere is it later than {today}",
        )
    for what, column, day in (("began", "started_on", said.started), ("was done", "finished_on", said.finished)):
        if day is not None and day > said.on:
            return _Odd(column, f"{what} on {day}, after the report of {said.on}", "mend one of the days")
    if said.started is not None and said.finished is not None and said.finished < said.started:
        problem = f"was done on {said.finished}, before it began on {said.started}"
        return _Odd("finished_on", problem, "exchange the two days, or mend one")
    if said.left is not None and said.finished is not None:
        return _Odd("left_likely", "has weeks left, but is done", "leave out the weeks, or the day it was done")
    if said.left is not None and said.left.high > MOST_WEEKS:
        problem = f"has {said.left.high:g} weeks left, more than {MOST_WEEKS:g}"
        return _Odd("left_high", problem, "write weeks")
    if said.left is not None and said.started is None:
        return _Odd("started_on", "has weeks left, but has not begun", "say when it began, or change tasks.csv")
    return None
