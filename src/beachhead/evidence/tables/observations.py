"""Observations: what was seen of a batch or a scaled market over a span of days; sent in, not part of the folder."""

from __future__ import annotations

from pydantic import model_validator

from beachhead.evidence.cell import (
    ChannelCell,
    Code,
    CountryCode,
    CurrencyCode,
    Day,
    Number,
    Whole,
    refusal,
)
from beachhead.evidence.row import Row, Table, column
from beachhead.world.figures import how_many
from beachhead.world.reading import Observation


class ObservationRow(Row):
    """One span of days of one batch in one market; a blank cell means not observed, never zero."""

    batch: Code = column("pilot batch; `running` for the running supply of a scaled market", key=True)
    market: CountryCode = column("market", key=True, refers="markets.code")
    offer: Code | None = column("offer; blank = all offers together", key=True, refers="offers.code", default=None)
    channel: ChannelCell = column("channel sold through", key=True)
    store: Code | None = column("store; blank = the whole channel", key=True, default=None)
    start: Day = column("first day, or an instant with its offset from UTC", key=True)
    end: Day = column("last day, included; an instant at midnight ends the day before", key=True)
    price: Number | None = column(
        "price asked, taxes included as displayed; sales at another than that of prices.csv are read as demand at list "
        "price; blank = that of prices.csv",
        unit="currency",
        above=0,
        default=None,
    )
    currency: CurrencyCode | None = column("currency of the price", refers="fx.currency", default=None)
    reach: Number | None = column(
        "share of the market's full-scale demand that could have bought; blank = the plan's own assumption",
        unit="share",
        default=None,
    )
    opening_stock: Whole | None = column("cars for sale on the first day", unit="cars", least=0, default=None)
    leads: Whole | None = column("contacts made", least=0, default=None)
    test_drives: Whole | None = column("test drives given", least=0, default=None)
    orders: Whole | None = column("orders taken, those cancelled since included", unit="cars", least=0, default=None)
    cancellations: Whole | None = column("how many of these orders were cancelled", unit="cars", least=0, default=None)
    deliveries: Whole | None = column("cars handed over", unit="cars", least=0, default=None)
    registrations: Whole | None = column("cars registered", unit="cars", least=0, default=None)
    sold_out_on: Day | None = column("day on which the last car was ordered; blank = not sold out", default=None)
    waitlist: Whole | None = column("buyers waiting on the last day", least=0, default=None)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> ObservationRow:
        if self.end < self.start:
            raise refusal(f"is before the start {self.start}", "exchange the two dates, or mend one", "end")
        if self.sold_out_on is not None and not self.start <= self.sold_out_on <= self.end:
            cure = "name a day within the row, or split the row there"
            raise refusal(f"is not between {self.start} and {self.end}", cure, "sold_out_on")
        if self.orders is not None and (self.cancellations or 0) > self.orders:
            cure = "count only cancellations of this row's orders; correct the earlier row for those of earlier orders"
            raise refusal(f"is more than the {how_many(self.orders, 'order')}", cure, "cancellations")
        if self.price is not None and self.currency is None:
            raise refusal("has no currency", "write the currency of the price, such as EUR", "price")
        return self

    @property
    def noun(self) -> Observation:
        """The row as a noun of the world."""
        return Observation(**self.model_dump() | {"offer": self.offer or "", "store": self.store or ""})


KEY = ("batch", "market", "offer", "channel", "store", "start", "end")
MEASURED = tuple(name for name in ObservationRow.model_fields if name not in KEY)
COUNTS = ("opening_stock", "leads", "test_drives", "orders", "cancellations", "deliveries", "registrations", "waitlist")
DAYS = ("start", "end", "sold_out_on")

TABLE = Table(
    name="observations",
    row=ObservationRow,
    required=False,
    purpose="What was seen of a batch, or of a scaled market, over a span of days.",
)
