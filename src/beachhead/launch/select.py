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

from beachhead.launch.prices import expected_cost
from beachhead.launch.recourse import drop_for_capital
from beachhead.launch.terms import OUT, SCALED, Floats, Ints, Position, Prices, Terms, may_pilot
from beachhead.launch.value import (
    SHARES,
    Starts,
    keep_or_leave,
    list_starts,
    look_up,
    option_tables,
    pilot_noise,
    rates_from,
    scale_now,
    tabulate,
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
    starts = list_starts(terms, position, now, price)
    tables = _tables(terms, starts, position, mean, cov, now)
    first = _first_news(terms, position, mean, cov, now, tables)
    open_to = np.ones(M, dtype=np.int64)
    best = _greedy(terms, position, mean, cov, now, price, starts, tables, first, 0.0, open_to)
    if _cars_in_pilots(terms, best) + terms.batches.min() > terms.pool_cap[now]:
        unit = _unit_money(terms) / 200.0  # the ladder was tuned on launches whose mean capital is 200
        for k in range(1, POOL_PRICES.shape[0]):
            dear = POOL_PRICES[k] * unit
            other = _greedy(terms, position, mean, cov, now, price, starts, tables, first, dear, open_to)
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
                other = _greedy(terms, position, mean, cov, now, price, starts, tables, first, pool_price, open_to)
                open_to[i] = 1
                if other.total > best.total and _capital(terms, other) >= _capital(terms, whole):
                    best = other
    drop_for_capital(terms, position, mean, cov, now, price, best.action, best.route, best.design)
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


class Tables(NamedTuple):
    """Option values by how many of a market's routes this year's capital can still pay for; V = C + 1 of them.

    What is scaled now uses up this year's capital. A market's options depend on that only through the routes it can
    still afford this year, so every row is tabulated at most once a gate, however many sets are tried.

    Attributes:
        alone: (V, M, 9), see `option_tables`.
        again: (V, M, 9).
        known: (V, M), 1 where the row has been tabulated.
    """

    alone: Floats
    again: Floats
    known: Ints


class News(NamedTuple):
    """What looks teach before anything has been picked: the same for every set tried at a gate.

    Attributes:
        scale: (M,), what a start teaches about the others.
        own: (M, C, D), option value of the market's own after a pilot.
        others: (M, C, D), what a pilot teaches about the others.
    """

    scale: Floats
    own: Floats
    others: Floats


class Held(NamedTuple):
    """What every undecided market is worth at the next gate as things have been picked, and how that moves with news.

    Option values are linear between tabulated shares, so most small news is priced by a product and needs no look-up.

    Attributes:
        value: (M,), look-up at the share removed; 0 for markets that are decided.
        slope: (M,), of the option value around that share.
        above: (M,), share up to the next tabulated one; infinite for markets that are decided.
        below: (M,), share down to the last tabulated one.
        weight: (M,), 1 / variance before any look; 0 where there is none.
    """

    value: Floats
    slope: Floats
    above: Floats
    below: Floats
    weight: Floats


class Looks(NamedTuple):
    """The covariance once the picks have been looked at: cov - sum of sign_p f_p f_p', kept as its factors.

    A gate asks for a few columns only, so the columns are made when asked for and the matrix never.

    Attributes:
        factor: (2 M, M+1), f by look; looks taken back are added with the other sign.
        sign: (2 M,), 1 or -1.
        taken: (1,), looks so far.
        var: (M,), diagonal.
        fan: (M+1,), column of the early-adopter bias.
        removed: (M,), share of each variance that is gone.
    """

    factor: Floats
    sign: Floats
    taken: Ints
    var: Floats
    fan: Floats
    removed: Floats


@compiled
def _affordable(terms: Terms, i: int, capital_left: float) -> int:
    """How many routes of a market fit what is left of a year's capital."""
    count = 0
    for c in range(terms.capital.shape[1]):
        if terms.capital[i, c] <= capital_left:
            count += 1
    return count


@compiled
def _tables(terms: Terms, starts: Starts, position: Position, mean: Floats, cov: Floats, now: int) -> Tables:
    """The tables as things stand before anything is scaled."""
    M, C = terms.capital.shape
    alone, again = option_tables(terms, starts, position, mean, cov, now)
    shape = (C + 1, M, alone.shape[1])
    tables = Tables(np.zeros(shape), np.zeros(shape), np.zeros((C + 1, M), dtype=np.int64))
    left = terms.capital_cap[terms.year[now]] - position.spent[terms.year[now]]
    for i in range(M):
        v = _affordable(terms, i, left)
        tables.alone[v, i], tables.again[v, i], tables.known[v, i] = alone[i], again[i], 1
    return tables


@compiled
def _retabulate(
    terms: Terms,
    position: Position,
    mean: Floats,
    cov: Floats,
    now: int,
    price: Prices,
    action: Ints,
    route: Ints,
    tables: Tables,
    alone: Floats,
    again: Floats,
    rank: Floats,
) -> None:
    """Put the rows in place that hold once the scales picked are paid; markets whose row changes are ranked anew."""
    if now + 1 >= terms.year.shape[0] or terms.year[now + 1] != terms.year[now]:
        return
    after = _with_scales(terms, position, action, route, now)
    year = terms.year[now]
    before, left = terms.capital_cap[year] - position.spent[year], terms.capital_cap[year] - after.spent[year]
    starts = list_starts(terms, after, now, price)
    for i in range(action.shape[0]):
        v = _affordable(terms, i, left)
        if after.stage[i] != OUT or v == _affordable(terms, i, before):
            continue
        if tables.known[v, i] == 0:
            tabulate(terms, starts, after, mean, cov, now, i, tables.alone[v, i], tables.again[v, i])
            tables.known[v, i] = 1
        alone[i], again[i] = tables.alone[v, i], tables.again[v, i]
        if action[i] == WAIT:
            rank[0, i] = rank[1, i] = np.inf


@compiled
def _first_news(terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, tables: Tables) -> News:
    """What every look would teach if it were the only one."""
    M, C = terms.capital.shape
    D = terms.batches.shape[0]
    news = News(np.zeros(M), np.zeros((M, C, D)), np.zeros((M, C, D)))
    alone, again = _as_things_stand(terms, position, now, tables)
    action = np.zeros(M, dtype=np.int64)
    removed = np.zeros(M)
    held = _nothing_held(cov)
    _renew(held, alone, again, removed, action, position)
    for i in range(M):
        if position.stage[i] != OUT or cov[i, i] <= 1e-12:
            continue
        spread = cov[i, i] + terms.signal_var
        news.scale[i] = _news(alone, again, held, removed, cov[i], spread, action, i)
        along = cov[i] + cov[M]
        for c in range(C):
            for d in range(D):
                if may_pilot(terms, i, c, terms.batches[d], now):
                    spread = along[i] + along[M] + pilot_noise(terms, mean, i, c, d, now, position.piloted[i])
                    news.own[i, c, d] = look_up(again, i, along[i] * along[i] / (spread * cov[i, i]))
                    news.others[i, c, d] = _news(alone, again, held, removed, along, spread, action, i)
    return news


@compiled
def best_pilot_route(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, price: Prices, i: int
) -> int:
    """The route through which a pilot in market i, the only one of this gate, would gain most; dates are not asked."""
    starts = list_starts(terms, position, now, price)
    alone, again = _as_things_stand(terms, position, now, _tables(terms, starts, position, mean, cov, now))
    held = _nothing_held(cov)
    none, removed = np.zeros(terms.capital.shape[0], dtype=np.int64), np.zeros(terms.capital.shape[0])
    _renew(held, alone, again, removed, none, position)
    along = cov[i] + cov[-1]
    best, most = -1, -np.inf
    for c in range(terms.capital.shape[1]):
        if not np.isfinite(terms.capital[i, c]):
            continue
        for d in range(terms.batches.shape[0]):
            spread = along[i] + along[-1] + pilot_noise(terms, mean, i, c, d, now, position.piloted[i])
            own = look_up(again, i, along[i] * along[i] / (spread * max(cov[i, i], 1e-12)))
            others = _news(alone, again, held, removed, along, spread, none, i)
            gain = own + others - expected_cost(terms, position, mean, cov, i, c, d, now)
            if gain > most:
                best, most = c, gain
    return best


@compiled
def _as_things_stand(terms: Terms, position: Position, now: int, tables: Tables) -> tuple[Floats, Floats]:
    """The two tables (M, 9) before anything is scaled."""
    M = terms.capital.shape[0]
    left = terms.capital_cap[terms.year[now]] - position.spent[terms.year[now]]
    alone, again = np.zeros(tables.alone.shape[1:]), np.zeros(tables.alone.shape[1:])
    for i in range(M):
        v = _affordable(terms, i, left)
        alone[i], again[i] = tables.alone[v, i], tables.again[v, i]
    return alone, again


@compiled
def _greedy(
    terms: Terms,
    position: Position,
    mean: Floats,
    cov: Floats,
    now: int,
    price: Prices,
    starts: Starts,
    tables: Tables,
    first: News,
    pool_price: float,
    open_to: Ints,
) -> Choice:
    """Pick actions one by one at one pool price, then drop pilots that the later ones made needless.

    Lazy: a gain computed before the last pick stands until its market comes first, for gains only shrink (Minoux 1978).
    """
    M = terms.capital.shape[0]
    alone, again = _as_things_stand(terms, position, now, tables)
    looks = _no_looks(cov)
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
            scaling[i], scale_route[i] = scale_now(starts, now, i, mean[i], cov[i, i])
    held = _nothing_held(cov)
    base = held.value
    along = np.empty(M + 1)
    # by market: rank as a scale and as a pilot, gain, own news, others' news, route, design; and at which pick computed
    rank = np.full((2, M), np.inf)
    found = np.zeros((5, M))
    rank[:, position.stage != OUT] = -np.inf
    computed = np.full(M, -1, dtype=np.int64)
    picks = 0
    held_up = 0
    stale = False
    _renew(held, alone, again, looks.removed, action, position)
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
                if picks > 0:
                    _column(cov, looks, i, along)
                if can_scale:
                    news = first.scale[i]
                    if picks > 0:
                        spread = looks.var[i] + terms.signal_var
                        news = _news(alone, again, held, looks.removed, along, spread, action, i)
                    value = scaling[i] - base[i] + news
                    if value > top:
                        top = value
                        rank[0, i] = top / max(terms.capital[i, scale_route[i]], 1e-9)
                        found[0, i], found[2, i] = top, news
                pilot = _best_pilot(
                    terms, position, mean, cov, looks, first, picks, now, alone, again, held, action, along, i,
                    pool_left, pool_price,
                )  # fmt: skip
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
            _column(cov, looks, i, along)
            _look(cov, looks, along, along[i] + terms.signal_var)
        elif stale:
            # what is scaled now uses up this year's capital: options of the others are valued on what is left
            stale, kind = False, WAIT
            _retabulate(terms, position, mean, cov, now, price, action, route, tables, alone, again, rank)
        elif kind == PILOT:
            action[i], gain[i], own_news[i], other_news[i] = PILOT, found[0, i], found[1, i], found[2, i]
            route[i], design[i] = int(found[3, i]), int(found[4, i])
            pool_left -= terms.batches[design[i]]
            _column(cov, looks, i, along)
            along += looks.fan
            _look(
                cov,
                looks,
                along,
                along[i] + along[M] + pilot_noise(terms, mean, i, route[i], design[i], now, position.piloted[i]),
            )
        else:
            break
        picks += 1
        if i >= 0 and kind != WAIT:
            rank[0, i], rank[1, i] = -np.inf, -np.inf
        _renew(held, alone, again, looks.removed, action, position)
    _drop_needless(terms, position, mean, cov, looks, now, alone, again, held, action, route, design)
    total = -wait_value.sum()
    for j in range(M):
        total += base[j]
        if action[j] == SCALE:
            total += scaling[j]
        elif action[j] == PILOT:
            total -= expected_cost(terms, position, mean, cov, j, route[j], design[j], now)
        else:
            gain[j] = own_news[j] = other_news[j] = 0.0
    return Choice(action, route, design, gain, scaling, wait_value, own_news, other_news, total, pool_price, held_up)


@compiled
def _no_looks(cov: Floats) -> Looks:
    """Nothing looked at yet."""
    M = cov.shape[0] - 1
    return Looks(
        np.empty((2 * M, M + 1)),
        np.empty(2 * M),
        np.zeros(1, dtype=np.int64),
        np.diag(cov)[:M].copy(),
        cov[M].copy(),
        np.zeros(M),
    )


@compiled
def _column(cov: Floats, looks: Looks, i: int, out: Floats) -> None:
    """Fill (M+1,) column i of the covariance after the looks."""
    out[:] = cov[i]
    for p in range(looks.taken[0]):
        part = looks.sign[p] * looks.factor[p, i]
        if part != 0.0:
            for j in range(out.shape[0]):
                out[j] -= part * looks.factor[p, j]


@compiled
def _look(cov: Floats, looks: Looks, along: Floats, spread: float) -> None:
    """Take a look with cov[j, x] = along, var x = spread; a negative spread takes a look back."""
    n, sign = looks.taken[0], 1.0 if spread > 0.0 else -1.0
    root = math.sqrt(abs(spread))
    M = looks.var.shape[0]
    for j in range(M + 1):
        looks.factor[n, j] = along[j] / root
    looks.sign[n] = sign
    looks.taken[0] = n + 1
    fan = sign * looks.factor[n, M]
    for j in range(M + 1):
        looks.fan[j] -= fan * looks.factor[n, j]
    for j in range(M):
        looks.var[j] -= sign * looks.factor[n, j] ** 2
        if cov[j, j] > 1e-12:
            looks.removed[j] = min(max(1.0 - looks.var[j] / cov[j, j], 0.0), 1.0)


@compiled
def _nothing_held(cov: Floats) -> Held:
    """To be filled by `_renew`."""
    M = cov.shape[0] - 1
    weight = np.zeros(M)
    for j in range(M):
        if cov[j, j] > 1e-12:
            weight[j] = 1.0 / cov[j, j]
    return Held(np.zeros(M), np.zeros(M), np.zeros(M), np.zeros(M), weight)


@compiled
def _renew(held: Held, alone: Floats, again: Floats, removed: Floats, action: Ints, position: Position) -> None:
    """Fill what every market is worth, as things have been picked."""
    for j in range(held.value.shape[0]):
        held.value[j] = held.slope[j] = held.below[j] = 0.0
        held.above[j] = np.inf
        if position.stage[j] == OUT and action[j] != SCALE:
            table = again if action[j] == PILOT else alone
            k = 1
            while k < SHARES.shape[0] - 1 and SHARES[k] <= removed[j]:
                k += 1
            held.slope[j] = (table[j, k] - table[j, k - 1]) / (SHARES[k] - SHARES[k - 1])
            held.value[j] = table[j, k - 1] + held.slope[j] * (removed[j] - SHARES[k - 1])
            held.above[j] = SHARES[k] - removed[j]
            held.below[j] = removed[j] - SHARES[k - 1]


@compiled
def _drop_needless(
    terms: Terms,
    position: Position,
    mean: Floats,
    cov: Floats,
    looks: Looks,
    now: int,
    alone: Floats,
    again: Floats,
    held: Held,
    action: Ints,
    route: Ints,
    design: Ints,
) -> None:
    """Take back, one by one, pilots whose cost exceeds what the set would lose without them.

    The covariance without a look is C + a a' / (noise - s), a = C e and s = e'a: the downdate undone.
    """
    M = held.value.shape[0]
    along = np.empty(M + 1)
    while True:
        worst, most = -1, 0.0
        for i in range(M):
            if action[i] != PILOT:
                continue
            _column(cov, looks, i, along)
            along += looks.fan
            open_noise = (
                pilot_noise(terms, mean, i, route[i], design[i], now, position.piloted[i]) - along[i] - along[M]
            )
            if open_noise <= 1e-12:
                continue
            saved = expected_cost(terms, position, mean, cov, i, route[i], design[i], now)
            for j in range(M):
                back = along[j] * along[j] * held.weight[j] / open_noise
                if j != i and back <= held.below[j]:
                    saved -= held.slope[j] * back
                elif j == i or held.above[j] < np.inf:
                    table = again if action[j] == PILOT and j != i else alone
                    saved += look_up(table, j, max(looks.removed[j] - back, 0.0)) - held.value[j]
            if saved > most:
                worst, most = i, saved
        if worst < 0:
            return
        i = worst
        _column(cov, looks, i, along)
        along += looks.fan
        _look(
            cov,
            looks,
            along,
            along[i] + along[M] - pilot_noise(terms, mean, i, route[i], design[i], now, position.piloted[i]),
        )
        action[i], route[i], design[i] = WAIT, -1, -1
        _renew(held, alone, again, looks.removed, action, position)


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
    alone: Floats, again: Floats, held: Held, removed: Floats, along: Floats, spread: float, action: Ints, i: int
) -> float:
    """Gain in the option value of every other undecided market from a look with cov[j, x] = along, var x = spread."""
    total = 0.0
    for j in range(held.value.shape[0]):
        extra = along[j] * along[j] * held.weight[j] / spread
        if j == i:
            continue
        if extra <= held.above[j]:
            total += held.slope[j] * extra
        else:
            total += look_up(again if action[j] == PILOT else alone, j, removed[j] + extra) - held.value[j]
    return total


