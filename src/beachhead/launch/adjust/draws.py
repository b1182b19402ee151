"""Draws of one market as things are: demand, elasticity, nearness of the trims and mix."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from beachhead.belief.choice import ChoiceFit, Learnt, Taste, intercepts_of, shares
from beachhead.launch.adjust.stake import Stake

Array = NDArray[np.float64]

MOST_SHARE = 0.5
"""Of all makers' cars that one brand may sell, where its own sales do not say more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A quantity: median and the ends of its central 90 % interval."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """S draws of one market as things are, J offers.

    Attributes:
        stake: what is at stake there.
        log_elasticity: (S,) log of the elasticity of demand for the whole list to its prices, sign left out.
        taste: elasticity, nearness of the offers and spread between people, each draw.
        intercepts: (S, J) utilities at no price, such that the offers sell as believed.
        scale: (S,) cars a year for a share of 1.
        sold: (S, J) cars a year at the prices asked now.
        expected_cars: (S,) cars a year expected at the draw's elasticity, over the levels.
        contribution: (S,) contribution a year.
        by_car: the same elasticities, nearness and mixes at levels drawn as often as they sell cars, by which means
            are taken; None: the levels as they are.
    """

    stake: Stake
    log_elasticity: Array
    taste: Taste
    intercepts: Array
    scale: Array
    sold: Array
    expected_cars: Array
    contribution: Array
    by_car: World | None = None


def world_of(learnt: Learnt, stake: Stake, fit: ChoiceFit, draws: int, seed: int) -> World:
    """S draws from what was learnt of the market; its stream is its own, so that leaving another out changes none."""
    m, M = learnt.belief.markets.index(stake.offers.market), len(learnt.belief.markets)
    at = [m, M + 1 + m]
    points = normals(stake.offers.market, draws, 3, seed)
    root = np.linalg.cholesky(learnt.cov[np.ix_(at, at)] + 1e-12 * np.eye(2))
    level, log_elasticity = (learnt.mean[at] + points[:, :2] @ root.T).T
    taste = Taste(
        elasticity=np.exp(log_elasticity),
        nest=np.clip(fit.nest + fit.nest_half_width * np.tanh(points[:, 2]), 0.05, 1.0),
        price_spread=fit.price_spread,
        brand_spread=fit.brand_spread,
        price=stake.offers.typical_price,
    )
    # sales may have outgrown what the tables still say of the market: what is believed with 95 % is never cut off
    likely = float(np.exp(learnt.mean[m] + ndtri(0.95) * sqrt(learnt.cov[m, m])))
    levels = _Levels.given(learnt.mean[at], learnt.cov[np.ix_(at, at)], log_elasticity)
    most = max(MOST_SHARE * stake.size, likely)
    mixes, cars = _mixes(stake, fit, draws, seed), stake.served * levels.expected(most)
    heavy = _world(stake, taste, mixes, log_elasticity, levels.by_car(level, most), cars)
    return replace(_world(stake, taste, mixes, log_elasticity, level, cars), by_car=heavy)


def _world(stake: Stake, taste: Taste, mixes: Array, log_elasticity: Array, level: Array, cars: Array) -> World:
    """The market at these (S,) log levels; `cars`: expected a year at each elasticity."""
    prices = np.array(stake.offers.prices)
    taken = np.minimum(np.exp(level) / stake.size, MOST_SHARE)
    intercepts = intercepts_of(taken[:, None] * mixes, taste, prices)
    scale = np.exp(level) / taken * stake.served
    sold = scale[:, None] * shares(intercepts, taste, prices)
    return World(
        stake=stake,
        log_elasticity=log_elasticity,
        taste=taste,
        intercepts=intercepts,
        scale=scale,
        sold=sold,
        expected_cars=cars,
        contribution=sold @ (np.array(stake.margins) - stake.car_price),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Levels:
    """The log level given each draw's elasticity: normal with mean (S,) and one sd."""

    mean: Array
    sd: float

    @classmethod
    def given(cls, mean: Array, cov: Array, log_elasticity: Array) -> _Levels:
        """Of the joint normal of level and log elasticity, (2,) and (2, 2)."""
        sd = sqrt(max(float(cov[0, 0] - cov[0, 1] ** 2 / cov[1, 1]), 1e-12))
        return cls(mean=mean[0] + cov[0, 1] / cov[1, 1] * (log_elasticity - mean[1]), sd=sd)

    def expected(self, most: float) -> Array:
        """(S,) E[min(exp(theta), most) | log e]: levels are so little known that it is better taken by formula."""
        within, beyond = self._parts(most)
        return within + beyond

    def by_car(self, level: Array, most: float) -> Array:
        """(S,) the draws' levels at the same quantiles of the density proportional to min(exp(theta), most).

        What a car gains hangs on the level, since a large brand's buyers have fewer others to turn to; so its mean
        over cars is not that over levels.
        """
        u, at = ndtr((level - self.mean) / self.sd), (log(most) - self.mean) / self.sd
        within, beyond = self._parts(most)
        share = np.clip(within / (within + beyond), 1e-12, 1 - 1e-12)
        low = self.sd + ndtri(np.clip(u / share * ndtr(at - self.sd), 1e-15, 1 - 1e-12))
        high = -ndtri(np.clip((1 - u) / (1 - share) * ndtr(-at), 1e-15, 1 - 1e-12))
        out: Array = self.mean + self.sd * np.where(u < share, low, high)
        return out

    def _parts(self, most: float) -> tuple[Array, Array]:
        """(S,) twice, the expected level where it lies below `most`, and `most` where it lies beyond."""
        at = (log(most) - self.mean) / self.sd
        return np.exp(self.mean + self.sd**2 / 2) * ndtr(at - self.sd), most * ndtr(-at)


def normals(market: str, draws: int, width: int, seed: int) -> Array:
    """(S, width) standard normals: scrambled Sobol points, a stream for each market."""
    rng = np.random.default_rng([seed, zlib.crc32(market.encode())])
    points = qmc.Sobol(width, scramble=True, rng=rng).random(draws)
    out: Array = ndtri(np.clip(points, 1e-9, 1 - 1e-9))
    return out


def _mixes(stake: Stake, fit: ChoiceFit, draws: int, seed: int) -> Array:
    """(S, J) draws of the demand mix: Dirichlet, the declared mix weighing as much as so many cars seen."""
    weight = fit.mix_weight_cars * np.array(stake.offers.mix) + np.array(stake.mix_counts)
    weight = weight + np.array(stake.stated_mix or (0.0,) * len(weight))
    rng = np.random.default_rng([seed, 1, zlib.crc32(stake.offers.market.encode())])
    mixes: Array = np.maximum(rng.dirichlet(np.maximum(weight, 1e-3), draws), 1e-4)
    out: Array = mixes / mixes.sum(axis=1, keepdims=True)
    return out


def weighed(world: World) -> World:
    """The world over which what one car gains is averaged."""
    return world if world.by_car is None else world.by_car


def expected(world: World, amounts: Array) -> Array:
    """Amounts (..., S) of `weighed(world)`, with its levels replaced by the cars expected at each elasticity."""
    out: Array = amounts / weighed(world).sold.sum(axis=1) * world.expected_cars
    return out


def interval(values: Array) -> Interval:
    """Of draws (S,)."""
    low, median, high = np.quantile(values, [0.05, 0.5, 0.95])
    return Interval(low=float(low), median=float(median), high=float(high))
