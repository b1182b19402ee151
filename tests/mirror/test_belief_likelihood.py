"""The likelihood of counts against scipy's negative binomial and against simulated sell-outs."""

import numpy as np
import pytest
from scipy.stats import nbinom

from beachhead.belief.likelihood import group_terms, total

NONE_FIXED, NONE_STOPPED = np.empty((0, 3)), np.empty((0, 5))
NO_GROUP, ONE_GROUP = np.empty(0, dtype=np.int64), np.zeros(1, dtype=np.int64)


def stopped(x, row):
    return [a[0] for a in group_terms(np.atleast_2d(x), NO_GROUP, NONE_FIXED, ONE_GROUP, np.array([row], dtype=float))]


def fixed(x, row):
    return [
        a[0] for a in group_terms(np.atleast_2d(x), ONE_GROUP, np.array([row], dtype=float), NO_GROUP, NONE_STOPPED)
    ]


def reached(n, k, log_mean):
    """P(N >= n) for size k and mean e^log_mean, by scipy."""
    return nbinom.sf(n - 1, k, k / (k + np.exp(log_mean)))


@pytest.mark.parametrize("k", [0.02, 0.7, 5.0, 300.0])
@pytest.mark.parametrize("n", [1, 30, 400])
def test_a_batch_sold_out_on_an_unknown_day_has_the_probability_of_at_least_that_demand(n, k):
    x = np.log(n) + np.array([-3.0, -1.0, 0.0, 1.0, 4.0])
    value, _, _ = stopped(x, [n, k, -np.log(k), 0, 0])
    np.testing.assert_allclose(value, np.log(reached(n, k, x)), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("k", [0.05, 2.0, 60.0])
@pytest.mark.parametrize("n", [3, 150])
def test_a_batch_sold_out_on_a_known_day_has_the_probability_of_passing_its_size_that_day(n, k):
    x = np.log(n) + np.array([-1.0, 0.0, 1.0])
    before = 0.97
    value, _, _ = stopped(x, [n, k, -np.log(k), k * before, -np.log(k)])
    expected = reached(n, k, x) - reached(n, k * before, x + np.log(before))
    np.testing.assert_allclose(np.exp(value), expected, rtol=1e-6)


def test_a_plain_count_is_negative_binomial_up_to_a_constant():
    x = np.linspace(-2, 6, 9)
    value, _, _ = fixed(x, [17, 2.5, np.log(1.4 / 2.5)])
    expected = nbinom.logpmf(17, 2.5, 2.5 / (2.5 + 1.4 * np.exp(x)))
    np.testing.assert_allclose(value - value[0], expected - expected[0], atol=1e-9)


@pytest.mark.parametrize("row", [[40, 3.0, -1.0, 2.9, -1.03], [40, 3.0, -1.0, 0, 0], [1, 0.3, 0.5, 0.2, 0.4]])
def test_slope_and_curvature_are_the_derivatives(row):
    x, h = np.linspace(-1, 7, 17), 1e-4
    _, slope, bend = stopped(x, row)
    up, down, here = stopped(x + h, row), stopped(x - h, row), stopped(x, row)
    np.testing.assert_allclose(slope, (up[0] - down[0]) / (2 * h), rtol=2e-4, atol=1e-5)
    np.testing.assert_allclose(bend, (up[1] - down[1]) / (2 * h), rtol=2e-4, atol=1e-4)
    assert (here[2] <= 1e-9).all(), "log-concave"


@pytest.mark.parametrize("x", [-60.0, -20.0, 25.0, 60.0])
def test_absurd_rates_stay_finite(x):
    for row in ([50, 4.0, -1.0, 3.95, -1.01], [50, 4.0, -1.0, 0, 0]):
        assert all(np.isfinite(part).all() for part in stopped(np.array([x]), row))


def test_the_sell_out_day_likelihood_matches_simulated_sell_outs():
    rng = np.random.default_rng(1)
    k_day, rate_day, batch, runs = 0.4, 2.0, 30, 200_000
    sold = rng.poisson(rng.gamma(k_day, rate_day / k_day, size=(runs, 40))).cumsum(axis=1)
    day = (sold < batch).sum(axis=1)  # full days before the sell-out day
    for whole in (8, 14, 20):
        row = [batch, k_day * (whole + 1), np.log(rate_day / k_day), k_day * whole, np.log(rate_day / k_day)]
        expected = float(np.exp(stopped(np.array([0.0]), row)[0][0]))
        seen = float((day == whole).mean())
        assert seen == pytest.approx(expected, abs=4 * np.sqrt(expected / runs))


def test_the_total_over_draws_is_the_sum_of_the_groups():
    rng = np.random.default_rng(2)
    of_fixed, of_stopped = np.array([0, 1, 1]), np.array([0, 2])
    counts = np.array([[5, 1.0, 0.2], [9, 2.0, -0.1], [0, 0.5, 0.0]])
    ends = np.array([[20, 2.0, 0.3, 1.9, 0.3], [7, 1.0, 0.0, 0.0, 0.0]])
    x = rng.normal(1, 1, size=(3, 4))
    value, _, _ = group_terms(x, of_fixed, counts, of_stopped, ends)
    np.testing.assert_allclose(total(x.T.copy(), of_fixed, counts, of_stopped, ends), value.sum(axis=0), rtol=1e-12)
