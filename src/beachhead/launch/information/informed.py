"""What a market is worth at the next gate when part of its doubt is gone by then, on grids fine enough to price news.

The plan compares pilots by small tables (`value.option_tables`); their few nodes are good to a percent of a market's
value, and what a single question is worth is often less than that. Here the same option values are integrated finely:
start then or later, pilot once more first at the first gate that permits it, or never.
"""

from __future__ import annotations

import math

import numpy as np

from beachhead.launch.policy.value import Starts, best_entry, best_start, next_pilot, resolvable
from beachhead.launch.question.kernel_terms import OUT, Floats, Position, Terms
from beachhead.world.compiled import compiled, inner

SHARES = np.array([0.0, 0.002, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.96, 1.0])
"""Shares of a market's variance removed, at which its value is tabulated; K of them."""
NODES = np.linspace(-6.0, 6.0, 121)
WEIGHTS = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()
LEVELS = np.linspace(-8.0, 8.0, 641)
"""Where the best start is tabulated, in prior standard deviations; linear between."""


def gain(table: Floats, i: int, share: float, after: Floats | None = None) -> float:
    """What removing that share of market i's variance adds to its value; tables from `informed_values`.

    `after` is the table where what removes it changes what may come later; news is never worth less than nothing.
    """
    then = table if after is None else after
    return max(float(np.interp(min(max(share, 0.0), 1.0), SHARES, then[i]) - table[i, 0]), 0.0)


@compiled
def informed_values(terms: Terms, starts: Starts, position: Position, mean: Floats, cov: Floats, now: int) -> Floats:
    """(M, K) value at the next gate, in money of this one, by share of variance removed before; never falling in it.

    Zero for markets that are scaled, left or cannot be started. A market whose gate demands a reading may be started
    only where the share reaches what the gate asks for, as in `value.option_tables`.
    """
    M = terms.capital.shape[0]
    table = np.zeros((M, SHARES.shape[0]))
    for i in range(M):
        if position.stage[i] != OUT or starts.begin[i] == starts.begin[i + 1] or cov[i, i] <= 1e-12:
            continue
        for k in range(SHARES.shape[0]):
            value = _informed(terms, starts, position, mean, cov, now, i, SHARES[k])
            table[i, k] = max(value, table[i, k - 1]) if k > 0 else value
    return table


@inner
def _informed(
    terms: Terms, starts: Starts, position: Position, mean: Floats, cov: Floats, now: int, i: int, share: float
) -> float:
    """Value of market i at the next gate once that share of its variance is removed."""
    noise, fee, _, _, when = next_pilot(terms, position, mean, now, i)
    cost = terms.discount ** (when - now) * fee
    sd, step, left = math.sqrt(cov[i, i]), math.sqrt(share * cov[i, i]), (1.0 - share) * cov[i, i]
    learnt = resolvable(left, float(cov[i, -1]), float(cov[-1, -1]), noise)
    shut = share < position.barred[i]
    at_once = _by_level(starts, now + 1, i, mean[i], sd, left)
    looks = learnt > 1e-9 and cost < np.inf
    later = _by_level(starts, when + 1, i, mean[i], sd, left - learnt) if looks else at_once
    total = 0.0
    for g in range(NODES.shape[0]) if share > 0.0 else range(NODES.shape[0] // 2, NODES.shape[0] // 2 + 1):
        z = step * NODES[g] / sd
        best = 0.0 if shut else _at(at_once, z)
        if looks:
            best = max(best, _after_look(later, z, math.sqrt(learnt) / sd) - cost)
        total += best * (WEIGHTS[g] if share > 0.0 else 1.0)
    return total


@inner
def _by_level(starts: Starts, earliest: int, i: int, mean: float, sd: float, var: float) -> Floats:
    """(levels,) best of never and starting from `earliest` on, by the mean that market i will have."""
    found = np.empty(LEVELS.shape[0])
    for n in range(LEVELS.shape[0]):
        found[n] = best_start(starts, earliest, i, mean + sd * LEVELS[n], max(var, 0.0))[0]
    return found


@inner
def _after_look(table: Floats, z: float, step: float) -> float:
    """Expected value of the table at z once a look has moved the mean, by a normal of sd `step`."""
    total = 0.0
    for h in range(NODES.shape[0]):
        total += WEIGHTS[h] * _at(table, z + step * NODES[h])
    return total


@inner
def _at(table: Floats, z: float) -> float:
    """The table at z prior standard deviations above the mean."""
    place = min(max((z - LEVELS[0]) / (LEVELS[1] - LEVELS[0]), 0.0), table.shape[0] - 1.000001)
    low = int(place)
    return float(table[low] + (place - low) * (table[low + 1] - table[low]))


@compiled
def best_course(terms: Terms, starts: Starts, position: Position, mean: Floats, cov: Floats, now: int, i: int) -> float:
    """Value of the best course in market i other than never to enter it; below zero where none pays."""
    noise, fee, _, _, when = next_pilot(terms, position, mean, now, i)
    cost = terms.discount ** (when - now) * fee
    var = cov[i, i]
    best = -np.inf
    if position.barred[i] <= 0.0:
        best, _ = best_entry(starts, now + 1, terms.path.shape[1], i, mean[i], var)
    learnt = resolvable(var, float(cov[i, -1]), float(cov[-1, -1]), noise)
    if learnt > 1e-9 and cost < np.inf:
        later = _by_level(starts, when + 1, i, mean[i], math.sqrt(var), var - learnt)
        best = max(best, _after_look(later, 0.0, math.sqrt(learnt / var)) - cost)
    return float(best)
