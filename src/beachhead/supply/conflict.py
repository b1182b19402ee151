"""Why no plan meets the firm needs: the smallest set of rows that contradict each other, in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from beachhead.supply import highs
from beachhead.supply.futures import Futures
from beachhead.supply.highs import Verdict
from beachhead.supply.network import Network
from beachhead.supply.recourse import Recourses
from beachhead.supply.routing import Routing, RowMeaning, write_routing
from beachhead.supply.staged import Recourse
from beachhead.supply.tree import Tree
from beachhead.world.errors import NotFeasible
from beachhead.world.quarter import QUARTERS_A_YEAR

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def explain_conflict(network: Network, futures: Futures, tree: Tree) -> NotFeasible:
    """The conflict in one draw when every plant is committed to at the first gate, which gives the most capacity."""
    routing = write_routing(network, futures, tree, strong=False)
    choices = routing.layout.choices
    everything = np.array([float(c.commit_node == 0 and c.close_node is None) for c in choices])
    with Recourses(routing.program) as recourses:
        for s, block in enumerate(routing.program.scenarios):
            if not recourses.price_one(s, everything).feasible:
                rows = irreducible_rows(block, everything)
                return _in_words(network, routing, s, rows, everything)
    return NotFeasible(
        "each future can be served if it is known in advance, but no plan serves all of them",
        "lower the firm share, or let plants be committed to earlier",
    )


def irreducible_rows(block: Recourse, decisions: Floats) -> Ints:
    """Rows that cannot be met together, though any of them left out, the rest can (deletion filter, Chinneck 2008).

    The rows of a Farkas proof, taken from phase one, already contradict each other; the filter then drops those that
    are not needed.
    """
    kept = _farkas_rows(block, decisions)
    for row in kept[::-1]:  # the first quarters in conflict are kept
        rest = kept[kept != row]
        if not _can_meet(block, decisions, rest):
            kept = rest
    return kept


def _farkas_rows(block: Recourse, decisions: Floats) -> Ints:
    count, width = block.matrix.shape
    shift = block.technology @ decisions
    eye = sparse.identity(count, format="csr")
    model = highs.load(
        cost=np.concatenate([np.zeros(width), np.ones(2 * count)]),
        lower=np.concatenate([block.lower, np.zeros(2 * count)]),
        upper=np.concatenate([_upper(block, decisions), np.full(2 * count, np.inf)]),
        matrix=sparse.hstack([block.matrix, eye, -eye]),
        row_lower=block.row_lower - shift,
        row_upper=block.row_upper - shift,
    )
    highs.run(model)
    return np.flatnonzero(np.abs(np.array(model.getSolution().row_dual)) > 1e-9)


def _can_meet(block: Recourse, decisions: Floats, rows: Ints) -> bool:
    shift = (block.technology @ decisions)[rows]
    model = highs.load(
        cost=np.zeros(block.matrix.shape[1]),
        lower=block.lower,
        upper=_upper(block, decisions),
        matrix=block.matrix[rows],
        row_lower=block.row_lower[rows] - shift,
        row_upper=block.row_upper[rows] - shift,
    )
    return highs.run(model) is not Verdict.INFEASIBLE


def _upper(block: Recourse, decisions: Floats) -> Floats:
    return np.asarray(np.maximum(block.upper + block.upper_per_decision @ decisions, block.lower))


def _in_words(network: Network, routing: Routing, s: int, rows: Ints, decisions: Floats) -> NotFeasible:
    block = routing.program.scenarios[s]
    meanings = [(routing.layout.rows[row], row) for row in rows]
    needs = [(meaning, row) for meaning, row in meanings if meaning.kind == "need"]
    limits = [_limit(network, block, meaning, row, decisions) for meaning, row in meanings if meaning.kind != "need"]
    wanted = sum(block.row_lower[row] for _, row in needs)
    parts = _needs(network, block, needs)
    together = f", {wanted:,.0f} together" if len(parts) > 1 else ""
    most = _most(block, decisions, np.array([row for _, row in needs]), rows)
    reach = f"at most {most:,.0f} can arrive" if limits else "no route that may be used leads there"
    because = f": {'; '.join(limits)}" if limits else ""
    count = len(routing.program.scenarios)
    message = f"{' and '.join(parts)}{together}, but {reach}{because} (draw {s + 1} of {count})"
    return NotFeasible(message, _cure([meaning for meaning, _ in meanings]))


def _needs(network: Network, block: Recourse, needs: list[tuple[RowMeaning, np.int64]]) -> list[str]:
    """One sentence part for each market and quarter, its offers together."""
    groups: dict[tuple[int, int], list[tuple[RowMeaning, np.int64]]] = {}
    for meaning, row in needs:
        groups.setdefault((meaning.time, meaning.market), []).append((meaning, row))
    parts = []
    for (time, market), members in sorted(groups.items()):
        wanted = sum(block.row_lower[row] for _, row in members)
        some = len(members) < np.count_nonzero(network.mix[market])
        offers = " " + ", ".join(network.builds[meaning.offer].offer for meaning, _ in members) if some else ""
        parts.append(f"{network.markets[market].name} needs {wanted:,.0f}{offers} cars in {_quarter(network, time)}")
    return parts


def _limit(network: Network, block: Recourse, meaning: RowMeaning, row: int, decisions: Floats) -> str:
    cars = block.row_upper[row] - float((block.technology[[row]] @ decisions)[0])
    if meaning.kind == "capacity":
        plant = network.plants[meaning.plant].name
        return f"{plant} can make {cars:,.0f} in {_quarter(network, meaning.time)}"
    if meaning.kind == "lane":
        lane = network.lanes[meaning.lane]
        mode = f" by {lane.mode}" if lane.mode else ""
        return f"the lane {lane.plant} to {lane.market}{mode} takes {cars:,.0f} in {_quarter(network, meaning.time)}"
    return f"the quota {meaning.quota} admits {cars:,.0f} in {_quota_year(network, meaning)}"


def _most(block: Recourse, decisions: Floats, needs: Ints, rows: Ints) -> float:
    """The most cars that can arrive for these needs under the other rows of the conflict."""
    others = np.setdiff1d(rows, needs)
    shift = block.technology @ decisions
    wanted = np.asarray(block.matrix[needs].sum(axis=0)).ravel()
    model = highs.load(
        cost=-wanted,
        lower=block.lower,
        upper=_upper(block, decisions),
        matrix=block.matrix[np.concatenate([others, needs])],
        row_lower=np.concatenate([(block.row_lower - shift)[others], np.full(len(needs), -np.inf)]),
        row_upper=np.concatenate([(block.row_upper - shift)[others], block.row_lower[needs]]),
    )
    highs.run(model)
    return -highs.objective(model)


def _cure(meanings: list[RowMeaning]) -> str:
    kinds = {meaning.kind for meaning in meanings}
    cures = ["plan fewer cars there", "lower the firm share"]
    if "capacity" in kinds:
        cures.append("add capacity or commit earlier")
    if "lane" in kinds:
        cures.append("widen the lane")
    if "quota" in kinds:
        cures.append("bring the cars over another border or in another year")
    if kinds == {"need"}:
        cures.append("add a lane or a tariff row that this car may use")
    return ", or ".join(cures)


def _quota_year(network: Network, meaning: RowMeaning) -> str:
    """The calendar year, or the first and last quarter of a quota whose year begins in another quarter."""
    first = network.quarters[0] + meaning.time
    return str(first.year) if first.number == 1 else f"{first} to {first + (QUARTERS_A_YEAR - 1)}"


def _quarter(network: Network, time: int) -> str:
    return str(network.quarters[0] + time)
