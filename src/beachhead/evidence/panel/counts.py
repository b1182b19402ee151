"""Monthly registrations as read from files: one tidy table, with every mended series named.

Rules for bad series (docs/explanation/entry-panel.md, each with a test): a zero is a zero; a negative month is a
correction and is taken off the months before it; a month given twice alike counts once, given twice differently is
not known; a market total smaller than the sum of its brands is raised to that sum; nothing is filled in silently.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from beachhead.evidence.panel.files import (
    BY_FUEL,
    LISTED,
    MAKES,
    REGISTER,
    TOTALS,
    PanelFile,
    Rows,
    known_files,
    rows_of,
)
from beachhead.evidence.panel.names import COUNTRIES, brand_name, country_code
from beachhead.world.entry import month_of, month_text
from beachhead.world.errors import BadInput, Fault
from beachhead.world.figures import how_many

Key = tuple[str, str]
Months = dict[int, float]
_SHOWN = 5  # faults of one kind in one column: more of the same help nobody


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
    """One count at one place of one file; `spelt` is how the brand is written there."""

    country: str
    month: int
    brand: str
    value: float
    row: int
    spelt: str


def read_counts(folder: Path) -> Counts:
    """Read every known file of a folder; files that are not there are skipped, but one brand file must be.

    Raises:
        BadInput: no file of registrations by brand in the folder, or cells that are not counts or periods.
    """
    counts, faults = Counts(), []
    files = known_files(folder)
    for file in files:
        faults += _READERS[file.kind.pattern](file, counts)
        if not file.named:
            counts.notes.append(f"{file.path.name}: read like {file.kind.pattern}, by its columns")
    if faults:
        raise BadInput.of(faults)
    if not (counts.bev or counts.official):
        raise BadInput(f"{folder} holds no registrations by brand and month", _what_is_wanted(folder, files))
    _raise_totals(counts)
    return counts


def _what_is_wanted(folder: Path, files: Iterable[PanelFile]) -> str:
    there = sorted(path.name for path in folder.iterdir())
    seen = f"it holds {', '.join(there[:8])}{' ...' if len(there) > 8 else ''}" if there else "it is empty"
    read = ", ".join(file.path.name for file in files)
    of_these = f", of which {read} can be read but has no month of any brand" if read else ""
    return (
        f"name a folder with a CSV of the columns {', '.join(LISTED.columns)} (top brands only), or "
        f"{', '.join(REGISTER.columns)} (a whole register); {seen}{of_these}"
    )


def _months_of(file: PanelFile, counts: Counts) -> tuple[Rows, list[Fault]]:
    """The rows of months; those of quarters are left out, and named."""
    rows, faults = rows_of(file)
    quarters = [row for _, row in rows if _is_quarter(row)]
    if quarters:
        where = ", ".join(sorted({country_code(row["country"]) for row in quarters}))
        said = how_many(len(quarters), "row")
        counts.notes.append(f"{file.path.name}: {said} of quarters not read ({where}): an entry needs months")
    return [(at, row) for at, row in rows if not _is_quarter(row)], faults


def _is_quarter(row: dict[str, str]) -> bool:
    return "q" in row["period"].casefold()


def _open_ev_charts(file: PanelFile, counts: Counts) -> list[Fault]:
    rows, faults = _months_of(file, counts)
    for column, into in (("bev_n", counts.bev), ("all_n", counts.all_fuel)):
        if rows and column in rows[0][1]:
            cells, more = _cells(file.path, rows, column)
            faults += more
            _settle(file.path.name, _added(_as_first_spelt(cells, counts)), into, counts.notes)
    for (country, _), months in counts.bev.items():
        counts.covered[country].update(months)
    return _once(faults)


def _official(file: PanelFile, counts: Counts) -> list[Fault]:
    path = file.path
    rows, faults = _months_of(file, counts)
    cells, more = _cells(path, rows, "n")
    cells = _as_first_spelt(cells, counts)
    _settle(path.name, _added(cells), counts.official, counts.notes)
    for cell in cells:
        counts.official_covered[cell.country].add(cell.month)
    if rows and "bev_n" in rows[0][1]:
        electric, yet_more = _cells(path, rows, "bev_n")
        more += yet_more
        electric = _as_first_spelt(electric, counts)
        _settle(path.name, _added(electric), counts.bev, counts.notes)
        for cell in electric:
            counts.covered[cell.country].add(cell.month)
    return _once(faults + more)


def _once(faults: Iterable[Fault]) -> list[Fault]:
    """Each fault once, though two columns of one row were read, and of one kind the first few, with how many more."""
    kinds: dict[tuple[str, str | None, str], list[Fault]] = defaultdict(list)
    for fault in dict.fromkeys(faults):
        kinds[fault.file, fault.column, fault.problem].append(fault)
    out = []
    for alike in kinds.values():
        out += alike[:_SHOWN]
        if len(alike) > _SHOWN:
            rest = alike[-1]
            out.append(replace(rest, problem=f"{rest.problem}, like {len(alike) - _SHOWN - 1} others before it"))
    return out


def _norway(file: PanelFile, counts: Counts) -> list[Fault]:
    """Norway 2007-2017: all fuels, by make; a register of the whole market, so a missing make sold none."""
    rows, faults = rows_of(file)
    tidy = [
        (at, {"country": "NO", "period": f"{r['Year']}-{r['Month'].strip()}", "brand": r["Make"], "n": r["Quantity"]})
        for at, r in rows
    ]
    cells, more = _cells(file.path, tidy, "n")
    cells = _as_first_spelt(cells, counts)
    _settle(file.path.name, _added(cells), counts.official, counts.notes)
    for cell in cells:
        counts.official_covered["NO"].add(cell.month)
    return _once(faults + more)


def _totals(file: PanelFile, counts: Counts) -> list[Fault]:
    rows, faults = _months_of(file, counts)
    cells, more = _cells(file.path, [(at, {**r, "brand": ""}) for at, r in rows], "bev_cars", named=False)
    by_key: dict[Key, Months] = defaultdict(dict)
    _settle(file.path.name, cells, by_key, counts.notes)
    for (country, _), months in by_key.items():
        counts.totals[country].update(months)
    return _once(faults + more)


def _robbie_andrew(file: PanelFile, counts: Counts) -> list[Fault]:
    """Market totals of countries and months that the brand source's own totals do not cover."""
    rows, faults = rows_of(file)
    wanted = {*COUNTRIES.values(), *(country for country, _ in [*counts.bev, *counts.official])}
    tidy = [
        (at, {"country": r["Country"], "period": r["YYYYMM"], "brand": "", "n": r["Value"]})
        for at, r in rows
        if r["Fuel"].strip() == "BatteryElectric" and country_code(r["Country"]) in wanted
    ]
    cells, more = _cells(file.path, tidy, "n", named=False)
    by_key: dict[Key, Months] = defaultdict(dict)
    _settle(file.path.name, cells, by_key, counts.notes)
    for (country, _), months in by_key.items():
        counts.totals[country] = {**months, **counts.totals[country]}
    return _once(faults + more)


