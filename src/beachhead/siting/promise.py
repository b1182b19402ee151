"""The fewest sites that keep a promise such as 95 % of people within 45 minutes, and what a promise costs.

Set covering with a share: the least n whose best cover reaches the target. A set of n sites that reaches it bounds n
from above; the bound of maximal covering, which for fixed prices holds for every n at once, bounds it from below.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.cover import Cover, CoverEffort, most_covered
from beachhead.siting.cover_dual import Climb, bound_at, first_climb
from beachhead.siting.cover_search import greedy_order
from beachhead.siting.field import Floats, Ints, Lists
from beachhead.siting.ground import Ground, one_period
from beachhead.siting.solve import Status
from beachhead.world.work import Meter, meter

_SLACK = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Promise:
    """The fewest sites found for a share of people within reach.

    Attributes:
        share: promised, 0..1.
        sites: open candidates, kept ones included, ascending.
        covered_share: share that they cover.
        fewest: no set of fewer sites, kept ones included, keeps the promise.
        attainable_share: share that all candidates together cover.
        work: units of work done.
        by_clock: whether the clock that a user set cut the search short.
    """

    share: float
    sites: Ints
    covered_share: float
    fewest: int
    attainable_share: float
    work: float
    by_clock: bool

    @property
    def is_kept(self) -> bool:
        """Whether the promise can be kept at all; if not, `sites` cover all that can be covered."""
        return self.covered_share >= self.share - _SLACK


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """What one more site adds.

    Attributes:
        order: sites in the order in which each adds most, after those kept.
        covered: (n + 1,), share of people covered with the first k of them.
        most: (n + 1,), no k sites cover more; inf where it was not computed.
    """

    order: Ints
    covered: Floats
    most: Floats

    def sites_for(self, share: float) -> tuple[int, int] | None:
        """(at least, enough) new sites for a share of people; None where the curve does not reach it."""
        enough = np.flatnonzero(self.covered >= share - _SLACK)
        least = np.flatnonzero(self.most >= share - _SLACK)
        return (int(least[0]), int(enough[0])) if len(enough) else None


def fewest_for(
    reach: Lists, people: Floats, share: float, kept: NDArray[np.bool_], *, seed: int, effort: CoverEffort | None = None
) -> Promise:
    """The fewest sites that cover `share` of the people; where that cannot be, all that helps and how far it gets."""
    effort = effort or CoverEffort(steps=600, moves=3_000.0, work=60.0)
    counted = meter(effort.work, effort.seconds, effort.tick)
    ground = one_period(reach, people, np.inf, kept=kept, sites=len(kept))
    goal, everyone = share * people.sum(), max(float(people.sum()), 1e-300)
    order, covered = greedy_order(ground)
    enough = np.flatnonzero(covered >= goal * (1 - _SLACK))
    high = int(enough[0]) if len(enough) else len(order)
    best = np.union1d(order[:high], np.flatnonzero(kept)).astype(np.int32)
    least = untried = high if high == 0 or not len(enough) else 1
    if least < high:
        least = untried = _least(ground, _cover(ground, high, seed, effort, counted), goal, high)
        counted.foreseen = counted.done * (1 + ceil(log2(high - untried + 1)))  # bisection: one search a halving
    while untried < high and not counted.must_stop():
        count = (untried + high) // 2
        found = _cover(ground, count, seed, replace(effort, aim=goal), counted)
        least = max(least, _least(ground, found, goal, high), count + 1 if found.bound < goal * (1 - _SLACK) else 0)
        if found.value >= goal * (1 - _SLACK):
            high, best = min(count, int((~kept[found.sites]).sum())), found.sites
        untried = max(untried if found.value >= goal * (1 - _SLACK) else count + 1, least)
    return Promise(
        share=share,
        sites=best,
        covered_share=_covered(reach, people, best) / everyone,
        fewest=min(least, high) + int(kept.sum()),
        attainable_share=float(covered[-1]) / everyone,
        work=counted.done,
        by_clock=counted.by_clock,
    )


def _cover(ground: Ground, count: int, seed: int, effort: CoverEffort, meter: Meter) -> Cover:
    """The best cover by so many new sites, within what the meter has left."""
    seconds = None if effort.seconds is None else meter.seconds_left
    inner = replace(effort, work=meter.left, seconds=seconds, tick=meter.hear)
    found = most_covered(_with(ground, count), seed=seed, effort=inner)
    meter.charge(found.work)
    meter.by_clock = meter.by_clock or found.status is Status.OUT_OF_TIME
    return found


def marginal_curve(
    reach: Lists, people: Floats, kept: NDArray[np.bool_], most: int, *, steps: int = 300, seed: int = 1
) -> Curve:
    """Cover by one, two ... `most` new sites, each added where it adds most, and what no choice could exceed."""
    ground = one_period(reach, people, np.inf, kept=kept, sites=len(kept))
    order, covered = greedy_order(ground)
    count = min(most, len(order))
    everyone = max(float(people.sum()), 1e-300)
    bound = np.full(count + 1, np.inf)
    for middle in sorted({max(count // 4, 1), max(count // 2, 1), max(count, 1)}):
        found = most_covered(_with(ground, middle), seed=seed, effort=CoverEffort(steps=steps, moves=0.0, finish=0.0))
        bound = np.minimum(bound, bound_at(ground, _climb(ground, found), np.arange(count + 1.0)))
    upper = np.maximum(np.minimum(bound / everyone, covered[-1] / everyone), covered[: count + 1] / everyone)
    return Curve(order=order[:count], covered=covered[: count + 1] / everyone, most=upper)


def _covered(reach: Lists, people: Floats, sites: Ints) -> float:
    rows = np.repeat(np.arange(len(people)), np.diff(reach.ptr))
    served = np.zeros(len(people), np.bool_)
    served[rows[np.isin(reach.item, sites)]] = True
    return float(people[served].sum())


def _with(ground: Ground, count: int) -> Ground:
    return replace(ground, total=np.array([float(count)]))


def _climb(ground: Ground, found: Cover) -> Climb:
    return replace(first_climb(ground), best=found.prices)


def _least(ground: Ground, found: Cover, goal: float, high: int) -> int:
    """The least number of new sites whose bound reaches the goal."""
    bounds = bound_at(ground, _climb(ground, found), np.arange(high + 1.0))
    reached = np.flatnonzero(bounds >= goal * (1 - 1e-9))
    return int(reached[0]) if len(reached) else high
