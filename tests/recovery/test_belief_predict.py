from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.belief import Belief, Lasting, Tracked, predict
from beachhead.belief.history.lasting import fit_lasting
from beachhead.belief.predict import count_below
from beachhead.belief.simple import Seen, error_of, market_size, mean_share, numbers_asked, odds_around
from beachhead.world.entry import Entry
from beachhead.world.market import Market
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel, Reading
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


LASTING = Lasting(walk=0.05, scatter=0.1)


def tracked(held: Belief, before: Belief) -> Tracked:
    return Tracked(belief=held, prior=before, lasting=LASTING, grown=np.zeros((2, 2)))


@settings(deadline=None, derandomize=True)
@given(st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.integers(0, 40))
def test_time_takes_no_level_beyond_the_prior_and_leaves_a_covariance(one, other, quarters):
    before = belief()
    shrink = np.diag([one, other, 1.0])
    held = later = tracked(replace(before, cov=shrink @ before.cov @ shrink), before)
    for _ in range(quarters):
        later = later.later()
    assert (np.diag(later.belief.cov) <= np.diag(before.cov) * (1 + 1e-9) + 1e-12).all()
    assert (np.diag(later.belief.cov) >= np.diag(held.belief.cov) - 1e-12).all()
    assert np.linalg.eigvalsh(later.belief.cov).min() > -1e-9
    assert later.belief.mean.tolist() == held.belief.mean.tolist()


def test_what_was_never_learnt_is_not_forgotten():
    """Without the limit, a market left alone for a year was expected to sell 1.8 times as much as before."""
    start = tracked(belief(), belief())
    later = start.later().later().later().later()
    assert np.array_equal(later.belief.cov, belief().cov)
    assert np.array_equal(later.over_years().mean, start.over_years().mean)


@pytest.mark.parametrize("worlds", [150, pytest.param(600, marks=pytest.mark.full)])
def test_quarters_of_levels_that_walk_and_scatter_lie_within_their_intervals(worlds):
    """Levels drawn as the model has them, read quarter by quarter: the next count is as likely as was said."""
    rng, inside, pits = np.random.default_rng(3), [], []
    before = replace(belief(sd=1.2, bias=0.0), log_path=np.zeros((2, 4)), nb_size_log_sd=0.0)
    root = np.linalg.cholesky(before.cov[:2, :2])
    for _ in range(worlds):
        now, level = tracked(before, before), before.mean[:2] + root @ rng.standard_normal(2)
        for number in range(8):
            if number:
                room = np.diag(now.prior.cov)[:2] - np.diag(now.belief.cov)[:2]
                step = np.sqrt(np.clip(room / np.diag(now.prior.cov)[:2], 0.0, 0.05))
                level = level + step * (root @ rng.standard_normal(2))
                now = now.later()
            shown = level + np.sqrt(0.1) * rng.standard_normal(2)
            mean, size = np.exp(shown[0]) * 0.3 * 90 / 365.25, 20 * 0.3 * 90 / 7
            came = int(rng.poisson(mean * rng.gamma(size, 1 / size)))
            below = count_below(now.seen, span())
            pits.append(0.5 * (below(came) + below(came + 1)))
            inside.append(0.05 <= pits[-1] <= 0.95)
            now, _ = now.read(Reading(counts=(span(count=came),)), correct=False)
    n = len(inside)  # quarters of a world are exchangeable in rank, not independent: twice the binomial error
    assert abs(np.mean(inside) - 0.9) < 6 * np.sqrt(0.09 / n)
    assert abs(np.mean(pits) - 0.5) < 6 * np.sqrt(1 / 12 / n)


def test_how_long_a_level_lasts_is_found_again():
    """Entries made up from the model: step, scatter and first level within their errors, counting noise apart."""
    rng, entries = np.random.default_rng(5), []
    for number in range(160):
        level, months = rng.normal(0, 1.5), []
        for quarter in range(17):
            level += rng.normal(0, 0.4) if quarter else 0.0
            rate = 20_000 * np.exp(-5.5 + level + rng.normal(0, 0.3)) * rng.gamma(13.0, 1 / 13.0)
            months += list(rng.poisson(rate / 3, 3))
        cars = np.array(months, dtype=np.float64)
        entries.append(
            Entry(
                brand=f"B{number}", country="NO", region="nordic", first=12 * 2020, cars=cars, newcomer=True,
                ceiling=np.full(len(cars), np.nan), market=np.full(len(cars), 20_000 / 3), source="made up",
            )
        )  # fmt: skip
    found = fit_lasting(entries, 1.0)
    assert found.walk == pytest.approx(0.16, abs=0.03)
    assert found.scatter == pytest.approx(0.09, abs=0.03)
    assert found.first == pytest.approx(1.5**2 + 0.16, rel=0.3)


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
