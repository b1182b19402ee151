"""Takes in observations: a file is kept whole or not at all, what it corrects stays on record."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from beachhead import store
from beachhead.evidence.arrive import Arrival, arrive
from beachhead.evidence.folder import Folder
from beachhead.evidence.mapping import read_mapping
from beachhead.evidence.observations import Known, read_observations
from beachhead.evidence.observed import ObservationFile, ObservedRow
from beachhead.evidence.renames import renamed, tells, under_both_codes
from beachhead.evidence.tables.renames import Renamed, RenameRow
from beachhead.evidence.tables.stores import StoreRow
from beachhead.pilot.count import CARS, counted
from beachhead.pilot.nowcast import Version as Sent
from beachhead.store import Delivery, Row, Store, Version, Work
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many
from beachhead.world.reading import Observation

TOPIC = "observation"
_NOTHING = Arrival(new=(), corrected=(), replaced=(), unchanged=0, late=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What sending a file did.

    Attributes:
        file: file name.
        arrival: what it changed on record.
        delivery: how it is on record; None if it changed nothing, or was only tried.
        sent_before: the delivery that said the same, if there was one; then nothing changed.
        on_record: rows on record now.
        first_ends: last day of the file's earliest row, by market as sent.
        unstarted: markets that no decision on record had started by then, where somebody looked (`with_unstarted`).
        added_up: its new rows, each with the row on record under another code of today's that is added to it.
    """

    file: str
    arrival: Arrival
    delivery: Delivery | None
    sent_before: Delivery | None
    on_record: int
    first_ends: Mapping[str, date] = field(default_factory=dict)
    unstarted: tuple[str, ...] = ()
    added_up: tuple[tuple[Observation, Observation], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowHistory:
    """One row through all its versions.

    Attributes:
        version: number of the version, 1 first.
        observation: what it said; None if it was withdrawn.
        delivery: the file that brought it.
    """

    version: int
    observation: Observation | None
    delivery: Delivery


def observe(
    folder: Folder,
    kept: Store,
    path: Path,
    *,
    who: str,
    at: datetime,
    mapping: Path | None = None,
    today: date | None = None,
    replacing: bool = False,
    anew: bool = False,
    trying: bool = False,
) -> Receipt:
    """Read a file of observations and keep what it changes, in one transaction.

    Args:
        folder: the launch.
        kept: its store.
        path: CSV, XLSX or Parquet file.
        who: who sends it.
        at: when.
        mapping: mapping file (TOML) of an export with other columns.
        today: rows that end later are refused; None to allow them.
        replacing: rows take the place of recorded rows that they overlap.
        anew: take the file's word again although the same was sent before.
        trying: say what would change, and change nothing.
    """
    rules = read_mapping(mapping) if mapping else None
    file = read_observations(path, known=known_codes(folder), mapping=rules, today=today)
    renames = folder.rows(RenameRow)
    return keep(kept, file, renames=renames, who=who, at=at, replacing=replacing, anew=anew, trying=trying)


def keep(
    kept: Store,
    file: ObservationFile,
    *,
    renames: Sequence[RenameRow] = (),
    who: str,
    at: datetime,
    replacing: bool = False,
    anew: bool = False,
    trying: bool = False,
) -> Receipt:
    """Keep rows that were read already, such as those sent by REST; see `observe`."""
    said, ends = _digest(file), _first_ends(file)
    with (store.reading if trying else store.writing)(kept) as work:
        before = next((d for d in reversed(store.deliveries(work, TOPIC)) if d.sha256 == said), None)
        if before is not None and not anew:
            return Receipt(
                file=file.name,
                arrival=_NOTHING,
                delivery=None,
                sent_before=before,
                on_record=_count(work),
                first_ends=ends,
            )
        arrival = arrive(_touched(work, file), file, replacing=replacing)
        twice = under_both_codes(arrival.new, observations(work), renames) if renames and arrival.new else ()
        rows = tuple(_rows(arrival))
        delivery = None
        if rows and not trying:
            delivery = store.deliver(work, TOPIC, rows, sha256=said, name=file.name, who=who, at=at)
            renamed(
                observations(work) if renames else (), renames, default_reach=_unasked
            )  # refuses what cannot be read
        return Receipt(
            file=file.name,
            arrival=arrival,
            delivery=delivery,
            sent_before=None,
            on_record=_count(work),
            first_ends=ends,
            added_up=twice,
        )


def added_up_sentence(rows: Sequence[tuple[Observation, Observation]]) -> str:
    """What to tell who sent rows that are added to those of another code; "" where there are none."""
    if not rows:
        return ""
    new, old = rows[0]
    some = f"{_named(new)}, and {_named(old)}" + (", for one" if len(rows) > 1 else "")
    return (
        f"By renames.csv {how_many(len(rows), 'new row')} and what another code has on record for the same days are "
        f"added up: {some}. If they are the same cars, send the row of the other code again with the word withdrawn in "
        "place of the numbers."
    )


def _named(row: Observation) -> str:
    return f"{' '.join(part for part in row.key if part)}, {row.start} to {row.end}"


def observations(work: Work) -> tuple[Observation, ...]:
    """The rows that hold now, in order of key and span."""
    return tuple(store.decode(version.body, Observation) for version in store.current(work, TOPIC) if version.body)


def rows_today(
    folder: Folder, work: Work, *, default_reach: Callable[[Observation], float | None]
) -> tuple[Observation, ...]:
    """The rows that hold now under the codes of today, as renames.csv says; arguments as in `renamed`."""
    return renamed(observations(work), folder.rows(RenameRow), default_reach=default_reach)


def row_histories(work: Work, words: Sequence[str] = ()) -> tuple[tuple[RowHistory, ...], ...]:
    """Every row ever sent that the words name, each through its versions with the file that brought them.

    Args:
        work: the open store.
        words: batch, market, offer, channel or store of the rows, or a day within their span; all must fit.

    Raises:
        BadInput: if no row on record fits.
    """
    by_number = {delivery.number: delivery for delivery in store.deliveries(work, TOPIC)}
    by_key: dict[str, list[RowHistory]] = defaultdict(list)
    for version in store.history(work, TOPIC):
        by_key[version.key].append(_history(version, by_number))
    found = [tuple(versions) for versions in by_key.values() if _fits(versions, words)]
    if not found:
        batches = sorted({row.batch for versions in by_key.values() for row in _said_in(versions)[:1]})
        some = ", ".join(batches[:8]) + (" ..." if len(batches) > 8 else "")
        cure = "name a batch, market, offer, channel, store or day" + (f"; batches are {some}" if some else "")
        raise BadInput(f"no row on record is of {' '.join(words) or 'any kind'}", cure)
    return tuple(sorted(found, key=lambda versions: _order(_said_in(versions)[0])))


def _said_in(versions: Sequence[RowHistory]) -> list[Observation]:
    return [version.observation for version in versions if version.observation is not None]


def _order(row: Observation) -> tuple[object, ...]:
    return (row.batch, row.market, row.offer or "", row.channel.value, row.store or "", row.start)


def _fits(versions: Sequence[RowHistory], words: Sequence[str]) -> bool:
    row = _said_in(versions)[0]
    codes = {str(part).casefold() for part in row.key if part is not None}
    return all(word.casefold() in codes or row.start.isoformat() <= word <= row.end.isoformat() for word in words)


def versions_sent(work: Work, *, until: date | None = None) -> tuple[tuple[Sent, ...], date | None]:
    """Every number ever sent for a span, and the day of the newest delivery; those that came later are left out."""
    day = {d.number: d.at.date() for d in store.deliveries(work, TOPIC)}
    came = {number: at for number, at in day.items() if until is None or at <= until}
    sent = [
        Sent(span=version.key, funnel=funnel, end=row.end, sent=came[version.delivery], count=count)
        for version in store.history(work, TOPIC)
        if version.body is not None and version.delivery in came
        for row in (store.decode(version.body, Observation),)
        for funnel in CARS
        if (count := counted(row, funnel)) is not None
    ]
    return tuple(sent), max(came.values(), default=None)


def known_codes(folder: Folder) -> Known:
    """Codes that a row may name: those of the launch, and those they had before."""
    moved = {code for row in folder.rows(RenameRow) if row.kind is Renamed.MARKET for code in (row.was, row.now)}
    was = {kind: {row.was for row in folder.rows(RenameRow) if row.kind is kind} for kind in Renamed}
    return Known(
        markets=frozenset(market.code for market in folder.markets) | was[Renamed.MARKET],
        offers=frozenset(offer.code for offer in folder.offers) | was[Renamed.OFFER],
        currencies=frozenset(folder.rates),
        stores=frozenset(row.code for row in folder.rows(StoreRow)) | was[Renamed.STORE],
        store_market={
            row.code: row.market
            for row in folder.rows(StoreRow)
            if row.code not in was[Renamed.STORE] and row.market not in moved
        },
    )


def _unasked(row: Observation) -> float | None:
    return row.reach


def _digest(file: ObservationFile) -> str:
    """Digest of what the rows say, whatever their order, form or file name."""
    return store.digest("\n".join(sorted(map(_said, file.rows))))


def _first_ends(file: ObservationFile) -> dict[str, date]:
    ends: dict[str, date] = {}
    for row in file.rows:
        seen = row.observation
        if not tells(seen):
            continue
        ends[seen.market] = min(seen.end, ends.get(seen.market, seen.end))
    return ends


def _said(row: ObservedRow) -> str:
    return f"{store.encode(row.observation)} {' '.join(sorted(row.withdrawn))}"


def _touched(work: Work, file: ObservationFile) -> list[Observation]:
    """Rows on record that share a key with the file; the others need not be read."""
    keys = {row.observation.key for row in file.rows}
    held = store.current(work, TOPIC)
    return [store.decode(v.body, Observation) for v in held if v.body and tuple(json.loads(v.key)[:5]) in keys]


def _rows(arrival: Arrival) -> list[Row]:
    gone = [Row(key=_key(row), body=None) for row in arrival.replaced]
    held = [*arrival.new, *(correction.after for correction in arrival.corrected)]
    return [*gone, *(Row(key=_key(row), body=store.encode(row)) for row in held)]


def _key(row: Observation) -> str:
    return json.dumps([*row.key, row.start.isoformat(), row.end.isoformat()], ensure_ascii=False)


def _count(work: Work) -> int:
    return len(store.current(work, TOPIC))


def _history(version: Version, deliveries: dict[int, Delivery]) -> RowHistory:
    said = None if version.body is None else store.decode(version.body, Observation)
    return RowHistory(version=version.number, observation=said, delivery=deliveries[version.delivery])
