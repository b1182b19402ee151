"""Search for a schedule that covers most: greedy start, swaps of opening slots, kicks that are kept when they help."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.dice import roll
from beachhead.siting.field import Floats, Ints, transposed
from beachhead.siting.ground import Ground
from beachhead.siting.pace import MOVED
from beachhead.world.compiled import compiled, inner
from beachhead.world.work import Meter

SEEN = np.dtype([("first", np.int16), ("second", np.int16), ("by", np.int32)], align=True)
"""Of a customer: first and second period in which it is covered (T: never), and a site that covers it first."""

_DICE, _OPEN, _READ = range(3)
_EPS = 1e-10
_CHUNK = 20_000
_HEAT = (0.1, 0.02)  # of the mean worth of an open site, for one period and for several: tuned on settlements
_COOLER = 0.05
_ENTRIES_A_MOVE = 40  # what proposing a move takes beside the lists read, as entries


class Roster(NamedTuple):
    """Who opens when, and what the search knows of it; changed in place by compiled code only.

    Attributes:
        row_ptr: rows of candidates by customer.
        row_item: candidates.
        col_ptr: rows of customers by candidate.
        col_item: customers.
        people: (I,).
        kind_of: (I,).
        later: (K, T + 1).
        price: (J,).
        group: (J,).
        kept: (J,).
        saved: (G + 1, T), what may be used up to each period, the last row by all.
        clash_ptr: rows of conflicts by candidate.
        clash_item: candidates.
        seen: (I,) of `SEEN`.
        when: (J,), opening period, T for never.
        loss: (J,), what closing the site alone would lose.
        used: (G + 1, T), used up to each period.
        order: (J,), open sites first, in any order.
        place: (J,), place in `order`.
        clash: (J,), open sites too close.
        tally: (3,), state of the dice, sites open, entries read.
        total: (1,), worth of the schedule.
    """

    row_ptr: NDArray[np.int64]
    row_item: Ints
    col_ptr: NDArray[np.int64]
    col_item: Ints
    people: Floats
    kind_of: Ints
    later: Floats
    price: Floats
    group: Ints
    kept: NDArray[np.bool_]
    saved: Floats
    clash_ptr: NDArray[np.int64]
    clash_item: Ints
    seen: NDArray[Any]
    when: Ints
    loss: Floats
    used: Floats
    order: Ints
    place: Ints
    clash: Ints
    tally: NDArray[np.int64]
    total: Floats

    @property
    def periods(self) -> int:
        """T, the number of periods."""
        return int(self.later.shape[1]) - 1

    @property
    def value(self) -> float:
        """Worth of the schedule."""
        return float(self.total[0])

    @property
    def work(self) -> float:
        """Units of work done on it since it was set up."""
        return float(self.tally[_READ]) * MOVED


def roster_of(ground: Ground) -> Roster:
    """A roster on which only the kept sites stand."""
    customers, sites, periods = len(ground.people), ground.sites, ground.periods
    col_ptr, col_item = transposed(ground.reach, sites)
    seen = np.zeros(customers, SEEN)
    seen["first"] = seen["second"] = periods
    seen["by"] = -1
    saved = np.cumsum(np.vstack([ground.budget, ground.total[None]]), axis=1)
    kind, later = ground.kinds
    roster = Roster(
        row_ptr=ground.reach.ptr,
        row_item=ground.reach.item,
        col_ptr=col_ptr,
        col_item=col_item,
        people=ground.people,
        kind_of=kind,
        later=later,
        price=ground.price,
        group=ground.group,
        kept=ground.kept,
        saved=saved,
        clash_ptr=ground.conflict.ptr,
        clash_item=ground.conflict.item,
        seen=seen,
        when=np.full(sites, periods, np.int32),
        loss=np.zeros(sites),
        used=np.zeros_like(saved),
        order=np.zeros(sites, np.int32),
        place=np.zeros(sites, np.int32),
        clash=np.zeros(sites, np.int32),
        tally=np.zeros(3, np.int64),
        total=np.zeros(1),
    )
    _open_kept(roster, ground.since)
    return roster


def seed_greedily(roster: Roster, seed: int) -> None:
    """Period by period, open whatever covers most new people per unit of budget."""
    roster.tally[_DICE] = 2 * seed + 1
    _greedy(roster)
    _descend(roster, 30)


def greedy_order(ground: Ground) -> tuple[Ints, Floats]:
    """New sites in the order in which each covers most new people, as long as any does; and people covered, (n + 1,).

    Budgets are not read, nor are sites that close.
    """
    roster = roster_of(ground if ground.leaving is None else replace(ground, leaving=None))
    order, gained = _greedy_order(roster)
    return order, roster.value / roster.later[0, 0] + np.concatenate([[0.0], np.cumsum(gained)])


def improve(roster: Roster, moves: int, *, meter: Meter) -> None:
    """Anneal by so many moves, or as long as the meter lets it; the roster is changed in place."""
    if roster.tally[_OPEN] == 0 or roster.value <= 0 or not (roster.when < roster.periods)[~roster.kept].any():
        return  # nothing may be moved
    best, schedule = roster.value, schedule_of(roster)
    hot = _HEAT[roster.periods > 1] * roster.value / max(int(roster.tally[_OPEN]), 1)
    chunks = max(round(moves / _CHUNK), 1)
    for chunk in range(chunks):
        if meter.must_stop():
            break
        warm, cool = (hot * _COOLER ** (at / chunks) for at in (chunk, chunk + 1))
        before = roster.work
        _anneal(roster, _CHUNK, warm, cool)
        meter.charge(roster.work - before)
        if roster.value > best:
            best, schedule = roster.value, schedule_of(roster)
    _descend(roster, 10)
    if roster.value < best:
        _replace(roster, schedule)


def close_idle(roster: Roster, schedule: Ints) -> Ints:
    """(J,), the schedule without new sites that nobody would miss, those with the fewest people around closed first.

    A site is missed if somebody is covered by no other, or by others only later; what the schedule is worth stays.
    Where sites close, new ones that take their place open no sooner than somebody needs them.
    """
    _replace(roster, schedule)
    if len(roster.later) > 1:
        _wait(roster)
    around = np.add.reduceat(np.append(roster.people[roster.col_item], 0.0), roster.col_ptr[:-1])
    around[np.diff(roster.col_ptr) == 0] = 0.0
    _close_idle(roster, np.argsort(around, kind="stable"))
    return schedule_of(roster)


def move_work(ground: Ground) -> float:
    """Units of work that one move takes, about: it reads the list of the site that would open."""
    return (_ENTRIES_A_MOVE + len(ground.reach.item) / max(ground.sites, 1)) * MOVED


def schedule_of(roster: Roster) -> Ints:
    """(J,), the period in which each candidate opens, T for never."""
    return roster.when.copy()


@compiled
def _open_kept(at: Roster, since: Ints) -> None:
    for j in range(len(at.kept)):
        if at.kept[j]:
            _set(at, j, since[j])


@compiled
def _replace(at: Roster, when: NDArray[Any]) -> None:
    """Go back to an earlier schedule."""
    never = at.later.shape[1] - 1
    for j in range(len(when)):
        if at.when[j] != when[j]:
            _set(at, j, never)
    for j in range(len(when)):
        _set(at, j, when[j])


@compiled
def _close_idle(at: Roster, order: NDArray[np.int64]) -> None:
    never = at.later.shape[1] - 1
    for j in order:
        if at.when[j] == never or at.kept[j]:
            continue
        idle = True
        for e in range(at.col_ptr[j], at.col_ptr[j + 1]):
            i = at.col_item[e]
            now = at.seen[i]
            if now.by == j and now.first < now.second and at.people[i] > 0.0:
                idle = at.later[at.kind_of[i], now.first] <= at.later[at.kind_of[i], now.second]
                if not idle:
                    break
        if idle:
            _set(at, j, never)


@compiled
def _wait(at: Roster) -> None:
    """Let each new site open only once somebody is covered by it who would not be without it."""
    never = at.later.shape[1] - 1
    for j in range(len(at.when)):
        t = at.when[j]
        if t == never or at.kept[j]:
            continue
        last = never - 1
        for e in range(at.col_ptr[j], at.col_ptr[j + 1]):
            i = at.col_item[e]
            now = at.seen[i]
            if now.by == j and at.people[i] > 0.0:
                s = t
                while s < last and (s >= now.second or at.later[at.kind_of[i], s + 1] == at.later[at.kind_of[i], t]):
                    s += 1
                last = min(last, s)
        _set(at, j, max(last, t))


@inner
def _see(at: Roster, i: int, first: int, by: int, second: int) -> None:
    """Write down who covers a customer first and when again; book loss and value."""
    later, kind, people = at.later, at.kind_of[i], at.people[i]
    old = at.seen[i]
    if old.by >= 0:
        at.loss[old.by] -= people * (later[kind, old.first] - later[kind, old.second])
    if by >= 0:
        at.loss[by] += people * (later[kind, first] - later[kind, second])
    at.total[0] += people * (later[kind, first] - later[kind, old.first])
    old.first = first
    old.second = second
    old.by = by


@inner
def _set(at: Roster, j: int, t: int) -> None:
    """Let a site open in period t, T for never, whatever it did before."""
    never = at.later.shape[1] - 1
    was = at.when[j]
    if was == t:
        return
    if was < never:
        _close(at, j, was)
    if t < never:
        _open(at, j, t)


@inner
def _book(at: Roster, j: int, t: int, sign: int) -> None:
    groups = len(at.used) - 1
    if not at.kept[j]:
        for s in range(t, at.later.shape[1] - 1):
            at.used[at.group[j], s] += sign * at.price[j]
            at.used[groups, s] += sign * at.price[j]
    for e in range(at.clash_ptr[j], at.clash_ptr[j + 1]):
        at.clash[at.clash_item[e]] += sign
    count = at.tally[_OPEN]
    if sign > 0:
        at.order[count] = j
        at.place[j] = count
        at.tally[_OPEN] = count + 1
    else:
        last = at.order[count - 1]
        at.order[at.place[j]] = last
        at.place[last] = at.place[j]
        at.tally[_OPEN] = count - 1


@inner
def _open(at: Roster, j: int, t: int) -> None:
    _book(at, j, t, 1)
    at.tally[_READ] += at.col_ptr[j + 1] - at.col_ptr[j]
    at.when[j] = t
    for e in range(at.col_ptr[j], at.col_ptr[j + 1]):
        i = at.col_item[e]
        now = at.seen[i]
        if t < now.first:
            _see(at, i, t, j, now.first)
        elif t < now.second:
            _see(at, i, now.first, now.by, t)


@inner
def _close(at: Roster, j: int, was: int) -> None:
    never = at.later.shape[1] - 1
    _book(at, j, was, -1)
    at.tally[_READ] += at.col_ptr[j + 1] - at.col_ptr[j]
    at.when[j] = never
    for e in range(at.col_ptr[j], at.col_ptr[j + 1]):
        i = at.col_item[e]
        now = at.seen[i]
        if now.by != j and now.second != was:
            continue
        first = never
        second = never
        by = -1
        at.tally[_READ] += at.row_ptr[i + 1] - at.row_ptr[i]
        for k in range(at.row_ptr[i], at.row_ptr[i + 1]):
            r = at.row_item[k]
            t = at.when[r]
            if t < first:
                second = first
                first = t
                by = r
            elif t < second:
                second = t
        _see(at, i, first, by, second)


@inner
def _fits(at: Roster, j: int, t: int, r: int) -> bool:
    """Whether j may open in t when r (-1: none) closes: budgets of all later periods."""
    groups = len(at.used) - 1
    g = at.group[j]
    since = at.when[r] if r >= 0 else 0
    back = at.price[r] if r >= 0 and not at.kept[r] else 0.0
    here = back if r >= 0 and at.group[r] == g else 0.0
    for s in range(t, at.later.shape[1] - 1):
        less = 1.0 if s >= since else 0.0
        if at.used[g, s] + at.price[j] - less * here > at.saved[g, s] + 1e-9:
            return False
        if at.used[groups, s] + at.price[j] - less * back > at.saved[groups, s] + 1e-9:
            return False
    return True


@inner
def _clashes(at: Roster, j: int, r: int) -> bool:
    """Whether a site other than r stands too close to j."""
    if at.clash[j] == 0:
        return False
    if at.clash[j] > 1 or r < 0:
        return True
    found = False
    for e in range(at.clash_ptr[j], at.clash_ptr[j + 1]):
        found = found or at.clash_item[e] == r
    return not found


@compiled
def _greedy(at: Roster) -> None:
    """Each period in turn; gains of new people are kept up to date as they are covered."""
    sites = len(at.when)
    never = at.later.shape[1] - 1
    gain = np.zeros(sites)
    shut = np.zeros(sites, np.bool_)
    for t in range(never):
        if t == 0 or len(at.later) > 1:
            _add_up(at, t, gain)
        shut[:] = False
        while True:
            best = -1
            most = 0.0
            for j in range(sites):
                if at.when[j] == never and not shut[j] and gain[j] > most * at.price[j]:
                    if at.clash[j] > 0 or not _fits(at, j, t, -1):
                        shut[j] = True
                        continue
                    most = gain[j] / max(at.price[j], 1e-12)
                    best = j
            if best < 0:
                break
            new = 0.0  # counted anew: what subtraction leaves of a gain that is gone is not quite nothing
            for e in range(at.col_ptr[best], at.col_ptr[best + 1]):
                i = at.col_item[e]
                if at.seen[i].first == never:
                    people = _in_play(at, i, t)
                    new += people
                    for k in range(at.row_ptr[i], at.row_ptr[i + 1]):
                        gain[at.row_item[k]] -= people
            if new > 0.0:
                _open(at, best, t)
            else:
                gain[best] = 0.0


@inner
def _add_up(at: Roster, t: int, gain: Floats) -> None:
    """Fill `gain` (J,): people whom no site covers yet, as far as they are worth anything from period t on."""
    never = at.later.shape[1] - 1
    gain[:] = 0.0
    for j in range(len(gain)):
        for e in range(at.col_ptr[j], at.col_ptr[j + 1]):
            i = at.col_item[e]
            if at.seen[i].first == never:
                gain[j] += _in_play(at, i, t)


@inner
def _in_play(at: Roster, i: int, t: int) -> float:
    """People of a customer; where kinds differ, by the share of a person's worth from period t on that is to be had."""
    if len(at.later) == 1:
        return float(at.people[i])
    return float(at.people[i] * at.later[at.kind_of[i], t])


