"""The clairvoyant programme of one world as algebra, pinned. It may change when the model, the policy or the text does.

Run this file with `PYTHONPATH=src python tests/golden/test_launch_algebra.py` to write the snapshot anew, and read what
changed.
"""

from datetime import date
from pathlib import Path

import numpy as np

from beachhead.belief.belief import Belief
from beachhead.launch.aim.steer import set_course
from beachhead.launch.draws import draw_worlds
from beachhead.launch.plan.algebra import spell, write_out
from beachhead.launch.question.problem import Problem, assemble
from beachhead.world.economics import Economics, Limits
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source

PINNED = Path(__file__).with_name("launch_algebra.lp")
MADE_UP = Source(who="made up for a test", as_of=date(2026, 1, 1), grade=Grade.C)
WORLD = np.log([9_000.0, 2_500.0])
"""Demand told: twice what the first market is believed to take, a third of what the second is."""


def two_markets_three_quarters() -> Problem:
    """Norway through an own store or a dealer, Spain through an own store that fails; capital for one a year."""
    quarters = grid(Quarter(2027, 3), 3)
    belief = Belief(
        markets=("NO", "ES"),
        quarters=quarters,
        mean=np.append(np.log([4_500.0, 7_500.0]), 0.0),
        cov=np.diag([0.25, 0.25, 0.04]),
        log_path=np.zeros((2, 3)),
        nb_size_weekly=20.0,
    )
    rows = [
        ("NO", Channel.OWN_STORE, 30e6, 1.0),
        ("NO", Channel.DEALER, 12e6, 0.7),
        ("ES", Channel.OWN_STORE, 30e6, 1.0),
    ]
    economics = [
        Economics(
            market=code, channel=channel, capital=capital, exit_share=0.4, opex_per_quarter=4e6,
            unit_margin=6e3 * reach, reach=reach, ramp=(0.5, 1.0), pilot_start_fee=5e5, pilot_fee_per_quarter=2e5,
            pilot_cost_per_car=4e3, pilot_reach=0.02, earliest_scale=quarters[0], earliest_pilot=quarters[0],
            source=MADE_UP,
        )
        for code, channel, capital, reach in rows
    ]  # fmt: skip
    limits = Limits(
        capital_per_year={2027: 35e6, 2028: 35e6},
        scale_starts_per_quarter=1,
        cars_per_quarter=(500.0, 1_000.0, 2_000.0),
        pilot_cars_per_quarter=(100.0, 100.0, 100.0),
    )
    return assemble(belief=belief, economics=economics, limits=limits, discount=0.98, terminal_quarters=10.0)


def written() -> str:
    problem = two_markets_three_quarters()
    world = draw_worlds(problem, seed=0, count=1)[0]._replace(theta=WORLD)
    return spell(write_out(problem, set_course(problem), world), "EUR", "Two markets, 2027Q3, a world made up")


def test_the_algebra_of_a_bound_is_as_it_was():
    assert written() == PINNED.read_text(encoding="utf-8")


if __name__ == "__main__":
    PINNED.write_text(written(), encoding="utf-8")
