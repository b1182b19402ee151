"""The bands of stated odds hold what they say when outcomes hang together; bands for lone events do not."""

from __future__ import annotations

import numpy as np
import pytest

from beachhead.ledger.score import cluster_interval, score, wilson
from programme import Asked, bands_cover


def odds_of_a_replay() -> Asked:
    """Fourteen quarters, from one market to fourteen; of each, odds of three levels of one count, as replays ask."""
    rng = np.random.default_rng(2)
    markets = np.array([1, 1, 1, 2, 2, 4, 7, 12, 13, 13, 14, 12, 13, 13])
    quarter_of = np.repeat(np.arange(14), markets)
    centre = rng.normal(0.1, 0.5, markets.sum())
    levels = centre[:, None] + np.array([0.9, 0.0, -0.8])
    probability = 1 / (1 + np.exp(-1.7 * levels))
    return Asked(
        probability=probability.ravel(),
        outcome=np.repeat(np.arange(markets.sum()), 3),
        quarter=np.repeat(quarter_of, 3),
    )


@pytest.mark.parametrize("correlation", [0.0, 0.2, 0.39])
def test_bands_that_take_days_together_hold_ninety_percent_or_a_little_more(correlation):
    _, together = bands_cover(odds_of_a_replay(), correlation, repeats=250)
    assert 0.88 <= together <= 0.96


def test_bands_for_lone_events_hold_too_little_when_markets_move_together():
    right, _ = bands_cover(odds_of_a_replay(), 0.0, repeats=250)
    wrong, _ = bands_cover(odds_of_a_replay(), 0.39, repeats=250)
    assert right >= 0.88
    assert wrong <= 0.84


def test_events_that_stand_alone_have_the_interval_of_wilson():
    rng = np.random.default_rng(3)
    odds, came = rng.random(200), rng.random(200) < 0.5
    for row in score(odds, came).calibration:
        assert (row.clustered_low, row.clustered_high) == (row.happened_low, row.happened_high)
        assert row.clusters == row.count
    assert cluster_interval(0.3, np.ones(40, dtype=int), 0.5) == wilson(0.3, 40)


def test_events_of_one_day_alone_say_nothing_of_calibration():
    (row,) = score([0.31, 0.32, 0.33], [1, 1, 1], cluster=[7, 7, 7]).calibration
    assert (row.clustered_low, row.clustered_high) == (0.0, 1.0)


def test_the_more_alike_the_wider():
    sizes = np.array([3, 4, 5, 6])
    widths = [np.diff(cluster_interval(0.4, sizes, likeness))[0] for likeness in (0.0, 0.1, 0.5, 1.0)]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
