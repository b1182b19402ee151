"""parts.csv: spare parts that break, where they are repaired, how long they travel."""

from __future__ import annotations

from pydantic import model_validator

from beachhead.evidence.cell import Code, CurrencyCode, Number, QuarterCell, Text, refusal
from beachhead.evidence.row import Sourced, Table, column


class PartRow(Sourced):
    """One spare part."""

    code: Code = column("short key", key=True)
    name: Text = column("name")
    currency: CurrencyCode | None = column(
        "currency of the cost; blank = the launch's", refers="fx.currency", default=None
    )
    unit_cost: Number = column("cost of one, in the central store", unit="currency", above=0)
    per_1000_months: Number = column("demand of 1,000 cars in use in a month", unit="parts", least=0)
    lead_days: Number = column("days from home, or through repair there, to the central store", unit="days", least=0)
    ship_days: Number = column("days from the central store to a market", unit="days", least=0, default=4.0)
    local_repair_share: Number = column("share repaired in the market itself", unit="share", default=0.0)
    local_repair_days: Number = column("days of such a repair", unit="days", least=0, default=7.0)
    holding_share: Number = column("cost of holding one for a year", unit="share of cost", least=0, default=0.25)
    last_order: QuarterCell | None = column(
        "last quarter in which the supplier takes an order; blank = not announced", default=None
    )
    support_years: Number = column(
        "years after the last order for which cars must be served", unit="years", above=0, most=40, default=10.0
    )
    shortage_cost: Number | None = column(
        "cost of lacking one after the last order, such as a used or remade part; blank = three times its cost",
        unit="currency",
        above=0,
        default=None,
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> PartRow:
        if self.shortage_cost is not None and self.shortage_cost <= self.unit_cost:
            cure = f"write more than the {self.unit_cost:g} that it costs now, or none would be bought"
            raise refusal("is not more than the part costs", cure, "shortage_cost")
        return self


TABLE = Table(name="parts", row=PartRow, required=False, purpose="Spare parts for service and claims.")
