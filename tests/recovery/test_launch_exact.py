"""The policy against launches small enough to be solved exactly (benchmarks/_exact.py)."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _exact import PILOT_NOISE, independent_share, solve, start_value, tiny_instances, tiny_problem, tiny_share
from beachhead.launch.bound.clairvoyant import clairvoyant
from beachhead.launch.bound.control import SCORES, control_variate, controlled
from beachhead.launch.bound.penalised import expected_urgency, penalised
from beachhead.launch.bound.revealed import revealed, split_own, what_is_told
from beachhead.launch.draws import draw_scores, draw_worlds
from beachhead.launch.policy.recourse import drop_for_capital
from beachhead.launch.policy.select import choose
from beachhead.launch.question.kernel_terms import PILOT, WAIT
from beachhead.launch.scene import set_up
from policy import regimes

TWO = [tiny for tiny in tiny_instances() if tiny.markets == 2]
THREE = [tiny for tiny in tiny_instances() if tiny.markets == 3]


@pytest.mark.full
@pytest.mark.parametrize("tiny", TWO, ids=lambda tiny: tiny.name)
def test_two_markets_are_launched_almost_as_well_as_can_be(tiny):
    share, se = tiny_share(tiny, regimes()["base"], worlds=60)
    assert 0.985 - 2 * se <= share <= 1 + 1e-9


@pytest.mark.full
@pytest.mark.parametrize("name", ["M=3 corr=0.7 tight cheap", "M=3 corr=0.7 tight dear"])
def test_three_markets_are_launched_almost_as_well_as_can_be(name):
    tiny = next(t for t in THREE if t.name == name)
    share, se = tiny_share(tiny, regimes()["base"], worlds=20, points=17)
    assert 0.985 - 2 * se <= share <= 1 + 1e-9


def test_a_pilot_waits_where_the_budget_may_be_spent_before_its_reading_counts():
    tiny = next(t for t in THREE if t.name == "M=3 corr=0.7 tight dear")
    terms, position, _, mean, cov, prices = set_up(tiny_problem(tiny, regimes()["base"]))
    choice = choose(terms, position, mean, cov, 0, prices)
    assert list(choice.action) == [WAIT, PILOT, PILOT]  # the exact programme's choice; all three earn .980 of it


def test_a_budget_that_pays_for_every_market_drops_no_pilot():
    tiny = next(t for t in THREE if t.name == "M=3 corr=0.7 loose dear")
    terms, position, _, mean, cov, prices = set_up(tiny_problem(tiny, regimes()["base"]))
    action = np.array([PILOT, PILOT, PILOT])
    drop_for_capital(terms, position, mean, cov, 0, prices, action, np.zeros(3, np.int64), np.zeros(3, np.int64))
    assert list(action) == [PILOT, PILOT, PILOT]


@pytest.mark.full
def test_ten_independent_markets_are_launched_as_well_as_each_alone():
    share, _ = independent_share(regimes()["base"], worlds=4)
    assert 0.99 <= share <= 1 + 1e-9


@pytest.mark.full
@pytest.mark.parametrize("tiny", TWO[::3], ids=lambda tiny: tiny.name)
def test_every_bound_stands_above_the_exact_optimum(tiny):
    problem = tiny_problem(tiny, regimes()["base"])
    scene = set_up(problem)
    optimum = start_value(solve(scene, PILOT_NOISE, 31), scene.mean[:2])
    split = split_own(scene.cov)
    worlds = draw_worlds(problem, 0, 3000)
    told = np.array([revealed(scene.terms, scene.position, scene.mean, split, world) for world in worlds])
    clear = np.array([clairvoyant(scene.terms, scene.position, world.theta) for world in worlds])
    charged = np.array([penalised(scene.terms, scene.position, scene.mean, split, world) for world in worlds[:400]])
    at = scene.terms, scene.position, scene.mean, split
    urgency = expected_urgency(*at, draw_worlds(problem, 1, 100))
    delayed = np.array([penalised(*at, world, urgency=urgency) for world in worlds[:400]])
    whole = np.array([penalised(*at, world, whole=True, urgency=urgency) for world in worlds[:100]])
    given = np.array([what_is_told(scene.position, scene.mean, split, world) for world in worlds])
    control = control_variate(scene, given, draw_scores(problem.markets, 0, SCORES), split.own)
    for bound in (told, clear, charged, delayed, whole):
        found = controlled(bound, control)
        assert found.mean > optimum - 2 * found.se
