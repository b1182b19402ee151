"""The closed form of a start against sums and integrals written out, and against what the bounds let it earn."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.launch.bound.revealed import run, started
from beachhead.launch.policy.play import scaling_odds
from beachhead.launch.policy.shadow_prices import no_prices
from beachhead.launch.policy.value import best_entry, keep_or_leave, list_starts, normal_cdf, rates_from, value_of
from beachhead.launch.question.problem import kernel_position, kernel_terms
from beachhead.world.compiled import compiled

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(100)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
QUARTERS = 12
exact = settings(deadline=None, derandomize=True, max_examples=60)
levels = st.floats(-2.0, 2.0)
variances = st.floats(0.01, 1.5)
quarters = st.integers(0, QUARTERS - 1)
exit_shares = st.floats(0.0, 1.0)
paid = st.sampled_from([1.0, 0.0, -0.1, -0.5, -3.0])  # of the fixed cost: a bonus for live markets may exceed it


@pytest.fixture(scope="module")
def priced(made_up_launch):
    """Terms and position of one market; its capital is returned by that share, its fixed cost by that factor."""
    problem = made_up_launch(M=1, T=QUARTERS)
    position = kernel_position(problem)

    def of(exit_share: float = 0.2, fixed: float = 1.0):
        terms = kernel_terms(problem)
        return replace(terms, salvage=exit_share * terms.capital, opex=fixed * terms.opex), position

    return of, float(problem.belief.mean[0])


@compiled
def entry(starts, first, last, mean, var):
    return best_entry(starts, first, last, 0, mean, var)


@compiled
def kept(gain, cost, salvage, mean, var, resolved):
    return keep_or_leave(gain, cost, salvage, mean, var, resolved)[0]


@compiled
def valued(starts, e, mean, var, floor):
    level = mean + 0.5 * var
    sd = var / np.sqrt(var + starts.signal_var)
    return value_of(starts, e, np.exp(level), level, sd, 2.0 * normal_cdf(0.5 * sd) - 1.0, floor)[0]


def value_at(terms, position, s: int, mean: float, var: float) -> float:
    """Of a start in quarter s alone, by the closed form, in money of the first quarter."""
    return entry(list_starts(terms, position, 0, no_prices(terms)), s, s, mean, var)[0]


@given(gain=st.floats(0.0, 50.0), cost=st.floats(-5.0, 50.0), salvage=st.floats(0.0, 20.0), var=variances,
       part=st.floats(0.0, 1.0), mean=levels)  # fmt: skip
@exact
def test_to_keep_or_leave_is_worth_the_mean_over_what_may_be_learnt_and_more_the_more_is(
    gain, cost, salvage, var, part, mean
):
    found = kept(gain, cost, salvage, mean, var, part * var)
    seen = np.linspace(-9, 9, 20001)
    weight = np.exp(-0.5 * seen**2) / np.exp(-0.5 * seen**2).sum()
    expected = np.exp(mean + np.sqrt(part * var) * seen + 0.5 * (1 - part) * var)
    scale = gain * np.exp(mean + var / 2) + abs(cost) + salvage + 1e-9
    assert found == pytest.approx(weight @ np.maximum(gain * expected - cost, salvage), abs=1e-6 * scale)
    assert found >= kept(gain, cost, salvage, mean, var, 0.5 * part * var) - 1e-9 * scale


@given(since=quarters, now=quarters)
@exact
def test_a_market_earns_this_quarters_money_and_then_the_next_quarters_rates(priced, since, now):
    terms, _ = priced[0]()
    since, now = min(since, now), max(since, now)
    first, later, cost = rates_from(terms, np.zeros(QUARTERS), 0, 0, since, now)
    full = 0.25 * terms.ramp[0, 0, min(QUARTERS - 1 - since, QUARTERS - 1)] * terms.path[0, -1] * terms.margin[0, 0, -1]
    if now == QUARTERS - 1:
        assert (first, later) == pytest.approx((full, terms.tail * full))
        assert cost == pytest.approx(terms.tail * terms.opex[0, 0])
        return
    next_first, next_later, next_cost = rates_from(terms, np.zeros(QUARTERS), 0, 0, since, now + 1)
    assert later == pytest.approx(next_first + terms.discount * next_later)
    assert cost == pytest.approx(terms.opex[0, 0] + terms.discount * next_cost)


@given(s=quarters, level=levels, var=variances, exit_share=exit_shares, fixed=paid)
@exact
def test_a_start_is_worth_its_first_quarter_and_the_better_of_staying_and_leaving(
    priced, s, level, var, exit_share, fixed
):
    terms, position = priced[0](exit_share, fixed)
    mean = priced[1] + level
    first, later, cost = rates_from(terms, np.zeros(QUARTERS), 0, 0, s, s)
    demand = np.exp(mean + 0.5 * var)
    resolved = var**2 / (var + terms.signal_var)
    after = later * demand - cost
    if s + 1 < QUARTERS:
        after = kept(later, cost, terms.salvage[0, 0], mean, var, resolved)
    money = first * demand - terms.opex[0, 0] - terms.capital[0, 0] + terms.discount * after
    assert value_at(terms, position, s, mean, var) == pytest.approx(terms.discount**s * money, rel=1e-9, abs=1e-3)


@given(s=quarters, level=levels, var=variances, exit_share=exit_shares)
@exact
def test_no_start_is_worth_more_than_whoever_knows_demand_from_the_next_quarter_on_would_make_of_it(
    priced, s, level, var, exit_share
):
    terms, position = priced[0](exit_share)
    mean = priced[1] + level
    way, free = started(terms, 0, 0, s), np.zeros(QUARTERS)
    told = [run(way, float(np.exp(mean + np.sqrt(var) * node)), free)[0] for node in NODES]
    most = float(WEIGHTS @ told) - terms.discount**s * terms.capital[0, 0]
    value = value_at(terms, position, s, mean, var)
    scale = terms.capital[0, 0]
    assert value <= most + 2e-3 * scale  # a kink between nodes
    if s + 1 == QUARTERS:  # nothing is left to be decided
        assert value == pytest.approx(most, abs=1e-6 * scale)


@given(s=quarters, level=levels, var=variances, exit_share=st.sampled_from([0.0, 0.2, 1.0]), fixed=paid)
@exact
def test_a_start_that_beats_the_best_so_far_is_not_passed_over_by_its_bound(priced, s, level, var, exit_share, fixed):
    terms, position = priced[0](exit_share, fixed)
    mean = priced[1] + level
    starts = list_starts(terms, position, 0, no_prices(terms))
    value = valued(starts, s, mean, var, -np.inf)
    assert value == pytest.approx(value_at(terms, position, s, mean, var))
    assert valued(starts, s, mean, var, value - 1e-6 * terms.capital[0, 0]) == value


@given(level=levels, var=variances, now=quarters)
@exact
def test_what_may_be_lost_and_what_may_be_won_come_to_what_is_expected(priced, level, var, now):
    terms, _ = priced[0]()
    mean = priced[1] + level
    odds, loss, cars = scaling_odds(terms, 0, 0, now, mean, var)
    first, later, cost = rates_from(terms, np.zeros(QUARTERS), 0, 0, now, now)
    gain, spent = first + terms.discount * later, terms.capital[0, 0] + terms.opex[0, 0] + terms.discount * cost
    seen = np.linspace(-9, 9, 20001)
    weight = np.exp(-0.5 * seen**2) / np.exp(-0.5 * seen**2).sum()
    npv = gain * np.exp(mean + np.sqrt(var) * seen) - spent
    assert loss == pytest.approx(weight @ np.maximum(-npv, 0.0), rel=1e-4, abs=1e-6 * spent)
    assert odds == pytest.approx(weight @ (npv >= 0.0), abs=1e-3)
    assert gain * cars == pytest.approx(spent)


@given(course=st.lists(st.floats(0.5, 2.0), min_size=4, max_size=4), since=quarters)
@exact
def test_what_comes_after_the_horizon_goes_at_the_last_years_pace_whichever_quarter_it_ends_in(priced, course, since):
    terms, _ = priced[0](0.0, 0.0)  # so that nobody leaves
    year = terms.path.copy()
    year[0, -4:] = course
    turned = year.copy()
    turned[0, -4:] = course[1:] + course[:1]
    margin = np.zeros_like(terms.margin)
    margin[:, :, -1] = terms.margin[:, :, -1]  # nothing is earned on the way, but for the last quarter's own sales
    worth = []
    for path in (year, turned):
        now = replace(terms, path=path, margin=margin)
        whole = started(now, 0, 0, since)
        own = now.discount ** (QUARTERS - 1) * margin[0, 0, -1] * whole.sold[-1]
        worth.append(run(whole, 1.0, np.zeros(QUARTERS))[0] - own)
    assert worth[0] == pytest.approx(worth[1])
    _, later, _ = rates_from(replace(terms, path=year), np.zeros(QUARTERS), 0, 0, since, QUARTERS - 1)
    age = min(QUARTERS - 1 - since, terms.ramp.shape[2] - 1)
    assert later == pytest.approx(terms.tail * 0.25 * terms.ramp[0, 0, age] * np.mean(course) * terms.margin[0, 0, -1])
