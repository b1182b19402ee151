"""What is at stake at a gate: option values of undecided markets, what pilots cost and tell, and what news is worth.

An option value is that of a market at the next gate if a share of its variance is removed before it (`option_tables`).
News about one market moves the option values of all that it is correlated with: the correlated knowledge gradient of
Frazier, Powell & Dayanik (2009).
"""

from __future__ import annotations

import numpy as np

from beachhead.launch.policy.shadow_prices import expected_cost
from beachhead.launch.policy.value import SHARES, Starts, list_starts, look_up, option_tables, pilot_noise, tabulate
from beachhead.launch.question.kernel_terms import (
    OUT,
    PILOT,
    SCALE,
    SCALED,
    Floats,
    Ints,
    Position,
    Prices,
    Terms,
    may_pilot,
)
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import inlined, inner


@by_reference
class Tables:
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


@by_reference
class Offers:
    """What may be picked at a gate, and what each pick alone would teach: the same for every set tried.

    A noun of its own with the few arrays that the inner loops ask for: to hand Terms on counts its every array.

    Attributes:
        capital: (M, C), that a start takes.
        signal_var: variance with which a start shows log demand.
        cov: (M+1, M+1), covariance of log demand and, last, the early-adopter bias.
        cars: (D,), batch.
        permitted: (M, C, D), 1 where the route, the dates and the quarters left permit a pilot.
        cost: (M, C, D), money that it is expected to cost; infinite where the route does not exist.
        noise: (M, C, D), variance with which it shows the market's log demand plus the bias.
        start_news: (M,), what a start teaches about the others.
        own_news: (M, C, D), option value of the market's own after a pilot.
        other_news: (M, C, D), what a pilot teaches about the others.
    """

    capital: Floats
    signal_var: float
    cov: Floats
    cars: Ints
    permitted: Ints
    cost: Floats
    noise: Floats
    start_news: Floats
    own_news: Floats
    other_news: Floats


@by_reference
class Gate:
    """All that a gate weighs before anything is picked.

    Attributes:
        terms: of the launch.
        position: where every market stands.
        mean: (M+1,), of log demand and, last, the early-adopter bias.
        cov: (M+1, M+1), their covariance.
        now: quarter of the gate.
        price: shadow prices.
        starts: that the limits permit.
        tables: option values.
        offers: what may be picked.
    """

    terms: Terms
    position: Position
    mean: Floats
    cov: Floats
    now: int
    price: Prices
    starts: Starts
    tables: Tables
    offers: Offers


@by_reference
class Held:
    """What every undecided market is worth at the next gate as things have been picked, and how that moves with news.

    Option values are linear between tabulated shares, so most small news is priced by a product and needs no look-up.

    Attributes:
        alone: (M, 9), the rows of `Tables` in force: for markets left alone now,
        again: (M, 9), and for those piloted now.
        value: (M,), look-up at the share removed; 0 for markets that are decided.
        slope: (M,), of the option value around that share.
        above: (M,), share up to the next tabulated one; infinite for markets that are decided.
        below: (M,), share down to the last tabulated one.
        weight: (M,), 1 / variance before any look; 0 where there is none.
    """

    alone: Floats
    again: Floats
    value: Floats
    slope: Floats
    above: Floats
    below: Floats
    weight: Floats


@inner
def open_gate(terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, price: Prices) -> Gate:
    """Everything that is the same for every set tried."""
    starts = list_starts(terms, position, now, price)
    tables = list_options(terms, starts, position, mean, cov, now)
    offers = list_offers(terms, position, mean, cov, now)
    held = nothing_picked(terms, position, cov, now, tables)
    _fill_news(offers, held, position.stage)
    return Gate(terms, position, mean, cov, now, price, starts, tables, offers)


@inner
def list_options(terms: Terms, starts: Starts, position: Position, mean: Floats, cov: Floats, now: int) -> Tables:
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


@inner
def _affordable(terms: Terms, i: int, capital_left: float) -> int:
    """How many routes of a market fit what is left of a year's capital."""
    count = 0
    for c in range(terms.capital.shape[1]):
        if terms.capital[i, c] <= capital_left:
            count += 1
    return count


@inner
def list_offers(terms: Terms, position: Position, mean: Floats, cov: Floats, now: int) -> Offers:
    """Pilots through every route that exists, those that may not be asked for now included; without the news."""
    M, C = terms.capital.shape
    D = terms.batches.shape[0]
    permitted = np.zeros((M, C, D), dtype=np.int64)
    cost, noise = np.full((M, C, D), np.inf), np.full((M, C, D), np.inf)
    for i in range(M):
        may_look = position.stage[i] == OUT and position.piloted[i] < terms.pilot_quarters and cov[i, i] > 1e-12
        for c in range(C):
            if not np.isfinite(terms.capital[i, c]):
                continue
            for d in range(D):
                if may_look and may_pilot(terms, i, c, terms.batches[d], now):
                    permitted[i, c, d] = 1
                cost[i, c, d] = expected_cost(terms, position, mean, cov, i, c, d, now)
                noise[i, c, d] = pilot_noise(terms, mean, i, c, d, now, position.piloted[i])
    return Offers(
        terms.capital,
        terms.signal_var,
        cov,
        terms.batches,
        permitted,
        cost,
        noise,
        np.zeros(M),
        np.zeros((M, C, D)),
        np.zeros((M, C, D)),
    )


