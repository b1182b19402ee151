"""Tables in CSV, XLSX or Parquet as one thing: header and lines of text cells, typed values in their plain form.

A workbook keeps its own line numbers; a Parquet file, which has no lines, is counted as if its header were line 1.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from openpyxl.utils import range_boundaries

from beachhead.evidence.textfile import Grid, Line, decode, read_bytes, records
from beachhead.world.errors import Fault

A = TypeVar("A")

MOST_ROWS = 1_000_000
MOST_UNPACKED_BYTES = 256 * 2**20
_CELL_BYTES = 8
"""What a cell counts at least: a blank one takes room and time too, and a file of few bytes may tell of billions."""
_PARQUET_ROWS = 1024
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')


def read_sheet(
    path: Path,
    file: str,
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    header_row: int = 1,
    sheet: str | None = None,
) -> Grid:
    """Header and lines of a table file, told apart by how the name ends; what cannot be read is a fault of the grid."""
    data = read_bytes(path.resolve(), file, named=True)
    if isinstance(data, Fault):
        return _nothing(data)
    kind = path.suffix.casefold()
    if kind == ".xlsx":
        return _workbook(data, file, sheet, header_row)
    if kind in (".parquet", ".pq"):
        return _parquet(data, file)
    if kind in (".csv", ".txt", ".tsv"):
        return _text(data, file, encoding, delimiter, header_row)
    cure = "send CSV, XLSX or Parquet, with the file name ending so"
    return _nothing(Fault(file=file, written=path.suffix, problem="is not a kind of table known here", cure=cure))


class _TooMuch(Exception):
    """The cells hold more than any table here: 256 MB of text and blanks."""


def _nothing(fault: Fault) -> Grid:
    return Grid(faults=(fault,), complete=False)


def _text(data: bytes, file: str, encoding: str, delimiter: str, header_row: int) -> Grid:
    if encoding == "utf-8":
        text = decode(data, file)
        if isinstance(text, Fault):
            return _nothing(text)
    else:
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            cure = "name the encoding in which the file was saved"
            return _nothing(Fault(file=file, written=encoding, problem="does not decode this file", cure=cure))
    return records(text, file, delimiter=delimiter, header_row=header_row, most_rows=MOST_ROWS)


def _workbook(data: bytes, file: str, sheet: str | None, header_row: int) -> Grid:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED_BYTES:
                raise _TooMuch
        values, formulas = (
            openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=kept) for kept in (True, False)
        )
        shown = [page.title for page in values.worksheets if page.sheet_state == "visible"]  # charts are no worksheets
        known = shown if sheet is None else [page.title for page in values.worksheets]
        name = sheet or next(iter(shown), "")
        if name not in known:
            cure = f"name one of {', '.join(known)}" if known else "show the sheet that holds the table"
            return _nothing(Fault(file=file, written=name, problem="is not a sheet of this workbook", cure=cure))
        grid = _sheet_grid(_rows(values[name]), _rows(formulas[name]), file, header_row)
        beside = [] if sheet else [other for other in shown if other != name]
        faults = [*_merged(data, values[name], grid, file), *_more_of_it(values, beside, name, grid, file)]
        return replace(grid, faults=(*grid.faults, *faults))
    except _TooMuch:
        return _nothing(Fault(file=file, problem="unpacks to more than 256 MB", cure="split the workbook"))
    except Exception:  # on damaged workbooks openpyxl, zipfile, zlib and the XML parser raise whatever they like
        cure = "open it in a spreadsheet program and save it again as .xlsx"
        return _nothing(Fault(file=file, problem="is not a readable workbook", cure=cure))


def _merged(data: bytes, page: Any, grid: Grid, file: str) -> Iterator[Fault]:
    """Cells merged below the header: all but the first would look blank, and blank means not observed."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        text = packed.read(page._worksheet_path)  # read row by row, openpyxl tells of no merged cells
    for found in _MERGED.finditer(text):
        written = found[1].decode()
        left, top, _, bottom = range_boundaries(written)
        if bottom > grid.header_row and left <= len(grid.header):
            problem = "are merged cells: all but the first look blank, which means not observed"
            cure = "unmerge them, and write each cell"
            yield Fault(file=file, row=top, column=grid.header[left - 1], written=written, problem=problem, cure=cure)


def _more_of_it(book: Any, others: Sequence[str], name: str, grid: Grid, file: str) -> Iterator[Fault]:
    """Sheets with the same columns as the one that is read: their rows would be lost without a word."""
    for other in others:
        rows = (tuple(plain_cell(value) for value in row) for row in _rows(book[other]))
        if grid.header and _without_tail(next((row for row in rows if any(row)), ())) == grid.header:
            problem = f"is a sheet of the same columns as {name!r}, and one sheet is read"
            cure = "send it as a file of its own, or put its rows there"
            yield Fault(file=file, written=other, problem=problem, cure=cure)


def _rows(sheet: Any) -> Iterator[Sequence[Any]]:
    sheet.reset_dimensions()  # what a damaged or careless writer says of the size is not to be trusted
    held = 0
    for row in sheet.iter_rows(values_only=True):
        held += _CELL_BYTES * len(row) + sum(len(value) for value in row if isinstance(value, str))
        if held > MOST_UNPACKED_BYTES:
            raise _TooMuch
        yield row


