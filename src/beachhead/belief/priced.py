"""Sales at another price than list, read as demand at list price.

Demand at price p is demand at list x (p / list)^-e, so the log rate of a count is theta + beta - e log(p / list), with
e the elasticity of the market's whole list, sign left out. e is not known: it stands beside theta and beta in the joint
Gaussian with the mean and covariance of the log-normal `PriceResponse`, and stays there from quarter to quarter. All
rows at one price therefore share one error, which no number of weeks averages out; rows at two prices learn e; and what
is learnt of e moves what earlier rows said of theta.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from beachhead.belief.belief import Belief
from beachhead.belief.choice.response import PriceResponse
from beachhead.belief.update import Posterior
from beachhead.world.reading import DemandCount

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Elasticities:
    """How demand answers to price in each market, jointly with a belief.

    Attributes:
        markets: M market codes.
        mean: (M,) elasticity of the whole offer list, sign left out.
        cov: (M, M).
        cross: (M, M+1) covariance with the belief's (theta_1 .. theta_M, beta).
    """

    markets: tuple[str, ...]
    mean: Array
    cov: Array
    cross: Array

    def __post_init__(self) -> None:
        m = len(self.markets)
        for name, shape in (("mean", (m,)), ("cov", (m, m)), ("cross", (m, m + 1))):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(f"{name} must be finite with shape {shape}, got {array.shape}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def factor(self, market: str, price_point: float, level: float = 0.9) -> tuple[float, float, float]:
        """Demand at a price over demand at list price: low end, middle and high end of the central interval."""
        m = self.markets.index(market)
        half = float(ndtri((1 + level) / 2)) * sqrt(max(float(self.cov[m, m]), 0.0)) * abs(log(price_point))
        middle = -float(self.mean[m]) * log(price_point)
        return exp(middle - half), exp(middle), exp(middle + half)


def elasticities(response: PriceResponse) -> Elasticities:
    """Before any row: mean and covariance of log-normal elasticities, independent of the levels.

    E e_i = exp(mu_i + s_ii / 2) and cov(e_i, e_j) = E e_i E e_j (exp(s_ij) - 1) (Johnson, Kotz & Balakrishnan 1994,
    Continuous Univariate Distributions 1, chapter 14).
    """
    mean = np.exp(response.mean + np.diag(response.cov) / 2)
    M = len(mean)
    return Elasticities(
        markets=response.markets,
        mean=mean,
        cov=np.outer(mean, mean) * np.expm1(response.cov),
        cross=np.zeros((M, M + 1)),
    )


def asked_off_list(counts: Iterable[DemandCount]) -> tuple[str, ...]:
    """Markets with counts at another price than list, sorted."""
    return tuple(sorted({count.market for count in counts if count.price_point != 1.0}))


def joined(belief: Belief, answers: Elasticities, markets: Sequence[str]) -> Belief:
    """The belief with the elasticities of these markets among its coordinates; itself where none is named."""
    if not markets:
        return belief
    M, K = len(belief.markets), len(markets)
    of = [answers.markets.index(code) for code in markets]
    levels = np.r_[:M, M + K]
    mean, cov = np.empty(M + K + 1), np.empty((M + K + 1, M + K + 1))
    mean[levels], mean[M : M + K] = belief.mean, answers.mean[of]
    cov[np.ix_(levels, levels)] = belief.cov
    cov[M : M + K, M : M + K] = answers.cov[np.ix_(of, of)]
    cov[M : M + K, levels] = answers.cross[of]
    cov[levels, M : M + K] = answers.cross[of].T
    return replace(belief, mean=mean, cov=cov, elastic=tuple(markets))


def parted(held: Posterior, answers: Elasticities) -> tuple[Posterior, Elasticities]:
    """The posterior of levels and bias alone, and the elasticities of all markets given the rows.

    Elasticities that were not among the coordinates are moved by their regression on those that were: given these, they
    do not depend on the rows. `answers` are those before the rows, independent of the levels.
    """
    belief = held.belief
    if not belief.elastic:
        return held, answers
    M, K = len(belief.markets), len(belief.elastic)
    levels = np.r_[:M, M + K]
    plain = replace(belief, mean=belief.mean[levels], cov=belief.cov[np.ix_(levels, levels)], elastic=())
    of = [answers.markets.index(code) for code in belief.elastic]
    before, after = answers.cov[np.ix_(of, of)], belief.cov[M : M + K, M : M + K]
    along = answers.cov[:, of] @ np.linalg.pinv(before, hermitian=True)  # (M, K), 1 and 0 for those among them
    cov = answers.cov + along @ (after - before) @ along.T
    moved = Elasticities(
        markets=answers.markets,
        mean=answers.mean + along @ (belief.mean[M : M + K] - answers.mean[of]),
        cov=(cov + cov.T) / 2,
        cross=along @ belief.cov[M : M + K, levels],
    )
    return replace(held, belief=plain, draws=held.draws[:, levels]), moved
