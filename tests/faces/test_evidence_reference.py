"""The reference page and the how-to are made from, or run by, what they describe."""

from pathlib import Path

from beachhead.evidence.reference import columns_page
from beachhead.evidence.row import columns_of
from beachhead.evidence.tables import TABLES

ROOT = Path(__file__).parents[2]


def test_the_column_reference_is_what_the_schema_says():
    page = (ROOT / "docs" / "reference" / "columns.md").read_text(encoding="utf-8")
    assert page == columns_page(), "stale: python -m beachhead.evidence.reference > docs/reference/columns.md"


def test_every_column_says_what_it_means():
    silent = [
        f"{t.name}.{c.name}" for t in TABLES for c in columns_of(t.row).values() if len(c.meaning) < 4 or not c.how
    ]
    assert silent == []


def test_every_amount_of_money_knows_its_currency():
    for table in TABLES:
        columns = columns_of(table.row)
        if any(column.unit.startswith("currency") for column in columns.values()):
            assert "currency" in columns, table.name


def test_every_reference_leads_to_a_column():
    names = {f"{table.name}.{name}" for table in TABLES for name in columns_of(table.row)}
    refers = {column.refers for table in TABLES for column in columns_of(table.row).values() if column.refers}
    assert refers <= names
