"""What can be changed: prices, the list of trims, the mix of the shipment; the gain of each change and its odds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.choice import diversion, shares
from beachhead.launch.adjust.draws import Interval, World, expected, interval, weighed
from beachhead.launch.adjust.stake import Stake

Array = NDArray[np.float64]

LIST_STEPS = (-0.10, -0.05, -0.03, 0.03, 0.05, 0.10)
OFFER_STEPS = (-0.10, -0.05, 0.05, 0.10)
UNSOLD_COST = 0.08
"""Loss on a car that stays in stock for the year, as a share of its net price (grade C)."""


class Lever(StrEnum):
    """What is changed."""

    PRICE = "price"
    TRIM = "trim"
    MIX = "mix"


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


def price_options(world: World) -> tuple[tuple[Option, ...], Array]:
    """Every change of prices or of the list, and its gain (K, S) in each draw."""
    options, gains, heavy = [], [], weighed(world)
    for what, prices in _changes(world.stake):
        gain, _ = _price_gain(world, prices)
        means = [float(expected(world, each).mean()) for each in _price_gain(heavy, prices)]
        options.append(_option(what, gain, *means, prices=_named(world.stake, prices)))
        gains.append(gain)
    return tuple(options), np.array(gains)


def expected_gains(world: World) -> Array:
    """(K, S) gain of every change of prices or of the list, expected over levels at each draw's elasticity."""
    return np.array([expected(world, _price_gain(weighed(world), prices)[0]) for _, prices in _changes(world.stake)])


def mix_option(world: World) -> Option | None:
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
    # A shipment is so many cars whatever demand is: what it gains does not grow with the level, as a price's gain does.
    means = float((money - base).mean()), float((sold - base_cars).mean())
    return _option(deed, money - base, *means, mix={c: float(v) for c, v in zip(codes, best, strict=True)})


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


def _price_gain(world: World, prices: Array) -> tuple[Array, Array]:
    """(S,) change of contribution and of cars."""
    listed = np.isfinite(prices)
    old = np.array(world.stake.offers.prices)
    asked = np.where(listed, prices, old)
    sold = world.scale[:, None] * shares(np.where(listed, world.intercepts, -np.inf), world.taste, asked)
    margins = np.array(world.stake.margins) - world.stake.car_price + world.stake.kept * (asked - old)
    return sold @ margins - world.contribution, (sold - world.sold).sum(axis=1)


def _option(
    what: tuple[Lever, str],
    gain: Array,
    mean_gain: float,
    mean_cars: float,
    *,
    prices: Mapping[str, float] | None = None,
    mix: Mapping[str, float] | None = None,
) -> Option:
    return Option(
        lever=what[0],
        deed=what[1],
        prices=prices or {},
        mix=mix or {},
        gain=mean_gain,
        gain_interval=interval(gain),
        odds=float((gain > 0).mean()),
        cars=mean_cars,
    )


def _named(stake: Stake, prices: Array) -> dict[str, float]:
    return {code: float(p) for code, p in zip(stake.offers.offers, prices, strict=True) if np.isfinite(p)}


def _shipment(world: World, divert: Array, cars: Array) -> tuple[Array, Array]:
    """(S,) contribution and cars sold of a shipment (J,): unmet buyers of one trim look at the others once."""
    met = np.minimum(world.sold, cars)
    unmet = np.einsum("sj,sjk->sk", world.sold - met, divert)
    sold = met + np.minimum(unmet, np.maximum(cars - met, 0.0))
    margins = np.array(world.stake.margins) - world.stake.car_price
    left = (cars - sold) @ (UNSOLD_COST * np.array(world.stake.net))
    return sold @ margins - left, sold.sum(axis=1)
