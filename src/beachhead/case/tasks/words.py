"""What the tasks of a launch are told in, on the command line and in a browser alike."""

from __future__ import annotations

from datetime import date

from beachhead.case.open import Launch
from beachhead.case.programme import Assessed, early_said, reports_said, silence_said
from beachhead.case.tasks.from_rooms import APPROVAL, OPENING
from beachhead.programme.risk import GateRisk
from beachhead.programme.schedule import Verdict
from beachhead.programme.task import Stage, Task
from beachhead.world.figures import how_many, money

MOST_BEGUN = 5
RARELY = 0.05
"""A step that a side room brought is shown from these odds of holding up the last of all."""


def headline(launch: Launch, found: Assessed, today: date) -> list[str]:
    """Where the tasks stand and when all is done, then what to know of it: a sentence each."""
    stand, late = found.standing, found.late_days
    tasks = stand.programme.tasks
    counts = ", ".join(f"{count} {stage}" for stage, count in stand.stages.items())
    cost = money(sum(task.cost for task in tasks), launch.folder.terms.currency)
    spent = f"{'it costs' if len(tasks) == 1 else 'they cost'} {cost} besides wages"
    lines = [
        f"As of {stand.on} ({reports_said(stand)}): {how_many(len(tasks), 'task')}, {counts}; {spent}.",
        f"All is done by {found.risk.end.half} with 50 % and by {found.risk.end.sure} with 80 %; {_resources(found)}",
        *filter(None, (silence_said(stand, today), early_said(stand))),
    ]
    slow = sorted((t for t in tasks if t.stage is not Stage.DONE and late[t.code] > 0), key=lambda t: -late[t.code])
    begun = [task for task in slow if not any(late[code] > 0 for code in task.after)]
    if begun:
        told = ", ".join(f"{task.code} ({how_many(late[task.code], 'day')})" for task in begun[:MOST_BEGUN])
        end = "task ends" if len(slow) == 1 else "tasks end"
        lines.append(f"{len(slow):,} {end} later than planned at first; it begins with {told}.")
    if shut := _shut(launch, found):
        lines.append(f"Compliance has no road on record for {', '.join(shut)}: tasks alone do not open them.")
    if over := [item.code for item in found.risk.tasks if item.overrun]:
        lines.append(f"Past their worst case, and in need of a new estimate (--left): {', '.join(over)}.")
    return lines


def is_brought(code: str) -> bool:
    """Whether a side room brought the task."""
    return code.startswith((f"{APPROVAL}.", f"{OPENING}."))


def shown(found: Assessed) -> list[Task]:
    """The tasks to tell of, by their begin: without the many steps of side rooms that rarely hold up the last."""
    slots = {slot.task: slot for slot in found.schedule.slots}
    odds = {item.code: item.criticality for item in found.risk.tasks}
    tasks = [task for task in found.standing.programme.tasks if not is_brought(task.code) or odds[task.code] >= RARELY]
    return sorted(tasks, key=lambda task: (slots[task.code].begins, slots[task.code].ends))


def left_out(found: Assessed) -> str:
    """How many steps are not told of, in a sentence; empty if all are."""
    hidden = len(found.standing.programme.tasks) - len(shown(found))
    if not hidden:
        return ""
    return f"Left out: {how_many(hidden, 'step')} of approvals and openings, rarely what holds up the last of all."


def hangs_on(item: GateRisk, most: int) -> list[tuple[str, float]]:
    """The tasks that most often hold up a gate, with their odds; a gate that is a task does not wait for itself."""
    return [(code, share) for code, share in item.critical if code != item.gate.code][:most]


def _shut(launch: Launch, found: Assessed) -> list[str]:
    """Markets for which compliance brought no closing task, where it brought any."""
    codes = {task.code for task in found.standing.programme.tasks}
    abroad = [market for market in launch.folder.markets if not market.is_home]
    known = [market for market in abroad if f"{APPROVAL}.{market.code}.scale" in codes]
    return [market.name for market in abroad if market not in known] if known else []


def _resources(found: Assessed) -> str:
    planned = found.schedule
    days = how_many(planned.days, "day")
    if planned.verdict is Verdict.OPTIMAL:
        return f"no schedule within the resources is shorter than the one used ({days})."
    return f"the schedule used takes {days}; within the resources none takes fewer than {planned.bound}."
