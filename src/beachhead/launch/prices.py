"""Shadow prices of capital, launch starts and cars: the dual of the launch with its limits relaxed.

Each undecided market picks for itself the best of {never, scale at s, pilot then scale at s or never}, paying the
prices; prices rise where expected use exceeds the limit (subgradient of the Lagrangian dual; Adelman & Mersereau 2008,
section 3; Brown & Zhang 2023). Choices are smoothed (softmax) so that use moves continuously with the prices.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from beachhead.launch.terms import OUT, SCALED, Floats, Position, Terms
from beachhead.launch.value import NODES, WEIGHTS, affordable, earning_rates, keep_or_leave, rates_from, served

_TEMPERATURE = 0.03


class Prices(NamedTuple):
    """Shadow prices.

    Attributes:
        capital: (Y,), extra value of one unit of capital in that year, per unit of money.
        start: (T,), money for one more scale start in that quarter.
        car: (T,), money for one more car in that quarter.
    """

    capital: Floats
    start: Floats
    car: Floats


@njit(cache=True, nogil=True)
def no_prices(terms: Terms) -> Prices:
    """Prices of zero."""
    T = terms.path.shape[1]
    return Prices(np.zeros(terms.capital_cap.shape[0]), np.zeros(T), np.zeros(T))


@njit(cache=True, nogil=True)
def find_prices(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, start: Prices, rounds: int
) -> Prices:
    """Prices at which expected use meets the limits, from `start` in `rounds` steps; the last half is averaged."""
    T = terms.path.shape[1]
    Y = terms.capital_cap.shape[0]
    left = np.maximum(terms.capital_cap - position.spent, 0.0)
    price = Prices(start.capital.copy(), start.start.copy(), start.car.copy())
    average = no_prices(terms)
    unit_money, unit_margin = _units(terms)
    averaged = 0
    for step in range(rounds):
        use_capital, use_starts, use_cars = expected_use(terms, position, mean, cov, now, left, price)
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


@njit(cache=True, nogil=True)
def _moved(price: float, size: float, use: float, cap: float, typical: float) -> float:
    """One subgradient step, never below zero and never by more than four steps' size."""
    excess = (use - cap) / max(cap, 0.05 * typical + 1e-9)
    return max(price + size * min(excess, 4.0), 0.0)


@njit(cache=True, nogil=True)
def _units(terms: Terms) -> tuple[float, float]:
    """Mean capital and mean margin over the routes that exist."""
    money = margin = 0.0
    count = 0
    for i in range(terms.capital.shape[0]):
        for c in range(terms.capital.shape[1]):
            if np.isfinite(terms.capital[i, c]):
                money += terms.capital[i, c]
                margin += terms.margin[i, c]
                count += 1
    return money / max(count, 1), margin / max(count, 1)


@njit(cache=True, nogil=True)
def expected_use(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, left: Floats, price: Prices
) -> tuple[Floats, Floats, Floats]:
    """Expected capital by year, starts by quarter and cars by quarter when every market chooses at these prices."""
    M, C = terms.capital.shape
    T = terms.path.shape[1]
    last = mean.shape[0] - 1
    rates = earning_rates(terms, price.car)
    use_capital = np.zeros(terms.capital_cap.shape[0])
    use_starts = np.zeros(T)
    use_cars = np.zeros(T)
    begun = np.empty((C, T))
    cars_first = np.empty((C, T))
    cars_later = np.empty((C, T))
    unit_money, _ = _units(terms)
    for i in range(M):
        if position.stage[i] == SCALED:
            _scaled_use(terms, position, mean, cov, now, price, i, use_cars)
        if position.stage[i] != OUT:
            continue
        begun[:] = 0.0
        cars_first[:] = 0.0
        cars_later[:] = 0.0
        heat = _TEMPERATURE * unit_money
        var = cov[i, i]
        wait = _choose(terms, rates, price, left, now, now, i, mean[i], var, heat, 0.0, begun, cars_first, cars_later)
        learnt, fee = _middle_pilot(terms, position, mean, cov, now, i, last)
        if learnt > 0.0:
            look = 0.0
            step = math.sqrt(learnt)
            for g in range(NODES.shape[0]):
                look += WEIGHTS[g] * _choose(
                    terms,
                    rates,
                    price,
                    left,
                    now,
                    now + 1,
                    i,
                    mean[i] + step * NODES[g],
                    var - learnt,
                    heat,
                    0.0,
                    begun,
                    cars_first,
                    cars_later,
                )
            odds = 1.0 / (1.0 + math.exp(min(max((wait - (look - fee)) / heat, -50.0), 50.0)))
        else:
            odds = 0.0
        _choose(terms, rates, price, left, now, now, i, mean[i], var, heat, 1.0 - odds, begun, cars_first, cars_later)
        if odds > 1e-6:
            step = math.sqrt(learnt)
            for g in range(NODES.shape[0]):
                _choose(
                    terms,
                    rates,
                    price,
                    left,
                    now,
                    now + 1,
                    i,
                    mean[i] + step * NODES[g],
                    var - learnt,
                    heat,
                    odds * WEIGHTS[g],
                    begun,
                    cars_first,
                    cars_later,
                )
        for c in range(C):
            for s in range(now, T):
                if begun[c, s] <= 0.0:
                    continue
                use_capital[terms.year[s]] += begun[c, s] * terms.capital[i, c]
                use_starts[s] += begun[c, s]
                for t in range(s, T):
                    if terms.margin[i, c] > price.car[t]:
                        demand = cars_first[c, s] if t == s else cars_later[c, s]
                        use_cars[t] += demand * served(terms, i, c, s, t)
    return use_capital, use_starts, use_cars


