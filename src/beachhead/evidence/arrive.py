"""What a file of observations changes on record: new rows, corrections field by field, or nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from beachhead.evidence.observed import ObservationFile, ObservedRow
from beachhead.evidence.tables.observations import MEASURED
from beachhead.world.errors import BadInput, Fault
from beachhead.world.figures import how_many
from beachhead.world.reading import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A row on record and what it becomes.

    Attributes:
        before: as it stood.
        after: as it stands.
    """

    before: Observation
    after: Observation

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields that change."""
        return tuple(name for name in MEASURED if getattr(self.before, name) != getattr(self.after, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a file changes.

    Attributes:
        new: rows for spans that were not on record.
        corrected: rows on record that say something else, or more, now.
        replaced: rows on record that give way to rows of another span; only when asked for.
        unchanged: how many rows say what is on record already.
        late: how many of the new rows lie before a span of the same key that was on record.
    """

    new: tuple[Observation, ...]
    corrected: tuple[Correction, ...]
    replaced: tuple[Observation, ...]
    unchanged: int
    late: int


def arrive(on_record: Iterable[Observation], file: ObservationFile, *, replacing: bool = False) -> Arrival:
    """Compare a file with what is on record; raises `BadInput` with every row that overlaps a recorded one.

    A cell that is blank leaves the record as it is, since blank is not observed. A row with the span of a recorded row
    corrects it; one that overlaps recorded rows otherwise is a fault, or takes their place if `replacing`.
    """
    spans = _by_key(on_record)
    new, corrected, replaced, faults = [], [], [], list[Fault]()
    unchanged = late = 0
    for row in file.rows:
        recorded = spans[row.observation.key]
        overlapping = list(_overlapping(recorded, row.observation))
        same = next((old for old in overlapping if _span(old) == _span(row.observation)), None)
        if same is not None:
            after = _merged(same, row)
            faults += _impossible(after, row, file.name)
            unchanged += after == same
            corrected += [Correction(before=same, after=after)] if after != same else []
        elif overlapping and not replacing:
            faults.append(_overlap(row, overlapping[0], file.name))
        else:
            replaced += overlapping
            new.append(row.observation)
            late += bool(recorded) and row.observation.start < recorded[-1][0]
    if faults:
        raise BadInput.of(faults)
    return Arrival(
        new=tuple(new),
        corrected=tuple(corrected),
        replaced=tuple(dict.fromkeys(replaced)),
        unchanged=unchanged,
        late=late,
    )


_Spans = list[tuple[date, date, int, Observation]]  # the number keeps rows themselves from being compared


def _by_key(rows: Iterable[Observation]) -> dict[tuple[str, ...], _Spans]:
    spans: dict[tuple[str, ...], _Spans] = defaultdict(list)
    for number, row in enumerate(rows):
        spans[row.key].append((row.start, row.end, number, row))
    for recorded in spans.values():
        recorded.sort()
    return spans


def _overlapping(recorded: _Spans, row: Observation) -> Iterator[Observation]:
    """Recorded rows that share a day with it; recorded rows do not overlap each other, so they are neighbours."""
    place = bisect_left(recorded, (row.start,))
    if place and recorded[place - 1][1] >= row.start:
        place -= 1
    while place < len(recorded) and recorded[place][0] <= row.end:
        yield recorded[place][3]
        place += 1


def _span(row: Observation) -> tuple[date, date]:
    return row.start, row.end


def _merged(old: Observation, row: ObservedRow) -> Observation:
    said: dict[str, Any] = {name: getattr(row.observation, name) for name in MEASURED}
    known: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
    changes: dict[str, Any] = dict.fromkeys(row.withdrawn) | known
    return replace(old, **changes)


def _impossible(after: Observation, row: ObservedRow, file: str) -> Iterator[Fault]:
    """What two files say together that neither may say alone."""
    if after.orders is not None and (after.cancellations or 0) > after.orders:
        cancelled = how_many(after.cancellations or 0, "cancellation")
        problem = f"{cancelled} of {how_many(after.orders, 'order')}, with what is on record"
        yield Fault(file=file, row=row.line, column="cancellations", problem=problem, cure="correct one of them")
    if after.price is not None and after.currency is None:
        yield Fault(file=file, row=row.line, column="price", problem="has no currency", cure="write its currency")


def _overlap(row: ObservedRow, old: Observation, file: str) -> Fault:
    return Fault(
        file=file,
        row=row.line,
        column="start",
        written=f"{row.observation.start} to {row.observation.end}",
        problem=f"overlaps {old.start} to {old.end}, which is on record for the same batch, market, offer, channel and "
        "store",
        cure="send the span on record to correct it, or use --replace to put this row in its place",
    )
