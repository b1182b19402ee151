"""Value, bound and gap from worlds, with little Monte Carlo error: bounds are cheap, so they are taken on many worlds.

The value is bound less gap: playing and bound move together from world to world, so the gap is known far better than
either. Bound and committed value are freed of most of their noise by a control variate whose mean is known exactly:
what every market would be worth alone if its demand were known now, a sum of calls on log-normal demand (Black 1976;
Glasserman 2004, section 4.1; the coefficient is estimated on the same worlds, which biases by order 1 / worlds).
"""

from __future__ import annotations

import math

import numpy as np

from beachhead.launch.certificate import Certificate, Estimate
from beachhead.launch.play import best_route
from beachhead.launch.scene import Scene
from beachhead.launch.terms import OUT, Floats
from beachhead.launch.value import normal_cdf, rates_from


def certify_controlled(
    values: Floats,
    bounds: Floats,
    committed: Floats,
    control: Floats,
    mean: float,
    method: str,
    tighter: Estimate | None = None,
    tighter_method: str = "",
) -> Certificate:
    """Certificate from n played worlds and N >= n bounded ones, the played ones first.

    Args:
        values: (n,), value of the plan over carrying on as is.
        bounds: (N,), bound of each world.
        committed: (N,), value of what has been entered already.
        control: (N,), the control variate.
        mean: its expectation.
        method: how the bound was found.
        tighter: another bound, of the same mean worlds; taken if it is the smaller by more than two standard errors,
            so that luck alone never picks it.
        tighter_method: how that was found.
    """
    bound = controlled(bounds, control, mean)
    gap = estimate(bounds[: len(values)] - values)
    value = Estimate(mean=bound.mean - gap.mean, se=math.hypot(bound.se, gap.se), count=gap.count)
    if len(values) > 1 and np.ptp(values) <= 1e-9 * np.abs(bounds).max():
        value = estimate(
            values
        )  # a plan that does nothing is worth nothing for certain: there is no noise to free it of
    if tighter is not None and bound.mean - tighter.mean > 2 * math.hypot(bound.se, tighter.se):
        method, bound = tighter_method, tighter
        gap = Estimate(mean=bound.mean - value.mean, se=math.hypot(bound.se, value.se), count=gap.count)
    return Certificate(
        value=value,
        bound=bound,
        gap=gap,
        share=_share(value, bound),
        method=method,
        committed=controlled(committed, control, mean) if np.any(committed) else None,
    )


def controlled(sample: Floats, control: Floats, mean: float) -> Estimate:
    """Mean of the sample freed of what the control explains (regression through the control's known mean)."""
    n = len(sample)
    spread = control - control.mean()
    weight = float(spread @ spread)
    if n < 8 or weight <= 0.0:
        return estimate(sample)
    slope = float(spread @ (sample - sample.mean())) / weight
    rest = sample - slope * (control - mean)
    return Estimate(mean=float(rest.mean()), se=float(rest.std(ddof=2) / math.sqrt(n)), count=n)


def estimate(sample: Floats) -> Estimate:
    """Plain mean and its standard error."""
    n = len(sample)
    return Estimate(mean=float(sample.mean()), se=float(sample.std(ddof=1) / math.sqrt(n)) if n > 1 else 0.0, count=n)


def control_variate(scene: Scene, thetas: Floats, own: Floats | None = None) -> tuple[Floats, float]:
    """(N,) sum over undecided markets of max(0, NPV if scaled as soon as permitted), and its expectation.

    Args:
        scene: the launch.
        thetas: (N, M), true log demand; or its expectation given what is told.
        own: (M,), variance of log demand that is left then: the control is the expectation over it, its mean the same.
    """
    total, expected = np.zeros(len(thetas)), 0.0
    T = scene.terms.path.shape[1]
    free = np.zeros(T)
    for i in range(thetas.shape[1]):
        mean, var = float(scene.mean[i]), float(scene.cov[i, i])
        if scene.position.stage[i] != OUT or var <= 1e-12:
            continue
        c = best_route(scene.terms, i, 0, mean, var)
        start = int(scene.terms.first_scale[i, c])
        if start >= T or not np.isfinite(scene.terms.capital[i, c]):
            continue
        now, later, cost = rates_from(scene.terms, free, i, c, start, start)
        weight = scene.terms.discount**start
        gain = weight * (now + scene.terms.discount * later)
        spent = weight * (scene.terms.capital[i, c] + scene.terms.opex[i, c] + scene.terms.discount * cost)
        if gain <= 0.0:
            continue
        left = 0.0 if own is None else float(own[i])
        total += np.array([_call(gain, spent, float(theta), left) for theta in thetas[:, i]])
        expected += _call(gain, spent, mean, var)
    return total, expected


def _call(gain: float, spent: float, mean: float, var: float) -> float:
    """E max(0, gain exp(theta) - spent), theta ~ N(mean, var)."""
    if var <= 1e-12:
        return max(gain * math.exp(mean) - spent, 0.0)
    sd = math.sqrt(var)
    d2 = (mean + math.log(gain / max(spent, 1e-12))) / sd
    return gain * math.exp(mean + var / 2) * normal_cdf(d2 + sd) - spent * normal_cdf(d2)


def _share(value: Estimate, bound: Estimate) -> float | None:
    return value.mean / bound.mean if bound.mean > 0 else None
