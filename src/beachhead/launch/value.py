"""What a scaled market is worth before its demand is known: a closed form, because of the exit.

Demand E = exp(theta) with theta ~ N(m, v). A market scaled in quarter s earns E0 E - o in s; after s a signal with
variance q arrives, and the maker keeps the market (A E - B from s+1 on) or leaves it for the salvage. That choice is a
European call on a log-normal, valued by Black's formula (Black 1976, eq. 16) with variance v^2 / (v + q), the part
of v that the signal resolves (Raiffa & Schlaifer 1961, section 5.5; as in Frazier, Powell & Dayanik 2009).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from beachhead.launch.terms import Floats, Ints, Terms

# Gauss-Hermite nodes for a standard normal, and the shares of variance at which option values are tabulated.
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
SHARES = np.array([0.0, 0.05, 0.12, 0.25, 0.4, 0.6, 0.8, 0.92, 1.0])
_ROOT_HALF = math.sqrt(0.5)


@njit(cache=True, nogil=True)
def normal_cdf(x: float) -> float:
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-x * _ROOT_HALF)


@njit(cache=True, nogil=True)
def keep_or_leave(
    gain: float, cost: float, salvage: float, mean: float, var: float, resolved: float
) -> tuple[float, float]:
    """E max(gain E - cost, salvage) when `resolved` of var(theta) is learnt first, and E[E; kept] / E[E].

    Args:
        gain: A, money for each car a year of E from the next quarter on.
        cost: B, money spent if kept.
        salvage: money if left.
        mean: of theta.
        var: of theta.
        resolved: variance of the posterior mean of theta at the moment of choice.
    """
    expected = gain * math.exp(mean + 0.5 * var)
    strike = cost + salvage
    if strike <= 0.0:
        return expected - cost, 1.0
    if expected <= 0.0:
        return salvage, 0.0
    if resolved <= 1e-12:
        if expected > strike:
            return expected - cost, 1.0
        return salvage, 0.0
    sd = math.sqrt(resolved)
    d1 = math.log(expected / strike) / sd + 0.5 * sd
    kept = normal_cdf(d1)
    return salvage + expected * kept - strike * normal_cdf(d1 - sd), kept


@njit(cache=True, nogil=True)
def earning_rates(terms: Terms, car_price: Floats) -> tuple[Floats, Floats, Floats]:
    """A, B and E0 by route and start: arrays (M, C, T), (M, C, T), (M, C, T).

    A, B: gain per car a year of E and cost, both from s+1 on and discounted to s+1; E0: gain in quarter s itself.
    A car that earns less than its price is not sold. Demand after the horizon is not rationed.
    """
    M, C = terms.capital.shape
    T = terms.path.shape[1]
    later = np.zeros((M, C, T))
    cost = np.zeros((M, C, T))
    first = np.zeros((M, C, T))
    for i in range(M):
        for c in range(C):
            if not np.isfinite(terms.capital[i, c]):
                continue
            for s in range(T):
                first[i, c, s], later[i, c, s], cost[i, c, s] = rates_from(terms, car_price, i, c, s, s)
    return later, cost, first


@njit(cache=True, nogil=True)
def rates_from(terms: Terms, car_price: Floats, i: int, c: int, since: int, now: int) -> tuple[float, float, float]:
    """Of a market scaled in quarter `since`, seen from `now`: gain now, gain later, cost later."""
    T = terms.path.shape[1]
    margin = terms.margin[i, c]
    later = 0.0
    weight = 1.0
    for t in range(now + 1, T):
        later += weight * served(terms, i, c, since, t) * max(margin - car_price[t], 0.0)
        weight *= terms.discount
    later += weight * terms.tail * served(terms, i, c, since, T - 1) * margin
    quarters = (1.0 - weight) / (1.0 - terms.discount) if terms.discount < 1.0 else float(T - 1 - now)
    cost = terms.opex[i, c] * (quarters + weight * terms.tail)
    gain_now = served(terms, i, c, since, now) * max(margin - car_price[now], 0.0)
    return gain_now, later, cost


@njit(cache=True, nogil=True)
def served(terms: Terms, i: int, c: int, since: int, t: int) -> float:
    """Cars sold in quarter t for each car a year of E, in a market scaled in quarter `since`."""
    age = min(t - since, terms.ramp.shape[2] - 1)
    rate: float = 0.25 * terms.ramp[i, c, age] * terms.path[i, t]
    return rate


@njit(cache=True, nogil=True)
def scale_value(
    terms: Terms,
    rates: tuple[Floats, Floats, Floats],
    capital_price: Floats,
    start_price: Floats,
    i: int,
    c: int,
    s: int,
    mean: float,
    var: float,
) -> tuple[float, float]:
    """Value of scaling market i by route c in quarter s, money of quarter s, and the share of E kept after it."""
    later, cost, first = rates
    resolved = var * var / (var + terms.signal_var)
    after, kept = keep_or_leave(later[i, c, s], cost[i, c, s], terms.salvage[i, c], mean, var, resolved)
    now = first[i, c, s] * math.exp(mean + 0.5 * var) - terms.opex[i, c]
    price = terms.capital[i, c] * (1.0 + capital_price[terms.year[s]]) + start_price[s]
    return now - price + terms.discount * after, kept


@njit(cache=True, nogil=True)
def affordable(terms: Terms, left: Floats, i: int, c: int, s: int) -> bool:
    """Whether route c of market i exists, is permitted in quarter s, and its capital fits what is left of that year."""
    return bool(
        s >= terms.first_scale[i, c] and terms.capital[i, c] <= left[terms.year[s]] and terms.starts_cap[s] >= 1
    )


@njit(cache=True, nogil=True)
def best_start(
    terms: Terms,
    rates: tuple[Floats, Floats, Floats],
    capital_price: Floats,
    start_price: Floats,
    left: Floats,
    now: int,
    earliest: int,
    i: int,
    mean: float,
    var: float,
) -> tuple[float, int, int]:
    """Best of never (0) and scaling in a quarter from `earliest` on, money of quarter `now`: value, quarter, route.

    The quarter is -1 for never.
    """
    C = terms.capital.shape[1]
    T = terms.path.shape[1]
    best, best_s, best_c = 0.0, -1, -1
    for c in range(C):
        for s in range(earliest, T):
            if not affordable(terms, left, i, c, s):
                continue
            value, _ = scale_value(terms, rates, capital_price, start_price, i, c, s, mean, var)
            value *= terms.discount ** (s - now)
            if value > best:
                best, best_s, best_c = value, s, c
    return best, best_s, best_c


@njit(cache=True, nogil=True)
def option_table(
    terms: Terms,
    rates: tuple[Floats, Floats, Floats],
    capital_price: Floats,
    start_price: Floats,
    left: Floats,
    now: int,
    undecided: Ints,
    mean: Floats,
    var: Floats,
) -> Floats:
    """Psi: (M, 9), value of waiting when a share SHARES[k] of var(theta_i) is removed before the next gate.

    Made monotone in the share, as the value of information is.
    """
    M = terms.capital.shape[0]
    K = SHARES.shape[0]
    table = np.zeros((M, K))
    for i in range(M):
        if undecided[i] == 0:
            continue
        for k in range(K):
            left_var = (1.0 - SHARES[k]) * var[i]
            step = math.sqrt(SHARES[k] * var[i])
            total = 0.0
            for g in range(NODES.shape[0]):
                if k == 0 and g > 0:
                    break
                level = mean[i] + step * NODES[g] if k > 0 else mean[i]
                value, _, _ = best_start(
                    terms, rates, capital_price, start_price, left, now, now + 1, i, level, left_var
                )
                total += WEIGHTS[g] * value if k > 0 else value
            table[i, k] = total
            if k > 0 and table[i, k] < table[i, k - 1]:
                table[i, k] = table[i, k - 1]
    return table


@njit(cache=True, nogil=True)
def look_up(table: Floats, i: int, share: float) -> float:
    """Psi_i at a share of variance removed, linear between the tabulated ones."""
    if share <= 0.0:
        return float(table[i, 0])
    for k in range(1, SHARES.shape[0]):
        if share <= SHARES[k]:
            part = (share - SHARES[k - 1]) / (SHARES[k] - SHARES[k - 1])
            return float(table[i, k - 1] + part * (table[i, k] - table[i, k - 1]))
    return float(table[i, SHARES.shape[0] - 1])
