"""Work counted instead of time, so that an answer does not depend on how busy the machine is.

A search charges what it does (list entries read, pivots of the simplex method, nodes of a tree) and stops when what it
may do is done: the same on every machine. A *unit of work* is about what one quiet core of the machine on which the
figures of the docs were measured does in a second, so that a limit can be guessed at; commercial solvers count alike
(Gurobi's `WorkLimit`, CPLEX's deterministic ticks). A clock stops a search only where a user asks for one, and then
the answer says so.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
Tick = Callable[[float, float], None]
"""Told how much is done, and how much there is at most."""


@dataclass(slots=True, kw_only=True, eq=False)
class Meter:
    """What one search may do and has done; it changes as the search goes on, and belongs to that search alone.

    Attributes:
        limit: units of work that may be done; inf for any.
        until: reading of `time.perf_counter` at which to stop at the latest; inf without a clock.
        done: units of work done.
        by_clock: whether the clock has stopped something.
        foreseen: units that the search takes where nothing ends it sooner; inf as long as that is not known.
        tick: told of progress: units done, and units there are at most.
    """

    limit: float = float("inf")
    until: float = float("inf")
    done: float = 0.0
    by_clock: bool = False
    foreseen: float = float("inf")
    tick: Tick | None = None

    def charge(self, units: float) -> None:
        """Book so much work as done."""
        self.done += units
        self.hear()

    def hear(self, done: float = 0.0, total: float = 0.0) -> None:
        """Tell of progress; `done` is what a search within this one has done that is booked here when it ends."""
        most = min(self.limit, self.foreseen)
        if self.tick is not None and 0.0 < most < float("inf"):
            self.tick(min(self.done + done, most), most)

    @property
    def left(self) -> float:
        """Units that may still be done, 0 at the least."""
        return max(self.limit - self.done, 0.0)

    @property
    def seconds_left(self) -> float:
        """Until the clock strikes; inf without a clock."""
        return max(self.until - time.perf_counter(), 0.0) if self.until < float("inf") else float("inf")

    def must_stop(self) -> bool:
        """Whether work or time is used up; whoever asks heeds the answer, for what the clock stops is remembered."""
        if self.done >= self.limit:
            return True
        if self.seconds_left > 0.0:
            return False
        self.by_clock = True
        return True

    def part(self, units: float) -> Meter:
        """A meter for a part of the search: so many units, no more than are left, and the same clock."""
        return Meter(limit=min(units, self.left), until=self.until, tick=self.hear)

    def settle(self, part: Meter) -> None:
        """Book what a part has done, and whether the clock stopped it."""
        self.charge(part.done)
        self.by_clock = self.by_clock or part.by_clock


def finished_first(work: Callable[[A], B], items: Sequence[A], *, threads: int | None) -> Iterator[B]:
    """Work done side by side on local cores, what is finished first given first; None: a thread for each core.

    For work whose kernels let go of the interpreter. What has not begun when the caller stops asking is dropped.
    """
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        running = [pool.submit(work, item) for item in items]
        try:
            for finished in as_completed(running):
                yield finished.result()
        finally:
            for waiting in running:
                waiting.cancel()


def in_turn(tick: Tick | None, shares: Sequence[float]) -> list[Tick | None]:
    """Who is told of each of several searches that run one after the other, and take these shares of the whole."""
    ends = [sum(shares[: k + 1]) for k in range(len(shares))]
    if tick is None or not ends or ends[-1] <= 0.0:
        return [None] * len(shares)
    whole = ends[-1]
    return [_part_of(tick, end - share, share, whole) for end, share in zip(ends, shares, strict=True)]


def _part_of(tick: Tick, before: float, share: float, whole: float) -> Tick:
    return lambda done, total: tick(before + share * min(done / total, 1.0) if total > 0 else before, whole)


def meter(work: float, seconds: float | None = None, tick: Tick | None = None) -> Meter:
    """A meter that starts now: `work` units, a clock only where `seconds` are given, and who is told of progress."""
    until = float("inf") if seconds is None else time.perf_counter() + seconds
    return Meter(limit=work, until=until, tick=tick)
