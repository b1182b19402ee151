"""What is shipped of each trim is moved to where it is wanted, and never below nothing."""

import numpy as np
import pytest

from beachhead.belief.choice import OfferList, Taste, intercepts_of, shares
from beachhead.launch.adjust.changes import mix_option
from beachhead.launch.adjust.draws import World
from beachhead.launch.adjust.stake import Stake
from beachhead.world.market import Channel


def world_of(shipped: tuple[float, ...], wanted: tuple[float, ...], margins: tuple[float, ...]) -> World:
    """Eight draws that agree: a thousand cars a year, wanted in that mix."""
    codes, prices, draws = tuple("ABC"[: len(shipped)]), (40_000.0,) * len(shipped), 8
    taste = Taste(
        elasticity=np.full(draws, 2.0), nest=np.full(draws, 1.0), price_spread=0.3, brand_spread=1.0, price=4e4
    )
    taken = np.tile(0.01 * np.array(wanted), (draws, 1))
    intercepts = intercepts_of(taken, taste, np.array(prices))
    sold = 100_000 * shares(intercepts, taste, np.array(prices))
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
        scale=np.full(draws, 1e5),
        sold=sold,
        expected_cars=sold.sum(axis=1),
        contribution=sold @ np.array(margins),
    )


def test_no_trim_gives_up_more_of_the_shipment_than_it_has():
    best = mix_option(world_of((0.05, 0.5, 0.45), (0.01, 0.54, 0.45), (-30_000.0, 5_000.0, 5_000.0)))
    assert best is not None
    assert min(best.mix.values()) >= 0.0
    assert sum(best.mix.values()) == pytest.approx(1.0)
