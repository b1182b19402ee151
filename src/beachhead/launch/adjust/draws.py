"""Draws of one market as things are: demand, elasticity, nearness of the trims and mix."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
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
    """

    stake: Stake
    log_elasticity: Array
    taste: Taste
    intercepts: Array
    scale: Array
    sold: Array
    expected_cars: Array
    contribution: Array


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
    prices = np.array(stake.offers.prices)
    taken = np.minimum(np.exp(level) / stake.size, MOST_SHARE)
    intercepts = intercepts_of(taken[:, None] * _mixes(stake, fit, draws, seed), taste, prices)
    scale = np.exp(level) / taken * stake.served
    # sales may have outgrown what the tables still say of the market: what is believed with 95 % is never cut off
    likely = float(np.exp(learnt.mean[m] + ndtri(0.95) * sqrt(learnt.cov[m, m])))
    sold = scale[:, None] * shares(intercepts, taste, prices)
    return World(
        stake=stake,
        log_elasticity=log_elasticity,
        taste=taste,
        intercepts=intercepts,
        scale=scale,
        sold=sold,
        expected_cars=stake.served * _expected_level(learnt, at, log_elasticity, max(MOST_SHARE * stake.size, likely)),
        contribution=sold @ (np.array(stake.margins) - stake.car_price),
    )


def _expected_level(learnt: Learnt, at: list[int], log_elasticity: Array, most: float) -> Array:
    """(S,) E[min(exp(theta), most) | log e]: levels are so little known that their mean is better taken by formula."""
    cov = learnt.cov[np.ix_(at, at)]
    mean = learnt.mean[at[0]] + cov[0, 1] / cov[1, 1] * (log_elasticity - learnt.mean[at[1]])
    sd = sqrt(max(float(cov[0, 0] - cov[0, 1] ** 2 / cov[1, 1]), 1e-12))
    below = (log(most) - mean) / sd
    out: Array = np.exp(mean + sd**2 / 2) * ndtr(below - sd) + most * ndtr(-below)
    return out


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


def expected(world: World, amounts: Array) -> Array:
    """Amounts (..., S) with each draw's level replaced by the levels expected at its elasticity."""
    out: Array = amounts / world.sold.sum(axis=1) * world.expected_cars
    return out


def interval(values: Array) -> Interval:
    """Of draws (S,)."""
    low, median, high = np.quantile(values, [0.05, 0.5, 0.95])
    return Interval(low=float(low), median=float(median), high=float(high))
