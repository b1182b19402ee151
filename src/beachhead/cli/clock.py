"""Now, and who is asking: read once at the face, passed in everywhere else."""

from __future__ import annotations

import getpass
import os
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from beachhead.world.errors import BadInput

NOW_VARIABLE = "BEACHHEAD_NOW"
WHO_VARIABLE = "BEACHHEAD_WHO"

Who = Annotated[
    str | None,
    typer.Option(
        "--who",
        metavar="NAME",
        envvar=WHO_VARIABLE,
        help="Who says so; the login name if not given.",
        show_default=False,
    ),
]

OnOption = Annotated[
    datetime | None,
    typer.Option(
        "--on",
        metavar="YYYY-MM-DD",
        formats=["%Y-%m-%d"],
        help="As if on this day; default today, or the launch's first day.",
    ),
]


def day_of(on: datetime | None) -> date:
    """The day asked about, or today."""
    return on.date() if on else now().date()


def now() -> datetime:
    """The present instant, UTC; or the one in BEACHHEAD_NOW, so that a written-down session can be repeated."""
    told = os.environ.get(NOW_VARIABLE)
    if not told:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        instant = datetime.fromisoformat(told)
    except ValueError:
        raise BadInput(f"{NOW_VARIABLE}={told!r} is not an instant", "write 2027-01-31T12:00:00+00:00") from None
    if instant.tzinfo is None:
        raise BadInput(f"{NOW_VARIABLE}={told!r} has no time zone", "write 2027-01-31T12:00:00+00:00")
    return instant.astimezone(UTC)


def name_of(who: str | None) -> str:
    """The name given, else the login name."""
    if who and who.strip():
        return who.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        raise BadInput("nobody is named", f"use --who NAME or set {WHO_VARIABLE}") from None
