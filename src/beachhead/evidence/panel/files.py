"""Which files of a folder hold registrations, known by their names or by their columns, and their rows.

A name says what a file is; a file of another name is known by its columns. What is neither is not read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from beachhead.world.errors import Fault

Rows = list[tuple[int, dict[str, str]]]
_SEPARATORS = ",;\t"
_A_MONTH = re.compile(r"(19|20)\d\d[-/.M]?(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of registration file.

    Attributes:
        pattern: what its files are called.
        columns: what it must have.
    """

    pattern: str
    columns: tuple[str, ...]


LISTED = Kind(pattern="oec_brand_period.csv", columns=("country", "period", "brand", "bev_n"))
REGISTER = Kind(pattern="official_brand_period_*.csv", columns=("country", "period", "brand", "n"))
MAKES = Kind(pattern="norway_new_car_sales_by_make_*.csv", columns=("Year", "Month", "Make", "Quantity"))
TOTALS = Kind(pattern="oec_country_totals.csv", columns=("country", "period", "bev_cars"))
BY_FUEL = Kind(pattern="robbieandrew_all_carsales_monthly.csv", columns=("YYYYMM", "Country", "Fuel", "Value"))
KINDS = (LISTED, REGISTER, MAKES, TOTALS, BY_FUEL)
"""In the order of reading."""


@dataclass(frozen=True, slots=True)
class PanelFile:
    """A file, what it is, and whether its name says so."""

    path: Path
    kind: Kind
    named: bool


def panel_files(folder: Path) -> tuple[Path, ...]:
    """The files of a folder that are read, in the order of reading."""
    return tuple(file.path for file in known_files(folder))


def known_files(folder: Path) -> tuple[PanelFile, ...]:
    """The files of a folder that are read, those known by their columns after those known by their name."""
    named = [PanelFile(path, kind, True) for kind in KINDS for path in sorted(folder.glob(kind.pattern))]
    taken = {file.path for file in named}
    others = [path for path in sorted(folder.glob("*.csv")) if path not in taken and path.is_file()]
    found = [*named, *(PanelFile(path, kind, False) for path in others if (kind := _by_columns(path)) is not None)]
    return tuple(sorted(found, key=lambda f: (KINDS.index(f.kind), not f.named, f.path.name)))


def _by_columns(path: Path) -> Kind | None:
    """What a file's columns say it is; `n`, a count of all fuels, stands in registers only, which list every brand."""
    try:
        heading = set(_heading(path))
    except UnicodeDecodeError:
        return None
    register = {*REGISTER.columns, "bev_n"} <= heading
    return REGISTER if register else next((kind for kind in KINDS if set(kind.columns) <= heading), None)


def _heading(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    return [name.strip() for name in next(csv.reader([line], delimiter=_separator(line)), [])]


def _separator(heading: str) -> str:
    return max(_SEPARATORS, key=heading.count)


def rows_of(file: PanelFile) -> tuple[Rows, list[Fault]]:
    """Rows with their line numbers; a fault for each column that is missing."""
    path = file.path
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            heading = text.readline()
            names = [name.strip() for name in next(csv.reader([heading], delimiter=_separator(heading)), [])]
            missing = [column for column in file.kind.columns if column not in names]
            if missing:
                return [], list(_unlike(path.name, names, file.kind.columns, missing))
            reader = csv.DictReader(text, names, restval="", delimiter=_separator(heading))
            return [(at, row) for at, row in enumerate(reader, start=2)], []
    except UnicodeDecodeError as error:
        return [], [Fault(file=path.name, problem=f"is not UTF-8 ({error.reason})", cure="save it as UTF-8")]


def _unlike(name: str, names: list[str], columns: Iterable[str], missing: list[str]) -> Iterable[Fault]:
    wanted = ", ".join(columns)
    months = [column for column in names if _A_MONTH.fullmatch(column)]
    if not names:
        yield Fault(file=name, problem="is empty", cure=f"remove it, or give it the columns {wanted}")
    elif months:
        yield Fault(
            file=name,
            row=1,
            column=months[0],
            problem=f"is a month: {len(months)} months stand side by side",
            cure=f"write one row a brand and month, with the columns {wanted}",
        )
    else:
        for column in missing:
            yield Fault(file=name, row=1, column=column, problem="column is missing", cure=f"add the column {column}")
