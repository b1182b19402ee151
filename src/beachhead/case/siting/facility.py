"""Facility location for a launch: everybody served at least cost a year, by formats that can serve only so much."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beachhead.case.cluster import mapper
from beachhead.case.open import Launch
from beachhead.case.siting.choice import Choice
from beachhead.case.siting.demand import cars_a_year
from beachhead.case.siting.formats import format_of, formats_of
from beachhead.case.siting.question import Ask, Model
from beachhead.case.siting.scene import Scene
from beachhead.case.siting.travel_times import repeated
from beachhead.siting.capacity import Served, Yard, serve, unserved
from beachhead.siting.field import Field, Floats, Ints, Limits, Lists, cost_of
from beachhead.siting.formats import Format
from beachhead.siting.solve import Effort, Found, Status, solve
from beachhead.siting.worth import within
from beachhead.world.errors import BadInput, NotFeasible
from beachhead.world.figures import within_minutes
from beachhead.world.work import Tick, in_turn

YEARS = 10
"""Years over which the capital of a site is written off; assumption, grade C."""

MINUTE_EUR = 0.25
"""Worth of a customer's minute on the road: 15 euros an hour; assumption, grade C."""

TRIPS = {True: 4, False: 10}
"""Minutes are driven so often for each car of a year: there and back twice to buy it; there and back 0.96 times a year
for the five years of cars that service.csv's defaults see to."""

