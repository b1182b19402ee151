"""Raw answers of a choice experiment: one row an alternative, in a file with named columns; refused row by row.

Columns `respondent`, `task`, `alternative`, `chosen` and `price` must be there; `maker` and `offer` may be; every other
column is an attribute, of numbers or of words. An alternative named `none` is the choice to buy nothing shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.evidence.sheet import read_sheet
from beachhead.evidence.textfile import MOST_FAULTS, Line, separated_otherwise
from beachhead.world.errors import BadInput, Fault

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

NEEDED = ("respondent", "task", "alternative", "chosen", "price")
NONE = "none"
OFFER = "offer"
_YES, _NO = {"1", "yes", "true", "x"}, {"0", "no", "false", ""}
MOST_LEVELS = 30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChoiceTasks:
    """An experiment as arrays: N people, T tasks at most, J alternatives a task, K attribute columns.

    Attributes:
        attributes: K names; a level of words is `column=level`, the level left out is the one compared with.
        offers: offer codes shown, the one compared with first; empty without a column `offer`.
        makers: makers shown; one empty name without a column `maker`.
        x: (N, T, J, K); 0 where a person had fewer tasks.
        price: (N, T, J) as written.
        maker: (N, T, J) index into `makers`.
        chosen: (N, T) index of the alternative picked.
        asked: (N,) tasks of each person; those beyond are padding.
    """

    attributes: tuple[str, ...]
    offers: tuple[str, ...]
    makers: tuple[str, ...]
    x: Array
    price: Array
    maker: Ints
    chosen: Ints
    asked: Ints


def read_choice_tasks(path: Path) -> ChoiceTasks:
    """Read raw answers from CSV, XLSX or Parquet.

    Raises:
        BadInput: all faults, each at its row and column.
    """
    grid = read_sheet(path, path.name)
    if grid.faults or not grid.lines:
        raise BadInput.of(grid.faults or (Fault(file=path.name, problem="has no rows", cure="add the answers"),))
    if other := separated_otherwise(grid.header, grid.header_row, path.name):
        raise BadInput.of((other,))
    table = _Table(file=path.name, names=tuple(n.casefold() for n in grid.header), lines=grid.lines)
    faults = [*_missing(table)]
    if faults:
        raise BadInput.of(faults)
    columns = _columns(table, faults)
    tasks = _tasks(table, faults)
    if faults:
        raise BadInput.of(faults, most=MOST_FAULTS)
    found = _arranged(columns, tasks)
    faults = list(_uninformative(found, table))
    if faults:
        raise BadInput.of(faults)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    file: str
    names: tuple[str, ...]
    lines: tuple[Line, ...]

    def cell(self, line: Line, name: str) -> str:
        return line.cell(self.names.index(name))

    def is_none(self, line: Line) -> bool:
        return self.cell(line, "alternative").casefold() == NONE

    def fault(self, line: Line | None, name: str, problem: str, cure: str, written: str = "") -> Fault:
        row = 1 if line is None else line.number
        return Fault(file=self.file, row=row, column=name, written=written, problem=problem, cure=cure)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Columns:
    """(R,) or (R, K) values of every row."""

    attributes: tuple[str, ...]
    offers: tuple[str, ...]
    makers: tuple[str, ...]
    x: Array
    price: Array
    maker: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """Rows of one task, in the order written, and which of them was picked."""

    person: str
    rows: tuple[int, ...]
    picked: int


def _missing(table: _Table) -> Iterator[Fault]:
    for name in NEEDED:
        if name not in table.names:
            cure = f"name the columns {', '.join(NEEDED)}; every further column is an attribute"
            yield table.fault(None, name, "is missing", cure)
    for name, count in Counter(table.names).items():
        if count > 1:
            yield table.fault(None, name, "stands twice in the header", "keep one of the columns")


def _columns(table: _Table, faults: list[Fault]) -> _Columns:
    price = np.array([_number(table, line, "price", faults) for line in table.lines])
    parts: list[Array] = []
    names: list[str] = []
    offers: tuple[str, ...] = ()
    for name in table.names:
        if name in NEEDED or name == "maker":
            continue
        values, labels = _attribute(table, name, faults)
        if name == OFFER:
            offers = tuple(label.removeprefix(f"{OFFER}=") for label in labels)
            values, labels = values[:, 1:], labels[1:]
        parts.append(values)
        names += labels
    none = np.array([table.is_none(line) for line in table.lines], dtype=np.float64)
    if none.any():
        parts.append(none[:, None])
        names.append(NONE)
    makers, maker = _makers(table)
    x = np.concatenate(parts, axis=1) if parts else np.zeros((len(table.lines), 0))
    return _Columns(attributes=tuple(names), offers=offers, makers=makers, x=x, price=price, maker=maker)


def _number(table: _Table, line: Line, name: str, faults: list[Fault]) -> float:
    written = table.cell(line, name)
    if table.is_none(line) and not written:
        return 0.0
    value = _float(written)
    if value is None or (name == "price" and value <= 0 and not table.is_none(line)):
        problem = "is blank" if not written else "is not a number" if value is None else "is not a price"
        faults.append(table.fault(line, name, problem, "write a positive number, such as 42000", written))
        return 1.0
    return 0.0 if table.is_none(line) else value


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _attribute(table: _Table, name: str, faults: list[Fault]) -> tuple[Array, list[str]]:
    """(R, K) of one column: numbers as they are, words as 0/1 of each level but the first; offers keep all levels."""
    shown = [line for line in table.lines if not table.is_none(line)]
    written = {line.number: table.cell(line, name) for line in shown}
    for line in shown:
        if not written[line.number]:
            faults.append(table.fault(line, name, "is blank", "say what this alternative was shown with"))
    numbers = {number: _float(text) for number, text in written.items()}
    if name == OFFER or sum(value is not None for value in numbers.values()) <= len(numbers) / 2:
        return _levels(table, name, written, faults)
    for line in shown:
        if written[line.number] and numbers[line.number] is None:
            cure = "write numbers in the whole column, or words in the whole column"
            faults.append(table.fault(line, name, "is a word among numbers", cure, written[line.number]))
    return np.array([[numbers.get(line.number) or 0.0] for line in table.lines]), [name]


def _levels(table: _Table, name: str, written: Mapping[int, str], faults: list[Fault]) -> tuple[Array, list[str]]:
    """(R, K) of a column of words, by line; 0 for each where nothing was shown."""
    levels = sorted(set(written.values()) - {""})
    if len(levels) > MOST_LEVELS:
        cure = "leave out what is no attribute, such as a comment or a time"
        faults.append(table.fault(None, name, f"has {len(levels)} different words", cure))
    kept = levels if name == OFFER else levels[1:]
    dummies = np.array([[float(written.get(line.number) == level) for level in kept] for line in table.lines])
    return dummies.reshape(len(table.lines), len(kept)), [f"{name}={level}" for level in kept]


def _makers(table: _Table) -> tuple[tuple[str, ...], Ints]:
    if "maker" not in table.names:
        return ("",), np.zeros(len(table.lines), dtype=np.int64)
    written = ["" if table.is_none(line) else table.cell(line, "maker") for line in table.lines]
    names = tuple(sorted(set(written) - {""})) or ("",)
    return names, np.array([names.index(w) if w in names else 0 for w in written], dtype=np.int64)


def _tasks(table: _Table, faults: list[Fault]) -> list[_Task]:
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, line in enumerate(table.lines):
        key = (table.cell(line, "respondent"), table.cell(line, "task"))
        for name, part in zip(("respondent", "task"), key, strict=True):
            if not part:
                faults.append(table.fault(line, name, "is blank", "say who answered, and which task it was"))
        rows[key].append(number)
    usual = Counter(len(group) for group in rows.values()).most_common(1)[0][0]
    return [_task(table, person, group, usual, faults) for (person, _), group in rows.items()]


def _task(table: _Table, person: str, group: list[int], usual: int, faults: list[Fault]) -> _Task:
    lines = [table.lines[number] for number in group]
    head, who = lines[0], f"the task of respondent {person}"
    names = [table.cell(line, "alternative").casefold() for line in lines]
    for line, name in zip(lines, names, strict=True):
        if not name or names.index(name) < lines.index(line):
            problem = "stands twice in its task" if name else "is blank"
            faults.append(table.fault(line, "alternative", problem, "number the alternatives of a task", name))
    if len(group) != usual or len(group) < 2:
        cure = "give every task as many alternatives, two or more, and leave out those not answered"
        problem = f"begins {who} with {len(group)} alternatives, where most have {usual}"
        faults.append(table.fault(head, "task", problem, cure))
    picked = []
    for place, line in enumerate(lines):
        written = table.cell(line, "chosen").casefold()
        if written in _YES:
            picked.append(place)
        elif written not in _NO:
            faults.append(table.fault(line, "chosen", "is not 1 or 0", "write 1 where picked, else 0", written))
    if len(picked) != 1:
        problem = f"is 1 in {len(picked)} rows of {who}"
        faults.append(table.fault(head, "chosen", problem, "mark the one alternative that was picked"))
    return _Task(person=person, rows=tuple(group), picked=picked[0] if picked else 0)


def _arranged(columns: _Columns, tasks: Sequence[_Task]) -> ChoiceTasks:
    by_person: dict[str, list[_Task]] = defaultdict(list)
    for task in tasks:
        by_person[task.person].append(task)
    most, width = max(len(group) for group in by_person.values()), len(tasks[0].rows)
    shape = (len(by_person), most, width)
    x, price = np.zeros((*shape, columns.x.shape[1])), np.zeros(shape)
    maker, chosen = np.zeros(shape, dtype=np.int64), np.zeros(shape[:2], dtype=np.int64)
    for n, group in enumerate(by_person.values()):
        for t, task in enumerate(group):
            rows = list(task.rows)
            x[n, t], price[n, t], maker[n, t] = columns.x[rows], columns.price[rows], columns.maker[rows]
            chosen[n, t] = task.picked
    return ChoiceTasks(
        attributes=columns.attributes,
        offers=columns.offers,
        makers=columns.makers,
        x=x,
        price=price,
        maker=maker,
        chosen=chosen,
        asked=np.array([len(group) for group in by_person.values()], dtype=np.int64),
    )


def _uninformative(found: ChoiceTasks, table: _Table) -> Iterator[Fault]:
    """Prices and attributes that are the same within every task tell nothing, and no estimate would exist."""
    priced = bool((np.ptp(found.price, axis=2) > 0).any())
    if not priced:
        yield table.fault(None, "price", "is the same within every task", "only prices that differ tell of price")
    varies = (np.ptp(found.x, axis=2) > 0).any(axis=(0, 1))
    for name in (name for name, moves in zip(found.attributes, varies, strict=True) if not moves):
        column, _, level = name.partition("=")
        said = f"level {level!r} is the same within every task" if level else "is the same within every task"
        yield table.fault(None, column, said, "leave the column out: it cannot move a choice")
    if priced and varies.all():
        yield from _told_by_others(found, table)


def _told_by_others(found: ChoiceTasks, table: _Table) -> Iterator[Fault]:
    """Attributes that move as price and earlier columns do in every task: their tastes could be split at will."""
    asked = np.arange(found.x.shape[1]) < found.asked[:, None]
    shown = np.concatenate([found.price[..., None], found.x], axis=3)[asked]
    apart = (shown - shown.mean(axis=1, keepdims=True)).reshape(-1, shown.shape[2])
    apart = apart / np.linalg.norm(apart, axis=0)
    rank = 1
    for at, name in enumerate(found.attributes, start=1):
        grown = int(np.linalg.matrix_rank(apart[:, : at + 1], tol=1e-6))
        if grown == rank:
            column = name.partition("=")[0]
            cure = "leave the column out: what it tells stands in the others"
            yield table.fault(None, column, "moves as the columns before it, or the price, do in every task", cure)
        rank = grown
