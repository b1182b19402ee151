"""Several rows of an export that make one of ours: their counts are added up, all else must agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from beachhead.evidence.mapping import Mapping, PeriodSection, Unit, span_of
from beachhead.evidence.observed import ObservedRow
from beachhead.evidence.tables.observations import COUNTS, MEASURED
from beachhead.world.errors import Fault
from beachhead.world.reading import Observation


def added_up(
    rows: Sequence[ObservedRow], mapping: Mapping, file: str
) -> tuple[tuple[ObservedRow, ...], tuple[Fault, ...]]:
    """One row for each key and span, and a fault for each that disagrees with itself.

    A count that is blank in one of the rows is blank in the sum: part of it was not observed.
    """
    groups: dict[tuple[Any, ...], list[ObservedRow]] = defaultdict(list)
    for row in rows:
        groups[(*row.observation.key, row.observation.start, row.observation.end)].append(row)
    faults = tuple(fault for group in groups.values() for fault in _disagreements(group, file))
    sums = [_sum(group) for group in groups.values()]
    if mapping.rows.complete and mapping.period is not None and not faults:
        sums += _empty_periods(sums, mapping.period)
    return tuple(sums), faults


def _disagreements(group: Sequence[ObservedRow], file: str) -> Iterator[Fault]:
    first = group[0]
    for row in group[1:]:
        for name in MEASURED:
            ours, theirs = getattr(row.observation, name), getattr(first.observation, name)
            if name not in COUNTS and ours != theirs:
                problem = f"differs from {theirs} on line {first.line}, to which this row is added"
                cure = "keep such rows apart by batch, offer, channel or store"
                yield Fault(file=file, row=row.line, column=name, written=str(ours), problem=problem, cure=cure)


def _sum(group: Sequence[ObservedRow]) -> ObservedRow:
    counts: dict[str, Any] = {name: total([getattr(row.observation, name) for row in group]) for name in COUNTS}
    withdrawn = frozenset(name for row in group for name in row.withdrawn)
    return ObservedRow(line=group[0].line, observation=replace(group[0].observation, **counts), withdrawn=withdrawn)


def total(counts: Sequence[int | None]) -> int | None:
    """The sum, or None if part of it was not observed."""
    return None if any(count is None for count in counts) else sum(count for count in counts if count is not None)


def _empty_periods(sums: Sequence[ObservedRow], period: PeriodSection) -> list[ObservedRow]:
    """Rows of zeros for the periods between a key's first and last that the export does not mention."""
    by_key: dict[tuple[str, ...], list[Observation]] = defaultdict(list)
    for row in sums:
        by_key[row.observation.key].append(row.observation)
    return [ObservedRow(line=0, observation=empty) for seen in by_key.values() for empty in _gaps(seen, period.unit)]


def _gaps(seen: Sequence[Observation], unit: Unit) -> Iterator[Observation]:
    zeros: dict[str, Any] = {name: 0 for name in COUNTS if all(getattr(row, name) is not None for row in seen)}
    blank: dict[str, Any] = dict.fromkeys(MEASURED)
    starts = {row.start for row in seen}
    start, last = min(starts), max(starts)
    while start < last:
        first, end = span_of(_named(start, unit), unit, None)
        if first not in starts:
            yield replace(seen[0], start=first, end=end, **blank | zeros)
        start = end + timedelta(days=1)


def _named(day: Any, unit: Unit) -> str:
    """A day's period in the plain form that `span_of` reads."""
    forms = {Unit.DAY: "%Y-%m-%d", Unit.WEEK: "%G-W%V", Unit.MONTH: "%Y-%m", Unit.YEAR: "%Y"}
    return f"{day.year}Q{(day.month - 1) // 3 + 1}" if unit is Unit.QUARTER else day.strftime(forms[unit])
