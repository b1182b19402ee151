"""What a maker, or the world, may change before a target falls due: each as a change of the plan's question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from beachhead.case.open import Launch
from beachhead.case.plan.customs import at_border, expected_duty
from beachhead.evidence.tables.plants import PlantRow
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
    lower, higher = (partial(_duties_moved, launch, points) for points in (-DUTY_POINTS, DUTY_POINTS))
    return (
        Lever(code="cars", name="10 % more cars from the plants", change=_more_cars),
        Lever(code="start", name="one more market may start a quarter", change=_one_more_start),
        Lever(code="capital", name="10 % more capital a year", change=_more_capital),
        Lever(code="demand", name="10 % more demand abroad", change=_more_demand),
        Lever(code="duty-down", name="duties 10 points lower", change=lower),
        Lever(code="duty-up", name="duties 10 points higher", change=higher),
        Lever(code="month", name="everything a month later", change=_later, part=1 / MONTHS_A_QUARTER),
    )


def with_margin(problem: Problem, added: np.ndarray) -> Problem:
    """The question with (M,) or (M, T) money added to the margin of every car, market by market."""
    more = added.reshape(len(added), 1, -1)
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


def _duties_moved(launch: Launch, points: float, problem: Problem) -> Problem:
    """Margins abroad after so many points more of duty on a car from the first running plant; no duty falls below 0."""
    home = next((row.country for row in launch.folder.rows(PlantRow) if row.running), "")
    added = np.zeros(problem.terms.path.shape)
    for i, code in enumerate(problem.markets):
        cars = at_border(launch, code)
        for t, quarter in enumerate(problem.quarters):
            was, now = (expected_duty(launch.folder, home, code, quarter, cars, points=p) for p in (0.0, points))
            added[i, t] = was - now
    return with_margin(problem, abroad(problem)[:, None] * added)
