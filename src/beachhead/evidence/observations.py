"""Reads a file of observations: every row in our terms, or every fault at once; nothing is half read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

from beachhead.evidence.add_up import added_up
from beachhead.evidence.cell import meant
from beachhead.evidence.checked import checked_rows
from beachhead.evidence.days import with_days
from beachhead.evidence.mapping import Mapping
from beachhead.evidence.observed import ObservationFile, ObservedRow
from beachhead.evidence.row import Placed, columns_of
from beachhead.evidence.sheet import read_sheet
from beachhead.evidence.tables.observations import MEASURED, ObservationRow
from beachhead.evidence.textfile import MOST_FAULTS, Grid, Line, with_known_header
from beachhead.evidence.translate import in_their_words, translated
from beachhead.world.errors import BadInput, Fault

WITHDRAWN = "withdrawn"
"""Written in a cell: what is on record there was wrong, and nothing was observed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Codes that a row may name.

    Attributes:
        markets: market codes of the launch, those that were renamed included.
        offers: offer codes, likewise.
        currencies: currencies with a rate.
        stores: store codes; none if the launch lists none: then any code will do.
        store_market: market of each store whose code, and whose market's, has never changed.
    """

    markets: frozenset[str]
    offers: frozenset[str]
    currencies: frozenset[str]
    stores: frozenset[str] = frozenset()
    store_market: dict[str, str] = field(default_factory=dict)


def read_observations(
    path: Path, *, known: Known, mapping: Mapping | None = None, today: date | None = None
) -> ObservationFile:
    """The observations in a CSV, XLSX or Parquet file; raises `BadInput` with every fault found.

    Args:
        path: the file.
        known: codes that a row may name.
        mapping: how its columns become ours; None if they are ours.
        today: rows that end later are refused; None to allow them.
    """
    file = path.name
    grid = translated(path, mapping) if mapping else _with_our_header(path)
    grid, withdrawn = _without_withdrawn(grid)
    grid = with_days(grid, mapping, file)
    placed, faults = checked_rows(grid, ObservationRow, file)
    rows = tuple(ObservedRow(line=p.line, observation=p.row.noun, withdrawn=withdrawn[p.line]) for p in placed)
    found = [*grid.faults, *faults, *_unknown_codes(placed, known, file), *_not_yet(rows, today, file)]
    if mapping and mapping.rows.sum and not found:
        rows, unequal = added_up(rows, mapping, file)
        found += unequal
    found += [*_overlaps(rows, file), *_emptiness(rows, found, file)]
    if found:
        raise BadInput.of([in_their_words(fault, mapping) for fault in found] if mapping else found, most=MOST_FAULTS)
    return ObservationFile(name=file, rows=rows)


def _with_our_header(path: Path) -> Grid:
    columns = columns_of(ObservationRow)
    required = tuple(name for name, column in columns.items() if column.required)
    return with_known_header(read_sheet(path, path.name), path.name, tuple(columns), required)


def _without_withdrawn(grid: Grid) -> tuple[Grid, dict[int, frozenset[str]]]:
    """The table with withdrawn cells blank, and which they were by line."""
    withdrawn: dict[int, frozenset[str]] = defaultdict(frozenset)
    lines = []
    for line in grid.lines:
        marked = {
            name for name, cell in zip(grid.header, line.cells, strict=False) if cell == WITHDRAWN and name in MEASURED
        }
        if marked:
            withdrawn[line.number] = frozenset(marked)
            named = zip(grid.header, line.cells, strict=False)
            line = Line(line.number, tuple("" if name in marked else cell for name, cell in named))
        lines.append(line)
    return replace(grid, lines=tuple(lines)), withdrawn


def _unknown_codes(placed: Sequence[Placed[ObservationRow]], known: Known, file: str) -> Iterator[Fault]:
    for p in placed:
        row = p.row
        for column, code, codes, table in (
            ("market", row.market, known.markets, "markets.csv"),
            ("offer", row.offer, known.offers, "offers.csv"),
            ("currency", row.currency, known.currencies, "fx.csv"),
            ("store", row.store, known.stores, "stores.csv"),
        ):
            if code is not None and code not in codes and (codes or column != "store"):
                problem = f"is not in {table} of this launch"
                cure = meant(code, codes, f"add it to {table}, or mend the code")
                yield Fault(file=file, row=p.line, column=column, written=code, problem=problem, cure=cure)
        at = known.store_market.get(row.store or "", row.market)
        if row.store is not None and at != row.market and row.market in known.markets:
            cure = f"write the market {at}, or the store that is meant"
            problem = f"is a store of {at} in stores.csv, not of {row.market}"
            yield Fault(file=file, row=p.line, column="store", written=row.store, problem=problem, cure=cure)


def _not_yet(rows: Iterable[ObservedRow], today: date | None, file: str) -> Iterator[Fault]:
    for row in rows:
        if today is not None and row.observation.end > today:
            cure = f"send the row when the span is over; nowhere is it later than {today}"
            problem = "has not come yet"
            written = str(row.observation.end)
            yield Fault(file=file, row=row.line, column="end", written=written, problem=problem, cure=cure)


def _overlaps(rows: Sequence[ObservedRow], file: str) -> Iterator[Fault]:
    """Rows of one key that share a day, or say the same span twice."""
    by_key: dict[tuple[str, ...], list[ObservedRow]] = defaultdict(list)
    for row in rows:
        by_key[row.observation.key].append(row)
    for same in by_key.values():
        same.sort(key=lambda row: (row.observation.start, row.line))
        longest = same[0]
        for before, row in pairwise(same):
            longest = max(longest, before, key=lambda r: r.observation.end)
            if row.observation.start <= longest.observation.end:
                yield _overlap(row, longest, file)


def _overlap(row: ObservedRow, other: ObservedRow, file: str) -> Fault:
    return Fault(
        file=file,
        row=row.line,
        column="start",
        written=str(row.observation.start),
        problem=f"overlaps line {other.line}, which runs to {other.observation.end} for the same batch, market, offer, "
        "channel and store",
        cure="let one end the day before the other begins, or keep one of them",
    )


def _emptiness(rows: Sequence[ObservedRow], found: Sequence[Fault], file: str) -> Iterator[Fault]:
    if not rows and not found:
        yield Fault(file=file, problem="has no rows to read", cure="send at least one row; check [only] of the mapping")
