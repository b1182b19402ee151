"""Pilots compared by the starts that capital pays for: few markets, one budget, one more look.

A shadow price of capital knows what is used on average. With a handful of markets capital binds only where several
readings are good at once, and then the last pilot was for nothing: the others have used the budget up. Where they are
bad, that pilot can still follow. Here sets of pilots are compared over joint readings: after each, the budget of the
year goes to the best affordable set of markets (a knapsack, by enumeration), and a market may be piloted once more
first: a two-stage programme with recourse (Birge & Louveaux 2011, section 2.4).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri
from scipy.stats.qmc import Sobol

from beachhead.launch.policy.shadow_prices import expected_cost
from beachhead.launch.policy.value import (
    FEW_NODES,
    FEW_WEIGHTS,
    SHARES,
    Starts,
    list_starts,
    next_pilot,
    normal_cdf,
    pilot_noise,
    resolvable,
    value_of,
)
from beachhead.launch.question.kernel_terms import OUT, PILOT, SCALE, WAIT, Floats, Ints, Position, Prices, Terms
from beachhead.world.compiled import compiled, inner

MOST_MARKETS = 6
"""Undecided markets up to which sets are compared so: subsets are enumerated."""
GRID = np.linspace(-4.0, 4.0, 33)
"""Where option values are tabulated, in standard deviations of what is about to be learnt; parabolas between."""


def _even(count: int, axes: int) -> Floats:
    """(2 count, axes) normal points, evenly spread: Sobol points in the middle of their cells, and their mirror."""
    half: Floats = ndtri(Sobol(axes, scramble=False).random(count) + 0.5 / count)
    return np.concatenate([half, -half])


POINTS = _even(512, MOST_MARKETS)


@compiled
def drop_for_capital(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, price: Prices, action: Ints, route: Ints,
    design: Ints,
) -> None:  # fmt: skip
    """Take back, one by one, pilots of a set without which the launch is worth more, capital counted whole.

    Does nothing where one pilot is chosen, where more than `MOST_MARKETS` are undecided, or where the capital left
    pays for every undecided market.
    """
    M, T = terms.path.shape
    if now + 1 >= T or (action == PILOT).sum() < 2:
        return
    year = terms.year[now + 1]
    left = terms.capital_cap[year] - position.spent[year]
    undecided = np.empty(M, dtype=np.int64)
    n = 0
    needed = 0.0
    for i in np.argsort(mean[:-1], kind="mergesort"):  # the axes' order must not matter
        if action[i] == SCALE and terms.year[now] == year:
            left -= terms.capital[i, route[i]]
        if position.stage[i] == OUT and action[i] != SCALE and cov[i, i] > 1e-12:
            undecided[n] = i
            n += 1
            needed += terms.capital[i].min()
    if n > MOST_MARKETS or needed <= left:
        return
    free = Prices(price.capital.copy(), price.start, price.car)
    free.capital[year] = 0.0
    starts = list_starts(terms, position, now, free)
    best = _worth(terms, starts, position, mean, cov, now, year, left, action, route, design, undecided[:n])
    while True:
        worst = -1
        for k in range(n):
            i = undecided[k]
            if action[i] != PILOT:
                continue
            action[i] = WAIT
            worth = _worth(terms, starts, position, mean, cov, now, year, left, action, route, design, undecided[:n])
            action[i] = PILOT
            if worth > best:
                best, worst = worth, i
        if worst < 0:
            return
        action[worst], route[worst], design[worst] = WAIT, -1, -1


@inner
def _worth(
    terms: Terms, starts: Starts, position: Position, mean: Floats, cov: Floats, now: int, year: int, left: float,
    action: Ints, route: Ints, design: Ints, undecided: Ints,
) -> float:  # fmt: skip
    """Expected value at the next gate of the undecided markets less the cost of the pilots, in money of now."""
    n, M = undecided.shape[0], mean.shape[0] - 1
    after = cov.copy()
    factor = np.zeros((n, n))
    cost = 0.0
    for k in range(n):
        i = undecided[k]
        if action[i] == PILOT:
            cost += expected_cost(terms, position, mean, cov, i, route[i], design[i], now)
            along = after[i] + after[M]
            spread = along[i] + along[M] + pilot_noise(terms, mean, i, route[i], design[i], now, position.piloted[i])
            for j in range(n):
                factor[k, j] = along[undecided[j]] / math.sqrt(spread)
            after -= np.outer(along, along) / spread
    inside, outside = np.zeros((n, GRID.shape[0])), np.zeros((n, GRID.shape[0]))
    step = np.zeros(n)
    for k in range(n):
        step[k] = math.sqrt(max((factor[:, k] ** 2).sum(), 1e-12))
        _tabulate(
            terms, starts, position, mean, cov, after, now, year, undecided[k], action[undecided[k]] == PILOT, step[k],
            inside[k], outside[k],
        )  # fmt: skip
    capital = np.empty(n)
    for k in range(n):
        capital[k] = terms.capital[undecided[k]].min()
    total = 0.0
    more = np.empty(n)
    for p in range(POINTS.shape[0]):
        for k in range(n):
            moved = 0.0
            for a in range(n):
                moved += factor[a, k] * POINTS[p, a]
            x = (moved / step[k] - GRID[0]) / (GRID[1] - GRID[0])
            out = _between(outside[k], x)
            more[k] = _between(inside[k], x) - out
            total += out
        total += _fill(capital, more, left)
    return float(total / POINTS.shape[0] - cost)


@inner
def _between(table: Floats, x: float) -> float:
    """The parabola through the three entries nearest to x grid steps; the table's ends hold beyond it."""
    x = min(max(x, 0.0), table.shape[0] - 1.0)
    g = min(max(round(x), 1), table.shape[0] - 2)
    u = x - g
    slope = 0.5 * (table[g + 1] - table[g - 1])
    return float(table[g] + u * (slope + 0.5 * u * (table[g + 1] - 2.0 * table[g] + table[g - 1])))


