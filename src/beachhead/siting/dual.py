"""Lagrangian bound: what every customer would pay at most, and what no set of sites can beat.

Let u_i be the price customer i offers to whoever serves it. A site that is open earns `sum_i min(0, c_ij - u_i)` and
costs its opening; the bound is `sum_i u_i` plus the best choice of sites within the limits (Cornuejols, Fisher &
Nemhauser 1977; Beasley 1993 for large p-median). Prices climb along the subgradient with momentum and a step that
shrinks geometrically. Prices never exceed the horizon of a customer's list, so unlisted candidates cost nothing and
the bound holds for the full problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.field import Field, Floats, Ints, cost_of
from beachhead.siting.pace import PRICED
from beachhead.siting.selection import kth_smallest
from beachhead.world.compiled import compiled, inner

MOMENTUM = 0.9
_CHUNK = 50
_BOUND, _THETA, _TOLL, _STEPS, _READ = range(5)


class Asked(NamedTuple):
    """What serving each customer costs.

    Attributes:
        ptr: (I + 1,), customer i may be served by the sites `item[ptr[i]:ptr[i + 1]]`, cheapest first.
        item: (entries,), sites.
        cost: (entries,), what each of them asks.
        horizon: (I,), most that a customer offers.
    """

    ptr: NDArray[np.int64]
    item: Ints
    cost: Floats
    horizon: Floats


class Goal(NamedTuple):
    """Where the prices climb to.

    Attributes:
        aim: a cost that somebody reached.
        enough: a bound at which to stop.
        decay: step factor of a step over that of the last.
    """

    aim: float
    enough: float
    decay: float


class Prices(NamedTuple):
    """State of the ascent; changed in place by compiled code only.

    Attributes:
        now: (I,), prices now.
        best: (I,), prices of the best bound.
        direction: (I,), smoothed subgradient.
        share: (J,), how often each site was chosen of late, 0..1: an estimate of the relaxed solution.
        chosen: (J,), sites chosen at the best bound, 0..1.
        tally: (5,), best bound, step factor, toll on the total budget at the best bound, steps taken, entries read.
        toll: (2,), toll on the total budget now, its smoothed subgradient.
    """

    now: Floats
    best: Floats
    direction: Floats
    share: Floats
    chosen: Floats
    tally: Floats
    toll: Floats

    @property
    def bound(self) -> float:
        """The best bound so far."""
        return float(self.tally[_BOUND])

    @property
    def work(self) -> float:
        """Units of work since these prices were set out from."""
        return float(self.tally[_READ] + self.tally[_STEPS] * (3 * len(self.now) + 4 * len(self.share))) * PRICED


class Choice(NamedTuple):
    """What the choice of sites reads: costs and limits."""

    opening: Floats
    price: Floats
    group: NDArray[np.int32]
    budget: Floats
    total: float
    kept: NDArray[np.bool_]
    clique: NDArray[np.int32]
    cliques: int
    tolled: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Margins:
    """What forcing a site in or out would add to the bound.

    Attributes:
        bound: the bound these margins belong to.
        if_open: (J,), added if the site must be open.
        if_closed: (J,), added if it must be closed.
    """

    bound: float
    if_open: Floats
    if_closed: Floats


def climb(
    field: Field,
    *,
    aim: float,
    enough: float,
    steps: int,
    start: Prices | None = None,
    theta: float = 1.0,
    final: float = 0.005,
) -> Prices:
    """Climb for so many steps towards `aim` (a cost somebody reached); stop when the bound is `enough`.

    The step factor falls from `theta` to `theta * final`. An `aim` of infinity is replaced by the cost of the sets
    chosen on the way.
    """
    prices = first_prices(field) if start is None else again(start, theta)
    choice = choice_of(field)
    walk: Callable[..., bool] = _ascend_counted if _is_plain(field) else _ascend_budgeted
    asked, decay = Asked(*field.by_customer, field.horizon), final ** (1.0 / max(steps, 1))
    taken = 0
    # Nobody unserved is counted at more than twice the horizon, lest the first steps be wild.
    tame = replace(field, outside=np.minimum(field.outside, 2.0 * field.horizon))
    reach = aim if np.isfinite(aim) else float(np.minimum(field.outside, field.horizon).sum())
    while taken < steps:
        chunk = steps - taken if np.isfinite(aim) else min(_CHUNK, steps - taken)
        done = walk(asked, choice, prices, Goal(reach, enough, decay), chunk)
        taken += chunk
        if done:
            break
        if not np.isfinite(aim):
            reach = min(reach, cost_of(tame, np.flatnonzero(prices.chosen > 0))[0])
    return prices


def first_prices(field: Field) -> Prices:
    """Prices to start from: what the candidate at 1.5 times a fair share of the list asks."""
    counts = field.limits.price.mean() if field.sites else 1.0
    most = min(field.limits.total, float(field.limits.budget.sum())) / max(counts, 1e-12)
    deep = min(1.5 * field.sites / max(most, 1.0), 1e9)
    start = _price_at(field, int(deep))
    return _prices(field, start, 1.0, 0.0)


def again(prices: Prices, theta: float, sites: NDArray[np.bool_] | None = None) -> Prices:
    """Start again from the best prices, with fewer candidates where `sites` says which remain."""
    share = prices.share if sites is None else prices.share[sites]
    fresh = prices._replace(now=prices.best.copy(), best=prices.best.copy(), direction=np.zeros(len(prices.now)))
    return fresh._replace(
        share=share.copy(),
        chosen=np.zeros(len(share)),
        tally=np.array([-np.inf, theta, prices.tally[_TOLL], 0.0, 0.0]),
        toll=np.array([prices.tally[_TOLL], 0.0]),
    )


def choice_of(field: Field) -> Choice:
    """The limits of a field as the choice of sites reads them."""
    limits = field.limits
    grouped = bool(np.isfinite(limits.budget).any())
    return Choice(
        field.opening,
        limits.price,
        limits.group,
        limits.budget,
        limits.total,
        limits.kept,
        limits.clique,
        int(limits.clique.max(initial=-1)) + 1,
        grouped and not limits.counts_sites and bool(np.isfinite(limits.total)),
    )


def margins(field: Field, prices: Prices) -> Margins:
    """Reduced costs at the best prices: a toll on each budget makes the choice of sites separable."""
    choice = choice_of(field)
    value = field.opening.copy()
    _earn(Asked(*field.by_customer, field.horizon), prices.best, value)
    if not _is_plain(field):
        toll = prices.tally[_TOLL]
        rates = np.zeros(len(choice.budget) + 1)
        _choose_budgeted(value + toll * choice.price, choice, np.zeros(field.sites), rates)
        rates[-1] += toll
        return _margins_at(value, rates, choice, prices.best.sum())
    free = np.sort(value[~choice.kept & (value < 0)])
    room = max(int(min(choice.total - choice.kept.sum(), len(free))), 0)
    rates = np.zeros(2)
    if room == len(free):
        return _margins_at(value, rates, choice, prices.best.sum())
    # Any toll between the last site taken and the first refused gives the same bound: each end is best for one side.
    rates[-1] = -free[room]
    closing = _margins_at(value, rates, choice, prices.best.sum())
    rates[-1] = -free[max(room - 1, 0)]
    opening = _margins_at(value, rates, choice, prices.best.sum())
    return Margins(bound=closing.bound, if_open=opening.if_open, if_closed=closing.if_closed)


def _margins_at(value: Floats, rates: Floats, choice: Choice, offered: float) -> Margins:
    sites = len(value)
    worth = value + (rates[:-1][choice.group] + rates[-1]) * choice.price
    alone = choice.clique < 0
    clique = np.where(alone, choice.cliques + np.arange(sites), choice.clique)
    banned = np.zeros(choice.cliques + sites, np.bool_)
    banned[clique[choice.kept]] = True
    free = ~banned[clique]
    best = np.zeros(len(banned))
    np.minimum.at(best, clique[free], worth[free])
    lead = free & (worth < 0) & (worth <= best[clique])
    lead[lead] = np.arange(sites)[lead] == _first_of(clique[lead], np.arange(sites)[lead], len(banned))
    second = np.zeros(len(banned))
    np.minimum.at(second, clique[free & ~lead], worth[free & ~lead])
    spent = rates > 0
    fees = float((rates[spent] * np.append(choice.budget, choice.total)[spent]).sum())
    return Margins(
        bound=float(offered + worth[choice.kept].sum() + best.sum() - fees),
        if_open=np.where(free, worth - best[clique], np.where(choice.kept, 0.0, np.inf)),
        if_closed=np.where(lead, (second - best)[clique], np.where(choice.kept, np.inf, 0.0)),
    )


def _first_of(clique: NDArray[np.int64], site: NDArray[np.int64], cliques: int) -> NDArray[np.int64]:
    """For each listed site the first site listed in its clique."""
    first = np.full(cliques, np.iinfo(np.int64).max)
    np.minimum.at(first, clique, site)
    return first[clique]


def _is_plain(field: Field) -> bool:
    """True where only the number of sites is limited."""
    limits = field.limits
    return limits.counts_sites and not np.isfinite(limits.budget).any() and not (limits.clique >= 0).any()


def _prices(field: Field, start: Floats, theta: float, toll: float) -> Prices:
    return Prices(
        now=start.copy(),
        best=start.copy(),
        direction=np.zeros(field.customers),
        share=np.zeros(field.sites),
        chosen=np.zeros(field.sites),
        tally=np.array([-np.inf, theta, toll, 0.0, 0.0]),
        toll=np.array([toll, 0.0]),
    )


def _price_at(field: Field, deep: int) -> Floats:
    """(I,) what the candidate so deep in each customer's list asks, at most the horizon."""
    ptr, cost, start = field.by_customer.ptr, field.by_customer.cost, field.horizon.copy()
    at = ptr[:-1] + deep
    listed = at < ptr[1:]
    start[listed] = np.minimum(start[listed], cost[at[listed]])
    return start


