"""Mappings of other people's exports, kept beside the launch in its folder `mappings`."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from beachhead.case.open import Launch
from beachhead.evidence.mapping import read_mapping
from beachhead.evidence.sheet import read_sheet
from beachhead.world.errors import BadInput
from beachhead.world.whole import write_whole

FOLDER = "mappings"
SHOWN_ROWS, MOST_VALUES = 5, 40
_NAME = re.compile(r"[\w-]{1,60}")
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What an export looks like.

    Attributes:
        delimiter: sign between the cells of a CSV, guessed from its first line.
        columns: names in its header.
        rows: its first rows.
        values: the different values of each column that has few.
    """

    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    values: Mapping[str, tuple[str, ...]]


def heading_of(path: Path) -> Heading:
    """Columns, first rows and values of an export; BadInput if it is no table."""
    delimiter = _delimiter(path)
    grid = read_sheet(path, path.name, delimiter=delimiter)
    if not grid.header:
        raise (
            BadInput.of(grid.faults) if grid.faults else BadInput(f"{path.name} is empty", "send a table with a header")
        )
    values = {}
    for place, column in enumerate(grid.header):
        seen = dict.fromkeys(line.cells[place] for line in grid.lines if place < len(line.cells) and line.cells[place])
        if 0 < len(seen) <= MOST_VALUES:
            values[column] = tuple(seen)
    rows = tuple(tuple(line.cells) for line in grid.lines[:SHOWN_ROWS])
    return Heading(delimiter=delimiter, columns=tuple(grid.header), rows=rows, values=values)


def mappings(launch: Launch) -> dict[str, str]:
    """The text of every mapping by name."""
    found = sorted((launch.path / FOLDER).glob("*.toml"))
    return {
        path.stem: path.read_text(encoding="utf-8", errors="replace") for path in found if _NAME.fullmatch(path.stem)
    }


def mapping_path(launch: Launch, name: str) -> Path:
    """The file of a mapping; BadInput if there is none."""
    path = launch.path / FOLDER / f"{name}.toml"
    if not _NAME.fullmatch(name) or not path.is_file():
        known = ", ".join(mappings(launch)) or "none yet"
        raise BadInput(f"no mapping is called {name!r}", f"name one of those kept: {known}")
    return path


def keep_mapping(launch: Launch, name: str, text: str) -> Path:
    """Read a mapping and keep it if nothing is wrong with it; with every fault at its line otherwise."""
    if not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} is not a name for a mapping", "use letters, digits, - and _, at most 60")
    with tempfile.TemporaryDirectory(prefix="beachhead-") as folder:
        path = Path(folder) / f"{name}.toml"
        path.write_bytes(text.encode("utf-8", errors="replace"))
        read_mapping(path)
    room = launch.path / FOLDER
    room.mkdir(exist_ok=True)
    return write_whole(room / f"{name}.toml", text.encode("utf-8", errors="replace"))


def drop_mapping(launch: Launch, name: str) -> None:
    """Take a mapping away; BadInput if there is none."""
    mapping_path(launch, name).unlink()


def _delimiter(path: Path) -> str:
    with path.open("rb") as file:
        first = file.readline(20_000).decode("utf-8", errors="replace")
    return max(_DELIMITERS, key=first.count)
