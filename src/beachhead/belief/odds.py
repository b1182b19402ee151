"""The odds that demand in a market reaches a number of cars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from beachhead.belief.belief import Belief
from beachhead.belief.update import Posterior


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """A probability and how exactly it is known.

    Attributes:
        market: market code.
        cars_per_year: the number asked about, cars a year at full scale and path 1.
        probability: P(demand >= cars_per_year), 0..1.
        monte_carlo_sd: standard error from the number of draws; 0 where the formula is exact.
    """

    market: str
    cars_per_year: float
    probability: float
    monte_carlo_sd: float


def odds(held: Belief | Posterior, market: str, cars_per_year: float) -> Odds:
    """P(exp(theta_m) >= cars_per_year): the normal formula for a belief, the weighted draws where a posterior has some.

    Raises:
        ValueError: the market is not one of the belief's.
    """
    belief = held.belief if isinstance(held, Posterior) else held
    m = belief.markets.index(market)
    at = np.log(cars_per_year) if cars_per_year > 0 else -np.inf
    if isinstance(held, Posterior) and len(held.draws):
        above = held.draws[:, m] >= at
        p = float(held.weights @ above)
        spread = float(np.sqrt(np.sum((held.weights * (above - p)) ** 2)))
        return Odds(market=market, cars_per_year=cars_per_year, probability=p, monte_carlo_sd=spread)
    sd = float(np.sqrt(belief.cov[m, m]))
    if sd == 0:
        return Odds(
            market=market, cars_per_year=cars_per_year, probability=float(belief.mean[m] >= at), monte_carlo_sd=0.0
        )
    p = float(ndtr((belief.mean[m] - at) / sd))
    return Odds(market=market, cars_per_year=cars_per_year, probability=p, monte_carlo_sd=0.0)
