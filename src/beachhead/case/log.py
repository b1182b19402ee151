"""The ledger of a launch: say something, read it back, check it, export it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from beachhead import ledger, store
from beachhead.evidence.sheet import harmless
from beachhead.ledger import Act, Entry, Head, Line, Said, Verdict
from beachhead.store import Link, Store, Work
from beachhead.world.errors import NotStored, OutOfDate
from beachhead.world.ref import Ref

CHAIN = "ledger"
KEEPS_SCORE = (Act.FORECAST, Act.OUTCOME)
"""Acts that say how good odds are and decide nothing: a plan does not grow old by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What checking the ledger and the records it rests on found.

    Attributes:
        verdict: of the chain.
        records: how many records the entries name.
        faults: one sentence for each record that is missing or altered.
    """

    verdict: Verdict
    records: int
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """True if chain and records are as they were written."""
        return self.verdict.whole and not self.faults


def head(work: Work) -> Head:
    """The end of the ledger; whoever decides names the head that they saw."""
    number, sha256 = store.head(work, CHAIN)
    return Head(number=number, sha256=sha256)


def say(work: Work, said: Said, *, seen: Head | None = None) -> Entry:
    """Append to the ledger within a transaction; OutOfDate if the head is no longer the one seen."""
    end = head(work)
    if seen is not None and seen != end:
        raise OutOfDate(_what_came(work, seen), "look at it, then decide again")
    entry, line = ledger.append(said, after=end)
    link = Link(number=line.number, sha256=line.sha256, predecessor=line.predecessor, body=line.text)
    store.append(work, CHAIN, link)
    return entry


def entries(work: Work) -> tuple[Entry, ...]:
    """Every entry in order; NotStored if one does not read, which `check` explains."""
    try:
        return tuple(ledger.entry_of(link.body) for link in store.links(work, CHAIN))
    except ValueError as error:
        raise NotStored(f"the ledger of {work.store.name} was altered ({error})", "see `log --verify`") from error


def since(work: Work, sha256: str) -> tuple[Entry, ...]:
    """The entries after the one with that digest; all, if it is none of the ledger's."""
    said = entries(work)
    if head(work).sha256 == sha256:
        return ()
    first = next((place for place, entry in enumerate(said) if entry.predecessor == sha256), 0)
    return said[first:]


def whole(kept: Store) -> tuple[tuple[Entry, ...], Head]:
    """Every entry and the head, as they stand at one moment."""
    with store.reading(kept) as work:
        return entries(work), head(work)


def check(kept: Store, *, expected: str | None = None) -> Check:
    """Check the chain, and every record that an entry names."""
    with store.reading(kept) as work:
        return _check(work, expected)


def as_csv(kept: Sequence[Entry]) -> str:
    """The ledger as CSV, one line for each entry and each of its stated odds."""
    out = io.StringIO()
    columns = (
        "number", "at", "who", "act", "market", "recommended", "chosen", "because", "event", "probability", "by",
        "forecaster", "outcome", "refs", "predecessor",
    )  # fmt: skip
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for entry in kept:
        writer.writerows([harmless(cell) for cell in row] for row in _csv_rows(entry))
    return out.getvalue()


def as_json(kept: Sequence[Entry]) -> str:
    """The ledger as a JSON list of entries, each as it was hashed."""
    return "[\n" + ",\n".join(ledger.text_of(entry) for entry in kept) + "\n]\n"


def _check(work: Work, expected: str | None) -> Check:
    lines = [
        Line(number=link.number, sha256=link.sha256, predecessor=link.predecessor, text=link.body)
        for link in store.links(work, CHAIN)
    ]
    verdict = ledger.verify(lines, head(work), expected=expected)
    readable = [entry for line in lines if (entry := _readable(line)) is not None]
    named = {ref: entry.number for entry in reversed(readable) for ref in entry.said.refs}
    faults, checked = [], set(named)
    while named:
        ref, number = named.popitem()
        try:
            within = _refs_within(store.text_of(work, ref)) - checked
        except NotStored as error:
            faults.append(f"entry {number} rests on {ref.kind} {ref.short}: {error.message}")
            continue
        checked |= within
        named |= dict.fromkeys(within, number)
    return Check(verdict=verdict, records=len(checked), faults=tuple(sorted(faults)))


def _what_came(work: Work, seen: Head) -> str:
    new = [entry.said for entry in entries(work) if entry.number > seen.number]
    told = "; ".join(f"{said.who}: {said.act} {said.market} {said.chosen}".rstrip() for said in new[:3])
    return f"the ledger went on while you decided ({told or 'it was restored from another copy'})"


def _readable(line: Line) -> Entry | None:
    try:
        return ledger.entry_of(line.text)
    except ValueError:
        return None


def _refs_within(body: str) -> set[Ref]:
    """References that a record makes to others."""
    found: set[Ref] = set()

    def note(tree: dict[str, Any]) -> None:
        if tree.get("is") == Ref.__name__:
            found.add(Ref(tree["kind"], tree["sha256"]))

    json.loads(body, object_hook=note)
    return found


def _csv_rows(entry: Entry) -> list[list[str]]:
    said = entry.said
    start = [str(entry.number), said.at.isoformat(), said.who, said.act.value, said.market]
    start += [said.recommended, said.chosen, said.because]
    end = [" ".join(map(str, said.refs)), entry.predecessor]
    odds = [[o.event, f"{o.probability:.6g}", o.by.isoformat(), o.forecaster, ""] for o in said.odds]
    odds += [[outcome.name, "", "", "", "yes" if outcome.happened else "no"] for outcome in said.outcomes]
    return [[*start, *each, *end] for each in odds or [[""] * 5]]
