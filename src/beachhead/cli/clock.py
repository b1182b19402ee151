"""The day asked about, and who is asking: read once at the face, passed in everywhere else."""

from __future__ import annotations

import getpass
from datetime import date, datetime
from typing import Annotated

import typer

from beachhead.case.clock import now
from beachhead.world.errors import BadInput

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

FIRST, LAST = date(1900, 1, 1), date(2200, 12, 31)
"""Days that a cell of a table may name; a day asked about lies among them."""


def in_calendar(moment: datetime | None) -> datetime | None:
    """The day that an option names; refused beyond what a cell may name, where calendars end."""
    if moment is not None and not FIRST <= moment.date() <= LAST:
        raise typer.BadParameter(f"{moment:%Y-%m-%d} lies outside {FIRST.year} to {LAST.year}; check the year")
    return moment


OnOption = Annotated[
    datetime | None,
    typer.Option(
        "--on",
        metavar="YYYY-MM-DD",
        formats=["%Y-%m-%d"],
        callback=in_calendar,
        help="As if on this day; default today, or the launch's first day.",
    ),
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
