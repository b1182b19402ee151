"""The road to sale: every approval still to be had for a route, what it waits for, its cost, and the critical path.

The same choice of ways as in `ready`: at every step the way that ends first, the cheaper one of two that end together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from beachhead.compliance.approval import Approval, Way
from beachhead.compliance.critical_path import Activity, Schedule, critical_path
from beachhead.compliance.finding import SaleDate
from beachhead.compliance.in_hand import series_reaches
from beachhead.compliance.owed import Owed
from beachhead.compliance.prospect import Prospect
from beachhead.compliance.ready import NEVER, Ready, add_weeks
from beachhead.compliance.requirement import Accepted
from beachhead.compliance.sale import completion, offered


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """What is still to be done for one offer by one route in one market, or for several at once.

    Attributes:
        on: the day on which work starts.
        day: the day on which all is shown; None if something has no way on record.
        schedule: activities with times in days from `on`.
        unreachable: requirements that nothing on record would show; they are left out of the schedule.
    """

    on: date
    day: date | None
    schedule: Schedule
    unreachable: tuple[str, ...]

    def date_of(self, days: float) -> date:
        """A time of the schedule as a day."""
        return self.on + timedelta(days=round(days))


def road(ahead: Prospect, when: Ready, position: int, sale: SaleDate | None = None) -> Road:
    """The road by the route at `position` in the law, to the day told in `sale` if given.

    What is asked is that of the span in which the day of sale lies; without one, that of the day asked about. What is
    not settled is counted as asked.
    """
    on = date.fromordinal(when.on)
    target = (sale.day or sale.provisional) if sale is not None else None
    offer = offered(ahead.law.routes[position], ahead.law.jurisdiction.markets[0], on)
    dues = ahead.on(target or offer.begins).owed[position]
    return _road(when, [dues])


def _road(when: Ready, owed: Sequence[Owed]) -> Road:
    builder = _Builder(when)
    unreachable: list[str] = []
    for dues in owed:
        done = completion(dues, when)
        builder.systems, builder.system_codes = done.systems, ()
        early = [index for index in range(len(dues.requirements)) if not _waits(when, dues, index)]
        for index in [*early, *(index for index in range(len(dues.requirements)) if _waits(when, dues, index))]:
            if done.days[index] >= NEVER:
                unreachable.append(dues.requirements[index])
                continue
            codes = builder.add_any(dues.accepts[index])
            if index in dues.systems and index in early:
                builder.system_codes = (*builder.system_codes, *codes)
    schedule = critical_path(tuple(builder.activities.values()))
    on = date.fromordinal(when.on)
    day = None if unreachable else on + timedelta(days=round(schedule.days))
    return Road(on=on, day=day, schedule=schedule, unreachable=tuple(unreachable))


def _waits(when: Ready, dues: Owed, index: int) -> bool:
    """Whether a requirement can only be shown by what waits for the whole car."""
    return when.first_day(dues.accepts[index], NEVER) == NEVER


class _Builder:
    """Gathers the activities of a road; each approval once.

    Attributes:
        activities: by approval code.
        systems: day on which all systems are shown.
        system_codes: activities that show them.
    """

    def __init__(self, when: Ready) -> None:
        self.when = when
        self.activities: dict[str, Activity] = {}
        self.systems = NEVER
        self.system_codes: tuple[str, ...] = ()

    def add_any(self, accepts: Sequence[Accepted]) -> tuple[str, ...]:
        """Add the first to be had of what is accepted; returns its code, or nothing if it is in hand."""
        best = min(accepts, key=lambda item: (self.when.day(item, self.systems), self._cost(item)))
        return self._add(best)

    def _cost(self, item: Accepted) -> float:
        approval = self.when.net.rulebook.approvals.get(item.code)
        return min((way.cost_eur for way in approval.ways), default=0.0) if approval is not None else 0.0

    def _add(self, item: Accepted) -> tuple[str, ...]:
        day, promised = self.when.day(item, self.systems), self.when.held_day(item)
        if item.code in self.activities:
            return (item.code,)
        if promised == self.when.on:
            return ()
        approval = self.when.net.rulebook.approvals[item.code]
        if promised <= day:
            self._put(approval, not_before=promised - self.when.on)
            return (item.code,)
        way = self._best_way(approval, day)
        if way is None:
            self._put(approval, needs=self._add(Accepted(code=self._counting(approval, day))))
            return (item.code,)
        needs = [code for need in way.needs for code in self._add(Accepted(code=need))]
        if approval.waits_for_systems:
            needs += self.system_codes
        days = float(round((way.weeks or 0.0) * 7))
        self._put(approval, days=days, needs=tuple(dict.fromkeys(needs)), cost_eur=way.cost_eur)
        return (item.code,)

    def _put(
        self,
        approval: Approval,
        *,
        days: float = 0.0,
        needs: tuple[str, ...] = (),
        not_before: float = 0.0,
        cost_eur: float = 0.0,
    ) -> None:
        self.activities[approval.code] = Activity(
            code=approval.code, title=approval.title, days=days, needs=needs, not_before=not_before, cost_eur=cost_eur
        )

    def _best_way(self, approval: Approval, day: int) -> Way | None:
        ending = [
            way
            for way in approval.ways
            if add_weeks(self.when.way_starts(approval, way, self.systems), way.weeks) == day
        ]
        return min(ending, key=lambda way: way.cost_eur, default=None)

    def _counting(self, approval: Approval, day: int) -> str:
        return next(
            equivalence.holds
            for equivalence in self.when.net.counting[approval.code]
            if series_reaches(self.when.net.rulebook.approvals[equivalence.holds].series, equivalence.series)
            and self.when.day(Accepted(code=equivalence.holds), self.systems) == day
        )
