"""What is shipped of each trim is moved to where it is wanted, and never below nothing."""

from dataclasses import replace

import numpy as np
import pytest

from beachhead.belief.choice import OfferList, Taste, intercepts_of, shares
from beachhead.launch.adjust.changes import mix_option
from beachhead.launch.adjust.draws import World
from beachhead.launch.adjust.stake import Stake
from beachhead.world.market import Channel


def world_of(
    shipped: tuple[float, ...],
    wanted: tuple[float, ...],
    margins: tuple[float, ...],
    levels: tuple[float, ...] = (1.0,) * 8,
) -> World:
    """Draws of so many thousand cars a year, wanted in that mix."""
    codes, prices, draws = tuple("ABC"[: len(shipped)]), (40_000.0,) * len(shipped), len(levels)
    taste = Taste(
        elasticity=np.full(draws, 2.0), nest=np.full(draws, 1.0), price_spread=0.3, brand_spread=1.0, price=4e4
    )
    taken = np.tile(0.01 * np.array(wanted), (draws, 1))
    intercepts = intercepts_of(taken, taste, np.array(prices))
    scale = 1e5 * np.array(levels)
    sold = scale[:, None] * shares(intercepts, taste, np.array(prices))
    stake = Stake(
        offers=OfferList(market="NO", offers=codes, prices=prices, mix=wanted),
        margins=margins,
        kept=0.8,
        net=prices,
        shipped=shipped,
        mix_counts=(0,) * len(shipped),
        served=1.0,
        test_reach=0.1,
        size=100_000,
        channel=Channel.DEALER,
    )
    return World(
        stake=stake,
        log_elasticity=np.full(draws, np.log(2.0)),
        taste=taste,
        intercepts=intercepts,
        scale=scale,
        sold=sold,
        expected_cars=np.full(draws, sold.sum(axis=1).mean()),
        contribution=sold @ np.array(margins),
    )


def test_no_trim_gives_up_more_of_the_shipment_than_it_has():
    best = mix_option(world_of((0.05, 0.5, 0.45), (0.01, 0.54, 0.45), (-30_000.0, 5_000.0, 5_000.0)))
    assert best is not None
    assert min(best.mix.values()) >= 0.0
    assert sum(best.mix.values()) == pytest.approx(1.0)


def test_a_shipment_gains_no_more_by_its_mix_than_its_cars_could_earn():
    # where hardly anybody buys, the cars stand: what their mix does there does not grow with demand
    levels = (1e-4, 0.5, 0.9, 1.0, 1.1, 1.3, 2.0)
    world = world_of((0.7, 0.3), (0.6, 0.4), (5_000.0, 5_000.0), levels)
    best = mix_option(replace(world, stake=replace(world.stake, net=(40_000.0, 25_000.0))))
    assert best is not None
    cars = 1_000 * 1.01
    assert 0 < best.gain <= cars * 5_000
    assert abs(best.cars) <= cars
    assert best.gain_interval.low <= best.gain <= best.gain_interval.high
