"""plants.csv: where cars are, or could be, built."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import model_validator

from beachhead.evidence.cell import (
    Code,
    Codes,
    CountryCode,
    CurrencyCode,
    Flag,
    Number,
    Numbers,
    Text,
    WrittenAs,
    one_of,
    refusal,
)
from beachhead.evidence.row import Sourced, Table, column


class PlantMode(StrEnum):
    """How cars are made there, in rising order of commitment."""

    HOME_EXPORT = "home_export"
    KIT_ASSEMBLY = "kit_assembly"
    JOINT_VENTURE = "joint_venture"
    BROWNFIELD = "brownfield"
    GREENFIELD = "greenfield"


class PlantRow(Sourced):
    """One plant, standing or possible."""

    code: Code = column("short key", key=True)
    name: Text = column("name")
    country: CountryCode = column("country in which it stands; the origin in tariffs.csv")
    mode: Annotated[PlantMode, one_of(PlantMode), WrittenAs(" | ".join(PlantMode), "kit_assembly")] = column(
        "export of home-built cars, kits at a contract maker, joint venture, a works taken over, or a new one"
    )
    running: Flag = column("yes if it builds cars from the start of the launch", default=False)
    offers: Codes = column("offers it can build; blank = all", refers="offers.code", default=())
    capacity_per_quarter: Number = column(
        "cars it can build for this launch, the home market included", unit="cars/quarter", least=0
    )
    ramp: Numbers = column(
        "share of capacity in quarters 0, 1, 2 ... after the first car, the last holds on; blank = all at once",
        unit="share",
        default=(1.0,),
    )
    weeks_low: Number = column(
        "weeks from decision to first car if all goes well", unit="weeks", least=0, most=1000, default=0.0
    )
    weeks_likely: Number = column("most likely", unit="weeks", least=0, most=1000, default=0.0)
    weeks_high: Number = column("if much goes wrong", unit="weeks", least=0, most=1000, default=0.0)
    currency: CurrencyCode | None = column(
        "currency of all amounts in the row, and of its work, local parts and fees; blank = the launch's",
        refers="fx.currency",
        default=None,
    )
    capital: Numbers = column(
        "spent in quarters 0, 1, 2 ... after the decision; blank = nothing",
        unit="currency",
        least=0,
        default=(0.0,),
    )
    opex_per_quarter: Number = column("fixed cost from the first car on", unit="currency/quarter", least=0, default=0.0)
    minimum_run_per_quarter: Number = column(
        "cars paid for whether built or not", unit="cars/quarter", least=0, default=0.0
    )
    underrun_fee: Number = column(
        "paid for each car short of the minimum run", unit="currency/car", least=0, default=0.0
    )
    closing_cost: Number | None = column(
        "spent once to close it; blank = cannot be closed", unit="currency", least=0, default=None
    )
    fee_per_car: Number = column("to the contract maker or partner", unit="currency/car", least=0, default=0.0)
    labour_hours_per_car: Number = column("work for one car", unit="hours/car", least=0, default=0.0)
    labour_cost_per_hour: Number = column("cost of an hour, all in", unit="currency/hour", least=0, default=0.0)
    local_content: Number = column("share of the bought parts that come from near the plant", unit="share", default=1.0)
    local_content_factor: Number = column(
        "price of those parts relative to the same parts from home", above=0, most=10, default=1.0
    )
    kit_freight: Number = column("freight of the parts of one car from home", unit="currency/car", least=0, default=0.0)
    parts_duty: Number = column(
        "duty on parts from home, of their customs value: with kit_freight, unless tariffs.csv values what comes into "
        "the plant's country `fob`",
        unit="share",
        default=0.0,
    )

    @model_validator(mode="after")
    def _holds_together(self) -> PlantRow:
        if not self.weeks_low <= self.weeks_likely <= self.weeks_high:
            cure = "write weeks_low <= weeks_likely <= weeks_high"
            raise refusal("is out of order with the other weeks", cure, "weeks_likely")
        if self.minimum_run_per_quarter > self.capacity_per_quarter:
            cure = "write at most the capacity, or mend the capacity"
            raise refusal(f"exceeds the capacity {self.capacity_per_quarter:g}", cure, "minimum_run_per_quarter")
        if self.running and any(self.capital):
            raise refusal("is set for a plant that runs already", "leave it blank: what is spent is spent", "capital")
        if not self.ramp or not any(self.ramp):
            raise refusal("never leaves zero", "write rising shares such as 0.3 0.7 1", "ramp")
        return self


TABLE = Table(name="plants", row=PlantRow, required=False, purpose="Where cars are, or could be, built.")
