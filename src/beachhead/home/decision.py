"""What was decided, with its reason and what the other way would have cost: one row of the log each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from beachhead.charging.keep import UnderWay
from beachhead.store import Row, Store, current, decode, deliver, encode, reading, writing

TOPIC = "home_decision"


class Kind(StrEnum):
    """Why the charger is as it is.

    PLANNED: as planned. MANUAL: as the driver set it, until the next plug-in. AWAY: the cable is out, whoever comes may
    charge. FAILED: something is missing, so the car charges. STOPPED: Beachhead ended, so the car charges.
    """

    PLANNED = "planned"
    MANUAL = "manual"
    AWAY = "away"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided at a moment.

    Attributes:
        at: the moment, UTC.
        kind: why.
        charges: whether the charger may charge; None if it is left as the driver set it.
        amps: current it is set to; None where none is.
        followed: whether the charger was seen to be so; None if that is not known.
        did: what was sent to the server; empty if nothing had to change.
        why: the reason, in sentences.
        plugged_since: plug-in of the session, UTC; None while the cable is out.
        stored_kwh: energy in the battery; when the cable came out, if the car told it.
        trip_kwh: what the trip before the session took; None where that is not known.
        price_eur_per_kwh: of the hour at hand.
        other_costs_eur: what the other way would have cost more in expectation; None where nothing was planned.
        under_way: the plan, as the next one needs it.
        dry: True if nothing was sent because it was only tried.
    """

    at: datetime
    kind: Kind
    charges: bool | None
    amps: int | None = None
    followed: bool | None = None
    did: tuple[str, ...] = ()
    why: str
    plugged_since: datetime | None = None
    stored_kwh: float | None = None
    trip_kwh: float | None = None
    price_eur_per_kwh: float | None = None
    other_costs_eur: float | None = None
    under_way: UnderWay | None = None
    dry: bool = False


def write_decision(store: Store, decision: Decision) -> None:
    """Put a decision into the log."""
    body = encode(decision)
    digest = hashlib.sha256(body.encode()).hexdigest()
    row = Row(key=decision.at.astimezone(UTC).isoformat(), body=body)
    with writing(store) as work:
        deliver(work, TOPIC, [row], sha256=digest, name=decision.kind.value, who="home", at=decision.at)


def decisions(store: Store, last: int | None = None) -> tuple[Decision, ...]:
    """Every decision in the log in the order taken, or the `last` so many; a clock set back changes no order."""
    with reading(store) as work:
        taken = sorted(current(work, TOPIC), key=lambda version: version.delivery)
    found = [version.body for version in taken if version.body is not None]
    return tuple(decode(body, Decision) for body in (found if last is None else found[max(len(found) - last, 0) :]))
