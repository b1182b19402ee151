import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.ledger import Settled, Stated, margin, score
from beachhead.ledger.score import wilson
from beachhead.world.errors import NotLearnt


def test_brier_score_of_the_documented_example():
    """scikit-learn, brier_score_loss, example: y = 0 1 1 0, p = .1 .9 .8 .3 gives 0.0375."""
    assert score([0.1, 0.9, 0.8, 0.3], [0, 1, 1, 0]).brier == pytest.approx(0.0375)


def test_log_score_of_the_documented_example():
    """scikit-learn, log_loss, example: spam ham ham spam with p(spam) .9 .1 .2 .65 gives 0.21616..."""
    assert score([0.9, 0.1, 0.2, 0.65], [1, 0, 0, 1]).log_score == pytest.approx(0.21616, abs=5e-6)


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_of_newcombes_four_examples(successes, count, low, high):
    """Newcombe 1998, Statistics in Medicine 17:857-872, table I, method 3 (score, 95 %)."""
    assert wilson(successes / count, count, z=1.959964) == pytest.approx((low, high), abs=5e-5)


def test_certainty_that_was_wrong_costs_without_bound():
    assert score([1.0, 0.5], [0, 1]).log_score == math.inf
    assert score([1.0, 0.0], [1, 0]).log_score == 0
    with pytest.raises(NotLearnt):
        score([], [])


def test_each_band_says_how_many_of_its_events_happened():
    rows = score([0.05, 0.07, 0.62, 0.68, 0.61, 1.0], [0, 1, 1, 1, 0, 1]).calibration
    assert [(row.low, row.high, row.count) for row in rows] == [(0, 0.1, 2), (0.6, 0.7, 3), (0.9, 1, 1)]
    assert [row.happened for row in rows] == pytest.approx([0.5, 2 / 3, 1])
    assert rows[1].stated == pytest.approx(0.6367, abs=1e-4)


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_the_calibration_table_loses_no_stated_odds(pairs):
    p, y = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    result = score(p, y)
    assert sum(row.count for row in result.calibration) == result.count == len(pairs)
    assert sum(row.count * row.happened for row in result.calibration) == pytest.approx(y.sum())
    assert all(row.low <= row.stated <= row.high + 1e-12 for row in result.calibration)
    assert all(row.happened_low <= row.happened <= row.happened_high for row in result.calibration)
    assert 0 <= result.brier <= 1


def test_honest_odds_score_best_in_expectation():
    """Both scores are strictly proper (Gneiting & Raftery 2007): for a true share of .3 no other odds do better."""
    happened = np.repeat([1, 0], [300, 700])
    ranked = sorted(np.arange(0.05, 1, 0.05), key=lambda p: score(np.full(1000, p), happened).brier)
    assert ranked[0] == pytest.approx(0.3)
    ranked = sorted(np.arange(0.05, 1, 0.05), key=lambda p: score(np.full(1000, p), happened).log_score)
    assert ranked[0] == pytest.approx(0.3)


def settled(name, probability, happened, day):
    stated = Stated(name=name, event=name, probability=probability, by=date(2027, 1, day))
    return Settled(stated=stated, happened=happened)


def test_a_forecaster_is_compared_on_the_events_both_gave_odds_for():
    ours = [settled("a", 0.8, True, 1), settled("b", 0.3, False, 2), settled("only ours", 0.5, True, 3)]
    theirs = [settled("b", 0.5, False, 2), settled("a", 0.5, True, 1)]
    found = margin(ours, theirs)
    gains = np.array([0.25 - 0.04, 0.25 - 0.09])
    assert (found.count, found.brier) == (2, pytest.approx(gains.mean()))
    assert found.brier_error == pytest.approx(gains.std(ddof=1) / np.sqrt(2))  # one event a day: the plain error
    with pytest.raises(NotLearnt):
        margin(ours, [])


def test_events_of_one_day_count_as_one_cluster():
    rng = np.random.default_rng(2)
    shocks = rng.normal(size=30)
    ours = [settled(f"{d} {k}", 0.5, True, d + 1) for d in range(30) for k in range(10)]
    theirs = [settled(f"{d} {k}", 0.5 + 0.1 * np.tanh(shocks[d]), True, d + 1) for d in range(30) for k in range(10)]
    gains = np.array([(1 - t.stated.probability) ** 2 - 0.25 for t in theirs])
    by_day = gains.reshape(30, 10).mean(axis=1)
    assert margin(ours, theirs).brier_error == pytest.approx(by_day.std(ddof=1) / np.sqrt(30))


def test_certainty_that_was_wrong_makes_the_margin_infinite_not_undefined():
    assert margin([settled("a", 0.5, True, 1)], [settled("a", 0.0, True, 1)]).log_score == math.inf
    ours = [settled("a", 0.5, True, 1), settled("b", 0.5, True, 2)]
    found = margin(ours, [settled("a", 0.0, True, 1), settled("b", 0.4, True, 2)])  # wrong in one, not in the other
    assert (found.log_score, found.log_error) == (math.inf, math.inf)
