"""Chains: entries that each name the one before; an entry that names an old head is refused."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from beachhead.store.database import Work
from beachhead.world.errors import OutOfDate

FIRST = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of a chain, as it lies in the table.

    Attributes:
        number: 1, 2, 3 ...
        sha256: the entry's own digest.
        predecessor: digest of the entry before; 64 zeros for the first.
        body: what the entry says.
    """

    number: int
    sha256: str
    predecessor: str
    body: str


def append(work: Work, chain: str, link: Link) -> None:
    """Add a link; OutOfDate if the chain's head is no longer the predecessor it names."""
    last, sha256 = head(work, chain)
    if (link.number, link.predecessor) != (last + 1, sha256):
        raise OutOfDate(
            f"entry {link.number} was written to follow {link.predecessor[:10]}, but entry {last} came first",
            "look at what was added meanwhile, then decide again",
        )
    work.connection.execute(
        text(
            "INSERT INTO link (chain, number, sha256, predecessor, body)"
            " VALUES (:chain, :number, :sha256, :predecessor, :body)"
        ),
        {
            "chain": chain,
            "number": link.number,
            "sha256": link.sha256,
            "predecessor": link.predecessor,
            "body": link.body,
        },
    )
    work.connection.execute(
        text(
            "INSERT INTO head (chain, number, sha256) VALUES (:chain, :number, :sha256)"
            " ON CONFLICT (chain) DO UPDATE SET number = :number, sha256 = :sha256"
        ),
        {"chain": chain, "number": link.number, "sha256": link.sha256},
    )


def head(work: Work, chain: str) -> tuple[int, str]:
    """Number and digest of the last link; 0 and 64 zeros while the chain is empty."""
    found = work.connection.execute(
        text("SELECT number, sha256 FROM head WHERE chain = :chain"), {"chain": chain}
    ).one_or_none()
    return (0, FIRST) if found is None else (found.number, found.sha256)


def links(work: Work, chain: str) -> tuple[Link, ...]:
    """Every link as it lies in the table, in order of number; nothing is checked here."""
    found = work.connection.execute(
        text("SELECT number, sha256, predecessor, body FROM link WHERE chain = :chain ORDER BY number"),
        {"chain": chain},
    )
    return tuple(Link(**row._asdict()) for row in found)
