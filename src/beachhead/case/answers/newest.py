"""What a room found last, by reference: plans count on it until something newer takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from beachhead.store import Row, Work, body_of, decode, deliver, encode
from beachhead.world.ref import Ref

_KEY = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """The newest record of a topic.

    Attributes:
        ref: where it stands.
        at: when it was kept, UTC.
    """

    FORMERLY: ClassVar[tuple[str, ...]] = ("_Made", "_Kept")

    ref: Ref
    at: datetime


def keep_newest(work: Work, topic: str, ref: Ref, *, name: str, who: str, at: datetime) -> None:
    """Point the topic to a record; what it pointed to before stays on record."""
    row = Row(key=_KEY, body=encode(Newest(ref=ref, at=at)))
    deliver(work, topic, [row], sha256=ref.sha256, name=name, who=who, at=at)


def drop_newest(work: Work, topic: str, *, sha256: str, name: str, who: str, at: datetime) -> None:
    """Let the topic point to nothing; `sha256` tells this act from others."""
    deliver(work, topic, [Row(key=_KEY, body=None)], sha256=sha256, name=name, who=who, at=at)


def newest(work: Work, topic: str) -> Newest | None:
    """What the topic points to; None while nothing was kept, or once it was dropped."""
    body = body_of(work, topic, _KEY)
    return None if body is None else decode(body, Newest)
