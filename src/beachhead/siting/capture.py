"""How buyers share themselves out among stores: Huff's gravity and multinomial logit, with own and rival stores.

A buyer in place i goes to store j with share `a_j f(d_ij) / (sum over all stores in reach + stay_i)`: Huff (1964) with
`f = d ^ -decay`, logit with `f = exp(-decay d)`. Opening a store takes buyers from rivals, from the company's own
stores (cannibalisation) and from those who would have stayed at home. The captured share is concave in the summed pull
of the own stores, so adding stores brings less and less: greedy order and swaps find the set, and tangents of the
concave curve bound every other set (Ljubic & Moreno, EJOR 266, 2018, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.field import Floats, Ints, Lists
from beachhead.world.compiled import compiled, inner

_LEAST_MINUTES = 5.0
_STEPS = 300  # towards the bound


class Law(StrEnum):
    """How pull falls with minutes: HUFF as a power, LOGIT exponentially."""

    HUFF = "huff"
    LOGIT = "logit"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contest:
    """Buyers, the own stores that may open, and what rivals and staying at home pull.

    Attributes:
        pull: (I) rows of candidates; costs are the pull `a_j f(d_ij)` of each, not negative.
        buyers: (I,).
        outside: (I,), pull of rivals and of buying nowhere, positive.
        kept: (J,), true where an own store stands.
        count: new stores at most.
    """

    pull: Lists
    buyers: Floats
    outside: Floats
    kept: NDArray[np.bool_]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Captured:
    """Own stores and the buyers they draw.

    Attributes:
        sites: open candidates, ascending.
        buyers: buyers captured by all of them.
        bound: no set of as many new stores captures more.
        by_site: buyers captured by each open site, in the order of `sites`.
        taken_from_own: buyers that each open site takes from the other own ones: cannibalisation.
        taken_from_others: buyers that it takes from rivals and from staying at home.
    """

    sites: Ints
    buyers: float
    bound: float
    by_site: Floats
    taken_from_own: Floats
    taken_from_others: Floats

    @property
    def gap(self) -> float:
        """(bound - buyers) / bound, 0..1."""
        return max(self.bound - self.buyers, 0.0) / self.bound if self.bound > 0 else 0.0


class Stores(NamedTuple):
    """Own stores and the buyers they may draw; `is_open` and `own` are changed in place by compiled code only.

    Attributes:
        by_site: (J) rows of buyers; costs are the pull of the store on each.
        buyers: (I,).
        outside: (I,), pull of rivals and of buying nowhere.
        is_open: (J,), stores open now.
        own: (I,), their pull.
    """

    by_site: Lists
    buyers: Floats
    outside: Floats
    is_open: NDArray[np.bool_]
    own: Floats


def pulls(minutes: Lists, attraction: Floats, *, law: Law, decay: float) -> Lists:
    """Minutes as pull, for candidates of attraction a_j (J,); less than five minutes count as five."""
    near = np.maximum(minutes.cost, _LEAST_MINUTES)
    fall = near**-decay if law is Law.HUFF else np.exp(-decay * near)
    return minutes._replace(cost=attraction[minutes.item] * fall)


def capture(contest: Contest, *, sweeps: int = 20) -> Captured:
    """Open the stores that capture most buyers; greedy, then swaps, then a bound from tangents."""
    by_site = _by_site(contest.pull, len(contest.kept))
    is_open = contest.kept.copy()
    own = _own_pull(contest.pull, is_open)
    stores = Stores(by_site, contest.buyers, contest.outside, is_open, own)
    _search(stores, contest.kept, contest.count, sweeps)
    own = _own_pull(contest.pull, is_open)
    sites = np.flatnonzero(is_open).astype(np.int32)
    total = _total(contest, own)
    shares = np.array([_drawn(contest, by_site, own, int(j)) for j in sites]).reshape(-1, 2)
    return Captured(
        sites=sites,
        buyers=total,
        bound=max(_bound(contest, by_site, own), total),
        by_site=shares[:, 0],
        taken_from_own=shares[:, 0] - shares[:, 1],
        taken_from_others=shares[:, 1],
    )


def _total(contest: Contest, own: Floats) -> float:
    return float((contest.buyers * own / (own + contest.outside)).sum())


def _drawn(contest: Contest, by_site: Lists, own: Floats, site: int) -> tuple[float, float]:
    """Buyers of a site, and how many all own stores together would lose without it."""
    row = slice(by_site.ptr[site], by_site.ptr[site + 1])
    i, pull = by_site.item[row], by_site.cost[row]
    buyers, outside = contest.buyers[i], contest.outside[i]
    with_it = own[i] / (own[i] + outside)
    without = np.maximum(own[i] - pull, 0.0)
    gained = buyers * (with_it - without / (without + outside))
    return float((buyers * pull / (own[i] + outside)).sum()), float(gained.sum())


def _bound(contest: Contest, by_site: Lists, own: Floats) -> float:
    """What no set captures: tangents at the relaxed optimum (any tangents would do), gains of single stores, or all.

    The relaxation lets stores open in part; it is climbed by Frank and Wolfe's steps (1956), and the tangents of each
    step bound every set.
    """
    kept, free = contest.kept, ~contest.kept
    rows = np.repeat(np.arange(len(kept)), np.diff(by_site.ptr))
    part = np.where(kept, 1.0, 0.0)
    held, pulled = own.copy(), own.copy()
    best = np.inf
    for step in range(_STEPS):
        slope = contest.buyers * contest.outside / (pulled + contest.outside) ** 2
        tangent = np.bincount(rows, by_site.cost * slope[by_site.item], minlength=len(kept))
        top = np.flatnonzero(free)[np.argsort(-tangent[free], kind="stable")[: contest.count]]
        at_zero = _total(contest, pulled) - float(slope @ pulled)
        best = min(best, at_zero + float(tangent[kept].sum() + tangent[top].sum()))
        goal = np.where(kept, 1.0, 0.0)
        goal[top] = 1.0
        part += 2.0 / (step + 2.0) * (goal - part)
        pulled = np.bincount(by_site.item, by_site.cost * part[rows], minlength=len(held)).astype(float)
    gain = np.array([_added(contest, by_site, held, j) for j in range(len(kept))])
    by_gain = _total(contest, held) + float(np.sort(gain[free])[::-1][: contest.count].sum())
    everything = _own_pull(contest.pull, np.ones(len(kept), np.bool_))
    return min(best, by_gain, _total(contest, everything))


def _added(contest: Contest, by_site: Lists, own: Floats, site: int) -> float:
    row = slice(by_site.ptr[site], by_site.ptr[site + 1])
    i, pull = by_site.item[row], by_site.cost[row]
    now, outside = own[i], contest.outside[i]
    return float((contest.buyers[i] * ((now + pull) / (now + pull + outside) - now / (now + outside))).sum())


def _by_site(pull: Lists, sites: int) -> Lists:
    rows = np.repeat(np.arange(len(pull.ptr) - 1), np.diff(pull.ptr))
    order = np.argsort(pull.item, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(pull.item, minlength=sites))]).astype(np.int64)
    return Lists(ptr, rows[order].astype(np.int32), pull.cost[order])


@compiled
def _own_pull(pull: Lists, is_open: NDArray[np.bool_]) -> Floats:
    """(I,) pull of the open stores on each buyer."""
    own = np.zeros(len(pull.ptr) - 1)
    for i in range(len(own)):
        for e in range(pull.ptr[i], pull.ptr[i + 1]):
            if is_open[pull.item[e]]:
                own[i] += pull.cost[e]
    return own


@compiled
def _search(stores: Stores, kept: NDArray[np.bool_], count: int, sweeps: int) -> None:
    """Greedy, then swaps of one open against one closed store while any helps."""
    for _ in range(count):
        best = _gains_most(stores, 0.0)
        if best < 0:
            break
        _open(stores, best)
    for _ in range(sweeps):
        moved = False
        for site in range(len(kept)):
            if stores.is_open[site] and not kept[site]:
                loss = _loss(stores, site)
                best = _gains_most(stores, loss * (1 + 1e-12))
                stores.is_open[site] = False
                _open(stores, best if best >= 0 else site)
                moved = moved or best >= 0
        if not moved:
            break


@inner
def _open(stores: Stores, site: int) -> None:
    by_site, own = stores.by_site, stores.own
    stores.is_open[site] = True
    for e in range(by_site.ptr[site], by_site.ptr[site + 1]):
        own[by_site.item[e]] += by_site.cost[e]


@inner
def _loss(stores: Stores, site: int) -> float:
    """Buyers lost without the pull of an open store, which is taken off; the store is not offered again yet."""
    by_site, buyers, outside, own = stores.by_site, stores.buyers, stores.outside, stores.own
    loss = 0.0
    for e in range(by_site.ptr[site], by_site.ptr[site + 1]):
        i = by_site.item[e]
        less = max(own[i] - by_site.cost[e], 0.0)
        loss += buyers[i] * (own[i] / (own[i] + outside[i]) - less / (less + outside[i]))
        own[i] = less
    return loss


@inner
def _gains_most(stores: Stores, least: float) -> int:
    """The closed store that draws the most buyers from elsewhere, if more than `least`; else -1."""
    ptr, item, pull = stores.by_site
    buyers, outside, own = stores.buyers, stores.outside, stores.own
    best, most = -1, least
    for j in range(len(stores.is_open)):
        if stores.is_open[j]:
            continue
        gain = 0.0
        for e in range(ptr[j], ptr[j + 1]):
            i = item[e]
            gain += buyers[i] * outside[i] * pull[e] / ((own[i] + outside[i]) * (own[i] + pull[e] + outside[i]))
        if gain > most:
            best, most = j, gain
    return best
