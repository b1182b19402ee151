"""What no schedule can cover: Lagrangian bound of (multi-period) maximal covering.

Customer i offers its price p_i to be covered once. A site opened in period t earns `V_jt = sum over the customers it
covers of max(0, people_i later_t - p_i)`; the bound is `sum p_i` plus the best choice of sites and periods within the
budgets (Galvao & ReVelle 1996 for one period). The budgets carry tolls: for given V each toll is set to its best value
with the others held, which for one period is the exact choice. Prices step along the subgradient in units of each
customer's people, without which large towns would drown small ones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.field import Floats, Ints, transposed
from beachhead.siting.ground import Ground
from beachhead.siting.pace import PRICED
from beachhead.siting.selection import kth_smallest
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner

MOMENTUM = 0.9
_TOLLS_EVERY = 3  # steps between settings of the tolls where there are several periods


@by_reference
class Priced:
    """The covering problem as its prices see it.

    Attributes:
        ptr: (J + 1,), site j covers the customers `item[ptr[j]:ptr[j + 1]]`.
        item: (entries,), customers.
        group_ptr: (G + 2,), sites of each group likewise, then all sites.
        group_site: (2 J,), sites.
        people: (I,), weight of each customer.
        most: (I,), worth of each customer covered from the first period on.
        kind_of: (I,), kind of each customer.
        later: (K, T + 1), worth of a person of each kind from each period on; the last, never, is 0.
        site_price: (J,), what opening a site uses of its budgets.
        group: (J,), budget group of each site.
        kept: (J,), true where a site stands already or is decided.
        since: (J,), period from which a kept site is open.
        budget: (G + 1, T), what each group may use, the last row in total; inf: no limit.
    """

    ptr: NDArray[np.int64]
    item: Ints
    group_ptr: NDArray[np.int64]
    group_site: Ints
    people: Floats
    most: Floats
    kind_of: Ints
    later: Floats
    site_price: Floats
    group: Ints
    kept: NDArray[np.bool_]
    since: Ints
    budget: Floats


@by_reference
class Climb:
    """Where the descent of the bound stands; arrays are changed in place by compiled code only.

    Attributes:
        priced: the problem.
        now: (I,), prices now.
        best: (I,), prices of the best bound.
        direction: (I,), smoothed subgradient.
        tolls: (G + 1, T), toll on each budget per unit, the last row on the total.
        best_tolls: (G + 1, T), at the best bound.
        share: (J,), how often each site was chosen of late, 0..1.
        bound: the best bound: that of the best prices, or everybody whom a candidate reaches if that is less.
        theta: step factor now.
    """

    priced: Priced
    now: Floats
    best: Floats
    direction: Floats
    tolls: Floats
    best_tolls: Floats
    share: Floats
    bound: float
    theta: float

    def again(self) -> Climb:
        """Start again from the best prices, with long steps."""
        return replace(
            self,
            now=self.best.copy(),
            direction=np.zeros_like(self.direction),
            tolls=self.best_tolls.copy(),
            theta=1.0,
        )


def first_climb(ground: Ground) -> Climb:
    """Prices to start from: half of what a customer is worth, nothing where nobody can cover it."""
    everybody = _everybody(ground)
    start = 0.5 * everybody
    groups = len(ground.budget)
    order = np.argsort(ground.group, kind="stable").astype(np.int32)
    ptr = np.concatenate([[0], np.cumsum(np.bincount(ground.group, minlength=groups)), [2 * ground.sites]])
    ptr_of_site, customers = transposed(ground.reach, ground.sites)
    kind, later = ground.kinds
    priced = Priced(
        ptr=ptr_of_site,
        item=customers,
        group_ptr=ptr.astype(np.int64),
        group_site=np.concatenate([order, np.arange(ground.sites, dtype=np.int32)]),
        people=ground.people,
        most=ground.people * later[kind, 0],
        kind_of=kind,
        later=later,
        site_price=ground.price,
        group=ground.group,
        kept=ground.kept,
        since=ground.since,
        budget=np.vstack([ground.budget, ground.total[None]]),
    )
    return Climb(
        priced=priced,
        now=start.copy(),
        best=start.copy(),
        direction=np.zeros(len(start)),
        tolls=np.zeros((groups + 1, ground.periods)),
        best_tolls=np.zeros((groups + 1, ground.periods)),
        share=np.zeros(ground.sites),
        bound=float(everybody.sum()),
        theta=1.0,
    )


def ascend(climb: Climb, *, aim: float, steps: int, decay: float) -> Climb:
    """So many steps towards `aim`, a value that somebody reached."""
    theta, bound = _ascend(climb, float(aim), steps, decay)
    return replace(climb, theta=float(theta), bound=float(bound))


def step_work(ground: Ground) -> float:
    """Units of work that one step takes."""
    tolls = ground.sites * (ground.periods if ground.periods == 1 else 8 * ground.periods)
    return (2 * len(ground.reach.item) + 4 * len(ground.people) + tolls) * PRICED


def bound_at(ground: Ground, climb: Climb, most: Floats) -> Floats:
    """Bounds for other numbers of new sites (K,), from the best prices; one period and counted sites only."""
    worth = _worth(climb.priced, climb.best)[:, 0]
    base = float(climb.best.sum() + worth[ground.kept].sum())
    ranked = np.concatenate([[0.0], np.cumsum(np.sort(worth[~ground.kept])[::-1])])
    bounds: Floats = np.minimum(base + ranked[np.minimum(most.astype(int), len(ranked) - 1)], _everybody(ground).sum())
    return bounds


def _everybody(ground: Ground) -> Floats:
    """(I,), what customers whom a candidate reaches are worth: as prices they leave no site anything to earn."""
    kind, later = ground.kinds
    return np.where(np.diff(ground.reach.ptr) > 0, ground.people * later[kind, 0], 0.0)


@compiled
def _worth(priced: Priced, price: Floats) -> Floats:
    """V (J, T): what each site earns when opened in each period, customers paying `price` (I,)."""
    ptr, item, people, most = priced.ptr, priced.item, priced.people, priced.most
    kind, later = priced.kind_of, priced.later
    kinds, periods = later.shape[0], later.shape[1] - 1
    worth = np.empty((len(ptr) - 1, periods))
    if periods == 1:
        for j in range(len(ptr) - 1):
            v = 0.0
            for e in range(ptr[j], ptr[j + 1]):
                i = item[e]
                v += most[i] - price[i]
            worth[j, 0] = v
        return worth
    until = np.empty(len(people), np.int32)  # kind and period from which on nothing is earned, as one number
    for i in range(len(people)):
        t = 0
        while t < periods and people[i] * later[kind[i], t] > price[i]:
            t += 1
        until[i] = kind[i] * (periods + 1) + t
    some = np.empty(kinds * (periods + 1))
    paid = np.empty(kinds * (periods + 1))
    for j in range(len(ptr) - 1):
        some[:] = 0.0
        paid[:] = 0.0
        for e in range(ptr[j], ptr[j + 1]):
            i = item[e]
            some[until[i]] += people[i]
            paid[until[i]] += price[i]
        worth[j, :] = 0.0
        for k in range(kinds):
            a = 0.0
            b = 0.0
            for t in range(periods - 1, -1, -1):
                a += some[k * (periods + 1) + t + 1]
                b += paid[k * (periods + 1) + t + 1]
                worth[j, t] += later[k, t] * a - b
    return worth


@inner
def _best_toll(key: Floats, price: Floats, count: int, budget: float) -> float:
    """Toll per unit at which those who pay it use just the budget: the price of a relaxed knapsack."""
    used = 0.0
    counted = True
    for k in range(count):
        used += price[k]
        counted = counted and price[k] == 1.0
    if used <= budget:
        return 0.0
    if budget <= 0.0:
        return np.inf
    if counted and budget == np.floor(budget):
        return float(kth_smallest(key[:count], count - 1 - int(budget)))
    for k in range(count):
        key[k] = key[k] / max(price[k], 1e-12)
    order = np.argsort(-key[:count])
    used = 0.0
    for k in order:
        used += price[k]
        if used > budget:
            return float(key[k])
    return 0.0


@inner
def _set_tolls(priced: Priced, worth: Floats, tolls: Floats) -> None:
    """Set each toll to its best value with the others held, `worth` (J, T) given."""
    group_ptr, group_site, group, budget = priced.group_ptr, priced.group_site, priced.group, priced.budget
    site_price, kept = priced.site_price, priced.kept
    groups = len(budget) - 1
    sites, periods = worth.shape
    key, price = np.empty(sites), np.empty(sites)
    before, after = np.zeros(sites), np.empty((sites, periods + 1))
    for g in range(groups + 1):
        if budget[g].min() == np.inf:
            tolls[g, :] = 0.0
            continue
        # What a site would earn in a later period (`after`) or in an earlier one (`before`), tolls paid.
        for e in range(group_ptr[g], group_ptr[g + 1]):
            j = group_site[e]
            before[j] = 0.0
            after[j, periods] = 0.0
            for t in range(periods - 1, -1, -1):
                toll = tolls[group[j], t] + tolls[groups, t]
                after[j, t] = max(after[j, t + 1], worth[j, t] - toll * site_price[j])
        t = 0
        while t < periods:
            until = (
                t + 1
            )  # one toll while nothing more may be used: set apart, each would hold the others where they are
            while budget[g, t] > 0.0 and until < periods and budget[g, until] <= 0.0:
                until += 1
            count = 0
            for e in range(group_ptr[g], group_ptr[g + 1]):
                j = group_site[e]
                v = -np.inf
                for s in range(t, until):
                    other = tolls[groups, s] if g < groups else tolls[group[j], s]
                    v = max(v, worth[j, s] - other * site_price[j])
                alternative = max(before[j], after[j, until])
                if v > alternative and not kept[j]:
                    key[count] = v - alternative
                    price[count] = site_price[j]
                    count += 1
            toll = _best_toll(key, price, count, budget[g, t])
            for s in range(t, until):
                tolls[g, s] = toll
                for e in range(group_ptr[g], group_ptr[g + 1]):
                    j = group_site[e]
                    paid = tolls[group[j], s] + tolls[groups, s]
                    before[j] = max(before[j], worth[j, s] - paid * site_price[j])
            t = until
        _settle(tolls[g], budget[g])


@inner
def _settle(tolls: Floats, budget: Floats) -> None:
    """Tolls that never rise: what is not used may be used later, so only those are sums of tolls on what is saved up.

    Before anything may be used the toll is infinite; a later period without a budget asks what the one before asked.
    """
    begun = False
    for t in range(len(tolls)):
        if budget[t] <= 0.0:
            tolls[t] = tolls[t - 1] if begun else np.inf
        begun = begun or budget[t] > 0.0
    for t in range(len(tolls) - 2, -1, -1):
        tolls[t] = max(tolls[t], tolls[t + 1])


@compiled
def _ascend(climb: Climb, aim: float, steps: int, decay: float) -> tuple[float, float]:
    """Step factor and best bound after so many steps, or fewer where the bound comes down to the aim."""
    priced, now, theta, bound = climb.priced, climb.now, climb.theta, climb.bound
    periods = priced.budget.shape[1]
    slope = np.empty(len(priced.people))
    for step in range(steps):
        worth = _worth(priced, now)
        if periods == 1 or step % _TOLLS_EVERY == 0:
            _set_tolls(priced, worth, climb.tolls)
        value = 0.0
        for i in range(len(now)):
            value += now[i]
        value, pick = _choose(priced, worth, climb.tolls, value)
        _count_covers(priced, now, pick, slope)
        for j in range(len(pick)):
            climb.share[j] += 0.02 * ((1.0 if pick[j] >= 0 else 0.0) - climb.share[j])
        if value < bound:
            bound = value
            climb.best[:] = now
            climb.best_tolls[:] = climb.tolls
        norm = _turn(priced, now, slope, climb.direction)
        if norm == 0.0 or value <= aim:
            break
        _go(priced, now, climb.direction, theta * (value - aim) / norm)
        theta *= decay
    return theta, bound


@inner
def _choose(priced: Priced, worth: Floats, tolls: Floats, value: float) -> tuple[float, Ints]:
    """The bound, and the period in which each site is opened at these tolls (J,), -1 never; customers offer `value`.

    Sites that earn more than their toll come first; those that just earn it take what is left of the budgets: before
    the others they would crowd them out.
    """
    group, site_price, budget, groups = priced.group, priced.site_price, priced.budget, len(priced.budget) - 1
    sites, periods = worth.shape
    pick, left = np.full(sites, -1, np.int32), budget.copy()
    for g in range(groups + 1):
        for t in range(periods):
            if budget[g, t] != np.inf and tolls[g, t] > 0.0 and budget[g, t] > 0.0:
                value += tolls[g, t] * budget[g, t]
    for j in range(sites):
        most = 0.0
        if priced.kept[j]:
            pick[j] = priced.since[j]
            most = worth[j, pick[j]]
        else:
            for t in range(periods):
                v = worth[j, t] - (tolls[group[j], t] + tolls[groups, t]) * site_price[j]
                if v > most:
                    most = v
                    pick[j] = t
            if pick[j] >= 0:
                left[group[j], pick[j]] -= site_price[j]
                left[groups, pick[j]] -= site_price[j]
        value += most
    for j in range(sites):
        if pick[j] < 0:
            pick[j] = _just_earns(priced, worth, tolls, left, j)
    return value, pick


@inner
def _just_earns(priced: Priced, worth: Floats, tolls: Floats, left: Floats, j: int) -> int:
    """First period in which site j earns its toll and there is room, -1 if none; its price is taken from `left`."""
    g, total, price = priced.group[j], len(priced.budget) - 1, priced.site_price[j]
    for t in range(worth.shape[1]):
        if tolls[g, t] == np.inf or tolls[total, t] == np.inf or worth[j, t] <= 0.0:
            continue
        v = worth[j, t] - (tolls[g, t] + tolls[total, t]) * price
        if v >= -1e-12 * worth[j, t] and min(left[g, t], left[total, t]) >= price:
            left[g, t] -= price
            left[total, t] -= price
            return t
    return -1


@inner
def _count_covers(priced: Priced, now: Floats, pick: Ints, slope: Floats) -> None:
    """Fill `slope` (I,): one less the number of sites picked that cover a customer when that is worth its price."""
    ptr, item, people, kind, later = priced.ptr, priced.item, priced.people, priced.kind_of, priced.later
    slope[:] = 1.0
    for j in range(len(pick)):
        if pick[j] >= 0:
            for e in range(ptr[j], ptr[j + 1]):
                i = item[e]
                if people[i] * later[kind[i], pick[j]] > now[i]:
                    slope[i] -= 1.0


@inner
def _turn(priced: Priced, now: Floats, slope: Floats, direction: Floats) -> float:
    """Turn the direction towards the subgradient, in units of each customer's people; returns its squared length."""
    people, most, norm = priced.people, priced.most, 0.0
    for i in range(len(now)):
        s = slope[i]
        if (now[i] <= 0.0 and s > 0) or (now[i] >= most[i] and s < 0):
            s = 0.0
        direction[i] = s + MOMENTUM * direction[i]
        norm += people[i] * direction[i] * direction[i]
    return norm


@inner
def _go(priced: Priced, now: Floats, direction: Floats, length: float) -> None:
    """Step against the direction; no price leaves 0 .. what its customer is worth."""
    people, most = priced.people, priced.most
    for i in range(len(now)):
        now[i] = min(max(now[i] - length * people[i] * direction[i], 0.0), most[i])
