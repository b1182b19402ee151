"""targets.csv: what the launch is meant to reach, and what follows when it is."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from beachhead.evidence.cell import Code, Codes, Number, QuarterCell, Text, WrittenAs, one_of
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.evidence.tables.chains import circles
from beachhead.world.errors import Fault


class TargetKind(StrEnum):
    """What is counted: cars in a year, cars since the start, or the place among all brands."""

    CARS_PER_YEAR = "cars_per_year"
    CARS_IN_TOTAL = "cars_in_total"
    RANK = "rank"


class TargetRow(Sourced):
    """One target; it counts from the start, or once the targets it comes after are met."""

    code: Code = column("short key", key=True)
    name: Text = column("the target in words")
    kind: Annotated[TargetKind, one_of(TargetKind), WrittenAs(" | ".join(TargetKind), "rank")] = column(
        "cars sold in the year that ends with `by`, cars sold since the start, or rank in that year"
    )
    scope: Code = column("world (home included), abroad, a region of markets.csv, or a market code", default="world")
    amount: Number = column("cars to reach, or the worst rank that still counts (5 = top five)", above=0)
    by: QuarterCell = column("last quarter that counts")
    after: Codes = column("targets that must be met before this one counts", refers="targets.code", default=())


def no_circles(rows: tuple[Placed[TargetRow], ...]) -> Iterator[Fault]:
    """What comes after what must not run in a circle."""
    return circles({p.row.code: p.row.after for p in rows}, {p.row.code: p.line for p in rows}, TABLE.file)


TABLE = Table(
    name="targets",
    row=TargetRow,
    required=False,
    purpose="What the launch is meant to reach, and which target follows when one is met.",
    across=(no_circles,),
)
