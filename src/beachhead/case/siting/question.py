"""What a siting question and its answer look like for an open launch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from pathlib import Path

from beachhead.case.siting.places import SETS
from beachhead.case.siting.standing_sites import Closing
from beachhead.case.siting.travel_times import Times
from beachhead.siting.field import Floats
from beachhead.siting.formats import Format
from beachhead.siting.geography import Places
from beachhead.siting.promise import Curve, Promise
from beachhead.siting.worth import SiteWorth
from beachhead.world.brief import brief
from beachhead.world.errors import BadInput
from beachhead.world.quarter import Quarter

RIVAL_MINUTES = 15.0
"""Minutes to the rival stores that `Ask.rivals` counts; assumption, grade C."""

DECAY = 2.0
"""Exponent of Huff's law; 2 in Huff (1964) for furniture and clothing, assumed for cars (grade C)."""


class Model(StrEnum):
    """What is made best.

    COVER: buyers within the minutes, at once. PHASES: the same over the quarters, set after nested set, under capital,
    staff, lead time and the stages of the plan. TRAVEL: mean minutes. PROMISE: the fewest sites for a share of people.
    CAPTURE: buyers drawn from rivals and from own stores by Huff's law. GRADUAL: cover that falls with the minutes.
    UNCAPACITATED, CAPACITATED: everybody served at least cost a year, by formats that serve any number or only so many.
    """

    COVER = "cover"
    PHASES = "phases"
    TRAVEL = "travel"
    PROMISE = "promise"
    CAPTURE = "capture"
    GRADUAL = "gradual"
    UNCAPACITATED = "uncapacitated"
    CAPACITATED = "capacitated"


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
        formats: codes of formats among which the models of least cost choose; empty for all that sell.
        cars: cars a year by market that the models of least cost serve; what is believed where not given.
        full: minutes within which a buyer counts wholly (GRADUAL); half of `minutes` if None.
        least_people: settlements smaller than this are left out.
        site_people: a site stands only in settlements of at least so many people.
        settlements: own file of settlements or a GeoNames dump; None for the registry package.
        sites: own file of standing sites; None for stores.csv.
        times: where minutes on the road come from; by rule if nothing is said.
        exclude: settlements that may hold no site, `Name` or `CC:Name`.
        spacing_km: least great-circle distance between sites (COVER, PHASES).
        rivals: rival stores as near as `RIVAL_MINUTES` to every buyer, staying at home counted in (CAPTURE).
        paying: whether a market's sites end where one more would not earn its cost (PHASES, without count or budget).
        work: units of work that the search may do (see `beachhead.world.work`).
        seconds: safety stop by the clock; None for none.
        seed: of the search; that of launch.toml if None.
        scheduler: address of a Dask cluster on which markets that share no budget are solved; here if None.
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
    formats: tuple[str, ...] = ()
    cars: dict[str, float] = field(default_factory=dict)
    full: float | None = None
    least_people: int = SETS[-1]
    site_people: int = 50_000
    settlements: Path | None = None
    sites: Path | None = None
    times: Times = field(default_factory=Times)
    exclude: tuple[str, ...] = ()
    spacing_km: float = 0.0
    rivals: float = 4.0
    paying: bool = True
    work: float = 60.0
    seconds: float | None = None
    seed: int | None = None
    scheduler: str | None = None

    def __post_init__(self) -> None:
        numbers = {"budget": self.budget, "staff": self.staff_per_quarter, "full": self.full, "rivals": self.rivals}
        numbers |= {"minutes": self.minutes, "spacing": self.spacing_km, "share": self.share}
        wrong = [f"{name} {value:g}" for name, value in numbers.items() if value is not None and not isfinite(value)]
        if wrong:
            raise BadInput(f"{', '.join(wrong)} is not a number", "write a finite number, or leave it out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site of the answer; places are numbers into `Sited.places`.

    Attributes:
        place: where it stands.
        kept: whether it stood already, or is decided.
        opens: quarter in which it opens; None where it stands already or the model has no quarters.
        format: what is opened; where it stands, what it counts as.
        cost: capital, launch currency; 0 where it stands.
        worth: what it adds to the others; its sites are places.
        buyers: cars a year that it draws (CAPTURE), else None.
        from_own: cars a year of these that it takes from other own stores (CAPTURE), else None.
        serves: cars a year that it sees to (UNCAPACITATED, CAPACITATED), else None.
    """

    place: int
    kept: bool
    opens: Quarter | None
    format: Format
    cost: float
    worth: SiteWorth
    buyers: float | None = None
    from_own: float | None = None
    serves: float | None = None


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
        start: first quarter in which it may open sites; None where the model has no quarters, or it never may.
        since: quarter in which it was scaled; None where it is not yet.
        untold: true where it was scaled so long ago that its own stores must stand, and none is told.
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
    start: Quarter | None
    since: Quarter | None
    untold: bool
    next_place: int | None
    next_share: float
    curve: Curve


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sited:
    """The answer for a launch.

    Attributes:
        ask: what was asked.
        places: settlements.
        format: what is opened; the first of several.
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
        work: units of work that the search did.
        promise: the promise and the fewest sites (PROMISE), else None.
        leaving: sites that stand, or are decided, and close within the launch (PHASES); none is among `sites`.
        closed: places whose site was closed.
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
    work: float
    promise: Promise | None
    leaving: tuple[Closing, ...]
    closed: tuple[int, ...]
    left_out: tuple[int, ...]
    notes: tuple[str, ...]

    __repr__ = brief

    def open_in(self, quarter: Quarter) -> frozenset[int]:
        """Places with a site in a quarter, those of sites that close later too."""
        stay = {one.place for one in self.sites if one.opens is None or one.opens <= quarter}
        return frozenset(stay | {one.place for one in self.leaving if one.stands_in(quarter)})
