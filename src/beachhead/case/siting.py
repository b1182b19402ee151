"""Siting for an open launch: settlements, standing stores, budgets and stages in; sites, their worth and reach out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.case.open import Launch
from beachhead.case.places import SETS, Line, nearest_place, settlements, settlements_of, sites_of
from beachhead.case.planning import newest_plan
from beachhead.evidence.tables.stores import StoreRow
from beachhead.siting.capture import Contest, Law, capture, pulls
from beachhead.siting.cover import CoverEffort, most_covered
from beachhead.siting.field import Floats, Ints, Lists, no_lists
from beachhead.siting.formats import Format, default_formats
from beachhead.siting.geography import Places, close_pairs, travel
from beachhead.siting.ground import Ground
from beachhead.siting.network import Aim, Question, site_network
from beachhead.siting.promise import Curve, Promise, fewest_for, marginal_curve
from beachhead.siting.solve import Effort
from beachhead.siting.worth import SiteWorth, best_addition, nearest_two, within, worth_of_sites
from beachhead.world.economics import Economics
from beachhead.world.errors import BadInput, Fault, NotFeasible, NotLearnt
from beachhead.world.figures import percent
from beachhead.world.quarter import Quarter
from beachhead.world.source import Grade, Source

NEAR_KM = 30.0
"""A standing store counts for the settlement nearest to it, if that is no farther."""

RIVAL_MINUTES = 15.0
"""Minutes to the rival stores that `Ask.rivals` counts; assumption, grade C."""

DECAY = 2.0
"""Exponent of Huff's law; 2 in Huff (1964) for furniture and clothing, assumed for cars (grade C)."""

_FAR = 2.0  # minutes are looked up to this multiple of the promise
_RULE = "assumption by rule: a store 4 M, a service centre 3 M, as in economics.csv; others by their floor space"


