"""From the record to sessions: when the cable went in and out, and what was drawn meanwhile.

What the plug said is made whole by three rules, so that a server's restart is no departure:

* not known for up to 12 hours and the same before and after: it was so all the while;
* not known for up to an hour and different before and after: it changed when it was known again;
* out for less than three minutes: it never was out.

A session whose begin or end falls into a longer gap is left out, as is one of whose energy more than a quarter of the
time is not known: both are counted. A charger that says nothing while the cable is out draws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from beachhead.home.log import Record
from beachhead.home.series import QUARTER, QUARTERS

Floats = NDArray[np.float64]

_SAME_SECONDS, _CHANGED_SECONDS, _FLAP_SECONDS, _LEAST_SECONDS = 12 * 3600, 3600, 180, 60
_MOST_UNKNOWN = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A span in which the cable was in, out, or (None) not known to be either; seconds since 1970 UTC."""

    begin: float
    end: float
    plugged: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The cable in from `begin` to `end` (seconds since 1970 UTC), and what was drawn, kWh."""

    begin: float
    end: float
    kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """What the record says of the car.

    Attributes:
        whole: sessions with begin, end and energy.
        open_since: begin of the one under way, seconds since 1970; None if the cable is out, or was in from the first.
        plugged: whether the cable was in when last heard of; None before anything was.
        heard: when that was.
        cut: sessions left out because begin or end fell into a gap.
        unmetered: sessions left out because their energy is not known.
    """

    whole: tuple[Session, ...]
    open_since: float | None
    plugged: bool | None
    heard: float | None
    cut: int
    unmetered: int


def sessions_of(record: Record) -> Sessions:
    """The sessions on record."""
    stays = stays_of(record)
    known = [stay for stay in stays if stay.plugged is not None]
    whole, cut, unmetered = [], 0, 0
    drawn = _Drawn(record, stays)
    for at, stay in enumerate(stays):
        if stay.plugged is not True or stay is known[-1]:
            continue
        if at == 0 or stays[at - 1].plugged is None or stays[at + 1].plugged is None:
            cut += 1
            continue
        kwh = drawn.kwh(stay.begin, stay.end)
        if kwh is None:
            unmetered += 1
        elif stay.end - stay.begin >= _LEAST_SECONDS:
            whole.append(Session(begin=stay.begin, end=stay.end, kwh=kwh))
    last = known[-1] if known else None
    begun = last is not None and bool(last.plugged) and last is not stays[0]
    after_out = begun and last is not None and stays[stays.index(last) - 1].plugged is False
    return Sessions(
        whole=tuple(whole),
        open_since=last.begin if last is not None and after_out else None,
        plugged=None if last is None else last.plugged,
        heard=None if last is None else last.end,
        cut=cut,
        unmetered=unmetered,
    )


def drawn_since(record: Record, begin: float) -> float:
    """What was drawn since a moment, as far as it is known, kWh."""
    total = 0.0
    for at, kwh in _quarters_at(record, "charger"):
        over = min(max((at + QUARTER - begin) / QUARTER, 0.0), 1.0)
        total += kwh * over
    return total


def drawn_by_quarter(record: Record, session: Session) -> list[tuple[int, float]]:
    """(begin, kWh) of each quarter of an hour that a session touches, scaled so that they sum to its energy."""
    touched = dict(_touched(session.begin, session.end))
    known = [(at, kwh) for at, kwh in _quarters_at(record, "charger") if at in touched]
    total = sum(kwh for _, kwh in known)
    scale = session.kwh / total if total > 0 else 0.0
    return [(at, scale * kwh) for at, kwh in known]


def stays_of(record: Record) -> tuple[Stay, ...]:
    """The spells of all days in a row, made whole by the rules above; from the first to the last that is known."""
    raw: list[Stay] = []
    for day, spells in sorted(record.spells.items()):
        for spell in spells:
            begin, end = epoch_of(day) + spell.begin, epoch_of(day) + spell.end
            if raw and raw[-1].end < begin:
                raw.append(Stay(begin=raw[-1].end, end=begin, plugged=None))
            raw.append(Stay(begin=begin, end=end, plugged=spell.plugged))
    return _without_flaps(_bridged(_joined(raw)))


def epoch_of(day: date) -> float:
    """Seconds from 1970 to the midnight (UTC) a day begins with."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _joined(stays: Sequence[Stay]) -> list[Stay]:
    found: list[Stay] = []
    for stay in stays:
        if found and found[-1].plugged == stay.plugged:
            found[-1] = Stay(begin=found[-1].begin, end=stay.end, plugged=stay.plugged)
        elif stay.end > stay.begin:
            found.append(stay)
    return found