@compiled
def _earn(asked: Asked, u: Floats, earned: Floats) -> None:
    """Take from `earned` (J,) what customers at prices `u` (I,) offer each site beyond its cost."""
    ptr, item, cost = asked.ptr, asked.item, asked.cost
    for i in range(len(u)):
        ui = u[i]
        for e in range(ptr[i], ptr[i + 1]):
            c = cost[e]
            if c >= ui:
                break
            earned[item[e]] += c - ui


@inner
def _slope(asked: Asked, u: Floats, chosen: Floats, slope: Floats) -> int:
    """Fill `slope` (I,): one less the chosen sites that ask less than a customer offers; returns the entries read."""
    ptr, item, cost = asked.ptr, asked.item, asked.cost
    read = 0
    for i in range(len(u)):
        ui = u[i]
        left = 1.0
        for e in range(ptr[i], ptr[i + 1]):
            if cost[e] >= ui:
                break
            left -= chosen[item[e]]
            read += 1
        slope[i] = left
    return read


@inner
def _choose_counted(value: Floats, kept: NDArray[np.bool_], most: float, chosen: Floats) -> float:
    """The kept sites and the best of the others that earn something, `most` in all."""
    total = 0.0
    room = most
    free = np.empty(len(value))
    count = 0
    for j in range(len(value)):
        chosen[j] = 0.0
        if kept[j]:
            chosen[j] = 1.0
            total += value[j]
            room -= 1
        elif value[j] < 0:
            free[count] = value[j]
            count += 1
    if room <= 0 or count == 0:
        return total
    threshold = 0.0
    ties = np.int64(0)
    if count > room:
        threshold = kth_smallest(free[:count], int(room) - 1)
        ties = np.int64(room)
        for k in range(count):
            if free[k] < threshold:
                ties -= 1
    for j in range(len(value)):
        if kept[j] or value[j] >= 0 or value[j] > threshold:
            continue
        if value[j] == threshold and count > room:
            if ties <= 0:
                continue
            ties -= 1
        chosen[j] = 1.0
        total += value[j]
    return total


