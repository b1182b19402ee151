"""prices.csv: what is asked for an offer in a market."""

from __future__ import annotations

from beachhead.evidence.cell import Code, CountryCode, CurrencyCode, Number
from beachhead.evidence.row import Sourced, Table, column


class PriceRow(Sourced):
    """The price of one offer in one market; an offer without a row is not sold there."""

    market: CountryCode = column("market", key=True, refers="markets.code", every=True)
    offer: Code = column("offer", key=True, refers="offers.code", every=True)
    amount: Number = column("price per car as displayed, taxes included", unit="currency", above=0)
    currency: CurrencyCode = column("currency of the amount", refers="fx.currency")
    vat: Number = column(
        "value-added, sales and purchase taxes contained, 0.2 = 20 % on top of the net price",
        unit="share of the net price",
        least=0,
        most=5,
    )


TABLE = Table(
    name="prices",
    row=PriceRow,
    required=True,
    purpose="What is asked for an offer in a market; an offer without a row is not sold there.",
)
