"""Reads a text file or table of a launch folder within bounded memory; what cannot be read becomes a fault.

Nothing larger than `MOST_BYTES` is ever held: a line of a gigabyte is refused after its first megabytes. A table that
is wrong throughout is given up after `MOST_FAULTS`, so time is bounded too.
"""

from __future__ import annotations

import csv
import io
import stat
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from beachhead.evidence.cell import meant
from beachhead.world.errors import Fault, Unlisted
from beachhead.world.figures import how_many

MOST_BYTES = 16 * 2**20
MOST_LINE_BYTES = 2**20
MOST_ROWS = 100_000
MOST_COLUMNS = 500
MOST_FAULTS = 500
"""Faults of one table after which reading stops: what would follow is told as one fault more."""
_CREATE = "create it, or start from `beachhead new`"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a table: the line on which it starts and its cells, stripped of outer spaces."""

    number: int
    cells: tuple[str, ...]

    def cell(self, at: int) -> str:
        """The cell in a column; empty where the line is shorter than that."""
        return self.cells[at].strip() if at < len(self.cells) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table before it is understood.

    Attributes:
        header: column names.
        lines: records after the header; wholly blank lines are left out.
        faults: what could not be read.
        complete: false if records are missing because reading had to stop.
        header_row: the line on which the header stands.
    """

    header: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    faults: tuple[Fault, ...] = ()
    complete: bool = True
    header_row: int = 1


def read_bytes(path: Path, file: str, most: int = MOST_BYTES, *, named: bool = False) -> bytes | Fault:
    """The bytes of a regular file of at most `most` bytes, or why not; `named`: by a user, not part of a launch."""
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            cure = "name the file itself" if named else "put the file itself here"
            return Fault(file=file, problem=_not_a_file(mode), cure=cure)
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except FileNotFoundError:
        cure = f"there is no {path}: check its folder and spelling" if named else _CREATE
        return Fault(file=file, problem="is missing", cure=cure)
    except OSError as error:
        return Fault(file=file, problem=f"cannot be read ({error.strerror})", cure="check the file's permissions")
    return _too_large(data, file, most, named) or data


def _not_a_file(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "is a directory"), (stat.S_ISLNK, "is a symbolic link"))
    return next((words for test, words in kinds if test(mode)), "is not a regular file") + " where a file should be"


def _too_large(data: bytes, file: str, most: int, named: bool) -> Fault | None:
    start = 0
    while len(data) - start > MOST_LINE_BYTES:
        end = data.rfind(b"\n", start, start + MOST_LINE_BYTES + 1)
        if end < 0:
            cure = "no line may be longer than 1 MB; check that this is the right file and that its lines end"
            row = data.count(b"\n", 0, start) + 1
            return Fault(file=file, row=row, problem="is a line longer than 1 MB", cure=cure)
        start = end + 1
    if len(data) > most:
        problem = f"is larger than {most // 2**20} MB"
        cure = "leave rows out" if named else "split the launch, or leave rows out that no plan needs"
        return Fault(file=file, problem=problem, cure=cure)
    return None


def decode(data: bytes, file: str) -> str | Fault:
    """The text of a UTF-8 file (a byte-order mark is allowed), or why it is not one."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Fault(
            file=file, row=1, problem="is UTF-16, not UTF-8", cure="save the file as UTF-8 (in Excel: CSV UTF-8)"
        )
    data = data.removeprefix(_BYTE_ORDER_MARK)
    if (nul := data.find(b"\0")) >= 0:
        row = data.count(b"\n", 0, nul) + 1
        cure = "save the file as UTF-8 text; it is binary, UTF-16 or damaged"
        return Fault(file=file, row=row, problem="holds a NUL byte", cure=cure)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        around = data[max(0, error.start - 12) : error.start + 12].decode("cp1252", errors="replace")
        cure = "save the file as UTF-8 (in Excel: CSV UTF-8); it may be Windows-1252"
        return Fault(file=file, row=row, written=around, problem="is not UTF-8", cure=cure)


def parse(text: str, file: str, known: tuple[str, ...], required: tuple[str, ...]) -> Grid:
    """Header and records of a comma-separated table whose columns are `known`."""
    return with_known_header(records(text, file), file, known, required)


def records(text: str, file: str, *, delimiter: str = ",", header_row: int = 1, most_rows: int = MOST_ROWS) -> Grid:
    """Header and records of a table in text, whatever its columns; lines before `header_row` are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    lines: list[Line] = []
    faults: list[Fault] = []
    header: tuple[str, ...] = ()
    start = found = 1
    try:
        for cells in reader:
            stripped = tuple(cell.strip() for cell in cells)
            if not header:
                if start >= header_row and any(stripped):
                    header, found = stripped, start
            elif any(stripped):
                faults += _ragged(stripped, header, start, file)
                lines.append(Line(start, stripped))
            start = reader.line_num + 1
            if len(faults) > MOST_FAULTS or len(lines) > most_rows:
                last = given_up(start, file, most_rows)
                return Grid(header=header, lines=tuple(lines), faults=(*faults, last), complete=False)
    except csv.Error as error:
        faults.append(quoting(error, start, file))
        return Grid(header=header, lines=tuple(lines), faults=tuple(faults), complete=False, header_row=found)
    return Grid(header=header, lines=tuple(lines), faults=tuple(faults), complete=bool(header), header_row=found)


