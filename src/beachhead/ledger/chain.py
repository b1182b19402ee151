"""Entries chained by hash (Haber & Stornetta 1991): whoever alters, removes or reorders one breaks the chain there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from beachhead.ledger.entry import Entry, Said, entry_of, text_of

FIRST = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of the chain, as noted apart from it.

    Attributes:
        number: number of the last entry, 0 while there is none.
        sha256: its digest, 64 zeros while there is none.
    """

    number: int = 0
    sha256: str = FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry as it lies in a table or file, not yet trusted.

    Attributes:
        number: its place.
        sha256: the digest written beside it.
        predecessor: the digest it claims to follow.
        text: what it says.
    """

    number: int
    sha256: str
    predecessor: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A place at which the chain does not hold.

    Attributes:
        number: the entry at fault.
        what: what is wrong with it, as a sentence.
    """

    number: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What checking the whole ledger found.

    Attributes:
        entries: how many lines were read.
        head: the head that the lines themselves lead to.
        breaks: every place at which the chain does not hold; none if it is whole.
    """

    entries: int
    head: Head
    breaks: tuple[Break, ...]

    @property
    def whole(self) -> bool:
        """True if nothing was altered, removed or reordered."""
        return not self.breaks


def append(said: Said, *, after: Head) -> tuple[Entry, Line]:
    """Give what was said its place after the head: the entry, and the line to keep."""
    entry = Entry(number=after.number + 1, predecessor=after.sha256, said=said)
    text = text_of(entry)
    return entry, Line(number=entry.number, sha256=_sha256(text), predecessor=entry.predecessor, text=text)


def verify(lines: Sequence[Line], head: Head, *, expected: str | None = None) -> Verdict:
    """Check every line against its digest, its predecessor and its place, and the last against the head.

    Args:
        lines: the ledger in the order in which it lies.
        head: the end of the chain, as noted when it was written.
        expected: a digest somebody wrote down elsewhere; it must be on the chain. Against a forger who rewrites the
            whole chain and its head, this is the only protection.
    """
    breaks = [fault for line, before in zip(lines, _before(lines), strict=True) for fault in _breaks(line, before)]
    reached = Head(number=lines[-1].number, sha256=lines[-1].sha256) if lines else Head()
    if reached.number < head.number:
        missing = f"entries {reached.number + 1} to {head.number} are" if head.number > reached.number + 1 else "it is"
        breaks.append(Break(number=reached.number + 1, what=f"{missing} missing at the end"))
    elif reached != head:
        breaks.append(
            Break(number=reached.number, what=f"the ledger should end with {head.number}, {head.sha256[:10]}")
        )
    if expected is not None and not any(line.sha256.startswith(expected) for line in lines):
        breaks.append(Break(number=reached.number, what=f"the entry {expected[:10]} you noted is not in the ledger"))
    return Verdict(entries=len(lines), head=reached, breaks=tuple(breaks))


def _before(lines: Sequence[Line]) -> list[Head]:
    return [Head(), *(Head(number=line.number, sha256=line.sha256) for line in lines[:-1])][: len(lines)]


def _breaks(line: Line, before: Head) -> list[Break]:
    found = []
    if line.number != before.number + 1:
        found.append(f"it stands after entry {before.number}: entries were removed or reordered here")
    if _sha256(line.text) != line.sha256:
        found.append("its text or its digest was altered")
    elif not _agrees(line):
        found.append("its number or predecessor was altered")
    if line.predecessor != before.sha256:
        found.append(f"it does not follow entry {before.number}: that one was altered, replaced or removed")
    return [Break(number=line.number, what=what) for what in found]


def _agrees(line: Line) -> bool:
    try:
        entry = entry_of(line.text)
    except ValueError:
        return False
    return (entry.number, entry.predecessor) == (line.number, line.predecessor)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
