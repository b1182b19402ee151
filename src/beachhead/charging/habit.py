"""What a home has shown so far: when its car leaves, how long it stays away, what the next trip takes.

Everything about session k is learnt from sessions before it and from the moment of plugging in (hour, weekday, energy
needed): strictly past data. Three things are learnt, each as a weighted count with a pooled prior of other homes, which
a new home starts from:

* the departure distribution of the session at hand, hours after plug-in (kernel over arrival hour, weekday class,
  energy needed and age of the memory);
* the chance to leave within the next hour in sessions to come, by energy needed and hour of the week;
* quantiles of the next trip's energy, and hours away, by hour and weekday class of departure.

Kernel regression of conditional distributions: Hall, Wolff & Yao (1999), JASA 94; prior by pseudo-counts (Dirichlet).
`tests/recovery` checks that intervals cover, `benchmarks/charging.py` measures both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.record import Home
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner
from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
H = TypeVar("H", int, Ints)

LONGEST = 97  # hours after plug-in that are told apart; later departures count as the last
NEEDS = 8  # classes of energy needed in the pooled departure table
LAST_HAZARD = 0.1  # chance to leave in an hour, in the last of them and after it
EARLY = 3  # first hours of a session with hazards of their own
CLASSES = 3  # classes of energy needed in the hazards: under 1.2 h of charging, under 3 h, more
LEAST_TO_LEARN = 5  # sessions of a home that counts in the prior
QUANTILES = np.array(
    [0.04, 0.1, 0.16, 0.22, 0.28, 0.34, 0.4, 0.46, 0.52, 0.58, 0.64, 0.7, 0.76, 0.82, 0.87, 0.91, 0.94, 0.965, 0.985]
)
_EDGES = np.concatenate(([0.0], (QUANTILES[1:] + QUANTILES[:-1]) / 2, [1.0]))
WEIGHTS = np.diff(_EDGES)
_NEED_MIDS = np.linspace(np.log(0.3), np.log(12), NEEDS)

# Widths of the kernels and weights of the prior, chosen on every eighth of the 161 shared homes and two price zones.
_ARRIVAL_SD, _NEED_SD, _OTHER_DAY, _HALF_LIFE = 2.0, 0.4, 0.4, 150.0
_POOL_ARRIVAL_SD, _POOL_NEED_SD, _PRIOR_SESSIONS = 1.5, 0.25, 0.7
_HAZARD_PRIOR, _TRIP_PRIOR, _TRIP_HALF_LIFE, _TRIP_SD = 5.0, 6.0, 90.0, 2.0


@by_reference
class Pool:
    """What homes have in common: the prior of a home that has shown nothing yet.

    Attributes:
        depart: (4, 24, 8, 97) departure, hours after plug-in, by weekday class, arrival hour and energy needed.
        early: (3, 3, 24) chance to leave in the 1st, 2nd, 3rd hour, by energy needed and hour of day.
        later: (3, 168) the same afterwards, by hour of the week from Monday 00:00.
        trip_share: (4, 24, K) quantiles of the next trip, relative to the home's mean.
        away_hours: (4, 24, K) hours away that go with them.
        mean_share: mean session energy relative to the battery.
        levels: (101,) calibration: the probability at which 0, 1, .. 100 % of the pool's departures really had happened
            (Kuleshov, Fenner & Ermon 2018, ICML, section 3).
    """

    depart: Floats
    early: Floats
    later: Floats
    trip_share: Floats
    away_hours: Floats
    mean_share: float
    levels: Floats


@by_reference
class Habits:
    """What is known of a home at each of its N plug-ins, from what lay before it; shapes as in `Pool`.

    Attributes:
        depart: (N, 97) departure distribution of the session, hours after the hour of plug-in.
        early: (N, 3, 3, 24) hazards of sessions to come.
        later: (N, 3, 168) likewise.
        trip_kwh: (N, 4, 24, K) quantiles of the next trip's energy, kWh.
        away_hours: (N, 4, 24, K) hours away that go with them.
        levels: (101,) calibration of stated probabilities, from the pool.
    """

    depart: Floats
    early: Floats
    later: Floats
    trip_kwh: Floats
    away_hours: Ints
    levels: Floats


@by_reference
class Sessions:
    """A home's N sessions, as they are learnt from.

    Attributes:
        arrive: (N,) hour since 1970 of plugging in.
        leave: (N,) of the last minute there.
        energy: (N,) kWh.
        need: (N,) hours of charging that it takes.
    """

    arrive: Ints
    leave: Ints
    energy: Floats
    need: Floats


@by_reference
class Left:
    """Hours that cars were there and hours in which they left, by age of the session, energy needed and clock.

    Attributes:
        early: (3, 3, 24) left in the 1st, 2nd, 3rd hour.
        early_there: (3, 3, 24) were there.
        later: (3, 168) left afterwards, by hour of the week.
        later_there: (3, 168) were there.
    """

    early: Floats
    early_there: Floats
    later: Floats
    later_there: Floats


def learn_pool(homes: Sequence[Home]) -> Pool:
    """The prior that other homes give; each home counts with the square root of its sessions."""
    known = [home for home in homes if home.sessions >= LEAST_TO_LEARN]
    if not known:
        raise BadInput(
            f"no home with at least {LEAST_TO_LEARN} sessions to learn from", "give a file with more sessions"
        )
    arrive, leave, need, weight = (np.concatenate(part) for part in zip(*map(_rows, known), strict=True))
    early, later = _pooled_hazards(known)
    trips = np.concatenate([_trips(home) for home in known])
    share, away = _pooled_trips(trips)
    pool = Pool(
        depart=_pooled_departures(arrive, leave, need, weight),
        early=early,
        later=later,
        trip_share=share,
        away_hours=away,
        mean_share=float(np.mean([_energy(home).mean() / home.battery_kwh for home in known])),
        levels=np.linspace(0.0, 1.0, 101),
    )
    return replace(pool, levels=_calibrated(known, pool))


def learn_habits(home: Home, pool: Pool, *, since: int = 0) -> Habits:
    """What was known at each plug-in of a home. The end and the energy of a session count only for later ones.

    The energy needed at plug-in is known then (the car tells its state of charge); here it is what the session took.
    Sessions before number `since` are counted but not answered for: their rows stay 0.
    """
    arrive, leave, energy = home.plug_in // 60, (home.plug_out - 1) // 60, _energy(home)
    seen = Sessions(arrive=arrive, leave=leave, energy=energy, need=energy / home.power_kw)
    return _learn(seen, pool, pool.mean_share * home.battery_kwh, since)


def departure_interval(habits: Habits, session: int, plugged_in: int, share: float = 0.9) -> tuple[float, float]:
    """Central interval of a session's departure, minutes since 1970 local; `plugged_in` in minutes.

    The distribution is spread evenly within each hour, the first counting from the plug-in on; departures in the last
    and after it thin out by `LAST_HAZARD` an hour.
    """
    tail = (1 - share) / 2
    return (
        departure_quantile(habits, session, plugged_in, tail),
        departure_quantile(habits, session, plugged_in, 1 - tail),
    )


def departure_quantile(habits: Habits, session: int, plugged_in: int, level: float) -> float:
    """The minute before which the car has left with probability `level`, calibrated on the pool."""
    depart, first = habits.depart[session], plugged_in // 60
    level = float(np.interp(level, np.linspace(0.0, 1.0, 101), habits.levels))
    cumulative = np.cumsum(depart)
    hour = int(np.searchsorted(cumulative, level * cumulative[-1]))
    before = cumulative[hour - 1] if hour else 0.0
    begin = plugged_in if hour == 0 else 60 * (first + hour)
    end = 60 * (first + hour + 1)
    share = (level * cumulative[-1] - before) / max(depart[hour], 1e-300)
    if hour == LONGEST - 1:
        return begin + minutes_to_leave(min(share, 1 - 1e-9))
    return float(begin + (end - begin) * share)


def minutes_to_leave(level: float) -> float:
    """The minutes before which a car that leaves by `LAST_HAZARD` an hour has left with probability `level`."""
    return 60 * log(1 - level) / log(1 - LAST_HAZARD)


def sure_until(habits: Habits, session: int, plugged_in: int, minute: float) -> float:
    """Probability that the car is still there at `minute`, calibrated on the pool."""
    return float(sure_at(habits, session, plugged_in, np.array([minute]))[0])


def sure_at(habits: Habits, session: int, plugged_in: int, minutes: Floats) -> Floats:
    """(M,) probability that the car is still there at each of the minutes, calibrated on the pool."""
    gone = _gone(habits.depart[session], plugged_in, minutes)
    return np.asarray(1 - np.interp(gone, habits.levels, np.linspace(0.0, 1.0, 101)))


def _gone(depart: Floats, plugged_in: int, minutes: Floats) -> Floats:
    """(M,) probability, before calibration, that the car has left by each of the minutes."""
    first = plugged_in // 60
    begin = 60.0 * (first + np.arange(depart.size))
    end = begin + 60
    begin[0] = plugged_in
    share = np.clip((minutes[:, None] - begin) / (end - begin), 0.0, 1.0)
    share[:, -1] = 1 - (1 - LAST_HAZARD) ** (np.maximum(minutes - begin[-1], 0.0) / 60)
    return np.asarray(share @ depart / depart.sum())


def _calibrated(homes: Sequence[Home], pool: Pool) -> Floats:
    """Quantiles of the probability that was stated for the departures that then happened, over up to 40 homes."""
    stated = []
    for home in homes[:: max(len(homes) // 40, 1)]:
        depart = learn_habits(home, pool).depart
        out = home.plug_out.astype(np.float64)
        stated += [_gone(depart[k], int(home.plug_in[k]), out[k : k + 1])[0] for k in range(home.sessions)]
    levels = np.quantile(stated, np.linspace(0.0, 1.0, 101))
    levels[0], levels[-1] = 0.0, 1.0
    return np.asarray(np.maximum.accumulate(levels + 1e-9 * np.arange(101)) / (1 + 1e-7))


def _energy(home: Home) -> Floats:
    """What each session took, at most what the charger could give in its time."""
    energy: Floats = np.minimum(home.energy_kwh, home.power_kw * (home.plug_out - home.plug_in) / 60)
    return energy


def _rows(home: Home) -> tuple[Ints, Ints, Floats, Floats]:
    count = home.sessions
    weight = np.full(count, 1 / np.sqrt(count))
    return home.plug_in // 60, (home.plug_out - 1) // 60, _energy(home) / home.power_kw, weight


def _trips(home: Home) -> Floats:
    """(N - 1, 5): weekday class and hour of leaving, energy over the home's mean, hours away, weight."""
    arrive, leave, energy = home.plug_in // 60, (home.plug_out - 1) // 60, _energy(home)
    classes = np.array([day_class(weekday(hour)) for hour in leave[:-1]], dtype=np.float64)
    away = np.maximum(arrive[1:] - leave[:-1], 1)
    weight = np.full(away.size, 1 / np.sqrt(home.sessions))
    return np.column_stack((classes, leave[:-1] % 24, energy[1:] / energy.mean(), away, weight))


