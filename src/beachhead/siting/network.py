"""Where to open: mean travel time or cover within a promise, with what each site adds and how far from the best."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.field import Field, Floats, Ints, Limits, Lists, cost_of
from beachhead.siting.geography import Places, travel
from beachhead.siting.solve import Effort, Status, solve


class Aim(StrEnum):
    """What is made best.

    TRAVEL: mean minutes to the nearest site (p-median). COVER: people within the promised minutes (maximal covering).
    """

    TRAVEL = "travel"
    COVER = "cover"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Which sites to open.

    Attributes:
        places: N settlements to be served.
        sites: (J,), the places that are candidates, as numbers into `places`.
        kept: (J,), true where a site stands and stays.
        count: sites open in the end, those kept included.
        aim: what is made best.
        minutes: COVER: the promise. TRAVEL: whoever is farther away counts as twice as far as this.
    """

    places: Places
    sites: Ints
    kept: NDArray[np.bool_]
    count: int
    aim: Aim
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One open site and what it is worth.

    Attributes:
        place: number of its place.
        kept: whether it stood already.
        people: people whose nearest site it is.
        adds: what closing it alone would lose: people covered (COVER) or person-minutes (TRAVEL).
        next_best: place of the open site that most of its people would go to instead; None if nobody could.
    """

    place: int
    kept: bool
    people: float
    adds: float
    next_best: int | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """The answer.

    Attributes:
        question: what was asked.
        sites: open sites, the one that adds most first.
        covered_share: share of people within `minutes` of a site, 0..1.
        best_covered_share: no choice of sites covers more (COVER), else None.
        mean_minutes: mean over the people served.
        gap: (upper - lower) / upper of the cost, 0..1.
        status: how the search ended.
        work: units of work done.
        server: (N,), place of the site that serves each place, -1 where nobody does.
        minutes: (N,), minutes to it; nan where nobody does.
    """

    question: Question
    sites: tuple[Site, ...]
    covered_share: float
    best_covered_share: float | None
    mean_minutes: float
    gap: float
    status: Status
    work: float
    server: NDArray[np.int64]
    minutes: Floats


def site_network(question: Question, *, seed: int, effort: Effort | None = None) -> Network:
    """Choose the sites and prove how good they are."""
    lists = travel(question.places, question.sites, question.minutes)
    field = field_of(question, lists)
    found = solve(field, seed=seed, gap=0.0, effort=effort)
    nearest = _nearest(question, lists, found.sites)
    people = float(question.places.people.sum())
    covered = float(question.places.people[nearest[0] >= 0].sum())
    served = nearest[0] >= 0
    return Network(
        question=question,
        sites=_worth(question, field, lists, found.sites, nearest[0]),
        covered_share=covered / people,
        best_covered_share=1 - found.lower / people if question.aim is Aim.COVER else None,
        mean_minutes=float(np.average(nearest[1][served], weights=question.places.people[served])) if covered else 0.0,
        gap=found.gap,
        status=found.status,
        work=found.work,
        server=np.where(served, question.sites[nearest[0]], -1),
        minutes=nearest[1],
    )


def field_of(question: Question, lists: Lists) -> Field:
    """Minutes weighted by people, or people not covered, as the cost of a field."""
    people = np.repeat(question.places.people, np.diff(lists.ptr))
    if question.aim is Aim.COVER:
        cost, outside = np.zeros(len(lists.cost)), question.places.people.copy()
    else:
        cost, outside = lists.cost * people, 2.0 * question.minutes * question.places.people
    return Field(
        by_customer=lists._replace(cost=cost),
        opening=np.zeros(len(question.sites)),
        outside=outside,
        horizon=outside,
        limits=Limits.count(len(question.sites), question.count, question.kept),
    )


def sentence(network: Network, site: Site) -> str:
    """What one site is there for."""
    places = network.question.places
    name = places.name[site.place]
    stands = "stands already and" if site.kept else "opens and"
    if network.question.aim is Aim.COVER:
        gain = f"adds {site.adds:,.0f} people within {network.question.minutes:g} minutes"
    else:
        gain = f"saves {site.adds / max(site.people, 1):,.0f} minutes for each of {site.people:,.0f} people"
    other = f"without it most would go to {places.name[site.next_best]}" if site.next_best is not None else ""
    alone = other or "without it nobody would be in reach"
    return f"{name} {stands} {gain}; {alone}."


def left_out(network: Network, most: int) -> tuple[int, ...]:
    """The largest places that no site serves within the minutes."""
    missed = np.flatnonzero(network.server < 0)
    order = missed[np.argsort(-network.question.places.people[missed], kind="stable")]
    return tuple(int(place) for place in order[:most])


def _nearest(question: Question, lists: Lists, sites: Ints) -> tuple[Ints, Floats]:
    """Nearest open site of each place by true minutes, -1 and nan where none is within the minutes."""
    far = np.full(len(question.places), 2.0 * question.minutes + 1.0)
    field = Field(
        by_customer=lists,
        opening=np.zeros(len(question.sites)),
        outside=far,
        horizon=far,
        limits=Limits.count(len(question.sites), np.inf),
    )
    _, server, minutes = cost_of(field, sites)
    return server, np.where(server >= 0, minutes, np.nan)


def _worth(question: Question, field: Field, lists: Lists, sites: Ints, server: Ints) -> tuple[Site, ...]:
    """Each open site with what closing it would lose, and where its people would go."""
    people = question.places.people
    second, loss = _second(field, lists, sites, server)
    out = []
    for j in sites:
        own = server == j
        counted = np.bincount(second[own & (second >= 0)], people[own & (second >= 0)], minlength=field.sites)
        out.append(
            Site(
                place=int(question.sites[j]),
                kept=bool(question.kept[j]),
                people=float(people[own].sum()),
                adds=float(loss[own].sum()),
                next_best=int(question.sites[int(counted.argmax())]) if counted.any() else None,
            )
        )
    return tuple(sorted(out, key=lambda site: (-site.adds, site.place)))


def _second(field: Field, lists: Lists, sites: Ints, server: Ints) -> tuple[NDArray[np.int64], Floats]:
    """Per place: the next nearest open site (-1: none), and what it would cost more to go there."""
    is_open = np.zeros(field.sites, np.bool_)
    is_open[sites] = True
    second = np.full(field.customers, -1)
    loss = np.zeros(field.customers)
    for i in np.flatnonzero(server >= 0):
        begin, end = lists.ptr[i], lists.ptr[i + 1]
        live = begin + np.flatnonzero(is_open[lists.item[begin:end]])
        second[i] = lists.item[live[1]] if len(live) > 1 else -1
        loss[i] = (field.by_customer.cost[live[1]] if len(live) > 1 else field.outside[i]) - field.by_customer.cost[
            live[0]
        ]
    return second, loss
