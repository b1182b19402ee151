"""renames.csv: codes that have changed since rows were observed under them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from beachhead.evidence.cell import Code, Day, Number, WrittenAs, one_of
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.world.errors import Fault

FILE = "renames.csv"


class Renamed(StrEnum):
    """What kind of code was renamed, split or merged."""

    BATCH = "batch"
    MARKET = "market"
    OFFER = "offer"
    STORE = "store"


class RenameRow(Sourced):
    """One old code and what it is now.

    One row for an old code: it was renamed, or merged into a larger whole of which it is a share. Several rows for an
    old code: it was split, and each part has a share of what was counted.
    """

    kind: Annotated[Renamed, one_of(Renamed), WrittenAs(" | ".join(Renamed), "offer")] = column(
        "what kind of code", key=True
    )
    was: Code = column("code under which rows were observed", key=True)
    now: Code = column("code of this launch", key=True)
    share: Number = column(
        "part that the old code has in the new one's demand (merged), or the new in the old one's (split)",
        above=0,
        most=1,
        default=1.0,
    )
    until: Day | None = column("last day on which the old code meant this; blank = always", default=None)


def unbalanced(rows: tuple[Placed[RenameRow], ...]) -> Iterator[Fault]:
    """Shares of a split or merger that do not sum to one, and codes renamed twice over."""
    splits: dict[tuple[str, str], list[Placed[RenameRow]]] = defaultdict(list)
    for placed in rows:
        splits[placed.row.kind, placed.row.was].append(placed)
    mergers: dict[tuple[str, str], list[Placed[RenameRow]]] = defaultdict(list)
    for parts in splits.values():
        if len(parts) > 1:
            yield from _not_whole(parts, f"the parts of {parts[0].row.was}")
        elif parts[0].row.share < 1:
            mergers[parts[0].row.kind, parts[0].row.now].append(parts[0])
    for parts in mergers.values():
        yield from _not_whole(parts, f"what was merged into {parts[0].row.now}")
    for placed in rows:
        again = splits.get((placed.row.kind, placed.row.now), [])
        if any(other.row.until is None for other in again):
            cure = f"name what {placed.row.now} is called now"
            problem = f"was itself renamed on line {again[0].line}"
            yield Fault(file=FILE, row=placed.line, column="now", written=placed.row.now, problem=problem, cure=cure)


def _not_whole(parts: list[Placed[RenameRow]], what: str) -> Iterator[Fault]:
    total = sum(placed.row.share for placed in parts)
    if abs(total - 1) > 1e-6:
        cure = f"let the shares of {what} sum to 1"
        written = f"{parts[-1].row.share:g}"
        problem = f"the shares sum to {total:g}"
        yield Fault(file=FILE, row=parts[-1].line, column="share", written=written, problem=problem, cure=cure)


TABLE = Table(
    name="renames",
    row=RenameRow,
    required=False,
    purpose="Codes that have changed since rows were observed under them.",
    across=(unbalanced,),
)
