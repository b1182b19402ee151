"""What is learnt and expected of a car at its charger: the chances and costs that any path of it is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.connection import (
    Connection,
    free_under_fuse,
    household_ahead,
    likely_in_hour,
    month_at,
)
from beachhead.charging.habit import (
    LAST_HAZARD,
    Habits,
    Pool,
    departure_interval,
    departure_quantile,
    learn_habits,
    minutes_to_leave,
    sure_at,
    sure_until,
)
from beachhead.charging.hour import Stakes, worth_drawing
from beachhead.charging.keep import Chances
from beachhead.charging.peak import best_cap, room_under, stays_below
from beachhead.charging.published import price_ahead
from beachhead.charging.record import Home
from beachhead.charging.situation import Situation, SunAhead
from beachhead.charging.stochastic import (
    HORIZON,
    BaseStock,
    CarTerms,
    HoursAhead,
    Sun,
    empty_worth,
    hazards_of,
    plan_levels,
    to_come,
)
from beachhead.charging.year import SHORTAGE, counted_shortage

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_BEYOND_HABIT = 1e-9
"""Where a car was less sure to be still there and is, its habits say nothing more: it leaves in any hour alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownNow:
    """What is learnt and expected of a car at its charger.

    Attributes:
        chances: prices, room, chances to leave and what leaving costs: what a path is judged by.
        levels: (T,) what the stochastic programme charges up to in each hour.
        onward: (S,) cost to go after the hour at hand by energy stored, as decisions count it.
        leaves: (low, median, high) departure, minutes since 1970: 90 % interval; all the same if it was told.
        there: (T + 1,) probability that the car is still there at the beginning of each hour.
        next_trip_kwh: (half, nine in ten) quantiles of the next trip.
        cap_kw: what household and car are kept under for the rest of the month; None without a charge on the peak.
        published: number of hours whose price is published.
        sun_kwh: (T,) what the roof is expected to leave for the car, in the rest of the hour at hand and each after it.
        sun_share: (T,) part of the first kWh drawn in each hour (`chances.sun_kwh`) that comes from the roof.
    """

    chances: Chances
    levels: Floats
    onward: Floats
    leaves: tuple[float, float, float]
    there: Floats
    next_trip_kwh: tuple[float, float]
    cap_kw: float | None
    published: int
    sun_kwh: Floats
    sun_share: Floats


def learnt_now(situation: Situation, pool: Pool, *, peak_costs: bool | None = None) -> KnownNow:
    """Learn from the home's sessions so far and the pooled prior, and run the stochastic programme of its session.

    `peak_costs` tells of a charge on the month's peak that another programme weighs; None: as the situation says.
    """
    home, session = _with_this_session(situation)
    habits = learn_habits(home, pool, since=session)
    ahead = _hours_ahead(situation, habits.depart[session])
    cap, room = _allowed(situation, habits, session, ahead)
    peak = _peak_costs(situation) if peak_costs is None else peak_costs
    counted = counted_shortage(told=situation.leaves is not None, peak=peak)
    roof = _roof(situation, ahead.price)
    sun = roof.sun
    solved = _solved(situation, habits, session, ahead, room, sun, counted)
    plain = solved if counted == SHORTAGE else _solved(situation, habits, session, ahead, room, sun, SHORTAGE)
    told = situation.leaves
    leaves = (told, told, told) if told is not None else _interval(habits, session, situation)
    stays = _stays(situation)
    chances = Chances(
        first_hour=situation.hour,
        price=ahead.price,
        room_kwh=room * stays,
        hazard=ahead.hazard,
        part=ahead.part,
        gone_eur=solved.gone,
        plain_eur=plain.gone,
        battery_kwh=situation.home.battery_kwh,
        stored_kwh=situation.stored_kwh,
        sun_kwh=sun.kwh * stays,
        sun_eur=sun.eur,
        upto_kwh=solved.sun,
    )
    return KnownNow(
        chances=chances,
        levels=solved.grid,
        onward=solved.onward[0],
        leaves=leaves,
        there=_still_there(habits, session, situation, 60 * (situation.hour + np.arange(HORIZON + 1))),
        next_trip_kwh=_next_trip(habits, session, leaves[1]),
        cap_kw=cap,
        published=situation.published,
        sun_kwh=roof.surplus_kwh * stays,
        sun_share=roof.share,
    )


