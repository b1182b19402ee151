"""The forecasters to beat: each with a predictive distribution fitted on the same training brands.

A point forecast of log1p of the next twelve months' total becomes a distribution by adding the errors it made on the
training brands' entries at the same origin (empirical residuals, split conformal: Vovk, Gammerman & Shafer 2005,
section 4.1): intervals of the statistical packages rest on three to twelve months of one series and are far too narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from beachhead.belief.bass import bass_total, fit_bass
from beachhead.belief.history.case import HORIZON_MONTHS, Case
from beachhead.belief.history.forecast import LEVELS

Array = NDArray[np.float64]
Point = Callable[[Case], float]
Predict = Callable[[Case, float], Array]


STATSFORECAST = ("AutoETS", "AutoTheta", "CrostonSBA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A forecaster of log1p of the next twelve months' total.

    Attributes:
        name: as it stands in tables.
        train: sees training cases of one origin and each one's point forecast, and returns what maps a case and its
            point forecast to equally likely values.
        point: the point forecast of one case, the same in every fold.
    """

    name: str
    train: Callable[[Sequence[Case], Array], Predict]
    point: Point


def simple_peers() -> tuple[Peer, ...]:
    """Those that need no package beyond our own."""
    return (
        Peer(name="last value", train=_errors, point=_last),
        Peer(name="mean", train=_errors, point=_mean),
        Peer(name="mean of last three", train=_errors, point=_last_three),
        Peer(name="pooled growth multiplier", train=_multiplier, point=_mean),
        Peer(name="ridge", train=_ridge, point=_mean),
        Peer(name="Bass", train=_errors, point=_bass),
    )


def statsforecast_peers() -> tuple[Peer, ...]:
    """AutoETS, AutoTheta and Croston (SBA) of the package statsforecast; none where it is not installed."""
    try:
        from statsforecast.models import AutoETS, AutoTheta, CrostonSBA
    except ImportError:
        return ()
    return tuple(
        Peer(name=maker.__name__, train=_errors, point=partial(_packaged, maker))
        for maker in (AutoETS, AutoTheta, CrostonSBA)
    )


def _errors(training: Sequence[Case], points: Array) -> Predict:
    errors = np.array([c.target for c in training]) - points

    def predict(_: Case, point: float) -> Array:
        out: Array = np.maximum(point + errors, 0.0)
        return out

    return predict


def _multiplier(training: Sequence[Case], points: Array) -> Predict:
    """Mean times a log-normal multiplier, the same for all brands."""
    grown = np.array([c.target for c in training]) - points
    mean, sd = float(grown.mean()), float(grown.std(ddof=1))

    def predict(_: Case, point: float) -> Array:
        out: Array = np.maximum(point + mean + sd * ndtri(LEVELS), 0.0)
        return out

    return predict


def _ridge(training: Sequence[Case], _: Array) -> Predict:
    """Ridge regression on log1p of mean, last, last three and best month, with leave-one-out errors."""
    raw = np.array([_features(c) for c in training])
    centre, spread = raw.mean(axis=0), raw.std(axis=0) + 1e-9
    design = np.column_stack((np.ones(len(raw)), (raw - centre) / spread))
    inverse = np.linalg.inv(design.T @ design + 3.0 * np.diag([0.0, *np.ones(raw.shape[1])]))
    goal = np.array([c.target for c in training])
    slopes = inverse @ design.T @ goal
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    errors = (goal - design @ slopes) / (1 - np.minimum(leverage, 0.9))

    def predict(c: Case, _: float) -> Array:
        at = np.append(1.0, (_features(c) - centre) / spread)
        out: Array = np.maximum(float(at @ slopes) + errors, 0.0)
        return out

    return predict


def _features(c: Case) -> Array:
    return np.log1p([c.seen.mean(), c.seen[-1], c.seen[-3:].mean(), c.seen.max()])


def _mean(c: Case) -> float:
    return float(np.log1p(c.seen.mean() * HORIZON_MONTHS))


def _last(c: Case) -> float:
    return float(np.log1p(c.seen[-1] * HORIZON_MONTHS))


def _last_three(c: Case) -> float:
    return float(np.log1p(c.seen[-3:].mean() * HORIZON_MONTHS))


def _bass(c: Case) -> float:
    """Bass curve by least squares through the months seen, extended; the mean where no curve can be found."""
    curve = fit_bass(c.seen)
    if curve is None:
        return _mean(c)
    total = bass_total(curve, len(c.seen), len(c.seen) + HORIZON_MONTHS)
    return float(np.log1p(np.clip(total, 0.0, 50 * (c.seen.sum() + 5))))


def _packaged(maker: Callable[..., object], c: Case) -> float:
    """Total of twelve months ahead by a statsforecast model; the mean where it fails on so short a series."""
    try:
        model = maker() if maker.__name__ == "CrostonSBA" else maker(season_length=1)
        path = model.forecast(y=c.seen.astype(np.float64), h=HORIZON_MONTHS)["mean"]  # type: ignore[attr-defined]
        total = float(np.sum(path))
    except (ValueError, ZeroDivisionError, IndexError, NotImplementedError, np.linalg.LinAlgError):
        return _mean(c)
    return float(np.log1p(max(total, 0.0))) if np.isfinite(total) else _mean(c)