class Model(StrEnum):
    """What is made best.

    COVER: buyers within the minutes, at once. PHASES: the same over the quarters, set after nested set, under capital,
    staff, lead time and the stages of the plan. TRAVEL: mean minutes. PROMISE: the fewest sites for a share of people.
    CAPTURE: buyers drawn from rivals and from own stores by Huff's law.
    """

    COVER = "cover"
    PHASES = "phases"
    TRAVEL = "travel"
    PROMISE = "promise"
    CAPTURE = "capture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Which network is asked for.

    Attributes:
        model: what is made best.
        minutes: within which a site counts.
        share: of the people to be within the minutes (PROMISE), 0..1.
        markets: codes; empty for all but the home market.
        count: new sites in all; None where money or the model decides.
        per_market: most new sites by market code.
        budget: capital for new sites, launch currency; None where the count or launch.toml decides.
        staff_per_quarter: people who can be found and trained in a quarter (PHASES); None: no limit.
        format: code of the format that is opened.
        least_people: settlements smaller than this are left out.
        site_people: a site stands only in settlements of at least so many people.
        settlements: own file of settlements or a GeoNames dump; None for the registry package.
        sites: own file of standing sites; None for stores.csv.
        exclude: settlements that may hold no site, `Name` or `CC:Name`.
        spacing_km: least great-circle distance between sites (COVER, PHASES).
        rivals: rival stores as near as `RIVAL_MINUTES` to every buyer, staying at home counted in (CAPTURE).
        seconds: time for the search.
        seed: of the search; that of launch.toml if None.
    """

    model: Model = Model.COVER
    minutes: float = 45.0
    share: float = 0.95
    markets: tuple[str, ...] = ()
    count: int | None = None
    per_market: dict[str, int] = field(default_factory=dict)
    budget: float | None = None
    staff_per_quarter: float | None = None
    format: str = "store"
    least_people: int = SETS[-1]
    site_people: int = 50_000
    settlements: Path | None = None
    sites: Path | None = None
    exclude: tuple[str, ...] = ()
    spacing_km: float = 0.0
    rivals: float = 4.0
    seconds: float = 60.0
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site of the answer; places are numbers into `Sited.places`.

    Attributes:
        place: where it stands.
        kept: whether it stood already.
        opens: quarter in which it opens; None where it stands or the model has no quarters.
        cost: capital, launch currency; 0 where it stands.
        worth: what it adds to the others; its sites are places.
        buyers: cars a year that it draws (CAPTURE), else None.
        from_own: cars a year of these that it takes from other own stores (CAPTURE), else None.
    """

    place: int
    kept: bool
    opens: Quarter | None
    cost: float
    worth: SiteWorth
    buyers: float | None = None
    from_own: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketReach:
    """One market of the answer.

    Attributes:
        market: code.
        people: in the settlements counted.
        sites: open in the end.
        covered_share: of its people within the minutes of a site, in the end.
        reach: (T,) by quarter; one value where the model has no quarters.
        capital: (T,) spent on sites, by the quarter in which it must be decided; launch currency.
        next_place: the closed candidate that would reach most people not yet reached; None if none would.
        next_share: share of the market's people that it would reach.
        curve: sites of this market from none on, each where it adds most, and what no choice could exceed.
    """

    market: str
    people: float
    sites: int
    covered_share: float
    reach: Floats
    capital: Floats
    next_place: int | None
    next_share: float
    curve: Curve


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sited:
    """The answer for a launch.

    Attributes:
        ask: what was asked.
        places: settlements.
        format: what is opened.
        sites: new ones in the order in which they open, then by what they gain; standing ones last.
        markets: reach, capital and curve of each market.
        quarters: T quarters (PHASES), else empty.
        covered_share: of all people, in the end.
        mean_minutes: to the nearest site, over those within twice the minutes.
        value: what the model makes best, in its own unit (see `unit`).
        bound: no choice is better.
        gap: between the two, 0..1.
        unit: unit of value and bound.
        status: how the search ended.
        seconds: wall time of the search.
        promise: the promise and the fewest sites (PROMISE), else None.
        left_out: the largest settlements not within the minutes, largest first.
        notes: sentences on what was assumed or left out.
    """

    ask: Ask
    places: Places
    format: Format
    sites: tuple[Site, ...]
    markets: tuple[MarketReach, ...]
    quarters: tuple[Quarter, ...]
    covered_share: float
    mean_minutes: float
    value: float
    bound: float
    gap: float
    unit: str
    status: str
    seconds: float
    promise: Promise | None
    left_out: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scene:
    """What every model reads: places, candidates, minutes, weights.

    Attributes:
        markets: M codes.
        places: N settlements.
        market: (N,), number of each place's market.
        candidates: (J,), places that may hold a site.
        kept: (J,), true where one stands.
        minutes: (N) rows of candidates up to twice the promise.
        buyers: (N,), battery-electric cars a year of each place.
        format: what is opened.
        price: capital of one, launch currency.
        notes: sentences.
    """

    markets: tuple[str, ...]
    places: Places
    market: Ints
    candidates: Ints
    kept: NDArray[np.bool_]
    minutes: Lists
    buyers: Floats
    format: Format
    price: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Choice:
    """What a model chose: opening period of each candidate (T: never), and how good that is.

    `drawn` has, for each open candidate in ascending order, cars a year drawn and those taken from own stores.
    """

    opens: Ints
    value: float
    bound: float
    gap: float
    unit: str
    status: str
    seconds: float
    quarters: tuple[Quarter, ...] = ()
    promise: Promise | None = None
    notes: tuple[str, ...] = ()
    drawn: tuple[tuple[float, float], ...] = ()


def ask_sites(launch: Launch, ask: Ask) -> Sited:
    """Choose the sites of a launch and say what each is there for."""
    scene = _scene(launch, ask)
    _refuse_small(launch, ask, scene)
    answer = {
        Model.COVER: _cover,
        Model.PHASES: _phases,
        Model.TRAVEL: _travel,
        Model.PROMISE: _promise,
        Model.CAPTURE: _capture,
    }
    return _told(launch, ask, scene, answer[ask.model](launch, ask, scene))


def reach_economics(economics: Iterable[Economics], sited: Sited, quarters: tuple[Quarter, ...]) -> list[Economics]:
    """The economics of the plan with reach, ramp and capital from the sites, own stores only.

    Reach is the share of people within the minutes in the end; the ramp is its course from the market's first site on;
    capital is what the new sites cost, if that is more than nothing. Everything else stays as it was.
    """
    found = {market.market: market for market in sited.markets}
    start = sited.quarters[0] - quarters[0] if sited.quarters else 0
    rows = []
    for row in economics:
        market = found.get(row.market)
        if market is None or row.channel != "own_store" or market.covered_share <= 0:
            rows.append(row)
            continue
        begin = int(np.flatnonzero(market.reach > 0)[0]) if (market.reach > 0).any() else 0
        ramp = tuple(float(share / market.covered_share) for share in market.reach[max(begin, -start) :])
        capital = float(market.capital.sum())
        rows.append(
            replace(
                row, reach=market.covered_share, ramp=ramp or (1.0,), capital=capital if capital > 0 else row.capital
            )
        )
    return rows


