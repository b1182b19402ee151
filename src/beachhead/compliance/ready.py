"""The earliest day on which each approval can be in hand, with nothing else to wait for but time.

Laboratories are taken to be free (unlimited resources); shared ones are scheduled in `programme`. An approval is ready

    ready(a) = min over ways w of [ max over needs n of w of ready(n) + weeks(w) ],

the forward pass of the critical-path method (Kelley and Walker 1959) with a choice of ways at every node.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from beachhead.compliance.approval import Approval, Equivalence, Way
from beachhead.compliance.in_hand import Hand, series_reaches
from beachhead.compliance.requirement import Accepted
from beachhead.compliance.rulebook import Rulebook

NEVER = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Network:
    """A rulebook's approvals and what they wait for; worked out once.

    Attributes:
        rulebook: where the approvals are.
        waiting: approvals that wait, themselves or through a need, until all systems of the car are shown.
        counting: equivalences by what they count as.
        questions: every "any one of these" asked so far, numbered; the same ones come from many markets and days.
    """

    rulebook: Rulebook
    waiting: frozenset[str]
    counting: Mapping[str, tuple[Equivalence, ...]]
    questions: dict[tuple[Accepted, ...], int]

    def number(self, accepts: tuple[Accepted, ...]) -> int:
        """The number of a question."""
        return self.questions.setdefault(accepts, len(self.questions))


def network(rulebook: Rulebook) -> Network:
    """The network of a rulebook's approvals."""
    counting: defaultdict[str, list[Equivalence]] = defaultdict(list)
    for equivalence in rulebook.equivalences:
        counting[equivalence.counts_as].append(equivalence)
    waiting: set[str] = set()
    for code, approval in rulebook.approvals.items():
        needs = {need for way in approval.ways for need in way.needs} | {e.holds for e in counting.get(code, ())}
        if approval.waits_for_systems or needs & waiting:
            waiting.add(code)
    return Network(rulebook, frozenset(waiting), {code: tuple(found) for code, found in counting.items()}, {})


@dataclass(frozen=True, slots=True)
class Ready:
    """When approvals can be in hand, seen from one day; days as proleptic ordinals, `NEVER` where no way is on record.

    Attributes:
        net: the network of approvals.
        in_hand: what is held or expected.
        on: the day asked about.
        held: by approval code, the day it is held or expected in any series.
        fresh: by approval code, the day it can be obtained anew; `NEVER` for approvals in `net.waiting`.
        answers: by number of the question, the day if the car's systems are never all shown; filled as asked.
    """

    net: Network
    in_hand: Hand
    on: int
    held: Mapping[str, int]
    fresh: Mapping[str, int]
    answers: list[int]

    def early(self, numbers: tuple[int, ...]) -> list[int]:
        """For each numbered question, the first day on which any one of its answers can be in hand without waiting."""
        answers = self.answers
        if len(answers) < len(self.net.questions):
            for accepts in list(self.net.questions)[len(answers) :]:
                answers.append(self.first_day(accepts, NEVER))
        return [answers[number] for number in numbers]

    def first_day(self, accepts: tuple[Accepted, ...], systems: int) -> int:
        """First day on which any one of these can be in hand if all systems are shown on day `systems`."""
        return min([self.day(item, systems) for item in accepts], default=NEVER)

    def day(self, item: Accepted, systems: int) -> int:
        """First day on which an accepted approval can be in hand if all systems are shown on day `systems`."""
        held = self.held_day(item)
        approval = self.net.rulebook.approvals.get(item.code)
        if held == self.on or approval is None or not series_reaches(approval.series, item.series):
            return held
        if item.code not in self.net.waiting:
            return min(held, self.fresh[item.code])
        return min(held, self._after_systems(approval, systems))

    def held_day(self, item: Accepted) -> int:
        """Day on which it is in hand without doing anything: today, a day promised, or `NEVER`."""
        held = self.held.get(item.code, NEVER)
        if held < NEVER and item.series:
            held = _held_day(self.in_hand, item, self.on)
        return held

    def way_starts(self, approval: Approval, way: Way, systems: int) -> int:
        """Day on which everything one way needs is in hand."""
        start = systems if approval.waits_for_systems else self.on
        return max([start, *(self.day(Accepted(code=need), systems) for need in way.needs)])

    def _after_systems(self, approval: Approval, systems: int) -> int:
        days = [add_weeks(self.way_starts(approval, way, systems), way.weeks) for way in approval.ways]
        days += [
            self.day(Accepted(code=equivalence.holds), systems)
            for equivalence in self.net.counting.get(approval.code, ())
            if series_reaches(self.net.rulebook.approvals[equivalence.holds].series, equivalence.series)
        ]
        return min(days, default=NEVER)


def ready(net: Network, in_hand: Hand, on: date) -> Ready:
    """When each approval can be in hand, seen from day `on`."""
    today = on.toordinal()
    held = {code: _held_day(in_hand, Accepted(code=code), today) for code in in_hand.held}
    fresh: dict[str, int] = {}
    best: dict[str, int] = {}
    for code, approval in net.rulebook.approvals.items():
        day = NEVER
        if code not in net.waiting:
            for way in approval.ways:
                start = max([best[need] for need in way.needs], default=today)
                day = min(day, add_weeks(start, way.weeks))
            for equivalence in net.counting.get(code, ()):
                if series_reaches(net.rulebook.approvals[equivalence.holds].series, equivalence.series):
                    day = min(day, best[equivalence.holds])
        fresh[code] = day
        best[code] = min(day, held.get(code, NEVER))
    return Ready(net, in_hand, today, held, fresh, [])


def add_weeks(start: int, weeks: float | None) -> int:
    """The day that many weeks later; `NEVER` if nobody can say how many."""
    if start >= NEVER or weeks is None:
        return NEVER
    return min(NEVER, start + round(weeks * 7))


def _held_day(in_hand: Hand, item: Accepted, on: int) -> int:
    """Day `on` if held in a series accepted, the day expected if still to come, else never."""
    days = [
        max(held.start.toordinal(), on)
        for held in in_hand.held.get(item.code, ())
        if held.end.toordinal() > on and series_reaches(held.series, item.series)
    ]
    return min(days, default=NEVER)
