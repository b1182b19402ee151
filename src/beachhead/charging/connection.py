"""A home's connection to the grid at the hour at hand: what its meter showed, its fuse, and the charge on the peak.

What the household will take is read off strictly past hours: for the fuse and the month's peak as a plan leaves room
for them (`peak`), in the hour at hand by like hours and by what the first half of it showed (`hour`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.hour import Household, halves_like, loads_like
from beachhead.charging.meter import LoadAhead, load_ahead
from beachhead.charging.peak import DAYS_BACK, Month, busy_load, daily_peaks, month_of, planned_load
from beachhead.charging.stochastic import HORIZON
from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Connection:
    """A metered household, and what it and the car are kept under together.

    Attributes:
        load_kw: (P,) hourly mean load of the household before the hour at hand, 42 days or more, of which the newest 84
            are looked at.
        half_kwh: (P,) of it what fell in the first half of each hour, kWh; None if the meter tells whole hours.
        half_now_kwh: what the household took in the first half of the hour at hand; None before it is over.
        fuse_kw: most the home may draw; the car gets what the household has left free in the past six weeks.
        peak_eur_per_kw: charge for each kW of this month's highest hour, EUR; 0 where there is none.
        peak_so_far_kw: highest hour of this month so far, car included.
    """

    load_kw: Floats
    half_kwh: Floats | None = None
    half_now_kwh: float | None = None
    fuse_kw: float = float("inf")
    peak_eur_per_kw: float = 0.0
    peak_so_far_kw: float = 0.0

    def __post_init__(self) -> None:
        if self.load_kw.size < 24 * DAYS_BACK:
            raise BadInput(f"{self.load_kw.size} hours of household load", f"give the {24 * DAYS_BACK} before the hour")
        if self.half_kwh is not None and self.half_kwh.shape != self.load_kw.shape:
            raise BadInput("first halves of other hours than the household's load", "give one for each hour of it")
        if self.half_now_kwh is not None and self.half_kwh is None:
            raise BadInput("a half hour without those before it", "give the first half of each hour before too")
        if not self.fuse_kw > 0 or self.peak_so_far_kw < 0 or self.peak_eur_per_kw < 0:
            raise BadInput("a fuse of nothing, or a peak below 0", "state the fuse and the peak so far in kW")


def household_ahead(connection: Connection, now: int) -> LoadAhead:
    """What the household is expected to take from the hour `now` (since 1970 local) on, by its newest six weeks."""
    return load_ahead(connection.load_kw[-24 * DAYS_BACK :], now, HORIZON)


def free_under_fuse(connection: Connection, now: int) -> Floats:
    """(T,) what the fuse leaves for the car in each hour from `now` on, kW; below 0 where the household took more."""
    load = connection.load_kw
    return connection.fuse_kw - busy_load(load, load.size, now)[(now + np.arange(HORIZON)) % 24]


def month_at(connection: Connection, now: int) -> Month:
    """Where the month stands; its usual peak is the household's highest hour of late, or what is locked in."""
    load, locked = connection.load_kw, float(connection.peak_so_far_kw)
    months = month_of(now + np.arange(31 * 24 + 1))
    days = daily_peaks(load, load.size)
    return Month(
        locked=locked,
        left=int((months == months[0]).sum()),
        usual=max(float(days[-1]), locked),
        busy=planned_load(load, load.size, now),
        days=days,
        eur_per_kw=float(connection.peak_eur_per_kw),
    )


def likely_in_hour(connection: Connection) -> tuple[float, Floats]:
    """What the household took in the first half of the hour at hand if that is over, and may take in the rest, kWh."""
    load = connection.load_kw
    half = np.empty(0) if connection.half_kwh is None else connection.half_kwh
    house = Household(load=load, half=half)
    if connection.half_now_kwh is None:
        return 0.0, loads_like(house, load.size)
    return connection.half_now_kwh, halves_like(house, load.size, connection.half_now_kwh)
