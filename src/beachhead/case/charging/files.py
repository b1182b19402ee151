"""Prices, sessions and household loads kept in a launch's folder `charging`, and the habits learnt from them."""

from __future__ import annotations

import csv
import hashlib
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from beachhead.case.charging.home import AtHome, charging_home, charging_homes, first_monday, home_of, ready
from beachhead.case.open import Launch
from beachhead.charging.habit import Pool
from beachhead.charging.now import NowPlan
from beachhead.charging.peak import DAYS_BACK, laid
from beachhead.charging.record import (
    Load,
    Prices,
    hour_day,
    read_capacities,
    read_homes,
    read_loads,
    read_power,
    read_prices,
)
from beachhead.charging.tariff import Tariff, bundled_tariffs, tariff_of
from beachhead.store import Row, body_of, decode, deliver, encode, reading, writing
from beachhead.world.errors import BadInput, NotLearnt
from beachhead.world.figures import how_many

FOLDER = "charging"
TOPIC = "charging_page"
_ZIPPED = b"\x1f\x8b"


class Table(StrEnum):
    """A file that charging rests on; only the prices are needed."""

    PRICES = "prices"
    SESSIONS = "sessions"
    CHARGERS = "chargers"
    LOADS = "loads"
    SOLAR = "solar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Which files are there; without sessions, made-up drivers take their place.

    Attributes:
        prices: hourly prices by zone.
        sessions: charging sessions by home.
        chargers: charger and battery of each home.
        loads: load of each household, without the car.
        solar: what a roof gives: a forecast or a record.
    """

    prices: Path | None
    sessions: Path | None
    chargers: Path | None
    loads: Path | None = None
    solar: Path | None = None

    @property
    def stamp(self) -> str:
        """Changes whenever a file does that the plan of a car or a value rests on."""
        return _stamp(self.prices, self.sessions, self.chargers, self.loads)

    @property
    def whole(self) -> str:
        """Changes whenever one of the files does."""
        return _stamp(self.prices, self.sessions, self.chargers, self.loads, self.solar)

    @property
    def past(self) -> str:
        """Changes whenever the files that habits are learnt from do."""
        return _stamp(self.sessions, self.chargers)

    def need_prices(self) -> Path:
        """The price file; BadInput while there is none."""
        if self.prices is None:
            raise BadInput("there are no electricity prices yet", "send a table of hourly prices by zone")
        return self.prices


def kept_files(folder: Path) -> Kept:
    """The files of a launch folder."""
    found = {table: _path_of(folder, table) for table in Table}
    return Kept(**{table.value: path for table, path in found.items()})


def keep_file(launch: Launch, table: Table, sent: Path, *, who: str, at: datetime) -> str:
    """Read a file, and keep it if nothing is wrong with it; what it holds, in a sentence.

    Raises:
        BadInput: with every fault at its row and column; then nothing is kept.
    """
    zipped = sent.read_bytes()[:2] == _ZIPPED
    room = launch.path / FOLDER
    room.mkdir(exist_ok=True)
    before = _path_of(launch.path, table)
    after = room / f"{table.value}.csv{'.gz' if zipped else ''}"
    with TemporaryDirectory(dir=room, prefix=".new-") as beside:  # one for each sender: two at once meet nowhere
        text = Path(beside) / after.name
        text.write_bytes(sent.read_bytes() if zipped else sent.read_bytes().rstrip() + b"\n")
        try:
            said = _checked(launch.path, table, text)
        except (UnicodeError, csv.Error, OSError, EOFError, zlib.error) as error:
            raise BadInput(f"{table.value} cannot be read as a table: {error}", "send CSV, plain or gzipped") from error
        except BadInput as error:
            raise _called(error, text.name, table) from error
        text.replace(after)
    if before is not None and before != after:
        before.unlink()
    _remember(launch, table, who=who, at=at)
    return said


def drop_file(launch: Launch, table: Table, *, who: str, at: datetime) -> None:
    """Take a file away again; nothing happens if it is not there."""
    path = _path_of(launch.path, table)
    if path is not None:
        path.unlink()
        _remember(launch, table, who=who, at=at)


def tariffs_here(launch: Launch, prices: Prices) -> tuple[Tariff, ...]:
    """Tariffs of the launch's markets whose price zone is on record."""
    codes = {market.code for market in launch.folder.markets}
    return tuple(t for t in bundled_tariffs().values() if t.market in codes and t.zone in prices.zones)


