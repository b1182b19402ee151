"""Dice of the searches, thrown in compiled code: their state is kept with the search that throws them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beachhead.world.compiled import inner


@inner
def roll(tally: NDArray[np.int64], place: int, sides: int) -> int:
    """One throw of a die (xorshift64*), 0 .. sides - 1; its state stands in `tally[place]` and is never 0."""
    x = np.uint64(tally[place])
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    tally[place] = np.int64(x)
    return int(np.int64(((x * np.uint64(2685821657736338717)) >> np.uint64(33)) % np.uint64(sides)))
