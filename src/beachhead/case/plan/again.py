"""A past decision made again from its records: the same question, seed and version give the same recommendation."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.case.log import entries
from beachhead.case.open import Launch
from beachhead.case.plan.planning import PLAN_RECORD, PlanRecord, Recommendations, recommended
from beachhead.launch.plan.plan import Plan, plan
from beachhead.launch.question.gate import Recommendation
from beachhead.launch.question.problem import Problem
from beachhead.ledger import Entry
from beachhead.store import encode, get, reading
from beachhead.world.errors import BadInput, NotLearnt


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What was recommended then, and what the same records give now.

    Attributes:
        entry: the decision.
        then: the recommendation of its market when it was decided.
        now: the recommendation that its records give with the version at hand.
        same_plan: true if the whole plan is the same, bit for bit.
    """

    entry: Entry
    then: Recommendation
    now: Recommendation
    same_plan: bool

    @property
    def same(self) -> bool:
        """True if the recommendation is the same, with its reason and its figures."""
        return encode(self.then) == encode(self.now)


def again(launch: Launch, number: int) -> Again:
    """Plan again on the records that entry `number` rests on, and compare."""
    with reading(launch.store) as work:
        entry = next((entry for entry in entries(work) if entry.number == number), None)
        if entry is None:
            raise BadInput(f"the ledger has no entry {number}", f"see `beachhead log {launch.path}`")
        ref = next((ref for ref in entry.said.refs if ref.kind == PLAN_RECORD), None)
        if ref is None or not entry.said.market:
            raise NotLearnt(f"entry {number} ({entry.said.act}) rests on no plan", "name a decision on a market")
        record = get(work, ref, PlanRecord)
        problem = get(work, record.problem, Problem)
        then = get(work, record.recommendations, Recommendations).rows
        made_then = get(work, record.plan, Plan)
    made = plan(problem, record.seed, record.worlds)
    return Again(
        entry=entry,
        then=_of(then, entry.said.market),
        now=_of(recommended(problem, made), entry.said.market),
        same_plan=encode(made) == encode(made_then),
    )


def _of(rows: tuple[Recommendation, ...], market: str) -> Recommendation:
    return next(row for row in rows if row.market == market)
