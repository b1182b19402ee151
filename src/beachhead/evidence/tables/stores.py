"""stores.csv: the shops, agents and dealers that stand already."""

from __future__ import annotations

from beachhead.evidence.cell import ChannelCell, Code, CountryCode, Flag, Number, QuarterCell, Text, Whole
from beachhead.evidence.row import Sourced, Table, column


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
    sells_cars: Flag = column("yes if cars can be shown and ordered there today", default=False)
    closable: Flag = column("yes if `beachhead site` may close it, and open another instead", default=False)
    service_bays: Whole | None = column("car service bays; blank = not known", unit="bays", least=0, default=None)


TABLE = Table(
    name="stores",
    row=StoreRow,
    required=False,
    purpose="Stores, agents and dealers that stand already or are decided; one row may stand for several.",
)
