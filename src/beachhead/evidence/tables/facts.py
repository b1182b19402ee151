"""facts.csv: every other sourced number about a market."""

from __future__ import annotations

from beachhead.evidence.cell import Code, CountryCode, Number
from beachhead.evidence.row import Sourced, Table, column


class FactRow(Sourced):
    """One number about one market."""

    market: CountryCode = column("market it is about", key=True, refers="markets.code")
    name: Code = column("what it measures, snake_case with the unit last, such as cars_registered_per_year", key=True)
    value: Number = column("the number, in the unit that ends the name")


TABLE = Table(
    name="facts",
    row=FactRow,
    required=False,
    purpose="Every other sourced number known of a market. By name are read: `brand_sales_cars_per_year` of the home "
    "market, and for the prior `gdp_per_head_ppp_usd`, `public_fast_chargers_points`, `public_slow_chargers_points`, "
    "`bev_registered_in_2024_cars` and `xiaomi_phone_share`; others are kept and shown, and move nothing.",
)
