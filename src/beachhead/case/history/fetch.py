"""Fetching official registrations for the entry panel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from beachhead.evidence.fetch import SOURCES, Fetched, OnlineSource, fetch
from beachhead.evidence.fetch.web import Get
from beachhead.evidence.fetch.web import get as ask
from beachhead.world.entry import month_of
from beachhead.world.errors import BadInput
from beachhead.world.whole import write_whole

FIRST_MONTH = "2019-01"


def fetch_source(
    name: str,
    *,
    at: datetime,
    first: str = FIRST_MONTH,
    last: str | None = None,
    into: Path | None = None,
    offline: bool = False,
    get: Get = ask,
    tick: Callable[[int], None] = lambda done: None,
) -> Fetched:
    """Fetch a source into the user cache, and copy its panel file into a folder if one is named.

    Args:
        name: one of `SOURCES`.
        at: now; also the default of the last month, the one before this.
        first: first month, such as 2019-01.
        last: last month.
        into: panel folder.
        offline: use what was fetched before.
        get: how to ask the network.
        tick: told how many answers have come.
    """
    source = _source(name)
    begin = _month(first)
    end = 12 * at.year + at.month - 2 if last is None else _month(last)
    if end < begin:
        raise BadInput(f"the last month lies before the first, {first}", "give --from and --to in order")
    found = fetch(source, begin, end, at=at, offline=offline, get=get, tick=tick)
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        write_whole(into / found.file.name, found.file.read_bytes())
    return found


def _source(name: str) -> OnlineSource:
    found = next((source for source in SOURCES if source.name == name.casefold()), None)
    if found is None:
        raise BadInput(f"{name!r} is not a source", f"name one of {', '.join(source.name for source in SOURCES)}")
    return found


def _month(text: str) -> int:
    try:
        return month_of(text)
    except ValueError as error:
        raise BadInput(str(error), "write the month like 2019-01") from error
