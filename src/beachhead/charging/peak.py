"""Charging where the month's highest hour costs: what is already locked in against what is worth raising.

A capacity tariff (Flanders: each quarter-hour, Norway: the mean of the three highest days) charges each kW of the
month's peak. Here the peak is the highest hourly mean, household and car together. Whenever a plan is made, the
policy asks how high the rest of the month should be allowed to go:

    cost(cap) = charge x E[max(cap, peak so far, what the household alone will still reach)] + energy under the cap.

The second term is the cost to go of the stochastic programme with the charger held under the cap, less a quantile of
the household's load in the same hour of past days; the first takes the household's coming peak from the highest hours
of past days (n days to come: F(x)^n). Both use load strictly before the hour at hand. The cap is convex in cost but for
the programme's mesh, so it is found by steps from the last one. Re-planning with the peak that has become certain
makes it open-loop feedback control (Bertsekas, Dynamic Programming and Optimal Control, 3rd ed. 2005, section 6.2).

Within the hour the charger weighs what a kWh is worth against the peak it may raise (`hour`).
"""

from __future__ import annotations

from dataclasses import field

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.habit import Habits
from beachhead.charging.hour import LIKE_DAYS, Household, Stakes, Stay, keep_to
from beachhead.charging.lived import Lived, Told, drive, hours_ahead
from beachhead.charging.program import Builder
from beachhead.charging.published import known_until
from beachhead.charging.record import Home, Load
from beachhead.charging.stochastic import (
    HORIZON,
    LEVELS,
    BaseStock,
    CarTerms,
    HoursAhead,
    ToCome,
    between,
    empty_worth,
    no_sun,
    plan_levels,
    to_come,
)
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAYS_BACK = 42
"""Days of past load that a peak policy looks back on."""
_PAST = 24 * DAYS_BACK
_STEP_KW = 0.5
_MOVES = 12
# Chosen on 25 of the homes that the benchmark leaves out, looked at on 25 more of them (docs/measured/charging.md).
_PLANNED = 0.5  # share of the highest past load that a plan leaves room for; the hour at hand weighs what it may be
_LATER = 0.8  # power of the horizons left in a month: what a cap costs later counts for less, it can be raised then too


@by_reference
class Metered:
    """The household's load along the sessions of its car, and what a kW of the monthly peak costs.

    Attributes:
        first_hour: hour since 1970 at which the sessions begin.
        load_kw: (24 x 42 + H,) hourly mean load without the car, from 42 days before `first_hour` on.
        month: (H,) number of the calendar month of each hour, from 0.
        eur_per_kw: charge for each kW of one month's peak, EUR.
        half_kwh: of `load_kw` what falls in the first half of each hour, kWh; empty if the meter tells whole hours.
    """

    first_hour: int
    load_kw: Floats
    month: Ints
    eur_per_kw: float
    half_kwh: Floats = field(default_factory=lambda: np.empty(0))

    def added_eur(self, hour: Ints, draw_kwh: Floats) -> float:
        """What drawing (P,) kWh in hours since 1970 adds to the charge on the household's own peaks, EUR."""
        extra = np.zeros(self.month.size)
        np.add.at(extra, hour - self.first_hour, draw_kwh)
        return float(self.eur_per_kw * (self.peaks(extra) - self.peaks()).sum())

    def peaks(self, extra_kwh: Floats | None = None) -> Floats:
        """(months,) highest hour of each month, kW, with `extra_kwh` (H,) on top of the household's load."""
        power = self.load_kw[_PAST:]
        power = power if extra_kwh is None else power + extra_kwh
        peaks = np.zeros(int(self.month[-1]) + 1)
        np.maximum.at(peaks, self.month, power)
        return peaks


def metered(load: Load, home: Home, eur_per_kw_year: float) -> Metered:
    """Lay a household's load on the hours of a home's sessions, weekday on weekday."""
    first, last = int(home.plug_in[0]) // 60, int(home.plug_out[-1] - 1) // 60
    months = month_of(np.arange(first, last + 1))
    return Metered(
        first_hour=first,
        load_kw=laid(load, first - _PAST, last + 1),
        month=months - months[0],
        eur_per_kw=eur_per_kw_year / 12,
        half_kwh=laid_halves(load, first - _PAST, last + 1),
    )


def month_of(hour: Ints) -> Ints:
    """Calendar months since 1970-01 that hours since 1970 lie in."""
    months: Ints = hour.astype("datetime64[h]").astype("datetime64[M]").astype(np.int64)
    return months


def laid(load: Load, first: int, last: int) -> Floats:
    """(last - first,) hourly mean load in kW on hours since 1970, weekday on weekday; earlier years are repeated."""
    slots, start = _whole_weeks(load)
    part: Floats = slots.sum(1)[(np.arange(first, last) - start) % len(slots)]
    return part


