"""One gate: which markets to scale, pilot (with which batch), leave or let wait.

Greedy with diminishing returns over the correlated knowledge gradient (Frazier, Powell & Dayanik 2009): an action's
gain counts what it teaches about every other market, measured against what the actions already chosen teach. Each
market's best action is taken before markets are ranked; scales go by gain per capital, pilots by gain less the price
of pool cars; after each pick the covariance is downdated, so the next pick sees what is left to learn.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from beachhead.launch.prices import pilot_cost
from beachhead.launch.terms import OUT, SCALED, Floats, Ints, Position, Prices, Terms, may_pilot
from beachhead.launch.value import (
    Starts,
    keep_or_leave,
    list_starts,
    look_up,
    option_tables,
    pilot_noise,
    rates_from,
    scale_now,
)
from beachhead.world.compiled import compiled

WAIT, PILOT, SCALE, EXIT = 0, 1, 2, 3
POOL_PRICES = np.array([0.0, 0.02, 0.06, 0.2])


class Choice(NamedTuple):
    """What a gate decides, and why.

    Attributes:
        action: (M,), 0 wait, 1 pilot, 2 scale, 3 exit.
        route: (M,), route of the pilot or scaling, -1 otherwise.
        design: (M,), index of the batch, -1 otherwise.
        gain: (M,), money gained by the action over waiting, when it was picked.
        scale_now: (M,), best value of scaling now, -inf where it cannot be.
        wait_value: (M,), value of waiting with no news.
        own_news: (M,), part of a pilot's gain that comes from its own market.
        other_news: (M,), part of the gain that comes from what it teaches about other markets.
        total: sum of gains.
        pool_price: money a pilot car, at which the set was chosen.
    """

    action: Ints
    route: Ints
    design: Ints
    gain: Floats
    scale_now: Floats
    wait_value: Floats
    own_news: Floats
    other_news: Floats
    total: float
    pool_price: float


@compiled
def choose(terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, price: Prices) -> Choice:
    """The best set found over a few pool prices; a price is tried only when the pool binds without it."""
    starts = list_starts(terms, position, now, price)
    alone, again = option_tables(terms, starts, position, mean, cov, now)
    best = _greedy(terms, position, mean, cov, now, price, starts, alone, again, 0.0)
    if _cars_in_pilots(terms, best) + terms.batches.min() > terms.pool_cap[now]:
        unit = _unit_money(terms) / 200.0  # the ladder was tuned on launches whose mean capital is 200
        for k in range(1, POOL_PRICES.shape[0]):
            other = _greedy(terms, position, mean, cov, now, price, starts, alone, again, POOL_PRICES[k] * unit)
            if other.total > best.total:
                best = other
    leave(terms, position, mean, cov, now, price, best.action)
    return best


@compiled
def _unit_money(terms: Terms) -> float:
    total = 0.0
    count = 0
    for value in terms.capital.ravel():
        if np.isfinite(value):
            total += value
            count += 1
    return total / max(count, 1)


@compiled
def _cars_in_pilots(terms: Terms, choice: Choice) -> float:
    total = 0.0
    for i in range(choice.action.shape[0]):
        if choice.action[i] == PILOT:
            total += terms.batches[choice.design[i]]
    return total


@compiled
def _greedy(
    terms: Terms,
    position: Position,
    mean: Floats,
    cov: Floats,
    now: int,
    price: Prices,
    starts: Starts,
    alone: Floats,
    again: Floats,
    pool_price: float,
) -> Choice:
    """Pick actions one by one at one pool price."""
    M = terms.capital.shape[0]
    last = M
    open_cov = cov.copy()
    removed = np.zeros(M)
    action = np.zeros(M, dtype=np.int64)
    route = np.full(M, -1, dtype=np.int64)
    design = np.full(M, -1, dtype=np.int64)
    gain = np.zeros(M)
    own_news = np.zeros(M)
    other_news = np.zeros(M)
    wait_value = alone[:, 0].copy()
    scaling = np.full(M, -np.inf)
    scale_route = np.full(M, -1, dtype=np.int64)
    capital_left = terms.capital_cap[terms.year[now]] - position.spent[terms.year[now]]
    starts_left = terms.starts_cap[now]
    pool_left = terms.pool_cap[now]
    for i in range(M):
        if position.stage[i] == OUT and position.barred[i] == 0:
            scaling[i], scale_route[i] = scale_now(terms, starts, now, i, mean[i], cov[i, i])
    base = np.zeros(M)
    along = np.empty(M + 1)
    total = 0.0
    stale = False
    while True:
        for j in range(M):
            base[j] = 0.0
            if position.stage[j] == OUT and action[j] != SCALE:
                base[j] = look_up(again if action[j] == PILOT else alone, j, removed[j])
        best_scale, scale_rank = -1, 0.0
        best_pilot, pilot_rank = -1, 0.0
        found = (0.0, 0.0, 0.0, -1, -1)
        scale_found = (0.0, 0.0)
        for i in range(M):
            if position.stage[i] != OUT or action[i] != WAIT:
                continue
            top = 0.0
            kind = WAIT
            if scale_route[i] >= 0 and starts_left >= 1.0 and terms.capital[i, scale_route[i]] <= capital_left:
                for j in range(M):
                    along[j] = open_cov[j, i]
                news = _news(
                    alone, again, base, removed, cov, along, open_cov[i, i] + terms.signal_var, action, position, i
                )
                value = scaling[i] - base[i] + news
                if value > top:
                    top, kind = value, SCALE
            pilot = _best_pilot(
                terms,
                position,
                mean,
                cov,
                open_cov,
                now,
                alone,
                again,
                base,
                removed,
                action,
                along,
                i,
                last,
                pool_left,
                pool_price,
            )
            if pilot[0] - pool_price * max(pilot[4], 0.0) > top:
                net = pilot[0] - pool_price * pilot[4]
                kind = PILOT
                if net > pilot_rank:
                    pilot_rank, best_pilot = net, i
                    found = (pilot[0], pilot[1], pilot[2], int(pilot[3]), int(pilot[5]))
            if kind == SCALE:
                rank = top / max(terms.capital[i, scale_route[i]], 1e-9)
                if rank > scale_rank:
                    scale_rank, best_scale = rank, i
                    scale_found = (top, top - scaling[i] + base[i])
        if best_scale >= 0:
            i = best_scale
            action[i], route[i], gain[i], other_news[i] = SCALE, scale_route[i], scale_found[0], scale_found[1]
            capital_left -= terms.capital[i, route[i]]
            starts_left -= 1.0
            stale = True
            total += gain[i]
            _downdate(open_cov, i, -1, terms.signal_var)
        elif stale:
            # what is scaled now uses up this year's capital: options of the others are valued on what is left
            stale = False
            after = _with_scales(terms, position, action, route, now)
            alone, again = option_tables(terms, list_starts(terms, after, now, price), after, mean, cov, now)
        elif best_pilot >= 0:
            i = best_pilot
            action[i], gain[i], own_news[i], other_news[i] = PILOT, found[0], found[1], found[2]
            route[i], design[i] = found[3], found[4]
            pool_left -= terms.batches[design[i]]
            total += gain[i]
            _downdate(open_cov, i, last, pilot_noise(terms, mean, i, route[i], design[i], now))
        else:
            break
        for j in range(M):
            if cov[j, j] > 1e-12:
                removed[j] = min(max(1.0 - open_cov[j, j] / cov[j, j], 0.0), 1.0)
    return Choice(action, route, design, gain, scaling, wait_value, own_news, other_news, total, pool_price)


@compiled
def _with_scales(terms: Terms, position: Position, action: Ints, route: Ints, now: int) -> Position:
    """The position once the markets picked for scaling have been scaled."""
    stage, spent = position.stage.copy(), position.spent.copy()
    for i in range(action.shape[0]):
        if action[i] == SCALE:
            stage[i] = SCALED
            spent[terms.year[now]] += terms.capital[i, route[i]]
    return Position(stage, position.route, position.since, position.piloted, position.fixed, position.barred, spent)


@compiled
def _news(
    alone: Floats,
    again: Floats,
    base: Floats,
    removed: Floats,
    cov: Floats,
    along: Floats,
    spread: float,
    action: Ints,
    position: Position,
    i: int,
) -> float:
    """Gain in the option value of every other undecided market from a look with cov[j, x] = along, var x = spread."""
    total = 0.0
    for j in range(base.shape[0]):
        if j == i or position.stage[j] != OUT or action[j] == SCALE or cov[j, j] <= 1e-12:
            continue
        extra = along[j] * along[j] / (spread * cov[j, j])
        if extra > 1e-4:
            total += look_up(again if action[j] == PILOT else alone, j, removed[j] + extra) - base[j]
    return total


@compiled
def _best_pilot(
    terms: Terms,
    position: Position,
    mean: Floats,
    cov: Floats,
    open_cov: Floats,
    now: int,
    alone: Floats,
    again: Floats,
    base: Floats,
    removed: Floats,
    action: Ints,
    along: Floats,
    i: int,
    last: int,
    pool_left: float,
    pool_price: float,
) -> tuple[float, float, float, float, float, float]:
    """Best batch and route: gain, own news, others' news, route, batch, design; batch 0 where none can be."""
    best = (0.0, 0.0, 0.0, -1.0, 0.0, -1.0)
    if position.piloted[i] >= terms.pilot_quarters or cov[i, i] <= 1e-12:
        return best
    top = -np.inf
    for j in range(base.shape[0]):
        along[j] = open_cov[j, i] + open_cov[j, last]
    var = open_cov[i, i] + 2.0 * open_cov[i, last] + open_cov[last, last]
    for c in range(terms.capital.shape[1]):
        for d in range(terms.batches.shape[0]):
            batch = float(terms.batches[d])
            if batch > pool_left or not may_pilot(terms, i, c, batch, now):
                continue
            spread = var + pilot_noise(terms, mean, i, c, d, now)
            own = look_up(again, i, removed[i] + along[i] * along[i] / (spread * cov[i, i])) - base[i]
            others = _news(alone, again, base, removed, cov, along, spread, action, position, i)
            gain = own + others - pilot_cost(terms, position, i, c, d)
            if gain - pool_price * batch > top:
                top = gain - pool_price * batch
                best = (gain, own, others, float(c), batch, float(d))
    return best


