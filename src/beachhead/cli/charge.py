"""`beachhead charge`: when a car should charge, why, and what that is worth per market."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from beachhead.case.charging.home import AtCharger, AtHome, charging_home, charging_hours, charging_plan, read_under_way
from beachhead.case.charging.value import STUDY, charging_value, demand_shifts, require_shifts_of, write_shifts
from beachhead.case.charging.whole import Beside, SecondCar, require_algebra, second_at_home, whole_plan
from beachhead.case.clock import today
from beachhead.case.open import open_launch
from beachhead.charging.now import LEAST_GAIN_EUR
from beachhead.cli.charge_options import (
    AzimuthOption,
    BatteryKwOption,
    BatteryOption,
    BatteryStoredOption,
    BeforeOption,
    ChargersOption,
    ChargingFlag,
    CloudOption,
    FeedInOption,
    FuseOption,
    GivesOption,
    HomeOption,
    HouseholdOption,
    LastTripOption,
    LeastGainOption,
    LeavesOption,
    LoadsOption,
    MarketOption,
    NowOption,
    PeakSoFarOption,
    PlaceOption,
    PluggedInOption,
    PricesOption,
    RoofOption,
    SecondLeavesOption,
    SecondOption,
    SecondPluggedInOption,
    SecondStoredOption,
    SessionsOption,
    SolarOption,
    StoredOption,
    TiltOption,
    TimeZoneOption,
    WriteOption,
)
from beachhead.cli.charge_plan import decisions_answer, plan_answer, show_decisions, show_plan
from beachhead.cli.charge_value import show_shifts, show_value, value_answer
from beachhead.cli.charge_whole import (
    battery_asked,
    require_feeding,
    roof_asked,
    second_asked,
    show_whole,
    whole_answer,
)
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, say, show_json
from beachhead.world.errors import BadInput

charge = typer.Typer(
    name="charge",
    help="When a car should charge, why, and what that is worth per market.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@charge.command()
def plan(
    prices: PricesOption,
    plugged_in: PluggedInOption,
    market: MarketOption = "DE",
    home: HomeOption = "commuter 0",
    sessions: SessionsOption = None,
    chargers: ChargersOption = None,
    now: NowOption = None,
    stored: StoredOption = None,
    last_trip: LastTripOption = None,
    leaves: LeavesOption = None,
    charging: ChargingFlag = False,
    loads: LoadsOption = None,
    household: HouseholdOption = None,
    peak_so_far: PeakSoFarOption = None,
    fuse: FuseOption = None,
    least_gain: LeastGainOption = 100 * LEAST_GAIN_EUR,
    before: BeforeOption = None,
    second: SecondOption = None,
    second_plugged_in: SecondPluggedInOption = None,
    second_stored: SecondStoredOption = None,
    second_leaves: SecondLeavesOption = None,
    gives: GivesOption = 0.0,
    battery: BatteryOption = None,
    battery_kw: BatteryKwOption = 5.0,
    battery_stored: BatteryStoredOption = None,
    solar: SolarOption = None,
    roof: RoofOption = None,
    place: PlaceOption = None,
    tilt: TiltOption = 35.0,
    azimuth: AzimuthOption = 180.0,
    time_zone: TimeZoneOption = None,
    cloud: CloudOption = 0.5,
    feed_in: FeedInOption = 0.0,
    write: WriteOption = None,
    as_json: JsonFlag = False,
) -> None:
    """The plan of the session at hand, hour by hour, with its reason.

    With a second car, a home battery, a roof or a car that gives back, all of it is planned together by a linear
    programme of the same chances, with its bound; --write plans one car by it too.
    """
    under_way = None if before is None else read_under_way(before)
    car = AtCharger(
        plugged_in=plugged_in, now=now, stored_kwh=stored, trip_kwh=last_trip, leaves=leaves, charging=charging
    )
    other = second_asked(plugged_in, now, second, second_plugged_in, second_stored, second_leaves)
    beside = Beside(
        gives_kw=gives,
        battery=battery_asked(battery, battery_kw, battery_stored),
        solar=solar,
        roof=roof_asked(roof, place, tilt, azimuth, market, time_zone),
        cloud=cloud,
        feed_in_eur_per_kwh=feed_in / 100,
    )
    require_feeding(beside, feed_in)
    if write is not None:
        require_algebra(write)
    is_more = second is not None or beside.feeds_in
    whole = write is not None or is_more
    if whole and (under_way is not None or charging):
        what = "a whole home" if is_more else "--write"
        raise BadInput(f"--before or --charging with {what}", "leave them out: it is planned anew each time")
    at_home = charging_home(
        prices, market=market, home=home, year=plugged_in.year, sessions=sessions, chargers=chargers,
        loads=loads, household=household,
    )  # fmt: skip
    fuse_kw = float("inf") if fuse is None else fuse
    if whole:
        if second is not None and other is not None:
            learnt = second_at_home(at_home, second, plugged_in, sessions, chargers)
            beside = replace(beside, second=SecondCar(home=learnt, car=other))
        together = whole_plan(at_home, car, beside, peak_so_far_kw=peak_so_far, fuse_kw=fuse_kw, write=write)
        names = [home] if second is None else [home, second]
        if as_json:
            show_json(whole_answer(together, names, write))
            return
        show_whole(together, names, write)
    else:
        found = charging_plan(
            at_home, car, least_gain_eur=least_gain / 100, peak_so_far_kw=peak_so_far, fuse_kw=fuse_kw,
            under_way=under_way,
        )  # fmt: skip
        if as_json:
            show_json(plan_answer(found, at_home.home))
            return
        show_plan(found)
    _say_made_up(at_home, ", and --peak-so-far from the meter")


@charge.command()
def explain(
    prices: PricesOption,
    plugged_in: PluggedInOption,
    market: MarketOption = "DE",
    home: HomeOption = "commuter 0",
    sessions: SessionsOption = None,
    chargers: ChargersOption = None,
    stored: StoredOption = None,
    hours: Annotated[int, typer.Option("--hours", min=1, max=48, help="Hours followed from plug-in.")] = 14,
    loads: LoadsOption = None,
    household: HouseholdOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Every decision of a session: what is done each hour, and what the other way would have cost."""
    at_home = charging_home(
        prices, market=market, home=home, year=plugged_in.year, sessions=sessions, chargers=chargers,
        loads=loads, household=household,
    )  # fmt: skip
    followed = charging_hours(at_home, plugged_in=plugged_in, hours=hours, stored_kwh=stored)
    if as_json:
        show_json({"home": home, "market": market, "hours": decisions_answer(followed)})
    else:
        show_decisions(followed)
        _say_made_up(at_home)


