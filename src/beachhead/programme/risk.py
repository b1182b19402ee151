"""When everything is ready, with odds: a Monte Carlo critical path over uncertain durations.

Durations are drawn with a common share (a Gaussian copula with one factor): what delays one task often delays others,
and independent draws would understate how late the last of many tasks is (merge bias). The criticality index of a task
is the probability that it lies on a critical path (R. M. Van Slyke, "Monte Carlo methods and the PERT problem",
Operations Research 11, 1963); cut a task by a day and the gate opens that share of a day earlier on average.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from graphlib import TopologicalSorter
from math import ceil, sqrt

import numpy as np
from numpy.typing import NDArray

from beachhead.programme.duration import SCORES, mean_weeks, table_weeks
from beachhead.programme.kernel import forward, mark
from beachhead.programme.network import Programme
from beachhead.programme.task import DAYS_PER_WEEK, Blocks, Stage, Task

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DRAWS = 10_000
COMMON = 0.25
"""Share of the variance of each duration's score that all tasks have in common (assumption, grade C)."""
SURE = 0.8
"""Odds at which a date is promised: the usual level of schedule risk analysis."""
_BLOCK = 1000
_EVERYTHING = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Something that may not happen before certain tasks are done.

    Attributes:
        code: key, such as `NO pilot`.
        market: market code, "" if it is of no single market.
        opens: what it opens: `PILOT` or `SCALE` in its market; `NOTHING` for a task's own day.
        tasks: codes of the tasks that it waits for; never empty.
        due: day on which it is meant to open; None if none is set.
    """

    code: str
    market: str = ""
    opens: Blocks = Blocks.NOTHING
    tasks: tuple[str, ...]
    due: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRisk:
    """One task in time.

    Attributes:
        code: key.
        stage: planned, running or done.
        begins, ends: median days.
        ends_low, ends_high: 10 % and 90 % quantile of the day on which it is done.
        criticality: probability that it lies on a critical path to the last of everything; 0 once it is done.
        overrun: whether it has outlasted its worst case, and needs a new estimate.
    """

    code: str
    stage: Stage
    begins: date
    ends: date
    ends_low: date
    ends_high: date
    criticality: float
    overrun: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GateRisk:
    """When a gate may open.

    Attributes:
        gate: which.
        expected: day on which it opens if every duration takes its mean.
        half, sure, late: days by which it is open with 50, 80 and 95 %.
        odds: probability that it is open on its due day; None if it has none.
        buffer_days: days between `expected` and `sure`: what a promise at 80 % needs on top of the plain plan.
        critical: codes of tasks with their criticality for this gate, the largest first.
        days: (S,), days from the day asked to its opening, draw by draw; read-only.
    """

    gate: Gate
    expected: date
    half: date
    sure: date
    late: date
    odds: float | None
    buffer_days: int
    critical: tuple[tuple[str, float], ...]
    days: Floats

    @property
    def short_days(self) -> int:
        """Days that the due day would have to move to be kept with 80 %; 0 if it is, or if there is none."""
        return 0 if self.gate.due is None else max((self.sure - self.gate.due).days, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The answer for a programme on a day.

    Attributes:
        on: the day asked; nothing that is not under way begins before it.
        tasks: every task, in the programme's order.
        gates: every gate, in the order asked.
        end: when the last of everything is done.
        draws: number of draws.
        seed: of the draws.
    """

    on: date
    tasks: tuple[TaskRisk, ...]
    gates: tuple[GateRisk, ...]
    end: GateRisk
    draws: int
    seed: int


