from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.belief import Belief, drift, predict
from beachhead.belief.fitted import entry_fit
from beachhead.belief.simple import Seen, error_of, market_size, mean_share, numbers_asked, odds_around
from beachhead.world.market import Market
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel
from beachhead.world.source import Grade, Source


def belief(mean=8.0, sd=0.6, bias=0.15, size_sd=0.5) -> Belief:
    cov = np.diag([sd**2, sd**2, 0.04])
    cov[0, 1] = cov[1, 0] = 0.4 * sd**2
    return Belief(
        markets=("NO", "SE"),
        quarters=grid(Quarter(2027, 1), 4),
        mean=np.array([mean, mean - 1, bias]),
        cov=cov,
        log_path=np.array([[0.0, 0.1, 0.2, 0.3]] * 2),
        nb_size_weekly=20.0,
        nb_size_log_sd=size_sd,
    )


def span(**change) -> DemandCount:
    plain = DemandCount(
        market="NO",
        offer="",
        start=date(2027, 1, 1),
        end=date(2027, 3, 31),
        count=0,
        reach=0.3,
        funnel=Funnel.ORDERS,
        is_pilot=False,
    )
    return replace(plain, **change)


@pytest.mark.parametrize("is_pilot", [True, False])
@pytest.mark.parametrize("funnel", [Funnel.ORDERS, Funnel.REGISTRATIONS])
def test_predicted_odds_are_those_of_a_million_drawn_quarters(is_pilot, funnel):
    held = belief()
    rng = np.random.default_rng(1)
    S = 1_000_000
    theta, beta = rng.normal(8.0, 0.6, S), rng.normal(0.15, 0.2, S)
    mean = np.exp(theta + is_pilot * beta) * 0.3 * 90 / 365.25
    share = {Funnel.ORDERS: 1.0, Funnel.REGISTRATIONS: 0.05}[funnel]
    size = 20 * np.exp(0.5 * rng.standard_normal(S)) * share * 0.3 * 90 / 7
    counts = rng.poisson(mean * rng.gamma(size, 1 / size))
    asked = (20, 100, 220, 500, 2000)
    said = predict(held, span(is_pilot=is_pilot, funnel=funnel), asked)
    drawn = [(counts >= n).mean() for n in asked]
    assert said.probability == pytest.approx(drawn, abs=0.004)
    assert (said.low, said.median, said.high) == pytest.approx(np.quantile(counts, [0.05, 0.5, 0.95]), rel=0.02, abs=1)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.floats(-3, 12), st.floats(0, 3), st.lists(st.integers(1, 10**6), min_size=2, max_size=5, unique=True))
def test_more_cars_are_never_likelier_and_odds_are_odds(mean, sd, numbers):
    numbers.sort()
    said = predict(belief(mean=mean, sd=sd), span(), numbers)
    assert all(0 <= p <= 1 for p in said.probability)
    assert list(said.probability) == sorted(said.probability, reverse=True)
    assert said.low <= said.median <= said.high


def test_a_certain_level_leaves_only_the_counting():
    held = belief(sd=0.0, size_sd=0.0)
    said = predict(held, span(), (1,))
    assert said.median == pytest.approx(np.exp(8.0) * 0.3 * 90 / 365.25, rel=0.02)


def test_time_widens_a_belief_and_moves_nothing():
    held, fit = belief(), entry_fit()
    later = drift(held, 0.25)
    assert later.mean.tolist() == held.mean.tolist()
    grown = later.cov - held.cov
    assert grown[0, 0] == pytest.approx((fit.drift_brand_sd**2 + fit.drift_own_sd**2) / 4)
    assert grown[0, 1] == pytest.approx(fit.drift_brand_sd**2 / 4)
    assert grown[2].tolist() == [0, 0, 0]
    assert np.linalg.eigvalsh(later.cov).min() > 0


@settings(deadline=None, derandomize=True)
@given(st.floats(0, 5), st.floats(0, 5))
def test_time_that_passes_in_two_steps_does_what_one_step_does(one, other):
    held = belief()
    assert np.allclose(drift(drift(held, one), other).cov, drift(held, one + other).cov)
    assert np.array_equal(drift(held, 0).cov, held.cov)


def test_what_was_never_learnt_is_not_forgotten():
    """Before the limit, a market left alone for a year was expected to sell 1.8 times as much as before."""
    before = belief()
    assert np.array_equal(drift(before, 3.0, prior=before).cov, before.cov)
    learnt = replace(before, cov=before.cov * 0.1)
    assert np.allclose(drift(learnt, 0.01, prior=before).cov, drift(learnt, 0.01).cov)  # far below it, as ever


@settings(deadline=None, derandomize=True)
@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.floats(0, 20))
def test_time_takes_no_level_beyond_the_prior_and_leaves_a_covariance(one, other, years):
    before = belief()
    shrink = np.diag([one, other, 1.0])
    held = replace(before, cov=shrink @ before.cov @ shrink)
    later = drift(held, years, prior=before)
    assert (np.diag(later.cov) <= np.diag(before.cov) * (1 + 1e-9) + 1e-12).all()
    assert (np.diag(later.cov) >= np.diag(held.cov) - 1e-12).all()
    assert np.linalg.eigvalsh(later.cov).min() > -1e-9
    assert later.mean.tolist() == held.mean.tolist()


def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="backwards"):
        drift(belief(), -1)


def test_a_markets_size_grows_from_the_middle_of_its_year():
    source = Source(who="made up", as_of=date(2026, 12, 31), grade=Grade.C)
    market = Market(
        code="NO", name="Norway", region="nordic", currency="NOK", bev_per_year=1000, bev_growth=0.21, source=source
    )
    assert market_size(market, date(2026, 1, 1), date(2026, 12, 31)) == pytest.approx(1000 * 365 / 365.25, rel=0.002)
    whole = market_size(market, date(2028, 1, 1), date(2028, 12, 31))
    assert whole == pytest.approx(1000 * 1.21**2, rel=0.003)


def test_simple_rules_start_from_a_wide_guess_and_learn_from_their_errors():
    blind = odds_around(100.0, (), (50, 100, 200))
    assert blind[1] == pytest.approx(0.5, abs=0.02)
    assert blind[0] > 0.7 > 0.3 > blind[2]
    taught = odds_around(100.0, [error_of(100.0, 102)] * 200, (50, 100, 200))
    assert taught[0] > 0.98
    assert taught[2] < 0.02
    assert all(0 < p < 1 for p in odds_around(3.0, [5.0] * 1000, (1, 10**6)))


def test_the_brands_mean_share_weighs_markets_alike():
    assert (
        mean_share([Seen(market="NO", count=10, size=100), Seen(market="SE", count=30, size=100)], otherwise=0) == 0.2
    )
    assert mean_share([], otherwise=0.02) == 0.02


@pytest.mark.parametrize(
    ("reference", "asked"), [(0.0, (1,)), (1.0, (1, 2)), (5.0, (3, 5, 10)), (100.2, (51, 101, 201))]
)
def test_odds_are_asked_of_half_the_level_the_level_and_twice_it(reference, asked):
    assert numbers_asked(reference) == asked
