"""`beachhead charge plan` for a whole home: what cars, battery and roof do, with the bound that proves it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from beachhead.case.charging.home import AtCharger
from beachhead.case.charging.whole import Beside, battery_of, roof_of
from beachhead.charging.explain import clock, dated, whole_sentences
from beachhead.charging.household import HomeBattery
from beachhead.charging.sun import Roof
from beachhead.charging.whole import WholePlan
from beachhead.cli.show import say, show_table
from beachhead.world.errors import BadInput

_ON = 1e-6
_SHOWN = 36


def second_asked(
    plugged_in: datetime, now: datetime | None, second: str | None, its: datetime | None, stored: float | None,
    leaves: datetime | None,
) -> AtCharger | None:  # fmt: skip
    """The second car as the options say it, plugged in with the first one by default; None without one."""
    if second is None:
        if its or leaves or stored is not None:
            raise BadInput("a second car's state without --second", "add --second with whose car it is")
        return None
    found = its or plugged_in
    if found > (now or plugged_in):
        raise BadInput(f"the second car is plugged in at {found:%Y-%m-%d %H:%M}, later than now", "mend the times")
    return AtCharger(plugged_in=found, stored_kwh=stored, leaves=leaves)


def roof_asked(
    kwp: float | None, place: str | None, tilt: float, azimuth: float, market: str, time_zone: str | None
) -> Roof | None:
    """The roof that the options say; None without one."""
    if kwp is None:
        if place is not None:
            raise BadInput(f"--at {place} without --roof", "add --roof with its peak power in kW")
        if time_zone is not None:
            cure = "add --roof: prices and times are of the home's clock"
            raise BadInput(f"--time-zone {time_zone} without --roof", cure)
        return None
    try:
        latitude, longitude = (float(part) for part in (place or "").split(","))
    except ValueError:
        raise BadInput(
            f"a roof at {place!r}" if place else "a roof without a place",
            "add --at with degrees, such as --at 48.1,11.6",
        ) from None
    return roof_of(kwp, latitude, longitude, market=market, tilt=tilt, azimuth=azimuth, time_zone=time_zone)


def battery_asked(kwh: float | None, kw: float, stored: float | None) -> HomeBattery | None:
    """The battery that the options say; None without one."""
    if kwh is None:
        if stored is not None:
            raise BadInput("--battery-stored without --battery", "add --battery with its capacity in kWh")
        return None
    return battery_of(kwh, kw, stored)


def require_feeding(beside: Beside, cents: float) -> None:
    """Refuse a price of what nothing feeds in."""
    if cents and not beside.feeds_in:
        cure = "add --roof, --solar, --battery or --gives"
        raise BadInput(f"--feed-in {cents:g} without anything that feeds in", cure)


def whole_answer(plan: WholePlan, names: list[str], written: Path | None) -> dict[str, Any]:
    """The plan of a whole home as one JSON object."""
    return ({} if written is None else {"written": written}) | {
        "sentences": whole_sentences(plan, names),
        "cost_eur": plan.cost_eur,
        "counted_eur": plan.counted_eur,
        "bound_eur": plan.bound_eur,
        "gap": plan.gap,
        "other_costs_eur": plan.other_costs_eur,
        "peak_kw": plan.cap_kw,
        "cars": [
            {
                "home": name,
                "leaves": {w: clock(at) for w, at in zip(("early", "median", "late"), car.known.leaves, strict=True)},
                "leaves_at": {
                    w: dated(at) for w, at in zip(("early", "median", "late"), car.known.leaves, strict=True)
                },
                "next_trip_kwh": {"half": car.known.next_trip_kwh[0], "nine_in_ten": car.known.next_trip_kwh[1]},
            }
            for name, car in zip(names, plan.cars, strict=True)
        ],
        "hours": [_hour(plan, t) for t in range(plan.grid_kwh.size)],
    }


def _hour(plan: WholePlan, t: int) -> dict[str, Any]:
    first = plan.cars[0].known.chances
    load = plan.load
    return {
        "hour": clock(60 * (first.first_hour + t)),
        "at": dated(60 * (first.first_hour + t)),
        "eur_per_kwh": first.price[t],
        "load_kw": None
        if load is None
        else {"low": load.low[t], "median": load.median[t], "high": load.high[t], "highest": load.highest[t]},
        "sun_kwh": plan.sun_kwh[t],
        "cars": [
            {
                "draw_kwh": car.draw_kwh[t],
                "give_kwh": car.give_kwh[t],
                "stored_kwh": car.stored_kwh[t + 1],
                "there": car.known.there[t + 1],
            }
            for car in plan.cars
        ],
        "battery": {
            "in_kwh": plan.battery_in_kwh[t],
            "out_kwh": plan.battery_out_kwh[t],
            "stored_kwh": plan.battery_kwh[t + 1],
        },
        "grid_kwh": plan.grid_kwh[t],
    }


def show_whole(plan: WholePlan, names: list[str], written: Path | None) -> None:
    """Sentences first, then the hours, and the file that was written."""
    say(*whole_sentences(plan, names))
    first, battery, sun = plan.cars[0].known.chances, plan.battery_kwh.max() > 0, plan.sun_kwh.max() > 0
    last = max(int(np.flatnonzero(car.draw_kwh + car.give_kwh > _ON).max(initial=0)) for car in plan.cars)
    rows = []
    for t in range(min(max(last + 2, 12), _SHOWN, plan.grid_kwh.size)):
        row = [clock(60 * (first.first_hour + t)), f"{100 * first.price[t]:.1f}"]
        row += [_number(plan.sun_kwh[t])] if sun else []
        row += [f"{plan.load.median[t]:.1f}", f"{plan.load.high[t]:.1f}"] if plan.load else []
        for car in plan.cars:
            row += [_number(car.draw_kwh[t] - car.give_kwh[t]), _rounded(car.stored_kwh[t + 1])]
        if battery:
            row += [_number(plan.battery_in_kwh[t] - plan.battery_out_kwh[t]), _rounded(plan.battery_kwh[t + 1])]
        rows.append([*row, _rounded(plan.grid_kwh[t])])
    cars = [cell for number in range(len(plan.cars)) for cell in (f"car {number + 1}", "holds")]
    columns = ["hour", "ct/kWh", *(["sun"] if sun else []), *(["house", "9 in 10"] if plan.load else []), *cars]
    columns += [*(["battery", "holds"] if battery else []), "grid"]
    show_table(columns, rows, title="kWh in the hour", right=set(range(1, len(columns))))
    if plan.load:
        say("Half of the hours like it the house drew less than under house, nine in ten less than under 9 in 10.")
    say("What a car draws counts while it is there; below 0 it gives back. The grid is the mean over whether it is.")
    if written is not None:
        say(f"Wrote the linear programme to {written}; its least is {plan.bound_eur:.4f} EUR, this plan's bound.")


def _number(kwh: float) -> str:
    return f"{kwh:.1f}" if abs(kwh) > 0.05 else ""


def _rounded(kwh: float) -> str:
    return f"{round(float(kwh), 1) + 0.0:.1f}"
