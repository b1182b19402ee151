"""What would settle the choice: a price test in the market, a choice study, and what each is worth.

The worth is the expected value of sample information about the elasticity (Raiffa & Schlaifer 1961, chapter 4), with
each option's gain for one car of demand regressed on the log elasticity (after Strong, Oakley & Brennan 2014, Medical
Decision Making 34).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.choice import Learnt
from beachhead.launch.adjust.changes import Option
from beachhead.launch.adjust.draws import World
from beachhead.launch.adjust.stake import Stake

Array = NDArray[np.float64]

STUDY_PEOPLE = 400
STUDY_BIAS_SD = 0.35
"""Sd of the log by which a choice study misses what people do (grade C); its sampling error is that of the US one."""
STUDY_SE, STUDY_SE_PEOPLE = 0.07, 384
TEST_WEEKS = 8
LEAST_NEWS = 0.001
"""Share of the best gain, and at least one unit of money a year, below which an observation is worth nothing: the
choice after it would be the one made now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """An observation, and what it would do to the choice between the options.

    Attributes:
        name: `price test` or `choice study`.
        deed: what to observe, in words.
        worth: expected gain of deciding after it instead of now, a year's contribution.
        odds_now: how likely the choice made now is right, best option against leaving things as they are.
        odds_after: how likely it is expected to be right after the observation.
        elasticity_sd: expected standard deviation of the log elasticity after it.
        could_change: true if what it shows may change the choice (`LEAST_NEWS`); else its worth is rounding.
    """

    name: str
    deed: str
    worth: float
    odds_now: float
    odds_after: float
    elasticity_sd: float
    could_change: bool


def settling(
    world: World, options: Sequence[Option], gains: Array, learnt: Learnt, best_gain: float
) -> tuple[Settling, ...]:
    """A price test in the market and a choice study there: what each would do to the choice among price changes.

    Args:
        world: draws of the market.
        options: K changes of prices or of the list.
        gains: (K, S) their gains, expected over levels at each draw's elasticity.
        learnt: levels and elasticities after all counts.
        best_gain: expected gain of the best change of all, a year's contribution.
    """
    m = learnt.belief.markets.index(world.stake.offers.market)
    mean, var = float(learnt.response.mean[m]), float(learnt.response.cov[m, m])
    curves = _curves(world, gains)
    best = int(np.argmax(gains.mean(axis=1)))
    step = abs(_mean_step(world.stake, options[best])) or 0.05
    test = _test_noise(world, learnt, step, mean)
    study_noise = STUDY_BIAS_SD**2 + STUDY_SE**2 * STUDY_SE_PEOPLE / STUDY_PEOPLE
    looks = [
        ("price test", f"{TEST_WEEKS} weeks with prices {step:.0%} apart in two halves of the reach", test),
        ("choice study", f"a choice study with {STUDY_PEOPLE} buyers", study_noise),
    ]
    least = max(LEAST_NEWS * best_gain, 1.0)
    found = [_worth(name, deed, curves, var, noise, least) for name, deed, noise in looks if np.isfinite(noise)]
    return tuple(sorted(found, key=lambda s: -s.worth))


def _mean_step(stake: Stake, option: Option) -> float:
    old = dict(zip(stake.offers.offers, stake.offers.prices, strict=True))
    return float(np.mean([price / old[code] for code, price in option.prices.items()]) - 1)


def _test_noise(world: World, learnt: Learnt, step: float, mean: float) -> float:
    """Variance with which a split price test shows log e: a difference of two log rates over their slope in log e."""
    weeks, reach = TEST_WEEKS, world.stake.test_reach / 2
    cars = float(np.median(world.sold.sum(axis=1))) / world.stake.served * reach * weeks / 52
    size = learnt.belief.nb_size_weekly * reach * weeks
    if cars <= 0 or size <= 0:
        return np.inf
    slope = float(np.exp(mean)) * log(1 + step)
    return 2 * (1 / cars + 1 / size) / slope**2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Curves:
    """Expected gain of each of K options over the log elasticity in standard deviations: knots (B,), values (K, B)."""

    knots: Array
    values: Array

    def at(self, x: Array) -> Array:
        """(*x.shape, K) gains, constant beyond the outer knots."""
        return np.stack([np.interp(x, self.knots, row) for row in self.values], axis=-1)


def _curves(world: World, gains: Array) -> _Curves:
    """Mean gain in each of 16 equal bins of log e."""
    order = np.argsort(world.log_elasticity)
    x = (world.log_elasticity - world.log_elasticity.mean()) / world.log_elasticity.std()
    bins = np.array_split(order, 16)
    return _Curves(
        knots=np.array([x[b].mean() for b in bins]),
        values=np.array([gains[:, b].mean(axis=1) for b in bins]).T,
    )


def _worth(name: str, deed: str, curves: _Curves, var: float, noise: float, least: float) -> Settling:
    """Expected value of the observation, over what it may show (outer nodes) and what is then left open (inner)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    weights = np.asarray(weights / weights.sum(), dtype=np.float64)
    resolved = var / (var + noise)  # share of the variance that goes
    at = sqrt(resolved) * nodes[:, None] + sqrt(1 - resolved) * nodes  # (outer, inner), in standard deviations
    gain = curves.at(at)
    after = np.einsum("oik,i->ok", gain, weights)
    now = weights @ after
    choice = after.argmax(axis=1)
    kept = np.einsum("oi,i->o", np.take_along_axis(gain, choice[:, None, None], 2)[:, :, 0] > 0, weights)
    changes = after.max(axis=1) > 0
    top = int(now.argmax())
    right_now = float(weights @ ((gain[:, :, top] > 0) @ weights))
    worth = max(0.0, float(weights @ np.maximum(after.max(axis=1), 0.0)) - max(0.0, float(now.max())))
    return Settling(
        name=name,
        deed=deed,
        worth=worth,
        odds_now=right_now if now[top] > 0 else 1 - right_now,
        odds_after=float(weights @ np.where(changes, kept, 1 - kept)),
        elasticity_sd=sqrt(var * (1 - resolved)),
        could_change=worth > least,
    )
