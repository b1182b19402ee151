"""Writes a network and its futures as a staged programme: commitments on the tree, routes in each draw.

Decisions, for each plant that does not exist yet: `commit` at a node, and `close` at a later node of the same line.
Recourse, for each draw: cars delivered by route and quarter, and cars paid for but not made. Cost is the negative of
discounted contribution. For fixed decisions the draws fall apart; inside a draw plants, quotas and lanes couple routes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from beachhead.supply.futures import Futures
from beachhead.supply.landed import Way, WayCosts, by_way, land, routes_of, ways_of
from beachhead.supply.network import Network
from beachhead.supply.plant import Plant
from beachhead.supply.staged import Decisions, Recourse, StagedProgram
from beachhead.supply.tariff import Turn, quota_year
from beachhead.supply.tree import Tree
from beachhead.world.quarter import QUARTERS_A_YEAR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What one decision column means.

    Attributes:
        plant: number of the plant.
        commit_node: node at which it is committed to.
        close_node: node at which that commitment is closed; None for the commitment itself.
    """

    plant: int
    commit_node: int
    close_node: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """What the columns and rows of the programme mean.

    Attributes:
        choices: K decision columns.
        ways: W ways to serve a market with an offer.
        column_way: (N,), way of each delivery column.
        column_quarter: (N,), quarter of delivery.
        underruns: U pairs (plant, quarter), columns after the N deliveries.
        made: (L, N + U) rows of cars made: for each plant and quarter of `made_at`, from deliveries.
        made_at: L pairs (plant, quarter); quarters before the first are negative.
        rows: what each recourse row holds.
        costs: costs of the ways for each combination of turns that occurs.
        combination: (S,), which of them each draw has.
        shares: S matrices (P * T, K): share of a plant's capacity that each decision adds in each quarter.
    """

    choices: tuple[Choice, ...]
    ways: tuple[Way, ...]
    column_way: Ints
    column_quarter: Ints
    underruns: tuple[tuple[int, int], ...]
    made: sparse.csr_matrix
    made_at: tuple[tuple[int, int], ...]
    rows: tuple[RowMeaning, ...]
    costs: tuple[WayCosts, ...]
    combination: Ints
    shares: tuple[sparse.csr_matrix, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowMeaning:
    """What one recourse row holds.

    Attributes:
        kind: `need` (market, offer, quarter), `capacity` or `run` (plant, quarter), `quota` (name, year) or `lane`
            (lane, quarter).
        plant: number of the plant, or -1.
        market: number of the market, or -1.
        offer: number of the offer, or -1.
        lane: number of the lane, or -1.
        quota: name of the quota, or "".
        time: number of the quarter; of a quota, of the quarter with which its year begins, negative if that is before
            the horizon.
    """

    kind: str
    plant: int = -1
    market: int = -1
    offer: int = -1
    lane: int = -1
    quota: str = ""
    time: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Routing:
    """A network written as a programme.

    Attributes:
        program: what the solvers take.
        layout: what its columns and rows mean.
    """

    program: StagedProgram
    layout: Layout


def write_routing(
    network: Network, futures: Futures, tree: Tree, *, strong: bool = True, named: bool = False
) -> Routing:
    """The staged programme.

    Args:
        network: the question.
        futures: the draws.
        tree: which draws can be told apart when.
        strong: bound each delivery by its plant being open, which tightens the relaxation.
        named: give columns and rows names to be read; else they are numbered, which is quicker.
    """
    ways = ways_of(routes_of(network))
    costs, combination = _costs(network, futures, ways)
    columns = _delivery_columns(network, futures, ways, costs)
    choices = _choices(network, tree)
    effects = [_effect(network, futures, tree, choices, s) for s in range(len(futures.cars))]
    layout = _layout(network, ways, columns, costs, combination, choices, tuple(e.share for e in effects))
    frame = _frame(network, layout)
    blocks = [_recourse(network, futures, layout, frame, effect, s, strong) for s, effect in enumerate(effects)]
    program = StagedProgram(
        decisions=_decisions(network, tree, layout.choices),
        scenarios=tuple(blocks),
        columns=_column_names(network, layout) if named else _numbered("x", frame.matrix.shape[1]),
        rows=tuple(_row_name(network, r) for r in layout.rows) if named else _numbered("r", len(layout.rows)),
    )
    return Routing(program=program, layout=layout)


def _costs(network: Network, futures: Futures, ways: tuple[Way, ...]) -> tuple[tuple[WayCosts, ...], Ints]:
    """Costs for each combination of turns among the draws, and which draw has which."""
    routes = routes_of(network)
    _, first, which = np.unique(futures.turns, axis=0, return_index=True, return_inverse=True)
    costs = tuple(by_way(land(network, routes, futures.turns_of(network, int(draw))), ways) for draw in first)
    return costs, which.reshape(-1)


def _delivery_columns(
    network: Network, futures: Futures, ways: tuple[Way, ...], costs: tuple[WayCosts, ...]
) -> tuple[Ints, Ints]:
    """Way and quarter of each delivery that may ever be worth making: open, wanted, and earning unless it is firm."""
    market = np.array([way.market for way in ways], dtype=np.int64)
    wanted = (futures.cars.max(axis=0) > 0)[market]
    earning = np.any([cost.margin > 0 for cost in costs], axis=0) if network.firm_share == 0 else True
    way, quarter = np.nonzero(np.any([cost.allowed for cost in costs], axis=0) & wanted & earning)
    return way, quarter


def _layout(
    network: Network,
    ways: tuple[Way, ...],
    columns: tuple[Ints, Ints],
    costs: tuple[WayCosts, ...],
    combination: Ints,
    choices: tuple[Choice, ...],
    shares: tuple[sparse.csr_matrix, ...],
) -> Layout:
    way, quarter = columns
    runs = [p for p, plant in enumerate(network.plants) if plant.minimum_run_per_quarter > 0]
    underruns = tuple((p, t) for p in runs for t in range(len(network.quarters)))
    made, made_at = _made(network, ways, way, quarter, len(underruns))
    return Layout(
        choices=choices,
        ways=ways,
        column_way=way,
        column_quarter=quarter,
        underruns=underruns,
        made=made,
        made_at=made_at,
        rows=_rows(network, ways, way, quarter, made_at, underruns),
        costs=costs,
        combination=combination,
        shares=shares,
    )


def _choices(network: Network, tree: Tree) -> tuple[Choice, ...]:
    choices: list[Choice] = []
    for p, plant in enumerate(network.plants):
        if plant.exists:
            continue
        choices.extend(Choice(plant=p, commit_node=n) for n in range(tree.size))
        if plant.closing_cost is not None:
            for late in range(tree.size):
                choices.extend(Choice(plant=p, commit_node=early, close_node=late) for early in tree.before(late)[1:])
    return tuple(choices)


def _made(
    network: Network, ways: tuple[Way, ...], way: Ints, quarter: Ints, extra: int
) -> tuple[sparse.csr_matrix, tuple[tuple[int, int], ...]]:
    """Cars made by plant and quarter, for cars delivered: shifted by transit, raised by losses."""
    entries: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for n, (w, t) in enumerate(zip(way, quarter, strict=True)):
        lane = network.lanes[ways[w].lane]
        for back, share in lane.lags:
            entries.setdefault((ways[w].plant, int(t) - back), []).append((n, share / (1 - lane.loss_share)))
    made_at = tuple(sorted(entries))
    rows = np.repeat(np.arange(len(made_at)), [len(entries[key]) for key in made_at])
    cells = [cell for key in made_at for cell in entries[key]]
    values, places = np.array([c[1] for c in cells]), np.array([c[0] for c in cells])
    return sparse.csr_matrix((values, (rows, places)), (len(made_at), len(way) + extra)), made_at


def _rows(
    network: Network,
    ways: tuple[Way, ...],
    way: Ints,
    quarter: Ints,
    made_at: tuple[tuple[int, int], ...],
    underruns: tuple[tuple[int, int], ...],
) -> tuple[RowMeaning, ...]:
    used = [(ways[w], int(t)) for w, t in zip(way, quarter, strict=True)]
    cells = {(each.market, each.offer, t) for each, t in used}
    if network.firm_share > 0:  # a firm need that no route can serve must still stand, to be named
        sold = np.argwhere(network.mix > 0)
        cells |= {(int(m), int(j), t) for m, j in sold for t in range(len(network.quarters))}
    rows = [RowMeaning(kind="need", market=m, offer=j, time=t) for m, j, t in sorted(cells)]
    rows += [RowMeaning(kind="capacity", plant=p, time=t) for p, t in made_at]
    rows += [RowMeaning(kind="run", plant=p, time=t) for p, t in underruns]
    begins = network.quotas
    quotas = {(each.quota, _quota_year(network, begins[each.quota], t)) for each, t in used if each.quota}
    rows += [RowMeaning(kind="quota", quota=name, time=year) for name, year in sorted(quotas)]
    narrow = {(each.lane, t) for each, t in used if network.lanes[each.lane].capacity_per_quarter is not None}
    rows += [RowMeaning(kind="lane", lane=lane, time=t) for lane, t in sorted(narrow)]
    return tuple(rows)


def _matrix(network: Network, layout: Layout) -> sparse.csr_matrix:
    """W: the rows over deliveries and underruns."""
    place = {
        (row.kind, row.plant, row.market, row.offer, row.lane, row.quota, row.time): i
        for i, row in enumerate(layout.rows)
    }
    row_of, column_of, value = [], [], []
    begins = network.quotas

    def put(kind: str, column: int, time: int, amount: float = 1.0, **who: int | str) -> None:
        key = (
            kind,
            who.get("plant", -1),
            who.get("market", -1),
            who.get("offer", -1),
            who.get("lane", -1),
            who.get("quota", ""),
            time,
        )
        row_of.append(place[key])  # type: ignore[index]
        column_of.append(column)
        value.append(amount)

    for n, (w, t) in enumerate(zip(layout.column_way, layout.column_quarter, strict=True)):
        way, time = layout.ways[w], int(t)
        put("need", n, time, market=way.market, offer=way.offer)
        if way.quota:
            put("quota", n, _quota_year(network, begins[way.quota], time), quota=way.quota)
        if network.lanes[way.lane].capacity_per_quarter is not None:
            put("lane", n, time, lane=way.lane)
    made = layout.made.tocoo()
    running = set(layout.underruns)
    for row, column, amount in zip(made.row, made.col, made.data, strict=True):
        plant, time = layout.made_at[row]
        put("capacity", int(column), time, float(amount), plant=plant)
        if (plant, time) in running:
            put("run", int(column), time, float(amount), plant=plant)
    deliveries = len(layout.column_way)
    for u, (plant, time) in enumerate(layout.underruns):
        put("run", deliveries + u, time, plant=plant)
    shape = (len(layout.rows), deliveries + len(layout.underruns))
    return sparse.csr_matrix((value, (row_of, column_of)), shape)


def _quota_year(network: Network, begins: int, time: int) -> int:
    """Number of the quarter with which the quota's year begins in which a quarter lies."""
    return quota_year(network.quarters[time], begins) - network.quarters[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Effect:
    """What each decision does in one draw.

    Attributes:
        share: (P * T, K), share of the plant's capacity that the decision adds, or takes away, in that quarter.
        cost: (K,).
    """

    share: sparse.csr_matrix
    cost: Floats


def _effect(network: Network, futures: Futures, tree: Tree, choices: tuple[Choice, ...], s: int) -> _Effect:
    """From when on each commitment on the draw's path adds capacity, and each closing takes it away."""
    on_path, horizon, weight = set(tree.path(s).tolist()), len(network.quarters), network.quarter_weight
    cost = np.zeros(len(choices))
    cells: list[tuple[int, int, float]] = []
    for k, choice in enumerate(choices):
        last = choice.commit_node if choice.close_node is None else choice.close_node
        if last not in on_path:
            continue
        plant = network.plants[choice.plant]
        start = network.gate_index[tree.gate[choice.commit_node]]
        opening = start + int(futures.lead_quarters[s, choice.plant])
        if choice.close_node is None:
            begin, sign = opening, 1.0
            cost[k] = _capital(network, plant, start) + plant.fixed_cost_per_quarter * weight[begin:].sum()
        else:
            end = network.gate_index[tree.gate[choice.close_node]]
            begin, sign = max(opening, end), -1.0
            saved = plant.fixed_cost_per_quarter * weight[begin:].sum()
            cost[k] = (plant.closing_cost or 0.0) * network.discount**end - saved
        row = choice.plant * horizon
        cells.extend((row + t, k, sign * plant.share_ramped(t - opening)) for t in range(begin, horizon))
    rows, columns, shares = zip(*cells, strict=True) if cells else ((), (), ())
    shape = (len(network.plants) * horizon, len(choices))
    return _Effect(share=sparse.csr_matrix((np.array(shares, dtype=float), (rows, columns)), shape), cost=cost)


def _capital(network: Network, plant: Plant, start: int) -> float:
    return float(sum(spent * network.discount ** (start + q) for q, spent in enumerate(plant.capital)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Frame:
    """What all draws share.

    Attributes:
        matrix: (R, N), W.
        steered: (R, P * T), cars a quarter that a fully ramped plant adds to each row.
        hinged: (N, P * T), 1 where a delivery needs a plant to be open in a quarter.
        row_lower: (R,), but for needs.
        row_upper: (R,), but for needs and quotas.
        quota_row: rows that hold quotas.
        need_row: (R1,), rows that hold needs.
        need_cell: (R1, 3), market, offer and quarter of each.
        column_need: (D,), position among the needs of each delivery.
        column_margin: (D,), mean margin of each delivery over the states of the world in which it is open; it stands
            in where it is not, so that the mean scenario is not diluted.
        standing: (D,), true where the delivery comes from a plant that exists.
    """

    matrix: sparse.csr_matrix
    steered: sparse.csr_matrix
    hinged: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats
    quota_row: Ints
    need_row: Ints
    need_cell: Ints
    column_need: Ints
    column_margin: Floats
    standing: NDArray[np.bool_]


def _frame(network: Network, layout: Layout) -> _Frame:
    horizon, rows = len(network.quarters), layout.rows
    lower, upper, steered = _bounds(network, rows)
    needs = [(i, row) for i, row in enumerate(rows) if row.kind == "need"]
    cells = np.array([(row.market, row.offer, row.time) for _, row in needs], dtype=np.int64).reshape(-1, 3)
    position = {tuple(cell): n for n, cell in enumerate(cells.tolist())}
    served = [layout.ways[w] for w in layout.column_way]
    quarters = layout.column_quarter.tolist()
    hinges = [
        (n, way.plant * horizon + t - network.lanes[way.lane].lags[0][0])
        for n, (way, t) in enumerate(zip(served, quarters, strict=True))
        if not network.plants[way.plant].exists and t >= network.lanes[way.lane].lags[0][0]
    ]
    width = len(network.plants) * horizon
    return _Frame(
        matrix=_matrix(network, layout),
        steered=_sparse(steered, (len(rows), width)),
        hinged=_sparse([(n, cell, 1.0) for n, cell in hinges], (len(served) + len(layout.underruns), width)),
        row_lower=lower,
        row_upper=upper,
        quota_row=np.array([i for i, row in enumerate(rows) if row.kind == "quota"], dtype=np.int64),
        need_row=np.array([i for i, _ in needs], dtype=np.int64),
        need_cell=cells,
        column_need=np.array(
            [position[way.market, way.offer, t] for way, t in zip(served, quarters, strict=True)], dtype=np.int64
        ),
        column_margin=_typical_margin(layout),
        standing=np.array([network.plants[way.plant].exists for way in served], dtype=bool),
    )


def _bounds(network: Network, rows: Sequence[RowMeaning]) -> tuple[Floats, Floats, list[tuple[int, int, float]]]:
    """(R,) least and most of rows but for needs and quotas, and what a plant to be built adds: row, cell, cars."""
    horizon = len(network.quarters)
    lower, upper = np.full(len(rows), -np.inf), np.full(len(rows), np.inf)
    steered: list[tuple[int, int, float]] = []
    for i, row in enumerate(rows):
        plant, cell = network.plants[row.plant], row.plant * horizon + row.time
        match row.kind:
            case "capacity":
                upper[i] = plant.capacity_per_quarter if plant.exists else 0.0
                if not plant.exists and row.time >= 0:
                    steered.append((i, cell, plant.capacity_per_quarter))
            case "run":
                lower[i] = plant.minimum_run_per_quarter if plant.exists else 0.0
                if not plant.exists:
                    steered.append((i, cell, plant.minimum_run_per_quarter))
            case "lane":
                upper[i] = network.lanes[row.lane].capacity_per_quarter or 0.0
    return lower, upper, steered


def _recourse(
    network: Network, futures: Futures, layout: Layout, frame: _Frame, effect: _Effect, s: int, strong: bool
) -> Recourse:
    """One draw's block."""
    m, j, t = frame.need_cell.T
    need = network.mix[m, j] * futures.cars[s, m, t]
    costs = layout.costs[layout.combination[s]]
    usable = costs.allowed[layout.column_way, layout.column_quarter]
    most = np.where(usable, need[frame.column_need], 0.0)
    free = np.full(len(layout.underruns), np.inf)
    lower, upper = frame.row_lower.copy(), frame.row_upper.copy()
    lower[frame.need_row], upper[frame.need_row] = network.firm_share * need, need
    turns = futures.turns_of(network, s)
    upper[frame.quota_row] = [_admitted(network, layout.rows[row], turns) for row in frame.quota_row]
    count, choices = len(most) + len(free), len(layout.choices)
    hinge = sparse.csr_matrix((count, choices))
    if strong:
        is_open = effect.share.sign()
        hinge = sparse.csr_matrix(sparse.diags(np.concatenate([most, np.zeros(len(free))])) @ frame.hinged @ is_open)
    return Recourse(
        name=f"d{s}",
        probability=float(futures.probability[s]),
        decision_cost=effect.cost,
        cost=_column_cost(network, layout, costs, frame.column_margin),
        lower=np.zeros(count),
        upper=np.concatenate([np.where(frame.standing | (not strong), most, 0.0), free]),
        upper_per_decision=hinge,
        matrix=frame.matrix,
        technology=sparse.csr_matrix(-frame.steered @ effect.share),
        row_lower=lower,
        row_upper=upper,
    )


def _admitted(network: Network, row: RowMeaning, turns: frozenset[Turn]) -> float:
    """Cars that a quota lets in within a year, the world going these ways: the most of its rows then in force."""
    year = [network.quarters[0] + row.time + step for step in range(QUARTERS_A_YEAR)]
    seen = [quarter for quarter in year if network.quarters[0] <= quarter <= network.quarters[-1]]
    sizes = [
        tariff.quota_per_year or 0.0
        for tariff in network.tariffs
        if tariff.quota == row.quota
        and (tariff.turn is None or tariff.turn in turns)
        and any(tariff.holds_in(quarter) for quarter in seen)
    ]
    return max(sizes, default=0.0)


def _column_cost(network: Network, layout: Layout, costs: WayCosts, otherwise: Floats) -> Floats:
    """(N,), what each column costs now: the negative margin of deliveries, the fee of cars paid for but not made."""
    weight, at = network.quarter_weight, (layout.column_way, layout.column_quarter)
    margin = np.where(costs.allowed[at], costs.margin[at], otherwise)
    deliveries = -margin * weight[layout.column_quarter]
    short = [network.plants[p].underrun_fee * weight[t] for p, t in layout.underruns]
    return np.concatenate([deliveries, np.array(short)])


def _typical_margin(layout: Layout) -> Floats:
    at = (layout.column_way, layout.column_quarter)
    margins = np.array([np.where(costs.allowed[at], costs.margin[at], 0.0) for costs in layout.costs])
    times = np.array([costs.allowed[at] for costs in layout.costs]).sum(axis=0)
    return np.asarray(margins.sum(axis=0) / np.maximum(times, 1))


def _decisions(network: Network, tree: Tree, choices: tuple[Choice, ...]) -> Decisions:
    """The choices as variables of 0 or 1, and the rules that they keep."""
    rules, count = list(_rules(network, tree, choices)), len(choices)
    cells = [(number, choice, part) for number, rule in enumerate(rules) for choice, part in rule.parts]
    gates = [tuple(-1 if n is None else int(tree.gate[n]) for n in (c.commit_node, c.close_node)) for c in choices]
    ties = {
        key: number
        for number, key in enumerate(dict.fromkeys((c.plant, *gate) for c, gate in zip(choices, gates, strict=True)))
    }
    return Decisions(
        names=tuple(_choice_name(network, c) for c in choices),
        lower=np.zeros(count),
        upper=np.ones(count),
        integer=np.ones(count, dtype=bool),
        matrix=_sparse(cells, (len(rules), count)),
        row_lower=np.full(len(rules), -np.inf),
        row_upper=np.array([rule.most for rule in rules]),
        row_names=tuple(rule.name for rule in rules),
        tie=np.array([ties[c.plant, *gate] for c, gate in zip(choices, gates, strict=True)], dtype=np.int64),
        stage=np.array([max(gate) for gate in gates], dtype=np.int64),
    )


class _Rule(NamedTuple):
    """A sum of choices, each with its factor, that is at most so much."""

    name: str
    parts: list[tuple[int, float]]
    most: float


def _rules(network: Network, tree: Tree, choices: tuple[Choice, ...]) -> Iterator[_Rule]:
    """Commit at most once on any line of the tree; close at most what was committed."""
    index = {(c.plant, c.commit_node, c.close_node): k for k, c in enumerate(choices)}
    leaves = [n for n in range(tree.size) if not len(tree.children(n))]
    for leaf in leaves:
        line = tree.before(leaf)
        for p in sorted({c.plant for c in choices}):
            plant = _word(network.plants[p].code)
            yield _Rule(f"once_{plant}_n{leaf}", [(index[p, n, None], 1.0) for n in line], 1.0)
            for early in line:
                closed = [(index[p, early, n], 1.0) for n in line if (p, early, n) in index]
                if closed:
                    yield _Rule(f"closed_{plant}_n{early}_n{leaf}", [*closed, (index[p, early, None], -1.0)], 0.0)


def _choice_name(network: Network, choice: Choice) -> str:
    code = _word(network.plants[choice.plant].code)
    if choice.close_node is None:
        return f"commit_{code}_n{choice.commit_node}"
    return f"close_{code}_n{choice.commit_node}_n{choice.close_node}"


def _column_names(network: Network, layout: Layout) -> tuple[str, ...]:
    """`deliver_PLANT_MARKET_OFFER_QUARTER`, with the mode of the lane and the quota where there are any."""
    names = []
    for w, t in zip(layout.column_way, layout.column_quarter, strict=True):
        way = layout.ways[w]
        lane, offer = network.lanes[way.lane], network.builds[way.offer].offer
        words = [lane.plant, lane.market, lane.mode, offer, f"quota.{way.quota}" if way.quota else ""]
        words.append(str(network.quarters[t]))
        names.append("deliver_" + "_".join(_word(word) for word in words if word))
    names += [f"short_{_word(network.plants[p].code)}_{network.quarters[t]}" for p, t in layout.underruns]
    return tuple(names)


def _row_name(network: Network, row: RowMeaning) -> str:
    first = network.quarters[0] + row.time
    when = str(first.year) if row.kind == "quota" and first.number == 1 else str(first)
    words: tuple[str, ...]
    if row.kind == "need":
        words = (network.markets[row.market].code, network.builds[row.offer].offer)
    elif row.kind == "quota":
        words = (row.quota,)
    elif row.kind == "lane":
        lane = network.lanes[row.lane]
        words = tuple(word for word in (lane.plant, lane.market, lane.mode) if word)
    else:
        words = (network.plants[row.plant].code,)
    return "_".join([row.kind, *(_word(word) for word in words), when])


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{number}" for number in range(count))


def _word(text: str) -> str:
    """A code as one word of a written model."""
    return "".join(c if c.isalnum() else "." for c in text)


def _sparse(cells: list[tuple[int, int, float]], shape: tuple[int, int]) -> sparse.csr_matrix:
    rows, columns, values = zip(*cells, strict=True) if cells else ((), (), ())
    return sparse.csr_matrix((np.array(values, dtype=float), (rows, columns)), shape)
