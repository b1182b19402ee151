"""A programme of HiGHS: arrays in, a silent model of one thread out.

HiGHS keeps one pool of threads for all models of a thread and fails where two disagree on its size, so that every room
opens its models here.
"""

from __future__ import annotations

from collections.abc import Sequence

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Floats = NDArray[np.float64]


def lp_of(
    *,
    cost: Floats,
    lower: Floats,
    upper: Floats,
    matrix: sparse.csc_array | sparse.csr_array,
    row_lower: Floats,
    row_upper: Floats,
    whole: NDArray[np.bool_] | None = None,
    offset: float = 0.0,
    columns: Sequence[str] = (),
    rows: Sequence[str] = (),
) -> highspy.HighsLp:
    """Minimise cost'x + offset, lower <= x <= upper, row_lower <= matrix x <= row_upper; inf where there is no limit.

    Args:
        cost: (N,).
        lower: (N,).
        upper: (N,).
        matrix: (K, N), compressed by columns or by rows, and handed over so.
        row_lower: (K,).
        row_upper: (K,).
        whole: (N,), which columns are whole numbers; None for none.
        offset: constant part of the objective.
        columns: names; empty for none.
        rows: names; empty for none.
    """
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = matrix.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, lower, upper
    lp.row_lower_, lp.row_upper_, lp.offset_ = row_lower, row_upper, offset
    by_row = matrix.format == "csr"
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise if by_row else highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    if whole is not None and whole.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(flag)] for flag in whole]
    if columns:
        lp.col_names_ = list(columns)
    if rows:
        lp.row_names_ = list(rows)
    return lp


def opened(lp: highspy.HighsLp, **options: float) -> highspy.Highs:
    """The model, which says nothing and takes one thread; `options` by the names that HiGHS gives them."""
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, setting in {"output_flag": False, "threads": 1, "random_seed": 0, **options}.items():
        highs.setOptionValue(option, setting)
    highs.passModel(lp)
    return highs
