"""The covariance once the picks of a gate have been looked at, one look after the other.

A look x along cov[j, x] = a_j with variance s leaves cov - a a' / s (the update of a joint Gaussian); the same with -s
takes it back.
"""

from __future__ import annotations

import math

import numpy as np

from beachhead.launch.question.kernel_terms import Floats, Ints
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import inlined, inner


@by_reference
class Learnt:
    """cov - sum of sign_p f_p f_p', kept as its factors; changed in place by every look.

    A gate asks for a few columns only, so the columns are made when asked for and the matrix never.

    Attributes:
        factor: (2 M, M+1), f by look; looks taken back are added with the other sign.
        sign: (2 M,), 1 or -1.
        looks: (1,), looks so far, those taken back included.
        var: (M,), diagonal.
        fan: (M+1,), column of the early-adopter bias.
        removed: (M,), share of each variance that is gone.
    """

    factor: Floats
    sign: Floats
    looks: Ints
    var: Floats
    fan: Floats
    removed: Floats


@inner
def nothing_learnt(cov: Floats) -> Learnt:
    """Nothing looked at yet."""
    M = cov.shape[0] - 1
    return Learnt(
        np.empty((2 * M, M + 1)),
        np.empty(2 * M),
        np.zeros(1, dtype=np.int64),
        np.diag(cov)[:M].copy(),
        cov[M].copy(),
        np.zeros(M),
    )


@inlined
def column(cov: Floats, learnt: Learnt, i: int, out: Floats) -> None:
    """Fill (M+1,) column i of the covariance after the looks."""
    factor, sign = learnt.factor, learnt.sign
    out[:] = cov[i]
    for p in range(learnt.looks[0]):
        part = sign[p] * factor[p, i]
        if part != 0.0:
            for j in range(out.shape[0]):
                out[j] -= part * factor[p, j]


@inner
def look(cov: Floats, learnt: Learnt, along: Floats, spread: float) -> None:
    """Take a look with cov[j, x] = along, var x = spread; a negative spread takes a look back."""
    n, sign = learnt.looks[0], 1.0 if spread > 0.0 else -1.0
    root = math.sqrt(abs(spread))
    M = learnt.var.shape[0]
    for j in range(M + 1):
        learnt.factor[n, j] = along[j] / root
    learnt.sign[n] = sign
    learnt.looks[0] = n + 1
    fan = sign * learnt.factor[n, M]
    for j in range(M + 1):
        learnt.fan[j] -= fan * learnt.factor[n, j]
    for j in range(M):
        learnt.var[j] -= sign * learnt.factor[n, j] ** 2
        if cov[j, j] > 1e-12:
            learnt.removed[j] = min(max(1.0 - learnt.var[j] / cov[j, j], 0.0), 1.0)
