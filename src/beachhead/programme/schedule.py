"""Who does what when: a schedule under resource limits, and the chains that keep it feasible when durations differ.

The order in which tasks share a resource is fixed once; draw by draw only the times move (an earliest-start policy: G.
Igelmund and F. J. Radermacher, "Preselective strategies for the optimization of stochastic project networks under
resource constraints", Networks 13, 1983). Unlike a list that is followed greedily, such a policy has no anomalies: a
longer task never makes anything earlier. The chains are those of N. Policella, S. F. Smith, A. Cesta and A. Oddi,
"Generating robust schedules through temporal flexibility" (ICAPS 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import ceil

import numpy as np
from numpy.typing import NDArray

from beachhead.programme.network import Programme
from beachhead.programme.risk import lay_out
from beachhead.programme.sequence import Ints, Work, cost, place_all, search
from beachhead.programme.task import Blocks, Stage, Task
from beachhead.world.errors import BadInput

PEOPLE = 30
TRIES_PER_TASK = 450
MANY_TRIES_PER_TASK = 150
MANY_TRIES = 90_000
FEWEST_TRIES = 2_000


class Verdict(StrEnum):
    """What is known about a schedule: that none is shorter, or only that it can be followed."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One task in the schedule.

    Attributes:
        task: its code.
        begins: first day of work.
        ends: day on which it is done.
        slack_days: days it may slip without delaying the last task, by links alone.
    """

    task: str
    begins: date
    ends: date
    slack_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule by expected durations.

    Attributes:
        on: the day it was made for.
        slots: one a task, in the programme's order.
        days: days from `on` to the end of the last.
        bound: no schedule is shorter than this many days.
        verdict: whether it is known to be the shortest.
        chains: (before, after) codes: who passes a shared resource on to whom.
    """

    on: date
    slots: tuple[Slot, ...]
    days: int
    bound: int
    verdict: Verdict
    chains: tuple[tuple[str, str], ...]


def make_schedule(
    programme: Programme, *, on: date, seed: int = 1, tries: int | None = None, exact_seconds: float = 0.0
) -> Schedule:
    """Schedule what is not done yet, by expected durations rounded up to whole days.

    Args:
        programme: the tasks.
        on: nothing that is not under way begins before this day.
        seed: of the search.
        tries: schedules that the search may generate; None for 450 a task, above 90,000 for 150 a task.
        exact_seconds: if above 0, let OR-Tools CP-SAT improve on it for so long (extra `schedule`).
    """
    work = work_of(programme, on)
    bound = lower_bound(work)
    start = solve(work, seed=seed, tries=tries)
    if exact_seconds > 0:
        from beachhead.programme.exact import improve  # an optional extra

        start, bound = improve(work, start, bound, exact_seconds)
    length = int((start + work.days).max(initial=0))
    slack = _slack(work, length)
    return Schedule(
        on=on,
        slots=tuple(_slot(task, on, int(s), int(d), int(f)) for task, s, d, f in _rows(programme, start, work, slack)),
        days=length,
        bound=bound,
        verdict=Verdict.OPTIMAL if length <= bound else Verdict.FEASIBLE,
        chains=chains(programme, work, start),
    )


def solve(work: Work, *, seed: int = 1, tries: int | None = None) -> Ints:
    """(N,) starts of a short schedule; without shared resources of the shortest."""
    used = np.zeros((_horizon(work), len(work.capacity)), dtype=np.int64)
    start = np.zeros(len(work.days), dtype=np.int64)
    if not len(start):
        return start
    if not len(work.capacity):
        place_all(work, np.arange(len(start)), used, start)
        return start
    latest = _latest_starts(work)
    most = _usual_tries(len(start)) if tries is None else tries
    return search(work, _reversed(work), latest, used, seed, most, PEOPLE, lower_bound(work))


def _usual_tries(tasks: int) -> int:
    """As many as bring 200 tasks within 2 % of CP-SAT at a minute, without making thousands of tasks wait for it."""
    return max(FEWEST_TRIES, min(TRIES_PER_TASK * tasks, max(MANY_TRIES, MANY_TRIES_PER_TASK * tasks)))


def length_of(work: Work, start: Ints) -> int:
    """Days to the end of the last task; raises ValueError if the starts break a link, a release or a capacity."""
    used = np.zeros((_horizon(work), len(work.capacity)), dtype=np.int64)
    for i in range(len(start)):
        before = work.waits[work.waits_first[i] : work.waits_first[i + 1]]
        if (start[before] + work.days[before] > start[i]).any() or start[i] < work.release[i]:
            raise ValueError(f"task {i} begins too early")
        used[start[i] : start[i] + work.days[i]] += work.need[i]
    if (used > work.capacity).any():
        raise ValueError("a resource is used beyond its capacity")
    return int((start + work.days).max(initial=0))


def lower_bound(work: Work) -> int:
    """No schedule is shorter: the longest path of links and releases, and the work that each resource has to do."""
    ends = np.zeros(len(work.days), dtype=np.int64)
    for i in range(len(ends)):
        before = work.waits[work.waits_first[i] : work.waits_first[i + 1]]
        ends[i] = max(int(ends[before].max(initial=0)), int(work.release[i])) + work.days[i]
    loads = [ceil(int(work.need[:, r] @ work.days) / int(cap)) for r, cap in enumerate(work.capacity)]
    return max([int(ends.max(initial=0)), *loads])


