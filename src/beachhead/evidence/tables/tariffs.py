"""tariffs.csv: duties by origin and destination, with dates, quotas, promised prices, origin rules and odds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import model_validator

from beachhead.evidence.cell import Code, CurrencyCode, Number, QuarterCell, Whole, WrittenAs, one_of, refusal
from beachhead.evidence.row import Placed, Table, column
from beachhead.evidence.tables.areas import AREAS, AreaCode
from beachhead.evidence.tables.forks import Said, fork_faults
from beachhead.evidence.tables.periods import Dated, first, last, odds_gaps, overlaps
from beachhead.world.errors import Fault

EXPECTED = "expected"


class CustomsBasis(StrEnum):
    """Whether customs count freight and insurance to the border (WTO customs valuation agreement, article 8.2)."""

    CIF = "cif"
    FOB = "fob"


class TariffRow(Dated):
    """What a car built in one area pays at another's border, in one scenario, from a day to a day."""

    origin: AreaCode = column("country or customs area in which the car is built", key=True)
    destination: AreaCode = column(
        "market, or customs area of markets, at whose border the duty is paid",
        key=True,
        refers="markets.code",
        besides=tuple(AREAS),
    )
    scenario: Code = column("which course of events, such as minimum_price", key=True, default=EXPECTED)
    odds: Number = column("probability of the scenario; those in force on a day sum to 1", unit="share", default=1.0)
    fork: Code | None = column(
        "what is open; rows with one fork go the same way together; blank = open for this border alone", default=None
    )
    known_from: QuarterCell | None = column(
        "first quarter in which everybody knows the scenario; blank = the launch's second quarter", default=None
    )
    duty: Number = column("all border duties together, on the customs value", unit="share of value", least=0, most=10)
    customs_value: Annotated[CustomsBasis, one_of(CustomsBasis), WrittenAs(" | ".join(CustomsBasis), "fob")] = column(
        "what the destination levies duty on: `cif`, 1.05 x ex-works cost with freight and insurance to the border, as "
        "in most countries; `fob`, without these two, as in US, CA, AU, NZ and ZA",
        default=CustomsBasis.CIF,
    )
    least_duty: Number = column("least duty per car", unit="currency/car", least=0, default=0.0)
    duty_otherwise: Number | None = column(
        "duty on cars beyond the quota, below the promised price, or short of the origin share; blank = those stay out",
        unit="share of value",
        least=0,
        most=10,
        default=None,
    )
    quota_cars_per_year: Whole | None = column(
        "cars a year, of all makers together, that enter at `duty`, a row a year where that grows; blank = no quota",
        unit="cars/year",
        least=0,
        default=None,
    )
    quota_year_from: Whole = column(
        "month with which a year of the quota begins, in whole quarters as the row itself: 3 for a year from March to "
        "February, counted from April to March",
        unit="month",
        least=1,
        most=12,
        default=1,
    )
    quota_share: Number = column("share of the quota that this maker can count on", unit="share", default=1.0)
    quota: Code | None = column(
        "name of a quota that several rows draw on, of one size on a day; blank = the border's own, whose size may "
        "change with date and scenario",
        default=None,
    )
    minimum_price: Number | None = column(
        "least net price per car promised instead of a duty", unit="currency", least=0, default=None
    )
    least_origin_share: Number = column(
        "rule of origin: share of the car's cost that must arise in `origin`", unit="share", default=0.0
    )
    currency: CurrencyCode | None = column(
        "currency of minimum_price and least_duty; blank = the launch's", refers="fx.currency", default=None
    )

    @property
    def open_question(self) -> str:
        """The fork the row hangs on."""
        return self.fork or f"{self.origin}-{self.destination}"

    @property
    def is_open(self) -> bool:
        """Whether the row may or may not come; a scenario of odds 1 is sure, one of odds 0 is ruled out."""
        return self.scenario != EXPECTED and 0 < self.odds < 1

    @model_validator(mode="after")
    def _holds_together(self) -> TariffRow:
        conditional = (self.quota_cars_per_year, self.minimum_price, self.least_origin_share or None)
        if self.duty_otherwise is not None and not any(each is not None for each in conditional):
            cure = "write the condition (quota_cars_per_year, minimum_price or least_origin_share), or clear it"
            raise refusal("stands without a condition", cure, "duty_otherwise")
        if self.quota_cars_per_year is not None and self.duty_otherwise is None:
            raise refusal(
                "stands without its partner", "write both the quota and the duty on cars beyond it", "duty_otherwise"
            )
        if self.quota is not None and self.quota_cars_per_year is None:
            raise refusal("names a quota without its cars", "write quota_cars_per_year", "quota")
        if self.quota_year_from != 1 and self.quota_cars_per_year is None:
            raise refusal("tells the year of a quota that has no cars", "write quota_cars_per_year", "quota_year_from")
        if self.scenario == EXPECTED and (self.odds != 1 or self.fork is not None):
            cure = "name the scenario, such as all_others, or write odds 1 and no fork"
            raise refusal("is not open: it is what is expected in any case", cure, "scenario")
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


