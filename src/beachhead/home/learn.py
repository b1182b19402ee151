"""Read the server's history into the log, and say what the home is like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import numpy as np

from beachhead.home.home_assistant import Change, Server, State, history_of, state_of
from beachhead.home.log import DayRead, Record, keep_days, recorded
from beachhead.home.published import told_prices
from beachhead.home.series import DAY, QUARTERS, Gauge, energy_day, gauge_of, plug_day, price_day, unit_doubt
from beachhead.home.sessions import Session, Sessions, epoch_of, sessions_of
from beachhead.home.setup import Setup
from beachhead.home.tables import Tables, days_between, write_tables
from beachhead.store import Store
from beachhead.world.errors import BadInput

DAYS = 10
"""What a server keeps unless told otherwise."""
_BATCH = 30
_METERED = ("charger", "meter", "solar")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """When the car usually leaves on a kind of day: the first departure of each, minutes after midnight.

    Attributes:
        kind: "working days", "Saturdays" or "Sundays".
        days: number of days with a departure.
        low: 5 % quantile; the earliest below 20 days.
        median: half leave before.
        high: 95 % quantile; the latest below 20 days.
    """

    kind: str
    days: int
    low: float
    median: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What the log holds after a reading.

    Attributes:
        days_read: days asked of the server.
        new: rows of the log that said something new.
        first_day: first day on record; None while there is nothing.
        sessions: of the car.
        usual: departures by kind of day.
        kwh_a_session: median; None without a session.
        load_days: days of household load on record.
        price_hours: hours of prices on record, from the price entity.
        tables: the files written.
    """

    days_read: int
    new: int
    first_day: date | None
    sessions: Sessions
    usual: tuple[Usual, ...]
    kwh_a_session: float | None
    load_days: int
    price_hours: int
    tables: Tables


def learn(
    setup: Setup,
    server: Server,
    store: Store,
    now: datetime,
    *,
    days: int | None = None,
    tick: Callable[[float, float], None] | None = None,
) -> Learnt:
    """Read `days` days of history (default: since the last reading, at first ten) and derive sessions and tables.

    Raises:
        BadInput: if an entity is not there, or its unit is no energy.
        Unreachable: if the server does not answer; what was read before stays.
    """
    states = asked_states(setup, server)
    begin = begin_of(recorded(store), now) if days is None else now - timedelta(days=days - 1)
    asked, new, number = len(days_between(begin, now)), 0, 0
    for batch in _batches(read_days(setup, server, states, begin, now)):
        new += keep_days(store, batch, name=f"history to {batch[-1].day}", at=now)
        number += len(batch)
        if tick is not None:
            tick(number, asked)
    told = told_days(setup, states.get("price"), now)
    new += keep_days(store, told, name="prices told", at=now) if told else 0
    return derived(setup, recorded(store), days_read=asked, new=new)


def read_days(
    setup: Setup, server: Server, states: Mapping[str, State], begin: datetime, now: datetime
) -> Iterator[DayRead]:
    """What the server has on record of each day from `begin` on."""
    gauges = gauges_of(setup, states)
    carry: dict[str, tuple[Change, ...]] = {}
    for day in days_between(begin, now):
        changes = _read_day(setup, server, day, now, carry)
        yield _day(setup, gauges, day, now, changes)
        carry = {name: series[-1:] for name, series in changes.items()}


def begin_of(record: Record, now: datetime) -> datetime:
    """From when on to read: the last day that may not have been read to its end; ten days back at first."""
    heard = sessions_of(record).heard
    if heard is None:
        return now - timedelta(days=DAYS - 1)
    return min(datetime.fromtimestamp(heard, UTC), now) - timedelta(days=1)


def asked_states(setup: Setup, server: Server) -> dict[str, State]:
    """What every entity of the home says now, by its use.

    Raises:
        BadInput: naming all that the server does not know.
    """
    found = {use: state_of(server, name) for use, name in setup.entities.named.items()}
    absent = [f"{use} = {setup.entities.named[use]!r}" for use, state in found.items() if state is None]
    if absent:
        raise BadInput(f"{setup.url} does not know {', '.join(absent)}", "mend [entities] of home.toml")
    return {use: state for use, state in found.items() if state is not None}


