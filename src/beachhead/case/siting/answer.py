"""Siting for an open launch: settlements, standing stores, budgets and stages in; sites, their worth and reach out."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime

import numpy as np

from beachhead.case.answers.sited import Opening, SitedMarket, SitingTerms, digests, file_digest, keep_terms
from beachhead.case.open import Launch
from beachhead.case.siting.choice import Choice
from beachhead.case.siting.facility import facility_scene
from beachhead.case.siting.models import choose
from beachhead.case.siting.question import Ask, MarketReach, Model, Site, Sited
from beachhead.case.siting.scene import Scene, own_lists, refuse_small, scene_of
from beachhead.case.siting.started import started_notes
from beachhead.siting.cover import covered_from
from beachhead.siting.field import Ints
from beachhead.siting.promise import marginal_curve
from beachhead.siting.worth import SiteWorth, best_addition, nearest_two, within, worth_of_sites
from beachhead.world.errors import BadInput
from beachhead.world.quarter import Quarter
from beachhead.world.work import Tick, in_turn

__all__ = ["Ask", "MarketReach", "Model", "Site", "Sited", "ask_sites", "keep_sites", "terms_of"]


_SHARES = (0.8, 0.2)
"""Of the time, searching for sites and telling each market's curve of cover take about so much (bundled launch)."""


def ask_sites(launch: Launch, ask: Ask, tick: Tick | None = None) -> Sited:
    """Choose the sites of a launch and say what each is there for.

    Args:
        launch: the launch.
        ask: which network is asked for.
        tick: told how much is done, and how much there is at most: a search ends as soon as its answer is proved.
    """
    searching, telling = in_turn(tick, _SHARES)
    scene = scene_of(launch, ask)
    refuse_small(launch, ask, scene)
    if ask.model in (Model.UNCAPACITATED, Model.CAPACITATED):
        scene = facility_scene(launch, ask, scene)
    return _told(launch, ask, scene, choose(launch, ask, scene, searching), telling)


def keep_sites(launch: Launch, sited: Sited, *, who: str, at: datetime) -> SitingTerms:
    """Put the answer on record: from then on plans count on its reach, capital and running cost."""
    if not sited.format.sells:
        raise BadInput(
            f"a {sited.format.name} offers no test drive, so it says nothing of the reach of own stores",
            "keep the answer for a format that sells; `beachhead service --keep` hands over the cost of service",
        )
    terms = terms_of(launch, sited)
    keep_terms(launch, terms, who=who, at=at)
    return terms


def terms_of(launch: Launch, sited: Sited) -> SitingTerms:
    """What a plan may count on."""
    ask, places = sited.ask, sited.places
    untold = tuple(one.market for one in sited.markets if one.untold)
    new = [one for one in sited.sites if not one.kept and places.country[one.place] not in untold]
    count = Counter(places.country[one.place] for one in new)
    files = [path for path in (ask.settlements, ask.sites, ask.times.matrix) if path is not None]
    running: dict[str, float] = defaultdict(float)
    for site in new:
        running[places.country[site.place]] += site.format.opex_per_quarter
    return SitingTerms(
        quarters=sited.quarters,
        minutes=ask.minutes,
        format=sited.format.name,
        markets=tuple(
            SitedMarket(
                market=one.market,
                reach=one.reach,
                start=one.start,
                since=one.since,
                capital=one.capital,
                opex_per_quarter=running[one.market],
                sites=count[one.market],
                standing=one.sites - count[one.market],
            )
            for one in sited.markets
            if one.covered_share > 0 and not one.untold
        ),
        without=tuple(one.market for one in sited.markets if one.covered_share <= 0 and not one.untold),
        untold=untold,
        openings=tuple(
            Opening(
                place=places.name[one.place],
                market=places.country[one.place],
                number=one.place,
                opens=one.opens,
                lead=one.format.lead_quarters,
                cost=one.cost,
            )
            for one in new
        ),
        tables=digests(launch),
        files={str(path.resolve()): file_digest(path) for path in files},
    )


def _told(launch: Launch, ask: Ask, scene: Scene, choice: Choice, tick: Tick | None) -> Sited:
    periods = max(len(choice.quarters), 1)
    opened = np.flatnonzero(choice.opens < periods).astype(np.int32)
    people = scene.places.people
    worth = worth_of_sites(scene.minutes, people, ask.minutes, opened, np.ones(len(scene.candidates), np.bool_))
    is_open = np.zeros(len(scene.candidates), np.bool_)
    is_open[opened] = True
    _, near, _, _ = nearest_two(scene.minutes, is_open)
    served = np.isfinite(near)
    missed = np.flatnonzero(~(near <= ask.minutes))
    sites = _sites(scene, choice, opened, worth)
    return Sited(
        ask=ask,
        places=scene.places,
        format=scene.format,
        sites=sites,
        markets=_by_market(ask, scene, choice, opened, tick),
        quarters=choice.quarters,
        covered_share=float(people[near <= ask.minutes].sum() / people.sum()),
        mean_minutes=float(np.average(near[served], weights=people[served])) if people[served].sum() > 0 else 0.0,
        value=choice.value,
        bound=choice.bound,
        gap=choice.gap,
        unit=choice.unit,
        status=choice.status,
        work=choice.work,
        promise=choice.promise,
        leaving=scene.closings,
        closed=tuple(int(k) for k in scene.candidates[scene.stands & ~is_open]),
        left_out=tuple(int(k) for k in missed[np.argsort(-people[missed], kind="stable")][:50]),
        notes=(*_of_started(launch, scene, sites), *scene.notes, *choice.notes),
    )