# ---- the scene -------------------------------------------------------------------------------------------------------


def _scene(launch: Launch, ask: Ask) -> _Scene:
    codes = _markets(launch, ask)
    if ask.settlements is None:
        places = settlements(codes, ask.least_people)
    else:
        places = settlements_of(ask.settlements, codes, ask.least_people)
    empty = [code for code in codes if code not in set(places.country)]
    notes = [f"No settlement of {ask.least_people:,} people is known in {', '.join(empty)}."] if empty else []
    codes = tuple(code for code in codes if code not in empty)
    if not codes:
        raise BadInput("no market has a settlement that large", "lower --least-people")
    number = {code: k for k, code in enumerate(codes)}
    market = np.array([number[code] for code in places.country], np.int32)
    standing, said = _standing(launch, ask, places, codes)
    candidates, kept = _candidates(ask, places, standing)
    people = np.bincount(market, places.people, minlength=len(codes))
    cars = np.array([launch.market(code).bev_per_year for code in codes])
    return _Scene(
        markets=codes,
        places=places,
        market=market,
        candidates=candidates,
        kept=kept,
        minutes=travel(places, candidates, _FAR * ask.minutes),
        buyers=places.people * (cars / np.maximum(people, 1.0))[market],
        format=(opened := _format(ask)),
        price=_money(launch, opened.capital_eur),
        notes=(*notes, *said),
    )


def _markets(launch: Launch, ask: Ask) -> tuple[str, ...]:
    named = [*ask.markets, *ask.per_market]
    for code in named:
        launch.market(code)
    if named:
        return tuple(dict.fromkeys(named))
    return tuple(market.code for market in launch.folder.markets if not market.is_home)


def _standing(launch: Launch, ask: Ask, places: Places, codes: tuple[str, ...]) -> tuple[set[int], list[str]]:
    """Places where a site stands, and what is said of those that could not be placed."""
    if ask.sites is not None:
        lines = sites_of(ask.sites, codes)
        return _placed(lines, places, ask.sites.name), []
    lines, nowhere = [], 0
    for row, store in enumerate(launch.folder.rows(StoreRow), start=2):
        if store.market not in codes or not (store.sells_cars or store.service_bays):
            continue
        if store.lat is not None and store.lon is not None:
            lines.append(Line(row=row, name=store.code, country=store.market, lat=store.lat, lon=store.lon, people=0.0))
        elif store.city and (at := _named(places, store.city, store.market)) is not None:
            lat, lon = float(places.lat[at]), float(places.lon[at])
            lines.append(Line(row=row, name=store.code, country=store.market, lat=lat, lon=lon, people=0.0))
        else:
            nowhere += store.count
    said = [f"{nowhere} standing stores of stores.csv have neither city nor coordinates and do not count."]
    return _placed(lines, places, "stores.csv"), said if nowhere else []


def _placed(lines: list[Line], places: Places, file: str) -> set[int]:
    found, faults = set(), []
    for line in lines:
        at, km = nearest_place(places, line.lat, line.lon, line.country)
        if km > NEAR_KM:
            problem = f"stands {km:,.0f} km from any settlement counted in {line.country}"
            cure = "mend the coordinates, or lower --least-people"
            faults.append(Fault(file=file, row=line.row, column="lat", written=line.name, problem=problem, cure=cure))
        found.add(at)
    if faults:
        raise BadInput.of(faults)
    return found


def _named(places: Places, city: str, country: str) -> int | None:
    wanted = city.casefold()
    at = (k for k in range(len(places)) if places.country[k] == country and places.name[k].casefold() == wanted)
    return next(at, None)