@compiled
def _greedy_order(at: Roster) -> tuple[Ints, Floats]:
    """Nothing is opened: the order and the people that each adds."""
    sites = len(at.when)
    never = at.later.shape[1] - 1
    unseen = at.seen["first"] == never
    gain = np.zeros(sites)
    for j in range(sites):
        for e in range(at.col_ptr[j], at.col_ptr[j + 1]):
            if unseen[at.col_item[e]]:
                gain[j] += at.people[at.col_item[e]]
    order = np.empty(sites, np.int32)
    gained = np.empty(sites)
    count = 0
    while count < sites:
        best = np.argmax(gain)
        new = 0.0
        for e in range(at.col_ptr[best], at.col_ptr[best + 1]):
            i = at.col_item[e]
            if unseen[i]:
                unseen[i] = False
                new += at.people[i]
                for k in range(at.row_ptr[i], at.row_ptr[i + 1]):
                    gain[at.row_item[k]] -= at.people[i]
        gain[best] = -1.0
        if new <= 0.0:
            break
        order[count] = best
        gained[count] = new
        count += 1
    return order[:count].copy(), gained[:count].copy()


@inner
def _weakest(at: Roster, least: Ints, limit: bool) -> None:
    """For each group and period the open site that is missed least, -1 where none may close."""
    least[:] = -1
    for k in range(at.tally[_OPEN]):
        r = at.order[k]
        if at.kept[r]:
            continue
        g = at.group[r] if limit else 0
        old = least[g, at.when[r]]
        if old < 0 or at.loss[r] < at.loss[old]:
            least[g, at.when[r]] = r


