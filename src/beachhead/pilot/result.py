"""What the rows of one pilot show of the events that were given odds when it was decided.

The odds hold for the pilot that was decided: so many cars, at that price, for so many weeks from the first day of sale.
A pilot that was run otherwise settles nothing, nor do rows that leave out more than a tenth of its weeks. A pilot that
starts late by no more than that ends with its quarter, where it is read and judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from beachhead.pilot.count import counted, funnel_of
from beachhead.pilot.once import each_once
from beachhead.pilot.read import read
from beachhead.world.figures import how_many, percent
from beachhead.world.reading import DemandCount, Observation

GRACE_DAYS = 3
"""Days by which a row may reach beyond the weeks of a pilot: thirteen weeks are 91 days, a quarter has 90 to 92."""
UNTOLD_TOLERANCE = 0.10
"""Share of its days of which no row need tell."""
BATCH_TOLERANCE = 0.10
"""Share by which the cars shipped may differ from those decided."""
PRICE_TOLERANCE = 0.025
"""Share by which the price asked may differ from the one decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotResult:
    """What came of a pilot.

    Attributes:
        market: market code.
        first: first day of sale.
        last: last day of its weeks.
        batch: cars decided.
        at_least: orders that were certainly taken within its weeks; the batch, if it sold out.
        at_most: orders that can have been taken within them: a row may reach beyond.
        sold_out: whether orders reached the cars shipped; None if the rows do not tell.
        unlike: how it was run otherwise than decided, "" if it was not.
        missing: what of its weeks no row tells of, "" if nothing.
    """

    market: str
    first: date
    last: date
    batch: int
    at_least: int
    at_most: int
    sold_out: bool | None
    unlike: str = ""
    missing: str = ""

    def within(self, low: int, high: int) -> bool | None:
        """Whether orders lay between two numbers, both included; None if the rows leave that open."""
        if low <= self.at_least and self.at_most <= high:
            return True
        return None if self.at_least <= high and low <= self.at_most else False


def result_of(
    rows: Iterable[Observation],
    *,
    batch: int,
    weeks: int,
    until: date,
    price_point: float,
    price_of: Callable[[Observation], float],
) -> PilotResult | None:
    """What the rows of a pilot show; None if they count no car.

    Args:
        rows: of one market, all of this pilot.
        batch: cars decided.
        weeks: weeks on sale that were decided.
        until: last day of the quarter in which it was decided.
        price_point: price decided, over the list price.
        price_of: price of a row over the list price.
    """
    told = sorted(each_once(rows).rows, key=lambda row: (row.key, row.start))
    keys = [list(group) for _, group in groupby(told, key=lambda row: row.key)]
    counts = read(told, default_reach=lambda row: 1.0, price_point=price_of).counts
    if not counts:
        return None
    first = min(count.start for count in counts)
    whole, most_untold = first + timedelta(days=7 * weeks - 1), int(UNTOLD_TOLERANCE * 7 * weeks)
    last = until if 0 < (whole - until).days <= most_untold else whole
    edge = last + timedelta(days=GRACE_DAYS)
    sure = sum(count.count for count in counts if count.end <= edge)
    most = sure + sum(count.count for count in counts if count.start <= last and count.end > edge)
    shipped = _shipped(keys)
    gone = all(any(row.sold_out_on is not None and row.sold_out_on <= edge for row in key) for key in keys)
    sold_out, untold = _sold_out(sure, most, shipped or batch, gone), _untold(counts, first, whole)
    if sold_out:
        sure, most, untold = batch, batch, 0
    return PilotResult(
        market=counts[0].market,
        first=first,
        last=last,
        batch=batch,
        at_least=min(sure, batch),
        at_most=min(most, batch),
        sold_out=sold_out,
        unlike=_unlike(counts, shipped, batch, sum(count.count for count in counts if count.end <= edge), price_point),
        missing=f"no row tells of {untold} of its {7 * weeks} days" if untold > most_untold else "",
    )


def _shipped(keys: Sequence[Sequence[Observation]]) -> int | None:
    """Cars that came: the first stock of every key, and what later stocks have more than was left; None if not said."""
    total = 0
    for rows in keys:
        if rows[0].opening_stock is None:
            return None
        left: int | None = 0
        for row in rows:
            if row.opening_stock is not None and left is not None:
                total += max(row.opening_stock - left, 0)
            stock = row.opening_stock if row.opening_stock is not None else left
            sold = counted(row, funnel_of(rows))
            left = None if stock is None or sold is None else max(stock - sold, 0)
    return total


def _sold_out(sure: int, most: int, stock: int, gone: bool) -> bool | None:
    if gone or sure >= stock:
        return True
    return False if most < stock else None


def _untold(counts: Sequence[DemandCount], first: date, last: date) -> int:
    """Days of the pilot's weeks that no count covers."""
    days = (last - first).days + 1
    told = {day for c in counts for day in range((c.start - first).days, (min(c.end, last) - first).days + 1)}
    return days - len(told)


def _unlike(counts: Sequence[DemandCount], shipped: int | None, batch: int, sold: int, price_point: float) -> str:
    if shipped is not None and abs(shipped / batch - 1) > BATCH_TOLERANCE:
        return f"{how_many(shipped, 'car was', 'cars were')} shipped, {batch:,} were decided"
    if sold > (1 + BATCH_TOLERANCE) * (shipped or batch) and shipped is None:
        return f"{how_many(sold, 'car was', 'cars were')} sold, of {batch:,} that were decided"
    off = next((c.price_point for c in counts if abs(c.price_point / price_point - 1) > PRICE_TOLERANCE), None)
    return "" if off is None else f"sold at {percent(off)} of list price, {percent(price_point)} was decided"
