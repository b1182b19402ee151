"""All published numbers, checked one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from beachhead.verification.deciding import deciding
from beachhead.verification.forecasting import forecasting
from beachhead.verification.published import Checked, Published, check
from beachhead.verification.scheduling import scheduling
from beachhead.verification.serving import serving
from beachhead.verification.siting import siting
from beachhead.verification.supplying import supplying


def verify(folder: Path | None = None, tick: Callable[[int, int], None] | None = None) -> tuple[Checked, ...]:
    """Ask the production functions for every published number.

    Args:
        folder: where published instances lie that may not be passed on, such as the OR-Library's; None: left out.
        tick: called with (checks done, checks in all).
    """
    asked = every(folder)
    out = []
    for number, published in enumerate(asked, start=1):
        out.append(check(published))
        if tick is not None:
            tick(number, len(asked))
    return tuple(out)


def every(folder: Path | None = None) -> tuple[Published, ...]:
    """The published numbers, room by room."""
    placed = siting(folder) if folder is not None else ()
    return (*forecasting(), *deciding(), *placed, *serving(), *supplying(), *scheduling())
