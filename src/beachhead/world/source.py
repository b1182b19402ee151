"""Where a fact comes from and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Grade(StrEnum):
    """How far a fact can be trusted.

    A: read at the source. B: general knowledge or second hand. C: an assumption, with its rule in the source text.
    """

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Who says so, as of when, and how far we trust it.

    Attributes:
        who: publisher and title, or the rule of an assumption; never empty.
        as_of: the date for which the fact holds, or on which it was read.
        grade: A, B or C.
    """

    who: str
    as_of: date
    grade: Grade

    def __post_init__(self) -> None:
        if not self.who.strip():
            raise ValueError("a source names who says so; for an assumption write its rule")
