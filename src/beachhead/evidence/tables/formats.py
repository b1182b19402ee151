"""formats.csv: what kind of place may be opened."""

from __future__ import annotations

from beachhead.evidence.cell import Code, CurrencyCode, Flag, Number, Text, Whole
from beachhead.evidence.row import Sourced, Table, column


class FormatRow(Sourced):
    """One format of site."""

    code: Code = column("short key", key=True)
    name: Text = column("in words")
    currency: CurrencyCode | None = column(
        "currency of the amounts; blank = the launch's", refers="fx.currency", default=None
    )
    capital: Number = column("spent once to open one", unit="currency", least=0)
    opex_per_quarter: Number = column("fixed cost of one", unit="currency/quarter", least=0)
    staff: Number = column("people to be found and trained for one", unit="people", least=0, default=0.0)
    lead_quarters: Whole = column("quarters between decision and opening", unit="quarters", least=0, most=20)
    bays: Whole = column("service bays", unit="bays", least=0, default=0)
    sells: Flag = column("yes if cars are shown, tested and ordered there")
    pull: Number = column(
        "how strongly it attracts a buyer next to a store (1) at the same distance", least=0, most=100, default=1.0
    )
    cars_per_year: Number | None = column(
        "cars of a year that one can see to: sold there, or, where it does not sell, whose service it takes; "
        "blank = no limit",
        unit="cars/year",
        above=0,
        default=None,
    )


TABLE = Table(
    name="formats",
    row=FormatRow,
    required=False,
    purpose="Kinds of place that `beachhead site` may open; without it five assumed formats hold, grade C.",
)
