"""Facility location where sites can serve only so much: proven by prices, fixing and a programme on what is left.

Customers' demand may be split. Prices u on `every customer is served once` leave a continuous knapsack for each site
and a choice of sites with enough capacity in all (Beasley 1988; Cornuejols, Sridharan & Thizy 1991). Sites whose
reduced cost exceeds the gap are struck or kept; HiGHS solves the rest, with those of the rows `x_ij <= y_j` that its
relaxation violates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from beachhead.siting.field import Floats, Ints
from beachhead.siting.pace import KNAPSACK
from beachhead.siting.programme import run, run_tree, to_the_end
from beachhead.siting.solve import Status
from beachhead.world.compiled import compiled, inner
from beachhead.world.errors import NotFeasible
from beachhead.world.highs import lp_of
from beachhead.world.work import Meter, Tick, meter

_STEPS = 1500
_ROUNDS = 40
_TRIES = 4
_NOTHING = 1e-7  # of all demand: less counts as served
_LIKELY = 16  # sites among which a first programme looks for a good set


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Yard:
    """Customers with demand, sites with capacity.

    Attributes:
        demand: (I,), positive.
        capacity: (J,), positive.
        opening: (J,), cost of opening a site.
        cost: (I, J), cost of serving all of a customer's demand from a site; inf where it may not.
        kept: (J,), true where a site stays open.
    """

    demand: Floats
    capacity: Floats
    opening: Floats
    cost: Floats
    kept: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """Open sites and who serves whom.

    Attributes:
        sites: open sites, ascending.
        share: (I, J), share of each customer's demand served from each site.
        upper: cost of that.
        lower: nothing costs less.
        status: how the search ended.
        work: units of work done.
        free_sites: sites that prices left undecided.
    """

    sites: Ints
    share: Floats
    upper: float
    lower: float
    status: Status
    work: float
    free_sites: int

    @property
    def gap(self) -> float:
        """(upper - lower) / upper, 0..1."""
        return max(self.upper - self.lower, 0.0) / abs(self.upper) if self.upper else 0.0


def serve(
    yard: Yard,
    *,
    work: float = 120.0,
    seconds: float | None = None,
    steps: int = _STEPS,
    tick: Tick | None = None,
) -> Served:
    """The cheapest sites with enough capacity, and proof.

    Args:
        yard: customers and sites.
        work: units of work (see `beachhead.world.work`) after which no further stage starts.
        seconds: safety stop by the clock; None for none.
        steps: of prices.
        tick: told of progress: units of work done, and units there are at most.
    """
    counted = meter(work, seconds, tick)
    if (left := unserved(yard)) > 0.0:
        raise NotFeasible(f"all sites together leave {left:,.1f} of {yard.demand.sum():,.0f} unserved", "add sites")
    task = _Task(yard=yard, cost=np.where(np.isfinite(yard.cost), yard.cost, _far(yard)), meter=counted)
    best = _priced(task, _first(task), steps)
    if best.lower < best.enough:
        best = task.better(best, _finished(task, _likely(yard, best), best, work / 6).open)
    best = _proved(task, best)
    lower = best.upper if best.lower >= best.enough else best.lower
    return Served(
        sites=np.flatnonzero(best.open).astype(np.int32),
        share=best.share,
        upper=best.upper,
        lower=lower,
        status=Status.OPTIMAL if lower == best.upper else Status.unproved(counted.by_clock),
        work=counted.done,
        free_sites=best.free_sites,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Best:
    """How far the search came.

    Attributes:
        open: (J,), the best set.
        upper: its cost.
        share: (I, J), who serves whom in it.
        prices: (I,), of customers.
        lower: no set costs less.
        liking: (J,), how often prices opened each site of late, 0..1.
        if_open: (J,), what opening a site costs more than the prices prove, at the least.
        if_closed: (J,), the same of closing it.
        free_sites: sites that prices left undecided.
    """

    open: NDArray[np.bool_]
    upper: float
    share: Floats
    prices: Floats
    lower: float
    liking: Floats
    if_open: Floats
    if_closed: Floats
    free_sites: int

    @property
    def enough(self) -> float:
        """A bound that proves the set best."""
        return self.upper * (1 - 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Task:
    """What does not change while a yard is solved, but for the work that its meter counts; `cost` is finite."""

    yard: Yard
    cost: Floats
    meter: Meter

    def better(self, best: _Best, trial: NDArray[np.bool_]) -> _Best:
        """The trial set where it costs less."""
        value, share = _assign(self.yard, self.cost, trial, self.meter)
        return replace(best, open=trial, upper=value, share=share) if value < best.upper else best


def _first(task: _Task) -> _Best:
    """A set by single costs, before anything is known of prices."""
    trial, none = _mended(task.yard, _by_drop(task.yard, task.cost)), np.zeros(len(task.yard.capacity))
    upper, share = _assign(task.yard, task.cost, trial, task.meter)
    return _Best(
        open=trial,
        upper=upper,
        share=share,
        prices=task.cost.min(axis=1),
        lower=-np.inf,
        liking=none,
        if_open=none,
        if_closed=none,
        free_sites=len(none),
    )


def _priced(task: _Task, best: _Best, steps: int) -> _Best:
    """Three climbs of the prices, each aiming at the best set known, and the sets that they suggest."""
    yard, aimed = task.yard, _least_open(task.yard)
    for _ in range(3):
        lower, prices, liking, if_open, if_closed = _climb(
            yard.demand, yard.capacity, yard.opening, task.cost, yard.kept, best.prices, best.upper, aimed, steps // 3
        )
        task.meter.charge(steps // 3 * task.cost.size * KNAPSACK)
        best = replace(best, lower=lower, prices=prices, liking=liking, if_open=if_open, if_closed=if_closed)
        trial = _mended(yard, _enough(yard, liking))
        best = task.better(best, _improved(yard, task.cost, trial, prices, task.meter))
    return best


def _likely(yard: Yard, best: _Best) -> NDArray[np.int8]:
    """(J,), 0 for the sites that prices like and those of the best set, 1 for those kept, -1 for the rest."""
    liked = np.argsort(-best.liking, kind="stable")[: max(_LIKELY, 2 * int(best.open.sum()))]
    few = np.where(np.isin(np.arange(len(best.open)), liked) | best.open, 0, -1).astype(np.int8)
    few[yard.kept] = 1
    return few


def _proved(task: _Task, best: _Best) -> _Best:
    """Close the gap on what the prices leave undecided: a better set strikes more sites, so look again from it."""
    by_prices = best.lower
    for turn in range(_TRIES):
        if by_prices >= best.enough or task.meter.must_stop():
            break
        left = task.meter.left
        fixed = _decided(task.yard, best.upper - by_prices, best.if_open, best.if_closed)
        done = _finished(task, fixed, best, left if turn == _TRIES - 1 else max(left / 4, 1.0))
        best = task.better(replace(best, free_sites=int((fixed == 0).sum())), done.open)
        best = replace(best, lower=max(best.lower, min(done.bound, best.upper)))
        if best.lower >= best.enough:
            break
    return best


def unserved(yard: Yard) -> float:
    """Demand that all sites together leave unserved, for want of capacity or of a site in reach."""
    return float(_missed(yard, np.ones(len(yard.capacity), np.bool_)).sum())


def _missed(yard: Yard, is_open: NDArray[np.bool_]) -> Floats:
    """(I,), demand that the open sites leave unserved at the least: a transportation problem with a way out."""
    sites = np.flatnonzero(is_open)
    row, at = np.nonzero(np.isfinite(yard.cost[:, sites]))
    customers, flows = len(yard.demand), len(row)
    place = np.arange(flows + customers)
    matrix = coo_array(
        (
            np.concatenate([np.ones(flows + customers), yard.demand[row]]),
            (np.concatenate([row, np.arange(customers), customers + at]), np.concatenate([place, place[:flows]])),
        ),
        shape=(customers + len(sites), flows + customers),
    )
    low = np.concatenate([np.ones(customers), np.full(len(sites), -np.inf)])
    high = np.concatenate([np.ones(customers), yard.capacity[sites]])
    expense = np.concatenate([np.zeros(flows), yard.demand / yard.demand.sum()])
    highs = _programme(expense, np.zeros(len(place)), np.ones(len(place)), matrix, low, high)
    run(highs, Meter())
    missed: Floats = np.array(highs.getSolution().col_value)[flows:] * yard.demand
    return np.where(missed > _NOTHING * yard.demand.sum(), missed, 0.0)


def _mended(yard: Yard, is_open: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The set, with sites added until everybody is served by one in reach; as it is where everybody reaches all."""
    if np.isfinite(yard.cost).all():
        return is_open
    is_open = is_open.copy()
    while (missed := _missed(yard, is_open)).any():
        help_here = np.minimum(missed @ np.isfinite(yard.cost), yard.capacity) / np.maximum(yard.opening, 1e-12)
        help_here[is_open] = -1.0
        is_open[int(np.argmax(help_here))] = True  # of no help alone it may still take what others are full of
    return is_open


