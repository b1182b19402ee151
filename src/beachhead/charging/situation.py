"""A car at its charger as it stands now: what is told of it, the prices around, its home's connection and its roof."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.connection import Connection
from beachhead.charging.record import Home
from beachhead.charging.stochastic import HORIZON
from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SunAhead:
    """What the roof will give, and what it is worth when the car does not take it.

    Attributes:
        kwh: (T,) expected in the hour at hand and each after it. What the household takes by itself (the mean of like
            hours of its load, where it is metered) is not for the car.
        sell_eur_per_kwh: paid for a kWh fed in, EUR.
        least_kw: least that the charger draws while it charges, kW; 0: it follows the sun however faint.
    """

    kwh: Floats
    sell_eur_per_kwh: float = 0.0
    least_kw: float = 0.0

    def __post_init__(self) -> None:
        require_sun(self.kwh)
        if not (np.isfinite(self.sell_eur_per_kwh) and 0 <= self.least_kw < np.inf):
            raise BadInput("no price of what is fed in, or a charger below 0 kW", "state EUR/kWh, and kW")


def require_sun(kwh: Floats) -> None:
    """Refuse what no roof gives."""
    if kwh.shape != (HORIZON,) or not (kwh >= 0).all():
        raise BadInput("the sun of the coming hours is not known or below 0", f"give {HORIZON} hours, kWh, 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situation:
    """A car at its charger.

    Attributes:
        home: its sessions before this one; battery and charger.
        plugged_in: minute of plug-in, since 1970 local.
        now: minute at hand, not before it.
        stored_kwh: energy in the battery now.
        needed_kwh: energy the battery lacked at plug-in.
        trip_kwh: what the trip before took of it; None if nobody knows: then all that it lacked. Habits are learnt by
            what trips took: a battery that was not filled the last time lacks more, and says nothing by it.
        price: (7 x 24 + 96,) EUR/kWh: the week before the hour at hand, then that hour and what is published after it.
        published: hours known from the hour at hand on.
        earlier: (P,) EUR/kWh of the hours before those in `price`: seven weeks of them tell what to expect later.
        leaves: minute it leaves, if the driver has told; None if nothing is typed.
        charging: whether it charges now.
        drawn_kwh: what the car has drawn in the hour at hand; None (not told): as fast as it will in the rest.
        connection: household load, fuse and the month's peak; None where the household is not metered.
        sun: None without a roof.
    """

    home: Home
    plugged_in: int
    now: int
    stored_kwh: float
    needed_kwh: float
    price: Floats
    published: int
    earlier: Floats = field(default_factory=lambda: np.empty(0))
    trip_kwh: float | None = None
    leaves: int | None = None
    charging: bool = False
    drawn_kwh: float | None = None
    connection: Connection | None = None
    sun: SunAhead | None = None

    def __post_init__(self) -> None:
        if self.connection is not None and self.connection.half_now_kwh is not None and self.now % 60 < 30:
            raise BadInput("a half hour that is not over", "give it from half past on")
        if self.price.size < 168 + 1 or self.published < 1:
            raise BadInput("no week of prices before the hour at hand", "give prices from a week before until today")
        _require_in_battery(self.home, self.stored_kwh, f"{self.stored_kwh:g} kWh stored in")
        if self.trip_kwh is not None:
            _require_in_battery(self.home, self.trip_kwh, f"a trip of {self.trip_kwh:g} kWh on")
        if self.now < self.plugged_in:
            at, moment = _said(self.plugged_in), _said(self.now)
            raise BadInput(f"the car is plugged in at {at}, later than the moment planned for, {moment}", "mend one")
        if self.leaves is not None and self.leaves <= self.now:
            gone, moment = _said(self.leaves), _said(self.now)
            raise BadInput(f"the departure told, {gone}, is over at {moment}", "tell a later one, or none")

    @property
    def hour(self) -> int:
        """The hour at hand, since 1970 local."""
        return self.now // 60

    @property
    def begun(self) -> float:
        """The part of the hour at hand that is over."""
        return self.now % 60 / 60


def _require_in_battery(home: Home, kwh: float, what: str) -> None:
    if not 0 <= kwh <= home.battery_kwh:
        held = f"{home.battery_kwh:.0f} kWh"
        raise BadInput(f"{what} a battery of {held}", f"state 0 to {held}")


def _said(minute: int) -> str:
    return f"{datetime(1970, 1, 1) + timedelta(minutes=minute):%Y-%m-%d %H:%M}"
