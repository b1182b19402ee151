"""Writes the reference page of the launch folder from its schema.

`python -m beachhead.evidence.reference > docs/reference/columns.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

from pydantic import BaseModel

from beachhead.evidence.mapping import Mapping
from beachhead.evidence.observations import WITHDRAWN
from beachhead.evidence.row import Column, Row, Table, columns_of, range_text
from beachhead.evidence.tables import TABLES, observations, progress, workshop
from beachhead.evidence.terms import Terms

_OPENING = """\
# The launch folder, column by column

Generated from the schema by `python -m beachhead.evidence.reference`; do not edit.

A launch is a folder of text files: `launch.toml`, tables as comma-separated UTF-8 files with a header line, and
`rules/*.yaml`. Required are `launch.toml`, {required}; the others may be left out. Columns may stand in
any order. A blank cell means what the last column says; it never means 0. Shares are written 0.25, not 25 %. Amounts
are converted through `fx.csv` when the folder is read. A file may hold 16 MB, a line 1 MB. `beachhead check` reports
everything that does not hold, each with its place and cure.

**key** columns make a row unique together. → names the column in which each value must occur; ⇄ says that every value
there must also occur here.
"""


def columns_page() -> str:
    """The reference page as Markdown."""
    required = [f"`{table.file}`" for table in TABLES if table.required]
    parts = [_OPENING.format(required=", ".join(required[:-1]) + f" and {required[-1]}")]
    parts += ["\n".join(_terms())]
    parts += ["\n".join(_table(table)) for table in TABLES]
    parts += ["\n".join(_observations()), "\n".join(_workshop()), "\n".join(_progress()), "\n".join(_mapping())]
    return "\n".join(parts)


def _terms() -> Iterator[str]:
    yield "## launch.toml (required)\n"
    columns = columns_of(Terms)
    sections = _sections()
    yield from _rows([column for name, column in columns.items() if name not in sections], "key")
    for name, model in sections.items():
        yield f"\n`[{name}]` {Terms.model_fields[name].description}\n"
        yield from _rows(list(columns_of(model).values()), "key")
    yield ""


def _sections() -> dict[str, type[BaseModel]]:
    kinds = ((name, field.annotation) for name, field in Terms.model_fields.items())
    return {name: kind for name, kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)}


def _table(table: Table[Any]) -> Iterator[str]:
    yield f"## {table.file} ({'required' if table.required else 'optional'})\n"
    yield f"{table.purpose}\n"
    yield from _rows(list(columns_of(table.row).values()), "column")
    yield ""


def _observations() -> Iterator[str]:
    yield "## Observation files (CSV, XLSX or Parquet; sent with `beachhead observe`)\n"
    yield (
        f"{observations.TABLE.purpose} They are not part of the folder. A blank cell means *not observed*, never 0; "
        f"`{WITHDRAWN}` in a cell takes back what was recorded there. Rows of one key may not overlap. A row with the "
        "span of a recorded row corrects it, cell by cell, and both stay on record. A car is counted once: "
        "where rows of all offers, or of the whole channel, share days with rows of an offer or a store, the ones or "
        "the others are read.\n"
    )
    yield from _rows(list(columns_of(observations.ObservationRow).values()), "column")
    yield ""


def _workshop() -> Iterator[str]:
    yield "## Workshop files (CSV, XLSX or Parquet; sent with `beachhead service DIR --send FILE`)\n"
    yield (
        "Three kinds, told by their columns. A file sent twice changes nothing; a row with a recorded key corrects it "
        "whole, and both stay on record.\n"
    )
    for table in (workshop.CARS, workshop.CLAIMS, workshop.JOBS):
        yield f"**{table.file}**: {table.purpose}\n"
        yield from _rows(list(columns_of(table.row).values()), "column")
        yield ""


def _progress() -> Iterator[str]:
    yield "## Progress files (CSV, XLSX or Parquet; sent with `beachhead programme update --file`)\n"
    yield f"{progress.TABLE.purpose} They are not part of the folder; the latest report of a task holds, all stay.\n"
    yield from _rows(list(columns_of(progress.ProgressRow).values()), "column")
    yield ""


def _mapping() -> Iterator[str]:
    yield "## Mapping files (TOML; `beachhead observe --mapping`)\n"
    yield "How an export with other columns becomes an observation file; columns that no key names are not read.\n"
    for name, kind in Mapping.model_fields.items():
        model = next((part for part in (kind.annotation, *get_args(kind.annotation)) if _is_section(part)), None)
        yield f"`[{name}]` {kind.description}\n"
        if model is not None:
            yield from _rows(list(columns_of(model).values()), "key")
            yield ""


def _is_section(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, Row)


def _rows(columns: list[Column], first: str) -> Iterator[str]:
    yield f"| {first} | meaning | written as | unit | range | if blank |"
    yield "|---|---|---|---|---|---|"
    for column in columns:
        name = f"`{column.name}`" + (" **key**" if column.key else "")
        refers = f" {'⇄' if column.every else '→'} `{column.refers}`" if column.refers else ""
        meaning, _, blank = column.meaning.partition("; blank = ")
        cells = (name, meaning + refers, column.how, column.unit, range_text(column), blank or _default(column))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(column: Column) -> str:
    default = column.default
    if column.required:
        return "**required**"
    if default is None:
        return "not known"
    if isinstance(default, bool):
        return "yes" if default else "no"
    if default in ("", ()):
        return "none"
    shown = default.value if isinstance(default, Enum) else f"{default:g}" if isinstance(default, float) else default
    return f"`{shown}`"


if __name__ == "__main__":
    sys.stdout.write(columns_page())
