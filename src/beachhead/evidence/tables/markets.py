"""markets.csv: the countries in which cars are, or may be, sold."""

from __future__ import annotations

from collections.abc import Iterator

from beachhead.evidence.cell import CountryCode, CurrencyCode, Flag, Number, Text
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.world.errors import Fault


class MarketRow(Sourced):
    """One country; its source is the source of `bev_per_year`, other facts stand in facts.csv."""

    code: CountryCode = column("country", key=True)
    name: Text = column("English short name")
    region: Text = column("label within which markets share a demand factor, such as nordic")
    currency: CurrencyCode = column("currency in which prices are asked there")
    bev_per_year: Number = column(
        "battery-electric cars registered in the latest year known", unit="cars/year", above=0, most=1e8
    )
    bev_growth: Number = column(
        "expected growth of that number per year over the horizon, 0.1 = 10 %", unit="per year", least=-0.9, most=2
    )
    home: Flag = column("yes for the market in which the maker is already scaled", default=False)


def one_home(rows: tuple[Placed[MarketRow], ...]) -> Iterator[Fault]:
    """At most one market is the home market."""
    homes = [placed for placed in rows if placed.row.home]
    for placed in homes[1:]:
        problem = f"is a second home market beside {homes[0].row.code} (line {homes[0].line})"
        yield Fault(
            file="markets.csv",
            row=placed.line,
            column="home",
            written="yes",
            problem=problem,
            cure="keep one home market",
        )


TABLE = Table(
    name="markets",
    row=MarketRow,
    required=True,
    purpose="Countries in which cars are, or may be, sold, the home market too; the source is that of `bev_per_year`.",
    across=(one_home,),
)
