"""The live plan keeps to the cap of the month's highest hour by the same rule as the simulated year."""

from __future__ import annotations

import numpy as np
import pytest

from beachhead.charging.connection import Connection
from beachhead.charging.driver import Kind, made_driver, made_load
from beachhead.charging.habit import learn_pool
from beachhead.charging.hour import LIKE_DAYS, Household, Stakes, Stay, halves_like, keep_to, loads_like, worth_drawing
from beachhead.charging.known import KnownNow, learnt_now
from beachhead.charging.peak import DAYS_BACK, daily_peaks, days_looked_at, laid, month_of, stays_below
from beachhead.charging.record import Load
from beachhead.charging.situation import Situation
from beachhead.charging.stochastic import HORIZON, LEVELS
from beachhead.world.errors import BadInput

MONDAY = (4 + 7 * 2700) * 24
NOW = MONDAY + 24 * 60 + 19
PAST = 24 * DAYS_BACK
HOME = made_driver(Kind.COMMUTER, 0, MONDAY, 90, battery_kwh=45.0, power_kw=7.4)
POOL = learn_pool([made_driver(kind, 1, MONDAY, 90, battery_kwh=45.0, power_kw=7.4) for kind in Kind])


def loads(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(hours,) load with the hour at hand as the last one, and what fell in its first halves."""
    load: Load = made_load(seed, MONDAY)
    kwh = load.kwh[NOW - MONDAY - PAST : NOW - MONDAY + 1]
    return kwh, kwh * np.random.default_rng(seed).uniform(0.2, 0.8, kwh.size)


def asked(load: np.ndarray, half: np.ndarray | None = None, *, minute: int = 0, **more: float) -> Situation:
    clock = (NOW - 168 + np.arange(168 + HORIZON)) % 24
    seen = None if half is None or minute < 30 else float(half[-1])
    connection = Connection(
        load_kw=load[:-1], half_kwh=None if half is None else half[:-1], half_now_kwh=seen,
        peak_eur_per_kw=3.5, peak_so_far_kw=5.0,
    )  # fmt: skip
    return Situation(
        home=HOME, plugged_in=60 * NOW - 30, now=60 * NOW + minute, stored_kwh=5.0, needed_kwh=40.0,
        price=0.25 + 0.06 * np.cos((clock - 7) / 12 * np.pi), published=29, connection=connection, **more,
    )  # fmt: skip


def charge_above(load: np.ndarray, cap: float) -> float:
    """What a kWh above the cap costs in the hour at hand, EUR."""
    months = month_of(NOW + np.arange(31 * 24 + 1))
    left = max(int((months == months[0]).sum()) // 24, 1)
    return float(3.5 * stays_below(cap, daily_peaks(load[:-1], PAST), left))


def kept_to(load: np.ndarray, half: np.ndarray, known: KnownNow) -> float:
    """What the simulated year draws in the hour at hand of a car that wants all it can get, kWh."""
    assert known.cap_kw is not None
    stay = Stay(begin=0.0, end=1.0, counted=1.0)
    stakes = at_stake(known, charge_above(load, known.cap_kw))
    return float(keep_to(99.0, known.cap_kw, 5.0, stay, stakes, Household(load=load, half=half), PAST))


def at_stake(known: KnownNow, charge: float) -> Stakes:
    """What a kWh of the hour at hand costs and brings."""
    price = float(known.chances.price[0])
    return Stakes(price=price, onward=known.onward, charge=charge, battery=HOME.battery_kwh, power=HOME.power_kw)


MESH = HOME.power_kw / 30  # energies that are tried in an hour lie so far apart


@pytest.mark.parametrize("seed", range(4))
def test_planned_at_the_hour_and_at_half_past_the_live_plan_may_draw_what_the_simulated_year_draws(seed: int) -> None:
    load, half = loads(seed)
    known = learnt_now(asked(load), POOL)
    whole = kept_to(load, np.empty(0), known)
    assert known.chances.room_kwh[0] == pytest.approx(whole, abs=1.01 * MESH)
    later = learnt_now(asked(load, half, minute=30, drawn_kwh=0.3 * whole), POOL)
    assert later.cap_kw is not None
    likely = halves_like(Household(load=load, half=half), PAST, half[-1])
    free, stakes = later.cap_kw - half[-1] - 0.3 * whole, at_stake(later, charge_above(load, later.cap_kw))
    second = worth_drawing(free, 5.0, 0.5 * HOME.power_kw, stakes, likely)
    assert later.chances.room_kwh[0] == pytest.approx(second, abs=0.51 * MESH)
    assert second > 0


def stakes_of(onward: np.ndarray, charge: float) -> Stakes:
    return Stakes(price=0.2, onward=onward, charge=charge, battery=45.0, power=7.4)


def test_a_car_in_need_takes_a_chance_on_the_peak_and_one_with_time_leaves_room_for_the_highest_load() -> None:
    load, half = loads(1)
    likely = loads_like(Household(load=load, half=half), PAST)
    assert (np.diff(likely) >= 0).all()
    energy = np.linspace(0.0, 45.0, LEVELS)
    in_need, in_no_hurry, idle = -0.6 * energy, -0.2001 * energy, -0.1 * energy
    drawn = [worth_drawing(6.0, 5.0, 7.0, stakes_of(worth, 3.5), likely) for worth in (in_need, in_no_hurry, idle)]
    assert drawn[0] > drawn[1] + MESH > MESH
    assert drawn[1] == pytest.approx(6.0 - likely[-1], abs=7.0 / 30)
    assert drawn[2] == 0
    more = worth_drawing(6.0, 5.0, 7.0, stakes_of(in_need, 0.0), likely)
    assert more == 7.0  # where the peak costs nothing


def test_what_is_drawn_in_an_hour_is_the_cheapest_of_all_that_is_possible() -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        likely, worth = np.sort(rng.gamma(2.0, 0.5, 60)), rng.uniform(0.1, 0.6)
        onward = -worth * np.linspace(0.0, 45.0, LEVELS)
        free, charge = rng.uniform(0.5, 6.0), rng.uniform(0.0, 4.0)
        drawn = worth_drawing(free, 3.0, 7.4, stakes_of(onward, charge), likely)
        tried = np.append(np.linspace(0.0, 7.4, 31), drawn)
        above = np.maximum(likely[:, None] + tried - free, 0.0).mean(0)
        cost = (0.2 - worth) * tried + charge * above
        assert cost[-1] <= cost.min() + 1e-12


def test_a_kettle_in_the_first_half_is_made_room_for_in_the_second() -> None:
    load, half = loads(1)
    calm = learnt_now(asked(load, half, minute=30, drawn_kwh=1.0), POOL)
    busy = np.append(half[:-1], half[-1] + 1.0)
    surprised = learnt_now(asked(load, busy, minute=30, drawn_kwh=1.0), POOL)
    assert surprised.cap_kw == calm.cap_kw
    assert surprised.chances.room_kwh[0] <= calm.chances.room_kwh[0] - 0.9
    assert np.array_equal(surprised.chances.room_kwh[1:], calm.chances.room_kwh[1:])


def test_half_an_hour_that_is_not_over_is_refused() -> None:
    load, half = loads(2)
    with pytest.raises(BadInput, match="not over"):
        Situation(
            home=HOME, plugged_in=60 * NOW, now=60 * NOW + 10, stored_kwh=5.0, needed_kwh=40.0,
            price=np.full(168 + HORIZON, 0.2), published=29,
            connection=Connection(load_kw=load[:-1], half_kwh=half[:-1], half_now_kwh=0.3),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("weeks", "days"), [(3, DAYS_BACK), (6, DAYS_BACK), (10, 70), (12, LIKE_DAYS), (52, LIKE_DAYS)]
)
def test_a_live_plan_looks_no_further_back_than_the_record_so_that_no_hour_meets_itself(weeks: int, days: int) -> None:
    kwh = np.random.default_rng(weeks).gamma(2.0, 0.3, weeks * 168)
    load = Load(name="", first_hour=MONDAY, slot_hours=1.0, kwh=kwh)
    assert days_looked_at(load) == days
    if weeks >= 6:
        now = MONDAY + 30
        assert laid(load, now, now + 1)[0] not in laid(load, now - 24 * days + 1, now)
