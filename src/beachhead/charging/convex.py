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

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.plan import ChargingPlan, priced
from beachhead.charging.task import ChargingTask, reachable_reserve
from beachhead.world.compiled import compiled, inlined, inner
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
    draw, give, missing, bound = solve_convex(bare(task))
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


class BareTask(NamedTuple):
    """A `ChargingTask` on bare arrays, for loops over many homes; units as there.

    Attributes:
        hours: length of a slot.
        buy: (T,) price of a kWh taken from the grid.
        sell: (T,) price paid for a kWh fed in.
        net: (T,) household load minus solar.
        present: (T,) share of the slot the car is plugged in.
        trips: (T,) energy a trip takes that leaves at the start of the slot.
        battery: capacity.
        power: most the charger draws.
        start: energy stored at the beginning.
        shortage: price of energy bought on the way.
        values: (L,) worth of a kWh left over, by piece.
        widths: (L,) of the pieces, from an empty battery upwards.
        reserve: kept in the battery at home.
        efficiency: kWh stored per kWh drawn.
        discharge: most the car gives back.
        discharge_efficiency: kWh given per kWh taken out of the battery.
        fuse: most the home may draw.
    """

    hours: float
    buy: Floats
    sell: Floats
    net: Floats
    present: Floats
    trips: Floats
    battery: float
    power: float
    start: float
    shortage: float
    values: Floats
    widths: Floats
    reserve: float = 0.0
    efficiency: float = 1.0
    discharge: float = 0.0
    discharge_efficiency: float = 1.0
    fuse: float = np.inf


def bare(task: ChargingTask) -> BareTask:
    """The task as the compiled planner reads it."""
    car, left = task.car, task.leftover
    return BareTask(
        hours=task.slot_hours,
        buy=task.buy,
        sell=task.sell,
        net=task.net_load_kwh,
        present=task.present,
        trips=task.trips_kwh,
        battery=car.battery_kwh,
        power=car.power_kw,
        start=task.start_kwh,
        shortage=task.shortage_eur_per_kwh,
        values=np.array(left.eur_per_kwh, dtype=np.float64),
        widths=np.array(left.widths_kwh, dtype=np.float64),
        reserve=car.reserve_kwh,
        efficiency=car.efficiency,
        discharge=car.discharge_kw,
        discharge_efficiency=car.discharge_efficiency,
        fuse=task.fuse_kw,
    )


class Slopes(NamedTuple):
    """What energy costs in every slot, per kWh stored, and what must and may be stored.

    Attributes:
        slope: (T, 5) EUR/kWh, by kind.
        width: (T, 5) how many kWh there are at it.
        give: (T,) most that the car may give back, kWh out of the battery; it starts from all of it given.
        given_eur: what giving all of it would bring, EUR.
        room: (T,) most that charging stores, kWh.
    """

    slope: Floats
    width: Floats
    give: Floats
    given_eur: float
    room: Floats


class Alive(NamedTuple):
    """The slopes of F that are neither bought nor forgone stand in rising order from `head` to before `tail`.

    Attributes:
        slope: EUR/kWh.
        width: kWh.
        name: slot x 5 + kind.
    """

    slope: Floats
    width: Floats
    name: Ints


class Domain(NamedTuple):
    """Which slopes are alive, and the energies low .. low + span, kWh, on which F lives."""

    head: int
    tail: int
    low: float
    span: float


@compiled
def solve_convex(task: BareTask) -> tuple[Floats, Floats, Floats, float]:
    """The compiled planner: (T,) drawn, (T,) given back, (T,) missing, kWh; and the bound, EUR."""
    slots, efficiency, discharge_efficiency = task.buy.shape[0], task.efficiency, task.discharge_efficiency
    slopes = _slopes(task)
    give = slopes.give
    floor = reachable_reserve(slopes.room, task.trips, task.present, task.start, task.reserve, task.battery)
    used = _bought(task, slopes, floor)
    bound = _dual_bound(task, slopes, floor, used)
    draw, back, missing = np.empty(slots), np.empty(slots), np.empty(slots)
    for t in range(slots):
        draw[t] = (used[t, _SURPLUS] + used[t, _GRID]) / efficiency
        left = (give[t] - used[t, _EXPORT] - used[t, _OFFSET]) * discharge_efficiency
        back[t] = left if left > _TINY else 0.0
        missing[t] = used[t, _MISSING]
    return draw, back, missing, bound - slopes.given_eur