def forks_hold_together(rows: tuple[Placed[TariffRow], ...]) -> Iterator[Fault]:
    """Each fork has one set of odds and one date."""
    said = [
        Said(
            line=p.line,
            fork=p.row.open_question,
            scenario=p.row.scenario,
            odds=p.row.odds,
            known_from=p.row.known_from,
        )
        for p in rows
        if p.row.scenario != EXPECTED and p.row.odds > 0
    ]
    return fork_faults(said, "tariffs.csv", sums=False)


def quotas_hold_together(rows: tuple[Placed[TariffRow], ...]) -> Iterator[Fault]:
    """A quota's years begin with one month; on a day it has one size, of which the maker has one share."""
    known: dict[str, list[Placed[TariffRow]]] = defaultdict(list)
    for placed in rows:
        row = placed.row
        if row.quota_cars_per_year is None:
            continue
        before = known[row.quota or f"{row.origin}-{row.destination}"]
        for name, what, others in (
            ("quota_year_from", "month", before),
            ("quota_cars_per_year", "cars a year", [each for each in before if row.quota and _meet(each.row, row)]),
            ("quota_share", "share", [each for each in before if row.quota and _meet(each.row, row)]),
        ):
            other = next((each for each in others if getattr(each.row, name) != getattr(row, name)), None)
            if other is not None:
                said = f" {row.quota}" if row.quota else f" of {row.origin} to {row.destination}"
                yield Fault(
                    file="tariffs.csv",
                    row=placed.line,
                    column=name,
                    written=str(getattr(row, name)),
                    problem=f"differs from line {other.line} for the same quota{said}",
                    cure=f"write the same {what}, or another name",
                )
        before.append(placed)


def _meet(one: TariffRow, other: TariffRow) -> bool:
    """Do the two rows share a day?"""
    return first(one) <= last(other) and first(other) <= last(one)


def values_one_way(rows: tuple[Placed[TariffRow], ...]) -> Iterator[Fault]:
    """A destination values every car in one way, wherever it was built."""
    told: dict[str, Placed[TariffRow]] = {}
    for placed in rows:
        known = told.setdefault(placed.row.destination, placed)
        if known.row.customs_value != placed.row.customs_value:
            yield Fault(
                file="tariffs.csv",
                row=placed.line,
                column="customs_value",
                written=placed.row.customs_value,
                problem=f"differs from line {known.line}, {known.row.customs_value}, for the same destination",
                cure=f"write cif or fob in all rows to {placed.row.destination}; blank is cif",
            )


TABLE = Table(
    name="tariffs",
    row=TariffRow,
    required=False,
    purpose="Border duties by origin and destination, with effective dates, quotas and scenario odds.",
    across=(spans_do_not_overlap, quotas_hold_together, values_one_way),
    whole=(odds_sum_to_one, forks_hold_together),
)
