"""The penalised bound: everything is told, the limits hold world by world, and who acts on what is told early pays.

An information relaxation with a martingale penalty (Brown, Smith & Sun 2010, weak duality): in each world the planner
knows all demand, but every action is charged what its foresight is worth, an amount whose mean is zero for any plan
that cannot see the future. So the mean over worlds of the best penalised course bounds every plan. What is charged:

- a pilot in market i, in quarter t: U(y) - E U(y), where U(y) is what the market is worth from t + 1 on once the pilot
  reads y, its own part r of log demand unknown before;
- a start in quarter s: W(r) - E[W(r) | what the market's pilots have read], W the money earned with the best exit;
- a pilot or start at the first gate, besides: A(F) - E A(F), A what acting now rather than from the next gate on is
  worth once shared factors F are known. So these are told at the next gate in effect (delayed revelation).

Shared factors, the early-adopter bias and the scenario of tariffs are told at gate 0 (the split of `revealed`);
given them, what is seen elsewhere says nothing about r, so the expectations are those of one market. U is priced at the
Lagrange prices that the factor-revealed bound finds; any prices give a bound, and with perfect pilots it is never above
the factor-revealed one, whose limits hold on average only. A market's first pilot reads y = r + log(G / kappa), G a
gamma variable of shape kappa = weeks x weekly size: weekly orders are Poisson draws given gamma multipliers, so this
says more than the orders do (Blackwell's order), whatever sells out. Where the pilot's quarter is off the level over
the years by a normal of larger variance than that, it reads r and this normal alone, which says more than both. A
second pilot is taken to tell r exactly.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from beachhead.launch.bound.clairvoyant import as_is, best_of, list_ways
from beachhead.launch.bound.revealed import Split, run, seek_prices, started, what_is_told
from beachhead.launch.policy.play import World
from beachhead.launch.policy.shadow_prices import most_brought, pilots_may_earn
from beachhead.launch.question.kernel_terms import OUT, Floats, Position, Terms, look_var, may_start, under
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner

OWN_POINTS = 65
"""Of the grid of r, over five standard deviations either side: step .16 standard deviations."""
READ_POINTS = 81
"""Of the grid of what a pilot reads."""
_TAIL = 1e-4
SCOUTS = 16
"""Other worlds from which E A(F) is estimated: with 8 the bound is a tenth of a percent looser than with 96."""


def penalised(
    terms: Terms,
    position: Position,
    mean: Floats,
    split: Split,
    world: World,
    *,
    whole: bool = False,
    urgency: Floats | None = None,
) -> float:
    """Bound of one world, over carrying on as is; its mean over worlds of the belief is an upper bound.

    Args:
        terms: arrays of the launch.
        position: where every market stands; of markets scaled already everything is told.
        mean: (M+1,), belief.
        split: of the belief's covariance.
        world: a world of the belief; signals and pilot luck of its last quarter, on which nothing is ever decided,
            serve to draw r given what is believed and what a pilot would have read.
        whole: forbid splitting markets; the bound proven by the mixed-integer programme is then returned.
        urgency: (M, C + D), `expected_urgency` from other worlds; None: what is shared is told at gate 0 for nothing.
    """
    charged = _charged(terms, position, mean, split, world, urgency)
    truth, demand = charged.truth, np.exp(world.theta)
    ways = list_ways(truth, position, demand, charged.bonus)
    best = best_of(truth, position, demand, ways, whole=whole)
    pool = float(charged.prices[3, : len(truth.pool_cap)] @ truth.pool_cap)
    besides = pool + pilots_may_earn(truth, position)
    return best + float(charged.refunds.sum()) + besides - as_is(truth, position, demand)


def expected_urgency(terms: Terms, position: Position, mean: Floats, split: Split, worlds: Sequence[World]) -> Floats:
    """(M, C + D) mean over worlds of what a start (C) or pilot (D) now, not from the next gate on, is worth given F.

    The worlds must be other than those that are bounded: an estimate that does not depend on a world's F leaves the
    charge with mean zero there, however few they are; the fewer, the looser the bound (by convexity of the maximum).
    """
    return np.asarray(np.mean([_charged(terms, position, mean, split, w, None).urgency for w in worlds], axis=0))


@by_reference
class Charged:
    """A world with its charges.

    Attributes:
        truth: terms under the world's scenario of tariffs.
        prices: as `charges` takes them.
        bonus: (M, C, T), of starts.
        refunds: (M,), of markets not started.
        urgency: (M, C + D), A(F).
    """

    truth: Terms
    prices: Floats
    bonus: Floats
    refunds: Floats
    urgency: Floats


def _charged(
    terms: Terms, position: Position, mean: Floats, split: Split, world: World, expected: Floats | None
) -> Charged:
    truth = under(terms, world.scenario)
    told = what_is_told(position, mean, split, world)
    prices = seek_prices(truth, position, told, split.own)
    shape, off = pilot_shapes(truth), pilot_off(truth, position)
    low, high, luck = (
        np.where(off > 0, np.sqrt(off) * special.ndtri(u), np.log(special.gammaincinv(shape, u) / shape))
        for u in (_TAIL, 1 - _TAIL, world.luck[-1, :, :1])
    )
    given = np.full((len(told), truth.capital.shape[1] + len(truth.batches)), np.nan) if expected is None else expected
    bonus, refunds, urgency = charges(
        truth, position, told, split.own, world.theta, prices, shape, off, low, high, luck, given
    )
    return Charged(truth, prices, bonus, refunds, urgency)


def pilot_shapes(terms: Terms) -> Floats:
    """(M, D) kappa by batch: weeks x weekly size of the route that reaches most."""
    reach = np.where(np.isfinite(terms.capital)[:, :, None], terms.pilot_reach, 0.0).max(axis=1)
    return np.asarray(np.maximum(terms.weeks * terms.week_size[:, None] * reach, 1e-3))


def pilot_off(terms: Terms, position: Position) -> Floats:
    """(M, D) variance by which a first pilot's quarter is off the years, where it is more than what orders scatter."""
    off = np.array([look_var(terms, i, int(before)) for i, before in enumerate(position.piloted)])[:, None]
    return np.asarray(np.where(off > 1 / pilot_shapes(terms), off, 0.0))


