"""Minutes on the road: by rule without a server, from the user's own matrix, or from a routing server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beachhead.case.siting.own_table import columns_of, whole_lines
from beachhead.case.siting.router import table_of
from beachhead.evidence.cell import number_cure
from beachhead.evidence.sheet import read_sheet
from beachhead.evidence.textfile import MOST_FAULTS, Grid
from beachhead.siting.field import Floats, Ints, Lists, lists_of
from beachhead.siting.geography import Places, travel
from beachhead.world.errors import BadInput, Fault
from beachhead.world.figures import how_many, some, within_minutes

_COLUMNS = ("from", "to", "minutes")
_FASTER = 1.3  # a server may find a way so much faster than the rule; pairs beyond are not asked for
_MOST_PAIRS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Where minutes come from.

    Attributes:
        matrix: own file with from, to, minutes: CSV, XLSX or Parquet.
        router: `osrm=URL` or `valhalla=URL`.
    """

    matrix: Path | None = None
    router: str | None = None


def minutes_between(times: Times, places: Places, candidates: Ints, most: float) -> tuple[Lists, tuple[str, ...]]:
    """(N) rows of candidates of a place's own country within so many minutes, nearest first; and what is to be said.

    Borders are not crossed: a car is bought, registered and served in one country.
    """
    if times.matrix is not None and times.router is not None:
        raise BadInput("minutes come from a matrix or from a routing server", "give --matrix or --router")
    if times.matrix is not None:
        return _from_matrix(times.matrix, places, candidates, most)
    if times.router is not None:
        return _from_router(times.router, places, candidates, most)
    return travel(places, candidates, most), ()


def repeated(lists: Lists, base: Ints, count: int) -> Lists:
    """Lists over more candidates, several of which stand at one place: `base` (J,) says which item each was.

    Args:
        lists: rows of items 0..count - 1, nearest first.
        base: (J,), item of each new candidate.
        count: number of items.
    """
    order = np.argsort(base, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(base, minlength=count))])
    times = np.diff(ptr)[lists.item]
    start = np.repeat(ptr[lists.item], times)
    within = np.arange(len(start)) - np.repeat(np.cumsum(times) - times, times)
    rows = np.repeat(np.repeat(np.arange(len(lists.ptr) - 1), np.diff(lists.ptr)), times)
    return lists_of(rows, order[start + within], np.repeat(lists.cost, times), len(lists.ptr) - 1)


@dataclass(frozen=True, slots=True)
class _Drive:
    """One line of a matrix: from where to where, as numbers of settlements; None where no such one is counted."""

    row: int
    start: int | None
    end: int | None
    minutes: float
    stranger: str


def _from_matrix(path: Path, places: Places, candidates: Ints, most: float) -> tuple[Lists, tuple[str, ...]]:
    grid = read_sheet(path, path.name)
    read = list(_drives(grid, path.name, _by_name(places)))
    drives = [drive for drive in read if isinstance(drive, _Drive)]
    pairs = _pairs(drives, places, candidates, most)
    wrong = [fault for fault in read if isinstance(fault, Fault)]
    if faults := [*grid.faults, *wrong, *_differing(drives, pairs, path.name)]:
        raise BadInput.of(faults, most=MOST_FAULTS)
    strangers = [drive for drive in drives if drive.stranger]
    if not pairs:
        raise _no_pair(path.name, most, strangers)
    said = [f"Minutes by {path.name}: {how_many(len(pairs), 'pair')}; a pair that it does not list is out of reach."]
    if strangers:
        first = strangers[0]
        counted = how_many(len(strangers), f"row of {path.name} names", f"rows of {path.name} name")
        said.append(f"{counted} settlements not counted, row {first.row} first: {first.stranger!r}.")
    named = {at for drive in drives for at in (drive.start, drive.end)}
    if doubtful := [places.name[k] for k in _with_namesakes(places) if k in named]:
        said.append(
            f"Several settlements of a market are called {some(doubtful)}: the minutes are those of the largest."
        )
    cost = {pair: drive.minutes for pair, drive in pairs.items()}
    for j, k in enumerate(candidates):
        cost.setdefault((int(k), j), 0.0)  # who lives there is there
    rows, items = np.array(list(cost)).T
    return _nearest_first(rows, items, np.array(list(cost.values())), len(places)), tuple(said)


def _drives(grid: Grid, file: str, index: Mapping[str, int]) -> Iterator[_Drive | Fault]:
    """Each line understood, or what is wrong with it."""
    at = columns_of(grid, file, _COLUMNS)
    for line in whole_lines(grid):
        start, end, text = (line.cell(at[name]) for name in _COLUMNS)
        if not start or not end:
            column, cure = "to" if start else "from", "name the settlement, as `Name` or `CC:Name`"
            yield Fault(file=file, row=line.number, column=column, problem="names no settlement", cure=cure)
            continue
        a, b = index.get(start.casefold()), index.get(end.casefold())
        minutes = _minutes(text)
        if minutes is None or (minutes == 0.0 and a != b):
            yield _not_minutes(file, line.number, text, minutes)
            continue
        stranger = start if a is None else end if b is None else ""
        yield _Drive(line.number, a, b, minutes, stranger)