@compiled
def _choose_budgeted(value: Floats, choice: Choice, chosen: Floats, rates: Floats) -> float:
    """Fill the budgets by value per unit of budget: exact for counted sites, the relaxed knapsack otherwise.

    `rates` gets what one more unit of each budget (groups, then total) would bring.
    """
    left, total = _left_by_kept(value, choice, chosen)
    some, use, density = _leads(value, choice)
    rates[:] = 0.0
    for k in np.argsort(density):
        j, g = some[k], choice.group[some[k]]
        part = min(1.0, max(min(left[g], left[-1]), 0.0) / max(use[k], 1e-12))
        if part < 1.0 and left[-1] <= left[g]:
            rates[-1] = -density[k]
        elif part < 1.0 and rates[g] == 0.0:
            rates[g] = -density[k]
        chosen[j] = part
        total += part * value[j]
        left[g] -= part * use[k]
        left[-1] -= part * use[k]
        if rates[-1] > 0.0:
            break
    for g in range(len(choice.budget)):
        rates[g] = max(0.0, rates[g] - rates[-1])
    return total


@inner
def _left_by_kept(value: Floats, choice: Choice, chosen: Floats) -> tuple[Floats, float]:
    """(G + 1,) what the kept sites leave of each budget, the total last, and what they earn; only they are chosen."""
    groups, total = len(choice.budget), 0.0
    left = np.empty(groups + 1)
    left[:groups] = choice.budget
    left[groups] = np.inf if choice.tolled else choice.total
    for j in range(len(value)):
        chosen[j] = 0.0
        if choice.kept[j]:
            chosen[j] = 1.0
            total += value[j]
            left[choice.group[j]] -= choice.price[j]
            left[groups] -= choice.price[j]
    return left, total


