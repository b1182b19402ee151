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

from beachhead.charging.habit import CLASSES, EARLY, LAST_HAZARD, LONGEST, WEIGHTS, day_class, need_class, weekday
from beachhead.world.compiled import compiled, inner

HORIZON = 96  # hours planned ahead
LEVELS = 31  # energies stored that are told apart; values between are interpolated
_FIRST_WORTH = 0.8  # worth of energy at the first horizon, relative to the mean price of the week before
_WARM = 2  # passes before the first plan of a home, to find what energy at the horizon is worth
_BACK = 72  # hours before the horizon at which the values are taken over for the next plan's horizon
_SHARPER = 1.5  # chosen with CAUTION on every eighth home (second and sixth) of the 161 shared ones


@compiled
def empty_worth():  # type: ignore[no-untyped-def]
    """(24, 3, 4, 31) what energy at the horizon costs to replace, by hour of day; NaN until the first plan."""
    return np.full((24, CLASSES, EARLY + 1, LEVELS), np.nan)


@inner
def plan_levels(  # type: ignore[no-untyped-def]
    now, price, mean_price, battery, power, room, shortage, hazard, part, known_kwh, known_away,
    early, later, trip, away, worth, levels,
):  # fmt: skip
    """Fill `levels` (T,) with the energy to charge up to in each hour from `now`; keep the worth of energy in `worth`.

    `room` (T,) most the charger may draw in each hour, kW, at most `power`;
    `hazard` (T,) chance that the session at hand ends in each hour; `part` (T,) the part of the hour it stays in the
    hour it is known to leave, below 0 if the departure is not known. `known_kwh` is the next trip if it is known, else
    below 0, `known_away` the hours it takes. Returns (T, S) the cost to go after
    each hour by energy stored, given that the car was there to charge in it.
    """
    return plan_and_leave(
        now, price, mean_price, battery, power, room, shortage, hazard, part, known_kwh, known_away,
        early, later, trip, away, worth, levels, np.empty((0, 0)), np.empty(0), np.empty(0), np.empty(0),
    )  # fmt: skip


@compiled
def plan_and_leave(  # type: ignore[no-untyped-def]
    now, price, mean_price, battery, power, room, shortage, hazard, part, known_kwh, known_away,
    early, later, trip, away, worth, levels, gone, cheap_kwh, cheap_eur, by_sun,
):  # fmt: skip
    """`plan_levels`, which fills `gone` (T + 1, S) too, if it is not empty: what leaving in each hour costs to go.

    By energy stored; the last row is the cost to go of a car that is still there at the horizon. In the session at hand
    the first `cheap_kwh` (T,) of an hour cost `cheap_eur` (T,) each: the sun; both empty without a roof. Up to `by_sun`
    (T,) is charged as far as they go, which is filled too. Later sessions are counted at the grid's prices.
    """
    hours = len(price)
    at = (now + hours) % 24
    if np.isnan(worth[at, 0, 0, 0]):
        for s in range(LEVELS):
            worth[:, :, :, s] = -_FIRST_WORTH * mean_price * s * battery / (LEVELS - 1)
        for _ in range(_WARM):
            _recursion(
                now, price, battery, power, room, shortage, hazard, part, -1.0, 1,
                early, later, trip, away, worth, levels, gone, cheap_kwh, cheap_eur, by_sun,
            )  # fmt: skip
    return _recursion(
        now, price, battery, power, room, shortage, hazard, part, known_kwh, known_away,
        early, later, trip, away, worth, levels, gone, cheap_kwh, cheap_eur, by_sun,
    )  # fmt: skip


@compiled
def hazards_of(depart, since, hours, hazard):  # type: ignore[no-untyped-def]
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
def told_hazards(now, last, part, hazard, known):  # type: ignore[no-untyped-def]
    """Fill both (T,) for a departure that is told: in hour `last`, after this part of it."""
    for t in range(len(hazard)):
        hazard[t] = 1.0 if now + t >= last else 0.0
        known[t] = part if now + t == last else 1.0


@inner
def expected_hazards(told, now, last, part, depart, since, hazard, known):  # type: ignore[no-untyped-def]
    """Fill both (T,) from the departure if it is told, else from its distribution; a `known` of -1 is not known."""
    if told:
        told_hazards(now, last, part, hazard, known)
    else:
        known[:] = -1.0
        hazards_of(depart, since, HORIZON, hazard)


@inner
def drive(stored, trip, missing, arrival):  # type: ignore[no-untyped-def]
    """Energy held after a trip, kWh; what the battery lacked for it is put down at the arrival (`missing` (P,))."""
    if stored >= trip:
        return stored - trip
    missing[arrival] = trip - stored
    return 0.0


