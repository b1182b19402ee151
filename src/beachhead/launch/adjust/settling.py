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
_DEGREE, _KNOTS = 3, 61
_SHOWN = np.linspace(-6.0, 6.0, 241)
"""What an observation may show, in its standard deviations, where the choice after it is worked out."""
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
        odds_now: how likely the choice made now is right: the option with the largest expected gain gains indeed, or
            where none is expected to, it would have lost. All that is unknown counts, level and mix as well.
        odds_after: how likely the choice is expected to be right after the observation.
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
    world: World, options: Sequence[Option], gains: Array, drawn: Array, learnt: Learnt, best_gain: float
) -> tuple[Settling, ...]:
    """A price test in the market and a choice study there: what each would do to the choice among price changes.

    Args:
        world: draws of the market.
        options: K changes of prices or of the list.
        gains: (K, S) their gains, expected over levels at each draw's elasticity: by these is chosen.
        drawn: (K, S) their gains in each draw, by whose signs a choice proves right.
        learnt: levels and elasticities after all counts.
        best_gain: expected gain of the best change of all, a year's contribution.
    """
    m = learnt.belief.markets.index(world.stake.offers.market)
    mean, var = float(learnt.response.mean[m]), float(learnt.response.cov[m, m])
    curves, scores = _curves(world, gains), _scores(world)
    best = int(np.argmax(gains.mean(axis=1)))
    step = abs(_mean_step(world.stake, options[best])) or 0.05
    test = _test_noise(world, learnt, step, mean)
    study_noise = STUDY_BIAS_SD**2 + STUDY_SE**2 * STUDY_SE_PEOPLE / STUDY_PEOPLE
    looks = [
        ("price test", f"{TEST_WEEKS} weeks with prices {step:.0%} apart in two halves of the reach", test),
        ("choice study", f"a choice study with {STUDY_PEOPLE} buyers", study_noise),
    ]
    least = max(LEAST_NEWS * best_gain, 1.0)
    found = [
        _worth(name, deed, curves, (scores, drawn > 0), var, noise, least)
        for name, deed, noise in looks
        if np.isfinite(noise)
    ]
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


def _scores(world: World) -> Array:
    """(S,) log elasticity of the draws in standard deviations."""
    out: Array = (world.log_elasticity - world.log_elasticity.mean()) / world.log_elasticity.std()
    return out


def _curves(world: World, gains: Array) -> _Curves:
    """Mean gain at each log e: a cubic by least squares, within the draws.

    Where a choice turns is often far out, so the ends tell most: means of bins, held on beyond the last, miss them.
    """
    x = _scores(world)
    knots = np.linspace(x.min(), x.max(), _KNOTS)
    terms = np.polynomial.polynomial.polyvander(x, _DEGREE)
    found = np.linalg.lstsq(terms, gains.T, rcond=None)[0]
    return _Curves(knots=knots, values=(np.polynomial.polynomial.polyvander(knots, _DEGREE) @ found).T)


def _worth(
    name: str,
    deed: str,
    curves: _Curves,
    right: tuple[Array, NDArray[np.bool_]],
    var: float,
    noise: float,
    least: float,
) -> Settling:
    """Expected value of the observation, over what it may show (outer nodes) and what is then left open (inner).

    `right`: (S,) scores of the draws, and (K, S) whether each option gains in them.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    weights = np.asarray(weights / weights.sum(), dtype=np.float64)
    resolved = var / (var + noise)  # share of the variance that goes

    def chosen(shown: Array) -> Array:
        """(*shown.shape, K) expected gains after the observation showed so much, in its standard deviations."""
        return curves.at(sqrt(resolved) * shown[..., None] + sqrt(1 - resolved) * nodes).swapaxes(-1, -2) @ weights

    after = chosen(nodes)
    now = weights @ after
    worth = max(0.0, float(weights @ np.maximum(after.max(axis=1), 0.0)) - max(0.0, float(now.max())))
    scores, gained = right
    # what each draw would show, noise and all, and by that the choice on a grid
    shown = sqrt(resolved) * scores[:, None] + sqrt(1 - resolved) * nodes
    table = chosen(_SHOWN)
    at = np.clip(np.rint((shown - _SHOWN[0]) / (_SHOWN[1] - _SHOWN[0])), 0, len(_SHOWN) - 1).astype(np.int64)
    best, changes = table.argmax(axis=1)[at], (table.max(axis=1) > 0)[at]
    is_right = gained[best, np.arange(len(scores))[:, None]] == changes
    gains_now = float(gained[int(now.argmax())].mean())
    return Settling(
        name=name,
        deed=deed,
        worth=worth,
        odds_now=gains_now if now.max() > 0 else 1 - gains_now,
        odds_after=float((is_right @ weights).mean()),
        elasticity_sd=sqrt(var * (1 - resolved)),
        could_change=worth > least,
    )
