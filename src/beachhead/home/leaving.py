"""The departure that the driver has told here, by the page or the command line: one tap, kept in the log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from beachhead.home.setup import Setup
from beachhead.store import Row, Store, body_of, decode, deliver, encode, reading, writing
from beachhead.world.errors import BadInput

TOPIC = "home_leaving"
_KEY = "leaving"
_MOST = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """What the driver told, and when.

    Attributes:
        told: the moment it was told, UTC.
        leaves: departure, UTC; None: forget what was told before.
    """

    told: datetime
    leaves: datetime | None


def tap(store: Store, leaves: datetime | None, now: datetime) -> Tap:
    """Keep a departure (UTC), or with None forget the one told before.

    Raises:
        BadInput: if it does not lie ahead, by up to a week.
    """
    if leaves is not None and not now < leaves <= now + _MOST:
        raise BadInput(f"{leaves:%Y-%m-%d %H:%M} is no departure", "name a time ahead, by up to a week")
    told = Tap(told=now, leaves=leaves)
    body = encode(told)
    digest = hashlib.sha256(body.encode()).hexdigest()
    with writing(store) as work:
        deliver(work, TOPIC, [Row(key=_KEY, body=body)], sha256=digest, name="leaving at", who="driver", at=now)
    return told


def tapped(store: Store) -> Tap | None:
    """What was told last; None if nothing ever was."""
    with reading(store) as work:
        body = body_of(work, TOPIC, _KEY)
    return None if body is None else decode(body, Tap)


def moment_said(text: str, setup: Setup, now: datetime) -> datetime:
    """`07:10` (the next one) or `2026-11-20T07:10`, on the home's clock, as an instant.

    Raises:
        BadInput: if it is neither.
    """
    local = now.astimezone(setup.zone).replace(tzinfo=None)
    try:
        if len(text) <= 5:
            clock = time.fromisoformat(text.zfill(5))
            said = datetime.combine(local.date(), clock)
            said = said if said > local else said + timedelta(days=1)
        else:
            said = datetime.fromisoformat(text).replace(tzinfo=None)
        return said.replace(tzinfo=setup.zone).astimezone(UTC)
    except (ValueError, OverflowError):  # no time, or one before UTC has any
        raise BadInput(f"{text!r} is not a time", "write 07:10, or 2026-11-20T07:10") from None
