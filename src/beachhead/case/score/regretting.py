"""What decisions gave up in markets whose demand is known by now."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from beachhead.case.plan.planning import PlanRecord
from beachhead.case.score.outcome import Came, Scene
from beachhead.case.score.outcome_of_demand import second_year
from beachhead.launch.information.regret import Regret, Step, regret
from beachhead.launch.question.action import ActionKind
from beachhead.launch.question.problem import Problem
from beachhead.ledger import Entry
from beachhead.world.errors import NotStored


@dataclass(frozen=True, slots=True, kw_only=True)
class Regretted:
    """A decision whose regret is known.

    Attributes:
        entry: its number in the ledger.
        market: market code.
        chosen: what was chosen, in words.
        low: lower end of what demand was in the year that settled it, cars at full scale.
        high: upper end.
        regret: what it gave up.
    """

    entry: int
    market: str
    chosen: str
    low: float
    high: float
    regret: Regret


def regretted(scene: Scene, entry: Entry, came: Came, record: PlanRecord) -> Regretted | None:
    """The regret of a decision; None while demand is not known, or where stock ended every count."""
    found = came.realised
    if found is None or found.high == inf:
        return None
    try:
        problem = scene.read(record.problem, Problem)
    except NotStored:
        return None
    year = second_year(scene, came.market, record)
    return Regretted(
        entry=entry.number,
        market=came.market,
        chosen=entry.said.chosen,
        low=year.cars(came.market, found.low),
        high=year.cars(came.market, found.high),
        regret=regret(problem, came.market, _steps(scene, came.market, problem), found.low, found.high),
    )


def _steps(scene: Scene, market: str, problem: Problem) -> list[Step]:
    """Pilots and the start at full scale that were decided from the problem's quarter on."""
    return [
        Step(
            quarter=made.quarter,
            kind=made.action.kind,
            channel=made.action.channel,
            batch=made.action.batch,
        )
        for made in scene.chosen
        if made.action.market == market
        and made.quarter >= problem.quarters[0]
        and made.action.kind in (ActionKind.PILOT, ActionKind.SCALE)
        and made.action.channel is not None
    ]