@compiled
def charges(
    terms: Terms,
    position: Position,
    told: Floats,
    own: Floats,
    theta: Floats,
    prices: Floats,
    shape: Floats,
    off: Floats,
    low: Floats,
    high: Floats,
    luck: Floats,
    expected: Floats,
) -> tuple[Floats, Floats, Floats]:
    """What each start is refunded less what is refunded for not starting, the latter, and the urgency A(F).

    Args:
        terms: arrays of the launch.
        position: where every market stands.
        told: (M,), F.
        own: (M,), variance of r.
        theta: (M,), true log demand.
        prices: (4, max(T, Y)), of capital by year, starts, cars and pilot cars by quarter.
        shape: (M, D), kappa.
        off: (M, D), variance of the normal that a pilot reads on top of r; 0 where it reads a gamma's log.
        low: (M, D), a low quantile of a pilot's noise.
        high: (M, D), a high one.
        luck: (M, D), this world's noise of the first pilot.
        expected: (M, C + D), E A(F) of starts and pilots at the first gate; NaN where these are not charged for F.

    Returns:
        (M, C, T), the best course of pilots before a start there, -inf where it is not permitted; (M,), the best
        course of pilots, none included, that ends with no start; and (M, C + D), A(F).
    """
    M, C = terms.capital.shape
    T, D = terms.path.shape[1], terms.batches.shape[0]
    bonus, refunds, urgency = np.full((M, C, T), -np.inf), np.zeros(M), np.zeros((M, C + D))
    grid = np.linspace(-5.0, 5.0, OWN_POINTS)
    normal = np.exp(-0.5 * grid**2)
    normal /= normal.sum()
    for i in range(M):
        if position.stage[i] != OUT:
            continue
        own_grid = math.sqrt(own[i]) * grid
        courses = _starts_of(terms, position, i, told[i] + own_grid, theta[i], prices, normal, bonus[i])
        wait = _acting_now(courses, normal, urgency[i])
        if position.piloted[i] < terms.pilot_quarters:
            for d in range(D):
                read = Read(shape[i, d], off[i, d], low[i, d], high[i, d], theta[i] - told[i] + luck[i, d])
                urgency[i, C + d], later = _pilots_of(
                    terms, position, i, d, own_grid, normal, read, prices[3], courses, refunds
                )
                wait = max(wait, later)
        _settle(courses, expected[i], wait, urgency[i], refunds, i)
    return bonus, refunds, urgency


