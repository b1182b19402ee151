from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy.stats import nbinom, norm

from beachhead.launch.bound.control import telling
from beachhead.launch.information.batch_design import design
from beachhead.launch.information.informed import informed_values
from beachhead.launch.information.tornado import ASSUMPTIONS, play_sample, side_by_side, tornado
from beachhead.launch.information.worth import (
    Spread,
    batch_worth,
    know_everything,
    know_factors,
    know_facts,
    know_markets,
    normal_gain,
    resolved_sd,
)
from beachhead.launch.judge.break_even import break_even
from beachhead.launch.policy.value import best_start, list_starts
from beachhead.launch.scene import set_up


@settings(deadline=None, derandomize=True, max_examples=15)
@given(seed=st.integers(0, 50), batch=st.integers(1, 2000), market=st.integers(0, 5))
def test_knowing_all_is_worth_no_less_than_a_batch_and_a_batch_no_less_than_nothing(
    made_up_launch, seed, batch, market
):
    problem = made_up_launch(M=6, seed=seed)
    found = batch_worth(problem, problem.markets[market], batch)
    assert 0 <= found.gross <= found.most + 1e-6
    assert found.gross <= know_everything(problem) + 1e-6
    assert found.gross == pytest.approx(found.here + found.elsewhere)
    assert found.net == found.gross - found.cost


@settings(deadline=None, derandomize=True, max_examples=15)
@given(seed=st.integers(0, 50), batch=st.integers(1, 1000), more=st.integers(1, 1000))
def test_a_larger_batch_never_teaches_less(made_up_launch, seed, batch, more):
    problem = made_up_launch(M=5, seed=seed)
    small, large = (batch_worth(problem, problem.markets[0], size) for size in (batch, batch + more))
    assert large.gross >= small.gross - 1e-6


def test_what_a_batch_tells_is_what_a_gaussian_belief_makes_of_one_noisy_look(made_up_launch):
    plain = made_up_launch(M=5, seed=3)
    problem = replace(plain, terms=replace(plain.terms, look_var=np.full((5, 2), 0.08)))
    mean, cov, M = problem.belief.mean, problem.belief.cov, 5
    found, larger = (design(problem, "M01", batch) for batch in (100, 200))
    assert found.reach < 0.5
    assert larger.reach == pytest.approx(2 * found.reach)
    look = np.eye(M + 1)[1] + np.eye(M + 1)[M]  # demand of the market, and the bias of its first buyers
    precision = np.linalg.inv(cov) + np.outer(look, look) / found.noise_sd**2
    after = np.linalg.inv(precision)
    assert found.sd_before == pytest.approx(cov[1, 1] ** 0.5)
    assert found.sd_after == pytest.approx(after[1, 1] ** 0.5)
    assert found.share_resolved == pytest.approx(1 - after[1, 1] / cov[1, 1])
    assert found.information == pytest.approx(1 / after[1, 1] - 1 / cov[1, 1])
    taught = {m: 1 - after[j, j] / cov[j, j] for j, m in enumerate(problem.markets) if j != 1}
    assert dict(found.teaches) == pytest.approx({m: share for m, share in taught.items() if share > 0.005})
    assert list(found.teaches) == sorted(found.teaches, key=lambda row: -row[1])
    endless = np.linalg.inv(np.linalg.inv(cov) + np.outer(look, look) / 0.08)  # a quarter is not the years
    assert found.floor_sd == pytest.approx(endless[1, 1] ** 0.5)
    # orders of the weeks: counts about a log-normal, the quarter's own luck included, and no more than the batch
    sd = float(np.sqrt(look @ cov @ look + 0.08))
    years = 7 * found.weeks / 365.25
    middle = float(look @ mean) - 0.04 + np.log(found.reach * years)
    x = np.linspace(middle - 7 * sd, middle + 7 * sd, 801)
    weight = norm.pdf(x, middle, sd) * (x[1] - x[0])
    nodes, share = np.polynomial.hermite_e.hermegauss(9)
    sizes = 20 * found.weeks * found.reach * np.exp(problem.belief.nb_size_log_sd * nodes)

    def at_least(orders: np.ndarray, part: float) -> np.ndarray:
        """Odds of so many orders or more by then, at each level of demand."""
        by_size = [nbinom.sf(orders[:, None] - 1, part * k, k / (k + np.exp(x))) for k in sizes]
        return np.asarray(np.tensordot(share / share.sum(), by_size, axes=1))

    reached = at_least(np.arange(101), 1.0)
    assert found.expected_orders == pytest.approx((reached[1:] @ weight).sum(), rel=1e-3)
    assert found.odds_sold_out == pytest.approx(reached[100] @ weight, abs=1e-4)
    # what is left open after each number of orders, or each day on which the batch was gone
    days = np.array([at_least(np.array([100]), day / 91)[0] for day in range(1, 92)])
    joint = np.vstack([-np.diff(reached, axis=0), np.diff(days, axis=0, prepend=0.0)]) * weight
    odds = joint.sum(axis=1)
    assert odds.sum() == pytest.approx(1.0, abs=1e-6)
    slope = (look @ cov)[1] / sd**2
    rest = cov[1, 1] - slope**2 * sd**2
    spread = odds @ (joint @ x**2 / odds - (joint @ x / odds) ** 2)
    assert found.sd_after**2 == pytest.approx(rest + slope**2 * spread, rel=1e-3)
    level = np.log(break_even(problem, 1).cars_per_year)
    assert found.odds_break_even == pytest.approx(norm.sf(level, mean[1], cov[1, 1] ** 0.5), abs=1e-6)
    above = joint @ norm.sf(level, mean[1] + slope * (x - middle), rest**0.5)
    assert found.odds_wrong == pytest.approx(np.minimum(above, odds - above).sum(), abs=2e-4)