@inner
def _best_swap(
    at: Roster, j: int, least: Ints, limit: bool, known: Floats, slot: Floats, tie: Floats, touched: Ints
) -> tuple[float, int]:
    """Gain of giving j the slot of its best partner, and that partner (-1: none)."""
    later, kind, seen = at.later, at.kind_of, at.seen
    kinds, never = later.shape[0], later.shape[1] - 1
    known[:] = 0.0
    count = 0
    at.tally[_READ] += at.col_ptr[j + 1] - at.col_ptr[j]
    for e in range(at.col_ptr[j], at.col_ptr[j + 1]):
        i = at.col_item[e]
        now = seen[i]
        known[kind[i], now.first] += at.people[i]
        if now.by >= 0:
            missed = at.people[i] * (later[kind[i], now.first] - later[kind[i], now.second])
            if missed > 0.0:  # a tie of 0 would be taken for one not touched yet
                if tie[now.by] == 0.0:
                    touched[count] = now.by
                    count += 1
                tie[now.by] += missed
    # slot[t]: gain of opening in t, from the people seen later than t.
    for t in range(never):
        gained = 0.0
        for k in range(kinds):
            for s in range(t + 1, never + 1):
                gained += known[k, s] * (later[k, t] - later[k, s])
        slot[t] = gained
    best = 0.0
    partner = -1
    g = at.group[j] if limit else 0
    for k in range(count + never):
        r = touched[k] if k < count else least[g, k - count]
        if r < 0 or at.kept[r] or at.when[r] == never:
            continue
        gain = slot[at.when[r]] - at.loss[r] + tie[r]
        if gain > best and _fits(at, j, at.when[r], r) and not _clashes(at, j, r):
            best = gain
            partner = r
    for k in range(count):
        tie[touched[k]] = 0.0
    return best, partner


