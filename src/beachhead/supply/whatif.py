"""What would change the answer: the plan solved again under one change at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.futures import draw_futures
from beachhead.supply.network import Network
from beachhead.supply.odds import odds_of_steps
from beachhead.supply.plan import Depth, Step, SupplyPlan, steps_of
from beachhead.supply.plant import LeadTime
from beachhead.supply.recourse import Recourses
from beachhead.supply.routing import write_routing
from beachhead.supply.switch import with_duty, worth_a_map
from beachhead.supply.tree import grow_tree
from beachhead.supply.worth import solve_only
from beachhead.world.outlook import Outlook
from beachhead.world.work import meter

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """One change to the question.

    Attributes:
        name: in words.
        network: the network with the change.
        cars_factor: factor on the planned cars of every market but the home market.
    """

    name: str
    network: Network
    cars_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """What one change does.

    Attributes:
        name: the change in words.
        value: contribution of the best plan found under it; -inf if none can be carried out.
        gain: against the plan without it.
        now: numbers of the plants committed to at the first gate.
        odds: (P,), probability of having committed to each plant by the last gate.
        turns: true if the plants committed to at the first gate are others than without it.
        by_clock: whether the clock that a user set cut the search short.
    """

    name: str
    value: float
    gain: float
    now: tuple[int, ...]
    odds: Floats
    turns: bool
    by_clock: bool


def usual_changes(network: Network, planned: Outlook) -> tuple[Change, ...]:
    """More and fewer cars, no duty at the borders that plants abroad are meant to avoid, dearer and later plants."""
    home = next((m.code for m in network.markets if m.is_home), network.plants[0].country)
    origin = network.area(home)
    taxed = {row.destination for row in network.tariffs if row.origin == origin and row.duty > 0}
    areas = [area for area in worth_a_map(network, planned) if area in taxed]
    changes = [
        Change(name="a quarter fewer cars abroad", network=network, cars_factor=0.75),
        Change(name="a quarter more cars abroad", network=network, cars_factor=1.25),
    ]
    for area in areas:
        changes.append(Change(name=f"no duty into {area}", network=with_duty(network, origin, {area}, 0.0)))
    changes.append(
        Change(name="plants cost a quarter more", network=_plants(network, capital=1.25)),
    )
    changes.append(Change(name="plants take half a year longer", network=_plants(network, weeks=26.0)))
    changes.append(Change(name="local work and fees a fifth dearer", network=_plants(network, work=1.2)))
    freight = tuple(
        replace(lane, freight_per_m3=2 * lane.freight_per_m3, freight_per_car=2 * lane.freight_per_car)
        for lane in network.lanes
    )
    changes.append(Change(name="freight twice as dear", network=replace(network, lanes=freight)))
    return tuple(changes)


def try_changes(
    base: SupplyPlan, planned: Outlook, changes: Sequence[Change], *, seed: int, depth: Depth | None = None
) -> tuple[Effect, ...]:
    """The plan under each change, with the same draws and seed."""
    return tuple(_try(base, planned, change, seed, depth or Depth()) for change in changes)


def _try(base: SupplyPlan, planned: Outlook, change: Change, seed: int, depth: Depth) -> Effect:
    network = change.network
    abroad = np.array([1.0 if m.is_home else change.cars_factor for m in network.markets])
    futures = draw_futures(network, replace(planned, values=planned.values * abroad[None, :, None]), seed=seed)
    tree = grow_tree(network, futures, branches=depth.branches, smallest=depth.smallest, blur=depth.blur)
    routing = write_routing(network, futures, tree)
    counted = meter(depth.work, depth.seconds)
    with Recourses(routing.program, threads=depth.threads) as recourses:
        found = solve_only(routing.program, recourses, gap=depth.gap, meter=counted)
    if not found.is_found:
        nothing = np.full(len(network.plants), np.nan)
        return Effect(
            name=change.name, value=-np.inf, gain=-np.inf, now=(), odds=nothing, turns=True, by_clock=counted.by_clock
        )
    steps = steps_of(routing.layout, found.decisions)
    now = _now(steps)
    return Effect(
        name=change.name,
        value=-found.upper,
        gain=-found.upper - base.value.low,
        now=now,
        odds=odds_of_steps(network, futures, tree, steps)[:, -1],
        turns=now != _now(base.steps),
        by_clock=counted.by_clock,
    )


def _now(steps: tuple[Step, ...]) -> tuple[int, ...]:
    return tuple(step.plant for step in steps if step.node == 0 and not step.closes)


def _plants(network: Network, *, capital: float = 1.0, weeks: float = 0.0, work: float = 1.0) -> Network:
    changed = tuple(
        plant
        if plant.exists
        else replace(
            plant,
            capital=tuple(spent * capital for spent in plant.capital),
            lead=LeadTime(low=plant.lead.low + weeks, likely=plant.lead.likely + weeks, high=plant.lead.high + weeks),
            labour_cost_per_hour=plant.labour_cost_per_hour * work,
            fee_per_car=plant.fee_per_car * work,
        )
        for plant in network.plants
    )
    return replace(network, plants=changed)
