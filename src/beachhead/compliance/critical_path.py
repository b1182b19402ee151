"""The critical path through activities with durations and precedence, resources unlimited.

Forward and backward pass of the critical-path method: J. E. Kelley and M. R. Walker, "Critical-path planning and
scheduling", Proc. Eastern Joint Computer Conference 1959. Tested on the seven-activity example of the encyclopaedia
article on PERT (critical path a-c-e-g, 19.51 days) and on others in `tests/published/test_compliance_critical_path.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

_SLACK_TOLERANCE_DAYS = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One step of work.

    Attributes:
        code: key.
        title: what it is.
        days: duration, days.
        needs: codes of activities that must be finished first.
        not_before: day before which it cannot start, days from the start of the project.
        cost_eur: its own cost, euro.
    """

    code: str
    title: str
    days: float
    needs: tuple[str, ...] = ()
    not_before: float = 0.0
    cost_eur: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """An activity with its times, days from the start of the project.

    Attributes:
        activity: the activity.
        early_start, early_finish: the earliest it can start and finish.
        late_start, late_finish: the latest it may without delaying the end.
    """

    activity: Activity
    early_start: float
    early_finish: float
    late_start: float
    late_finish: float

    @property
    def slack(self) -> float:
        """Days it may slip without delaying the end (total float)."""
        return self.late_start - self.early_start


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """All activities with their times.

    Attributes:
        timed: activities in an order in which each follows what it needs.
        days: duration of the project.
        critical: codes along one critical path, first to last.
        cost_eur: cost of all activities.
    """

    timed: tuple[Timed, ...]
    days: float
    critical: tuple[str, ...]
    cost_eur: float


def critical_path(activities: Sequence[Activity]) -> Schedule:
    """Earliest and latest times of every activity, and one critical path; raises ValueError on a circle."""
    by_code = {activity.code: activity for activity in activities}
    order = _order(by_code)
    early: dict[str, float] = {}
    for code in order:
        activity = by_code[code]
        early[code] = max([activity.not_before, *(early[need] + by_code[need].days for need in activity.needs)])
    end = max((early[code] + by_code[code].days for code in order), default=0.0)
    late = dict.fromkeys(order, end)  # latest finish
    for code in reversed(order):
        start = late[code] - by_code[code].days
        for need in by_code[code].needs:
            late[need] = min(late[need], start)
    timed = tuple(
        Timed(
            activity=by_code[code],
            early_start=early[code],
            early_finish=early[code] + by_code[code].days,
            late_start=late[code] - by_code[code].days,
            late_finish=late[code],
        )
        for code in order
    )
    return Schedule(
        timed=timed,
        days=end,
        critical=_critical({item.activity.code: item for item in timed}, end),
        cost_eur=sum(activity.cost_eur for activity in activities),
    )


def _order(by_code: dict[str, Activity]) -> list[str]:
    try:
        return list(TopologicalSorter({code: activity.needs for code, activity in by_code.items()}).static_order())
    except CycleError as error:
        raise ValueError(f"activities wait for each other: {' -> '.join(error.args[1])}") from error


def _critical(timed: dict[str, Timed], end: float) -> tuple[str, ...]:
    """Back from the last to finish, each time to the need that finished last."""
    at = next((code for code, item in timed.items() if item.early_finish >= end - _SLACK_TOLERANCE_DAYS), None)
    path: list[str] = []
    while at is not None:
        path.append(at)
        start = timed[at].early_start
        needs = timed[at].activity.needs
        at = next((need for need in needs if abs(timed[need].early_finish - start) <= _SLACK_TOLERANCE_DAYS), None)
    return tuple(reversed(path))