@compiled
def _descend(at: Roster, sweeps: int) -> None:
    """Swap slots, and fill free ones, until no single move helps."""
    sites = len(at.when)
    never = at.later.shape[1] - 1
    limit = len(at.used) > 2
    least = np.empty((len(at.used), never), np.int32)
    known, slot = np.empty_like(at.later), np.empty(never)
    tie = np.zeros(sites)
    touched = np.empty(sites, np.int32)
    _weakest(at, least, limit)
    quiet = 0
    j = 0
    for _ in range(sweeps * sites):
        if quiet >= sites:
            break
        j = j + 1 if j + 1 < sites else 0
        quiet += 1
        if at.when[j] < never:
            if not at.kept[j] and _earlier(at, j):
                quiet = 0
            continue
        gain, r = _best_swap(at, j, least, limit, known, slot, tie, touched)
        if r >= 0 and gain > _EPS * (1.0 + at.total[0]):
            t = at.when[r]
            _set(at, r, never)
            _set(at, j, t)
            _weakest(at, least, limit)
            quiet = 0
        elif at.clash[j] == 0 and slot[never - 1] > 0 and _fits(at, j, never - 1, -1):
            _set(at, j, never - 1)
            _weakest(at, least, limit)
            quiet = 0


@inner
def _earlier(at: Roster, j: int) -> bool:
    """Open a site earlier where the budgets allow, or let it change places with one that opens before it."""
    t = at.when[j]
    if t == 0:
        return False
    before = at.total[0]
    bar = _EPS * (1.0 + before)
    for s in range(t):
        fits = True
        groups = len(at.used) - 1
        for u in range(s, t):
            fits = fits and at.used[at.group[j], u] + at.price[j] <= at.saved[at.group[j], u] + 1e-9
            fits = fits and at.used[groups, u] + at.price[j] <= at.saved[groups, u] + 1e-9
        if fits:
            _set(at, j, s)
            if at.total[0] > before + _EPS * (1.0 + before):
                return True
            _set(at, j, t)
            break
    for e in range(at.col_ptr[j], at.col_ptr[j + 1]):
        r = at.seen[at.col_item[e]].by
        if r >= 0 and _trade(at, j, r, bar):
            return True
    return _trade(at, j, at.order[roll(at.tally, _DICE, at.tally[_OPEN])], bar)


