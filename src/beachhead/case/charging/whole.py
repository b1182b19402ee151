"""The whole home live: second car, solar roof, home battery and a car that gives back, read and planned together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from beachhead.case.charging.home import (
    AtCharger,
    AtHome,
    charging_homes,
    first_monday,
    home_of,
    pool_beside,
    situation_of,
)
from beachhead.charging.household import HomeBattery
from beachhead.charging.record import day_hour, read_power
from beachhead.charging.stochastic import HORIZON
from beachhead.charging.sun import Roof, expected_sun
from beachhead.charging.tariff import tariff_of
from beachhead.charging.whole import Plugged, WholeHome, WholePlan, plan_whole, write_whole
from beachhead.world.errors import BadInput

_DAYS_OF_SUN = 7
_ZONES = {"PT": "Europe/Lisbon"}
"""Clocks of the tariffs' markets that are not those of Berlin."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SecondCar:
    """Another car at the home's second charger.

    Attributes:
        home: whose sessions teach its habits, read and learnt (`second_at_home`); its load is not looked at.
        car: as it stands, at the moment that the home is planned for.
        gives_kw: most it gives back.
    """

    home: AtHome
    car: AtCharger
    gives_kw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beside:
    """What else is at a home than one car that only charges.

    The sun comes from a file or, with a roof, from a clear sky less a share of cloud.

    Attributes:
        gives_kw: most the first car gives back.
        second: another car.
        battery: the home battery.
        solar: file of what the roof gives, a forecast; where it ends, the mean of the same hour over its seven days
            before.
        roof: the roof whose sun is reckoned from the sky; a file goes before it.
        cloud: share of the sky in cloud.
        feed_in_eur_per_kwh: paid for a kWh fed in.
    """

    gives_kw: float = 0.0
    second: SecondCar | None = None
    battery: HomeBattery | None = None
    solar: Path | None = None
    roof: Roof | None = None
    cloud: float = 0.5
    feed_in_eur_per_kwh: float = 0.0

    @property
    def feeds_in(self) -> bool:
        """Whether anything of it may feed in; a second car gives nothing back unless it is told to."""
        return self.gives_kw != 0 or any(one is not None for one in (self.battery, self.solar, self.roof))


def whole_plan(
    at_home: AtHome,
    car: AtCharger,
    beside: Beside,
    *,
    peak_so_far_kw: float | None = None,
    fuse_kw: float = float("inf"),
    write: Path | None = None,
) -> WholePlan:
    """The plan of everything that is at the home, from the moment on.

    `write` names a file for the linear programme, .lp or .mps, whose least is the plan's expected cost.

    Raises:
        BadInput: if prices or the sun of the file are not there, both cars are the same one, or nothing can be written.
    """
    if write is not None:
        require_algebra(write)
    first = situation_of(at_home, car, peak_so_far_kw=peak_so_far_kw, fuse_kw=fuse_kw)
    cars = [Plugged(situation=first, pool=at_home.pool, discharge_kw=beside.gives_kw)]
    if beside.second is not None:
        cars.append(_second(at_home, beside.second, car.moment))
    home = WholeHome(
        cars=tuple(cars),
        sun_kwh=_expected_sun(car.moment, beside),
        sell_eur_per_kwh=beside.feed_in_eur_per_kwh,
        battery=beside.battery,
    )
    if write is not None:
        write_whole(home, write)
    return plan_whole(home)


def require_algebra(path: Path) -> None:
    """Refuse a file that no algebra can be written to, before any work."""
    if path.suffix not in (".lp", ".mps"):
        raise BadInput(f"{str(path)!r} does not say its format", "let the name end in .lp or .mps")
    if not path.parent.is_dir():
        raise BadInput(f"the folder of {str(path)!r} does not exist", "make it, or write elsewhere")


def _expected_sun(moment: datetime, beside: Beside) -> np.ndarray | None:
    """(T,) kWh of each hour from the moment on; None without a roof."""
    hour = day_hour(moment.date()) + moment.hour + np.arange(HORIZON)
    if beside.solar is not None:
        return _sun_of(beside.solar, hour)
    return None if beside.roof is None else expected_sun(beside.roof, hour, beside.cloud)


def second_at_home(
    at_home: AtHome, name: str, moment: datetime, sessions: Path | None, chargers: Path | None
) -> AtHome:
    """The second car of a home, its habits learnt beside other homes than these two.

    Raises:
        BadInput: if nobody of that name is on record, or it is the first car.
    """
    homes = charging_homes(sessions, chargers, first_day=first_monday(moment.year))
    others = [home for home in homes if home.name != at_home.home.name]
    its = home_of(others, name, "second car")
    pool, _ = pool_beside(homes, (name, at_home.home.name), year=moment.year)
    return AtHome(home=its, pool=pool, table=at_home.table, price=at_home.price)


def roof_of(
    kwp: float,
    latitude: float,
    longitude: float,
    *,
    market: str,
    tilt: float = 35.0,
    azimuth: float = 180.0,
    time_zone: str | None = None,
) -> Roof:
    """A solar roof whose clock is that of `time_zone`, such as "Atlantic/Canary"; without one that of the market."""
    zone = time_zone or _ZONES.get(tariff_of(market).market, "Europe/Berlin")
    if zone not in available_timezones():
        raise BadInput(f"{zone!r} is not a time zone", "write one such as Europe/Berlin")
    return Roof(kwp=kwp, latitude=latitude, longitude=longitude, tilt=tilt, azimuth=azimuth, zone=ZoneInfo(zone))


def battery_of(kwh: float, kw: float, stored: float | None) -> HomeBattery:
    """A home battery; half full if nothing is told."""
    return HomeBattery(capacity_kwh=kwh, power_kw=kw, start_kwh=0.5 * kwh if stored is None else stored)


def _second(at_home: AtHome, second: SecondCar, moment: datetime) -> Plugged:
    if second.home.home.name == at_home.home.name:
        raise BadInput(f"{at_home.home.name!r} twice at one home", "name another second car")
    other = replace(second.home, price=at_home.price, load=None, peak_eur_per_kw=0.0)
    found = situation_of(other, replace(second.car, now=moment))
    return Plugged(situation=found, pool=second.home.pool, discharge_kw=second.gives_kw)


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