def test_a_batch_is_worth_less_the_less_a_pilot_after_it_would_tell(made_up_launch):
    """What is asked now is not asked later: the next pilot there is a second look."""
    problem = made_up_launch(M=5, seed=3)

    def own(*off: float) -> np.ndarray:
        terms = replace(problem.terms, look_var=np.tile(off, (5, 1)))
        asked = replace(problem, terms=terms)
        return np.array([batch_worth(asked, code, 100).here for code in problem.markets])

    fresh, stale = own(0.5, 0.5), own(0.5, 50.0)
    assert (stale <= fresh + 1e-9).all()
    assert stale.sum() < 0.9 * fresh.sum()
    assert (stale >= 0).all()


def test_no_market_factor_or_fact_is_worth_more_than_knowing_everything(made_up_launch):
    problem = made_up_launch(M=8, seed=3)
    most = know_everything(problem)
    known = [*know_markets(problem), *know_factors(problem, ("north", "south") * 4)]
    assert {k.what for k in known} >= {"all markets", "region north", "early-adopter bias", *problem.markets}
    assert all(0 <= k.value <= most + 1e-6 for k in known)


def test_a_fact_that_cannot_be_wrong_is_worth_nothing_and_one_in_doubt_something(made_up_launch):
    problem = made_up_launch(M=6, seed=1)
    spreads = [Spread(market=m, field="margin", share=0.3, source="guess") for m in problem.markets]
    assert sum(k.value for k in know_facts(problem, spreads)) > 0
    assert know_facts(problem, [replace(s, share=0.0) for s in spreads]) == ()
    wider = [replace(s, share=0.6) for s in spreads]
    one, two = ({k.what: k.value for k in know_facts(problem, rows)} for rows in (spreads, wider))
    assert all(two[what] >= one[what] - 1e-6 for what in one)


def test_a_fact_about_demand_is_worth_no_more_than_demand_itself(made_up_launch):
    problem = made_up_launch(M=6, seed=4)
    known = {k.what: k.here for k in know_markets(problem)}
    for share in (0.1, 0.3, 3.0):
        spreads = [Spread(market=m, field="demand", share=share, source="guess") for m in problem.markets]
        facts = know_facts(problem, spreads)
        assert len(facts) == len(known)
        assert all(0 <= fact.value <= known[fact.what.split()[0]] + 1e-9 for fact in facts)
        assert share < 3 or sum(fact.value for fact in facts) == pytest.approx(sum(known.values()))