def _sheet_grid(values: Iterator[Sequence[Any]], formulas: Iterator[Sequence[Any]], file: str, header_row: int) -> Grid:
    header: tuple[str, ...] = ()
    found = 1
    lines: list[Line] = []
    faults: list[Fault] = []
    for number, (row, raw) in enumerate(zip(values, formulas, strict=False), start=1):
        if number > MOST_ROWS:
            faults.append(Fault(file=file, row=number, problem="has more than a million rows", cure="split the file"))
            return Grid(header=header, lines=tuple(lines), faults=tuple(faults), complete=False, header_row=found)
        cells = tuple(plain_cell(value) for value in row)
        if not header:
            if number >= header_row and any(cells):
                header, found = _without_tail(cells), number
            continue
        if any(cells) or any(value is not None for value in raw):
            faults += _unsaved_formulas(row, raw, header, number, file)
            faults += _beyond(cells, header, number, file)
            lines.append(Line(number, (*cells[: len(header)], *[""] * (len(header) - len(cells)))))
    return Grid(header=header, lines=tuple(lines), faults=tuple(faults), complete=bool(header), header_row=found)


def _without_tail(cells: tuple[str, ...]) -> tuple[str, ...]:
    width = max((place for place, cell in enumerate(cells, start=1) if cell), default=0)
    return cells[:width]


def _unsaved_formulas(
    row: Sequence[Any], raw: Sequence[Any], header: Sequence[str], number: int, file: str
) -> Iterator[Fault]:
    """A formula without its saved value would look blank, and blank means not observed."""
    for name, value, formula in zip(header, row, raw, strict=False):
        if value is None and formula is not None:
            problem, cure = "is a formula whose value was not saved", "save the workbook in a spreadsheet program"
            yield Fault(file=file, row=number, column=name, written=str(formula), problem=problem, cure=cure)


def _beyond(cells: Sequence[str], header: Sequence[str], number: int, file: str) -> Iterator[Fault]:
    extra = next((cell for cell in cells[len(header) :] if cell), None)
    if extra is not None:
        cure = "give the column a name in the header line, or clear the cell"
        yield Fault(file=file, row=number, written=extra, problem="stands right of the last named column", cure=cure)


def _parquet(data: bytes, file: str) -> Grid:
    try:
        meta = pq.read_metadata(io.BytesIO(data))
        unpacked = sum(meta.row_group(index).total_byte_size for index in range(meta.num_row_groups))
        if meta.num_rows > MOST_ROWS or unpacked > MOST_UNPACKED_BYTES:
            return _nothing(Fault(file=file, problem="has more than a million rows or 256 MB", cure="split the file"))
        schema = meta.schema.to_arrow_schema()
        if odd := [field for field in schema if pa.types.is_nested(field.type) or _is_binary(field.type)]:
            written, cure = f"{odd[0].name}: {odd[0].type}", "write text, numbers and days, one in a cell"
            return _nothing(Fault(file=file, written=written, problem="is no column of plain cells", cure=cure))
        columns = _parquet_columns(data, schema)
    except _TooMuch:
        return _nothing(Fault(file=file, problem="has more than a million rows or 256 MB", cure="split the file"))
    except Exception:  # likewise: pyarrow's decoders say what is wrong with bytes in their own many ways
        return _nothing(Fault(file=file, problem="is not a readable Parquet file", cure="write it again"))
    lines = tuple(Line(number, cells) for number, cells in enumerate(zip(*columns, strict=True), start=2) if any(cells))
    return Grid(header=tuple(name.strip() for name in schema.names), lines=lines, complete=True)


def _is_binary(kind: pa.DataType) -> bool:
    return any(told(kind) for told in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary))


def _parquet_columns(data: bytes, schema: pa.Schema) -> list[list[str]]:
    """Cells by column, some rows at a time: what a file says of its size is not to be trusted.

    A text that many rows share is in the file once; it is kept so until it is known how much all of them hold.
    """
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    columns: list[list[str]] = [[] for _ in schema]
    held = 0
    for batch in pq.ParquetFile(io.BytesIO(data), read_dictionary=texts).iter_batches(_PARQUET_ROWS):
        batch.validate(full=True)
        held += sum(_held(column) for column in batch.columns)
        if held > MOST_UNPACKED_BYTES:
            raise _TooMuch
        for cells, column in zip(columns, batch.columns, strict=True):
            cells += [plain_cell(value) for value in column.to_pylist()]
    return columns


def _held(column: pa.Array) -> int:
    """Bytes of a column's cells, each text as often as it is said."""
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    sizes = pc.take(pc.binary_length(column.dictionary), column.indices)
    return _CELL_BYTES * len(column) + int(pc.sum(sizes).as_py() or 0)


def plain_cell(value: Any) -> str:
    """A typed cell as the text a careful person would have typed: 12.0 as 12, a day as YYYY-MM-DD, nothing as ''."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        if value.tzinfo is None and value.time() == time(0):
            return value.date().isoformat()
        return value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value).strip()


def harmless(value: A) -> A | str:
    """A value to write into a table: text that a spreadsheet would take for a formula gets a quote in front."""
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
