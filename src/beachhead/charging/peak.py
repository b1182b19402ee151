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

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.hour import LIKE_DAYS, keep_to
from beachhead.charging.program import Builder
from beachhead.charging.published import forecast, known_until
from beachhead.charging.record import Home, Load
from beachhead.charging.stochastic import HORIZON, LEVELS, between, drive, empty_worth, expected_hazards, plan_levels
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
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


def perfect_peak(
    metered: Metered, hour: Ints, part: Floats, first: Ints, energy: Floats, price: Floats, *,
    battery: float, power: float, start: float, shortage: float, worth: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """(P,) drawn and missing under perfect foresight of prices, trips, departures and load: a linear programme."""
    builder, count = Builder(), hour.size
    leaves = first[1:-1]
    trips = np.zeros(count)
    trips[leaves] = energy[1:]
    end = np.zeros(count)
    end[-1] = -worth
    draw = builder.variables("draw", count, cost=price, upper=power * part)
    missing = builder.variables("missing", count, cost=shortage, upper=trips)
    stored = builder.variables("stored", count, upper=battery, cost=end)
    alone = metered.peaks()
    peaks = builder.variables("peak", alone.size, cost=metered.eur_per_kw, lower=alone)
    before = np.concatenate(([-1], stored[:-1]))
    level = -trips
    level[0] += start
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


@compiled
def month_aware(  # type: ignore[no-untyped-def]
    price, ahead, at, hour, part, first, energy, battery, power, start, shortage, told, depart, early, later, trip,
    away, load, half, month, first_hour, eur_per_kw,
):  # fmt: skip
    """Sessions charged by the stochastic planner under the cap that is worth it: (drawn (P,), missing (P,)) kWh.

    Planned anew at plug-in and when prices are published; the load of an hour, or of half an hour where `half` holds
    the first halves, is seen only after it.
    """
    draw, missing, drawn = np.zeros(len(hour)), np.zeros(len(hour)), np.zeros(len(month))
    worth, levels = empty_worth(), np.empty(HORIZON)
    expected, hazard, known = np.empty(HORIZON), np.empty(HORIZON), np.empty(HORIZON)
    meter = np.array([0.0, -1.0, 0.0, 0.0])  # peak so far, usual peak, month, hours seen
    cap, stored = -1.0, start
    for k in range(len(first) - 1):
        if k > 0:
            stored = drive(stored, energy[k], missing, first[k])
        i, end = first[k], first[k + 1]
        while i < end:
            now, here = hour[i], hour[i] - first_hour
            until, again = known_until(now)
            forecast(price, ahead, at[i], until - now, expected)
            expected_hazards(told, now, hour[end - 1], part[end - 1], depart[k], now - hour[first[k]], hazard, known)
            _read_meter(meter, here, load, drawn, month)
            busy = planned_load(load, _PAST + here, now)
            days = daily_peaks(load, _PAST + here)
            if cap < 0.0:
                cap = days[-1]
            cap, onward = best_cap(
                cap, meter[0], _left_of_month(month, here), meter[1], busy, days, eur_per_kw, now, stored, part[i],
                expected, price[at[i] - 168 : at[i]].mean(), battery, power, shortage, hazard, known,
                early[k], later[k], trip[k], away[k], worth, levels,
            )  # fmt: skip
            i, stored = _kept_under(
                i, end, again, first[k], now, here, stored, cap, days, levels, onward, expected, hour, part, meter,
                battery, power, told, load, half, month, first_hour, eur_per_kw, draw, drawn,
            )  # fmt: skip
    return draw, missing


@inner
def _kept_under(  # type: ignore[no-untyped-def]
    i, end, again, begun, now, here, stored, cap, days, levels, onward, expected, hour, part, meter,
    battery, power, told, load, half, month, first_hour, eur_per_kw, draw, drawn,
):  # fmt: skip
    """Follow the plan made at `now` from piece `i` on, until it is made anew: the next piece, and kWh stored."""
    while i < end and hour[i] < again:
        h = hour[i] - first_hour
        if month[h] != month[here]:
            break  # a new month: the peak begins at nothing
        _read_meter(meter, h, load, drawn, month)
        limit, t = max(cap, meter[0]), hour[i] - now
        wanted = min(levels[t] - stored, power)
        if wanted > 0.0:
            begin, ends = _stay(i, begun, end, part[i])
            charge = eur_per_kw * stays_below(limit, days, max(_left_of_month(month, h) // 24, 1))
            draw[i] = keep_to(
                wanted, limit - drawn[h], stored, onward[t], expected[t], charge,
                battery, power, begin, ends, told, load, half, _PAST + h,
            )  # fmt: skip
        stored += draw[i]
        drawn[h] += draw[i]
        i += 1
    return i, stored


@inner
def _stay(piece, first, end, part):  # type: ignore[no-untyped-def]
    """From which part of its hour to which the car is there: a session's first piece ends with the hour."""
    if piece == first:
        return 1.0 - part, 1.0
    return 0.0, part if piece == end - 1 else 1.0


@compiled
def planned_load(load, at, now):  # type: ignore[no-untyped-def]
    """(24,) by hour of day: load that a plan leaves room for in the hours to come, kW; `at` is the hour `now`."""
    return _PLANNED * busy_load(load, at, now)


@inner
def _read_meter(meter, here, load, drawn, month):  # type: ignore[no-untyped-def]
    """Take in the hours before `here`: the month's peak so far, and what peak was usual in the months before."""
    for h in range(int(meter[3]), here + 1):
        if month[h] > meter[2]:
            meter[1] = meter[0] if meter[2] == 0.0 else meter[1] + (meter[0] - meter[1]) / min(meter[2] + 1.0, 4.0)
            meter[0], meter[2] = 0.0, month[h]
        if h < here:
            meter[0] = max(meter[0], load[_PAST + h] + drawn[h])
    meter[3] = here


@inner
def _left_of_month(month, here):  # type: ignore[no-untyped-def]
    left = 0
    while here + left < len(month) and month[here + left] == month[here]:
        left += 1
    return left


@compiled
def busy_load(load, at, now):  # type: ignore[no-untyped-def]
    """(24,) by hour of day: the highest load of that hour in the past days, kW; `at` is the hour `now` in `load`."""
    found = np.zeros(24)
    for back in range(1, _PAST + 1):
        clock = (now - back) % 24
        found[clock] = max(found[clock], load[at - back])
    return found


@compiled
def daily_peaks(load, at):  # type: ignore[no-untyped-def]
    """(42,) highest hours of the past days, rising, kW."""
    days = np.empty(DAYS_BACK)
    for day in range(DAYS_BACK):
        days[day] = load[at - 24 * (day + 1) : at - 24 * day].max()
    days.sort()
    return days


@compiled
def expected_peak(cap, days, count):  # type: ignore[no-untyped-def]
    """E[max(cap, highest of `count` days to come)], their highest hours drawn from those of past days, kW."""
    total, size = cap, len(days)
    for j in range(size):
        above = days[j] - max(cap, days[j - 1] if j > 0 else 0.0)
        if above > 0.0:
            total += above * (1.0 - (j / size) ** count)
    return total


@compiled
def stays_below(cap, days, count):  # type: ignore[no-untyped-def]
    """Chance that the household alone keeps below a cap on `count` days to come, by the highest hours of past days."""
    return ((np.searchsorted(days, cap, side="right") + 0.5) / (len(days) + 1)) ** count


@compiled
def best_cap(  # type: ignore[no-untyped-def]
    cap, locked, left, usual, busy, days, eur_per_kw, now, stored, part, price, mean, battery, power, shortage, hazard,
    known, early, later, trip, away, worth, levels,
):  # fmt: skip
    """The cap worth keeping to for the `left` hours of the month, and (T, S) the cost to go after each hour under it.

    Fills `levels` with the plan under it. From the last cap up while that is worth it, else down, never below what is
    locked in. What the cap costs in energy over the horizon is taken for the rest of the month by the horizons left in
    it, to the power `_LATER`.
    """
    best, least, kept = max(cap, locked), np.inf, worth.copy()
    found, its_worth, after = levels.copy(), worth.copy(), np.empty((HORIZON, LEVELS))
    weight = (max(left, 1) / min(max(left, 1), HORIZON)) ** _LATER
    tried, direction = best, 1.0
    for move in range(_MOVES):
        worth[:] = kept
        energy, onward = _to_go(
            tried, left, usual, busy, now, stored, part, price, mean, battery, power, shortage, hazard, known,
            early, later, trip, away, worth, levels,
        )  # fmt: skip
        cost = eur_per_kw * expected_peak(tried, days, max(left // 24, 1)) + energy * weight
        if cost < least - 1e-9:
            best, least, after = tried, cost, onward
            found[:], its_worth[:] = levels, worth
        elif move == 1:
            direction = -1.0
        else:
            break
        if direction < 0.0 and best <= locked:
            break
        tried = max(best + direction * _STEP_KW, locked)
    levels[:], worth[:] = found, its_worth
    return best, after


@inner
def _to_go(  # type: ignore[no-untyped-def]
    cap, left, usual, busy, now, stored, part, price, mean, battery, power, shortage, hazard, known,
    early, later, trip, away, worth, levels,
):  # fmt: skip
    """Expected cost from now on under a cap for the `left` hours of the month, the usual one after it; and `onward`."""
    room = room_under(cap, left, usual, busy, now, power)
    onward = plan_levels(
        now, price, mean, battery, power, room, shortage, hazard, known, -1.0, 1,
        early, later, trip, away, worth, levels,
    )  # fmt: skip
    charged = max(min(levels[0] - stored, room[0] * part), 0.0)
    return between(onward[0], stored + charged, battery / (LEVELS - 1)) + price[0] * charged, onward


@compiled
def room_under(cap, left, usual, busy, now, power):  # type: ignore[no-untyped-def]
    """(T,) most the charger draws under the cap for the `left` hours of the month and the usual one after, kW."""
    room = np.empty(HORIZON)
    for t in range(HORIZON):
        limit = cap if t < left or usual < 0.0 else usual
        room[t] = min(max(limit - busy[(now + t) % 24], 0.0), power)
    return room
