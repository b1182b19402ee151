"""The exact plan on the charger's own lattice: whole amps, start cost, least times on and off.

Dynamic programming, backward over slots (Bellman 1957). The state is the energy stored and how long the charger has
been on or off. Energy is kept in whole units of one amp-slot above an origin, so nothing is rounded; a trip shifts the
origin, and a trip that the battery cannot serve starts a new lattice at an empty battery. A slot's bill may be any
function of the energy drawn: no convexity is needed, so homes that are paid more for selling than buying costs are
planned here too. The best of a run of neighbouring levels is a minimum over a sliding window, found for all states in
one sweep with a monotone queue. `tests/published` and `benchmarks/charging.py` hold it to the mixed-integer programme
of `lattice_program`, solved by HiGHS at gap 0.
"""

from __future__ import annotations

from math import gcd
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.charger import Charger
from beachhead.charging.household import leftover_rows
from beachhead.charging.plan import ChargingPlan, priced
from beachhead.charging.program import Builder
from beachhead.charging.task import ChargingTask
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner
from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TINY = 1e-9


def plan_lattice(task: ChargingTask, charger: Charger, *, on_slots: int = 0) -> ChargingPlan:
    """The cheapest plan that the charger can follow; `on_slots` says how long it has been on already (0: off, rested).

    The bound is the value of the recursion at the start, the cost is reckoned anew from the plan's flows.

    Raises:
        BadInput: if the car gives back or keeps a reserve, which the lattice does not know.
    """
    _require_lattice(task)
    steps = _steps(charger, task.slot_hours)
    units, missing, bound = solve_lattice(_bare(task), steps, on_slots)
    draw = units * steps.unit_kwh
    plan = priced(task, draw_kwh=draw, give_kwh=np.zeros(task.slots), missing_kwh=missing, bound_eur=float(bound))
    return plan.with_starts(charger.start_eur * starts(units, on_slots))


def _bare(task: ChargingTask) -> LatticeTask:
    left = task.leftover
    return LatticeTask(
        buy=task.buy,
        sell=task.sell,
        net=task.net_load_kwh,
        room=task.room_kwh,
        trips=task.trips_kwh,
        battery=task.car.battery_kwh,
        efficiency=task.car.efficiency,
        start=task.start_kwh,
        shortage=task.shortage_eur_per_kwh,
        values=np.array(left.eur_per_kwh, dtype=np.float64),
        widths=np.array(left.widths_kwh, dtype=np.float64),
    )


def _steps(charger: Charger, slot_hours: float) -> Steps:
    """What the charger can draw in a slot; a run of levels is that of a phase count."""
    count = np.array(charger.phases, dtype=np.int64)
    return Steps(
        first=count * charger.least_amps // charger.unit_amps,
        stride=count // gcd(*charger.phases, charger.unit_amps),
        levels=np.full(count.size, charger.most_amps - charger.least_amps + 1, dtype=np.int64),
        unit_kwh=charger.kwh(charger.unit_amps, slot_hours),
        start_eur=charger.start_eur,
        least_on=charger.least_on_slots,
        least_off=charger.least_off_slots,
    )


def starts(drawn: Floats, on_slots: int = 0) -> int:
    """How often a plan (energy or units drawn in each slot) goes from off to on."""
    on = np.concatenate(([on_slots > 0], drawn > 0))
    return int((on[1:] & ~on[:-1]).sum())


