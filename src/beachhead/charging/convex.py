"""The exact plan of one convex car, by slope trick: a dynamic programme whose value function is a sorted list.

F_t(s), the least cost of having s kWh stored after slot t, is convex and piecewise linear. It is kept as its slopes in
rising order, each with a width and the slot it comes from. A slot that may charge *adds* its price as a slope
(infimal convolution of convex piecewise-linear functions merges their slopes; Rockafellar, Convex Analysis, 1970,
theorem 16.4); a full battery cuts the dearest slopes off (never bought), a trip or the reserve cuts the cheapest off
(bought for good). What remains below the best final state is bought too. No state grid, no rounding: the plan is
the optimum of the linear programme, and `tests/published` and `benchmarks/charging.py` hold it to HiGHS.

A slot has up to five slopes, all per kWh stored: energy bought on the way (a trip leaves), export kept in the car,
household import kept in the car (a car that discharges starts from "everything given"), solar surplus, and grid.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.plan import ChargingPlan, priced
from beachhead.charging.task import ChargingTask, reachable_reserve
from beachhead.world.compiled import compiled, inner
from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KINDS = 5
_MISSING, _EXPORT, _OFFSET, _SURPLUS, _GRID = range(KINDS)
_TINY = 1e-11


def plan_convex(task: ChargingTask) -> ChargingPlan:
    """The cheapest plan of a convex task, with the dual bound that proves it.

    Exact for the linear programme that `household.plan_household` gives to HiGHS; time O(T log n) with n the slopes
    alive at once.

    Raises:
        BadInput: if selling pays more than buying in a slot, or a lossy car could burn energy at a negative price.
    """
    _require_convex(task)
    car, left = task.car, task.leftover
    draw, give, missing, bound = solve_convex(
        task.slot_hours, task.buy, task.sell, task.net_load_kwh, task.present, task.trips_kwh,
        car.battery_kwh, car.power_kw, car.reserve_kwh, car.efficiency, car.discharge_kw, car.discharge_efficiency,
        task.start_kwh, task.fuse_kw, task.shortage_eur_per_kwh,
        np.array(left.eur_per_kwh, dtype=np.float64), np.array(left.widths_kwh, dtype=np.float64),
    )  # fmt: skip
    return priced(task, draw_kwh=draw, give_kwh=give, missing_kwh=missing, bound_eur=bound)


def _require_convex(task: ChargingTask) -> None:
    if not task.is_convex:
        slot = int(np.argmax(task.sell > task.buy))
        raise BadInput(
            f"slot {slot} pays {task.sell[slot]:.4f} EUR/kWh for selling, more than the {task.buy[slot]:.4f} of buying",
            "plan this home on the charger's lattice (plan_lattice), which needs no convexity",
        )
    lossy = task.car.efficiency * task.car.discharge_efficiency < 1
    burns = (task.buy < 0) | ((task.sell < 0) & (task.net_load_kwh < 0))
    if lossy and bool((burns & (task.give_kwh > 0) & (task.room_kwh > 0)).any()):
        raise BadInput(
            "a car that gives back with losses meets a negative price: charging and discharging at once would pay",
            "plan it with plan_household, which forbids that",
        )


@compiled
def solve_convex(
    hours: float, buy: Floats, sell: Floats, net: Floats, present: Floats, trips: Floats, battery: float, power: float,
    reserve: float, efficiency: float, discharge: float, discharge_efficiency: float, start: float, fuse: float,
    shortage: float, values: Floats, widths: Floats,
) -> tuple[Floats, Floats, Floats, float]:  # fmt: skip
    """The compiled planner on bare arrays, for loops over many homes: (draw, give, missing, bound)."""
    slots = buy.shape[0]
    slope, width = np.empty((slots, KINDS)), np.empty((slots, KINDS))
    room, give, constant = np.empty(slots), np.empty(slots), 0.0
    for t in range(slots):
        drawn = min(power * hours * present[t], max(fuse * hours - net[t], 0.0))
        given = discharge * hours * present[t]
        offset, surplus = min(given, max(net[t], 0.0)), min(drawn, max(-net[t], 0.0))
        slope[t, _MISSING], width[t, _MISSING] = shortage, trips[t]
        slope[t, _EXPORT] = sell[t] * discharge_efficiency
        slope[t, _OFFSET] = buy[t] * discharge_efficiency
        width[t, _EXPORT], width[t, _OFFSET] = (given - offset) / discharge_efficiency, offset / discharge_efficiency
        slope[t, _SURPLUS], width[t, _SURPLUS] = sell[t] / efficiency, surplus * efficiency
        slope[t, _GRID], width[t, _GRID] = buy[t] / efficiency, (drawn - surplus) * efficiency
        constant += sell[t] * (given - offset) + buy[t] * offset
        room[t], give[t] = drawn * efficiency, given / discharge_efficiency
    floor = reachable_reserve(room, trips, present, start, reserve, battery)
    used = np.zeros((slots, KINDS))
    stored = _solve(slope, width, trips, give, floor, battery, start, values, widths, used)
    bound = _dual_bound(slope, width, trips, give, floor, battery, start, values, widths, used, stored)
    draw, back, missing = np.empty(slots), np.empty(slots), np.empty(slots)
    for t in range(slots):
        draw[t] = (used[t, _SURPLUS] + used[t, _GRID]) / efficiency
        left = (give[t] - used[t, _EXPORT] - used[t, _OFFSET]) * discharge_efficiency
        back[t] = left if left > _TINY else 0.0
        missing[t] = used[t, _MISSING]
    return draw, back, missing, bound - constant


@inner
def _solve(
    slope: Floats, width: Floats, trips: Floats, give: Floats, floor: Floats, top: float, start: float, values: Floats,
    widths: Floats, used: Floats,
) -> Floats:  # fmt: skip
    """Fill `used` (T, 5) with the width bought of every slope; return (T,) energy stored after each slot."""
    slots = trips.shape[0]
    room = slots * KINDS + 1
    s, w, key = np.empty(room), np.empty(room), np.empty(room, np.int64)
    flat = used.reshape(-1)
    head, tail = 0, 0
    low, span = start, 0.0  # F lives on [low, low + span]
    for t in range(slots):
        if trips[t] > 0.0:
            low -= trips[t]
            tail = _insert(s, w, key, head, tail, slope[t, _MISSING], width[t, _MISSING], t * KINDS + _MISSING)
            span += width[t, _MISSING]
            head, low, span = _buy_to(w, key, flat, head, tail, low, span, 0.0)
            tail, span = _forgo_above(w, head, tail, low, span, top)
        low -= give[t]
        for kind in range(_EXPORT, KINDS):
            if width[t, kind] > 0.0:
                tail = _insert(s, w, key, head, tail, slope[t, kind], width[t, kind], t * KINDS + kind)
                span += width[t, kind]
        tail, span = _forgo_above(w, head, tail, low, span, top)
        head, low, span = _buy_to(w, key, flat, head, tail, low, span, floor[t])
    _buy_worthwhile(s, w, key, flat, head, tail, low, values, widths)
    return _stored(used, trips, give, start)


@inner
def _insert(s: Floats, w: Floats, key: Ints, head: int, tail: int, slope: float, width: float, name: int) -> int:
    """Put a slope behind all that are not dearer, so that among equals the earlier slot is bought first."""
    at = tail
    while at > head and s[at - 1] > slope:
        s[at], w[at], key[at] = s[at - 1], w[at - 1], key[at - 1]
        at -= 1
    s[at], w[at], key[at] = slope, width, name
    return tail + 1


@inner
def _buy_to(
    w: Floats, key: Ints, flat: Floats, head: int, tail: int, low: float, span: float, floor: float
) -> tuple[int, float, float]:
    """Buy the cheapest slopes until no state lies below `floor`."""
    while low < floor and head < tail:
        step = min(w[head], floor - low)
        flat[key[head]] += step
        low += step
        span -= step
        w[head] -= step
        if w[head] <= 0.0:
            head += 1
        if floor - low < _TINY:
            break
    return head, low, span


@inner
def _forgo_above(w: Floats, head: int, tail: int, low: float, span: float, top: float) -> tuple[int, float]:
    """Drop the dearest slopes until no state lies above `top`."""
    excess = low + span - top
    while excess > _TINY and head < tail:
        step = min(w[tail - 1], excess)
        w[tail - 1] -= step
        span -= step
        excess -= step
        if w[tail - 1] <= 0.0:
            tail -= 1
    return tail, span


@inner
def _buy_worthwhile(
    s: Floats, w: Floats, key: Ints, flat: Floats, head: int, tail: int, low: float, values: Floats, widths: Floats
) -> None:
    """Buy on while a kWh left over is worth more than it costs."""
    piece, into = 0, low
    while piece < values.shape[0] and into >= widths[piece]:
        into -= widths[piece]
        piece += 1
    while head < tail:
        worth = values[piece] if piece < values.shape[0] else 0.0
        if s[head] >= worth:
            break
        step = w[head]
        if piece < values.shape[0]:
            step = min(step, widths[piece] - into)
            into += step
            if widths[piece] - into < _TINY:
                piece, into = piece + 1, 0.0
        flat[key[head]] += step
        w[head] -= step
        if w[head] < _TINY:
            head += 1


@inner
def _stored(used: Floats, trips: Floats, give: Floats, start: float) -> Floats:
    stored, now = np.empty(trips.shape[0]), start
    for t in range(trips.shape[0]):
        now += used[t].sum() - trips[t] - give[t]
        stored[t] = now
    return stored


@inner
def _dual_bound(
    slope: Floats, width: Floats, trips: Floats, give: Floats, floor: Floats, top: float, start: float, values: Floats,
    widths: Floats, used: Floats, stored: Floats,
) -> float:  # fmt: skip
    """A lower bound by weak duality, from prices of stored energy that fit the plan.

    There are two states a slot: just after its trip leaves (within 0..top) and at its end (within floor..top). The
    price may rise only where the battery is full and fall only where it is at its floor (complementary slackness);
    forward passes intervals of prices that fit, backward picks one. Whatever is picked, the bound holds.
    """
    slots = trips.shape[0]
    after_trip = np.empty(slots)
    low_price, high_price = np.empty(2 * slots), np.empty(2 * slots)
    low, high = -1e18, 1e18
    before = start
    for t in range(slots):
        after_trip[t] = before - trips[t] + used[t, _MISSING]
        for half in range(2):
            first, last = (_MISSING, _MISSING + 1) if half == 0 else (_EXPORT, KINDS)
            for kind in range(first, last):
                if used[t, kind] > _TINY:
                    low = max(low, slope[t, kind])
                if used[t, kind] < width[t, kind] - _TINY:
                    high = min(high, slope[t, kind])
            low_price[2 * t + half], high_price[2 * t + half] = low, high
            state, least = (after_trip[t], 0.0) if half == 0 else (stored[t], floor[t])
            if state >= top - 1e-9:
                high = 1e18
            if state <= least + 1e-9:
                low = -1e18
        before = stored[t]
    price = _final_price(values, widths, stored[slots - 1] if slots else start, low, high)
    last_price = price
    bound = _least(price, values, widths, floor[slots - 1] if slots else start, top)
    for t in range(slots - 1, -1, -1):
        for half in range(1, -1, -1):
            state, least = (after_trip[t], 0.0) if half == 0 else (stored[t], floor[t])
            following = price
            if state >= top - 1e-9 and price > high_price[2 * t + half]:
                price = high_price[2 * t + half]
            if state <= least + 1e-9 and price < low_price[2 * t + half]:
                price = low_price[2 * t + half]
            if not (t == slots - 1 and half == 1):
                drop = price - following
                bound += drop * (least if drop > 0.0 else top)
            else:
                bound += (price - last_price) * (least if price > last_price else top)
            first, last = (_MISSING, _MISSING + 1) if half == 0 else (_EXPORT, KINDS)
            for kind in range(first, last):
                if slope[t, kind] < price:
                    bound += (slope[t, kind] - price) * width[t, kind]
            bound += price * (trips[t] if half == 0 else give[t])
    return bound - price * start


@inner
def _final_price(values: Floats, widths: Floats, stored: float, low: float, high: float) -> float:
    """The worth of a kWh at the final state, kept within the prices that fit."""
    left, piece = stored, 0
    while piece < values.shape[0] and left >= widths[piece] - 1e-9:
        left -= widths[piece]
        piece += 1
    worth = values[piece] if piece < values.shape[0] else 0.0
    if worth > high:
        return high
    if worth < low:
        above = values[piece - 1] if piece > 0 and left <= 1e-9 else worth
        return min(low, above) if above > worth else worth
    return worth


@inner
def _least(price: float, values: Floats, widths: Floats, floor: float, top: float) -> float:
    """Minimum over the final state of price x state - worth(state): a convex function, walked from the floor."""
    total, at = 0.0, 0.0
    best = 1e300
    if at >= floor:
        best = 0.0
    for piece in range(values.shape[0] + 1):
        end = top if piece == values.shape[0] else min(at + widths[piece], top)
        value = 0.0 if piece == values.shape[0] else values[piece]
        if end >= floor:
            if at < floor:
                at_floor = total + (price - value) * (floor - at)
                best = min(best, at_floor)
            total += (price - value) * (end - at)
            best = min(best, total)
        else:
            total += (price - value) * (end - at)
        at = end
    return best
