"""The clairvoyant bound: what a planner who knew every demand could earn within the limits.

In each world: choose for every market a route, a start and, where leaving can pay, an exit, and ration the cars. Only
markets whose capital fits a year's limit enter. A linear (or mixed-integer) programme solved by HiGHS; knowing more and
splitting markets can only help, so the mean over worlds bounds every plan that has to learn.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import highspy
import numpy as np
from scipy import sparse

from beachhead.launch.policy.play import after_horizon, sell
from beachhead.launch.policy.shadow_prices import pilots_may_earn
from beachhead.launch.policy.value import profit_after, served
from beachhead.launch.question.kernel_terms import OUT, SCALED, Floats, Ints, Position, Terms, may_start
from beachhead.world.compiled import compiled, inner
from beachhead.world.errors import NotFeasible
from beachhead.world.highs import lp_of, opened

MOST_NODES = 200
"""Of the mixed-integer search; where it ends sooner the bound proven so far is taken."""


def clairvoyant(terms: Terms, position: Position, theta: Floats, *, whole: bool = False) -> float:
    """Best value with demand exp(theta) known, over carrying on as is; `whole` forbids splitting markets (MILP).

    Args:
        terms: arrays of the launch.
        position: where every market stands at the first quarter.
        theta: (M,), true log demand.
        whole: solve the mixed-integer programme instead of its relaxation.
    """
    demand = np.exp(theta)
    ways = list_ways(terms, position, demand, np.zeros((*terms.capital.shape, terms.path.shape[1])))
    best = best_of(terms, position, demand, ways, whole=whole) - as_is(terms, position, demand)
    return best + pilots_may_earn(terms, position)


def best_of(terms: Terms, position: Position, demand: Floats, ways: Ways, *, whole: bool = False) -> float:
    """Best value over these ways within the limits, demand known."""
    if not len(ways.market):
        return 0.0
    return highest(programme(terms, position, demand, ways), len(ways.market), whole)


class Ways(NamedTuple):
    """Ways to run a market from a start to an end, N of them, in order of market.

    Attributes:
        market: (N,), index of the market.
        route: (N,), route.
        start: (N,), first quarter; negative for a market scaled before the horizon.
        end: (N,), quarter in which it is left, T if never.
        money: (N,), discounted fixed money: capital, opex, salvage, what comes after the horizon.
        is_new: (N,), 1 where the start is a choice and not history.
    """

    market: Ints
    route: Ints
    start: Ints
    end: Ints
    money: Floats
    is_new: Ints


@compiled
def list_ways(terms: Terms, position: Position, demand: Floats, bonus: Floats) -> Ways:
    """All ways that can pay when cars are free; no other is ever part of a best answer.

    `bonus` (M, C, T) is money added to a new start, -inf where none is wanted.

    Leaving in quarter e is listed only where it beats staying without selling another car before the horizon.
    """
    M, C = terms.capital.shape
    T = terms.path.shape[1]
    market, route, start, end, is_new = [0][:0], [0][:0], [0][:0], [0][:0], [0][:0]
    money = [0.0][:0]
    for i in range(M):
        permitted = may_start(terms, position, i)
        for c in range(C):
            for s in range(T):
                scaled = position.stage[i] == SCALED
                if scaled and (s > 0 or c != position.route[i]):
                    continue
                if not scaled and bonus[i, c, s] == -np.inf:
                    continue
                if not scaled and (position.stage[i] != OUT or permitted[c, s] == 0):
                    continue
                since = position.since[i] if scaled else s
                first = max(since, 0)
                earned = 0.0
                idle_from = _idle(terms, demand[i], i, c, since)
                fixed = 0.0 if scaled else bonus[i, c, s] - terms.capital[i, c] * terms.discount**s
                weight = terms.discount**first
                for e in range(first, T + 1):
                    leaves = e < T and (e > first or scaled) and position.fixed[i] == 0
                    if leaves and idle_from[e] < weight * terms.salvage[i, c]:
                        total = fixed + weight * terms.salvage[i, c]
                    elif e == T:
                        total = fixed + idle_from[T]
                    else:
                        total = -np.inf
                    if total > -np.inf and (scaled or total + earned > 0.0):
                        market.append(i)
                        route.append(c)
                        start.append(since)
                        end.append(e)
                        money.append(total)
                        is_new.append(0 if scaled else 1)
                    if e < T:
                        fixed -= weight * terms.opex[i, c]
                        earned += weight * served(terms, i, c, since, e) * demand[i] * max(terms.margin[i, c, e], 0.0)
                        weight *= terms.discount
    return Ways(
        np.array(market, dtype=np.int64),
        np.array(route, dtype=np.int64),
        np.array(start, dtype=np.int64),
        np.array(end, dtype=np.int64),
        np.array(money, dtype=np.float64),
        np.array(is_new, dtype=np.int64),
    )


@inner
def _idle(terms: Terms, demand: float, i: int, c: int, since: int) -> Floats:
    """(T+1,), discounted money from each quarter on when kept without selling; at T what comes after the horizon."""
    T = terms.path.shape[1]
    out = np.zeros(T + 1)
    out[T] = terms.discount**T * terms.tail * profit_after(terms, i, c, since, demand)
    for t in range(T - 1, -1, -1):
        out[t] = out[t + 1] - terms.discount**t * terms.opex[i, c]
    return out


class Programme(NamedTuple):
    """Maximise cost x subject to lower <= A x <= upper, x >= 0; A in coordinates.

    Attributes:
        cost: (columns,), money.
        lower: (rows,), -inf where there is none.
        upper: (rows,).
        row: (nonzeros,), row index.
        column: (nonzeros,), column index.
        value: (nonzeros,), coefficient.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    row: Ints
    column: Ints
    value: Floats