def _pooled_departures(arrive: Ints, leave: Ints, need: Floats, weight: Floats) -> Floats:
    table = _departure_table(arrive, leave, need, weight)
    every = table.sum((0, 1, 2))
    every /= every.sum()
    table = table + (0.02 * table.sum(3, keepdims=True) + 1e-3) * every
    return np.asarray(table / table.sum(3, keepdims=True))


def _pooled_hazards(homes: Sequence[Home]) -> tuple[Floats, Floats]:
    left = _nobody_left()
    for home in homes:
        arrive, leave, need, weight = _rows(home)
        _count_all(arrive, leave, need, weight, left)
    early, base = _smooth(_smooth(left.early)), _smooth(_smooth(left.early_there))
    rate = early.sum(2, keepdims=True) / np.maximum(base.sum(2, keepdims=True), 1e-9)
    over, base_later = _smooth(left.later), _smooth(left.later_there)
    later = (over + 0.3 * over.sum(0) + 0.05) / (base_later + 0.3 * base_later.sum(0) + 1)
    return (early + 2 * rate) / (base + 2), later


def _smooth(table: Floats) -> Floats:
    return 0.25 * np.roll(table, 1, -1) + 0.5 * table + 0.25 * np.roll(table, -1, -1)


def _pooled_trips(trips: Floats) -> tuple[Floats, Floats]:
    """Quantiles of the trip by class and hour of leaving, and the mean hours away of the trips around each."""
    share, away = np.zeros((4, 24, QUANTILES.size)), np.zeros((4, 24, QUANTILES.size))
    order = np.argsort(trips[:, 2], kind="stable")
    trips = trips[order]
    for kind in range(4):
        for hour in range(24):
            apart = np.abs(trips[:, 1] - hour)
            near = np.exp(-0.5 * (np.minimum(apart, 24 - apart) / _TRIP_SD) ** 2)
            weight = trips[:, 4] * near * np.where(trips[:, 0] == kind, 1.0, 0.1)
            mass = np.cumsum(weight) / weight.sum()
            share[kind, hour] = trips[np.searchsorted(mass, QUANTILES), 2]
            for k in range(QUANTILES.size):
                first = int(np.searchsorted(mass, _EDGES[k]))
                last = max(int(np.searchsorted(mass, _EDGES[k + 1])), first + 1)
                away[kind, hour, k] = _weighted_median(trips[first:last, 3], weight[first:last])
    return share, np.minimum(away, 240.0)


