"""Takes in files of cars, claims and workshop orders: kept whole or not at all, what they correct stays on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from beachhead import store
from beachhead.case.open import Launch
from beachhead.evidence.cell import nearest
from beachhead.evidence.observations import Known
from beachhead.evidence.tables.parts import PartRow
from beachhead.evidence.workshop import Seen, SeenCar, SeenClaim, SeenJob, WorkshopFile, read_workshop
from beachhead.store import Delivery, Row, Work
from beachhead.world.figures import how_many

TOPICS = ("service_cars", "service_claims", "service_jobs")

_MOST_NAMED = 5

_NOUNS: dict[str, type[Any]] = {"cars": SeenCar, "claims": SeenClaim, "jobs": SeenJob}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkshopReceipt:
    """What sending a file did.

    Attributes:
        file: file name.
        kind: `cars`, `claims` or `jobs`.
        new: rows that were not on record.
        corrected: rows on record that say something else now.
        withdrawn: rows on record that were taken back.
        unchanged: rows that say what is on record.
        on_record: rows of the kind on record now.
        sent_before: the delivery that said the same, if there was one; then nothing changed.
        doubts: sentences on what was taken in as written, but may be misspelt.
    """

    file: str
    kind: str
    new: int
    corrected: int
    withdrawn: int
    unchanged: int
    on_record: int
    sent_before: Delivery | None
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """All that is on record.

    Attributes:
        cars: cars handed over.
        claims: warranty claims.
        jobs: workshop orders.
    """

    cars: tuple[SeenCar, ...]
    claims: tuple[SeenClaim, ...]
    jobs: tuple[SeenJob, ...]


def send_workshop(
    launch: Launch, path: Path, *, who: str, at: datetime, today: date | None = None, trying: bool = False
) -> WorkshopReceipt:
    """Read a file of cars, claims or workshop orders and keep what it changes, in one transaction.

    Args:
        launch: the launch.
        path: CSV, XLSX or Parquet file.
        who: who sends it.
        at: when.
        today: days after it are refused; None to allow them.
        trying: say what would change, and change nothing.
    """
    folder = launch.folder
    known = Known(
        markets=frozenset(market.code for market in folder.markets),
        offers=frozenset(offer.code for offer in folder.offers),
        currencies=frozenset(folder.rates),
    )
    file = read_workshop(path, known=known, today=today)
    said, topic = _digest(file), _topic(file.kind)
    with (store.reading if trying else store.writing)(launch.store) as work:
        held = {version.key: version.body for version in store.current(work, topic)}
        before = next((d for d in reversed(store.deliveries(work, topic)) if d.sha256 == said), None)
        changes = {key: _text(noun) for key, noun in file.rows.items() if held.get(key) != _text(noun)}
        if changes and not trying:
            rows = [Row(key=key, body=body) for key, body in changes.items()]
            store.deliver(work, topic, rows, sha256=said, name=file.name, who=who, at=at)
        gone = sum(body is None for body in changes.values())
        new = sum(body is not None and key not in held for key, body in changes.items())
        return WorkshopReceipt(
            file=file.name,
            kind=file.kind,
            new=new,
            corrected=len(changes) - gone - new,
            withdrawn=gone,
            unchanged=len(file.rows) - len(changes),
            on_record=len(held) + (0 if trying else new - gone),
            sent_before=None if changes else before,
            doubts=tuple(parts_unlisted(launch, _parts(file), file.name)),
        )


def workshop(launch: Launch, until: date | None = None) -> Workshop:
    """Everything on record; with `until`, as it could be seen on that day."""
    with store.reading(launch.store) as work:
        cars: tuple[SeenCar, ...] = _held(work, "cars")
        claims: tuple[SeenClaim, ...] = _held(work, "claims")
        jobs: tuple[SeenJob, ...] = _held(work, "jobs")
    if until is None:
        return Workshop(cars=cars, claims=claims, jobs=jobs)
    return Workshop(
        cars=tuple(car for car in cars if car.delivered <= until),
        claims=tuple(claim for claim in claims if claim.opened <= until),
        jobs=tuple(job for job in jobs if job.called <= until),
    )


def parts_unlisted(launch: Launch, parts: Iterable[str], what: str) -> list[str]:
    """A sentence on parts named that parts.csv does not list, with what may be meant; none without parts.csv."""
    codes = {row.code for row in launch.folder.rows(PartRow)}
    strange = Counter(part for part in parts if part not in codes)
    if not codes or not strange:
        return []
    named = [_maybe(part, count, codes) for part, count in strange.most_common(_MOST_NAMED)]
    more = f" and {len(strange) - _MOST_NAMED} more" if len(strange) > _MOST_NAMED else ""
    listed = f"Parts in {what} that parts.csv does not list: {', '.join(named)}{more}."
    return [f"{listed} They count as written; a part spelled in two ways counts as two."]


def _parts(file: WorkshopFile) -> list[str]:
    """The part of each row that names one."""
    return [noun.part for noun in file.rows.values() if isinstance(noun, SeenClaim | SeenJob) and noun.part]


def _maybe(part: str, count: int, codes: set[str]) -> str:
    near = nearest(part, codes)
    return f"{part} in {how_many(count, 'row')}" + (f" (did you mean {near}?)" if near else "")


def _held(work: Work, kind: str) -> tuple[Any, ...]:
    return tuple(store.decode(v.body, _NOUNS[kind]) for v in store.current(work, _topic(kind)) if v.body)


def _topic(kind: str) -> str:
    return f"service_{kind}"


def _text(noun: Seen | None) -> str | None:
    return None if noun is None else store.encode(noun)


def _digest(file: WorkshopFile) -> str:
    return store.digest("\n".join(sorted(f"{key} {_text(noun)}" for key, noun in file.rows.items())))
