"""How well a plan serves its objective, what it costs in expected value, and what no plan could exceed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from beachhead.launch.aim.reach import bounds_of, priced_bound
from beachhead.launch.aim.steer import (
    BONUSES,
    PLAIN,
    SEARCH_SEED,
    Course,
    Steering,
    Tried,
    cars_of,
    play_all,
    set_course,
    unit_bonus,
    values_of,
)
from beachhead.launch.bound.certificate import Certificate
from beachhead.launch.draws import draw_worlds
from beachhead.launch.estimate import Estimate, estimate
from beachhead.launch.policy.play import Played, World
from beachhead.launch.policy.threads import in_threads
from beachhead.launch.question.kernel_terms import Floats
from beachhead.launch.question.objective import Objective, Wanted, scores, worst_mean
from beachhead.launch.question.problem import Problem

PRICING_WORLDS = 12
"""Worlds of the search on which the bonus of the floor's bound is chosen, apart from those it is taken on."""
REACH = "demand told at once, cars maximised whatever they cost"
REACH_ODDS = "demand told at once, share of worlds in which the target can be reached"
FLOORED = "demand told at once, cars priced against the floor"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pursued:
    """What a plan reaches of what is wanted, measured on other worlds than it was searched on.

    Attributes:
        wanted: value, cars or odds.
        said: the objective in words.
        tail: share of the worlds over which the downside is averaged.
        floor: least mean value asked for in them; None for none.
        steering: where the policy is steered.
        score: value, cars or odds reached.
        bound: what no plan can exceed (that keeps the floor, where `method` says so).
        gap: bound less score, paired by world.
        share: score / bound; None where the bound is not positive, or the worlds are too few to tell an error.
        method: how the bound was found.
        value: expected value of the plan over carrying on as is.
        worst: mean value in the worst tail.
        is_kept: whether the floor is kept on these worlds; None without one.
        plain_score: score of the plan of highest value, on the same worlds.
        plain_worst: its mean value in the worst tail.
        gain: score less that of the plan of highest value, paired.
        cost: value of that plan less ours, paired: what the objective costs.
        tried: candidates of the search, on its worlds, the plan of highest value first.
    """

    wanted: Wanted
    said: str
    tail: float
    floor: float | None
    steering: Steering
    score: Estimate
    bound: Estimate
    gap: Estimate
    share: float | None
    method: str
    value: Estimate
    worst: Estimate
    is_kept: bool | None
    plain_score: Estimate
    plain_worst: Estimate
    gain: Estimate
    cost: Estimate
    tried: tuple[Tried, ...]


def pursue(
    problem: Problem,
    course: Course,
    steering: Steering,
    tried: tuple[Tried, ...],
    drawn: list[World],
    played: list[Played],
    certificate: Certificate,
    seed: int,
) -> Pursued:
    """Measure a steered plan against the plan of highest value and against what no plan can exceed.

    Args:
        problem: with an objective.
        course: of the plan.
        steering: of the plan.
        tried: the search.
        drawn: worlds played.
        played: how the plan went in them.
        certificate: of the plan's value.
        seed: of the worlds.
    """
    objective = problem.objective
    assert objective is not None
    plain = course if steering == PLAIN else set_course(problem)
    other = played if steering == PLAIN else play_all(plain, drawn)
    values, plain_values = values_of(course, drawn, played), values_of(plain, drawn, other)
    if objective.wanted is Wanted.VALUE:
        score, plain_score = values, plain_values
        bound, gap, share, method = certificate.bound, certificate.gap, certificate.share, certificate.method
    else:
        score, plain_score = scores(objective, cars_of(played)), scores(objective, cars_of(other))
        bounds, method = _bounds(problem, objective, course, drawn, tried, seed)
        bound, gap = estimate(bounds), estimate(bounds - score)
        share = float(score.mean() / bound.mean) if bound.mean > 0 and bound.se is not None else None
    worst = worst_mean(values, objective.tail)
    return Pursued(
        wanted=objective.wanted,
        said=objective.said,
        tail=objective.tail,
        floor=objective.floor,
        steering=steering,
        score=estimate(score),
        bound=bound,
        gap=gap,
        share=share,
        method=method,
        value=estimate(values),
        worst=worst,
        is_kept=None if objective.floor is None else worst.mean >= objective.floor,
        plain_score=estimate(plain_score),
        plain_worst=worst_mean(plain_values, objective.tail),
        gain=estimate(score - plain_score),
        cost=estimate(plain_values - values),
        tried=tried,
    )


def _bounds(
    problem: Problem, objective: Objective, course: Course, drawn: list[World], tried: tuple[Tried, ...], seed: int
) -> tuple[Floats, str]:
    """(S,) bound of each world; with a floor the better of two, chosen on worlds of the search."""
    if objective.wanted is Wanted.ODDS:
        return _each(drawn, lambda w: bounds_of(course.terms, course.position, objective, w)), REACH_ODDS
    keeps = objective.floor is not None and any(t.worst.mean >= objective.floor for t in tried)
    bonus = _best_bonus(problem, objective, course, seed) if keeps else None
    if bonus is None or objective.floor is None:
        return _each(drawn, lambda w: bounds_of(course.terms, course.position, objective, w)), REACH
    floor = objective.floor
    priced = _each(drawn, lambda w: priced_bound(course.terms, course.position, objective, w, bonus))
    return (priced - floor) / bonus, FLOORED


def _best_bonus(problem: Problem, objective: Objective, course: Course, seed: int) -> float | None:
    """The bonus whose bound is smallest; None where the bound without money is smaller still."""
    few = draw_worlds(problem, seed + SEARCH_SEED, PRICING_WORLDS)
    free = float(_each(few, lambda w: bounds_of(course.terms, course.position, objective, w)).mean())
    floor, best = objective.floor or 0.0, None
    for step in (*BONUSES[1:], 2 * BONUSES[-1], 4 * BONUSES[-1]):
        bonus = step * unit_bonus(problem, objective)
        priced = _each(few, lambda w, b=bonus: priced_bound(course.terms, course.position, objective, w, b))  # type: ignore[misc]
        found = (float(priced.mean()) - floor) / bonus
        if found < free:
            free, best = found, bonus
    return best


def _each(drawn: list[World], work: Callable[[World], float]) -> Floats:
    return np.array(in_threads(work, drawn))