@inner
def _trade(at: Roster, j: int, r: int, bar: float) -> bool:
    """Let j and the earlier r of the same price change places if that gains more than `bar`."""
    t = at.when[j]
    s = at.when[r]
    if s >= t or at.kept[r] or at.price[r] != at.price[j] or (len(at.used) > 2 and at.group[r] != at.group[j]):
        return False
    before = at.total[0]
    _set(at, r, t)
    _set(at, j, s)
    if at.total[0] > before + bar:
        return True
    _set(at, j, t)
    _set(at, r, s)
    return False


@inner
def _propose(at: Roster, r: int) -> int:
    """A closed candidate to take the slot of r: mostly one that shares a customer with it, sometimes any."""
    if roll(at.tally, _DICE, 10) == 0 or at.col_ptr[r] == at.col_ptr[r + 1]:
        return roll(at.tally, _DICE, len(at.when))
    i = at.col_item[at.col_ptr[r] + roll(at.tally, _DICE, at.col_ptr[r + 1] - at.col_ptr[r])]
    return int(at.row_item[at.row_ptr[i] + roll(at.tally, _DICE, at.row_ptr[i + 1] - at.row_ptr[i])])


@inner
def _change(at: Roster, r: int, j: int, t: int) -> float:
    """What closing r and opening j in t would change."""
    delta = -at.loss[r]
    at.tally[_READ] += at.col_ptr[j + 1] - at.col_ptr[j]
    for e in range(at.col_ptr[j], at.col_ptr[j + 1]):
        i = at.col_item[e]
        now = at.seen[i]
        first = now.second if now.by == r else now.first
        if first > t:
            delta += at.people[i] * (at.later[at.kind_of[i], t] - at.later[at.kind_of[i], first])
    return float(delta)


