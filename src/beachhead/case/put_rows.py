"""Rows that a command puts into a table of the launch, beside what its owner wrote there."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from beachhead.case.open import Launch
from beachhead.evidence.textfile import Grid, decode, read_bytes, records
from beachhead.store import writing
from beachhead.world.errors import BadInput, Fault
from beachhead.world.whole import write_whole


def put_rows(
    launch: Launch,
    file: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, str]],
    *,
    replaces: Callable[[Mapping[str, str]], bool],
) -> Path:
    """Put rows into a table in place of those that `replaces` picks; all others stay as they are.

    The launch's store is held meanwhile, so that of two commands at once the second reads what the first has written.

    Args:
        launch: the launch.
        file: name of the table, such as `studies.csv`; it need not exist.
        columns: of the table, where the file lacks them.
        rows: (N,) by column; what is not named stays blank.
        replaces: whether a row that stands there is replaced.

    Raises:
        NotStored: if the launch may only be looked at, or another command does not let go of it.
    """
    path = launch.path / file
    with writing(launch.store):
        there = _read(path, file) if path.exists() else Grid()
        standing = [dict(zip(there.header, line.cells, strict=False)) for line in there.lines]
        text = io.StringIO()
        fields = (*there.header, *(name for name in columns if name not in there.header))
        writer = csv.DictWriter(text, fields, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*(row for row in standing if not replaces(row)), *rows])
        return write_whole(path, text.getvalue())


def _read(path: Path, file: str) -> Grid:
    """The table as the launch reads it; raises if it was spoilt since."""
    data = read_bytes(path, file)
    text = data if isinstance(data, Fault) else decode(data, file)
    grid = Grid(faults=(text,)) if isinstance(text, Fault) else records(text, file)
    if grid.faults:
        raise BadInput.of(grid.faults)
    return grid
