"""Worlds of larger surprises than believed: Student's t with 4 degrees of freedom, the spread of the normal.

One stretch a world, so all markets are surprised together: the tail that hurts a launch most.
"""

import numpy as np

FREEDOM = 4


def worlds(problem, seed, count):
    """(theta, beta) pairs."""
    rng = np.random.default_rng([seed, FREEDOM])
    mean, cov = np.asarray(problem.belief.mean), np.asarray(problem.belief.cov)
    for _ in range(count):
        stretch = np.sqrt((FREEDOM - 2) / rng.chisquare(FREEDOM))
        z = mean + stretch * rng.multivariate_normal(np.zeros(len(mean)), cov, method="eigh")
        yield z[:-1], float(z[-1])
