"""The live plan keeps to the cap of the month's highest hour by the same rule as the simulated year."""

from __future__ import annotations

import numpy as np
import pytest

from beachhead.charging.driver import Kind, made_driver, made_load
from beachhead.charging.habit import learn_pool
from beachhead.charging.now import Situation, learnt_now
from beachhead.charging.peak import DAYS_BACK, keep_to, load_to_leave
from beachhead.charging.record import Load
from beachhead.charging.stochastic import HORIZON
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
    return Situation(
        home=HOME, plugged_in=60 * NOW - 30, now=60 * NOW + minute, stored_kwh=5.0, needed_kwh=40.0,
        price=0.25 + 0.06 * np.cos((clock - 7) / 12 * np.pi), published=29, load_kw=load[:-1],
        half_kwh=None if half is None else half[:-1], half_now_kwh=seen,
        peak_eur_per_kw=3.5, peak_so_far_kw=5.0, **more,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_planned_at_the_hour_and_at_half_past_the_live_plan_may_draw_what_the_simulated_year_draws(seed: int) -> None:
    load, half = loads(seed)
    known = learnt_now(asked(load), POOL)
    assert known.cap_kw is not None
    whole = keep_to(known.cap_kw, 99.0, HOME.power_kw, True, load, np.empty(0), PAST)
    assert known.chances.room_kwh[0] == pytest.approx(min(whole, HOME.power_kw))
    cap = learnt_now(asked(load, half, minute=30), POOL).cap_kw
    assert cap is not None
    first = min(0.5 * HOME.power_kw, max(cap - load_to_leave(load, half, PAST), 0.0))
    later = learnt_now(asked(load, half, minute=30, drawn_kwh=first), POOL)
    drawn = keep_to(cap, 99.0, HOME.power_kw, True, load, half, PAST)
    assert first + later.chances.room_kwh[0] == pytest.approx(drawn)


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
            price=np.full(168 + HORIZON, 0.2), published=29, load_kw=load[:-1], half_kwh=half[:-1], half_now_kwh=0.3,
        )  # fmt: skip
