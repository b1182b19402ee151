"""The record written out as the tables that `beachhead charge` reads: sessions, charger, loads, prices."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.home.log import Record
from beachhead.home.series import QUARTER
from beachhead.home.sessions import Sessions, day_after, epoch_of, quarters_between, unplugged_quarters
from beachhead.home.setup import Setup
from beachhead.world.whole import write_whole

Floats = NDArray[np.float64]

FOLDER = "learnt"
CAR = "car"
_LEAST_LOAD_DAYS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Files written from the record, as `charge plan` takes them; None where there is too little for one.

    Attributes:
        sessions: `--sessions`.
        chargers: `--chargers`.
        loads: `--loads`.
        prices: `--prices`: the driver's own file, or one made of what the price entity said.
    """

    sessions: Path | None
    chargers: Path
    loads: Path | None
    prices: Path | None


def write_tables(setup: Setup, record: Record, sessions: Sessions) -> Tables:
    """Write what the record holds; every file is replaced whole."""
    folder = setup.folder / FOLDER
    folder.mkdir(exist_ok=True)
    power, battery = f"{setup.power_kw:g}", f"{setup.battery_kwh:g}"
    chargers = _written(
        folder / "chargers.csv", ("user_id", "charging_power", "battery_capacity"), [(CAR, power, battery)]
    )
    return Tables(
        sessions=_sessions(setup, folder, sessions),
        chargers=chargers,
        loads=_loads(setup, folder, record),
        prices=setup.price_file or _prices(setup, folder, record),
    )


def household_quarters(setup: Setup, record: Record, first: date, last: date) -> tuple[Floats, Floats]:
    """(D x 96,) kWh of the household without the car, and of the whole home at its meter; NaN where not known."""
    meter = quarters_between(record, "meter", first, last)
    car = quarters_between(record, "charger", first, last)
    car = np.where(np.isnan(car) & unplugged_quarters(record, first, last), 0.0, car)
    sun = quarters_between(record, "solar", first, last) if setup.entities.solar else np.zeros(meter.size)
    if setup.meter_holds_car:
        return np.maximum(meter + sun - car, 0.0), np.maximum(meter, 0.0)
    return np.maximum(meter + sun, 0.0), np.maximum(meter + car, 0.0)


def peak_of_month(setup: Setup, record: Record, now: datetime) -> float | None:
    """Highest whole hour of this month at the meter, kW, by the home's clock; None where nothing of it is known."""
    local = now.astimezone(setup.zone)
    first, last = local.replace(day=1).date() - timedelta(days=1), now.date()
    if not record.quarters.get("meter"):
        return None
    _, whole = household_quarters(setup, record, first, last)
    moments = epoch_of(first) + QUARTER * np.arange(whole.size)
    hours: dict[int, list[float]] = {}
    for moment, kwh in zip(moments.tolist(), whole.tolist(), strict=True):
        there = datetime.fromtimestamp(moment, setup.zone)
        if (there.year, there.month) == (local.year, local.month) and np.isfinite(kwh):
            hours.setdefault(int(moment - 60 * there.minute), []).append(kwh)
    full = [sum(parts) for parts in hours.values() if len(parts) == 4]
    return max(full, default=None)


def local_text(moment: float, setup: Setup) -> str:
    """A moment (seconds since 1970) on the clock of the home, with its offset."""
    return datetime.fromtimestamp(moment // 60 * 60, setup.zone).isoformat(timespec="minutes")


def _sessions(setup: Setup, folder: Path, sessions: Sessions) -> Path | None:
    rows = [
        (CAR, local_text(one.begin, setup), local_text(one.end, setup), f"{one.kwh:.3f}")
        for one in sessions.whole
        if one.kwh > 0
    ]
    columns = ("user_id", "plugin_time", "plugout_time", "energy_session")
    path = _written(folder / "sessions.csv", columns, rows)
    return path if rows else None


def _loads(setup: Setup, folder: Path, record: Record) -> Path | None:
    days = sorted(record.quarters.get("meter", {}))
    if not days:
        return None
    household, _ = household_quarters(setup, record, days[0], days[-1])
    known = np.flatnonzero(np.isfinite(household))
    if known.size == 0:
        return None
    by_clock = _by_clock(setup, (epoch_of(days[0]) + QUARTER * known).tolist(), household[known].tolist(), minutes=15)
    rows = [(clock.isoformat(sep=" ", timespec="minutes"), f"{kwh:.4f}") for clock, kwh in sorted(by_clock.items())]
    path = _written(folder / "loads.csv", ("time", CAR), rows)
    span = max(by_clock) - min(by_clock)
    return path if span >= timedelta(days=_LEAST_LOAD_DAYS) else None


def _prices(setup: Setup, folder: Path, record: Record) -> Path | None:
    days = sorted(record.quarters.get("price", {}))
    if not days:
        return None
    raw = quarters_between(record, "price", days[0], days[-1])
    known = np.flatnonzero(np.isfinite(raw))
    eur_per_mwh = (1000 * setup.price_eur * raw[known]).tolist()
    by_clock = _by_clock(setup, (epoch_of(days[0]) + QUARTER * known).tolist(), eur_per_mwh, minutes=60)
    rows = [(clock.isoformat(sep=" ", timespec="minutes"), f"{price:.4f}") for clock, price in sorted(by_clock.items())]
    return _written(folder / "prices.csv", ("time", setup.tariff.zone), rows)


def _by_clock(setup: Setup, moments: list[float], values: list[float], *, minutes: int) -> dict[datetime, float]:
    """The mean of what falls into each step of the home's clock; an hour that comes twice is the mean of both."""
    found: dict[datetime, list[float]] = {}
    for moment, value in zip(moments, values, strict=True):
        clock = datetime.fromtimestamp(moment, setup.zone).replace(tzinfo=None, fold=0)
        clock = clock.replace(minute=clock.minute // minutes * minutes, second=0)
        found.setdefault(clock, []).append(value)
    return {clock: sum(parts) / len(parts) for clock, parts in found.items()}


def _written(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return write_whole(path, text.getvalue())


def days_between(begin: datetime, end: datetime) -> list[date]:
    """The days (UTC) from the one that `begin` lies in to that of `end`."""
    day, last = begin.astimezone(UTC).date(), end.astimezone(UTC).date()
    found = []
    while day <= last:
        found.append(day)
        day = day_after(day)
    return found
