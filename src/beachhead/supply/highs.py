"""The only place of this room that speaks to HiGHS: arrays in, a model to be solved, changed and written out."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from beachhead.world.highs import lp_of, opened
from beachhead.world.work import Meter

Floats = NDArray[np.float64]

# Units of work for each row, column and entry of a model, measured on one quiet core: a run and a pivot of a linear
# programme, a run, a pivot and a node of one with whole decisions.
_RUN, _PIVOT = 5e-8, 2e-9
_WHOLE_RUN, _WHOLE_PIVOT, _NODE = 4e-6, 5e-9, 1e-6


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
    """A model that minimises cost'x."""
    lp = lp_of(
        cost=cost,
        lower=lower,
        upper=upper,
        matrix=sparse.csc_array(matrix),
        row_lower=row_lower,
        row_upper=row_upper,
        whole=integer,
        columns=columns,
        rows=rows,
    )
    return opened(lp)


def run(model: Any, *, gap: float = 1e-9, meter: Meter | None = None) -> Verdict:
    """Solve; `gap` is the relative MIP gap at which to stop.

    What it takes is booked on the meter, which limits the nodes of a tree; a clock binds only where the meter has one.
    """
    model.setOptionValue("mip_rel_gap", gap)
    model.setOptionValue("mip_abs_gap", 0.0)
    if meter is not None:
        _limit(model, meter)
    model.run()
    status = model.getModelStatus()
    if meter is not None:
        meter.charge(work(model))
        meter.by_clock = meter.by_clock or status == _STATUS.kTimeLimit
    return _VERDICTS.get(status) or _without_proof(model)


def work(model: Any) -> float:
    """Units of work that the last run took."""
    info = model.getInfo()
    run, pivot = (_WHOLE_RUN, _WHOLE_PIVOT) if info.mip_node_count >= 0 else (_RUN, _PIVOT)
    return float((run + max(info.simplex_iteration_count, 0) * pivot) * _size(model))


def _limit(model: Any, meter: Meter) -> None:
    """HiGHS counts nodes but not pivots within a tree; it counts its clock over all runs of a model."""
    nodes = min(max(meter.left / (_NODE * _size(model)), 1.0), 2.0**31 - 1)
    model.setOptionValue("mip_max_nodes", int(nodes))
    seconds = meter.seconds_left
    model.setOptionValue("time_limit", model.getRunTime() + max(seconds, 0.01) if np.isfinite(seconds) else np.inf)


def run_on_many_cores(model: Any, threads: int, *, seconds: float = np.inf, gap: float = 1e-9) -> Verdict:
    """Solve with more than one thread of HiGHS's own and a clock (for comparison), and put its pool back as it was."""
    highspy.Highs.resetGlobalScheduler(True)
    model.setOptionValue("threads", threads)
    model.setOptionValue("time_limit", seconds)
    try:
        return run(model, gap=gap)
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


def _size(model: Any) -> int:
    return int(model.getNumNz() + model.getNumCol() + model.getNumRow())


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
