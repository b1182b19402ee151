"""What a siting model chose."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.siting.field import Ints
from beachhead.siting.promise import Promise
from beachhead.world.quarter import Quarter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Choice:
    """What a model chose: opening period of each candidate (T: never), and how good that is.

    `drawn` has, for each open candidate in ascending order, cars a year drawn and those taken from own stores; `starts`
    the first period in which each market may open sites; `load` cars a year served by each candidate; `work` units of
    work done by the search.
    """

    opens: Ints
    value: float
    bound: float
    gap: float
    unit: str
    status: str
    work: float = 0.0
    quarters: tuple[Quarter, ...] = ()
    promise: Promise | None = None
    notes: tuple[str, ...] = ()
    drawn: tuple[tuple[float, float], ...] = ()
    starts: tuple[int, ...] = ()
    load: tuple[float, ...] = ()
