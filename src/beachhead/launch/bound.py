"""The clairvoyant bound: what a planner who knew every demand could earn within the limits.

In each world: choose for every market a route, a start and, where leaving can pay, an exit, and ration the cars. Only
markets whose capital fits a year's limit enter. A linear (or mixed-integer) programme solved by HiGHS; knowing more and
splitting markets can only help, so the mean over worlds bounds every plan that has to learn.
"""

from __future__ import annotations

import math

import highspy
import numpy as np
from scipy import sparse

from beachhead.launch.terms import OUT, SCALED, Floats, Position, Terms
from beachhead.world.errors import NotFeasible


def clairvoyant(terms: Terms, position: Position, theta: Floats, *, whole: bool = False) -> float:
    """Best value with demand exp(theta) known, over carrying on as is; `whole` forbids splitting markets (MILP).

    Args:
        terms: arrays of the launch.
        position: where every market stands at the first quarter.
        theta: (M,), true log demand.
        whole: solve the mixed-integer programme instead of its relaxation.
    """
    columns = _columns(terms, position, np.exp(theta))
    return _solve(terms, position, np.exp(theta), columns, whole) - as_is(terms, position, theta)


def as_is(terms: Terms, position: Position, theta: Floats) -> float:
    """Value of doing nothing more: markets already scaled go on, cars go to the best margin."""
    value = 0.0
    demand = np.exp(theta)
    rows = [i for i in range(len(theta)) if position.stage[i] == SCALED]
    rows.sort(key=lambda i: -terms.margin[i, position.route[i]])
    T = terms.path.shape[1]
    for t in range(T):
        cars = terms.cars_cap[t]
        for i in rows:
            c = position.route[i]
            wanted = _served(terms, i, c, int(position.since[i]))[t] * demand[i]
            sold = min(cars, wanted) if terms.margin[i, c] > 0 else 0.0
            cars -= sold
            value += terms.discount**t * (terms.margin[i, c] * sold - terms.opex[i, c])
    for i in rows:
        c = position.route[i]
        rate = terms.margin[i, c] * _served(terms, i, c, int(position.since[i]))[-1] * demand[i]
        value += terms.discount**T * terms.tail * (rate - terms.opex[i, c])
    return float(value)


def _served(terms: Terms, i: int, c: int, since: int) -> Floats:
    """(T,), cars a quarter for each car a year of demand, 0 before the start."""
    T = terms.path.shape[1]
    age = np.arange(T) - since
    rate = 0.25 * terms.ramp[i, c, np.clip(age, 0, T - 1)] * terms.path[i]
    return np.where(age >= 0, rate, 0.0)


class _Columns:
    """Ways to run a market from a start to an exit, with the fixed money of each."""

    def __init__(self) -> None:
        self.market: list[int] = []
        self.route: list[int] = []
        self.start: list[int] = []
        self.end: list[int] = []
        self.money: list[float] = []
        self.is_new: list[bool] = []


def _columns(terms: Terms, position: Position, demand: Floats) -> _Columns:
    """All ways that can pay when cars are free; the others are never part of a best answer."""
    out = _Columns()
    T = terms.path.shape[1]
    left = np.maximum(terms.capital_cap - position.spent, 0.0)
    for i in range(len(demand)):
        if position.stage[i] == SCALED:
            _add(
                out, terms, i, int(position.route[i]), int(position.since[i]), demand[i], False, bool(position.fixed[i])
            )
        elif position.stage[i] == OUT:
            for c in range(terms.capital.shape[1]):
                for s in range(int(terms.first_scale[i, c]), T):
                    if terms.capital[i, c] <= left[terms.year[s]] and terms.starts_cap[s] >= 1:
                        _add(out, terms, i, c, s, demand[i], True, False)
    return out


def _add(out: _Columns, terms: Terms, i: int, c: int, since: int, demand: float, is_new: bool, stays: bool) -> None:
    """Columns of one start: staying for good, and each exit that could beat staying even if no more cars were sold."""
    T = terms.path.shape[1]
    d = terms.discount
    first = max(since, 0)
    weights = d ** np.arange(T)
    rate = _served(terms, i, c, since) * demand
    earned = weights * rate * max(terms.margin[i, c], 0.0)
    opex = terms.opex[i, c]
    tail = d**T * terms.tail * (terms.margin[i, c] * rate[-1] - opex)
    capital = terms.capital[i, c] * d**since if is_new else 0.0
    ends = [T]
    if not stays:
        for end in range(first + (1 if is_new else 0), T):
            idle = tail - opex * weights[end:].sum()
            if idle < d**end * terms.salvage[i, c]:
                ends.append(end)
    for end in ends:
        money = -capital - opex * weights[first:end].sum()
        money += tail if end == T else d**end * terms.salvage[i, c]
        if not is_new or money + earned[first:end].sum() > 0:
            out.market.append(i)
            out.route.append(c)
            out.start.append(since)
            out.end.append(end)
            out.money.append(float(money))
            out.is_new.append(is_new)


