"""launch.toml: what is launched, over which quarters, for what goal and within which limits."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from beachhead.evidence.cell import Code, CurrencyCode, QuarterCell, Text, WrittenAs, one_of, refusal
from beachhead.evidence.row import Row, column
from beachhead.world.economics import Limits
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import FARTHEST_PRICE

FILE = "launch.toml"
MOST_QUARTERS = 80


class ObjectiveKind(StrEnum):
    """What a plan maximises: value, cars sold by a quarter, or the odds of a target."""

    NPV = "npv"
    UNITS_BY = "units_by"
    TARGET_ODDS = "target_odds"


def _series(value: Any) -> Any:
    # A number holds throughout; a list has one number a step and its last holds on.
    if isinstance(value, list):
        return tuple(value)
    return (value,) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _kind(value: Any) -> Any:
    return ObjectiveKind(value) if isinstance(value, str) and value in tuple(ObjectiveKind) else value


Series = Annotated[
    tuple[float, ...],
    BeforeValidator(_series),
    Field(min_length=1, max_length=MOST_QUARTERS),
    WrittenAs("number, or [list] whose last holds on", "[100, 200]"),
]
Batches = Annotated[
    tuple[int, ...],
    BeforeValidator(_series),
    Field(min_length=1, max_length=8),
    WrittenAs("[list] of whole numbers", "[50, 150, 400]"),
]
PricePoints = Annotated[
    tuple[float, ...],
    BeforeValidator(_series),
    Field(min_length=1, max_length=6),
    WrittenAs("[list] of numbers", "[0.9, 1.0]"),
]
Decimal = Annotated[float, WrittenAs("number", "0.98")]
Integer = Annotated[int, WrittenAs("whole number", "20")]
Kind = Annotated[
    ObjectiveKind, BeforeValidator(_kind), one_of(ObjectiveKind), WrittenAs(" | ".join(ObjectiveKind), "npv")
]


class Section(Row):
    """One table of launch.toml; values are typed as TOML types them, nothing is guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, strict=True, allow_inf_nan=False)


class Objective(Section):
    """What a plan maximises, and the downside it must avoid."""

    kind: Kind = column(
        "npv: expected value; units_by: cars sold abroad by a quarter, pilots included; target_odds: odds of a target",
        default=ObjectiveKind.NPV,
    )
    by: QuarterCell | None = column("for units_by: last quarter that counts", default=None)
    target: Code | None = column("for target_odds: the target", refers="targets.code", default=None)
    downside_tail: Decimal = column(
        "tail over which the downside is averaged (CVaR): 0.1 = the worst tenth", above=0, most=1, default=0.1
    )
    downside_floor: Decimal | None = column(
        "lowest mean value allowed in that tail, usually negative; blank = no limit",
        unit="launch currency",
        default=None,
    )

    @model_validator(mode="after")
    def _complete(self) -> Objective:
        if self.kind is ObjectiveKind.UNITS_BY and self.by is None:
            raise refusal("is missing while kind is units_by", 'write a quarter, such as by = "2029Q4"', "objective.by")
        if self.kind is ObjectiveKind.TARGET_ODDS and self.target is None:
            cure = "name a code of targets.csv"
            raise refusal("is missing while kind is target_odds", cure, "objective.target")
        return self


class LimitsSection(Section):
    """What couples the markets."""

    capital_per_year: Series = column(
        "capital that may be committed, by calendar year of the horizon; unused capital lapses",
        unit="launch currency",
        least=0,
    )
    scale_starts_per_quarter: Integer = column("markets that may start scaling in one quarter", least=0, most=1000)
    cars_per_quarter: Series = column(
        "cars the plants can deliver to all markets together, the home market included, by quarter",
        unit="cars/quarter",
        least=0,
    )
    pilot_cars_per_quarter: Series = column("cars set aside for pilots, by quarter", unit="cars/quarter", least=0)

    @model_validator(mode="after")
    def _has_cars(self) -> LimitsSection:
        if not any(self.cars_per_quarter):
            cure = "write how many the plants can deliver, in at least one quarter"
            raise refusal("leaves no car to sell in any quarter", cure, "limits.cars_per_quarter")
        return self


class Seeds(Section):
    """Seeds of everything drawn at random; the same seeds, folder and version give the same answer."""

    outlook: Integer = column("draws of demand", least=0, most=999_999_999, default=1)
    plan: Integer = column("draws inside planning", least=0, most=999_999_999, default=2)
    rehearsal: Integer = column("made-up worlds", least=0, most=999_999_999, default=3)