@inner
def _leads(value: Floats, choice: Choice) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Sites that would earn something, of a clique without a kept one the best; what each uses, and value per unit.

    The best of a clique is counted at the least that any of its sites uses, so that the bound holds for all of them.
    """
    sites, clique = len(value), choice.clique
    taken = np.zeros(choice.cliques, np.bool_)
    lead, cheap = np.full(choice.cliques, -1, np.int32), np.full(choice.cliques, np.inf)
    for j in range(sites):
        q = clique[j]
        if q < 0:
            continue
        if choice.kept[j]:
            taken[q] = True
        elif value[j] < 0:
            cheap[q] = min(cheap[q], choice.price[j])
            if lead[q] < 0 or value[j] < value[lead[q]]:
                lead[q] = j
    some, use, density, count = np.empty(sites, np.int64), np.empty(sites), np.empty(sites), 0
    for j in range(sites):
        q = clique[j]
        if choice.kept[j] or value[j] >= 0 or (q >= 0 and (taken[q] or lead[q] != j)):
            continue
        some[count], use[count] = j, cheap[q] if q >= 0 else choice.price[j]
        density[count] = value[j] / max(use[count], 1e-12)
        count += 1
    return some[:count], use[:count], density[:count]


@inner
def _move(asked: Asked, at: Prices, goal: Goal, bound: float, chosen: Floats, slope: Floats) -> bool:
    """Book the bound, then move the prices; true when there is nothing more to gain."""
    if bound > at.tally[_BOUND]:
        at.tally[_BOUND] = bound
        at.tally[_TOLL] = at.toll[0]
        at.best[:] = at.now
        at.chosen[:] = chosen
    at.tally[_STEPS] += 1
    for j in range(len(chosen)):
        at.share[j] += 0.02 * (chosen[j] - at.share[j])
    if at.tally[_BOUND] >= goal.enough:
        return True
    at.tally[_READ] += 2 * _slope(asked, at.now, chosen, slope)  # as many were read to see what sites earn
    norm = 0.0
    flat = True
    for i in range(len(slope)):
        at.direction[i] = slope[i] + MOMENTUM * at.direction[i]
        norm += at.direction[i] ** 2
        flat = flat and slope[i] == 0.0
    if flat or norm == 0.0:
        return True
    step = at.tally[_THETA] * (goal.aim - bound) / norm
    for i in range(len(slope)):
        at.now[i] = min(max(at.now[i] + step * at.direction[i], 0.0), asked.horizon[i])
    at.tally[_THETA] *= goal.decay
    return False


@compiled
def _ascend_counted(asked: Asked, choice: Choice, at: Prices, goal: Goal, steps: int) -> bool:
    """So many steps where only the number of sites is limited; true when there is nothing more to gain."""
    value, chosen, slope = np.empty(len(choice.opening)), np.empty(len(choice.opening)), np.empty(len(at.now))
    for _ in range(steps):
        value[:] = choice.opening
        _earn(asked, at.now, value)
        bound = at.now.sum() + _choose_counted(value, choice.kept, choice.total, chosen)
        if _move(asked, at, goal, bound, chosen, slope):
            return True
    return False


@compiled
def _ascend_budgeted(asked: Asked, choice: Choice, at: Prices, goal: Goal, steps: int) -> bool:
    """The same where sites use budgets; the toll on the total one moves as the prices do."""
    value, chosen, slope = np.empty(len(choice.opening)), np.empty(len(choice.opening)), np.empty(len(at.now))
    rates = np.empty(len(choice.budget) + 1)
    for _ in range(steps):
        toll, theta = at.toll[0], at.tally[_THETA]
        for j in range(len(value)):
            value[j] = choice.opening[j] + toll * choice.price[j]
        _earn(asked, at.now, value)
        bound = at.now.sum() + _choose_budgeted(value, choice, chosen, rates)
        if choice.tolled:
            bound -= toll * choice.total
            over = -choice.total
            for j in range(len(value)):
                over += chosen[j] * choice.price[j]
            at.toll[1] = over + MOMENTUM * at.toll[1]
        if _move(asked, at, goal, bound, chosen, slope):
            return True
        if choice.tolled:
            at.toll[0] = max(0.0, toll + 0.1 * theta * (goal.aim - bound) / choice.total**2 * at.toll[1])
    return False