def _solve(terms: Terms, position: Position, demand: Floats, columns: _Columns, whole: bool) -> float:
    """Maximise over columns and cars sold by market, route and quarter."""
    T = terms.path.shape[1]
    n = len(columns.market)
    if n == 0:
        return 0.0
    groups = sorted(set(zip(columns.market, columns.route, strict=True)))
    number = {group: g for g, group in enumerate(groups)}
    width = n + len(groups) * T
    cost = np.zeros(width)
    cost[:n] = columns.money
    rows: list[int] = []
    cols: list[int] = []
    data: list[float] = []
    upper: list[float] = []
    lower: list[float] = []

    def row(cap: float, floor: float = -np.inf) -> int:
        upper.append(cap)
        lower.append(floor)
        return len(upper) - 1

    def put(r: int, col: int, value: float) -> None:
        rows.append(r)
        cols.append(col)
        data.append(value)

    left = np.maximum(terms.capital_cap - position.spent, 0.0)
    once = {i: row(1.0, 1.0 if position.stage[i] == SCALED else -np.inf) for i in sorted(set(columns.market))}
    capital_rows = [row(float(cap)) for cap in left]
    start_rows = [row(float(cap)) for cap in terms.starts_cap]
    car_rows = [row(float(cap)) for cap in terms.cars_cap]
    serve_rows = [[row(0.0) for _ in range(T)] for _ in groups]
    for k in range(n):
        i, c, s = columns.market[k], columns.route[k], columns.start[k]
        put(once[i], k, 1.0)
        if columns.is_new[k]:
            put(capital_rows[terms.year[s]], k, float(terms.capital[i, c]))
            put(start_rows[s], k, 1.0)
        rate = _served(terms, i, c, s) * demand[i]
        for t in range(max(s, 0), columns.end[k]):
            put(serve_rows[number[i, c]][t], k, -float(rate[t]))
    for g, (i, c) in enumerate(groups):
        for t in range(T):
            col = n + g * T + t
            cost[col] = terms.discount**t * max(terms.margin[i, c], 0.0)
            put(serve_rows[g][t], col, 1.0)
            put(car_rows[t], col, 1.0)
    matrix = sparse.csc_matrix((data, (rows, cols)), shape=(len(upper), width))
    return _highs(cost, matrix, np.array(lower), np.array(upper), n, whole)


def _highs(cost: Floats, matrix: sparse.csc_matrix, lower: Floats, upper: Floats, n: int, whole: bool) -> float:
    """Maximise cost x subject to lower <= matrix x <= upper, 0 <= x (<= 1 for the first n)."""
    scale = max(float(np.abs(cost).max()), 1e-300)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = matrix.shape[1], matrix.shape[0]
    model.col_cost_ = -cost / scale
    model.col_lower_ = np.zeros(matrix.shape[1])
    model.col_upper_ = np.concatenate([np.ones(n), np.full(matrix.shape[1] - n, highspy.kHighsInf)])
    model.row_lower_ = np.where(np.isneginf(lower), -highspy.kHighsInf, lower)
    model.row_upper_ = upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = matrix.indptr
    model.a_matrix_.index_ = matrix.indices
    model.a_matrix_.value_ = matrix.data
    if whole:
        kinds = [highspy.HighsVarType.kInteger] * n + [highspy.HighsVarType.kContinuous] * (matrix.shape[1] - n)
        model.integrality_ = kinds
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 0)
    solver.setOptionValue("mip_rel_gap", 1e-3)
    solver.passModel(model)
    solver.run()
    status = solver.getModelStatus()
    if status != highspy.HighsModelStatus.kOptimal:
        raise NotFeasible(f"the clairvoyant programme ended as {solver.modelStatusToString(status)}")
    info = solver.getInfo()
    best = info.mip_dual_bound if whole else info.objective_function_value
    if not math.isfinite(best):
        best = info.objective_function_value
    return -float(best) * scale
