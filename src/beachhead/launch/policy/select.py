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

from beachhead.launch.policy.learnt import Learnt, column, look, nothing_learnt
from beachhead.launch.policy.recourse import drop_for_capital
from beachhead.launch.policy.stakes import (
    Gate,
    Held,
    Offers,
    list_offers,
    list_options,
    news_of,
    nothing_picked,
    open_gate,
    renew,
    retabulate,
    saved_without,
)
from beachhead.launch.policy.value import keep_or_leave, list_starts, look_up, rates_from, scale_now
from beachhead.launch.question.kernel_terms import (
    EXIT,
    OUT,
    PILOT,
    SCALE,
    SCALED,
    WAIT,
    Floats,
    Ints,
    Position,
    Prices,
    Terms,
)
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inlined, inner

POOL_PRICES = np.array([0.0, 0.02, 0.06, 0.2])
MOST_SWAPS = 3
AS_SCALE, AS_PILOT = 0, 1
CAPITAL, STARTS, POOL = 0, 1, 2


@by_reference
class Choice:
    """What a gate decides, and why.

    Attributes:
        action: (M,), 0 wait, 1 pilot, 2 scale, 3 exit.
        route: (M,), route of the pilot or scaling, -1 otherwise.
        design: (M,), index of the pilot design, -1 otherwise.
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
    gate = open_gate(terms, position, mean, cov, now, price)
    open_to = np.ones(M, dtype=np.int64)
    best = _greedy(gate, 0.0, open_to)
    if _cars_in_pilots(terms, best) + terms.batches.min() > terms.pool_cap[now]:
        unit = _unit_money(terms) / 200.0  # the ladder was tuned on launches whose mean capital is 200
        for k in range(1, POOL_PRICES.shape[0]):
            dear = POOL_PRICES[k] * unit
            other = _greedy(gate, dear, open_to)
            if other.total > best.total:
                best = other
    if best.held_up == 1:
        whole = best
        tried = 0
        for i in range(M):
            if whole.action[i] == SCALE and tried < MOST_SWAPS:
                tried += 1
                open_to[i] = 0
                pool_price = whole.pool_price
                other = _greedy(gate, pool_price, open_to)
                open_to[i] = 1
                if other.total > best.total and _capital(terms, other) >= _capital(terms, whole):
                    best = other
    drop_for_capital(terms, position, mean, cov, now, price, best.action, best.route, best.design)
    leave(terms, position, mean, cov, now, price, best.action)
    return best


@inner
def _capital(terms: Terms, choice: Choice) -> float:
    total = 0.0
    for i in range(choice.action.shape[0]):
        if choice.action[i] == SCALE:
            total += terms.capital[i, choice.route[i]]
    return total


@inner
def _unit_money(terms: Terms) -> float:
    total = 0.0
    count = 0
    for value in terms.capital.ravel():
        if np.isfinite(value):
            total += value
            count += 1
    return total / max(count, 1)


@inner
def _cars_in_pilots(terms: Terms, choice: Choice) -> float:
    total = 0.0
    for i in range(choice.action.shape[0]):
        if choice.action[i] == PILOT:
            total += terms.batches[choice.design[i]]
    return total


@by_reference
class Draft:
    """A set of actions while it is put together; everything is changed in place.

    Where a market is undecided yet, `gain` to `design` are those of its best action as last computed.

    Attributes:
        pool_price: money a pilot car.
        action: (M,), as in `Choice`, and so are the next five.
        route: (M,)
        design: (M,)
        gain: (M,)
        own_news: (M,)
        other_news: (M,)
        scaling: (M,), value of scaling now, -inf where it cannot be.
        best_route: (M,), the route that it takes, -1 where it cannot be.
        rank: (2, M), what a market comes first by, as a scale and as a pilot; -inf where it is neither.
        fresh: (M,), 1 where the rank counts what has been picked last.
        held_up: (M,), 1 where a limit keeps out a market that would gain by being scaled.
        left: (3,), this year's capital, this quarter's starts, pilot cars.
        held: option values as things have been picked.
        learnt: the covariance once the picks have been looked at.
        along: (M+1,), work space for a column of it.
    """

    pool_price: float
    action: Ints
    route: Ints
    design: Ints
    gain: Floats
    own_news: Floats
    other_news: Floats
    scaling: Floats
    best_route: Ints
    rank: Floats
    fresh: Ints
    held_up: Ints
    left: Floats
    held: Held
    learnt: Learnt
    along: Floats


@inner
def _greedy(gate: Gate, pool_price: float, open_to: Ints) -> Choice:
    """Pick actions one by one at one pool price, then drop pilots that the later ones made needless."""
    offers, stage = gate.offers, gate.position.stage
    draft = _nothing_drafted(gate, pool_price, open_to)
    wait_value = draft.held.alone[:, 0].copy()
    moved = np.zeros(open_to.shape[0], dtype=np.int64)
    unpaid = False  # options still stand at the capital that was there before the scales picked
    while True:
        i = _first(offers, draft, AS_SCALE)
        if i >= 0:
            _pick_scale(offers, draft, i)
            unpaid = True
        elif unpaid:
            retabulate(gate, draft.held, draft.action, draft.route, moved)
            _rank_all_anew(draft, moved)
            unpaid = False
        else:
            i = _first(offers, draft, AS_PILOT)
            if i < 0:
                break
            _pick_pilot(offers, draft, i)
        draft.fresh[:] = 0
        renew(draft.held, draft.learnt.removed, draft.action, stage)
    _drop_needless(offers, draft, stage)
    return _chosen(offers, draft, wait_value)


@inner
def _nothing_drafted(gate: Gate, pool_price: float, open_to: Ints) -> Draft:
    """Nothing picked yet; markets not open to being scaled cannot be."""
    terms, position, now = gate.terms, gate.position, gate.now
    M = terms.capital.shape[0]
    none = np.full(M, -1, dtype=np.int64)
    zero = np.zeros(M, dtype=np.int64)
    scaling, best_route = np.full(M, -np.inf), none.copy()
    rank = np.full((2, M), np.inf)
    for i in range(M):
        if position.stage[i] != OUT:
            rank[0, i] = rank[1, i] = -np.inf
        elif position.barred[i] == 0 and open_to[i] == 1:
            scaling[i], best_route[i] = scale_now(gate.starts, now, i, gate.mean[i], gate.cov[i, i])
    left = np.empty(3)
    left[CAPITAL] = terms.capital_cap[terms.year[now]] - position.spent[terms.year[now]]
    left[STARTS], left[POOL] = terms.starts_cap[now], terms.pool_cap[now]
    return Draft(
        pool_price,
        zero.copy(),
        none.copy(),
        none.copy(),
        np.zeros(M),
        np.zeros(M),
        np.zeros(M),
        scaling,
        best_route,
        rank,
        zero.copy(),
        zero.copy(),
        left,
        nothing_picked(terms, position, gate.cov, now, gate.tables),
        nothing_learnt(gate.cov),
        np.empty(M + 1),
    )


@inner
def _first(offers: Offers, draft: Draft, kind: int) -> int:
    """The market that comes first as a scale or as a pilot; -1 if none gains.

    Lazy: a rank computed before the last pick stands until its market comes first, for gains only shrink (Minoux 1978).
    """
    rank, fresh = draft.rank, draft.fresh
    while True:
        i = int(np.argmax(rank[kind]))
        if rank[kind, i] <= 0.0:
            return -1
        if fresh[i] == 1:
            return i
        _rank(offers, draft, i)
        fresh[i] = 1


@inlined
def _rank(offers: Offers, draft: Draft, i: int) -> None:
    """Where market i stands with its best action, as a scale or as a pilot, as things have been picked."""
    held, learnt, rank, along = draft.held, draft.learnt, draft.rank, draft.along
    rank[AS_SCALE, i] = rank[AS_PILOT, i] = -np.inf
    is_first = learnt.looks[0] == 0
    if not is_first:
        column(offers.cov, learnt, i, along)
    gain = 0.0
    if _may_scale(offers.capital, draft, i):
        news = offers.start_news[i]
        if not is_first:
            news = news_of(held, learnt.removed, along, learnt.var[i] + offers.signal_var, draft.action, i)
        value = draft.scaling[i] - held.value[i] + news
        if value > gain:
            gain = value
            rank[AS_SCALE, i] = gain / max(offers.capital[i, draft.best_route[i]], 1e-9)
            draft.gain[i], draft.own_news[i], draft.other_news[i] = gain, 0.0, news
    pilot = _best_pilot(offers, draft, i)
    if pilot.net > gain:
        rank[AS_SCALE, i], rank[AS_PILOT, i] = -np.inf, pilot.net
        draft.gain[i], draft.own_news[i], draft.other_news[i] = pilot.gain, pilot.own, pilot.others
        draft.route[i], draft.design[i] = pilot.route, pilot.design


@inlined
def _may_scale(capital: Floats, draft: Draft, i: int) -> bool:
    """Whether the limits leave room for a market's best start; notes where they keep out one that would gain."""
    c = draft.best_route[i]
    if c < 0:
        return False
    if draft.left[STARTS] >= 1.0 and capital[i, c] <= draft.left[CAPITAL]:
        return True
    if draft.scaling[i] > draft.held.value[i]:
        draft.held_up[i] = 1
    return False


