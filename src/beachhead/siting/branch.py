"""Branch and bound on Lagrangian prices: proves a small field, or narrows the gap of a large one.

A node keeps some sites open and strikes others; its prices start from its parent's. Best bound first; the branching
site is the one the relaxed solution is least sure of. Sites whose reduced cost exceeds the gap are struck or kept for
good in the node (Beasley 1993, section 3).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.dual import Prices, again, climb, margins
from beachhead.siting.field import Field, cost_of, fit, restrict, shorten
from beachhead.siting.pace import NODE
from beachhead.world.work import Meter

_STEPS = 200
_THETA = 0.3
_OVERSHOOT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """What the search for a proof found.

    Attributes:
        lower: no allowed set of sites costs less.
        upper: cost of the best set known.
        sites: that set, as candidate numbers.
        nodes: nodes whose bound was computed.
    """

    lower: float
    upper: float
    sites: NDArray[np.int32]
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Node:
    """Which candidates of the root remain (`numbers`), which of them stay open (`kept`), and where prices stand."""

    bound: float
    numbers: NDArray[np.int64]
    kept: NDArray[np.bool_]
    prices: Prices


def threshold(upper: float, grain: float, gap: float = 0.0) -> float:
    """The bound at which `upper` counts as proven within `gap`: costs are multiples of `grain` (0: of nothing)."""
    exact = upper - grain * (1 - 1e-5) if grain else upper - 1e-9 * max(1.0, abs(upper))
    return min(exact, upper - gap * abs(upper)) if gap else exact


def rounded(lower: float, upper: float, grain: float) -> float:
    """The bound that follows from `lower` when costs are multiples of `grain`; never above `upper`."""
    if grain:
        lower = float(np.ceil(lower / grain - 1e-6) * grain)
    return upper if lower >= threshold(upper, 0.0) else lower


def branch(
    field: Field,
    prices: Prices,
    *,
    upper: float,
    sites: NDArray[np.int32],
    grain: float,
    gap: float,
    meter: Meter,
    most_nodes: int,
) -> Proof:
    """Search from the root prices until the gap is closed, or nodes or work run out."""
    everyone = np.arange(field.sites)
    heap = [(prices.bound, 0, _Node(bound=prices.bound, numbers=everyone, kept=field.limits.kept, prices=prices))]
    nodes = pushed = 0
    goal = threshold(upper, grain, gap)
    while heap and heap[0][0] < goal and nodes < most_nodes and not meter.must_stop():
        node = _fix(field, heapq.heappop(heap)[2], goal)
        cost, found = _round(field, node)
        if cost < upper:
            upper, sites = cost, found
            goal = threshold(upper, grain, gap)
        doubt = _most_doubtful(node)
        if doubt is None:
            continue
        for child in (_keep(field, node, doubt), _strike(node, doubt)):
            bounded = _bound(field, child, upper, goal, meter)
            nodes += 1
            if bounded.bound < goal:
                pushed += 1
                heapq.heappush(heap, (bounded.bound, pushed, bounded))
    lower = min(heap[0][0], goal) if heap else goal
    return Proof(lower=rounded(max(lower, prices.bound), upper, grain), upper=upper, sites=np.sort(sites), nodes=nodes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Core:
    """What reduced costs leave undecided of a field: same optimum, if that is below the goal.

    Attributes:
        field: the smaller field; its lists end where serving would cost more than the gap allows.
        numbers: the candidates that remain, as numbers of the larger field.
        prices: their prices.
    """

    field: Field
    numbers: NDArray[np.int64]
    prices: Prices


def reduced(field: Field, prices: Prices, goal: float) -> Core:
    """Strike and keep candidates, and cut lists, wherever another choice costs `goal` or more."""
    everyone = np.arange(field.sites)
    node = _fix(field, _Node(bound=prices.bound, numbers=everyone, kept=field.limits.kept, prices=prices), goal)
    spare = max(goal - prices.bound, 0.0)
    small = shorten(field_at(field, node.numbers, node.kept), prices.best + spare)
    return Core(field=small, numbers=node.numbers, prices=node.prices)


def field_at(field: Field, numbers: NDArray[np.int64], kept: NDArray[np.bool_]) -> Field:
    """The field of a node."""
    mask = np.zeros(field.sites, np.bool_)
    mask[numbers] = True
    small = field if mask.all() else restrict(field, mask)
    return replace(small, limits=replace(small.limits, kept=kept))


def _fix(field: Field, node: _Node, goal: float) -> _Node:
    """Strike and keep what the reduced costs decide, then strike what no longer fits beside the kept sites."""
    margin = margins(field_at(field, node.numbers, node.kept), node.prices)
    spare = goal - margin.bound
    kept = node.kept | (margin.if_closed > spare)
    stay = kept | (margin.if_open <= spare)
    return _drop_crowded(field, _only(replace(node, kept=kept), stay))


def _only(node: _Node, stay: NDArray[np.bool_]) -> _Node:
    prices = node.prices._replace(share=node.prices.share[stay], chosen=node.prices.chosen[stay])
    return replace(node, numbers=node.numbers[stay], kept=node.kept[stay], prices=prices)


def _drop_crowded(field: Field, node: _Node) -> _Node:
    """Strike candidates that exceed a budget or stand too close, given the sites kept."""
    limits = field.limits
    open_now = node.numbers[node.kept]
    used = np.bincount(limits.group[open_now], limits.price[open_now], minlength=len(limits.budget))
    price = limits.price[node.numbers]
    room = np.minimum((limits.budget - used)[limits.group[node.numbers]], limits.total - used.sum())
    crowded = np.zeros(field.sites, np.bool_)
    for j in open_now:
        crowded[limits.conflict.item[limits.conflict.ptr[j] : limits.conflict.ptr[j + 1]]] = True
    return _only(node, node.kept | ((price <= room + 1e-9) & ~crowded[node.numbers]))


def _round(field: Field, node: _Node) -> tuple[float, NDArray[np.int32]]:
    """The set that the relaxed choice suggests, made to fit the limits."""
    order = node.numbers[np.lexsort((-node.prices.share, -node.prices.chosen, ~node.kept))]
    wanted = order[(node.prices.chosen > 0)[np.lexsort((-node.prices.share, -node.prices.chosen, ~node.kept))]]
    sites = fit(field, wanted)
    return cost_of(field, sites)[0], sites


def _most_doubtful(node: _Node) -> int | None:
    """Position in the node of the free site whose share is nearest to one half."""
    free = np.flatnonzero(~node.kept)
    return int(free[np.argmin(np.abs(node.prices.share[free] - 0.5))]) if len(free) else None


def _keep(field: Field, node: _Node, position: int) -> _Node:
    kept = node.kept.copy()
    kept[position] = True
    return _drop_crowded(field, replace(node, kept=kept))


def _strike(node: _Node, position: int) -> _Node:
    stay = np.ones(len(node.numbers), np.bool_)
    stay[position] = False
    return _only(node, stay)


def _bound(field: Field, node: _Node, upper: float, goal: float, meter: Meter) -> _Node:
    """Climb from the parent's prices, aiming beyond the goal: steps towards the goal itself never cross it."""
    small = field_at(field, node.numbers, node.kept)
    aim = upper + _OVERSHOOT * max(goal - node.bound, 0.0)
    prices = climb(small, aim=aim, enough=goal, steps=_STEPS, start=node.prices, theta=_THETA, final=0.01)
    meter.charge(NODE + prices.work)
    better = prices.bound > node.bound
    return replace(node, bound=max(prices.bound, node.bound), prices=prices if better else again(node.prices, _THETA))