def home_names(kept: Kept, day: date) -> tuple[str, ...]:
    """Homes that can be planned for on a day, those with the most sessions before it first."""
    homes = charging_homes(kept.sessions, kept.chargers, first_day=date(day.year, 1, 1))
    if kept.sessions is None:
        return tuple(home.name for home in homes)
    return tuple(home.name for home in sorted(homes, key=lambda home: -home.sessions))


def learn_home(launch: Launch, home: str, market: str, year: int, *, who: str, at: datetime) -> str:
    """Learn what other homes have in common, the prior of this one, and keep it; its digest."""
    kept = kept_files(launch.path)
    found = charging_home(
        kept.need_prices(), market=market, home=home, year=year, sessions=kept.sessions, chargers=kept.chargers
    )
    body = encode(found.pool)
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    rows = [Row(key=_pool_key(kept, home, year), body=body)]
    with writing(launch.store) as work:
        deliver(work, TOPIC, rows, sha256=sha256, name=f"charging habits beside {home}", who=who, at=at)
    return sha256


def learnt_pool(launch: Launch, home: str, year: int) -> Pool:
    """What `learn_home` kept; NotLearnt while there is nothing."""
    key = _pool_key(kept_files(launch.path), home, year)
    with reading(launch.store) as work:
        body = body_of(work, TOPIC, key)
    if body is None:
        raise NotLearnt(
            f"what {home} has in common with the other homes is not learnt yet", "start a job charging_home"
        )
    return decode(body, Pool)


def at_home(
    kept: Kept, table: Prices, pool: Pool, loads: tuple[Load, ...] = (), *, market: str, home: str, year: int
) -> AtHome:
    """A home ready to be planned for, from what was read and learnt before.

    Its load is that of the household of its name, else the first on record; where the tariff charges for the monthly
    peak and none is, a made-up one (as `charging_home`).
    """
    homes = charging_homes(kept.sessions, kept.chargers, first_day=first_monday(year))
    mine = home_of(homes, home)
    load = next((one for one in loads if one.name == home), loads[0] if loads else None)
    return ready(mine, pool, table, tariff_of(market), load, year=year)


def expected_load(car: AtHome, hour: int, count: int) -> np.ndarray | None:
    """(count,) kW the household is expected to draw from `hour` on: the mean of the same hours of six past weeks."""
    if car.load is None:
        return None
    past: np.ndarray = laid(car.load, hour - 24 * DAYS_BACK, hour).reshape(-1, 168).mean(0)
    return past[np.arange(count) % 168]


def stored_band(plan: NowPlan) -> tuple[np.ndarray, np.ndarray]:
    """(T + 1,) lower and upper end of the energy that the battery holds by each hour, or held when the car left.

    The central 90 % over departures: a car that leaves early keeps what it had then. Stored energy never falls while a
    car that only charges is plugged in, so the ends are the energy at the 5 % and at the 95 % departure.
    """
    gone = 1.0 - plan.there
    early, late = (int(np.argmax(gone >= level)) if gone[-1] >= level else gone.size - 1 for level in (0.05, 0.95))
    hours = np.arange(gone.size)
    return plan.stored_kwh[np.minimum(hours, early)], plan.stored_kwh[np.minimum(hours, late)]


def last_evening(table: Prices, tariff: Tariff) -> datetime:
    """A moment to show a plan for: six in the evening, with two days of prices to follow it by."""
    known = np.flatnonzero(np.isfinite(table.zone(tariff.zone)))
    last = datetime(1970, 1, 1) + timedelta(hours=table.first_hour + int(known[-1]) if known.size else 0)
    return (last - timedelta(days=2)).replace(hour=18, minute=0)