class Pilot(NamedTuple):
    """The best pilot of a market: gain less the price of its cars, gain, the news in it, route and design.

    Without any `net` is -inf.
    """

    net: float
    gain: float
    own: float
    others: float
    route: int
    design: int


@inlined
def _best_pilot(offers: Offers, draft: Draft, i: int) -> Pilot:
    """Best batch and route; `draft.along` comes in as the market's column and is left as that of a pilot's reading."""
    held, learnt, along, action = draft.held, draft.learnt, draft.along, draft.action
    best = Pilot(-np.inf, 0.0, 0.0, 0.0, -1, -1)
    is_first = learnt.looks[0] == 0
    if not is_first:
        along += learnt.fan
    for c in range(offers.cost.shape[1]):
        for d in range(offers.cost.shape[2]):
            if offers.permitted[i, c, d] == 0 or offers.cars[d] > draft.left[POOL]:
                continue
            own, others = offers.own_news[i, c, d], offers.other_news[i, c, d]
            if not is_first:
                spread = along[i] + along[-1] + offers.noise[i, c, d]
                share = learnt.removed[i] + along[i] * along[i] / (spread * offers.cov[i, i])
                own = look_up(held.again, i, share)
                others = news_of(held, learnt.removed, along, spread, action, i)
            own -= held.value[i]
            gain = own + others - offers.cost[i, c, d]
            net = gain - draft.pool_price * offers.cars[d]
            if net > best.net:
                best = Pilot(net, gain, own, others, c, d)
    return best


