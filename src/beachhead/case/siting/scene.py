"""What every siting model reads: settlements, candidates, those that stand, minutes and weights."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.case.open import Launch
from beachhead.case.siting.formats import format_of
from beachhead.case.siting.places import settlements, settlements_of
from beachhead.case.siting.question import Ask, Model
from beachhead.case.siting.standing_sites import Closing, Standing, standing_sites
from beachhead.case.siting.started import Started, started
from beachhead.case.siting.travel_times import minutes_between
from beachhead.siting.field import Floats, Ints, Lists
from beachhead.siting.formats import Format
from beachhead.siting.geography import Places
from beachhead.world.errors import BadInput

FAR = 2.0
"""Minutes are looked up to this multiple of the promise."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """What every model reads: places, candidates, minutes, weights.

    Attributes:
        markets: M codes.
        places: N settlements.
        market: (N,), number of each place's market.
        candidates: (J,), places that may hold a site.
        stands: (J,), true where one stands.
        kept: (J,), true where one stands and stays.
        since: (J,), quarter of the launch from which one stands, by quarters; 0 where it stands already, or at once.
        minutes: (N) rows of candidates up to twice the promise.
        buyers: (N,), battery-electric cars a year of each place.
        kinds: formats that may be opened.
        kind: (J,), which of them each candidate is.
        leaving: (N, T), true where a site that closes within the launch has a place within the minutes, by quarters;
            None where none closes.
        closings: those sites.
        begun: how far the launch has come.
        notes: sentences.
    """

    markets: tuple[str, ...]
    places: Places
    market: Ints
    candidates: Ints
    stands: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    since: Ints
    minutes: Lists
    buyers: Floats
    kinds: tuple[Format, ...]
    kind: Ints
    leaving: NDArray[np.bool_] | None
    closings: tuple[Closing, ...]
    begun: Started
    notes: tuple[str, ...]

    @property
    def format(self) -> Format:
        """What is opened; the first of several."""
        return self.kinds[0]

    @property
    def price(self) -> float:
        """Capital of one, launch currency."""
        return self.kinds[0].capital

    def paid_by(self, money: float) -> float:
        """Sites that so much capital pays for: all there can be where one costs nothing.

        A sum of whole prices pays for as many, though prices converted from another currency are not round.
        """
        if self.price <= 0.0:
            return float(len(self.candidates))
        return float(np.floor(money / self.price + 1e-9))


def scene_of(launch: Launch, ask: Ask) -> Scene:
    """Everything that the models read."""
    codes = _markets(launch, ask)
    if ask.settlements is None:
        places = settlements(codes, ask.least_people)
    else:
        places = settlements_of(ask.settlements, codes, ask.least_people)
    empty = [code for code in codes if code not in set(places.country)]
    notes = [f"No settlement of {ask.least_people:,} people is known in {', '.join(empty)}."] if empty else []
    if len(empty) == len(codes):
        raise BadInput("no market has a settlement that large", "lower --least-people")
    codes = tuple(code for code in codes if code not in empty)
    if deserted := [code for code in codes if not any(places.people[np.array(places.country) == code])]:
        raise BadInput(
            f"nobody lives in the settlements counted in {', '.join(deserted)}: their people are all 0",
            "write the people of each settlement, or leave the market out",
        )
    number = {code: k for k, code in enumerate(codes)}
    market = np.array([number[code] for code in places.country], np.int32)
    opened = format_of(launch, ask.formats[0] if ask.formats else ask.format)
    standing = standing_sites(launch, ask.sites, places, codes, opened.sells, ask.model is Model.PHASES)
    candidates, stands = _candidates(ask, places, standing.at)
    closable = np.isin(candidates, sorted(standing.closable))
    if closable.any() and not _may_close(ask):
        notes.append("Closing a site frees no capital, so under a budget or quarter by quarter all that stand stay.")
        closable[:] = False
    first = launch.folder.terms.grid[0]
    later = standing.since if ask.model is Model.PHASES else {}
    minutes, travelled = minutes_between(ask.times, places, candidates, FAR * ask.minutes)
    people = np.bincount(market, places.people, minlength=len(codes))
    cars = np.array([launch.market(code).bev_per_year for code in codes])
    return Scene(
        markets=codes,
        places=places,
        market=market,
        candidates=candidates,
        stands=stands,
        kept=stands & ~closable,
        since=np.array([max(later[k] - first, 0) if k in later else 0 for k in candidates.tolist()], np.int32),
        minutes=minutes,
        buyers=places.people * (cars / np.maximum(people, 1.0))[market],
        kinds=(opened,),
        kind=np.zeros(len(candidates), np.int32),
        leaving=_leaving(launch, ask, places, standing.leaving),
        closings=standing.leaving,
        begun=started(launch, codes, opened, {places.country[k] for k in _told(standing)}),
        notes=(*notes, *standing.notes, *travelled),
    )


def _told(standing: Standing) -> frozenset[int]:
    """Places with a site that stands, is decided, or closes."""
    return standing.at | {one.place for one in standing.leaving}


def _leaving(launch: Launch, ask: Ask, places: Places, closings: tuple[Closing, ...]) -> NDArray[np.bool_] | None:
    """(N, T), where and when a site that closes later has a place within the minutes; None where none closes."""
    if not closings:
        return None
    quarters = launch.folder.terms.grid
    lists, _ = minutes_between(ask.times, places, np.array([one.place for one in closings], np.int32), ask.minutes)
    stands = np.array([[one.stands_in(quarter) for quarter in quarters] for one in closings])
    rows = np.repeat(np.arange(len(places)), np.diff(lists.ptr))
    near = lists.cost <= ask.minutes
    covered = np.zeros((len(places), len(quarters)), np.bool_)
    np.logical_or.at(covered, rows[near], stands[lists.item[near]])
    return covered


def _markets(launch: Launch, ask: Ask) -> tuple[str, ...]:
    named = [*ask.markets, *ask.per_market]
    for code in named:
        launch.market(code)
    if named:
        return tuple(dict.fromkeys(named))
    return tuple(market.code for market in launch.folder.markets if not market.is_home)


def _may_close(ask: Ask) -> bool:
    """Whether the model can gain by closing a site: where sites are counted or cost a quarter."""
    return ask.model is not Model.PHASES and ask.budget is None


def _candidates(ask: Ask, places: Places, standing: Collection[int]) -> tuple[Ints, NDArray[np.bool_]]:
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


def refuse_small(launch: Launch, ask: Ask, scene: Scene) -> None:
    """Refuse a count or a budget that pays for nothing, and several formats where one is opened."""
    if len(ask.formats) > 1 and ask.model not in (Model.UNCAPACITATED, Model.CAPACITATED):
        raise BadInput(
            f"{', '.join(ask.formats)}: this model opens one format", "name one, or use --model capacitated to choose"
        )
    if ask.cars and ask.model not in (Model.UNCAPACITATED, Model.CAPACITATED):
        raise BadInput(
            "cars a year are served by the models of least cost alone", "add --model capacitated, or leave it out"
        )
    if ask.count is not None and ask.count < 0:
        raise BadInput(f"{ask.count} new sites cannot be opened", "write 0 or more")
    if ask.budget is not None and ask.budget > 0 and scene.paid_by(ask.budget) < 1:
        raise BadInput(
            f"a budget of {ask.budget:,.0f} {launch.folder.terms.currency} does not pay for one {scene.format.name} "
            f"({scene.price:,.0f})",
            "raise --budget or choose a cheaper --format",
        )
    if ask.budget is not None and ask.budget < 0:
        raise BadInput(f"the budget {ask.budget:,.0f} is below zero: less than the sites that are kept", "raise it")


def own_lists(reach: Lists, here: NDArray[np.bool_], sites: NDArray[np.bool_]) -> Lists:
    """The rows and sites of one market, in its own numbering."""
    number = np.cumsum(sites) - 1
    inside = np.repeat(here, np.diff(reach.ptr))
    ptr = np.concatenate([[0], np.cumsum(np.diff(reach.ptr)[here])]).astype(np.int64)
    return Lists(ptr, number[reach.item[inside]].astype(np.int32), np.zeros(0))
