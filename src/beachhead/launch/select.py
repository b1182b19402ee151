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
MOST_SWAPS = 3


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
        total: value of the set over waiting everywhere.
        pool_price: money a pilot car, at which the set was chosen.
        held_up: 1 where capital or starts kept a market from being scaled that would have gained by it.
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
    held_up: int


@compiled
def choose(terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, price: Prices) -> Choice:
    """The best set found over a few pool prices; a price is tried only when the pool binds without it.

    Where a limit kept a market from being scaled, sets that leave out one of those scaled are tried too: capital comes
    in lumps, and the best value per unit of capital may leave the larger part of a budget unused. Such a set has to use
    at least as much: one that waits looks better than it is, for markets that wait may count on the same capital.
    """
    M = terms.capital.shape[0]
    starts = list_starts(terms, position, now, price)
    alone, again = option_tables(terms, starts, position, mean, cov, now)
    open_to = np.ones(M, dtype=np.int64)
    best = _greedy(terms, position, mean, cov, now, price, starts, alone, again, 0.0, open_to)
    if _cars_in_pilots(terms, best) + terms.batches.min() > terms.pool_cap[now]:
        unit = _unit_money(terms) / 200.0  # the ladder was tuned on launches whose mean capital is 200
        for k in range(1, POOL_PRICES.shape[0]):
            dear = POOL_PRICES[k] * unit
            other = _greedy(terms, position, mean, cov, now, price, starts, alone, again, dear, open_to)
            if other.total > best.total:
                best = other
    if best.held_up == 1:
        first = best
        tried = 0
        for i in range(M):
            if first.action[i] == SCALE and tried < MOST_SWAPS:
                tried += 1
                open_to[i] = 0
                pool_price = first.pool_price
                other = _greedy(terms, position, mean, cov, now, price, starts, alone, again, pool_price, open_to)
                open_to[i] = 1
                if other.total > best.total and _capital(terms, other) >= _capital(terms, first):
                    best = other
    leave(terms, position, mean, cov, now, price, best.action)
    return best


@compiled
def _capital(terms: Terms, choice: Choice) -> float:
    total = 0.0
    for i in range(choice.action.shape[0]):
        if choice.action[i] == SCALE:
            total += terms.capital[i, choice.route[i]]
    return total


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
    open_to: Ints,
) -> Choice:
    """Pick actions one by one at one pool price, then drop pilots that the later ones made needless.

    Lazy: a gain computed before the last pick stands until its market comes first, for gains only shrink (Minoux 1978).
    """
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
        if position.stage[i] == OUT and position.barred[i] == 0 and open_to[i] == 1:
            scaling[i], scale_route[i] = scale_now(terms, starts, now, i, mean[i], cov[i, i])
    base = np.zeros(M)
    along = np.empty(M + 1)
    # by market: rank as a scale and as a pilot, gain, own news, others' news, route, design; and at which pick computed
    rank = np.full((2, M), np.inf)
    found = np.zeros((5, M))
    rank[:, position.stage != OUT] = -np.inf
    computed = np.full(M, -1, dtype=np.int64)
    picks = 0
    held_up = 0
    stale = False
    _renew(base, alone, again, removed, action, position)
    while True:
        kind = WAIT
        i = -1
        for k in range(2):
            while True:
                i = int(np.argmax(rank[k]))
                if rank[k, i] <= 0.0:
                    i = -1
                    break
                if computed[i] == picks:
                    break
                computed[i] = picks
                can_scale = scale_route[i] >= 0
                if can_scale and (starts_left < 1.0 or terms.capital[i, scale_route[i]] > capital_left):
                    can_scale = False
                    if scaling[i] > base[i]:
                        held_up = 1
                top = 0.0
                rank[0, i], rank[1, i] = -np.inf, -np.inf
                if can_scale:
                    for j in range(M):
                        along[j] = open_cov[j, i]
                    spread = open_cov[i, i] + terms.signal_var
                    news = _news(alone, again, base, removed, cov, along, spread, action, position, i)
                    value = scaling[i] - base[i] + news
                    if value > top:
                        top = value
                        rank[0, i] = top / max(terms.capital[i, scale_route[i]], 1e-9)
                        found[0, i], found[2, i] = top, news
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
                    rank[0, i] = -np.inf
                    rank[1, i] = pilot[0] - pool_price * pilot[4]
                    found[0, i], found[1, i], found[2, i] = pilot[0], pilot[1], pilot[2]
                    found[3, i], found[4, i] = pilot[3], pilot[5]
            if i >= 0:
                kind = SCALE if k == 0 else PILOT
                break
            if stale:
                break
        if kind == SCALE:
            action[i], route[i], gain[i], other_news[i] = SCALE, scale_route[i], found[0, i], found[2, i]
            capital_left -= terms.capital[i, route[i]]
            starts_left -= 1.0
            stale = True
            _downdate(open_cov, i, -1, terms.signal_var)
        elif stale:
            # what is scaled now uses up this year's capital: options of the others are valued on what is left
            stale, kind = False, WAIT
            after = _with_scales(terms, position, action, route, now)
            alone, again = option_tables(terms, list_starts(terms, after, now, price), after, mean, cov, now)
        elif kind == PILOT:
            action[i], gain[i], own_news[i], other_news[i] = PILOT, found[0, i], found[1, i], found[2, i]
            route[i], design[i] = int(found[3, i]), int(found[4, i])
            pool_left -= terms.batches[design[i]]
            _downdate(open_cov, i, last, pilot_noise(terms, mean, i, route[i], design[i], now))
        else:
            break
        picks += 1
        if i >= 0 and kind != WAIT:
            rank[0, i], rank[1, i] = -np.inf, -np.inf
        if kind == WAIT:
            for j in range(M):
                if position.stage[j] == OUT and action[j] == WAIT:
                    rank[0, j], rank[1, j] = np.inf, np.inf
        _remove(removed, cov, open_cov)
        _renew(base, alone, again, removed, action, position)
    _drop_needless(terms, position, mean, cov, open_cov, now, alone, again, base, removed, action, route, design)
    total = -wait_value.sum()
    for j in range(M):
        total += base[j]
        if action[j] == SCALE:
            total += scaling[j]
        elif action[j] == PILOT:
            total -= pilot_cost(terms, position, j, route[j], design[j])
        else:
            gain[j] = own_news[j] = other_news[j] = 0.0
    return Choice(action, route, design, gain, scaling, wait_value, own_news, other_news, total, pool_price, held_up)


