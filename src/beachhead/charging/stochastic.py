"""Charging without knowing when the car leaves: a stochastic dynamic programme over departure, trip and energy.

Backward over hours (Bellman 1957; Puterman, Markov Decision Processes, 1994, ch. 4). The state is the energy stored,
the energy that was needed at plug-in (3 classes) and the hours since plug-in (3 told apart, then "later"). In an hour
the car leaves with the learnt chance; a trip drawn from its learnt quantiles takes energy, what lacks is bought on the
way; the car comes back after the hours away that go with that trip. The session at hand has its own departure
distribution. The answer is a level for each hour, "charge up to here if it is still there" (a base-stock policy; the
value is convex in the energy stored as in `convex`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.habit import (
    CLASSES,
    EARLY,
    LAST_HAZARD,
    LONGEST,
    WEIGHTS,
    Habits,
    day_class,
    need_class,
    weekday,
)
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HORIZON = 96  # hours planned ahead
LEVELS = 31  # energies stored that are told apart; values between are interpolated
_FIRST_WORTH = 0.8  # worth of energy at the first horizon, relative to the mean price of the week before
_WARM = 2  # passes before the first plan of a home, to find what energy at the horizon is worth
_BACK = 72  # hours before the horizon at which the values are taken over for the next plan's horizon
_SHARPER = 1.5  # chosen with CAUTION on every eighth home (second and sixth) of the 161 shared ones


@by_reference
class CarTerms:
    """The car as the programme sees it.

    Attributes:
        battery: capacity, kWh.
        power: most that the charger draws, kW.
        shortage: what a kWh that lacks for a trip counts, EUR.
    """

    battery: float
    power: float
    shortage: float


@by_reference
class HoursAhead:
    """The hours planned, and how the session at hand may end in them.

    Attributes:
        now: hour since 1970 of the first of them.
        price: (T,) EUR/kWh.
        mean_price: of the week before, EUR/kWh.
        hazard: (T,) chance that the session at hand ends in each hour.
        part: (T,) part of the hour it stays in the hour it is known to leave; below 0 if the departure is not known.
        trip: next trip if it is known, kWh; else below 0.
        away: hours that it takes.
    """

    now: int
    price: Floats
    mean_price: float
    hazard: Floats
    part: Floats
    trip: float
    away: int


@by_reference
class ToCome:
    """What is learnt of sessions to come, at one plug-in; shapes as in `habit.Habits`.

    Attributes:
        early: (3, 3, 24) chance to leave in the 1st, 2nd, 3rd hour.
        later: (3, 168) the same afterwards.
        trip: (4, 24, K) quantiles of the next trip, kWh.
        away: (4, 24, K) hours away that go with them.
    """

    early: Floats
    later: Floats
    trip: Floats
    away: Ints


@by_reference
class Sun:
    """What the roof makes cheaper for the session at hand; later sessions are counted at the grid's prices.

    Attributes:
        kwh: (T,) first kWh of each hour that it does; empty without a roof.
        eur: (T,) what each of them costs, EUR.
    """

    kwh: Floats
    eur: Floats


@by_reference
class BaseStock:
    """The answer of the programme: levels to charge up to, and what the car costs to go.

    Attributes:
        grid: (T,) energy to charge up to in each hour, kWh.
        sun: (T,) the same as far as the sun goes; that of the grid without a roof.
        onward: (T, S) cost to go after each hour by energy stored, given that the car was there to charge in it.
        gone: (T + 1, S) cost to go of leaving in each hour; the last row is that of a car still there at the horizon.
    """

    grid: Floats
    sun: Floats
    onward: Floats
    gone: Floats


@compiled
def empty_worth() -> Floats:
    """(24, 3, 4, 31) what energy at the horizon costs to replace, by hour of day; NaN until the first plan."""
    return np.full((24, CLASSES, EARLY + 1, LEVELS), np.nan)


@inner
def no_sun() -> Sun:
    """A home without a roof."""
    return Sun(np.empty(0), np.empty(0))


@compiled
def to_come(habits: Habits, session: int) -> ToCome:
    """What was learnt at the plug-in of a session of those after it."""
    return ToCome(habits.early[session], habits.later[session], habits.trip_kwh[session], habits.away_hours[session])


@compiled
def plan_levels(car: CarTerms, ahead: HoursAhead, room: Floats, learnt: ToCome, sun: Sun, worth: Floats) -> BaseStock:
    """The programme of the hours ahead; keeps what energy at the next plan's horizon is worth in `worth`.

    `room` (T,) is the most that the charger may draw in each hour, kW, at most its power.
    """
    at = (ahead.now + len(ahead.price)) % 24
    if np.isnan(worth[at, 0, 0, 0]):
        for s in range(LEVELS):
            worth[:, :, :, s] = -_FIRST_WORTH * ahead.mean_price * s * car.battery / (LEVELS - 1)
        any_trip = HoursAhead(ahead.now, ahead.price, ahead.mean_price, ahead.hazard, ahead.part, -1.0, 1)
        for _ in range(_WARM):
            _recursion(car, any_trip, room, learnt, sun, worth)
    return _recursion(car, ahead, room, learnt, sun, worth)


@compiled
def hazards_of(depart: Floats, since: int, hours: int, hazard: Floats) -> None:
    """Fill (T,) chances of leaving, given the departure distribution (97,) and that `since` hours have passed.

    The kernel that learns it also blurs it; for decisions it is sharpened by a power. What is stated is not.
    """
    sharp, rest = depart**_SHARPER, 0.0
    for offset in range(min(since, LONGEST), LONGEST):
        rest += sharp[offset]
    for t in range(hours):
        offset = since + t
        if offset < LONGEST - 1 and rest > 1e-12:
            hazard[t] = min(sharp[offset] / rest, 1.0)
            rest -= sharp[offset]
        else:
            hazard[t] = LAST_HAZARD


@inner
def _recursion(car: CarTerms, ahead: HoursAhead, room: Floats, learnt: ToCome, sun: Sun, worth: Floats) -> BaseStock:
    hours, step = len(ahead.price), car.battery / (LEVELS - 1)
    levels = BaseStock(np.empty(hours), np.empty(hours), np.empty((hours, LEVELS)), np.empty((hours + 1, LEVELS)))
    value = worth[(ahead.now + hours) % 24].copy()
    fresh = np.empty_like(value)
    arrived = np.empty((hours + 1, CLASSES, LEVELS))  # value of plugging in, by hour and class of energy needed
    arrived[hours] = value[:, 0]
    mine, leaving, mixed = value[1, EARLY].copy(), np.empty(LEVELS), np.empty(LEVELS)
    levels.gone[hours] = mine
    for t in range(hours - 1, -1, -1):
        hour = ahead.now + t
        kind, clock = day_class(weekday(hour)), hour % 24
        mine_leaving = levels.gone[t]
        _value_of_leaving(t, learnt.trip[kind, clock], learnt.away[kind, clock], arrived, car, step, leaving)
        mine_leaving[:] = leaving
        if ahead.trip >= 0.0:
            back = arrived[min(t + ahead.away, hours), need_class(ahead.trip / car.power)]
            _value_of_known(ahead.trip, back, car.shortage, step, mine_leaving)
        _session_at_hand(t, ahead, room[t], sun, step, mine_leaving, mine, levels)
        _sessions_to_come(hour, ahead.price[t], room[t], step, leaving, learnt, value, mixed, fresh)
        value[:] = fresh
        arrived[t] = value[:, 0]
        if hours - _BACK - 24 <= t < hours - _BACK or (hours <= _BACK + 24 and t < 24):
            worth[clock] = value - value[1, 0, LEVELS // 2]
    return levels


@inner
def _value_of_known(trip: float, back: Floats, shortage: float, step: float, out: Floats) -> None:
    """Fill (S,) the cost of leaving for a trip that is known, by energy stored; `back` is the value of its return."""
    for s in range(LEVELS):
        lack = trip - s * step
        out[s] = shortage * lack + back[0] if lack > 0.0 else between(back, -lack, step)


@inner
def _session_at_hand(
    t: int, ahead: HoursAhead, room: float, sun: Sun, step: float, leaving: Floats, mine: Floats, levels: BaseStock
) -> None:
    """One hour back for the car at its charger: fill `mine` (S,) and the hour's row of `levels`.

    Of those who leave within the hour, half leave before they could charge in it.
    """
    hazard, part, price, after = ahead.hazard[t], ahead.part[t], ahead.price[t], levels.onward[t]
    known = part >= 0.0
    first = 0.0 if known else 0.5 * hazard
    second = hazard if known else 0.5 * hazard / (1 - 0.5 * hazard)
    for s in range(LEVELS):
        after[s] = second * leaving[s] + (1 - second) * mine[s]
    stays = part if known else 1.0
    sunny = sun.kwh[t] if len(sun.kwh) > 0 else 0.0
    if sunny > 0.0:
        levels.grid[t], levels.sun[t] = _charge_by_sun(
            after, price, room * stays, sunny * stays, sun.eur[t], step, mine
        )
    else:
        levels.grid[t] = _charge(after, price, room * stays, step, mine) * step
        levels.sun[t] = levels.grid[t]
    for s in range(LEVELS):
        mine[s] = first * leaving[s] + (1 - first) * mine[s]


@inner
def _sessions_to_come(
    hour: int, price: float, room: float, step: float, leaving: Floats, learnt: ToCome, value: Floats, mixed: Floats,
    fresh: Floats,
) -> None:  # fmt: skip
    """One hour back for later sessions, by class of energy needed and age: fill `fresh` (3, 4, S) from `value`."""
    clock, early, later = hour % 24, learnt.early, learnt.later
    for b in range(CLASSES):
        for age in range(EARLY + 1):
            chance = early[b, age, clock] if age < EARLY else later[b, (hour + 72) % 168]
            first = 0.5 * chance if age > 0 else 0.0  # a session begins in the middle of its first hour
            second = 0.5 * chance / (1 - 0.5 * chance) if age > 0 else chance
            onward = value[b, min(age + 1, EARLY)]
            for s in range(LEVELS):
                mixed[s] = second * leaving[s] + (1 - second) * onward[s]
            _charge(mixed, price, room if age > 0 else 0.5 * room, step, fresh[b, age])
            for s in range(LEVELS):
                fresh[b, age, s] = first * leaving[s] + (1 - first) * fresh[b, age, s]


@inner
def _value_of_leaving(
    t: int, trip: Floats, away: Ints, arrived: Floats, car: CarTerms, step: float, out: Floats
) -> None:
    """Fill (S,) the expected cost of leaving in hour t with each energy stored.

    A trip shifts all energies by the same whole steps and part of a step: the loops over s have no branches.
    """
    out[:] = 0.0
    last, battery, power, shortage = len(arrived) - 1, car.battery, car.power, car.shortage
    for j in range(len(trip)):
        taken = min(trip[j], battery)
        back, weight = arrived[min(t + away[j], last), need_class(taken / power)], WEIGHTS[j]
        whole = min(int(taken / step), LEVELS - 1)
        part = taken / step - whole
        for s in range(whole + 1):
            out[s] += weight * (back[0] + shortage * max(taken - s * step, 0.0))
        near, far = weight * (1.0 - part), weight * part
        for s in range(whole + 1, LEVELS):
            out[s] += near * back[s - whole] + far * back[s - whole - 1]


@inner
def between(values: Floats, stored: float, step: float) -> float:
    """(S,) values at the energy `stored`, straight between two levels `step` kWh apart."""
    at = stored / step
    below = int(at)
    if below >= LEVELS - 1:
        return float(values[LEVELS - 1])
    return float(values[below] + (at - below) * (values[below + 1] - values[below]))


@inner
def _charge(onward: Floats, price: float, most_kwh: float, step: float, out: Floats) -> int:
    """Charge up to the best level, as far as the hour allows: fill `out` (S,) and return the level's index."""
    target, best = 0, np.inf
    for s in range(LEVELS):
        cost = onward[s] + price * s * step
        if cost < best - 1e-12:
            target, best = s, cost
    most = most_kwh / step
    short = max(int(np.floor(target - most)) + 1, 0) if most <= target else 0  # below it the hour is too short
    whole = int(most)
    near, far, paid = 1.0 - (most - whole), most - whole, price * most_kwh
    for s in range(short):
        out[s] = near * onward[s + whole] + far * onward[min(s + whole + 1, LEVELS - 1)] + paid
    for s in range(short, target):
        out[s] = best - price * s * step
    for s in range(max(target, short), LEVELS):
        out[s] = onward[s]
    return target


