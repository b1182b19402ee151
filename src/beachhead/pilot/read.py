"""Observed rows to a reading of demand.

Demand is read from orders that were not cancelled, else from deliveries, else from registrations: of those, the one
that covers most days of a key, so that a car is never counted once as an order and again as a registration; nor is it
counted in a row of its offer and again in one of all offers (`once`). Stock that ran out ends the count: on the day it
did if that is known, else all we know is that demand was at least the count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from beachhead.pilot.count import CARS, counted, funnel_of
from beachhead.pilot.once import Depths, each_once
from beachhead.world.figures import how_many
from beachhead.world.reading import DemandCount, Funnel, Observation, Reading, is_far_from_list

RUNNING = "running"
"""Batch name of the running supply of a scaled market: never a pilot."""


def is_scaled(row: Observation, scaled_since: Mapping[str, date]) -> bool:
    """Whether a row is of a scaled market's supply, whatever its batch is called; else it is a pilot's."""
    return row.batch == RUNNING or (row.market in scaled_since and row.start >= scaled_since[row.market])


def at_list(row: Observation) -> float:
    """Every row was sold at list price."""
    return 1.0


def read(
    rows: Iterable[Observation],
    *,
    default_reach: Callable[[Observation], float | None],
    scaled_since: Mapping[str, date] | None = None,
    price_point: Callable[[Observation], float] = at_list,
) -> Reading:
    """What the rows say about demand.

    Args:
        rows: current rows, in any order; rows of one key do not overlap.
        default_reach: share of full-scale demand that could have bought, for a row that does not say; None if unknown.
        scaled_since: first day on which each scaled market sold at full scale; rows from then on are not pilots.
        price_point: price asked over the list price; rows further than a factor 2 from list say nothing.
    """
    told = each_once(rows)
    ordered = sorted(told.rows, key=lambda row: (row.key, row.start))
    keys = (list(group) for _, group in groupby(ordered, key=lambda row: row.key))
    spans = [_read_key(key, default_reach, price_point) for key in keys]
    counts = [_count(span, scaled_since or {}) for key in spans for span in key if not span.left_out]
    left_out = [f"{name_of(span.row)}: {span.left_out}" for key in spans for span in key if span.left_out]
    left_out += _told_again(told.again)
    return Reading(counts=tuple(sorted(counts, key=place_of)), left_out=tuple(sorted(left_out)))


def _told_again(again: Sequence[tuple[Observation, Depths]]) -> list[str]:
    """A sentence for each kind of rows whose cars other rows count: there can be one for each week and store."""
    alike: dict[tuple[str, ...], list[Observation]] = defaultdict(list)
    for row, depths in again:
        alike[row.batch, row.market, row.channel.value, *depths].append(row)
    return [
        f"{batch} {market} {channel}, {min(row.start for row in rows)} to {max(row.end for row in rows)}: "
        f"{how_many(len(rows), f'row {own} tells', f'rows {own} tell')} of the same cars as those {counted_ones}, "
        "which are counted"
        for (batch, market, channel, own, counted_ones), rows in alike.items()
    ]


def merge(*readings: Reading) -> Reading:
    """One reading of rows that were read apart; the order of the readings does not matter."""
    return Reading(
        counts=tuple(sorted((count for reading in readings for count in reading.counts), key=place_of)),
        left_out=tuple(sorted(sentence for reading in readings for sentence in reading.left_out)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """One row as read: a count with its exposure, or the reason why it says nothing."""

    row: Observation
    funnel: Funnel = Funnel.ORDERS
    count: int = 0
    reach: float = 0.0
    end: date | None = None
    stock_bound: bool = False
    price_point: float = 1.0
    left_out: str = ""


def _read_key(
    rows: Sequence[Observation],
    default_reach: Callable[[Observation], float | None],
    price_point: Callable[[Observation], float],
) -> list[_Span]:
    """Read the rows of one key in order of time, carrying the stock from row to row."""
    funnel = funnel_of(rows)
    spans = []
    stock: int | None = None
    for row in rows:
        stock = row.opening_stock if row.opening_stock is not None else stock
        spans.append(_priced(_read_row(row, funnel, stock, default_reach), price_point(row)))
        stock = _left(row, stock, counted(row, funnel))
    return spans


def _read_row(
    row: Observation, funnel: Funnel, stock: int | None, default_reach: Callable[[Observation], float | None]
) -> _Span:
    """Read one row, given the stock with which it began as far as known."""
    count = counted(row, funnel)
    if count is None:
        return _Span(row=row, left_out=_why_uncounted(row, funnel))
    if stock == 0 and count == 0:
        return _Span(row=row, left_out="nothing was for sale; state opening_stock if more cars came")
    reach = row.reach if row.reach is not None else default_reach(row)
    if reach is None:
        return _Span(row=row, left_out="its reach is not known; state reach, or a default for the channel")
    if reach == 0:
        return _Span(row=row, left_out="its reach is 0: nobody could have bought")
    if stock == 0:  # a car came back or came late: somebody took it, and others may have found none
        return _Span(row=row, funnel=funnel, count=count, reach=reach, end=row.end, stock_bound=True)
    if row.sold_out_on is not None:
        return _Span(row=row, funnel=funnel, count=count, reach=reach, end=row.sold_out_on)
    emptied = count >= stock if stock is not None else bool(row.waitlist)
    return _Span(row=row, funnel=funnel, count=count, reach=reach, end=row.end, stock_bound=emptied)


def _priced(span: _Span, point: float) -> _Span:
    """The span at its price; left out where list price is too far away to be spoken of."""
    if span.left_out or not is_far_from_list(point):
        return replace(span, price_point=point)
    why = f"it was sold at {100 * point:,.0f} % of list price; check its price, its currency and prices.csv"
    return _Span(row=span.row, left_out=why)


def _left(row: Observation, stock: int | None, count: int | None) -> int | None:
    """Stock after a row, as far as known."""
    if row.sold_out_on is not None or stock == 0:
        return 0
    return None if stock is None or count is None else max(stock - count, 0)


def _why_uncounted(row: Observation, funnel: Funnel) -> str:
    other = next((name for name in CARS if counted(row, name) is not None), None)
    if other is None:
        return "no orders, deliveries or registrations were observed"
    return f"its {other} may be the same cars as the {funnel} of other rows of this batch"


def _count(span: _Span, scaled_since: Mapping[str, date]) -> DemandCount:
    row = span.row
    return DemandCount(
        market=row.market,
        offer=row.offer,
        start=row.start,
        end=span.end or row.end,
        count=span.count,
        reach=span.reach,
        funnel=span.funnel,
        sold_out=row.sold_out_on is not None and not span.stock_bound,
        stock_bound=span.stock_bound,
        is_pilot=not is_scaled(row, scaled_since),
        price_point=span.price_point,
        place=buyers_of(row, scaled_since),
    )


def buyers_of(row: Observation, scaled_since: Mapping[str, date]) -> str:
    """Whose buyers saw what a row counts: those of a batch in its store; once a market is scaled, of the store."""
    of = (row.channel.value, row.store) if is_scaled(row, scaled_since) else (row.batch, row.channel.value, row.store)
    return " ".join(part for part in of if part)


def place_of(count: DemandCount) -> tuple[object, ...]:
    """Market, start, offer; then everything else, so that the order is the same whatever came first."""
    rest = (count.end, count.count, count.reach, count.funnel.value, count.sold_out, count.stock_bound, count.is_pilot)
    return (count.market, count.start, count.offer, *rest, count.price_point, count.place)


def name_of(row: Observation) -> str:
    """Key and span of a row in words, as sentences about it begin."""
    where = " ".join(part for part in (row.batch, row.market, row.offer, row.channel.value, row.store) if part)
    return f"{where}, {row.start} to {row.end}"