@by_reference
class Courses:
    """What starts of one market bring, and the best courses of pilots before them; the truth stands last, at G.

    Attributes:
        earned: (C, T, G+1), money earned, by point of the grid of r.
        known: (T, G+1), what the market is worth from the next quarter on once r is known.
        spent: (C, T), capital and prices; infinite where no start is permitted.
        bonus: (C, T), row of the market; raised as better courses are found.
        first: (D, C, T), likewise for courses that begin with a pilot at this gate, by design.
        unmade: (D,), these where no start follows.
    """

    earned: Floats
    known: Floats
    spent: Floats
    bonus: Floats
    first: Floats
    unmade: Floats


class Read(NamedTuple):
    """What a pilot reads.

    Attributes:
        shape: kappa.
        off: variance of the normal that it reads on top of r; 0 where it reads a gamma's log.
        low: a low quantile of its noise.
        high: a high one.
        here: its reading in this world.
    """

    shape: float
    off: float
    low: float
    high: float
    here: float


@inner
def _starts_of(
    terms: Terms,
    position: Position,
    i: int,
    levels: Floats,
    truth: float,
    prices: Floats,
    normal: Floats,
    bonus: Floats,
) -> Courses:
    """What permitted starts earn at every level (G,) of log demand and in truth; fills `bonus` with their charges."""
    C, T, G = terms.capital.shape[1], terms.path.shape[1], levels.shape[0]
    D = terms.batches.shape[0]
    earned, value = np.full((C, T, G + 1), -np.inf), np.full((T, G + 1), -np.inf)
    spent = np.full((C, T), np.inf)
    permitted = may_start(terms, position, i)
    for c in range(C):
        for s in range(T):
            if permitted[c, s] == 0:
                continue
            spent[c, s] = terms.capital[i, c] * (terms.discount**s + prices[0, terms.year[s]]) + prices[1, s]
            way = started(terms, i, c, s)
            for g in range(G + 1):
                level = levels[g] if g < G else truth
                earned[c, s, g], _ = run(way, math.exp(level), prices[2])
                value[s, g] = max(value[s, g], earned[c, s, g] - spent[c, s])
            bonus[c, s] = (normal * earned[c, s, :G]).sum() - earned[c, s, G]
    known = np.zeros((T, G + 1))
    for t in range(T - 2, -1, -1):
        for g in range(G + 1):
            known[t, g] = max(known[t + 1, g], value[t + 1, g])
    return Courses(earned, known, spent, bonus, np.full((D, C, T), -np.inf), np.full(D, -np.inf))


@inner
def _acting_now(courses: Courses, normal: Floats, urgency: Floats) -> float:
    """What starting blindly from the next gate on is worth; fills `urgency` with what starting now is, by route."""
    (C, T), G = courses.spent.shape, normal.shape[0]
    wait = 0.0
    for c in range(C):
        for s in range(1, T):
            if courses.spent[c, s] < np.inf:
                wait = max(wait, (normal * courses.earned[c, s, :G]).sum() - courses.spent[c, s])
        if courses.spent[c, 0] < np.inf:
            urgency[c] = (normal * courses.earned[c, 0, :G]).sum() - courses.spent[c, 0]
    return wait


