"""The Bass diffusion curve: how a new product spreads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bass:
    """Bass, 1969, Management Science 15(5): adoptions with innovation p, imitation q and market potential m.

    Attributes:
        m: adoptions in the long run.
        p: coefficient of innovation, per period.
        q: coefficient of imitation, per period.
    """

    m: float
    p: float
    q: float


def fit_bass(sales: ArrayLike) -> Bass | None:
    """Non-linear least squares of sales in periods 1, 2 ... on the density m f(t).

    f(t) = ((p+q)^2 / p) e^{-(p+q)t} / (1 + (q/p) e^{-(p+q)t})^2 (Bass 1969, equation 9), fitted on the logs
    of m, p and q from several starts. Published: video recorders, United States 1980-1989, m 67,980, p .00659, q .638.

    Returns:
        The curve, or None where fewer than three periods are given or nothing was sold.
    """
    seen = np.asarray(sales, dtype=np.float64)
    if len(seen) < 3 or not np.isfinite(seen).all() or seen.sum() <= 0:
        return None
    periods = np.arange(1.0, len(seen) + 1)
    scale = float(seen.max())

    def miss(log_curve: Array) -> Array:
        m, p, q = np.exp(log_curve)
        out: Array = (m * _density(periods, p, q) - seen) / scale
        return out

    box = (np.log([seen.sum() * 0.5, 1e-6, 1e-6]), np.log([seen.sum() * 1000, 1.0, 3.0]))
    starts = [(2.0, 0.01, 0.4), (10.0, 0.02, 0.1), (1.2, 0.1, 0.3)]
    found = [least_squares(miss, np.log([seen.sum() * a, p, q]), bounds=box, max_nfev=100) for a, p, q in starts]
    best = min(found, key=lambda r: float(r.cost))
    m, p, q = (float(v) for v in np.exp(best.x))
    return Bass(m=m, p=p, q=q)


def bass_total(curve: Bass, start: float, end: float) -> float:
    """Adoptions between two moments: m (F(end) - F(start)), F(t) = (1 - e^{-(p+q)t}) / (1 + (q/p) e^{-(p+q)t})."""
    done = np.exp(-(curve.p + curve.q) * np.array([start, end]))
    share = (1 - done) / (1 + curve.q / curve.p * done)
    return float(curve.m * (share[1] - share[0]))


def _density(t: Array, p: float, q: float) -> Array:
    done = np.exp(-(p + q) * t)
    out: Array = (p + q) ** 2 / p * done / (1 + q / p * done) ** 2
    return out