def _of_started(launch: Launch, scene: Scene, sites: tuple[Site, ...]) -> tuple[str, ...]:
    """What is to be known of markets that are scaled already."""
    new = [(scene.places.country[one.place], one.cost) for one in sites if not one.kept]
    untold = {code for code, one in scene.begun.markets.items() if one.untold}
    cost = sum(cost for code, cost in new if code in untold)
    return started_notes(launch, scene.begun, scene.format, Counter(code for code, _ in new), cost)


def _sites(scene: Scene, choice: Choice, opened: Ints, worth: tuple[SiteWorth, ...]) -> tuple[Site, ...]:
    def at(site: int | None) -> int | None:
        return None if site is None else int(scene.candidates[site])

    sites = []
    drawn = choice.drawn or ((None, None),) * len(opened)
    for j, one, (buyers, from_own) in zip(opened, worth, drawn, strict=True):
        kept = bool(scene.stands[j])
        now = kept and choice.opens[j] == 0
        sites.append(
            Site(
                place=int(scene.candidates[j]),
                kept=kept,
                opens=choice.quarters[int(choice.opens[j])] if choice.quarters and not now else None,
                format=scene.kinds[scene.kind[j]],
                cost=0.0 if kept else scene.kinds[scene.kind[j]].capital,
                worth=replace(
                    one,
                    site=int(scene.candidates[j]),
                    takes_from=at(one.takes_from),
                    replaced_by=at(one.replaced_by),
                ),
                buyers=buyers,
                from_own=None if from_own is None else max(from_own, 0.0),
                serves=choice.load[int(j)] if choice.load else None,
            )
        )
    first = choice.quarters[0] if choice.quarters else Quarter(2000, 1)
    return tuple(
        sorted(
            sites, key=lambda site: (site.kept, (site.opens or first) - first, -site.worth.gained_people, site.place)
        )
    )


def _by_market(ask: Ask, scene: Scene, choice: Choice, opened: Ints, tick: Tick | None) -> tuple[MarketReach, ...]:
    periods, lead = max(len(choice.quarters), 1), scene.format.lead_quarters if choice.quarters else 0
    reach = within(scene.minutes, ask.minutes)
    rows = np.repeat(np.arange(len(scene.places)), np.diff(reach.ptr))
    first = np.full(len(scene.places), periods)
    np.minimum.at(first, rows, choice.opens[reach.item])
    of_site, people = scene.market[scene.candidates], scene.places.people
    out = []
    for m, code in enumerate(scene.markets):
        if tick is not None:
            tick(m, len(scene.markets))
        here = scene.market == m
        leaving = None if scene.leaving is None else scene.leaving[here]
        covered = covered_from(first[here], people[here], periods, leaving)
        everyone = float(people[here].sum())
        new = opened[(of_site[opened] == m) & ~scene.stands[opened]]
        numbers = np.flatnonzero(of_site == m)
        own = own_lists(reach, here, of_site == m)
        more, added = best_addition(
            own, people[here], np.searchsorted(numbers, opened[of_site[opened] == m]), len(numbers)
        )
        curve = marginal_curve(own, people[here], scene.kept[numbers], 2 * len(new) + 10, steps=100)
        price = np.array([one.capital for one in scene.kinds])[scene.kind[new]]
        spent = np.bincount(np.maximum(choice.opens[new] - lead, 0), price, minlength=periods)
        shares = covered / max(everyone, 1.0)
        begun = scene.begun.markets.get(code)
        out.append(
            MarketReach(
                market=code,
                people=everyone,
                sites=int((of_site[opened] == m).sum()),
                covered_share=float(shares[-1]),
                reach=shares,
                capital=spent.astype(float),
                start=choice.quarters[choice.starts[m]] if choice.starts and choice.starts[m] < periods else None,
                since=None if begun is None else begun.since,
                untold=begun is not None and begun.untold,
                next_place=None if more is None else int(scene.candidates[numbers[more]]),
                next_share=added / max(everyone, 1.0),
                curve=replace(curve, order=scene.candidates[numbers[curve.order]]),
            )
        )
    return tuple(out)
