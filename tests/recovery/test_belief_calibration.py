"""Known truth, simulated: the belief's intervals hold what they promise, and a sell-out date is worth having."""

from dataclasses import replace

import numpy as np
import pytest

import made_up
from beachhead.belief import update
from beachhead.world.reading import Reading


def cover(launches, markets, seed, **shape):
    """Share of theta, and of beta, inside the 90 % interval over simulated launches."""
    held = made_up.belief(markets)
    inside = np.empty((launches, markets + 1))
    for i in range(launches):
        seen = made_up.launch(held, np.random.default_rng([seed, i]), **shape)
        ends = update(held, seen.reading, seed=i, draws=2000).interval(0.9)
        inside[i] = (ends[:, 0] <= seen.truth) & (seen.truth <= ends[:, 1])
    return inside[:, :-1].mean(), inside[:, -1].mean()


def test_ninety_percent_intervals_hold_the_truth_nine_times_in_ten():
    theta, beta = cover(250, 6, seed=1)
    assert 0.86 <= theta <= 0.94
    assert 0.84 <= beta <= 0.96


@pytest.mark.full
def test_over_2000_launches_with_sold_out_batches_missing_rows_and_shared_bias_90_percent_intervals_cover_88_to_92():
    theta, beta = cover(2000, 8, seed=2)
    assert 0.88 <= theta <= 0.92
    assert 0.88 <= beta <= 0.92


def sold_out_errors(launches, seed):
    """Error of log demand in sold-out pilot markets, with the sell-out day and with "demand >= batch" alone."""
    held = made_up.belief(6, size_log_sd=0.0)
    dated, plain = [], []
    for i in range(launches):
        seen = made_up.launch(
            held, np.random.default_rng([seed, i]), pilots=1.0, scaled=0.0, batch=40, unknown_day=0.0, missing=0.0
        )
        gone = sorted({c.market for c in seen.reading.counts if c.sold_out})
        if not gone:
            continue
        bound = tuple(
            replace(c, count=40, start=made_up.FIRST, sold_out=False, stock_bound=True)
            if c.sold_out else c
            for c in seen.reading.counts
            if c.sold_out or c.market not in gone
        )  # fmt: skip
        at = [held.markets.index(m) for m in gone]
        for errors, reading in ((dated, seen.reading), (plain, Reading(counts=bound))):
            errors.extend((update(held, reading, draws=1000).belief.mean - seen.truth)[at])
    return np.sqrt(np.mean(np.square(dated))), np.sqrt(np.mean(np.square(plain)))


def test_the_sell_out_day_is_worth_having():
    dated, plain = sold_out_errors(40, seed=3)
    assert dated <= 0.7 * plain


@pytest.mark.full
def test_with_the_sell_out_day_the_error_is_at_most_three_fifths_of_demand_at_least_batch():
    dated, plain = sold_out_errors(400, seed=4)
    assert dated <= 0.6 * plain
