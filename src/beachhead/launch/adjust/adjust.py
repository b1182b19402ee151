"""What to change in a market: price, trim list or mix of the shipment; the gain, its odds, and what would settle it.

Gains are a year's contribution at full scale, paired over draws of demand, elasticity, nearness of the trims and mix.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.choice import ChoiceFit, Learnt, cross_elasticities, shares
from beachhead.launch.adjust.changes import Option, expected_gains, mix_option, price_options
from beachhead.launch.adjust.draws import Interval, World, expected, interval, normals, weighed, world_of
from beachhead.launch.adjust.settling import Settling, settling
from beachhead.launch.adjust.stake import Stake
from beachhead.world.market import Channel

Array = NDArray[np.float64]

_DRAWS = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjustment:
    """The answer for one market.

    Attributes:
        market: market code.
        channel: channel sold through.
        cars: expected cars a year at full scale, as things are.
        contribution: expected contribution a year, as things are.
        elasticity: of demand for the whole list to its prices, sign left out.
        own: (J, J) mean elasticities: change in % of demand for the row's offer when the column's price rises by 1 %.
        own_interval: by offer, interval of the elasticity to its own price.
        contrast: widest change of the mean price seen so far in this market, on the log; 0: the prior speaks.
        options: best first.
        best: the option with the largest expected gain; None if none is expected to gain.
        settling: observations, most worth first.
        badge: what the maker's nationality costs, a year's contribution; None where it costs nothing.
    """

    market: str
    channel: Channel
    cars: float
    contribution: float
    elasticity: Interval
    own: Array
    own_interval: Mapping[str, Interval]
    contrast: float
    options: tuple[Option, ...]
    best: Option | None
    settling: tuple[Settling, ...]
    badge: Interval | None


def adjust(
    learnt: Learnt, stakes: Iterable[Stake], fit: ChoiceFit, *, draws: int = _DRAWS, seed: int = 0
) -> tuple[Adjustment, ...]:
    """The best change in each market, largest expected gain first.

    Args:
        learnt: levels and elasticities after all counts.
        stakes: one a market.
        fit: spread between people, nearness of offers, what the nationality costs.
        draws: S, rounded up to a power of two.
        seed: of the draws; each market has a stream of its own, so that leaving one out changes no other.
    """
    found = [_adjust(learnt, stake, fit, 2 ** ceil(log2(draws)), seed) for stake in stakes]
    return tuple(sorted(found, key=lambda a: (-(a.best.gain if a.best else 0.0), a.market)))


def _adjust(learnt: Learnt, stake: Stake, fit: ChoiceFit, draws: int, seed: int) -> Adjustment:
    world = world_of(learnt, stake, fit, draws, seed)
    options, drawn = price_options(world)
    mixed = mix_option(world)
    ranked = sorted([*options, *([mixed] if mixed else [])], key=lambda o: -o.gain)
    own = cross_elasticities(world.intercepts, world.taste, np.array(stake.offers.prices))
    best = ranked[0] if ranked and ranked[0].gain > 0 else None
    return Adjustment(
        market=stake.offers.market,
        channel=stake.channel,
        cars=float(world.expected_cars.mean()),
        contribution=float(expected(world, weighed(world).contribution).mean()),
        elasticity=interval(np.exp(world.log_elasticity)),
        own=own.mean(axis=0),
        own_interval={code: interval(own[:, j, j]) for j, code in enumerate(stake.offers.offers)},
        contrast=learnt.contrasts.get(stake.offers.market, 0.0),
        options=tuple(ranked),
        best=best,
        settling=settling(world, options, expected_gains(world), drawn, learnt, best.gain if best else 0.0),
        badge=_badge(world, fit, draws, seed) if stake.penalised else None,
    )


def _badge(world: World, fit: ChoiceFit, draws: int, seed: int) -> Interval:
    """Contribution lost to the maker's nationality: what a price cut that offsets it would bring if it were free."""
    cut = fit.penalty_share + fit.penalty_sd * normals(world.stake.offers.market, draws, 1, seed + 1)[:, 0]
    prices = np.array(world.stake.offers.prices) - cut[:, None].clip(0.0, 0.6) * world.taste.price
    sold = world.scale[:, None] * shares(world.intercepts, world.taste, prices)
    return interval((sold - world.sold) @ (np.array(world.stake.margins) - world.stake.car_price))
