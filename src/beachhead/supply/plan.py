"""The answer: which plants to commit to, when, in which futures; what cars cost and how many can come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.conflict import explain_conflict
from beachhead.supply.extensive import write_extensive
from beachhead.supply.futures import Futures, draw_futures
from beachhead.supply.highs import Verdict
from beachhead.supply.network import Network
from beachhead.supply.recourse import Recourses
from beachhead.supply.routing import Layout, Routing, write_routing
from beachhead.supply.tree import Tree, grow_tree
from beachhead.supply.worth import Interval, Worth, solve_and_weigh
from beachhead.world.errors import NotLearnt
from beachhead.world.outlook import Outlook
from beachhead.world.work import meter

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How closely to look.

    Attributes:
        gap: relative gap between the bounds at which to stop.
        work: units of work (see `beachhead.world.work`) after which the best plan so far is taken, with its gap.
        seconds: safety stop by the clock; None for none.
        branches: clusters of demand told apart at each gate.
        smallest: fewest draws in a node of the tree.
        blur: standard deviation with which one quarter of sales shows the log of a region's volume.
        threads: local cores used; the answer does not depend on it.
    """

    gap: float = 1e-4
    work: float = 120.0
    seconds: float | None = None
    branches: int = 3
    smallest: int = 4
    blur: float = 0.3
    threads: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decision of the plan.

    Attributes:
        plant: number of the plant.
        node: node of the tree at which it is taken.
        closes: true if it closes the plant, false if it commits to it.
    """

    plant: int
    node: int
    closes: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SupplyPlan:
    """What to commit to in which future, with its bounds. Money in the launch's currency, discounted to today.

    Attributes:
        network: what was asked.
        futures: the S draws it was asked for.
        tree: which draws can be told apart when.
        verdict: optimal within the gap, or the best found.
        value: expected contribution of the best plan, between bounds.
        worth: the same for plans that look less or know more, as costs.
        steps: what is decided at which node.
        draw_value: (S,), contribution in each draw.
        capacity: (S, P, T), cars that the open plants can make.
        made: (S, P, T), cars made.
        delivered: (S, L, J, T), cars delivered by lane and offer.
        landed: (S, M, J, T), cost of a car of that offer in that market: the mean of the cars delivered, or of the
            cheapest open route from a running plant if none are; inf where no route is open.
        exported: (S, M, J, T), the same if only the plants that run already were used.
        revenue: (S, M, J, T), net price less selling cost, at the rates of the draw.
        rounds: rounds of cuts.
        work: units of work done, of those that were allowed.
        by_clock: whether the clock that a user set cut the search short.
    """

    network: Network
    futures: Futures
    tree: Tree
    verdict: Verdict
    value: Interval
    worth: Worth
    steps: tuple[Step, ...]
    draw_value: Floats
    capacity: Floats
    made: Floats
    delivered: Floats
    landed: Floats
    exported: Floats
    revenue: Floats
    rounds: int
    work: float
    by_clock: bool

    @property
    def gap(self) -> float:
        """Relative distance of the bounds."""
        return (self.value.high - self.value.low) / max(abs(self.value.low), 1e-9)

    @property
    def arrived(self) -> Floats:
        """(S, M, J, T), cars delivered by market and offer."""
        return np.asarray(np.einsum("lm,sljt->smjt", _joins(self.network)[1], self.delivered))

    @property
    def by_plant(self) -> Floats:
        """(S, P, M, T), cars delivered by plant and market."""
        plants, markets = _joins(self.network)
        return np.asarray(np.einsum("lp,lm,slt->spmt", plants, markets, self.delivered.sum(axis=2)))

    @property
    def short(self) -> Floats:
        """(S, M, J, T), planned cars that do not arrive: no capacity, or a loss on each."""
        planned = self.network.mix[None, :, :, None] * self.futures.cars[:, :, None, :]
        return np.asarray(np.maximum(planned - self.arrived, 0.0))

    @property
    def for_export(self) -> Floats:
        """(S, T), cars that all open plants can make beyond what the home market takes."""
        home = np.array([market.is_home for market in self.network.markets])
        taken = self.arrived[:, home].sum(axis=(1, 2))
        return np.asarray(np.maximum(self.capacity.sum(axis=1) - taken, 0.0))


def plan_supply(network: Network, planned: Outlook, *, seed: int, depth: Depth | None = None) -> SupplyPlan:
    """Commitments, routes, bounds and what waiting is worth, for the draws of planned cars."""
    depth = depth or Depth()
    futures = draw_futures(network, planned, seed=seed)
    tree = grow_tree(network, futures, branches=depth.branches, smallest=depth.smallest, blur=depth.blur)
    routing = write_routing(network, futures, tree)
    counted = meter(depth.work, depth.seconds)
    with Recourses(routing.program, threads=depth.threads) as recourses:
        solved = solve_and_weigh(routing.program, recourses, gap=depth.gap, meter=counted, threads=depth.threads)
        solution = solved.solution
        if solution.verdict is Verdict.INFEASIBLE:
            raise explain_conflict(network, futures, tree)
        if not solution.is_found:
            within = f"{depth.seconds:g} s" if counted.by_clock else f"{depth.work:g} units of work"
            raise NotLearnt(f"no supply plan was found within {within}", "allow more work, or draw fewer futures")
        flows = np.array([recourses.flows(s, solution.decisions) for s in range(len(futures.cars))])
        exports = _exports(recourses, routing.layout, solution.decisions, flows)
    layout = routing.layout
    return SupplyPlan(
        network=network,
        futures=futures,
        tree=tree,
        verdict=solution.verdict,
        value=Interval(low=-solution.upper, high=-solution.lower),
        worth=solved.worth,
        steps=steps_of(layout, solution.decisions),
        draw_value=-solution.scenario_costs,
        capacity=_capacity(network, futures, routing, solution.decisions),
        made=_made(network, layout, flows),
        delivered=_delivered(network, layout, flows),
        landed=_landed(network, layout, flows),
        exported=_landed(network, layout, exports),
        revenue=_revenue(network, layout),
        rounds=solution.rounds,
        work=counted.done,
        by_clock=counted.by_clock,
    )


def write_algebra(network: Network, planned: Outlook, path: Path, *, seed: int, depth: Depth | None = None) -> None:
    """Write the extensive form of the question as readable algebra; the ending says the format, .lp or .mps."""
    depth = depth or Depth()
    futures = draw_futures(network, planned, seed=seed)
    tree = grow_tree(network, futures, branches=depth.branches, smallest=depth.smallest, blur=depth.blur)
    write_extensive(write_routing(network, futures, tree, strong=False, named=True).program, path)


def steps_of(layout: Layout, decisions: Floats) -> tuple[Step, ...]:
    """The decisions taken, in order of node."""
    taken = [layout.choices[k] for k in np.flatnonzero(decisions > 0.5)]
    commits = [Step(plant=c.plant, node=c.commit_node, closes=False) for c in taken if c.close_node is None]
    closings = [Step(plant=c.plant, node=c.close_node, closes=True) for c in taken if c.close_node is not None]
    return tuple(sorted([*commits, *closings], key=lambda step: (step.node, step.plant)))


def _exports(recourses: Recourses, layout: Layout, decisions: Floats, flows: Floats) -> Floats:
    """(S, N), the flows without plants to be built; none where firm cars could not come then."""
    exports, none = np.zeros_like(flows), np.zeros_like(decisions)
    for s, chosen in enumerate(flows):
        if not (layout.shares[s] @ decisions).any():
            exports[s] = chosen
        elif recourses.price_one(s, none).feasible:
            exports[s] = recourses.flows(s, none)
    return exports


def _capacity(network: Network, futures: Futures, routing: Routing, decisions: Floats) -> Floats:
    shape = (len(futures.cars), len(network.plants), len(network.quarters))
    capacity = np.zeros(shape)
    for s in range(shape[0]):
        share = (routing.layout.shares[s] @ decisions).reshape(shape[1:])
        for p, plant in enumerate(network.plants):
            capacity[s, p] = plant.capacity_per_quarter * (1.0 if plant.exists else share[p])
    return capacity


def _made(network: Network, layout: Layout, flows: Floats) -> Floats:
    made = np.zeros((len(flows), len(network.plants), len(network.quarters)))
    amounts = flows @ layout.made.T
    for column, (p, t) in enumerate(layout.made_at):
        if t >= 0:
            made[:, p, t] = amounts[:, column]
    return made


def _delivered(network: Network, layout: Layout, flows: Floats) -> Floats:
    delivered = np.zeros((len(flows), len(network.lanes), len(network.builds), len(network.quarters)))
    for n, (w, t) in enumerate(zip(layout.column_way, layout.column_quarter, strict=True)):
        way = layout.ways[w]
        delivered[:, way.lane, way.offer, t] += flows[:, n]
    return delivered


def _landed(network: Network, layout: Layout, flows: Floats) -> Floats:
    """Mean landed cost of the cars delivered; of the cheapest open way where there are none."""
    shape = (len(flows), len(network.markets), len(network.builds), len(network.quarters))
    cars, money, least = np.zeros(shape), np.zeros(shape), np.full(shape, np.inf)
    landed = np.array([costs.landed for costs in layout.costs])[layout.combination]
    for w, way in enumerate(layout.ways):
        if network.plants[way.plant].exists:
            least[:, way.market, way.offer] = np.minimum(least[:, way.market, way.offer], landed[:, w])
    for n, (w, t) in enumerate(zip(layout.column_way, layout.column_quarter, strict=True)):
        where = (slice(None), layout.ways[w].market, layout.ways[w].offer, t)
        cars[where] += flows[:, n]
        money[where] += flows[:, n] * np.where(np.isfinite(landed[:, w, t]), landed[:, w, t], 0.0)
    return np.where(cars > 1e-6, money / np.maximum(cars, 1e-6), least)


def _revenue(network: Network, layout: Layout) -> Floats:
    """Net price less selling cost, in each draw."""
    shape = (len(layout.costs), len(network.markets), len(network.builds), len(network.quarters))
    revenue = np.repeat((network.net_price - network.selling_cost)[None, :, :, None], shape[0], axis=0)
    revenue = np.repeat(revenue, shape[3], axis=3)
    for c, costs in enumerate(layout.costs):
        for w, way in enumerate(layout.ways):
            revenue[c, way.market, way.offer] = costs.revenue[w]
    return revenue[layout.combination]


def _joins(network: Network) -> tuple[Floats, Floats]:
    """(L, P) and (L, M), 1 where a lane starts at a plant and ends at a market."""
    plants = np.array([[lane.plant == plant.code for plant in network.plants] for lane in network.lanes], dtype=float)
    markets = np.array([[lane.market == m.code for m in network.markets] for lane in network.lanes], dtype=float)
    return plants, markets
