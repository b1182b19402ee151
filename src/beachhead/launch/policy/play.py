"""Play the policy through one world: decide, pay, sell, learn, quarter by quarter, with the gates on."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from beachhead.belief.tilt import learn_level, learn_pilot, learn_priced_pilot
from beachhead.launch.policy.select import choose
from beachhead.launch.policy.shadow_prices import find_prices, pilot_cost
from beachhead.launch.policy.value import normal_cdf, profit_after, rates_from, served
from beachhead.launch.question.kernel_terms import (
    EXIT,
    EXITED,
    OUT,
    PILOT,
    SCALE,
    SCALED,
    Floats,
    Ints,
    Position,
    Prices,
    Terms,
    answering,
    has_prices,
    look_var,
    price_gain,
    under,
)
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner

LATER_ROUNDS = 5


class World(NamedTuple):
    """One made-up world: the truth and the chance it will show, keyed by quarter and market.

    Attributes:
        scenario: index of the scenario of tariffs.
        theta: (M,), true log demand.
        beta: true early-adopter bias.
        luck: (T, M, weeks), uniforms that turn into weekly pilot orders.
        noise: (T, M), standard normals of what a quarter is off: of pilots, and of the scaled markets' signals.
        elasticity: (M,), true price elasticity, sign left out; zeros where every pilot is at list price.
    """

    scenario: int
    theta: Floats
    beta: float
    luck: Floats
    noise: Floats
    elasticity: Floats


SURE_ODDS = 0.9
"""Odds of breaking even at which a pilot that has run settles a gate, however little information it brought."""


LEAST_SHARE = 0.01
"""Of the variance that has to be removed where a gate has its information but is shut for its odds."""


@by_reference
class Bars:
    """When a registered gate lets a piloted market be scaled; see `launch.question.gate.Gate`.

    Attributes:
        odds: (M,), least P(demand >= break-even).
        information: (M,), least 1/var gained on theta since registration.
        loss: (M,), most expected loss, money.
        at_start: (M,), 1/var of theta at registration; below zero where no gate is registered yet.
    """

    odds: Floats
    information: Floats
    loss: Floats
    at_start: Floats


@by_reference
class Played:
    """What a policy did and earned in one world.

    Attributes:
        value: discounted money, salvage and what comes after the horizon included.
        stage: (T, M), 0 out, 1 scaled, 2 exited, 3 piloting, after the decisions of the quarter.
        batch: (T, M), pilot cars shipped.
        cash: (T,), undiscounted money of the quarter.
        sold: (T, M), cars sold by scaled markets.
        mean: (M+1,), belief at the end.
        cov: (M+1, M+1), belief at the end.
        route: (M,), route of each market that is or was scaled; -1 of others.
    """

    value: float
    stage: Ints
    batch: Floats
    cash: Floats
    sold: Floats
    mean: Floats
    cov: Floats
    route: Ints


@compiled
def play(
    terms: Terms, start: Position, bars: Bars, mean0: Floats, cov0: Floats, first_price: Prices, world: World
) -> Played:
    """Play our policy from gate 0 to the horizon; `first_price` are the prices of gate 0."""
    return play_towards(terms, 0.0, terms, start, bars, mean0, cov0, first_price, world)


@compiled
def play_towards(
    aim: Terms,
    caution: float,
    terms: Terms,
    start: Position,
    bars: Bars,
    mean0: Floats,
    cov0: Floats,
    first_price: Prices,
    world: World,
) -> Played:
    """Play the policy that decides as if `aim` held and demand were `caution` deviations lower; money and gates do not.

    Args:
        aim: the terms with a bonus for what is to be reached; the terms themselves for the plan of highest value.
        caution: standard deviations of what the markets share by which demand is marked down when deciding.
        terms: arrays of the launch.
        start: where every market stands.
        bars: thresholds of registered and future gates.
        mean0: (M+1,), belief.
        cov0: (M+1, M+1), belief.
        first_price: shadow prices at the first gate, under `aim`.
        world: played in.
    """
    M, T = terms.path.shape
    position = copy_position(start)
    wide_mean, wide_cov = with_elasticities(terms, mean0, cov0)
    mean, cov = wide_mean, wide_cov
    if has_prices(terms):
        lure, doubt = terms.lure.copy(), terms.doubt.copy()
        terms, aim = answering(terms, lure, doubt), answering(aim, lure, doubt)
    price = first_price
    information = bars.at_start.copy()
    stage = np.zeros((T, M), dtype=np.int64)
    batch = np.zeros((T, M))
    cash = np.zeros(T)
    sold = np.zeros((T, M))
    truth, aimed = under(terms, world.scenario), under(aim, world.scenario)
    demand = np.exp(world.theta)
    value = 0.0
    weight = 1.0
    for t in range(T):
        if t == terms.scenario_known:
            terms, aim = truth, aimed
        if has_prices(terms):
            mean, cov = levels_of(wide_mean, wide_cov)
            expect(terms, wide_mean, wide_cov)
        feared = marked_down(position, mean, cov, caution)
        if t > 0:
            price = find_prices(aim, position, feared, cov, t, price, LATER_ROUNDS)
            bar(terms, position, bars, information, mean, cov, t)
        choice = choose(aim, position, feared, cov, t, price)
        money = apply(terms, position, choice.action, choice.route, choice.design, t, batch[t])
        for i in range(M):
            stage[t, i] = 3 if choice.action[i] == PILOT else position.stage[i]
            if choice.action[i] == PILOT and information[i] < 0.0:
                information[i] = 1.0 / max(cov[i, i], 1e-12)
        money += sell(aimed, position, demand, t, sold[t]) - _bonus(aimed, truth, position, t, sold[t])
        money += observe(terms, position, wide_mean, wide_cov, world, t, choice.action, choice.route, choice.design)
        cash[t] = money
        value += weight * money
        weight *= terms.discount
    if has_prices(terms):
        mean, cov = levels_of(wide_mean, wide_cov)
    value += weight * after_horizon(truth, position, demand)
    return Played(value, stage, batch, cash, sold, mean, cov, position.route)


@compiled
def with_elasticities(terms: Terms, mean: Floats, cov: Floats) -> tuple[Floats, Floats]:
    """The belief as z = (theta, e, beta) where pilots may be at other prices than list; a copy of it where not."""
    if not has_prices(terms):
        return mean.copy(), cov.copy()
    M = mean.shape[0] - 1
    wide_mean, wide_cov = np.empty(2 * M + 1), np.empty((2 * M + 1, 2 * M + 1))
    wide_mean[:M], wide_mean[M : 2 * M], wide_mean[2 * M] = mean[:M], terms.elasticity, mean[M]
    wide_cov[:M, :M], wide_cov[2 * M, 2 * M] = cov[:M, :M], cov[M, M]
    wide_cov[:M, 2 * M], wide_cov[2 * M, :M] = cov[:M, M], cov[M, :M]
    for i in range(M):
        wide_cov[M + i] = terms.elasticity_cov[i]
        wide_cov[:, M + i] = terms.elasticity_cov[i]
    return wide_mean, wide_cov


@compiled
def levels_of(wide_mean: Floats, wide_cov: Floats) -> tuple[Floats, Floats]:
    """(M+1,) and (M+1, M+1): levels and bias alone."""
    M = wide_mean.shape[0] // 2
    mean, cov = np.empty(M + 1), np.empty((M + 1, M + 1))
    mean[:M], mean[M] = wide_mean[:M], wide_mean[2 * M]
    cov[:M, :M], cov[M, M] = wide_cov[:M, :M], wide_cov[2 * M, 2 * M]
    cov[:M, M], cov[M, :M] = wide_cov[:M, 2 * M], wide_cov[2 * M, :M]
    return mean, cov


@inner
def expect(terms: Terms, wide_mean: Floats, wide_cov: Floats) -> None:
    """Fill `lure` and `doubt` by what is believed of the elasticities now."""
    M = wide_mean.shape[0] // 2
    for d in range(terms.asked.shape[0]):
        log_price = math.log(terms.asked[d])
        for i in range(M):
            terms.lure[i, d] = math.exp(-log_price * wide_mean[M + i])
            terms.doubt[i, d] = log_price * log_price * max(wide_cov[M + i, M + i], 0.0)


@compiled
def marked_down(position: Position, mean: Floats, cov: Floats, caution: float) -> Floats:
    """(M+1,) the mean moved `caution` deviations down along what open markets share, weighted by expected demand.

    The worst tail of the worlds is where demand is low in all markets at once; each market's own luck evens out. Given
    that w'theta lies so far below its mean, theta has mean m - caution C w / sqrt(w'C w).
    """
    if caution == 0.0:
        return mean
    M = mean.shape[0] - 1
    along = np.zeros(M)
    for i in range(M):
        if position.fixed[i] == 1 or position.stage[i] == EXITED:
            continue
        weight = math.exp(mean[i] + 0.5 * cov[i, i])
        for j in range(M):
            along[j] += weight * cov[j, i]
    var = 0.0
    for i in range(M):
        if position.fixed[i] == 0 and position.stage[i] != EXITED:
            var += math.exp(mean[i] + 0.5 * cov[i, i]) * along[i]
    feared = mean.copy()
    if var > 0.0:
        for j in range(M):
            if position.fixed[j] == 0:
                feared[j] -= caution * along[j] / math.sqrt(var)
    return feared


@inner
def _bonus(aim: Terms, terms: Terms, position: Position, now: int, sold: Floats) -> float:
    """Money of the quarter that only the aim counts."""
    money = 0.0
    for i in range(sold.shape[0]):
        if position.stage[i] == SCALED:
            c = position.route[i]
            money += (aim.margin[i, c, now] - terms.margin[i, c, now]) * sold[i]
            money += terms.opex[i, c] - aim.opex[i, c]
    return money


@compiled
def copy_position(position: Position) -> Position:
    """A position that may be changed without changing the first."""
    return Position(
        position.stage.copy(),
        position.route.copy(),
        position.since.copy(),
        position.piloted.copy(),
        position.fixed,
        position.barred.copy(),
        position.spent.copy(),
    )


@compiled
def bar(terms: Terms, position: Position, bars: Bars, information: Floats, mean: Floats, cov: Floats, now: int) -> None:
    """Set `barred` where a gate was registered and its thresholds are not met."""
    for i in range(mean.shape[0] - 1):
        if position.stage[i] != OUT or information[i] < 0.0:
            continue
        odds, loss, _ = scaling_odds(terms, i, best_route(terms, i, now, mean[i], cov[i, i]), now, mean[i], cov[i, i])
        gained = 1.0 / max(cov[i, i], 1e-12) - information[i]
        informed = gained >= bars.information[i] or (position.piloted[i] > 0 and odds >= SURE_ODDS)
        passed = odds >= bars.odds[i] and informed and loss <= bars.loss[i]
        position.barred[i] = 0.0 if passed else share_asked(cov[i, i], information[i] + bars.information[i])


@compiled
def share_asked(var: float, information: float) -> float:
    """Share of a variance to be removed for that information; a gate that is shut for its odds opens by some news."""
    return max(1.0 - 1.0 / max(var * information, 1e-12), LEAST_SHARE)


@compiled
def best_route(terms: Terms, i: int, now: int, mean: float, var: float) -> int:
    """The route with the largest E max(0, NPV) if scaled now and never left; the least capital where none can pay.

    E max(0, NPV) is a Black call on log-normal demand: only the futures in which the route would be taken count.
    """
    no_price = np.zeros(terms.path.shape[1])
    sd = math.sqrt(max(var, 1e-12))
    best, most = 0, -np.inf
    for c in range(terms.capital.shape[1]):
        gain_now, later, cost = rates_from(terms, no_price, i, c, now, now)
        gain = gain_now + terms.discount * later
        spent = terms.capital[i, c] + terms.opex[i, c] + terms.discount * cost
        value = -terms.capital[i, c]
        if gain > 0.0 and np.isfinite(spent):
            d2 = (mean + math.log(gain / max(spent, 1e-12))) / sd
            value = gain * math.exp(mean + 0.5 * var) * normal_cdf(d2 + sd) - spent * normal_cdf(d2)
        if value > most:
            best, most = c, value
    return best


@compiled
def scaling_odds(terms: Terms, i: int, c: int, now: int, mean: float, var: float) -> tuple[float, float, float]:
    """P(demand >= break-even), expected loss, and break-even cars a year, if scaled now and never left.

    Expected loss is E max(0, -NPV): a Black put on log-normal demand.
    """
    no_price = np.zeros(terms.path.shape[1])
    gain_now, later, cost = rates_from(terms, no_price, i, c, now, now)
    gain = gain_now + terms.discount * later
    spent = terms.capital[i, c] + terms.opex[i, c] + terms.discount * cost
    if gain <= 0.0:
        return 0.0, spent, np.inf
    level = spent / gain
    sd = math.sqrt(max(var, 1e-12))
    d2 = (mean - math.log(max(level, 1e-12))) / sd
    loss = spent * normal_cdf(-d2) - gain * math.exp(mean + 0.5 * var) * normal_cdf(-d2 - sd)
    return normal_cdf(d2), max(loss, 0.0), level


@compiled
def apply(terms: Terms, position: Position, action: Ints, route: Ints, design: Ints, now: int, batch: Floats) -> float:
    """Carry out the actions of a gate; returns the money spent (negative) or recovered, and fills `batch` (M,)."""
    money = 0.0
    for i in range(action.shape[0]):
        if action[i] == EXIT:
            money += terms.salvage[i, position.route[i]]
            position.stage[i] = EXITED
        elif action[i] == SCALE:
            money -= terms.capital[i, route[i]]
            position.stage[i], position.route[i], position.since[i] = SCALED, route[i], now
            position.spent[terms.year[now]] += terms.capital[i, route[i]]
        elif action[i] == PILOT:
            money -= pilot_cost(terms, position, i, route[i], design[i])
            position.piloted[i] += 1
            batch[i] = terms.batches[design[i]]
    return money


@compiled
def sell(terms: Terms, position: Position, demand: Floats, now: int, sold: Floats) -> float:
    """Sell in every scaled market, best margin first when cars are short; returns margin less opex, fills `sold`."""
    M = demand.shape[0]
    margins = np.full(M, -np.inf)
    money = 0.0
    for i in range(M):
        if position.stage[i] == SCALED:
            margins[i] = terms.margin[i, position.route[i], now]
            money -= terms.opex[i, position.route[i]]
    cars = terms.cars_cap[now]
    for i in np.argsort(-margins, kind="mergesort"):
        if position.stage[i] != SCALED or margins[i] <= 0.0:
            continue
        sold[i] = min(cars, served(terms, i, position.route[i], position.since[i], now) * demand[i])
        cars -= sold[i]
        money += margins[i] * sold[i]
    return money


@inner
def observe(
    terms: Terms,
    position: Position,
    mean: Floats,
    cov: Floats,
    world: World,
    now: int,
    action: Ints,
    route: Ints,
    design: Ints,
) -> float:
    """What the quarter shows: pilot orders (stopped when sold out) and early signals of scaled markets.

    Tilted updates do not quite commute, so they are taken in the order of the means: the axes' order must not matter.
    Returns what pilots at other prices than list brought more than at list price.
    """
    money = 0.0
    for i in np.argsort(mean[: action.shape[0]], kind="mergesort"):
        if action[i] == PILOT:
            c, d = route[i], design[i]
            reach = terms.pilot_reach[i, c, d]
            off = look_var(terms, i, position.piloted[i] - 1)  # this quarter's pilot is counted already
            rate = reach * terms.path[i, now] / 52.0 * math.exp(-0.5 * off)
            size = terms.week_size[i] * reach
            weekly = rate * math.exp(world.theta[i] + world.beta + math.sqrt(off) * world.noise[now, i])
            if terms.asked[d] == 1.0:
                weeks, orders, left = ordered(weekly, size, terms.batches[d], world.luck[now, i])
                learn_pilot(mean, cov, i, rate, size, weeks, orders, left, off)
            else:
                log_price = math.log(terms.asked[d])
                weekly *= math.exp(-world.elasticity[i] * log_price)
                weeks, orders, left = ordered(weekly, size, terms.batches[d], world.luck[now, i])
                learn_priced_pilot(mean, cov, i, log_price, rate, size, weeks, orders, left, off)
                money += price_gain(terms, i, c, d) * (orders + left)
        elif position.stage[i] == SCALED and 0 <= now - position.since[i] < terms.signal_quarters:
            seen = world.theta[i] + math.sqrt(terms.signal_var) * world.noise[now, i]
            learn_level(mean, cov, i, seen, terms.signal_var)
    return money


@inner
def ordered(weekly: float, size: float, batch: int, luck: Floats) -> tuple[int, int, int]:
    """Weekly negative-binomial orders by inversion: whole weeks with stock, orders in them, cars left at sell-out."""
    left = batch
    orders = 0
    odds = weekly / (size + weekly)
    none = math.exp(-size * math.log1p(weekly / size))
    for week in range(luck.shape[0]):
        mass, below, n = none, none, 0
        while below < luck[week] and n < left:
            mass *= (n + size) / (n + 1.0) * odds
            below += mass
            n += 1
        if n >= left:
            return week, orders, left
        orders += n
        left -= n
    return luck.shape[0], orders, 0


@inner
def after_horizon(terms: Terms, position: Position, demand: Floats) -> float:
    """Profit of the scaled markets at the pace of the last year for `tail` quarters, cars no longer rationed."""
    money = 0.0
    for i in range(demand.shape[0]):
        if position.stage[i] == SCALED:
            money += terms.tail * profit_after(terms, i, position.route[i], position.since[i], demand[i])
    return money
