"""`beachhead charge plan` for a whole home: what cars, battery and roof do, with the bound that proves it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from beachhead.charging.explain import clock
from beachhead.charging.household import HomeBattery
from beachhead.charging.sun import Roof
from beachhead.charging.tariff import tariff_of
from beachhead.charging.whole import CarPath, WholePlan
from beachhead.cli.show import say, show_table
from beachhead.world.errors import BadInput

_ON = 1e-6
_SHOWN = 36
_WINTER_HOURS = {"PT": 0.0, "GB": 0.0, "IE": 0.0, "FI": 2.0, "EE": 2.0, "LV": 2.0, "LT": 2.0, "GR": 2.0, "RO": 2.0}


def roof_of(kwp: float | None, place: str | None, tilt: float, azimuth: float, market: str) -> Roof | None:
    """The roof that the options say; None without one."""
    if kwp is None:
        return None
    try:
        latitude, longitude = (float(part) for part in (place or "").split(","))
    except ValueError:
        raise BadInput(
            f"a roof at {place!r}" if place else "a roof without a place",
            "add --at with degrees, such as --at 48.1,11.6",
        ) from None
    zone = _WINTER_HOURS.get(tariff_of(market).market, 1.0)
    return Roof(kwp=kwp, latitude=latitude, longitude=longitude, tilt=tilt, azimuth=azimuth, zone_hours=zone)


def battery_of(kwh: float | None, kw: float, stored: float | None) -> HomeBattery | None:
    """The battery that the options say; None without one."""
    if kwh is None:
        if stored is not None:
            raise BadInput("--battery-stored without --battery", "add --battery with its capacity in kWh")
        return None
    return HomeBattery(capacity_kwh=kwh, power_kw=kw, start_kwh=0.5 * kwh if stored is None else stored)


def whole_answer(plan: WholePlan, names: list[str]) -> dict[str, Any]:
    """The plan of a whole home as one JSON object."""
    return {
        "sentences": whole_sentences(plan, names),
        "cost_eur": plan.cost_eur,
        "bound_eur": plan.bound_eur,
        "gap": plan.gap,
        "other_costs_eur": plan.other_costs_eur,
        "peak_kw": plan.cap_kw,
        "cars": [
            {
                "home": name,
                "leaves": {w: clock(at) for w, at in zip(("early", "median", "late"), car.known.leaves, strict=True)},
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


def whole_sentences(plan: WholePlan, names: list[str]) -> list[str]:
    """The plan in plain sentences, the decisions first."""
    lines = [
        _decision(plan, car, name if len(names) > 1 else "The car") for name, car in zip(names, plan.cars, strict=True)
    ]
    waits = "waiting" if plan.cars[0].draw_kwh[0] > _ON else "charging now"
    lines.append(
        f"For {names[0]}, {waits} would cost {100 * plan.other_costs_eur:.1f} cents more, all else planned anew."
    )
    if plan.battery_kwh.max() > 0:
        lines.append(_battery(plan))
    if plan.cap_kw is not None:
        lines.append(f"House and cars are planned for a highest hour of {plan.cap_kw:.1f} kW this month.")
    proof = "proven cheapest in expectation" if plan.gap < 1e-6 else f"within {100 * plan.gap:.2g} % of the cheapest"
    lines.append(
        f"Expected to add {plan.cost_eur:.2f} EUR, what the cars will lack or hold after they leave counted; {proof} "
        f"(bound {plan.bound_eur:.2f} EUR)."
    )
    return lines


def _decision(plan: WholePlan, car: CarPath, name: str) -> str:
    first, price = car.known.chances.first_hour, 100 * car.known.chances.price[0]
    low, middle, high = car.known.leaves
    leaves = f"leaves {clock(middle)}, as told" if low == high else f"leaves between {clock(low)} and {clock(high)}"
    if car.draw_kwh[0] > _ON:
        return f"{name} charges {car.draw_kwh[0]:.1f} kWh this hour at {price:.1f} ct/kWh; it {leaves}."
    if car.give_kwh[0] > _ON:
        return f"{name} gives back {car.give_kwh[0]:.1f} kWh this hour at {price:.1f} ct/kWh; it {leaves}."
    later = np.flatnonzero(car.draw_kwh > _ON)
    if later.size == 0:
        return f"{name} does not charge: what is stored is enough; it {leaves}."
    return f"{name} waits until {clock(60 * (first + int(later[0])))}; it {leaves}."


def _battery(plan: WholePlan) -> str:
    into, out = plan.battery_in_kwh[:24].sum(), plan.battery_out_kwh[:24].sum()
    now = plan.battery_in_kwh[0] - plan.battery_out_kwh[0]
    does = "rests" if abs(now) <= 0.05 else f"takes {now:.1f} kWh" if now > 0 else f"gives {-now:.1f} kWh"
    return f"The home battery {does} this hour; in a day it takes {into:.1f} and gives {out:.1f} kWh."


def show_whole(plan: WholePlan, names: list[str]) -> None:
    """Sentences first, then the hours."""
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


def _number(kwh: float) -> str:
    return f"{kwh:.1f}" if abs(kwh) > 0.05 else ""


def _rounded(kwh: float) -> str:
    return f"{round(float(kwh), 1) + 0.0:.1f}"


def second_plugged(plugged_in: datetime, second: datetime | None, now: datetime | None) -> datetime:
    """When the second car was plugged in; default with the first one."""
    found = second or plugged_in
    if found > (now or plugged_in):
        raise BadInput(f"the second car is plugged in at {found:%Y-%m-%d %H:%M}, later than now", "mend the times")
    return found