@compiled
def _renew(base: Floats, alone: Floats, again: Floats, removed: Floats, action: Ints, position: Position) -> None:
    """Fill (M,) what every market that is not scaled is worth at the next gate, as things have been picked."""
    for j in range(base.shape[0]):
        base[j] = 0.0
        if position.stage[j] == OUT and action[j] != SCALE:
            base[j] = look_up(again if action[j] == PILOT else alone, j, removed[j])


@compiled
def _remove(removed: Floats, cov: Floats, open_cov: Floats) -> None:
    """Fill (M,) the share of each variance that the picks remove."""
    for j in range(removed.shape[0]):
        if cov[j, j] > 1e-12:
            removed[j] = min(max(1.0 - open_cov[j, j] / cov[j, j], 0.0), 1.0)


@compiled
def _drop_needless(
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
    route: Ints,
    design: Ints,
) -> None:
    """Take back, one by one, pilots whose cost exceeds what the set would lose without them.

    The covariance without a look is C + a a' / (noise - s), a = C e and s = e'a: the downdate undone.
    """
    M = base.shape[0]
    along = np.empty(M + 1)
    while True:
        worst, most = -1, 0.0
        for i in range(M):
            if action[i] != PILOT:
                continue
            for j in range(M + 1):
                along[j] = open_cov[j, i] + open_cov[j, M]
            open_noise = pilot_noise(terms, mean, i, route[i], design[i], now) - along[i] - along[M]
            if open_noise <= 1e-12:
                continue
            saved = pilot_cost(terms, position, i, route[i], design[i])
            for j in range(M):
                if position.stage[j] != OUT or action[j] == SCALE or cov[j, j] <= 1e-12:
                    continue
                back = along[j] * along[j] / (open_noise * cov[j, j])
                if back > 1e-4 or j == i:
                    table = again if action[j] == PILOT and j != i else alone
                    saved += look_up(table, j, max(removed[j] - back, 0.0)) - base[j]
            if saved > most:
                worst, most = i, saved
        if worst < 0:
            return
        i = worst
        _downdate(open_cov, i, M, -pilot_noise(terms, mean, i, route[i], design[i], now))
        action[i], route[i], design[i] = WAIT, -1, -1
        _remove(removed, cov, open_cov)
        _renew(base, alone, again, removed, action, position)


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
