"""Shadow prices of capital, launch starts and cars: the dual of the launch with its limits relaxed.

Each undecided market picks for itself the best of {never, scale at s, pilot then scale at s or never}, paying the
prices; prices rise where expected use exceeds the limit (subgradient of the Lagrangian dual; Adelman & Mersereau 2008,
section 3; Brown & Zhang 2023). Choices are smoothed (softmax) so that use moves continuously with the prices.
"""

from __future__ import annotations

import math

import numpy as np

from beachhead.launch.policy.value import (
    NODES,
    WEIGHTS,
    Starts,
    best_start,
    keep_or_leave,
    list_starts,
    normal_cdf,
    pilot_noise,
    rates_from,
    served,
    value_of,
)
from beachhead.launch.question.kernel_terms import (
    OUT,
    SCALED,
    Floats,
    Position,
    Prices,
    Terms,
    look_var,
    price_gain,
    usual_design,
)
from beachhead.world.compiled import compiled, inner

_TEMPERATURE = 0.03


@compiled
def no_prices(terms: Terms) -> Prices:
    """Prices of zero."""
    T = terms.path.shape[1]
    return Prices(np.zeros(terms.capital_cap.shape[0]), np.zeros(T), np.zeros(T))


@compiled
def find_prices(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, start: Prices, rounds: int
) -> Prices:
    """Prices at which expected use meets the limits, from `start` in `rounds` steps; the last half is averaged."""
    T = terms.path.shape[1]
    Y = terms.capital_cap.shape[0]
    left = np.maximum(terms.capital_cap - position.spent, 0.0)
    price = Prices(start.capital.copy(), start.start.copy(), start.car.copy())
    average = no_prices(terms)
    unit_money, unit_margin = units_of(terms)
    averaged = 0
    for step in range(rounds):
        use_capital, use_starts, use_cars = expected_use(terms, position, mean, cov, now, price)
        size = 0.5 / (1.0 + 0.15 * step) if rounds > 10 else 0.15
        for y in range(Y):
            price.capital[y] = _moved(price.capital[y], size * 0.6, use_capital[y], left[y], terms.capital_cap.mean())
        for t in range(now, T):
            price.start[t] = _moved(price.start[t], size * 0.1 * unit_money, use_starts[t], terms.starts_cap[t], 1.0)
            price.car[t] = _moved(
                price.car[t], size * 0.5 * unit_margin, use_cars[t], terms.cars_cap[t], terms.cars_cap.mean()
            )
        if step >= rounds // 2:
            averaged += 1
            average.capital[:] += price.capital
            average.start[:] += price.start
            average.car[:] += price.car
    if averaged > 0:
        average.capital[:] /= averaged
        average.start[:] /= averaged
        average.car[:] /= averaged
    return average


@inner
def _moved(price: float, size: float, use: float, cap: float, typical: float) -> float:
    """One subgradient step, never below zero and never by more than four steps' size."""
    excess = (use - cap) / max(cap, 0.05 * typical + 1e-9)
    return max(price + size * min(excess, 4.0), 0.0)


@inner
def units_of(terms: Terms) -> tuple[float, float]:
    """Mean capital, 1 where none takes any, and mean margin over the routes that exist: units in which prices move."""
    money = margin = 0.0
    count = 0
    for i in range(terms.capital.shape[0]):
        for c in range(terms.capital.shape[1]):
            if np.isfinite(terms.capital[i, c]):
                money += terms.capital[i, c]
                margin += terms.margin[i, c].mean()
                count += 1
    return money / max(count, 1) if money > 0.0 else 1.0, margin / max(count, 1)


@inner
def expected_use(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, price: Prices
) -> tuple[Floats, Floats, Floats]:
    """Expected capital by year, starts by quarter and cars by quarter when every market chooses at these prices."""
    M = terms.capital.shape[0]
    T = terms.path.shape[1]
    starts = list_starts(terms, position, now, price)
    use_capital = np.zeros(terms.capital_cap.shape[0])
    use_starts = np.zeros(T)
    use_cars = np.zeros(T)
    unit_money, _ = units_of(terms)
    heat = _TEMPERATURE * unit_money
    width = 0
    for i in range(M):
        width = max(width, starts.begin[i + 1] - starts.begin[i])
    # by start: odds, cars a year before and after the choice to leave; once without and once with a pilot
    plain = np.empty((3, width))
    piloted = np.empty((3, width))
    for i in range(M):
        if position.stage[i] == SCALED:
            _scaled_use(terms, position, mean, cov, now, price, i, use_cars)
        first, count = starts.begin[i], starts.begin[i + 1] - starts.begin[i]
        if count == 0:
            continue
        plain[:] = 0.0
        piloted[:] = 0.0
        var = cov[i, i]
        wait = _spread(starts, now, i, mean[i], var, heat, 1.0, plain)
        learnt, fee = _middle_pilot(terms, position, mean, cov, now, i, M)
        odds = 0.0
        if learnt > 0.0:
            look = 0.0
            step = math.sqrt(learnt)
            for g in range(NODES.shape[0]):
                look += WEIGHTS[g] * _spread(
                    starts, now + 1, i, mean[i] + step * NODES[g], var - learnt, heat, WEIGHTS[g], piloted
                )
            odds = 1.0 / (1.0 + math.exp(min(max((wait - (look - fee)) / heat, -50.0), 50.0)))
        for k in range(count):
            begun = (1.0 - odds) * plain[0, k] + odds * piloted[0, k]
            if begun <= 1e-9:
                continue
            c, s = starts.route[first + k], starts.quarter[first + k]
            use_capital[terms.year[s]] += begun * terms.capital[i, c]
            use_starts[s] += begun
            early = (1.0 - odds) * plain[1, k] + odds * piloted[1, k]
            kept = (1.0 - odds) * plain[2, k] + odds * piloted[2, k]
            for t in range(s, T):
                if terms.margin[i, c, t] > price.car[t]:
                    use_cars[t] += (early if t == s else kept) * served(terms, i, c, s, t)
    return use_capital, use_starts, use_cars


