"""Answers already given, by idempotency key: a request sent again is answered, not carried out again."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from beachhead.store import Row, Store, body_of, deliver, reading, writing

TOPIC = "request"


def answered(store: Store, key: str | None, who: str, route: str) -> str | None:
    """The answer given before to this person's key at a route, or None."""
    if not key:
        return None
    with reading(store) as work:
        return body_of(work, TOPIC, _place(key, who, route))


def remember(store: Store, key: str | None, who: str, route: str, answer: str) -> None:
    """Keep an answer under this person's key at a route."""
    if not key:
        return
    sha256 = hashlib.sha256(answer.encode()).hexdigest()
    with writing(store) as work:
        row = Row(key=_place(key, who, route), body=answer)
        deliver(work, TOPIC, [row], sha256=sha256, name="request", who=who, at=datetime.now(UTC))


def _place(key: str, who: str, route: str) -> str:
    return hashlib.sha256(f"{who}\0{route}\0{key}".encode()).hexdigest()