_READERS = {
    LISTED.pattern: _open_ev_charts,
    REGISTER.pattern: _official,
    MAKES.pattern: _norway,
    TOTALS.pattern: _totals,
    BY_FUEL.pattern: _robbie_andrew,
}


def _cells(path: Path, rows: Rows, column: str, *, named: bool = True) -> tuple[list[Cell], list[Fault]]:
    """Counts of a column, each of a brand if `named`; blanks are not listed, the rest must be numbers."""
    cells: list[Cell] = []
    faults: list[Fault] = []
    for at, row in rows:
        written, period = (row[column] or "").strip(), (row["period"] or "").strip()
        if not written:
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
        spelt, country = " ".join(row["brand"].split()), country_code(row["country"])
        if not country:
            faults.append(Fault(file=path.name, row=at, column="country", problem="is blank", cure="write its code"))
            continue
        if not spelt and named:
            faults.append(Fault(file=path.name, row=at, column="brand", problem="is blank", cure="write its name"))
            continue
        cells.append(Cell(country, month, brand_name(spelt) if spelt else "", value, at, spelt))
    return cells, faults


def _is_number(text: str) -> bool:
    try:
        return float(text) == float(text) and abs(float(text)) != float("inf")
    except ValueError:
        return False


def _as_first_spelt(cells: Iterable[Cell], counts: Counts) -> list[Cell]:
    """The cells with their brands spelt as they came first, in this file or one before: case is no difference."""
    before = {brand.casefold(): brand for _, brand in [*counts.official, *counts.all_fuel, *counts.bev]}
    return [replace(cell, brand=before.setdefault(cell.brand.casefold(), cell.brand)) for cell in cells]


def _added(cells: Iterable[Cell]) -> list[Cell]:
    """Cells of one source's several spellings of a brand, added; the same spelling twice stays twice."""
    groups: dict[tuple[str, int, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        groups[cell.country, cell.month, cell.brand].append(cell)
    return [whole for group in groups.values() for whole in _sum_of_spellings(group)]


def _sum_of_spellings(group: list[Cell]) -> list[Cell]:
    """One cell with the sum, unless a spelling has two values: then all as they are, for `_settle` to see."""
    said = {(cell.spelt, cell.value) for cell in group}
    if len({spelt for spelt, _ in said}) < len(said):
        return group
    return [replace(group[-1], value=sum(value for _, value in said))]


def _settle(name: str, cells: Iterable[Cell], into: dict[Key, Months], notes: list[str]) -> None:
    """File the cells by series; settle months given twice and negative months."""
    changed = 0
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
        changed += sum(into[key].get(month, value) != value for month, value in series.items())
        into[key].update(series)
    if changed:
        what = "1 count" if changed == 1 else f"{changed} counts"
        notes.append(f"{name}: differs from files read before in {what}: kept as here")


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