def lattice_program(task: ChargingTask, charger: Charger) -> Builder:
    """The same question as a mixed-integer programme: the judge of `plan_lattice`, and its readable algebra."""
    _require_lattice(task)
    builder, slots = Builder(), task.slots
    taken = builder.variables("import", slots, cost=task.buy)
    fed = builder.variables("export", slots, cost=-task.sell)
    draw = builder.variables("draw", slots)
    stored = builder.variables("stored", slots, upper=task.car.battery_kwh)
    missing = builder.variables("missing", slots, cost=task.shortage_eur_per_kwh, upper=task.trips_kwh)
    on = builder.variables("on", slots, upper=1.0, whole=True)
    begun = builder.variables("begun", slots, cost=charger.start_eur, upper=1.0)
    balance = [(taken, 1.0), (fed, -1.0), (draw, -1.0)]
    builder.constraints("balance", balance, lower=task.net_load_kwh, upper=task.net_load_kwh, count=slots)
    arbitrage = np.flatnonzero(task.sell > task.buy)
    most = float(task.room_kwh.max() + np.abs(task.net_load_kwh).max())
    builder.either("direction", taken[arbitrage], fed[arbitrage], most)
    _levels(builder, task, charger, draw, on)
    _energy(builder, task, draw, stored, missing)
    was = np.concatenate(([-1], on[:-1]))
    builder.constraints("begins", [(begun, 1.0), (on, -1.0), (was, 1.0)], lower=0.0, upper=np.inf, count=slots)
    _least_times(builder, task, charger, on)
    leftover_rows(builder, task, stored)
    return builder


def write_lattice(task: ChargingTask, charger: Charger, path: Path) -> None:
    """Write that programme as HiGHS reads it, .lp or .mps: its least is the plan's objective, EUR."""
    net = task.net_load_kwh
    alone = float(task.buy @ np.maximum(net, 0.0) - task.sell @ np.maximum(-net, 0.0))
    lattice_program(task, charger).write(path, offset=-alone)


def _levels(builder: Builder, task: ChargingTask, charger: Charger, draw: Ints, on: Ints) -> None:
    """On is one phase count at whole amps, off is none."""
    used, amps = [], []
    for count in charger.phases:
        each = charger.kwh(count, task.slot_hours)
        most = np.minimum(np.floor(task.room_kwh / each + _TINY), charger.most_amps)
        flag = builder.variables(f"phase{count}", task.slots, upper=(most >= charger.least_amps) * 1.0, whole=True)
        amp = builder.variables(f"amps{count}", task.slots, upper=np.maximum(most, 0.0), whole=True)
        above = [(amp, 1.0), (flag, -charger.least_amps)]
        builder.constraints(f"least{count}", above, lower=0.0, upper=np.inf, count=task.slots)
        below = [(amp, 1.0), (flag, -charger.most_amps)]
        builder.constraints(f"most{count}", below, lower=-np.inf, upper=0.0, count=task.slots)
        used.append((flag, -1.0))
        amps.append((amp, -each))
    builder.constraints("on", [(on, 1.0), *used], lower=0.0, upper=0.0, count=task.slots)
    builder.constraints("draws", [(draw, 1.0), *amps], lower=0.0, upper=0.0, count=task.slots)


def _energy(builder: Builder, task: ChargingTask, draw: Ints, stored: Ints, missing: Ints) -> None:
    """What is stored after each slot; a trip leaves first, and takes what is there."""
    before, start = np.concatenate(([-1], stored[:-1])), np.zeros(task.slots)
    start[0] = task.start_kwh
    needs = start - task.trips_kwh
    state = [(stored, 1.0), (before, -1.0), (draw, -task.car.efficiency), (missing, -1.0)]
    builder.constraints("state", state, lower=needs, upper=needs, count=task.slots)
    leave = [(before, 1.0), (missing, 1.0)]
    builder.constraints("leave", leave, lower=-needs, upper=-needs + 1e6, count=task.slots)


def _least_times(builder: Builder, task: ChargingTask, charger: Charger, on: Ints) -> None:
    """on[t] - on[t-1] <= on[t+j], and on[t-1] - on[t] <= 1 - on[t+j], but where it cannot draw."""
    least = charger.kwh(int(charger.levels[0]), task.slot_hours)
    can = task.room_kwh >= least * (1 - _TINY)
    for slot in range(task.slots):
        was = np.array([on[slot - 1] if slot else -1])
        now = on[slot : slot + 1]
        for later in range(slot + 1, min(slot + charger.least_on_slots, task.slots)):
            if not can[later]:
                break
            parts = [(on[later : later + 1], 1.0), (now, -1.0), (was, 1.0)]
            builder.constraints(f"stays_on{slot}_{later}", parts, lower=0.0, upper=np.inf, count=1)
        for later in range(slot + 1, min(slot + charger.least_off_slots, task.slots)):
            parts = [(on[later : later + 1], 1.0), (was, 1.0), (now, -1.0)]
            builder.constraints(f"stays_off{slot}_{later}", parts, lower=-np.inf, upper=1.0, count=1)


