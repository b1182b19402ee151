"""What a refused override was probably meant to be: the nearest key that the launch has, or one as an example."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from beachhead.evidence.cell import nearest
from beachhead.evidence.row import Column, columns_of
from beachhead.evidence.tables import TABLES
from beachhead.evidence.terms import Section, Terms

Rows = Sequence[Sequence[str]]
"""A table as it is written, its header first."""

_APART = re.compile(r"[^\w.-]+")
"""What people put between the parts of a key, a dot left aside: `NL+SU7-STD`, `NL/SU7-STD`."""
_MOVES = {"number": "*0.95", "whole number": "+1"}
"""Example of a change, by how a column is written."""
TERMS = "launch"


def meant_item(path: Sequence[str], value: str, tables: Mapping[str, Rows]) -> str:
    """`did you mean prices.NL.SU7-STD.amount=*0.95?`, or an example where nothing is near.

    Args:
        path: words of the override: table, keys, column.
        value: as written; an example has its own where the column is another than the one written.
        tables: of the launch, by name.
    """
    table = path[0] if path[0] in tables else nearest(path[0], tables)
    if table is None:
        names = f"name one of {', '.join(sorted((*tables, TERMS)))}"
        first = next((name for name in ("economics", *sorted(tables)) if len(tables.get(name, ())) > 1), None)
        return names if first is None else f"{names}; such as {_item(first, tables[first], (), '', value)[0]}"
    item, is_near = _item(table, tables[table], path[1:-1], path[-1], value)
    if is_near:
        return f"did you mean {item}?"
    keys = ", ".join(column.name for column in _key_columns(table, tables[table][0]))
    words = ", ".join(tables[table][0])
    return f"write {table}.KEY.COLUMN=VALUE, such as {item}; keys are words of {keys}, columns are {words}"


def is_term(keys: Sequence[str], name: str) -> bool:
    """Whether launch.toml may have such a key."""
    return ".".join((TERMS, *keys, name)) in _terms()


def meant_term(keys: Sequence[str], name: str, value: str) -> str:
    """The same as `meant_item`, for a key of launch.toml."""
    terms = _terms()
    heads = {path.split(".")[1] for path in terms if path.count(".") > 1}
    section = nearest((*keys, name)[0], heads)
    under = [path for path in terms if section and path.startswith(f"{TERMS}.{section}.")]
    for paths in (under, terms):
        by_name = {path.rpartition(".")[2]: path for path in paths}
        if near := nearest(name, by_name) or next((each for each in by_name if name.casefold() in each), None):
            return f"did you mean {by_name[near]}={value}?"
    named = under or [*(path for path in terms if path.count(".") == 1), *(f"{TERMS}.{head}.KEY" for head in heads)]
    return f"name one of {', '.join(sorted(named))}" + ("" if under else ", such as launch.terminal_quarters=8")


def _item(table: str, rows: Rows, keys: Sequence[str], column: str, value: str) -> tuple[str, bool]:
    """The nearest item that can be set, and whether every word written is in it or near it."""
    header, columns = rows[0], _columns(table)
    body = [row for row in rows[1:] if len(row) == len(header)]
    naming = [i for i, name in enumerate(header) if name in columns and (columns[name].key or columns[name].refers)]
    words = {row[i] for row in body for i in naming if row[i]}
    found = column if column in columns else nearest(column, {*columns, *header})
    parts = [part for key in (*keys, *(() if found or not column else (column,))) for part in _parts(key, words)]
    wanted = [_known(part, words) or nearest(part, words) for part in parts]
    row = max(body, key=lambda row: sum(word in row for word in wanted), default=[""] * len(header))
    is_near = bool(found or parts) and all(word in row for word in wanted)
    said = [word for word in wanted if word] if is_near and keys else [row[i] for i in naming if columns[header[i]].key]
    name = found or _numeric(table, header)
    path = (table, *(word for word in said if word and "." not in word), name)
    return f"{'.'.join(path)}={_value(columns.get(name), found == column, value)}", is_near


def _parts(key: str, words: set[str]) -> list[str]:
    """A key as it is if the table has it; else taken apart where each part is known or near."""
    parts = [part for part in _APART.split(key) if part]
    return [key] if _known(key, words) or not all(_known(p, words) or nearest(p, words) for p in parts) else parts


def _known(word: str, words: set[str]) -> str | None:
    return next((each for each in sorted(words) if each.casefold() == word.casefold()), None)


def _value(column: Column | None, is_as_written: bool, value: str) -> str:
    if is_as_written and value:
        return value
    return "VALUE" if column is None else _MOVES.get(column.how, column.example)


def _numeric(table: str, header: Sequence[str]) -> str:
    """The first column of a table that can be multiplied in every row; else the first that is no key."""
    others = [column for name, column in _columns(table).items() if name in header and not column.key]
    numbers = [column for column in others if column.how in _MOVES and column.required]
    return (*numbers, *others)[0].name if others else header[-1]


def _key_columns(table: str, header: Sequence[str]) -> list[Column]:
    return [column for name, column in _columns(table).items() if column.key and name in header]


def _columns(table: str) -> Mapping[str, Column]:
    return next((columns_of(made.row) for made in TABLES if made.name == table), {})


def _terms() -> list[str]:
    """Every key of launch.toml, section by section."""
    found = []
    for name, field in Terms.model_fields.items():
        made = field.annotation
        inner = made.model_fields if isinstance(made, type) and issubclass(made, Section) else {"": None}
        found += [".".join(filter(None, (TERMS, name, each))) for each in inner]
    return found
