"""What a maker, or the world, may change before a target falls due: each as a change of the plan's question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from beachhead.case.open import Launch
from beachhead.case.plan.customs import at_border
from beachhead.launch.question.kernel_terms import Terms
from beachhead.launch.question.problem import Problem

MORE = 0.1
DUTY_POINTS = 0.1
MONTHS_A_QUARTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """One change.

    Attributes:
        code: key.
        name: in words.
        change: the question with the change made.
        part: share of its effect that counts: 1, or a third where a quarter stands for a month.
    """

    code: str
    name: str
    change: Callable[[Problem], Problem]
    part: float = 1.0


def levers(launch: Launch) -> tuple[Lever, ...]:
    """The changes that are tried on every target."""
    points = partial(_duty_points, launch)
    return (
        Lever(code="cars", name="10 % more cars from the plants", change=_more_cars),
        Lever(code="start", name="one more market may start a quarter", change=_one_more_start),
        Lever(code="capital", name="10 % more capital a year", change=_more_capital),
        Lever(code="demand", name="10 % more demand abroad", change=_more_demand),
        Lever(code="duty-down", name="duties 10 points lower", change=lambda p: with_margin(p, points(p))),
        Lever(code="duty-up", name="duties 10 points higher", change=lambda p: with_margin(p, -points(p))),
        Lever(code="month", name="everything a month later", change=_later, part=1 / MONTHS_A_QUARTER),
    )


def with_margin(problem: Problem, added: np.ndarray) -> Problem:
    """The question with (M,) money added to the margin of every car, market by market."""
    more = added[:, None, None]
    terms = problem.terms
    return _with(problem, replace(terms, margin=terms.margin + more, scenario_margin=terms.scenario_margin + more))


def abroad(problem: Problem) -> np.ndarray:
    """(M,) 1 for markets abroad, 0 for the home market."""
    return np.array([0.0 if standing.is_home else 1.0 for standing in problem.standing])


def _with(problem: Problem, terms: Terms) -> Problem:
    return replace(problem, terms=terms)


def _more_cars(problem: Problem) -> Problem:
    return _with(problem, replace(problem.terms, cars_cap=problem.terms.cars_cap * (1 + MORE)))


def _one_more_start(problem: Problem) -> Problem:
    return _with(problem, replace(problem.terms, starts_cap=problem.terms.starts_cap + 1))


def _more_capital(problem: Problem) -> Problem:
    return _with(problem, replace(problem.terms, capital_cap=problem.terms.capital_cap * (1 + MORE)))


def _more_demand(problem: Problem) -> Problem:
    path = problem.terms.path * (1 + MORE * abroad(problem))[:, None]
    return _with(problem, replace(problem.terms, path=path))


def _later(problem: Problem) -> Problem:
    """Nothing that has not begun may begin before a quarter later; the effect of a month is a third of it.

    Dates are spread evenly over their quarters, so a month carries a third of them into the next.
    """
    terms = problem.terms
    return _with(problem, replace(terms, first_scale=terms.first_scale + 1, first_pilot=terms.first_pilot + 1))


def _duty_points(launch: Launch, problem: Problem) -> np.ndarray:
    """(M,) ten points of duty on a car's customs value, launch currency; 0 at home, and where it is not known."""
    values = np.array([sum(car.share * car.value for car in at_border(launch, code)) for code in problem.markets])
    points: np.ndarray = DUTY_POINTS * abroad(problem) * values
    return points