def _require_lattice(task: ChargingTask) -> None:
    if task.car.discharge_kw > 0:
        raise BadInput("a car that gives back has no amp lattice here", "plan it with plan_convex or plan_household")
    if task.car.reserve_kwh > 0:
        raise BadInput(
            f"a reserve of {task.car.reserve_kwh} kWh on the charger's lattice",
            "charge to the reserve first (policy on arrival), or plan with plan_convex",
        )


class LatticeTask(NamedTuple):
    """A `ChargingTask` on bare arrays; prices EUR/kWh, energies kWh.

    Attributes:
        buy: (T,) price of a kWh from the grid.
        sell: (T,) price paid for a kWh fed in.
        net: (T,) household load minus solar.
        room: (T,) most that the charger may draw.
        trips: (T,) energy of a trip that leaves at the start of the slot.
        battery: capacity.
        efficiency: kWh stored per kWh drawn.
        start: stored at the beginning.
        shortage: price of a kWh bought on the way.
        values: (L,) worth of a kWh left over, by piece.
        widths: (L,) of the pieces, from an empty battery upwards.
    """

    buy: Floats
    sell: Floats
    net: Floats
    room: Floats
    trips: Floats
    battery: float
    efficiency: float
    start: float
    shortage: float
    values: Floats
    widths: Floats


class Steps(NamedTuple):
    """What the charger can draw in a slot: R runs of evenly spaced levels, in units of an amp-slot.

    Attributes:
        first: (R,) lowest level of each run, units.
        stride: (R,) units between its levels.
        levels: (R,) how many there are.
        unit_kwh: energy of a unit at the socket, kWh.
        start_eur: cost of a start, EUR.
        least_on: slots that it stays on at least.
        least_off: slots that it stays off at least.
    """

    first: Ints
    stride: Ints
    levels: Ints
    unit_kwh: float
    start_eur: float
    least_on: int
    least_off: int


@by_reference
class SlotBill:
    """What a slot costs by the energy drawn in it.

    Attributes:
        buy: EUR/kWh from the grid.
        sell: EUR/kWh fed in.
        net: household load minus solar, kWh.
        room: most that may be drawn, kWh.
    """

    buy: float
    sell: float
    net: float
    room: float


@by_reference
class Lattices:
    """The K lattices on which energy stored may lie, a unit apart: one from the start, and one begun by every trip.

    Attributes:
        origin: (K, T + 1) where each lies before every slot and after the last, kWh.
        born: (K,) slot in which it begins.
        begun: (T,) which of them the trip of a slot begins.
        unit: kWh between its states.
        battery: capacity, kWh.
        top: most units that a slot may add.
        size: S, states of each.
    """

    origin: Floats
    born: Ints
    begun: Ints
    unit: float
    battery: float
    top: int
    size: int


@by_reference
class Reach:
    """The states of a lattice that are looked at before a slot, in units above its origin.

    Attributes:
        low: least.
        high: most.
        full: most that the battery holds after the slot.
    """

    low: int
    high: int
    full: int


@by_reference
class BestLevels:
    """For every state the best level of a slot, filled by `_best_level`.

    Attributes:
        cost: (S,) least cost, EUR; infinite where no level fits.
        level: (S,) that level, units.
        queue: (S,) room to work in.
    """

    cost: Floats
    level: NDArray[np.uint8]
    queue: Ints


