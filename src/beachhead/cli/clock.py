"""The day asked about, and who is asking: read once at the face, passed in everywhere else."""

from __future__ import annotations

import getpass
from datetime import date, datetime
from typing import Annotated, Any

import typer

from beachhead.case.clock import now
from beachhead.world.errors import BadInput
from beachhead.world.quarter import FIRST_YEAR, LAST_YEAR

__all__ = ["OnOption", "Who", "day_of", "name_of", "now"]

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


def in_calendar(moment: datetime | None) -> datetime | None:
    """The day that an option names; refused beyond what a cell may name, where calendars end."""
    if moment is not None and not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise typer.BadParameter(f"{moment:%Y-%m-%d} lies outside {FIRST_YEAR} to {LAST_YEAR}; check the year")
    return moment


def day_option(name: str, said: str) -> Any:
    """An option that names a day; `said` is its help."""
    return typer.Option(name, metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], callback=in_calendar, help=said)


OnOption = Annotated[
    datetime | None, day_option("--on", "As if on this day; default today, or the launch's first day.")
]


def day_of(on: datetime | None) -> date:
    """The day asked about, or today."""
    return on.date() if on else now().date()


def name_of(who: str | None) -> str:
    """The name given, else the login name."""
    if who and who.strip():
        return who.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        raise BadInput("nobody is named", f"use --who NAME or set {WHO_VARIABLE}") from None