@compiled
def _best_pilot(
    terms: Terms,
    position: Position,
    mean: Floats,
    cov: Floats,
    looks: Looks,
    first: News,
    picks: int,
    now: int,
    alone: Floats,
    again: Floats,
    held: Held,
    action: Ints,
    along: Floats,
    i: int,
    pool_left: float,
    pool_price: float,
) -> tuple[float, float, float, float, float, float]:
    """Best batch and route: gain, own news, others' news, route, batch, design; batch 0 where none can be.

    `along` comes in as the market's column after the picks and is left as the column of a pilot's reading.
    """
    best = (0.0, 0.0, 0.0, -1.0, 0.0, -1.0)
    if position.piloted[i] >= terms.pilot_quarters or cov[i, i] <= 1e-12:
        return best
    top = -np.inf
    if picks > 0:
        along += looks.fan
    for c in range(terms.capital.shape[1]):
        for d in range(terms.batches.shape[0]):
            batch = float(terms.batches[d])
            if batch > pool_left or not may_pilot(terms, i, c, batch, now):
                continue
            own, others = first.own[i, c, d], first.others[i, c, d]
            if picks > 0:
                spread = along[i] + along[-1] + pilot_noise(terms, mean, i, c, d, now, position.piloted[i])
                own = look_up(again, i, looks.removed[i] + along[i] * along[i] / (spread * cov[i, i]))
                others = _news(alone, again, held, looks.removed, along, spread, action, i)
            own -= held.value[i]
            gain = own + others - expected_cost(terms, position, mean, cov, i, c, d, now)
            if gain - pool_price * batch > top:
                top = gain - pool_price * batch
                best = (gain, own, others, float(c), batch, float(d))
    return best


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
