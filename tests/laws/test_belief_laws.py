"""What must hold for any reading."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import made_up
from beachhead.belief import update
from beachhead.world.reading import Reading

HELD = made_up.belief(4)


@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_rows_in_any_order_give_the_same_belief_to_the_last_bit(seed, order):
    counts = list(made_up.launch(HELD, np.random.default_rng(seed)).reading.counts)
    straight = update(HELD, Reading(counts=tuple(counts)), draws=200).belief
    order.shuffle(counts)
    mixed = update(HELD, Reading(counts=tuple(counts)), draws=200).belief
    np.testing.assert_array_equal(straight.mean, mixed.mean)
    np.testing.assert_array_equal(straight.cov, mixed.cov)


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_reading_disjoint_rows_one_set_after_the_other_comes_close_to_reading_them_at_once(seed):
    held = made_up.belief(4, size_log_sd=0.0)
    counts = made_up.launch(held, np.random.default_rng(seed)).reading.counts
    even, odd = Reading(counts=counts[::2]), Reading(counts=counts[1::2])
    at_once = update(held, Reading(counts=counts)).belief
    spread = np.sqrt(np.diag(at_once.cov))
    for first, second in ((even, odd), (odd, even)):
        stepwise = update(update(held, first).belief, second).belief
        assert np.max(np.abs(stepwise.mean - at_once.mean) / spread) < 0.35


@given(st.integers(0, 10_000))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_the_posterior_is_a_proper_gaussian(seed):
    seen = made_up.launch(HELD, np.random.default_rng(seed))
    after = update(HELD, seen.reading, draws=500)
    assert after.converged
    assert np.linalg.eigvalsh(after.belief.cov).min() > 0
    assert 0 <= after.effective_sample_size <= len(after.weights) + 1e-6
