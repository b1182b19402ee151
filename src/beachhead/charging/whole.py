"""The whole home as it is now: cars that may leave, a solar roof, a home battery, a car that gives back, fuse and peak.

Each car has the chances and the cost to go that its own stochastic programme (`stochastic`) gives. Nothing but prices
comes to be known while a session lasts, so a plan is one path for each car (what it draws and gives if it is still
there) and one for the battery, and its expected cost is a linear programme, solved by HiGHS:

    sum over hours of E[bill(load - sun + battery + cars still there)] + sum over cars of E[cost to go of leaving]

E runs over which cars are there (two cars leave independently). The cost to go is convex in what is stored, but for the
mesh of the programme, and enters as its convex envelope. For one car and nothing else it is the stochastic programme
itself: `tests/laws` hold the two together. The battery does not wait to see whether a car has left: its path is fixed
too. Where a price below 0 would make burning energy pay, whole numbers forbid it. HiGHS gives the bound; the gap is
reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.connection import Connection, household_ahead, likely_in_hour, month_at
from beachhead.charging.habit import Pool
from beachhead.charging.household import HomeBattery, battery_rows
from beachhead.charging.known import KnownNow, learnt_now
from beachhead.charging.meter import LoadAhead
from beachhead.charging.peak import expected_peak
from beachhead.charging.plan import gap_of
from beachhead.charging.program import Builder, Outcome
from beachhead.charging.situation import Situation, require_sun
from beachhead.charging.stochastic import HORIZON
from beachhead.world.errors import BadInput, NotFeasible

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_CARS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plugged:
    """A car at the home's charger.

    Attributes:
        situation: the car as `plan_now` takes it, without a roof; the connection of the first car is the home's.
        pool: the prior of its habits.
        discharge_kw: most it gives back; 0 for a car that only charges.
        discharge_efficiency: kWh given per kWh taken out of its battery.
    """

    situation: Situation
    pool: Pool
    discharge_kw: float = 0.0
    discharge_efficiency: float = 0.93

    def __post_init__(self) -> None:
        if not 0 <= self.discharge_kw <= 1000 or not 0 < self.discharge_efficiency <= 1:
            raise BadInput(f"a car that gives back {self.discharge_kw} kW", "state 0 to 1000 kW, and a share above 0")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholeHome:
    """What is at the home now.

    Attributes:
        cars: one to three cars at their chargers, all seen in the same hour and at the same prices.
        sun_kwh: (T,) what the roof is expected to give; None without a roof.
        sell_eur_per_kwh: price paid for a kWh fed in.
        battery: the home battery.
    """

    cars: tuple[Plugged, ...]
    sun_kwh: Floats | None = None
    sell_eur_per_kwh: float = 0.0
    battery: HomeBattery | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.cars) <= MOST_CARS:
            raise BadInput(f"{len(self.cars)} cars at a home", f"state 1 to {MOST_CARS}")
        first = self.cars[0].situation
        for car in self.cars[1:]:
            if car.situation.now != first.now or not np.array_equal(car.situation.price, first.price, equal_nan=True):
                raise BadInput("the cars of one home are seen at different moments or prices", "give all the same")
        if self.sun_kwh is not None:
            require_sun(self.sun_kwh)
        if not np.isfinite(self.sell_eur_per_kwh):
            raise BadInput("no price of what is fed in", "state EUR/kWh, 0 where it is not paid")

    @property
    def connection(self) -> Connection | None:
        """The first car's."""
        return self.cars[0].situation.connection


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CarPath:
    """What a car does in each hour if it is still there: (T,) kWh drawn and given at the socket, (T + 1,) stored."""

    known: KnownNow
    draw_kwh: Floats
    give_kwh: Floats
    stored_kwh: Floats


LEAST_KWH = 0.05
"""Of an hour; where two hours cost the same a cheapest plan may ask for less, which no display shows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WholePlan:
    """The plan of the whole home from the hour at hand on.

    Attributes:
        cars: one path a car.
        battery_in_kwh: (T,) taken by the home battery, at the socket.
        battery_out_kwh: (T,) given by it.
        battery_kwh: (T + 1,) stored in it.
        sun_kwh: (T,) expected from the roof.
        load: expected load of the household; None if it is not metered.
        grid_kwh: (T,) expected from the grid, below 0 fed in.
        cost_eur: expected cost with what cars and battery do, the household's own bill taken off, EUR; energy that
            lacks for trips at its price.
        counted_eur: the same as the programme counts it, energy that lacks with caution: what is least.
        bound_eur: no plan of this programme counts less, EUR.
        other_costs_eur: what the other decision for the first car in the hour at hand costs more; below 0 if it costs
            less on average, and is not taken because more would lack for trips.
        cap_kw: highest draw from the grid planned for while the month lasts; None without a charge on the peak.
    """

    cars: tuple[CarPath, ...]
    battery_in_kwh: Floats
    battery_out_kwh: Floats
    battery_kwh: Floats
    sun_kwh: Floats
    load: LoadAhead | None
    grid_kwh: Floats
    cost_eur: float
    counted_eur: float
    bound_eur: float
    other_costs_eur: float
    cap_kw: float | None

    @property
    def gap(self) -> float:
        """Distance to the bound, relative to the larger of the bound's size and one cent."""
        return gap_of(self.counted_eur, self.bound_eur)


