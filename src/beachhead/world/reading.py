"""What was seen: observed rows, and the reading made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from beachhead.world.brief import brief
from beachhead.world.market import Channel

FARTHEST_PRICE = 2.0
"""Factor from list price beyond which sales are not taken to say anything about demand at list price."""


def is_far_from_list(point: float) -> bool:
    """Whether a price point lies further than a factor 2 from list price."""
    return not 1 / FARTHEST_PRICE <= point <= FARTHEST_PRICE


class Funnel(StrEnum):
    """Which count of the funnel a demand reading rests on, nearest to demand first."""

    ORDERS = "orders"
    DELIVERIES = "deliveries"
    REGISTRATIONS = "registrations"
    TEST_DRIVES = "test_drives"
    LEADS = "leads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One row as sent in: a span of days in one market. None means *not observed*, never 0.

    Attributes:
        batch: name of the pilot batch, or of the running supply of a scaled market.
        market: market code.
        offer: offer code.
        channel: channel sold through.
        store: store code, or "" for the whole channel.
        start: first day.
        end: last day, included.
        price: price asked, in `currency`.
        currency: ISO 4217 code of `price`.
        reach: share of the market's full-scale demand that could have bought, 0..1.
        opening_stock: cars for sale on the first day.
        leads: contacts made.
        test_drives: test drives given.
        orders: orders taken, before cancellations.
        cancellations: orders cancelled.
        deliveries: cars handed over.
        registrations: cars registered.
        sold_out_on: the day the last car was ordered.
        waitlist: buyers waiting on the last day.
    """

    batch: str
    market: str
    offer: str
    channel: Channel
    store: str
    start: date
    end: date
    price: float | None = None
    currency: str | None = None
    reach: float | None = None
    opening_stock: int | None = None
    leads: int | None = None
    test_drives: int | None = None
    orders: int | None = None
    cancellations: int | None = None
    deliveries: int | None = None
    registrations: int | None = None
    sold_out_on: date | None = None
    waitlist: int | None = None

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What may not overlap in time: batch, market, offer, channel, store."""
        return (self.batch, self.market, self.offer, self.channel.value, self.store)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandCount:
    """One observed count with its exposure: what the belief learns from.

    Attributes:
        market: market code.
        offer: offer code, "" when all offers of the market are counted together.
        start: first day on which buyers could order.
        end: last day on which they could: the sell-out day if the batch sold out, else the last day of the row.
        count: cars counted in that span.
        reach: share of full-scale demand exposed, 0..1.
        funnel: which count it is.
        sold_out: true if stock ended on `end`: then the count is a stopped count, not a fixed-time one.
        stock_bound: true if stock ended at an *unknown* day inside the span: then demand >= count is all we know.
        is_pilot: true for pilot batches, which share the early-adopter bias.
        calendar: what the calendar expects of the span against an even spread of its quarter.
        reported: share of the span's cars that has been reported, 0..1.
        per_order: how many of what was counted stand for one order: leads and test drives, 1 for cars.
        factor_log_sd: how well the three are known: standard deviation of the log of their product.
        price_point: price asked over the list price; 1 at list price.
        place: whose buyers these are, such as a batch in a store; counts of other places were made among others.
    """

    market: str
    offer: str
    start: date
    end: date
    count: int
    reach: float
    funnel: Funnel
    sold_out: bool = False
    stock_bound: bool = False
    is_pilot: bool = True
    calendar: float = 1.0
    reported: float = 1.0
    per_order: float = 1.0
    factor_log_sd: float = 0.0
    price_point: float = 1.0
    place: str = ""

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"{self.market}: span ends {self.end} before it starts {self.start}")
        if self.count < 0:
            raise ValueError(f"{self.market}: count {self.count} is negative")
        if not 0 < self.reach <= 1:
            raise ValueError(f"{self.market}: reach {self.reach} is not in (0, 1]")
        if not (self.calendar > 0 and self.per_order > 0 and 0 < self.reported <= 1 and self.factor_log_sd >= 0):
            raise ValueError(f"{self.market}: calendar {self.calendar} or share reported {self.reported} out of range")
        if not self.price_point > 0:
            raise ValueError(f"{self.market}: price point {self.price_point} is not positive")

    @property
    def counts_cars(self) -> bool:
        """True for orders, deliveries and registrations; false for the leads and test drives before them."""
        return self.funnel not in (Funnel.LEADS, Funnel.TEST_DRIVES)

    @property
    def factor(self) -> float:
        """What is expected of the span against an even and wholly reported one that counts cars."""
        return self.calendar * self.reported * self.per_order

    @property
    def years(self) -> float:
        """Length of the span in years of 365.25 days."""
        return ((self.end - self.start).days + 1) / 365.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a set of observed rows says about demand; W counts, in order of market, start and offer.

    Attributes:
        counts: the W counts.
        left_out: one sentence for each row that says nothing about demand, and why.
        allowed_for: one sentence for each thing that counts were set against: late reports, the calendar.
    """

    counts: tuple[DemandCount, ...]
    left_out: tuple[str, ...] = ()
    allowed_for: tuple[str, ...] = ()

    __repr__ = brief
