"""What the roof will give, hour by hour: as a forecast entity tells it, else a clear sky less its clouds.

Integrations differ in names, not in kind (Solcast: `detailedHourly` with `period_start` and `pv_estimate`, kW;
Forecast.Solar and Open-Meteo: `watts`, `wh_period` or `wh_hours`, moments and numbers): any list of objects that hold a
moment and a power is read, and any table of moments and numbers under one of those names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from beachhead.charging.record import day_hour
from beachhead.charging.stochastic import HORIZON
from beachhead.charging.sun import expected_sun
from beachhead.home.home_assistant import State
from beachhead.home.series import gauge_of
from beachhead.home.setup import Setup

_BEGINS = ("period_start", "start", "start_time", "startsAt", "time", "datetime")
_KW = {"pv_estimate": 1.0, "power_kw": 1.0, "kw": 1.0, "power": 0.001, "watts": 0.001}
_TABLES = {"watts": 0.001, "wh_period": 0.001, "wh_hours": 0.001}
FORECASTS = ("forecast", "forecast_tomorrow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """What the roof is expected to give.

    Attributes:
        kwh: (T,) in the hour at hand, at the rate of this moment, and in each hour after it; None: planned without it.
        note: what the driver should know of where it comes from; empty if all is well.
    """

    kwh: tuple[float, ...] | None
    note: str = ""


def sun_of(setup: Setup, states: Mapping[str, State], now: datetime) -> Sun | None:
    """The sun from this hour on; None where the home tells of no roof. Whatever cannot be read ends in a note."""
    named = [use for use in FORECASTS if use in setup.entities.named]
    if setup.roof is None and not named:
        return None
    local = now.astimezone(setup.zone)
    hours = day_hour(local.date()) + local.hour + np.arange(HORIZON)
    told: dict[int, float] = {}
    for use in named:
        told |= told_sun(states[use].attributes, setup) if use in states else {}
    known = np.array([told.get(hour, np.nan) for hour in hours.tolist()])
    note = "" if not named or np.isfinite(known[:12]).any() else "The sun's forecast tells no hours to come; "
    if setup.roof is not None:
        known = np.where(np.isfinite(known), known, expected_sun(setup.roof, hours, setup.cloud))
        note += f"a clear sky less {100 * setup.cloud:.0f} % cloud is taken." if note else ""
    elif note:
        return Sun(kwh=None, note=note + "planned without the sun.")
    else:
        known = np.array([_like(told, hour) for hour in hours.tolist()])
    measured = _measured_kw(states.get("solar"), setup)
    if measured is not None:
        known[0] = measured
    return Sun(kwh=tuple(np.maximum(known, 0.0).tolist()), note=note)


def told_sun(attributes: Mapping[str, Any], setup: Setup) -> dict[int, float]:
    """KWh by hour since 1970 on the home's clock, as the attributes of an entity tell them."""
    found: dict[int, float] = {}
    for name, told in attributes.items():
        if isinstance(told, list):
            found |= _hourly(list(_slots(told, setup)))
        elif isinstance(told, dict) and name in _TABLES:
            moments = ((_moment(begin, setup), _number(value)) for begin, value in told.items())
            points = [(at, _TABLES[name] * kw) for at, kw in moments if at is not None and kw is not None]
            found |= _hourly(points)
    return found


def _slots(told: list[Any], setup: Setup) -> Iterator[tuple[datetime, float]]:
    """(begin, mean kW) of every slot told."""
    for one in told:
        if not isinstance(one, dict):
            return
        begin = next((_moment(one[name], setup) for name in _BEGINS if name in one), None)
        kw = next((_KW[name] * value for name in _KW if (value := _number(one.get(name))) is not None), None)
        if begin is not None and kw is not None:
            yield begin, kw


def _hourly(points: list[tuple[datetime, float]]) -> dict[int, float]:
    """The mean of what falls into each hour; a step of two hours or three holds for all of them."""
    found: dict[int, list[float]] = {}
    points = sorted(points)
    steps = [after - before for (before, _), (after, _) in pairwise(points) if after > before]
    span = max(round(min(steps, default=timedelta(hours=1)) / timedelta(hours=1)), 1)
    for begin, kw in points:
        hour = day_hour(begin.date()) + begin.hour
        for more in range(span if span <= 3 else 1):
            found.setdefault(hour + more, []).append(kw)
    return {hour: sum(parts) / len(parts) for hour, parts in found.items()}


def _moment(told: object, setup: Setup) -> datetime | None:
    """On the home's clock; None if it is no moment."""
    try:
        moment = told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
        return moment.astimezone(setup.zone).replace(tzinfo=None) if moment.tzinfo is not None else moment
    except (ValueError, OverflowError):  # no date, or one that no other zone has
        return None


def _number(told: object) -> float | None:
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 <= told < 1e6:
        return None
    return float(told)


def _like(told: Mapping[int, float], hour: int) -> float:
    """What is told of an hour, else of the same hour of the nearest day; 0 where none is told."""
    days = (0, -1, 1, -2, 2, -3, -4)
    return next((told[hour + 24 * day] for day in days if hour + 24 * day in told), 0.0)


def _measured_kw(state: State | None, setup: Setup) -> float | None:
    """What the roof gives at this moment; None if nobody tells."""
    gauge = None if state is None else gauge_of(state.unit, "solar", setup)
    if state is None or gauge is None or gauge.counts or state.number is None:
        return None
    return max(state.number * gauge.factor, 0.0)