def with_known_header(grid: Grid, file: str, known: tuple[str, ...], required: tuple[str, ...]) -> Grid:
    """The table if its columns are all known and none required is missing; else only its header's faults."""
    if not grid.header:
        cure = f"write a header line: {','.join(required)}"
        empty = () if grid.faults else (Fault(file=file, row=1, problem="is empty", cure=cure),)
        return replace(grid, faults=(*grid.faults, *empty))
    faults = _header_faults(grid.header, grid.header_row, file, known, required)
    return Grid(header=grid.header, faults=tuple(faults), complete=False) if faults else grid


def separated_otherwise(header: tuple[str, ...], row: int, file: str) -> Fault | None:
    """A header that is one cell because other signs than commas stand between its names."""
    for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if len(header) == 1 and sign in header[0]:
            cure = "export it with commas between cells and points in numbers"
            problem = f"is separated by {name}, not commas"
            return Fault(file=file, row=row, written=header[0], problem=problem, cure=cure)
    return None


def given_up(row: int, file: str, most_rows: int = MOST_ROWS) -> Fault:
    """The last line of a table's faults that is read no further."""
    problem = "and what follows was not read, the table being too long or too faulty"
    cure = f"mend those listed; a table may have {most_rows} rows"
    return Unlisted(file=file, row=row, problem=problem, cure=cure)


def _header_faults(
    header: tuple[str, ...], row: int, file: str, known: tuple[str, ...], required: tuple[str, ...]
) -> list[Fault]:
    if other := separated_otherwise(header, row, file):
        return [other]
    if len(header) > MOST_COLUMNS:
        cure = "check that this is the right file and that its lines end"
        return [Fault(file=file, row=row, problem=f"has {how_many(len(header), 'column')}", cure=cure)]
    faults: list[Fault] = []
    lacking = [name for name in required if name not in header]
    for name, count in Counter(header).items():
        if name == "":
            cure = "name the column or delete it"
            faults.append(Fault(file=file, row=row, problem="has a column without a name", cure=cure))
        elif name not in known:
            cure = meant(name, lacking, meant(name, known, f"delete the column; known are {', '.join(known)}"))
            lacking = [each for each in lacking if each not in cure]  # one slip, one fault
            faults.append(Fault(file=file, row=row, column=name, written=name, problem="is not a column", cure=cure))
        elif count > 1:
            problem, cure = f"stands {count} times in the header", "keep one of them"
            faults.append(Fault(file=file, row=row, column=name, written=name, problem=problem, cure=cure))
    cure = "add it; docs/reference/columns.md says what it means"
    return faults + [
        Fault(file=file, row=row, column=name, problem="is a required column and missing", cure=cure)
        for name in lacking
    ]


def _ragged(cells: tuple[str, ...], header: tuple[str, ...], row: int, file: str) -> list[Fault]:
    if len(cells) == len(header):
        return []
    problem = f"has {how_many(len(cells), 'cell')} where the header has {len(header)}"
    cure = (
        "quote a cell that holds a comma, or delete the extra comma"
        if len(cells) > len(header)
        else "add the missing commas; a cell may be blank but must be there"
    )
    return [Fault(file=file, row=row, written=",".join(cells), problem=problem, cure=cure)]


def quoting(error: csv.Error, row: int, file: str) -> Fault:
    """What a reader of quoted cells stumbled over, at the line on which the record starts."""
    text = str(error)
    if "field larger" in text or "unexpected end" in text:
        problem, cure = "opens a quotation mark that is never closed", 'close it, or write "" for a quotation mark'
    else:
        problem, cure = "has text outside its quotation marks", 'quote the whole cell and write "" for a mark inside it'
    return Fault(file=file, row=row, problem=problem, cure=f"{cure}; lines after it were not read")
