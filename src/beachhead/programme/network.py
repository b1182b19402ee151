"""Tasks that hold together: every predecessor and role exists, nothing runs in a circle, no day is out of reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter
from math import ceil

from beachhead.programme.task import DAYS_PER_WEEK, Role, Task
from beachhead.world.errors import BadInput, Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One thing wrong with one task.

    Attributes:
        task: its code.
        field: column of tasks.csv that is at fault.
        written: what stands there.
        problem: what is wrong with it.
        cure: what to do about it.
    """

    task: str
    field: str
    written: str
    problem: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Tasks without a defect, in an order in which each follows what it waits for; made by `assemble`.

    The order depends on codes and links alone, so that the order of rows changes no number.

    Attributes:
        start: day on which tasks may begin that name no other.
        tasks: N tasks.
        roles: R roles and shared resources, by code.
        waits: (N,), places of the tasks that each waits for.
    """

    start: date
    tasks: tuple[Task, ...]
    roles: tuple[Role, ...]
    waits: tuple[tuple[int, ...], ...]

    def place(self, code: str) -> int:
        """Where a task stands in `tasks`."""
        found = next((place for place, task in enumerate(self.tasks) if task.code == code), None)
        if found is None:
            raise BadInput(f"{code!r} is no task of this programme", "name a code of tasks.csv")
        return found

    def release(self, task: Task) -> date:
        """Day before which a task may not begin, besides what it waits for."""
        return _release(task, self.start)


def assemble(tasks: Iterable[Task], roles: Iterable[Role], start: date) -> Programme:
    """The programme of tasks; raises `BadInput` with every defect."""
    tasks, roles = tuple(tasks), tuple(sorted(roles, key=lambda role: role.code))
    found = defects(tasks, roles, start)
    if found:
        raise BadInput.of(
            Fault(file=f"task {d.task}", column=d.field, written=d.written, problem=d.problem, cure=d.cure)
            for d in found
        )
    ordered = _ordered(tasks)
    place = {task.code: number for number, task in enumerate(ordered)}
    waits = tuple(tuple(sorted(place[code] for code in task.after)) for task in ordered)
    return Programme(start=start, tasks=ordered, roles=roles, waits=waits)


def defects(tasks: Sequence[Task], roles: Sequence[Role], start: date) -> tuple[Defect, ...]:
    """Everything wrong with tasks, in their order; a day out of reach is told only where the links are sound."""
    found = [*_twice(tasks), *_unknown(tasks, roles), *_circle(tasks)]
    return tuple(found or _out_of_reach(tasks, start))


def earliest(tasks: Sequence[Task], start: date) -> Mapping[str, date]:
    """First day on which each task can be done if every duration takes its low point and nothing is short."""
    done: dict[str, date] = {}
    for task in _ordered(tasks):
        begin = max([_release(task, start), *(done[code] for code in task.after)])
        done[task.code] = begin + timedelta(days=ceil(task.duration.low * DAYS_PER_WEEK - 1e-9))
    return done


def _release(task: Task, start: date) -> date:
    """The day named, else the start of the programme, else any day for a task that waits for others."""
    return task.not_before or (date.min if task.after else start)


def _twice(tasks: Sequence[Task]) -> Iterator[Defect]:
    seen: set[str] = set()
    for task in tasks:
        if task.code in seen:
            yield Defect(task=task.code, field="code", written=task.code, problem="stands twice", cure="keep one")
        seen.add(task.code)


def _unknown(tasks: Sequence[Task], roles: Sequence[Role]) -> Iterator[Defect]:
    codes, known = {task.code for task in tasks}, {role.code: role for role in roles}
    for task in tasks:
        for code in task.after:
            if code not in codes:
                cure = "name a code of tasks.csv"
                yield Defect(task=task.code, field="after", written=code, problem="is no task", cure=cure)
        if task.owner and task.owner not in known:
            cure = "add it to roles.csv, or name a code that stands there"
            yield Defect(task=task.code, field="owner", written=task.owner, problem="is no known owner", cure=cure)
        for need in task.needs:
            role = known.get(need.role)
            if role is None:
                cure = "add it to roles.csv"
                yield Defect(task=task.code, field="uses", written=need.role, problem="is no known role", cure=cure)
            elif role.capacity is not None and need.amount > role.capacity:
                problem = f"needs {need.amount} of {need.role} at once, of which there are {role.capacity}"
                cure = f"raise the capacity of {need.role} in roles.csv, or need less"
                yield Defect(task=task.code, field="amounts", written=str(need.amount), problem=problem, cure=cure)


def _circle(tasks: Sequence[Task]) -> Iterator[Defect]:
    codes = {task.code for task in tasks}
    try:
        TopologicalSorter({t.code: [code for code in t.after if code in codes] for t in tasks}).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        shown = " after ".join(circle if len(circle) <= 6 else [*circle[:5], "...", circle[-1]])
        yield Defect(
            task=circle[0],
            field="after",
            written=circle[1],
            problem=f"runs in a circle: {shown}",
            cure="delete one link of the circle",
        )


def _out_of_reach(tasks: Sequence[Task], start: date) -> Iterator[Defect]:
    """Days that lie before a task can be done: for a gate, a gate before its tasks."""
    done = earliest(tasks, start)
    for task in tasks:
        if task.due is not None and task.due < done[task.code]:
            last = max(task.after, key=lambda code: done[code], default="")
            behind = last if last and task.duration.high == 0 else "it"
            problem = f"lies before {behind} can be done, on {done[task.code]} if all goes well"
            cure = f"write {done[task.code]} or later, begin earlier, or drop what it waits for"
            yield Defect(task=task.code, field="due", written=task.due.isoformat(), problem=problem, cure=cure)


def _ordered(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """Each after what it waits for; ties by code."""
    by_code = {task.code: task for task in tasks}
    sorter = TopologicalSorter({code: by_code[code].after for code in sorted(by_code)})
    sorter.prepare()
    order: list[Task] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += (by_code[code] for code in ready)
        sorter.done(*ready)
    return tuple(order)
