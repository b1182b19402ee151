"""Dates and instants of a table as days in the market's own time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from beachhead.evidence.cell import country_codes
from beachhead.evidence.mapping import Mapping
from beachhead.evidence.tables.observations import DAYS
from beachhead.evidence.textfile import Grid, Line
from beachhead.evidence.zone import first_day, last_day, zone_of
from beachhead.world.errors import BadInput, Fault


def with_days(grid: Grid, mapping: Mapping | None, file: str) -> Grid:
    """The table with every instant turned into a day; lines whose dates do not read are left out, with their fault."""
    places = [(place, name) for place, name in enumerate(grid.header) if name in DAYS]
    if not places or "market" not in grid.header:
        return grid
    at = grid.header.index("market")
    lines, faults = [], list(grid.faults)
    for line in grid.lines:
        if len(line.cells) != len(grid.header):
            lines.append(line)
            continue
        days = {place: _day(line.cells[place], name, line.cells[at], mapping) for place, name in places}
        wrong = {place: refused for place, refused in days.items() if isinstance(refused, tuple)}
        faults += [_fault(line, grid.header[place], place, refused, file) for place, refused in wrong.items()]
        if not wrong:
            cells: Sequence[str | tuple[str, str]] = [days.get(place, cell) for place, cell in enumerate(line.cells)]
            lines.append(Line(line.number, tuple(str(cell) for cell in cells)))
    return replace(grid, lines=tuple(lines), faults=tuple(faults))


def _fault(line: Line, column: str, place: int, refused: tuple[str, str], file: str) -> Fault:
    problem, cure = refused
    return Fault(file=file, row=line.number, column=column, written=line.cells[place], problem=problem, cure=cure)


def _day(written: str, name: str, market: str, mapping: Mapping | None) -> str | tuple[str, str]:
    """YYYY-MM-DD; what is no date at all is left as written, to be refused as such; else (problem, cure)."""
    form = mapping.file.date_format if mapping else None
    if not written or (mapping and mapping.period and name != "sold_out_on"):
        return written
    instant = _instant(written, form)
    if instant is None:
        return (f"is not a date like {form}", "write it so, or mend date_format") if form else written
    if isinstance(instant, date) and not isinstance(instant, datetime):
        return instant.isoformat()
    if instant.tzinfo is None:
        zone = mapping.file.time_zone if mapping else None
        if zone is None:
            return "has no time zone", "write a plain date, or an offset such as +01:00, or name time_zone in a mapping"
        instant = instant.replace(tzinfo=named_zone(zone))
    if market not in country_codes():
        return instant.date().isoformat()  # the market is a fault already
    try:
        day = (last_day if name == "end" else first_day)(instant, zone_of(market))
    except OverflowError:
        return written
    return day.isoformat()


def _instant(written: str, form: str | None) -> date | datetime | None:
    """A date where only a date was written, an instant where a time was, None where neither reads."""
    try:
        if form is None:
            if len(written) <= 10:
                return None  # a plain date, checked with the other cells
            return datetime.fromisoformat(written)
        found = datetime.strptime(written, form)
    except ValueError:
        return None
    return found if "%H" in form or "%I" in form or "%z" in form else found.date()


def named_zone(name: str) -> ZoneInfo:
    """The zone of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"{name!r} is not a time zone", "write a name such as Europe/Oslo") from None
