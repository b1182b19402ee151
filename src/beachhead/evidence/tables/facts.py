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
    purpose="Every other sourced number known of a market; rooms look them up by name.",
)