@compiled
def solve_lattice(task: LatticeTask, steps: Steps, on_slots: int) -> tuple[Floats, Floats, float]:
    """The compiled planner on bare arrays: (units drawn (T,), missing (T,), value at the start)."""
    slots, least_off, trips = task.buy.shape[0], steps.least_off, task.trips
    on = _lattices(task, steps)
    lattices, ages = on.born.shape[0], steps.least_on + least_off  # 0..least_off-1: off so long; then on so long
    value, following = _left_over(task, on, ages), np.full((lattices, ages, on.size), np.inf)
    action = np.zeros((slots, lattices, ages, on.size), np.uint8)
    best = BestLevels(np.empty(on.size), np.empty(on.size, np.uint8), np.empty(on.size, np.int64))
    for t in range(slots - 1, -1, -1):
        value, following = following, value
        bill = SlotBill(task.buy[t], task.sell[t], task.net[t], task.room[t])
        for k in range(lattices):
            if on.born[k] <= t:
                low, high = _span(on, k, t + 1, t)
                full = min(int(np.floor((on.battery - on.origin[k, t + 1]) / on.unit + _TINY)), on.size - 1)
                _slot(value[k], following[k], action[t, k], Reach(low, high, full), steps, bill, best)
        if trips[t] > 0.0:
            _leave(value, on, t, task.shortage)
    age = least_off - 1 if on_slots == 0 else least_off + min(on_slots, steps.least_on) - 1
    units, missing = _follow(action, on, trips, age, least_off)
    return units, missing, value[0, age, 0]


@inner
def _lattices(task: LatticeTask, steps: Steps) -> Lattices:
    """Every trip shifts the lattices before it, and begins one at an empty battery."""
    trips, slots, unit = task.trips, task.trips.shape[0], steps.unit_kwh * task.efficiency
    number = 1 + int((trips > 0.0).sum())
    origin, born, begun = np.zeros((number, slots + 1)), np.zeros(number, np.int64), np.zeros(slots, np.int64)
    origin[0, 0], alive = task.start, 1
    for t in range(slots):
        if trips[t] > 0.0:
            begun[t], born[alive] = alive, t
            alive += 1
        for k in range(alive):
            origin[k, t + 1] = 0.0 if trips[t] > 0.0 and k == begun[t] else origin[k, t] - trips[t]
    size = 2 + int(np.floor((task.battery - min(origin[:, slots].min(), 0.0)) / unit))
    top = (steps.first + steps.stride * (steps.levels - 1)).max()
    return Lattices(origin, born, begun, unit, task.battery, top, size)


@inner
def _left_over(task: LatticeTask, on: Lattices, ages: int) -> Floats:
    """(K, ages, S) cost to go after the last slot: less what energy is worth there; infinite out of reach."""
    lattices, slots = on.born.shape[0], task.buy.shape[0]
    value = np.full((lattices, ages, on.size), np.inf)
    for k in range(lattices):
        low, high = _span(on, k, slots, slots)
        for i in range(low, high + 1):
            value[k, :, i] = -_worth(on.origin[k, slots] + i * on.unit, task.values, task.widths)
    return value


@inner
def _span(on: Lattices, k: int, edge: int, slot: int) -> tuple[int, int]:
    """Units above a lattice's origin that the battery holds and charging before `slot` can have reached.

    `edge` is where the origin is taken, from 0 before the first slot to T after the last.
    """
    origin, reach = on.origin[k, edge], (slot - on.born[k]) * on.top
    low = max(int(np.ceil(-origin / on.unit - _TINY)), 0)
    high = min(int(np.floor((on.battery - origin) / on.unit + _TINY)), reach, on.size - 1)
    return low, high


@inner
def _slot(
    value: Floats, following: Floats, action: NDArray[np.uint8], reach: Reach, steps: Steps, bill: SlotBill,
    best: BestLevels,
) -> None:  # fmt: skip
    """One slot of one lattice: for every age of on and off, the better of staying off and the best level."""
    low, high, least_off = reach.low, reach.high, steps.least_off
    ages, last_off = steps.least_on + least_off, least_off - 1
    able = False
    for run in range(steps.first.shape[0]):
        able = able or steps.first[run] * steps.unit_kwh <= bill.room + _TINY
    for i in range(low, high + 1):  # stay off, or stop where that is allowed
        for age in range(ages):
            on = age >= least_off
            off = following[0, i] if on else following[min(age + 1, last_off), i]
            value[age, i] = off if not on or age == ages - 1 or not able else np.inf
    if not able:
        return
    for then in range(least_off, ages):
        _best_level(following[then], reach, steps, bill, best)
        for age in range(last_off, ages):
            leads = least_off if age == last_off else min(age + 1, ages - 1)
            if leads == then:
                extra, cost, level = steps.start_eur if age == last_off else 0.0, best.cost, best.level
                for i in range(low, high + 1):
                    if cost[i] + extra < value[age, i]:
                        value[age, i], action[age, i] = cost[i] + extra, level[i]


