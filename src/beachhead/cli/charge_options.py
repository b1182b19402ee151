"""The options of `beachhead charge`: files, the car as it stands, and what else is at the home."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

PricesOption = Annotated[
    Path, typer.Option("--prices", metavar="CSV", help="Hourly prices: time, then one column a zone, EUR/MWh.")
]
SessionsOption = Annotated[
    Path | None,
    typer.Option("--sessions", metavar="CSV", help="Charging sessions on record; without, made-up drivers."),
]
ChargersOption = Annotated[
    Path | None, typer.Option("--chargers", metavar="CSV", help="Charger and battery of each user in the sessions.")
]
LoadsOption = Annotated[
    Path | None,
    typer.Option("--loads", metavar="CSV", help="Household load: time, then one column a home, kWh in the step."),
]
HouseholdOption = Annotated[str | None, typer.Option("--household", help="Column of the loads; default the first.")]
_TIMES = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
PluggedInOption = Annotated[
    datetime,
    typer.Option("--plugged-in", metavar="TIME", formats=_TIMES, help="When the car was plugged in: 2023-03-14T17:40."),
]
MarketOption = Annotated[str, typer.Option("--market", help="Market whose tariff is paid.")]
HomeOption = Annotated[str, typer.Option("--home", help="Whose car: a user of the sessions, or a made-up driver.")]
StoredOption = Annotated[float | None, typer.Option("--stored", help="kWh in the battery; default 60 %.")]
LastTripOption = Annotated[
    float | None, typer.Option("--last-trip", help="kWh that the trip before took; default all that the battery lacks.")
]
NowOption = Annotated[
    datetime | None, typer.Option("--now", metavar="TIME", formats=_TIMES, help="The moment; default plug-in.")
]
LeavesOption = Annotated[
    datetime | None,
    typer.Option("--leaves", metavar="TIME", formats=_TIMES, help="Departure, if the driver tells."),
]
ChargingFlag = Annotated[bool, typer.Option("--charging", help="It charges now.")]
PeakSoFarOption = Annotated[
    float | None, typer.Option("--peak-so-far", min=0, help="This month's highest hour on the meter, kW.")
]
FuseOption = Annotated[float | None, typer.Option("--fuse", help="Most the home may draw, kW; needs --loads.")]
LeastGainOption = Annotated[
    float, typer.Option("--least-gain", min=0, help="Cents that a change of a running decision must be worth.")
]
BeforeOption = Annotated[
    Path | None,
    typer.Option("--before", metavar="JSON", help="The plan before in this session: what --json printed then."),
]
SecondOption = Annotated[str | None, typer.Option("--second", help="A second car: whose, as with --home.")]
SecondPluggedInOption = Annotated[
    datetime | None,
    typer.Option("--second-plugged-in", metavar="TIME", formats=_TIMES, help="Default with the first car."),
]
SecondStoredOption = Annotated[float | None, typer.Option("--second-stored", help="kWh in it; default 60 %.")]
SecondLeavesOption = Annotated[
    datetime | None, typer.Option("--second-leaves", metavar="TIME", formats=_TIMES, help="Its departure, if told.")
]
GivesOption = Annotated[float, typer.Option("--gives", help="Most the car gives back, kW; 0: it only charges.")]
BatteryOption = Annotated[float | None, typer.Option("--battery", help="Home battery, kWh.")]
BatteryKwOption = Annotated[float, typer.Option("--battery-kw", help="Most it takes or gives, kW.")]
BatteryStoredOption = Annotated[float | None, typer.Option("--battery-stored", help="kWh in it; default half.")]
SolarOption = Annotated[
    Path | None,
    typer.Option("--solar", metavar="CSV", help="The roof's forecast or record: time, kW."),
]
RoofOption = Annotated[float | None, typer.Option("--roof", help="Solar roof, kW peak, by clear sky; needs --at.")]
PlaceOption = Annotated[str | None, typer.Option("--at", metavar="LAT,LON", help="Where the roof is, degrees.")]
TiltOption = Annotated[float, typer.Option("--tilt", help="Of the roof, degrees from flat.")]
AzimuthOption = Annotated[float, typer.Option("--azimuth", help="It faces, degrees from north over east.")]
TimeZoneOption = Annotated[
    str | None,
    typer.Option("--time-zone", help="Whose clock the hours are of; default the market's. Needs --roof."),
]
CloudOption = Annotated[float, typer.Option("--cloud", help="Share of the sky in cloud, 0 to 1.")]
FeedInOption = Annotated[float, typer.Option("--feed-in", help="Cents paid for a kWh fed in.")]
WriteOption = Annotated[
    Path | None, typer.Option("--write", metavar="FILE", help="Write the programme as algebra, .lp or .mps.")
]
