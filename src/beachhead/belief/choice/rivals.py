"""What rivals' entries and price moves do to demand for a maker's offers: everybody else's cars grow more attractive.

In the logit of `shares` everybody else's cars have the utility 0. When rival r with share w of the market changes its
price by the share c, or a newcomer takes the share v of it, person i's exponentiated utility of everybody else becomes

    O_i = 1 + w (exp(-e h_i c p_r / P) - 1),   or   O_i = 1 + v / (1 - v)

(the first is the incremental, or pivot-point, logit, Ben-Akiva & Lerman 1985, chapter 5; e h_i is the person's price
sensitivity, p_r the rival's price and P the list's). A newcomer draws from all in proportion. Rivals do not answer each
other, nor us. The fitted growth path holds already what rivals did in the mean of past entries; this is what is known
beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.choice.learn import TYPICAL_SHARE, OfferList
from beachhead.belief.choice.response import ChoiceFit, PriceResponse
from beachhead.belief.choice.shares import Taste, intercepts_of, price_sensitivities, shares
from beachhead.world.quarter import Quarter

Array = NDArray[np.float64]

RAMP_QUARTERS = 8
"""Quarters in which a newcomer comes to its stated share, evenly (grade C)."""
MOST_SHARE = 0.9
_NODES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RivalMove:
    """One move of one rival in one market, at certain odds.

    Attributes:
        market: market code.
        brand: who moves; rows of one brand with one day and odds are one event in all their markets.
        start: day of the move.
        odds: probability that it happens.
        share: the rival's share of the market; for a newcomer the share that it comes to.
        price_change: of a rival that sells already, as a share of its price; None for an entry.
        price_ratio: the rival's price over the mean price of the offer list.
    """

    market: str
    brand: str
    start: date
    odds: float
    share: float
    price_change: float | None
    price_ratio: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RivalCourse:
    """How rivals move log demand over the quarters.

    Attributes:
        mean: (M, T) expected change of log demand.
        cov: (T, M, M) its covariance over moves that may not come and over the elasticity.
    """

    mean: Array
    cov: Array

    def interval(self, m: int, t: int, z: float = 1.645) -> tuple[float, float]:
        """Ends of the central interval (90 % at z = 1.645) of the change of log demand of market m in quarter t.

        Log-normal in size, on the side of its mean: a cut never raises demand, however little is known of its effect.
        """
        mean, sd = float(self.mean[m, t]), float(self.cov[t, m, m]) ** 0.5
        if mean == 0:
            return -z * sd, z * sd
        spread = np.log1p((sd / mean) ** 2) ** 0.5
        middle = np.log(abs(mean)) - spread**2 / 2
        ends = np.sign(mean) * np.exp(middle + z * spread * np.array([-1.0, 1.0]))
        return float(ends.min()), float(ends.max())

    def grown(self, t: int, before: int) -> Array:
        """(M, M) covariance that quarter t has over quarter `before`; never less than nothing in any direction."""
        return _not_negative(self.cov[t] - self.cov[before])

    def still_to_come(self, t: int) -> Array:
        """(M, M) covariance that the mean of the quarters from t on has over quarter t."""
        return _not_negative(self.cov[t:].mean(axis=0) - self.cov[t])


def rival_course(
    moves: Sequence[RivalMove],
    response: PriceResponse,
    quarters: Sequence[Quarter],
    lists: Mapping[str, OfferList],
    fit: ChoiceFit,
) -> RivalCourse:
    """Moves of rivals as a change of log demand, doubts about odds and elasticity kept as a covariance.

    Args:
        moves: of rivals; their order does not matter.
        response: elasticities of the belief's markets.
        quarters: T quarters; a move counts from its quarter on by the share of it that is left.
        lists: offer list by market; a market without one is taken to offer one car at the mean price.
        fit: spread between people and nearness of offers.
    """
    M, T = len(response.markets), len(quarters)
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    events: dict[tuple[str, date, float, bool], Array] = {}
    for move in sorted(moves, key=lambda v: (v.brand, v.start, v.odds, v.market, v.price_change or 0.0, v.share)):
        m = response.markets.index(move.market)
        log_e = response.mean[m] + points * response.cov[m, m] ** 0.5
        key = (move.brand, move.start, move.odds, move.price_change is None)
        event = events.setdefault(key, np.zeros((_NODES, M, T)))
        event[:, m] += _log_change(move, np.exp(log_e), quarters, lists.get(move.market), fit)
    mean, cov, expected = np.zeros((M, T)), np.zeros((T, M, M)), np.zeros((_NODES, M, T))
    for (_, _, odds, _), event in events.items():
        expected += odds * event
        cov += odds * (1 - odds) * np.einsum("g,gmt,gnt->tmn", weights, event, event)
    mean = np.einsum("g,gmt->mt", weights, expected)
    cov += np.einsum("g,gmt,gnt->tmn", weights, expected - mean, expected - mean)
    return RivalCourse(mean=mean, cov=cov)


def _log_change(
    move: RivalMove, elasticity: Array, quarters: Sequence[Quarter], listed: OfferList | None, fit: ChoiceFit
) -> Array:
    """(len(elasticity), T) change of log demand in each quarter if the move happens."""
    offers = listed or OfferList(market=move.market, offers=("",), prices=(1.0,), mix=(1.0,))
    taste = Taste(
        elasticity=elasticity,
        nest=np.full(len(elasticity), fit.nest),
        price_spread=fit.price_spread,
        brand_spread=fit.brand_spread,
        price=offers.typical_price,
    )
    prices = np.array(offers.prices)
    given = np.tile(TYPICAL_SHARE * np.array(offers.mix), (len(elasticity), 1))
    intercepts = intercepts_of(given, taste, prices)
    share = min(move.share, MOST_SHARE)
    now = shares(intercepts, taste, prices, others=np.zeros_like(_others(move, share, 0.0, taste))).sum(axis=1)
    out = np.zeros((len(elasticity), len(quarters)))
    known: dict[float, Array] = {}
    for t, extent in enumerate(_extents(move, quarters)):
        if extent > 0:
            if extent not in known:
                others = _others(move, share, extent, taste)
                known[extent] = np.log(shares(intercepts, taste, prices, others=others).sum(axis=1) / now)
            out[:, t] = known[extent]
    return out


def _extents(move: RivalMove, quarters: Sequence[Quarter]) -> list[float]:
    """How far the move has come in each quarter, 0..1: a price at once, a newcomer over its ramp."""
    out = []
    for quarter in quarters:
        days = (quarter.last_day - quarter.first_day).days + 1
        here = min(max((quarter.last_day - move.start).days + 1, 0) / days, 1.0)
        if move.price_change is None:
            age = quarter - Quarter.of(move.start)
            here *= min(max(age + 1, 0) / RAMP_QUARTERS, 1.0)
        out.append(here)
    return out


def _others(move: RivalMove, share: float, extent: float, taste: Taste) -> Array:
    """(S, H) log of O: what everybody else's cars are worth to each person, 0 as things are."""
    if move.price_change is None:
        taken = share * extent
        return np.full((len(taste.elasticity), len(price_sensitivities(taste))), np.log1p(taken / (1 - taken)))
    loss = taste.elasticity[:, None] * price_sensitivities(taste) * move.price_change * move.price_ratio
    out: Array = np.log1p(extent * share * np.expm1(-loss))
    return out


def _not_negative(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    out: Array = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return out
