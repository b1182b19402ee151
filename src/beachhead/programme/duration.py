"""Uncertain durations: mean, spread, and the quantile of a standard normal score.

PERT: D. G. Malcolm, J. H. Roseboom, C. E. Clark and W. Fazar, "Application of a technique for research and development
program evaluation", Operations Research 7 (1959): mean (a + 4 m + b) / 6 and standard deviation (b - a) / 6. The
density is the beta density with the same ends, mode and mean (D. Vose, "Risk Analysis", 3rd ed. 2008: shape parameters
1 + 4 (m - a) / (b - a) and 1 + 4 (b - m) / (b - a)), whose spread differs a little from the textbook's sixth. Tested
on the fourteen tasks of Reliable Construction (F. S. Hillier and G. J. Lieberman) in
`tests/published/test_programme_pert.py`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, betaincinv, ndtr, ndtri

from beachhead.programme.task import Duration, Shape

Floats = NDArray[np.float64]

SCORES = np.linspace(-5.0, 5.0, 257)
"""Scores on which a quantile function is tabulated; between them it is read off linearly."""

_LOGNORMAL_TAIL = 1.2815515655446004  # score of the 90 % quantile
_OVERRUN = 0.25
"""A task that has outlasted its worst case is given up to this share of the time it has taken already."""


def mean_weeks(duration: Duration) -> float:
    """Expected duration, weeks."""
    low, likely, high = duration.low, duration.likely, duration.high
    match duration.shape:
        case Shape.PERT:
            return (low + 4 * likely + high) / 6
        case Shape.TRIANGLE:
            return (low + likely + high) / 3
        case Shape.UNIFORM:
            return (low + high) / 2
        case Shape.LOGNORMAL:
            log_mean, log_sd = _log_moments(duration)
            return math.exp(log_mean + log_sd**2 / 2) if high > 0 else 0.0


def textbook_sd_weeks(duration: Duration) -> float:
    """The textbook's standard deviation of a PERT duration, a sixth of its range, weeks."""
    return (duration.high - duration.low) / 6


def quantiles(duration: Duration, probabilities: Floats) -> Floats:
    """Quantiles of a duration, weeks; same shape as `probabilities`."""
    p = np.asarray(probabilities, dtype=np.float64)
    low, likely, high = duration.low, duration.likely, duration.high
    width = high - low
    if width == 0:
        return np.full(p.shape, likely)
    match duration.shape:
        case Shape.PERT:
            a, b = _beta_shapes(duration)
            return low + width * np.asarray(betaincinv(a, b, p))
        case Shape.TRIANGLE:
            up = np.sqrt(p * width * (likely - low))
            down = np.sqrt((1 - p) * width * (high - likely))
            return np.where(p * width < likely - low, low + up, high - down)
        case Shape.UNIFORM:
            return low + width * p
        case Shape.LOGNORMAL:
            log_mean, log_sd = _log_moments(duration)
            return np.exp(log_mean + log_sd * np.asarray(ndtri(p)))


def share_done_by(duration: Duration, weeks: float) -> float:
    """Probability that a task takes no longer than so many weeks."""
    low, likely, high = duration.low, duration.likely, duration.high
    if duration.shape is Shape.LOGNORMAL and high > low:
        log_mean, log_sd = _log_moments(duration)
        return float(ndtr((math.log(weeks) - log_mean) / log_sd)) if weeks > 0 else 0.0
    if weeks >= high:
        return 1.0
    if weeks <= low:
        return 0.0
    at = (weeks - low) / (high - low)
    match duration.shape:
        case Shape.PERT:
            return float(betainc(*_beta_shapes(duration), at))
        case Shape.TRIANGLE if weeks < likely:
            return (weeks - low) ** 2 / ((high - low) * (likely - low))
        case Shape.TRIANGLE:
            return 1 - (high - weeks) ** 2 / ((high - low) * (high - likely))
        case _:
            return at


def table_weeks(duration: Duration, elapsed: float = 0.0) -> Floats:
    """Weeks still to go at each of `SCORES`, given that so many weeks have not been enough; (257,), never negative.

    The conditional quantile of D - e given D > e: at probability p it is the quantile of F(e) + p (1 - F(e)), less e.
    A task that has outlasted its worst case says nothing more about itself; it is given evenly up to a quarter of the
    time it has taken, until somebody estimates it anew.
    """
    p = np.asarray(ndtr(SCORES))
    gone = share_done_by(duration, elapsed) if elapsed > 0 else 0.0
    if gone > 1 - 1e-9:
        return _OVERRUN * elapsed * p
    # Rounding in the tails must not make a longer wait shorter.
    return np.maximum.accumulate(np.maximum(quantiles(duration, gone + p * (1 - gone)) - elapsed, 0.0))


def _beta_shapes(duration: Duration) -> tuple[float, float]:
    width = duration.high - duration.low
    return 1 + 4 * (duration.likely - duration.low) / width, 1 + 4 * (duration.high - duration.likely) / width


def _log_moments(duration: Duration) -> tuple[float, float]:
    if duration.low == duration.high:
        return (math.log(duration.low) if duration.low > 0 else -math.inf), 0.0
    low, high = math.log(duration.low), math.log(duration.high)
    return (low + high) / 2, (high - low) / (2 * _LOGNORMAL_TAIL)