@njit(cache=True, nogil=True)
def _choose(
    terms: Terms,
    rates: tuple[Floats, Floats, Floats],
    price: Prices,
    left: Floats,
    now: int,
    earliest: int,
    i: int,
    mean: float,
    var: float,
    heat: float,
    weight: float,
    begun: Floats,
    cars_first: Floats,
    cars_later: Floats,
) -> float:
    """Softmax over never and every start; adds `weight` times the odds to the uses; returns the best value."""
    C = terms.capital.shape[1]
    T = terms.path.shape[1]
    later, cost, first = rates
    expected = math.exp(mean + 0.5 * var)
    resolved = var * var / (var + terms.signal_var)
    values = np.full((C, T), -np.inf)
    kept = np.zeros((C, T))
    top = 0.0
    for c in range(C):
        factor = 1.0
        for s in range(earliest, T):
            factor = terms.discount ** (s - now)
            if not affordable(terms, left, i, c, s):
                continue
            after, kept[c, s] = keep_or_leave(later[i, c, s], cost[i, c, s], terms.salvage[i, c], mean, var, resolved)
            spent = terms.capital[i, c] * (1.0 + price.capital[terms.year[s]]) + price.start[s] + terms.opex[i, c]
            values[c, s] = factor * (first[i, c, s] * expected - spent + terms.discount * after)
            top = max(top, values[c, s])
    total = math.exp(-top / heat)
    for c in range(C):
        for s in range(earliest, T):
            if values[c, s] > -np.inf:
                total += math.exp((values[c, s] - top) / heat)
    if weight > 0.0:
        for c in range(C):
            for s in range(earliest, T):
                if values[c, s] > -np.inf:
                    share = weight * math.exp((values[c, s] - top) / heat) / total
                    begun[c, s] += share
                    cars_first[c, s] += share * expected
                    cars_later[c, s] += share * expected * kept[c, s]
    return top


@njit(cache=True, nogil=True)
def _middle_pilot(
    terms: Terms, position: Position, mean: Floats, cov: Floats, now: int, i: int, last: int
) -> tuple[float, float]:
    """Variance of theta_i that the middle batch would resolve, and its fee; 0 where no pilot is possible."""
    if position.piloted[i] >= terms.pilot_quarters:
        return 0.0, 0.0
    design = terms.batches.shape[0] // 2
    for c in range(terms.capital.shape[1]):
        if np.isfinite(terms.capital[i, c]) and now >= terms.first_pilot[i, c]:
            noise = pilot_noise(terms, mean, i, c, design, now)
            along = cov[i, i] + cov[i, last]
            var = cov[i, i] + 2.0 * cov[i, last] + cov[last, last]
            return along * along / (var + noise), pilot_cost(terms, position, i, c, design)
    return 0.0, 0.0


@njit(cache=True, nogil=True)
def pilot_noise(terms: Terms, mean: Floats, i: int, c: int, design: int, t: int) -> float:
    """Approximate variance with which a pilot measures x = theta_i + beta: Poisson part plus over-dispersion.

    1 / (b min(rho, 1)) + max(1, rho) / (weeks k), rho the expected orders over the batch: a batch that sells out early
    gives fewer weeks, and each week has size k (delta method on log of a negative-binomial total).
    """
    reach = terms.pilot_reach[i, c, design]
    expected = reach * terms.path[i, t] * math.exp(mean[i] + mean[mean.shape[0] - 1]) * terms.weeks / 52.0
    batch = float(terms.batches[design])
    rho = expected / batch
    size = terms.week_size[i] * reach
    return float(1.0 / max(batch * min(rho, 1.0), 1e-9) + max(1.0, rho) / (terms.weeks * size))


@njit(cache=True, nogil=True)
def pilot_cost(terms: Terms, position: Position, i: int, c: int, design: int) -> float:
    """Money spent on one pilot quarter."""
    start: float = terms.start_fee[i, c] if position.piloted[i] == 0 else 0.0
    running: float = terms.quarter_fee[i, c] + terms.car_cost[i, c] * terms.batches[design]
    return float(start + running)


@njit(cache=True, nogil=True)
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
        if terms.margin[i, c] > price.car[t]:
            use_cars[t] += expected * served(terms, i, c, since, t) * (1.0 if t == now else kept)
