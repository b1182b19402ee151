"""Countries side by side: where nobody crosses a border and no budget is shared, each group is a ground of its own.

The parts are solved by any `map`: the built-in one, that of a process pool, or that of a Dask client with its results
gathered. The answer is the same whichever is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.cover import Cover, CoverEffort, covered_by, most_covered
from beachhead.siting.field import Lists, lists_of
from beachhead.siting.ground import Ground
from beachhead.siting.solve import Status
from beachhead.world.work import Tick, in_turn

_LEAST_WORK = 2.0  # units for the smallest group
_LEAST_SECONDS = 2.0

Mapper = Callable[[Callable[["Part"], Cover], Iterable["Part"]], Iterable[Cover]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One group as a ground of its own.

    Attributes:
        ground: the smaller ground.
        sites: its candidates, as numbers of the whole.
        customers: its customers, as numbers of the whole.
        seed: of its search.
        effort: of its search.
        gap: at which it may stop.
    """

    ground: Ground
    sites: NDArray[np.int64]
    customers: NDArray[np.int64]
    seed: int
    effort: CoverEffort
    gap: float


def most_covered_apart(
    ground: Ground, *, seed: int, gap: float = 0.0, effort: CoverEffort | None = None, mapper: Mapper = map
) -> Cover:
    """`most_covered`, group by group; the bounds of the groups add up to that of the whole.

    Raises ValueError where the groups are not apart: a total budget, or a customer that two groups could cover.
    """
    parts = split(ground, seed=seed, gap=gap, effort=effort or CoverEffort())
    found = list(mapper(solve_part, parts))
    opens = np.full(ground.sites, ground.periods, np.int32)
    prices = np.zeros(len(ground.people))
    for part, cover in zip(parts, found, strict=True):
        opens[part.sites] = cover.opens
        prices[part.customers] = cover.prices
    rest = ground.by_leaving - sum(part.ground.by_leaving for part in parts)  # of those whom no candidate reaches
    value, bound = rest + sum(cover.value for cover in found), rest + sum(cover.bound for cover in found)
    exact = all(cover.status is Status.OPTIMAL for cover in found)
    by_clock = any(cover.status is Status.OUT_OF_TIME for cover in found)
    within = Status.WITHIN_GAP if bound <= value * (1 + gap) else Status.unproved(by_clock)
    return Cover(
        opens=opens,
        covered=covered_by(ground, opens),
        value=value,
        bound=bound,
        status=Status.OPTIMAL if exact else within,
        work=sum(cover.work for cover in found),
        prices=prices,
    )


def solve_part(part: Part) -> Cover:
    """One group."""
    return most_covered(part.ground, seed=part.seed, gap=part.gap, effort=part.effort)


def split(ground: Ground, *, seed: int, gap: float, effort: CoverEffort) -> list[Part]:
    """The groups that have candidates, each with the customers that they could cover; they share the work."""
    if np.isfinite(ground.total).any():
        raise ValueError("a total budget couples the groups: solve them together")
    rows = np.repeat(np.arange(len(ground.people)), np.diff(ground.reach.ptr))
    of = ground.group[ground.reach.item]
    home = np.full(len(ground.people), -1, np.int64)
    home[rows] = of
    if (home[rows] != of).any():
        raise ValueError("a customer lies within reach of two groups: solve them together")
    shares = np.bincount(ground.group, minlength=len(ground.budget)) / max(ground.sites, 1)
    ticks = in_turn(effort.tick, shares.tolist())
    parts = []
    for g in np.flatnonzero(shares):
        sites, customers = np.flatnonzero(ground.group == g), np.flatnonzero(home == g)
        part = _part(ground, int(g), sites, customers)
        own = _shared(effort, float(shares[g]), ticks[g])
        parts.append(Part(ground=part, sites=sites, customers=customers, seed=seed, effort=own, gap=gap))
    return parts


def _shared(effort: CoverEffort, share: float, tick: Tick | None) -> CoverEffort:
    """The share of a group: of the work, and of the time where there is a clock."""
    seconds = None if effort.seconds is None else max(effort.seconds * share, _LEAST_SECONDS)
    return replace(effort, work=max(effort.work * share, _LEAST_WORK), seconds=seconds, tick=tick)


def _part(ground: Ground, g: int, sites: NDArray[np.int64], customers: NDArray[np.int64]) -> Ground:
    number = np.full(ground.sites, -1, np.int64)
    number[sites] = np.arange(len(sites))
    ptr, item = ground.reach.ptr, ground.reach.item
    counts = np.diff(ptr)[customers]
    entries = np.repeat(ptr[customers], counts) + _within_rows(counts)
    clash = ground.conflict
    first = np.repeat(np.arange(ground.sites), np.diff(clash.ptr))
    both = (number[first] >= 0) & (number[clash.item] >= 0)
    pairs = lists_of(number[first[both]], number[clash.item[both]], np.zeros(int(both.sum())), len(sites))
    return replace(
        ground,
        reach=Lists(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            number[item[entries]].astype(np.int32),
            np.zeros(0),
        ),
        people=ground.people[customers],
        price=ground.price[sites],
        group=np.zeros(len(sites), np.int32),
        kept=ground.kept[sites],
        since=ground.since[sites],
        budget=ground.budget[g : g + 1],
        conflict=pairs,
        leaving=None if ground.leaving is None else ground.leaving[customers],
    )


def _within_rows(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 ... within each row."""
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    within: NDArray[np.int64] = np.arange(int(counts.sum())) - starts
    return within
