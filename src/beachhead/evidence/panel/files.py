"""Which files of a folder hold registrations, known by their names or by their columns, and their rows.

A name says what a file is; a file of another name is known by its columns. What is neither is not read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from beachhead.evidence.textfile import decode, quoting
from beachhead.world.errors import Fault
from beachhead.world.figures import how_many

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
    text = decode(path.read_bytes(), path.name)
    if isinstance(text, Fault):
        return None
    heading = set(_heading(text)[0])
    register = {*REGISTER.columns, "bev_n"} <= heading
    return REGISTER if register else next((kind for kind in KINDS if set(kind.columns) <= heading), None)


def _heading(text: str) -> tuple[list[str], str]:
    """The column names of the first line, and the sign between them."""
    line = io.StringIO(text, newline="").readline()
    separator = max(_SEPARATORS, key=line.count)
    return [name.strip() for name in next(csv.reader([line], delimiter=separator), [])], separator


def rows_of(file: PanelFile) -> tuple[Rows, list[Fault]]:
    """Rows with their line numbers; a fault for each column that is missing and each row that does not fit."""
    name, columns = file.path.name, file.kind.columns
    text = decode(file.path.read_bytes(), name)
    if isinstance(text, Fault):
        return [], [text]
    names, separator = _heading(text)
    missing = [column for column in columns if column not in names]
    if missing:
        return [], list(_unlike(name, names, columns, missing))
    least = 1 + max(names.index(column) for column in columns)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    rows, faults, at = Rows(), list[Fault](), 1
    try:
        for cells in reader:
            if at > 1 and any(cell.strip() for cell in cells):
                faults += _ill_fitting(name, at, cells, len(names), least)
                rows.append((at, dict(zip(names, [*cells, *[""] * len(names)], strict=False))))
            at = reader.line_num + 1
    except csv.Error as error:
        faults.append(quoting(error, at, name))
    return rows, faults


def _ill_fitting(name: str, at: int, cells: list[str], most: int, least: int) -> Iterable[Fault]:
    """More cells than columns, as of 1,234 without quotation marks, or fewer than are needed; blank ones do no harm."""
    if len(cells) < least or any(cell.strip() for cell in cells[most:]):
        cure = "write one cell a column, and numbers without signs between their thousands"
        problem = f"has {how_many(len(cells), 'cell')} where the heading has {most}"
        yield Fault(file=name, row=at, written=",".join(cells), problem=problem, cure=cure)


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
