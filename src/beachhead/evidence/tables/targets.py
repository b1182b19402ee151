"""targets.csv: what the launch is meant to reach, and what follows when it is."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import model_validator

from beachhead.evidence.cell import Code, Codes, Number, QuarterCell, Text, Whole, WrittenAs, one_of, refusal
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.evidence.tables.chains import circles
from beachhead.world.errors import Fault


class TargetKind(StrEnum):
    """What is counted."""

    CARS_PER_YEAR = "cars_per_year"
    CARS_IN_TOTAL = "cars_in_total"
    MARKETS_LIVE = "markets_live"
    STORES_OPEN = "stores_open"
    SERVICE_COVER = "service_cover"
    RANK = "rank"


class TargetRow(Sourced):
    """One target; it counts from the start, or once the targets it comes after are met."""

    code: Code = column("short key", key=True)
    name: Text = column("the target in words")
    kind: Annotated[TargetKind, one_of(TargetKind), WrittenAs(" | ".join(TargetKind), "rank")] = column(
        "cars sold within four quarters, cars sold since the first on record, markets that sold in each of four "
        "quarters, stores open, share of cars sold in markets with a service site of their own, or rank among makers"
    )
    scope: Code = column("world (home included), abroad, a region of markets.csv, or a market code", default="world")
    amount: Number = column(
        "what to reach: cars, markets, stores, a share, or the worst rank that still counts (5 = top five)", above=0
    )
    by: QuarterCell = column("last quarter that counts")
    after: Codes = column("targets that must be met before this one counts", refers="targets.code", default=())
    raise_share: Number | None = column(
        "share by which the next target is higher once this one is met, 0.3 = 30 %; for a rank, places closer to the "
        "top; blank = no next target",
        above=0,
        most=100,
        default=None,
    )
    raise_quarters: Whole = column(
        "quarters after `by` that the next target is given", unit="quarters", least=0, most=80, default=0
    )

    @model_validator(mode="after")
    def _amount_fits(self) -> TargetRow:
        if self.kind is TargetKind.SERVICE_COVER and self.amount > 1:
            raise refusal("is not a share", "write 0.9 for 90 %", "amount")
        whole = self.kind in (TargetKind.RANK, TargetKind.MARKETS_LIVE, TargetKind.STORES_OPEN)
        if whole and not self.amount.is_integer():
            raise refusal("is not a whole number", "write a whole number, such as 5", "amount")
        if self.kind is TargetKind.RANK and self.raise_share is not None and not self.raise_share.is_integer():
            raise refusal("is no number of places", "write how many places closer to the top, such as 1", "raise_share")
        return self


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