def _weighted_median(values: Floats, weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    mass = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(mass, 0.5 * mass[-1])])


@compiled
def weekday(hour: H) -> H:
    """0 Monday .. 6 Sunday of an hour, or of hours, since 1970-01-01 (a Thursday)."""
    return (hour // 24 + 3) % 7


@compiled
def day_class(day: int) -> int:
    """0 Monday to Thursday, 1 Friday, 2 Saturday, 3 Sunday."""
    return 0 if day < 4 else day - 3


@inner
def need_class(charging_hours: float) -> int:
    """0 short, 1 middling, 2 long charging needed."""
    if charging_hours < 1.2:
        return 0
    return 1 if charging_hours < 3.0 else 2


@inner
def _apart(a: int, b: int) -> int:
    """Hours between two times of day."""
    d = abs(a - b) % 24
    return min(d, 24 - d)


@inner
def _shifted(offset: int, hours: int) -> int:
    """A departure seen after an arrival some hours away: long stays keep their clock time, short ones their length."""
    if offset >= 5:
        offset = max(offset + hours, 0)
    return min(offset, LONGEST - 1)


@compiled
def _departure_table(arrive: Ints, leave: Ints, need: Floats, weight: Floats) -> Floats:
    table = np.zeros((4, 24, NEEDS, LONGEST))
    for i in range(len(arrive)):
        kind, hour = day_class(weekday(arrive[i])), arrive[i] % 24
        offset = min(leave[i] - arrive[i], LONGEST - 1)
        for shift in range(-4, 5):
            near = np.exp(-0.5 * (shift / _POOL_ARRIVAL_SD) ** 2)
            at = _shifted(offset, -shift)
            for b in range(NEEDS):
                alike = np.exp(-0.5 * ((np.log(need[i] + 0.3) - _NEED_MIDS[b]) / _POOL_NEED_SD) ** 2)
                if alike >= 1e-4:
                    for other in range(4):
                        same = 1.0 if other == kind else 0.1
                        table[other, (hour + shift) % 24, b, at] += weight[i] * near * alike * same
    return table


@inner
def _own_departures(seen: Sessions, k: int) -> Floats:
    """(97,) weights of departures seen before session k, by likeness to its arrival."""
    found, arrive, leave, need = np.zeros(LONGEST), seen.arrive, seen.leave, seen.need
    hour, day = arrive[k] % 24, weekday(arrive[k])
    for i in range(k):
        its_day = weekday(arrive[i])
        w = np.exp(-0.5 * (_apart(arrive[i] % 24, hour) / _ARRIVAL_SD) ** 2)
        if its_day != day:
            w *= 0.7 if day_class(its_day) == day_class(day) else _OTHER_DAY
        w *= 0.5 ** (abs(arrive[k] - arrive[i]) / 24.0 / _HALF_LIFE)
        w *= np.exp(-0.5 * ((np.log(need[i] + 0.3) - np.log(need[k] + 0.3)) / _NEED_SD) ** 2)
        if w < 1e-4:
            continue
        shift = arrive[i] % 24 - hour
        if shift > 12:
            shift -= 24
        if shift < -12:
            shift += 24
        at = _shifted(leave[i] - arrive[i], shift)
        found[at] += 0.6 * w
        found[min(at + 1, LONGEST - 1)] += 0.2 * w
        found[max(at - 1, 0)] += 0.2 * w
    return found


@compiled
def _nobody_left() -> Left:
    early, later = np.zeros((CLASSES, EARLY, 24)), np.zeros((CLASSES, 168))
    return Left(early, np.zeros_like(early), later, np.zeros_like(later))


@compiled
def _count_all(arrive: Ints, leave: Ints, need: Floats, weight: Floats, left: Left) -> None:
    for k in range(len(arrive)):
        _count(arrive[k], leave[k], need_class(need[k]), weight[k], left)


@inner
def _count(arrive: int, leave: int, need: int, weight: float, left: Left) -> None:
    """Count the hours a session was there and the one it left in."""
    for hour in range(arrive, leave + 1):
        gone = weight if hour == leave else 0.0
        if hour - arrive < EARLY:
            left.early_there[need, hour - arrive, hour % 24] += weight
            left.early[need, hour - arrive, hour % 24] += gone
        else:
            left.later_there[need, (hour + 72) % 168] += weight
            left.later[need, (hour + 72) % 168] += gone


@compiled
def _learn(seen: Sessions, pool: Pool, mean_kwh: float, since: int) -> Habits:
    """What was known at each plug-in from `since` on; `mean_kwh` is what a session is expected to take beforehand."""
    count, quantiles = len(seen.arrive), len(QUANTILES)
    habits = Habits(
        np.zeros((count, LONGEST)),
        np.zeros((count, CLASSES, EARLY, 24)),
        np.zeros((count, CLASSES, 168)),
        np.zeros((count, 4, 24, quantiles)),
        np.zeros((count, 4, 24, quantiles), np.int64),
        pool.levels,
    )
    left, spacing = _nobody_left(), _NEED_MIDS[1] - _NEED_MIDS[0]
    for k in range(count):
        arrive, need = seen.arrive[k], seen.need[k]
        if k >= since:
            kind, hour = day_class(weekday(arrive)), arrive % 24
            b = int(min(max(round((np.log(need + 0.3) - _NEED_MIDS[0]) / spacing), 0), NEEDS - 1))
            weights = pool.depart[kind, hour, b] * _PRIOR_SESSIONS + _own_departures(seen, k)
            habits.depart[k] = weights / weights.sum()
            _own_hazards(habits.early[k], habits.later[k], left, pool)
            _own_trips(habits.trip_kwh[k], habits.away_hours[k], seen, k, mean_kwh, pool)
        _count(arrive, seen.leave[k], need_class(need), 1.0, left)
    return habits


@inner
def _own_hazards(early: Floats, later: Floats, left: Left, pool: Pool) -> None:
    """Fill (3, 3, 24) and (3, 168) chances to leave: those counted, the pool's as if seen `_HAZARD_PRIOR` times."""
    gone_late, there_late, gone_early, there_early = left.later, left.later_there, left.early, left.early_there
    for b in range(CLASSES):
        for t in range(168):
            gone, seen = 0.0, 0.0
            for shift, near in ((-1, 0.5), (0, 1.0), (1, 0.5)):
                for other in range(CLASSES):
                    alike = near if other == b else 0.2 * near
                    gone += gone_late[other, (t + shift) % 168] * alike
                    seen += there_late[other, (t + shift) % 168] * alike
            later[b, t] = min((gone + _HAZARD_PRIOR * pool.later[b, t]) / (seen + _HAZARD_PRIOR), 0.97)
        for age in range(EARLY):
            for t in range(24):
                gone, seen = 0.0, 0.0
                for shift, near in ((-2, 0.3), (-1, 0.7), (0, 1.0), (1, 0.7), (2, 0.3)):
                    gone += gone_early[b, age, (t + shift) % 24] * near
                    seen += there_early[b, age, (t + shift) % 24] * near
                prior = _HAZARD_PRIOR * pool.early[b, age, t]
                early[b, age, t] = min((gone + prior) / (seen + _HAZARD_PRIOR), 0.97)


@inner
def _own_trips(trip: Floats, away: Ints, seen: Sessions, k: int, mean_kwh: float, pool: Pool) -> None:
    """Quantiles of the next trip: trips seen before session k, and the pooled shape scaled to the home's mean."""
    quantiles, arrive, leave, energy = len(QUANTILES), seen.arrive, seen.leave, seen.energy
    total, weight = 3.0 * mean_kwh, 3.0
    for i in range(k + 1):
        w = 0.5 ** ((arrive[k] - arrive[i]) / 24.0 / _TRIP_HALF_LIFE)
        total += w * energy[i]
        weight += w
    mean = total / weight
    order = np.argsort(energy[1 : k + 1], kind="mergesort")  # equal trips in order of time
    hours, recent = np.empty(k), np.empty(k)
    kinds, clocks = np.empty(k, np.int64), np.empty(k, np.int64)
    for i in range(k):
        hours[i] = max(arrive[i + 1] - leave[i], 1)
        recent[i] = 0.5 ** ((arrive[k] - arrive[i]) / 24.0 / _TRIP_HALF_LIFE)
        kinds[i], clocks[i] = day_class(weekday(leave[i])), leave[i] % 24
    near = np.exp(-0.5 * (np.arange(13) / _TRIP_SD) ** 2)
    mass = np.empty(k)
    for kind in range(4):
        for hour in range(24):
            share, pool_away = pool.trip_share[kind, hour], pool.away_hours[kind, hour]
            all_of_it = _TRIP_PRIOR * (_EDGES[quantiles] - _EDGES[0])
            for i in range(k):
                mass[i] = recent[i] * near[_apart(clocks[i], hour)]
                if kinds[i] != kind:
                    mass[i] *= 1.5 * _OTHER_DAY
                all_of_it += mass[i]
            # Both the home's trips and the prior's are in rising order: one walk through the two.
            walked, j, own, shared, last, away_last = 0.0, 0, 0, 0, 0.0, 0.0
            while own < k or shared < quantiles:
                from_pool = shared < quantiles and (own == k or share[shared] * mean <= energy[order[own] + 1])
                if from_pool:
                    last, away_last = share[shared] * mean, pool_away[shared]
                    walked += _TRIP_PRIOR * (_EDGES[shared + 1] - _EDGES[shared]) / all_of_it
                    shared += 1
                else:
                    last, away_last = energy[order[own] + 1], hours[order[own]]
                    walked += mass[order[own]] / all_of_it
                    own += 1
                while j < quantiles and walked >= QUANTILES[j] - 1e-12:
                    trip[kind, hour, j], away[kind, hour, j] = last, int(away_last)
                    j += 1
            while j < quantiles:
                trip[kind, hour, j], away[kind, hour, j] = last, int(away_last)
                j += 1
