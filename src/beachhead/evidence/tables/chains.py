"""A rule that several tables share: what comes after what may not run in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from beachhead.world.errors import Fault


def circles(after: Mapping[str, tuple[str, ...]], lines: Mapping[str, int], file: str) -> Iterator[Fault]:
    """A fault where following `after` from a code leads back to it; names one circle."""
    known = {code: tuple(one for one in before if one in after) for code, before in after.items()}
    try:
        TopologicalSorter(known).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        start = min(circle, key=lambda code: lines[code])
        yield Fault(
            file=file,
            row=lines[start],
            column="after",
            written=" ".join(after[start]),
            problem=f"runs in a circle: {_shown(circle)}",
            cure="delete one link of the circle",
        )


def _shown(circle: list[str]) -> str:
    return " after ".join(circle if len(circle) <= 6 else [*circle[:5], "...", circle[-1]])
