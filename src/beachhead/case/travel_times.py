"""Minutes on the road: by rule without a server, from the user's own matrix, or from a routing server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beachhead.case.router import table_of
from beachhead.evidence.sheet import read_sheet
from beachhead.siting.field import Floats, Ints, Lists, lists_of
from beachhead.siting.geography import Places, travel
from beachhead.world.errors import BadInput, Fault

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


def _from_matrix(path: Path, places: Places, candidates: Ints, most: float) -> tuple[Lists, tuple[str, ...]]:
    grid = read_sheet(path, path.name)
    if grid.faults:
        raise BadInput.of(grid.faults)
    names = [name.strip().lower() for name in grid.header]
    lacking = [name for name in _COLUMNS if name not in names]
    if lacking:
        fault = Fault(
            file=path.name,
            row=1,
            problem=f"lacks the column {', '.join(lacking)}",
            cure=f"the header needs {', '.join(_COLUMNS)}",
        )
        raise BadInput.of([fault])
    columns = [names.index(name) for name in _COLUMNS]
    index, number = _by_name(places), {int(k): j for j, k in enumerate(candidates)}
    found: dict[tuple[int, int], tuple[float, int]] = {}
    faults: list[Fault] = []
    unknown: list[tuple[int, str]] = []
    for line in grid.lines:
        start, end, text = (line.cells[k].strip() if k < len(line.cells) else "" for k in columns)
        minutes = _minutes(text)
        if minutes is None:
            problem, cure = "is not a number of minutes", "write minutes from 0 on, or leave out a pair without a road"
            faults.append(
                Fault(file=path.name, row=line.number, column="minutes", written=text, problem=problem, cure=cure)
            )
            continue
        a, b = index.get(start.casefold()), index.get(end.casefold())
        if a is None or b is None:
            unknown.append((line.number, start if a is None else end))
            continue
        if places.country[a] != places.country[b] or b not in number or minutes > most:
            continue
        before = found.setdefault((a, number[b]), (minutes, line.number))
        if before[0] != minutes:
            problem = f"differs from row {before[1]} for the same pair, {before[0]:g}"
            cure = "keep one of the two"
            faults.append(
                Fault(file=path.name, row=line.number, column="minutes", written=text, problem=problem, cure=cure)
            )
    if faults:
        raise BadInput.of(faults)
    if not found:
        raise BadInput(
            f"{path.name} has no pair of a settlement and a candidate within {most:g} minutes",
            "write settlements as `Name` or `CC:Name`, as `beachhead site --json` names them",
        )
    for j, k in enumerate(candidates):
        found.setdefault((int(k), j), (0.0, 0))  # who lives there is there
    rows = np.array([pair[0] for pair in found])
    items = np.array([pair[1] for pair in found])
    cost = np.array([value[0] for value in found.values()])
    said = [f"Minutes by {path.name}: {len(found):,} pairs; a pair that it does not list is out of reach."]
    if unknown:
        row, name = unknown[0]
        said.append(f"{len(unknown):,} rows of {path.name} name settlements not counted, row {row} first: {name!r}.")
    return _nearest_first(rows, items, cost, len(places)), tuple(said)


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
            f"the routing server finds no way of {most:g} minutes to any candidate",
            "does its map hold these markets?",
        )
    lost = int((~np.isfinite(cost)).sum())
    roadless = f"; {lost:,} of them have no road" if lost else ""
    said = f"Minutes by the routing server {text}: {len(cost):,} pairs asked{roadless}."
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


def _minutes(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0.0 <= value < float("inf") else None
