"""Somebody else's table, by way of a mapping file, as a table of ours: text cells under our column names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Lookup
from dataclasses import replace
from pathlib import Path

from beachhead.evidence.cell import meant
from beachhead.evidence.mapping import Mapping, span_of
from beachhead.evidence.row import columns_of
from beachhead.evidence.sheet import plain_cell, read_sheet
from beachhead.evidence.tables.observations import ObservationRow
from beachhead.evidence.textfile import Grid, Line
from beachhead.world.errors import Fault

_NUMERIC = frozenset(
    name for name, column in columns_of(ObservationRow).items() if column.how in ("number", "whole number")
)


def translated(path: Path, mapping: Mapping) -> Grid:
    """The rows that the mapping asks for, with our columns, values and number signs; dates are still as written."""
    how = mapping.file
    theirs = read_sheet(
        path, path.name, delimiter=how.delimiter, encoding=how.encoding, header_row=how.header_row, sheet=how.sheet
    )
    missing = tuple(_missing_columns(theirs, mapping, path.name))
    if missing or not theirs.header:
        return Grid(faults=(*theirs.faults, *missing), complete=False)
    lines, faults = [], list(theirs.faults)
    for line in theirs.lines:
        if len(line.cells) != len(theirs.header):
            continue  # its raggedness is a fault already
        cells = dict(zip(theirs.header, line.cells, strict=True))
        if all(cells[name] in wanted for name, wanted in mapping.only.items()):
            span = _span(cells, mapping, line.number, path.name)
            if isinstance(span, Fault):
                faults.append(span)
            else:
                lines.append(Line(line.number, (*_in_our_words(cells, mapping), *span)))
    header = (*mapping.columns, *mapping.constants, *(("start", "end") if mapping.period else ()))
    return Grid(header=header, lines=tuple(lines), faults=tuple(faults), complete=theirs.complete)


def _missing_columns(theirs: Grid, mapping: Mapping, file: str) -> Iterator[Fault]:
    if not theirs.header:
        if not theirs.faults:
            yield Fault(file=file, row=1, problem="is empty", cure="send the export itself")
        return
    named = [*mapping.columns.values(), *mapping.only, *([mapping.period.column] if mapping.period else [])]
    for name in dict.fromkeys(named):
        if theirs.header.count(name) != 1:
            problem = "is a column of the mapping that the file " + (
                "lacks" if name not in theirs.header else "has twice"
            )
            cure = meant(name, theirs.header, f"the file has {', '.join(theirs.header)}")
            yield Fault(file=file, row=theirs.header_row, column=name, problem=problem, cure=cure)


def _span(cells: Lookup[str, str], mapping: Mapping, line: int, file: str) -> tuple[str, ...] | Fault:
    """Start and end from the period's column; nothing if the mapping has no period."""
    period = mapping.period
    if period is None:
        return ()
    try:
        first, last = span_of(cells[period.column], period.unit, period.format)
    except ValueError:
        cure = f"write it as {period.format}" if period.format else f"write a {period.unit}, or give its format"
        problem = f"is not a {period.unit}"
        return Fault(
            file=file, row=line, column=period.column, written=cells[period.column], problem=problem, cure=cure
        )
    return first.isoformat(), last.isoformat()


def _in_our_words(cells: Lookup[str, str], mapping: Mapping) -> tuple[str, ...]:
    written = {ours: cells[name] for ours, name in mapping.columns.items()}
    written |= {ours: plain_cell(value) for ours, value in mapping.constants.items()}
    return tuple(_value(name, value, mapping) for name, value in written.items())


def _value(name: str, written: str, mapping: Mapping) -> str:
    value = mapping.values.get(name, {}).get(written, written)
    return _plain_number(value, mapping) if name in _NUMERIC else value


def _plain_number(written: str, mapping: Mapping) -> str:
    """A number without its thousands signs and with a decimal point; anything else is left as it is, to be refused."""
    thousands, decimal = re.escape(mapping.file.thousands), re.escape(mapping.file.decimal)
    whole = rf"\d{{1,3}}(?:{thousands}\d{{3}})+|\d+" if thousands else r"\d+"
    if not re.fullmatch(rf"[+-]?(?:{whole})(?:{decimal}\d+)?", written, re.ASCII):
        return written
    return written.replace(mapping.file.thousands, "").replace(mapping.file.decimal, ".")


def in_their_words(fault: Fault, mapping: Mapping) -> Fault:
    """The fault at the column that the file itself has."""
    theirs = mapping.columns
    if mapping.period is not None:
        theirs = {**theirs, "start": mapping.period.column, "end": mapping.period.column}
    return replace(fault, column=theirs.get(fault.column or "", fault.column))