@inner
def _spread(
    starts: Starts,
    earliest: int,
    i: int,
    mean: float,
    var: float,
    heat: float,
    weight: float,
    out: Floats,
) -> float:
    """Softmax over never and every start; adds `weight` times odds and cars to `out` (3, n); returns the best value."""
    first, end = starts.begin[i], starts.begin[i + 1]
    level = mean + 0.5 * var
    expected = math.exp(level)
    sd = var / math.sqrt(var + starts.signal_var)
    hope = 2.0 * normal_cdf(0.5 * sd) - 1.0
    top, _ = best_start(starts, earliest, i, mean, var)
    total = math.exp(-top / heat) if top < 30.0 * heat else 0.0
    values = np.empty(end - first)
    kept = np.empty(end - first)
    for e in range(first, end):
        if starts.quarter[e] < earliest:
            values[e - first] = 0.0
            continue
        value, kept[e - first] = value_of(starts, e, expected, level, sd, hope, top - 7.0 * heat)
        values[e - first] = math.exp((value - top) / heat)
        total += values[e - first]
    for k in range(end - first):
        if values[k] > 0.0:
            share = weight * values[k] / total
            out[0, k] += share
            out[1, k] += share * expected
            out[2, k] += share * expected * kept[k]
    return top


@inner
def _middle_pilot(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, i: int, last: int
) -> tuple[float, float]:
    """Variance of theta_i that the usual batch would resolve, and its fee; 0 where no pilot is possible."""
    if position.piloted[i] >= terms.pilot_quarters:
        return 0.0, 0.0
    for c in range(terms.capital.shape[1]):
        design = usual_design(terms, i, c, now)
        if design >= 0:
            noise = pilot_noise(terms, mean, i, c, design, now, position.piloted[i])
            along = cov[i, i] + cov[i, last]
            var = cov[i, i] + 2.0 * cov[i, last] + cov[last, last]
            return along * along / (var + noise), pilot_cost(terms, position, i, c, design)
    return 0.0, 0.0


@compiled
def pilot_cost(terms: Terms, position: Position, i: int, c: int, design: int) -> float:
    """Money spent on one pilot quarter."""
    start: float = terms.start_fee[i, c] if position.piloted[i] == 0 else 0.0
    running: float = terms.quarter_fee[i, c] + terms.car_cost[i, c] * terms.batches[design]
    return float(start + running)


@compiled
def expected_cost(
    terms: Terms, position: Position, mean: Floats, cov: Floats, i: int, c: int, design: int, now: int
) -> float:
    """Money that one pilot quarter is expected to cost, what its price brings more or less than list price included.

    Sales are E min(batch, X) with X log-normal: the batch less a Black put (Black 1976).
    """
    spent = pilot_cost(terms, position, i, c, design)
    gain = price_gain(terms, i, c, design)
    if gain == 0.0:
        return spent
    last, batch = mean.shape[0] - 1, float(terms.batches[design])
    rate = terms.pilot_reach[i, c, design] * terms.path[i, now] * terms.weeks / 52.0 * terms.lure[i, design]
    off = look_var(terms, i, position.piloted[i])
    sd = math.sqrt(max(cov[i, i] + 2.0 * cov[i, last] + cov[last, last] + terms.doubt[i, design] + off, 1e-12))
    middle = math.log(max(rate, 1e-300)) + mean[i] + mean[last] - 0.5 * off
    d = (math.log(batch) - middle) / sd
    sold = math.exp(middle + 0.5 * sd * sd) * normal_cdf(d - sd) + batch * normal_cdf(-d)
    return spent - gain * sold


@inner
def most_brought(terms: Terms, i: int, c: int, design: int) -> float:
    """Most money that a pilot's price can bring more than list price: all cars sold; 0 at list price and below."""
    return float(terms.batches[design] * max(price_gain(terms, i, c, design), 0.0))


@compiled
def pilots_may_earn(terms: Terms, position: Position) -> float:
    """No less than all pilots together can earn beyond their costs: zero unless a car earns more than it costs."""
    total = 0.0
    for i in range(terms.capital.shape[0]):
        if position.stage[i] != OUT or position.piloted[i] >= terms.pilot_quarters:
            continue
        most = 0.0
        for c in range(terms.capital.shape[1]):
            if not np.isfinite(terms.capital[i, c]):
                continue
            for d in range(terms.batches.shape[0]):
                a_car = max(price_gain(terms, i, c, d), 0.0) - terms.car_cost[i, c]
                most = max(most, terms.batches[d] * a_car - terms.quarter_fee[i, c])
        total += most * (terms.pilot_quarters - position.piloted[i])
    return total


@inner
def _scaled_use(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, price: Prices, i: int, use_cars: Floats
) -> None:
    """Cars that a market already scaled is expected to take."""
    c, since = position.route[i], position.since[i]
    expected = math.exp(mean[i] + 0.5 * cov[i, i])
    _, later, cost = rates_from(terms, price.car, i, c, since, now)
    resolved = cov[i, i] * cov[i, i] / (cov[i, i] + terms.signal_var)
    _, kept = keep_or_leave(later, cost, terms.salvage[i, c], mean[i], cov[i, i], resolved)
    if position.fixed[i] == 1:
        kept = 1.0
    for t in range(now, terms.path.shape[1]):
        if terms.margin[i, c, t] > price.car[t]:
            use_cars[t] += expected * served(terms, i, c, since, t) * (1.0 if t == now else kept)