def plan_whole(home: WholeHome, *, gap: float = 1e-7) -> WholePlan:
    """The paths of cars and battery that are cheapest in expectation, with the bound that proves it.

    Raises:
        NotFeasible: if the solver finds no plan.
    """
    known, load = _learnt(home), _load(home)
    best = _solve(home, known, load, gap)
    charges = bool(best.cars[0].draw_kwh[0] > LEAST_KWH)
    other = _solve(home, known, load, gap, first_charges=not charges)
    costs = other.cost_eur - best.cost_eur
    return replace(best, other_costs_eur=costs if other.counted_eur > best.counted_eur else max(costs, 0.0))


def write_whole(home: WholeHome, path: Path) -> None:
    """Write the programme of `plan_whole` as HiGHS reads it, .lp or .mps: its least is what the plan counts, EUR."""
    programme = _programme(home, _learnt(home), _load(home))
    programme.builder.write(path, offset=-programme.alone_eur)


def _learnt(home: WholeHome) -> list[KnownNow]:
    """The chances of each car. Fuse and peak bind the home, not each car: they are limits of the whole programme."""
    peak = home.connection is not None and home.connection.peak_eur_per_kw > 0
    return [learnt_now(replace(car.situation, connection=None), car.pool, peak_costs=peak) for car in home.cars]


def _load(home: WholeHome) -> LoadAhead | None:
    return None if home.connection is None else household_ahead(home.connection, home.cars[0].situation.hour)


def _solve(
    home: WholeHome,
    known: list[KnownNow],
    load: LoadAhead | None,
    gap: float,
    first_charges: bool | None = None,
) -> WholePlan:
    programme = _programme(home, known, load, first_charges)
    found = programme.builder.solve(gap=gap)
    if found.outcome in (Outcome.INFEASIBLE, Outcome.UNSOLVED):
        raise NotFeasible("no plan of the home was found", "check battery, fuse and the energy stored")
    paths = tuple(_path(found.values, columns, its) for columns, its in zip(programme.cars, known, strict=True))
    into, out, stored = np.zeros(HORIZON), np.zeros(HORIZON), np.zeros(HORIZON + 1)
    if programme.battery is not None and home.battery is not None:
        into, out, after = (found.values[columns] for columns in programme.battery)
        stored = np.concatenate(([home.battery.start_kwh], after))
    flows = sum(odds(its)[1] * (path.draw_kwh - path.give_kwh) for path, its in zip(paths, known, strict=True))
    return WholePlan(
        cars=paths,
        battery_in_kwh=into,
        battery_out_kwh=out,
        battery_kwh=stored,
        sun_kwh=_sun(home),
        load=load,
        grid_kwh=programme.net_kwh + into - out + flows,
        cost_eur=found.objective - programme.alone_eur - sum(map(_caution, paths)),
        counted_eur=found.objective - programme.alone_eur,
        bound_eur=found.bound - programme.alone_eur,
        other_costs_eur=0.0,
        cap_kw=None if programme.peak is None else float(found.values[programme.peak][0]),
    )


