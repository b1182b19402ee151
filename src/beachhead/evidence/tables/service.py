"""service.csv: what service a car needs, what is promised, what it costs, and what quality scaling asks for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import model_validator

from beachhead.evidence.cell import Code, CurrencyCode, Flag, Number, QuarterCell, Whole, refusal
from beachhead.evidence.row import Sourced, Table, column

EVERYWHERE = "all"

ASSUMED_EUR: Mapping[str, float] = MappingProxyType(
    {
        "bay_cost": 80_000.0,
        "bay_per_quarter": 6_000.0,
        "technician_per_quarter": 16_000.0,
        "training_cost": 8_000.0,
        "van_per_quarter": 24_000.0,
        "partner_fee_per_job": 180.0,
        "roadside_per_call": 250.0,
    }
)
"""What a blank amount means, in 2026 euros of western Europe, whatever currency row and launch are in; grade C."""


def _amount(meaning: str, name: str, unit: str = "currency") -> Any:
    """An amount whose blank means euros: as a default it would be read in the currency of the row."""
    return column(f"{meaning}; blank = EUR {ASSUMED_EUR[name]:,.0f}", unit=unit, least=0, default=None)


class ServiceRow(Sourced):
    """After-sales of one market, or of all that have no row of their own."""

    market: Code = column(
        "market, or `all` for those without a row", key=True, refers="markets.code", besides=(EVERYWHERE,)
    )
    maintenance_per_year: Number = column(
        "maintenance visits of a car", unit="visits/year", least=0, most=52, default=0.6
    )
    claims_per_1000_months: Number = column(
        "warranty claims of cars older than a year, before any are seen",
        unit="claims/1,000 car-months",
        least=0,
        most=10_000,
        default=25.0,
    )
    first_year_factor: Number = column(
        "claims in a car's first year over those of later ones", least=0, most=20, default=1.5
    )
    km_per_year: Number = column(
        "distance of a car, before any odometer is read", unit="km/year", above=0, most=200_000, default=14_000.0
    )
    use_share: Number = column(
        "claims that come with distance and not with time, at 14,000 km a year, before any are seen; row `all` counts",
        unit="share",
        least=0,
        most=1,
        default=0.5,
    )
    accidents_per_year: Number = column(
        "accident repairs of a car", unit="repairs/year", least=0, most=52, default=0.06
    )
    breakdowns_per_year: Number = column("roadside calls of a car", unit="calls/year", least=0, most=366, default=0.05)
    recall_share: Number = column("recall scenario: share of the cars in use called back", unit="share", default=0.0)
    recall_quarter: QuarterCell | None = column("quarter of the recall; blank = none", default=None)
    centres: Whole | None = column(
        "service centres in every quarter; blank = those of stores.csv with bays, quarter by quarter, else by "
        "cars_per_centre as cars come",
        least=1,
        default=None,
    )
    cars_per_centre: Number = column("cars in use that one centre is built for", unit="cars", above=0, default=2000.0)
    job_hours: Number = column("mean hours of a job in the bay", unit="hours", above=0, default=2.5)
    job_cv2: Number = column("squared coefficient of variation of it", least=0, most=25, default=1.0)
    open_hours_per_week: Number = column("hours a bay works", unit="hours/week", least=1, most=168, default=45.0)
    seen_within_days: Number = column("promise: working days from call to bay", unit="days", least=0, default=5.0)
    repaired_within_hours: Number = column(
        "promise: working hours from bay to keys", unit="hours", above=0, default=16.0
    )
    promise_share: Number = column(
        "share of customers for whom each promise holds", above=0, most=0.999, unit="share", default=0.95
    )
    currency: CurrencyCode | None = column(
        "currency of the amounts given; blank = the launch's", refers="fx.currency", default=None
    )
    bay_cost: Number | None = _amount("building a bay", "bay_cost")
    bay_per_quarter: Number | None = _amount("running a bay", "bay_per_quarter", "currency/quarter")
    technician_per_quarter: Number | None = _amount("wages", "technician_per_quarter", "currency/quarter")
    training_cost: Number | None = _amount("hiring and training a technician", "training_cost")
    training_weeks: Number = column("weeks before the first job", unit="weeks", least=0, most=104, default=10.0)
    van_per_quarter: Number | None = _amount("a mobile van with its technician", "van_per_quarter", "currency/quarter")
    van_jobs_per_week: Number = column("light jobs that a van takes away", unit="jobs/week", least=0, default=12.0)
    partner_fee_per_job: Number | None = _amount("fee of a partner garage", "partner_fee_per_job", "currency/job")
    partner_jobs_per_week: Number = column("jobs that a partner takes", unit="jobs/week", least=0, default=10.0)
    roadside_per_call: Number | None = _amount("roadside assistance", "roadside_per_call", "currency/call")
    parts_fill: Number = column(
        "target: share of parts demand met at once", above=0, most=0.999, unit="share", default=0.97
    )
    most_claims: Number | None = column(
        "quality: most claims per 1,000 car-months; blank = not judged", least=0, default=None
    )
    most_late_repairs: Number | None = column(
        "quality: most jobs past the repair promise; blank = not judged", unit="share", default=None
    )
    most_repeat_repairs: Number | None = column(
        "quality: most jobs on a part repaired within 60 days before; blank = not judged", unit="share", default=None
    )
    most_parts_waits: Number | None = column(
        "quality: most jobs that waited for a part; blank = not judged", unit="share", default=None
    )
    most_unhappy: Number | None = column(
        "quality: most answers of 1 or 2 out of 5; blank = not judged", unit="share", default=None
    )
    gate: Flag = column("yes if scaling waits until quality has passed", default=False)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ServiceRow:
        if self.recall_share > 0 and self.recall_quarter is None:
            raise refusal("says when no recall comes", "write its quarter, such as 2028Q2", "recall_quarter")
        limits = (self.most_claims, self.most_late_repairs, self.most_repeat_repairs, self.most_parts_waits)
        if self.gate and all(limit is None for limit in (*limits, self.most_unhappy)):
            raise refusal("asks for quality, but no limit is given", "write most_claims, or write no", "gate")
        return self


TABLE = Table(
    name="service",
    row=ServiceRow,
    required=False,
    purpose="Service needed, promised and paid for, and the quality that scaling asks for; without it defaults hold.",
)
