"""What may be done with a market at a gate, and what a pilot may look like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from beachhead.world.market import Channel, Stage
from beachhead.world.quarter import Quarter
from beachhead.world.reading import is_far_from_list

WEEKS_A_QUARTER = 13
LIST_PRICE = 1.0


class ActionKind(StrEnum):
    """The four things a gate can decide for a market."""

    WAIT = "wait"
    PILOT = "pilot"
    SCALE = "scale"
    EXIT = "exit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What is done with one market in one quarter.

    Attributes:
        market: market code.
        kind: wait, pilot, scale or exit.
        channel: channel piloted or scaled through; None for wait and exit.
        offers: offer codes shipped, the lead offer first; empty for wait and exit.
        batch: pilot cars shipped, 0 unless a pilot.
        weeks: weeks until the planned look, 0 unless a pilot.
        price_point: price asked over the list price in a pilot, 1.0 = list price; markets are scaled at list price.
    """

    market: str
    kind: ActionKind
    channel: Channel | None = None
    offers: tuple[str, ...] = ()
    batch: int = 0
    weeks: int = 0
    price_point: float = LIST_PRICE


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotMenu:
    """The pilots that may be chosen.

    Attributes:
        batches: batch sizes, cars, increasing.
        weeks: weeks from the first sale to the planned look, at most the 13 of a quarter; longer pilots are
            repeated at the next gate.
        quarters: most pilot quarters a market may have.
        offers: most offers shipped in a pilot.
        price_points: prices that may be asked over list price, increasing, list price (1.0) among them.
    """

    batches: tuple[int, ...] = (50, 150, 400)
    weeks: int = WEEKS_A_QUARTER
    quarters: int = 4
    offers: int = 2
    price_points: tuple[float, ...] = (LIST_PRICE,)

    def __post_init__(self) -> None:
        if not self.batches or min(self.batches) < 1 or list(self.batches) != sorted(set(self.batches)):
            raise ValueError(f"batches must be increasing and positive, got {self.batches}")
        if not 1 <= self.weeks <= WEEKS_A_QUARTER:
            raise ValueError(f"a planned look comes after 1 to {WEEKS_A_QUARTER} weeks, got {self.weeks}")
        if self.quarters < 0 or self.offers < 1:
            raise ValueError("quarters must not be negative and offers must be at least 1")
        points = self.price_points
        if LIST_PRICE not in points or list(points) != sorted(set(points)) or any(map(is_far_from_list, points)):
            raise ValueError(f"price points must increase from 0.5 to 2 at most and have 1.0 among them, got {points}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a market stands when the plan is made.

    Attributes:
        stage: out, piloting, scaled or exited.
        channel: channel of a scaled market; None otherwise.
        since: quarter in which it was scaled; None otherwise.
        pilot_quarters: pilot quarters so far.
        is_home: true for the home market: scaled for good, competes for cars.
        conditions: readiness asked of this market before it may be scaled, such as `service_cover`.
        met: conditions that are met.
    """

    stage: Stage = Stage.OUT
    channel: Channel | None = None
    since: Quarter | None = None
    pilot_quarters: int = 0
    is_home: bool = False
    conditions: tuple[str, ...] = ()
    met: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.stage is Stage.SCALED and (self.channel is None or self.since is None):
            raise ValueError("a scaled market says through which channel and since when")
        if self.is_home and self.stage is not Stage.SCALED:
            raise ValueError("the home market is scaled")