def laid_halves(load: Load, first: int, last: int) -> Floats:
    """(last - first,) of `laid` what falls in the first half of each hour, kWh; empty if the record is coarser."""
    slots, start = _whole_weeks(load)
    per_hour = slots.shape[1]
    if per_hour % 2 > 0:
        return np.empty(0)
    part: Floats = slots[:, : per_hour // 2].sum(1)[(np.arange(first, last) - start) % len(slots)]
    return part


def _whole_weeks(load: Load) -> tuple[Floats, int]:
    """(hours, slots an hour) kWh of as many whole weeks as are on record, and the hour of the Monday they begin at."""
    per_hour = max(round(1 / load.slot_hours), 1)
    monday = (-(load.first_hour + 72)) % 168
    kwh = load.kwh[monday * per_hour :]
    weeks = kwh.size // (168 * per_hour)
    return kwh[: weeks * 168 * per_hour].reshape(-1, per_hour), load.first_hour + monday


def days_looked_at(load: Load) -> int:
    """Days of load that a live plan looks at: as many as like hours are sought in, as far as they are on record.

    A shorter record is repeated: beyond its length the hour at hand would meet itself.
    """
    weeks, _ = _whole_weeks(load)
    return min(max(len(weeks) // 24, DAYS_BACK), LIKE_DAYS)


def perfect_peak(metered: Metered, lived: Lived, car: CarTerms, *, worth: float) -> tuple[Floats, Floats]:
    """(P,) drawn and missing under perfect foresight of prices, trips, departures and load: a linear programme.

    `worth` is that of a kWh left over at the end, EUR.
    """
    hour, first, price = lived.hour, lived.first, lived.price[lived.at]
    builder, count = Builder(), hour.size
    leaves = first[1:-1]
    trips = np.zeros(count)
    trips[leaves] = lived.energy[1:]
    end = np.zeros(count)
    end[-1] = -worth
    draw = builder.variables("draw", count, cost=price, upper=car.power * lived.part)
    missing = builder.variables("missing", count, cost=car.shortage, upper=trips)
    stored = builder.variables("stored", count, upper=car.battery, cost=end)
    alone = metered.peaks()
    peaks = builder.variables("peak", alone.size, cost=metered.eur_per_kw, lower=alone)
    before = np.concatenate(([-1], stored[:-1]))
    level = -trips
    level[0] += lived.start
    builder.constraints(
        "state", [(stored, 1.0), (before, -1.0), (draw, -1.0), (missing, -1.0)], lower=level, upper=level, count=count
    )
    builder.constraints(
        "leave", [(before[leaves], 1.0), (missing[leaves], 1.0)], lower=trips[leaves], upper=np.inf, count=leaves.size
    )
    at = hour - metered.first_hour
    load = metered.load_kw[_PAST + at]
    hours, row = np.unique(at, return_inverse=True)  # a car that comes back within the hour has two pieces in it
    rows = np.concatenate((np.arange(hours.size), row))
    columns = np.concatenate((peaks[metered.month[hours]], draw))
    signs = np.concatenate((np.ones(hours.size), np.full(count, -1.0)))
    need = np.zeros(hours.size)
    need[row] = load
    builder.sums("hour", rows, columns, signs, lower=need, upper=np.inf)
    found = builder.solve()
    return np.maximum(found.values[draw], 0.0), np.maximum(found.values[missing], 0.0)


@by_reference
class Month:
    """Where the month stands at an hour, for a cap on the rest of it.

    Attributes:
        locked: its highest hour so far, kW.
        left: hours left in it.
        usual: what peak was usual in the months before, kW; below 0 if none was seen.
        busy: (24,) by hour of day, load that a plan leaves room for, kW.
        days: (42,) highest hours of the past days, rising, kW.
        eur_per_kw: charge for each kW of its peak, EUR.
    """

    locked: float
    left: int
    usual: float
    busy: Floats
    days: Floats
    eur_per_kw: float


@by_reference
class Peaks:
    """The meter as it is read along the sessions, household and car together.

    Attributes:
        drawn: (H,) what the car drew in each hour, kWh.
        state: (4,) the month's peak so far, the usual peak of the months before (-1: none), the month, hours read.
    """

    drawn: Floats
    state: Floats


@by_reference
class Charged:
    """The sessions of a home as they are charged where the month's peak costs.

    Attributes:
        lived: the sessions.
        car: the car.
        told: what the driver tells.
        metered: the household's load.
        peaks: the meter.
        draw: (P,) what the car drew in each piece, kWh.
    """

    lived: Lived
    car: CarTerms
    told: Told
    metered: Metered
    peaks: Peaks
    draw: Floats


@by_reference
class Capped:
    """The plan in force, and the cap that it keeps to.

    Attributes:
        cap: on the rest of the month, kW.
        month: where it stood when the plan was made.
        ahead: the hours planned.
        levels: to charge up to.
    """

    cap: float
    month: Month
    ahead: HoursAhead
    levels: BaseStock


_SO_FAR, _USUAL, _MONTH, _READ = range(4)


@compiled
def month_aware(lived: Lived, car: CarTerms, habits: Habits, told: Told, metered: Metered) -> tuple[Floats, Floats]:
    """Sessions charged by the stochastic planner under the cap that is worth it: (drawn (P,), missing (P,)) kWh.

    Planned anew at plug-in and when prices are published; the load of an hour, or of half an hour where the meter tells
    them, is seen only after it.
    """
    hour, first, missing = lived.hour, lived.first, np.zeros(len(lived.hour))
    worth, peaks = empty_worth(), Peaks(np.zeros(len(metered.month)), np.array([0.0, -1.0, 0.0, 0.0]))
    charged = Charged(lived, car, told, metered, peaks, np.zeros(len(hour)))
    cap, stored = -1.0, lived.start
    for k in range(len(first) - 1):
        if k > 0:
            stored = drive(stored, lived.energy[k], missing, first[k])
        i, learnt = first[k], to_come(habits, k)
        while i < first[k + 1]:
            ahead = hours_ahead(lived, habits, k, i, told)
            month = _month_at(metered, peaks, hour[i] - metered.first_hour, hour[i])
            if cap < 0.0:
                cap = month.days[-1]
            cap, levels = best_cap(cap, month, car, ahead, stored, lived.part[i], learnt, worth)
            i, stored = _kept_under(charged, Capped(cap, month, ahead, levels), k, i, stored)
    return charged.draw, missing


@inner
def _month_at(metered: Metered, peaks: Peaks, here: int, now: int) -> Month:
    _read_meter(metered, peaks, here)
    at = _PAST + here
    busy, days = planned_load(metered.load_kw, at, now), daily_peaks(metered.load_kw, at)
    left = _left_of_month(metered.month, here)
    return Month(peaks.state[_SO_FAR], left, peaks.state[_USUAL], busy, days, metered.eur_per_kw)


@inner
def _kept_under(charged: Charged, plan: Capped, k: int, i: int, stored: float) -> tuple[int, float]:
    """Follow the plan of session `k` made at piece `i` until it is made anew: the next piece, and kWh stored."""
    lived, car, metered, peaks, ahead = charged.lived, charged.car, charged.metered, charged.peaks, plan.ahead
    hour, end, house = lived.hour, lived.first[k + 1], Household(metered.load_kw, metered.half_kwh)
    here = ahead.now - metered.first_hour
    _, again = known_until(ahead.now)
    while i < end and hour[i] < again:
        h, t = hour[i] - metered.first_hour, hour[i] - ahead.now
        if metered.month[h] != metered.month[here]:
            break  # a new month: the peak begins at nothing
        _read_meter(metered, peaks, h)
        limit = max(plan.cap, peaks.state[_SO_FAR])
        wanted = min(plan.levels.grid[t] - stored, car.power)
        if wanted > 0.0:
            days_left = max(_left_of_month(metered.month, h) // 24, 1)
            charge = metered.eur_per_kw * stays_below(limit, plan.month.days, days_left)
            stakes = Stakes(ahead.price[t], plan.levels.onward[t], charge, car.battery, car.power)
            stay = _stay(i, lived.first[k], end, lived.part[i], charged.told.departure)
            charged.draw[i] = keep_to(wanted, limit - peaks.drawn[h], stored, stay, stakes, house, _PAST + h)
        stored += charged.draw[i]
        peaks.drawn[h] += charged.draw[i]
        i += 1
    return i, stored


@inner
def _stay(piece: int, first: int, end: int, part: float, told: bool) -> Stay:
    """When the car is there in the hour of a piece: a session's first piece ends with the hour."""
    begin, last = (1.0 - part, 1.0) if piece == first else (0.0, part if piece == end - 1 else 1.0)
    return Stay(begin, last, last if told else 1.0)


@compiled
def planned_load(load: Floats, at: int, now: int) -> Floats:
    """(24,) by hour of day: load that a plan leaves room for in the hours to come, kW; `at` is the hour `now`."""
    return _PLANNED * busy_load(load, at, now)


@inner
def _read_meter(metered: Metered, peaks: Peaks, here: int) -> None:
    """Take in the hours before `here`: the month's peak so far, and what peak was usual in the months before."""
    month, state = metered.month, peaks.state
    for h in range(int(state[_READ]), here + 1):
        if month[h] > state[_MONTH]:
            ended = state[_SO_FAR]
            seen = min(state[_MONTH] + 1.0, 4.0)
            state[_USUAL] = ended if state[_MONTH] == 0.0 else state[_USUAL] + (ended - state[_USUAL]) / seen
            state[_SO_FAR], state[_MONTH] = 0.0, month[h]
        if h < here:
            state[_SO_FAR] = max(state[_SO_FAR], metered.load_kw[_PAST + h] + peaks.drawn[h])
    state[_READ] = here


@inner
def _left_of_month(month: Ints, here: int) -> int:
    left = 0
    while here + left < len(month) and month[here + left] == month[here]:
        left += 1
    return left


@compiled
def busy_load(load: Floats, at: int, now: int) -> Floats:
    """(24,) by hour of day: the highest load of that hour in the past days, kW; `at` is the hour `now` in `load`."""
    found = np.zeros(24)
    for back in range(1, _PAST + 1):
        clock = (now - back) % 24
        found[clock] = max(found[clock], load[at - back])
    return found


@compiled
def daily_peaks(load: Floats, at: int) -> Floats:
    """(42,) highest hours of the past days, rising, kW."""
    days = np.empty(DAYS_BACK)
    for day in range(DAYS_BACK):
        days[day] = load[at - 24 * (day + 1) : at - 24 * day].max()
    days.sort()
    return days


@compiled
def expected_peak(cap: float, days: Floats, count: int) -> float:
    """E[max(cap, highest of `count` days to come)], their highest hours drawn from those of past days, kW."""
    total, size = cap, len(days)
    for j in range(size):
        above = days[j] - max(cap, days[j - 1] if j > 0 else 0.0)
        if above > 0.0:
            total += above * (1.0 - (j / size) ** count)
    return total


@compiled
def stays_below(cap: float, days: Floats, count: int) -> float:
    """Chance that the household alone keeps below a cap on `count` days to come, by the highest hours of past days."""
    return ((np.searchsorted(days, cap, side="right") + 0.5) / (len(days) + 1)) ** count


@compiled
def best_cap(
    cap: float, month: Month, car: CarTerms, ahead: HoursAhead, stored: float, part: float, learnt: ToCome,
    worth: Floats,
) -> tuple[float, BaseStock]:  # fmt: skip
    """The cap worth keeping to for the rest of the month, and the plan under it; `part` is that of the hour at hand.

    From the last cap up while that is worth it, else down, never below what is locked in. What the cap costs in energy
    over the horizon is taken for the rest of the month by the horizons left in it, to the power `_LATER`.
    """
    left, kept = max(month.left, 1), worth.copy()
    weight = (left / min(left, HORIZON)) ** _LATER
    best, direction = max(cap, month.locked), 1.0
    least, plan = _under(best, month, car, ahead, stored, part, learnt, weight, worth)
    its_worth = worth.copy()
    for move in range(1, _MOVES):
        if direction < 0.0 and best <= month.locked:
            break
        tried = max(best + direction * _STEP_KW, month.locked)
        worth[:] = kept
        cost, levels = _under(tried, month, car, ahead, stored, part, learnt, weight, worth)
        if cost < least - 1e-9:
            best, least, plan = tried, cost, levels
            its_worth[:] = worth
        elif move == 1:
            direction = -1.0
        else:
            break
    worth[:] = its_worth
    return best, plan


@inner
def _under(
    cap: float, month: Month, car: CarTerms, ahead: HoursAhead, stored: float, part: float, learnt: ToCome,
    weight: float, worth: Floats,
) -> tuple[float, BaseStock]:  # fmt: skip
    """Expected cost of the month's peak and, weighed, of energy from now on under a cap; and the plan under it."""
    room = room_under(cap, month, ahead.now, car.power)
    levels = plan_levels(car, ahead, room, learnt, no_sun(), worth)
    charged = max(min(levels.grid[0] - stored, room[0] * part), 0.0)
    energy = between(levels.onward[0], stored + charged, car.battery / (LEVELS - 1)) + ahead.price[0] * charged
    return month.eur_per_kw * expected_peak(cap, month.days, max(month.left // 24, 1)) + energy * weight, levels


@compiled
def room_under(cap: float, month: Month, now: int, power: float) -> Floats:
    """(T,) most the charger draws under the cap for the rest of the month and the usual one after, kW."""
    room = np.empty(HORIZON)
    for t in range(HORIZON):
        limit = cap if t < month.left or month.usual < 0.0 else month.usual
        room[t] = min(max(limit - month.busy[(now + t) % 24], 0.0), power)
    return room
