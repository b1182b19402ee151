"""Rank-one updates of a joint Gaussian, fast enough to be called a million times in a rehearsal.

A pilot in market i says something about one number, x = theta_i + beta. Its likelihood is not Gaussian, so the
posterior mean and variance of x are taken on a grid (exact up to the grid) and carried to all other coordinates along
the prior's regression on x: the moment-matching ("tilted") step of assumed-density filtering and expectation
propagation (Minka 2001, section 3). Exact for coordinates that see the data through x alone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from beachhead.world.compiled import compiled, inner

_POINTS = 41
_REACH_SD = 4.5


@inner
def log_tail(size: float, mean: float, at_least: int) -> float:
    """Log P(N >= at_least) for N negative binomial with variance mean + mean^2 / size.

    Sums the probability mass below by its recursion; below 1e-12 the tail is floored.
    """
    if at_least <= 0:
        return 0.0
    mass = math.exp(size * math.log(size / (size + mean)))
    if mass == 0.0:
        return 0.0
    odds = mean / (size + mean)
    below = 0.0
    for n in range(at_least):
        below += mass
        mass *= (n + size) / (n + 1.0) * odds
    return math.log(max(1.0 - below, 1e-12))


@inner
def pilot_log_likelihood(
    log_level: float, rate: float, size: float, weeks: int, orders: int, sold_out_left: int
) -> float:
    """Log likelihood of a pilot, up to a constant.

    Args:
        log_level: x = theta + beta.
        rate: cars a week at log_level 0, that is reach x path / 52.
        size: negative-binomial size of one week at the pilot's reach.
        weeks: whole weeks with stock left at their end.
        orders: cars ordered in those weeks.
        sold_out_left: cars left when the sell-out week began, 0 if the batch did not sell out.
    """
    mean = rate * math.exp(log_level)
    fit = orders * math.log(mean) - (orders + weeks * size) * math.log(size + mean)
    return fit + log_tail(size, mean, sold_out_left)


@inner
def absorb(
    mean: NDArray[np.float64],
    cov: NDArray[np.float64],
    direction: NDArray[np.float64],
    prior_var: float,
    shift: float,
    left_var: float,
) -> None:
    """Move mean and cov in place when x, with cov[z, x] = direction, moves by `shift` and keeps variance `left_var`."""
    gain = shift / prior_var
    shrink = (1.0 - left_var / prior_var) / prior_var
    n = mean.shape[0]
    for a in range(n):
        mean[a] += direction[a] * gain
        step = direction[a] * shrink
        for b in range(n):
            cov[a, b] -= step * direction[b]


@inner
def learn_pilot(
    mean: NDArray[np.float64],
    cov: NDArray[np.float64],
    market: int,
    rate: float,
    size: float,
    weeks: int,
    orders: int,
    sold_out_left: int,
    off: float,
) -> None:
    """Update mean (M+1,) and cov (M+1, M+1) in place with one pilot of `market`; see `pilot_log_likelihood`.

    `off` is the variance of what the pilot's quarter sells about theta + beta, on the log scale.
    """
    last = mean.shape[0] - 1
    direction = cov[:, market] + cov[:, last]
    var = direction[market] + direction[last]
    _tilt(mean, cov, direction, mean[market] + mean[last], var + off, rate, size, weeks, orders, sold_out_left)


@inner
def learn_priced_pilot(
    mean: NDArray[np.float64],
    cov: NDArray[np.float64],
    market: int,
    log_price: float,
    rate: float,
    size: float,
    weeks: int,
    orders: int,
    sold_out_left: int,
    off: float,
) -> None:
    """As `learn_pilot` at another price than list: x = theta + beta - e log_price, z = (theta, e, beta) of width 2M+1.

    Args:
        mean: (2M+1,), in place.
        cov: (2M+1, 2M+1), in place.
        market: which.
        log_price: log of the price asked over the list price.
        rate: as in `pilot_log_likelihood`.
        size: likewise.
        weeks: likewise.
        orders: likewise.
        sold_out_left: likewise.
        off: as in `learn_pilot`.
    """
    last = mean.shape[0] - 1
    own = last // 2 + market
    direction = cov[:, market] + cov[:, last] - log_price * cov[:, own]
    var = direction[market] + direction[last] - log_price * direction[own]
    centre = mean[market] + mean[last] - log_price * mean[own]
    _tilt(mean, cov, direction, centre, var + off, rate, size, weeks, orders, sold_out_left)


@inner
def _tilt(
    mean: NDArray[np.float64],
    cov: NDArray[np.float64],
    direction: NDArray[np.float64],
    centre: float,
    var: float,
    rate: float,
    size: float,
    weeks: int,
    orders: int,
    sold_out_left: int,
) -> None:
    """The tilted step for x ~ N(centre, var) with cov[z, x] = direction."""
    if var <= 1e-14:
        return
    sd = math.sqrt(var)
    logs = np.empty(_POINTS)
    for k in range(_POINTS):
        g = _REACH_SD * (2.0 * k / (_POINTS - 1) - 1.0)
        logs[k] = pilot_log_likelihood(centre + sd * g, rate, size, weeks, orders, sold_out_left) - 0.5 * g * g
    top = logs.max()
    total = first = second = 0.0
    for k in range(_POINTS):
        g = _REACH_SD * (2.0 * k / (_POINTS - 1) - 1.0)
        weight = math.exp(logs[k] - top)
        total += weight
        first += weight * g
        second += weight * g * g
    first /= total
    second /= total
    absorb(mean, cov, direction, var, sd * first, var * max(second - first * first, 1e-6))


@compiled
def learn_level(
    mean: NDArray[np.float64], cov: NDArray[np.float64], market: int, seen: float, noise_var: float
) -> None:
    """Kalman update in place with seen = theta_market + N(0, noise_var)."""
    direction = cov[:, market].copy()
    var = direction[market]
    if var <= 1e-14:
        return
    left = var * noise_var / (var + noise_var)
    absorb(mean, cov, direction, var, var / (var + noise_var) * (seen - mean[market]), left)
