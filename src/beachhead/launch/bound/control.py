"""What a launch would earn in a world if nothing but cars held it back: cheap, and its mean known.

A few worlds in which demand is large carry most of a launch's value, so a plain mean over dozens of worlds is mostly
luck. This control variate tells that luck apart in two stages (double sampling: Cochran 1977, chapter 12; Glasserman
2004, section 4.1):

- *alone*: every market that may still be entered, entered as soon as permitted if that pays by itself. A sum of calls
  on log-normal demand, so its mean is known exactly (Black 1976).
- *rationed*: the same markets share the cars that there are, best margin first. Where demand is large, value follows
  the cars and not demand, which the calls do not see. Its mean is taken over thousands of levels of demand, freed of
  most of its noise by the first.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from beachhead.launch.draws import symmetric_root
from beachhead.launch.estimate import FEWEST, Estimate, estimate
from beachhead.launch.policy.play import best_route
from beachhead.launch.policy.value import normal_cdf, served, served_after
from beachhead.launch.question.kernel_terms import OUT, SCALED, Floats, Ints
from beachhead.launch.scene import Scene
from beachhead.world.compiled import compiled, inner

BOUND_WORLDS = 240
"""Worlds on which a bound is taken, and the most that are played unasked: one bound costs a fiftieth of one play."""
SCORES = 8192
"""Levels of demand over which the control's mean is taken."""
RESTS = 32
"""Draws a world of what is left to each market, where only part of demand is told."""


class Control(NamedTuple):
    """A control variate.

    Attributes:
        worlds: (N,), its value in each world.
        mean: its expectation.
        rest: (SCORES,), the draws that the expectation was taken from, less all that is known of them: mean 0, their
            spread is the error of `mean`.
    """

    worlds: Floats
    mean: float
    rest: Floats

    def over(self, other: Control) -> Control:
        """This one less another of the same worlds and draws."""
        return Control(self.worlds - other.worlds, self.mean - other.mean, self.rest - other.rest)


def controlled(sample: Floats, *controls: Control) -> Estimate:
    """Mean of the sample freed of what the controls explain: regression at the controls' known means.

    The error allows for the slopes being fitted on the same few worlds and for worlds that scatter unequally (HC3:
    MacKinnon & White 1985), and for the error of the controls' means. A control of which too few worlds tell is left
    out; if that leaves none, no error is stated: what carries the mean was hardly seen.
    """
    n = len(sample)
    moving = [c for c in controls if np.ptp(c.worlds[:n]) > 0.0]
    if n < FEWEST or not moving:
        return estimate(sample)
    used = [c for c in moving if telling(c.worlds[:n]) >= FEWEST]
    if not used:
        return replace(estimate(sample), se=None)
    line = _line(sample, *used)
    left = line.left / np.maximum(1.0 - line.leverage, 1e-6)
    theirs = sum(b * c.rest for b, c in zip(line.slopes, used, strict=True))
    se = math.hypot(float(np.linalg.norm(line.pull * left)), float(np.std(theirs)) / math.sqrt(np.size(theirs)))
    return Estimate(mean=line.mean, se=se, count=n)


def telling(worlds: Floats) -> int:
    """How many worlds tell a slope: those unlike the middle one, for where launches seldom pay most controls are 0.

    A slope fitted on one such world passes through it whatever it says, with an error of 0, and is carried to the
    control's mean, several times as far away.
    """
    return int(np.count_nonzero(worlds != np.median(worlds)))


def enough(worlds: int, *controls: Control) -> int | None:
    """Worlds to play: those asked for, or the first of all in which a control tells; None if none of them does.

    Where a launch seldom pays, few worlds carry its value. Whoever asks for too few to state any error gets those.
    """
    if worlds < FEWEST:
        return worlds
    counts = range(worlds, len(controls[0].worlds) + 1)
    return next((n for n in counts if any(telling(c.worlds[:n]) >= FEWEST for c in controls)), None)


