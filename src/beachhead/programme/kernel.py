"""Passes through a network of tasks for many draws at once, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beachhead.programme.duration import SCORES
from beachhead.world.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FIRST = float(SCORES[0])
_PER_SCORE = float((len(SCORES) - 1) / (SCORES[-1] - SCORES[0]))
_LAST = len(SCORES) - 1


@compiled
def forward(
    order: Ints, scores: Floats, table: Floats, release: Floats, waits: Ints, first: Ints, begin: Floats, end: Floats
) -> None:
    """Earliest times of every task in every draw (critical-path method, forward pass).

    Args:
        order: (N,), places of tasks, each after what it waits for.
        scores: (N, S), standard normal score of each duration.
        table: (N, K), days still to go at each tabulated score.
        release: (N,), day before which a task may not begin.
        waits: places of the tasks waited for, one task after another.
        first: (N + 1,), where each task's part of `waits` begins.
        begin: (N, S), filled with the day on which each task begins.
        end: (N, S), filled with the day on which it is done.
    """
    draws = scores.shape[1]
    for i in order:
        for s in range(draws):
            begin[i, s] = release[i]
        for k in range(first[i], first[i + 1]):
            before = end[waits[k]]
            for s in range(draws):
                begin[i, s] = max(begin[i, s], before[s])
        for s in range(draws):
            at = min(max((scores[i, s] - _FIRST) * _PER_SCORE, 0.0), float(_LAST))
            low = min(int(at), _LAST - 1)
            end[i, s] = begin[i, s] + table[i, low] + (at - low) * (table[i, low + 1] - table[i, low])


@compiled
def mark(begin: Floats, end: Floats, waits: Ints, first: Ints, ends: Ints, done: Floats, times: Ints) -> None:
    """Count in how many draws each task lies on a critical path to a gate.

    A task is critical if a longer duration would delay the gate: from the tasks that finish last, back through all
    that they waited for to the very day.

    Args:
        begin: (N, S), day on which each task begins.
        end: (N, S), day on which it is done.
        waits: as in `forward`.
        first: as in `forward`.
        ends: places of the tasks that the gate waits for.
        done: (S,), filled with the day on which the gate may open.
        times: (N,), raised by the number of draws in which each task is critical.
    """
    tasks, draws = begin.shape
    seen = np.full(tasks, -1, dtype=np.int64)
    stack = np.empty(tasks, dtype=np.int64)
    for s in range(draws):
        last = end[ends[0], s]
        for k in range(1, ends.shape[0]):
            last = max(last, end[ends[k], s])
        done[s] = last
        height = 0
        for k in range(ends.shape[0]):
            if end[ends[k], s] == last and seen[ends[k]] != s:
                seen[ends[k]] = s
                stack[height] = ends[k]
                height += 1
        while height > 0:
            height -= 1
            i = stack[height]
            times[i] += 1
            for k in range(first[i], first[i + 1]):
                before = waits[k]
                if end[before, s] == begin[i, s] and seen[before] != s:
                    seen[before] = s
                    stack[height] = before
                    height += 1
