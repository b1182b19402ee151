"""Find the policy that serves an objective: a bonus on what counts, and caution about what may go wrong.

Maximising cars, or the odds of a target, subject to a floor under the worst worlds, is a dynamic programme without a
useful structure; its Lagrangian has one. The policy of highest value is played as if every car that counts earned a
bonus (the multiplier of the cars), and as if demand were some standard deviations lower in what markets share (the
worst worlds are reweighted ones: CVaR is an expectation under the least favourable of them, Rockafellar and Uryasev
2000; in a Gaussian belief a reweighting along a direction is a shift). Both numbers are searched over worlds drawn for
the search alone, the same for every candidate; the plan is then measured on other worlds, so luck in the search does
not count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from beachhead.launch.bound.clairvoyant import as_is
from beachhead.launch.draws import draw_worlds
from beachhead.launch.estimate import Estimate, estimate
from beachhead.launch.policy.play import Bars, Played, World, marked_down, play_towards
from beachhead.launch.policy.shadow_prices import find_prices, no_prices
from beachhead.launch.policy.threads import in_threads
from beachhead.launch.question.kernel_terms import Floats, Position, Prices, Terms, under
from beachhead.launch.question.objective import Count, Milestone, Objective, Wanted, scores, worst_mean
from beachhead.launch.question.problem import Problem
from beachhead.launch.scene import FIRST_ROUNDS, set_up

SEARCH_WORLDS = 64
FLOOR_WORLDS = 160
"""Played for each candidate, and where there is a floor: a tail of a tenth needs some worlds in it."""
SEARCH_SEED = 100_003
"""Added to the plan's seed: the search has worlds of its own."""
BONUSES = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
"""In mean margins of a car that counts."""
CAUTIONS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """Where a policy is steered.

    Attributes:
        bonus: money of the first quarter that each car that counts (or quarter of a live market) is worth besides.
        caution: standard deviations by which demand is marked down when deciding.
    """

    bonus: float = 0.0
    caution: float = 0.0


