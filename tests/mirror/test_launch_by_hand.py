"""Objectives, reach and assumptions of a launch, worked out by hand."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

from beachhead.launch.aim.reach import _windows, most_pilot_cars
from beachhead.launch.information.tornado import ASSUMPTIONS
from beachhead.launch.question.action import Standing
from beachhead.launch.question.kernel_terms import OUT, SCALED
from beachhead.launch.question.objective import Count, Milestone, Objective, Wanted, level, scores
from beachhead.world.market import Channel, Stage
from beachhead.world.quarter import Quarter

FIRST = Milestone(
    code="first",
    count=Count.CARS_IN_TOTAL,
    markets=np.array([True, False]),
    needed=np.full((1, 3), 100.0),
    last=2,
    before=np.array([20.0]),
)
THEN = Milestone(
    code="then",
    count=Count.CARS_PER_YEAR,
    markets=np.array([True, True]),
    needed=np.array([[50.0] * 3, [500.0] * 3]),
    last=2,
    before=np.array([7.0]),
    after=(0,),
)
CARS = np.array([[[50.0, 40, 10], [5, 0, 45]], [[10.0, 10, 10], [0, 0, 0]]])


def test_a_target_counts_from_the_quarter_in_which_the_one_before_is_met():
    assert level(FIRST, CARS).tolist() == [[70, 110, 120], [30, 40, 50]]
    assert level(THEN, CARS).tolist() == [[62, 102, 157], [17, 27, 37]]

    def odds(*milestones):
        return scores(Objective(wanted=Wanted.ODDS, milestones=milestones), CARS).tolist()

    assert odds(FIRST) == [1, 0]
    assert odds(replace(THEN, after=())) == [0.5, 0]  # 50 cars at once, 500 never
    assert odds(FIRST, THEN) == [0.5, 0]
    assert odds(FIRST, replace(THEN, last=1)) == [0.5, 0]
    assert odds(FIRST, replace(THEN, last=0)) == [0, 0]  # the first is met in the second quarter only
    asked = Objective(wanted=Wanted.CARS, milestones=(replace(THEN, last=1),))
    assert scores(asked, CARS).tolist() == [95, 20]


def test_windows_of_a_year_take_in_the_quarters_on_record():
    asked = replace(THEN, needed=np.arange(10.0).reshape(2, 5), last=4, before=np.array([5.0, 6, 7, 8]))
    found = [(first, last, past, needed.tolist()) for first, last, past, needed in _windows(asked)]
    assert found == [
        (1, 4, 0, [4, 9]), (0, 3, 0, [3, 8]), (0, 2, 8, [2, 7]), (0, 1, 15, [1, 6]), (0, 0, 21, [0, 5]),
    ]  # fmt: skip
    assert [past for _, _, past, _ in _windows(replace(asked, before=np.array([8.0])))] == [0, 0, 8, 8, 8]
    ((first, last, past, needed),) = _windows(replace(asked, count=Count.CARS_IN_TOTAL, last=3))
    assert (first, last, past, needed.tolist()) == (0, 3, 26, [0, 5])


def test_pilots_take_no_more_cars_than_the_pool_and_the_quarters_left_allow():
    terms = SimpleNamespace(pilot_quarters=3, pool_cap=np.array([100.0, 40, 70, 10]), batches=np.array([20, 50]))
    position = SimpleNamespace(piloted=np.array([0, 2, 5, 0, 0]), stage=np.array([OUT, OUT, OUT, SCALED, OUT]))
    counts = np.array([1.0, 1, 1, 1, 0])
    assert most_pilot_cars(terms, position, counts, 1, 3) == 120
    assert most_pilot_cars(terms, position, counts, 0, 3) == 4 * 50  # three quarters of the first market, one more


CHANGED = {
    "margin of a car": {"margin", "scenario_margin"},
    "capital of a market": {"capital", "salvage"},
    "fixed cost of a scaled market": {"opex"},
    "value after the horizon": {"tail"},
    "capital that may be committed": {"capital_cap"},
    "cars that the plants deliver": {"cars_cap"},
    "speed of the ramp": {"ramp"},
    "recovered on leaving": {"salvage"},
    "cost of pilots": {"start_fee", "quarter_fee", "car_cost"},
}


def test_a_slower_ramp_serves_as_much_in_the_end_and_stores_close_when_they_do(made_up_launch):
    problem = made_up_launch(M=3, T=6)
    change = ASSUMPTIONS["speed of the ramp"][2]
    assert problem.terms.ramp[0, 0] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])
    assert change(problem, 1.3).terms.ramp[0, 0] == pytest.approx([0.26, 0.52, 0.78, 1, 1, 1])
    assert change(problem, 0.7).terms.ramp[0, 0] == pytest.approx([0.14, 0.28, 0.42, 0.56, 0.7, 0.84, 0.98, 1, 1])
    curved = replace(problem, terms=replace(problem.terms, ramp=np.array([[[0.1, 0.3, 1, 0.5, 0.5, 0.5]]])))
    assert change(curved, 0.5).terms.ramp[0, 0] == pytest.approx([0.05, 0.1, 0.2, 0.15, 0.325, *[0.5] * 7])
    assert change(curved, 1.0).terms.ramp == pytest.approx(curved.terms.ramp)


def test_each_assumption_changes_what_it_names_by_its_factor_and_nothing_else(made_up_launch):
    problem = made_up_launch(M=3, T=6)
    home = Standing(stage=Stage.SCALED, channel=Channel.OWN_STORE, since=Quarter(2017, 1), is_home=True)
    problem = replace(problem, standing=(home, *problem.standing[1:]))
    terms, belief = problem.terms, problem.belief
    for what, (_, _, change) in ASSUMPTIONS.items():
        now = change(problem, 1.3)
        moved = {
            f.name for f in fields(terms) if not np.array_equal(getattr(terms, f.name), getattr(now.terms, f.name))
        }
        assert moved == CHANGED.get(what, set()), what
        for name in moved - {"ramp"}:
            assert np.asarray(getattr(now.terms, name)) == pytest.approx(1.3 * np.asarray(getattr(terms, name))), what
        if moved:
            assert now.belief == belief
    demand = ASSUMPTIONS["demand in every market"][2](problem, 1.3).belief
    assert demand.mean - belief.mean == pytest.approx(np.log(1.3) * np.array([0, 1, 1, 0]))
    fans = ASSUMPTIONS["early-adopter bias"][2](problem, 1.3).belief
    assert fans.mean - belief.mean == pytest.approx(np.log(1.3) * np.array([0, 0, 0, 1]))
    doubt = ASSUMPTIONS["doubt about demand"][2](problem, 1.3).belief
    assert doubt.cov == pytest.approx(1.69 * belief.cov)
    expected, before = (b.mean + np.diag(b.cov) / 2 for b in (doubt, belief))
    assert expected[:3] == pytest.approx(before[:3])  # the expected demand stays
    assert doubt.mean[3] == belief.mean[3]
