"""offers.csv: what is sold, a model in a trim."""

from __future__ import annotations

from beachhead.evidence.cell import Code, Codes, CurrencyCode, Number, QuarterCell, Text
from beachhead.evidence.row import Sourced, Table, column


class OfferRow(Sourced):
    """One model in one trim."""

    code: Code = column("short key, such as SU7-PRO", key=True)
    model: Text = column("model name")
    trim: Text = column("trim name")
    battery_kwh: Number = column("battery capacity", unit="kWh", above=0, most=1000)
    features: Codes = column(
        "declared features and equipment, such as lane_keep, lhd, ccs2; words of the rules (rule-files.md)", default=()
    )
    available_from: QuarterCell = column("first quarter in which it can be shipped abroad")
    mix: Number | None = column("share of this offer in what the maker sells today", unit="share", default=None)
    volume_m3: Number | None = column("room it takes on a ship", unit="m3", above=0, most=100, default=None)
    ex_works_cost: Number | None = column(
        "cost to build one car, without freight", unit="currency", least=0, default=None
    )
    currency: CurrencyCode | None = column(
        "currency of ex_works_cost; blank = the launch's", refers="fx.currency", default=None
    )


TABLE = Table(name="offers", row=OfferRow, required=True, purpose="What is sold: a model in a trim.")
