"""What holds at this moment: cable, power, charge of the battery, what the driver has told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from beachhead.home.home_assistant import State
from beachhead.home.setup import Setup


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
    local = now.astimezone(setup.zone).replace(tzinfo=None)
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
