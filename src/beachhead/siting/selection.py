"""Selection without sorting, in compiled code: what a relaxed choice of so many sites is priced at."""

from __future__ import annotations

from beachhead.siting.field import Floats
from beachhead.world.compiled import compiled


@compiled
def kth_smallest(values: Floats, k: int) -> float:
    """The k-th smallest value (from 0); reorders `values` (Hoare's selection)."""
    low = 0
    high = len(values) - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i = low
        j = high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            break
    return float(values[k])