@inner
def _slopes(task: BareTask) -> Slopes:
    """The five kinds of every slot: bought on the way, export and household import kept in the car, surplus, grid."""
    buy, sell, net, hours = task.buy, task.sell, task.net, task.hours
    efficiency, discharge_efficiency, slots = task.efficiency, task.discharge_efficiency, task.buy.shape[0]
    slope, width = np.empty((slots, KINDS)), np.empty((slots, KINDS))
    room, give, given_eur = np.empty(slots), np.empty(slots), 0.0
    for t in range(slots):
        drawn = min(task.power * hours * task.present[t], max(task.fuse * hours - net[t], 0.0))
        given = task.discharge * hours * task.present[t]
        offset, surplus = min(given, max(net[t], 0.0)), min(drawn, max(-net[t], 0.0))
        slope[t, _MISSING], width[t, _MISSING] = task.shortage, task.trips[t]
        slope[t, _EXPORT] = sell[t] * discharge_efficiency
        slope[t, _OFFSET] = buy[t] * discharge_efficiency
        width[t, _EXPORT], width[t, _OFFSET] = (given - offset) / discharge_efficiency, offset / discharge_efficiency
        slope[t, _SURPLUS], width[t, _SURPLUS] = sell[t] / efficiency, surplus * efficiency
        slope[t, _GRID], width[t, _GRID] = buy[t] / efficiency, (drawn - surplus) * efficiency
        given_eur += sell[t] * (given - offset) + buy[t] * offset
        room[t], give[t] = drawn * efficiency, given / discharge_efficiency
    return Slopes(slope, width, give, given_eur, room)


@inner
def _bought(task: BareTask, slopes: Slopes, floor: Floats) -> Floats:
    """(T, 5) the width bought of every slope."""
    trips, top, slots = task.trips, task.battery, task.trips.shape[0]
    slope, width, give = slopes.slope, slopes.width, slopes.give
    room = slots * KINDS + 1
    alive = Alive(np.empty(room), np.empty(room), np.empty(room, np.int64))
    used = np.zeros((slots, KINDS))
    flat = used.reshape(-1)
    f = Domain(0, 0, task.start, 0.0)
    for t in range(slots):
        if trips[t] > 0.0:
            f = Domain(f.head, f.tail, f.low - trips[t], f.span)
            f = _insert(alive, f, slope[t, _MISSING], width[t, _MISSING], t * KINDS + _MISSING)
            f = _buy_to(alive, flat, f, 0.0)
            f = _forgo_above(alive, f, top)
        f = Domain(f.head, f.tail, f.low - give[t], f.span)
        for kind in range(_EXPORT, KINDS):
            if width[t, kind] > 0.0:
                f = _insert(alive, f, slope[t, kind], width[t, kind], t * KINDS + kind)
        f = _forgo_above(alive, f, top)
        f = _buy_to(alive, flat, f, floor[t])
    _buy_worthwhile(alive, flat, f, task.values, task.widths)
    return used


@inlined
def _insert(alive: Alive, f: Domain, slope: float, width: float, name: int) -> Domain:
    """Put a slope behind all that are not dearer, so that among equals the earlier slot is bought first."""
    s, w, key, at = alive.slope, alive.width, alive.name, f.tail
    while at > f.head and s[at - 1] > slope:
        s[at], w[at], key[at] = s[at - 1], w[at - 1], key[at - 1]
        at -= 1
    s[at], w[at], key[at] = slope, width, name
    return Domain(f.head, f.tail + 1, f.low, f.span + width)


@inlined
def _buy_to(alive: Alive, flat: Floats, f: Domain, floor: float) -> Domain:
    """Buy the cheapest slopes until no state lies below `floor`; what is bought goes to `flat`, by name."""
    w, key, head, low, span = alive.width, alive.name, f.head, f.low, f.span
    while low < floor and head < f.tail:
        step = min(w[head], floor - low)
        flat[key[head]] += step
        low += step
        span -= step
        w[head] -= step
        if w[head] <= 0.0:
            head += 1
        if floor - low < _TINY:
            break
    return Domain(head, f.tail, low, span)


