"""The sessions of a home laid on the prices of a year, and what a planner knows in the middle of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.habit import Habits
from beachhead.charging.published import forecast, known_until
from beachhead.charging.stochastic import HORIZON, HoursAhead, hazards_of
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import inner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@by_reference
class Lived:
    """N sessions of a home, cut at full hours into P pieces, on a course of prices (`year.Course`).

    Attributes:
        price: (H,) EUR/kWh of the course.
        ahead: (days + 1, 96) what is expected after each midnight from the prices before it.
        at: (P,) position of each piece in `price`.
        hour: (P,) hour since 1970.
        part: (P,) length, hours.
        first: (N + 1,) first piece of each session.
        energy: (N,) kWh that the trip before each session took.
        start: energy stored at the first plug-in, kWh.
    """

    price: Floats
    ahead: Floats
    at: Ints
    hour: Ints
    part: Floats
    first: Ints
    energy: Floats
    start: float


@by_reference
class Told:
    """What the stochastic planner is told beyond what it has learnt, to see what not knowing it costs.

    Attributes:
        departure: of each session, at plug-in.
        trip: energy of the next trip and hours away, at plug-in.
        prices: of all hours planned ahead, not of the published ones only.
    """

    departure: bool = False
    trip: bool = False
    prices: bool = False


@inner
def hours_ahead(lived: Lived, habits: Habits, session: int, piece: int, told: Told) -> HoursAhead:
    """What is known at a piece of a session of the hours to come."""
    begin, end = lived.first[session], lived.first[session + 1]
    now, at = lived.hour[piece], lived.at[piece]
    price, hazard, part = np.empty(HORIZON), np.empty(HORIZON), np.full(HORIZON, -1.0)
    until, _ = known_until(now)
    forecast(lived.price, lived.ahead, at, HORIZON if told.prices else until - now, price)
    if told.departure:
        _tell(now, lived.hour[end - 1], lived.part[end - 1], hazard, part)
    else:
        hazards_of(habits.depart[session], now - lived.hour[begin], HORIZON, hazard)
    trip, away = -1.0, 1
    if told.trip and session < len(lived.first) - 2:
        trip, away = lived.energy[session + 1], max(lived.hour[end] - lived.hour[end - 1], 1)
    return HoursAhead(now, price, lived.price[at - 168 : at].mean(), hazard, part, trip, away)


@inner
def _tell(now: int, last: int, its_part: float, hazard: Floats, part: Floats) -> None:
    """Fill both (T,) for a departure that is told: in hour `last`, after this part of it."""
    for t in range(len(hazard)):
        hazard[t] = 1.0 if now + t >= last else 0.0
        part[t] = its_part if now + t == last else 1.0


@inner
def drive(stored: float, trip: float, missing: Floats, arrival: int) -> float:
    """Energy held after a trip, kWh; what the battery lacked for it is put down at the arrival (`missing` (P,))."""
    if stored >= trip:
        return stored - trip
    missing[arrival] = trip - stored
    return 0.0