def _candidates(ask: Ask, places: Places, standing: set[int]) -> tuple[Ints, NDArray[np.bool_]]:
    shut = set()
    for text in ask.exclude:
        country, _, name = text.rpartition(":")
        found = {
            k
            for k in range(len(places))
            if places.name[k].casefold() == name.casefold() and country.upper() in ("", places.country[k])
        }
        if not found:
            raise BadInput(f"{text!r} is excluded, but no settlement has that name", "write `Name` or `CC:Name`")
        shut |= found
    large = places.people >= ask.site_people
    some = [k for k in range(len(places)) if k in standing or (large[k] and k not in shut)]
    if not some:
        raise BadInput(f"no settlement has {ask.site_people:,} people", "lower --site-people")
    candidates = np.array(some, np.int32)
    return candidates, np.array([k in standing for k in some])


def _format(ask: Ask) -> Format:
    known = default_formats(Source(who=_RULE, as_of=date(2026, 6, 30), grade=Grade.C))
    found = next((one for one in known if one.code == ask.format), None)
    if found is None:
        raise BadInput(f"{ask.format!r} is not a format", f"use one of {', '.join(one.code for one in known)}")
    return found


def _money(launch: Launch, amount_eur: float) -> float:
    if "EUR" not in launch.folder.rates:
        raise BadInput("the costs of the formats are in EUR, of which fx.csv has no rate", "add EUR to fx.csv")
    return launch.folder.money(amount_eur, "EUR")


def _refuse_small(launch: Launch, ask: Ask, scene: _Scene) -> None:
    if ask.count is not None and ask.count < 0:
        raise BadInput(f"{ask.count} new sites cannot be opened", "write 0 or more")
    if ask.budget is not None and ask.budget < scene.price and ask.budget > 0:
        raise BadInput(
            f"a budget of {ask.budget:,.0f} {launch.folder.terms.currency} does not pay for one {scene.format.name} "
            f"({scene.price:,.0f})",
            "raise --budget or choose a cheaper --format",
        )
    if ask.budget is not None and ask.budget < 0:
        raise BadInput(f"the budget {ask.budget:,.0f} is below zero: less than the sites that are kept", "raise it")


# ---- the models ------------------------------------------------------------------------------------------------------


def _cover(launch: Launch, ask: Ask, scene: _Scene) -> _Choice:
    ground = _ground(scene, ask, _limits(scene, ask)[:, None], np.array([_affordable(launch, ask, scene)]), np.ones(1))
    found = most_covered(ground, seed=_seed(launch, ask), effort=CoverEffort(seconds=ask.seconds))
    return _Choice(
        opens=found.opens,
        value=found.value,
        bound=found.bound,
        gap=found.gap,
        unit="cars a year within the minutes",
        status=found.status.value,
        seconds=found.seconds,
        notes=_spacing_note(ask),
    )


def _phases(launch: Launch, ask: Ask, scene: _Scene) -> _Choice:
    terms = launch.folder.terms
    quarters, lead = terms.grid, scene.format.lead_quarters
    if lead >= len(quarters):
        raise BadInput(
            f"a {scene.format.name} takes {lead} quarters, the launch has {len(quarters)}", "plan for longer"
        )
    starts, notes = _stages(launch, scene, quarters)
    total = _new_by_quarter(launch, ask, scene, quarters)
    budget = np.repeat(_limits(scene, ask)[:, None], len(quarters), axis=1)
    for m, start in enumerate(starts):
        budget[m, : min(start, len(quarters))] = 0.0
        budget[m, start + 1 :] = np.where(np.isfinite(budget[m, start + 1 :]), 0.0, np.inf)
    worth = np.power(terms.discount_per_quarter, np.arange(len(quarters), dtype=float))
    found = most_covered(
        _ground(scene, ask, budget, total, worth),
        seed=_seed(launch, ask),
        effort=CoverEffort(steps=1500, moves=10_000.0, seconds=ask.seconds),
    )
    return _Choice(
        opens=found.opens,
        value=found.value / 4,
        bound=found.bound / 4,
        gap=found.gap,
        unit="discounted cars of the market within the minutes, over the quarters",
        status=found.status.value,
        seconds=found.seconds,
        quarters=quarters,
        notes=(*notes, *_spacing_note(ask)),
    )