_MOST_CELLS = 400_000
_LEAST_WORK = 5.0  # units for the smallest market
_LEAST_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One market: customers that somebody can reach, and its candidates.

    Attributes:
        rows: (I,), places.
        sites: (J,), candidates of the scene.
        lists: (I) rows of candidates within the minutes, as numbers into `sites`; costs in minutes.
        cars: (I,), cars a year.
        opening: (J,), cost a year of having each open.
        by_minute: cost a year of a car's customer being a minute farther away.
        kept: (J,), true where one stays open.
        capacity: (J,), cars a year that each can serve; None for any number.
        code: of the market.
        minutes: within which a candidate counts.
        seed: of the search.
        work: units of work for it.
        seconds: safety stop by the clock; None for none.
        tick: told of progress; None where the market is solved on a cluster.
    """

    rows: Ints
    sites: Ints
    lists: Lists
    cars: Floats
    opening: Floats
    by_minute: float
    kept: NDArray[np.bool_]
    capacity: Floats | None
    code: str
    minutes: float
    seed: int
    work: float
    seconds: float | None
    tick: Tick | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Answer:
    """One market solved: open sites, cars a year of each candidate, cost and bound, how it ended and the work done."""

    sites: Ints
    load: Floats
    upper: float
    lower: float
    status: Status
    work: float


def facility_scene(launch: Launch, ask: Ask, scene: Scene) -> Scene:
    """The scene with a candidate for each format, and as many of a format as the people nearest to a place need."""
    kinds = _kinds(launch, ask)
    cars = _cars(launch, ask, scene)
    nearest = _nearest_load(scene, cars)
    base, kind = [np.arange(len(scene.candidates))], [np.zeros(len(scene.candidates), np.int64)]
    stands, kept = [scene.stands], [scene.kept]
    for number, one in enumerate(kinds):
        copies = np.ones(len(scene.candidates), np.int64)
        if ask.model is Model.CAPACITATED and one.cars_per_year is not None:
            copies = np.maximum(np.ceil(nearest / one.cars_per_year - 1e-9), 1).astype(np.int64)
        if number == 0:
            copies = np.where(scene.stands, copies, copies - 1)  # the scene holds the first of them already
        at = np.repeat(np.arange(len(scene.candidates)), copies)
        base.append(at)
        kind.append(np.full(len(at), number))
        stands.append(np.zeros(len(at), np.bool_))
        kept.append(np.zeros(len(at), np.bool_))
    candidates = scene.candidates[np.concatenate(base)]
    return replace(
        scene,
        candidates=candidates,
        stands=np.concatenate(stands),
        kept=np.concatenate(kept),
        since=np.zeros(len(candidates), np.int32),
        kinds=kinds,
        kind=np.concatenate(kind).astype(np.int32),
        minutes=repeated(scene.minutes, np.concatenate(base), len(scene.candidates)),
    )


def facilities(launch: Launch, ask: Ask, scene: Scene, tick: Tick | None = None) -> Choice:
    """The cheapest sites and formats that serve everybody who is within the minutes of a candidate."""
    opens = np.ones(len(scene.candidates), np.int32)
    load = np.zeros(len(scene.candidates))
    upper = lower = 0.0
    parts = parts_of(launch, ask, scene)
    if ask.scheduler is None:
        ticks = in_turn(tick, [float(len(part.rows) * len(part.sites)) for part in parts])
        parts = [replace(part, tick=told) for part, told in zip(parts, ticks, strict=True)]
    found: list[_Answer] = mapper(ask.scheduler, tick)(_solved, parts)
    for part, one in zip(parts, found, strict=True):
        opens[part.sites[one.sites]] = 0
        load[part.sites] += one.load
        upper, lower = upper + one.upper, lower + one.lower
    exact = all(one.lower >= one.upper * (1 - 1e-9) for one in found)
    by_clock = any(one.status is Status.OUT_OF_TIME for one in found)
    return Choice(
        opens=opens,
        value=upper,
        bound=lower,
        gap=max(upper - lower, 0.0) / upper if upper > 0 else 0.0,
        unit=f"{launch.folder.terms.currency} a year for sites and customers' minutes",
        status=(Status.OPTIMAL if exact else Status.unproved(by_clock)).value,
        work=sum(one.work for one in found),
        load=tuple(float(one) for one in load),
        notes=_notes(ask, scene, float(load.sum())),
    )


def _kinds(launch: Launch, ask: Ask) -> tuple[Format, ...]:
    """The formats asked for; those that sell, or else do not, as the first does."""
    if not ask.formats:
        return tuple(one for one in formats_of(launch) if one.sells) or formats_of(launch)
    kinds = tuple(format_of(launch, code) for code in dict.fromkeys(ask.formats))
    if len({one.sells for one in kinds}) > 1:
        raise BadInput(
            f"{', '.join(one.code for one in kinds)} do not all sell cars, so they do not stand in for each other",
            "name formats that sell, or formats that serve, and ask for the others apart",
        )
    return kinds


def _cars(launch: Launch, ask: Ask, scene: Scene) -> Floats:
    """(N,), cars a year of each place, shared out by people."""
    expected = cars_a_year(launch)
    for code in ask.cars:
        if launch.market(code).code not in scene.markets:
            asked = ", ".join(scene.markets)
            raise BadInput(
                f"cars of {code}, but sites are sought in {asked}", f"name {code} by --market, or leave it out"
            )
    of_market = np.array([ask.cars.get(code, expected[code]) for code in scene.markets])
    people = np.bincount(scene.market, scene.places.people, minlength=len(scene.markets))
    cars: Floats = scene.places.people * (of_market / np.maximum(people, 1.0))[scene.market]
    return cars


def _nearest_load(scene: Scene, cars: Floats) -> Floats:
    """(J,), cars of the places to which each candidate is the nearest: sites for so many are always enough."""
    lists = scene.minutes
    some = np.flatnonzero(np.diff(lists.ptr) > 0)
    load: Floats = np.bincount(lists.item[lists.ptr[some]], cars[some], minlength=len(scene.candidates)).astype(float)
    return load


def parts_of(launch: Launch, ask: Ask, scene: Scene) -> list[Part]:
    """The markets one by one, as no customer crosses a border."""
    if ask.per_market or ask.spacing_km or ask.count is not None or ask.budget is not None:
        raise BadInput(
            "least cost decides how many sites: it takes no count, budget or spacing",
            "leave them out, or use --model cover",
        )
    cars, near = _cars(launch, ask, scene), within(scene.minutes, ask.minutes)
    euro = launch.folder.euro("the assumed costs of a customer's minutes")
    by_minute = MINUTE_EUR * euro * TRIPS[scene.kinds[0].sells]
    yearly = np.array([_yearly(one, launch.folder.terms.discount_per_quarter) for one in scene.kinds])
    running = np.array([4.0 * one.opex_per_quarter for one in scene.kinds])
    opening = np.where(scene.stands, running[scene.kind], yearly[scene.kind])
    limit = np.array([np.inf if one.cars_per_year is None else one.cars_per_year for one in scene.kinds])
    parts = []
    for m in range(len(scene.markets)):
        sites = np.flatnonzero(scene.market[scene.candidates] == m).astype(np.int32)
        rows = np.flatnonzero((scene.market == m) & (np.diff(near.ptr) > 0) & (cars > 0)).astype(np.int32)
        if not len(rows):
            continue
        number = np.full(len(scene.candidates), -1, np.int32)
        number[sites] = np.arange(len(sites))
        entries = np.concatenate([np.arange(near.ptr[i], near.ptr[i + 1]) for i in rows])
        ptr = np.concatenate([[0], np.cumsum(np.diff(near.ptr)[rows])]).astype(np.int64)
        parts.append(
            Part(
                rows=rows,
                sites=sites,
                lists=Lists(ptr, number[near.item[entries]], near.cost[entries]),
                cars=cars[rows],
                opening=opening[sites],
                by_minute=by_minute,
                kept=scene.kept[sites],
                capacity=limit[scene.kind[sites]] if ask.model is Model.CAPACITATED else None,
                code=scene.markets[m],
                minutes=ask.minutes,
                seed=launch.folder.terms.seeds.plan if ask.seed is None else ask.seed,
                work=max(ask.work / len(scene.markets), _LEAST_WORK),
                seconds=None if ask.seconds is None else max(ask.seconds / len(scene.markets), _LEAST_SECONDS),
            )
        )
    return parts


def _yearly(one: Format, discount: float) -> float:
    """Running cost and the yearly part of a capital that is written off over `YEARS`."""
    quarters = 4 * YEARS
    rate = 1.0 / quarters if discount >= 1.0 else (1.0 - discount) / (1.0 - discount**quarters)
    return 4.0 * (one.opex_per_quarter + one.capital * rate)


def _solved(part: Part) -> _Answer:
    """The cheapest sites of one market."""
    return _unlimited(part) if part.capacity is None else _limited(part)


def yard_of(part: Part) -> Yard:
    """A market whose formats serve only so many."""
    cells = len(part.rows) * len(part.sites)
    if cells > _MOST_CELLS:
        raise BadInput(
            f"{part.code} has {len(part.rows):,} settlements and {len(part.sites):,} candidates, more than capacities "
            "are solved for",
            "raise --least-people or --site-people, or name fewer formats",
        )
    cost = np.full((len(part.rows), len(part.sites)), np.inf)
    rows = np.repeat(np.arange(len(part.rows)), np.diff(part.lists.ptr))
    cost[rows, part.lists.item] = part.lists.cost * part.by_minute * part.cars[rows]
    limit = np.inf if part.capacity is None else part.capacity
    capacity = np.minimum(limit, np.full(len(part.sites), float(part.cars.sum())))
    return Yard(demand=part.cars, capacity=capacity, opening=part.opening, cost=cost, kept=part.kept)


def _limited(part: Part) -> _Answer:
    yard = yard_of(part)
    if missed := unserved(yard):
        raise NotFeasible(_short(part, missed), _CURE)
    found = serve(yard, work=part.work, seconds=part.seconds, tick=part.tick)
    return _answer(found, part.cars @ found.share)


_CURE = "allow more candidates (--site-people), more --minutes, or a format that serves more"


def _short(part: Part, missed: float) -> str:
    cars = f"{max(missed, 1):,.0f} of {part.cars.sum():,.0f} cars a year"
    return f"all candidates of {part.code} within {within_minutes(part.minutes)} leave {cars} unserved"


def field_of(part: Part) -> Field:
    """A market whose formats serve any number."""
    rows = np.repeat(np.arange(len(part.rows)), np.diff(part.lists.ptr))
    cost = part.lists.cost * part.by_minute * part.cars[rows]
    last = cost[part.lists.ptr[1:] - 1]
    outside = last + part.opening.max() + 1.0  # opening a site of one's own is always cheaper
    return Field(
        by_customer=part.lists._replace(cost=cost),
        opening=part.opening,
        outside=outside,
        horizon=outside,
        limits=Limits.count(len(part.sites), len(part.sites), part.kept),
    )


def _unlimited(part: Part) -> _Answer:
    field = field_of(part)
    found = solve(field, seed=part.seed, effort=Effort(work=part.work, seconds=part.seconds, tick=part.tick))
    _, server, _ = cost_of(field, found.sites)
    used: Floats = np.bincount(server[server >= 0], part.cars[server >= 0], minlength=len(part.sites)).astype(float)
    return _answer(found, used)


def _answer(found: Served | Found, load: Floats) -> _Answer:
    return _Answer(
        sites=found.sites, load=load, upper=found.upper, lower=found.lower, status=found.status, work=found.work
    )


def _notes(ask: Ask, scene: Scene, cars: float) -> tuple[str, ...]:
    limits = "what a format can serve is kept" if ask.model is Model.CAPACITATED else "any site may serve any number"
    standing = f", standing sites count as {scene.kinds[0].name}" if scene.stands.any() else ""
    assumed = (
        f"Assumed: capital written off over {YEARS} years, a customer's minute worth {MINUTE_EUR:g} EUR, "
        f"{TRIPS[scene.kinds[0].sells]} ways for each car."
    )
    return (f"{cars:,.0f} cars a year are served (`--cars CC=N` sets them); {limits}{standing}.", assumed)
