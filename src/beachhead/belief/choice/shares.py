"""Shares of a market that a maker's offers take at given prices: a nested logit mixed over people.

Person i: U_ij = d_j - e h_i (p_j / P - 1) + s v_i + (correlated Gumbel), U_i0 = 0 for everybody else's cars, which cost
P in the mean. h_i is the person's price sensitivity (mean 1), v_i the taste for the brand. Within the maker's nest
the shares are a logit with dissimilarity l, against the rest a logit of the inclusive value
I = l log sum_j exp(d_j.../l) (McFadden 1978; Train 2009, section 4.2). Raising all prices by 1 % changes demand for
the whole list by e % as long as its share is small. The intercepts d are found from given shares by the contraction
d += l (log given - log predicted) (Berry, Levinsohn & Pakes 1995, Econometrica 63, appendix I; damped by l as in
Grigolon & Verboven 2014, Review of Economics and Statistics 96).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Array = NDArray[np.float64]

_QUANTILES = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
_BRAND_NODES, _BRAND_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Taste:
    """Draws of how buyers of one market choose; S draws.

    Attributes:
        elasticity: (S,) price elasticity of demand for the whole list, sign left out.
        nest: (S,) dissimilarity of the maker's offers, 0..1.
        price_spread: sd of the log of price sensitivity between people.
        brand_spread: sd of the taste for the brand, in utility.
        price: P, what everybody else's cars cost, the money of the offers' prices.
    """

    elasticity: Array
    nest: Array
    price_spread: float
    brand_spread: float
    price: float


def shares(intercepts: Array, taste: Taste, prices: Array, *, others: Array | None = None) -> Array:
    """(S, J) share of the market's buyers that each offer takes.

    Args:
        intercepts: (S, J) d_j; minus infinity for an offer that is not on the list.
        taste: of the buyers.
        prices: (J,) or (S, J) price of each offer.
        others: (S, H) utility of everybody else's cars to each person, H as in `price_sensitivities`; 0 if None.
    """
    sensitivity, brand, weight = _people(taste)
    nest = taste.nest[:, None, None]
    loss = taste.elasticity[:, None, None] * sensitivity[:, None] * (prices / taste.price - 1)[..., None, :]
    value = (intercepts[:, None, :] - loss) / nest  # (S, H, J)
    peak = value.max(axis=2, keepdims=True)
    odds = np.exp(value - peak)
    total = odds.sum(axis=2, keepdims=True)
    inclusive = nest * (peak + np.log(total))  # (S, H, 1)
    if others is not None:
        inclusive = inclusive - others[:, :, None]
    inside = 1 / (1 + np.exp(-inclusive - taste.brand_spread * brand))  # (S, H, B)
    taken = (inside * weight).sum(axis=2)[..., None] / len(sensitivity)
    out: Array = (taken * odds / total).sum(axis=1)
    return out


def intercepts_of(given: Array, taste: Taste, prices: Array, *, tolerance: float = 1e-9) -> Array:
    """(S, J) the intercepts at which the offers take the given shares at these prices.

    Args:
        given: (S, J) shares of the market's buyers, positive, adding to less than 1 in each draw.
        taste: of the buyers.
        prices: (J,) prices.
        tolerance: largest change of an intercept at which the iteration stops.
    """
    if not ((given > 0).all() and (given.sum(axis=1) < 1).all()):
        raise ValueError("shares must be positive and leave something for everybody else")
    step = taste.nest[:, None]
    inside = given.sum(axis=1, keepdims=True)
    out: Array = np.log(inside / (1 - inside)) + step * np.log(given / inside)
    for _ in range(1000):
        change = step * (np.log(given) - np.log(shares(out, taste, prices)))
        out = out + change
        if float(np.abs(change).max()) < tolerance:
            break
    return out


def cross_elasticities(intercepts: Array, taste: Taste, prices: Array, *, step: float = 0.005) -> Array:
    """(S, J, J) change in % of demand for offer j when the price of offer k rises by 1 %: [:, j, k]."""
    columns = []
    for k in range(len(prices)):
        up, down = prices.copy(), prices.copy()
        up[k] *= 1 + step
        down[k] *= 1 - step
        ratio = np.log(shares(intercepts, taste, up)) - np.log(shares(intercepts, taste, down))
        columns.append(ratio / (np.log1p(step) - np.log1p(-step)))
    return np.stack(columns, axis=2)


def diversion(intercepts: Array, taste: Taste, prices: Array) -> Array:
    """(S, J, J) of the buyers of offer j, the share that takes offer k where j cannot be had: [:, j, k]."""
    full = shares(intercepts, taste, prices)
    out = np.zeros((*full.shape, full.shape[1]))
    for j in range(full.shape[1]):
        without = intercepts.copy()
        without[:, j] = -np.inf
        if full.shape[1] > 1:
            out[:, j] = (shares(without, taste, prices) - full) / full[:, [j]]
            out[:, j, j] = 0.0
    return out


def price_sensitivities(taste: Taste) -> Array:
    """(H,) price sensitivities of equally many people, mean 1; tails beyond 10 and 90 % are folded in."""
    return _people(taste)[0]


def _people(taste: Taste) -> tuple[Array, Array, Array]:
    """Price sensitivities (H,), equally likely, and tastes (B,) with weights; tails beyond 10 % are folded in."""
    sensitivity = np.exp(taste.price_spread * ndtri(_QUANTILES))
    return sensitivity / sensitivity.mean(), _BRAND_NODES, _BRAND_WEIGHTS / _BRAND_WEIGHTS.sum()
