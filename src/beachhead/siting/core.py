"""A small field solved as a mixed-integer programme by HiGHS: the exact finish on a reduced core.

Radius formulation (Elloumi 2010): customer i pays its cheapest cost plus, for each dearer level l of its sorted list,
the step to that level times z_il, where z_il = 1 if no site at a lower level is open. Written as a chain
`z_i,l-1 - z_il <= sum of y_j at level l-1` it has as many entries as the lists.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from beachhead.siting.field import Field, Floats, Ints, cost_of
from beachhead.siting.programme import run_tree, to_the_end
from beachhead.world.compiled import compiled
from beachhead.world.highs import lp_of
from beachhead.world.work import Meter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Programme:
    """Minimise `cost x + offset` over `low <= A x <= high`, x in 0..1; the first J columns are sites, then levels.

    Attributes:
        cost: (columns,).
        rows: A.
        low: (rows,).
        high: (rows,).
        offset: constant part of the cost.
        fixed: (J,), sites that must be open.
    """

    cost: Floats
    rows: csr_array
    low: Floats
    high: Floats
    offset: float
    fixed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Finish:
    """What HiGHS found: the set, its cost, and the bound it proved."""

    sites: NDArray[np.int32]
    upper: float
    lower: float


def finish(field: Field, *, start: NDArray[np.int32], work: float, meter: Meter) -> Finish:
    """Solve the field from a known set within `work` units; the best set and bound so far where they do not do."""
    cost = cost_of(field, start)[0]
    highs = to_the_end(_model(written_out(field), field.sites))
    hint = np.zeros(field.sites)
    hint[start] = 1.0
    highs.setSolution(field.sites, np.arange(field.sites, dtype=np.int32), hint)
    run_tree(highs, meter, work)
    info = highs.getInfo()
    sites, upper = start, cost
    if info.primal_solution_status == 2:
        found = np.flatnonzero(np.array(highs.getSolution().col_value[: field.sites]) > 0.5).astype(np.int32)
        value = cost_of(field, found)[0]
        if value < cost:
            sites, upper = found, value
    lower = float(info.mip_dual_bound)
    return Finish(sites=sites, upper=upper, lower=min(lower, upper) if np.isfinite(lower) else -np.inf)


def written_out(field: Field) -> Programme:
    """The radius formulation of the field with its limits."""
    step, ptr, column, value, offset = _chains(*field.by_customer, field.outside, field.limits.kept, field.sites)
    columns = field.sites + len(step)
    chains = csr_array((value, column, ptr), shape=(len(step), columns))
    low = np.ones(len(step))
    low[np.repeat(np.arange(len(step)), np.diff(ptr))[value < 0]] = 0.0
    limits, most = _limit_rows(field, columns)
    return Programme(
        cost=np.concatenate([field.opening, step]),
        rows=csr_array(vstack([chains, limits])),
        low=np.concatenate([low, np.full(len(most), -np.inf)]),
        high=np.concatenate([np.full(len(step), np.inf), most]),
        offset=offset,
        fixed=field.limits.kept,
    )


def _limit_rows(field: Field, columns: int) -> tuple[csr_array, Floats]:
    limits = field.limits
    budgets = [
        (np.flatnonzero(limits.group == g), budget) for g, budget in enumerate(limits.budget) if np.isfinite(budget)
    ]
    if np.isfinite(limits.total):
        budgets.append((np.arange(field.sites), limits.total))
    first = np.repeat(np.arange(field.sites), np.diff(limits.conflict.ptr))
    pairs = np.column_stack([first, limits.conflict.item])[first < limits.conflict.item]
    row = np.concatenate(
        [np.full(len(of), r) for r, (of, _) in enumerate(budgets)]
        + [np.repeat(len(budgets) + np.arange(len(pairs)), 2)]
    )
    column = np.concatenate([of for of, _ in budgets] + [pairs.ravel()])
    value = np.concatenate([limits.price[of] for of, _ in budgets] + [np.ones(2 * len(pairs))])
    most = np.concatenate([[budget for _, budget in budgets], np.ones(len(pairs))])
    return csr_array((value, (row.astype(int), column.astype(int))), shape=(len(most), columns)), most


def _model(asked: Programme, sites: int) -> highspy.HighsLp:
    levels = len(asked.cost) - sites
    return lp_of(
        cost=asked.cost,
        lower=np.concatenate([asked.fixed.astype(float), np.zeros(levels)]),
        upper=np.ones(len(asked.cost)),
        matrix=asked.rows,
        row_lower=asked.low,
        row_upper=asked.high,
        whole=np.arange(len(asked.cost)) < sites,
        offset=asked.offset,
    )


@compiled
def _chains(
    ptr: NDArray[np.int64], item: Ints, cost: Floats, outside: Floats, kept: NDArray[np.bool_], sites: int
) -> tuple[Floats, NDArray[np.int64], Ints, Floats, float]:
    """Level variables and their chain rows, in compressed rows; each list ends at its first kept site."""
    step = np.empty(len(item) + len(outside))
    start = np.zeros(len(item) + len(outside) + 1, np.int64)
    column = np.empty(3 * len(item) + 2 * len(outside), np.int32)
    value = np.empty(len(column))
    offset = 0.0
    levels = 0
    entries = 0
    for i in range(len(outside)):
        e = ptr[i]
        stop = ptr[i + 1]
        if e == stop or cost[e] >= outside[i]:
            offset += outside[i]
            continue
        offset += cost[e]
        head = True
        while e < stop and cost[e] < outside[i]:
            level = cost[e]
            begin = entries
            done = False
            while e < stop and cost[e] == level:
                done = done or kept[item[e]]
                column[entries] = item[e]
                value[entries] = 1.0
                entries += 1
                e += 1
            if done:
                entries = begin
                break
            dearer = cost[e] if e < stop and cost[e] < outside[i] else outside[i]
            column[entries] = sites + levels
            value[entries] = 1.0
            entries += 1
            if not head:
                column[entries] = sites + levels - 1
                value[entries] = -1.0
                entries += 1
            head = False
            step[levels] = dearer - level
            levels += 1
            start[levels] = entries
    return step[:levels], start[: levels + 1], column[:entries], value[:entries], offset