@inner
def _pilots_of(
    terms: Terms,
    position: Position,
    i: int,
    d: int,
    grid: Floats,
    normal: Floats,
    read: Read,
    pool_price: Floats,
    courses: Courses,
    refunds: Floats,
) -> tuple[float, float]:
    """Courses with pilots of one design, as `_perfect` and `_noisy` find them; `grid` (G,) is that of r."""
    T, G = courses.known.shape[0], normal.shape[0]
    fee = np.full(T, np.inf)
    again = np.full(T, np.inf)  # a second pilot may be of any design
    for t in range(T):
        for k in range(terms.batches.shape[0]):
            if terms.batches[k] <= terms.pool_cap[t]:
                here, later = _fees(terms, position, i, k, t, pool_price[t])
                fee[t] = here if k == d else fee[t]
                if position.piloted[i] + 1 < terms.pilot_quarters:
                    again[t] = min(again[t], later)
    sharp = 1.0 / read.off if read.off > 0.0 else read.shape
    if grid[G - 1] < 5e-6 or sharp * (grid[1] - grid[0]) ** 2 > 1.0:
        return _perfect(normal, fee, courses, refunds, i, d)
    return _noisy(normal, grid, read, fee, again, courses, refunds, i, d)


@inner
def _settle(courses: Courses, expected: Floats, wait: float, urgency: Floats, refunds: Floats, i: int) -> None:
    """Take waiting off the urgencies, charge them at the first gate, and set bonuses against the refund."""
    D, C, T = courses.first.shape
    bonus = courses.bonus
    for c in range(C):
        urgency[c] = urgency[c] - wait if courses.spent[c, 0] < np.inf else 0.0
        if courses.spent[c, 0] < np.inf and not np.isnan(expected[c]):
            bonus[c, 0] += expected[c] - urgency[c]
    for d in range(D):
        urgency[C + d] = urgency[C + d] - wait if courses.unmade[d] > -np.inf else 0.0
        due = 0.0 if np.isnan(expected[C + d]) else urgency[C + d] - expected[C + d]
        refunds[i] = max(refunds[i], courses.unmade[d] - due)
        for c in range(C):
            for s in range(T):
                bonus[c, s] = max(bonus[c, s], courses.first[d, c, s] - due)
    for c in range(C):
        for s in range(T):
            bonus[c, s] -= refunds[i]


@inner
def _fees(terms: Terms, position: Position, i: int, d: int, t: int, pool_price: float) -> tuple[float, float]:
    """Least discounted cost of a pilot whatever it sells, pool price included, as the first and as a later one."""
    first = later = np.inf
    for c in range(terms.capital.shape[1]):
        if np.isfinite(terms.capital[i, c]) and t >= terms.first_pilot[i, c]:
            running = terms.quarter_fee[i, c] + terms.car_cost[i, c] * terms.batches[d]
            start = terms.start_fee[i, c] if position.piloted[i] == 0 else 0.0
            weight, brought = terms.discount**t, most_brought(terms, i, c, d)
            first = min(first, weight * max(running + start - brought, 0.0) + pool_price * terms.batches[d])
            later = min(later, weight * max(running - brought, 0.0) + pool_price * terms.batches[d])
    return first, later


@inner
def _perfect(normal: Floats, fee: Floats, courses: Courses, refunds: Floats, i: int, d: int) -> tuple[float, float]:
    """A pilot that reads r exactly: raise the bonus of starts after it, and the refund for not starting.

    Courses that begin with it at the first gate stand apart. Returns what is expected of a pilot at the first gate,
    before its fee, and of the best later one.
    """
    bonus, known = courses.bonus, courses.known
    T, G = known.shape[0], normal.shape[0]
    best = now = later = -np.inf
    soon = 0.0
    for t in range(T):
        for c in range(bonus.shape[0]):
            if bonus[c, t] > -np.inf:
                bonus[c, t] = max(bonus[c, t], best)
                courses.first[d, c, t] = now
        if fee[t] < np.inf:
            hoped = (normal * known[t, :G]).sum()
            if t == 0:
                now, soon = hoped - known[t, G] - fee[t], hoped
            else:
                best, later = max(best, hoped - known[t, G] - fee[t]), max(later, hoped - fee[t])
    refunds[i] = max(refunds[i], best)
    courses.unmade[d] = now
    return soon, later