PLAIN = Steering()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a steering brings, on the worlds of the search.

    Attributes:
        steering: the candidate.
        score: cars, odds or value that it reaches.
        value: over carrying on as is.
        worst: mean value in the worst tail.
    """

    steering: Steering
    score: Estimate
    value: Estimate
    worst: Estimate


class Course(NamedTuple):
    """What `play_towards` plays from, besides the world; see there."""

    aim: Terms
    caution: float
    terms: Terms
    position: Position
    bars: Bars
    mean: Floats
    cov: Floats
    prices: Prices


def set_course(problem: Problem, steering: Steering = PLAIN) -> Course:
    """Kernel arrays of the problem under a steering; the plain one gives just what `scene.set_up` gives."""
    scene = set_up(problem)
    if steering == PLAIN or problem.objective is None:
        return Course(scene.terms, 0.0, *scene)
    aim = aim_of(scene.terms, problem.objective, steering.bonus)
    feared = marked_down(scene.position, scene.mean, scene.cov, steering.caution)
    prices = find_prices(aim, scene.position, feared, scene.cov, 0, no_prices(aim), FIRST_ROUNDS)
    return Course(aim, steering.caution, *scene._replace(prices=prices))


def aim_of(terms: Terms, objective: Objective, bonus: float) -> Terms:
    """The terms with a bonus on what counts, the same for each car in money of the first quarter.

    The last quarter's margin stands for the years after the horizon too, where nothing counts: it gets none.
    """
    if bonus == 0.0 or objective.wanted is Wanted.VALUE:
        return terms
    asked = objective.milestone
    if asked.count is Count.MARKETS_LIVE:
        return replace(terms, opex=terms.opex - bonus * asked.markets[:, None])
    paid = bonus_by_quarter(terms, asked, bonus)[None, None, :] * asked.markets[:, None, None]
    return replace(terms, margin=terms.margin + paid, scenario_margin=terms.scenario_margin + paid)


def bonus_by_quarter(terms: Terms, asked: Milestone, bonus: float) -> Floats:
    """(T,) bonus of a car in money of its quarter."""
    T = terms.path.shape[1]
    counts = np.arange(T) <= min(asked.last, T - 2)
    return np.asarray(np.where(counts, bonus / terms.discount ** np.arange(T), 0.0))


def steer(
    problem: Problem, seed: int, worlds: int | None = None, tick: Callable[[int, int], None] | None = None
) -> tuple[Tried, ...]:
    """Candidates for the problem's objective, played on the same worlds; the first is the plan of highest value.

    With a floor the search walks up the bonuses, and at each raises caution until the floor is kept: the more cars are
    worth, the more caution it takes.

    Args:
        problem: with an objective.
        seed: of the worlds.
        worlds: played for each candidate; by default enough to see the tail, if there is a floor.
        tick: called with (candidates done, most candidates) as they end.
    """
    objective = problem.objective
    if objective is None or objective.is_plain:
        return ()
    drawn = draw_worlds(problem, seed + SEARCH_SEED, worlds or worlds_for(objective))
    unit = unit_bonus(problem, objective)
    bonuses = [0.0] if objective.wanted is Wanted.VALUE else [unit * step for step in BONUSES]
    cautions = [0.0] if objective.floor is None else list(CAUTIONS)
    most, tried, at = most_candidates(objective), [], 0
    for bonus in bonuses:
        while True:
            found = try_out(problem, Steering(bonus=bonus, caution=cautions[at]), drawn)
            tried.append(found)
            if tick is not None:
                tick(len(tried), most)
            if objective.floor is None or found.worst.mean >= objective.floor:
                break
            at += 1
            if at == len(cautions):
                return tuple(tried)
    return tuple(tried)


def find_steering(problem: Problem, seed: int, tick: Callable[[int, int], None] | None = None) -> Steering:
    """The steering that a plan of the problem with that seed takes; the plain one without an objective."""
    tried = steer(problem, seed, tick=tick)
    return PLAIN if problem.objective is None or not tried else pick(problem.objective, tried)


def most_candidates(objective: Objective) -> int:
    """Most steerings that a search plays: one step along either ladder at a time."""
    bonuses = 1 if objective.wanted is Wanted.VALUE else len(BONUSES)
    return bonuses + (0 if objective.floor is None else len(CAUTIONS) - 1)


def worlds_for(objective: Objective) -> int:
    """Worlds on which candidates are compared, and on which the plan is measured."""
    return SEARCH_WORLDS if objective.floor is None else FLOOR_WORLDS


def pick(objective: Objective, tried: tuple[Tried, ...]) -> Steering:
    """The candidate of highest score among those that keep the floor; the safest one if none does.

    Where scores differ by less than the search can tell apart, the one of higher value is taken. For value itself it is
    the least cautious that keeps the floor, so that a floor which does not bind changes nothing.
    """
    keeps = [t for t in tried if objective.floor is None or t.worst.mean >= objective.floor]
    if not keeps:
        return max(tried, key=lambda t: t.worst.mean).steering
    if objective.wanted is Wanted.VALUE:
        return min(keeps, key=lambda t: t.steering.caution).steering
    best = max(keeps, key=lambda t: t.score.mean)
    close = [t for t in keeps if t.score.mean >= best.score.mean - _slack(objective, best)]
    return max(close, key=lambda t: t.value.mean).steering


def _slack(objective: Objective, best: Tried) -> float:
    """A hundredth of the cars, or of the odds."""
    return 0.01 if objective.wanted is Wanted.ODDS else 0.01 * best.score.mean


def unit_bonus(problem: Problem, objective: Objective) -> float:
    """Mean margin of a car that counts; for live markets the mean cost of a quarter, capital included."""
    if objective.wanted is Wanted.VALUE:
        return 0.0
    terms, inside = problem.terms, objective.milestone.markets
    there = np.isfinite(terms.capital) & inside[:, None]
    if not there.any():
        return 1.0
    if objective.milestone.count is Count.MARKETS_LIVE:
        return float((terms.opex + terms.capital / terms.path.shape[1])[there].mean())
    return max(float(np.abs(terms.margin[there]).mean()), 1e-9)


def try_out(problem: Problem, steering: Steering, drawn: list[World]) -> Tried:
    """Play a steering on the worlds."""
    objective = problem.objective
    assert objective is not None
    course = set_course(problem, steering)
    played = play_all(course, drawn)
    values = values_of(course, drawn, played)
    score = values if objective.wanted is Wanted.VALUE else scores(objective, cars_of(played))
    return Tried(
        steering=steering,
        score=estimate(score),
        value=estimate(values),
        worst=worst_mean(values, objective.tail),
    )


def play_all(course: Course, drawn: list[World], tick: Callable[[int, int], None] | None = None) -> list[Played]:
    """Play every world."""
    return in_threads(lambda world: play_towards(*course, world), drawn, tick)


def values_of(course: Course, drawn: list[World], played: list[Played]) -> Floats:
    """(S,) value of each world over carrying on as is."""
    idle = [as_is(under(course.terms, w.scenario), course.position, np.exp(w.theta)) for w in drawn]
    return np.asarray(np.array([p.value for p in played]) - np.array(idle))


def cars_of(played: list[Played]) -> Floats:
    """(S, M, T) cars sold by scaled markets and shipped to pilots."""
    return np.array([(p.sold + p.batch).T for p in played])
