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

from beachhead.charging.stochastic import LEVELS, between
from beachhead.world.compiled import compiled, inner

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


@compiled
def keep_to(  # type: ignore[no-untyped-def]
    wanted, free, stored, onward, price, charge, battery, power, begin, end, told, load, half, at
):  # fmt: skip
    """What is drawn of the energy `wanted` in the hour `at`, kWh, with `free` kWh under the cap for load and car.

    The car is there from `begin` to `end` (parts of the hour); that it leaves within the hour is known only if it was
    `told`. `onward` (S,) is the cost to go after the hour by energy stored, `charge` what a kWh above the cap costs.
    """
    stays = end if told else 1.0
    if len(half) == 0:
        most = min(wanted, power * (stays - begin))
        likely = loads_like(load, half, at)
        return min(worth_drawing(free, stored, most, onward, price, charge, battery, likely), power * (end - begin))
    drawn = 0.0
    if begin < 0.5:
        drawn = first_half(wanted, free, stored, onward, price, charge, battery, power, begin, stays, load, half, at)
        drawn = min(drawn, power * (min(end, 0.5) - begin))
    if end > 0.5:
        start = max(begin, 0.5)
        most = min(wanted - drawn, power * (stays - start))
        likely = halves_like(load, half, at, half[at])
        later = worth_drawing(free - half[at] - drawn, stored + drawn, most, onward, price, charge, battery, likely)
        drawn += min(later, power * (end - start))
    return drawn


@inner
def first_half(  # type: ignore[no-untyped-def]
    wanted, free, stored, onward, price, charge, battery, power, begin, stays, load, half, at
):  # fmt: skip
    """What is to be drawn before half past by a car that stays until `stays`, kWh: a share, and what will not fit."""
    most = min(wanted, power * (stays - begin))
    drawn = worth_drawing(free, stored, most, onward, price, charge, battery, loads_like(load, half, at))
    if stays < 1.0:
        return drawn
    return min(max(drawn - 0.5 * power, _FIRST * drawn), power * (0.5 - begin))


@compiled
def worth_drawing(free, stored, most, onward, price, charge, battery, likely):  # type: ignore[no-untyped-def]
    """Of 0 to `most` kWh what costs least in expectation, where the household's load is one of `likely` (rising)."""
    best, least, most = 0.0, np.inf, min(most, battery - stored)
    step = battery / (LEVELS - 1)
    if most <= 0.0:
        return 0.0
    for tried in range(_MESH + 1):
        drawn, above = most * tried / _MESH, 0.0
        for j in range(len(likely) - 1, -1, -1):
            if likely[j] + drawn <= free:
                break
            above += likely[j] + drawn - free
        cost = price * drawn + between(onward, stored + drawn, step) + charge * above / len(likely)
        if cost < least - 1e-12:
            best, least = drawn, cost
    return best


@compiled
def loads_like(load, half, at):  # type: ignore[no-untyped-def]
    """Loads of past hours that followed like loads around the clock time of the hour `at`, rising, kWh.

    `load` and its first halves `half` (empty if the meter tells whole hours) are looked at before `at` alone.
    """
    if len(half) == 0:
        return _nearest(load, 1, load, 2, load, at, load[at - 1], load[at - 2])
    return _nearest(load[:at] - half[:at], 1, half, 1, load, at, load[at - 1] - half[at - 1], half[at - 1])


@compiled
def halves_like(load, half, at, seen):  # type: ignore[no-untyped-def]
    """Loads of second halves of past hours like the hour `at`, whose first half took `seen` kWh; rising, kWh."""
    later = load[:at] - half[:at]
    return _nearest(half, 0, later, 1, later, at, seen, later[at - 1])


@inner
def _nearest(last, lag, before, more, found, at, its_last, its_before):  # type: ignore[no-untyped-def]
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
