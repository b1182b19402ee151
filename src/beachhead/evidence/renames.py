"""Observed rows under the codes of today: renamed, merged and split as renames.csv says; what is on record stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Any

from beachhead.evidence.add_up import total
from beachhead.evidence.tables.observations import COUNTS, MEASURED
from beachhead.evidence.tables.renames import FILE, Renamed, RenameRow
from beachhead.world.errors import BadInput, Fault
from beachhead.world.reading import Observation


def renamed(
    rows: Iterable[Observation],
    renames: Sequence[RenameRow],
    *,
    default_reach: Callable[[Observation], float | None],
) -> tuple[Observation, ...]:
    """The rows under today's codes.

    A part of a merged market keeps its counts and reaches its share of the whole. A split market's counts go to its
    parts by their shares, whole cars by largest remainder, so that none is lost. Two codes that became one are added
    up where they report the same span.

    Args:
        rows: as observed.
        renames: the rows of renames.csv.
        default_reach: reach of a row that does not state it, asked of the row under all its new codes.
    """
    if not renames:
        return tuple(rows)
    found = [part for row in rows for part in _under_new_codes(row, renames, default_reach)]
    groups: dict[tuple[Any, ...], list[Observation]] = defaultdict(list)
    for row in found:
        groups[(row.key, row.start, row.end)].append(row)
    joined = tuple(_joined(group) for group in groups.values())
    if faults := tuple(_overlaps(joined)):
        raise BadInput.of(faults)
    return joined


def under_both_codes(
    new: Sequence[Observation], on_record: Iterable[Observation], renames: Sequence[RenameRow]
) -> tuple[tuple[Observation, Observation], ...]:
    """Rows of a file, each with the row on record under another code that is added to it for the same span.

    In the month of a change both codes may have taken orders; a whole history sent anew under the new code has not.

    Args:
        new: rows for spans that were not on record under their own codes.
        on_record: what stood there before.
        renames: the rows of renames.csv.
    """

    def places(row: Observation) -> set[tuple[Any, ...]]:
        return {(part.key, part.start, part.end) for part in _under_new_codes(row, renames, lambda _: None)}

    held = {place: old for old in on_record if tells(old) for place in places(old)}
    found = ((row, next((held[place] for place in places(row) if place in held), None)) for row in new)
    return tuple((row, old) for row, old in found if old is not None)


def _under_new_codes(
    row: Observation, renames: Sequence[RenameRow], default_reach: Callable[[Observation], float | None]
) -> list[Observation]:
    parts = [(row, 1.0)]
    for kind in Renamed:
        parts = [new for part, share in parts for new in _parts(part, share, _matching(part, kind, renames))]
    return [_reaching(part, share, default_reach) for part, share in parts]


def _matching(row: Observation, kind: Renamed, renames: Sequence[RenameRow]) -> list[RenameRow]:
    code = getattr(row, kind)
    return [r for r in renames if r.kind is kind and r.was == code and (r.until is None or row.end <= r.until)]


def _parts(row: Observation, share: float, into: Sequence[RenameRow]) -> list[tuple[Observation, float]]:
    """The row under the new codes of one kind, each with its share of what the new code reaches."""
    if not into:
        return [(row, share)]
    if len(into) > 1:
        return [(part, share) for part in _split(row, into)]
    (rename,) = into
    new = replace(row, **_named(rename.kind, rename.now))
    if rename.share == 1:
        return [(new, share)]
    # its own store code keeps it apart from the other parts, which are counted beside it
    return [(replace(new, store=f"{row.store}@{rename.was}"), share * rename.share)]


def _reaching(row: Observation, share: float, default_reach: Callable[[Observation], float | None]) -> Observation:
    """The row with its share of the reach that it states, or that one under its codes of today has by default."""
    if share == 1:
        return row
    reach = row.reach if row.reach is not None else default_reach(row)
    return replace(row, reach=None if reach is None else reach * share)


def _split(row: Observation, into: Sequence[RenameRow]) -> list[Observation]:
    shares = [rename.share for rename in into]
    counts = {name: apportioned(getattr(row, name), shares) for name in COUNTS}
    parts = []
    for place, rename in enumerate(into):
        changes: dict[str, Any] = {name: each[place] for name, each in counts.items()}
        parts.append(replace(row, **changes | _named(rename.kind, rename.now)))
    return parts


def _named(kind: Renamed, code: str) -> dict[str, Any]:
    return {kind.value: code}


def apportioned(count: int | None, shares: Sequence[float]) -> tuple[int | None, ...]:
    """A count in whole parts by largest remainder (Hamilton's method); the parts sum to the count."""
    if count is None:
        return (None,) * len(shares)
    exact = [count * share / sum(shares) for share in shares]
    parts = [int(value) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[: count - sum(parts)]:
        parts[place] += 1
    return tuple(parts)


def _joined(group: Sequence[Observation]) -> Observation:
    """One row of several codes for the same span: sold out when the last of them was, if all were."""
    group = [row for row in group if tells(row)] or group  # what was withdrawn altogether is no part of it
    if len(group) == 1:
        return group[0]
    days = [row.sold_out_on for row in group if row.sold_out_on is not None]
    reaches = [row.reach for row in group if row.reach is not None]
    changes: dict[str, Any] = {name: total([getattr(row, name) for row in group]) for name in COUNTS}
    changes["sold_out_on"] = max(days) if len(days) == len(group) else None
    changes["reach"] = max(reaches, default=None)
    if len({(row.price, row.currency) for row in group}) > 1:
        changes |= {"price": None, "currency": None}
    return replace(group[0], **changes)


def tells(row: Observation) -> bool:
    """Whether it says anything of its span; a row withdrawn altogether, or left blank, does not."""
    return any(getattr(row, name) is not None for name in MEASURED)


def _overlaps(rows: Iterable[Observation]) -> Iterator[Fault]:
    by_key: dict[tuple[str, ...], list[Observation]] = defaultdict(list)
    for row in rows:
        by_key[row.key].append(row)
    for same in by_key.values():
        same.sort(key=lambda row: (row.start, row.end))
        last = date.min
        for before, row in pairwise(same):
            last = max(last, before.end)
            if row.start <= last:
                name = " ".join(part for part in row.key if part)
                problem = f"{name} is reported from {row.start} under one code and until {last} under another"
                cure = "correct one of the rows with `observe --replace`, or give the rename an `until`"
                yield Fault(file=FILE, problem=problem, cure=cure)
