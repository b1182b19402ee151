"""Cars of the four quarters that end with each: how milestones and targets count a year."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beachhead.world.quarter import QUARTERS_A_YEAR

Floats = NDArray[np.float64]


def trailing_year(cars: Floats, before: Floats | None = None) -> Floats:
    """(S, T) cars of the four quarters that end with each; quarters not known count nothing.

    Args:
        cars: (S, T) cars a quarter.
        before: (P,) cars of the quarters before, oldest first.
    """
    past = np.zeros(0) if before is None else np.asarray(before, dtype=np.float64)[-(QUARTERS_A_YEAR - 1) :]
    padded = np.concatenate(
        [np.zeros((len(cars), QUARTERS_A_YEAR - 1 - len(past))), np.tile(past, (len(cars), 1)), cars], axis=1
    )
    total = np.concatenate([np.zeros((len(cars), 1)), padded.cumsum(axis=1)], axis=1)
    return np.asarray(total[:, QUARTERS_A_YEAR:] - total[:, :-QUARTERS_A_YEAR])
