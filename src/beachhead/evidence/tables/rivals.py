"""rivals.csv: what other makers sold, year by year, for ranks among makers."""

from __future__ import annotations

from beachhead.evidence.cell import Code, Number, Text, Whole
from beachhead.evidence.row import Sourced, Table, column


class RivalRow(Sourced):
    """Battery-electric cars of one brand in one year and place."""

    scope: Code = column(
        "market or region of markets.csv; `elsewhere` for places outside the launch; `world` for a maker's own total",
        key=True,
    )
    brand: Text = column("brand; the launch's own brand is left out of its rivals", key=True)
    year: Whole = column("calendar year", least=2000, most=2200, key=True)
    cars: Number = column("battery-electric cars sold or registered in that year", unit="cars/year", least=0)


TABLE = Table(
    name="rivals",
    row=RivalRow,
    required=False,
    purpose="What other makers sold year by year; ranks are counted against it.",
)