@compiled
def programme(terms: Terms, position: Position, demand: Floats, ways: Ways) -> Programme:
    """The clairvoyant programme: a share of each way, and cars sold by market, route and quarter.

    Rows: one way a market; capital a year; starts a quarter; cars a quarter; cars sold at most those demanded.
    Money is counted in units of the largest coefficient's order by the solver's caller.
    """
    M, C = terms.capital.shape
    T, Y, N = terms.path.shape[1], terms.capital_cap.shape[0], ways.market.shape[0]
    number, groups = _numbered(ways, M, C)
    base_capital, base_start, base_car, base_sold = M, M + Y, M + Y + T, M + Y + 2 * T
    lower, upper = _room(terms, position, groups)
    cost = np.zeros(N + groups * T)
    most = N * (3 + T) + groups * T * 2
    row = np.empty(most, dtype=np.int64)
    column = np.empty(most, dtype=np.int64)
    value = np.empty(most)
    n = 0
    for k in range(N):
        i, c, s = ways.market[k], ways.route[k], ways.start[k]
        cost[k] = ways.money[k]
        row[n], column[n], value[n] = i, k, 1.0
        n += 1
        if ways.is_new[k] == 1:
            row[n], column[n], value[n] = base_capital + terms.year[s], k, terms.capital[i, c]
            row[n + 1], column[n + 1], value[n + 1] = base_start + s, k, 1.0
            n += 2
        for t in range(max(s, 0), ways.end[k]):
            row[n], column[n] = base_sold + number[i, c] * T + t, k
            value[n] = -served(terms, i, c, s, t) * demand[i]
            n += 1
    for i in range(M):
        for c in range(C):
            if number[i, c] < 0:
                continue
            for t in range(T):
                col = N + number[i, c] * T + t
                cost[col] = terms.discount**t * max(terms.margin[i, c, t], 0.0)
                row[n], column[n], value[n] = base_sold + number[i, c] * T + t, col, 1.0
                row[n + 1], column[n + 1], value[n + 1] = base_car + t, col, 1.0
                n += 2
    return Programme(cost, lower, upper, row[:n], column[:n], value[:n])


@inner
def _numbered(ways: Ways, M: int, C: int) -> tuple[Ints, int]:
    """(M, C) number of each market and route that has a way, in order of the ways, -1 of others; and how many."""
    number = np.full((M, C), -1, dtype=np.int64)
    groups = 0
    for k in range(ways.market.shape[0]):
        if number[ways.market[k], ways.route[k]] < 0:
            number[ways.market[k], ways.route[k]] = groups
            groups += 1
    return number, groups


@inner
def _room(terms: Terms, position: Position, groups: int) -> tuple[Floats, Floats]:
    """Lower and upper ends of the rows: a market scaled already runs in one way, others in at most one."""
    M, T, Y = terms.capital.shape[0], terms.path.shape[1], terms.capital_cap.shape[0]
    rows = M + Y + 2 * T + groups * T
    lower, upper = np.full(rows, -np.inf), np.zeros(rows)
    upper[:M] = 1.0
    for i in range(M):
        if position.stage[i] == SCALED:
            lower[i] = 1.0
    upper[M : M + Y] = np.maximum(terms.capital_cap - position.spent, 0.0)
    upper[M + Y : M + Y + T] = terms.starts_cap
    upper[M + Y + T : M + Y + 2 * T] = terms.cars_cap
    return lower, upper


@compiled
def as_is(terms: Terms, position: Position, demand: Floats) -> float:
    """Value of doing nothing more: markets already scaled go on, cars go to the best margin."""
    value = 0.0
    weight = 1.0
    sold = np.zeros(demand.shape[0])
    for t in range(terms.path.shape[1]):
        value += weight * sell(terms, position, demand, t, sold)
        weight *= terms.discount
    return value + weight * after_horizon(terms, position, demand)


def highest(asked: Programme, whole_columns: int, whole: bool = False) -> float:
    """Solve with HiGHS; for the mixed-integer programme the proven bound is returned, not the best answer found."""
    money = max(float(np.abs(asked.cost).max()), 1e-300)
    shape = (len(asked.upper), len(asked.cost))
    size = np.ones(shape[0])  # rows are scaled to right-hand sides of order one: money and cars differ by 1e6
    np.maximum.at(size, asked.row, np.abs(asked.value))
    matrix = sparse.csc_array((asked.value / size[asked.row], (asked.row, asked.column)), shape=shape)
    lp = lp_of(
        cost=-asked.cost / money,
        lower=np.zeros(shape[1]),
        upper=np.full(shape[1], np.inf),
        matrix=matrix,
        row_lower=asked.lower / size,
        row_upper=asked.upper / size,
        whole=np.arange(shape[1]) < whole_columns if whole else None,
    )
    solver = opened(lp, mip_rel_gap=1e-3, mip_max_nodes=MOST_NODES)
    solver.run()
    status = solver.getModelStatus()
    info = solver.getInfo()
    # out of nodes: the bound proven so far holds all the same
    stopped = whole and status == highspy.HighsModelStatus.kSolutionLimit and math.isfinite(info.mip_dual_bound)
    if status != highspy.HighsModelStatus.kOptimal and not stopped:
        raise NotFeasible(
            f"the clairvoyant programme ended as {solver.modelStatusToString(status)}",
            "look for a number in economics.csv or launch.toml that is thousands of times its neighbours",
        )
    best = info.mip_dual_bound if whole else info.objective_function_value
    if not math.isfinite(best):  # no branching was needed
        best = info.objective_function_value
    return -float(best) * money
