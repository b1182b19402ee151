"""stores.csv: the shops, agents and dealers that stand already."""

from __future__ import annotations

from pydantic import model_validator

from beachhead.evidence.cell import ChannelCell, Code, CountryCode, Flag, Number, QuarterCell, Text, Whole, refusal
from beachhead.evidence.row import Sourced, Table, column
from beachhead.world.quarter import Quarter


class StoreRow(Sourced):
    """One store, or a number of stores of one market whose places are not known."""

    code: Code = column("short key", key=True)
    market: CountryCode = column("market in which it stands", refers="markets.code")
    channel: ChannelCell = column("channel it belongs to")
    city: Text = column("settlement; blank = not known", default="")
    lat: Number | None = column("latitude, WGS 84", unit="degrees", least=-90, most=90, default=None)
    lon: Number | None = column("longitude, WGS 84", unit="degrees", least=-180, most=180, default=None)
    count: Whole = column("stores this row stands for", unit="stores", least=1, most=100_000, default=1)
    open_from: QuarterCell | None = column("first quarter open; blank = already", default=None)
    open_until: QuarterCell | None = column("last quarter open; blank = no end is decided", default=None)
    sells_cars: Flag = column("yes if cars can be shown and ordered there today", default=False)
    closable: Flag = column("yes if `beachhead site` may close it, and open another instead", default=False)
    service_bays: Whole | None = column("car service bays; blank = not known", unit="bays", least=0, default=None)

    def is_open(self, quarter: Quarter) -> bool:
        """Whether it is open in a quarter: from the first one open to the last, both counted in."""
        begun = self.open_from is None or self.open_from <= quarter
        return begun and (self.open_until is None or quarter <= self.open_until)

    @model_validator(mode="after")
    def _closes_after_it_opens(self) -> StoreRow:
        if self.open_from is not None and self.open_until is not None and self.open_until < self.open_from:
            cure = f"write {self.open_from} or later, or leave it blank"
            raise refusal(f"is before {self.open_from}, in which it opens", cure, "open_until")
        return self


TABLE = Table(
    name="stores",
    row=StoreRow,
    required=False,
    purpose="Stores, agents and dealers that stand already or are decided; one row may stand for several.",
)
