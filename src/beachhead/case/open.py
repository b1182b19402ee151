"""The open launch: a folder of text, and the store beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from beachhead.case.clock import today
from beachhead.evidence.folder import Folder, read_folder
from beachhead.store import Store, open_store
from beachhead.world.brief import brief
from beachhead.world.errors import BadInput, OutOfDate
from beachhead.world.market import Market
from beachhead.world.quarter import Quarter

URL_VARIABLE = "BEACHHEAD_STORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A launch folder without a fault, and the store of what was observed and decided.

    Attributes:
        folder: the tables, converted to the launch's currency.
        store: observations, records and ledger.
    """

    folder: Folder
    store: Store

    __repr__ = brief

    @property
    def path(self) -> Path:
        """Where the folder lies."""
        return self.folder.path

    def market(self, code: str) -> Market:
        """The market of that code."""
        found = next((market for market in self.folder.markets if market.code == code), None)
        if found is None:
            known = ", ".join(market.code for market in self.folder.markets)
            raise BadInput(f"{code!r} is not a market of this launch", f"name one of {known}")
        return found


def open_launch(path: Path | str) -> Launch:
    """Read the launch folder and open its store; raises `BadInput` with every fault of the folder."""
    folder = read_folder(Path(path))
    return Launch(folder=folder, store=store_of(Path(path), folder.terms.name))


def store_of(path: Path, name: str, *, wait_seconds: float = 10.0) -> Store:
    """The store of the launch in folder `path`, called `name`.

    It is `beachhead.db` in the folder, unless the environment variable BEACHHEAD_STORE holds the URL of a PostgreSQL
    server; there every launch has a schema of its own.
    """
    url = os.environ.get(URL_VARIABLE, "").strip()
    return open_store(url or path, space=name, wait_seconds=wait_seconds)


def over_since(launch: Launch, on: date | None) -> str:
    """Why nothing is planned any more on a day; "" while there is a quarter left."""
    last = _last_quarter(launch)
    return f"the last quarter planned, {last}, is over" if Quarter.of(on or today()) > last else ""


def day_within(launch: Launch, on: date | None) -> date:
    """The day, or the last one planned where that is over: what was seen and decided by then can still be read."""
    return min(on or today(), _last_quarter(launch).last_day)


def _last_quarter(launch: Launch) -> Quarter:
    terms = launch.folder.terms
    return terms.start + (terms.quarters - 1)


def quarter_on(launch: Launch, on: date | None) -> Quarter:
    """The quarter decided on a day; before the launch that is its first quarter.

    Args:
        launch: the launch.
        on: the day, None for today.
    """
    now = max(launch.folder.terms.start, Quarter.of(on or today()))
    if over := over_since(launch, on):
        raise OutOfDate(
            f"{over}, so nothing is planned any more",
            "lengthen `quarters` in launch.toml, or name a day within them (`--on` on the command line)",
        )
    return now
