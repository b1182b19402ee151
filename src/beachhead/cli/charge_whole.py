"""`beachhead charge plan` for a whole home: what cars, battery and roof do, with the bound that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from beachhead.case.charging.home import AtHome
from beachhead.case.charging.whole import SecondCar, battery_of, roof_of, second_at_home, whole_plan
from beachhead.charging.explain import clock, dated, whole_sentences
from beachhead.charging.household import HomeBattery
from beachhead.charging.sun import Roof
from beachhead.charging.whole import WholePlan
from beachhead.cli.show import say, show_table
from beachhead.world.errors import BadInput

_ON = 1e-6
_SHOWN = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What else is at the home than one car, as the options say it.

    Attributes:
        second: whose second car; None without one.
        second_plugged_in: when it was plugged in.
        second_stored: kWh in it; None for 60 %.
        second_leaves: its departure, if told.
        gives: most the first car gives back, kW.
        battery: the home battery.
        roof: the roof whose sun is reckoned from the sky.
        cloud: share of the sky in cloud.
        solar: file of what the roof gives.
        feed_in_eur: paid for a kWh fed in, EUR.
    """

    second: str | None
    second_plugged_in: datetime
    second_stored: float | None
    second_leaves: datetime | None
    gives: float
    battery: HomeBattery | None
    roof: Roof | None
    cloud: float
    solar: Path | None
    feed_in_eur: float

    @property
    def is_nothing(self) -> bool:
        """Whether it is one car that only charges, and nothing else."""
        there = (self.second, self.battery, self.solar, self.roof)
        return all(one is None for one in there) and self.gives == 0


def beside_asked(
    market: str, plugged_in: datetime, now: datetime | None, *,
    second: str | None, second_plugged_in: datetime | None, second_stored: float | None,
    second_leaves: datetime | None, gives: float, battery: float | None, battery_kw: float,
    battery_stored: float | None, solar: Path | None, roof: float | None, place: str | None, tilt: float,
    azimuth: float, time_zone: str | None, cloud: float, feed_in: float,
) -> Beside:  # fmt: skip
    """What else is at the home.

    Raises:
        BadInput: if an option stands without the one that it belongs to.
    """
    if second is None and (second_plugged_in or second_leaves or second_stored is not None):
        raise BadInput("a second car's state without --second", "add --second with whose car it is")
    if place is not None and roof is None:
        raise BadInput(f"--at {place} without --roof", "add --roof with its peak power in kW")
    if time_zone is not None and roof is None:
        raise BadInput(
            f"--time-zone {time_zone} without --roof", "add --roof: prices and times are of the home's clock"
        )
    if feed_in and gives == 0 and battery is None and roof is None and solar is None:
        raise BadInput(
            f"--feed-in {feed_in:g} without anything that feeds in", "add --roof, --solar, --battery or --gives"
        )
    return Beside(
        second=second,
        second_plugged_in=plugged_in if second is None else _second_plugged(plugged_in, second_plugged_in, now),
        second_stored=second_stored,
        second_leaves=second_leaves,
        gives=gives,
        battery=_battery(battery, battery_kw, battery_stored),
        roof=_roof(roof, place, tilt, azimuth, market, time_zone),
        cloud=cloud,
        solar=solar,
        feed_in_eur=feed_in / 100,
    )


def plan_beside(
    at_home: AtHome,
    beside: Beside,
    sessions: Path | None,
    chargers: Path | None,
    *,
    plugged_in: datetime,
    now: datetime | None,
    stored_kwh: float | None,
    trip_kwh: float | None,
    leaves: datetime | None,
    peak_so_far_kw: float | None,
    fuse_kw: float,
    write: Path | None,
) -> WholePlan:
    """The plan of the car with all that is beside it; a second car is learnt from the same sessions."""
    second = None if beside.second is None else SecondCar(
        car=second_at_home(at_home, beside.second, plugged_in, sessions, chargers),
        plugged_in=beside.second_plugged_in, stored_kwh=beside.second_stored, leaves=beside.second_leaves,
    )  # fmt: skip
    return whole_plan(
        at_home, plugged_in=plugged_in, now=now, stored_kwh=stored_kwh, trip_kwh=trip_kwh, leaves=leaves,
        peak_so_far_kw=peak_so_far_kw, fuse_kw=fuse_kw, gives_kw=beside.gives, second=second, battery=beside.battery,
        roof=beside.roof, cloud=beside.cloud, solar=beside.solar,
        feed_in_eur_per_kwh=beside.feed_in_eur, write=write,
    )  # fmt: skip


def _roof(
    kwp: float | None, place: str | None, tilt: float, azimuth: float, market: str, time_zone: str | None
) -> Roof | None:
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
    return roof_of(kwp, latitude, longitude, market=market, tilt=tilt, azimuth=azimuth, time_zone=time_zone)


def _battery(kwh: float | None, kw: float, stored: float | None) -> HomeBattery | None:
    """The battery that the options say; None without one."""
    if kwh is None:
        if stored is not None:
            raise BadInput("--battery-stored without --battery", "add --battery with its capacity in kWh")
        return None
    return battery_of(kwh, kw, stored)


def _second_plugged(plugged_in: datetime, second: datetime | None, now: datetime | None) -> datetime:
    """When the second car was plugged in; default with the first one."""
    found = second or plugged_in
    if found > (now or plugged_in):
        raise BadInput(f"the second car is plugged in at {found:%Y-%m-%d %H:%M}, later than now", "mend the times")
    return found


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
