"""plants.csv: where cars are, or could be, built."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from beachhead.evidence.cell import (
    Code,
    Codes,
    CountryCode,
    CurrencyCode,
    Number,
    Text,
    Whole,
    WrittenAs,
    one_of,
)
from beachhead.evidence.row import Sourced, Table, column


class PlantKind(StrEnum):
    """How cars are made there: exported whole, assembled by a contractor from kits, or built in an own plant."""

    EXPORT = "export"
    CONTRACT = "contract"
    OWN = "own"


class PlantRow(Sourced):
    """One plant, standing or possible."""

    code: Code = column("short key", key=True)
    name: Text = column("name")
    country: CountryCode = column("country in which it stands; the origin in tariffs.csv")
    kind: Annotated[PlantKind, one_of(PlantKind), WrittenAs(" | ".join(PlantKind), "contract")] = column(
        "export of whole cars, contract assembly, or an own plant"
    )
    offers: Codes = column("offers it can build; blank = all", refers="offers.code", default=())
    capacity_per_quarter: Number = column("cars it can build for this launch", unit="cars/quarter", least=0)
    lead_quarters: Whole = column("quarters from decision to first car; 0 = running", unit="quarters", least=0, most=80)
    currency: CurrencyCode | None = column(
        "currency of all amounts in the row; blank = the launch's", refers="fx.currency", default=None
    )
    capital: Number = column("spent once to open it", unit="currency", least=0, default=0.0)
    opex_per_quarter: Number = column("fixed cost once open", unit="currency/quarter", least=0, default=0.0)
    assembly_cost_per_car: Number | None = column(
        "cost of assembling one car there, on top of the kit", unit="currency/car", least=0, default=None
    )
    labour_hours_per_car: Number | None = column("labour for one car", unit="hours/car", least=0, default=None)
    labour_cost_per_hour: Number | None = column("labour cost", unit="currency/hour", least=0, default=None)
    local_content: Number | None = column("share of the car's value made there", unit="share", default=None)


TABLE = Table(name="plants", row=PlantRow, required=False, purpose="Where cars are, or could be, built.")