def _caution(path: CarPath) -> float:
    """What the programme counts above the price of the energy that is expected to lack for a car's trips, EUR."""
    chances = path.known.chances
    if chances.plain_eur is chances.gone_eur:
        return 0.0
    grid = np.linspace(0.0, chances.battery_kwh, chances.gone_eur.shape[1])
    more = leaving_cost(path.known, chances.gone_eur) - leaving_cost(path.known, chances.plain_eur)
    return float(sum(np.interp(held, grid, row) for held, row in zip(path.stored_kwh[1:], more, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Programme:
    """The linear programme, and where its variables stand.

    Attributes:
        builder: the programme.
        cars: columns of each car.
        battery: columns of what the battery takes, gives and holds.
        peak: column of the month's peak; None without a charge on it.
        net_kwh: (T,) load of the household less the sun.
        alone_eur: the household's own bill, with the peak it reaches by itself.
    """

    builder: Builder
    cars: list[_Columns]
    battery: tuple[Ints, Ints, Ints] | None
    peak: Ints | None
    net_kwh: Floats
    alone_eur: float


def _programme(
    home: WholeHome, known: list[KnownNow], load: LoadAhead | None, first_charges: bool | None = None
) -> _Programme:
    builder, connection = Builder(), home.connection
    net = (np.zeros(HORIZON) if load is None else load.mean) - _sun(home)
    free = np.inf
    if connection is not None and load is not None:
        free = max(float(connection.fuse_kw - load.highest[0]), 0.0)
    cars = [
        _car(builder, number, car, its, first_charges if number == 0 else None, free)
        for number, (car, its) in enumerate(zip(home.cars, known, strict=True))
    ]
    battery = battery_rows(builder, home.battery, HORIZON, 1.0) if home.battery else None
    price, there = known[0].chances.price, np.array([odds(its)[1] for its in known])
    sell = np.full(HORIZON, home.sell_eur_per_kwh)
    _bills(builder, cars, battery, there, net, price, sell)
    peak = None
    if connection is not None and load is not None:
        peak = _limits(builder, cars, battery, load, connection, home.cars[0].situation.hour)
    _no_burning(builder, home, cars, battery, price, sell)
    alone = float(price @ np.maximum(net, 0.0) - sell @ np.maximum(-net, 0.0))
    return _Programme(
        builder=builder,
        cars=cars,
        battery=battery,
        peak=None if peak is None else peak.column,
        net_kwh=net,
        alone_eur=alone if peak is None else alone + peak.alone_eur,
    )


def _sun(home: WholeHome) -> Floats:
    return np.zeros(HORIZON) if home.sun_kwh is None else home.sun_kwh


def odds(known: KnownNow) -> tuple[Floats, Floats, Floats]:
    """(T,) probability to leave in each hour before charging in it, to be there to charge, and to leave after it."""
    chances = known.chances
    sure, hazard = chances.part >= 0.0, chances.hazard
    first = np.where(sure, 0.0, 0.5 * hazard)
    first[0] = 0.0
    second = np.where(sure, hazard, 0.5 * hazard / (1 - 0.5 * hazard))
    stays = np.concatenate(([1.0], np.cumprod((1 - first) * (1 - second))[:-1]))
    return stays * first, stays * (1 - first), stays * (1 - first) * second


def leaving_cost(known: KnownNow, gone: Floats) -> Floats:
    """(T, S) expected cost to go of what is stored after each hour, by energy stored, EUR: its convex envelope.

    `gone` (T + 1, S) is the cost to go of leaving in each hour.
    """
    before, there, after = odds(known)
    cost = after[:, None] * gone[:-1]
    cost[:-1] += before[1:, None] * gone[1:-1]
    cost[-1] += (there[-1] - after[-1]) * gone[-1]
    return np.array([_envelope(row) for row in cost])


def _envelope(values: Floats) -> Floats:
    """The greatest convex function that is nowhere above the values, on an even grid (lower hull, Andrew 1979)."""
    hull: list[int] = []
    for here in range(values.size):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            if (values[b] - values[a]) * (here - a) < (values[here] - values[a]) * (b - a):
                break
            hull.pop()
        hull.append(here)
    return np.interp(np.arange(values.size), hull, values[hull])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Columns:
    draw: Ints
    give: Ints
    stored: Ints


def _car(builder: Builder, number: int, car: Plugged, known: KnownNow, charges: bool | None, free: float) -> _Columns:
    """Its path; `charges` states whether it charges in the hour at hand, as far as the `free` kWh under the fuse go."""
    chances, name = known.chances, f"car{number}"
    most = np.minimum(car.situation.home.power_kw, chances.room_kwh)
    least = np.zeros(HORIZON)
    if charges is not None:
        room = min(float(most[0]), chances.battery_kwh - chances.stored_kwh, free)
        least[0], most[0] = (room, most[0]) if charges else (0.0, 0.0)
    draw = builder.variables(f"{name}.draw", HORIZON, lower=least, upper=most)
    share = np.divide(chances.room_kwh, car.situation.home.power_kw, out=np.zeros(HORIZON), where=chances.room_kwh > 0)
    give = builder.variables(f"{name}.give", HORIZON, upper=car.discharge_kw * share)
    stored = builder.variables(f"{name}.stored", HORIZON, upper=chances.battery_kwh)
    before, start = np.concatenate(([-1], stored[:-1])), np.zeros(HORIZON)
    start[0] = chances.stored_kwh
    parts = [(stored, 1.0), (before, -1.0), (draw, -1.0), (give, 1 / car.discharge_efficiency)]
    builder.constraints(f"{name}.state", parts, lower=start, upper=start, count=HORIZON)
    cost = leaving_cost(known, chances.gone_eur)
    pieces = cost.shape[1] - 1
    width = chances.battery_kwh / pieces
    slopes = np.diff(cost, axis=1) / width
    part = builder.variables(f"{name}.part", HORIZON * pieces, cost=slopes.ravel(), upper=width)
    hour = np.arange(HORIZON)
    rows, columns = np.concatenate((hour, np.repeat(hour, pieces))), np.concatenate((stored, part))
    signs = np.concatenate((np.ones(HORIZON), np.full(part.size, -1.0)))
    builder.sums(f"{name}.parts", rows, columns, signs, lower=np.zeros(HORIZON), upper=0.0)
    builder.variables(f"{name}.empty", 1, cost=float(cost[:, 0].sum()), lower=1.0, upper=1.0)
    return _Columns(draw=draw, give=give, stored=stored)


def _bills(
    builder: Builder,
    cars: list[_Columns],
    battery: tuple[Ints, Ints, Ints] | None,
    there: Floats,
    net: Floats,
    price: Floats,
    sell: Floats,
) -> None:
    """A bill for each set of cars that may be there, weighed by its probability."""
    for present in product((True, False), repeat=len(cars)):
        name = "".join("1" if one else "0" for one in present)
        odd = np.prod([its if one else 1 - its for one, its in zip(present, there, strict=True)], axis=0)
        taken = builder.variables(f"import{name}", HORIZON, cost=odd * price)
        fed = builder.variables(f"export{name}", HORIZON, cost=-odd * sell)
        balance = [(taken, 1.0), (fed, -1.0)]
        for one, columns in zip(present, cars, strict=True):
            balance += [(columns.draw, -1.0), (columns.give, 1.0)] if one else []
        if battery:
            balance += [(battery[0], -1.0), (battery[1], 1.0)]
        builder.constraints(f"balance{name}", balance, lower=net, upper=net, count=HORIZON)
        both = np.flatnonzero(sell > price)
        builder.either(f"direction{name}", taken[both], fed[both], 1000.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Peak:
    """The month's highest hour: its column, and what the household costs by it without cars and battery, EUR."""

    column: Ints
    alone_eur: float


def _limits(
    builder: Builder,
    cars: list[_Columns],
    battery: tuple[Ints, Ints, Ints] | None,
    load: LoadAhead,
    connection: Connection,
    now: int,
) -> _Peak | None:
    """Fuse and month's peak, kept with every car there and no sun: the fuse by the highest past load of the hour.

    The peak leaves room as for one car (`peak`): a share of the highest load, in the hour at hand that of like hours.
    """
    flows = [(columns.draw, 1.0) for columns in cars] + [(columns.give, -1.0) for columns in cars]
    if battery:
        flows += [(battery[0], 1.0), (battery[1], -1.0)]
    if np.isfinite(connection.fuse_kw):
        free = np.maximum(connection.fuse_kw - load.highest, 0.0)
        builder.constraints("fuse", flows, lower=-np.inf, upper=free, count=HORIZON)
    if connection.peak_eur_per_kw <= 0:
        return None
    month = month_at(connection, now)
    alone = float(expected_peak(month.locked, month.days, max(month.left // 24, 1)))
    peak = builder.variables("peak", 1, cost=month.eur_per_kw, lower=alone)
    hours = np.arange(min(month.left, HORIZON))
    mine = [(columns[hours], sign) for columns, sign in flows]
    high = month.busy[(now + hours) % 24]
    seen, likely = likely_in_hour(connection)
    high[0] = seen + float(likely[-1])
    raised = [(np.repeat(peak, hours.size), 1.0), *((columns, -sign) for columns, sign in mine)]
    upto = np.minimum(high, alone)  # what the household does by itself is not the plan's
    builder.constraints("peak", raised, lower=upto, upper=np.inf, count=hours.size)
    return _Peak(column=peak, alone_eur=month.eur_per_kw * alone)


def _no_burning(
    builder: Builder,
    home: WholeHome,
    cars: list[_Columns],
    battery: tuple[Ints, Ints, Ints] | None,
    price: Floats,
    sell: Floats,
) -> None:
    """Charging and discharging at once only pays below 0, or where selling pays more than buying: forbidden there."""
    below = np.flatnonzero((price < 0) | (sell < 0) | (sell > price))
    if below.size == 0:
        return
    for number, (columns, car) in enumerate(zip(cars, home.cars, strict=True)):
        if car.discharge_kw > 0:
            most = max(car.discharge_kw, car.situation.home.power_kw)
            builder.either(f"car{number}.direction", columns.draw[below], columns.give[below], most)
    if battery and home.battery:
        builder.either("battery.direction", battery[0][below], battery[1][below], home.battery.power_kw)


def _path(values: Floats, columns: _Columns, known: KnownNow) -> CarPath:
    stored = np.concatenate(([known.chances.stored_kwh], values[columns.stored]))
    return CarPath(
        known=known,
        draw_kwh=np.maximum(values[columns.draw], 0.0),
        give_kwh=np.maximum(values[columns.give], 0.0),
        stored_kwh=np.clip(stored, 0.0, known.chances.battery_kwh),
    )
