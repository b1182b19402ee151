"""Answers already given, by idempotency key: a request sent again is answered, not carried out again."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from beachhead.store import Row, Store, body_of, deliver, in_turn, reading, writing
from beachhead.world.errors import BadInput

TOPIC = "request"


class InHand:
    """Requests that are being carried out, by key; safe to use from any thread.

    Kept in memory, and among the servers of one PostgreSQL schema by a lock there that ends with its server: a mark in
    the store would outlive a server that was killed, and its key be refused for ever.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._places: set[str] = set()

    @contextmanager
    def alone(self, store: Store, key: str | None, who: str, route: str) -> Iterator[None]:
        """Carry out one request of that key at a time; the same one sent meanwhile waits for the first's answer.

        Raises:
            NotStored: if another server is still at it after the store's `wait_seconds`.
        """
        if not key:
            yield
            return
        place = _place(key, who, route)
        with self._changed:
            self._changed.wait_for(lambda: place not in self._places)
            self._places.add(place)
        try:
            with in_turn(store, place):
                yield
        finally:
            with self._changed:
                self._places.discard(place)
                self._changed.notify_all()


def answered(store: Store, key: str | None, who: str, route: str, asked: str) -> str | None:
    """The answer given before to this person's key at a route, or None.

    Args:
        store: of the launch.
        key: from the header; nothing is remembered without one.
        who: the person asking.
        route: path of the request.
        asked: what is asked there, or a digest of it.

    Raises:
        BadInput: The key was sent with something else before.
    """
    if not key:
        return None
    with reading(store) as work:
        known = body_of(work, TOPIC, _place(key, who, route))
    if known is None:
        return None
    before, _, answer = known.partition("\n")
    if before != _digest(asked):
        raise key_used_before()
    return answer


def remember(store: Store, key: str | None, who: str, route: str, asked: str, answer: str) -> None:
    """Keep an answer under this person's key at a route, with what was asked."""
    if not key:
        return
    body = f"{_digest(asked)}\n{answer}"
    with writing(store) as work:
        row = Row(key=_place(key, who, route), body=body)
        deliver(work, TOPIC, [row], sha256=_digest(body), name="request", who=who, at=datetime.now(UTC))


def key_used_before() -> BadInput:
    """What a person is told whose key stands for something else already."""
    return BadInput("this Idempotency-Key was sent with another request before", "send a new key with each request")


def _place(key: str, who: str, route: str) -> str:
    return _digest(f"{who}\0{route}\0{key}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