def _travel(launch: Launch, ask: Ask, scene: _Scene) -> _Choice:
    if ask.per_market or ask.spacing_km:
        raise BadInput("mean travel time takes one count for all markets, without spacing", "use --model cover")
    count = _affordable(launch, ask, scene) + int(scene.kept.sum())
    question = Question(
        places=scene.places,
        sites=scene.candidates,
        kept=scene.kept,
        count=int(min(count, len(scene.candidates))),
        aim=Aim.TRAVEL,
        minutes=_FAR * ask.minutes,
    )
    found = site_network(question, seed=_seed(launch, ask), effort=Effort(seconds=ask.seconds))
    chosen = np.isin(scene.candidates, [site.place for site in found.sites])
    counted = np.where(np.isfinite(found.minutes), found.minutes, 2.0 * _FAR * ask.minutes)
    mean = float(np.average(counted, weights=scene.places.people))
    return _Choice(
        opens=np.where(chosen, 0, 1).astype(np.int32),
        value=mean,
        bound=mean * (1 - found.gap),
        gap=found.gap,
        unit="mean minutes, those out of reach counted in",
        status=found.status.value,
        seconds=found.seconds,
        notes=(f"Whoever lives more than {_FAR * ask.minutes:g} minutes from every site counts as twice that.",),
    )


def _promise(launch: Launch, ask: Ask, scene: _Scene) -> _Choice:
    if ask.per_market or ask.spacing_km or ask.count is not None or ask.budget is not None:
        raise BadInput(
            "a promise asks for the fewest sites: it takes no count, budget or spacing",
            "leave them out, or use --model cover",
        )
    found = fewest_for(
        within(scene.minutes, ask.minutes),
        scene.places.people,
        ask.share,
        scene.kept,
        seed=_seed(launch, ask),
        effort=CoverEffort(steps=600, moves=3_000.0, seconds=ask.seconds),
    )
    opens = np.ones(len(scene.candidates), np.int32)
    opens[found.sites] = 0
    sites = len(found.sites)
    return _Choice(
        opens=opens,
        value=float(sites),
        bound=float(found.fewest),
        gap=(sites - found.fewest) / max(sites, 1),
        unit="sites",
        status="optimal" if sites == found.fewest else "stopped",
        seconds=found.seconds,
        promise=found,
    )


def _capture(launch: Launch, ask: Ask, scene: _Scene) -> _Choice:
    if ask.per_market or ask.spacing_km:
        raise BadInput("capture takes one count for all markets, without spacing", "use --model cover")
    if not scene.format.sells:
        raise BadInput(f"a {scene.format.name} sells no cars, so it captures no buyers", "use --format store")
    if ask.rivals <= 0:
        raise BadInput(f"{ask.rivals:g} rival stores would leave every buyer to one store", "write more than 0")
    attraction = np.where(scene.kept, 1.0, scene.format.pull)
    found = capture(
        Contest(
            pull=pulls(scene.minutes, attraction, law=Law.HUFF, decay=DECAY),
            buyers=scene.buyers,
            outside=np.full(len(scene.buyers), ask.rivals * RIVAL_MINUTES**-DECAY),
            kept=scene.kept,
            count=int(min(_affordable(launch, ask, scene), len(scene.candidates))),
        )
    )
    opens = np.ones(len(scene.candidates), np.int32)
    opens[found.sites] = 0
    own = percent(float(found.taken_from_own.sum()) / max(found.buyers, 1e-12))
    return _Choice(
        opens=opens,
        value=found.buyers,
        bound=found.bound,
        gap=found.gap,
        unit="cars a year captured",
        status="optimal" if found.gap < 1e-9 else "stopped",
        seconds=found.seconds,
        drawn=tuple(zip(found.by_site.tolist(), found.taken_from_own.tolist(), strict=True)),
        notes=(
            f"{own} of what own stores draw they take from each other.",
            f"Assumed: Huff's law, exponent {DECAY:g}; {ask.rivals:g} rivals at {RIVAL_MINUTES:g} min (`--rivals`).",
        ),
    )


def _ground(scene: _Scene, ask: Ask, budget: Floats, total: Floats, worth: Floats) -> Ground:
    count = len(scene.candidates)
    lat, lon = scene.places.lat[scene.candidates], scene.places.lon[scene.candidates]
    return Ground(
        reach=within(scene.minutes, ask.minutes),
        people=scene.buyers,
        price=np.ones(count),
        group=scene.market[scene.candidates],
        kept=scene.kept,
        budget=budget,
        total=total,
        worth=worth,
        conflict=close_pairs(lat, lon, ask.spacing_km) if ask.spacing_km > 0 else no_lists(count),
    )


