"""What spreadsheets and hands do to a table: each is read rightly, or refused at its row and column with the cure.

The tables are those of the schema, with a row made up from it, so that a new table is covered by being there.
"""

from io import BytesIO

import openpyxl
import pytest

from beachhead.case.new import new_launch
from beachhead.evidence.folder import check_folder
from beachhead.evidence.load import Loaded, load_table
from beachhead.evidence.row import Column, Table, columns_of
from beachhead.evidence.tables import TABLES
from beachhead.world.errors import Fault

NEEDED = {
    "studies": {"share": "0.1", "sample": "400"},
    "responses": {"elasticity": "3", "price": "40000", "log_sd": "0.3"},
    "renames": {"now": "SU7-MAX"},
}
"""Cells without which a made-up row breaks a rule of its own table."""
NUMBERS = ("number", "whole number")


def cells_of(table: Table) -> dict[str, str]:
    columns = columns_of(table.row)
    return {name: a_cell(column) for name, column in columns.items() if column.required} | NEEDED.get(table.name, {})


def a_cell(column: Column) -> str:
    if column.how not in NUMBERS:
        return column.example or "x"
    low = column.least if column.least is not None else column.above or 0.0
    high = low + 2 if column.most is None else column.most
    return f"{low + 1:g}" if low + 1 <= high else f"{(low + high) / 2:g}"


def text_of(*rows: dict[str, str], comma: str = ",", end: str = "\n") -> str:
    return end.join([comma.join(rows[0]), *(comma.join(row.values()) for row in rows)]) + end


def load(table: Table, text: str, encoding: str = "utf-8") -> Loaded:
    return load_table(table, text.encode(encoding))


def refused(table: Table, text: str, row: int, column: str | None = None, encoding: str = "utf-8") -> Fault:
    """The first fault; each names the file and a cure, and the first stands where it should."""
    found = load(table, text, encoding).faults
    assert found, f"{table.file} took what it should refuse:\n{text[:400]}"
    assert all(fault.file == table.file and fault.problem and fault.cure for fault in found)
    assert row in {fault.row for fault in found}, str(found[0])
    at = [fault for fault in found if fault.row == row and (column is None or fault.column == column)]
    assert at, f"no fault at {table.file}:{row}:{column}, but {found[0]}"
    return at[0]


def named(how: tuple[str, ...], cells: dict[str, str], table: Table) -> list[Column]:
    return [column for name, column in columns_of(table.row).items() if name in cells and column.how in how]


tables = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@tables
def test_a_right_row_is_read_whatever_the_lines_end_in_and_whatever_mark_opens_the_file(table):
    cells = cells_of(table)
    plain = load(table, text_of(cells))
    assert plain.faults == (), plain.faults[0]
    assert len(plain.rows) == 1
    for end, encoding in (("\n", "utf-8-sig"), ("\r\n", "utf-8"), ("\r\n", "utf-8-sig")):
        again = load(table, text_of(cells, end=end), encoding)
        assert (again.rows, again.faults) == (plain.rows, ())
    spaced = {name: f"  {cell} " for name, cell in cells.items()}
    assert load(table, text_of(spaced) + "\n\n" + "," * (len(cells) - 1) + "\n").rows == plain.rows
    back = dict(reversed(cells.items()))
    assert load(table, text_of(back)).rows == plain.rows


@tables
def test_a_column_too_few_or_too_many_is_named(table):
    cells = cells_of(table)
    for name in [name for name, column in columns_of(table.row).items() if column.required]:
        less = {other: cell for other, cell in cells.items() if other != name}
        if less:
            assert name in str(refused(table, text_of(less), 1, name))
    assert "remarks" in str(refused(table, text_of(cells | {"remarks": "see mail"}), 1, "remarks"))
    refused(table, text_of(cells | {"": ""}), 1)


