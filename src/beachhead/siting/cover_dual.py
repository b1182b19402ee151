"""What no schedule can cover: Lagrangian bound of (multi-period) maximal covering.

Customer i offers its price p_i to be covered once. A site opened in period t earns `V_jt = sum over the customers it
covers of max(0, people_i later_t - p_i)`; the bound is `sum p_i` plus the best choice of sites and periods within the
budgets (Galvao & ReVelle 1996 for one period). The budgets carry tolls: for given V each toll is set to its best value
with the others held, which for one period is the exact choice. Prices step along the subgradient in units of each
customer's people, without which large towns would drown small ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.field import Floats, Ints, transposed
from beachhead.siting.ground import Ground
from beachhead.siting.pace import PRICED
from beachhead.siting.selection import kth_smallest
from beachhead.world.compiled import compiled, inner

MOMENTUM = 0.9
_TOLLS_EVERY = 3  # steps between settings of the tolls where there are several periods


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Climb:
    """Where the descent of the bound stands; arrays are changed in place by compiled code only.

    Attributes:
        now: (I,), prices now.
        best: (I,), prices of the best bound.
        direction: (I,), smoothed subgradient.
        tolls: (G + 1, T), toll on each budget per unit, the last row on the total.
        best_tolls: (G + 1, T), at the best bound.
        share: (J,), how often each site was chosen of late, 0..1.
        bound: the best bound: that of the best prices, or everybody whom a candidate reaches if that is less.
        theta: step factor now.
        by_site: customers that each site covers, compressed rows.
        by_group: sites of each group, compressed rows, then all sites.
    """

    now: Floats
    best: Floats
    direction: Floats
    tolls: Floats
    best_tolls: Floats
    share: Floats
    bound: float
    theta: float
    by_site: tuple[NDArray[np.int64], Ints]
    by_group: tuple[NDArray[np.int64], Ints]

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
    return Climb(
        now=start.copy(),
        best=start.copy(),
        direction=np.zeros(len(start)),
        tolls=np.zeros((groups + 1, ground.periods)),
        best_tolls=np.zeros((groups + 1, ground.periods)),
        share=np.zeros(ground.sites),
        bound=float(everybody.sum()),
        theta=1.0,
        by_site=transposed(ground.reach, ground.sites),
        by_group=(ptr.astype(np.int64), np.concatenate([order, np.arange(ground.sites, dtype=np.int32)])),
    )


def ascend(ground: Ground, climb: Climb, *, aim: float, steps: int, decay: float) -> Climb:
    """So many steps towards `aim`, a value that somebody reached."""
    theta, bound = _ascend(
        *climb.by_site,
        *climb.by_group,
        ground.people,
        ground.later,
        ground.price,
        ground.group,
        ground.kept,
        np.vstack([ground.budget, ground.total[None]]),
        climb.now,
        climb.best,
        climb.direction,
        climb.tolls,
        climb.best_tolls,
        climb.share,
        climb.bound,
        aim,
        climb.theta,
        steps,
        decay,
        MOMENTUM,
    )
    return replace(climb, theta=float(theta), bound=float(bound))


def step_work(ground: Ground) -> float:
    """Units of work that one step takes."""
    tolls = ground.sites * (ground.periods if ground.periods == 1 else 8 * ground.periods)
    return (2 * len(ground.reach.item) + 4 * len(ground.people) + tolls) * PRICED


def bound_at(ground: Ground, climb: Climb, most: Floats) -> Floats:
    """Bounds for other numbers of new sites (K,), from the best prices; one period and counted sites only."""
    worth = _worth(*climb.by_site, ground.people, ground.later, climb.best, np.empty((ground.sites, 1)))[:, 0]
    base = float(climb.best.sum() + worth[ground.kept].sum())
    ranked = np.concatenate([[0.0], np.cumsum(np.sort(worth[~ground.kept])[::-1])])
    bounds: Floats = np.minimum(base + ranked[np.minimum(most.astype(int), len(ranked) - 1)], _everybody(ground).sum())
    return bounds


def _everybody(ground: Ground) -> Floats:
    """(I,), what customers whom a candidate reaches are worth: as prices they leave no site anything to earn."""
    return np.where(np.diff(ground.reach.ptr) > 0, ground.people * ground.later[0], 0.0)


@compiled
def _worth(ptr, item, people, later, price, worth):  # type: ignore[no-untyped-def]
    """V (J, T): what each site earns when opened in each period."""
    periods = len(later) - 1
    if periods == 1:
        for j in range(len(ptr) - 1):
            v = 0.0
            for e in range(ptr[j], ptr[j + 1]):
                i = item[e]
                v += people[i] * later[0] - price[i]
            worth[j, 0] = v
        return worth
    until = np.empty(len(people), np.int8)
    for i in range(len(people)):
        t = 0
        while t < periods and people[i] * later[t] > price[i]:
            t += 1
        until[i] = t
    some = np.empty(periods + 1)
    paid = np.empty(periods + 1)
    for j in range(len(ptr) - 1):
        some[:] = 0.0
        paid[:] = 0.0
        for e in range(ptr[j], ptr[j + 1]):
            i = item[e]
            some[until[i]] += people[i]
            paid[until[i]] += price[i]
        a = 0.0
        b = 0.0
        for t in range(periods - 1, -1, -1):
            a += some[t + 1]
            b += paid[t + 1]
            worth[j, t] = later[t] * a - b
    return worth


@inner
def _best_toll(key, price, count, budget):  # type: ignore[no-untyped-def]
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
        return kth_smallest(key[:count], count - 1 - np.int64(budget))
    for k in range(count):
        key[k] = key[k] / max(price[k], 1e-12)
    order = np.argsort(-key[:count])
    used = 0.0
    for k in order:
        used += price[k]
        if used > budget:
            return key[k]
    return 0.0


@inner
def _set_tolls(group_ptr, group_site, worth, site_price, group, kept, budget, tolls, after):  # type: ignore[no-untyped-def]
    """Set each toll to its best value with the others held; `after` (J, T + 1) is room to work in."""
    groups = len(budget) - 1
    periods = worth.shape[1]
    key = np.empty(len(site_price))
    price = np.empty(len(site_price))
    before = np.zeros(len(site_price))
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
        for t in range(periods):
            count = 0
            for e in range(group_ptr[g], group_ptr[g + 1]):
                j = group_site[e]
                other = tolls[groups, t] if g < groups else tolls[group[j], t]
                v = worth[j, t] - other * site_price[j]
                alternative = max(before[j], after[j, t + 1])
                if v > alternative and not kept[j]:
                    key[count] = v - alternative
                    price[count] = site_price[j]
                    count += 1
            tolls[g, t] = _best_toll(key, price, count, budget[g, t])
            for e in range(group_ptr[g], group_ptr[g + 1]):
                j = group_site[e]
                toll = tolls[group[j], t] + tolls[groups, t]
                before[j] = max(before[j], worth[j, t] - toll * site_price[j])
        _settle(tolls[g], budget[g])


@inner
def _settle(tolls, budget):  # type: ignore[no-untyped-def]
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
def _ascend(  # type: ignore[no-untyped-def]
    ptr, item, group_ptr, group_site, people, later, site_price, group, kept, budget,
    now, best, direction, tolls, best_tolls, share, bound, aim, theta, steps, decay, momentum,
):  # fmt: skip
    customers = len(people)
    sites = len(site_price)
    periods = len(later) - 1
    groups = len(budget) - 1
    worth = np.empty((sites, periods))
    slope = np.empty(customers)
    left = np.empty_like(budget)
    after = np.empty((sites, periods + 1))
    pick = np.empty(sites, np.int64)
    for step in range(steps):
        _worth(ptr, item, people, later, now, worth)
        if periods == 1 or step % _TOLLS_EVERY == 0:
            _set_tolls(group_ptr, group_site, worth, site_price, group, kept, budget, tolls, after)
        value = 0.0
        for i in range(customers):
            slope[i] = 1.0
            value += now[i]
        for g in range(groups + 1):
            for t in range(periods):
                left[g, t] = budget[g, t]
                if budget[g, t] != np.inf and tolls[g, t] > 0.0 and budget[g, t] > 0.0:
                    value += tolls[g, t] * budget[g, t]
        for j in range(sites):  # those that earn more than their toll come first
            pick[j] = -1
            most = 0.0
            if kept[j]:
                pick[j] = 0
                most = worth[j, 0]
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
        for j in range(sites):  # those that just earn it take what is left: before the others they would crowd them out
            if pick[j] < 0:
                for t in range(periods):
                    if tolls[group[j], t] == np.inf or tolls[groups, t] == np.inf or worth[j, t] <= 0.0:
                        continue
                    v = worth[j, t] - (tolls[group[j], t] + tolls[groups, t]) * site_price[j]
                    room = min(left[group[j], t], left[groups, t])
                    if v >= -1e-12 * worth[j, t] and room >= site_price[j]:
                        pick[j] = t
                        left[group[j], t] -= site_price[j]
                        left[groups, t] -= site_price[j]
                        break
            if pick[j] >= 0:
                for e in range(ptr[j], ptr[j + 1]):
                    i = item[e]
                    if people[i] * later[pick[j]] > now[i]:
                        slope[i] -= 1.0
            share[j] += 0.02 * ((1.0 if pick[j] >= 0 else 0.0) - share[j])
        if value < bound:
            bound = value
            best[:] = now
            best_tolls[:] = tolls
        norm = 0.0
        for i in range(customers):
            s = slope[i]
            if (now[i] <= 0.0 and s > 0) or (now[i] >= people[i] * later[0] and s < 0):
                s = 0.0
            direction[i] = s + momentum * direction[i]
            norm += people[i] * direction[i] * direction[i]
        if norm == 0.0 or value <= aim:
            break
        length = theta * (value - aim) / norm
        for i in range(customers):
            now[i] = min(max(now[i] - length * people[i] * direction[i], 0.0), people[i] * later[0])
        theta *= decay
    return theta, bound