@inner
def drawn_by(level: float, upto: float, stored: float, most_kwh: float, sun_kwh: float) -> float:
    """What an hour draws that charges up to `level` from the grid and up to `upto`, not below it, from the sun, kWh."""
    return min(max(min(upto - stored, sun_kwh), level - stored, 0.0), most_kwh)


@inner
def _charge_by_sun(
    onward: Floats, price: float, most_kwh: float, sun_kwh: float, sun_eur: float, step: float, out: Floats
) -> tuple[float, float]:
    """Charge up to the best level where the first `sun_kwh` cost `sun_eur` each, no more than the `price` of the rest.

    Fill `out` (S,) and return two levels, kWh: up to the first the grid is worth its price, up to the second the sun.
    """
    level, upto, best, best_sun = 0.0, 0.0, np.inf, np.inf
    for s in range(LEVELS):
        if onward[s] + price * s * step < best - 1e-12:
            best, level = onward[s] + price * s * step, s * step
        if onward[s] + sun_eur * s * step < best_sun + 1e-6:  # of sunny hours alike, the first: it is there now
            best_sun, upto = min(onward[s] + sun_eur * s * step, best_sun), s * step
    if sun_kwh >= most_kwh:  # nothing of the hour is at the grid's price
        level = upto
    for s in range(LEVELS):
        drawn = drawn_by(level, upto, s * step, most_kwh, sun_kwh)
        paid = price * drawn + (sun_eur - price) * min(drawn, sun_kwh)
        out[s] = paid + between(onward, min(s * step + drawn, step * (LEVELS - 1)), step)
    return level, upto
