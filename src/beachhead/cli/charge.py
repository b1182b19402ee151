"""`beachhead charge`: when a car should charge, why, and what that is worth per market."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from beachhead.case.charging import (
    STUDY,
    Shift,
    Valued,
    charging_home,
    charging_hours,
    charging_plan,
    charging_value,
    demand_shifts,
    read_under_way,
    require_shifts_of,
    write_shifts,
)
from beachhead.case.charging_whole import SecondCar, second_at_home, whole_plan
from beachhead.case.clock import today
from beachhead.case.open import Launch, open_launch
from beachhead.charging.explain import clock, sentences
from beachhead.charging.now import LEAST_GAIN_EUR, NowPlan
from beachhead.charging.record import Home
from beachhead.charging.tariff import tariff_of
from beachhead.charging.value import Baseline, MarketValue, Saving
from beachhead.charging.year import Policy
from beachhead.cli.charge_whole import battery_asked, roof_asked, second_plugged, show_whole, whole_answer
from beachhead.cli.show import JsonFlag, progress, say, show_json, show_table
from beachhead.world.errors import BadInput

charge = typer.Typer(
    name="charge",
    help="When a car should charge, why, and what that is worth per market.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

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
_HOURS_SHOWN = 36
PluggedInOption = Annotated[
    datetime,
    typer.Option("--plugged-in", metavar="TIME", formats=_TIMES, help="When the car was plugged in: 2023-03-14T17:40."),
]
MarketOption = Annotated[str, typer.Option("--market", help="Market whose tariff is paid.")]
HomeOption = Annotated[str, typer.Option("--home", help="Whose car: a user of the sessions, or a made-up driver.")]
StoredOption = Annotated[float | None, typer.Option("--stored", help="kWh in the battery; default 60 %.")]


@charge.command()
def plan(
    prices: PricesOption,
    plugged_in: PluggedInOption,
    market: MarketOption = "DE",
    home: HomeOption = "commuter 0",
    sessions: SessionsOption = None,
    chargers: ChargersOption = None,
    now: Annotated[
        datetime | None, typer.Option("--now", metavar="TIME", formats=_TIMES, help="The moment; default plug-in.")
    ] = None,
    stored: StoredOption = None,
    leaves: Annotated[
        datetime | None,
        typer.Option("--leaves", metavar="TIME", formats=_TIMES, help="Departure, if the driver tells."),
    ] = None,
    charging: Annotated[bool, typer.Option("--charging", help="It charges now.")] = False,
    loads: LoadsOption = None,
    household: HouseholdOption = None,
    peak_so_far: Annotated[
        float | None, typer.Option("--peak-so-far", min=0, help="This month's highest hour on the meter, kW.")
    ] = None,
    fuse: Annotated[float | None, typer.Option("--fuse", help="Most the home may draw, kW; needs --loads.")] = None,
    least_gain: Annotated[
        float, typer.Option("--least-gain", min=0, help="Cents that a change of a running decision must be worth.")
    ] = 100 * LEAST_GAIN_EUR,
    before: Annotated[
        Path | None,
        typer.Option("--before", metavar="JSON", help="The plan before in this session: what --json printed then."),
    ] = None,
    second: Annotated[str | None, typer.Option("--second", help="A second car: whose, as with --home.")] = None,
    second_plugged_in: Annotated[
        datetime | None,
        typer.Option("--second-plugged-in", metavar="TIME", formats=_TIMES, help="Default with the first car."),
    ] = None,
    second_stored: Annotated[float | None, typer.Option("--second-stored", help="kWh in it; default 60 %.")] = None,
    second_leaves: Annotated[
        datetime | None, typer.Option("--second-leaves", metavar="TIME", formats=_TIMES, help="Its departure, if told.")
    ] = None,
    gives: Annotated[float, typer.Option("--gives", help="Most the car gives back, kW; 0: it only charges.")] = 0.0,
    battery: Annotated[float | None, typer.Option("--battery", help="Home battery, kWh.")] = None,
    battery_kw: Annotated[float, typer.Option("--battery-kw", help="Most it takes or gives, kW.")] = 5.0,
    battery_stored: Annotated[float | None, typer.Option("--battery-stored", help="kWh in it; default half.")] = None,
    solar: Annotated[
        Path | None,
        typer.Option("--solar", metavar="CSV", help="The roof's forecast or record: time, kW."),
    ] = None,
    roof: Annotated[float | None, typer.Option("--roof", help="Solar roof, kW peak, by clear sky; needs --at.")] = None,
    place: Annotated[str | None, typer.Option("--at", metavar="LAT,LON", help="Where the roof is, degrees.")] = None,
    tilt: Annotated[float, typer.Option("--tilt", help="Of the roof, degrees from flat.")] = 35.0,
    azimuth: Annotated[float, typer.Option("--azimuth", help="It faces, degrees from north over east.")] = 180.0,
    cloud: Annotated[float, typer.Option("--cloud", help="Share of the sky in cloud, 0 to 1.")] = 0.5,
    feed_in: Annotated[float, typer.Option("--feed-in", help="Cents paid for a kWh fed in.")] = 0.0,
    as_json: JsonFlag = False,
) -> None:
    """The plan of the session at hand, hour by hour, with its reason.

    With a second car, a home battery, a roof or a car that gives back, all of it is planned together by a linear
    programme of the same chances, with its bound.
    """
    under_way = None if before is None else read_under_way(before)
    whole = second is not None or battery is not None or solar is not None or roof is not None or gives != 0
    if second is None and (second_plugged_in or second_leaves or second_stored is not None):
        raise BadInput("a second car's state without --second", "add --second with whose car it is")
    if place is not None and roof is None:
        raise BadInput(f"--at {place} without --roof", "add --roof with its peak power in kW")
    if whole and (under_way is not None or charging):
        raise BadInput("--before or --charging with a whole home", "leave them out: it is planned anew each time")
    its_roof = roof_asked(roof, place, tilt, azimuth, market)
    its_battery = battery_asked(battery, battery_kw, battery_stored)
    at_home = charging_home(
        prices, market=market, home=home, year=plugged_in.year, sessions=sessions, chargers=chargers,
        loads=loads, household=household,
    )  # fmt: skip
    if whole:
        together = whole_plan(
            at_home, plugged_in=plugged_in, now=now, stored_kwh=stored,
            leaves=leaves, peak_so_far_kw=peak_so_far, fuse_kw=float("inf") if fuse is None else fuse, gives_kw=gives,
            second=None if second is None else SecondCar(
                car=second_at_home(at_home, second, plugged_in, sessions, chargers),
                plugged_in=second_plugged(plugged_in, second_plugged_in, now), stored_kwh=second_stored,
                leaves=second_leaves,
            ),
            battery=its_battery, roof=its_roof, cloud=cloud, solar=solar, feed_in_eur_per_kwh=feed_in / 100,
        )  # fmt: skip
        names = [home] if second is None else [home, second]
        if as_json:
            show_json(whole_answer(together, names))
        else:
            show_whole(together, names)
        return
    found = charging_plan(
        at_home, plugged_in=plugged_in, now=now, stored_kwh=stored, leaves=leaves, charging=charging,
        least_gain_eur=least_gain / 100, peak_so_far_kw=peak_so_far, fuse_kw=float("inf") if fuse is None else fuse,
        under_way=under_way,
    )  # fmt: skip
    if as_json:
        show_json(plan_answer(found, at_home.home))
        return
    say(*sentences(found))
    _show_hours(found)
    if at_home.load_is_made:
        say("The household's load is made up; give --loads for its own, and --peak-so-far from the meter.")


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
    rows = [(at, found, sentences(found)) for at, found in followed]
    if as_json:
        answer = [
            {"at": at.isoformat(timespec="minutes"), "charges": p.charge_now, "other_costs_eur": p.other_costs_eur,
             "stored_kwh": p.stored_kwh[0], "sentences": said}
            for at, p, said in rows
        ]  # fmt: skip
        show_json({"home": home, "market": market, "hours": answer})
        return
    cells = [
        [
            f"{at:%a %H:%M}",
            f"{100 * found.price[0]:.1f}",
            "charges" if found.charge_now else "waits",
            f"{100 * abs(found.other_costs_eur):.1f}",
            f"{found.stored_kwh[0]:.1f}",
            f"{100 * found.there[1]:.0f} %",
        ]
        for at, found, _ in rows
    ]
    say(*rows[0][2])
    columns = ["hour", "ct/kWh", "decision", "the other costs, ct", "holds kWh", "still there after"]
    show_table(columns, cells, right={1, 3, 4, 5})


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
        require_shifts_of(opened, codes, write=write)  # before minutes of work
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
    _show_value(valued)
    if opened is not None:
        _show_shifts(shifts)
        _show_not_valued(opened, shifts)
    if file is not None:
        say(
            f"Written to {file} in place of all earlier rows of charging; the next `beachhead plan` counts it. The "
            f'rows say "simulated here"; delete those whose study begins with {STUDY} to take it back.'
        )


def plan_answer(found: NowPlan, home: Home) -> dict[str, Any]:
    """A plan as one JSON object."""
    return {
        "home": home.name,
        "battery_kwh": home.battery_kwh,
        "charger_kw": home.power_kw,
        "sentences": sentences(found),
        "charge_now": found.charge_now,
        "other_costs_eur": found.other_costs_eur,
        "kept_although_better": found.kept,
        "leaves": {name: clock(at) for name, at in zip(("early", "median", "late"), found.leaves, strict=True)},
        "next_trip_kwh": {"half": found.next_trip_kwh[0], "nine_in_ten": found.next_trip_kwh[1]},
        "peak": None
        if found.cap_kw is None
        else {"cap_kw": found.cap_kw, "so_far_kw": found.peak_so_far_kw, "eur_per_kw": found.peak_eur_per_kw},
        "change": {"choice": found.change.choice.value, "gain_eur": found.change.gain_eur},
        "under_way": found.under_way,
        "hours": [
            {
                "hour": clock(60 * (found.first_hour + t)),
                "eur_per_kwh": found.price[t],
                "published": t < found.published,
                "level_kwh": found.level_kwh[t],
                "draw_kwh": found.draw_kwh[t],
                "stored_kwh": found.stored_kwh[t + 1],
                "there": found.there[t + 1],
            }
            for t in range(len(found.price))
        ],
    }


def value_answer(valued: Valued, shifts: tuple[Shift, ...] = ()) -> dict[str, Any]:
    """The values as one JSON object."""
    return {
        "homes": valued.homes,
        "whose": valued.whose,
        "first_day": valued.first_day,
        "whose_load": valued.whose_load,
        "markets": [_market_answer(found) for found in valued.markets],
        "shifts": shifts,
    }


def _market_answer(found: MarketValue) -> dict[str, Any]:
    return {
        "market": found.market,
        "zone": found.zone,
        "kwh_a_year": found.kwh,
        "cost_eur": {policy.name.lower(): eur for policy, eur in found.cost_eur.items()},
        "baseline_eur": {baseline.name.lower(): eur for baseline, eur in found.baseline_eur.items()},
        "saved_eur": {baseline.name.lower(): saving for baseline, saving in found.saved_eur.items()},
        "share_of_foresight": found.share_of_foresight,
        "missing_share": found.missing,
        "peak_eur": {policy.name.lower(): eur for policy, eur in found.peak_eur.items()},
        "tariff_source": tariff_of(found.market).source,
    }


def _show_hours(found: NowPlan) -> None:
    last = max(int(np.flatnonzero(found.draw_kwh > 1e-6).max(initial=0)) + 2, 12)
    rows = [
        [
            clock(60 * (found.first_hour + t)),
            f"{100 * found.price[t]:.1f}" + ("" if t < found.published else " ?"),
            f"{found.draw_kwh[t]:.1f}" if found.draw_kwh[t] > 1e-6 else "",
            f"{found.stored_kwh[t + 1]:.1f}",
            f"{100 * found.there[t + 1]:.0f} %",
        ]
        for t in range(min(last, _HOURS_SHOWN, len(found.price)))
    ]
    show_table(["hour", "ct/kWh", "charges kWh", "then holds", "still there"], rows, right={1, 2, 3, 4})
    say("A price with ? is not published yet but expected. Charging stops when the car leaves.")


def _show_value(valued: Valued) -> None:
    best = max(valued.markets, key=lambda found: found.saved_eur[Baseline.SPOT].mean)
    say(
        f"Planned charging, nothing typed, saves {_range(best.saved_eur[Baseline.SPOT])} EUR a driver and year in "
        f"{best.market} against charging on arrival at the same spot price; {valued.homes} homes ({valued.whose}), "
        f"prices of 52 weeks from {valued.first_day}."
    )
    rows = [
        [
            found.market,
            f"{found.kwh:.0f}",
            *(f"{found.cost_eur[policy]:.0f}" for policy in found.cost_eur),
            f"{100 * found.share_of_foresight:.0f} %",
        ]
        for found in valued.markets
    ]
    names = {Policy.ARRIVAL: "arrival", Policy.TIMER: "timer", Policy.SORTED: "07:00 goal"}
    names |= {Policy.LEARNED: "learned", Policy.FORESIGHT: "foresight"}
    columns = ["market", "kWh", *names.values(), "of foresight"]
    show_table(columns, rows, title="Cost at the spot price, EUR a driver and year", right=set(range(1, len(columns))))
    rows = [[found.market, *(_range(found.saved_eur[b]) for b in Baseline)] for found in valued.markets]
    columns = ["market", *(f"against {baseline.value}" for baseline in Baseline)]
    show_table(columns, rows, title="Saved by the learned planner (95 % interval over homes)", right={1, 2, 3})
    worse = [found.market for found in valued.markets if found.saved_eur[Baseline.SPOT].low <= 0]
    if worse:
        say(f"Not shown to save anything in {', '.join(worse)}: the interval includes 0.")
    for found in valued.markets:
        if found.peak_eur:
            eur = {policy: f"{amount:.0f}" for policy, amount in found.peak_eur.items()}
            say(
                f"In {found.market} the car adds to the charge on the monthly peak {eur[Policy.ARRIVAL]} EUR a year on "
                f"arrival, {eur[Policy.LEARNED]} as learned, {eur[Policy.FORESIGHT]} with foresight: in the costs "
                f"above, with household loads {valued.whose_load}."
            )
    say("Tariffs are rounded (grade C); the interval speaks of other homes, not of other years.")


def _show_shifts(shifts: tuple[Shift, ...]) -> None:
    rows = [
        [shift.market, f"{shift.saved_eur:.0f}", f"{shift.price_eur:,.0f}", f"{100 * shift.log_shift:+.2f} %"]
        for shift in shifts
    ]
    columns = ["market", "saved EUR a year", "car, EUR", "demand"]
    show_table(
        columns,
        rows,
        title="What that does to demand (5 years, 7 %, elasticity 2, a quarter of buyers)",
        right={1, 2, 3},
    )


def _show_not_valued(launch: Launch, shifts: tuple[Shift, ...]) -> None:
    said = {shift.market for shift in shifts}
    left = [market.name for market in launch.folder.markets if not market.is_home and market.code not in said]
    if left:
        some = ", ".join(left[:8]) + (f" and {len(left) - 8} more" if len(left) > 8 else "")
        say(f"Nothing is said of {some}: no tariff, no prices or no car's price is known there.")


def _range(saving: Saving) -> str:
    return f"{saving.mean:.0f} ({saving.low:.0f} to {saving.high:.0f})"