@inner
def _fill(capital: Floats, more: Floats, left: float) -> float:
    """Most that a set of markets within the budget adds, by enumeration."""
    n = capital.shape[0]
    best = 0.0
    for chosen in range(1, 1 << n):
        spent = gained = 0.0
        for k in range(n):
            if chosen >> k & 1:
                spent += capital[k]
                gained += more[k]
        if spent <= left + 1e-9 and gained > best:
            best = gained
    return best


@inner
def _tabulate(
    terms: Terms, starts: Starts, position: Position, mean: Floats, cov: Floats, after: Floats, now: int, year: int,
    i: int, is_piloted: bool, step: float, inside: Floats, outside: Floats,
) -> None:  # fmt: skip
    """Value (G,) of market i by the mean it will have, with and without this year's capital."""
    left = max(after[i, i], 0.0)
    noise_alone, fee_alone, noise_again, fee_again, when = next_pilot(terms, position, mean, now, i)
    fee = terms.discount ** (when - now) * (fee_again if is_piloted else fee_alone)
    noise = noise_again if is_piloted else noise_alone
    more = resolvable(left, after[i, -1], after[-1, -1], noise)
    shut = 1.0 - left / cov[i, i] < position.barred[i]
    if is_piloted:
        shut = shut and position.barred[i] > SHARES[1]
    for g in range(GRID.shape[0]):
        level = mean[i] + step * GRID[g]
        within = without = 0.0
        if not shut:
            within, without = _best_within(terms.year, starts, now + 1, year, i, level, left)
            within = max(within, without)
        if more > 1e-9 and fee < np.inf:
            look = look_without = -fee
            for h in range(FEW_NODES.shape[0]):
                a, b = _best_within(
                    terms.year, starts, when + 1, year, i, level + math.sqrt(more) * FEW_NODES[h], left - more
                )
                look += FEW_WEIGHTS[h] * max(a, b)
                look_without += FEW_WEIGHTS[h] * b
            within, without = max(within, look), max(without, look_without)
        inside[g], outside[g] = within, without


@inner
def _best_within(
    years: Ints, starts: Starts, earliest: int, year: int, i: int, mean: float, var: float
) -> tuple[float, float]:
    """Best of never and starting in that year from `earliest` on; and best of never and starting in a later year."""
    level = mean + 0.5 * var
    expected = math.exp(level)
    sd = var / math.sqrt(var + starts.signal_var)
    hope = 2.0 * normal_cdf(0.5 * sd) - 1.0
    within = later = 0.0
    for e in range(starts.begin[i], starts.begin[i + 1]):
        if starts.quarter[e] < earliest:
            continue
        if years[starts.quarter[e]] == year:
            value, _ = value_of(starts, e, expected, level, sd, hope, within)
            within = max(within, value)
        else:
            value, _ = value_of(starts, e, expected, level, sd, hope, later)
            later = max(later, value)
    return within, later
