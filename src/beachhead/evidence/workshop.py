"""Reads a file of cars, claims or workshop orders: every row in our terms, or every fault at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from beachhead.evidence.cell import meant
from beachhead.evidence.checked import checked_rows
from beachhead.evidence.observations import Known
from beachhead.evidence.row import Placed, Row, Table, columns_of
from beachhead.evidence.sheet import read_sheet
from beachhead.evidence.tables.workshop import CARS, CLAIMS, JOBS, CarRow, ClaimRow, JobRow
from beachhead.evidence.textfile import MOST_FAULTS, Grid, with_known_header
from beachhead.world.errors import BadInput, Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCar:
    """One car; see `CarRow` for the fields."""

    car: str
    market: str
    offer: str | None
    delivered: date
    gone: date | None
    revision: str | None
    odometer_km: float | None = None
    odometer_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenClaim:
    """One claim; see `ClaimRow` for the fields."""

    claim: str
    car: str
    market: str
    opened: date
    part: str | None
    fault: str
    odometer_km: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenJob:
    """One workshop order; see `JobRow` for the fields."""

    job: str
    car: str
    market: str
    centre: str | None
    called: date
    started: date | None
    done: date | None
    part: str | None
    parts_wait_days: float | None
    satisfaction: int | None


Seen = SeenCar | SeenClaim | SeenJob


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkshopFile:
    """A file without a fault.

    Attributes:
        name: file name.
        kind: `cars`, `claims` or `jobs`, told by its columns.
        rows: by key, what each row says; None where it takes the recorded row back.
    """

    name: str
    kind: str
    rows: dict[str, Seen | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    table: Table[Any]
    key: str
    days: tuple[str, ...]


_KINDS = (
    _Kind(table=CARS, key="car", days=("delivered", "gone", "odometer_on")),
    _Kind(table=CLAIMS, key="claim", days=("opened",)),
    _Kind(table=JOBS, key="job", days=("called", "started", "done")),
)


def read_workshop(path: Path, *, known: Known, today: date | None = None) -> WorkshopFile:
    """Cars, claims or workshop orders in a CSV, XLSX or Parquet file; raises `BadInput` with every fault found.

    Args:
        path: the file; its columns say which of the three it is.
        known: codes that a row may name.
        today: days after it are refused; None to allow them.
    """
    file = path.name
    grid = read_sheet(path, file)
    if not grid.header and grid.faults:
        raise BadInput.of(grid.faults)
    kind = _kind_of(grid, file)
    columns = columns_of(kind.table.row)
    required = tuple(name for name, column in columns.items() if column.required)
    grid = with_known_header(grid, file, tuple(columns), required)
    placed, faults = checked_rows(grid, kind.table.row, file)
    found = [*grid.faults, *faults, *_unknown(placed, known, file), *_twice(placed, kind, file)]
    found += _not_yet(placed, kind, today, file)
    if not placed and not found:
        found.append(Fault(file=file, problem="has no rows to read", cure="send at least one row"))
    if found:
        raise BadInput.of(found, most=MOST_FAULTS)
    return WorkshopFile(name=file, kind=kind.table.name, rows={getattr(p.row, kind.key): _noun(p.row) for p in placed})


def _kind_of(grid: Grid, file: str) -> _Kind:
    """A job names a job, a claim names a claim; what names only a car is the list of cars."""
    for kind in reversed(_KINDS):
        if kind.key in grid.header:
            return kind
    cure = "begin with the column `car`, `claim` or `job`; see docs/reference/columns.md"
    raise BadInput.of(
        [Fault(file=file, row=1, problem="says neither cars, nor claims, nor workshop orders", cure=cure)]
    )


def _unknown(placed: Sequence[Placed[Row]], known: Known, file: str) -> Iterator[Fault]:
    for p in placed:
        for column, codes, table in (("market", known.markets, "markets.csv"), ("offer", known.offers, "offers.csv")):
            code = getattr(p.row, column, None)
            if code is not None and code not in codes:
                problem = f"is not in {table} of this launch"
                cure = meant(code, codes, f"add it to {table}, or mend the code")
                yield Fault(file=file, row=p.line, column=column, written=code, problem=problem, cure=cure)


def _twice(placed: Sequence[Placed[Row]], kind: _Kind, file: str) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for p in placed:
        key = getattr(p.row, kind.key)
        if key in first:
            problem = f"stands in line {first[key]} already"
            yield Fault(
                file=file, row=p.line, column=kind.key, written=key, problem=problem, cure="keep one of the rows"
            )
        first.setdefault(key, p.line)


def _not_yet(placed: Iterable[Placed[Row]], kind: _Kind, today: date | None, file: str) -> Iterator[Fault]:
    for p in placed:
        for column in kind.days:
            day = getattr(p.row, column)
            if today is not None and day is not None and day > today:
                cure = f"send the row when the day is over; nowhere is it later than {today}"
                yield Fault(
                    file=file, row=p.line, column=column, written=str(day), problem="has not come yet", cure=cure
                )


def _noun(row: CarRow | ClaimRow | JobRow) -> Seen | None:
    if row.withdrawn:
        return None
    said = row.model_dump(exclude={"withdrawn"})
    if isinstance(row, CarRow):
        return SeenCar(**said)
    return SeenClaim(**said) if isinstance(row, ClaimRow) else SeenJob(**said)