@inlined
def _forgo_above(alive: Alive, f: Domain, top: float) -> Domain:
    """Drop the dearest slopes until no state lies above `top`."""
    w, tail, span = alive.width, f.tail, f.span
    excess = f.low + span - top
    while excess > _TINY and f.head < tail:
        step = min(w[tail - 1], excess)
        w[tail - 1] -= step
        span -= step
        excess -= step
        if w[tail - 1] <= 0.0:
            tail -= 1
    return Domain(f.head, tail, f.low, span)


@inner
def _buy_worthwhile(alive: Alive, flat: Floats, f: Domain, values: Floats, widths: Floats) -> None:
    """Buy on while a kWh left over is worth more than it costs."""
    s, w, key, head = alive.slope, alive.width, alive.name, f.head
    piece, into = 0, f.low
    while piece < values.shape[0] and into >= widths[piece]:
        into -= widths[piece]
        piece += 1
    while head < f.tail:
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


class Path(NamedTuple):
    """The states of a plan, two a slot: just after its trip leaves (within 0 .. top), at its end (floor .. top).

    Attributes:
        state: (2T,) kWh stored.
        least: (2T,) least that must be.
        top: most that may be, the battery.
    """

    state: Floats
    least: Floats
    top: float


@inner
def _path(task: BareTask, slopes: Slopes, floor: Floats, used: Floats) -> Path:
    slots = task.trips.shape[0]
    state, least, stored = np.empty(2 * slots), np.zeros(2 * slots), task.start
    for t in range(slots):
        state[2 * t] = stored - task.trips[t] + used[t, _MISSING]
        bought = 0.0
        for kind in range(KINDS):
            bought += used[t, kind]
        stored += bought - task.trips[t] - slopes.give[t]
        state[2 * t + 1], least[2 * t + 1] = stored, floor[t]
    return Path(state, least, task.battery)


@inner
def _kinds(half: int) -> tuple[int, int]:
    """First kind of slope bought before a slot's first state (on the way) or second (at home), and after the last."""
    return (_MISSING, _MISSING + 1) if half == 0 else (_EXPORT, KINDS)


@inner
def _dual_bound(task: BareTask, slopes: Slopes, floor: Floats, used: Floats) -> float:
    """A lower bound by weak duality, from prices of stored energy that fit the plan.

    The price may rise only where the battery is full and fall only where it is at its floor (complementary slackness);
    forward passes intervals of prices that fit, backward picks one. Whatever is picked, the bound holds.
    """
    path = _path(task, slopes, floor, used)
    state, least, top, slots = path.state, path.least, path.top, task.trips.shape[0]
    slope, width = slopes.slope, slopes.width
    low, high = _fitting(slopes, used, path)
    last, last_floor = (state[-1], least[-1]) if slots else (task.start, task.start)
    price = _final_price(task.values, task.widths, last, low[-1], high[-1])
    bound = _least(price, task.values, task.widths, last_floor, top)
    for t in range(slots - 1, -1, -1):
        for half in range(1, -1, -1):
            at, following = 2 * t + half, price
            if state[at] >= top - 1e-9 and price > high[at]:
                price = high[at]
            if state[at] <= least[at] + 1e-9 and price < low[at]:
                price = low[at]
            drop = price - following
            bound += drop * (least[at] if drop > 0.0 else top)
            first, end = _kinds(half)
            for kind in range(first, end):
                if slope[t, kind] < price:
                    bound += (slope[t, kind] - price) * width[t, kind]
            bound += price * (task.trips[t] if half == 0 else slopes.give[t])
    return bound - price * task.start


@inner
def _fitting(slopes: Slopes, used: Floats, path: Path) -> tuple[Floats, Floats]:
    """(2T + 1,) least and highest price that fits what is bought up to each state; after the last state stand last."""
    slope, width, slots = slopes.slope, slopes.width, used.shape[0]
    least_price, most_price = np.empty(2 * slots + 1), np.empty(2 * slots + 1)
    low, high = -1e18, 1e18
    for t in range(slots):
        for half in range(2):
            at = 2 * t + half
            first, end = _kinds(half)
            for kind in range(first, end):
                if used[t, kind] > _TINY:
                    low = max(low, slope[t, kind])
                if used[t, kind] < width[t, kind] - _TINY:
                    high = min(high, slope[t, kind])
            least_price[at], most_price[at] = low, high
            if path.state[at] >= path.top - 1e-9:
                high = 1e18
            if path.state[at] <= path.least[at] + 1e-9:
                low = -1e18
    least_price[2 * slots], most_price[2 * slots] = low, high
    return least_price, most_price


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
