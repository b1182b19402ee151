"""Where cars are made: five modes, from export of home-built cars to an own plant abroad."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from beachhead.world.source import Source


class Mode(StrEnum):
    """How cars are made for a market, in rising order of commitment."""

    HOME_EXPORT = "home_export"
    KIT_ASSEMBLY = "kit_assembly"
    JOINT_VENTURE = "joint_venture"
    BROWNFIELD = "brownfield"
    GREENFIELD = "greenfield"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadTime:
    """Weeks from commitment to the first car: a triangular distribution.

    Attributes:
        low: at the earliest, weeks.
        likely: most likely, weeks.
        high: at the latest, weeks.
    """

    low: float
    likely: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.likely <= self.high:
            raise ValueError(f"lead weeks {self.low}, {self.likely}, {self.high} are not in rising order from 0")

    @property
    def mean(self) -> float:
        """Expected weeks."""
        return (self.low + self.likely + self.high) / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """A plant that stands, or may be committed to. All money in the launch's currency at today's rates.

    Attributes:
        code: short key.
        name: as people say it.
        mode: how cars are made there.
        country: ISO 3166-1 alpha-2 of the place.
        currency: ISO 4217 code in which its labour, local parts, fees and fixed costs arise.
        offers: codes of the offers it can build; empty for all.
        exists: true if it makes cars from the first quarter on; it is never committed to or closed.
        capital: spent in quarters 0, 1, 2 ... after the commitment.
        lead: from commitment to the first car.
        capacity_per_quarter: cars a quarter once ramped up.
        ramp: share of capacity in quarters 0, 1, 2 ... after the first car; the last value holds on.
        fixed_cost_per_quarter: from the first car until it is closed.
        minimum_run_per_quarter: cars a quarter paid for whether made or not; the ramp scales it.
        underrun_fee: paid for each car short of the minimum run.
        closing_cost: paid once when it is closed; None if it cannot be closed within the horizon.
        labour_hours: hours of work a car.
        labour_cost_per_hour: all-in cost of an hour.
        local_content_share: share of an offer's material that is bought near the plant, as far as it can be, 0..1.
        local_content_factor: price of local material relative to the same material from home.
        kit_freight: freight of the parts of one car from home.
        parts_duty: duty on parts from home, share of their customs value, the freight among it where the country of the
            plant counts freight.
        fee_per_car: to the contract maker or partner.
        source: who says so.
    """

    code: str
    name: str
    mode: Mode
    country: str
    currency: str
    offers: tuple[str, ...] = ()
    exists: bool = False
    capital: tuple[float, ...] = ()
    lead: LeadTime = LeadTime(low=0, likely=0, high=0)
    capacity_per_quarter: float
    ramp: tuple[float, ...] = (1.0,)
    fixed_cost_per_quarter: float = 0.0
    minimum_run_per_quarter: float = 0.0
    underrun_fee: float = 0.0
    closing_cost: float | None = None
    labour_hours: float = 0.0
    labour_cost_per_hour: float = 0.0
    local_content_share: float = 1.0
    local_content_factor: float = 1.0
    kit_freight: float = 0.0
    parts_duty: float = 0.0
    fee_per_car: float = 0.0
    source: Source

    def __post_init__(self) -> None:
        if not self.ramp or min(self.ramp) < 0 or max(self.ramp) > 1:
            raise ValueError(f"{self.code}: ramp {self.ramp} is not made of shares")
        if not 0 <= self.local_content_share <= 1:
            raise ValueError(f"{self.code}: local content share {self.local_content_share} is not in 0..1")
        amounts = (self.capacity_per_quarter, self.fixed_cost_per_quarter, self.minimum_run_per_quarter)
        if min(*amounts, self.underrun_fee, self.fee_per_car, self.kit_freight, self.parts_duty) < 0:
            raise ValueError(f"{self.code}: capacity, run and costs may not be negative")
        if self.minimum_run_per_quarter > self.capacity_per_quarter:
            raise ValueError(f"{self.code}: minimum run {self.minimum_run_per_quarter} exceeds its capacity")

    def share_ramped(self, quarters_since_first_car: int) -> float:
        """Share of capacity so many quarters after the first car; 0 before it."""
        if quarters_since_first_car < 0:
            return 0.0
        return self.ramp[min(quarters_since_first_car, len(self.ramp) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What one car of an offer takes, wherever it is made.

    Attributes:
        offer: offer code.
        material_cost: bought parts of one car at home prices, launch currency at today's rates.
        currency: ISO 4217 code in which home parts are bought.
        home_only_share: share of the material that only home suppliers make, such as cells, 0..1.
        volume_m3: volume on a ship, cubic metres.
        source: who says so.
    """

    offer: str
    material_cost: float
    currency: str
    home_only_share: float = 0.0
    volume_m3: float
    source: Source

    def __post_init__(self) -> None:
        if self.material_cost < 0 or self.volume_m3 < 0 or not 0 <= self.home_only_share <= 1:
            raise ValueError(f"{self.offer}: material, volume and home-only share may not lie outside their ranges")