def gauges_of(setup: Setup, states: Mapping[str, State]) -> dict[str, Gauge]:
    """How each metered entity is read; BadInput for a unit that is neither power, current nor energy.

    And for a price in another unit than home.toml says: what it told would stay in the log, out by a hundred or so.
    """
    price = states.get("price")
    problem, cure = ("", "") if price is None else unit_doubt(price.unit, setup)
    if price is not None and problem:
        raise BadInput(f"{price.entity} {problem}", cure)
    found = {}
    for use in _METERED:
        if use not in states:
            continue
        gauge = gauge_of(states[use].unit, use, setup)
        if gauge is None:
            raise BadInput(
                f"{states[use].entity} is in {states[use].unit or 'no unit'}", "name one in W, kW, A, Wh or kWh"
            )
        found[use] = gauge
    return found


def told_days(setup: Setup, price: State | None, now: datetime) -> list[DayRead]:
    """The prices that an entity tells for today and tomorrow, as days of the log."""
    if price is None:
        return []
    told = told_prices(price.attributes, setup, now)
    return [DayRead(day=day, spells=(), quarters={"price": values}) for day, values in told.items()]


def derived(setup: Setup, record: Record, *, days_read: int = 0, new: int = 0) -> Learnt:
    """Derive everything from a record and write the tables."""
    sessions = sessions_of(record)
    energies = [one.kwh for one in sessions.whole]
    meter, price = record.quarters.get("meter", {}), record.quarters.get("price", {})
    return Learnt(
        days_read=days_read,
        new=new,
        first_day=record.first_day,
        sessions=sessions,
        usual=usual_departures(setup, sessions.whole),
        kwh_a_session=float(np.median(energies)) if energies else None,
        load_days=len(meter),
        price_hours=int(sum(np.isfinite(values).sum() for values in price.values()) // 4),
        tables=write_tables(setup, record, sessions),
    )


def usual_departures(setup: Setup, sessions: Sequence[Session]) -> tuple[Usual, ...]:
    """The first departure of each day by kind of day, where there are at least three days."""
    first: dict[date, int] = {}
    for one in sessions:
        out = datetime.fromtimestamp(one.end, setup.zone)
        if out.hour >= 4:  # who comes home after midnight has not left for the day
            minute = 60 * out.hour + out.minute
            first[out.date()] = min(first.get(out.date(), minute), minute)
    found = []
    for kind, days in (("working days", range(5)), ("Saturdays", (5,)), ("Sundays", (6,))):
        minutes = [minute for day, minute in first.items() if day.weekday() in days]
        if len(minutes) >= 3:
            tails = (0.05, 0.95) if len(minutes) >= 20 else (0.0, 1.0)
            low, median, high = (float(np.quantile(minutes, level)) for level in (tails[0], 0.5, tails[1]))
            found.append(Usual(kind=kind, days=len(minutes), low=low, median=median, high=high))
    return tuple(found)


def _batches(days: Iterable[DayRead]) -> Iterator[list[DayRead]]:
    """A month at a time: what was read before a server gave out is kept."""
    rest = iter(days)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _read_day(
    setup: Setup, server: Server, day: date, now: datetime, carry: Mapping[str, Sequence[Change]]
) -> dict[str, tuple[Change, ...]]:
    """Changes of a day; first those that held at its midnight, from the moment they truly began if that was read."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    names = [name for use, name in setup.entities.named.items() if use in ("plug", "price", *_METERED)]
    end = min(midnight + timedelta(seconds=DAY), now)
    read = history_of(server, names, midnight, end)
    found = {}
    for name in names:
        before, series = tuple(carry.get(name, ())), read[name]
        if before and series and series[0].at <= midnight.timestamp() and series[0].text == before[-1].text:
            series = series[1:]
        found[name] = before + series
    return found


def _day(
    setup: Setup, gauges: Mapping[str, Gauge], day: date, now: datetime, changes: Mapping[str, Sequence[Change]]
) -> DayRead:
    midnight = epoch_of(day)
    until, names = min(now.timestamp(), midnight + DAY), setup.entities.named
    quarters = {use: energy_day(changes[names[use]], midnight, until, gauge) for use, gauge in gauges.items()}
    if "price" in names:
        quarters["price"] = price_day(changes[names["price"]], midnight, until, setup)
    spells = plug_day(changes[names["plug"]], midnight, until, setup)
    return DayRead(day=day, spells=spells, quarters={use: q for use, q in quarters.items() if q.size == QUARTERS})
