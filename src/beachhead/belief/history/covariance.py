"""Covariance of log shares between blocks of months: who sells, where, how long since entry, and when.

The sum of a linear part (level, slope in log age, bend after a year, first month, market size, calendar trend, each
with a wide normal prior) and of Gaussian effects: brand (level, slope, slow drift in calendar time), brand within
region, country, entry (level, slope, drift, random walk) and the cohort: a drift in calendar time that all newcomers
share, which is how a forecast adapts to a wave that sells more, or less, than history did. Drifts are
Ornstein-Uhlenbeck processes (Rasmussen & Williams 2006, equation 4.14 with nu = 1/2).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from math import exp, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.history.points import Points
from beachhead.world.compiled import compiled_as_numpy

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryParams:
    """Standard deviations on the log scale, and times in months.

    Attributes:
        brand: level of a brand.
        brand_slope: its slope in log age.
        brand_drift: its drift in calendar time.
        brand_drift_months: how long that drift lasts.
        brand_region: level of a brand in a region, beyond the brand's own.
        country: level of a country.
        entry: level of an entry.
        entry_slope: its slope in log age.
        entry_drift: its drift.
        entry_drift_months: how long that lasts.
        entry_walk: its random walk, per square root of a year.
        cohort: drift shared by all newcomers.
        cohort_months: how long that lasts.
        noise: one month's own scatter, of an entry that sells 50 cars a month.
        noise_volume: power of volume by which the variance of that scatter falls.
    """

    brand: float = 1.2
    brand_slope: float = 0.4
    brand_drift: float = 0.6
    brand_drift_months: float = 10.0
    brand_region: float = 0.4
    country: float = 0.65
    entry: float = 0.5
    entry_slope: float = 0.4
    entry_drift: float = 0.58
    entry_drift_months: float = 8.0
    entry_walk: float = 0.35
    cohort: float = 0.5
    cohort_months: float = 12.0
    noise: float = 0.5
    noise_volume: float = 0.3

    @classmethod
    def of(cls, values: Array) -> EntryParams:
        """From the vector of `vector`."""
        return cls(**{name: float(v) for name, v in zip(cls.__dataclass_fields__, values, strict=True)})

    def vector(self) -> Array:
        """All values, in the order of the fields."""
        return np.array(astuple(self))


def covariance(a: Points, b: Points, params: EntryParams) -> Array:
    """(n, m) prior covariance of the log shares at the points of a and b, without the months' own scatter."""
    out: Array = _kernel(_known(a), _known(b), params.vector())
    return out + _linear(a) @ _linear(b).T


def scatter(at: Points, params: EntryParams) -> Array:
    """(n,) variance of a block's own scatter: months (which share part of it), counting, unlisted months."""
    return month_scatter(at, params) + 1 / (at.cars + 1.5) + 0.5 * at.unlisted


def month_scatter(at: Points, params: EntryParams) -> Array:
    """(n,) the part of the scatter that is the months' own: small sellers come by the boatload, large ones do not."""
    return params.noise**2 * np.exp(-params.noise_volume * at.volume) / np.minimum(at.width, 8) ** 0.9


def gradient(at: Points, params: EntryParams, weight: Array) -> Array:
    """(15,) derivative of sum_ij weight_ij K_ij (scatter included) in the log of each parameter."""
    out: Array = _kernel_gradient(_known(at), params.vector(), weight)
    own = np.diag(weight) * month_scatter(at, params)
    out[13] = 2 * float(own.sum())
    out[14] = -params.noise_volume * float(own @ at.volume)
    return out


def _linear(at: Points) -> Array:
    """(n, 6) regressors, each scaled so that its coefficient has unit prior variance."""
    return np.column_stack(
        (
            np.full(len(at.age), 6.0),
            np.log(at.age / 9.5),
            np.maximum(0.0, np.log(at.age / 12)),
            (at.age < 1).astype(np.float64),
            0.5 * at.size,
            0.15 * (at.month / 12 - 2022),
        )
    )


class Known(NamedTuple):
    """What n blocks are known by, of what `Points` holds; shapes (n,)."""

    entry: Indices
    brand: Indices
    country: Indices
    region: Indices
    age: Array
    month: Array


def _known(at: Points) -> Known:
    return Known(at.entry, at.brand, at.country, at.region, at.age, at.month)


@compiled_as_numpy
def _kernel(a: Known, b: Known, p: Array) -> Array:
    """(n, m) covariance of the Gaussian effects; `p` (15,) is `EntryParams.vector`."""
    out = np.empty((a.age.size, b.age.size))
    for i in range(a.age.size):
        for j in range(b.age.size):
            gap = abs(a.month[i] - b.month[j])
            k = p[11] ** 2 * exp(-gap / p[12])
            if a.country[i] == b.country[j]:
                k += p[5] ** 2
            if a.brand[i] == b.brand[j]:
                slopes = log(a.age[i] / 9.5) * log(b.age[j] / 9.5)
                k += p[0] ** 2 + p[1] ** 2 * slopes + p[2] ** 2 * exp(-gap / p[3])
                if a.region[i] == b.region[j]:
                    k += p[4] ** 2
                if a.entry[i] == b.entry[j]:
                    k += p[6] ** 2 + p[7] ** 2 * slopes + p[8] ** 2 * exp(-gap / p[9])
                    k += p[10] ** 2 * min(a.age[i], b.age[j]) / 12
            out[i, j] = k
    return out


@compiled_as_numpy
def _kernel_gradient(at: Known, p: Array, weight: Array) -> Array:
    """Sum over pairs of weight times the derivative of the kernel in each log parameter; scatter's stay 0."""
    out = np.zeros(15)
    for i in range(at.age.size):
        for j in range(i + 1):
            w = weight[i, j] if i == j else 2 * weight[i, j]
            gap = abs(at.month[i] - at.month[j])
            k = w * p[11] ** 2 * exp(-gap / p[12])
            out[11] += 2 * k
            out[12] += k * gap / p[12]
            if at.country[i] == at.country[j]:
                out[5] += 2 * w * p[5] ** 2
            if at.brand[i] == at.brand[j]:
                slopes = log(at.age[i] / 9.5) * log(at.age[j] / 9.5)
                out[0] += 2 * w * p[0] ** 2
                out[1] += 2 * w * p[1] ** 2 * slopes
                k = w * p[2] ** 2 * exp(-gap / p[3])
                out[2] += 2 * k
                out[3] += k * gap / p[3]
                if at.region[i] == at.region[j]:
                    out[4] += 2 * w * p[4] ** 2
                if at.entry[i] == at.entry[j]:
                    out[6] += 2 * w * p[6] ** 2
                    out[7] += 2 * w * p[7] ** 2 * slopes
                    k = w * p[8] ** 2 * exp(-gap / p[9])
                    out[8] += 2 * k
                    out[9] += k * gap / p[9]
                    out[10] += 2 * w * p[10] ** 2 * min(at.age[i], at.age[j]) / 12
    return out