def _peak_costs(situation: Situation) -> bool:
    return situation.connection is not None and situation.connection.peak_eur_per_kw > 0


def _stays(situation: Situation) -> Floats:
    """(T,) the part of each hour that is left for charging: of the hour at hand, and of that it is told to leave in."""
    stays = np.ones(HORIZON)
    if situation.leaves is not None:
        stays = np.clip(situation.leaves / 60 - situation.hour - np.arange(HORIZON), 0.0, 1.0)
    stays[0] -= situation.begun
    return stays


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Roof:
    """What the roof does for the car in each whole hour.

    Attributes:
        surplus_kwh: (T,) what it is expected to leave for the car.
        sun: the kWh that it makes cheaper, and what each costs.
        share: (T,) the part of them that comes from it.
    """

    surplus_kwh: Floats
    sun: Sun
    share: Floats


def _roof(situation: Situation, price: Floats) -> _Roof:
    """A charger that follows the sun pays what feeding in would have paid.

    One that cannot go so low draws its least, part of it from the grid. Where feeding in pays more than the grid asks,
    a car that charges does so at full power.
    """
    if situation.sun is None:
        nothing = np.zeros(HORIZON)
        return _Roof(surplus_kwh=nothing, sun=Sun(kwh=nothing, eur=price), share=nothing)
    surplus, power = _surplus(situation, situation.sun), situation.home.power_kw
    sell, floor = situation.sun.sell_eur_per_kwh, min(max(situation.sun.least_kw, 1e-3), power)
    least = np.where(price < sell, power, floor)
    share = np.minimum(surplus / least, 1.0)
    sun = Sun(kwh=np.where(surplus > 0, np.maximum(surplus, least), 0.0), eur=price + (sell - price) * share)
    return _Roof(surplus_kwh=surplus, sun=sun, share=share)


def _surplus(situation: Situation, sun: SunAhead) -> Floats:
    """(T,) what the roof is expected to leave for the car in each whole hour, kWh."""
    if situation.connection is None:
        return sun.kwh
    return np.maximum(sun.kwh - household_ahead(situation.connection, situation.hour).mean, 0.0)


def _with_this_session(situation: Situation) -> tuple[Home, int]:
    """The home with the open session as its last; its end is not known and not looked at."""
    home = situation.home
    before = home.plug_out <= situation.plugged_in
    took = situation.needed_kwh if situation.trip_kwh is None else situation.trip_kwh
    energy = max(took, 0.1)
    return Home(
        name=home.name,
        place=home.place,
        plug_in=np.append(home.plug_in[before], situation.plugged_in),
        plug_out=np.append(home.plug_out[before], situation.plugged_in + max(int(60 * energy / home.power_kw) + 1, 60)),
        energy_kwh=np.append(home.energy_kwh[before], energy),
        power_kw=home.power_kw,
        battery_kwh=home.battery_kwh,
    ), int(before.sum())


def _price(situation: Situation) -> Floats:
    """(T,) published prices, then those expected from them and from the weeks before."""
    published = min(situation.published, situation.price.size - 168)
    known = np.concatenate((situation.earlier, situation.price[: 168 + published]))
    ahead = price_ahead(known, situation.hour + published)
    return np.concatenate((known[known.size - published :], ahead))[:HORIZON]


