"""Objectives on launches whose best plan is known, and laws that every objective keeps."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.launch.aim.pursue import FLOORED
from beachhead.launch.aim.reach import odds_bound
from beachhead.launch.aim.steer import PLAIN, pick, steer
from beachhead.launch.draws import draw_worlds
from beachhead.launch.plan.headline import pursuit
from beachhead.launch.plan.plan import plan
from beachhead.launch.question.action import ActionKind
from beachhead.launch.question.objective import Count, Milestone, Objective, Wanted, level, scores, worst_mean
from beachhead.launch.question.problem import kernel_position

CERTAIN = 1e-8


def milestone(M, T, amount=np.inf, last=5, count=Count.CARS_IN_TOTAL, markets=None, **changes):
    inside = np.ones(M, dtype=bool) if markets is None else np.array(markets)
    needed = np.full((1, T), float(amount))
    fields = {"code": "asked", "count": count, "markets": inside, "needed": needed, "last": last, "before": np.zeros(0)}
    return Milestone(**(fields | changes))


def cars_by(M, T, **changes):
    floor = changes.pop("floor", None)
    said = "cars sold abroad by then"
    return Objective(wanted=Wanted.CARS, said=said, milestones=(milestone(M, T, **changes),), floor=floor)


def odds_of(M, T, **changes):
    floor = changes.pop("floor", None)
    return Objective(wanted=Wanted.ODDS, said="odds of it", milestones=(milestone(M, T, **changes),), floor=floor)


def sure_launch(made_up_launch, margin_share):
    """Two markets of known, equal demand and capital, one start in all; the second earns a share of the first."""
    problem = made_up_launch(M=2, T=8)
    belief = problem.belief
    cov = CERTAIN * np.eye(3)
    margin = problem.terms.margin.copy()
    margin[:] = 9_000.0
    margin[1] *= margin_share
    terms = replace(
        problem.terms,
        margin=margin,
        scenario_margin=margin[None],
        capital=np.full((2, 1), 5e7),
        salvage=np.zeros((2, 1)),
        opex=np.full((2, 1), 1e6),
        cars_cap=np.full(8, 1e9),
        capital_cap=np.array([5e7, 0.0]),
    )
    mean = np.array([np.log(10_000), np.log(20_000), 0.0])
    return replace(problem, belief=replace(belief, mean=mean, cov=cov), terms=terms)


def cars_of_market(problem, i, quarters):
    demand = float(np.exp(problem.belief.mean[i]))
    return sum(0.25 * problem.terms.ramp[i, 0, t] * demand for t in range(quarters))


def test_cars_are_bought_with_value_where_one_market_sells_more_and_another_earns_more(made_up_launch):
    problem = sure_launch(made_up_launch, margin_share=0.4)
    rich = plan(problem, seed=0, worlds=4)
    assert [a.kind for a in rich.actions] == [ActionKind.SCALE, ActionKind.WAIT]
    many = plan(replace(problem, objective=cars_by(2, 8)), seed=0, worlds=4)
    assert [a.kind for a in many.actions] == [ActionKind.WAIT, ActionKind.SCALE]
    found = many.pursued
    assert found.score.mean == pytest.approx(cars_of_market(problem, 1, 6), rel=1e-3)
    assert found.plain_score.mean == pytest.approx(cars_of_market(problem, 0, 6), rel=1e-3)
    assert found.bound.mean >= found.score.mean * (1 - 1e-6)
    assert found.cost.mean == pytest.approx(rich.certificate.value.mean - many.certificate.value.mean, rel=1e-3)
    assert found.cost.mean > 0
    assert "gives up" in " ".join(pursuit(found, "EUR"))


def test_a_market_that_never_pays_is_entered_for_cars_alone_and_the_bound_is_reached(made_up_launch):
    problem = sure_launch(made_up_launch, margin_share=1.0)
    terms = replace(
        problem.terms,
        margin=problem.terms.margin / 30,
        scenario_margin=problem.terms.scenario_margin / 30,
        pool_cap=np.zeros(8),
    )
    poor = replace(problem, terms=terms)
    assert {a.kind for a in plan(poor, seed=0, worlds=4).actions} == {ActionKind.WAIT}
    found = plan(replace(poor, objective=cars_by(2, 8)), seed=0, worlds=4).pursued
    assert found.score.mean == pytest.approx(cars_of_market(poor, 1, 6), rel=1e-3)
    assert found.bound.mean == pytest.approx(found.score.mean, rel=1e-3)
    assert found.cost.mean == pytest.approx(-found.value.mean)
    assert found.value.mean < 0
    floored = plan(replace(poor, objective=cars_by(2, 8, floor=-1e6)), seed=0, worlds=4).pursued
    assert floored.score.mean == floored.value.mean == 0
    assert floored.is_kept
    assert floored.method == FLOORED  # whoever may lose a million cannot pay for the market
    assert floored.bound.mean < 0.1 * found.bound.mean


def test_the_market_that_carries_a_target_is_scaled_though_another_earns_more(made_up_launch):
    problem = sure_launch(made_up_launch, margin_share=0.4)
    enough = 0.9 * cars_of_market(problem, 1, 6)
    found = plan(replace(problem, objective=odds_of(2, 8, amount=enough)), seed=0, worlds=4).pursued
    assert (found.score.mean, found.plain_score.mean, found.bound.mean) == (1.0, 0.0, 1.0)
    assert found.cost.mean > 0
    never = plan(replace(problem, objective=odds_of(2, 8, amount=100 * enough)), seed=0, worlds=4).pursued
    assert never.score.mean == never.bound.mean == never.cost.mean == 0
    assert never.steering == PLAIN


def test_a_floor_that_does_not_bind_changes_nothing(made_up_launch):
    problem = made_up_launch(M=7)
    plain = plan(problem, seed=1, worlds=160)
    floored = plan(replace(problem, objective=Objective(floor=-1e12)), seed=1, worlds=4)
    assert floored.actions == plain.actions
    assert floored.certificate == plain.certificate
    assert floored.pursued.cost.mean == 0
    assert plain.pursued is None


def test_a_stricter_floor_takes_more_caution_and_never_earns_more(made_up_launch):
    problem = made_up_launch(M=7)
    loose = replace(problem, objective=Objective(floor=-1e12))
    free = steer(loose, 0, worlds=60)[0]
    floors = [-1e12, 0.6 * free.worst.mean, 0.2 * free.worst.mean, 0.0]
    chosen = []
    for floor in floors:
        objective = Objective(floor=floor)
        tried = steer(replace(problem, objective=objective), 0, worlds=60)
        steering = pick(objective, tried)
        chosen.append(next(t for t in tried if t.steering == steering))
    assert [c.worst.mean >= floor for c, floor in zip(chosen, floors, strict=True)] == [True] * 4
    cautions = [c.steering.caution for c in chosen]
    assert cautions == sorted(cautions)
    assert cautions[-1] > cautions[0]
    values = [c.value.mean for c in chosen]
    assert values[-1] < values[0]
    assert all(b <= a + 2 * free.value.se for a, b in pairwise(values))


def test_no_world_sells_more_than_its_bound(made_up_launch):
    problem = made_up_launch(M=7)
    for objective in (cars_by(7, 12, last=11), odds_of(7, 12, amount=9_000, last=9, count=Count.CARS_PER_YEAR)):
        found = plan(replace(problem, objective=objective), seed=3, worlds=4).pursued
        assert 0 < found.score.mean <= found.bound.mean
        assert found.gap.mean >= 0
        assert found.share <= 1


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40), st.floats(0.02, 1.0))
def test_the_worst_tail_is_no_better_than_the_mean_and_a_longer_tail_is_no_worse(values, tail):
    found = np.array(values)
    worst = worst_mean(found, tail).mean
    assert found.min() - 1e-6 <= worst <= found.mean() + 1e-6
    assert worst <= worst_mean(found, min(1.0, 2 * tail)).mean + 1e-6
    assert worst_mean(found + 7.0, tail).mean == pytest.approx(worst + 7.0, abs=1e-5)


def test_the_worst_tenth_of_ten_values_is_the_least_and_of_fifteen_takes_half_of_the_next():
    assert worst_mean(np.arange(10.0), 0.1).mean == pytest.approx(0.0)
    assert worst_mean(np.arange(15.0), 0.1).mean == pytest.approx((0.0 + 0.5 * 1.0) / 1.5)


def test_what_was_sold_before_the_first_quarter_may_make_a_market_live_in_it(made_up_launch):
    problem = made_up_launch(M=2, T=8)
    sold = np.array([[True, True, True], [False, False, True]])
    asked = partial(milestone, 2, 8, amount=1, count=Count.MARKETS_LIVE)
    for last, needed, most in ((0, 1, 1.0), (0, 2, 0.0), (2, 2, 1.0)):
        target = replace(asked(last=last, amount=needed), sold=sold)
        found = Objective(wanted=Wanted.ODDS, said="", milestones=(target,))
        world = draw_worlds(problem, 1, 1)[0]
        assert odds_bound(problem.terms, kernel_position(problem), found, world) == most
        selling = np.ones((1, 2, 8))
        assert scores(found, selling).tolist() == [most]


def test_levels_and_scores_are_counted_by_hand():
    cars = np.zeros((1, 2, 8))
    cars[0, 0] = [0, 1, 1, 1, 1, 5, 5, 5]
    cars[0, 1, 3:] = 2
    year = milestone(2, 8, amount=15, last=7, count=Count.CARS_PER_YEAR)
    assert level(year, cars)[0].tolist() == [0, 1, 2, 5, 8, 14, 20, 24]
    known = replace(year, before=np.array([9.0, 4.0, 3.0, 2.0]))
    assert level(known, cars)[0, 0] == 4 + 3 + 2
    live = milestone(2, 8, amount=2, last=7, count=Count.MARKETS_LIVE)
    assert level(live, cars)[0].tolist() == [0, 0, 0, 0, 1, 1, 2, 2]
    sold = np.array([[True, True, True], [False, True, True]])
    assert level(replace(live, sold=sold), cars)[0].tolist() == [0, 0, 0, 0, 1, 1, 2, 2], "none sells in the first"
    going = cars + 1
    assert level(replace(live, sold=sold), going)[0].tolist() == [1, 2, 2, 2, 2, 2, 2, 2]
    assert level(live, going)[0].tolist() == [0, 0, 0, 2, 2, 2, 2, 2]
    then = replace(year, needed=np.full((1, 8), 5.0), after=(0,), last=6)
    both = Objective(wanted=Wanted.ODDS, said="", milestones=(live, then))
    assert scores(both, cars).tolist() == [1.0]
    late = replace(then, last=5)
    assert scores(replace(both, milestones=(live, late)), cars).tolist() == [0.0]
