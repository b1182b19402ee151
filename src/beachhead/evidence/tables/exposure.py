"""exposure.csv: what is spent so that people know and have seen the car, by market and period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import model_validator

from beachhead.evidence.cell import CountryCode, CurrencyCode, Day, Number, WrittenAs, one_of, refusal
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.world.errors import Fault


class SpendKind(StrEnum):
    """What the money buys; each kind has its own usual effect."""

    AWARENESS = "awareness"
    SHOWCASE = "showcase"


class ExposureRow(Sourced):
    """Money spent in one market from a day to a day, evenly over its days; planned spending counts from its days on."""

    market: CountryCode = column("market in which it is spent", key=True, refers="markets.code")
    kind: Annotated[SpendKind, one_of(SpendKind), WrittenAs(" | ".join(SpendKind), "awareness")] = column(
        "awareness: media, sponsoring, search; showcase: pop-up stores, shows, test-drive tours", key=True
    )
    start: Day = column("first day", key=True)
    end: Day = column("last day")
    spend: Number = column(
        "spent over these days beyond what newcomers usually spend, which the prior of demand holds already",
        unit="currency",
        least=0,
    )
    currency: CurrencyCode | None = column(
        "currency of the spend; blank = the launch's", refers="fx.currency", default=None
    )
    weight: Number = column(
        "share of it that counts; less where it speaks of other products too",
        unit="share",
        default=1.0,
        above=0,
        most=1,
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> ExposureRow:
        if self.end < self.start:
            raise refusal(f"is before start {self.start}", "write the last day of the period", "end")
        return self


def no_overlap(rows: tuple[Placed[ExposureRow], ...]) -> Iterator[Fault]:
    """Periods of one market and kind stand apart, so that no money counts twice."""
    by_key: dict[tuple[str, SpendKind], list[Placed[ExposureRow]]] = defaultdict(list)
    for placed in rows:
        by_key[placed.row.market, placed.row.kind].append(placed)
    for group in by_key.values():
        group.sort(key=lambda p: (p.row.start, p.line))
        for earlier, later in pairwise(group):
            if earlier.row.start < later.row.start <= earlier.row.end:
                yield Fault(
                    file=TABLE.file,
                    row=later.line,
                    column="start",
                    written=str(later.row.start),
                    problem=f"lies within the period of line {earlier.line}, which ends {earlier.row.end}",
                    cure="end one before the other starts, or add the two into one row",
                )


TABLE = Table(
    name="exposure",
    row=ExposureRow,
    required=False,
    purpose="What is spent on awareness and showcases, market by market; its effect on demand is uncertain and learnt.",
    across=(no_overlap,),
)