class _Line(NamedTuple):
    """A regression on controls.

    Attributes:
        mean: the sample's where every control is at its own.
        slopes: (K,), by control.
        left: (N,), what is left of the sample.
        pull: (N,), what a unit more in a world adds to `mean`.
        leverage: (N,), what it adds to the fit in that world.
    """

    mean: float
    slopes: Floats
    left: Floats
    pull: Floats
    leverage: Floats


def _line(sample: Floats, *controls: Control) -> _Line:
    """Least squares of the sample on the controls less their means, each in units of its largest."""
    n = len(sample)
    away = [c.worlds[:n] - c.mean for c in controls]
    unit = np.array([max(float(np.abs(column).max()), 1e-300) for column in away])
    design = np.column_stack([np.ones(n), *(column / u for column, u in zip(away, unit, strict=True))])
    inverse = np.linalg.pinv(design)
    fitted = inverse @ sample
    leverage = np.einsum("ij,ji->i", design, inverse)
    return _Line(float(fitted[0]), fitted[1:] / unit, sample - design @ fitted, inverse[0], leverage)


def control_variate(scene: Scene, thetas: Floats, scores: Floats, own: Floats | None = None) -> Control:
    """What the launch would earn, over carrying on as is, in each world if nothing but cars held it back.

    Args:
        scene: the launch.
        thetas: (N, M), true log demand; or its expectation given what is told.
        scores: (SCORES, M+1), independent standard normals, a column a market and one for the early-adopter bias
            (`draws.draw_scores`).
        own: (M,), variance of log demand that is left then: the control is its mean over draws of that.
    """
    M = thetas.shape[1]
    entry = _entries(scene)
    rationed, alone = _earned(entry, scene.mean[:M] + (scores @ symmetric_root(scene.cov))[:, :M])
    known = Control(alone, _calls(entry, scene.mean[:M], np.diag(scene.cov)[:M]), np.zeros(len(alone)))
    line = _line(rationed, known)
    if own is None:
        return Control(_earned(entry, thetas)[0], line.mean, line.left)
    draws = scores[:, :M] * np.sqrt(own)
    worlds = np.array([_left_open(entry, theta, own, draws, k) for k, theta in enumerate(thetas)])
    return Control(worlds, line.mean, line.left)


def control_alone(scene: Scene, thetas: Floats, own: Floats | None = None) -> Control:
    """The calls alone, their mean exact: the closer control where capital and starts hold a launch back, not cars."""
    M = thetas.shape[1]
    entry, left = _entries(scene), np.zeros(M) if own is None else own
    worlds = np.array([_calls(entry, theta, left) for theta in thetas])
    return Control(worlds, _calls(entry, scene.mean[:M], np.diag(scene.cov)[:M]), np.zeros(1))


def _left_open(entry: _Entries, theta: Floats, own: Floats, draws: Floats, k: int) -> float:
    """Expectation over what is left to each market: of the calls exactly, of what few cars cost over draws.

    The draws are those of world k alone: the same ones in every world would move them all alike.
    """
    mine = np.arange(k * RESTS, (k + 1) * RESTS) % len(draws)
    rationed, alone = _earned(entry, theta + draws[mine])
    return _calls(entry, theta, own) + float(np.mean(rationed - alone))


def _calls(entry: _Entries, mean: Floats, var: Floats) -> float:
    """Expectation of what every market earns alone, theta ~ N(mean, var)."""
    rows = zip(entry.gain, entry.spent, mean, var, strict=True)
    return sum(_call(float(g), float(k), float(m), float(v)) for g, k, m, v in rows if g > 0.0)