def _bridged(stays: list[Stay]) -> list[Stay]:
    """Gaps closed by the first two rules; the neighbours of a gap are known, or it would not be one gap."""
    found = list(stays)
    for at in range(1, len(found) - 1):
        gap, before, after = found[at], found[at - 1], found[at + 1]
        if gap.plugged is None:
            most = _SAME_SECONDS if before.plugged == after.plugged else _CHANGED_SECONDS
            if gap.end - gap.begin <= most:
                found[at] = Stay(begin=gap.begin, end=gap.end, plugged=before.plugged)
    return _joined(found)


def _without_flaps(stays: list[Stay]) -> tuple[Stay, ...]:
    found = list(stays)
    for at in range(1, len(found) - 1):
        out = found[at]
        short = out.plugged is False and out.end - out.begin < _FLAP_SECONDS
        if short and found[at - 1].plugged and found[at + 1].plugged:
            found[at] = Stay(begin=out.begin, end=out.end, plugged=True)
    return tuple(_joined(found))


class _Drawn:
    """What the charger drew, by quarter of an hour; one that two sessions share is split by their time in it."""

    def __init__(self, record: Record, stays: Sequence[Stay]) -> None:
        self._kwh = dict(_quarters_at(record, "charger"))
        self._plugged: dict[int, float] = {}
        for stay in stays:
            if stay.plugged:
                for at, seconds in _touched(stay.begin, stay.end):
                    self._plugged[at] = self._plugged.get(at, 0.0) + seconds

    def kwh(self, begin: float, end: float) -> float | None:
        """Energy of a session; None if more than a quarter of its time is not known."""
        total = unknown = 0.0
        for at, seconds in _touched(begin, end):
            kwh = self._kwh.get(at)
            if kwh is None:
                unknown += seconds
            else:
                total += kwh * seconds / self._plugged[at]
        return None if unknown > _MOST_UNKNOWN * (end - begin) else total


def _touched(begin: float, end: float) -> list[tuple[int, float]]:
    """Each quarter of an hour (its begin, seconds since 1970) that a span touches, and for how many seconds."""
    first = int(begin // QUARTER) * QUARTER
    return [
        (at, min(end, at + QUARTER) - max(begin, at)) for at in range(first, int(np.ceil(end)), QUARTER) if at < end
    ]


def _quarters_at(record: Record, use: str) -> list[tuple[int, float]]:
    """(begin, kWh) of every quarter of an hour that is known."""
    return [
        (int(epoch_of(day)) + QUARTER * slot, float(values[slot]))
        for day, values in sorted(record.quarters.get(use, {}).items())
        for slot in np.flatnonzero(np.isfinite(values)).tolist()
    ]


def quarters_between(record: Record, use: str, first: date, last: date) -> Floats:
    """(D x 96,) of what is on record of a use from the first to the last day (UTC); NaN where nothing is."""
    days = (last - first).days + 1
    table = np.full((days, QUARTERS), np.nan)
    for day, values in record.quarters.get(use, {}).items():
        at = (day - first).days
        if 0 <= at < days:
            table[at] = values
    return table.reshape(-1)


def unplugged_quarters(record: Record, first: date, last: date) -> NDArray[np.bool_]:
    """(D x 96,) the quarters of an hour in which the cable was out from begin to end."""
    days = (last - first).days + 1
    origin = epoch_of(first)
    out = np.zeros(days * QUARTERS, dtype=bool)
    for stay in stays_of(record):
        if stay.plugged is False:
            begin = int(np.ceil((stay.begin - origin) / QUARTER))
            end = int((stay.end - origin) // QUARTER)
            out[max(begin, 0) : max(end, 0)] = True
    return out


def day_after(day: date) -> date:
    """The next day."""
    return day + timedelta(days=1)
