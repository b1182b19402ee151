"""tasks.csv: what must be done before a market may be piloted or scaled."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import model_validator

from beachhead.evidence.cell import (
    Code,
    Codes,
    CurrencyCode,
    Day,
    Number,
    Numbers,
    QuarterCell,
    Text,
    WrittenAs,
    one_of,
    refusal,
)
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.evidence.tables.chains import circles
from beachhead.world.errors import Fault


class Blocks(StrEnum):
    """What may not begin before the task is done."""

    NOTHING = "nothing"
    PILOT = "pilot"
    SCALE = "scale"


class Shape(StrEnum):
    """How a duration is spread between its points."""

    PERT = "pert"
    TRIANGLE = "triangle"
    UNIFORM = "uniform"
    LOGNORMAL = "lognormal"


class TaskRow(Sourced):
    """One task with its three-point duration; a gate is a task that takes no time and is due on a day."""

    code: Code = column("short key", key=True)
    name: Text = column("what is done")
    markets: Codes = column("markets or regions of markets.csv it is done for; blank = all", default=())
    owner: Code | None = column("role that answers for it; blank = not yet known", refers="roles.code", default=None)
    weeks_low: Number = column("duration if all goes well", unit="weeks", least=0, most=1000)
    weeks_likely: Number = column("most likely duration", unit="weeks", least=0, most=1000)
    weeks_high: Number = column("duration if much goes wrong", unit="weeks", least=0, most=1000)
    shape: Annotated[Shape, one_of(Shape), WrittenAs(" | ".join(Shape), "pert")] = column(
        "how it is spread: pert, triangle and uniform never leave low to high; of lognormal these are the 10 % and "
        "90 % quantiles",
        default=Shape.PERT,
    )
    after: Codes = column("tasks that must be done before it begins", refers="tasks.code", default=())
    not_before: QuarterCell | None = column(
        "first quarter in which it may begin; blank = once what it comes after is done, else the start of the launch",
        default=None,
    )
    due: Day | None = column("day by which it must be done; a gate opens on it; blank = none", default=None)
    uses: Codes = column("roles and shared resources busy while it runs", refers="roles.code", default=())
    amounts: Numbers = column("units of each of `uses`, in the same order; blank = one of each", default=())
    blocks: Annotated[Blocks, one_of(Blocks), WrittenAs(" | ".join(Blocks), "pilot")] = column(
        "what may not begin before it is done; what blocks a pilot blocks scaling too", default=Blocks.NOTHING
    )
    cost: Number = column("spent on it besides wages", unit="currency", least=0, default=0.0)
    currency: CurrencyCode | None = column(
        "currency of the cost; blank = the launch's", refers="fx.currency", default=None
    )
    started_on: Day | None = column("day on which work began; blank = not yet", default=None)
    finished_on: Day | None = column("day on which it was done; blank = not yet", default=None)

    @model_validator(mode="after")
    def _holds_together(self) -> TaskRow:
        if not self.weeks_low <= self.weeks_likely <= self.weeks_high:
            cure = "write weeks_low <= weeks_likely <= weeks_high"
            raise refusal("is out of order with the other durations", cure, "weeks_likely")
        if self.shape is Shape.LOGNORMAL and self.weeks_low == 0 < self.weeks_high:
            raise refusal("is zero for a log-normal duration", "write a low point above 0", "weeks_low")
        if self.amounts and len(self.amounts) != len(self.uses):
            cure = f"write {len(self.uses)} numbers, one for each of uses"
            raise refusal(f"has {len(self.amounts)} numbers for {len(self.uses)} resources", cure, "amounts")
        if any(amount < 1 or not amount.is_integer() for amount in self.amounts):
            raise refusal("is not made of whole units", "write whole numbers from 1 on", "amounts")
        if self.finished_on is not None and self.started_on is not None and self.finished_on < self.started_on:
            raise refusal(f"is before the start {self.started_on}", "exchange the two days, or mend one", "finished_on")
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
