"""What is on record: prices by zone, charging sessions by home, household load; and reading them from files.

Time inside this room is counted in minutes (or hours) since 1970-01-01 00:00 on the wall clock of the home, so that
"07:10 on a working day" needs no zone. The two clock-change days have 24 rows like every other day: the missing hour
repeats the one before it, the doubled hour is the mean of both.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import gcd, isfinite
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from beachhead.world.errors import BadInput, Fault, Unlisted
from beachhead.world.figures import how_many

Floats = NDArray[np.float64]
Minutes = NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1)
MOST_HOURS = 60 * 8766
MOST_PRICE = 20_000.0
"""EUR/MWh beyond which a number is taken for a mistake; the coupled European auction stops at 5,000 (2024)."""
LEAST_PRICE = 5.0
"""EUR/MWh that some hour of any week exceeds; a file below it is written in EUR/kWh."""
MOST_SESSION_KWH = 250.0
"""kWh in one session beyond which a number is taken for Wh or a mistake; the largest batteries of cars hold 210."""
MOST_LOAD_KW = 500.0
"""Of a household, beyond which a number is taken for Wh or a mistake; fuses of homes stop below 100."""
MOST_CHARACTERS, MOST_ROWS = 512 * 2**20, 10_000_000
MOST_CELLS = 100_000_000
"""Of a table laid out hour by hour: 1,000 columns of eleven years."""
_MOST_LINE = 2**20
_MOST_FAULTS = 50
_LEAST_STEP = 15  # minutes: what is learnt tells hours apart, and half-hours of a departure
_LEAST_SPREAD = 5  # sessions of a home; fewer may all begin and end on the hour by chance
_SUMMER = (4, 9)  # months that lie wholly within summer time, north of the equator
_BLANK = ("", "na", "nan", "null")
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prices:
    """Hourly prices of several zones on local time.

    Attributes:
        zones: Z zone names.
        first_hour: hours from 1970-01-01 00:00 local to the first row.
        eur_per_kwh: (Z, H) day-ahead prices, EUR/kWh, no tax; NaN where nothing is on record.
    """

    zones: tuple[str, ...]
    first_hour: int
    eur_per_kwh: Floats

    def __post_init__(self) -> None:
        self.eur_per_kwh.setflags(write=False)

    def zone(self, name: str) -> Floats:
        """(H,) prices of one zone."""
        if name not in self.zones:
            cure = f"add that column, or name a market of the zones that are there: {', '.join(self.zones)}"
            raise BadInput(f"the price table has no zone {name!r}", cure)
        row: Floats = self.eur_per_kwh[self.zones.index(name)]
        return row

    def between(self, first: date, last: date) -> Prices:
        """The days from `first` to `last`, both included; zones with gaps in that span are left out."""
        start = day_hour(first) - self.first_hour
        stop = day_hour(last) + 24 - self.first_hour
        if start < 0 or stop > self.eur_per_kwh.shape[1]:
            raise BadInput(
                f"prices are on record for {hour_day(self.first_hour)} to {self.last_day}, asked for {first} to {last}",
                "give a price file that covers the span, or another year",
            )
        part = self.eur_per_kwh[:, start:stop]
        whole = np.flatnonzero(np.isfinite(part).all(axis=1))
        zones = tuple(self.zones[index] for index in whole)
        return Prices(zones=zones, first_hour=self.first_hour + start, eur_per_kwh=part[whole].copy())

    @property
    def last_day(self) -> date:
        """The last day on record."""
        return hour_day(self.first_hour + self.eur_per_kwh.shape[1] - 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Home:
    """The charging sessions of one home, in order of time, not overlapping.

    Attributes:
        name: user or home key.
        place: garage, block or town: what homes may have in common.
        plug_in: (N,) minutes since 1970-01-01 00:00 local.
        plug_out: (N,) likewise, each after its plug-in and not after the next.
        energy_kwh: (N,) charged in the session.
        power_kw: what the charger draws at most.
        battery_kwh: usable battery capacity.
    """

    name: str
    place: str
    plug_in: Minutes
    plug_out: Minutes
    energy_kwh: Floats
    power_kw: float
    battery_kwh: float

    def __post_init__(self) -> None:
        for array in (self.plug_in, self.plug_out, self.energy_kwh):
            array.setflags(write=False)
        if (self.plug_out <= self.plug_in).any() or (self.plug_in[1:] < self.plug_out[:-1]).any():
            raise BadInput(f"{self.name}: sessions overlap or end before they begin", "mend the session file")

    @property
    def sessions(self) -> int:
        """N, the number of sessions."""
        return int(self.plug_in.size)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Load:
    """Household consumption of one home, without the car.

    Attributes:
        name: household key.
        first_hour: hours from 1970-01-01 00:00 local to the first row.
        slot_hours: length of a slot, hours.
        kwh: (H,) consumption in each slot.
    """

    name: str
    first_hour: int
    slot_hours: float
    kwh: Floats

    def __post_init__(self) -> None:
        self.kwh.setflags(write=False)


def day_hour(day: date) -> int:
    """Hours from 1970-01-01 00:00 to the beginning of a day."""
    return (day - _EPOCH.date()).days * 24


def hour_day(hour: int) -> date:
    """The day an hour lies in."""
    return date.fromordinal(_EPOCH.date().toordinal() + hour // 24)


def read_prices(path: Path) -> Prices:
    """Read a table of hourly (or finer) prices, EUR/MWh: a time column, then one column a zone.

    Comma, semicolon or tab, plain or gzipped; finer rows are averaged to the hour. A missing hour repeats the one
    before it (the spring clock change), a gap of up to three days repeats the day before it, longer gaps stay NaN.
    """
    zones, first, table = _hourly_means(path, "price table", "zone")
    if np.nanmax(np.abs(table), initial=0.0) > MOST_PRICE:
        raise BadInput(
            f"{path.name} holds a price of {table.flat[np.nanargmax(np.abs(table))]:,.0f} EUR/MWh",
            f"write EUR/MWh, at most {MOST_PRICE:,.0f} either way",
        )
    if table.shape[1] >= 168 and 0 < np.nanmax(np.abs(table), initial=0.0) < LEAST_PRICE:
        raise BadInput(
            f"{path.name} holds no price above {np.nanmax(np.abs(table)):.3g} EUR/MWh in {table.shape[1] // 24} days",
            "write EUR/MWh: a price of 0.085 EUR/kWh is 85",
        )
    return Prices(zones=zones, first_hour=first, eur_per_kwh=table / 1000.0)


def read_power(path: Path) -> tuple[int, Floats]:
    """Read the first column of a table of mean power, kW: (hour since 1970 local of the first, (H,) kWh in each hour).

    Steps and gaps as in `read_prices`.
    """
    _, first, table = _hourly_means(path, "table of power", "roof")
    return first, table[0]


def _hourly_means(path: Path, what: str, each: str) -> tuple[tuple[str, ...], int, Floats]:
    zones, minutes, values = _timed(path, f"holds no {what}", f"give a time column and one column for each {each}")
    hours = minutes // 60
    first, count = int(hours.min()), int(hours.max() - hours.min()) + 1
    if count > MOST_HOURS:
        raise BadInput(f"{path.name} spans {count // 8766} years", "look for a mistyped year in its first column")
    _require_room(path, count, len(zones))
    table = np.full((len(zones), count), np.nan)
    for column in range(len(zones)):
        known = np.isfinite(values[:, column])
        total = np.bincount(hours[known] - first, values[known, column], minlength=count)
        number = np.bincount(hours[known] - first, minlength=count)
        table[column] = _bridged(np.divide(total, number, out=np.full(count, np.nan), where=number > 0))
    return zones, first, table


def read_homes(sessions: Path, capacities: Path | None = None) -> tuple[Home, ...]:
    """Read homes from a session table (user_id, plugin_time, plugout_time, energy_session; location if known).

    `capacities` (user_id, charging_power, battery_capacity) states charger and battery; a home not named in it gets the
    least charger of the usual sizes that explains its sessions, and the battery of `_likely_battery`. Rows without an
    end, shorter than a minute or without energy are left out, as are those that end up to an hour before they begin
    (the autumn clock change); a session that runs into the next is cut there.

    Raises:
        BadInput: a cell that cannot be read, a session that ends before it begins, energy that no car takes.
    """
    known = read_capacities(capacities) if capacities else {}
    faults: list[Fault] = []
    raw: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
    places: dict[str, str] = {}
    for line, row in _records(sessions, ("user_id", "plugin_time", "plugout_time", "energy_session"), faults):
        if row["plugout_time"].strip().lower() in _BLANK:
            continue
        start = _moment(row["plugin_time"], sessions.name, line, "plugin_time", faults)
        end = _moment(row["plugout_time"], sessions.name, line, "plugout_time", faults)
        energy = _number(row["energy_session"], sessions.name, line, "energy_session", faults, blank=0.0)
        faults += _impossible(sessions.name, line, row, start, end, energy)
        if start is not None and end is not None and end > start and energy > 0:
            raw[row["user_id"].strip()].append((start, end, energy))
            places.setdefault(row["user_id"].strip(), row.get("location", ""))
    if faults:
        raise BadInput.of(faults, most=_MOST_FAULTS)
    if not raw:
        raise BadInput(f"{sessions.name} holds no session with an end and energy", "give one row a session")
    return tuple(_home(name, places[name], sorted(rows), known.get(name)) for name, rows in sorted(raw.items()))


def read_loads(path: Path) -> tuple[Load, ...]:
    """Read household loads: a time column at a fixed step, then one column a home, kWh in the step.

    Steps are an hour or a whole part of it; a missing row is filled as a blank is (`_filled`).

    Raises:
        BadInput: a cell that cannot be read, other steps, or a load that no home has.
    """
    cure = "give a time column and one column for each home"
    names, minutes, values = _timed(path, "holds no table of loads", cure)
    first = int(minutes.min()) // 60 * 60
    step = _step(path, minutes)
    place = (minutes - first) // step
    _require_room(path, int(place.max()) + 1, len(names))
    kwh = np.full((int(place.max()) + 1, len(names)), np.nan)
    kwh[place] = values
    if blank := [name for name, column in zip(names, kwh.T, strict=True) if not np.isfinite(column).any()]:
        raise BadInput(f"{path.name} says nothing about {', '.join(blank[:8])}", "leave columns out that are blank")
    if (most := np.nanmax(np.abs(kwh))) > MOST_LOAD_KW * step / 60:
        told = f"{path.name} holds a load of {most:,.0f} kWh in {step} minutes"
        raise BadInput(told, "write the kWh of each step; Wh divided by 1000")
    return tuple(
        Load(name=name, first_hour=first // 60, slot_hours=step / 60, kwh=_filled(kwh[:, column], 1440 // step))
        for column, name in enumerate(names)
    )


def _timed(path: Path, lacks: str, cure: str) -> tuple[tuple[str, ...], Minutes, Floats]:
    """A table with times in its first column: names of the others, (R,) minutes since 1970 local, (R, C) values."""
    rows = _rows(path)
    head = next(rows, [])
    kept = [(line, row) for line, row in enumerate(rows, start=2) if any(cell.strip() for cell in row)]
    if len(kept) < 2 or len(head) < 2:
        raise BadInput(f"{path.name} {lacks}", cure)
    names = tuple(name.strip() for name in head[1:])
    _require_room(path, len(kept), len(names))
    faults: list[Fault] = []
    minutes = np.zeros(len(kept), np.int64)
    values = np.full((len(kept), len(names)), np.nan)
    for index, (line, row) in enumerate(kept):
        if _is_given_up(faults, path.name, line):
            break
        if ragged := _ragged(row, len(head), path.name, line):
            faults.append(ragged)
            continue
        minutes[index] = _moment(row[0], path.name, line, head[0], faults) or 0
        for column, text in enumerate(row[1 : len(head)]):
            values[index, column] = _number(text, path.name, line, names[column], faults, blank=np.nan)
    if faults:
        raise BadInput.of(faults, most=_MOST_FAULTS)
    return names, minutes, values


def _require_room(path: Path, rows: int, columns: int) -> None:
    """Refuse a table that is small as written and large once every hour between its first and last has a row."""
    if rows * columns > MOST_CELLS:
        told = f"{path.name} has {columns:,} columns over {rows:,} steps of time"
        raise BadInput(told, f"leave out columns or years: at most {MOST_CELLS:,} numbers")


def _step(path: Path, minutes: NDArray[np.int64]) -> int:
    """Minutes from one row to the next; BadInput unless they make up hours and span two weeks."""
    apart = np.diff(np.sort(minutes))
    step, span = int(apart[apart > 0].min(initial=1441)), int(minutes.max() - minutes.min())
    if 60 % step:
        told = "never" if step > 1440 else f"{step} minutes"
        raise BadInput(f"the rows of {path.name} are {told} apart", "give one row each hour, or each 30 or 15 minutes")
    if not 14 * 1440 <= span + step <= 60 * MOST_HOURS:
        cure = "give two weeks or more, and look for a mistyped year in the first column"
        raise BadInput(f"{path.name} spans {span // 1440} days", cure)
    return step


def _impossible(
    file: str, line: int, row: dict[str, str], start: int | None, end: int | None, energy: float
) -> Iterator[Fault]:
    """What no session can be; each at its cell."""
    if not row["user_id"].strip():
        yield Fault(file=file, row=line, column="user_id", problem="is blank", cure="say whose session it was")
    if start is not None and end is not None and end < start - 60:
        written, cure = row["plugout_time"], "mend one of the two times, or leave the row out"
        problem = f"lies before its plug-in, {row['plugin_time']}"
        yield Fault(file=file, row=line, column="plugout_time", written=written, problem=problem, cure=cure)
    if not 0 <= energy <= MOST_SESSION_KWH:
        problem = "is less than nothing" if energy < 0 else "is more than any car holds"
        cure = "write the kWh charged; Wh divided by 1000"
        written = row["energy_session"]
        yield Fault(file=file, row=line, column="energy_session", written=written, problem=problem, cure=cure)


def _home(name: str, place: str, rows: list[tuple[int, int, float]], known: tuple[float, float] | None) -> Home:
    start = np.array([row[0] for row in rows])
    end = np.array([row[1] for row in rows])
    energy = np.array([row[2] for row in rows])
    end[:-1] = np.minimum(end[:-1], start[1:])
    good = end > start
    start, end, energy = start[good], end[good], energy[good]
    power, battery = known or (_likely_power(start, end, energy), _likely_battery(energy))
    start, end = spread_in_steps(start, end, 60 * energy / power)
    return Home(
        name=name,
        place=place,
        plug_in=start,
        plug_out=end,
        energy_kwh=energy,
        power_kw=power,
        battery_kwh=max(battery, float(energy.max())),
    )


def spread_in_steps(start: Minutes, end: Minutes, charging_minutes: Floats) -> tuple[Minutes, Minutes]:
    """Plug-ins and plug-outs (N,), spread evenly within the steps of a record by whole, half or quarter hours.

    What is learnt is finer than such a record: a departure at about seven would be taken for one before seven sharp. A
    moment moves to and fro by half a step at most, by the golden ratio and the root of two, whose multiples fill a
    stretch evenly; a session begins early enough to have charged what it did.
    """
    step = gcd(60, *start.tolist(), *end.tolist())
    if step < _LEAST_STEP or start.size < _LEAST_SPREAD:
        return start, end
    turn = np.arange(start.size)
    begin, finish = (
        moments + np.floor(step * ((turn * irrational + 0.5) % 1 - 0.5)).astype(np.int64)
        for moments, irrational in ((start, 0.6180339887), (end, 0.4142135624))
    )
    begin = np.minimum(begin, finish - np.minimum(end - start, np.ceil(charging_minutes).astype(np.int64)))
    finish[:-1] = np.minimum(finish[:-1], begin[1:])
    return begin, finish


def _likely_power(start: Minutes, end: Minutes, energy: Floats) -> float:
    """The least usual charger size that explains 95 % of the sessions."""
    need = float(np.quantile(energy * 60 / (end - start), 0.95))
    return next((size for size in (2.3, 3.7, 7.4, 11.0, 22.0) if size >= need), 22.0)


def _likely_battery(energy: Floats) -> float:
    """A quarter above the largest session, within 8..100 kWh: the largest session rarely starts from empty."""
    return float(np.clip(1.25 * energy.max(), 8.0, 100.0))


def read_capacities(path: Path) -> dict[str, tuple[float, float]]:
    """Charger (kW) and battery (kWh) by home, of a table user_id, charging_power, battery_capacity; blanks left out."""
    faults: list[Fault] = []
    found = {}
    for line, row in _records(path, ("user_id", "charging_power", "battery_capacity"), faults):
        power = _number(row["charging_power"], path.name, line, "charging_power", faults, blank=np.nan)
        battery = _number(row["battery_capacity"], path.name, line, "battery_capacity", faults, blank=np.nan)
        if power > 0 and battery > 0:
            found[row["user_id"].strip()] = (power, battery)
    if faults:
        raise BadInput.of(faults, most=_MOST_FAULTS)
    return found


def _records(path: Path, needed: tuple[str, ...], faults: list[Fault]) -> Iterator[tuple[int, dict[str, str]]]:
    rows = _rows(path)
    header = [name.strip().casefold() for name in next(rows, [])]
    missing = [name for name in needed if name not in header]
    if missing:
        raise BadInput(f"{path.name} has no column {', '.join(missing)}", f"columns needed: {', '.join(needed)}")
    for line, row in enumerate(rows, start=2):
        if _is_given_up(faults, path.name, line):
            return
        if not any(cell.strip() for cell in row):
            continue
        if ragged := _ragged(row, len(header), path.name, line):
            faults.append(ragged)
        else:
            yield line, dict(zip(header, row, strict=False))


def _is_given_up(faults: list[Fault], file: str, line: int) -> bool:
    """Whether a table is too faulty to be read on; then that is told as one fault more."""
    if len(faults) < 10 * _MOST_FAULTS:
        return False
    problem = "and what follows was not read, the table being too faulty"
    faults.append(Unlisted(file=file, row=line, problem=problem, cure="mend those listed"))
    return True


def _ragged(row: list[str], width: int, file: str, line: int) -> Fault | None:
    """A row with cells missing, or with more than the header names: a decimal comma would shift all that follow it."""
    if len(row) >= width and not any(cell.strip() for cell in row[width:]):
        return None
    problem = f"has {how_many(len(row), 'cell')} where the header has {width}"
    cure = "write decimals with a point, or separate by semicolons; a cell may be blank but must be there"
    return Fault(file=file, row=line, written=",".join(row), problem=problem, cure=cure)


def _rows(path: Path) -> Iterator[list[str]]:
    if not path.is_file():
        raise BadInput(f"no file {path}", "state the path of an existing CSV file (plain or .gz)")
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            head = stream.readline(_MOST_LINE)
            stream.seek(0)
            lines, delimiter = _lines(stream, path.name), max(_DELIMITERS, key=head.count)
            yield from csv.reader(lines, delimiter=delimiter, strict=True)  # an open quotation mark swallows rows else
    except (UnicodeError, csv.Error, OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{path.name} cannot be read as a table: {error}", "give CSV in UTF-8, plain or .gz") from error


def _lines(stream: TextIO, file: str) -> Iterator[str]:
    """The lines of a table; a packed file of some kilobytes may hold more than any memory does."""
    size = 0
    for number, line in enumerate(iter(lambda: stream.readline(_MOST_LINE), ""), start=1):
        size += len(line)
        if len(line) == _MOST_LINE:
            cure = "check that this is the right file and that its lines end"
            raise BadInput.of([Fault(file=file, row=number, problem="is a line longer than 1 MB", cure=cure)])
        if size > MOST_CHARACTERS or number > MOST_ROWS:
            problem = f"is where the table passes {MOST_CHARACTERS // 2**20} MB or {MOST_ROWS:,} rows"
            raise BadInput.of([Fault(file=file, row=number, problem=problem, cure="leave out years or homes")])
        yield line


def _moment(text: str, file: str, line: int, column: str, faults: list[Fault]) -> int | None:
    """Minutes since 1970-01-01 00:00 on the clock as written; a stated UTC offset is dropped: write local time.

    A time marked as UTC is refused: taken for local time, every hour of the file would be another one. A Z marks it,
    and an offset of nothing in the summer, when the clocks of all who keep Greenwich time in winter are an hour ahead.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        cure = "write local time like 2023-05-01 18:00"
        faults.append(Fault(file=file, row=line, column=column, written=text, problem="is not a time", cure=cure))
        return None
    is_summer = _SUMMER[0] <= moment.month <= _SUMMER[1]
    if text.strip()[-1:] in ("Z", "z") or (is_summer and moment.utcoffset() == timedelta(0)):
        cure = "write local time like 2023-05-01 18:00, or with its offset: 2023-05-01T18:00+02:00"
        faults.append(Fault(file=file, row=line, column=column, written=text, problem="is UTC, not local", cure=cure))
        return None
    delta = moment.replace(tzinfo=UTC) - _EPOCH.replace(tzinfo=UTC)
    return int(delta.total_seconds() // 60)


def _number(text: str, file: str, line: int, column: str, faults: list[Fault], *, blank: float) -> float:
    text = text.strip()
    if text.lower() in _BLANK:
        return blank
    try:
        value = float(text if "." in text else text.replace(",", "."))
        if isfinite(value):
            return value
        raise ValueError(text)
    except ValueError:
        cure = "write a plain number, or leave it blank"
        faults.append(Fault(file=file, row=line, column=column, written=text, problem="is not a number", cure=cure))
        return blank


def _bridged(series: Floats) -> Floats:
    """Fill gaps of up to three days with the same hour of the day before, a single first hour with the one before."""
    filled = series.copy()
    edges = np.diff(np.isnan(np.concatenate(([0.0], series, [0.0]))).astype(np.int8))
    for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
        if stop - start == 1 and start >= 1:
            filled[start] = filled[start - 1]
        elif stop - start <= 72 and start >= 24:
            for at in range(start, stop):
                filled[at] = filled[at - 24]
    return filled


def _filled(series: Floats, a_day: int) -> Floats:
    """Fill gaps with the same time a day (so many slots) before, else with the mean."""
    filled = series.copy()
    for at in np.flatnonzero(np.isnan(series)):
        before = filled[at - a_day] if at >= a_day else np.nan
        filled[at] = before if np.isfinite(before) else np.nanmean(series)
    return filled
