"""The home that a question about charging means: files on record, its car with prices and habits, its clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from beachhead.case.charging.files import Kept, at_home, kept_files, learn_home, learnt_pool
from beachhead.case.charging.home import AtHome
from beachhead.case.clock import now
from beachhead.case.open import Launch, open_launch
from beachhead.charging.record import Load, Prices, read_loads, read_prices
from beachhead.web.server.desk import Desk
from beachhead.web.wire.field import Sentence
from beachhead.web.wire.refusal import NotFound
from beachhead.world.errors import BadInput

MOST_HOURS = 48
"""Hours of a plan that are shown at most."""


class KeptOut(BaseModel):
    """What a file that was kept holds."""

    sentence: Sentence


def with_prices(launch: Launch) -> Kept:
    """The files on record; NotFound while no prices are among them."""
    kept = kept_files(launch.path)
    if kept.prices is None:
        raise NotFound("there are no electricity prices yet", "send a table of hourly prices by zone")
    return kept


def car_of(desk: Desk, launch: Launch, kept: Kept, market: str, home: str, year: int) -> AtHome:
    """A home with its prices and its prior, kept between questions."""

    def make() -> AtHome:
        pool = learnt_pool(launch, home, year)
        return at_home(kept, prices_of(desk, kept), pool, _loads(desk, kept), market=market, home=home, year=year)

    found: AtHome = desk.kept(("at home", kept.stamp, market, home, year), make)
    return found


def prices_of(desk: Desk, kept: Kept) -> Prices:
    """The prices on record, kept between questions."""
    path = kept.need_prices()
    found: Prices = desk.kept(("prices", kept.stamp), lambda: read_prices(path))
    return found


def _loads(desk: Desk, kept: Kept) -> tuple[Load, ...]:
    found: tuple[Load, ...] = desk.kept(
        ("loads", kept.stamp), lambda: () if kept.loads is None else read_loads(kept.loads)
    )
    return found


def learn(root: Path, arguments: dict[str, Any], _: Callable[[float, float], None]) -> dict[str, Any]:
    """The job `charging_home`: learn what a home has in common with the others; `home`, `market`, `plugged_in`.

    `second` names another car of the same home, learnt likewise.
    """
    try:
        moment = datetime.fromisoformat(str(arguments.get("plugged_in", "")))
    except ValueError:
        raise BadInput(f"plugged_in {arguments.get('plugged_in')!r} is not a time", "write 2024-03-14T17:40") from None
    launch = open_launch(root)
    for name in [str(arguments.get("home", "")), *([str(second)] if (second := arguments.get("second")) else [])]:
        digest = learn_home(
            launch,
            name,
            str(arguments.get("market", "")),
            moment.year,
            who=str(arguments.get("who", "")),
            at=now(),
        )
    return {"pool": digest}


def clock_at_home(moment: datetime) -> datetime:
    """Time on the clock at home: an offset is dropped, as in the session files."""
    return moment.replace(tzinfo=None, second=0, microsecond=0)
