"""The live plan followed through real sessions, hour by hour, beside the simulated year on the same sessions."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np

from beachhead.charging.habit import Habits, Pool, learn_habits
from beachhead.charging.now import plan_now
from beachhead.charging.published import DAYS_LEARNT, PUBLISHED_AT
from beachhead.charging.record import Home
from beachhead.charging.situation import Situation
from beachhead.charging.stochastic import HORIZON
from beachhead.charging.year import SHORTAGE, Course, Pieces, Policy, charge_year, pieces_of

_ON = 1e-6


def followed(home: Home, first: int, last: int, course: Course, pool: Pool) -> np.ndarray:
    """(4, 3) of sessions `first` to `last` - 1 on arrival, as simulated, live, and with foresight.

    EUR (paid at home and, for what lacked, on the way; the battery refilled at the year's mean price), kWh missing, and
    sessions in which the charger started more than once above the fewest. All begin with the same battery.
    """
    part = _rows_of(home, slice(first, last))
    pieces, habits = pieces_of(part), _rows_of(learn_habits(home, pool), slice(first, last))
    rows = []
    for policy in (Policy.ARRIVAL, Policy.LEARNED, Policy.FORESIGHT):
        year, draw = charge_year(part, pieces, course, policy, habits)
        rows.append([year.cost_eur, year.missing_kwh, _restless(draw, pieces.first)])
    draw, missing, left = _live(home, first, pieces, course, pool)
    paid = float(draw @ course.price[course.index(pieces.hour)])
    cost = paid + SHORTAGE * missing + (home.battery_kwh - left) * course.mean
    return np.array([*rows[:2], [cost, missing, _restless(draw, pieces.first)], rows[2]])


def _rows_of(noun: Home | Habits, rows: slice) -> Home | Habits:
    """A home or its habits with those sessions only."""
    arrays = ("plug_in", "plug_out", "energy_kwh") if isinstance(noun, Home) else [f.name for f in fields(noun)]
    return replace(noun, **{name: getattr(noun, name)[rows] for name in arrays if name != "levels"})


def _live(home: Home, first: int, pieces: Pieces, course: Course, pool: Pool) -> tuple[np.ndarray, float, float]:
    """Drawn in each piece, missing and left, kWh: planned anew at plug-in and at each full hour."""
    at, draw = course.index(pieces.hour), np.zeros(pieces.hour.size)
    stored, missing = home.battery_kwh, 0.0
    for k, trip in enumerate(pieces.energy):
        took = float(min(trip, stored))  # what a car that tells its charge shows; what lacked it does not
        missing, stored = missing + trip - took, stored - took
        begun, needed, on, under_way = int(home.plug_in[first + k]), home.battery_kwh - stored, False, None
        past = _rows_of(home, slice(0, first + k))
        for i in range(pieces.first[k], pieces.first[k + 1]):
            price, published = _prices(course, int(at[i]), int(pieces.hour[i]) % 24)
            situation = Situation(
                home=past, plugged_in=begun, now=max(60 * int(pieces.hour[i]), begun), stored_kwh=stored,
                needed_kwh=needed, trip_kwh=took, price=price, published=published, charging=on,
                earlier=course.price[int(at[i]) - 24 * DAYS_LEARNT : int(at[i]) - 168],
            )  # fmt: skip
            plan = plan_now(situation, pool, under_way=under_way)
            draw[i] = min(float(plan.draw_kwh[0]), home.power_kw * pieces.part[i], home.battery_kwh - stored)
            stored, on, under_way = stored + draw[i], bool(draw[i] > _ON), plan.under_way
    return draw, missing, stored


def _prices(course: Course, at: int, clock: int) -> tuple[np.ndarray, int]:
    """The week before an hour and what is published of the hours from it on; the rest not known."""
    published = 24 - clock + (24 if clock >= PUBLISHED_AT else 0)
    price = np.full(168 + HORIZON, np.nan)
    price[: 168 + published] = course.price[at - 168 : at + published]
    return price, published


def _restless(draw: np.ndarray, first: np.ndarray) -> int:
    """Sessions in which the charger starts more than twice."""
    on = [draw[a:b] > _ON for a, b in pairwise(first)]
    return sum(int((one & ~np.concatenate(([False], one[:-1]))).sum()) > 2 for one in on)
