"""Share of a market's buyers whom a row reached that does not say so itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache

from beachhead.pilot.read import buyers_of, is_scaled
from beachhead.world.economics import Economics
from beachhead.world.quarter import Quarter, days_by_quarter
from beachhead.world.reading import Observation

CARS_OF_PILOT_REACH = 100
"""Batch for which `pilot_reach` in economics.csv is stated."""


def default_reach(
    economics: Iterable[Economics], rows: Iterable[Observation], scaled_since: Mapping[str, date]
) -> Callable[[Observation], float | None]:
    """Reach of a row that does not state it; None where economics.csv has no row of its channel.

    A pilot's is that of all offers of its batch in the store. A scaled market's is what its channel serves by then, of
    which each store told of on these days has an equal part.
    """
    by_channel, told = {(row.market, row.channel): row for row in economics}, tuple(rows)
    stores = stores_told(told, scaled_since)
    shipped: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in told:
        offers = shipped[row.market, buyers_of(row, scaled_since)]
        offers[row.offer] = max(offers.get(row.offer, 0), row.opening_stock or 0)

    def reach(row: Observation) -> float | None:
        found = by_channel.get((row.market, row.channel))
        if found is None:
            return None
        if is_scaled(row, scaled_since):
            return served_over(found, row.start, row.end, scaled_since.get(row.market)) / stores(row)
        cars = _cars_shipped(shipped[row.market, buyers_of(row, scaled_since)])
        return min(1.0, found.pilot_reach * (cars or row.opening_stock or CARS_OF_PILOT_REACH) / CARS_OF_PILOT_REACH)

    return reach


def stores_told(rows: Iterable[Observation], scaled_since: Mapping[str, date]) -> Callable[[Observation], int]:
    """Of a scaled market's row, the stores of its channel that rows tell of on its days; 1 for a row of the channel."""
    spans: dict[tuple[str, str], dict[str, set[tuple[date, date]]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        if row.store and is_scaled(row, scaled_since):
            spans[row.market, row.channel.value][row.store].add((row.start, row.end))

    @cache
    def beside(market: str, channel: str, start: date, end: date) -> int:
        stores = spans[market, channel].values()
        return sum(any(first <= end and last >= start for first, last in of_store) for of_store in stores)

    def count(row: Observation) -> int:
        return max(beside(row.market, row.channel.value, row.start, row.end), 1) if row.store else 1

    return count


def _cars_shipped(by_offer: Mapping[str, int]) -> int:
    """Cars of all offers together; a row of the whole beside rows of its offers tells of the same cars."""
    return max(by_offer.get("", 0), sum(cars for offer, cars in by_offer.items() if offer))


def served_over(found: Economics, start: date, end: date, since: date | None) -> float:
    """Share of full-scale demand that a scaled market's channel serves in the mean of these days, 0..1.

    Args:
        found: of the market and channel.
        start: first day.
        end: last day, included.
        since: first day of the quarter in which the market was scaled; days before it count as of that quarter. None
            where nobody knows: it has then been selling for long.
    """
    if since is None:
        return found.reach * found.ramp[-1]
    begun, parts = Quarter.of(since), days_by_quarter(start, end)
    return sum(n * found.served(max(quarter - begun, 0)) for quarter, n in parts) / sum(n for _, n in parts)
