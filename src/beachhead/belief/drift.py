"""What time does to a belief: levels move, so what was learnt a year ago says less about today.

What was never learnt cannot be forgotten: the prior is the spread of brands met at an age, whenever that comes, so time
takes no level beyond it. Without that limit a market left alone would be expected to sell nearly twice as much a year
later (its median stands, its spread grows), and waiting would look like earning.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.belief import Belief
from beachhead.belief.fitted import EntryFit, entry_fit
from beachhead.belief.update import Posterior


def drift(belief: Belief, years: float, *, fit: EntryFit | None = None, prior: Belief | None = None) -> Belief:
    """The belief after `years` in which nothing was read: theta takes a random-walk step, beta stays.

    Its covariance grows by years x (brand^2 11' + own^2 I), as in the local-level model (Durbin & Koopman 2012, 2.1);
    with a prior, each market's step is as much smaller as keeps its variance within that of the prior.

    Args:
        belief: what is held.
        years: time that passes, in years; not negative.
        fit: numbers of the entry model; those shipped with the package where not given.
        prior: what was held before anything was learnt, same markets; None lets levels move without end.
    """
    if years < 0:
        raise ValueError(f"time does not run backwards: {years} years")
    numbers, m = fit or entry_fit(), len(belief.markets)
    cov = np.array(belief.cov)
    step = years * (numbers.drift_brand_sd**2 + numbers.drift_own_sd**2 * np.eye(m))
    if prior is not None and years > 0:
        room = np.diag(prior.cov)[:m] - np.diag(belief.cov)[:m]
        share = np.sqrt(np.clip(room / np.diag(step), 0.0, 1.0))
        step *= np.outer(share, share)
    cov[:m, :m] += step
    return replace(belief, cov=cov)


def information_lost(read: Belief, held: Belief) -> NDArray[np.float64]:
    """(M,) information on each level, 1 / variance, that time has taken off what was held when rows were read."""
    before, now = (np.maximum(np.diag(one.cov)[: len(one.markets)], 1e-12) for one in (read, held))
    return np.asarray(1 / before - 1 / now)


def moved(posterior: Posterior, years: float, *, fit: EntryFit | None = None, prior: Belief | None = None) -> Posterior:
    """A posterior after `years` in which nothing was read; its draws no longer hold, only the Gaussian does."""
    belief = drift(posterior.belief, years, fit=fit, prior=prior)
    nothing, no_weights = posterior.draws[:0], posterior.weights[:0]
    return replace(
        posterior, belief=belief, draws=nothing, weights=no_weights, effective_sample_size=0.0, corrected=False
    )
