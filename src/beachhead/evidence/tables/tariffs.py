"""tariffs.csv: duties by origin and destination, with dates, quotas and scenario odds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from pydantic import model_validator

from beachhead.evidence.cell import Code, CountryCode, CurrencyCode, Number, Whole, refusal
from beachhead.evidence.row import Placed, Table, column
from beachhead.evidence.tables.periods import Dated, first, last, odds_gaps, overlaps
from beachhead.world.errors import Fault


class TariffRow(Dated):
    """What a car built in one country pays at another's border, in one scenario, from a day to a day."""

    origin: CountryCode = column("country in which the car is built", key=True)
    destination: CountryCode = column("market at whose border the duty is paid", key=True, refers="markets.code")
    scenario: Code = column("which course of events, such as minimum_price", key=True, default="expected")
    odds: Number = column("probability of the scenario; those in force on a day sum to 1", unit="share", default=1.0)
    duty: Number = column("all border duties together, on the customs value", unit="share of value", least=0, most=10)
    duty_over_quota: Number | None = column(
        "duty on cars beyond the quota", unit="share of value", least=0, most=10, default=None
    )
    quota_cars_per_year: Whole | None = column(
        "cars a year, of all makers together, that enter at `duty`; blank = no quota",
        unit="cars/year",
        least=0,
        default=None,
    )
    minimum_price: Number | None = column(
        "lowest import price per car promised instead of a duty", unit="currency", least=0, default=None
    )
    currency: CurrencyCode | None = column(
        "currency of minimum_price; blank = the launch's", refers="fx.currency", default=None
    )

    @model_validator(mode="after")
    def _holds_together(self) -> TariffRow:
        if (self.quota_cars_per_year is None) != (self.duty_over_quota is None):
            column_missing = "duty_over_quota" if self.duty_over_quota is None else "quota_cars_per_year"
            raise refusal("stands without its partner", "write both the quota and the duty beyond it", column_missing)
        return self


def spans_do_not_overlap(rows: tuple[Placed[TariffRow], ...]) -> Iterator[Fault]:
    """One duty a day for an origin, destination and scenario."""
    return overlaps(
        rows, "tariffs.csv", lambda r: (r.origin, r.destination, r.scenario), "origin, destination, scenario"
    )


def odds_sum_to_one(rows: tuple[Placed[TariffRow], ...]) -> Iterator[Fault]:
    """On every day, the odds of the scenarios in force for an origin and destination sum to 1."""
    groups: dict[tuple[str, str], list[Placed[TariffRow]]] = defaultdict(list)
    for placed in rows:
        groups[placed.row.origin, placed.row.destination].append(placed)
    for (origin, destination), group in groups.items():
        if any(spans_do_not_overlap(tuple(group))):
            continue  # that is the fault to mend first
        for day, total in odds_gaps([(first(p.row), last(p.row), p.row.odds) for p in group])[:1]:
            line = next(p.line for p in group if first(p.row) <= day <= last(p.row))
            since = "" if day == date.min else f" from {day}"
            yield Fault(
                file="tariffs.csv",
                row=line,
                column="odds",
                written=f"{total:g}",
                problem=f"is the sum of the odds of all scenarios for {origin} to {destination}{since}",
                cure="let the odds of scenarios in force on the same day sum to 1",
            )


TABLE = Table(
    name="tariffs",
    row=TariffRow,
    required=False,
    purpose="Border duties by origin and destination, with effective dates, quotas and scenario odds.",
    across=(spans_do_not_overlap,),
    whole=(odds_sum_to_one,),
)
