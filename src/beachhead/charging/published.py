"""Prices ahead: published for the days that are known, expected after them.

What is expected follows the expert models of Ziel & Weron (2018, Energy Economics 70, section 3.1), made to learn a
zone from eight weeks: the mean of the same hour over the newest seven days, moved

* towards the shape that working days, Saturdays or Sundays have had in eight weeks (newer ones count for more), and
  towards how much cheaper or dearer than the week around them they were;
* by how far the newest three hours lie above what is usual on their kind of day (the weather that is on now), the
  further ahead the less;
* towards the mean of four weeks.

The weights of these moves are one set for all zones, by least absolute deviations over 2020 and 2021 of six zones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from beachhead.world.compiled import compiled, inner

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PUBLISHED_AT = 13
"""Hour of the day from which the next day's prices are known (SDAC publishes at about 12:55 CET)."""
DAYS_AHEAD = 4
"""Days for which prices are expected after the last published one."""
DAYS_LEARNT = 56
"""Days of prices that they are learnt from, where so many are on record."""
_HALF_LIFE_DAYS = 21.0
_SHAPE, _KIND, _MONTH = 0.65, 0.9, 0.17
_NEWEST_HOURS, _NEWEST = 3, np.array([0.89, 0.51, 0.33, 0.23])  # by day ahead


@inner
def known_until(now: int) -> tuple[int, int]:
    """(hour from which no price is known yet, hour at which more are published)."""
    midnight = (now // 24) * 24
    if now % 24 < PUBLISHED_AT:
        return midnight + 24, midnight + PUBLISHED_AT
    return midnight + 48, midnight + 24 + PUBLISHED_AT


@inner
def forecast(price: Floats, ahead: Floats, at: int, published: int, out: Floats) -> None:
    """Fill `out` (T,) from hour `at` of `price` on: published prices, then those of `ahead` (see `prices_ahead`)."""
    day = (at + published) // 24
    for t in range(len(out)):
        out[t] = price[at + t] if t < published else ahead[day, t - published]


def prices_ahead(price: Floats) -> Floats:
    """(D + 1, 96) what is expected after each midnight from the prices before it, (D x 24,) from a Monday 00:00 on.

    The first seven rows are NaN: a week must have been seen.
    """
    days = price.reshape(-1, 24)
    kind = np.array([_kind(day) for day in range(len(days) + DAYS_AHEAD)])
    ahead = np.full((len(days) + 1, 24 * DAYS_AHEAD), np.nan)
    for day in range(7, len(days) + 1):
        first = max(day - DAYS_LEARNT, 0)
        _expect(days[first:day], kind[first:day], kind[day : day + DAYS_AHEAD], ahead[day])
    return ahead


def price_ahead(price: Floats, until: int) -> Floats:
    """(96,) prices expected from the hour `until` (since 1970 local) on; `price` (P,) are those of the hours before it.

    A week of them or more; of a record that does not end at midnight, days begin at the hour `until` of the clock.
    """
    known = min(price.size // 24, DAYS_LEARNT)
    days = price[price.size - 24 * known :].reshape(-1, 24)
    middle = (until + 12) // 24 + 3  # 0 is a Monday
    kind = np.array([_kind(middle + day) for day in range(-known, DAYS_AHEAD)])
    ahead = np.empty(24 * DAYS_AHEAD)
    _expect(days, kind[:known], kind[known:], ahead)
    return ahead


def _kind(day: int) -> int:
    """0 Monday to Friday, 1 Saturday, 2 Sunday of a day counted from a Monday."""
    return max(day % 7 - 4, 0)


@compiled
def _expect(days: Floats, kind: Ints, kind_ahead: Ints, ahead: Floats) -> None:
    """Fill `ahead` (96,) from `days` (D, 24), their kinds (D,) and the kinds of the days to come (4,)."""
    count = len(days)
    daily, week = np.empty(count), np.zeros(24)
    for day in range(count):
        daily[day] = days[day].mean()
    for day in range(count - 7, count):
        week += days[day] / 7
    level = week.mean()
    shape, weight, apart = np.zeros((3, 24)), np.zeros(3), np.zeros(3)
    for day in range(count):
        w, middle = 0.5 ** ((count - 1 - day) / _HALF_LIFE_DAYS), min(max(day, 3), count - 4)
        weight[kind[day]] += w
        shape[kind[day]] += w * (days[day] - daily[day])
        apart[kind[day]] += w * (daily[day] - daily[middle - 3 : middle + 4].mean())
    usual = np.empty((3, 24))
    for its in range(3):
        usual[its] = week + _SHAPE * (shape[its] / weight[its] - (week - level)) + _KIND * apart[its] / weight[its]
    newest = (days[count - 1] - usual[kind[count - 1]])[24 - _NEWEST_HOURS :].mean()
    month = daily[max(count - 28, 0) :].mean() - level
    for j in range(len(kind_ahead)):
        ahead[24 * j : 24 * j + 24] = usual[kind_ahead[j]] + _NEWEST[j] * newest + _MONTH * month
