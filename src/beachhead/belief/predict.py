"""What a belief says about a count that is still to come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from beachhead.belief.belief import Belief
from beachhead.belief.rows import rows
from beachhead.world.reading import DemandCount

_LEVELS, _SIZES = np.linspace(-6, 6, 97), np.linspace(-3, 3, 7)  # in standard deviations


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Odds of a coming count.

    Attributes:
        market: market code.
        low: 5 % quantile of the count, cars.
        median: median.
        high: 95 % quantile.
        at_least: the numbers of cars asked about.
        probability: P(count >= number) for each of them, 0..1.
    """

    market: str
    low: int
    median: int
    high: int
    at_least: tuple[int, ...]
    probability: tuple[float, ...]


def predict(
    belief: Belief,
    span: DemandCount,
    at_least: Sequence[int] = (),
) -> Prediction:
    """The odds of what will be counted over a span, before its stock could run out.

    A negative binomial mixed over the Gaussian of log demand and the log-normal of the dispersion's size, by the
    trapezoidal rule, which converges geometrically for such integrands (Trefethen & Weideman 2014). What `span` says of
    count, sell-out and stock is not looked at.

    Args:
        belief: what is held.
        span: market, days, reach and kind of the coming count.
        at_least: numbers of cars whose odds are asked.
    """
    below = count_below(belief, span)
    low, median, high = (quantile(below, level) for level in (0.05, 0.5, 0.95))
    return Prediction(
        market=span.market,
        low=low,
        median=median,
        high=high,
        at_least=tuple(at_least),
        probability=tuple(min(1.0, max(0.0, 1 - below(number))) for number in at_least),
    )


def count_below(belief: Belief, span: DemandCount) -> Callable[[int], float]:
    """P(count < number) of a coming count as a function of the number; arguments as in `predict`.

    The price of the span counts where the belief holds the market's elasticity (`belief.priced.joined`).
    """
    data = rows(belief, (span,))
    weight, mean, size = _mixture(belief, span, data.mean[0], data.size[0])
    share = size / (size + mean)

    def below(number: int) -> float:
        """The negative binomial's distribution function as an incomplete beta function."""
        return float(weight @ betainc(size, number, share)) if number > 0 else 0.0

    return below


def _mixture(
    belief: Belief, span: DemandCount, exposure: float, unit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Weights, means and sizes of the negative binomials that make up the prediction."""
    of = np.zeros(len(belief.mean))
    of[belief.markets.index(span.market)], of[-1] = 1.0, float(span.is_pilot)
    if span.market in belief.elastic:
        of[len(belief.markets) + belief.elastic.index(span.market)] = -log(span.price_point)
    centre, sd = float(of @ belief.mean), sqrt(max(float(of @ belief.cov @ of), 0.0))
    mean = exposure * np.exp(centre + sd * _LEVELS)
    size = unit * belief.nb_size_weekly * np.exp(belief.nb_size_log_sd * _SIZES)
    weight = np.exp(-0.5 * (_LEVELS[:, None] ** 2 + _SIZES**2)).ravel()
    return weight / weight.sum(), np.repeat(mean, _SIZES.size), np.tile(size, _LEVELS.size)


def quantile(below: Callable[[int], float], level: float) -> int:
    """The least n with P(count <= n) >= level, by bisection; `below` as `count_below` gives it."""
    high = 1
    while below(high + 1) < level:
        high *= 2
    low = 0
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if below(middle + 1) < level else (low, middle)
    return low
