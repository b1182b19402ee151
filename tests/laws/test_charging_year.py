"""Laws of a year under a policy."""

from __future__ import annotations

import numpy as np
import pytest

from beachhead.charging.habit import learn_habits, learn_pool
from beachhead.charging.record import Home
from beachhead.charging.year import PAST_HOURS, Course, Policy, charge_year, pieces_of

DAY = 24 * 60
MONDAY = (4 + 7 * 2700) * DAY


def made_home(seed: int, days: int = 56) -> Home:
    rng = np.random.default_rng(seed)
    begin = MONDAY + np.arange(days) * DAY + rng.integers(16 * 60, 20 * 60, days)
    end = begin + rng.integers(60, 20 * 60, days)
    energy = np.minimum(rng.gamma(3, 3.0, days), 0.95 * 7.4 * (end - begin) / 60)
    return Home(
        name=str(seed), place="", plug_in=begin, plug_out=end, energy_kwh=energy, power_kw=7.4, battery_kwh=45.0
    )


def made_course(seed: int, weeks: int = 8) -> Course:
    rng = np.random.default_rng(seed)
    hours = PAST_HOURS + weeks * 168 + 14 * 24
    clock = np.arange(hours) % 24
    price = 0.1 + 0.04 * np.cos((clock - 18) / 24 * 2 * np.pi) + np.repeat(rng.normal(0, 0.02, hours // 24), 24)
    return Course(price=price + rng.normal(0, 0.005, hours), anchor=MONDAY // 60, hours=weeks * 168)


@pytest.mark.parametrize("seed", range(4))
def test_no_policy_beats_foresight_and_charging_on_arrival_repeats_the_record(seed: int) -> None:
    home, course = made_home(seed), made_course(seed)
    pieces = pieces_of(home)
    habits = learn_habits(home, learn_pool([made_home(9), made_home(10)]))
    years = {policy: charge_year(home, pieces, course, policy, habits) for policy in Policy}
    best = years[Policy.FORESIGHT][0].cost_eur
    for year, draw in years.values():
        assert year.cost_eur >= best - 1e-9
        assert (draw >= 0).all()
        assert (draw <= home.power_kw * pieces.part + 1e-9).all()
        assert -1e-9 <= year.stored_kwh <= home.battery_kwh + 1e-9
    arrival, draw = years[Policy.ARRIVAL]
    assert arrival.missing_kwh == 0
    assert np.allclose(np.add.reduceat(draw, pieces.first[:-1]), pieces.energy)


def test_the_learned_planner_saves_on_a_daily_pattern_without_being_told_anything() -> None:
    saved = dict.fromkeys(Policy, 0.0)
    pool = learn_pool([made_home(seed) for seed in range(20, 24)])
    for seed in range(4):
        home, course = made_home(seed), made_course(seed)
        pieces, habits = pieces_of(home), learn_habits(home, pool)
        arrival = charge_year(home, pieces, course, Policy.ARRIVAL, habits)[0].cost_eur
        for policy in (Policy.LEARNED, Policy.TAP, Policy.FORESIGHT):
            saved[policy] += arrival - charge_year(home, pieces, course, policy, habits)[0].cost_eur
    assert 0.2 * saved[Policy.FORESIGHT] < saved[Policy.LEARNED] < saved[Policy.TAP] < saved[Policy.FORESIGHT]


def test_a_flat_price_leaves_nothing_to_save() -> None:
    home = made_home(2)
    course = Course(price=np.full(PAST_HOURS + 8 * 168 + 336, 0.25), anchor=MONDAY // 60, hours=8 * 168)
    pieces, habits = pieces_of(home), learn_habits(home, learn_pool([made_home(9)]))
    arrival = charge_year(home, pieces, course, Policy.ARRIVAL, habits)[0].cost_eur
    assert charge_year(home, pieces, course, Policy.FORESIGHT, habits)[0].cost_eur == pytest.approx(arrival, rel=1e-9)
    assert charge_year(home, pieces, course, Policy.LEARNED, habits)[0].cost_eur >= arrival - 1e-9
