"""The linear programmes of the scenarios, kept warm: what decisions cost in each, and how that changes with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from beachhead.supply import highs
from beachhead.supply.highs import Verdict
from beachhead.supply.staged import Recourse, StagedProgram

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Price:
    """What scenario s costs at decisions y: Q_s(y') >= value + slope'(y' - y) for every y'.

    Attributes:
        feasible: false if no recourse exists at y; then `value` is the least violation, which must come down to 0.
        value: cost, or violation.
        slope: (K,), a subgradient.
        work: units of work that it took to find out.
    """

    feasible: bool
    value: float
    slope: Floats
    work: float


class Recourses:
    """S warm models; solving one again after a change of decisions takes a few pivots of the dual simplex."""

    def __init__(self, program: StagedProgram, *, threads: int = 1) -> None:
        self._blocks = program.scenarios
        self._pool = ThreadPoolExecutor(max_workers=threads)
        self._models: list[_Warm | None] = [None] * len(self._blocks)

    def __enter__(self) -> Recourses:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)

    def price(self, decisions: Floats) -> list[Price]:
        """The price of these decisions in every scenario, in their order; threads do not change the answer."""
        return list(self._pool.map(lambda s: self.price_one(s, decisions), range(len(self._blocks))))

    def price_one(self, s: int, decisions: Floats) -> Price:
        """The price in scenario number s."""
        model = self._models[s]
        if model is None:
            model = self._models[s] = _Warm(self._blocks[s])
        return model.price(decisions)

    def flows(self, s: int, decisions: Floats) -> Floats:
        """(N,), the recourse columns chosen in scenario number s."""
        if not self.price_one(s, decisions).feasible:
            raise ValueError(f"scenario {self._blocks[s].name} has no recourse at these decisions")
        model = self._models[s]
        assert model is not None
        return highs.values(model.model)


class _Warm:
    """One scenario's model, and its first phase where it has once been infeasible."""

    def __init__(self, block: Recourse) -> None:
        self.block = block
        self.model = self._build(block.matrix, block.cost, block.lower, block.upper)
        self.first_phase: Any = None
        self.rows = np.flatnonzero(np.diff(block.technology.indptr)).astype(np.int32)
        self.columns = np.flatnonzero(np.diff(block.upper_per_decision.indptr)).astype(np.int32)
        self.technology = block.technology[self.rows]
        self.per_decision = block.upper_per_decision[self.columns]

    def price(self, decisions: Floats) -> Price:
        self._set(self.model, decisions)
        verdict = highs.run(self.model)
        if verdict is Verdict.OPTIMAL:
            return self._read(self.model, feasible=True)
        if verdict is not Verdict.INFEASIBLE:
            raise ValueError(f"scenario {self.block.name}: recourse is {verdict}")
        return self._violation(decisions)

    def _violation(self, decisions: Floats) -> Price:
        """Least sum of row violations (phase one), for a feasibility cut (Birge & Louveaux 1997, section 5.1)."""
        b, count = self.block, self.block.matrix.shape[0]
        if self.first_phase is None:
            eye = sparse.identity(count, format="csr")
            slack, free = np.zeros(2 * count), np.full(2 * count, np.inf)
            self.first_phase = self._build(
                sparse.hstack([b.matrix, eye, -eye]),
                np.concatenate([np.zeros(len(b.cost)), np.ones(2 * count)]),
                np.concatenate([b.lower, slack]),
                np.concatenate([b.upper, free]),
            )
        self._set(self.first_phase, decisions)
        if highs.run(self.first_phase) is not Verdict.OPTIMAL:
            raise ValueError(f"scenario {b.name}: its bounds contradict each other")
        return self._read(self.first_phase, feasible=False)

    def _build(self, matrix: sparse.spmatrix, cost: Floats, lower: Floats, upper: Floats) -> Any:
        b = self.block
        return highs.load(
            cost=cost, lower=lower, upper=upper, matrix=matrix, row_lower=b.row_lower, row_upper=b.row_upper
        )

    def _set(self, model: Any, decisions: Floats) -> None:
        b, shift = self.block, self.technology @ decisions
        if len(self.rows):
            lower, upper = b.row_lower[self.rows] - shift, b.row_upper[self.rows] - shift
            model.changeRowsBounds(len(self.rows), self.rows, lower, upper)
        if len(self.columns):
            lower = b.lower[self.columns]
            upper = np.maximum(b.upper[self.columns] + self.per_decision @ decisions, lower)
            model.changeColsBounds(len(self.columns), self.columns, lower, upper)

    def _read(self, model: Any, *, feasible: bool) -> Price:
        solution = model.getSolution()
        row_dual, column_dual = np.array(solution.row_dual), np.array(solution.col_dual)
        slope = -(self.technology.T @ row_dual[self.rows])
        slope = slope + self.per_decision.T @ np.minimum(column_dual[self.columns], 0.0)
        return Price(feasible=feasible, value=highs.objective(model), slope=slope, work=highs.work(model))
