"""The programme for other tools: iCalendar and CSV out, a table of tasks in."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from beachhead.case.check import check_launch
from beachhead.case.open import Launch
from beachhead.case.programme import Assessed
from beachhead.evidence.checked import checked_rows
from beachhead.evidence.row import columns_of
from beachhead.evidence.sheet import harmless, read_sheet
from beachhead.evidence.tables.tasks import TABLE, TaskRow
from beachhead.evidence.textfile import Grid, Line, with_known_header
from beachhead.programme.risk import GateRisk, TaskRisk
from beachhead.programme.schedule import Slot
from beachhead.programme.task import Task
from beachhead.world.errors import BadInput
from beachhead.world.figures import odds
from beachhead.world.quarter import Quarter
from beachhead.world.whole import write_whole

FOLD_OCTETS = 75
COLUMNS = (
    "code", "name", "owner", "markets", "after", "blocks", "stage", "begins", "ends", "ends_low", "ends_median",
    "ends_high", "late_days", "slack_days", "criticality", "due", "cost",
)  # fmt: skip


def as_calendar(launch: Launch, found: Assessed, at: datetime) -> str:
    """Tasks and dated gates as iCalendar (RFC 5545): all-day events, the same task under the same UID each time."""
    slots = {slot.task: slot for slot in found.schedule.slots}
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Beachhead//programme//EN", "CALSCALE:GREGORIAN"]
    for task, risk in zip(found.standing.programme.tasks, found.risk.tasks, strict=True):
        lines += _task_event(launch, task, slots[task.code], risk, at)
    for item in found.risk.gates:
        if item.gate.due is not None and item.gate.market:
            lines += _gate_event(launch, item, at)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _fold(line))


def as_csv(found: Assessed) -> str:
    """One row a task, with its schedule and odds."""
    slots = {slot.task: slot for slot in found.schedule.slots}
    late = found.late_days
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for task, risk in zip(found.standing.programme.tasks, found.risk.tasks, strict=True):
        slot = slots[task.code]
        said = (
            task.code,
            task.name,
            task.owner,
            " ".join(sorted(task.markets)),
            " ".join(task.after),
            task.blocks.value,
        )
        times = (task.stage.value, slot.begins, slot.ends, risk.ends_low, risk.ends, risk.ends_high)
        rest = (late[task.code], slot.slack_days, f"{risk.criticality:.4f}", task.due or "", f"{task.cost:.0f}")
        writer.writerow([harmless(cell) for cell in (*said, *times, *rest)])
    return out.getvalue()


def import_tasks(launch: Launch, path: Path, today: date) -> int:
    """Make tasks.csv from a workbook, CSV or Parquet file; all of it, or nothing with every fault told.

    Columns may be written with spaces and capitals; a source that the file lacks is the file itself, grade C, and a
    date in not_before stands for its quarter. Returns the number of tasks.
    """
    grid = _with_sources(_with_our_names(read_sheet(path, path.name)), path.name, today)
    columns = columns_of(TaskRow)
    required = tuple(name for name, column in columns.items() if column.required)
    grid = with_known_header(grid, path.name, tuple(columns), required)
    rows, faults = checked_rows(grid, TaskRow, path.name)
    if found := [*grid.faults, *faults]:
        raise BadInput.of(found)
    text = _written(grid)
    _refuse_unsound(launch.path, text, path.name)
    write_whole(launch.path / TABLE.file, text)
    return len(rows)


def _task_event(launch: Launch, task: Task, slot: Slot, risk: TaskRisk, at: datetime) -> Iterator[str]:
    last = max(slot.ends, slot.begins + timedelta(days=1))  # the end of an all-day event is the day after it
    told = f"{task.stage}; done by {risk.ends} with 50 %, by {risk.ends_high} with 90 %"
    yield from _event(launch, f"task-{task.code}", at, slot.begins, last, f"{task.code}: {task.name}", told)
    if task.owner:
        yield f"CATEGORIES:{_escaped(task.owner)}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _gate_event(launch: Launch, item: GateRisk, at: datetime) -> Iterator[str]:
    gate = item.gate
    assert gate.due is not None
    with_odds = "" if item.odds is None else f"open on this day with {odds(item.odds)}; "
    told = f"{with_odds}with 80 % by {item.sure}"
    summary = f"gate: {gate.opens} in {launch.market(gate.market).name}"
    yield from _event(launch, f"gate-{gate.code}", at, gate.due, gate.due + timedelta(days=1), summary, told)
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _event(launch: Launch, key: str, at: datetime, first: date, after: date, summary: str, told: str) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{key.replace(' ', '-')}@{launch.folder.terms.name}.beachhead"
    yield f"DTSTAMP:{at:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{first:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{after:%Y%m%d}"
    yield f"SUMMARY:{_escaped(summary)}"
    yield f"DESCRIPTION:{_escaped(told)}"


def _escaped(text: str) -> str:
    for sign, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        text = text.replace(sign, written)
    return text


def _fold(line: str) -> Iterator[str]:
    """Lines of at most 75 octets; what follows begins with a space, and no character is cut in two."""
    part = ""
    for sign in line:
        if len((part + sign).encode()) > FOLD_OCTETS:
            yield part
            part = " "
        part += sign
    yield part


def _with_our_names(grid: Grid) -> Grid:
    header = tuple("_".join(name.strip().casefold().split()) for name in grid.header)
    if "not_before" not in header:
        return replace(grid, header=header)
    at = header.index("not_before")
    lines = tuple(replace(line, cells=_quartered(line.cells, at)) for line in grid.lines)
    return replace(grid, header=header, lines=lines)


def _quartered(cells: tuple[str, ...], at: int) -> tuple[str, ...]:
    """A date in not_before becomes its quarter."""
    try:
        quarter = str(Quarter.of(date.fromisoformat(cells[at])))
    except (ValueError, IndexError):
        return cells
    return (*cells[:at], quarter, *cells[at + 1 :])


def _with_sources(grid: Grid, name: str, today: date) -> Grid:
    """Columns of the source, where the file has none: the file itself, as of today, grade C."""
    missing = [(c, v) for c, v in (("source", f"imported from {name}"), ("as_of", str(today)), ("grade", "C"))]
    missing = [(column, value) for column, value in missing if column not in grid.header]
    if not grid.header or not missing:
        return grid
    added = tuple(value for _, value in missing)
    lines = tuple(Line(line.number, (*line.cells, *added)) for line in grid.lines)
    return replace(grid, header=(*grid.header, *(column for column, _ in missing)), lines=lines)


def _written(grid: Grid) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(grid.header)
    writer.writerows(line.cells for line in grid.lines)
    return out.getvalue()


def _refuse_unsound(folder: Path, text: str, name: str) -> None:
    """Raise unless the launch holds together with these tasks; faults of tasks are told at the rows of the file."""
    with tempfile.TemporaryDirectory(prefix="beachhead-") as beside:
        copy = Path(beside) / "launch"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("beachhead.db*"))
        (copy / TABLE.file).write_text(text, encoding="utf-8")
        faults = check_launch(copy).faults
    if faults:
        raise BadInput.of(replace(f, file=name) if f.file == TABLE.file else f for f in faults)