@compiled
def _downdate(cov: Floats, i: int, last: int, noise: float) -> None:
    """Covariance after a look at theta_i (last = -1) or theta_i + beta with that noise variance."""
    along = cov[:, i] + cov[:, last] if last >= 0 else cov[:, i].copy()
    spread = (along[i] + along[last] if last >= 0 else along[i]) + noise
    n = cov.shape[0]
    for a in range(n):
        part = along[a] / spread
        for b in range(n):
            cov[a, b] -= part * along[b]


@compiled
def leave(terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, price: Prices, action: Ints) -> None:
    """Mark scaled markets whose future earns less than their salvage."""
    for i in range(terms.capital.shape[0]):
        if position.stage[i] != SCALED or position.fixed[i] == 1:
            continue
        c, since = position.route[i], position.since[i]
        gain_now, later, cost = rates_from(terms, price.car, i, c, since, now)
        var = cov[i, i]
        fresh = now - since < terms.signal_quarters
        resolved = var * var / (var + terms.signal_var) if fresh else 0.0
        salvage = terms.salvage[i, c] if now + 1 < terms.path.shape[1] else 0.0
        after, _ = keep_or_leave(later, cost, salvage, mean[i], var, resolved)
        stay = gain_now * math.exp(mean[i] + 0.5 * var) - terms.opex[i, c] + terms.discount * after
        if stay < terms.salvage[i, c]:
            action[i] = EXIT
