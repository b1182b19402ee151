"""Which share of a market's demand a count of one offer stands for: its share of the offers to be had on its days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

from beachhead.world.reading import DemandCount

OfferShares = dict[tuple[str, str, str, date, date], float]
"""By market, place, offer, first and last day of a count, share of demand there, 0..1; 1 where nothing is told."""


def offer_shares(counts: Iterable[DemandCount], mix: Mapping[tuple[str, str], float] | None = None) -> OfferShares:
    """Mean over the days of each count of its offer's part of the mix of what was counted in its place that day.

    Offers sold one after the other, or to buyers of other places, are each all that there was to buy; those sold
    together share the demand, wherever their rows begin and end. Of places with a single offer nothing is told.

    Args:
        counts: everything counted; what else could be had on a day is read off them too.
        mix: weight of each market's offers in its demand; equal in a place where an offer counted has none.
    """
    spans: dict[tuple[str, str], set[tuple[str, date, date]]] = defaultdict(set)
    for count in counts:
        if count.offer:
            spans[count.market, count.place].add((count.offer, count.start, count.end))
    found: OfferShares = {}
    for (market, place), mine in spans.items():
        weights = _weights(market, {offer for offer, _, _ in mine}, mix or {})
        if len(weights) == 1:
            continue
        on_day: dict[int, set[str]] = defaultdict(set)
        for offer, start, end in mine:
            for day in range(start.toordinal(), end.toordinal() + 1):
                on_day[day].add(offer)
        all_of_day = {day: sum(weights[offer] for offer in sorted(offers)) for day, offers in on_day.items()}
        for offer, start, end in mine:
            days = range(start.toordinal(), end.toordinal() + 1)
            found[market, place, offer, start, end] = sum(weights[offer] / all_of_day[day] for day in days) / len(days)
    return found


def _weights(market: str, offers: set[str], mix: Mapping[tuple[str, str], float]) -> dict[str, float]:
    known = {offer: mix.get((market, offer), 0.0) for offer in offers}
    return known if all(weight > 0 for weight in known.values()) else dict.fromkeys(offers, 1.0)
