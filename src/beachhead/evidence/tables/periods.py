"""Rules on spans of days that several tables share: reversed, overlapping, and odds that must sum to one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from datetime import date, timedelta
from typing import Self, TypeVar

from pydantic import model_validator

from beachhead.evidence.cell import Day, refusal
from beachhead.evidence.row import Placed, Sourced, column
from beachhead.world.errors import Fault


class Dated(Sourced):
    """A row that holds from a day to a day."""

    valid_from: Day | None = column("first day it holds; blank = already", key=True, default=None)
    valid_to: Day | None = column("last day it holds, included; blank = until further notice", default=None)

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if last(self) < first(self):
            cure = "exchange the two dates, or mend one"
            raise refusal(f"ends before it begins on {self.valid_from}", cure, "valid_to")
        return self


D = TypeVar("D", bound=Dated)


def first(row: Dated) -> date:
    """First day, the earliest date there is where open."""
    return row.valid_from or date.min


def last(row: Dated) -> date:
    """Last day, the latest date there is where open."""
    return row.valid_to or date.max


def overlaps(
    rows: tuple[Placed[D], ...], file: str, of: Callable[[D], tuple[Hashable, ...]], what: str
) -> Iterator[Fault]:
    """Faults for rows of the same key whose spans share a day."""
    groups: dict[tuple[Hashable, ...], list[Placed[D]]] = defaultdict(list)
    for placed in rows:
        groups[of(placed.row)].append(placed)
    for group in groups.values():
        group.sort(key=lambda placed: (first(placed.row), placed.line))
        longest = group[0]
        for placed in group[1:]:
            if first(placed.row) <= last(longest.row):
                yield _overlap(placed, longest, file, what)
            if last(placed.row) > last(longest.row):
                longest = placed


def _overlap(placed: Placed[D], earlier: Placed[D], file: str, what: str) -> Fault:
    ends = earlier.row.valid_to or "further notice"
    return Fault(
        file=file,
        row=placed.line,
        column="valid_from",
        written=str(placed.row.valid_from or ""),
        problem=f"overlaps line {earlier.line}, which holds until {ends} for the same {what}",
        cure="let one end the day before the other begins",
    )


def odds_gaps(spans: list[tuple[date, date, float]]) -> list[tuple[date, float]]:
    """First days from which the odds of the spans in force sum to something other than 1, with that sum.

    Days on which nothing is in force are left out.
    """
    change: dict[date, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for start, end, odds in spans:
        change[start] = (change[start][0] + 1, change[start][1] + odds)
        if end < date.max:
            after = end + timedelta(days=1)
            change[after] = (change[after][0] - 1, change[after][1] - odds)
    found, in_force, total = [], 0, 0.0
    for day in sorted(change):
        in_force, total = in_force + change[day][0], total + change[day][1]
        if in_force and abs(total - 1) > 1e-6:
            found.append((day, total))
    return found
