"""The ledger in the store: entries read back, and one more appended after the head that was looked at."""

from __future__ import annotations

from collections.abc import Sequence

from beachhead import ledger
from beachhead.case.open import Launch
from beachhead.ledger import Entry, Head, Line, Said, Verdict
from beachhead.store import Link, Work, append, head, links, reading

CHAIN = "ledger"


def entries(launch: Launch) -> tuple[Entry, ...]:
    """Every entry, oldest first."""
    return tuple(ledger.entry_of(line.text) for line in _lines(launch)[0])


def ledger_head(launch: Launch) -> Head:
    """The end of the ledger as it stands."""
    with reading(launch.store) as work:
        number, sha256 = head(work, CHAIN)
    return Head(number=number, sha256=sha256)


def verify_ledger(launch: Launch, *, expected: str | None = None) -> Verdict:
    """Check that no row was altered, removed or reordered.

    Args:
        launch: the launch.
        expected: a digest noted elsewhere that must be on the chain.
    """
    lines, at = _lines(launch)
    return ledger.verify(lines, at, expected=expected)


def enter(work: Work, said: Sequence[Said], *, after: Head) -> Head:
    """Append entries within a transaction; OutOfDate if somebody else appended since `after`."""
    for item in said:
        entry, line = ledger.append(item, after=after)
        append(
            work,
            CHAIN,
            Link(number=line.number, sha256=line.sha256, predecessor=line.predecessor, body=line.text),
        )
        after = Head(number=entry.number, sha256=line.sha256)
    return after


def _lines(launch: Launch) -> tuple[tuple[Line, ...], Head]:
    with reading(launch.store) as work:
        kept = links(work, CHAIN)
        number, sha256 = head(work, CHAIN)
    lines = tuple(
        Line(number=link.number, sha256=link.sha256, predecessor=link.predecessor, text=link.body) for link in kept
    )
    return lines, Head(number=number, sha256=sha256)
