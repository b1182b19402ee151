"""How likely each commitment is, gate by gate, and by what sign one would know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.futures import Futures
from beachhead.supply.network import Network
from beachhead.supply.plan import Step, SupplyPlan
from beachhead.supply.tree import Tree

_AS_GOOD = 0.03  # a plainer sign is preferred if it is right nearly as often: forks, then all markets, then a region

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """What tells, at a gate, the futures in which to act from those in which not to.

    Attributes:
        kind: `volume` (a region's mean cars a quarter until the gate) or `fork`.
        name: the region, or the fork.
        above: true if more than `level` means act; false if less does; of no meaning for a fork.
        level: cars a quarter at which to turn; 0 for a fork.
        label: the way the fork must go; "" for a volume.
        right: share of the futures that reach the gate undecided in which the sign points as the plan acts.
    """

    kind: str
    name: str
    above: bool
    level: float
    label: str
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """What the plan does about one plant at one gate.

    Attributes:
        plant: number of the plant.
        gate: number of the gate.
        closes: true if it is about closing.
        odds: probability of doing it at this gate.
        odds_by_now: probability of having done it by then.
        sign: how to know; None if it is done in all futures that get there, or in none.
    """

    plant: int
    gate: int
    closes: bool
    odds: float
    odds_by_now: float
    sign: Sign | None


def turnings(plan: SupplyPlan) -> tuple[Turning, ...]:
    """Every commitment and closing of the plan with its odds, in order of gate; those never taken are left out."""
    found = []
    for closes in (False, True):
        for p in range(len(plan.network.plants)):
            when = _gate_of(plan.tree, plan.steps, p, closes)
            for g in range(len(plan.network.gates)):
                here = float(plan.futures.probability[when == g].sum())
                if here > 0:
                    found.append(
                        Turning(
                            plant=p,
                            gate=g,
                            closes=closes,
                            odds=here,
                            odds_by_now=float(plan.futures.probability[when <= g].sum()),
                            sign=_sign(plan, p, g, when, closes),
                        )
                    )
    return tuple(sorted(found, key=lambda t: (t.gate, t.closes, t.plant)))


def commit_odds(plan: SupplyPlan) -> Floats:
    """(P, G), probability of having committed to each plant by each gate; 1 throughout for those that exist."""
    return odds_of_steps(plan.network, plan.futures, plan.tree, plan.steps)


def odds_of_steps(network: Network, futures: Futures, tree: Tree, steps: tuple[Step, ...]) -> Floats:
    """(P, G), the same for steps that are no plan yet."""
    odds = np.zeros((len(network.plants), len(network.gates)))
    for p, plant in enumerate(network.plants):
        when = _gate_of(tree, steps, p, closes=False)
        for g in range(odds.shape[1]):
            odds[p, g] = 1.0 if plant.exists else futures.probability[when <= g].sum()
    return odds


def _gate_of(tree: Tree, steps: tuple[Step, ...], plant: int, closes: bool) -> Ints:
    """(S,), gate at which each draw takes the step; beyond the last gate if it never does."""
    when = np.full(tree.node_of.shape[0], tree.node_of.shape[1])
    for step in steps:
        if step.plant == plant and step.closes == closes:
            draws = tree.draws(step.node)
            when[draws] = np.minimum(when[draws], tree.gate[step.node])
    return when


def _sign(plan: SupplyPlan, plant: int, gate: int, when: Ints, closes: bool) -> Sign | None:
    """The single sign that is right most often among draws that could still take the step at this gate."""
    free = when >= gate
    if closes:
        free &= _gate_of(plan.tree, plan.steps, plant, closes=False) < gate
    acts = when[free] == gate
    if acts.all() or not acts.any():
        return None
    weight = plan.futures.probability[free] / plan.futures.probability[free].sum()
    candidates = [*_fork_signs(plan, gate, free, acts, weight), *_volume_signs(plan, plant, gate, free, acts, weight)]
    best = max((sign.right for sign in candidates), default=0.0)
    return next((sign for sign in candidates if sign.right >= best - _AS_GOOD), None)


def _volume_signs(
    plan: SupplyPlan,
    plant: int,
    gate: int,
    free: NDArray[np.bool_],
    acts: NDArray[np.bool_],
    weight: Floats,
) -> list[Sign]:
    """Thresholds on what the gate reads of the regions that the plant can serve: all together, then each."""
    network, code = plan.network, plan.network.plants[plant].code
    reached = {lane.market for lane in network.lanes if lane.plant == code}
    served = dict.fromkeys(m.region for m in network.markets if m.code in reached and not m.is_home)
    places = [plan.tree.regions.index(region) for region in served if region in plan.tree.regions]
    if not places:
        return []
    cars = np.maximum(np.expm1(plan.tree.seen[free, gate]), 0.0)
    readings = [("all the markets it can serve", cars[:, places].sum(axis=1))] if len(places) > 1 else []
    readings += [(plan.tree.regions[place], cars[:, place]) for place in places]
    return [sign for name, seen in readings for sign in _thresholds(name, seen, acts, weight)]


def _thresholds(name: str, seen: Floats, acts: NDArray[np.bool_], weight: Floats) -> list[Sign]:
    """The best level above which, and the best below which, to act."""
    order = np.argsort(seen)
    cuts = (seen[order][1:] + seen[order][:-1]) / 2
    apart = np.diff(seen[order]) > 1e-9
    if not apart.any():
        return []
    # weight of draws that act among those below each cut, and of those that do not
    acting, idle = np.cumsum((weight * acts)[order])[:-1], np.cumsum((weight * ~acts)[order])[:-1]
    right_above = idle + (weight @ acts - acting)
    signs = []
    for above, right in ((True, right_above), (False, 1 - right_above)):
        best = int(np.where(apart, right, -1.0).argmax())
        signs.append(
            Sign(kind="volume", name=name, above=above, level=float(cuts[best]), label="", right=float(right[best]))
        )
    return signs


def _fork_signs(
    plan: SupplyPlan, gate: int, free: NDArray[np.bool_], acts: NDArray[np.bool_], weight: Floats
) -> list[Sign]:
    signs = []
    for number, fork in enumerate(plan.network.forks):
        if fork.known_from > plan.network.gates[gate]:
            continue
        for label, word in enumerate(fork.labels):
            right = float(weight @ ((plan.futures.turns[free, number] == label) == acts))
            signs.append(Sign(kind="fork", name=fork.name, above=True, level=0.0, label=word, right=right))
    return signs
