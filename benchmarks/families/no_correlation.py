"""Worlds in which markets share nothing, though the belief says they do: each pilot is read as news of its neighbours.

Every market is as uncertain as believed; the early-adopter bias is as believed.
"""

import numpy as np


def worlds(problem, seed, count):
    """(theta, beta) pairs."""
    rng = np.random.default_rng([seed, 11])
    mean, sd = np.asarray(problem.belief.mean), np.sqrt(np.diag(problem.belief.cov))
    for _ in range(count):
        z = mean + sd * rng.standard_normal(len(mean))
        yield z[:-1], float(z[-1])