class _Entries(NamedTuple):
    """Every market entered as soon as permitted and never left.

    Attributes:
        undecided: (M,), 1 where the market may still be entered.
        running: (M,), 1 where it is scaled already.
        share: (T, M), cars of the quarter over demand at theta.
        margin: (T, M), a car, discounted.
        order: (T, M), markets by margin, the best first.
        cars: (T,), there are in the quarter.
        after: (M,), profit after the horizon over demand at theta, discounted.
        spent: (M,), capital and fixed cost, discounted.
        gain: (M,), all that demand earns over demand at theta if cars never lack; 0 where the market is not undecided.
    """

    undecided: Ints
    running: Ints
    share: Floats
    margin: Floats
    order: Ints
    cars: Floats
    after: Floats
    spent: Floats
    gain: Floats


def _entries(scene: Scene) -> _Entries:
    terms, position = scene.terms, scene.position
    M, T = terms.path.shape
    weights = terms.discount ** np.arange(T + 1)
    undecided, running = np.zeros(M, dtype=np.int64), (position.stage == SCALED).astype(np.int64)
    share, margin, after, spent = np.zeros((T, M)), np.zeros((T, M)), np.zeros(M), np.zeros(M)
    for i in np.flatnonzero((position.stage == SCALED) | (position.stage == OUT)).tolist():
        c, start = int(position.route[i]), int(position.since[i])
        if position.stage[i] == OUT:
            c = best_route(terms, i, 0, float(scene.mean[i]), float(scene.cov[i, i]))
            start = int(terms.first_scale[i, c])
            if start >= T or not np.isfinite(terms.capital[i, c]) or scene.cov[i, i] <= 1e-12:
                continue
            undecided[i] = 1
            spent[i] = weights[start] * terms.capital[i, c]
        first = max(start, 0)
        share[first:, i] = [served(terms, i, c, start, t) for t in range(first, T)]
        margin[:, i] = weights[:T] * np.maximum(terms.margin[i, c], 0.0)
        after[i] = weights[T] * terms.tail * served_after(terms, i, c, start) * terms.margin[i, c, T - 1]
        spent[i] += terms.opex[i, c] * (weights[first:T].sum() + weights[T] * terms.tail)
    return _Entries(
        undecided=undecided,
        running=running,
        share=share,
        margin=margin,
        order=np.argsort(-margin, axis=1, kind="stable"),
        cars=np.asarray(terms.cars_cap, dtype=np.float64),
        after=after,
        spent=spent,
        gain=undecided * ((margin * share).sum(axis=0) + after),
    )


@compiled
def _earned(entry: _Entries, thetas: Floats) -> tuple[Floats, Floats]:
    """(N,) rationed and (N,) alone, over carrying on as is."""
    rationed, alone = np.zeros(len(thetas)), np.zeros(len(thetas))
    for k in range(len(thetas)):
        demand = np.exp(thetas[k])
        entered = entry.running.copy()
        for i in range(len(demand)):
            net = entry.gain[i] * demand[i] - entry.spent[i]
            if entry.undecided[i] == 1 and net > 0.0:
                entered[i] = 1
                alone[k] += net
                rationed[k] += entry.after[i] * demand[i] - entry.spent[i]
        rationed[k] += _rationed(entry, entered, demand) - _rationed(entry, entry.running, demand)
    return rationed, alone


@inner
def _rationed(entry: _Entries, entered: Ints, demand: Floats) -> float:
    """Discounted margin of the cars sold within the horizon, those that lack taken from the least margin."""
    money = 0.0
    for t in range(len(entry.cars)):
        left = entry.cars[t]
        for i in entry.order[t]:
            if entered[i] == 1:
                sold = min(left, entry.share[t, i] * demand[i])
                left -= sold
                money += entry.margin[t, i] * sold
    return money


def _call(gain: float, spent: float, mean: float, var: float) -> float:
    """E max(0, gain exp(theta) - spent), theta ~ N(mean, var)."""
    if var <= 1e-12:
        return max(gain * math.exp(mean) - spent, 0.0)
    sd = math.sqrt(var)
    d2 = (mean + math.log(gain / max(spent, 1e-12))) / sd
    return gain * math.exp(mean + var / 2) * normal_cdf(d2 + sd) - spent * normal_cdf(d2)
