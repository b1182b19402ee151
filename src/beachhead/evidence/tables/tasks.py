"""tasks.csv: what must be done before a market may be piloted or scaled."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import model_validator

from beachhead.evidence.cell import Code, Codes, CountryCode, Number, QuarterCell, Text, WrittenAs, one_of, refusal
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.evidence.tables.chains import circles
from beachhead.world.errors import Fault


class Blocks(StrEnum):
    """What may not begin before the task is done."""

    NOTHING = "nothing"
    PILOT = "pilot"
    SCALE = "scale"


class TaskRow(Sourced):
    """One task with its three-point duration."""

    code: Code = column("short key", key=True)
    name: Text = column("what is done")
    market: CountryCode | None = column("market it is done for; blank = all", refers="markets.code", default=None)
    owner: Text = column("who does it; blank = not yet known", default="")
    weeks_low: Number = column("duration if all goes well", unit="weeks", least=0, most=1000)
    weeks_likely: Number = column("most likely duration", unit="weeks", least=0, most=1000)
    weeks_high: Number = column("duration if much goes wrong", unit="weeks", least=0, most=1000)
    after: Codes = column("tasks that must be done before it begins", refers="tasks.code", default=())
    not_before: QuarterCell | None = column("first quarter in which it may begin; blank = the start", default=None)
    blocks: Annotated[Blocks, one_of(Blocks), WrittenAs(" | ".join(Blocks), "pilot")] = column(
        "what may not begin before it is done", default=Blocks.NOTHING
    )

    @model_validator(mode="after")
    def _durations_in_order(self) -> TaskRow:
        if not self.weeks_low <= self.weeks_likely <= self.weeks_high:
            cure = "write weeks_low <= weeks_likely <= weeks_high"
            raise refusal("is out of order with the other durations", cure, "weeks_likely")
        return self


def no_circles(rows: tuple[Placed[TaskRow], ...]) -> Iterator[Fault]:
    """What comes after what must not run in a circle."""
    return circles({p.row.code: p.row.after for p in rows}, {p.row.code: p.line for p in rows}, TABLE.file)


TABLE = Table(
    name="tasks",
    row=TaskRow,
    required=False,
    purpose="What must be done before a market may be piloted or scaled.",
    across=(no_circles,),
)
