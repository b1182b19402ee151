"""The question that every solver of this room takes: decisions on a tree first, then recourse in each scenario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Decisions:
    """What is decided at the nodes of the tree; K columns. A two-stage program has one node.

    Attributes:
        names: K names, without blanks, as they stand in a written model.
        lower: (K,), smallest value.
        upper: (K,), largest value.
        integer: (K,), true where the value must be whole.
        matrix: (R0, K), rows that the decisions alone must meet.
        row_lower: (R0,), -inf where there is no lower side.
        row_upper: (R0,), inf where there is no upper side.
        row_names: R0 names.
        tie: (K,), columns with the same number are one decision taken at different nodes of one stage; a plan that
            does not look at what happened gives them one value.
        stage: (K,), number of the stage in which the column is decided, from 0.
    """

    names: tuple[str, ...]
    lower: Floats
    upper: Floats
    integer: NDArray[np.bool_]
    matrix: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats
    row_names: tuple[str, ...]
    tie: NDArray[np.int64]
    stage: NDArray[np.int64]

    def __post_init__(self) -> None:
        count, rows = len(self.names), len(self.row_names)
        if self.matrix.shape != (rows, count):
            raise ValueError(f"rows have shape {self.matrix.shape}, names say ({rows}, {count})")
        for name in ("lower", "upper", "integer", "tie", "stage"):
            _freeze(self, name, (count,))
        for name in ("row_lower", "row_upper"):
            _freeze(self, name, (rows,))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recourse:
    """What follows in one scenario once the decisions y stand: min cost'x, rows W x + T y, bounds 0 <= x <= u + U y.

    Attributes:
        name: name of the scenario, without blanks.
        probability: its probability, 0..1.
        decision_cost: (K,), cost of each decision if this scenario comes true, 0 for nodes not on its path.
        cost: (N,), cost of each recourse column.
        lower: (N,), smallest value.
        upper: (N,), u.
        upper_per_decision: (N, K), U.
        matrix: (R, N), W; may be shared between scenarios.
        technology: (R, K), T.
        row_lower: (R,).
        row_upper: (R,).
    """

    name: str
    probability: float
    decision_cost: Floats
    cost: Floats
    lower: Floats
    upper: Floats
    upper_per_decision: sparse.csr_matrix
    matrix: sparse.csr_matrix
    technology: sparse.csr_matrix
    row_lower: Floats
    row_upper: Floats

    def __post_init__(self) -> None:
        rows, columns = self.matrix.shape
        for name in ("cost", "lower", "upper"):
            _freeze(self, name, (columns,))
        for name in ("row_lower", "row_upper"):
            _freeze(self, name, (rows,))
        _freeze(self, "decision_cost", self.decision_cost.shape)
        count = len(self.decision_cost)
        if self.technology.shape != (rows, count) or self.upper_per_decision.shape != (columns, count):
            raise ValueError(
                f"scenario {self.name}: blocks do not fit {rows} rows, {columns} columns, {count} decisions"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StagedProgram:
    """min sum_s p_s (c_s'y + Q_s(y)) over the decisions y, with Q_s the recourse of scenario s.

    The stages live in y: one column for each decision at each node of the scenario tree, so that decisions are
    non-anticipative by construction (Birge & Louveaux 1997, section 3.5, in node form).

    Attributes:
        decisions: the K columns y.
        scenarios: S recourse blocks, probabilities summing to 1, all with the same columns and rows.
        columns: N names of the recourse columns.
        rows: R names of the recourse rows.
    """

    decisions: Decisions
    scenarios: tuple[Recourse, ...]
    columns: tuple[str, ...]
    rows: tuple[str, ...]

    def __post_init__(self) -> None:
        if abs(sum(s.probability for s in self.scenarios) - 1) > 1e-9:
            raise ValueError("probabilities of the scenarios do not sum to 1")
        shape = (len(self.rows), len(self.columns))
        if any(s.matrix.shape != shape for s in self.scenarios):
            raise ValueError(f"a scenario has another shape than {shape}")

    @property
    def cost(self) -> Floats:
        """(K,), expected cost of each decision."""
        return np.asarray(sum(s.probability * s.decision_cost for s in self.scenarios), dtype=np.float64)


def mean_recourse(program: StagedProgram) -> Recourse:
    """The scenario of mean data: every number replaced by its expectation (Birge & Louveaux 1997, section 4.2)."""
    blocks = program.scenarios

    def mean(name: str) -> Floats:
        # inf - inf never arises: a bound is infinite in all scenarios or in none
        return np.asarray(sum(s.probability * getattr(s, name) for s in blocks), dtype=np.float64)

    def mean_matrix(name: str) -> sparse.csr_matrix:
        first = getattr(blocks[0], name)
        if all(getattr(s, name) is first for s in blocks):
            return first
        return sparse.csr_matrix(sum(s.probability * getattr(s, name) for s in blocks))

    return Recourse(
        name="mean",
        probability=1.0,
        decision_cost=mean("decision_cost"),
        cost=mean("cost"),
        lower=mean("lower"),
        upper=mean("upper"),
        upper_per_decision=mean_matrix("upper_per_decision"),
        matrix=mean_matrix("matrix"),
        technology=mean_matrix("technology"),
        row_lower=mean("row_lower"),
        row_upper=mean("row_upper"),
    )


def _freeze(noun: object, name: str, shape: tuple[int, ...]) -> None:
    array = np.array(getattr(noun, name))
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    array.setflags(write=False)
    object.__setattr__(noun, name, array)
