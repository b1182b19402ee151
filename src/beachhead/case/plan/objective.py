"""The objective of launch.toml as the planner knows it: markets that count, levels to be reached, the floor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from beachhead import store
from beachhead.case.open import Launch
from beachhead.case.plan.target_facts import (
    bev_growth,
    cars_before,
    in_force,
    known_rivals,
    markets_inside,
    met,
    seen_cars,
    sold_in,
    targets_in_force,
)
from beachhead.evidence.terms import ObjectiveKind
from beachhead.launch.question.objective import Count, Milestone, Objective, Wanted
from beachhead.programme.rank import draw_rivals
from beachhead.programme.target import Kind, Target
from beachhead.world.errors import BadInput
from beachhead.world.quarter import QUARTERS_A_YEAR, Quarter

RIVAL_DRAWS = 400
COUNTS = {
    Kind.CARS_PER_YEAR: Count.CARS_PER_YEAR,
    Kind.CARS_IN_TOTAL: Count.CARS_IN_TOTAL,
    Kind.MARKETS_LIVE: Count.MARKETS_LIVE,
    Kind.RANK: Count.CARS_PER_YEAR,
}
"""What a plan's choices decide; stores and service cover stand in tables."""


def objective_of(
    launch: Launch,
    markets: tuple[str, ...],
    quarters: tuple[Quarter, ...],
    since: Mapping[str, Quarter] = MappingProxyType({}),
    at_home: Mapping[tuple[str, Quarter], float] = MappingProxyType({}),
) -> Objective | None:
    """What launch.toml asks the plan to maximise; None for expected value without a floor.

    Where its day is over, or its target is met, expected value is what is left to maximise; a floor holds on.

    Args:
        launch: the launch.
        markets: M codes in plan order.
        quarters: T quarters, the first decided now.
        since: quarter in which each scaled market was scaled.
        at_home: what `taken_at_home` says.
    """
    asked = launch.folder.terms.objective
    if asked.kind is ObjectiveKind.NPV or _done_with(launch, quarters[0]):
        if asked.downside_floor is None:
            return None
        return Objective(tail=asked.downside_tail, floor=asked.downside_floor)
    if asked.kind is ObjectiveKind.UNITS_BY:
        more = "more " if quarters[0] > launch.folder.terms.start else ""  # what was sold before, no plan decides
        said = f"{more}cars sold abroad by {asked.by}"
        milestones: tuple[Milestone, ...] = (_units(launch, markets, quarters),)
    else:
        wanted = _target(launch, str(asked.target))
        said = f"odds of {wanted.name or wanted.code} by {wanted.by}"
        milestones = milestones_of(launch, [wanted.code], markets, quarters, since, at_home)
    return Objective(
        wanted=Wanted.CARS if asked.kind is ObjectiveKind.UNITS_BY else Wanted.ODDS,
        said=said,
        milestones=milestones,
        tail=asked.downside_tail,
        floor=asked.downside_floor,
    )


def objective_note(launch: Launch, now: Quarter) -> tuple[str, ...]:
    """A sentence where the objective's day is over, or its target met, and the plan maximises expected value."""
    asked, done = launch.folder.terms.objective, _done_with(launch, now)
    return (f"The objective {asked.kind} {done}: this plan maximises expected value.",) if done else ()


def _done_with(launch: Launch, now: Quarter) -> str:
    """Why nothing is left of the objective to pursue, as a sentence goes on; "" where something is."""
    asked = launch.folder.terms.objective
    if asked.kind is ObjectiveKind.NPV:
        return ""
    last = asked.by
    if asked.kind is ObjectiveKind.TARGET_ODDS:
        target = _target(launch, str(asked.target))
        last = target.by
        if target.code in _met(launch):
            return f"names target {target.code}, which is met"
    return f"was for {last}, which is over" if last is not None and last < now else ""


def _met(launch: Launch) -> tuple[str, ...]:
    with store.reading(launch.store) as work:
        return met(launch, work, in_force(launch, work), seen_cars(launch, work))


def _units(launch: Launch, markets: tuple[str, ...], quarters: tuple[Quarter, ...]) -> Milestone:
    by = launch.folder.terms.objective.by
    assert by is not None
    return Milestone(
        code="units_by",
        count=Count.CARS_IN_TOTAL,
        markets=_mask(launch, "abroad", markets),
        needed=np.full((1, len(quarters)), np.inf),
        last=min(by - quarters[0], len(quarters) - 1),
        before=np.zeros(0),
    )


