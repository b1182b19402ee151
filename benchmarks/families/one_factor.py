"""Worlds in which one factor moves all markets nearly together (correlation .95), more than the belief says.

Every market is as uncertain as believed; the early-adopter bias is as believed.
"""

import numpy as np

CORRELATION = 0.95


def worlds(problem, seed, count):
    """(theta, beta) pairs."""
    rng = np.random.default_rng([seed, 95])
    mean, sd = np.asarray(problem.belief.mean), np.sqrt(np.diag(problem.belief.cov))
    for _ in range(count):
        shared = np.sqrt(CORRELATION) * rng.standard_normal()
        z = shared + np.sqrt(1 - CORRELATION) * rng.standard_normal(len(mean))
        z[-1] = rng.standard_normal()
        z = mean + sd * z
        yield z[:-1], float(z[-1])