def _say_made_up(at_home: AtHome, more: str = "") -> None:
    """What of the plan's ground is made up, and what to give for it."""
    if at_home.pool_is_made:
        say("What other drivers do is made up: the sessions hold no other home with five or more.")
    if at_home.load_is_made:
        say(f"The household's load is made up; give --loads for its own{more}.")


@charge.command()
def value(
    prices: PricesOption,
    markets: Annotated[str, typer.Option("--markets", help="Market codes with commas; default all with prices.")] = "",
    sessions: SessionsOption = None,
    chargers: ChargersOption = None,
    loads: LoadsOption = None,
    year: Annotated[int | None, typer.Option("--year", help="Year of prices; default the last whole one.")] = None,
    homes: Annotated[int | None, typer.Option("--homes", min=2, help="Draw so many homes; default all.")] = None,
    seed: Annotated[int, typer.Option(help="Of drivers, folds and bootstrap.")] = 0,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Address of a Dask scheduler; default local cores."),
    ] = None,
    launch: Annotated[
        Path | None, typer.Option("--launch", metavar="DIR", help="Also say what it does to demand in this launch.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Put those statements into the launch's studies.csv.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """What planned charging saves a driver a year in each market, against three baselines and perfect foresight."""
    if write and launch is None:
        raise BadInput("--write without a launch", "add --launch DIR")
    codes = list(dict.fromkeys(code.strip().upper() for code in markets.split(",") if code.strip()))
    opened = open_launch(launch) if launch is not None else None
    if opened is not None:
        require_shifts_of(opened, prices, codes, write=write)  # before minutes of work
    with progress("charging", quiet=as_json) as advance:
        valued = charging_value(
            prices,
            markets=codes,
            sessions=sessions,
            chargers=chargers,
            loads=loads,
            year=year,
            most_homes=homes,
            seed=seed,
            scheduler=scheduler,
            tick=advance,
        )
    shifts = demand_shifts(opened, valued) if opened is not None else ()
    file = write_shifts(opened, shifts, today()) if write and opened is not None else None
    if as_json:
        show_json(value_answer(valued, shifts) | ({} if opened is None else {"written": file}))
        return
    show_value(valued, codes)
    if opened is not None:
        show_shifts(opened, shifts, codes)
    if file is not None:
        say(
            f"Written to {file} in place of all earlier rows of charging; the next `beachhead plan` counts it. The "
            f'rows say "simulated here"; delete those whose study is {STUDY}- and a market to take it back.'
        )