def _target(launch: Launch, code: str) -> Target:
    found = next((target for target in targets_in_force(launch) if target.code == code), None)
    if found is None:
        raise BadInput(f"objective.target {code!r} is no target", "name a code of targets.csv")
    if found.kind not in COUNTS:
        raise BadInput(
            f"objective.target {code!r} counts {found.kind}, which tables decide and no plan",
            f"name a target of kind {', '.join(kind.value for kind in COUNTS)}",
        )
    return found


def milestones_of(
    launch: Launch,
    codes: Iterable[str],
    markets: tuple[str, ...],
    quarters: tuple[Quarter, ...],
    since: Mapping[str, Quarter] = MappingProxyType({}),
    at_home: Mapping[tuple[str, Quarter], float] = MappingProxyType({}),
) -> tuple[Milestone, ...]:
    """The targets named and all that they come after, each after what opens it; arguments as in `objective_of`."""
    order: list[str] = []

    def visit(code: str) -> None:
        for before in _target(launch, code).after:
            visit(before)
        if code not in order:
            order.append(code)

    for code in codes:
        visit(code)
    shown = _met(launch)
    return tuple(
        _milestone(launch, _target(launch, code), order, markets, quarters, since, at_home, is_met=code in shown)
        for code in order
    )


def _milestone(
    launch: Launch,
    target: Target,
    order: list[str],
    markets: tuple[str, ...],
    quarters: tuple[Quarter, ...],
    since: Mapping[str, Quarter],
    at_home: Mapping[tuple[str, Quarter], float],
    *,
    is_met: bool,
) -> Milestone:
    codes = {market.code for market in markets_inside(launch, target.scope)}
    with store.reading(launch.store) as work:
        seen = seen_cars(launch, work)
    # what is met stays so, wherever its level goes from here
    needed = np.full((1, len(quarters)), 0.0 if is_met else float(target.amount))
    if target.kind is Kind.RANK and not is_met:
        needed = _volume_for_rank(launch, target, quarters)
    return Milestone(
        code=target.code,
        count=COUNTS[target.kind],
        markets=_mask(launch, target.scope, markets),
        needed=needed,
        last=min(target.by - quarters[0], len(quarters) - 1),
        before=cars_before(launch, {**at_home, **seen}, codes, quarters[0]),
        after=tuple(order.index(code) for code in target.after),
        sold=_sold(launch, seen, markets, quarters[0], since) if target.kind is Kind.MARKETS_LIVE else None,
    )


def _sold(
    launch: Launch,
    seen: Mapping[tuple[str, Quarter], float],
    markets: tuple[str, ...],
    now: Quarter,
    since: Mapping[str, Quarter],
) -> NDArray[np.bool_]:
    """(M, 3) whether a market sold in each of the three quarters before; at home the maker does whatever rows say."""
    homes = {market.code for market in launch.folder.markets if market.is_home}
    earlier = [now + -back for back in range(QUARTERS_A_YEAR - 1, 0, -1)]
    return np.array([[code in homes or sold_in(seen, code, q, since.get(code)) for q in earlier] for code in markets])


def _volume_for_rank(launch: Launch, target: Target, quarters: tuple[Quarter, ...]) -> NDArray[np.float64]:
    """(R, T) cars of four quarters that bring the rank: those of the maker who holds it, drawn as rivals may go."""
    known = known_rivals(launch, target.scope)
    if known is None:
        raise BadInput(
            f"objective.target {target.code!r} asks for a rank, but no rivals of {target.scope} are known",
            "add rivals.csv or competitors.csv",
        )
    ends = [quarter.year + quarter.number / QUARTERS_A_YEAR for quarter in quarters]
    growth = bev_growth(markets_inside(launch, target.scope))
    drawn = draw_rivals(known, ends, RIVAL_DRAWS, launch.folder.terms.seeds.outlook, growth=growth)
    place = int(target.amount)
    if place > drawn.shape[1]:
        return np.zeros((RIVAL_DRAWS, len(quarters)))
    needed = np.sort(drawn, axis=1)[:, drawn.shape[1] - place, :]
    # Before four quarters are known, a rank would be one of less than a year.
    needed[:, : max(QUARTERS_A_YEAR - 1 - (quarters[0] - launch.folder.terms.start), 0)] = np.inf
    return np.asarray(needed)


def _mask(launch: Launch, scope: str, markets: tuple[str, ...]) -> NDArray[np.bool_]:
    codes = {market.code for market in markets_inside(launch, scope)}
    return np.array([code in codes for code in markets])
