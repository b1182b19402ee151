"""The only place that speaks to HiGHS: arrays in, a model that can be solved, changed and written out."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]


class Verdict(StrEnum):
    """What a solver found: proven best, a plan with a gap, no plan possible, no end to the gain, or no plan in time."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    UNKNOWN = "unknown"


def load(
    *,
    cost: Floats,
    lower: Floats,
    upper: Floats,
    matrix: sparse.spmatrix,
    row_lower: Floats,
    row_upper: Floats,
    integer: NDArray[np.bool_] | None = None,
    columns: Sequence[str] = (),
    rows: Sequence[str] = (),
) -> Any:
    """A silent HiGHS model that minimises cost'x, deterministic."""
    by_column = sparse.csc_matrix(matrix)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(cost), len(row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
    lp.row_lower_, lp.row_upper_ = row_lower, row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = by_column.indptr
    lp.a_matrix_.index_ = by_column.indices
    lp.a_matrix_.value_ = by_column.data
    if integer is not None and integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(flag)] for flag in integer]
    if len(columns):
        lp.col_names_ = list(columns)
    if len(rows):
        lp.row_names_ = list(rows)
    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.setOptionValue("output_flag", False)
    # HiGHS keeps one pool of threads for all models of a thread, and fails where two disagree on its size
    model.setOptionValue("threads", 1)
    model.setOptionValue("random_seed", 0)
    model.passModel(lp)
    return model


def run(model: Any, *, seconds: float = np.inf, gap: float = 1e-9) -> Verdict:
    """Solve; `gap` is the relative MIP gap at which to stop."""
    model.setOptionValue("mip_rel_gap", gap)
    model.setOptionValue("mip_abs_gap", 0.0)
    # HiGHS counts its clock over all runs of a model
    model.setOptionValue("time_limit", model.getRunTime() + seconds if np.isfinite(seconds) else np.inf)
    model.run()
    return _VERDICTS.get(model.getModelStatus()) or _without_proof(model)


def run_on_many_cores(model: Any, threads: int, *, seconds: float = np.inf, gap: float = 1e-9) -> Verdict:
    """Solve with more than one thread of HiGHS's own, and put its pool back as it was."""
    highspy.Highs.resetGlobalScheduler(True)
    model.setOptionValue("threads", threads)
    try:
        return run(model, seconds=seconds, gap=gap)
    finally:
        highspy.Highs.resetGlobalScheduler(True)


def values(model: Any) -> Floats:
    """(N,), the columns of the plan found."""
    return np.array(model.getSolution().col_value)


def objective(model: Any) -> float:
    """Cost of the plan found."""
    return float(model.getInfo().objective_function_value)


def bound(model: Any) -> float:
    """No plan costs less: the dual bound of a MIP, the objective of a solved LP."""
    info = model.getInfo()
    return float(info.mip_dual_bound) if model.getLp().integrality_ else float(info.objective_function_value)


def add_rows(model: Any, matrix: sparse.csr_matrix, lower: Floats, upper: Floats) -> None:
    """Append rows."""
    count = matrix.shape[0]
    starts, index = matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32)
    model.addRows(count, lower, upper, matrix.nnz, starts, index, matrix.data)


def write(model: Any, path: Path) -> None:
    """Write the model as algebra; the ending says the format, .lp or .mps."""
    status = model.writeModel(str(path))
    if status == highspy.HighsStatus.kError:
        raise OSError(f"could not write {path}")


def _without_proof(model: Any) -> Verdict:
    feasible = highspy.SolutionStatus.kSolutionStatusFeasible
    return Verdict.FEASIBLE if model.getInfo().primal_solution_status == feasible else Verdict.UNKNOWN


_STATUS = highspy.HighsModelStatus
_VERDICTS = {
    _STATUS.kOptimal: Verdict.OPTIMAL,
    _STATUS.kInfeasible: Verdict.INFEASIBLE,
    _STATUS.kUnbounded: Verdict.UNBOUNDED,
    _STATUS.kUnboundedOrInfeasible: Verdict.INFEASIBLE,
    _STATUS.kModelEmpty: Verdict.OPTIMAL,
}
