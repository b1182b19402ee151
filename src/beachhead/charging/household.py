"""The plan of a whole home: several cars, a home battery, a charge on the monthly peak; by HiGHS, with its gap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.plan import ChargingPlan, gap_of, priced
from beachhead.charging.program import Builder, Outcome, Solved
from beachhead.charging.task import ChargingTask
from beachhead.world.errors import BadInput, NotFeasible

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeBattery:
    """A stationary battery.

    Attributes:
        capacity_kwh: usable capacity, kWh.
        power_kw: most it takes or gives, kW at the socket.
        efficiency: kWh stored per kWh taken, and given per kWh unstored, 0..1 each way.
        start_kwh: stored at the beginning.
        wear_eur_per_kwh: cost of a kWh given, EUR.
        leftover_eur_per_kwh: worth of a kWh left at the end, EUR.
    """

    capacity_kwh: float
    power_kw: float
    efficiency: float = 0.95
    start_kwh: float = 0.0
    wear_eur_per_kwh: float = 0.0
    leftover_eur_per_kwh: float = 0.0

    def __post_init__(self) -> None:
        sized = 0 < self.capacity_kwh < float("inf") and 0 < self.power_kw < float("inf")
        if not (sized and 0 < self.efficiency <= 1):
            raise BadInput(f"a battery of {self.capacity_kwh} kWh, {self.power_kw} kW", "state values above 0")
        if not 0 <= self.start_kwh <= self.capacity_kwh:
            raise BadInput(f"{self.start_kwh} kWh in the battery", f"keep it within 0..{self.capacity_kwh} kWh")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakCharge:
    """A charge on the highest mean power drawn in a month (Flanders: per quarter-hour; Norway: per hour).

    Attributes:
        eur_per_kw: charge for each kW of the month's peak, EUR.
        month: (T,) number of the month each slot lies in, from 0.
        locked_kw: peak already reached (or charged as a minimum) in each month, kW.
    """

    eur_per_kw: float
    month: tuple[int, ...]
    locked_kw: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeTask:
    """Cars, battery and peak charge of one home.

    Attributes:
        cars: one task a car; prices, net load, slots and fuse must be the same in all.
        battery: a home battery, if there is one.
        peak: a charge on the monthly peak, if there is one.
    """

    cars: tuple[ChargingTask, ...]
    battery: HomeBattery | None = None
    peak: PeakCharge | None = None

    def __post_init__(self) -> None:
        if not self.cars:
            raise BadInput("a home without a car", "state at least one car")
        first = self.cars[0]
        for car in self.cars[1:]:
            same = car.slot_hours == first.slot_hours and car.fuse_kw == first.fuse_kw and car.slots == first.slots
            if not same or any((getattr(car, n) != getattr(first, n)).any() for n in ("buy", "sell", "net_load_kwh")):
                raise BadInput("the cars of one home differ in prices, load, slots or fuse", "give all the same")
        if self.peak is not None and len(self.peak.month) != first.slots:
            raise BadInput(f"{len(self.peak.month)} months for {first.slots} slots", "state one month a slot")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HomePlan:
    """What each car and the battery do, and the certificate of the whole.

    Attributes:
        cars: one plan a car; their `bound_eur` is minus infinity, the bound belongs to the whole.
        battery_in_kwh: (T,) taken by the battery, kWh at the socket.
        battery_out_kwh: (T,) given by it.
        battery_kwh: (T + 1,) stored in it.
        peak_kw: highest mean power drawn in each month, locked-in peak included; empty without a peak charge.
        cost_eur: bill with all of it less the bill without, peak charge above the locked-in included, EUR.
        leftover_eur: worth of the energy left in cars and battery, EUR.
        bound_eur: no plan has `cost_eur - leftover_eur` below this, EUR.
    """

    cars: tuple[ChargingPlan, ...]
    battery_in_kwh: Floats
    battery_out_kwh: Floats
    battery_kwh: Floats
    peak_kw: tuple[float, ...]
    cost_eur: float
    leftover_eur: float
    bound_eur: float

    @property
    def objective_eur(self) -> float:
        """What is minimised, EUR."""
        return self.cost_eur - self.leftover_eur

    @property
    def gap(self) -> float:
        """Distance to the bound, relative to the larger of the bound's size and one cent."""
        return gap_of(self.objective_eur, self.bound_eur)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Columns:
    """Where the variables of a car stand."""

    draw: Ints
    give: Ints
    missing: Ints


def plan_household(task: HomeTask, *, gap: float = 1e-7) -> HomePlan:
    """The cheapest plan of the home; linear, or mixed-integer where selling or burning could pay.

    Raises:
        NotFeasible: if the household load alone breaks the fuse.
    """
    builder, cars, battery = _program(task)
    found = builder.solve(gap=gap)
    if found.outcome in (Outcome.INFEASIBLE, Outcome.UNSOLVED):
        raise NotFeasible(f"no plan meets the fuse of {task.cars[0].fuse_kw} kW", "check the load against the fuse")
    return _plan(task, found, cars, battery)