def _not_minutes(file: str, row: int, text: str, minutes: float | None) -> Fault:
    problem, cure = "is not a number of minutes", number_cure(text, "12.5") if text else "write a number"
    if minutes is not None:
        problem, cure = "is no time between two settlements", "write the minutes on the road, 0.5 if need be"
    elif _is_number(text):
        cure = "write minutes from 0 on"
    cure += ", or leave out a pair without a road"
    return Fault(file=file, row=row, column="minutes", written=text, problem=problem, cure=cure)


def _pairs(drives: Sequence[_Drive], places: Places, candidates: Ints, most: float) -> dict[tuple[int, int], _Drive]:
    """The first line of each settlement and candidate of one country that lie so near to each other."""
    number = {int(k): j for j, k in enumerate(candidates)}
    found: dict[tuple[int, int], _Drive] = {}
    for drive in drives:
        a, b = drive.start, drive.end
        if a is None or b is None or b not in number or drive.minutes > most:
            continue
        if places.country[a] == places.country[b]:
            found.setdefault((a, number[b]), drive)
    return found


def _differing(drives: Sequence[_Drive], pairs: Mapping[tuple[int, int], _Drive], file: str) -> Iterator[Fault]:
    """Lines that tell other minutes for a pair than a line before them."""
    first = {(drive.start, drive.end): drive for drive in pairs.values()}
    for drive in drives:
        before = first.get((drive.start, drive.end), drive)
        if before.minutes != drive.minutes:
            problem = f"differs from row {before.row} for the same pair, {before.minutes:g}"
            written = f"{drive.minutes:g}"
            yield Fault(
                file=file, row=drive.row, column="minutes", written=written, problem=problem, cure="keep one of the two"
            )


def _no_pair(file: str, most: float, strangers: Sequence[_Drive]) -> BadInput:
    cure = "write settlements as `Name` or `CC:Name`, as `beachhead site --json` names them"
    if not strangers:
        return BadInput(f"{file} has no pair of a settlement and a candidate within {within_minutes(most)}", cure)
    others = (
        f", nor is what {how_many(len(strangers) - 1, 'more row names', 'more rows name')}"
        if len(strangers) > 1
        else ""
    )
    row, name = strangers[0].row, strangers[0].stranger
    problem = f"is no settlement counted{others}, and no pair is left"
    return BadInput.of([Fault(file=file, row=row, written=name, problem=problem, cure=cure)])


def _from_router(text: str, places: Places, candidates: Ints, most: float) -> tuple[Lists, tuple[str, ...]]:
    """Pairs that the rule puts anywhere near the minutes, asked candidate by candidate."""
    near = travel(places, candidates, _FASTER * most)
    if len(near.item) > _MOST_PAIRS:
        raise BadInput(
            f"{len(near.item):,} pairs are more than a routing server is asked for ({_MOST_PAIRS:,})",
            "name fewer markets, raise --least-people or --site-people, or give a matrix (--matrix)",
        )
    rows = np.repeat(np.arange(len(places)), np.diff(near.ptr))
    order = np.argsort(near.item, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(near.item, minlength=len(candidates)))])
    cost: Floats = np.full(len(rows), np.inf)
    ask = table_of(text)
    for j, k in enumerate(candidates):
        some = order[ptr[j] : ptr[j + 1]]
        if len(some):
            cost[some] = ask(places.lat[rows[some]], places.lon[rows[some]], float(places.lat[k]), float(places.lon[k]))
    inside = cost <= most
    if not inside.any():
        raise BadInput(
            f"the routing server finds no way of {within_minutes(most)} to any candidate",
            "load a map that holds these markets, or raise --minutes",
        )
    lost = int((~np.isfinite(cost)).sum())
    roadless = f"; {lost:,} of them have no road" if lost else ""
    said = f"Minutes by the routing server {text}: {how_many(len(cost), 'pair')} asked{roadless}."
    return _nearest_first(rows[inside], near.item[inside], cost[inside], len(places)), (said,)


def _nearest_first(rows: np.ndarray, items: np.ndarray, cost: Floats, count: int) -> Lists:
    order = np.lexsort((items, cost, rows))
    return lists_of(rows[order], items[order], cost[order], count)


def _by_name(places: Places) -> dict[str, int]:
    """Places by `name` and `cc:name`, folded; of two alike the larger, as places come largest first."""
    found: dict[str, int] = {}
    for k, (name, country) in enumerate(zip(places.name, places.country, strict=True)):
        found.setdefault(f"{country}:{name}".casefold(), k)
        found.setdefault(name.casefold(), k)
    return found


def _with_namesakes(places: Places) -> list[int]:
    """Places whose name another, smaller one of their country has too."""
    first: dict[tuple[str, str], int] = {}
    found = dict.fromkeys(
        at
        for k, key in enumerate(zip(places.country, places.name, strict=True))
        if (at := first.setdefault(key, k)) != k
    )
    return list(found)


def _minutes(text: str) -> float | None:
    value = float(text) if _is_number(text) else -1.0
    return value if 0.0 <= value < float("inf") else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
