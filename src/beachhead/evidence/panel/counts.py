"""Monthly registrations as read from files: one tidy table, with every mended series named.

Rules for bad series (documented in docs/panel.md, each with a test): a zero is a zero; a negative month is a
correction and is taken off the months before it; a month given twice alike counts once, given twice differently is
not known; a market total smaller than the sum of its brands is raised to that sum; nothing is filled in silently.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from beachhead.evidence.panel.names import COUNTRIES, brand_name
from beachhead.world.entry import month_of, month_text
from beachhead.world.errors import BadInput, Fault

Key = tuple[str, str]
Months = dict[int, float]


@dataclass(slots=True, kw_only=True)
class Counts:
    """Counts by (country, brand) and month, each source apart. Built once by `read_counts`, then only read.

    Attributes:
        bev: battery-electric counts of Open-EV-Charts, where the brand was listed.
        all_fuel: its counts of all fuels, where listed.
        official: all-fuel counts of registers that list every brand; a missing brand sold none.
        totals: battery-electric registrations by country and month.
        covered: months for which a source lists battery-electric brands, by country.
        official_covered: months for which an official register was read, by country.
        notes: one sentence for each series mended or refused.
    """

    bev: dict[Key, Months] = field(default_factory=lambda: defaultdict(dict))
    all_fuel: dict[Key, Months] = field(default_factory=lambda: defaultdict(dict))
    official: dict[Key, Months] = field(default_factory=lambda: defaultdict(dict))
    totals: dict[str, Months] = field(default_factory=lambda: defaultdict(dict))
    covered: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    official_covered: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Cell:
    """One count at one place of one file."""

    country: str
    month: int
    brand: str
    value: float
    row: int


PATTERNS = (
    "oec_brand_period.csv",
    "official_brand_period_*.csv",
    "norway_new_car_sales_by_make_*.csv",
    "oec_country_totals.csv",
    "robbieandrew_all_carsales_monthly.csv",
)
"""Names of the files that are read, in the order of reading."""


def panel_files(folder: Path) -> tuple[Path, ...]:
    """The files of a folder that `read_counts` reads."""
    return tuple(path for pattern in PATTERNS for path in sorted(folder.glob(pattern)))


def read_counts(folder: Path) -> Counts:
    """Read every known file of a folder; files that are not there are skipped, but one brand file must be.

    Raises:
        BadInput: no file of registrations by brand in the folder, or cells that are not counts or periods.
    """
    counts, faults = Counts(), []
    readers = (_open_ev_charts, _official, _norway, _totals, _robbie_andrew)
    for pattern, read in zip(PATTERNS, readers, strict=True):
        for path in sorted(folder.glob(pattern)):
            faults += read(path, counts)
    if faults:
        raise BadInput.of(faults)
    if not (counts.bev or counts.official):
        raise BadInput(
            f"{folder} holds no registrations by brand",
            "name a folder with oec_brand_period.csv or official_brand_period_*.csv",
        )
    _raise_totals(counts)
    return counts


def _open_ev_charts(path: Path, counts: Counts) -> list[Fault]:
    rows, faults = _rows(path, ("country", "period", "brand", "bev_n", "all_n"))
    for column, into in (("bev_n", counts.bev), ("all_n", counts.all_fuel)):
        cells, more = _cells(path, rows, column)
        faults += more
        _settle(path.name, cells, into, counts.notes)
    for (country, _), months in counts.bev.items():
        counts.covered[country].update(months)
    return faults


def _official(path: Path, counts: Counts) -> list[Fault]:
    rows, faults = _rows(path, ("country", "period", "brand", "n"))
    cells, more = _cells(path, rows, "n")
    spelling = {brand.casefold(): brand for _, brand in [*counts.bev, *counts.all_fuel]}
    cells = [replace(c, brand=spelling.get(c.brand.casefold(), c.brand)) for c in cells]
    _settle(path.name, _added(cells), counts.official, counts.notes)
    for cell in cells:
        counts.official_covered[cell.country].add(cell.month)
    if rows and "bev_n" in rows[0][1]:
        electric, yet_more = _cells(path, rows, "bev_n")
        more += yet_more
        electric = [replace(c, brand=spelling.get(c.brand.casefold(), c.brand)) for c in electric]
        _settle(path.name, _added(electric), counts.bev, counts.notes)
        for cell in electric:
            counts.covered[cell.country].add(cell.month)
    return faults + more


def _norway(path: Path, counts: Counts) -> list[Fault]:
    """Norway 2007-2017: all fuels, by make; a register of the whole market, so a missing make sold none."""
    rows, faults = _rows(path, ("Year", "Month", "Make", "Quantity"))
    tidy = [
        (at, {"country": "NO", "period": f"{r['Year']}-{int(r['Month']):02d}", "brand": r["Make"], "n": r["Quantity"]})
        for at, r in rows
        if r["Month"].strip().isdigit()
    ]
    cells, more = _cells(path, tidy, "n")
    _settle(path.name, cells, counts.official, counts.notes)
    for cell in cells:
        counts.official_covered["NO"].add(cell.month)
    return faults + more


def _totals(path: Path, counts: Counts) -> list[Fault]:
    rows, faults = _rows(path, ("country", "period", "bev_cars"))
    cells, more = _cells(path, [(at, {**r, "brand": ""}) for at, r in rows], "bev_cars")
    by_key: dict[Key, Months] = defaultdict(dict)
    _settle(path.name, cells, by_key, counts.notes)
    for (country, _), months in by_key.items():
        counts.totals[country].update(months)
    return faults + more


def _robbie_andrew(path: Path, counts: Counts) -> list[Fault]:
    """Market totals of countries and months that the brand source's own totals do not cover."""
    rows, faults = _rows(path, ("YYYYMM", "Country", "Fuel", "Value"))
    tidy = [
        (at, {"country": COUNTRIES[r["Country"]], "period": r["YYYYMM"], "brand": "", "n": r["Value"]})
        for at, r in rows
        if r["Fuel"] == "BatteryElectric" and r["Country"] in COUNTRIES
    ]
    cells, more = _cells(path, tidy, "n")
    by_key: dict[Key, Months] = defaultdict(dict)
    _settle(path.name, cells, by_key, counts.notes)
    for (country, _), months in by_key.items():
        counts.totals[country] = {**months, **counts.totals[country]}
    return faults + more