def write_household(task: HomeTask, path: Path) -> None:
    """Write the programme of the home as HiGHS reads it, .lp or .mps: its least is the plan's objective, EUR."""
    _program(task)[0].write(path, offset=-_bill_alone(task))


def _program(task: HomeTask) -> tuple[Builder, list[_Columns], tuple[Ints, Ints, Ints] | None]:
    first, builder = task.cars[0], Builder()
    slots, hours = first.slots, first.slot_hours
    limit = np.maximum(first.fuse_kw * hours, np.maximum(first.net_load_kwh, 0.0))  # a load over the fuse is not ours
    taken = builder.variables("import", slots, cost=first.buy, upper=limit)
    fed = builder.variables("export", slots, cost=-first.sell)
    cars = [_car(builder, f"car{number}", car) for number, car in enumerate(task.cars)]
    balance: list[tuple[Ints, object]] = [(taken, 1.0), (fed, -1.0)]
    for columns in cars:
        balance += [(columns.draw, -1.0), (columns.give, 1.0)]
    battery = battery_rows(builder, task.battery, slots, hours) if task.battery else None
    if battery:
        balance += [(battery[0], -1.0), (battery[1], 1.0)]
    builder.constraints("balance", balance, lower=first.net_load_kwh, upper=first.net_load_kwh, count=slots)
    _one_way(builder, task, taken, fed, cars, battery)
    if task.peak:
        _peaks(builder, task.peak, taken, hours)
    return builder, cars, battery


def _car(builder: Builder, name: str, task: ChargingTask) -> _Columns:
    car, slots = task.car, task.slots
    draw = builder.variables(f"{name}.draw", slots, upper=task.room_kwh)
    give = builder.variables(f"{name}.give", slots, upper=task.give_kwh)
    missing = builder.variables(f"{name}.missing", slots, cost=task.shortage_eur_per_kwh, upper=task.trips_kwh)
    stored = builder.variables(f"{name}.stored", slots, lower=task.floor_kwh, upper=car.battery_kwh)
    before = np.concatenate(([-1], stored[:-1]))
    start = np.zeros(slots)
    start[0] = task.start_kwh
    builder.constraints(
        f"{name}.state",
        [(stored, 1.0), (before, -1.0), (draw, -car.efficiency), (give, 1 / car.discharge_efficiency), (missing, -1.0)],
        lower=start - task.trips_kwh,
        upper=start - task.trips_kwh,
        count=slots,
    )
    leaves = np.flatnonzero(task.trips_kwh > 0)
    if leaves.size:
        need = (task.trips_kwh - start)[leaves]
        builder.constraints(
            f"{name}.leave",
            [(before[leaves], 1.0), (missing[leaves], 1.0)],
            lower=need,
            upper=need + car.battery_kwh,
            count=leaves.size,
        )
    leftover_rows(builder, task, stored, f"{name}.")
    return _Columns(draw=draw, give=give, missing=missing)


def leftover_rows(builder: Builder, task: ChargingTask, stored: Ints, name: str = "") -> None:
    """The worth of what is stored after the last slot, piece by piece; the dearest fills first by itself."""
    pieces = len(task.leftover.eur_per_kwh)
    if pieces == 0:
        return
    worth = -np.array(task.leftover.eur_per_kwh)
    kept = builder.variables(f"{name}leftover", pieces, cost=worth, upper=np.array(task.leftover.widths_kwh))
    signs = np.concatenate((np.ones(pieces), [-1.0]))
    columns = np.concatenate((kept, stored[-1:]))
    builder.sums(f"{name}kept", np.zeros(pieces + 1, np.int64), columns, signs, lower=-np.inf, upper=0.0)


def battery_rows(builder: Builder, battery: HomeBattery, slots: int, hours: float) -> tuple[Ints, Ints, Ints]:
    """What the battery takes, gives and holds in each slot: columns of `builder`, with the rows that tie them."""
    most = battery.power_kw * hours
    taken = builder.variables("battery.in", slots, upper=most)
    given = builder.variables("battery.out", slots, upper=most, cost=battery.wear_eur_per_kwh)
    worth = np.zeros(slots)
    worth[-1] = -battery.leftover_eur_per_kwh
    stored = builder.variables("battery.stored", slots, upper=battery.capacity_kwh, cost=worth)
    before = np.concatenate(([-1], stored[:-1]))
    start = np.zeros(slots)
    start[0] = battery.start_kwh
    builder.constraints(
        "battery.state",
        [(stored, 1.0), (before, -1.0), (taken, -battery.efficiency), (given, 1 / battery.efficiency)],
        lower=start,
        upper=start,
        count=slots,
    )
    return taken, given, stored


