"""lanes.csv: how cars travel from a plant to a market."""

from __future__ import annotations

from beachhead.evidence.cell import Code, CountryCode, CurrencyCode, Number
from beachhead.evidence.row import Sourced, Table, column


class LaneRow(Sourced):
    """One way from a plant to a market."""

    plant: Code = column("plant", key=True, refers="plants.code")
    market: CountryCode = column("market", key=True, refers="markets.code")
    mode: Code = column("how, such as ro_ro, rail, truck", key=True)
    currency: CurrencyCode | None = column(
        "currency of the cost; blank = the launch's", refers="fx.currency", default=None
    )
    cost_per_m3: Number | None = column("freight per cubic metre of car", unit="currency/m3", least=0, default=None)
    freight_per_car: Number = column(
        "freight per car that is not priced by room; duty falls on both where customs count freight",
        unit="currency/car",
        least=0,
        default=0.0,
    )
    cost_per_car: Number = column(
        "handling and delivery per car behind the border, on which no duty falls",
        unit="currency/car",
        least=0,
        default=0.0,
    )
    insurance_share: Number = column("insurance, share of the car's value", unit="share", default=0.0)
    transit_weeks: Number = column("time on the way, port dwell included", unit="weeks", least=0, most=104)
    loss_share: Number = column("cars lost or written off on the way", least=0, most=0.5, unit="share", default=0.0)
    capacity_per_quarter: Number | None = column(
        "cars it can carry; blank = no limit", unit="cars/quarter", least=0, default=None
    )


TABLE = Table(name="lanes", row=LaneRow, required=False, purpose="How cars travel from a plant to a market.")
