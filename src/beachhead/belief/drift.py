"""What time does to a belief: levels move, so what was learnt a year ago says less about today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from beachhead.belief.belief import Belief
from beachhead.belief.fitted import EntryFit, entry_fit
from beachhead.belief.update import Posterior


def drift(belief: Belief, years: float, *, fit: EntryFit | None = None) -> Belief:
    """The belief after `years` in which nothing was read: theta takes a random-walk step, beta stays.

    Its covariance grows by years x (brand^2 11' + own^2 I), as in the local-level model (Durbin & Koopman 2012, 2.1).

    Args:
        belief: what is held.
        years: time that passes, in years; not negative.
        fit: numbers of the entry model; those shipped with the package where not given.
    """
    if years < 0:
        raise ValueError(f"time does not run backwards: {years} years")
    numbers, m = fit or entry_fit(), len(belief.markets)
    cov = np.array(belief.cov)
    cov[:m, :m] += years * (numbers.drift_brand_sd**2 + numbers.drift_own_sd**2 * np.eye(m))
    return replace(belief, cov=cov)


def moved(posterior: Posterior, years: float, *, fit: EntryFit | None = None) -> Posterior:
    """A posterior after `years` in which nothing was read; its draws no longer hold, only the Gaussian does."""
    belief = drift(posterior.belief, years, fit=fit)
    nothing, no_weights = posterior.draws[:0], posterior.weights[:0]
    return replace(
        posterior, belief=belief, draws=nothing, weights=no_weights, effective_sample_size=0.0, corrected=False
    )
