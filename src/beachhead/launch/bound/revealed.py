"""The factor-revealed bound: what could be earned if all that markets share were told at once, but not their own part.

Split theta = F + r with r independent between markets, r ~ N(0, D), D diagonal. Tell the planner F, the early-adopter
bias and the scenario of tariffs at gate 0, and let the first pilot or quarter of sales in a market tell its r exactly.
Given F the markets are linked by the limits alone; priced with any prices >= 0 (Lagrangian relaxation, Adelman &
Mersereau 2008; Brown & Zhang 2023) they fall apart into one-market problems: never, scale blindly at s, or pilot at t
and then scale at the best s > t or not at all. The mean over worlds bounds every plan (information relaxation, Brown,
Smith & Sun 2010, weak duality with zero penalty on F). Unlike the clairvoyant, whoever wants to know has to pilot.
"""

from __future__ import annotations

import math

import numpy as np

from beachhead.launch.bound.clairvoyant import as_is
from beachhead.launch.policy.play import World
from beachhead.launch.policy.shadow_prices import most_brought, pilots_may_earn, units_of
from beachhead.launch.policy.value import profit_after, served, served_after
from beachhead.launch.question.kernel_terms import OUT, SCALED, Floats, Ints, Position, Terms, may_start, under
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner

_FEW, _FEW_WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
FEW, FEW_WEIGHTS = np.asarray(_FEW), np.asarray(_FEW_WEIGHTS / _FEW_WEIGHTS.sum())
_MANY, _MANY_WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
MANY, MANY_WEIGHTS = np.asarray(_MANY), np.asarray(_MANY_WEIGHTS / _MANY_WEIGHTS.sum())
ROUNDS = 30
"""Prices are sought with few nodes; the bound is then taken at the best of them with many."""


@by_reference
class Split:
    """The part of a belief that is a market's own.

    Attributes:
        own: (M,), D, variance of r.
        gain: (M, M+1), E[r | z] = gain (z - mean).
        root: (M, M), root of var(r | z).
    """

    own: Floats
    gain: Floats
    root: Floats


def told_with(terms: Terms, cov: Floats) -> tuple[Floats, Floats | None]:
    """Arguments of `split_own`: with elasticities that rows have tied to the levels, these too are told."""
    M = len(cov) - 1
    if not len(terms.elasticity) or not terms.elasticity_cov[:, np.r_[:M, 2 * M]].any():
        return cov, None
    wide = np.empty((2 * M + 1, 2 * M + 1))
    levels = np.r_[:M, 2 * M]
    wide[np.ix_(levels, levels)] = cov
    wide[M : 2 * M], wide[:, M : 2 * M] = terms.elasticity_cov, terms.elasticity_cov.T
    return cov, wide


