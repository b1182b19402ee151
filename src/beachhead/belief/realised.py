"""What the counts of a market alone say of its demand, after the fact: no prior, no other market.

The interval holds every level that a likelihood-ratio test does not reject (Wilks 1938, Annals of Mathematical
Statistics 9:60-62): twice the log likelihood falls by no more than the chi-square quantile with one degree. The
dispersion is integrated out over its prior. Counts ended by stock only say "at least" (`belief.likelihood`), so where
all of them are the interval has no upper end. Its cover is measured in `tests/recovery/test_belief_realised.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtri

from beachhead.belief.belief import Belief
from beachhead.belief.likelihood import total
from beachhead.belief.rows import Rows, rows, terms
from beachhead.world.reading import DemandCount

_AWAY = np.linspace(-8.0, 8.0, 4001)  # log demand around the plain ratio of cars to exposure
_SIZES = np.linspace(-3.0, 3.0, 7)  # in standard deviations of the log dispersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """Demand at full scale as counted.

    Attributes:
        low: lower end of the interval, cars a year at full scale in a quarter whose path is 1.
        high: upper end; infinite where stock ended every count.
        counted: cars counted.
        days: days counted.
    """

    low: float
    high: float
    counted: int
    days: int


def realised(belief: Belief, counts: Sequence[DemandCount], *, level: float = 0.9) -> Realised:
    """The interval for the demand of one market from counts at full scale.

    Args:
        belief: names the market, its path and the dispersion of counts; its levels are not looked at.
        counts: of one market, none of a pilot.
        level: of the interval.
    """
    if len({count.market for count in counts}) != 1 or any(count.is_pilot for count in counts):
        raise ValueError("demand is realised by counts of one market at full scale")
    data = rows(belief, tuple(counts))
    centre = log((float(data.count.sum()) + 0.5) / float(data.mean.sum()))
    theta = centre + _AWAY
    value = logsumexp([_log_likelihood(belief, data, theta, z) for z in _SIZES], axis=0)
    inside = np.flatnonzero(2 * (value.max() - value) <= float(ndtri((1 + level) / 2)) ** 2)
    least, most = int(inside[0]), int(inside[-1])
    return Realised(
        low=float(np.exp(theta[least])) if least else 0.0,
        high=float(np.exp(theta[most])) if most < len(theta) - 1 else inf,
        counted=sum(count.count for count in counts),
        days=sum((count.end - count.start).days + 1 for count in counts),
    )


def _log_likelihood(belief: Belief, data: Rows, theta: NDArray[np.float64], z: float) -> NDArray[np.float64]:
    """(S,) log of the likelihood times the weight of the dispersion z deviations from its median."""
    known = terms(data, belief.nb_size_weekly * float(np.exp(belief.nb_size_log_sd * z)))
    found = total(np.ascontiguousarray(theta[:, None]), known.of_fixed, known.fixed, known.of_stopped, known.stopped)
    out: NDArray[np.float64] = found + known.constant - z * z / 2
    return out
