"""What each open site is there for: people gained, minutes saved, whom it takes from, what would replace it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.field import Floats, Ints, Lists
from beachhead.world.compiled import compiled


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWorth:
    """One open site.

    Attributes:
        site: its number among the candidates.
        nearest_people: people whose nearest open site it is, within the minutes.
        gained_people: people whom no other open site reaches within the minutes.
        saved_minutes: mean minutes that it saves each person it takes from another site; 0 where it takes nobody.
        takes_from: the open site that loses most people to it; None if it takes nobody.
        taken_people: people it takes from all other open sites.
        replaced_by: the closed candidate that would reach most of `gained_people`; None if none reaches any.
        kept_people: people of `gained_people` whom that one would reach.
    """

    site: int
    nearest_people: float
    gained_people: float
    saved_minutes: float
    takes_from: int | None
    taken_people: float
    replaced_by: int | None
    kept_people: float


def worth_of_sites(
    travel: Lists, people: Floats, minutes: float, opened: Ints, allowed: NDArray[np.bool_]
) -> tuple[SiteWorth, ...]:
    """What each of the open sites adds to the others.

    Args:
        travel: (I) rows of candidates, nearest first, costs in minutes; may reach farther than the promise.
        people: (I,).
        minutes: the promise.
        opened: open candidates.
        allowed: (J,), candidates that may replace one.
    """
    is_open = np.zeros(len(allowed), np.bool_)
    is_open[opened] = True
    first, near, second, next_near = nearest_two(travel, is_open)
    alone = (near <= minutes) & ~(next_near <= minutes)
    out = []
    for j in opened:
        own = np.flatnonzero((first == j) & (near <= minutes))
        taken = own[second[own] >= 0]
        losers = np.bincount(second[taken], people[taken]) if len(taken) else np.zeros(1)
        gained = own[alone[own]]
        other, kept = _replacement(travel, people, minutes, gained, allowed & ~is_open)
        weight = float(people[taken].sum())
        saved = float(people[taken] @ (next_near[taken] - near[taken])) / weight if weight > 0 else 0.0
        out.append(
            SiteWorth(
                site=int(j),
                nearest_people=float(people[own].sum()),
                gained_people=float(people[gained].sum()),
                saved_minutes=saved,
                takes_from=int(losers.argmax()) if losers.any() else None,
                taken_people=weight,
                replaced_by=other,
                kept_people=kept,
            )
        )
    return tuple(out)


def nearest_two(travel: Lists, is_open: NDArray[np.bool_]) -> tuple[Ints, Floats, Ints, Floats]:
    """(I,) nearest open site (-1: none), its minutes (inf), the next nearest, its minutes."""
    first, near, second, next_near = _nearest_two(*travel, is_open)
    return first, near, second, next_near


def best_addition(reach: Lists, people: Floats, opened: Ints, sites: int) -> tuple[int | None, float]:
    """The closed site that would reach most people whom no open one reaches, and how many; (None, 0) if none would."""
    rows = np.repeat(np.arange(len(people)), np.diff(reach.ptr))
    is_open = np.zeros(sites, np.bool_)
    is_open[opened] = True
    seen = np.zeros(len(people), np.bool_)
    seen[rows[is_open[reach.item]]] = True
    new = ~seen[rows]
    gain = np.bincount(reach.item[new], people[rows[new]], minlength=sites)
    best = int(gain.argmax()) if sites else 0
    return (best, float(gain[best])) if sites and gain[best] > 0 else (None, 0.0)


def within(travel: Lists, minutes: float) -> Lists:
    """The part of the lists within so many minutes."""
    rows = np.repeat(np.arange(len(travel.ptr) - 1), np.diff(travel.ptr))
    inside = travel.cost <= minutes
    counts = np.bincount(rows[inside], minlength=len(travel.ptr) - 1)
    ptr = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Lists(ptr, travel.item[inside], travel.cost[inside])


def _replacement(
    travel: Lists, people: Floats, minutes: float, gained: NDArray[np.int64], free: NDArray[np.bool_]
) -> tuple[int | None, float]:
    reached = np.zeros(len(free))
    for i in gained:
        row = slice(travel.ptr[i], travel.ptr[i + 1])
        some = travel.item[row][travel.cost[row] <= minutes]
        reached[some[free[some]]] += people[i]
    best = int(reached.argmax()) if len(reached) else 0
    return (best, float(reached[best])) if len(reached) and reached[best] > 0 else (None, 0.0)


@compiled
def _nearest_two(
    ptr: NDArray[np.int64], item: Ints, cost: Floats, is_open: NDArray[np.bool_]
) -> tuple[Ints, Floats, Ints, Floats]:
    rows = len(ptr) - 1
    first = np.full(rows, -1, np.int32)
    second = np.full(rows, -1, np.int32)
    near = np.full(rows, np.inf)
    next_near = np.full(rows, np.inf)
    for i in range(rows):
        for e in range(ptr[i], ptr[i + 1]):
            if is_open[item[e]]:
                if first[i] < 0:
                    first[i] = item[e]
                    near[i] = cost[e]
                else:
                    second[i] = item[e]
                    next_near[i] = cost[e]
                    break
    return first, near, second, next_near
