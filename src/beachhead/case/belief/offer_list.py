"""What is on offer in a market, as the choice model reads it."""

from __future__ import annotations

import numpy as np

from beachhead.belief.choice import OfferList
from beachhead.case.open import Launch
from beachhead.evidence.tables.offers import OfferRow


def offer_list(launch: Launch, market: str) -> OfferList | None:
    """What is on offer in a market, at the prices of prices.csv; shares by the declared mix, equal where none is."""
    prices = [p for p in launch.folder.prices if p.market == market]
    if not prices:
        return None
    declared = {row.code: row.mix for row in launch.folder.rows(OfferRow)}
    known = [m for p in prices if (m := declared[p.offer]) is not None and m > 0]
    weight = np.array([float(declared[p.offer] or 0.0) if len(known) == len(prices) else 1.0 for p in prices])
    return OfferList(
        market=market,
        offers=tuple(p.offer for p in prices),
        prices=tuple(p.amount for p in prices),
        mix=tuple(float(w) for w in weight / weight.sum()),
    )


def declared_mix(launch: Launch) -> dict[tuple[str, str], float]:
    """By market and offer, the share of the market's demand that `offer_list` takes it to have."""
    lists = (offer_list(launch, market.code) for market in launch.folder.markets)
    return {
        (found.market, offer): share
        for found in lists
        if found is not None
        for offer, share in zip(found.offers, found.mix, strict=True)
    }
