"""What a launch folder knows of its markets that moves the share a newcomer takes there."""

from __future__ import annotations

from datetime import date
from math import log, log1p, nan

import numpy as np

from beachhead.case.open import Launch
from beachhead.evidence.folder import EURO
from beachhead.evidence.panel import COVARIATES, REFERENCE_PRICE_EUR
from beachhead.evidence.tables.areas import area_of
from beachhead.evidence.tables.offers import OfferRow
from beachhead.evidence.tables.tariffs import TariffRow
from beachhead.world.market import Market


def surroundings_of(launch: Launch) -> dict[str, dict[str, float]]:
    """By market, the covariates of the entry model in the units of the panel; NaN where the folder does not say.

    Facts are those of facts.csv (`gdp_per_head_ppp_usd`, `public_fast_chargers_points`, `public_slow_chargers_points`,
    `bev_registered_in_2024_cars`, `xiaomi_phone_share`); the duty is what is expected on the launch's first day on a
    car from the home market; the price position is that of the offer list at the declared mix.
    """
    home = next((m.code for m in launch.folder.markets if m.is_home), "")
    day = launch.folder.terms.start.first_day
    values = {m.code: _values(launch, m, home, day) for m in launch.folder.markets}
    return {code: dict(zip(COVARIATES, row, strict=True)) for code, row in values.items()}


def _values(launch: Launch, market: Market, home: str, day: date) -> tuple[float, ...]:
    def fact(name: str) -> float:
        found = market.fact(name)
        return nan if found is None or not found.value > 0 else found.value

    points = fact("public_fast_chargers_points") + fact("public_slow_chargers_points")
    registered = fact("bev_registered_in_2024_cars")
    return (
        log(market.bev_per_year),
        log(fact("gdp_per_head_ppp_usd")),
        log(points / registered),
        fact("xiaomi_phone_share"),
        log1p(_expected_duty(launch, home, market.code, day)),
        _price_position(launch, market.code),
    )


def _expected_duty(launch: Launch, origin: str, market: str, day: date) -> float:
    """Mean over scenarios of the duty in force on a day between their customs areas; NaN if none is told."""
    rows = [
        row
        for row in launch.folder.rows(TariffRow)
        if (row.origin, row.destination) == (area_of(origin), area_of(market))
        and (row.valid_from is None or row.valid_from <= day)
        and (row.valid_to is None or day <= row.valid_to)
    ]
    odds = sum(row.odds for row in rows)
    return sum(row.odds * row.duty for row in rows) / odds if odds > 0 else nan


def _price_position(launch: Launch, market: str) -> float:
    """Log of the list's mean price over what an electric car costs in the mean, both in euro."""
    prices = {p.offer: p.amount for p in launch.folder.prices if p.market == market}
    if not prices or EURO not in launch.folder.rates:
        return nan
    mix = {row.code: row.mix or 0.0 for row in launch.folder.rows(OfferRow)}
    weights = np.array([mix.get(code, 0.0) for code in prices])
    if not weights.sum() > 0:
        weights = np.ones(len(prices))
    mean = float(np.average(list(prices.values()), weights=weights))
    return log(mean / launch.folder.money(1.0, EURO) / REFERENCE_PRICE_EUR)