@tables
def test_what_excel_saves_elsewhere_is_told_by_its_name(table):
    cells = cells_of(table)
    assert "semicolons" in str(refused(table, text_of(cells, comma=";"), 1))
    assert "tabs" in str(refused(table, text_of(cells, comma="\t"), 1))
    assert "UTF-16" in str(refused(table, text_of(cells), 1, encoding="utf-16"))
    texts = named(("text",), cells, table)
    for column in texts[:1]:
        fault = refused(table, text_of(cells | {column.name: "Köln, Straße".replace(",", "")}), 2, encoding="latin-1")
        assert "UTF-8" in fault.cure
    book = openpyxl.Workbook()
    book.active.append(list(cells))
    stream = BytesIO()
    book.save(stream)
    assert load_table(table, stream.getvalue()).faults[0].cure


@tables
def test_a_file_of_nothing_is_a_fault_and_a_header_alone_only_where_a_row_must_be(table):
    assert "is empty" in str(refused(table, "", 1))
    assert "is empty" in str(refused(table, "\n\n  \n", 1))
    bare = load(table, ",".join(cells_of(table)) + "\n")
    assert bool(bare.faults) == table.required
    assert bare.rows == ()


@tables
def test_the_same_key_twice_and_a_note_under_the_table_are_refused_at_their_row(table):
    cells = cells_of(table)
    if any(column.key for column in columns_of(table.row).values()):
        assert "already" in str(refused(table, text_of(cells, cells), 3))
    refused(table, text_of(cells) + "Note: figures from sales\n", 3)
    refused(table, text_of(cells) + "Note: figures from sales" + "," * (len(cells) - 1) + "\n", 3)
    # a merged cell leaves its value in the first row alone
    for name in [name for name, column in columns_of(table.row).items() if column.required][:1]:
        assert "blank" in str(refused(table, text_of(cells, cells | {name: ""}), 3, name))


@tables
@pytest.mark.parametrize("word", ["nan", "NaN", "inf", "1e999", "#REF!", "#DIV/0!", "1.234,5", "12 %", "1 000", "n/a"])
def test_what_is_no_number_is_refused_in_every_number(table, word):
    cells = cells_of(table)
    for column in named(NUMBERS, cells, table):
        quoted = f'"{word}"' if "," in word else word
        refused(table, text_of(cells | {column.name: quoted}), 2, column.name)


@tables
def test_numbers_and_days_beyond_their_range_are_refused_and_none_is_taken_for_another(table):
    cells = cells_of(table)
    for column in named(NUMBERS, cells, table):
        if column.least == 0 or column.above == 0:
            refused(table, text_of(cells | {column.name: "-1"}), 2, column.name)
    for column in named(("YYYY-MM-DD",), cells, table):
        for day in ("2027-02-31", "31.12.2027", "12/31/2027", "46022", "2027-1-5"):
            refused(table, text_of(cells | {column.name: day}), 2, column.name)
    for column in named(("quarter",), cells, table):
        for quarter in ("2027Q5", "Q1 2027", "2027"):
            refused(table, text_of(cells | {column.name: quarter}), 2, column.name)


@tables
def test_money_that_no_launch_can_have_is_refused(table):
    """Without a limit, a sum of 1e308 would be read and overflow somewhere far from its cell."""
    cells = cells_of(table)
    for column in named(NUMBERS, cells, table):
        refused(table, text_of(cells | {column.name: "1e308"}), 2, column.name)


def test_limits_that_no_launch_can_have_are_refused(tmp_path):
    folder = new_launch(tmp_path / "launch", "starter")
    terms = (folder / "launch.toml").read_text()
    (folder / "launch.toml").write_text(terms.replace("capital_per_year = 60e6", "capital_per_year = [60e6, 1e308]"))
    (fault,) = check_folder(folder)
    assert str(fault).startswith("launch.toml:14:limits.capital_per_year: ")
    assert "is too large a number: check the unit" in str(fault)


@tables
def test_what_programs_write_for_a_blank_is_no_code(table):
    cells = cells_of(table)
    for column in named(("code without spaces",), cells, table):
        for word in ("nan", "NULL", "None"):
            refused(table, text_of(cells | {column.name: word}), 2, column.name)