def _limits(scene: _Scene, ask: Ask) -> Floats:
    """(M,), most new sites by market."""
    return np.array([float(ask.per_market.get(code, np.inf)) for code in scene.markets])


def _affordable(launch: Launch, ask: Ask, scene: _Scene) -> float:
    """New sites that count and budget allow."""
    if ask.count is None and ask.budget is None and not ask.per_market:
        raise BadInput("how many sites?", "give --count, --budget, --per-market or --promise")
    most = np.inf if ask.count is None else float(ask.count)
    return most if ask.budget is None else min(most, float(np.floor(ask.budget / scene.price)))


def _new_by_quarter(launch: Launch, ask: Ask, scene: _Scene, quarters: tuple[Quarter, ...]) -> Floats:
    """(T,), new sites that may open: capital decided a lead time before, staff, and the count over all."""
    if ask.budget is not None:
        capital = np.full(len(quarters), ask.budget / (len(quarters) - scene.format.lead_quarters))
    else:
        by_year = launch.folder.limits.capital_per_year
        capital = np.array([by_year[quarter.year] / 4 for quarter in quarters])
    lead = scene.format.lead_quarters
    spent = np.concatenate([np.zeros(lead), np.cumsum(capital)])[: len(quarters)]
    most = np.floor(spent / scene.price + 1e-9)
    if ask.staff_per_quarter is not None:
        people = np.concatenate([np.zeros(lead), np.cumsum(np.full(len(quarters), ask.staff_per_quarter))])
        most = np.minimum(most, np.floor(people[: len(quarters)] / scene.format.staff + 1e-9))
    if ask.count is not None:
        most = np.minimum(most, ask.count)
    if most[-1] < 1:
        raise NotFeasible(
            f"capital and staff do not pay for one {scene.format.name} within the launch",
            "raise --budget or --staff, or choose a cheaper --format",
        )
    return np.diff(most, prepend=0.0)


def _stages(launch: Launch, scene: _Scene, quarters: tuple[Quarter, ...]) -> tuple[list[int], tuple[str, ...]]:
    """(M,), first quarter in which each market may open sites, T for never; from the newest plan where there is one."""
    try:
        timeline = newest_plan(launch).plan.timeline
    except NotLearnt:
        first: dict[str, Quarter] = {}
        for row in launch.folder.economics:
            first[row.market] = min(first.get(row.market, row.earliest_scale), row.earliest_scale)
        starts = [max(first.get(code, quarters[0]) - quarters[0], 0) for code in scene.markets]
        return starts, ("No plan is on record: markets open from the earliest quarter of economics.csv on.",)
    starts = []
    for code in scene.markets:
        odds = timeline.scaled[timeline.markets.index(code)] if code in timeline.markets else np.zeros(1)
        likely = np.flatnonzero(odds >= 0.5)
        starts.append(timeline.quarters[int(likely[0])] - quarters[0] if len(likely) else len(quarters))
    out = [code for code, start in zip(scene.markets, starts, strict=True) if start >= len(quarters)]
    note = "Markets open once the newest plan has scaled them with even odds"
    return starts, (f"{note}; it never does so in {', '.join(out)}." if out else f"{note}.",)


def _seed(launch: Launch, ask: Ask) -> int:
    return launch.folder.terms.seeds.plan if ask.seed is None else ask.seed


def _spacing_note(ask: Ask) -> tuple[str, ...]:
    return ("The bound does not know of the spacing, so the true gap is smaller.",) if ask.spacing_km else ()


# ---- the answer ------------------------------------------------------------------------------------------------------


