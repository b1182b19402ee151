"""What holds at this moment: cable, power, charge of the battery, what the driver has told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from beachhead.home.home_assistant import State
from beachhead.home.leaving import Tap
from beachhead.home.log import Record
from beachhead.home.series import gauge_of, plugged_by
from beachhead.home.sessions import Sessions, drawn_since
from beachhead.home.setup import Setup
from beachhead.home.sun import Sun, sun_of

DRAWS_KW = 0.3
"""A charger that draws more than this charges."""
_FIVE_SESSIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The car and its charger now.

    Attributes:
        at: the moment, UTC.
        plugged: whether the cable is in; None if the server does not know.
        since: since when, seconds since 1970; None while it is out.
        power_kw: what the charger draws; None if that is not known (a counter tells no power).
        on: whether the switch allows charging; None without one, or if it is not known.
        amps: current the charger is set to; None likewise.
        by_person: whether a person set switch or current last, through the server.
        stored_kwh: energy in the battery.
        is_measured: whether the car told it; else it is estimated from what sessions took.
        needed_kwh: what the battery lacked when the cable went in.
        drawn_kwh: what was drawn in the hour at hand, as far as it is known.
        leaves: departure told by the driver, on the home's clock; None if none is.
        sun: what the roof is expected to give; None without one.
    """

    at: datetime
    plugged: bool | None
    since: float | None
    power_kw: float | None
    on: bool | None
    amps: float | None
    by_person: bool
    stored_kwh: float
    is_measured: bool
    needed_kwh: float
    drawn_kwh: float
    leaves: datetime | None
    sun: Sun | None = None

    @property
    def charges(self) -> bool:
        """Whether it charges; by the switch where power is not known."""
        return bool(self.on) if self.power_kw is None else self.power_kw > DRAWS_KW


def live_of(
    setup: Setup,
    states: Mapping[str, State],
    sessions: Sessions,
    record: Record,
    now: datetime,
    tap: Tap | None = None,
) -> Live:
    """What holds now, from the states of all entities, the record, and the departure told here."""
    plugged = plugged_by(states["plug"].text, setup) if "plug" in states else None
    since = _since(states, sessions) if plugged else None
    drawn = drawn_since(record, since) if since is not None else 0.0
    power = _power(states, setup)
    measured = stored_kwh_of(states["battery"], setup) if "battery" in states else None
    stored = measured
    if stored is None:
        stored = _likely_stored(setup, sessions, drawn, bool(power and power > DRAWS_KW))
    clock = now.astimezone(setup.zone)  # some zones lie half an hour off UTC's hours
    hour = now.timestamp() - 60 * clock.minute - clock.second - clock.microsecond / 1e6
    moment = None if since is None else datetime.fromtimestamp(since, UTC)
    told = departure_told(states["leaves"], setup, now, moment) if "leaves" in states else None
    if tap is not None and not (told is not None and states["leaves"].changed > tap.told):
        told = _tapped_departure(tap, setup, now) or told
    return Live(
        at=now,
        plugged=plugged,
        since=since,
        power_kw=power,
        on=on_of(states),
        amps=amps_of(states),
        by_person=by_person_of(states),
        stored_kwh=stored,
        is_measured=measured is not None,
        needed_kwh=min(max(setup.battery_kwh - stored + drawn, 0.0), setup.battery_kwh),
        drawn_kwh=drawn_since(record, max(hour, since or hour)),
        leaves=told,
        sun=sun_of(setup, states, now),
    )


def stored_kwh_of(state: State, setup: Setup) -> float | None:
    """Energy in the battery, kWh, from its charge in % or kWh; None if it says neither, or cannot be."""
    value, unit = state.number, state.unit.strip().lower()
    if value is None:
        return None
    stored = value / 100 * setup.battery_kwh if unit in ("%", "") else value if unit == "kwh" else None
    if unit in ("%", "") and not 0 <= value <= 100:
        return None
    if stored is None or not 0 <= stored <= 1.25 * setup.battery_kwh:
        return None
    return min(stored, setup.battery_kwh)


def departure_told(state: State, setup: Setup, now: datetime, plugged_in: datetime | None) -> datetime | None:
    """The departure a helper tells, on the home's clock; None if it tells none ahead.

    A helper with a date counts while it lies ahead, by up to a week. One with a time alone means the next such time,
    and only if it was set since the cable went in (`plugged_in`, if that is asked).
    """
    local = now.astimezone(setup.zone).replace(tzinfo=None, second=0, microsecond=0)
    try:
        if len(state.text) > 8:
            told = datetime.fromisoformat(state.text).replace(tzinfo=None)
            return told if local < told <= local + timedelta(days=7) else None
        clock = datetime.strptime(state.text[:5], "%H:%M").time()
    except ValueError:
        return None
    if plugged_in is not None and state.changed < plugged_in.astimezone(UTC):
        return None
    told = datetime.combine(local.date(), clock)
    return told if told > local else told + timedelta(days=1)


def _tapped_departure(tap: Tap, setup: Setup, now: datetime) -> datetime | None:
    """The departure told here, on the home's clock, while it lies a minute ahead or more."""
    if tap.leaves is None or tap.leaves < now + timedelta(minutes=1):
        return None
    return tap.leaves.astimezone(setup.zone).replace(tzinfo=None, second=0, microsecond=0, fold=0)


def on_of(states: Mapping[str, State]) -> bool | None:
    """Whether charging is allowed: by the switch, else by a current above nothing; None if that is not known."""
    if "switch" in states:
        return {"on": True, "off": False}.get(states["switch"].text)
    amps = amps_of(states)
    return None if amps is None else amps > 0


def amps_of(states: Mapping[str, State]) -> float | None:
    """What the charger's current is set to, A; None if that is not known."""
    return states["current"].number if "current" in states else None


def by_person_of(states: Mapping[str, State]) -> bool:
    """Whether a person set switch or current last, through the server."""
    return any(states[use].by_person for use in ("switch", "current") if use in states)


def _since(states: Mapping[str, State], sessions: Sessions) -> float:
    """Since when the cable is in: as the record says, which a restart of the server does not fool."""
    return sessions.open_since if sessions.open_since is not None else states["plug"].changed.timestamp()


def _power(states: Mapping[str, State], setup: Setup) -> float | None:
    state = states.get("charger")
    gauge = None if state is None else gauge_of(state.unit, "charger", setup)
    if state is None or gauge is None or gauge.counts or state.number is None:
        return None
    return state.number * gauge.factor


def _likely_stored(setup: Setup, sessions: Sessions, drawn_kwh: float, charges: bool) -> float:
    """What the battery may hold if the car does not tell: three in four past sessions took no more than it lacked.

    Below five sessions two fifths are taken to lack. While it still charges it is not full.
    """
    took = [one.kwh for one in sessions.whole if one.kwh > 0]
    lacked = float(np.quantile(took, 0.75)) if len(took) >= _FIVE_SESSIONS else 0.4 * setup.battery_kwh
    stored = min(max(setup.battery_kwh - lacked + drawn_kwh, 0.0), setup.battery_kwh)
    return min(stored, setup.battery_kwh - 1.0) if charges else stored
