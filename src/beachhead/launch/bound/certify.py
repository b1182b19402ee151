"""Value, bound and gap from worlds, with little Monte Carlo error: bounds are cheap, so they are taken on many worlds.

The value is bound less gap: playing and bound move together from world to world, so the gap is known far better than
either. All three are freed of most of their noise by a control variate (`control.py`), whose slope is estimated on the
same worlds: that biases by order 1 / worlds.
"""

from __future__ import annotations

import numpy as np

from beachhead.launch.bound.certificate import Certificate
from beachhead.launch.bound.control import Control, controlled
from beachhead.launch.estimate import FEWEST, Estimate, error_of_sum, estimate
from beachhead.launch.question.kernel_terms import Floats

LEAST_BOUND = 0.005
"""A bound of less than half a cent is nothing, and no share of it is told."""


def certify_controlled(
    values: Floats,
    bounds: Floats,
    committed: Floats,
    control: Control,
    method: str,
    tighter: Estimate | None = None,
    tighter_method: str = "",
) -> Certificate:
    """Certificate from n played worlds and N >= n bounded ones, the played ones first.

    Args:
        values: (n,), value of the plan over carrying on as is.
        bounds: (N,), bound of each world.
        committed: (N,), value of what has been entered already.
        control: of the N worlds.
        method: how the bound was found.
        tighter: another bound, of the same mean worlds; taken if it is the smaller by more than two standard errors,
            so that luck alone never picks it.
        tighter_method: how that was found.
    """
    bound = controlled(bounds, control)
    gap = controlled(bounds[: len(values)] - values, control)
    value = Estimate(mean=bound.mean - gap.mean, se=error_of_sum(bound, gap), count=gap.count)
    if len(values) >= FEWEST and np.abs(values).max() <= 1e-9 * np.abs(bounds).max():
        value = estimate(values)  # a plan that does nothing is worth that for certain: no noise to free it of
    if tighter is not None and _is_smaller(tighter, bound):
        method, bound = tighter_method, tighter
        gap = Estimate(mean=bound.mean - value.mean, se=error_of_sum(bound, value), count=gap.count)
    return Certificate(
        value=value,
        bound=bound,
        gap=gap,
        share=_share(value, bound),
        method=method,
        committed=controlled(committed, control) if np.any(committed) else None,
    )


def _is_smaller(one: Estimate, other: Estimate) -> bool:
    error = error_of_sum(one, other)
    return error is not None and other.mean - one.mean > 2 * error


def _share(value: Estimate, bound: Estimate) -> float | None:
    return value.mean / bound.mean if bound.mean > LEAST_BOUND and value.se is not None else None