@inner
def _pick_scale(offers: Offers, draft: Draft, i: int) -> None:
    c = draft.best_route[i]
    draft.action[i], draft.route[i], draft.design[i] = SCALE, c, -1
    draft.rank[AS_SCALE, i] = draft.rank[AS_PILOT, i] = -np.inf
    draft.left[CAPITAL] -= offers.capital[i, c]
    draft.left[STARTS] -= 1.0
    column(offers.cov, draft.learnt, i, draft.along)
    look(offers.cov, draft.learnt, draft.along, draft.along[i] + offers.signal_var)


@inner
def _pick_pilot(offers: Offers, draft: Draft, i: int) -> None:
    draft.action[i] = PILOT
    draft.rank[AS_SCALE, i] = draft.rank[AS_PILOT, i] = -np.inf
    draft.left[POOL] -= offers.cars[draft.design[i]]
    read = _read(offers.cov, draft.learnt, draft.along, i)
    look(offers.cov, draft.learnt, draft.along, read + offers.noise[i, draft.route[i], draft.design[i]])


@inlined
def _read(cov: Floats, learnt: Learnt, along: Floats, i: int) -> float:
    """Variance of what a pilot in market i reads, log demand plus bias; `along` becomes its column."""
    column(cov, learnt, i, along)
    along += learnt.fan
    return float(along[i] + along[-1])


