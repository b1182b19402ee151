"""A siting question of a launch as readable algebra: the programme whose optimum `site` looks for, with names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from beachhead.case.open import Launch
from beachhead.case.siting.facility import Part, facility_scene, field_of, parts_of, yard_of
from beachhead.case.siting.models import cover_ground, gradual_field, median_question, phased_ground
from beachhead.case.siting.question import Ask, Model
from beachhead.case.siting.scene import Scene, refuse_small, scene_of
from beachhead.siting import network
from beachhead.siting.algebra import (
    Algebra,
    Names,
    covering,
    fewest,
    plain_names,
    serving,
    side_by_side,
    with_capacity,
)
from beachhead.siting.worth import within
from beachhead.world.errors import BadInput
from beachhead.world.figures import within_minutes

MOST_ENTRIES = 60_000
"""Pairs of a settlement and a candidate, times quarters, up to which a programme is written out: some 10 MB of text."""


def site_algebra(launch: Launch, ask: Ask) -> Algebra:
    """The programme of the question; its optimum is the best value that any choice of sites could have."""
    answer: dict[Model, Callable[[Launch, Ask, Scene], Algebra]] = {
        Model.COVER: _cover,
        Model.PHASES: _phases,
        Model.PROMISE: _promise,
        Model.TRAVEL: _travel,
        Model.GRADUAL: _gradual,
        Model.UNCAPACITATED: _facilities,
        Model.CAPACITATED: _facilities,
    }
    if ask.model not in answer:
        raise BadInput(
            f"{ask.model.value} shares buyers out by Huff's law, which no linear programme says exactly",
            "write another --model; the bound of this one is told in docs/explanation/siting.md",
        )
    scene = scene_of(launch, ask)
    refuse_small(launch, ask, scene)
    if ask.model in (Model.UNCAPACITATED, Model.CAPACITATED):
        scene = facility_scene(launch, ask, scene)
    _refuse_large(launch, ask, scene)
    return answer[ask.model](launch, ask, scene)


def _refuse_large(launch: Launch, ask: Ask, scene: Scene) -> None:
    lists = scene.minutes if ask.model is Model.TRAVEL else within(scene.minutes, ask.minutes)
    periods = len(launch.folder.terms.grid) if ask.model is Model.PHASES else 1
    if len(lists.item) * periods > MOST_ENTRIES:
        by_quarter = f" in {periods} quarters" if periods > 1 else ""
        raise BadInput(
            f"{len(lists.item):,} pairs of a settlement and a candidate{by_quarter} are more than is written out "
            f"({MOST_ENTRIES:,})",
            "name one --market, raise --least-people or --site-people, or lower --minutes",
        )


def _cover(launch: Launch, ask: Ask, scene: Scene) -> Algebra:
    said = _said(launch, ask, f"Optimum: cars a year of those within {within_minutes(ask.minutes)}.")
    return covering(cover_ground(ask, scene), _names(scene), said)


def _phases(launch: Launch, ask: Ask, scene: Scene) -> Algebra:
    quarters = tuple(str(quarter) for quarter in launch.folder.terms.grid)
    said = _said(launch, ask, "Optimum: four times the discounted cars within the minutes that `site` tells as value.")
    return covering(
        phased_ground(launch, ask, scene).ground, replace(_names(scene), periods=plain_names(quarters)), said
    )


def _promise(launch: Launch, ask: Ask, scene: Scene) -> Algebra:
    said = _said(launch, ask, f"Optimum: the fewest sites for {100 * ask.share:g} % of the people.")
    reach = within(scene.minutes, ask.minutes)
    return fewest(reach, scene.places.people, ask.share, scene.kept, _names(scene), said)


def _travel(launch: Launch, ask: Ask, scene: Scene) -> Algebra:
    field = network.field_of(median_question(ask, scene), scene.minutes)
    people = float(scene.places.people.sum())
    lists = field.by_customer
    mean = replace(field, by_customer=lists._replace(cost=lists.cost / people), outside=field.outside / people)
    return serving(mean, _names(scene), _said(launch, ask, "Optimum: mean minutes, those out of reach counted in."))


def _gradual(launch: Launch, ask: Ask, scene: Scene) -> Algebra:
    everyone = float(scene.buyers.sum())
    said = _said(launch, ask, f"Optimum: what is missed of {everyone:.9g} cars a year; the rest is the value.")
    return serving(gradual_field(ask, scene), _names(scene), said)


def _facilities(launch: Launch, ask: Ask, scene: Scene) -> Algebra:
    unit = f"{launch.folder.terms.currency} a year for sites and customers' minutes"
    names = _names(scene)
    parts = [_facility(part, names) for part in parts_of(launch, ask, scene)]
    return side_by_side(parts, _said(launch, ask, f"Optimum: {unit}."))


def _facility(part: Part, names: Names) -> Algebra:
    """One market; the others have no name in common with it."""
    own = Names(sites=tuple(names.sites[j] for j in part.sites), customers=tuple(names.customers[i] for i in part.rows))
    return serving(field_of(part), own) if part.capacity is None else with_capacity(yard_of(part), own)


def _names(scene: Scene) -> Names:
    """Settlements by name, with their market where there are several; candidates with their format likewise."""
    many, kinds = len(scene.markets) > 1, len(scene.kinds) > 1
    places = [
        f"{country}_{name}" if many else name
        for name, country in zip(scene.places.name, scene.places.country, strict=True)
    ]
    unique = plain_names(places)
    sites = [
        f"{unique[at]}_{scene.kinds[kind].code}" if kinds else unique[at]
        for at, kind in zip(scene.candidates, scene.kind, strict=True)
    ]
    return Names(sites=plain_names(sites), customers=unique, groups=plain_names(scene.markets))


def _said(launch: Launch, ask: Ask, optimum: str) -> tuple[str, ...]:
    rules = {
        Model.COVER: "open_X: a site in X. covered_Y: the part of Y's buyers within the minutes of one.",
        Model.PHASES: "open_X_Q: a site in X is open in quarter Q. covered_Y_Q: the part of Y's buyers within reach.",
        Model.PROMISE: "open_X: a site in X. covered_Y: the part of Y's people within the minutes of one.",
    }
    shared = "open_X: a site in X. from_Y_to_X: the part of Y that it serves. nobody_for_Y: served by none in reach."
    name = launch.folder.terms.name.encode("ascii", "ignore").decode()
    return (f"{name}: sites by model {ask.model.value}.", rules.get(ask.model, shared), optimum)
