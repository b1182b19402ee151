"""Swap local search on sparse lists, and its iterated form: a good set of sites, fast.

One swap opens a candidate and closes the open site that is missed least. With the nearest and second nearest open
site of every customer at hand, the best partner of a candidate is found in one pass over the candidate's own list
(the fast interchange of Whitaker 1983, Resende & Werneck 2007, in the eager form of Schubert & Rousseeuw 2021).
The iterated form kicks a few neighbouring sites, repairs only what the kick touched, and undoes it unless it paid.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.dice import roll
from beachhead.siting.field import Field, Floats, Ints, by_site
from beachhead.siting.pace import SWAPPED
from beachhead.world.compiled import compiled, inner

_EPS = 1e-9

# A customer's two cheapest open sites (-1: nobody, then the cost is `outside`); one record, one cache line.
NEAREST = np.dtype([("first", "i4"), ("second", "i4"), ("cost1", "f8"), ("cost2", "f8")])
# A candidate: what closing it would lose, scratch of `_best_swap`, open sites that clash with it, place in `order`.
SITE = np.dtype(
    [("loss", "f8"), ("correction", "f8"), ("clash", "i4"), ("place", "i4"), ("open", "i4"), ("queued", "i4")]
)
# A change to take back: a customer with its old record, or site -1 - who, which was opened or closed.
CHANGE = np.dtype([("who", "i4"), ("first", "i4"), ("second", "i4"), ("cost1", "f8"), ("cost2", "f8")], align=True)
_OPEN, _LOGGED, _QUEUED, _DICE, _READ = range(5)


class Standing(NamedTuple):
    """What the search knows of the set that is open now; changed in place by compiled code only.

    Attributes:
        nearest: (I,) of `NEAREST`.
        site: (J,) of `SITE`.
        used: (G + 1,), budget used by each group, then by all.
        order: (J,), the open sites first, in any order.
        queue: (J,), candidates to look at.
        log: changes since the last commit, `CHANGE`.
        tally: (5,), sites open, changes logged, candidates queued, state of the dice, entries read.
        value: (1,), cost of the open set.
    """

    nearest: NDArray[Any]
    site: NDArray[Any]
    used: Floats
    order: NDArray[np.int32]
    queue: NDArray[np.int32]
    log: NDArray[Any]
    tally: NDArray[np.int64]
    value: Floats


class Frame(NamedTuple):
    """The field as compiled code reads it: its lists by customer (row) and by site (col), costs and limits."""

    row_ptr: NDArray[np.int64]
    row_item: NDArray[np.int32]
    row_cost: Floats
    col_ptr: NDArray[np.int64]
    col_item: NDArray[np.int32]
    col_cost: Floats
    opening: Floats
    outside: Floats
    price: Floats
    group: NDArray[np.int32]
    budget: Floats
    kept: NDArray[np.bool_]
    clash_ptr: NDArray[np.int64]
    clash_item: NDArray[np.int32]
    plain: bool


def frame_of(field: Field) -> Frame:
    """The arrays of a field; the last budget is the total."""
    limits = field.limits
    plain = limits.counts_sites and bool(np.isinf(limits.budget).all()) and not limits.conflict.item.size
    return Frame(
        *field.by_customer,
        *by_site(field),
        field.opening,
        field.outside,
        limits.price,
        limits.group,
        np.append(limits.budget, limits.total),
        limits.kept,
        limits.conflict.ptr,
        limits.conflict.item,
        plain,
    )


def stand(frame: Frame, sites: NDArray[Any], seed: int) -> Standing:
    """A standing in which `sites` (and the kept ones) are open."""
    customers, candidates = len(frame.outside), len(frame.opening)
    nearest = np.zeros(customers, NEAREST)
    nearest["first"] = nearest["second"] = -1
    nearest["cost1"] = nearest["cost2"] = frame.outside
    standing = Standing(
        nearest=nearest,
        site=np.zeros(candidates, SITE),
        used=np.zeros(len(frame.budget)),
        order=np.zeros(candidates, np.int32),
        queue=np.empty(candidates, np.int32),
        log=np.empty(16 * customers + 4 * candidates + 1024, CHANGE),
        tally=np.array([0, 0, 0, seed * 2 + 1, 0], np.int64),
        value=np.array([frame.outside.sum()]),
    )
    _open_all(frame, standing, np.union1d(np.asarray(sites), np.flatnonzero(frame.kept)).astype(np.int32))
    return standing


def work_of(standing: Standing) -> float:
    """Units of work done on a standing since it was set up."""
    return float(standing.tally[_READ]) * SWAPPED


def open_sites(standing: Standing) -> NDArray[np.int32]:
    """The open sites, ascending."""
    return np.sort(standing.order[: standing.tally[_OPEN]])


@compiled
def _open_all(frame: Frame, at: Standing, sites: Ints) -> None:
    for j in sites:
        if not at.site[j].open:
            _open(frame, at, j, False)


@inner
def _serve(
    nearest: NDArray[Any], site: NDArray[Any], value: Floats, i: int, first: int, c1: float, second: int, c2: float
) -> None:
    """Give a customer its two cheapest open sites; book loss and value."""
    old = nearest[i]
    if old.first >= 0:
        site[old.first].loss -= old.cost2 - old.cost1
    if first >= 0:
        site[first].loss += c2 - c1
    value[0] += c1 - old.cost1
    old.first = first
    old.second = second
    old.cost1 = c1
    old.cost2 = c2


@inner
def _note(log: NDArray[Any], tally: NDArray[np.int64], i: int, old: Any) -> None:
    new = log[tally[_LOGGED]]
    new.who = i
    new.first = old.first
    new.second = old.second
    new.cost1 = old.cost1
    new.cost2 = old.cost2
    tally[_LOGGED] += 1


@inner
def _mark(frame: Frame, at: Standing, j: int, opening: bool) -> None:
    """Book the opening (or closing) of a site, customers apart."""
    sign = 1.0 if opening else -1.0
    site = at.site
    site[j].open = 1 if opening else 0
    site[j].loss -= sign * frame.opening[j]
    at.used[frame.group[j]] += sign * frame.price[j]
    at.used[-1] += sign * frame.price[j]
    at.value[0] += sign * frame.opening[j]
    count = at.tally[_OPEN]
    if opening:
        at.order[count] = j
        site[j].place = count
        at.tally[_OPEN] = count + 1
    else:
        last = at.order[count - 1]
        at.order[site[j].place] = last
        site[last].place = site[j].place
        at.tally[_OPEN] = count - 1
    for e in range(frame.clash_ptr[j], frame.clash_ptr[j + 1]):
        site[frame.clash_item[e]].clash += 1 if opening else -1


@inner
def _open(frame: Frame, at: Standing, j: int, logged: bool) -> None:
    if logged:
        at.log[at.tally[_LOGGED]].who = -1 - j
        at.tally[_LOGGED] += 1
    _mark(frame, at, j, True)
    at.tally[_READ] += frame.col_ptr[j + 1] - frame.col_ptr[j]
    nearest, site, value, log, tally = at.nearest, at.site, at.value, at.log, at.tally
    item, cost = frame.col_item, frame.col_cost
    for e in range(frame.col_ptr[j], frame.col_ptr[j + 1]):
        i = item[e]
        c = cost[e]
        now = nearest[i]
        if c >= now.cost2:
            continue
        if logged:
            _note(log, tally, i, now)
        if c < now.cost1:
            _serve(nearest, site, value, i, j, c, now.first, now.cost1)
        else:
            _serve(nearest, site, value, i, now.first, now.cost1, j, c)


@inner
def _close(frame: Frame, at: Standing, j: int, logged: bool) -> None:
    if logged:
        at.log[at.tally[_LOGGED]].who = -1 - j
        at.tally[_LOGGED] += 1
    _mark(frame, at, j, False)
    at.tally[_READ] += frame.col_ptr[j + 1] - frame.col_ptr[j]
    nearest, site, value, log, tally = at.nearest, at.site, at.value, at.log, at.tally
    row_ptr, row_item, row_cost, outside = frame.row_ptr, frame.row_item, frame.row_cost, frame.outside
    item = frame.col_item
    for e in range(frame.col_ptr[j], frame.col_ptr[j + 1]):
        i = item[e]
        now = nearest[i]
        if now.first != j and now.second != j:
            continue
        if logged:
            _note(log, tally, i, now)
        # Who stays, and from where the list must be read again.
        first = now.first if now.first != j else now.second
        c1 = now.cost1 if now.first != j else now.cost2
        second = -1
        c2 = outside[i]
        for k in range(row_ptr[i], row_ptr[i + 1]):
            c = row_cost[k]
            if c >= c2:
                break
            tally[_READ] += 1
            r = row_item[k]
            if r != first and site[r].open:
                second = r
                c2 = c
        if first < 0:
            c1 = outside[i]
        _serve(nearest, site, value, i, first, c1, second, c2)


@inner
def _fits(frame: Frame, used: Floats, j: int, r: int) -> bool:
    """Whether opening j and closing r (-1: none) keeps the budgets."""
    back = frame.price[r] if r >= 0 else 0.0
    g = frame.group[j]
    back_here = back if r >= 0 and frame.group[r] == g else 0.0
    slack = 1e-9
    return bool(
        used[g] + frame.price[j] - back_here <= frame.budget[g] + slack
        and used[-1] + frame.price[j] - back <= frame.budget[-1] + slack
    )


@inner
def _least_missed(frame: Frame, at: Standing) -> int:
    best = -1
    least = np.inf
    order, site, kept = at.order, at.site, frame.kept
    at.tally[_READ] += at.tally[_OPEN]
    for k in range(at.tally[_OPEN]):
        r = order[k]
        if site[r].loss < least and not kept[r]:
            least = site[r].loss
            best = r
    return best


@inner
def _best_swap(frame: Frame, at: Standing, j: int, least: int, touched: Ints) -> tuple[float, int]:
    """Change of cost by opening j with its best partner, and that partner (-1: just open; -2: may not)."""
    nearest, site = at.nearest, at.site
    item, cost = frame.col_item, frame.col_cost
    at.tally[_READ] += frame.col_ptr[j + 1] - frame.col_ptr[j]
    gain = frame.opening[j]
    count = 0
    for e in range(frame.col_ptr[j], frame.col_ptr[j + 1]):
        c = cost[e]
        now = nearest[item[e]]
        if c >= now.cost2:
            continue
        if c < now.cost1:
            gain -= now.cost1 - c
            back = now.cost2 - now.cost1
        else:
            back = now.cost2 - c
        r = now.first
        if r >= 0 and back > 0:
            if site[r].correction == 0.0:
                touched[count] = r
                count += 1
            site[r].correction -= back
    best = np.inf
    partner = -2
    if site[j].clash == 0 and _fits(frame, at.used, j, -1):
        best = gain
        partner = -1
    if frame.plain:
        if least >= 0 and gain + site[least].loss + site[least].correction < best:
            best = gain + site[least].loss + site[least].correction
            partner = least
        for k in range(count):
            r = touched[k]
            delta = gain + site[r].loss + site[r].correction
            if delta < best and not frame.kept[r]:
                best = delta
                partner = r
    else:
        best, partner = _best_partner(frame, at, j, gain, best, partner)
    for k in range(count):
        site[touched[k]].correction = 0.0
    return best, partner


@inner
def _best_partner(frame: Frame, at: Standing, j: int, gain: float, best: float, partner: int) -> tuple[float, int]:
    """Search all open sites for the partner: needed where budgets or spacing decide who may go."""
    site, order = at.site, at.order
    if site[j].clash > 1:
        return best, partner
    at.tally[_READ] += at.tally[_OPEN]
    for k in range(at.tally[_OPEN]):
        r = order[k]
        delta = gain + site[r].loss + site[r].correction
        if delta >= best or frame.kept[r] or not _fits(frame, at.used, j, r):
            continue
        if site[j].clash == 1 and not _clash(frame, j, r):
            continue
        best = delta
        partner = r
    return best, partner


@inner
def _clash(frame: Frame, j: int, r: int) -> bool:
    found = False
    for e in range(frame.clash_ptr[j], frame.clash_ptr[j + 1]):
        found = found or frame.clash_item[e] == r
    return found


@inner
def _swap(frame: Frame, at: Standing, j: int, r: int, logged: bool) -> int:
    """Open j, close r, then close what has become useless; return who is missed least now."""
    _open(frame, at, j, logged)
    if r >= 0:
        _close(frame, at, r, logged)
    least = _least_missed(frame, at)
    while least >= 0 and at.site[least].loss < -_EPS * (1.0 + abs(at.value[0])):
        _close(frame, at, least, logged)
        least = _least_missed(frame, at)
    return least


@compiled
def descend(frame: Frame, at: Standing, sweeps: int) -> float:
    """Swap, open and close until no single move helps, or for so many sweeps over all candidates."""
    candidates = len(frame.opening)
    touched = np.empty(candidates, np.int32)
    quiet = 0
    j = 0
    least = _least_missed(frame, at)
    for _ in range(sweeps * candidates):
        if quiet >= candidates:
            break
        j = j + 1 if j + 1 < candidates else 0
        quiet += 1
        if at.site[j].open:
            continue
        delta, r = _best_swap(frame, at, j, least, touched)
        if r != -2 and delta < -_EPS * (1.0 + abs(at.value[0])):
            least = _swap(frame, at, j, r, False)
            quiet = 0
    return float(at.value[0])


@inner
def _push_around(frame: Frame, at: Standing, since: int) -> None:
    """Queue the candidates that could now serve a customer changed since that log entry."""
    nearest, site, log, queue, tally = at.nearest, at.site, at.log, at.queue, at.tally
    row_ptr, row_item, row_cost = frame.row_ptr, frame.row_item, frame.row_cost
    for k in range(since, tally[_LOGGED]):
        i = log[k].who
        if i < 0:
            continue
        most = nearest[i].cost2
        for e in range(row_ptr[i], row_ptr[i + 1]):
            if row_cost[e] >= most:
                break
            j = row_item[e]
            if not site[j].queued and not site[j].open:
                site[j].queued = 1
                queue[tally[_QUEUED]] = j
                tally[_QUEUED] += 1


@inner
def _repair(frame: Frame, at: Standing, touched: Ints) -> None:
    """Descend among the queued candidates only."""
    least = _least_missed(frame, at)
    room = len(at.log) - 4 * len(frame.outside) - 8
    tally, queue, site = at.tally, at.queue, at.site
    while tally[_QUEUED] > 0:
        k = roll(tally, _DICE, tally[_QUEUED])
        j = queue[k]
        tally[_QUEUED] -= 1
        queue[k] = queue[tally[_QUEUED]]
        site[j].queued = 0
        if site[j].open or tally[_LOGGED] > room:
            continue
        delta, r = _best_swap(frame, at, j, least, touched)
        if r != -2 and delta < -_EPS * (1.0 + abs(at.value[0])):
            since = tally[_LOGGED]
            least = _swap(frame, at, j, r, True)
            _push_around(frame, at, since)


@inner
def _undo(frame: Frame, at: Standing) -> None:
    """Take back every logged change."""
    nearest, site, value, log, tally = at.nearest, at.site, at.value, at.log, at.tally
    for k in range(tally[_LOGGED] - 1, -1, -1):
        old = log[k]
        if old.who >= 0:
            _serve(nearest, site, value, old.who, old.first, old.cost1, old.second, old.cost2)
        else:
            j = -1 - old.who
            _mark(frame, at, j, not site[j].open)
    tally[_LOGGED] = 0


@inner
def _kick(frame: Frame, at: Standing, size: int) -> None:
    """Close up to `size` neighbouring open sites and open as many others of their neighbourhood at random."""
    i = roll(at.tally, _DICE, len(frame.outside))
    start = frame.row_ptr[i]
    stop = start
    closed = 0
    while stop < frame.row_ptr[i + 1] and closed < size:
        r = frame.row_item[stop]
        stop += 1
        if at.site[r].open and not frame.kept[r]:
            _close(frame, at, r, True)
            closed += 1
    opened = 0
    for _ in range(4 * size):
        if opened == closed or stop == start:
            break
        j = frame.row_item[start + roll(at.tally, _DICE, stop - start)]
        if not at.site[j].open and at.site[j].clash == 0 and _fits(frame, at.used, j, -1):
            _open(frame, at, j, True)
            opened += 1


@compiled
def iterate(frame: Frame, at: Standing, kicks: int, size: int, hot: float, cold: float) -> int:
    """Kick, repair, keep what is better: that many times. Returns how often it got better."""
    touched = np.empty(len(frame.opening), np.int32)
    better = 0
    for step in range(kicks):
        heat = hot * (cold / hot) ** (step / kicks)
        before = at.value[0]
        at.tally[_LOGGED] = 0
        _kick(frame, at, 1 + roll(at.tally, _DICE, size))
        _push_around(frame, at, 0)
        _repair(frame, at, touched)
        if at.value[0] > before - heat * np.log((roll(at.tally, _DICE, 1 << 24) + 1) / (1 << 24)):
            _undo(frame, at)
        else:
            better += 1
    return better