def _decided(yard: Yard, spare: float, if_open: Floats, if_closed: Floats) -> NDArray[np.int8]:
    """(J,), 1 where a site must be open, -1 where it must be closed, 0 where prices leave it undecided."""
    room = max(spare, 0.0) + 1e-9 * (1.0 + abs(spare))
    decided = np.where(yard.kept | (if_closed > room), 1, np.where(if_open > room, -1, 0))
    return decided.astype(np.int8)


def _far(yard: Yard) -> float:
    """More than any set could cost: what serving from where one may not counts as."""
    known = yard.cost[np.isfinite(yard.cost)]
    return float(10.0 * (known.max() if len(known) else 1.0) + yard.opening.sum())


def _least_open(yard: Yard) -> float:
    """Capacity that must be open: the demand, rounded up to whole sites where all are of one size."""
    need, size = float(yard.demand.sum()), float(yard.capacity[0])
    return float(np.ceil(need / size - 1e-9) * size) if (yard.capacity == size).all() else need


def _assign(yard: Yard, cost: Floats, is_open: NDArray[np.bool_], meter: Meter) -> tuple[float, Floats]:
    """Cost and shares of serving everybody from the open sites: a transportation problem."""
    sites = np.flatnonzero(is_open)
    share = np.zeros(cost.shape)
    if yard.capacity[sites].sum() < yard.demand.sum() * (1 - 1e-12):
        return np.inf, share
    nearest = sites[cost[:, sites].argmin(axis=1)]
    may = np.isfinite(yard.cost)
    if not may[np.arange(len(cost)), nearest].all():
        return np.inf, share
    load = np.bincount(nearest, yard.demand, minlength=len(is_open))
    if (load <= yard.capacity + 1e-9).all():
        share[np.arange(len(cost)), nearest] = 1.0
        return float(cost[np.arange(len(cost)), nearest].sum() + yard.opening[sites].sum()), share
    rows, columns = np.indices((len(cost), len(sites)))
    flat, at = rows.ravel(), columns.ravel()
    place = np.arange(len(flat))
    matrix = coo_array(
        (
            np.concatenate([np.ones(len(flat)), yard.demand[flat]]),
            (np.concatenate([flat, len(cost) + at]), np.concatenate([place, place])),
        ),
        shape=(len(cost) + len(sites), len(flat)),
    )
    low = np.concatenate([np.ones(len(cost)), np.full(len(sites), -np.inf)])
    high = np.concatenate([np.ones(len(cost)), yard.capacity[sites]])
    above = may[:, sites].astype(float).ravel()
    highs = _programme(cost[:, sites].ravel() * above, np.zeros(len(flat)), above, matrix, low, high)
    run(highs, meter)
    if highs.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return np.inf, share
    share[:, sites] = np.array(highs.getSolution().col_value).reshape(len(cost), len(sites))
    return float(highs.getInfo().objective_function_value + yard.opening[sites].sum()), share


