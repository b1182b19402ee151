"""How likely each commitment is, gate by gate, and by what sign one would know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.plan import SupplyPlan

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
            when = _gate_of(plan, p, closes)
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
    odds = np.zeros((len(plan.network.plants), len(plan.network.gates)))
    for p, plant in enumerate(plan.network.plants):
        when = _gate_of(plan, p, closes=False)
        for g in range(odds.shape[1]):
            odds[p, g] = 1.0 if plant.exists else plan.futures.probability[when <= g].sum()
    return odds


def _gate_of(plan: SupplyPlan, plant: int, closes: bool) -> Ints:
    """(S,), gate at which each draw takes the step; beyond the last gate if it never does."""
    when = np.full(len(plan.futures.cars), len(plan.network.gates))
    for step in plan.steps:
        if step.plant == plant and step.closes == closes:
            draws = plan.tree.draws(step.node)
            when[draws] = np.minimum(when[draws], plan.tree.gate[step.node])
    return when


def _sign(plan: SupplyPlan, plant: int, gate: int, when: Ints, closes: bool) -> Sign | None:
    """The single sign that is right most often among draws that could still take the step at this gate."""
    free = when >= gate
    if closes:
        free &= _gate_of(plan, plant, closes=False) < gate
    acts = when[free] == gate
    if acts.all() or not acts.any():
        return None
    weight = plan.futures.probability[free] / plan.futures.probability[free].sum()
    candidates = [*_volume_signs(plan, gate, free, acts, weight), *_fork_signs(plan, gate, free, acts, weight)]
    return max(candidates, key=lambda sign: sign.right, default=None)


def _volume_signs(
    plan: SupplyPlan, gate: int, free: NDArray[np.bool_], acts: NDArray[np.bool_], weight: Floats
) -> list[Sign]:
    signs = []
    for r, region in enumerate(plan.tree.regions):
        seen = plan.tree.seen[free, gate, r]
        order = np.argsort(seen)
        cuts = (seen[order][1:] + seen[order][:-1]) / 2
        # weight of draws that act among those below each cut, and of those that do not
        acting, idle = np.cumsum((weight * acts)[order])[:-1], np.cumsum((weight * ~acts)[order])[:-1]
        right_above = idle + (weight @ acts - acting)
        for above, right in ((True, right_above), (False, 1 - right_above)):
            if len(right):
                best = int(right.argmax())
                level = float(np.expm1(cuts[best]))
                signs.append(
                    Sign(kind="volume", name=region, above=above, level=level, label="", right=float(right[best]))
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
