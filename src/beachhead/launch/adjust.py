"""What to change in a market: price, trim list or mix of the shipment; the gain, its odds, and what would settle it.

Gains are a year's contribution at full scale, paired over draws of demand, elasticity, nearness of the trims and mix.
What an observation is worth is the expected value of sample information about the elasticity (Raiffa & Schlaifer
1961, chapter 4), with each option's gain for one car of demand regressed on the log elasticity (after Strong, Oakley
& Brennan 2014, Medical Decision Making 34).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, log, log2, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from beachhead.belief.choice import (
    ChoiceFit,
    Learnt,
    OfferList,
    Taste,
    cross_elasticities,
    diversion,
    intercepts_of,
    shares,
)
from beachhead.world.market import Channel

Array = NDArray[np.float64]

LIST_STEPS = (-0.10, -0.05, -0.03, 0.03, 0.05, 0.10)
OFFER_STEPS = (-0.10, -0.05, 0.05, 0.10)
UNSOLD_COST = 0.08
"""Loss on a car that stays in stock for the year, as a share of its net price (grade C)."""
MOST_SHARE = 0.5
"""Of all makers' cars that one brand may sell, where its own sales do not say more."""
STUDY_PEOPLE = 400
STUDY_BIAS_SD = 0.35
"""Sd of the log by which a choice study misses what people do (grade C); its sampling error is that of the US one."""
STUDY_SE, STUDY_SE_PEOPLE = 0.07, 384
TEST_WEEKS = 8
LEAST_NEWS = 0.001
"""Share of the best gain, and at least one unit of money a year, below which an observation is worth nothing: the
choice after it would be the one made now."""
_DRAWS = 256


class Lever(StrEnum):
    """What is changed."""

    PRICE = "price"
    TRIM = "trim"
    MIX = "mix"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stake:
    """What a change in one market is about; money in the launch's currency.

    Attributes:
        offers: what is on offer, at the prices asked now.
        margins: (J,) contribution of a car of each offer at those prices.
        kept: share of a price change that reaches the maker, after tax and the channel's cut.
        net: (J,) net price of each offer.
        shipped: (J,) shares of the offers in what is shipped, adding to 1.
        mix_counts: (J,) cars of each offer sold so far.
        stated_mix: (J,) cars that choice experiments on the mix are worth; empty if there were none.
        served: share of the demand at full scale that the channel serves, path of the coming year included.
        test_reach: share of the demand that a price test would reach.
        size: cars of all makers sold a year.
        channel: channel sold through.
        car_price: what a car is worth elsewhere (shadow price of cars), taken off every margin.
        penalised: true if the maker's nationality costs it buyers there.
    """

    offers: OfferList
    margins: tuple[float, ...]
    kept: float
    net: tuple[float, ...]
    shipped: tuple[float, ...]
    mix_counts: tuple[int, ...]
    served: float
    test_reach: float
    size: float
    channel: Channel
    car_price: float = 0.0
    penalised: bool = False
    stated_mix: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A quantity: median and the ends of its central 90 % interval."""

    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One change, held against leaving things as they are.

    Attributes:
        lever: price, trim or mix.
        deed: what to do, in words.
        prices: new price of each offer that stays on the list; empty for a mix.
        mix: new shares of the shipment; empty otherwise.
        gain: expected change of a year's contribution.
        gain_interval: its interval.
        odds: P(gain > 0).
        cars: expected change of cars sold a year.
    """

    lever: Lever
    deed: str
    prices: Mapping[str, float]
    mix: Mapping[str, float]
    gain: float
    gain_interval: Interval
    odds: float
    cars: float


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adjustment:
    """The answer for one market.

    Attributes:
        market: market code.
        channel: channel sold through.
        cars: expected cars a year at full scale, as things are.
        contribution: expected contribution a year, as things are.
        elasticity: of demand for the whole list to its prices, sign left out.
        own: (J, J) mean elasticities: change in % of demand for the row's offer when the column's price rises by 1 %.
        own_interval: by offer, interval of the elasticity to its own price.
        contrast: widest change of the mean price seen so far in this market, on the log; 0: the prior speaks.
        options: best first.
        best: the option with the largest expected gain; None if none is expected to gain.
        settling: observations, most worth first.
        badge: what the maker's nationality costs, a year's contribution; None where it costs nothing.
    """

    market: str
    channel: Channel
    cars: float
    contribution: float
    elasticity: Interval
    own: Array
    own_interval: Mapping[str, Interval]
    contrast: float
    options: tuple[Option, ...]
    best: Option | None
    settling: tuple[Settling, ...]
    badge: Interval | None


