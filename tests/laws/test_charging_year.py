"""Laws of a year under a policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from beachhead.charging.driver import made_load
from beachhead.charging.habit import learn_habits, learn_pool
from beachhead.charging.peak import DAYS_BACK, Metered, metered
from beachhead.charging.record import Home
from beachhead.charging.year import PAST_HOURS, Course, Policy, Told, charge_told, charge_year, pieces_of

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


def with_meter(home: Home, seed: int, eur_per_kw_year: float = 42.0) -> Metered:
    return metered(made_load(seed, MONDAY // 60), home, eur_per_kw_year)


def test_a_charge_on_the_monthly_peak_is_weighed_and_foresight_bounds_what_can_be_reached() -> None:
    pool, cost = learn_pool([made_home(seed) for seed in range(20, 24)]), np.zeros(4)
    for seed in range(3):
        home, course = made_home(seed), made_course(seed)
        pieces, habits, meter = pieces_of(home), learn_habits(home, pool), with_meter(home, seed)
        blind, draw = charge_year(home, pieces, course, Policy.TAP, habits)
        aware, kept = charge_year(home, pieces, course, Policy.TAP, habits, meter)
        best, _ = charge_year(home, pieces, course, Policy.FORESIGHT, habits, meter)
        arrival, _ = charge_year(home, pieces, course, Policy.ARRIVAL, habits, meter)
        assert best.cost_eur <= min(aware.cost_eur, arrival.cost_eur) + 1e-6
        assert (kept >= 0).all()
        assert (kept <= home.power_kw * pieces.part + 1e-9).all()
        assert aware.peak_eur == pytest.approx(meter.added_eur(pieces.hour, kept))
        costs = [best.cost_eur, aware.cost_eur, blind.cost_eur + meter.added_eur(pieces.hour, draw), arrival.cost_eur]
        cost += costs
    assert cost[0] < cost[1] < cost[2] < cost[3]


def test_the_peak_policy_looks_at_past_load_only() -> None:
    home, course = made_home(4), made_course(4)
    pieces, meter = pieces_of(home), with_meter(home, 4)
    habits = learn_habits(home, learn_pool([made_home(9), made_home(10)]))
    cut = 30 * 24
    later = meter.load_kw.copy()
    later[24 * DAYS_BACK + cut :] *= 3.0
    other = replace(meter, load_kw=later)
    draws = [charge_year(home, pieces, course, Policy.LEARNED, habits, one)[1] for one in (meter, other)]
    before = pieces.hour - meter.first_hour <= cut  # the first hour changed has not been seen when it is decided
    assert np.array_equal(draws[0][before], draws[1][before])
    assert not np.array_equal(draws[0], draws[1])


def test_where_the_meter_tells_half_hours_the_second_half_is_not_looked_at_and_the_first_is() -> None:
    home, course = made_home(4), made_course(4)
    pieces, whole = pieces_of(home), with_meter(home, 4)
    habits = learn_habits(home, learn_pool([made_home(9), made_home(10)]))
    meter = replace(whole, half_kwh=0.5 * whole.load_kw)
    charged = charge_year(home, pieces, course, Policy.LEARNED, habits, meter)[1]
    full = (pieces.part == 1) & (charged > 2.0) & (charged < home.power_kw - 0.5)
    piece = int(np.flatnonzero(full)[-1])  # the cap held it back in this hour
    at = 24 * DAYS_BACK + int(pieces.hour[piece]) - meter.first_hour
    surprise = np.zeros(meter.load_kw.size)
    surprise[at] = 1.5
    late = replace(meter, load_kw=meter.load_kw + surprise)
    early = replace(late, half_kwh=meter.half_kwh + surprise)
    drawn = [charge_year(home, pieces, course, Policy.LEARNED, habits, one)[1] for one in (late, early)]
    assert np.array_equal(drawn[0][: piece + 1], charged[: piece + 1])
    assert np.array_equal(drawn[1][:piece], charged[:piece])
    assert drawn[1][piece] < charged[piece] - 0.5


def test_without_a_charge_on_the_peak_the_meter_changes_nothing() -> None:
    home, course = made_home(5), made_course(5)
    pieces, habits = pieces_of(home), learn_habits(home, learn_pool([made_home(9), made_home(10)]))
    free = with_meter(home, 5, eur_per_kw_year=0.0)
    for policy in (Policy.LEARNED, Policy.FORESIGHT):
        one, other = (charge_year(home, pieces, course, policy, habits, meter)[0] for meter in (None, free))
        assert one.cost_eur == pytest.approx(other.cost_eur, abs=1e-9)


def test_told_the_departure_the_planner_is_the_policy_of_that_name_and_told_more_it_saves_more() -> None:
    pool, cost = learn_pool([made_home(seed) for seed in range(20, 24)]), np.zeros(4)
    for seed in range(4):
        home, course = made_home(seed), made_course(seed)
        pieces, habits = pieces_of(home), learn_habits(home, pool)
        steps = [
            Told(),
            Told(departure=True),
            Told(departure=True, trip=True),
            Told(departure=True, trip=True, prices=True),
        ]
        years = [charge_told(home, pieces, course, habits, step) for step in steps]
        cost += [year.cost_eur for year, _ in years]
        assert np.array_equal(years[1][1], charge_year(home, pieces, course, Policy.TAP, habits)[1])
        assert years[3][0].cost_eur >= charge_year(home, pieces, course, Policy.FORESIGHT)[0].cost_eur - 1e-9
    assert (np.diff(cost) < 0).all()
