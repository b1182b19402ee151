"""Linear and mixed-integer programmes: a small builder, readable algebra, and HiGHS to solve them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from beachhead.world.errors import BadInput
from beachhead.world.highs import lp_of, opened

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_NODES = 300
"""Nodes of a tree: homes take a handful, and a tenth of a second each; beyond it the bound so far is told."""


class Outcome(StrEnum):
    """How a solver ended."""

    OPTIMAL = "optimal"
    BOUNDED = "bounded"
    INFEASIBLE = "infeasible"
    UNSOLVED = "unsolved"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """What a solver found.

    Attributes:
        outcome: optimal, bounded (feasible with a gap: stopped by a limit), infeasible or unsolved.
        values: (n,) values of the variables; empty if none were found.
        objective: objective value at them.
        bound: proven lower bound of the objective.
    """

    outcome: Outcome
    values: Floats
    objective: float
    bound: float


@dataclass(slots=True)
class Builder:
    """Grows a programme block by block; the one mutable thing of this file, frozen by `solve`."""

    cost: list[Floats] = field(default_factory=list)
    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    integer: list[NDArray[np.bool_]] = field(default_factory=list)
    names: list[tuple[str, int]] = field(default_factory=list)
    terms: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)
    row_lower: list[Floats] = field(default_factory=list)
    row_upper: list[Floats] = field(default_factory=list)
    row_names: list[tuple[str, int]] = field(default_factory=list)
    columns: int = 0
    rows: int = 0

    def variables(
        self,
        name: str,
        count: int,
        *,
        cost: object = 0.0,
        lower: object = 0.0,
        upper: object = np.inf,
        whole: bool = False,
    ) -> Ints:
        """Add a block of variables; returns their column numbers."""
        for store, value in ((self.cost, cost), (self.lower, lower), (self.upper, upper)):
            store.append(np.broadcast_to(np.asarray(value, dtype=np.float64), (count,)))
        self.integer.append(np.full(count, whole))
        self.names.append((name, count))
        first, self.columns = self.columns, self.columns + count
        return np.arange(first, self.columns)

    def constraints(
        self, name: str, parts: Sequence[tuple[Ints, object]], *, lower: object, upper: object, count: int
    ) -> None:
        """Add `count` rows lower <= sum of coefficient x variable <= upper; column -1 leaves a term out of a row."""
        rows = np.arange(self.rows, self.rows + count)
        for columns, coefficient in parts:
            values = np.broadcast_to(np.asarray(coefficient, dtype=np.float64), (count,))
            present = columns >= 0
            self.terms.append((rows[present], columns[present], values[present]))
        self.row_lower.append(np.broadcast_to(np.asarray(lower, dtype=np.float64), (count,)))
        self.row_upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), (count,)))
        self.row_names.append((name, count))
        self.rows += count

    def sums(self, name: str, rows: Ints, columns: Ints, values: object, *, lower: object, upper: object) -> None:
        """Add max(rows) + 1 constraints given as triplets (row, column, value)."""
        count = int(rows.max()) + 1 if rows.size else 0
        coefficients = np.broadcast_to(np.asarray(values, dtype=np.float64), rows.shape)
        self.terms.append((rows + self.rows, columns, coefficients))
        self.row_lower.append(np.broadcast_to(np.asarray(lower, dtype=np.float64), (count,)))
        self.row_upper.append(np.broadcast_to(np.asarray(upper, dtype=np.float64), (count,)))
        self.row_names.append((name, count))
        self.rows += count

    def either(self, name: str, one: Ints, other: Ints, most: object) -> None:
        """Forbid that both of a pair of variables are above nothing, neither of which exceeds `most`."""
        if one.size == 0:
            return
        flag = self.variables(name, one.size, upper=1.0, whole=True)
        some = np.broadcast_to(np.asarray(most, dtype=np.float64), (one.size,))
        self.constraints(f"{name}.one", [(one, 1.0), (flag, -some)], lower=-np.inf, upper=0.0, count=one.size)
        self.constraints(f"{name}.other", [(other, 1.0), (flag, some)], lower=-np.inf, upper=some, count=one.size)

    def solve(self, *, gap: float = 0.0, nodes: int = MOST_NODES) -> Solved:
        """Solve with HiGHS: single thread, relative gap `gap`, at most so many nodes of the tree.

        Nodes are counted and no clock is asked, so the answer is the same on every machine.
        """
        highs = opened(
            self._model(),
            mip_rel_gap=gap,
            mip_abs_gap=0.0 if gap == 0.0 else 1e-9,
            mip_max_nodes=nodes,
            primal_feasibility_tolerance=1e-10,
            dual_feasibility_tolerance=1e-10,
            mip_feasibility_tolerance=1e-9,
        )
        highs.run()
        return _read(highs, whole=bool(np.concatenate(self.integer).any()))

    def write(self, path: Path, *, offset: float = 0.0) -> None:
        """Write the programme as HiGHS reads it, .lp or .mps by the ending; `offset` is added to its objective."""
        columns = [f"{name}({index})" for name, count in self.names for index in range(count)]
        rows = [f"{name}({index})" for name, count in self.row_names for index in range(count)]
        highs = opened(self._model(offset=offset, columns=columns, rows=rows))
        if highs.writeModel(str(path)) == highspy.HighsStatus.kError or not path.exists():
            raise BadInput(f"the algebra cannot be written to {str(path)!r}", "name a file that ends in .lp or .mps")

    def _model(self, *, offset: float = 0.0, columns: Sequence[str] = (), rows: Sequence[str] = ()) -> highspy.HighsLp:
        row = np.concatenate([part[0] for part in self.terms]) if self.terms else np.empty(0, np.int64)
        column = np.concatenate([part[1] for part in self.terms]) if self.terms else np.empty(0, np.int64)
        value = np.concatenate([part[2] for part in self.terms]) if self.terms else np.empty(0)
        order = np.argsort(column, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(column, minlength=self.columns))))
        return lp_of(
            cost=np.concatenate(self.cost),
            lower=np.concatenate(self.lower),
            upper=np.concatenate(self.upper),
            matrix=csc_array((value[order], row[order], starts), shape=(self.rows, self.columns)),
            row_lower=np.concatenate(self.row_lower) if self.row_lower else np.empty(0),
            row_upper=np.concatenate(self.row_upper) if self.row_upper else np.empty(0),
            whole=np.concatenate(self.integer),
            offset=offset,
            columns=columns,
            rows=rows,
        )


def _read(highs: highspy.Highs, *, whole: bool) -> Solved:
    status, info = highs.getModelStatus(), highs.getInfo()
    names = highspy.HighsModelStatus
    if status in (names.kInfeasible, names.kUnboundedOrInfeasible):
        return Solved(outcome=Outcome.INFEASIBLE, values=np.empty(0), objective=np.inf, bound=np.inf)
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        return Solved(outcome=Outcome.UNSOLVED, values=np.empty(0), objective=np.inf, bound=-np.inf)
    objective = float(info.objective_function_value)
    bound = float(info.mip_dual_bound) if whole else objective
    values = np.array(highs.getSolution().col_value)
    outcome = Outcome.OPTIMAL if status == names.kOptimal else Outcome.BOUNDED
    if outcome is Outcome.BOUNDED and not whole:
        bound = -np.inf
    return Solved(outcome=outcome, values=values, objective=objective, bound=bound)
