"""The plain extensive form: every scenario written out in one mixed-integer programme."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from beachhead.supply import highs
from beachhead.supply.highs import Verdict
from beachhead.supply.staged import StagedProgram

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """What a solver knows of a `StagedProgram`: lower <= optimum <= upper.

    Attributes:
        verdict: how far it came.
        lower: no decisions cost less than this.
        upper: expected cost of `decisions`; inf if none were found.
        decisions: (K,), the best decisions found; empty if none were found.
        scenario_costs: (S,), what they cost in each scenario, decisions and recourse together; empty likewise.
        rounds: rounds of cuts; 1 for the extensive form.
        work: units of work that it took; nan where nobody counted.
    """

    verdict: Verdict
    lower: float
    upper: float
    decisions: Floats
    scenario_costs: Floats
    rounds: int
    work: float

    @property
    def is_found(self) -> bool:
        """Are there decisions that can be carried out?"""
        return bool(np.isfinite(self.upper))

    @property
    def gap(self) -> float:
        """(upper - lower) / |upper|."""
        return (self.upper - self.lower) / max(abs(self.upper), 1e-9) if self.is_found else np.inf


def solve_extensive(
    program: StagedProgram, *, gap: float = 1e-6, seconds: float = np.inf, threads: int = 1
) -> Solution:
    """Solve all scenarios in one model."""
    model = extensive_form(program)
    verdict = highs.run_on_many_cores(model, threads, seconds=seconds, gap=gap)
    if verdict not in (Verdict.OPTIMAL, Verdict.FEASIBLE):
        lower = highs.bound(model) if verdict is Verdict.UNKNOWN else -np.inf
        return Solution(
            verdict=verdict,
            lower=lower,
            upper=np.inf,
            decisions=np.empty(0),
            scenario_costs=np.empty(0),
            rounds=1,
            work=np.nan,
        )
    x = highs.values(model)
    count, width = len(program.decisions.names), len(program.columns)
    recourse = x[count:].reshape(len(program.scenarios), width)
    costs = [s.decision_cost @ x[:count] + s.cost @ recourse[i] for i, s in enumerate(program.scenarios)]
    return Solution(
        verdict=verdict,
        lower=min(highs.bound(model), highs.objective(model)),
        upper=highs.objective(model),
        decisions=x[:count],
        scenario_costs=np.array(costs),
        rounds=1,
        work=np.nan,
    )


def write_extensive(program: StagedProgram, path: Path) -> None:
    """Write the extensive form as readable algebra (.lp) or .mps."""
    highs.write(extensive_form(program, named=True), path)


def extensive_form(program: StagedProgram, *, named: bool = False) -> Any:
    """The HiGHS model: decisions first, then the recourse columns of each scenario; U y becomes rows."""
    d, blocks = program.decisions, program.scenarios
    recourse_rows = sparse.block_diag([_with_bound_rows(s) for s in blocks])
    link = sparse.vstack([_with_bound_links(s) for s in blocks])
    matrix = sparse.bmat([[d.matrix, None], [link, recourse_rows]], format="csc")
    lower_rows, upper_rows = zip(*(_row_bounds(s) for s in blocks), strict=True)
    return highs.load(
        cost=np.concatenate([program.cost, *(s.probability * s.cost for s in blocks)]),
        lower=np.concatenate([d.lower, *(s.lower for s in blocks)]),
        upper=np.concatenate([d.upper, *(_widest(s, d.upper) for s in blocks)]),
        matrix=matrix,
        row_lower=np.concatenate([d.row_lower, *lower_rows]),
        row_upper=np.concatenate([d.row_upper, *upper_rows]),
        integer=np.concatenate([d.integer, np.zeros(len(blocks) * len(program.columns), dtype=bool)]),
        columns=[*d.names, *(f"{c}_{s.name}" for s in blocks for c in program.columns)] if named else (),
        rows=[*d.row_names, *(f"{r}_{s.name}" for s in blocks for r in _all_rows(program, s))] if named else (),
    )


def _bounded(s: Any) -> NDArray[np.int64]:
    """Columns whose upper bound depends on decisions."""
    return np.flatnonzero(np.diff(s.upper_per_decision.indptr))


def _with_bound_rows(s: Any) -> sparse.csr_matrix:
    picked = _bounded(s)
    pick = sparse.csr_matrix((np.ones(len(picked)), (np.arange(len(picked)), picked)), (len(picked), len(s.cost)))
    return sparse.vstack([s.matrix, pick], format="csr")


def _with_bound_links(s: Any) -> sparse.csr_matrix:
    return sparse.vstack([s.technology, -s.upper_per_decision[_bounded(s)]], format="csr")


def _row_bounds(s: Any) -> tuple[Floats, Floats]:
    picked = _bounded(s)
    free = np.full(len(picked), -np.inf)
    return np.concatenate([s.row_lower, free]), np.concatenate([s.row_upper, s.upper[picked]])


def _widest(s: Any, decision_upper: Floats) -> Floats:
    """(N,), the upper bound with every decision at its largest: the row then says the rest."""
    picked = _bounded(s)
    upper = s.upper.copy()
    with np.errstate(invalid="ignore"):
        reach = s.upper_per_decision[picked].maximum(0) @ decision_upper
    upper[picked] = np.where(np.isfinite(reach), s.upper[picked] + reach, np.inf)
    return np.asarray(upper)


def _all_rows(program: StagedProgram, s: Any) -> list[str]:
    return [*program.rows, *(f"open_{program.columns[n]}" for n in _bounded(s))]
