"""What no plan can exceed when cars or odds are asked for: the most that could be sold if money were no object.

In each world all demand is told at once and the cars that count are maximised over routes, starts and rationing within
the limits (a linear programme; splitting markets and never leaving only help). The mean over worlds bounds the expected
cars of every plan; the share of worlds in which the target's level lies within reach bounds its odds. A floor under the
worst worlds bounds cars once more: whoever keeps it has an expected value of at least the floor, so for every bonus
b > 0 E cars <= (E max(value + b cars) - floor) / b (Lagrangian relaxation; weak duality, Brown, Smith & Sun 2010,
for the telling of demand).
"""

from __future__ import annotations

import numpy as np

from beachhead.launch.aim.steer import aim_of
from beachhead.launch.bound.clairvoyant import Ways, as_is, clairvoyant, highest, programme
from beachhead.launch.policy.play import World
from beachhead.launch.policy.value import served
from beachhead.launch.question.kernel_terms import OUT, SCALED, Floats, Position, Terms, may_start, under
from beachhead.launch.question.objective import Count, Milestone, Objective, Wanted
from beachhead.world.quarter import QUARTERS_A_YEAR

ALMOST = 1 - 1e-6
"""Of a level counts as reaching it in a bound: the solver's tolerance must not turn a world away."""


def most_cars(terms: Terms, position: Position, theta: Floats, markets: Floats, first: int, last: int) -> float:
    """Most cars sold and shipped to pilots in the markets that count from quarter `first` to `last`, demand known.

    Args:
        terms: arrays of the launch.
        position: where every market stands.
        theta: (M,), true log demand.
        markets: (M,), 1 where a market counts.
        first: index of the first quarter.
        last: index of the last.
    """
    demand = np.exp(theta)
    ways = _ways(terms, position, last)
    pilots = most_pilot_cars(terms, position, markets, first, last)
    if not len(ways.market):
        return pilots
    asked = programme(terms, position, demand, ways)
    cost = np.zeros_like(asked.cost)
    N, T = len(ways.market), terms.path.shape[1]
    groups = dict.fromkeys(zip(ways.market.tolist(), ways.route.tolist(), strict=True))
    for place, (i, _) in enumerate(groups):
        cost[N + place * T + first : N + place * T + last + 1] = markets[i]
    return highest(asked._replace(cost=cost), N) + pilots


def _ways(terms: Terms, position: Position, last: int) -> Ways:
    """Every permitted start of every route, never left, whatever it costs; in order of market and route."""
    rows = []
    for i in range(terms.capital.shape[0]):
        if position.stage[i] == SCALED:
            rows.append((i, int(position.route[i]), int(position.since[i]), 0))
        elif position.stage[i] == OUT:
            permitted = may_start(terms, position, i)[:, : last + 1]
            rows += [(i, int(c), int(s), 1) for c, s in np.argwhere(permitted)]
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    market, route, start, is_new = (np.ascontiguousarray(column) for column in table.T)
    end = np.full(len(rows), terms.path.shape[1], dtype=np.int64)
    return Ways(market, route, start, end, np.zeros(len(rows)), is_new)


def most_pilot_cars(terms: Terms, position: Position, markets: Floats, first: int, last: int) -> float:
    """Most cars that pilots could take in those quarters: what the pool and the pilot quarters left allow."""
    left = np.maximum(terms.pilot_quarters - position.piloted, 0) * (position.stage == OUT) * markets
    return float(min(terms.pool_cap[first : last + 1].sum(), terms.batches.max() * left.sum()))


def rough_cars(terms: Terms, position: Position, theta: Floats, markets: Floats) -> Floats:
    """(T,) no fewer cars than any plan can sell in a quarter: every market at its best, starts and capital aside."""
    M, T = terms.path.shape
    best = np.zeros((M, T))
    for i in range(M):
        for c in range(terms.capital.shape[1]):
            since = int(position.since[i]) if position.stage[i] == SCALED else int(terms.first_scale[i, c])
            if position.stage[i] == SCALED and c != position.route[i]:
                continue
            if position.stage[i] not in (OUT, SCALED) or not np.isfinite(terms.capital[i, c]):
                continue
            for t in range(max(since, 0), T):
                most = max(served(terms, i, c, s, t) for s in range(since, t + 1))
                best[i, t] = max(best[i, t], most * float(np.exp(theta[i])) * float(markets[i]))
    return np.asarray(np.minimum(best.sum(axis=0), terms.cars_cap))