def _one_way(
    builder: Builder,
    task: HomeTask,
    taken: Ints,
    fed: Ints,
    cars: list[_Columns],
    battery: tuple[Ints, Ints, Ints] | None,
) -> None:
    """Forbid import with export, and charge with discharge, in the slots where doing both would pay."""
    first = task.cars[0]
    most = sum(c.room_kwh.max() + c.give_kwh.max() for c in task.cars) + np.abs(first.net_load_kwh).max()
    most += task.battery.power_kw * first.slot_hours if task.battery else 0.0
    arbitrage = np.flatnonzero(first.sell > first.buy)
    builder.either("direction", taken[arbitrage], fed[arbitrage], most)
    below = np.flatnonzero((first.buy < 0) | (first.sell < 0) | (first.sell > first.buy))
    for number, (columns, car) in enumerate(zip(cars, task.cars, strict=True)):
        both = below[(car.give_kwh > 0)[below]]
        widest = np.maximum(car.room_kwh, car.give_kwh)[both]
        builder.either(f"car{number}.direction", columns.draw[both], columns.give[both], widest)
    if battery and task.battery:
        most = task.battery.power_kw * first.slot_hours
        builder.either("battery.direction", battery[0][below], battery[1][below], most)


def _peaks(builder: Builder, peak: PeakCharge, taken: Ints, hours: float) -> None:
    columns = builder.variables("peak", len(peak.locked_kw), cost=peak.eur_per_kw, lower=np.array(peak.locked_kw))
    month = columns[np.array(peak.month)]
    builder.constraints("month", [(month, hours), (taken, -1.0)], lower=0.0, upper=np.inf, count=taken.size)


def _plan(
    task: HomeTask,
    found: Solved,
    cars: list[_Columns],
    battery: tuple[Ints, Ints, Ints] | None,
) -> HomePlan:
    first, values = task.cars[0], found.values
    plans = tuple(
        priced(
            car,
            draw_kwh=np.clip(values[columns.draw], 0.0, car.room_kwh),
            give_kwh=np.clip(values[columns.give], 0.0, car.give_kwh),
            missing_kwh=np.clip(values[columns.missing], 0.0, car.trips_kwh),
            bound_eur=-np.inf,
        )
        for columns, car in zip(cars, task.cars, strict=True)
    )
    into, out, stored = _battery_flows(task, values, battery)
    net = first.net_load_kwh + sum(p.draw_kwh - p.give_kwh for p in plans) + into - out
    bill = float(first.buy @ np.maximum(net, 0.0) - first.sell @ np.maximum(-net, 0.0))
    wear = task.battery.wear_eur_per_kwh * float(out.sum()) if task.battery else 0.0
    shortage = sum(c.shortage_eur_per_kwh * float(p.missing_kwh.sum()) for c, p in zip(task.cars, plans, strict=True))
    peak_kw, peak_cost = _peak_cost(task, net)
    alone = _bill_alone(task)
    left = sum(plan.leftover_eur for plan in plans)
    left += task.battery.leftover_eur_per_kwh * float(stored[-1]) if task.battery else 0.0
    for array in (into, out, stored):
        array.setflags(write=False)
    return HomePlan(
        cars=plans,
        battery_in_kwh=into,
        battery_out_kwh=out,
        battery_kwh=stored,
        peak_kw=peak_kw,
        cost_eur=bill - alone + wear + shortage + peak_cost,
        leftover_eur=left,
        bound_eur=found.bound - alone,
    )


def _bill_alone(task: HomeTask) -> float:
    """The household's own bill, with the peaks already locked in, EUR."""
    first, peak = task.cars[0], task.peak
    bill = first.buy @ np.maximum(first.net_load_kwh, 0.0) - first.sell @ np.maximum(-first.net_load_kwh, 0.0)
    return float(bill) + (peak.eur_per_kw * sum(peak.locked_kw) if peak else 0.0)


def _battery_flows(
    task: HomeTask, values: Floats, battery: tuple[Ints, Ints, Ints] | None
) -> tuple[Floats, Floats, Floats]:
    slots = task.cars[0].slots
    if battery is None or task.battery is None:
        return np.zeros(slots), np.zeros(slots), np.zeros(slots + 1)
    most = task.battery.power_kw * task.cars[0].slot_hours
    into, out = np.clip(values[battery[0]], 0.0, most), np.clip(values[battery[1]], 0.0, most)
    stored = np.concatenate(([task.battery.start_kwh], values[battery[2]]))
    return into, out, np.clip(stored, 0.0, task.battery.capacity_kwh)


def _peak_cost(task: HomeTask, net: Floats) -> tuple[tuple[float, ...], float]:
    """Peak of each month, and the charge for it."""
    if task.peak is None:
        return (), 0.0
    month = np.array(task.peak.month)
    power = np.maximum(net, 0.0) / task.cars[0].slot_hours
    peaks = tuple(
        max(locked, float(power[month == number].max(initial=0.0))) for number, locked in enumerate(task.peak.locked_kw)
    )
    return peaks, task.peak.eur_per_kw * sum(peaks)
