"""Log likelihood of observed counts as a function of the log demand rate of their group.

A *group* is one market, pilot or not, at one price; its rows share x_g = theta_m + [pilot] beta - e log(price / list),
e the elasticity (`belief.priced`). With q = sigmoid(x + r), r = log(mean exposure / size), a count over a fixed span is
negative binomial with size k and success odds e^(x+r).
Counts over disjoint spans at one rate add to a negative binomial with the sizes added (the negative binomial is
infinitely divisible: Johnson, Kemp & Kotz, Univariate Discrete Distributions, 3rd ed., section 5.1), so demand is a
jump process in time, and a batch of n cars sold out on a known day has the probability that the process first
reaches n within that day: P(N(t1) >= n) - P(N(t0) >= n), with P(N >= n) = I_q(n, k), the regularised incomplete beta
function (ibid., equation 5.31). Where only "sold out some day" is known the probability is P(N(t1) >= n).
"""

from __future__ import annotations

from math import exp, inf, lgamma, log, log1p

import numpy as np
from numpy.typing import NDArray

from beachhead.world.compiled import compiled_as_numpy

_TINY = 1e-300


@compiled_as_numpy
def group_terms(
    x: NDArray[np.float64],
    of_fixed: NDArray[np.int64],
    fixed: NDArray[np.float64],
    of_stopped: NDArray[np.int64],
    stopped: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Log likelihood of each group at each of its points, with first and second derivative in x.

    Args:
        x: (G, Q) log demand rates.
        of_fixed: (F,) group of each fixed-span term.
        fixed: (F, 3) count n, size k, log ratio r.
        of_stopped: (E,) group of each stopped count.
        stopped: (E, 5) count n, size and log ratio up to the end of the sell-out day (k1, r1) and up to its
            beginning (k0, r0); k0 = 0 where the span began that day or the day is unknown.

    Returns:
        Three (G, Q) arrays; terms free of x in the fixed counts are left out (see `Terms.constant`).
    """
    value = np.zeros_like(x)
    slope = np.zeros_like(x)
    bend = np.zeros_like(x)
    for i in range(of_fixed.size):
        g = of_fixed[i]
        n, k, r = fixed[i]
        for j in range(x.shape[1]):
            q, _, log_rest = _odds(x[g, j] + r)
            value[g, j] += n * x[g, j] + (n + k) * log_rest
            slope[g, j] += n - (n + k) * q
            bend[g, j] -= (n + k) * q * (1 - q)
    for i in range(of_stopped.size):
        g = of_stopped[i]
        for j in range(x.shape[1]):
            v, s, b = _stopped(x[g, j], stopped[i])
            value[g, j] += v
            slope[g, j] += s
            bend[g, j] += b
    return value, slope, bend


@compiled_as_numpy
def total(
    x: NDArray[np.float64],
    of_fixed: NDArray[np.int64],
    fixed: NDArray[np.float64],
    of_stopped: NDArray[np.int64],
    stopped: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Log likelihood of all rows at each of S draws of the rates: x (S, G) -> (S,)."""
    out = np.zeros(x.shape[0])
    for s in range(x.shape[0]):
        for i in range(of_fixed.size):
            n, k, r = fixed[i]
            rate = x[s, of_fixed[i]]
            _, _, log_rest = _odds(rate + r)
            out[s] += n * rate + (n + k) * log_rest
        for i in range(of_stopped.size):
            v, _, _ = _stopped(x[s, of_stopped[i]], stopped[i])
            out[s] += v
    return out


@compiled_as_numpy
def _odds(y: float) -> tuple[float, float, float]:
    """Q = sigmoid(y), log q and log(1 - q), without overflow."""
    if y > 0:
        e = exp(-y)
        return 1 / (1 + e), -log1p(e), -y - log1p(e)
    e = exp(y)
    return e / (1 + e), y - log1p(e), -log1p(e)


@compiled_as_numpy
def _stopped(x: float, row: NDArray[np.float64]) -> tuple[float, float, float]:
    """Log probability that the n-th car goes between two moments, and its two derivatives in x."""
    n, k1, r1, k0, r0 = row
    if n < 1:
        return 0.0, 0.0, 0.0
    q1, below1, above1, edge1 = _reached(x + r1, n, k1)
    if k0 <= 0:
        slope = exp(edge1 - below1)
        return below1, slope, slope * (n * (1 - q1) - k1 * q1) - slope * slope
    q0, below0, above0, edge0 = _reached(x + r0, n, k0)
    if below1 < -0.6931471805599453:
        value = below1 + log1p(-exp(min(below0 - below1, -1e-15)))
    else:
        value = above0 + log1p(-exp(min(above1 - above0, -1e-15)))
    late, early = exp(edge1 - value), exp(edge0 - value)
    slope = late - early
    bend = late * (n * (1 - q1) - k1 * q1) - early * (n * (1 - q0) - k0 * q0) - slope * slope
    return value, slope, bend


@compiled_as_numpy
def _reached(y: float, n: float, k: float) -> tuple[float, float, float, float]:
    """q, log I_q(n, k), log(1 - I_q(n, k)) and the log of dI/dy = q^n (1-q)^k / B(n, k)."""
    q, log_q, log_rest = _odds(y)
    edge = n * log_q + k * log_rest - (lgamma(n) + lgamma(k) - lgamma(n + k))
    if q < (n + 1) / (n + k + 2):
        below = edge + log(_fraction(q, n, k)) - log(n)
        return q, below, _log_one_less(below), edge
    above = edge + log(_fraction(exp(log_rest), k, n)) - log(k)
    return q, _log_one_less(above), above, edge


@compiled_as_numpy
def _log_one_less(y: float) -> float:
    """log(1 - e^y) for y <= 0."""
    if y >= 0:
        return -inf
    return log(-np.expm1(y)) if y > -0.6931471805599453 else log1p(-exp(y))


@compiled_as_numpy
def _fraction(q: float, a: float, b: float) -> float:
    """Continued fraction of I_q(a, b) by Lentz's method (DLMF 8.17.22; converges for q < (a+1)/(a+b+2))."""
    c = 1.0
    d = 1 - (a + b) * q / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    h = d
    for m in range(1, 2000):
        step = m * (b - m) * q / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 + step * d
        c = 1 + step / c
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = c if abs(c) > _TINY else _TINY
        h *= d * c
        step = -(a + m) * (a + b + m) * q / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 + step * d
        c = 1 + step / c
        d = 1 / (d if abs(d) > _TINY else _TINY)
        c = c if abs(c) > _TINY else _TINY
        h *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return h
