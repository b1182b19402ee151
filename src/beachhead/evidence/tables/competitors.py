"""competitors.csv: whom the maker is ranked against."""

from __future__ import annotations

from pydantic import model_validator

from beachhead.evidence.cell import CountryCode, CurrencyCode, Day, Number, Text, refusal
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
    enters: Day | None = column(
        "day on which it begins to sell there, `cars_per_year` being what it then comes to; blank = it sells already",
        default=None,
    )
    price_change: Number | None = column(
        "change of its real price expected beyond the market's course, as a share: -0.1 for a cut of 10 %",
        least=-0.9,
        most=2,
        default=None,
    )
    change_from: Day | None = column("day of the change; blank = the launch's first day", default=None)
    odds: Number = column("probability that it enters, or changes its price", unit="share", default=1.0)

    @model_validator(mode="after")
    def _one_move(self) -> CompetitorRow:
        if self.enters is not None and self.price_change is not None:
            raise refusal(
                "stands beside `enters`: who is not there yet changes no price",
                "leave one of the two blank",
                "price_change",
            )
        if self.change_from is not None and self.price_change is None:
            raise refusal("is the day of no change", "write price_change, or leave it blank", "change_from")
        return self


TABLE = Table(
    name="competitors",
    row=CompetitorRow,
    required=False,
    purpose="What other brands sell, market by market, in all or by model.",
)