def _hours_ahead(situation: Situation, depart: Floats) -> HoursAhead:
    """What is known of the hours to come: prices, and how the session at hand may end."""
    hazard, part = np.zeros(HORIZON), np.full(HORIZON, -1.0)
    hour = situation.hour
    if situation.leaves is None:
        hazards_of(depart, hour - situation.plugged_in // 60, HORIZON, hazard)
    else:
        last = situation.leaves // 60
        hazard[max(last - hour, 0) :] = 1.0
        part[:] = 1.0
        if last - hour < HORIZON:
            part[last - hour] = situation.leaves % 60 / 60
    mean = float(situation.price[:168].mean())
    return HoursAhead(now=hour, price=_price(situation), mean_price=mean, hazard=hazard, part=part, trip=-1.0, away=1)


def _car(situation: Situation, shortage: float) -> CarTerms:
    home = situation.home
    return CarTerms(battery=float(home.battery_kwh), power=float(home.power_kw), shortage=shortage)


def _allowed(situation: Situation, habits: Habits, session: int, ahead: HoursAhead) -> tuple[float | None, Floats]:
    """The cap worth keeping to for the rest of the month, and (T,) what the charger may draw, kW."""
    home, connection = situation.home, situation.connection
    if connection is None:
        return None, np.full(HORIZON, home.power_kw)
    room = np.clip(free_under_fuse(connection, ahead.now), 0.0, np.full(HORIZON, home.power_kw))
    if connection.peak_eur_per_kw == 0:
        return None, room
    month = month_at(connection, ahead.now)
    cap, levels = best_cap(
        float(month.days[-1]),
        month,
        _car(situation, counted_shortage(told=situation.leaves is not None, peak=True)),
        ahead,
        float(situation.stored_kwh),
        1 - situation.begun,
        to_come(habits, session),
        empty_worth(),
    )
    under = room_under(cap, month, ahead.now, home.power_kw)
    charge = connection.peak_eur_per_kw * stays_below(cap, month.days, max(month.left // 24, 1))
    stakes = Stakes(
        price=float(ahead.price[0]),
        onward=levels.onward[0],
        charge=float(charge),
        battery=float(home.battery_kwh),
        power=float(home.power_kw),
    )
    under[0] = _worth_in_hour(situation, connection, float(cap), stakes)
    return float(cap), np.minimum(room, under)


def _worth_in_hour(situation: Situation, connection: Connection, cap: float, stakes: Stakes) -> float:
    """How fast it is worth charging in the hour at hand at most, kW: as in `peak`, by what the household may take."""
    seen, likely = likely_in_hour(connection)
    if situation.drawn_kwh is None:  # as fast before as it will in the rest
        free, rest = cap - seen, 1.0
    else:
        free, rest = cap - seen - situation.drawn_kwh, 1 - situation.begun
    return float(worth_drawing(free, situation.stored_kwh, stakes.power * rest, stakes, likely) / rest)


def _solved(
    situation: Situation, habits: Habits, session: int, ahead: HoursAhead, room: Floats, sun: Sun, shortage: float
) -> BaseStock:
    """The programme of the session at hand; a kWh that lacks for a trip is counted at `shortage`."""
    return plan_levels(_car(situation, shortage), ahead, room, to_come(habits, session), sun, empty_worth())


def _interval(habits: Habits, session: int, situation: Situation) -> tuple[float, float, float]:
    """Low, median, high of the departure, given that the car is still there."""
    gone = 1 - sure_until(habits, session, situation.plugged_in, situation.now)
    if 1 - gone <= _BEYOND_HABIT:
        low, middle, high = (situation.now + minutes_to_leave(level) for level in (0.05, 0.5, 0.95))
        return low, middle, high
    if situation.now == situation.plugged_in:
        low, high = departure_interval(habits, session, situation.plugged_in)
        return low, departure_quantile(habits, session, situation.plugged_in, 0.5), high
    low, middle, high = (
        departure_quantile(habits, session, situation.plugged_in, gone + (1 - gone) * level)
        for level in (0.05, 0.5, 0.95)
    )
    return low, middle, high


def _still_there(habits: Habits, session: int, situation: Situation, minutes: Ints) -> Floats:
    """(M,) probability that the car is still there at each minute, given that it is now."""
    if situation.leaves is not None:
        return np.asarray(minutes < situation.leaves, dtype=np.float64)
    later = np.maximum(minutes, situation.now).astype(np.float64)
    sure = sure_at(habits, session, situation.plugged_in, np.concatenate(([situation.now], later)))
    if sure[0] <= _BEYOND_HABIT:
        return np.asarray((1 - LAST_HAZARD) ** ((later - situation.now) / 60))
    return np.asarray(sure[1:] / sure[0])


def _next_trip(habits: Habits, session: int, leaves: float) -> tuple[float, float]:
    from_monday = int(leaves // 60 + 72) % 168
    kind = max(from_monday // 24 - 3, 0)
    quantiles = habits.trip_kwh[session, kind, from_monday % 24]
    return float(quantiles[8]), float(quantiles[15])
