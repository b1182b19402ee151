"""fx.csv: what one unit of each currency is worth in the launch's currency."""

from __future__ import annotations

from beachhead.evidence.cell import CurrencyCode, Number
from beachhead.evidence.row import Sourced, Table, column


class FxRow(Sourced):
    """One currency; all money is converted through these rates when the folder is read."""

    currency: CurrencyCode = column("currency", key=True)
    rate: Number = column("worth of one unit of it", unit="launch currency", above=0, most=1e6)


TABLE = Table(
    name="fx",
    row=FxRow,
    required=True,
    purpose="Exchange rates into the launch's currency; the launch's own currency needs no row.",
)
