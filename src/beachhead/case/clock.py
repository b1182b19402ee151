"""Now and today, in UTC: read here alone and passed in everywhere below, so that every face means the same day."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta

from beachhead.world.errors import BadInput

NOW_VARIABLE = "BEACHHEAD_NOW"


def now() -> datetime:
    """The present instant, UTC; or the one in BEACHHEAD_NOW, so that a written-down session can be repeated."""
    told = os.environ.get(NOW_VARIABLE)
    if not told:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        instant = datetime.fromisoformat(told)
    except ValueError:
        raise BadInput(f"{NOW_VARIABLE}={told!r} is not an instant", "write 2027-01-31T12:00:00+00:00") from None
    if instant.tzinfo is None:
        raise BadInput(f"{NOW_VARIABLE}={told!r} has no time zone", "write 2027-01-31T12:00:00+00:00")
    return instant.astimezone(UTC)


def today() -> date:
    """The day of `now`."""
    return now().date()


def latest_day(at: datetime) -> date:
    """The day that it is by then where days begin first (UTC+14): nobody has seen anything of a later one."""
    return (at.astimezone(UTC) + timedelta(hours=14)).date()
