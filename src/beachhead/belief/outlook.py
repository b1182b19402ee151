"""Draws of demand from a belief: the only form in which uncertainty leaves this room."""

from __future__ import annotations

import numpy as np

from beachhead.belief.belief import Belief
from beachhead.world.outlook import Outlook


def outlook(belief: Belief, *, draws: int, seed: int) -> Outlook:
    """Joint draws of cars a quarter at full scale: exp(theta_m) x path_m,t / 4, over markets and quarters.

    Draws come in antithetic pairs, so the median of log demand is exact; `draws` must be even.

    Args:
        belief: what is held.
        draws: S, even.
        seed: seed of the draws.
    """
    if draws < 2 or draws % 2:
        raise ValueError(f"draws must be an even number of at least 2, not {draws}")
    m = len(belief.markets)
    values, vectors = np.linalg.eigh(belief.cov[:m, :m])
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    half = np.random.default_rng(seed).standard_normal((draws // 2, m)) @ root.T
    theta = belief.mean[:m] + np.concatenate([half, -half])
    cars = np.exp(theta[:, :, None] + belief.log_path) / 4
    return Outlook(values=cars, markets=belief.markets, quarters=belief.quarters, seed=seed)
