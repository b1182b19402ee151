"""Gaussian approximations of a Gaussian prior times one-dimensional log-concave likelihoods.

`mode` is Newton's method in the space of the G rates x = A z (Rasmussen & Williams 2006, Gaussian Processes for Machine
Learning, algorithm 3.1), so that no prior covariance is ever inverted; `refine` is expectation propagation (ibid.,
section 3.6, parallel and damped), which matches the mean and variance that each group's exact likelihood gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack, solve_triangular

Array = NDArray[np.float64]
Likelihood = Callable[[Array], tuple[Array, Array, Array]]

_NODES = np.linspace(-7.0, 7.0, 43)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sites:
    """A Gaussian stand-in for each group's likelihood: exp(shift x - precision x^2 / 2).

    Attributes:
        shift: (G,) linear coefficient.
        precision: (G,) curvature, positive.
        pull: (G,) prior covariance inverse times (mode - prior mean).
        log_marginal: log of the approximate marginal likelihood, terms free of the rates left out.
        converged: false if the iteration limit was reached.
    """

    shift: Array
    precision: Array
    pull: Array
    log_marginal: float
    converged: bool


def mode(
    prior_mean: Array,
    prior_cov: Array,
    likelihood: Likelihood,
    start: Array | None = None,
    *,
    tolerance: float = 1e-9,
) -> Sites:
    """Laplace: the second-order expansion of each group's log likelihood at the joint mode.

    Args:
        prior_mean: (G,) prior mean of the rates.
        prior_cov: (G, G) their prior covariance; may be singular.
        likelihood: maps (G, Q) rates to log likelihood and its two derivatives, each (G, Q).
        start: (G,) the `pull` of a nearby mode, to begin from.
        tolerance: largest move of a rate at which the mode is found; the marginal likelihood errs by its square.
    """
    pull = np.zeros_like(prior_mean) if start is None else start  # prior_cov^-1 (x - prior_mean): no inverse needed
    x = prior_mean + prior_cov @ pull
    value, slope, bend = _at(likelihood, x)
    goal = float(value.sum()) - 0.5 * float(pull @ (x - prior_mean))
    for _ in range(100):
        precision = np.maximum(-bend, 1e-10)
        root = np.sqrt(precision)
        factor = _factor(prior_cov, root)
        want = precision * (x - prior_mean) + slope
        step = want - root * _solve(factor, root * (prior_cov @ want)) - pull
        scale = 1.0
        while True:
            trial = pull + scale * step
            x_trial = prior_mean + prior_cov @ trial
            value, slope, bend = _at(likelihood, x_trial)
            goal_trial = float(value.sum()) - 0.5 * float(trial @ (x_trial - prior_mean))
            if goal_trial >= goal - 1e-9 * abs(goal) or scale < 1e-6:
                break
            scale /= 2
        moved = float(np.max(np.abs(x_trial - x), initial=0.0))
        pull, x, goal = trial, x_trial, goal_trial
        if moved < tolerance:
            break
    precision = np.maximum(-bend, 1e-10)
    log_det = 2 * float(np.sum(np.log(np.diag(_factor(prior_cov, np.sqrt(precision))))))
    return Sites(
        shift=slope + precision * x,
        precision=precision,
        pull=pull,
        log_marginal=goal - 0.5 * log_det,
        converged=moved < tolerance,
    )


def refine(prior_mean: Array, prior_cov: Array, likelihood: Likelihood, start: Sites) -> Sites:
    """Expectation propagation from `start`: each site reproduces its group's exact mean and variance."""
    shift, precision = start.shift.copy(), start.precision.copy()
    change, damp = np.inf, 0.9
    for sweep in range(60):
        mean, var = _marginals(prior_mean, prior_cov, shift, precision)
        sd = np.sqrt(var)
        x = mean[:, None] + sd[:, None] * _NODES
        value, _, _ = likelihood(x)
        # tilted = posterior marginal with the site taken out and the exact likelihood put in
        log_tilted = value - shift[:, None] * x + 0.5 * precision[:, None] * x**2 - 0.5 * _NODES**2
        weight = np.exp(log_tilted - log_tilted.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        tilted_mean = (weight * x).sum(axis=1)
        tilted_var = (weight * (x - tilted_mean[:, None]) ** 2).sum(axis=1)
        new_precision = np.maximum(1 / tilted_var - (1 / var - precision), 1e-10)
        new_shift = tilted_mean / tilted_var - (mean / var - shift)
        change = float(np.max(np.abs(tilted_mean - mean) / sd + np.abs(np.log(tilted_var / var)), initial=0.0))
        if change < 1e-6:
            break
        if sweep == 20:
            damp = 0.5
        precision += damp * (new_precision - precision)
        shift += damp * (new_shift - shift)
    return replace(start, shift=shift, precision=precision, converged=change < 1e-6)


def condition(mean: Array, cov: Array, loading: Array, sites: Sites) -> tuple[Array, Array]:
    """Mean and covariance of z ~ N(mean, cov) given the sites on A z.

    Args:
        mean: (D,).
        cov: (D, D).
        loading: (G, D), the matrix A.
        sites: G sites.
    """
    root = np.sqrt(sites.precision)
    cross = cov @ loading.T
    prior_cov = loading @ cross
    lower = _factor(prior_cov, root)
    half = solve_triangular(lower, root[:, None] * cross.T, lower=True)
    want = sites.shift - sites.precision * (loading @ mean)
    pull = want - root * _solve(lower, root * (prior_cov @ want))
    out = cov - half.T @ half
    return mean + cross @ pull, (out + out.T) / 2


def log_mass(prior_mean: Array, prior_cov: Array, sites: Sites) -> float:
    """Log integral of N(x; prior_mean, prior_cov) times all sites."""
    root = np.sqrt(sites.precision)
    factor = _factor(prior_cov, root)
    tilt = sites.shift - sites.precision * prior_mean
    pull = tilt - root * _solve(factor, root * (prior_cov @ tilt))
    log_det = 2 * float(np.sum(np.log(np.diag(factor))))
    at_mean = float(sites.shift @ prior_mean - 0.5 * sites.precision @ prior_mean**2)
    return at_mean - 0.5 * log_det + 0.5 * float(tilt @ prior_cov @ pull)


def _at(likelihood: Likelihood, x: Array) -> tuple[Array, Array, Array]:
    value, slope, bend = likelihood(x[:, None])
    return value[:, 0], slope[:, 0], bend[:, 0]


def _factor(prior_cov: Array, root: Array) -> Array:
    """(G, G) lower triangle L with L L' = 1 + root K root; what stands above the diagonal means nothing.

    LAPACK is called straight: at thirty groups SciPy's wrappers take longer than the arithmetic.
    """
    inner = root[:, None] * prior_cov * root
    inner.flat[:: len(root) + 1] += 1.0
    lower, failed = lapack.dpotrf(inner, lower=1, clean=0)
    if failed:
        raise np.linalg.LinAlgError("prior covariance of the rates is not positive semi-definite, or not finite")
    out: Array = lower
    return out


def _solve(lower: Array, right: Array) -> Array:
    """Solution of L L' x = right."""
    out: Array = lapack.dpotrs(lower, right, lower=1)[0]
    return out


def _marginals(prior_mean: Array, prior_cov: Array, shift: Array, precision: Array) -> tuple[Array, Array]:
    """Mean and variance of each rate given the sites."""
    root = np.sqrt(precision)
    factor = _factor(prior_cov, root)
    half = solve_triangular(factor, root[:, None] * prior_cov, lower=True)
    tilt = shift - precision * prior_mean
    pull = tilt - root * _solve(factor, root * (prior_cov @ tilt))
    var = np.diag(prior_cov) - np.einsum("ij,ij->j", half, half)
    return prior_mean + prior_cov @ pull, np.maximum(var, 1e-14)
