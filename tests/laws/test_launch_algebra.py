from dataclasses import replace

import highspy
import numpy as np
import pytest

from beachhead.launch.aim.steer import set_course, values_of
from beachhead.launch.bound.clairvoyant import clairvoyant
from beachhead.launch.draws import draw_worlds
from beachhead.launch.plan.algebra import spell, write_out
from beachhead.launch.policy.play import play_towards
from beachhead.launch.policy.shadow_prices import pilot_cost
from beachhead.launch.question.kernel_terms import under
from beachhead.world.market import Channel

BOTH = (Channel.OWN_STORE, Channel.DEALER)


def read_back(text, folder):
    """HiGHS with nothing but the file, as a stranger would have it."""
    path = folder / "bound.lp"
    path.write_text(text)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    return solver


def course_in(text):
    """The course at the end of the file, by name."""
    _, _, listed = text.partition("a point that keeps every row")
    return {name: float(value) for name, value in (line[2:].split(" = ") for line in listed.splitlines()[1:])}


@pytest.fixture(scope="module")
def cases(made_up_launch):
    """Launches with their worlds: two routes, one route, and far less demand than anyone believed."""
    found = []
    for problem in (made_up_launch(M=5, T=12, seed=2, channels=BOTH), made_up_launch(M=4, T=12, seed=5)):
        course = set_course(problem)
        found += [(problem, course, world) for world in draw_worlds(problem, seed=3, count=2)]
    hoped = made_up_launch(M=3, T=8, seed=5)
    hoped = replace(hoped, belief=replace(hoped.belief, mean=hoped.belief.mean + 1.5))
    world = draw_worlds(hoped, seed=3, count=1)[0]
    return [*found, (hoped, set_course(hoped), world._replace(theta=world.theta - 3.5))]


def test_another_reader_finds_our_bound_in_the_file(cases, tmp_path):
    for problem, course, world in cases:
        algebra = write_out(problem, course, world)
        solver = read_back(spell(algebra, "EUR", "a launch"), tmp_path)
        solver.run()
        found = 1e6 * solver.getInfo().objective_function_value
        bound = clairvoyant(under(course.terms, world.scenario), course.position, world.theta)
        assert found == pytest.approx(bound, rel=1e-6)
        assert algebra.bound == pytest.approx(bound, rel=1e-9)


def test_the_plans_course_keeps_every_row_of_the_file_and_earns_there_what_it_earned_and_its_pilots_cost(
    cases, tmp_path
):
    for problem, course, world in cases:
        text = spell(algebra := write_out(problem, course, world), "EUR", "a launch")
        asked = read_back(text, tmp_path).getLp()
        taken = course_in(text)
        fixed = {"carrying_on_as_is": 1.0, "pilots_may_earn": 1.0}
        point = np.array([taken.get(name, fixed.get(name, 0.0)) for name in asked.col_names_])
        used = np.zeros(asked.num_row_)
        for k, (start, end) in enumerate(zip(asked.a_matrix_.start_[:-1], asked.a_matrix_.start_[1:], strict=True)):
            np.add.at(used, asked.a_matrix_.index_[start:end], point[k] * np.array(asked.a_matrix_.value_[start:end]))
        slack = 1e-6 * np.maximum(np.abs(used), 1.0)
        assert (used <= asked.row_upper_ + slack).all()
        assert (used >= asked.row_lower_ - slack).all()
        earned = 1e6 * float(np.dot(asked.col_cost_, point)) - spent_on_pilots(course, world)
        played = play_towards(*course, world)
        assert earned == pytest.approx(values_of(course, [world], [played])[0], rel=1e-6, abs=1.0)
        assert algebra.earned <= algebra.bound


def spent_on_pilots(course, world):
    """What the batches shipped cost, by the table of costs (at list price; all routes of a market cost alike)."""
    terms, played = course.terms, play_towards(*course, world)
    piloted, total = np.zeros(played.batch.shape[1], dtype=int), 0.0
    for t, i in zip(*np.nonzero(played.batch), strict=True):
        position = replace(course.position, piloted=piloted)
        total += terms.discount**t * pilot_cost(terms, position, i, 0, list(terms.batches).index(played.batch[t, i]))
        piloted[i] += 1
    return total


def test_a_way_that_no_best_answer_takes_stands_in_the_file_if_the_plan_took_it(cases):
    own = 0
    for problem, course, world in cases:
        algebra = write_out(problem, course, world)
        entered = {name for name, part in zip(algebra.columns, algebra.course, strict=True) if part and "enter" in name}
        stages = play_towards(*course, world).stage
        assert len(entered) == (stages == 1).any(axis=0).sum()
        own += sum("leave" in name for name in entered)
    assert own  # some market that failed was left
