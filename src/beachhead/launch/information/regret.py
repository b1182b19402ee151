"""What a decision gave up, now that the market's demand is known: by the accounting of the plan that it was made on.

A market is looked at for itself: the limits that it shared with others are left out, tariffs are the mean of their
scenarios as planned then, and a market that sells is run on and left as well as can be (`launch.bound.revealed.run`,
which bounds plans too). With demand D known, the best is the largest of 0 (never enter) and of scaling through any
channel from any quarter in which that was permitted; the regret is that less what was done (Savage 1951, Journal of the
American Statistical Association 46:55-67).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beachhead.launch.bound.revealed import run, started
from beachhead.launch.question.action import ActionKind
from beachhead.launch.question.kernel_terms import Terms
from beachhead.launch.question.problem import Problem, kernel_terms
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter

LEVELS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something done with a market.

    Attributes:
        quarter: when.
        kind: a pilot, or the start at full scale.
        channel: sold through.
        batch: pilot cars, 0 unless a pilot.
    """

    quarter: Quarter
    kind: ActionKind
    channel: Channel
    batch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Regret:
    """What a decision gave up, over the interval in which demand lies.

    Attributes:
        low: least, launch currency, discounted to the quarter of the decision.
        high: most.
        best_start: when to have scaled, at the middle of the interval; None where never to enter was best.
        best_channel: through which channel; None likewise.
    """

    low: float
    high: float
    best_start: Quarter | None
    best_channel: Channel | None


def regret(problem: Problem, market: str, done: Sequence[Step], low: float, high: float) -> Regret:
    """Regret of a decision.

    Args:
        problem: the question that was decided; money counts from its first quarter.
        market: market code.
        done: pilots and the start at full scale from that quarter on, in order of time.
        low: lower end of what demand was, cars a year at full scale in a quarter whose path is 1.
        high: upper end, finite.
    """
    terms, i = kernel_terms(problem), problem.markets.index(market)
    found = []
    for demand in np.geomspace(max(low, 1e-3), high, LEVELS):
        best, start, route = _best(terms, i, float(demand))
        found.append((max(best - _earned(problem, terms, i, done, float(demand)), 0.0), start, route))
    _, start, route = found[LEVELS // 2]
    return Regret(
        low=min(given_up for given_up, _, _ in found),
        high=max(given_up for given_up, _, _ in found),
        best_start=None if start < 0 else problem.quarters[start],
        best_channel=None if start < 0 else problem.channels[i][route],
    )


def _best(terms: Terms, i: int, demand: float) -> tuple[float, int, int]:
    """Value, start and route of the best that could have been done; start -1 for never."""
    best, start, route = 0.0, -1, -1
    for c in range(terms.capital.shape[1]):
        if not np.isfinite(terms.capital[i, c]):
            continue
        for s in range(int(terms.first_scale[i, c]), terms.path.shape[1]):
            value = _scaled(terms, i, c, s, demand)
            if value > best:
                best, start, route = value, s, c
    return best, start, route


def _scaled(terms: Terms, i: int, c: int, s: int, demand: float) -> float:
    earned, _ = run(started(terms, i, c, s), demand, np.zeros(terms.path.shape[1]))
    return float(earned - terms.discount**s * terms.capital[i, c])


def _earned(problem: Problem, terms: Terms, i: int, done: Sequence[Step], demand: float) -> float:
    """What the steps taken earn at that demand; a pilot costs its fees and cars, at list price."""
    value, fresh = 0.0, problem.standing[i].pilot_quarters == 0
    for step in done:
        s, c = step.quarter - problem.quarters[0], problem.channels[i].index(step.channel)
        if step.kind is ActionKind.SCALE:
            return value + _scaled(terms, i, c, s, demand)
        cost = terms.quarter_fee[i, c] + terms.car_cost[i, c] * step.batch + fresh * terms.start_fee[i, c]
        value, fresh = value - terms.discount**s * float(cost), False
    return value