@inner
def _recursion(  # type: ignore[no-untyped-def]
    now, price, battery, power, room, shortage, hazard, part, known_kwh, known_away,
    early, later, trip, away, worth, levels, gone, cheap_kwh, cheap_eur, by_sun,
):  # fmt: skip
    hours, step = len(price), battery / (LEVELS - 1)
    value = worth[(now + hours) % 24].copy()
    fresh = np.empty_like(value)
    arrived = np.empty((hours + 1, CLASSES, LEVELS))  # value of plugging in, by hour and class of energy needed
    arrived[hours] = value[:, 0]
    mine, leaving, mixed = value[1, EARLY].copy(), np.empty(LEVELS), np.empty(LEVELS)
    mine_leaving, after = np.empty(LEVELS), np.empty((hours, LEVELS))
    if len(gone) > 0:
        gone[hours] = mine
    for t in range(hours - 1, -1, -1):
        hour = now + t
        kind, clock = day_class(weekday(hour)), hour % 24
        _value_of_leaving(t, trip[kind, clock], away[kind, clock], arrived, battery, power, shortage, step, leaving)
        mine_leaving[:] = leaving
        if known_kwh >= 0.0:
            back = arrived[min(t + known_away, hours), need_class(known_kwh / power)]
            _value_of_known(known_kwh, back, shortage, step, mine_leaving)
        if len(gone) > 0:
            gone[t] = mine_leaving
        sun, sun_eur = (cheap_kwh[t], cheap_eur[t]) if len(cheap_kwh) > 0 else (0.0, 0.0)
        levels[t], upto = _session_at_hand(
            hazard[t], part[t], price[t], room[t], sun, sun_eur, step, mine_leaving, mine, after[t]
        )
        if len(by_sun) > 0:
            by_sun[t] = upto
        _sessions_to_come(hour, price[t], room[t], step, leaving, early, later, value, mixed, fresh)
        value[:] = fresh
        arrived[t] = value[:, 0]
        if hours - _BACK - 24 <= t < hours - _BACK or (hours <= _BACK + 24 and t < 24):
            worth[clock] = value - value[1, 0, LEVELS // 2]
    return after


@inner
def _value_of_known(trip, back, shortage, step, out):  # type: ignore[no-untyped-def]
    """Fill (S,) the cost of leaving for a trip that is known, by energy stored; `back` is the value of its return."""
    for s in range(LEVELS):
        lack = trip - s * step
        out[s] = shortage * lack + back[0] if lack > 0.0 else between(back, -lack, step)


@inner
def _session_at_hand(hazard, part, price, room, sun, sun_eur, step, leaving, mine, after):  # type: ignore[no-untyped-def]
    """One hour back for the car at its charger: fill `mine` and `after` (S,), and return its levels, kWh: grid, sun.

    Of those who leave within the hour, half leave before they could charge in it.
    """
    known = part >= 0.0
    first = 0.0 if known else 0.5 * hazard
    second = hazard if known else 0.5 * hazard / (1 - 0.5 * hazard)
    for s in range(LEVELS):
        after[s] = second * leaving[s] + (1 - second) * mine[s]
    stays = part if known else 1.0
    if sun > 0.0:
        level, upto = _charge_by_sun(after, price, room * stays, sun * stays, sun_eur, step, mine)
    else:
        level = _charge(after, price, room * stays, step, mine) * step
        upto = level
    for s in range(LEVELS):
        mine[s] = first * leaving[s] + (1 - first) * mine[s]
    return level, upto


@inner
def _sessions_to_come(hour, price, room, step, leaving, early, later, value, mixed, fresh):  # type: ignore[no-untyped-def]
    """One hour back for later sessions, by class of energy needed and age: fill `fresh` (3, 4, S) from `value`."""
    clock = hour % 24
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
def _value_of_leaving(t, trip, away, arrived, battery, power, shortage, step, out):  # type: ignore[no-untyped-def]
    """Fill (S,) the expected cost of leaving in hour t with each energy stored.

    A trip shifts all energies by the same whole steps and part of a step: the loops over s have no branches.
    """
    out[:] = 0.0
    last = len(arrived) - 1
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
def between(values, stored, step):  # type: ignore[no-untyped-def]
    """(S,) values at the energy `stored`, straight between two levels `step` kWh apart."""
    at = stored / step
    below = int(at)
    if below >= LEVELS - 1:
        return values[LEVELS - 1]
    return values[below] + (at - below) * (values[below + 1] - values[below])


@inner
def _charge(onward, price, most_kwh, step, out):  # type: ignore[no-untyped-def]
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
def drawn_by(level, upto, stored, most_kwh, sun_kwh):  # type: ignore[no-untyped-def]
    """What an hour draws that charges up to `level` from the grid and up to `upto`, not below it, from the sun, kWh."""
    return min(max(min(upto - stored, sun_kwh), level - stored, 0.0), most_kwh)


@inner
def _charge_by_sun(onward, price, most_kwh, sun_kwh, sun_eur, step, out):  # type: ignore[no-untyped-def]
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