@inner
def _best_level(onward: Floats, reach: Reach, steps: Steps, bill: SlotBill, best: BestLevels) -> None:
    """For every state the least of bill(level) + onward(state + level), and that level; infinite where none fits."""
    least, level, queue, low, high, full = best.cost, best.level, best.queue, reach.low, reach.high, reach.full
    first, stride, unit_kwh, buy, sell = steps.first, steps.stride, steps.unit_kwh, bill.buy, bill.sell
    least[low : high + 1] = np.inf
    surplus = max(-bill.net, 0.0)
    for run in range(first.shape[0]):
        able = min(steps.levels[run], int(np.floor((bill.room / unit_kwh + _TINY - first[run]) / stride[run])) + 1)
        sunny = int(np.floor((surplus / unit_kwh - first[run]) / stride[run])) + 1
        sunny = min(max(sunny, 0), max(able, 0))
        for part in range(2):  # levels within the surplus, at the price of selling; levels beyond it
            begin, end = (0, sunny) if part == 0 else (sunny, able)
            if end <= begin:
                continue
            slope = (sell if part == 0 else buy) * unit_kwh
            fixed = 0.0 if part == 0 else (sell - buy) * surplus
            near, far = first[run] + begin * stride[run], first[run] + (end - 1) * stride[run]
            for residue in range(min(stride[run], high - low + 1)):
                head, tail, new = 0, 0, low + residue + near
                for i in range(low + residue, high + 1, stride[run]):
                    stop = min(i + far, full)
                    while new <= stop:
                        key = onward[new] + slope * new
                        while tail > head and onward[queue[tail - 1]] + slope * queue[tail - 1] >= key:
                            tail -= 1
                        queue[tail] = new
                        tail += 1
                        new += stride[run]
                    while head < tail and queue[head] < i + near:
                        head += 1
                    if head == tail:
                        break
                    cost = onward[queue[head]] + slope * (queue[head] - i) + fixed
                    if cost < least[i]:
                        least[i], level[i] = cost, queue[head] - i


@inner
def _leave(value: Floats, on: Lattices, slot: int, shortage: float) -> None:
    """A trip leaves: states that cannot serve it buy the rest on the way and go on from an empty battery."""
    begun = on.begun[slot]
    for k in range(on.born.shape[0]):
        if k == begun or on.born[k] > slot:
            continue
        low, high = _span(on, k, slot, slot)
        for i in range(low, high + 1):
            left = on.origin[k, slot + 1] + i * on.unit
            if left < -_TINY:
                value[k, :, i] = shortage * -left + value[begun, :, 0]


@inner
def _follow(action: NDArray[np.uint8], on: Lattices, trips: Floats, age: int, least_off: int) -> tuple[Floats, Floats]:
    """Walk the stored decisions forward from the start: (units (T,), missing (T,))."""
    slots, ages = trips.shape[0], action.shape[2]
    units, missing, k, i = np.zeros(slots), np.zeros(slots), 0, 0
    for t in range(slots):
        left = on.origin[k, t + 1] + i * on.unit
        if trips[t] > 0.0 and left < -_TINY:
            missing[t] = -left
            k, i = on.begun[t], 0
        drawn = action[t, k, age, i]
        units[t] = drawn
        i += drawn
        if drawn > 0:
            age = least_off if age < least_off else min(age + 1, ages - 1)
        else:
            age = min(age + 1, least_off - 1) if age < least_off else 0
    return units, missing


@inner
def _worth(stored: float, values: Floats, widths: Floats) -> float:
    total, left = 0.0, stored
    for piece in range(values.shape[0]):
        into = min(widths[piece], left)
        total += into * values[piece]
        left -= into
    return total
