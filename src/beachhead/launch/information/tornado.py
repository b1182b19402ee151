"""Which assumption moves the plan's value most: each is changed alone, the launch planned and played anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from beachhead.launch.aim.steer import PLAIN, Steering, find_steering, play_all, set_course, values_of
from beachhead.launch.bound.control import BOUND_WORLDS, SCORES, Control, control_variate, controlled, enough
from beachhead.launch.draws import draw_scores, draw_worlds
from beachhead.launch.estimate import Estimate
from beachhead.launch.question.kernel_terms import Floats
from beachhead.launch.question.problem import Problem
from beachhead.launch.scene import Scene
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many

Change = Callable[[Problem, float], Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swing:
    """What one assumption does to the value of the launch.

    Attributes:
        what: the assumption.
        low: how it was changed downwards, in words.
        high: how it was changed upwards, in words.
        at_low: change in value, paired by world.
        at_high: change in value, paired by world.
    """

    what: str
    low: str
    high: str
    at_low: Estimate
    at_high: Estimate

    @property
    def width(self) -> float:
        """The larger change, without its sign."""
        return max(abs(self.at_low.mean), abs(self.at_high.mean))


def tornado(
    problem: Problem, seed: int, worlds: int, most: int = 10, tick: Callable[[int, int], None] | None = None
) -> tuple[Swing, ...]:
    """The `most` largest swings, largest first; every variant is planned anew and meets the same luck.

    Args:
        problem: the launch.
        seed: of the worlds.
        worlds: worlds played for each variant; more are where the launch seldom pays.
        most: how many swings to return.
        tick: called with (variants done, variants in all).
    """
    if worlds < 2:
        raise BadInput(f"a comparison cannot rest on {how_many(worlds, 'world')}", "use at least 2 worlds")
    steering = find_steering(problem, seed)
    base = play_sample(problem, seed, worlds, steering)
    swings = []
    for done, (what, (low, high, change)) in enumerate(ASSUMPTIONS.items(), start=1):
        ends = [
            side_by_side(base, play_sample(change(problem, end), seed, worlds, steering, base))[2]
            for end in (low, high)
        ]
        swings.append(Swing(what=what, low=_said(low), high=_said(high), at_low=ends[0], at_high=ends[1]))
        if tick is not None:
            tick(done, len(ASSUMPTIONS))
    return tuple(sorted(swings, key=lambda s: (-s.width, s.what))[:most])


class Sample(NamedTuple):
    """A launch as planned and played in some worlds.

    Attributes:
        values: (S,), value of the plan over carrying on as is.
        control: what tells the luck of the worlds from the plan; of these and of those that might have been played.
    """

    values: Floats
    control: Control


def play_sample(
    problem: Problem, seed: int, worlds: int, steering: Steering = PLAIN, base: Sample | None = None
) -> Sample:
    """Plan the launch and play it.

    Args:
        problem: the launch.
        seed: of the worlds.
        worlds: to be played; more are where a launch seldom pays, so that they tell how exactly its value is known.
        steering: of the policy.
        base: what it is to be held beside: a difference is told by the worlds in which either pays, among those that
            the base was played in.
    """
    course, drawn = set_course(problem, steering), draw_worlds(problem, seed, max(worlds, BOUND_WORLDS))
    thetas, scores = np.array([world.theta for world in drawn]), draw_scores(problem.markets, seed, SCORES)
    control = control_variate(Scene(*course[2:]), thetas, scores)
    if base is None:
        count = enough(worlds, control) or len(drawn)
    else:
        count = min(enough(worlds, *_beside(base, control)) or worlds, len(base.values))
    played = drawn[:count]
    return Sample(values_of(course, played, play_all(course, played)), control)


def side_by_side(base: Sample, other: Sample) -> tuple[Estimate, Estimate, Estimate]:
    """Value of one, of the other, and the difference, which is theirs to the last digit: all on the same controls.

    In the worlds in which both were played.
    """
    controls, count = _beside(base, other.control), min(len(base.values), len(other.values))
    one, two = base.values[:count], other.values[:count]
    return controlled(one, *controls), controlled(two, *controls), controlled(two - one, *controls)


def _beside(base: Sample, control: Control) -> tuple[Control, Control]:
    return base.control, control.over(base.control)


def _said(factor: float) -> str:
    return f"{100 * (factor - 1):+.0f} %"


def _terms(problem: Problem, **arrays: Any) -> Problem:
    return replace(problem, terms=replace(problem.terms, **arrays))


def _times(*names: str) -> Change:
    def change(problem: Problem, factor: float) -> Problem:
        return _terms(problem, **{name: np.asarray(getattr(problem.terms, name)) * factor for name in names})

    return change


def _demand(problem: Problem, factor: float) -> Problem:
    mean = problem.belief.mean.copy()
    free = [i for i, at in enumerate(problem.standing) if not at.is_home]
    mean[free] += np.log(factor)
    return replace(problem, belief=replace(problem.belief, mean=mean))


def _doubt(problem: Problem, factor: float) -> Problem:
    """Spread of log demand; the expected demand stays."""
    belief = problem.belief
    cov = belief.cov * factor**2
    mean = belief.mean + (np.diag(belief.cov) - np.diag(cov)) / 2
    mean[-1] = belief.mean[-1]
    return replace(problem, belief=replace(belief, mean=mean, cov=cov))


def _tail(problem: Problem, factor: float) -> Problem:
    return _terms(problem, tail=problem.terms.tail * factor)


def _fans(problem: Problem, factor: float) -> Problem:
    """The early-adopter bias as the plan believes it: pilots run ahead of demand by that much more or less."""
    mean = problem.belief.mean.copy()
    mean[-1] += np.log(factor)
    return replace(problem, belief=replace(problem.belief, mean=mean))


def _ramp(problem: Problem, factor: float) -> Problem:
    """What was served after j quarters is served after j / factor; where stores close, that keeps its quarter.

    The share at the end of a quarter is linear in between, from none at the start.
    """
    ramp = np.asarray(problem.terms.ramp)
    rise = np.maximum.accumulate(ramp, axis=2)
    kept = np.divide(ramp, rise, out=np.ones_like(ramp), where=rise > 0)
    steps = ramp.shape[2]
    ages = np.arange(math.ceil(steps / min(factor, 1.0)))
    elapsed = np.minimum(factor * (ages + 1), steps)
    before = np.minimum(elapsed.astype(np.int64), steps - 1)
    since = np.concatenate([np.zeros_like(rise[..., :1]), rise], axis=2)
    risen = since[..., before] + (elapsed - before) * (since[..., before + 1] - since[..., before])
    return _terms(problem, ramp=risen * kept[..., np.minimum(ages, steps - 1)])


ASSUMPTIONS: Mapping[str, tuple[float, float, Change]] = {
    "demand in every market": (0.7, 1.3, _demand),
    "doubt about demand": (0.7, 1.3, _doubt),
    "margin of a car": (0.8, 1.2, _times("margin", "scenario_margin")),
    "capital of a market": (0.8, 1.2, _times("capital", "salvage")),
    "fixed cost of a scaled market": (0.8, 1.2, _times("opex")),
    "value after the horizon": (0.5, 1.5, _tail),
    "capital that may be committed": (0.8, 1.2, _times("capital_cap")),
    "cars that the plants deliver": (0.8, 1.2, _times("cars_cap")),
    "speed of the ramp": (0.7, 1.3, _ramp),
    "recovered on leaving": (0.5, 1.5, _times("salvage")),
    "cost of pilots": (0.5, 1.5, _times("start_fee", "quarter_fee", "car_cost")),
    "early-adopter bias": (0.8, 1.2, _fans),
}
"""By assumption: factors low and high, and what they change. Ranges are assumptions (grade C) and said with each."""