def _by_drop(yard: Yard, cost: Floats) -> NDArray[np.bool_]:
    """Sites by cost of opening and serving per unit of capacity, until there is enough."""
    filled = np.sort(cost / yard.demand[:, None], axis=0)
    typical = filled[: max(len(cost) // 10, 1)].mean(axis=0) + yard.opening / yard.capacity
    return _enough(yard, -typical)


def _enough(yard: Yard, liking: Floats) -> NDArray[np.bool_]:
    """Kept sites, those liked by more than a half, and then the most liked until capacity suffices."""
    is_open = yard.kept | (liking > 0.5)
    for j in np.argsort(-liking, kind="stable"):
        if yard.capacity[is_open].sum() >= yard.demand.sum():
            break
        is_open[j] = True
    return is_open


def _improved(yard: Yard, cost: Floats, is_open: NDArray[np.bool_], prices: Floats, meter: Meter) -> NDArray[np.bool_]:
    """Open, close or swap single sites while the true cost falls; the ones that prices favour are tried first."""
    best, _ = _assign(yard, cost, is_open, meter)
    earn = np.minimum(cost - prices[:, None], 0).sum(axis=0) + yard.opening
    for _ in range(3):
        before = best
        inside = np.flatnonzero(is_open & ~yard.kept)
        outside = np.flatnonzero(~is_open)
        outside = outside[np.argsort(earn[outside])][:8]
        inside = inside[np.argsort(-earn[inside])][:8]
        moves: list[tuple[int | None, int | None]] = [(int(j), None) for j in inside]
        moves += [(None, int(k)) for k in outside[:4]]
        moves += [(int(j), int(k)) for j in inside for k in outside]
        for j, k in moves:
            trial = is_open.copy()
            if j is not None:
                trial[j] = False
            if k is not None:
                trial[k] = True
            nearest = cost[:, trial].min(axis=1).sum() + yard.opening[trial].sum() if trial.any() else np.inf
            if nearest >= best:
                continue
            value, _ = _assign(yard, cost, trial, meter)
            if value < best - 1e-9 * abs(best):
                best, is_open = value, trial
                break
        if best == before:
            break
    return is_open


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Done:
    """What HiGHS found: open sites and the bound."""

    open: NDArray[np.bool_]
    bound: float


def _finished(task: _Task, fixed: NDArray[np.int8], best: _Best, work: float) -> _Done:
    """The remaining programme; sites struck are gone, rows `x_ij <= y_j` come where the relaxation needs them."""
    sites, part = np.flatnonzero(fixed >= 0), task.meter.part(work)
    highs = written_out(task.yard, task.cost, sites, fixed[sites] == 1)
    _tightened(highs, task.cost.shape[0], len(sites), part, work)
    _start_from(highs, best.open[sites])
    run_tree(highs, part, work)
    task.meter.settle(part)
    info = highs.getInfo()
    is_open = best.open.copy()
    if info.primal_solution_status == 2:
        is_open = np.zeros(len(fixed), np.bool_)
        is_open[sites] = np.array(highs.getSolution().col_value[: len(sites)]) > 0.5
    bound = float(info.mip_dual_bound)
    return _Done(open=is_open, bound=min(bound, best.upper) if np.isfinite(bound) else -np.inf)


def written_out(yard: Yard, cost: Floats, sites: NDArray[np.int64], must: NDArray[np.bool_]) -> highspy.Highs:
    """The relaxation on some sites, first their columns y, then x customer by customer; without rows `x_ij <= y_j`."""
    customers, count = len(cost), len(sites)
    flat, at = (grid.ravel() for grid in np.indices((customers, count)))
    x = count + np.arange(len(flat))
    matrix = coo_array(
        (
            np.concatenate([np.ones(len(flat)), yard.demand[flat], -yard.capacity[sites], yard.capacity[sites]]),
            (
                np.concatenate([flat, customers + at, customers + np.arange(count), np.full(count, customers + count)]),
                np.concatenate([x, x, np.arange(count), np.arange(count)]),
            ),
        ),
        shape=(customers + count + 1, count + len(flat)),
    )
    low = np.concatenate([np.ones(customers), np.full(count, -np.inf), [_least_open(yard)]])
    high = np.concatenate([np.ones(customers), np.zeros(count), [np.inf]])
    below = np.concatenate([must.astype(float), np.zeros(len(flat))])
    may = np.isfinite(yard.cost[:, sites]).astype(float).ravel()
    expense = np.concatenate([yard.opening[sites], cost[:, sites].ravel() * may])
    return _programme(expense, below, np.concatenate([np.ones(count), may]), matrix, low, high)


def _tightened(highs: highspy.Highs, customers: int, count: int, part: Meter, work: float) -> None:
    """Solve the relaxation, and add the rows `x_ij <= y_j` that it breaks, until it breaks none or half is used up."""
    added = np.zeros((customers, count), np.bool_)
    for _ in range(_ROUNDS):
        run(highs, part)
        value = np.array(highs.getSolution().col_value)
        broken = (value[count:].reshape(customers, count) > value[:count] + 1e-5) & ~added
        if not broken.any() or part.done > 0.5 * work or part.must_stop():
            break
        added |= broken
        where = np.argwhere(broken)
        entries = np.column_stack([count + where[:, 0] * count + where[:, 1], where[:, 1]]).ravel().astype(np.int32)
        ones = np.tile([1.0, -1.0], len(where))
        starts = np.arange(0, 2 * len(where), 2, dtype=np.int32)
        highs.addRows(
            len(where), np.full(len(where), -np.inf), np.zeros(len(where)), len(entries), starts, entries, ones
        )


def _start_from(highs: highspy.Highs, is_open: NDArray[np.bool_]) -> None:
    """Sites are opened whole from here on, and a first set of them is known."""
    for j in range(len(is_open)):
        highs.changeColIntegrality(j, highspy.HighsVarType.kInteger)
    highs.setSolution(len(is_open), np.arange(len(is_open), dtype=np.int32), is_open.astype(float))


def _programme(
    cost: Floats, below: Floats, above: Floats, matrix: coo_array, low: Floats, high: Floats
) -> highspy.Highs:
    lp = lp_of(cost=cost, lower=below, upper=above, matrix=matrix.tocsr(), row_lower=low, row_upper=high)
    return to_the_end(lp)


@inner
def _fill(
    cost: Floats, price: Floats, demand: Floats, capacity: float, order: NDArray[np.int64], gain: Floats, take: Floats
) -> float:
    """Continuous knapsack of a site: value, and shares in `take`."""
    count = 0
    need = 0.0
    for i in range(len(price)):
        take[i] = 0.0
        if cost[i] < price[i]:
            order[count] = i
            gain[count] = (cost[i] - price[i]) / demand[i]
            need += demand[i]
            count += 1
    value = 0.0
    if need <= capacity:
        for k in range(count):
            i = order[k]
            take[i] = 1.0
            value += cost[i] - price[i]
        return value
    left = capacity
    for k in np.argsort(gain[:count]):
        i = order[k]
        part = min(1.0, left / demand[i])
        take[i] = part
        value += part * (cost[i] - price[i])
        left -= part * demand[i]
        if left <= 0.0:
            break
    return value


@inner
def _choose(net: Floats, kept: NDArray[np.bool_], capacity: Floats, demand: float, on: Floats) -> tuple[float, float]:
    """Least sum of `net` with capacity enough for the demand: relaxed knapsack; the fraction open goes to `on`."""
    total = 0.0
    have = 0.0
    for j in range(len(net)):
        on[j] = 1.0 if kept[j] or net[j] < 0.0 else 0.0
        if on[j] > 0.0:
            total += net[j]
            have += capacity[j]
    if have >= demand:
        return total, 0.0
    rate = 0.0
    for j in np.argsort(net / capacity):
        if on[j] > 0.0:
            continue
        part = min(1.0, (demand - have) / capacity[j])
        on[j] = part
        total += part * net[j]
        have += part * capacity[j]
        rate = net[j] / capacity[j]
        if have >= demand * (1 - 1e-12):
            break
    return total, rate


@compiled
def _climb(
    demand: Floats,
    capacity: Floats,
    opening: Floats,
    cost: Floats,
    kept: NDArray[np.bool_],
    start: Floats,
    aim: float,
    needed: float,
    steps: int,
) -> tuple[float, Floats, Floats, Floats, Floats]:
    """Subgradient on the prices; bound, best prices, how often each site was open, and its two margins."""
    customers, sites = cost.shape
    by_site = np.ascontiguousarray(cost.T)
    price = start.copy()
    best_price = start.copy()
    best = -np.inf
    net = np.empty(sites)
    on = np.empty(sites)
    liking = np.zeros(sites)
    if_open = np.zeros(sites)
    if_closed = np.zeros(sites)
    take = np.empty((sites, customers))
    order = np.empty(customers, np.int64)
    gain = np.empty(customers)
    direction = np.zeros(customers)
    theta = 1.0
    for _ in range(steps):
        for j in range(sites):
            net[j] = opening[j] + _fill(by_site[j], price, demand, capacity[j], order, gain, take[j])
        chosen, rate = _choose(net, kept, capacity, needed, on)
        bound = price.sum() + chosen
        for j in range(sites):
            liking[j] += 0.02 * (on[j] - liking[j])
        if bound > best:
            best = bound
            best_price[:] = price
            for j in range(sites):
                # The relaxed knapsack with its rate held: what forcing the site adds at least.
                worth = net[j] - rate * capacity[j]
                if_open[j] = max(worth, 0.0)
                if_closed[j] = max(-worth, 0.0)
        norm = 0.0
        for i in range(customers):
            slope = 1.0
            for j in range(sites):
                if on[j] > 0.0:
                    slope -= on[j] * take[j, i]
            direction[i] = slope + 0.7 * direction[i]
            norm += direction[i] ** 2
        if norm == 0.0:
            break
        length = theta * max(1.02 * aim - bound, 1e-9 * abs(aim)) / norm
        for i in range(customers):
            price[i] += length * direction[i]
        theta *= 0.99
    return best, best_price, liking, if_open, if_closed
