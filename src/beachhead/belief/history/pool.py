"""The entry model's quantiles made ready to be said: shifted by its errors in training, pooled with simple forecasters.

The pool is linear: a mixture of the distributions, not a mean of their quantiles, because what they disagree on is
whether an entry goes on at all, and half of each answer lies between both. Weights are fixed beforehand, alike for all
panels: fitted on the training brands (`docs/measured/backtest.md`) they did worse on brands left out. Beside them
stands what is kept for a year of which nothing has been learnt: newcomers of a year rise and fall together, and a year
to come may be unlike all that were seen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.history.case import Case
from beachhead.belief.history.forecast import LEVELS, Forecast

Array = NDArray[np.float64]

_CAP = 1.5  # of an error on the log scale: one collapse says little about the middle of the others
_HALF_COUNTED = 3  # a brand with as many cases counts half as much as one with very many

# The partners' shares after so many months: the longer an entry has sold, the more its last quarter says.
_PARTNERS: tuple[tuple[int, Mapping[str, float]], ...] = (
    (3, {"mean": 0.2, "last value": 0.1}),
    (6, {"mean": 0.3}),
    (12, {"mean of last three": 0.3, "last value": 0.1}),
)

_STRETCH = 3.0  # times as far from its median: a year that goes otherwise than all those learnt from
_YEAR = 12


def partners(months: int) -> Mapping[str, float]:
    """Share in the pool of each simple forecaster after so many months; the rest is the model's own."""
    return [shares for since, shares in _PARTNERS if since <= max(months, _PARTNERS[0][0])][-1]


def pool(own: Array, others: Mapping[str, Array], months: int, unlike: float = 0.0) -> Array:
    """(400,) quantiles of the mixture of the model's and its partners' distributions.

    Args:
        own: (400,) the model's quantiles.
        others: equally likely values of each partner, by its name.
        months: months seen.
        unlike: share of the model's own distribution stretched threefold about its median (see `unlike`).
    """
    shares = partners(months)
    usual = np.array([1 - sum(shares.values()), *shares.values()]) * (1 - unlike)
    parts = [own, *(np.quantile(others[name], LEVELS) for name in shares), _stretched(own)]
    weights = np.repeat([*usual, unlike], len(LEVELS)) / len(LEVELS)
    values = np.concatenate(parts)
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weights[order]) - 0.5 * weights[order]
    out: Array = np.interp(LEVELS, mass, values[order])
    return out


def unlike(origin: int, learnt_from: Sequence[int]) -> float:
    """Chance that the year after an origin is unlike all learnt from.

    0 where some training case was forecast within half a year of it, so that its outcome tells of that year. Else, of
    n calendar years learnt from and one to come, if they are exchangeable, the new one lies farthest out with chance
    1 / (n + 1).

    Args:
        origin: last month seen.
        learnt_from: origins of the training cases.
    """
    if any(abs(origin - other) < _YEAR // 2 for other in learnt_from):
        return 0.0
    return 1 / (len({(other + _YEAR // 2) // _YEAR for other in learnt_from}) + 1)


def _stretched(own: Array) -> Array:
    middle = np.median(own)
    out: Array = np.maximum(middle + _STRETCH * (own - middle), 0.0)
    return out


def shift(forecasts: Sequence[tuple[Case, Forecast]]) -> float:
    """How far the medians lie from what came, over the training brands, shrunk by how surely that is known.

    The mean over brands of each brand's mean error, shrunk by the positive-part rule of James and Stein (Efron &
    Morris 1973, Journal of the American Statistical Association 68, in one dimension): 0 where the mean
    is within its own standard error of 0, nearly the mean where it is far from it.
    """
    missed: dict[str, list[float]] = defaultdict(list)
    for c, said in forecasts:
        missed[c.brand].append(float(np.clip(c.target - np.median(said.log_total), -_CAP, _CAP)))
    if not missed:
        return 0.0
    weights = np.array([len(m) / (len(m) + _HALF_COUNTED) for m in missed.values()])
    weights /= weights.sum()
    means = np.array([np.mean(m) for m in missed.values()])
    mean = float(weights @ means)
    variance = float(weights**2 @ (means - mean) ** 2)
    return mean * max(0.0, 1 - variance / mean**2) if mean else 0.0