def test_news_is_not_credited_with_what_a_later_pilot_tells_in_time(made_up_launch):
    plain = made_up_launch(M=4, seed=3)
    late, T = plain.terms.first_scale.copy(), len(plain.quarters)
    late[0] = 6

    def knowing(first_pilot):
        opens = plain.terms.first_pilot.copy()
        opens[0] = first_pilot
        problem = replace(plain, terms=replace(plain.terms, first_scale=late, first_pilot=opens))
        return next(k.here for k in know_markets(problem) if k.what == problem.markets[0])

    assert 0 < knowing(4) < 0.5 * knowing(T)


@njit
def sure_values(starts, i, levels):
    return np.array([best_start(starts, 1, i, level, 0.0)[0] for level in levels])


def test_the_value_of_a_market_that_will_be_known_is_the_mean_over_what_may_be_found(made_up_launch):
    problem = made_up_launch(M=3, seed=5)
    scene = set_up(problem)
    starts = list_starts(scene.terms, scene.position, 0, scene.prices)
    table = informed_values(scene.terms, starts, scene.position, scene.mean, scene.cov, 0)
    assert (np.diff(table, axis=1) >= 0).all()
    drawn = np.random.default_rng(1).standard_normal(20_000)
    for i in range(3):
        levels = scene.mean[i] + np.sqrt(scene.cov[i, i]) * drawn
        found = sure_values(starts, i, levels)
        assert table[i, -1] == pytest.approx(found.mean(), abs=4 * found.std() / np.sqrt(len(found)))


@given(mean=st.floats(-5, 5), sd=st.floats(0, 3), size=st.integers(1, 500))
@settings(deadline=None, derandomize=True)
def test_a_study_is_worth_less_than_certainty_and_more_readings_more(mean, sd, size):
    sure = normal_gain(mean, sd)
    few, many = (normal_gain(mean, resolved_sd(sd, 1.0, n)) for n in (size, size + 1))
    assert -1e-12 <= few <= many + 1e-9
    assert many <= sure + 1e-9


def test_a_comparison_adds_up_and_is_known_better_than_its_sides(made_up_launch):
    problem = made_up_launch(M=8, seed=2)
    change = ASSUMPTIONS["doubt about demand"][2]
    value, beside, gap = side_by_side(play_sample(problem, 1, 16), play_sample(change(problem, 0.9), 1, 16))
    assert gap.mean == pytest.approx(beside.mean - value.mean)
    assert gap.se < value.se


def test_an_assumption_that_changes_nothing_swings_nothing_and_the_swings_come_largest_first(made_up_launch):
    problem = made_up_launch(M=5, seed=2)
    sample = play_sample(problem, 1, 8)
    assert side_by_side(sample, play_sample(problem, 1, 8))[2].mean == 0
    swings = tornado(problem, 1, 8, most=10)
    widths = [s.width for s in swings]
    assert len(swings) == 10 == len({s.what for s in swings} & set(ASSUMPTIONS))
    assert widths == sorted(widths, reverse=True)
    margin = next(s for s in swings if s.what == "margin of a car")
    assert margin.at_low.mean < 0 < margin.at_high.mean
    assert np.isfinite([s.at_low.se for s in swings]).all()


def test_swings_of_a_launch_that_seldom_pays_are_played_until_enough_worlds_pay(made_up_launch):
    problem = made_up_launch(M=1)
    mean = np.asarray(problem.belief.mean) - np.array([1.2, 0.0])
    problem = replace(problem, belief=replace(problem.belief, mean=mean, cov=2 * np.asarray(problem.belief.cov)))
    base = play_sample(problem, 3, 8)
    assert telling(base.control.worlds[: len(base.values)]) == 8 < len(base.values)
    change = ASSUMPTIONS["demand in every market"][2]
    lower, higher = (play_sample(change(problem, factor), 3, 8, base=base) for factor in (0.7, 1.3))
    assert 8 < len(higher.values) < len(lower.values) == len(base.values)
    for other in (lower, higher):
        value, beside, gap = side_by_side(base, other)
        assert gap.se is not None
        assert gap.count == len(other.values)
        assert gap.mean == pytest.approx(beside.mean - value.mean)
