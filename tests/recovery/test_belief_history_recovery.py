"""Made-up panels of the real one's shape: the intervals of the backtest hold what they promise."""

import numpy as np
import pytest

import made_up_panel
from beachhead.belief.history.backtest import Question, backtest
from beachhead.belief.history.peers import simple_peers

SIMPLE = tuple(p for p in simple_peers() if p.name in ("mean", "mean of last three", "last value"))


def inside(seeds, level):
    hits = []
    for seed in seeds:
        panel = made_up_panel.panel(seed)
        held = tuple(sorted({e.brand for e in panel.entries})[::2])
        scored = backtest(panel, Question(brands=held), peers=SIMPLE).scored
        hits += [abs(s.transform - 0.5) <= level / 2 for s in scored]
    return np.mean(hits)


def test_ninety_percent_intervals_hold_on_a_made_up_panel():
    assert 0.82 <= inside([0], 0.9) <= 0.97


@pytest.mark.full
def test_ninety_percent_intervals_hold_between_88_and_92_percent_over_made_up_panels():
    assert 0.88 <= inside(range(12), 0.9) <= 0.92
