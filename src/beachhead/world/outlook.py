"""How uncertainty crosses rooms: draws of cars demanded, by market and quarter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.world.brief import brief
from beachhead.world.quarter import Quarter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """Joint draws of a quantity over markets and quarters.

    Attributes:
        values: (S, M, T), cars demanded a quarter at full scale; finite, not negative; read-only.
        markets: M market codes, in the order of axis 1.
        quarters: T quarters, in the order of axis 2.
        seed: the seed that made the draws; the same seed and belief give the same draws.
    """

    values: NDArray[np.float64]
    markets: tuple[str, ...]
    quarters: tuple[Quarter, ...]
    seed: int

    __repr__ = brief

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64)
        if values.ndim != 3 or values.shape[1:] != (len(self.markets), len(self.quarters)):
            raise ValueError(
                f"values have shape {values.shape}, labels say (S, {len(self.markets)}, {len(self.quarters)})"
            )
        if len(set(self.markets)) != len(self.markets):
            raise ValueError("a market is named twice")
        if not np.isfinite(values).all() or (values < 0).any():
            raise ValueError("draws must be finite and not negative")
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def require(self, markets: tuple[str, ...], quarters: tuple[Quarter, ...]) -> None:
        """Raise unless the labels are exactly these, order included."""
        if self.markets != markets or self.quarters != quarters:
            raise ValueError("outlook labels differ from those asked for; build it on the same markets and quarters")