def _rows(path: Path, columns: tuple[str, ...]) -> tuple[list[tuple[int, dict[str, str]]], list[Fault]]:
    """Rows with their line numbers; a fault for each column that is missing."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [c for c in columns if c not in (reader.fieldnames or ())]
            if missing:
                return [], [
                    Fault(file=path.name, row=1, column=c, problem="column is missing", cure=f"add the column {c}")
                    for c in missing
                ]
            return [(at, row) for at, row in enumerate(reader, start=2)], []
    except UnicodeDecodeError as error:
        return [], [Fault(file=path.name, problem=f"is not UTF-8 ({error.reason})", cure="save it as UTF-8")]


def _cells(path: Path, rows: Iterable[tuple[int, dict[str, str]]], column: str) -> tuple[list[Cell], list[Fault]]:
    """Counts of a column; blanks are not listed, quarters are left to others, the rest must be numbers."""
    cells: list[Cell] = []
    faults: list[Fault] = []
    for at, row in rows:
        written, period = (row[column] or "").strip(), (row["period"] or "").strip()
        if not written or "Q" in period:
            continue
        try:
            value = float(written)
            month = month_of(period)
            if value != value or abs(value) == float("inf"):
                raise ValueError(written)
        except ValueError:
            bad = (
                ("period", period, "write it like 2024-05")
                if _is_number(written)
                else (column, written, "write a number")
            )
            faults.append(
                Fault(file=path.name, row=at, column=bad[0], written=bad[1], problem="cannot be read", cure=bad[2])
            )
            continue
        cells.append(Cell(row["country"].strip(), month, brand_name(row["brand"]) if row["brand"] else "", value, at))
    return cells, faults


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text) and abs(float(text)) != float("inf")
    except ValueError:
        return False


def _added(cells: Iterable[Cell]) -> list[Cell]:
    """Cells of one register's several spellings of a brand, added; the same spelling twice stays twice."""
    sums: dict[tuple[str, int, str], float] = defaultdict(float)
    rows: dict[tuple[str, int, str], int] = {}
    for cell in cells:
        sums[cell.country, cell.month, cell.brand] += cell.value
        rows[cell.country, cell.month, cell.brand] = cell.row
    return [Cell(c, m, b, value, rows[c, m, b]) for (c, m, b), value in sums.items()]


def _settle(name: str, cells: Iterable[Cell], into: dict[Key, Months], notes: list[str]) -> None:
    """File the cells by series; settle months given twice and negative months."""
    seen: dict[Key, dict[int, set[float]]] = defaultdict(lambda: defaultdict(set))
    for cell in cells:
        seen[cell.country, cell.brand][cell.month].add(cell.value)
    for key, months in seen.items():
        series = {m: values.copy().pop() for m, values in months.items() if len(values) == 1}
        for month, values in months.items():
            if len(values) > 1:
                said = " and ".join(f"{v:g}" for v in sorted(values))
                notes.append(f"{name}: {_who(key)} {month_text(month)} is given as {said}: taken as not known")
        notes.extend(_absorb(name, key, series))
        into[key].update(series)


def _absorb(name: str, key: Key, series: Months) -> Iterator[str]:
    """Take negative months, which are corrections, off the months before them, latest first."""
    for month in sorted(m for m, v in series.items() if v < 0):
        owed, series[month] = -series[month], 0.0
        for earlier in sorted((m for m in series if m < month), reverse=True):
            taken = min(owed, series[earlier])
            series[earlier] -= taken
            owed -= taken
            if owed == 0:
                break
        rest = f", {owed:g} of it could not be placed" if owed else ""
        yield f"{name}: {_who(key)} {month_text(month)} is negative: taken off the months before it{rest}"


def _who(key: Key) -> str:
    country, brand = key
    return f"{brand or 'total'} in {country}"


def _raise_totals(counts: Counts) -> None:
    """A market total below the sum of its listed brands is raised to that sum."""
    listed: dict[str, Months] = defaultdict(lambda: defaultdict(float))
    for (country, _), months in counts.bev.items():
        for month, value in months.items():
            listed[country][month] += value
    for country, months in listed.items():
        short = [m for m, parts in months.items() if parts > counts.totals.get(country, {}).get(m, parts)]
        for month in short:
            counts.totals[country][month] = months[month]
        if short:
            counts.notes.append(
                f"{country}: the battery-electric total of {len(short)} months from {month_text(min(short))} is "
                "smaller than the sum of its brands: raised to that sum"
            )