def work_of(programme: Programme, on: date) -> Work:
    """What is still to do on a day, as the compiled search takes it; what is done takes no time."""
    net = lay_out(programme, on)
    days = np.ceil(net.mean[:, 0] - 1e-6).astype(np.int64)
    limited = [role for role in programme.roles if role.capacity is not None]
    need = np.zeros((len(days), len(limited)), dtype=np.int64)
    column = {role.code: number for number, role in enumerate(limited)}
    for i, task in enumerate(programme.tasks):
        for use in task.needs:
            if use.role in column and task.stage is not Stage.DONE:
                need[i, column[use.role]] += use.amount
    gates = [task.blocks is not Blocks.NOTHING or task.due is not None for task in programme.tasks]
    return build_work(
        days=days,
        release=np.maximum(net.release, 0).astype(np.int64),
        fixed=np.array([task.stage is Stage.RUNNING for task in programme.tasks], dtype=np.int64),
        need=need,
        capacity=np.array([role.capacity for role in limited], dtype=np.int64),
        waits=[net.waits[net.first[i] : net.first[i + 1]].tolist() for i in range(len(days))],
        weight=np.array(gates, dtype=np.int64),
    )


def build_work(
    *,
    days: Ints,
    need: Ints,
    capacity: Ints,
    waits: Sequence[Sequence[int]],
    release: Ints | None = None,
    fixed: Ints | None = None,
    weight: Ints | None = None,
) -> Work:
    """Arrays for the search; each task stands after what it waits for."""
    count = len(days)
    if any(before >= i for i, each in enumerate(waits) for before in each):
        raise ValueError("a task must stand after what it waits for")
    if (need > capacity).any():
        raise BadInput("a task needs more of a resource than there is", "raise its capacity, or need less")
    leads: list[list[int]] = [[] for _ in range(count)]
    for i, each in enumerate(waits):
        for before in each:
            leads[before].append(i)
    zero = np.zeros(count, dtype=np.int64)
    return Work(
        days=np.asarray(days, dtype=np.int64),
        release=zero if release is None else release,
        fixed=zero if fixed is None else fixed,
        need=np.asarray(need, dtype=np.int64).reshape(count, len(capacity)),
        capacity=np.asarray(capacity, dtype=np.int64),
        waits=_flat(waits),
        waits_first=_firsts(waits),
        leads=_flat(leads),
        leads_first=_firsts(leads),
        weight=zero if weight is None else weight,
    )


def chains(programme: Programme, work: Work, start: Ints) -> tuple[tuple[str, str], ...]:
    """Who passes a unit of a resource on to whom, if the resource is shared out in the order of starts.

    Each unit of a capacity is a chain. A task takes units from those it waits for anyway where it can, else from the
    chain that became free last, so that few orders are added.
    """
    codes = [task.code for task in programme.tasks]
    order = np.lexsort((np.arange(len(start)), start + work.days, start))
    found: set[tuple[str, str]] = set()
    for r, capacity in enumerate(work.capacity):
        last = [-1] * int(capacity)
        for i in order:
            want = int(work.need[i, r])
            if want == 0 or work.days[i] == 0:
                continue
            waits = set(work.waits[work.waits_first[i] : work.waits_first[i + 1]].tolist())
            free = [k for k, j in enumerate(last) if j < 0 or start[j] + work.days[j] <= start[i]]
            free.sort(
                key=lambda k: (last[k] not in waits, -(start[last[k]] + work.days[last[k]]) if last[k] >= 0 else 0)
            )
            taken = free[:want]
            for k in taken:
                if last[k] >= 0 and last[k] not in waits:
                    found.add((codes[last[k]], codes[int(i)]))
                last[k] = int(i)
    return tuple(sorted(found))


def paid(work: Work, start: Ints) -> float:
    """What the search makes small: days, then the ends of what opens gates."""
    return float(cost(work, start, int((start + work.days).max(initial=0))))


def _rows(programme: Programme, start: Ints, work: Work, slack: Ints) -> zip[tuple[Task, int, int, int]]:
    return zip(programme.tasks, start, work.days, slack, strict=True)


def _slot(task: Task, on: date, start: int, days: int, slack: int) -> Slot:
    said = task.progress
    begins = said.started if said is not None and said.started is not None else on + timedelta(days=start)
    ends = said.finished if said is not None and said.finished is not None else on + timedelta(days=start + days)
    return Slot(task=task.code, begins=begins, ends=ends, slack_days=0 if task.stage is Stage.DONE else slack)


def _slack(work: Work, length: int) -> Ints:
    """(N,), latest less earliest start by links and releases, if all must be done after `length` days."""
    early = np.zeros(len(work.days), dtype=np.int64)
    for i in range(len(early)):
        before = work.waits[work.waits_first[i] : work.waits_first[i + 1]]
        early[i] = max(int((early[before] + work.days[before]).max(initial=0)), int(work.release[i]))
    return np.asarray(_latest_starts(work, length) - early)


def _latest_starts(work: Work, length: int | None = None) -> Ints:
    """(N,), latest start of each task that does not delay the last, resources left aside."""
    end = int(lower_bound(work)) if length is None else length
    late = np.full(len(work.days), end, dtype=np.int64)
    for i in range(len(late) - 1, -1, -1):
        after = work.leads[work.leads_first[i] : work.leads_first[i + 1]]
        late[i] = int(late[after].min(initial=end)) - work.days[i]
    return late


def _reversed(work: Work) -> Work:
    """The same tasks with time running backwards; releases fall away, nothing is under way."""
    zero = np.zeros(len(work.days), dtype=np.int64)
    return work._replace(
        release=zero,
        fixed=zero,
        waits=work.leads,
        waits_first=work.leads_first,
        leads=work.waits,
        leads_first=work.waits_first,
    )


def _horizon(work: Work) -> int:
    return int(work.release.max(initial=0) + work.days.sum()) + 2


def _flat(links: Sequence[Sequence[int]]) -> Ints:
    return np.array([other for each in links for other in each], dtype=np.int64)


def _firsts(links: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.cumsum([0, *(len(each) for each in links)]).astype(np.int64)
