"""The hour at hand where the month's highest hour costs: what a kWh is worth against the peak it may raise.

Nobody knows what the household will take before the hour is over. What it may take is read off past hours that were
alike: around the same time of day, after like loads (nearest neighbours: Stone 1977, Annals of Statistics 5). Of the
energy that the plan wants, as much is drawn as costs least,

    price x drawn + cost to go with what is stored then + charge x E[what load and car take above the cap],

a newsvendor's balance (Arrow, Harris & Marschak 1951, Econometrica 19): a car that has time leaves room for the highest
load, one in need takes a chance. Above the cap the charge counts by the chance that the household alone would not go
there in the rest of the month. Where the meter tells half-hours, the first half takes a share, and the second what the
first left: `keep_to` is the rule of the simulated year and of the live plan.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.stochastic import LEVELS, between
from beachhead.world.by_reference import by_reference
from beachhead.world.compiled import compiled, inner

Floats = NDArray[np.float64]

LIKE_DAYS = 84
"""Days of past load that like hours are sought in, as far as the meter goes."""
_PAST = 24 * LIKE_DAYS
_AROUND = 2  # hours of the clock before and after that count as the same time
_ALIKE = 0.3  # share of those hours, the nearest, that may be like the one to come
_BEFORE = 0.5  # weight of the half-hour (or hour) before the last one, where the last has 1
_CLOCK = 0.1  # kWh that an hour of the clock apart counts as
_FIRST = 0.7  # share of an hour's energy drawn in its first half, if the second can take the rest
_MESH = 30  # energies that are tried

# Chosen on 25 of the homes that the benchmark leaves out, looked at on 25 more of them (docs/measured/charging.md).


@by_reference
class Stakes:
    """What a kWh drawn in the hour at hand costs and brings.

    Attributes:
        price: EUR/kWh.
        onward: (S,) cost to go after the hour by energy stored, EUR.
        charge: what a kWh above the cap costs, EUR.
        battery: capacity, kWh.
        power: most that the charger draws, kW.
    """

    price: float
    onward: Floats
    charge: float
    battery: float
    power: float


@by_reference
class Stay:
    """The part of the hour in which the car is there.

    Attributes:
        begin: from which part of the hour on.
        end: to which.
        counted: to which it is planned to be there: that it leaves within the hour is not known unless it was told.
    """

    begin: float
    end: float
    counted: float


@by_reference
class Household:
    """The household's record of load; nothing is read of it beyond the hour at hand.

    Attributes:
        load: hourly, kWh.
        half: what falls in the first half of each hour, kWh; empty if the meter tells whole hours.
    """

    load: Floats
    half: Floats


@compiled
def keep_to(wanted: float, free: float, stored: float, stay: Stay, stakes: Stakes, house: Household, at: int) -> float:
    """What is drawn of the energy `wanted` in the hour `at`, kWh, with `free` kWh under the cap for load and car."""
    if len(house.half) == 0:
        most = min(wanted, stakes.power * (stay.counted - stay.begin))
        likely = loads_like(house, at)
        return min(worth_drawing(free, stored, most, stakes, likely), stakes.power * (stay.end - stay.begin))
    drawn = 0.0
    if stay.begin < 0.5:
        drawn = _first_half(wanted, free, stored, stay, stakes, house, at)
        drawn = min(drawn, stakes.power * (min(stay.end, 0.5) - stay.begin))
    if stay.end > 0.5:
        start, seen = max(stay.begin, 0.5), house.half[at]
        most = min(wanted - drawn, stakes.power * (stay.counted - start))
        likely = halves_like(house, at, seen)
        later = worth_drawing(free - seen - drawn, stored + drawn, most, stakes, likely)
        drawn += min(later, stakes.power * (stay.end - start))
    return drawn


@inner
def _first_half(
    wanted: float, free: float, stored: float, stay: Stay, stakes: Stakes, house: Household, at: int
) -> float:
    """What is to be drawn before half past, kWh: a share, and what will not fit after it."""
    most = min(wanted, stakes.power * (stay.counted - stay.begin))
    drawn = worth_drawing(free, stored, most, stakes, loads_like(house, at))
    if stay.counted < 1.0:
        return drawn
    return min(max(drawn - 0.5 * stakes.power, _FIRST * drawn), stakes.power * (0.5 - stay.begin))


@compiled
def worth_drawing(free: float, stored: float, most: float, stakes: Stakes, likely: Floats) -> float:
    """Of 0 to `most` kWh what costs least in expectation, where the household's load is one of `likely` (rising)."""
    best, least, most = 0.0, np.inf, min(most, stakes.battery - stored)
    step = stakes.battery / (LEVELS - 1)
    if most <= 0.0:
        return 0.0
    for tried in range(_MESH + 1):
        drawn, above = most * tried / _MESH, 0.0
        for j in range(len(likely) - 1, -1, -1):
            if likely[j] + drawn <= free:
                break
            above += likely[j] + drawn - free
        cost = stakes.price * drawn + between(stakes.onward, stored + drawn, step)
        cost += stakes.charge * above / len(likely)
        if cost < least - 1e-12:
            best, least = drawn, cost
    return best


@compiled
def loads_like(house: Household, at: int) -> Floats:
    """Loads of past hours that followed like loads around the clock time of the hour `at`, rising, kWh."""
    load, half = house.load, house.half
    if len(half) == 0:
        return _nearest(load, 1, load, 2, load, at, load[at - 1], load[at - 2])
    return _nearest(load[:at] - half[:at], 1, half, 1, load, at, load[at - 1] - half[at - 1], half[at - 1])


@compiled
def halves_like(house: Household, at: int, seen: float) -> Floats:
    """Loads of second halves of past hours like the hour `at`, whose first half took `seen` kWh; rising, kWh."""
    later = house.load[:at] - house.half[:at]
    return _nearest(house.half, 0, later, 1, later, at, seen, later[at - 1])


@inner
def _nearest(
    last: Floats, lag: int, before: Floats, more: int, found: Floats, at: int, its_last: float, its_before: float
) -> Floats:
    """The share `_ALIKE` of `found` whose load `last` (`lag` hours ago) and `before` (`more`) lay nearest, rising."""
    past = min(_PAST, at - 1)
    count, apart, value = 0, np.empty(past), np.empty(past)
    for back in range(24 - _AROUND, past - 2):
        clock = min(back % 24, 24 - back % 24)
        if clock <= _AROUND:
            apart[count] = abs(last[at - back - lag] - its_last) + _CLOCK * clock
            apart[count] += _BEFORE * abs(before[at - back - more] - its_before)
            value[count] = found[at - back]
            count += 1
    return np.sort(value[:count][np.argsort(apart[:count])[: max(int(_ALIKE * count), 1)]])
