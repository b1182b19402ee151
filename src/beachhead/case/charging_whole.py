"""The whole home live: second car, solar roof, home battery and a car that gives back, read and planned together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np

from beachhead.case.charging import AtHome, charging_homes, situation_of
from beachhead.charging.habit import learn_pool
from beachhead.charging.household import HomeBattery
from beachhead.charging.record import day_hour, read_power
from beachhead.charging.stochastic import HORIZON
from beachhead.charging.sun import Roof, expected_sun
from beachhead.charging.whole import Plugged, WholeHome, WholePlan, plan_whole
from beachhead.world.errors import BadInput

_DAYS_OF_SUN = 7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecondCar:
    """Another car at the home's second charger.

    Attributes:
        name: whose sessions teach its habits: a user of the sessions, or a made-up driver.
        plugged_in: when it was plugged in.
        stored_kwh: in its battery now; default 60 %.
        leaves: departure, if the driver tells.
        gives_kw: most it gives back.
    """

    name: str
    plugged_in: datetime
    stored_kwh: float | None = None
    leaves: datetime | None = None
    gives_kw: float = 0.0


def whole_plan(
    at_home: AtHome,
    *,
    plugged_in: datetime,
    sessions: Path | None = None,
    chargers: Path | None = None,
    now: datetime | None = None,
    stored_kwh: float | None = None,
    leaves: datetime | None = None,
    peak_so_far_kw: float | None = None,
    fuse_kw: float = float("inf"),
    gives_kw: float = 0.0,
    second: SecondCar | None = None,
    battery: HomeBattery | None = None,
    roof: Roof | None = None,
    cloud: float = 0.5,
    solar: Path | None = None,
    feed_in_eur_per_kwh: float = 0.0,
) -> WholePlan:
    """The plan of everything that is at the home, from the moment on.

    The sun comes from a file (a forecast; where it ends, the mean of the same hour over its seven days before) or, with
    a `roof`, from a clear sky less a share of cloud.

    Raises:
        BadInput: if prices, the second car's sessions or the sun of the file are not there.
    """
    moment = now or plugged_in
    told = {"now": moment, "peak_so_far_kw": peak_so_far_kw, "fuse_kw": fuse_kw}
    first = situation_of(at_home, plugged_in=plugged_in, stored_kwh=stored_kwh, leaves=leaves, **told)  # type: ignore[arg-type]
    cars = [Plugged(situation=first, pool=at_home.pool, discharge_kw=gives_kw)]
    if second is not None:
        cars.append(_second(at_home, second, moment, sessions, chargers))
    hour = day_hour(moment.date()) + moment.hour + np.arange(HORIZON)
    sun = None
    if solar is not None:
        sun = _sun_of(solar, hour)
    elif roof is not None:
        sun = expected_sun(roof, hour, cloud)
    home = WholeHome(cars=tuple(cars), sun_kwh=sun, sell_eur_per_kwh=feed_in_eur_per_kwh, battery=battery)
    return plan_whole(home)


def _second(at_home: AtHome, car: SecondCar, moment: datetime, sessions: Path | None, chargers: Path | None) -> Plugged:
    homes = charging_homes(sessions, chargers, first_day=_first_day(moment))
    its = next((home for home in homes if home.name == car.name), None)
    if its is None or its.name == at_home.home.name:
        some = ", ".join(home.name for home in homes[:8] if home.name != at_home.home.name)
        raise BadInput(f"no second car {car.name!r} on record", f"name one of {some} ...")
    pool = learn_pool([home for home in homes if home.name not in (its.name, at_home.home.name)])
    other = AtHome(home=its, pool=pool, table=at_home.table, price=at_home.price)
    found = situation_of(
        other, plugged_in=car.plugged_in, now=moment, stored_kwh=car.stored_kwh, leaves=car.leaves
    )  # fmt: skip
    return Plugged(situation=found, pool=pool, discharge_kw=car.gives_kw)


def _first_day(moment: datetime) -> date:
    """The first Monday of the year, as made-up drivers begin then."""
    january = datetime(moment.year, 1, 1)
    return january.replace(day=1 + (7 - january.weekday()) % 7).date()


def _sun_of(path: Path, hour: np.ndarray) -> np.ndarray:
    """(T,) kWh of each hour: as the file says, else the mean of the same hour over the newest seven days it has."""
    first, hourly = read_power(path)
    known = np.full(hour.size, np.nan)
    inside = (hour >= first) & (hour < first + hourly.size)
    known[inside] = hourly[hour[inside] - first]
    for at in np.flatnonzero(~inside):
        newest = first + hourly.size
        back = [hour[at] - 24 * day for day in range(1, 400)]
        alike = [hourly[one - first] for one in back if first <= one < newest][:_DAYS_OF_SUN]
        if not alike or hour[0] - newest > 24 * _DAYS_OF_SUN:
            raise BadInput(f"{path.name} does not reach the hours of the plan", "give a newer file of the roof's kWh")
        known[at] = float(np.mean(alike))
    if not (known >= 0).all():
        raise BadInput(
            f"{path.name} has gaps, or a roof that gives less than nothing", "give kW, 0 or more, without gaps"
        )
    return known