@inner
def _rank_all_anew(draft: Draft, moved: Ints) -> None:
    """Undecided markets whose option values moved may have come first: they may gain by more than they did."""
    for i in range(moved.shape[0]):
        if moved[i] == 1 and draft.action[i] == WAIT:
            draft.rank[AS_SCALE, i] = draft.rank[AS_PILOT, i] = np.inf


@inner
def _drop_needless(offers: Offers, draft: Draft, stage: Ints) -> None:
    """Take back, one by one, pilots whose cost exceeds what the set would lose without them."""
    held, learnt, along, action = draft.held, draft.learnt, draft.along, draft.action
    while True:
        worst, most = -1, 0.0
        for i in range(action.shape[0]):
            if action[i] != PILOT:
                continue
            c, d = draft.route[i], draft.design[i]
            spread = offers.noise[i, c, d] - _read(offers.cov, learnt, along, i)
            if spread <= 1e-12:
                continue
            saved = saved_without(held, learnt.removed, along, spread, action, i, offers.cost[i, c, d])
            if saved > most:
                worst, most = i, saved
        if worst < 0:
            return
        read = _read(offers.cov, learnt, along, worst)
        look(offers.cov, learnt, along, read - offers.noise[worst, draft.route[worst], draft.design[worst]])
        action[worst] = WAIT
        renew(held, learnt.removed, action, stage)


@inner
def _chosen(offers: Offers, draft: Draft, wait_value: Floats) -> Choice:
    """The set as picked; what was last computed of markets left alone is forgotten."""
    total = -wait_value.sum()
    for i in range(draft.action.shape[0]):
        total += draft.held.value[i]
        if draft.action[i] == SCALE:
            total += draft.scaling[i]
        elif draft.action[i] == PILOT:
            total -= offers.cost[i, draft.route[i], draft.design[i]]
        else:
            draft.route[i] = draft.design[i] = -1
            draft.gain[i] = draft.own_news[i] = draft.other_news[i] = 0.0
    return Choice(
        draft.action,
        draft.route,
        draft.design,
        draft.gain,
        draft.scaling,
        wait_value,
        draft.own_news,
        draft.other_news,
        total,
        draft.pool_price,
        int(draft.held_up.max()),
    )


@compiled
def best_pilot_route(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, price: Prices, i: int
) -> int:
    """The route through which a pilot in market i, the only one of this gate, would gain most; dates are not asked."""
    tables = list_options(terms, list_starts(terms, position, now, price), position, mean, cov, now)
    offers = list_offers(terms, position, mean, cov, now)
    held = nothing_picked(terms, position, cov, now, tables)
    none, removed = np.zeros(terms.capital.shape[0], dtype=np.int64), np.zeros(terms.capital.shape[0])
    along = cov[i] + cov[-1]
    best, most = -1, -np.inf
    for c in range(terms.capital.shape[1]):
        for d in range(terms.batches.shape[0]):
            if offers.cost[i, c, d] == np.inf:
                continue
            spread = along[i] + along[-1] + offers.noise[i, c, d]
            own = look_up(held.again, i, along[i] * along[i] / (spread * max(cov[i, i], 1e-12)))
            others = news_of(held, removed, along, spread, none, i)
            gain = own + others - offers.cost[i, c, d]
            if gain > most:
                best, most = c, gain
    return best


@inner
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
