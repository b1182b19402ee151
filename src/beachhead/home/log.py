"""The home's log: what was recorded, day by day, and what was decided, in the SQLite file beside home.toml.

Everything goes through `store`: a day that a reading says nothing new about is not written again, and what was written
is never changed, only superseded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.home.series import QUARTERS, Spell, merged_quarters, merged_spells
from beachhead.store import FILE_NAME, Row, Store, Work, alone, current, deliver, open_store, reading, writing

Floats = NDArray[np.float64]

DAYS = "home_day"
RUN_LOCK = f"{FILE_NAME}-run"
"""Held by whoever runs the charger; named so that what leaves the log out, such as .gitignore, leaves it out too."""
WHO = "home server"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayRead:
    """A day (UTC) as read from the server.

    Attributes:
        day: the day.
        spells: of the plug.
        quarters: (96,) of each other thing that is recorded, by its use: kWh, or the price in its own unit.
    """

    day: date
    spells: tuple[Spell, ...]
    quarters: Mapping[str, Floats]


def open_log(folder: Path) -> Store:
    """The log of a home, made if it is missing."""
    return open_store(folder)


def only_run(folder: Path) -> AbstractContextManager[None]:
    """Run the charger of a home while nobody else does; two at once would take each other's orders for the driver's.

    Raises:
        NotStored: if somebody does already.
    """
    return alone(folder / RUN_LOCK, f"the charger of {folder} is run")


def keep_days(store: Store, days: list[DayRead], *, name: str, at: datetime) -> int:
    """Merge days into the log; how many of their rows said something new."""
    with writing(store) as work:
        kept = _kept(work)
        rows = []
        for read in days:
            for use, body in _bodies(read, kept).items():
                key = f"{read.day} {use}"
                if kept.get(key) != body:
                    kept[key] = body
                    rows.append(Row(key=key, body=body))
        if rows:
            digest = hashlib.sha256("\n".join(f"{row.key} {row.body}" for row in rows).encode()).hexdigest()
            deliver(work, DAYS, rows, sha256=digest, name=name, who=WHO, at=at.astimezone(UTC))
    return len(rows)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record:
    """All days of the log.

    Attributes:
        spells: of the plug, by day.
        quarters: (96,) by use and day.
    """

    spells: Mapping[date, tuple[Spell, ...]]
    quarters: Mapping[str, Mapping[date, Floats]]

    @property
    def first_day(self) -> date | None:
        """The first day on record; None while the log is empty."""
        days = [*self.spells, *(day for by_day in self.quarters.values() for day in by_day)]
        return min(days, default=None)


def recorded(store: Store) -> Record:
    """Everything on record."""
    with reading(store) as work:
        rows = _kept(work)
    return _record(rows)


def with_days(record: Record, days: Iterable[DayRead]) -> Record:
    """The record with days merged in that are not kept (yet)."""
    spells = dict(record.spells)
    quarters = {use: dict(by_day) for use, by_day in record.quarters.items()}
    for read in days:
        if read.spells:
            spells[read.day] = merged_spells(spells.get(read.day, ()), read.spells)
        for use, values in read.quarters.items():
            before = quarters.setdefault(use, {}).get(read.day)
            quarters[use][read.day] = values if before is None else merged_quarters(before, values)
    return Record(spells=spells, quarters=quarters)


def _record(rows: Mapping[str, str]) -> Record:
    spells: dict[date, tuple[Spell, ...]] = {}
    quarters: dict[str, dict[date, Floats]] = {}
    for key, body in sorted(rows.items()):
        day, use = key.split(" ", 1)
        if use == "plug":
            spells[date.fromisoformat(day)] = _spells(body)
        else:
            quarters.setdefault(use, {})[date.fromisoformat(day)] = _numbers(body)
    return Record(spells=spells, quarters=quarters)


def _kept(work: Work) -> dict[str, str]:
    return {version.key: version.body for version in current(work, DAYS) if version.body is not None}


def _bodies(read: DayRead, kept: Mapping[str, str]) -> dict[str, str]:
    """The text of each row of a day, what was kept of it merged in; nothing for one of which nothing is known."""
    before = kept.get(f"{read.day} plug")
    spells = read.spells if before is None else merged_spells(_spells(before), read.spells)
    found = {}
    if spells:
        found["plug"] = json.dumps([[spell.begin, spell.end, spell.plugged] for spell in spells])
    for use, values in read.quarters.items():
        before = kept.get(f"{read.day} {use}")
        merged = values if before is None else merged_quarters(_numbers(before), values)
        if np.isfinite(merged).any():
            found[use] = json.dumps([None if np.isnan(value) else value for value in merged.tolist()])
    return found


def _spells(body: str) -> tuple[Spell, ...]:
    return tuple(Spell(begin=begin, end=end, plugged=plugged) for begin, end, plugged in json.loads(body))


def _numbers(body: str) -> Floats:
    values = np.array([np.nan if value is None else value for value in json.loads(body)])
    return values if values.size == QUARTERS else np.full(QUARTERS, np.nan)