def adjust(
    learnt: Learnt, stakes: Iterable[Stake], fit: ChoiceFit, *, draws: int = _DRAWS, seed: int = 0
) -> tuple[Adjustment, ...]:
    """The best change in each market, largest expected gain first.

    Args:
        learnt: levels and elasticities after all counts.
        stakes: one a market.
        fit: spread between people, nearness of offers, what the nationality costs.
        draws: S, rounded up to a power of two.
        seed: of the draws; each market has a stream of its own, so that leaving one out changes no other.
    """
    found = [_adjust(learnt, stake, fit, 2 ** ceil(log2(draws)), seed) for stake in stakes]
    return tuple(sorted(found, key=lambda a: (-(a.best.gain if a.best else 0.0), a.market)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _World:
    """S draws of one market as things are."""

    stake: Stake
    log_elasticity: Array
    taste: Taste
    intercepts: Array
    scale: Array  # (S,) cars a year for a share of 1
    sold: Array  # (S, J)
    expected_cars: Array  # (S,) cars a year expected at the draw's elasticity, over the levels
    contribution: Array  # (S,)


def _adjust(learnt: Learnt, stake: Stake, fit: ChoiceFit, draws: int, seed: int) -> Adjustment:
    world = _world(learnt, stake, fit, draws, seed)
    gains = [_price_gain(world, prices) for _, prices in _changes(stake)]
    options = [
        _option(world, lever_deed, gain, prices=_named(stake, prices), cars=cars)
        for (lever_deed, prices), (gain, cars) in zip(_changes(stake), gains, strict=True)
    ]
    mixed = _mix_option(world)
    ranked = sorted([*options, *([mixed] if mixed else [])], key=lambda o: -o.gain)
    own = cross_elasticities(world.intercepts, world.taste, np.array(stake.offers.prices))
    best = ranked[0] if ranked and ranked[0].gain > 0 else None
    return Adjustment(
        market=stake.offers.market,
        channel=stake.channel,
        cars=float(world.expected_cars.mean()),
        contribution=float(_expected(world, world.contribution).mean()),
        elasticity=_interval(np.exp(world.log_elasticity)),
        own=own.mean(axis=0),
        own_interval={code: _interval(own[:, j, j]) for j, code in enumerate(stake.offers.offers)},
        contrast=learnt.contrasts.get(stake.offers.market, 0.0),
        options=tuple(ranked),
        best=best,
        settling=_settling(world, np.array([g for g, _ in gains]), learnt, best.gain if best else 0.0),
        badge=_badge(world, fit, draws, seed) if stake.penalised else None,
    )


def _world(learnt: Learnt, stake: Stake, fit: ChoiceFit, draws: int, seed: int) -> _World:
    m, M = learnt.belief.markets.index(stake.offers.market), len(learnt.belief.markets)
    at = [m, M + 1 + m]
    points = _normals(stake.offers.market, draws, 3, seed)
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
    return _World(
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


def _normals(market: str, draws: int, width: int, seed: int) -> Array:
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


def _changes(stake: Stake) -> list[tuple[tuple[Lever, str], Array]]:
    """Price and trim changes: words, and the new prices (J,), NaN for an offer taken off the list."""
    prices, codes = np.array(stake.offers.prices), stake.offers.offers
    out = [((Lever.PRICE, f"all prices {step:+.0%}"), prices * (1 + step)) for step in LIST_STEPS]
    if len(codes) == 1:
        return out
    for j, code in enumerate(codes):
        for step in OFFER_STEPS:
            moved = prices.copy()
            moved[j] *= 1 + step
            out.append(((Lever.PRICE, f"{code} {step:+.0%}"), moved))
        without = prices.copy()
        without[j] = np.nan
        out.append(((Lever.TRIM, f"take {code} off the list"), without))
    return out


def _price_gain(world: _World, prices: Array) -> tuple[Array, Array]:
    """(S,) change of contribution and of cars."""
    listed = np.isfinite(prices)
    old = np.array(world.stake.offers.prices)
    asked = np.where(listed, prices, old)
    sold = world.scale[:, None] * shares(np.where(listed, world.intercepts, -np.inf), world.taste, asked)
    margins = np.array(world.stake.margins) - world.stake.car_price + world.stake.kept * (asked - old)
    return sold @ margins - world.contribution, (sold - world.sold).sum(axis=1)


def _expected(world: _World, amounts: Array) -> Array:
    """Amounts (..., S) with each draw's level replaced by the levels expected at its elasticity."""
    out: Array = amounts / world.sold.sum(axis=1) * world.expected_cars
    return out


def _option(
    world: _World,
    what: tuple[Lever, str],
    gain: Array,
    *,
    cars: Array,
    prices: Mapping[str, float] | None = None,
    mix: Mapping[str, float] | None = None,
) -> Option:
    return Option(
        lever=what[0],
        deed=what[1],
        prices=prices or {},
        mix=mix or {},
        gain=float(_expected(world, gain).mean()),
        gain_interval=_interval(gain),
        odds=float((gain > 0).mean()),
        cars=float(_expected(world, cars).mean()),
    )


def _named(stake: Stake, prices: Array) -> dict[str, float]:
    return {code: float(p) for code, p in zip(stake.offers.offers, prices, strict=True) if np.isfinite(p)}


def _mix_option(world: _World) -> Option | None:
    """The best shipment of as many cars as demand is expected to be, by moving 5 points at a time between offers."""
    stake = world.stake
    if len(stake.offers.offers) == 1:
        return None
    divert = diversion(world.intercepts, world.taste, np.array(stake.offers.prices))
    cars = float(np.median(world.sold.sum(axis=1)))
    start = np.array(stake.shipped)
    base, base_cars = _shipment(world, divert, cars * start)
    best, best_gain, moved = start, 0.0, True
    while moved:
        moved = False
        for give in np.flatnonzero(best >= 0.05 - 1e-9):
            for take in range(len(best)):
                if best[give] < 0.05 - 1e-9:  # given all it had to the one before
                    break
                trial = best.copy()
                trial[give] -= 0.05
                trial[take] += 0.05
                if take != give and (gain := float((_shipment(world, divert, cars * trial)[0] - base).mean())) > (
                    best_gain + 1e-9 * abs(best_gain) + 1e-6
                ):
                    best, best_gain, moved = trial, gain, True
    if best is start:
        return None
    money, sold = _shipment(world, divert, cars * best)
    codes = stake.offers.offers
    up = [f"{codes[j]} {start[j]:.0%} to {best[j]:.0%}" for j in np.flatnonzero(np.abs(best - start) > 0.01)]
    deed = (Lever.MIX, f"ship {', '.join(up)}")
    return _option(
        world, deed, money - base, cars=sold - base_cars, mix={c: float(v) for c, v in zip(codes, best, strict=True)}
    )


def _shipment(world: _World, divert: Array, cars: Array) -> tuple[Array, Array]:
    """(S,) contribution and cars sold of a shipment (J,): unmet buyers of one trim look at the others once."""
    met = np.minimum(world.sold, cars)
    unmet = np.einsum("sj,sjk->sk", world.sold - met, divert)
    sold = met + np.minimum(unmet, np.maximum(cars - met, 0.0))
    margins = np.array(world.stake.margins) - world.stake.car_price
    left = (cars - sold) @ (UNSOLD_COST * np.array(world.stake.net))
    return sold @ margins - left, sold.sum(axis=1)


def _settling(world: _World, gains: Array, learnt: Learnt, best_gain: float) -> tuple[Settling, ...]:
    """A price test in the market and a choice study there: what each would do to the choice among price changes."""
    m = learnt.belief.markets.index(world.stake.offers.market)
    mean, var = float(learnt.response.mean[m]), float(learnt.response.cov[m, m])
    curves = _curves(world, gains)
    best = int(np.argmax(gains.mean(axis=1)))
    step = abs(_mean_step(world.stake, best)) or 0.05
    test = _test_noise(world, learnt, step, mean)
    study_noise = STUDY_BIAS_SD**2 + STUDY_SE**2 * STUDY_SE_PEOPLE / STUDY_PEOPLE
    looks = [
        ("price test", f"{TEST_WEEKS} weeks with prices {step:.0%} apart in two halves of the reach", test),
        ("choice study", f"a choice study with {STUDY_PEOPLE} buyers", study_noise),
    ]
    least = max(LEAST_NEWS * best_gain, 1.0)
    found = [_worth(name, deed, curves, var, noise, least) for name, deed, noise in looks if np.isfinite(noise)]
    return tuple(sorted(found, key=lambda s: -s.worth))


def _mean_step(stake: Stake, change: int) -> float:
    prices = _changes(stake)[change][1]
    return float(np.nanmean(prices / np.array(stake.offers.prices)) - 1)


def _test_noise(world: _World, learnt: Learnt, step: float, mean: float) -> float:
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


def _curves(world: _World, gains: Array) -> _Curves:
    """Mean gain in each of 16 equal bins of log e."""
    weighed = _expected(world, gains)
    order = np.argsort(world.log_elasticity)
    x = (world.log_elasticity - world.log_elasticity.mean()) / world.log_elasticity.std()
    bins = np.array_split(order, 16)
    return _Curves(
        knots=np.array([x[b].mean() for b in bins]),
        values=np.array([weighed[:, b].mean(axis=1) for b in bins]).T,
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


def _badge(world: _World, fit: ChoiceFit, draws: int, seed: int) -> Interval:
    """Contribution lost to the maker's nationality: what a price cut that offsets it would bring if it were free."""
    cut = fit.penalty_share + fit.penalty_sd * _normals(world.stake.offers.market, draws, 1, seed + 1)[:, 0]
    prices = np.array(world.stake.offers.prices) - cut[:, None].clip(0.0, 0.6) * world.taste.price
    sold = world.scale[:, None] * shares(world.intercepts, world.taste, prices)
    return _interval((sold - world.sold) @ (np.array(world.stake.margins) - world.stake.car_price))


def _interval(values: Array) -> Interval:
    low, median, high = np.quantile(values, [0.05, 0.5, 0.95])
    return Interval(low=float(low), median=float(median), high=float(high))


def split_margin(
    unit_margin: float, net: Sequence[float], costs: Sequence[float | None], mix: Sequence[float], cut: float
) -> tuple[float, ...]:
    """Contribution of each offer such that their mean over the mix is the channel's unit margin.

    What the unit margin leaves for cost is spread over the offers in proportion to their ex-works cost, or to their
    net price where a cost is missing.

    Args:
        unit_margin: mean contribution a car.
        net: (J,) net prices.
        costs: (J,) ex-works costs, any one currency; None where not known.
        mix: (J,) adding to 1.
        cut: share of the net price that stays with the channel.
    """
    known = [c for c in costs if c is not None]
    spread = np.array(known if len(known) == len(costs) else net, dtype=np.float64)
    earned = (1 - cut) * np.array(net, dtype=np.float64)
    weight = np.array(mix, dtype=np.float64)
    cost = float(weight @ earned) - unit_margin
    return tuple(float(v) for v in earned - cost * spread / float(weight @ spread))