def cars_bound(terms: Terms, position: Position, objective: Objective, world: World) -> float:
    """Bound of one world on the cars asked for."""
    asked = objective.milestone
    return most_cars(terms, position, world.theta, asked.markets.astype(np.float64), 0, asked.last)


def priced_bound(terms: Terms, position: Position, objective: Objective, world: World, bonus: float) -> float:
    """Most that value, over carrying on as is, and bonus on the cars asked for could be worth together in one world."""
    asked, T = objective.milestone, terms.path.shape[1]
    truth, demand = under(terms, world.scenario), np.exp(world.theta)
    aim = aim_of(truth, objective, bonus)
    counts = asked.markets.astype(np.float64)
    pilots = most_pilot_cars(truth, position, counts, 0, asked.last)
    unpaid = float(rough_cars(truth, position, world.theta, counts)[T - 1]) if asked.last >= T - 1 else 0.0
    best = clairvoyant(aim, position, world.theta) + as_is(aim, position, demand) - as_is(truth, position, demand)
    return best + bonus * (pilots + unpaid)


def odds_bound(terms: Terms, position: Position, objective: Objective, world: World) -> float:
    """Share of cases in which the target's level lies within reach in one world; what must come before is left out."""
    asked = objective.milestone
    if asked.count is Count.MARKETS_LIVE:
        return _markets_within_reach(terms, position, asked)
    return _cars_within_reach(terms, position, asked, world.theta)


def _cars_within_reach(terms: Terms, position: Position, asked: Milestone, theta: Floats) -> float:
    """Windows are tried from the last on; those in which even a rough bound falls short are passed over."""
    counts = asked.markets.astype(np.float64)
    rough = rough_cars(terms, position, theta, counts)
    reached = np.zeros(len(asked.needed), dtype=np.bool_)
    for first, t, past, needed in _windows(asked):
        free = float(rough[first : t + 1].sum()) + most_pilot_cars(terms, position, counts, first, t)
        if (past + free >= needed[~reached] * ALMOST).any():
            most = past + most_cars(terms, position, theta, counts, first, t)
            reached |= most >= needed * ALMOST
        if reached.all():
            break
    return float(reached.mean())


def _windows(asked: Milestone) -> list[tuple[int, int, float, Floats]]:
    """First and last quarter counted, cars of quarters before that count too, and (R,) the level needed then."""
    if asked.count is Count.CARS_IN_TOTAL:
        return [(0, asked.last, float(asked.before.sum()), asked.needed[:, : asked.last + 1].min(axis=1))]
    found = []
    for t in range(asked.last, -1, -1):
        known = max(QUARTERS_A_YEAR - 1 - t, 0)
        past = float(asked.before[max(len(asked.before) - known, 0) :].sum()) if known else 0.0
        found.append((max(t - QUARTERS_A_YEAR + 1, 0), t, past, asked.needed[:, t]))
    return found


def _markets_within_reach(terms: Terms, position: Position, asked: Milestone) -> float:
    """As many as capital and starts allow to be scaled four quarters before, and pilots then; cars and money aside.

    A market that is live at t sold in quarter t - 3: it had been scaled by then, or a pilot ran; where that lies before
    the first quarter, it sold in all of those.
    """
    needed = asked.needed[:, : asked.last + 1].min(axis=1) * ALMOST
    known = float(asked.sold_since(min(asked.last, QUARTERS_A_YEAR - 2)).sum())
    last = asked.last - QUARTERS_A_YEAR + 1
    if last < 0:
        return float((known >= needed).mean())
    ways, most = _ways(terms, position, last), 0.0
    if len(ways.market):
        model = programme(terms, position, np.zeros(terms.capital.shape[0]), ways)
        cost = np.zeros_like(model.cost)
        cost[: len(ways.market)] = asked.markets[ways.market]
        most = highest(model._replace(cost=cost), len(ways.market)) if cost.any() else 0.0
    open_still = asked.markets & (position.stage == OUT) & (position.piloted < terms.pilot_quarters)
    pilots = min(float(terms.pool_cap[: last + 1].max() // terms.batches.min()), float(open_still.sum()))
    most = max(min(most + pilots, float(asked.markets.sum())), known)
    return float((most >= needed).mean())


def bounds_of(terms: Terms, position: Position, objective: Objective, world: World) -> float:
    """Bound of one world on what is asked for: cars, or odds."""
    truth = under(terms, world.scenario)
    if objective.wanted is Wanted.CARS:
        return cars_bound(truth, position, objective, world)
    return odds_bound(truth, position, objective, world)
