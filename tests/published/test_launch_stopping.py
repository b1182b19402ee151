"""An optimal-stopping problem of known value, written as a launch: plan below, bound above (benchmarks/_boxes.py)."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _boxes import BOXES, Box, bracket, value_of_boxes


def test_the_value_of_the_boxes_is_what_the_rule_of_weitzman_earns():
    rng = np.random.default_rng(0)
    prizes = np.stack(
        [box.worth * np.exp(box.sd * rng.standard_normal(200_000)) - box.capital for box in BOXES], axis=1
    )
    best, paid, looking = np.zeros(200_000), np.zeros(200_000), np.ones(200_000, dtype=bool)
    for i in sorted(range(len(BOXES)), key=lambda i: -BOXES[i].reservation()):
        looking &= best < BOXES[i].reservation()
        paid += looking * BOXES[i].fee
        best = np.where(looking, np.maximum(best, prizes[:, i]), best)
    earned = best - paid
    assert value_of_boxes(BOXES) == pytest.approx(earned.mean(), abs=4 * earned.std() / 200_000**0.5)


def test_one_box_is_worth_what_its_prize_is_hoped_to_be_less_the_fee():
    box = Box(worth=1e8, sd=0.8, capital=1.4e8, fee=5e6)
    assert value_of_boxes((box,)) == pytest.approx(box.hoped(0.0) - box.fee, rel=1e-6)


def test_plan_and_bound_bracket_the_known_value_of_the_search():
    """Weitzman 1979: width at most a fourth of the value, and the penalty does what the clairvoyant cannot."""
    found = bracket(BOXES, worlds=150)
    below, above = found.plan, found.bound
    assert 0.85 * found.known < below.mean + 2 * below.se
    assert below.mean - 2 * below.se < found.known < above.mean + 2 * above.se
    assert above.mean - below.mean < 0.25 * found.known + 2 * np.hypot(above.se, below.se)
    assert above.mean + 2 * above.se < found.clairvoyant.mean
