"""Demand as people are told it: cars of a year that is named.

A level counts cars a year in a quarter whose path is 1, at the market's size of some year before the launch: years into
a launch nobody sells at that pace. What is believed, and every break-even, is said in cars of the coming year instead.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.belief import Belief
from beachhead.world.quarter import QUARTERS_A_YEAR, Quarter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Year:
    """Four quarters of a launch, fewer at its end, and what levels come to in them.

    Attributes:
        first: first quarter.
        last: last quarter.
        markets: M market codes.
        course: (M,), mean of the path over these quarters: cars a year at full scale for each car a year of the level.
    """

    first: Quarter
    last: Quarter
    markets: tuple[str, ...]
    course: NDArray[np.float64]

    def __post_init__(self) -> None:
        course = np.array(self.course, dtype=np.float64)
        course.setflags(write=False)
        object.__setattr__(self, "course", course)

    @property
    def span(self) -> str:
        """2027Q1 to 2027Q4; 2027Q4 where it is the launch's last."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    def cars(self, market: str, level: float) -> float:
        """What a level comes to, cars a year at full scale; infinite where the level is."""
        return float(self.course[self.markets.index(market)]) * level


def coming_year(belief: Belief, now: Quarter) -> Year:
    """The year that begins with `now`; the nearest quarters that the belief knows the path of.

    Args:
        belief: knows the path over its quarters.
        now: first quarter of the year.
    """
    first = min(max(now - belief.quarters[0], 0), len(belief.quarters) - 1)
    quarters = belief.quarters[first : first + QUARTERS_A_YEAR]
    course = np.exp(belief.log_path[:, first : first + QUARTERS_A_YEAR]).mean(axis=1)
    return Year(first=quarters[0], last=quarters[-1], markets=belief.markets, course=course)
