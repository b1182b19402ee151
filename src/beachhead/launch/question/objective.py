"""What a plan is for: value, cars by a quarter, or the odds of a target; and the downside it must not fall below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from beachhead.launch.estimate import Estimate, estimate
from beachhead.launch.question.kernel_terms import Floats
from beachhead.world.quarter import QUARTERS_A_YEAR
from beachhead.world.trailing_year import trailing_year


class Wanted(StrEnum):
    """What a plan maximises."""

    VALUE = "npv"
    CARS = "units_by"
    ODDS = "target_odds"


class Count(StrEnum):
    """What a milestone counts in the quarters planned."""

    CARS_IN_TOTAL = "cars_in_total"
    CARS_PER_YEAR = "cars_per_year"
    MARKETS_LIVE = "markets_live"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Milestone:
    """A level to be reached by a quarter.

    Attributes:
        code: of the target, or a name.
        count: cars sold and shipped to pilots since the launch began, in four quarters in a row, or markets that sold
            in each of the last four quarters.
        markets: (M,), whether a market counts.
        needed: (R, T), level that counts as reached at the end of each quarter in R equally likely cases: other makers'
            sales where a rank is asked for, one case otherwise; infinite where a quarter cannot count.
        last: index of the last quarter that counts.
        before: (P,), cars of the markets that count in the quarters before the first, oldest first.
        after: places, among the objective's milestones, of those that must be reached first.
        sold: (M, 3), whether a market sold in each of the three quarters before the first, oldest first; None where
            none did, or markets are not counted.
    """

    code: str
    count: Count
    markets: NDArray[np.bool_]
    needed: Floats
    last: int
    before: Floats
    after: tuple[int, ...] = ()
    sold: NDArray[np.bool_] | None = None

    def sold_since(self, quarter: int) -> NDArray[np.bool_]:
        """(M,) whether a market counts and sold in the quarters on record that the year to `quarter` takes in."""
        if self.sold is None:
            return np.asarray(self.markets & (quarter >= QUARTERS_A_YEAR - 1))
        return np.asarray(self.markets & self.sold[:, max(quarter, 0) :].all(axis=1))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Objective:
    """What a plan maximises, within its limits.

    Attributes:
        wanted: expected value, expected cars counted by the last milestone's quarter, or the odds of reaching it.
        said: it in words, such as `cars sold abroad by 2029Q4`.
        milestones: those that must be reached before come before; the last is the one asked for. Empty for value.
        tail: share of the worlds over which the downside is averaged.
        floor: least mean value, over carrying on as is, in the worst `tail` of the worlds (CVaR); None for no limit.
    """

    wanted: Wanted = Wanted.VALUE
    said: str = "expected value"
    milestones: tuple[Milestone, ...] = ()
    tail: float = 0.1
    floor: float | None = None

    def __post_init__(self) -> None:
        if (self.wanted is Wanted.VALUE) == bool(self.milestones):
            raise ValueError("cars and odds are counted by milestones, value is not")
        if not 0 < self.tail <= 1:
            raise ValueError(f"a tail is a share of the worlds, got {self.tail}")

    @property
    def is_plain(self) -> bool:
        """True if it asks for expected value and nothing else."""
        return self.wanted is Wanted.VALUE and self.floor is None

    @property
    def milestone(self) -> Milestone:
        """The one asked for."""
        return self.milestones[-1]


def scores(objective: Objective, cars: Floats) -> Floats:
    """(S,) what each world counts for: cars, or the share of cases in which the target is reached.

    Args:
        objective: of cars or odds.
        cars: (S, M, T), sold and shipped to pilots.
    """
    if objective.wanted is Wanted.CARS:
        asked = objective.milestone
        return np.asarray(cars[:, asked.markets, : asked.last + 1].sum(axis=(1, 2)))
    return in_time(objective.milestones, cars)[:, -1]


def in_time(milestones: Sequence[Milestone], cars: Floats) -> Floats:
    """(S, K) share of the cases in which each of K milestones is reached by its last quarter.

    Args:
        milestones: each after those that must be reached before it.
        cars: (S, M, T), sold and shipped to pilots.
    """
    reached: list[NDArray[np.int64]] = []
    for milestone in milestones:
        start = np.zeros((1, 1), dtype=np.int64)
        for place in milestone.after:
            start = np.maximum(start, reached[place])
        reached.append(_first_reached(milestone, level(milestone, cars), start))
    return np.stack([(q <= m.last).mean(axis=1) for q, m in zip(reached, milestones, strict=True)], axis=1)


def level(milestone: Milestone, cars: Floats) -> Floats:
    """(S, T) what a milestone counts at the end of each quarter."""
    if milestone.count is Count.MARKETS_LIVE:
        return _live(milestone, cars)
    sold = cars[:, milestone.markets].sum(axis=1)
    if milestone.count is Count.CARS_IN_TOTAL:
        return np.asarray(sold.cumsum(axis=1) + milestone.before.sum())
    return trailing_year(sold, milestone.before)


def _live(milestone: Milestone, cars: Floats) -> Floats:
    """Markets that sold in each of the last four quarters: a pilot alone does not make a market live."""
    steady = np.zeros((cars.shape[0], cars.shape[2]))
    for t in range(cars.shape[2]):
        year = (cars[:, :, max(t - QUARTERS_A_YEAR + 1, 0) : t + 1] > 0).all(axis=2)
        steady[:, t] = (year & milestone.sold_since(t)).sum(axis=1)
    return steady


def _first_reached(milestone: Milestone, levels: Floats, start: NDArray[np.int64]) -> NDArray[np.int64]:
    """(S, R) first quarter from `start` on in which the level is reached, T for never."""
    T = levels.shape[1]
    held = levels[:, None, :] >= milestone.needed[None, :, :] * (1 - 1e-12)
    held &= np.arange(T) >= start[:, :, None]
    return np.asarray(np.where(held.any(axis=2), held.argmax(axis=2), T))


def worst_mean(values: Floats, tail: float) -> Estimate:
    """CVaR: the mean of the worst `tail` of the values, and its standard error.

    Rockafellar and Uryasev (2000), equations 4 and 5: the largest over eta of eta - E max(0, eta - V) / tail, reached
    at the tail's quantile; the error is that of the mean at that eta.
    """
    eta = float(np.sort(values)[max(int(np.ceil(tail * len(values) - 1e-9)) - 1, 0)])
    parts = eta - np.maximum(eta - values, 0.0) / tail
    return estimate(parts)