@inner
def _fill_news(offers: Offers, held: Held, stage: Ints) -> None:
    """What every look would teach if it were the only one."""
    M, C, D = offers.cost.shape
    cov = offers.cov
    action, removed = np.zeros(M, dtype=np.int64), np.zeros(M)
    for i in range(M):
        if stage[i] != OUT or cov[i, i] <= 1e-12:
            continue
        offers.start_news[i] = news_of(held, removed, cov[i], cov[i, i] + offers.signal_var, action, i)
        along = cov[i] + cov[M]
        for c in range(C):
            for d in range(D):
                if offers.permitted[i, c, d] == 1:
                    spread = along[i] + along[M] + offers.noise[i, c, d]
                    offers.own_news[i, c, d] = look_up(held.again, i, along[i] * along[i] / (spread * cov[i, i]))
                    offers.other_news[i, c, d] = news_of(held, removed, along, spread, action, i)


@inner
def nothing_picked(terms: Terms, position: Position, cov: Floats, now: int, tables: Tables) -> Held:
    """What every undecided market is worth before anything is scaled or looked at."""
    M = terms.capital.shape[0]
    left = terms.capital_cap[terms.year[now]] - position.spent[terms.year[now]]
    alone, again = np.zeros(tables.alone.shape[1:]), np.zeros(tables.alone.shape[1:])
    weight = np.zeros(M)
    for i in range(M):
        v = _affordable(terms, i, left)
        alone[i], again[i] = tables.alone[v, i], tables.again[v, i]
        if cov[i, i] > 1e-12:
            weight[i] = 1.0 / cov[i, i]
    held = Held(alone, again, np.zeros(M), np.zeros(M), np.zeros(M), np.zeros(M), weight)
    renew(held, np.zeros(M), np.zeros(M, dtype=np.int64), position.stage)
    return held


@inlined
def renew(held: Held, removed: Floats, action: Ints, stage: Ints) -> None:
    """Fill what every market is worth, as things have been picked."""
    for j in range(held.value.shape[0]):
        held.value[j] = held.slope[j] = held.below[j] = 0.0
        held.above[j] = np.inf
        if stage[j] == OUT and action[j] != SCALE:
            table = held.again if action[j] == PILOT else held.alone
            k = 1
            while k < SHARES.shape[0] - 1 and SHARES[k] <= removed[j]:
                k += 1
            held.slope[j] = (table[j, k] - table[j, k - 1]) / (SHARES[k] - SHARES[k - 1])
            held.value[j] = table[j, k - 1] + held.slope[j] * (removed[j] - SHARES[k - 1])
            held.above[j] = SHARES[k] - removed[j]
            held.below[j] = removed[j] - SHARES[k - 1]


@inlined
def news_of(held: Held, removed: Floats, along: Floats, spread: float, action: Ints, i: int) -> float:
    """Gain in the option value of every undecided market but i from a look with cov[j, x] = along, var x = spread."""
    total = 0.0
    for j in range(held.value.shape[0]):
        extra = along[j] * along[j] * held.weight[j] / spread
        if j == i:
            continue
        if extra <= held.above[j]:
            total += held.slope[j] * extra
        else:
            table = held.again if action[j] == PILOT else held.alone
            total += look_up(table, j, removed[j] + extra) - held.value[j]
    return total


@inlined
def saved_without(
    held: Held, removed: Floats, along: Floats, spread: float, action: Ints, i: int, cost: float
) -> float:
    """Money gained if the pilot of market i were taken back: its cost less what the option values lose.

    With cov[j, x] = along[j] once it has been looked at, the covariance without it is C + a a' / spread, spread the
    noise of the reading less the variance of what it reads: the downdate undone.
    """
    saved = cost
    for j in range(held.value.shape[0]):
        back = along[j] * along[j] * held.weight[j] / spread
        if j != i and back <= held.below[j]:
            saved -= held.slope[j] * back
        elif j == i or held.above[j] < np.inf:
            table = held.again if action[j] == PILOT and j != i else held.alone
            saved += look_up(table, j, max(removed[j] - back, 0.0)) - held.value[j]
    return saved


@inner
def retabulate(gate: Gate, held: Held, action: Ints, route: Ints, moved: Ints) -> None:
    """Put the rows in place that hold once the scales picked are paid; `moved` becomes 1 where a market's row changed.

    What is scaled now uses up this year's capital: options of the others are valued on what is left.
    """
    terms, position, now = gate.terms, gate.position, gate.now
    moved[:] = 0
    if now + 1 >= terms.year.shape[0] or terms.year[now + 1] != terms.year[now]:
        return
    after = _with_scales(terms, position, action, route, now)
    year = terms.year[now]
    before, left = terms.capital_cap[year] - position.spent[year], terms.capital_cap[year] - after.spent[year]
    starts = list_starts(terms, after, now, gate.price)
    for i in range(action.shape[0]):
        v = _affordable(terms, i, left)
        if after.stage[i] != OUT or v == _affordable(terms, i, before):
            continue
        if gate.tables.known[v, i] == 0:
            tabulate(
                terms, starts, after, gate.mean, gate.cov, now, i, gate.tables.alone[v, i], gate.tables.again[v, i]
            )
            gate.tables.known[v, i] = 1
        held.alone[i], held.again[i] = gate.tables.alone[v, i], gate.tables.again[v, i]
        moved[i] = 1


@inner
def _with_scales(terms: Terms, position: Position, action: Ints, route: Ints, now: int) -> Position:
    """The position once the markets picked for scaling have been scaled."""
    stage, spent = position.stage.copy(), position.spent.copy()
    for i in range(action.shape[0]):
        if action[i] == SCALE:
            stage[i] = SCALED
            spent[terms.year[now]] += terms.capital[i, route[i]]
    return Position(stage, position.route, position.since, position.piloted, position.fixed, position.barred, spent)
