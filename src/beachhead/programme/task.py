"""What has to be done: tasks with uncertain durations, who does them, and how far they have come."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

DAYS_PER_WEEK = 7


class Shape(StrEnum):
    """How a duration is spread between its three points; see `duration.quantiles`."""

    PERT = "pert"
    TRIANGLE = "triangle"
    UNIFORM = "uniform"
    LOGNORMAL = "lognormal"


class Blocks(StrEnum):
    """What may not begin in its markets before a task is done; what blocks a pilot blocks scaling too."""

    NOTHING = "nothing"
    PILOT = "pilot"
    SCALE = "scale"


class Stage(StrEnum):
    """planned -> running -> done; a task that is not needed any more is dropped from the table."""

    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Three points of a duration, weeks.

    Attributes:
        low: if all goes well; the least possible, for `LOGNORMAL` the 10 % quantile.
        likely: most likely; not used by `UNIFORM` and `LOGNORMAL`.
        high: if much goes wrong; the most possible, for `LOGNORMAL` the 90 % quantile.
        shape: how it is spread.
    """

    low: float
    likely: float
    high: float
    shape: Shape = Shape.PERT

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.likely <= self.high < float("inf"):
            raise ValueError(f"durations must be 0 <= low <= likely <= high, not {self.low} {self.likely} {self.high}")
        if self.shape is Shape.LOGNORMAL and self.low == 0 and self.high > 0:
            raise ValueError("a log-normal duration has a low point above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a task occupies while it runs.

    Attributes:
        role: code of the role or shared resource.
        amount: units of it, 1 or more.
    """

    role: str
    amount: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Who does the work, or a resource that tasks share.

    Attributes:
        code: key.
        name: in words.
        capacity: units that can be busy at once; None if it never holds anything up.
    """

    code: str
    name: str
    capacity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a task has come, as last reported.

    Attributes:
        on: day for which it was reported.
        started: day on which work began; None if it has not.
        finished: day on which it was done; None if it is not.
        left: weeks of work still to do on day `on`, if somebody has said; None leaves it to the first estimate.
        note: in words.
    """

    on: date
    started: date | None = None
    finished: date | None = None
    left: Duration | None = None
    note: str = ""

    @property
    def stage(self) -> Stage:
        """Planned, running or done."""
        if self.finished is not None:
            return Stage.DONE
        return Stage.RUNNING if self.started is not None else Stage.PLANNED


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task.

    Attributes:
        code: key.
        name: what is done.
        duration: weeks of calendar time once begun.
        after: codes of tasks that must be done before it begins.
        owner: code of the role that answers for it; "" if nobody does yet.
        needs: what it occupies while it runs.
        markets: codes of the markets it is done for; empty if for all.
        blocks: what may not begin there before it is done.
        not_before: day before which it may not begin; None if as soon as what it waits for is done, or from the start
            of the programme if it waits for nothing.
        due: day by which it must be done; None if none is set.
        cost: in the launch's currency.
        progress: as last reported; None if nothing was.
    """

    code: str
    name: str
    duration: Duration
    after: tuple[str, ...] = ()
    owner: str = ""
    needs: tuple[Need, ...] = ()
    markets: frozenset[str] = field(default_factory=frozenset)
    blocks: Blocks = Blocks.NOTHING
    not_before: date | None = None
    due: date | None = None
    cost: float = 0.0
    progress: Progress | None = None

    @property
    def stage(self) -> Stage:
        """Planned, running or done."""
        return Stage.PLANNED if self.progress is None else self.progress.stage

    def concerns(self, market: str) -> bool:
        """Whether it is done for a market."""
        return not self.markets or market in self.markets
