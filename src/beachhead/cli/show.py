"""How the command line shows things: sentences first, tables within 100 columns, one JSON object on request."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Mapping, Sequence, Set
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from beachhead.world.figures import cars, duration, how_many, money, odds, percent
from beachhead.world.quarter import Quarter
from beachhead.world.ref import Ref

__all__ = [
    "JsonFlag",
    "LaunchDir",
    "cars",
    "console",
    "duration",
    "how_many",
    "money",
    "odds",
    "percent",
    "plain",
    "say",
    "show_json",
    "show_table",
]

WIDTH = 100

LaunchDir = Annotated[Path, typer.Argument(metavar="DIR", help="The launch folder.", show_default=False)]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def console(*, err: bool = False) -> Console:
    """A console of at most 100 columns on stdout, or on stderr; colours only on a terminal."""
    stream = sys.stderr if err else sys.stdout
    wide = Console(file=stream)
    return Console(
        file=stream, width=min(WIDTH, wide.width) if wide.is_terminal else WIDTH, highlight=False, emoji=False
    )


def say(*sentences: str) -> None:
    """Print sentences, wrapped to the console; nothing in them is read as markup."""
    out = console()
    for sentence in sentences:
        out.print(escape(sentence))


def suggest(command: str) -> None:
    """Print the next command, in one line however long: a reader copies it, and a break would cut a path in two."""
    console().print(escape(f"Next: {command}"), soft_wrap=True)


def show_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", right: Set[int] = frozenset()
) -> None:
    """Print a table of ready-made cells; `right` names the columns (by number) that hold figures."""
    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console().print(table)


def show_json(answer: object) -> None:
    """Print one JSON object; dataclasses, enums, dates and arrays become plain values, NaN becomes null."""
    print(json.dumps(plain(answer), indent=2, ensure_ascii=False, allow_nan=False))


def plain(value: object) -> Any:
    """The value in terms of JSON."""
    if isinstance(value, Quarter | Ref):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Set):
        return sorted(plain(item) for item in value)
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


def page_address(listen: str, port: int) -> str:
    """What to type into a browser on this machine for a page that listens there."""
    host = "localhost" if listen.startswith("127.") or listen == "::1" else f"[{listen}]" if ":" in listen else listen
    return f"http://{host}:{port}/"
