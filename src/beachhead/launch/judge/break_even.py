"""What demand must be for scaling to pay, on the one route by which a market would be scaled."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.launch.policy.play import best_route, scaling_odds
from beachhead.launch.question.kernel_terms import Terms
from beachhead.launch.question.problem import Problem, kernel_terms


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """Where scaling a market now begins to pay.

    Attributes:
        route: of scaling, a position in `problem.channels[i]`; a pilot may go by another, cheaper to try.
        cars_per_year: at full scale, in a quarter whose path is 1; infinite where no demand would pay.
        odds: P(demand >= that), 0..1.
        expected_loss: E max(0, -NPV) if scaled now and never left, in money of the first quarter.
    """

    route: int
    cars_per_year: float
    odds: float
    expected_loss: float


def break_even(problem: Problem, i: int, terms: Terms | None = None, route: int = -1) -> BreakEven:
    """Where scaling market `i` now begins to pay.

    Args:
        problem: the launch.
        i: position of the market in `problem.markets`.
        terms: the problem's kernel arrays, where they are at hand.
        route: position of the channel in `problem.channels[i]`; if negative the channel of the market's registered
            gate, and without a gate the one that would pay most now.
    """
    terms = kernel_terms(problem) if terms is None else terms
    mean, var = float(problem.belief.mean[i]), float(problem.belief.cov[i, i])
    if route < 0:
        route = _of_gate(problem, i)
    if route < 0:
        route = best_route(terms, i, 0, mean, var)
    odds, loss, level = scaling_odds(terms, i, route, 0, mean, var)
    return BreakEven(route=route, cars_per_year=level, odds=odds, expected_loss=loss)


def _of_gate(problem: Problem, i: int) -> int:
    """The route of the market's registered gate; -1 without one, or if its economics have gone since."""
    named = [gate.channel for gate in problem.gates if gate.market == problem.markets[i]]
    return problem.channels[i].index(named[0]) if named and named[0] in problem.channels[i] else -1
