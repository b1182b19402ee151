"""Worlds are played in which a pilot's quarter is not the years: what is held at the end is as sure as it says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from beachhead.case.open import open_launch
from beachhead.case.plan.planning import put_question
from beachhead.launch.aim.steer import play_all, set_course
from beachhead.launch.draws import draw_worlds
from beachhead.launch.information.batch_design import design
from beachhead.launch.question.problem import Problem, assemble

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "byd-norway-2021"


@pytest.fixture(scope="module")
def launch():
    return open_launch(EXAMPLE)


@pytest.fixture(scope="module")
def problem(launch) -> Problem:
    return put_question(launch, on=launch.folder.terms.start.first_day).problem


def as_it_is(problem: Problem) -> Problem:
    """The same question where quarters show the level over the years as it is."""
    belief = replace(problem.belief, look_var=None)
    return replace(problem, belief=belief, terms=replace(problem.terms, look_var=np.zeros((1, 1))))


def ends(problem: Problem, worlds: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors in standard deviations, and share of the variance left, of markets piloted and not scaled."""
    course, away, left = set_course(problem), [], []
    drawn = draw_worlds(problem, 4, worlds)
    for world, done in zip(drawn, play_all(course, drawn), strict=True):
        for i in np.flatnonzero((done.stage == 3).any(axis=0) & (done.route < 0)):
            away.append((world.theta[i] - done.mean[i]) / np.sqrt(done.cov[i, i]))
            left.append(done.cov[i, i] / problem.belief.cov[i, i])
    return np.array(away), np.array(left)


@pytest.mark.parametrize("worlds", [30, pytest.param(200, marks=pytest.mark.full)])
def test_what_is_held_after_pilots_is_as_sure_as_it_says(problem, worlds):
    away, left = ends(problem, worlds)
    within = (np.abs(away) < 1.645).mean()
    assert abs(within - 0.9) < 3 * np.sqrt(0.09 / worlds)  # markets of a world share their luck: count worlds
    assert 0.2 < np.median(left) < 0.6
    assert np.median(ends(as_it_is(problem), 6)[1]) < 0.5 * np.median(left)


def test_a_pilot_tells_the_less_the_less_lasts_and_a_second_in_a_row_next_to_nothing(problem):
    first = design(problem, "NO", 400)
    assert first.sd_after > design(as_it_is(problem), "NO", 400).sd_after
    assert first.floor_sd > design(as_it_is(problem), "NO", 400).floor_sd
    at = problem.markets.index("NO")
    standing = tuple(replace(each, pilot_quarters=1) if i == at else each for i, each in enumerate(problem.standing))
    second = design(replace(problem, standing=standing), "NO", 400)
    assert 1 - second.share_resolved > 1 - 0.6 * first.share_resolved


def test_a_launch_whose_quarters_show_the_years_is_planned_as_ever(launch, problem):
    """The noise of a belief that states none is zero, to the last bit."""
    folder = launch.folder
    made = assemble(
        belief=replace(problem.belief, look_var=None), economics=folder.economics, limits=folder.limits,
        discount=folder.terms.discount_per_quarter, terminal_quarters=folder.terms.terminal_quarters,
    )  # fmt: skip
    assert not made.terms.look_var.any()
    assert made.terms.signal_var == 0.15**2
    assert problem.terms.signal_var > made.terms.signal_var