@inner
def _reopen(at: Roster, r: int) -> None:
    """Open a closed site in the first period whose budgets still allow it; closing never gains, so nor does waiting."""
    never = at.later.shape[1] - 1
    if at.when[r] == never:
        for t in range(never):
            if _fits(at, r, t, -1):
                _set(at, r, t)
                return


@compiled
def _anneal(at: Roster, moves: int, hot: float, cold: float) -> None:
    """Move open sites to closed candidates, and let sites trade periods, accepting losses as the heat allows."""
    never = at.later.shape[1] - 1
    at.tally[_READ] += _ENTRIES_A_MOVE * moves
    for step in range(moves):
        heat = hot * (cold / hot) ** (step / moves)
        bar = heat * np.log((roll(at.tally, _DICE, 1 << 24) + 1) / (1 << 24))
        r = at.order[roll(at.tally, _DICE, at.tally[_OPEN])]
        if at.kept[r]:
            continue
        t = at.when[r]
        if never > 1 and roll(at.tally, _DICE, 8) == 0:
            j = at.order[roll(at.tally, _DICE, at.tally[_OPEN])]
            _trade(at, r, j, bar)
            continue
        j = _propose(at, r)
        if never > 1 and roll(at.tally, _DICE, 8) == 0:
            t = roll(at.tally, _DICE, never)
        if at.when[j] < never or not _fits(at, j, t, r) or _clashes(at, j, r):
            continue
        if _change(at, r, j, t) > bar:
            _set(at, r, never)
            _set(at, j, t)
        if never > 1 and at.clash[r] == 0:
            _reopen(at, r)