def _checked(folder: Path, table: Table, file: Path) -> str:
    """Read the file as it will be read; what it holds, in a sentence."""
    if table is Table.PRICES:
        prices = read_prices(file)
        first = date(1970, 1, 1) + timedelta(hours=prices.first_hour)
        zones = f"{how_many(len(prices.zones), 'zone')} ({', '.join(prices.zones)})"
        return f"Hourly prices of {zones}, {first} to {prices.last_day}."
    if table is Table.LOADS:
        loads = read_loads(file)
        days = round(loads[0].kwh.size * loads[0].slot_hours / 24)
        return f"Loads of {how_many(len(loads), 'household')} for {how_many(days, 'day')}."
    if table is Table.SOLAR:
        begins, kwh = read_power(file)
        if not (kwh[np.isfinite(kwh)] >= 0).all() or not np.isfinite(kwh).any():
            raise BadInput(f"{file.name} holds a roof that gives less than nothing, or no number", "give kW, 0 or more")
        return f"What the roof gives: {kwh.size:,} hours from {hour_day(begins)}, at most {np.nanmax(kwh):.1f} kW."
    sessions = file if table is Table.SESSIONS else _path_of(folder, Table.SESSIONS)
    if sessions is None:
        raise BadInput("there are no sessions yet that these chargers belong to", "send the sessions first")
    chargers = file if table is Table.CHARGERS else _path_of(folder, Table.CHARGERS)
    homes = read_homes(sessions, chargers)
    if len(homes) < 2:
        cure = "send sessions of at least two homes: habits are learnt from others"
        raise BadInput(f"{how_many(len(homes), 'home')} with sessions", cure)
    if table is Table.CHARGERS:
        named = read_capacities(file)
        if not (known := [home.name for home in homes if home.name in named]):
            cure = f"write user_id as the sessions do, such as {homes[0].name}"
            raise BadInput(f"{file.name} names no home of the sessions with its charger and battery", cure)
        return f"Charger and battery of {len(known)} of {len(homes)} homes with sessions."
    return f"{how_many(sum(home.sessions for home in homes), 'session')} of {len(homes)} homes."


def _called(error: BadInput, name: str, table: Table) -> BadInput:
    """The error with the file's name as the sender knows it."""
    if not error.faults:
        return BadInput(error.message.replace(name, table.value), error.hint)
    return BadInput.of([replace(fault, file=table.value) for fault in error.faults])


def _path_of(folder: Path, table: Table) -> Path | None:
    """The file of a table; the newer of two, where whoever sent it was stopped before the older one was taken away."""
    names = (f"{table.value}.csv", f"{table.value}.csv.gz")
    found = [path for name in names if (path := folder / FOLDER / name).is_file()]
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


def _stamp(*files: Path | None) -> str:
    return hashlib.sha256("|".join(_mark(path) for path in files if path is not None).encode()).hexdigest()


def _mark(file: Path) -> str:
    """Name, size and time of a file; "" where another was sent, or it was taken away, since it was found."""
    try:
        seen = file.stat()
    except FileNotFoundError:
        return ""
    return f"{file.name}:{seen.st_size}:{seen.st_mtime_ns}"


def _pool_key(kept: Kept, home: str, year: int) -> str:
    """Habits on record do not depend on the year; made-up drivers live in one."""
    return f"charging:pool:{kept.past[:16] if kept.sessions else year}:{home}"


def _remember(launch: Launch, table: Table, *, who: str, at: datetime) -> None:
    """Pages ask again, and who sent the file stays on record."""
    stamp = kept_files(launch.path).whole
    rows = [Row(key=f"charging:{table.value}", body=stamp)]
    with writing(launch.store) as work:
        deliver(work, TOPIC, rows, sha256=stamp, name=f"charging {table.value}", who=who, at=at.astimezone(UTC))
