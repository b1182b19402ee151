"""Sequences of tasks that share resources: serial schedule generation, justification and a genetic search, compiled.

Serial schedule generation: J. E. Kelley, "The critical-path method: resources planning and scheduling" (1963); its
schedules are active, and an active schedule is among the shortest (A. Sprecher, R. Kolisch and A. Drexl, European
Journal of Operational Research 80, 1995). Search over activity lists with two-point crossover: S. Hartmann, "A
competitive genetic algorithm for resource-constrained project scheduling", Naval Research Logistics 45 (1998). Each
list is improved by justifying its schedule to the right, then to the left: V. Valls, F. Ballestín and S. Quintanilla,
"Justification and RCPSP: a technique that pays", European Journal of Operational Research 165 (2005). Tested on
PSPLIB's j301_1 in `tests/published/test_programme_schedule.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beachhead.world.compiled import compiled, inner

Ints = NDArray[np.int64]

_SWAP = 0.05
_GREEDY = 2.0
_TOURNAMENT = 2


class Work(NamedTuple):
    """Tasks with whole durations that share resources.

    Attributes:
        days: (N,), durations.
        release: (N,), day before which each may not begin.
        fixed: (N,), 1 for what is under way: it begins on day 0 and takes what it needs.
        need: (N, R), units occupied.
        capacity: (R,), units there are.
        waits, waits_first: links backwards, one task after another; task i's are waits[first[i]:first[i+1]].
        leads, leads_first: links forwards.
        weight: (N,), how much an earlier end of each task counts among schedules of equal length.
    """

    days: Ints
    release: Ints
    fixed: Ints
    need: Ints
    capacity: Ints
    waits: Ints
    waits_first: Ints
    leads: Ints
    leads_first: Ints
    weight: Ints


@compiled
def place_all(work: Work, order: Ints, used: Ints, start: Ints) -> int:
    """Serial schedule generation: each task of `order` as early as links, release and resources let it.

    Args:
        work: the tasks.
        order: (N,), each after what it waits for.
        used: (H, R), scratch, at least as long as any schedule.
        start: (N,), filled with starts.

    Returns:
        The day on which all is done.
    """
    used[:] = 0
    last = 0
    for i in range(order.shape[0]):
        if work.fixed[i] == 1:
            start[i] = 0
            _occupy(work, used, i, 0)
            last = max(last, work.days[i])
    for i in order:
        if work.fixed[i] == 1:
            continue
        at = work.release[i]
        for k in range(work.waits_first[i], work.waits_first[i + 1]):
            at = max(at, start[work.waits[k]] + work.days[work.waits[k]])
        at = _room(work, used, i, at)
        start[i] = at
        _occupy(work, used, i, at)
        last = max(last, at + work.days[i])
    return last


@inner
def _room(work: Work, used: Ints, i: int, at: int) -> int:
    """First day from `at` on with room for task i."""
    t = at
    while t < at + work.days[i]:
        for r in range(work.capacity.shape[0]):
            if work.need[i, r] > 0 and used[t, r] + work.need[i, r] > work.capacity[r]:
                at = t + 1
                break
        t += 1
    return at


@inner
def _occupy(work: Work, used: Ints, i: int, at: int) -> None:
    for r in range(work.capacity.shape[0]):
        if work.need[i, r] > 0:
            for t in range(at, at + work.days[i]):
                used[t, r] += work.need[i, r]


@inner
def _justify(work: Work, back: Work, used: Ints, order: Ints, start: Ints, mirror: Ints, length: int) -> int:
    """Push all tasks to the right, then to the left; `order` and `start` are replaced if nothing got longer."""
    count = order.shape[0]
    key = np.empty(count, dtype=np.int64)
    for i in range(count):
        key[i] = -(start[i] + work.days[i])
    turned = _by(key, order[::-1].copy())
    total = place_all(back, turned, used, mirror)
    for i in range(count):
        key[i] = total - mirror[i] - work.days[i]
    forth = _by(key, order)
    tried = np.empty(count, dtype=np.int64)
    found = place_all(work, forth, used, tried)
    if found <= length:
        order[:] = forth
        start[:] = tried
        return found
    return length


@inner
def _by(key: Ints, order: Ints) -> Ints:
    """The order sorted by key; equal keys stay as they stood, so that links are kept."""
    ranked = np.empty(order.shape[0], dtype=np.int64)
    for place in range(order.shape[0]):
        ranked[place] = key[order[place]]
    return order[np.argsort(ranked, kind="mergesort")]


@compiled
def cost(work: Work, start: Ints, length: int) -> float:
    """Length first, then the weighted ends."""
    ends, most = 0.0, 1.0
    for i in range(start.shape[0]):
        ends += work.weight[i] * (start[i] + work.days[i])
        most += work.weight[i]
    return length + 0.5 * ends / (most * max(length, 1))


@inner
def _sample(work: Work, latest: Ints, random: bool) -> Ints:
    """A list by latest start; drawn with a bias towards urgent tasks if `random` (regret-based sampling)."""
    count = work.days.shape[0]
    open_waits = np.empty(count, dtype=np.int64)
    for i in range(count):
        open_waits[i] = work.waits_first[i + 1] - work.waits_first[i]
    ready = np.empty(count, dtype=np.int64)
    height = 0
    for i in range(count):
        if open_waits[i] == 0:
            ready[height] = i
            height += 1
    order = np.empty(count, dtype=np.int64)
    chance = np.empty(count)
    for place in range(count):
        worst, best, pick = latest[ready[0]], latest[ready[0]], 0
        for k in range(1, height):
            worst = max(worst, latest[ready[k]])
            if latest[ready[k]] < best:
                best, pick = latest[ready[k]], k
        if random:
            total = 0.0
            for k in range(height):
                total += (worst - latest[ready[k]] + 1.0) ** _GREEDY
                chance[k] = total
            drawn = np.random.random() * total
            pick = 0
            while chance[pick] < drawn and pick < height - 1:
                pick += 1
        i = ready[pick]
        order[place] = i
        height -= 1
        ready[pick] = ready[height]
        for k in range(work.leads_first[i], work.leads_first[i + 1]):
            after = work.leads[k]
            open_waits[after] -= 1
            if open_waits[after] == 0:
                ready[height] = after
                height += 1
    return order


@inner
def _cross(mother: Ints, father: Ints, swap: float, work: Work) -> Ints:
    """Two-point crossover of lists, then swaps of neighbours that no link forbids."""
    count = mother.shape[0]
    one, two = np.random.randint(0, count + 1), np.random.randint(0, count + 1)
    first, second = min(one, two), max(one, two)
    taken = np.zeros(count, dtype=np.bool_)
    child = np.empty(count, dtype=np.int64)
    for place in range(first):
        child[place] = mother[place]
        taken[mother[place]] = True
    at = first
    for i in father:
        if at == second:
            break
        if not taken[i]:
            child[at] = i
            taken[i] = True
            at += 1
    for i in mother:
        if not taken[i]:
            child[at] = i
            at += 1
    for place in range(count - 1):
        if np.random.random() < swap and not _linked(work, child[place], child[place + 1]):
            child[place], child[place + 1] = child[place + 1], child[place]
    return child


@inner
def _linked(work: Work, before: int, after: int) -> bool:
    return bool((work.leads[work.leads_first[before] : work.leads_first[before + 1]] == after).any())


@compiled
def search(work: Work, back: Work, latest: Ints, used: Ints, seed: int, tries: int, people: int, bound: int) -> Ints:
    """The best starts found by a genetic search over activity lists; stops where no shorter schedule can exist.

    Args:
        work: the tasks.
        back: the same with time reversed.
        latest: (N,), latest starts without resource limits.
        used: (H, R), scratch.
        seed: of the search.
        tries: schedules to generate.
        people: size of the population.
        bound: no schedule is shorter.
    """
    np.random.seed(seed)
    count = work.days.shape[0]
    mirror = np.empty(count, dtype=np.int64)
    lists = np.empty((people, count), dtype=np.int64)
    costs = np.empty(people)
    best = np.empty(count, dtype=np.int64)
    best_cost = np.inf
    start = np.empty(count, dtype=np.int64)
    plain = work.weight.sum() == 0
    born = 0
    made = 0
    while made < tries:
        if born < people:
            order = _sample(work, latest, born > 0)
        else:
            mother = _fit(costs)
            father = _fit(costs)
            order = _cross(lists[mother], lists[father], _SWAP, work)
        length = place_all(work, order, used, start)
        length = _justify(work, back, used, order, start, mirror, length)
        made += 3
        paid = cost(work, start, length)
        if paid < best_cost:
            best_cost = paid
            best[:] = start
            if plain and length <= bound:
                return best
        if born < people:
            lists[born] = order
            costs[born] = paid
            born += 1
        else:
            worst = np.argmax(costs)
            if paid < costs[worst] and not (costs == paid).any():
                lists[worst] = order
                costs[worst] = paid
    if not plain:
        _pull_gates(work, used, best, best_cost)
    return best


@inner
def _pull_gates(work: Work, used: Ints, best: Ints, best_cost: float) -> None:
    """Let a gate, and all it waits for, go first where that costs less; `best` is replaced by what is found.

    Lists of one length hardly differ in cost, so the search seldom gives up a long task that began early for the short
    one of a gate that waits for it.
    """
    count = best.shape[0]
    start = np.empty(count, dtype=np.int64)
    first = np.empty(count, dtype=np.int64)
    better = True
    while better:
        better = False
        for gate in range(count):
            if work.weight[gate] == 0:
                continue
            first[:] = 1
            first[gate] = 0
            for i in range(gate, -1, -1):
                if first[i] == 0:
                    for k in range(work.waits_first[i], work.waits_first[i + 1]):
                        first[work.waits[k]] = 0
            order = _by(first, _by(best, np.arange(count)))
            length = place_all(work, order, used, start)
            paid = cost(work, start, length)
            if paid < best_cost - 1e-9:
                best_cost = paid
                best[:] = start
                better = True


@inner
def _fit(costs: NDArray[np.float64]) -> int:
    """The better of some drawn at random."""
    best = np.random.randint(0, costs.shape[0])
    for _ in range(_TOURNAMENT - 1):
        other = np.random.randint(0, costs.shape[0])
        if costs[other] < costs[best]:
            best = other
    return best
