"""What sales at another price than list say about demand at list price."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import made_up
from beachhead.belief import update
from beachhead.belief.choice import PriceResponse, choice_fit, price_response
from beachhead.belief.priced import asked_off_list, elasticities, joined, parted
from beachhead.world.reading import DemandCount, Funnel, Reading

MARKETS = 3
WIDE = replace(made_up.belief(MARKETS, size_log_sd=0.0), cov=np.diag([25.0] * MARKETS + [1e-12]))


def known(elasticity, doubt=0.0):
    """Elasticities whose logs are known up to `doubt`, shared by all markets."""
    mean = np.full(MARKETS, np.log(elasticity) - doubt**2 / 2)
    return elasticities(PriceResponse(markets=WIDE.markets, mean=mean, cov=np.full((MARKETS, MARKETS), doubt**2)))


def weeks(counts, point=1.0, market="M000", first=made_up.FIRST, reach=0.1):
    days = [first + timedelta(days=7 * n) for n in range(len(counts))]
    return tuple(
        DemandCount(
            market=market, offer="", start=day, end=day + timedelta(days=6), count=count, reach=reach,
            funnel=Funnel.ORDERS, price_point=point,
        )
        for day, count in zip(days, counts, strict=True)
    )  # fmt: skip


def learnt(before, answers, counts, **how):
    start = joined(before, answers, asked_off_list(counts))
    return parted(update(start, Reading(counts=counts), correct=False, **how), answers)


@given(st.integers(10, 100), st.sampled_from([0.8, 0.9, 1.1]))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_with_elasticity_two_known_exactly_sales_at_a_price_read_as_sales_at_list_times_its_square(hundreds, point):
    sold = (100 * hundreds, 200 * hundreds, 100 * hundreds)
    there, _ = learnt(WIDE, known(2.0), weeks(sold, point))
    here, _ = learnt(WIDE, known(2.0), weeks([round(n * point**2) for n in sold]))
    assert there.belief.mean[0] == pytest.approx(here.belief.mean[0], abs=1e-3)
    assert there.belief.mean[1] == pytest.approx(WIDE.mean[1], abs=0.05)  # other markets are apart here


@given(st.integers(0, 400), st.floats(0.5, 2.0), st.floats(0.05, 0.8))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_an_elasticity_in_doubt_never_makes_a_level_more_certain_than_one_that_is_known(cars, point, doubt):
    counts = weeks([cars, cars // 2, cars], point)
    before = made_up.belief(MARKETS, size_log_sd=0.0)
    sure, _ = learnt(before, known(3.0), counts)
    unsure, _ = learnt(before, known(3.0, doubt), counts)
    assert unsure.belief.cov[0, 0] >= sure.belief.cov[0, 0] * (1 - 1e-6)


def test_the_error_of_an_elasticity_does_not_average_out_over_weeks_or_quarters():
    answers = known(3.0, 0.4)
    floor = np.log(0.9) ** 2 * answers.cov[0, 0]
    many = weeks([4000] * 26, 0.9, reach=0.9)
    at_once, _ = learnt(WIDE, answers, many)
    assert at_once.belief.cov[0, 0] > 0.98 * floor
    held = update(joined(WIDE, answers, ("M000",)), Reading(counts=many[:13]), correct=False)
    held = update(held.belief, Reading(counts=many[13:]), correct=False)
    alone, _ = parted(held, answers)
    assert alone.belief.cov[0, 0] > 0.98 * floor


def test_two_prices_teach_the_elasticity_and_then_the_level():
    answers = known(3.0, 0.4)
    dear, cheap = weeks([4000] * 13, 1.0, reach=0.9), weeks([6000] * 13, 0.85, first=date(2027, 7, 5), reach=0.9)
    before = replace(WIDE, log_path=np.zeros_like(WIDE.log_path))
    one, _ = learnt(before, answers, cheap)
    both, after = learnt(before, answers, dear + cheap)
    assert both.belief.cov[0, 0] < 0.1 * one.belief.cov[0, 0]
    assert after.mean[0] == pytest.approx(np.log(6000 / 4000) / -np.log(0.85), rel=0.05)
    assert after.cov[0, 0] < 0.2 * answers.cov[0, 0]
    assert after.mean[1] == pytest.approx(after.mean[0], rel=1e-6)  # what one market teaches, all share


def test_at_list_price_nothing_is_joined_and_no_bit_differs():
    seen = made_up.launch(made_up.belief(4), np.random.default_rng(3)).reading
    before = made_up.belief(4)
    answers = elasticities(price_response(before.markets, choice_fit()))
    start = joined(before, answers, asked_off_list(seen.counts))
    assert start is before
    direct, apart = update(before, seen, draws=200), parted(update(start, seen, draws=200), answers)
    np.testing.assert_array_equal(direct.belief.mean, apart[0].belief.mean)
    np.testing.assert_array_equal(direct.belief.cov, apart[0].belief.cov)
    assert apart[1] is answers


def test_a_count_at_another_price_is_not_read_without_an_elasticity():
    with pytest.raises(ValueError, match="join its elasticity"):
        update(WIDE, Reading(counts=weeks([5], 0.9)), correct=False)


def test_log_normal_moments_are_those_of_draws():
    response = price_response(("A", "B"), choice_fit())
    drawn = np.exp(np.random.default_rng(0).multivariate_normal(response.mean, response.cov, 400_000))
    found = elasticities(response)
    np.testing.assert_allclose(found.mean, drawn.mean(axis=0), rtol=0.01)
    np.testing.assert_allclose(found.cov, np.cov(drawn.T), rtol=0.03)
