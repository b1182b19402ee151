"""Tables that a user brings to siting: columns by name, in any order and case; whatever else stands in them is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beachhead.evidence.textfile import Grid, Line, separated_otherwise
from beachhead.world.errors import BadInput, Fault


def columns_of(grid: Grid, file: str, needed: Sequence[str]) -> dict[str, int]:
    """Where each column stands, by its name in small letters; raises where one is lacking or stands twice."""
    if not grid.header:
        raise BadInput.of(grid.faults or [_of_header(grid, file, "is empty", needed)])
    if other := separated_otherwise(grid.header, grid.header_row, file):
        raise BadInput.of([other])
    names = [name.strip().lower() for name in grid.header]
    lacking = [name for name in needed if name not in names]
    twice = [name for name in needed if names.count(name) > 1]
    faults = []
    if lacking:
        faults.append(_of_header(grid, file, f"lacks the column {', '.join(lacking)}", needed))
    if twice:
        faults.append(_of_header(grid, file, f"has more than one column {', '.join(twice)}", needed))
    if faults:
        raise BadInput.of(faults)
    return {name: at for at, name in reversed(list(enumerate(names)))}


def whole_lines(grid: Grid) -> Iterator[Line]:
    """Lines with a cell for each column; the faults of the grid name the others."""
    return (line for line in grid.lines if len(line.cells) == len(grid.header))


def _of_header(grid: Grid, file: str, problem: str, needed: Sequence[str]) -> Fault:
    return Fault(file=file, row=grid.header_row, problem=problem, cure=f"the header needs {', '.join(needed)}")
