"""From rows to the nouns of the world, every amount in the launch's currency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from beachhead.evidence.tables.economics import EconomicsRow
from beachhead.evidence.tables.facts import FactRow
from beachhead.evidence.tables.markets import MarketRow
from beachhead.evidence.tables.offers import OfferRow
from beachhead.evidence.tables.prices import PriceRow
from beachhead.world.economics import Economics
from beachhead.world.market import Fact, Market
from beachhead.world.offer import Offer, Price


def market_nouns(rows: tuple[MarketRow, ...], facts: tuple[FactRow, ...]) -> tuple[Market, ...]:
    """Markets with their facts, in the order of the table."""
    of: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        of[fact.market].append(Fact(name=fact.name, value=fact.value, source=fact.said))
    return tuple(
        Market(
            code=row.code,
            name=row.name,
            region=row.region,
            currency=row.currency,
            bev_per_year=row.bev_per_year,
            bev_growth=row.bev_growth,
            is_home=row.home,
            facts=tuple(of[row.code]),
            source=row.said,
        )
        for row in rows
    )


def offer_nouns(rows: tuple[OfferRow, ...]) -> tuple[Offer, ...]:
    """Offers in the order of the table."""
    return tuple(
        Offer(
            code=row.code,
            model=row.model,
            trim=row.trim,
            battery_kwh=row.battery_kwh,
            features=frozenset(row.features),
            available_from=row.available_from,
            source=row.said,
        )
        for row in rows
    )


def price_nouns(rows: tuple[PriceRow, ...], rates: Mapping[str, float]) -> tuple[Price, ...]:
    """Prices in the order of the table; `rates` is the worth of one unit of each currency."""
    return tuple(
        Price(market=row.market, offer=row.offer, amount=row.amount * rates[row.currency], vat=row.vat, source=row.said)
        for row in rows
    )


def economics_nouns(rows: tuple[EconomicsRow, ...], rates: Mapping[str, float], currency: str) -> tuple[Economics, ...]:
    """Economics in the order of the table; a blank currency is the launch's own, `currency`."""
    return tuple(_economics(row, rates[row.currency or currency]) for row in rows)


def _economics(row: EconomicsRow, rate: float) -> Economics:
    return Economics(
        market=row.market,
        channel=row.channel,
        capital=row.capital * rate,
        exit_share=row.exit_share,
        opex_per_quarter=row.opex_per_quarter * rate,
        unit_margin=row.unit_margin * rate,
        reach=row.reach,
        ramp=row.ramp,
        pilot_start_fee=row.pilot_start_fee * rate,
        pilot_fee_per_quarter=row.pilot_fee_per_quarter * rate,
        pilot_cost_per_car=row.pilot_cost_per_car * rate,
        pilot_reach=row.pilot_reach,
        earliest_scale=row.earliest_scale,
        earliest_pilot=row.earliest_pilot,
        source=row.said,
    )
