"""Work on many worlds side by side."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def in_threads(work: Callable[[A], B], items: list[A], tick: Callable[[int, int], None] | None = None) -> list[B]:
    """The work on each item, in their order, two at a time: the kernels let go of the interpreter.

    Args:
        work: to do.
        items: to work on.
        tick: called with (items done, items in all).
    """
    done = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for found in pool.map(work, items):
            done.append(found)
            if tick is not None:
                tick(len(done), len(items))
    return done