def _told(launch: Launch, ask: Ask, scene: _Scene, choice: _Choice) -> Sited:
    periods = max(len(choice.quarters), 1)
    opened = np.flatnonzero(choice.opens < periods).astype(np.int32)
    people = scene.places.people
    worth = worth_of_sites(scene.minutes, people, ask.minutes, opened, np.ones(len(scene.candidates), np.bool_))
    is_open = np.zeros(len(scene.candidates), np.bool_)
    is_open[opened] = True
    _, near, _, _ = nearest_two(scene.minutes, is_open)
    served = np.isfinite(near)
    missed = np.flatnonzero(~(near <= ask.minutes))
    return Sited(
        ask=ask,
        places=scene.places,
        format=scene.format,
        sites=_sites(scene, choice, opened, worth),
        markets=_by_market(ask, scene, choice, opened),
        quarters=choice.quarters,
        covered_share=float(people[near <= ask.minutes].sum() / people.sum()),
        mean_minutes=float(np.average(near[served], weights=people[served])) if people[served].sum() > 0 else 0.0,
        value=choice.value,
        bound=choice.bound,
        gap=choice.gap,
        unit=choice.unit,
        status=choice.status,
        seconds=choice.seconds,
        promise=choice.promise,
        left_out=tuple(int(k) for k in missed[np.argsort(-people[missed], kind="stable")][:50]),
        notes=(*scene.notes, *choice.notes),
    )


def _sites(scene: _Scene, choice: _Choice, opened: Ints, worth: tuple[SiteWorth, ...]) -> tuple[Site, ...]:
    def at(site: int | None) -> int | None:
        return None if site is None else int(scene.candidates[site])

    sites = []
    drawn = choice.drawn or ((None, None),) * len(opened)
    for j, one, (buyers, from_own) in zip(opened, worth, drawn, strict=True):
        kept = bool(scene.kept[j])
        sites.append(
            Site(
                place=int(scene.candidates[j]),
                kept=kept,
                opens=choice.quarters[int(choice.opens[j])] if choice.quarters and not kept else None,
                cost=0.0 if kept else scene.price,
                worth=replace(
                    one,
                    site=int(scene.candidates[j]),
                    takes_from=at(one.takes_from),
                    replaced_by=at(one.replaced_by),
                ),
                buyers=buyers,
                from_own=from_own,
            )
        )
    first = choice.quarters[0] if choice.quarters else Quarter(2000, 1)
    return tuple(
        sorted(
            sites, key=lambda site: (site.kept, (site.opens or first) - first, -site.worth.gained_people, site.place)
        )
    )


def _by_market(ask: Ask, scene: _Scene, choice: _Choice, opened: Ints) -> tuple[MarketReach, ...]:
    periods, lead = max(len(choice.quarters), 1), scene.format.lead_quarters if choice.quarters else 0
    reach = within(scene.minutes, ask.minutes)
    rows = np.repeat(np.arange(len(scene.places)), np.diff(reach.ptr))
    first = np.full(len(scene.places), periods)
    np.minimum.at(first, rows, choice.opens[reach.item])
    of_site, people = scene.market[scene.candidates], scene.places.people
    out = []
    for m, code in enumerate(scene.markets):
        here = scene.market == m
        gained = np.bincount(first[here], people[here], minlength=periods + 1)[:periods]
        everyone = float(people[here].sum())
        new = opened[(of_site[opened] == m) & ~scene.kept[opened]]
        numbers = np.flatnonzero(of_site == m)
        own = _own(reach, here, of_site == m)
        more, added = best_addition(
            own, people[here], np.searchsorted(numbers, opened[of_site[opened] == m]), len(numbers)
        )
        curve = marginal_curve(own, people[here], scene.kept[numbers], 2 * len(new) + 10, steps=100)
        spent = np.bincount(np.maximum(choice.opens[new] - lead, 0), minlength=periods) * scene.price
        shares = np.cumsum(gained) / max(everyone, 1.0)
        out.append(
            MarketReach(
                market=code,
                people=everyone,
                sites=int((of_site[opened] == m).sum()),
                covered_share=float(shares[-1]),
                reach=shares,
                capital=spent.astype(float),
                next_place=None if more is None else int(scene.candidates[numbers[more]]),
                next_share=added / max(everyone, 1.0),
                curve=replace(curve, order=scene.candidates[numbers[curve.order]]),
            )
        )
    return tuple(out)


def _own(reach: Lists, here: NDArray[np.bool_], sites: NDArray[np.bool_]) -> Lists:
    """The rows and sites of one market, in its own numbering."""
    number = np.cumsum(sites) - 1
    inside = np.repeat(here, np.diff(reach.ptr))
    ptr = np.concatenate([[0], np.cumsum(np.diff(reach.ptr)[here])]).astype(np.int64)
    return Lists(ptr, number[reach.item[inside]].astype(np.int32), np.zeros(0))
