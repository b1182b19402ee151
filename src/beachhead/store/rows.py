"""Rows that may be corrected: each delivery adds versions, the last version of a key holds, every version stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import text

from beachhead.store.database import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What to keep under a key.

    Attributes:
        key: what the row is about, as text.
        body: what it says, as text; None withdraws the row.
    """

    key: str
    body: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A row as it stood after one delivery.

    Attributes:
        key: what the row is about.
        number: 1 for the first version, then counting up.
        body: what it says; None if this version withdraws it.
        delivery: number of the delivery that brought it.
    """

    key: str
    number: int
    body: str | None
    delivery: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something sent in once.

    Attributes:
        number: 1, 2, 3 ... over all topics.
        topic: what kind of rows it brought.
        sha256: digest of what it said, to know it again.
        name: file name or other origin.
        who: who sent it.
        at: when, UTC.
    """

    number: int
    topic: str
    sha256: str
    name: str
    who: str
    at: datetime


def deliver(work: Work, topic: str, rows: Iterable[Row], *, sha256: str, name: str, who: str, at: datetime) -> Delivery:
    """Keep the rows of one delivery, each as the next version of its key."""
    delivery = _register(work, topic, sha256=sha256, name=name, who=who, at=at)
    last = _last_numbers(work, topic)
    versions = []
    for row in rows:
        last[row.key] = last.get(row.key, 0) + 1
        versions.append(
            {"topic": topic, "key": row.key, "number": last[row.key], "body": row.body, "delivery": delivery.number}
        )
    insert = text(
        "INSERT INTO version (topic, key, number, body, delivery) VALUES (:topic, :key, :number, :body, :delivery)"
    )
    chunks = iter(versions)
    while chunk := list(islice(chunks, 10_000)):
        work.connection.execute(insert, chunk)
    return delivery


def current(work: Work, topic: str) -> tuple[Version, ...]:
    """The version that holds for each key, in key order; withdrawn rows are left out."""
    return tuple(version for version in _latest(work, topic) if version.body is not None)


def body_of(work: Work, topic: str, key: str) -> str | None:
    """What the row of that key says now; None if it was never sent, or is withdrawn."""
    found = work.connection.execute(
        text("SELECT body FROM version WHERE topic = :topic AND key = :key ORDER BY number DESC LIMIT 1"),
        {"topic": topic, "key": key},
    ).scalar_one_or_none()
    return None if found is None else str(found)


def history(work: Work, topic: str, key: str | None = None) -> tuple[Version, ...]:
    """Every version ever kept, of one key or of all, in order of key and number."""
    where = "topic = :topic" + ("" if key is None else " AND key = :key")
    found = work.connection.execute(
        text(f"SELECT key, number, body, delivery FROM version WHERE {where} ORDER BY key, number"),
        {"topic": topic} | ({} if key is None else {"key": key}),
    )
    return tuple(Version(**row._asdict()) for row in found)


def deliveries(work: Work, topic: str) -> tuple[Delivery, ...]:
    """Everything sent in on a topic, in order of arrival."""
    found = work.connection.execute(
        text("SELECT number, topic, sha256, name, who, at FROM delivery WHERE topic = :topic ORDER BY number"),
        {"topic": topic},
    )
    return tuple(Delivery(**{**row._asdict(), "at": datetime.fromisoformat(row.at)}) for row in found)


def newest_by_topic(work: Work) -> dict[str, int]:
    """Number of the newest delivery of each topic that has any; one question for all of them."""
    found = work.connection.execute(text("SELECT topic, MAX(number) AS newest FROM delivery GROUP BY topic"))
    return {row.topic: int(row.newest) for row in found}


def last_delivery(work: Work) -> int:
    """Number of the newest delivery of any topic; 0 before the first."""
    return int(work.connection.execute(text("SELECT COALESCE(MAX(number), 0) FROM delivery")).scalar_one())


def _register(work: Work, topic: str, **said: Any) -> Delivery:
    if said["at"].tzinfo is None:
        raise ValueError(f"{said['at']} has no time zone; instants are aware")
    delivery = Delivery(number=last_delivery(work) + 1, topic=topic, **said)
    work.connection.execute(
        text(
            "INSERT INTO delivery (number, topic, sha256, name, who, at)"
            " VALUES (:number, :topic, :sha256, :name, :who, :at)"
        ),
        {"number": delivery.number, "topic": topic, **said, "at": delivery.at.isoformat()},
    )
    return delivery


def _last_numbers(work: Work, topic: str) -> dict[str, int]:
    found = work.connection.execute(
        text("SELECT key, MAX(number) AS number FROM version WHERE topic = :topic GROUP BY key"), {"topic": topic}
    )
    return {row.key: row.number for row in found}


def _latest(work: Work, topic: str) -> Iterable[Version]:
    found = work.connection.execute(
        text(
            "SELECT v.key, v.number, v.body, v.delivery FROM version v"
            " JOIN (SELECT key, MAX(number) AS number FROM version WHERE topic = :topic GROUP BY key) newest"
            " ON v.key = newest.key AND v.number = newest.number WHERE v.topic = :topic ORDER BY v.key"
        ),
        {"topic": topic},
    )
    return (Version(**row._asdict()) for row in found)
