"""competitors.csv: whom the maker is ranked against."""

from __future__ import annotations

from beachhead.evidence.cell import CountryCode, CurrencyCode, Number, Text
from beachhead.evidence.row import Sourced, Table, column


class CompetitorRow(Sourced):
    """What one brand sells in one market, with all its models or with one."""

    market: CountryCode = column("market", key=True, refers="markets.code")
    brand: Text = column("brand", key=True)
    model: Text = column("model; blank = all of the brand's", key=True, default="")
    cars_per_year: Number = column(
        "battery-electric cars registered in the latest year known", unit="cars/year", least=0
    )
    growth: Number | None = column("expected growth per year", unit="per year", least=-1, most=5, default=None)
    price: Number | None = column("displayed price, taxes included", unit="currency", above=0, default=None)
    currency: CurrencyCode | None = column(
        "currency of the price; blank = the launch's", refers="fx.currency", default=None
    )
    battery_kwh: Number | None = column("battery capacity", unit="kWh", above=0, most=1000, default=None)


TABLE = Table(
    name="competitors",
    row=CompetitorRow,
    required=False,
    purpose="What other brands sell, market by market, in all or by model.",
)
