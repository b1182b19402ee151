"""Every outcome of a batch to come with its odds, and how well they tell log pilot demand.

What can come is a count over all the weeks, or a day on which the batch was gone. The odds of each, given demand, are
those by which a reading is read: negative-binomial counts of unknown dispersion, ended by stock (`belief.update`). The
plan, which weighs thousands of pilots, takes one variance at the expected orders instead (`policy.value.pilot_noise`),
as if no pilot could show less than is expected: of small batches it promises too much.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from beachhead.launch.question.kernel_terms import Floats

_REACH = 6.0  # standard deviations of log demand on either side
_STEP = 0.5  # of the least error of a reading, between levels of demand
_FEWEST, _MOST = 121, 1201  # levels of demand
_BIN = 0.25  # of the spread of a count, put together as one outcome
_LEAST_SD = 1e-3
_SIZES, _SIZE_WEIGHT = np.polynomial.hermite_e.hermegauss(5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """What a batch is expected to show.

    Attributes:
        orders: expected within the weeks, stock permitting.
        sold_out: chance that orders reach the batch within the weeks.
        noise: variance of the normal error of a look at log pilot demand that leaves as much of its variance as the
            batch is expected to leave.
        level: (X,), log pilot demand about its mean.
        joint: (R, X), odds that this is the level and this the outcome.
    """

    orders: float
    sold_out: float
    noise: float
    level: Floats
    joint: Floats


def shown(batch: int, weeks: int, size_weekly: float, size_log_sd: float, centre: float, sd: float) -> Shown:
    """What `batch` cars offered for so many weeks will show of log demand, normal before.

    Args:
        batch: cars.
        weeks: on sale, stock permitting.
        size_weekly: negative-binomial size of one week of the pilot; its median.
        size_log_sd: standard deviation of the log of that.
        centre: mean of the log of orders over the weeks if stock never ended.
        sd: its standard deviation.
    """
    sd = max(sd, _LEAST_SD)
    level = _levels(sd, math.hypot(batch**-0.5, (weeks * size_weekly) ** -0.5))
    weight = np.exp(-0.5 * (level / sd) ** 2)
    weight /= weight.sum()
    least = _least_counts(batch, weeks * size_weekly)
    counted, gone = np.zeros((len(least), len(level))), np.zeros((7 * weeks, len(level)))
    for node, share in zip(_SIZES, _SIZE_WEIGHT / _SIZE_WEIGHT.sum(), strict=True):
        size, wanted = weeks * size_weekly * math.exp(size_log_sd * node), np.exp(centre + level)
        below = betainc(size, np.append(least[1:], batch)[:, None], size / (size + wanted))
        counted += share * np.diff(below, axis=0, prepend=0.0)
        passed = np.arange(1, 7 * weeks + 1)[:, None] / (7 * weeks)
        by_day = betainc(batch, size * passed, wanted / (size + wanted))  # size and mean grow alike with the days
        gone += share * np.diff(by_day, axis=0, prepend=0.0)
    joint = np.concatenate([counted, gone]).clip(min=0.0) * weight
    odds = joint.sum(axis=1)
    told = float(((joint @ level) ** 2 / np.maximum(odds, 1e-300)).sum())
    sold_out = float(odds[len(least) :].sum())
    middle = (least + np.append(least[1:], batch) - 1) / 2
    return Shown(
        orders=float(odds[: len(least)] @ middle) + batch * sold_out,
        sold_out=sold_out,
        noise=sd**2 * max(sd**2 - told, 0.0) / max(told, 1e-300),
        level=level,
        joint=joint,
    )


def _levels(sd: float, error: float) -> Floats:
    """(X,) log demand about its mean, closer together than any reading tells apart."""
    count = min(max(math.ceil(2 * _REACH * sd / (_STEP * error)), _FEWEST), _MOST)
    return np.linspace(-_REACH * sd, _REACH * sd, count)


def _least_counts(batch: int, size: float) -> Floats:
    """(N,) least count of each outcome; neighbours that say the same are one."""
    found, at = [], 0
    while at < batch:
        found.append(at)
        at += max(1, int(_BIN * math.sqrt(at + at * at / size)))
    return np.array(found, dtype=np.float64)