def split_own(cov: Floats, wide: Floats | None = None) -> Split:
    """The largest D of the shape t / diag(C^-1) with C - D positive semidefinite, over the levels; none in the bias.

    Args:
        cov: (M+1, M+1), C.
        wide: (2M+1, 2M+1) covariance of levels, elasticities and bias where these depend on each other: r must be
            independent of the elasticities too.
    """
    M = len(cov) - 1
    levels = cov[:M, :M] + 1e-10 * np.eye(M)
    if wide is None:
        rest = np.outer(cov[:M, M], cov[:M, M]) / max(cov[M, M], 1e-12)
    else:
        rest = wide[:M, M:] @ np.linalg.pinv(wide[M:, M:], hermitian=True) @ wide[M:, :M]
    inner = levels - rest
    shape = 1 / np.diag(np.linalg.inv(inner))
    scale = np.sqrt(shape)
    least = float(np.linalg.eigvalsh(inner / np.outer(scale, scale)).min())
    own = np.maximum(shape * min(max(least * 0.999, 0.0), 1.0), 0.0)
    whole = cov + 1e-10 * np.eye(M + 1)
    gain = np.linalg.solve(whole, np.vstack([np.diag(own), np.zeros(M)])).T
    left = np.diag(own) - gain[:, :M] @ np.diag(own)
    values, vectors = np.linalg.eigh((left + left.T) / 2)
    return Split(own, gain, (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def revealed(terms: Terms, position: Position, mean: Floats, split: Split, world: World) -> float:
    """Bound of one world, over carrying on as is; its mean over worlds of the belief is an upper bound.

    Args:
        terms: arrays of the launch.
        position: where every market stands; of markets scaled already everything is told.
        mean: (M+1,), belief.
        split: of the belief's covariance.
        world: a world of the belief; its last signals, on which nothing is ever decided, serve to draw r given z.
    """
    truth = under(terms, world.scenario)
    told = what_is_told(position, mean, split, world)
    bound = _dual(truth, position, told, split.own)
    return float(bound) + pilots_may_earn(truth, position) - as_is(truth, position, np.exp(world.theta))


def what_is_told(position: Position, mean: Floats, split: Split, world: World) -> Floats:
    """(M,) F: log demand less the own part; of markets decided already all of it."""
    z = np.append(world.theta, world.beta) - mean
    told = world.theta - (split.gain @ z + split.root @ world.noise[-1])
    told[position.stage != OUT] = world.theta[position.stage != OUT]
    return np.ascontiguousarray(told)


@compiled
def _dual(terms: Terms, position: Position, told: Floats, own: Floats) -> float:
    """The dual function at the best prices that subgradient steps find; its value at any prices is a bound."""
    left = np.maximum(terms.capital_cap - position.spent, 0.0)
    prices = seek_prices(terms, position, told, own)
    found: float = _at_prices(terms, position, told, own, prices, left, MANY, MANY_WEIGHTS, np.zeros_like(prices))
    return found


@compiled
def seek_prices(terms: Terms, position: Position, told: Floats, own: Floats) -> Floats:
    """(4, max(T, Y)) prices of capital by year, of starts, cars and pilot cars by quarter: the best that steps find."""
    T = terms.path.shape[1]
    Y = terms.capital_cap.shape[0]
    left = np.maximum(terms.capital_cap - position.spent, 0.0)
    money, margin = units_of(terms)
    prices = np.zeros((4, max(T, Y)))
    best_prices = prices.copy()
    best = np.inf
    for step in range(ROUNDS):
        use = np.zeros((4, max(T, Y)))
        total = _at_prices(terms, position, told, own, prices, left, FEW, FEW_WEIGHTS, use)
        if total < best:
            best = total
            best_prices = prices.copy()
        size = 1.0 / (1.0 + 0.15 * step)
        for y in range(Y):
            part = (use[0, y] - left[y]) / max(left[y], 0.05 * terms.capital_cap.mean() + 1e-9)
            prices[0, y] = max(prices[0, y] + 0.25 * size * min(part, 3.0), 0.0)
        for t in range(T):
            part = (use[1, t] - terms.starts_cap[t]) / max(terms.starts_cap[t], 1.0)
            prices[1, t] = max(prices[1, t] + 0.05 * money * size * min(part, 3.0), 0.0)
            part = (use[2, t] - terms.cars_cap[t]) / max(terms.cars_cap[t], 0.05 * terms.cars_cap.mean() + 1e-9)
            prices[2, t] = max(prices[2, t] + 0.25 * margin * size * min(part, 3.0), 0.0)
            part = (use[3, t] - terms.pool_cap[t]) / max(terms.pool_cap[t], 1.0)
            prices[3, t] = max(prices[3, t] + 0.05 * money / terms.batches[0] * size * min(part, 3.0), 0.0)
    return best_prices


@inner
def _at_prices(
    terms: Terms,
    position: Position,
    told: Floats,
    own: Floats,
    prices: Floats,
    left: Floats,
    nodes: Floats,
    weights: Floats,
    use: Floats,
) -> float:
    """The dual function: what the limits are worth at these prices, and every market for itself; fills `use` (4, T)."""
    total = 0.0
    for y in range(left.shape[0]):
        total += prices[0, y] * left[y]
    for t in range(terms.path.shape[1]):
        total += prices[1, t] * terms.starts_cap[t] + prices[3, t] * terms.pool_cap[t]
        total += terms.discount**t * prices[2, t] * terms.cars_cap[t]
    for i in range(terms.capital.shape[0]):
        if position.stage[i] == OUT:
            total += _market(terms, position, i, told[i], own[i], prices, nodes, weights, use)
        elif position.stage[i] == SCALED:
            total += _going_on(terms, position, i, math.exp(told[i]), prices[2], use[2])
    return total


@inner
def _going_on(terms: Terms, position: Position, i: int, demand: float, car_price: Floats, use_car: Floats) -> float:
    """Value of a market scaled already, demand known, left when best unless it is fixed."""
    T = terms.path.shape[1]
    c, since = position.route[i], position.since[i]
    ahead: float = terms.discount**T * terms.tail * profit_after(terms, i, c, since, demand)
    end = T
    for t in range(T - 1, -1, -1):
        cars = served(terms, i, c, since, t) * demand
        ahead += terms.discount**t * (cars * max(terms.margin[i, c, t] - car_price[t], 0.0) - terms.opex[i, c])
        if position.fixed[i] == 0 and terms.discount**t * terms.salvage[i, c] > ahead:
            ahead, end = terms.discount**t * terms.salvage[i, c], t
    for t in range(end):
        if terms.margin[i, c, t] > car_price[t]:
            use_car[t] += served(terms, i, c, since, t) * demand
    return float(ahead)


@inner
def _market(
    terms: Terms,
    position: Position,
    i: int,
    known: float,
    own: float,
    prices: Floats,
    nodes: Floats,
    weights: Floats,
    use: Floats,
) -> float:
    """Value of one market at these prices; adds what its best choice is expected to use."""
    C, T, G = terms.capital.shape[1], terms.path.shape[1], nodes.shape[0]
    demand = np.exp(known + math.sqrt(own) * nodes)
    starts = Nodes(np.full((T, G), -np.inf), np.zeros((T, G), dtype=np.int64), np.zeros((T, G, C), dtype=np.int64))
    blind, blind_start, blind_route = _each_start(terms, position, i, demand, prices, weights, starts)
    best, pilot, shipped = _pilot_first(terms, position, i, prices[3], weights, starts.value, blind)
    if pilot >= 0:
        use[3, pilot] += shipped
    for g in range(G if best > 0.0 else 0):
        s, c = blind_start, blind_route
        if pilot >= 0:
            s = _best_after(starts.value, pilot, g)
            c = starts.route[s, g] if s >= 0 else -1
        if s >= 0:
            _count_use(terms, i, c, s, starts.until[s, g, c], demand[g], weights[g], prices[2], use)
    return best


@by_reference
class Nodes:
    """Starts of one market by quarter and quadrature node.

    Attributes:
        value: (T, G), of the best route; -inf where no start is permitted.
        route: (T, G), that route.
        until: (T, G, C), quarter in which the market is left.
    """

    value: Floats
    route: Ints
    until: Ints


@inner
def _each_start(
    terms: Terms, position: Position, i: int, demand: Floats, prices: Floats, weights: Floats, starts: Nodes
) -> tuple[float, int, int]:
    """Fill `starts`; never (0, -1, -1) or the best blind start: mean over nodes, quarter, route."""
    T = terms.path.shape[1]
    blind, blind_start, blind_route = 0.0, -1, -1
    permitted = may_start(terms, position, i)
    for c in range(terms.capital.shape[1]):
        for s in range(T):
            if permitted[c, s] == 0:
                continue
            spent = terms.capital[i, c] * (terms.discount**s + prices[0, terms.year[s]]) + prices[1, s]
            mean, way = 0.0, started(terms, i, c, s)
            for g in range(demand.shape[0]):
                earned, last = run(way, demand[g], prices[2])
                starts.until[s, g, c] = last
                if earned - spent > starts.value[s, g]:
                    starts.value[s, g], starts.route[s, g] = earned - spent, c
                mean += weights[g] * (earned - spent)
            if mean > blind:
                blind, blind_start, blind_route = mean, s, c
    return blind, blind_start, blind_route


@inner
def _pilot_first(
    terms: Terms, position: Position, i: int, pool_price: Floats, weights: Floats, value: Floats, blind: float
) -> tuple[float, int, float]:
    """The best of `blind` and a pilot that tells all before a start: value, its quarter (-1: none) and its cars."""
    T, G = value.shape
    best, pilot, shipped = blind, -1, 0.0
    if position.piloted[i] >= terms.pilot_quarters:
        return best, pilot, shipped
    later = np.zeros(G)  # best value from quarter t + 1 on, never included
    for t in range(T - 1, -1, -1):
        if t + 1 < T:
            for g in range(G):
                later[g] = max(later[g], value[t + 1, g])
        fee, cars = _least_fee(terms, position, i, t, pool_price[t])
        if fee == np.inf:
            continue
        told = (weights * later).sum() - fee
        if told > best:
            best, pilot, shipped = told, t, cars
    return best, pilot, shipped


@inner
def _least_fee(terms: Terms, position: Position, i: int, t: int, pool_price: float) -> tuple[float, float]:
    """Discounted cost of the cheapest pilot of the quarter, price of pool cars included, and its cars."""
    fee, cars = np.inf, 0.0
    for c in range(terms.capital.shape[1]):
        if not np.isfinite(terms.capital[i, c]) or t < terms.first_pilot[i, c]:
            continue
        for d in range(terms.batches.shape[0]):
            if terms.batches[d] > terms.pool_cap[t]:
                continue
            start = terms.start_fee[i, c] if position.piloted[i] == 0 else 0.0
            cost = start + terms.quarter_fee[i, c] + terms.car_cost[i, c] * terms.batches[d]
            cost = max(cost - most_brought(terms, i, c, d), 0.0)
            priced = terms.discount**t * cost + pool_price * terms.batches[d]
            if priced < fee:
                fee, cars = priced, float(terms.batches[d])
    return fee, cars


@inner
def _best_after(value: Floats, pilot: int, g: int) -> int:
    """The best start after the pilot's quarter at this node; -1 where none pays."""
    s, top = -1, 0.0
    for k in range(pilot + 1, value.shape[0]):
        if value[k, g] > top:
            top, s = value[k, g], k
    return s


@inner
def _count_use(
    terms: Terms, i: int, c: int, s: int, until: int, demand: float, weight: float, car_price: Floats, use: Floats
) -> None:
    """Add what a start with these odds uses of capital, starts and cars."""
    use[0, terms.year[s]] += weight * terms.capital[i, c]
    use[1, s] += weight
    for t in range(s, until):
        if terms.margin[i, c, t] > car_price[t]:
            use[2, t] += weight * served(terms, i, c, s, t) * demand


@by_reference
class Started:
    """A market from its start on: all that `run` asks of the terms, so that it is handed two arrays and not sixty.

    Attributes:
        start: quarter s.
        sold: (T,), cars a quarter for each car a year of E; 0 before the start.
        after: likewise, in a quarter after the horizon.
        margin: (T,), money a car.
        opex: money a quarter.
        salvage: money on leaving.
        discount: of one quarter.
        tail: quarters after the horizon that count.
    """

    start: int
    sold: Floats
    after: float
    margin: Floats
    opex: float
    salvage: float
    discount: float
    tail: float


@compiled
def started(terms: Terms, i: int, c: int, s: int) -> Started:
    """Market i started through route c in quarter s."""
    sold = np.zeros(terms.path.shape[1])
    for t in range(s, sold.shape[0]):
        sold[t] = served(terms, i, c, s, t)
    after = served_after(terms, i, c, s)
    return Started(
        s, sold, after, terms.margin[i, c], terms.opex[i, c], terms.salvage[i, c], terms.discount, terms.tail
    )


@compiled
def run(way: Started, demand: float, car_price: Floats) -> tuple[float, int]:
    """Discounted money of a market from its start on, demand known from s + 1 on, left when best; and when left."""
    T = way.sold.shape[0]
    rate = way.margin[T - 1] * way.after * demand - way.opex
    ahead = way.discount**T * way.tail * rate
    end = T
    for t in range(T - 1, way.start - 1, -1):
        weight = way.discount**t
        if t + 1 < T and way.discount ** (t + 1) * way.salvage > ahead:
            ahead, end = way.discount ** (t + 1) * way.salvage, t + 1
        earned = way.sold[t] * demand * max(way.margin[t] - car_price[t], 0.0)
        ahead += weight * (earned - way.opex)
    return ahead, end
