"""The quarter: the period in which plans are made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Years that a quarter, and a day of a table or of an option, may lie in."""

QUARTERS_A_YEAR = 4

_TEXT = re.compile(r"(\d{4})-?Q([1-4])")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A calendar quarter, such as 2027Q1; quarters are ordered, and count in whole steps.

    Attributes:
        year: calendar year.
        number: 1 to 4.
    """

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1 <= self.number <= 4 and FIRST_YEAR <= self.year <= LAST_YEAR):
            raise ValueError(f"no such quarter: {self.year}Q{self.number}")

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Read '2027Q1' (or '2027-Q1')."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not a quarter; write it like 2027Q1")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter in which a day lies."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    @property
    def first_day(self) -> date:
        """First day of the quarter."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        """Last day of the quarter."""
        return (self + 1).first_day - timedelta(days=1)

    def __add__(self, steps: int) -> Quarter:
        index = self.year * 4 + self.number - 1 + steps
        return Quarter(index // 4, index % 4 + 1)

    def __sub__(self, other: Quarter) -> int:
        """Steps from `other` to this quarter."""
        return (self.year - other.year) * 4 + self.number - other.number

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


def grid(first: Quarter, count: int) -> tuple[Quarter, ...]:
    """The `count` quarters from `first` on."""
    return tuple(first + step for step in range(count))


def days_by_quarter(start: date, end: date) -> tuple[tuple[Quarter, int], ...]:
    """The quarters that a span reaches over, its last day included, each with its days in it; none if it ends first."""
    parts, day = [], start
    while day <= end:
        quarter = Quarter.of(day)
        last = min(quarter.last_day, end)
        parts.append((quarter, (last - day).days + 1))
        day = last + timedelta(days=1)
    return tuple(parts)