@inner
def _noisy(
    normal: Floats,
    grid: Floats,
    read: Read,
    fee: Floats,
    again: Floats,
    courses: Courses,
    refunds: Floats,
    i: int,
    d: int,
) -> tuple[float, float]:
    """A first pilot that reads y, and perhaps a second (at `again`, (T,)) that reads r: as `_perfect`.

    Everything is tabulated at READ_POINTS readings; the reading of this world stands last.
    """
    (C, T), G, J = courses.spent.shape, normal.shape[0], READ_POINTS
    known = courses.known
    belief, odds = _readings(normal, grid, read)
    hoped = np.ascontiguousarray(known[:, :G]) @ belief.T
    worth, mean_earned = _once_read(courses, belief, hoped, again)
    # best course so far with one pilot and with two, by whether the first stood at this gate (0) or later (1)
    one, two = np.full(2, -np.inf), np.full(2, -np.inf)
    soon, later = 0.0, -np.inf
    for t in range(T):
        for c in range(C):
            if courses.bonus[c, t] > -np.inf:
                blur = mean_earned[c, t, J] - courses.earned[c, t, G]
                courses.first[d, c, t] = max(one[0] + blur, two[0])
                courses.bonus[c, t] = max(courses.bonus[c, t], one[1] + blur, two[1])
        for k in range(2):
            if one[k] > -np.inf:
                two[k] = max(two[k], one[k] - again[t] + hoped[t, J] - known[t, G])
        if fee[t] < np.inf:
            expected = (odds * worth[t + 1, :J]).sum()
            course = expected - worth[t + 1, J] - fee[t]
            if t == 0:
                one[0], soon = course, expected
            else:
                one[1], later = max(one[1], course), max(later, expected - fee[t])
    refunds[i] = max(refunds[i], one[1], two[1])
    courses.unmade[d] = max(one[0], two[0])
    return soon, later


@inner
def _readings(normal: Floats, grid: Floats, read: Read) -> tuple[Floats, Floats]:
    """(J+1, G) belief about r by reading, this world's last, and (J,) odds of the readings."""
    G, J = grid.shape[0], READ_POINTS
    least, most = grid[0] + read.low, grid[G - 1] + read.high
    belief = np.empty((J + 1, G))
    odds = np.empty(J)
    for j in range(J + 1):
        y = least + (most - least) * j / (J - 1) if j < J else read.here
        total = 0.0
        for g in range(G):
            away = y - grid[g]
            if read.off > 0.0:
                belief[j, g] = normal[g] * math.exp(-0.5 * away * away / read.off)
            else:
                belief[j, g] = normal[g] * math.exp(read.shape * (away - math.exp(away) + 1.0))
            total += belief[j, g]
        if j < J:
            odds[j] = total
        belief[j] /= max(total, 1e-300)
    odds /= odds.sum()
    return belief, odds


@inner
def _once_read(courses: Courses, belief: Floats, hoped: Floats, again: Floats) -> tuple[Floats, Floats]:
    """(T+1, J+1) what the market is worth from t on once y is read, and (C, T, J+1) mean money of a start then."""
    (C, T), J, G = courses.spent.shape, belief.shape[0] - 1, belief.shape[1]
    worth = np.zeros((T + 1, J + 1))
    mean_earned = np.full((C, T, J + 1), -np.inf)
    for t in range(T - 1, -1, -1):
        for j in range(J + 1):
            worth[t, j] = max(worth[t + 1, j], hoped[t, j] - again[t])
        for c in range(C):
            if courses.spent[c, t] < np.inf:
                mean_earned[c, t] = belief @ courses.earned[c, t, :G]
                for j in range(J + 1):
                    worth[t, j] = max(worth[t, j], mean_earned[c, t, j] - courses.spent[c, t])
    return worth, mean_earned