def assess(
    programme: Programme,
    gates: Sequence[Gate] = (),
    *,
    on: date,
    chains: Sequence[tuple[str, str]] = (),
    draws: int = DRAWS,
    seed: int = 1,
    common: float = COMMON,
) -> Risk:
    """Draw durations and follow the network through.

    Args:
        programme: the tasks.
        gates: gates to ask about.
        on: the day asked.
        chains: (before, after) pairs that follow from shared resources; see `schedule.chains`.
        draws: how many.
        seed: of the draws; a task's draws depend on seed and code alone.
        common: share of variance that all durations have in common, 0..1.
    """
    net = lay_out(programme, on, chains)
    asked = [*gates, _last(programme)]
    ends = [np.array([net.place[code] for code in gate.tasks]) for gate in asked]
    days = np.empty((len(asked), draws))
    times = np.zeros((len(asked), len(programme.tasks)), dtype=np.int64)
    begin, end = np.empty((2, len(programme.tasks), draws), dtype=np.float32)
    scored = _Scores([task.code for task in programme.tasks], seed, common)
    for first in range(0, draws, _BLOCK):
        part = slice(first, min(first + _BLOCK, draws))
        scores = scored.next(part.stop - part.start)
        begins, done = np.empty_like(scores), np.empty_like(scores)
        forward(net.order, scores, net.table, net.release, net.waits, net.first, begins, done)
        for number, last in enumerate(ends):
            mark(begins, done, net.waits, net.first, last, days[number, part], times[number])
        begin[:, part], end[:, part] = begins, done
    plain = np.empty((2, len(programme.tasks), 1))
    forward(
        net.order, np.zeros((len(programme.tasks), 1)), net.mean, net.release, net.waits, net.first, plain[0], plain[1]
    )
    answers = [
        _gate_risk(programme, gate, on, days[number], times[number] / draws, float(plain[1][ends[number]].max()))
        for number, gate in enumerate(asked)
    ]
    return Risk(
        on=on,
        tasks=tuple(_task_risks(programme, net, on, begin, end, times[-1] / draws)),
        gates=tuple(answers[:-1]),
        end=answers[-1],
        draws=draws,
        seed=seed,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """A programme on a day as arrays, days from that day.

    Attributes:
        place: by code, place of a task.
        order: (N,), places, each after what it waits for, chains included.
        release: (N,), day before which a task may not begin; what is under way begins on day 0 or began before.
        table: (N, K), days still to go at each tabulated score.
        mean: (N, K), the expected days, at whatever score.
        waits, first: links, as in `kernel.forward`; what is under way waits for nothing.
        overrun: (N,), whether a running task has outlasted its worst case.
    """

    place: dict[str, int]
    order: Ints
    release: Floats
    table: Floats
    mean: Floats
    waits: Ints
    first: Ints
    overrun: tuple[bool, ...]


def lay_out(programme: Programme, on: date, chains: Sequence[tuple[str, str]] = ()) -> Layout:
    """The programme as arrays; `chains` are added to its links where both tasks are still to begin or end."""
    place = {task.code: number for number, task in enumerate(programme.tasks)}
    linked: list[set[int]] = [set(waits) for waits in programme.waits]
    for before, after in chains:
        linked[place[after]].add(place[before])
    waits = [sorted(linked[i]) if task.stage is Stage.PLANNED else [] for i, task in enumerate(programme.tasks)]
    tables = [_days_left(task, on) for task in programme.tasks]
    table = np.array([days for days, _ in tables]).reshape(len(tables), -1)
    means = np.array([_mean_left(task, days) for task, days in zip(programme.tasks, table, strict=True)])
    return Layout(
        place=place,
        order=np.array(list(TopologicalSorter(dict(enumerate(waits))).static_order()), dtype=np.int64),
        release=np.array([_release(programme, task, on) for task in programme.tasks], dtype=np.float64),
        table=table,
        mean=np.repeat(means[:, None], table.shape[1], axis=1),
        waits=np.array([before for each in waits for before in each], dtype=np.int64),
        first=np.cumsum([0, *(len(each) for each in waits)]).astype(np.int64),
        overrun=tuple(over for _, over in tables),
    )


def _release(programme: Programme, task: Task, on: date) -> float:
    if task.progress is not None and task.progress.finished is not None:
        return float((task.progress.finished - on).days)
    if task.stage is Stage.RUNNING:
        return 0.0
    return float(max((programme.release(task) - on).days, 0))


def _days_left(task: Task, on: date) -> tuple[Floats, bool]:
    """Days still to go at each score, and whether the task has outlasted its worst case."""
    said = task.progress
    if said is None or said.stage is Stage.PLANNED:
        return table_weeks(task.duration) * DAYS_PER_WEEK, False
    if said.stage is Stage.DONE:
        return table_weeks(task.duration) * 0.0, False
    begun = said.started if said.left is None else said.on
    assert begun is not None
    estimate = task.duration if said.left is None else said.left
    elapsed = max((on - begun).days, 0) / DAYS_PER_WEEK
    over = elapsed > 0 and estimate.high <= elapsed
    return table_weeks(estimate, elapsed) * DAYS_PER_WEEK, over


def _mean_left(task: Task, days: Floats) -> float:
    """Expected days: exact for a whole duration, by the tabulated quantiles for what is left of one."""
    if task.stage is Stage.PLANNED:
        return mean_weeks(task.duration) * DAYS_PER_WEEK
    density = np.exp(-(SCORES**2) / 2)
    return float((days * density).sum() / density.sum())


class _Scores:
    """Standard normal scores, task by task, that depend on seed and code alone and not on the order of tasks."""

    def __init__(self, codes: Sequence[str], seed: int, common: float) -> None:
        self.own = [_stream(seed, f"task {code}") for code in codes]
        self.shared = _stream(seed, "common")
        self.weights = sqrt(common), sqrt(1 - common)

    def next(self, count: int) -> Floats:
        """(N, count) scores of the draws that follow."""
        scores = np.empty((len(self.own), count))
        for row, stream in zip(scores, self.own, strict=True):
            stream.standard_normal(out=row)
        scores *= self.weights[1]
        scores += self.weights[0] * self.shared.standard_normal(count)
        return scores


def _stream(seed: int, name: str) -> np.random.Generator:
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return np.random.Generator(np.random.SFC64(np.frombuffer(digest, dtype=np.uint32).tolist()))


def _last(programme: Programme) -> Gate:
    followed = {before for waits in programme.waits for before in waits}
    sinks = tuple(task.code for place, task in enumerate(programme.tasks) if place not in followed)
    return Gate(code=_EVERYTHING, tasks=sinks)


def _day(on: date, days: float) -> date:
    """The first day on which what takes so many days is done."""
    return on + timedelta(days=ceil(days - 1e-6))


def _gate_risk(programme: Programme, gate: Gate, on: date, days: Floats, critical: Floats, expected: float) -> GateRisk:
    half, sure, late = (_day(on, float(q)) for q in np.quantile(days, (0.5, SURE, 0.95), method="higher"))
    due = None if gate.due is None else (gate.due - on).days
    days.setflags(write=False)
    open_tasks = [
        (t.code, float(c)) for t, c in zip(programme.tasks, critical, strict=True) if t.stage is not Stage.DONE
    ]
    return GateRisk(
        gate=gate,
        expected=_day(on, expected),
        half=half,
        sure=sure,
        late=late,
        odds=None if due is None else float((days <= due + 1e-6).mean()),
        buffer_days=max((sure - _day(on, expected)).days, 0),
        critical=tuple(sorted(((c, p) for c, p in open_tasks if p > 0), key=lambda each: (-each[1], each[0]))),
        days=days,
    )


def _task_risks(
    programme: Programme, net: Layout, on: date, begin: NDArray[np.float32], end: NDArray[np.float32], critical: Floats
) -> list[TaskRisk]:
    begins = np.quantile(begin, 0.5, axis=1, method="higher")
    ends = np.quantile(end, (0.1, 0.5, 0.9), axis=1, method="higher")
    return [
        TaskRisk(
            code=task.code,
            stage=task.stage,
            begins=task.progress.started
            if task.progress is not None and task.progress.started is not None
            else _day(on, float(begins[i]) - 1e-3),
            ends=_day(on, float(ends[1, i]) - 1e-3),
            ends_low=_day(on, float(ends[0, i]) - 1e-3),
            ends_high=_day(on, float(ends[2, i]) - 1e-3),
            criticality=0.0 if task.stage is Stage.DONE else float(critical[i]),
            overrun=net.overrun[i],
        )
        for i, task in enumerate(programme.tasks)
    ]
