"""Prices to come, as price entities tell them: lists of moments and prices among their attributes.

Integrations differ in names, not in kind (Nord Pool: `raw_today`, `raw_tomorrow` with `start`, `end`, `value`; ENTSO-E:
`prices` with `time`, `price`; EPEX Spot: `data` with `start_time`, `price_per_kwh`; Tibber: `startsAt`, `total`): any
list of objects that hold a moment and a price is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beachhead.home.home_assistant import instant_of
from beachhead.home.series import QUARTER, QUARTERS, is_price
from beachhead.home.setup import Setup

Floats = NDArray[np.float64]

_BEGINS = ("start", "start_time", "startsAt", "time", "datetime", "hour")
_IN_ITS_UNIT = ("value", "price", "total")
_EUR_PER_KWH = {"price_per_kwh": 1.0, "price_ct_per_kwh": 0.01, "price_eur_per_mwh": 0.001}
_TOMORROW_FROM = 12
"""Hour of the day before which what is told of tomorrow is a forecast: the auction is not over."""


def told_prices(attributes: Mapping[str, Any], setup: Setup, now: datetime) -> dict[date, Floats]:
    """(96,) price of each quarter of an hour by day (UTC), in the unit of the entity; NaN where nothing is told."""
    local = now.astimezone(setup.zone)
    last = local.date() + timedelta(days=1 if local.hour >= _TOMORROW_FROM else 0)
    found: dict[date, Floats] = {}
    for begin, end, price in _slots(attributes, setup):
        at = begin
        while at < end:
            if at.astimezone(setup.zone).date() <= last:
                day = found.setdefault(at.date(), np.full(QUARTERS, np.nan))
                day[(at.hour * 3600 + at.minute * 60) // QUARTER] = price
            at += timedelta(seconds=QUARTER)
    return found


def _slots(attributes: Mapping[str, Any], setup: Setup) -> Iterator[tuple[datetime, datetime, float]]:
    """(begin, end, price) of every slot told, UTC."""
    for told in attributes.values():
        if not isinstance(told, list) or not told or not all(isinstance(one, dict) for one in told):
            continue
        slots = [slot for one in told if (slot := _slot(one, setup)) is not None]
        begins = sorted(begin for begin, _ in slots)
        steps = [(b - a) for a, b in pairwise(begins) if b > a]
        step = min([*steps, timedelta(hours=1)])
        for begin, price in slots:
            yield begin, begin + step, price


def _slot(told: Mapping[str, Any], setup: Setup) -> tuple[datetime, float] | None:
    begin = next((told[name] for name in _BEGINS if isinstance(told.get(name), str)), None)
    price = _price(told, setup)
    if begin is None or price is None:
        return None
    try:
        return instant_of(begin, setup.zone).replace(second=0, microsecond=0), price
    except ValueError:
        return None


def _price(told: Mapping[str, Any], setup: Setup) -> float | None:
    """In the unit of the entity."""
    for name in (*_IN_ITS_UNIT, *_EUR_PER_KWH):
        value = told.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6:
            price = value * (_EUR_PER_KWH[name] / setup.price_eur if name in _EUR_PER_KWH else 1.0)
            return price if is_price(price, setup) else None
    return None
