"""Records by what they say: the same noun has the same reference, and a record never changes."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import text

from beachhead.store.codec import decode, digest, encode
from beachhead.store.database import Work
from beachhead.world.errors import NotStored
from beachhead.world.ref import Ref

N = TypeVar("N")


def put(work: Work, kind: str, noun: object) -> Ref:
    """Keep a dataclass as a record of that kind; keeping it twice changes nothing."""
    body = encode(noun)
    ref = Ref(kind, digest(body))
    work.connection.execute(
        text("INSERT INTO record (kind, sha256, body) VALUES (:kind, :sha256, :body) ON CONFLICT DO NOTHING"),
        {"kind": ref.kind, "sha256": ref.sha256, "body": body},
    )
    return ref


def ref_of(kind: str, noun: object) -> Ref:
    """The reference that a dataclass has as a record of that kind, whether or not it is kept."""
    return Ref(kind, digest(encode(noun)))


def get(work: Work, ref: Ref, kind: type[N]) -> N:
    """The noun a reference stands for, as a `kind`."""
    try:
        return decode(text_of(work, ref), kind)
    except (ValueError, TypeError, KeyError) as error:
        raise NotStored(
            f"{ref.kind} {ref.short} does not read as {kind.__name__}: {error}",
            "it was written by another version; use that version to read it",
        ) from error


def text_of(work: Work, ref: Ref) -> str:
    """The record's canonical text, after checking that it still says what its reference says."""
    body = work.connection.execute(
        text("SELECT body FROM record WHERE kind = :kind AND sha256 = :sha256"),
        {"kind": ref.kind, "sha256": ref.sha256},
    ).scalar_one_or_none()
    if body is None:
        raise NotStored(f"there is no {ref.kind} {ref.short} in {work.store.name}", "restore the store from a backup")
    if digest(body) != ref.sha256:
        raise NotStored(f"{ref.kind} {ref.short} was altered", "restore the store from a backup")
    return str(body)


def references(work: Work, kind: str) -> tuple[Ref, ...]:
    """Every record of that kind, in order of digest."""
    found = work.connection.execute(
        text("SELECT sha256 FROM record WHERE kind = :kind ORDER BY sha256"), {"kind": kind}
    ).scalars()
    return tuple(Ref(kind, sha256) for sha256 in found)
