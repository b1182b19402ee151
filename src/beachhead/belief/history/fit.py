"""Fits the entry model by marginal likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, lapack, solve_triangular
from scipy.optimize import minimize

from beachhead.belief.history.covariance import EntryParams, covariance, gradient, scatter
from beachhead.belief.history.points import Points

Array = NDArray[np.float64]

# Each parameter's logarithm has a normal prior around the defaults of EntryParams, which are the jackknifed estimates
# of a prototype: wide enough to move a parameter threefold, narrow enough to keep a small panel from nonsense.
_PRIOR_LOG_SD = 0.7


def fit_entries(at: Points, *, start: EntryParams | None = None, iterations: int = 25) -> EntryParams:
    """Parameters that maximise log marginal likelihood plus log prior (Rasmussen & Williams 2006, equations 5.8-5.9).

    Args:
        at: the n points to learn from.
        start: where to begin; the prior's centre where not given.
        iterations: most iterations of L-BFGS.
    """
    centre = np.log(EntryParams().vector())
    begin = centre if start is None else np.log(start.vector())
    if len(at.age) == 0:
        return EntryParams()
    found = minimize(
        _objective, begin, args=(at, centre), jac=True, method="L-BFGS-B",
        bounds=[(c - 3.0, c + 3.0) for c in centre], options={"maxiter": iterations},
    )  # fmt: skip
    return EntryParams.of(np.exp(found.x))


def _objective(log_params: Array, at: Points, centre: Array) -> tuple[float, Array]:
    """Minus log posterior and its gradient."""
    params = EntryParams.of(np.exp(log_params))
    cov = covariance(at, at, params)
    cov[np.diag_indices_from(cov)] += scatter(at, params)
    lower = cholesky(cov, lower=True, check_finite=False)
    white = solve_triangular(lower, at.log_share, lower=True, check_finite=False)
    pull = solve_triangular(lower, white, lower=True, trans=1, check_finite=False)
    inverse, _ = lapack.dpotri(lower, lower=True)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    away = (log_params - centre) / _PRIOR_LOG_SD
    value = 0.5 * float(white @ white) + float(np.log(np.diag(lower)).sum()) + 0.5 * float(away @ away)
    slope = 0.5 * gradient(at, params, inverse - np.outer(pull, pull)) + away / _PRIOR_LOG_SD
    return value, slope
