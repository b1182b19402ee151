"""One table of the folder from its bytes: as far as it can be read, with the faults of the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from beachhead.evidence.checked import checked_rows
from beachhead.evidence.row import Placed, Row, Table, columns_of
from beachhead.evidence.textfile import MOST_FAULTS, Grid, decode, parse
from beachhead.world.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One table as far as it could be read.

    Attributes:
        table: which one.
        present: whether the folder has its file.
        grid: its cells, faulty rows too.
        rows: the rows without a fault of their own.
        faults: what is wrong within the table.
    """

    table: Table[Any]
    present: bool
    grid: Grid
    rows: tuple[Placed[Any], ...] = ()
    faults: tuple[Fault, ...] = ()

    def unsure(self, column: str) -> int:
        """Rows whose value in a column is itself at fault, so that what it should be is not known."""
        return len({fault.row for fault in self.faults if fault.column in (column, None) and fault.row is not None})

    def written(self, column: str) -> dict[str, int]:
        """Every value of a column with the first line that has it, rows with faults elsewhere included."""
        found: dict[str, int] = {}
        if column in self.grid.header:
            at = self.grid.header.index(column)
            for line in self.grid.lines:
                if len(line.cells) > at and line.cells[at]:
                    found.setdefault(line.cells[at], line.number)
        return found


def load_table(table: Table[Any], data: bytes | Fault | None) -> Loaded:
    """The table from the bytes of its file; None = the folder has no such file."""
    if data is None:
        return Loaded(table=table, present=False, grid=Grid())
    text = data if isinstance(data, Fault) else decode(data, table.file)
    if isinstance(text, Fault):
        return Loaded(table=table, present=True, grid=Grid(complete=False), faults=(text,))
    columns = columns_of(table.row)
    required = tuple(name for name, column in columns.items() if column.required)
    grid = parse(text, table.file, tuple(columns), required)
    if not grid.header or (grid.faults and not grid.lines):
        return Loaded(table=table, present=True, grid=grid, faults=grid.faults)
    rows, faults = checked_rows(grid, table.row, table.file)
    rules = table.across + (table.whole if not (faults or grid.faults) else ())
    several = (_duplicates(rows, table), _no_rows(grid, table), *(rule(rows) for rule in rules))
    faults = (*grid.faults, *faults, *(fault for found in several for fault in islice(found, MOST_FAULTS + 1)))
    return Loaded(table=table, present=True, grid=grid, rows=rows, faults=faults)


def _duplicates(rows: tuple[Placed[Any], ...], table: Table[Any]) -> Iterator[Fault]:
    names = [name for name, column in columns_of(table.row).items() if column.key]
    seen: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for placed in rows:
        key = tuple(getattr(placed.row, name) for name in names)
        if seen[key]:
            yield Fault(
                file=table.file,
                row=placed.line,
                column=names[0],
                written=" ".join(_shown(placed.row, name) for name in names),
                problem=f"stands on line {seen[key][0]} already: {', '.join(names)} must be unique",
                cure="keep one of the rows",
            )
        seen[key].append(placed.line)


def _shown(row: Row, name: str) -> str:
    value = getattr(row, name)
    return "" if value is None else str(value)


def _no_rows(grid: Grid, table: Table[Any]) -> Iterator[Fault]:
    if table.required and not grid.lines and grid.complete:
        cure = f"add at least one row: {table.purpose[0].lower()}{table.purpose[1:]}"
        yield Fault(file=table.file, row=1, problem="has a header but no rows", cure=cure)
