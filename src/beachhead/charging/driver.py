"""Made-up drivers, for markets and makers without sessions on record: four ways of living with a car.

Typical hours, spreads and distances are assumptions (grade C), close to the garage sessions of Sørensen et al. 2024 in
energy a session; real sessions should replace them. The seed makes the driver.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from beachhead.charging.record import Home, Load


class Kind(StrEnum):
    """Whose car it is."""

    COMMUTER = "commuter"
    RETIRED = "retired"
    SHIFT = "shift worker"
    TWO_CARS = "second car"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    leaves: float  # hour of the day
    spread: float
    away: float  # hours
    km: float
    stays_home: float  # share of days without a trip


_DAYS = {
    Kind.COMMUTER: _Day(leaves=7.4, spread=0.6, away=10.0, km=42.0, stays_home=0.06),
    Kind.RETIRED: _Day(leaves=10.3, spread=1.6, away=4.0, km=27.0, stays_home=0.35),
    Kind.SHIFT: _Day(leaves=5.6, spread=0.4, away=9.0, km=38.0, stays_home=0.15),
    Kind.TWO_CARS: _Day(leaves=8.6, spread=1.3, away=6.0, km=18.0, stays_home=0.25),
}
_WEEKEND = _Day(leaves=11.0, spread=2.2, away=5.0, km=40.0, stays_home=0.3)
_KWH_PER_KM = 0.19
_ERRAND = 0.22
"""Share of evenings with a second, short trip."""


def made_driver(
    kind: Kind, seed: int, first_hour: int, days: int, *, battery_kwh: float = 60.0, power_kw: float = 11.0
) -> Home:
    """Sessions of a made-up driver from `first_hour` (a midnight, hours since 1970) over `days`."""
    rng = np.random.default_rng([seed, list(Kind).index(kind)])
    trips = [trip for day in range(days) for trip in _trips(kind, rng, 60 * (first_hour + 24 * day))]
    trips = [trip for trip, before in zip(trips[1:], trips, strict=False) if trip[0] > before[1] + 20]
    begin, end, energy = [], [], []
    for (_, back, km), (leaves, _, _) in pairwise(trips):
        need = min(km * _KWH_PER_KM * float(rng.lognormal(0.0, 0.15)), 0.85 * battery_kwh)
        if leaves - back > 20 and rng.random() > 0.08:  # now and then it is not plugged in
            begin.append(back)
            end.append(leaves)
            energy.append(min(need, 0.98 * power_kw * (leaves - back) / 60))
    return Home(
        name=f"{kind.value} {seed}",
        place="made up",
        plug_in=np.array(begin, dtype=np.int64),
        plug_out=np.array(end, dtype=np.int64),
        energy_kwh=np.array(energy),
        power_kw=power_kw,
        battery_kwh=battery_kwh,
    )


def made_load(seed: int, first_hour: int, days: int = 364) -> Load:
    """Hourly load of a made-up household from `first_hour` (a midnight) on: a base, habits of the day, and appliances.

    Eight in ten households take 2,200 to 4,300 kWh a year, the highest hour of a month 2.1 to 4.8 kW (grade C, close to
    the London households of 2013).
    """
    rng = np.random.default_rng([seed, 87])
    clock = np.arange(24 * days) % 24
    size, evening = float(rng.lognormal(0.0, 0.25)), 18.5 + float(rng.normal(0.0, 0.8))
    habit = 0.18 + 0.22 * np.exp(-(((clock - 7.5) / 1.3) ** 2)) + 0.4 * np.exp(-(((clock - evening) / 2.2) ** 2))
    awake = np.where((clock >= 7) & (clock <= 22), 1.0, 0.08)
    appliances = (rng.random(clock.size) < 0.13 * awake) * rng.lognormal(-0.1, 0.48, clock.size)
    kwh = size * (habit * rng.lognormal(-0.05, 0.3, clock.size) + appliances)
    return Load(name=f"household {seed}", first_hour=first_hour, slot_hours=1.0, kwh=kwh)


def _trips(kind: Kind, rng: np.random.Generator, midnight: int) -> list[tuple[int, int, float]]:
    """(leaves, comes back, km) of a day, minutes since 1970."""
    weekday = (midnight // 1440 + 3) % 7
    day = _WEEKEND if weekday >= 5 and kind is not Kind.SHIFT else _DAYS[kind]
    late = kind is Kind.SHIFT and (midnight // 1440 // 7) % 2 == 1
    trips = []
    if rng.random() >= day.stays_home:
        leaves = day.leaves + (8.0 if late else 0.0) + rng.normal(0.0, day.spread)
        away = max(day.away + rng.normal(0.0, 0.2 * day.away), 0.6)
        trips.append((leaves, leaves + away, day.km * float(rng.lognormal(-0.1, 0.45))))
    if rng.random() < _ERRAND and not late:
        leaves = (max(trips[-1][1], 17.0) if trips else 16.5) + float(rng.uniform(0.6, 1.8))
        trips.append((leaves, leaves + float(rng.uniform(0.7, 2.0)), float(rng.uniform(5, 25))))
    return [(midnight + int(60 * leaves), midnight + int(60 * back), km) for leaves, back, km in trips]