class BeliefSection(Section):
    """Prior knowledge; left out, the belief's own defaults hold (fitted on entries of other brands)."""

    share_median: Decimal | None = column(
        "median share of battery-electric sales the brand takes in months 7 to 12; blank = the belief's own default",
        unit="share",
        above=0,
        most=1,
        default=None,
    )
    share_sd: Decimal | None = column(
        "standard deviation of the log of that share; blank = the belief's own default", above=0, most=5, default=None
    )


class PilotsSection(Section):
    """The pilots that a plan may choose; whoever starts one by hand may do otherwise."""

    batches: Batches = column(
        "batch sizes to choose from, smallest first", unit="cars", least=1, most=100_000, default=(50, 150, 400)
    )
    weeks: Integer = column(
        "weeks from the first sale to the planned look; a longer pilot is one repeated at the next gate",
        unit="weeks",
        least=1,
        most=13,
        default=13,
    )
    quarters: Integer = column(
        "most quarters in which one market may be piloted; 0 = none is", unit="quarters", least=0, most=40, default=4
    )
    offers: Integer = column("most offers shipped in one pilot", least=1, most=20, default=2)
    price_points: PricePoints = column(
        "prices at which a pilot may be sold, lowest first, 1.0 = list price; scaling is at list price",
        unit="times list price",
        least=1 / FARTHEST_PRICE,
        most=FARTHEST_PRICE,
        default=(1.0,),
    )

    @model_validator(mode="after")
    def _grow(self) -> PilotsSection:
        if list(self.batches) != sorted(set(self.batches)):
            cure = f"write batches = {sorted(set(self.batches))}"
            raise refusal("does not grow from batch to batch", cure, "pilots.batches")
        points = sorted(set(self.price_points))
        if 1.0 not in points:
            cure = f"write price_points = {sorted([*points, 1.0])}: what is learnt counts at list price"
            raise refusal("leaves out list price", cure, "pilots.price_points")
        if list(self.price_points) != points:
            raise refusal("does not grow from price to price", f"write price_points = {points}", "pilots.price_points")
        return self


class Terms(Section):
    """launch.toml; pilots and scaled markets are planned on its grid of quarters, in its currency."""

    name: Code = column("short name of the launch")
    title: Text = column("the launch in one sentence", default="")
    brand: Text = column("brand as it stands in registrations and observations")
    start: QuarterCell = column("first quarter planned")
    quarters: Integer = column("quarters planned", unit="quarters", least=1, most=MOST_QUARTERS)
    terminal_quarters: Decimal = column(
        "value beyond the horizon, in quarters at the last year's mean pace; cars are taken to be short no longer",
        unit="quarters",
        least=0,
        most=200,
        default=10.0,
    )
    currency: CurrencyCode = column("currency in which everything is planned")
    discount_per_quarter: Decimal = column(
        "discount factor of one quarter: 2 % a quarter is 0.98", least=0.8, most=1, default=0.98
    )
    objective: Objective = Field(default_factory=Objective, description="what a plan maximises")
    limits: LimitsSection = Field(description="what couples the markets")
    pilots: PilotsSection = Field(default_factory=PilotsSection, description="the pilots that a plan may choose")
    seeds: Seeds = Field(default_factory=Seeds, description="seeds of everything drawn at random")
    belief: BeliefSection = Field(default_factory=BeliefSection, description="prior knowledge")

    @model_validator(mode="after")
    def _goal_lies_within(self) -> Terms:
        by = self.objective.by
        if by is not None and by not in self.grid:
            cure = f"write a quarter from {self.grid[0]} to {self.grid[-1]}"
            raise refusal("lies outside the quarters planned", cure, "objective.by")
        return self

    @property
    def grid(self) -> tuple[Quarter, ...]:
        """The T quarters planned."""
        return grid(self.start, self.quarters)

    @property
    def world_limits(self) -> Limits:
        """The limits over the T quarters and the calendar years they touch."""
        years = sorted({quarter.year for quarter in self.grid})
        return Limits(
            capital_per_year=dict(zip(years, _held(self.limits.capital_per_year, len(years)), strict=True)),
            scale_starts_per_quarter=self.limits.scale_starts_per_quarter,
            cars_per_quarter=_held(self.limits.cars_per_quarter, self.quarters),
            pilot_cars_per_quarter=_held(self.limits.pilot_cars_per_quarter, self.quarters),
        )


def _held(values: tuple[float, ...], count: int) -> tuple[float, ...]:
    return tuple(float(values[min(step, len(values) - 1)]) for step in range(count))
