"""Laws of the whole home live: one car alone is the stochastic programme; what is added never costs; limits hold."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from beachhead.charging.connection import Connection
from beachhead.charging.driver import Kind, made_driver, made_load
from beachhead.charging.explain import whole_sentences
from beachhead.charging.habit import learn_pool
from beachhead.charging.household import HomeBattery
from beachhead.charging.known import learnt_now
from beachhead.charging.meter import load_ahead
from beachhead.charging.now import plan_now
from beachhead.charging.peak import DAYS_BACK, laid
from beachhead.charging.situation import Situation, SunAhead
from beachhead.charging.stochastic import HORIZON
from beachhead.charging.whole import Plugged, WholeHome, plan_whole
from beachhead.world.errors import BadInput

MONDAY = (4 + 7 * 2700) * 24
DRIVERS = [made_driver(kind, seed, MONDAY, 90, battery_kwh=45.0, power_kw=7.4) for kind in Kind for seed in (0, 1)]
POOL = learn_pool(DRIVERS[1::2])
SUN = np.maximum(np.sin((np.arange(HORIZON) + 12) / 12 * np.pi), 0.0) * 4.0  # from 18:00 on


def plugged(seed: int, *, stored: float = 12.0, below_zero: bool = False, gives: float = 0.0) -> Plugged:
    """A made-up driver's car at 18:00 on one of its days, prices published until midnight after tomorrow."""
    rng = np.random.default_rng(seed)
    hour = MONDAY + 24 * 60 + 18
    clock = (hour - 168 + np.arange(168 + HORIZON)) % 24
    price = 0.25 + 0.06 * np.cos((clock - 19) / 24 * 2 * np.pi) + 0.02 * rng.normal(size=clock.size)
    if below_zero:
        price[168 + 6 : 168 + 12] = -0.2
    price[168 + 30 :] = np.nan
    situation = Situation(
        home=DRIVERS[2 * (seed % 4)], plugged_in=60 * hour - 40, now=60 * hour, stored_kwh=stored, needed_kwh=33.0,
        price=price, published=30,
    )  # fmt: skip
    return Plugged(situation=situation, pool=POOL, discharge_kw=gives)


def metered(car: Plugged, **limits: float) -> Plugged:
    hour = car.situation.now // 60
    load = laid(made_load(3, MONDAY), hour - 24 * DAYS_BACK, hour)
    return replace(car, situation=replace(car.situation, connection=Connection(load_kw=load, **limits)))


@pytest.mark.parametrize("seed", range(4))
def test_one_car_alone_is_planned_as_by_the_stochastic_programme(seed: int) -> None:
    car = plugged(seed)
    known = learnt_now(car.situation, POOL)
    programme = known.chances.cost(known.chances.follow(known.levels, car.situation.stored_kwh))
    found = plan_whole(WholeHome(cars=(car,)))
    assert programme - 1e-3 <= found.counted_eur <= programme + 1e-7  # it is not bound to the programme's 31 levels
    assert known.chances.cost(found.cars[0].draw_kwh) == pytest.approx(found.counted_eur, abs=1e-3)
    assert known.chances.euros(found.cars[0].draw_kwh) == pytest.approx(found.cost_eur, abs=1e-3)
    assert found.other_costs_eur == pytest.approx(plan_now(car.situation, POOL).other_costs_eur, abs=2e-3)


@pytest.mark.parametrize("seed", range(4))
def test_one_car_and_a_roof_are_planned_alike_by_the_stochastic_programme_and_the_linear_one(seed: int) -> None:
    """Household served first; where feeding in pays less than the grid asks, the sun is worth what it would pay."""
    car = metered(plugged(seed))
    known = learnt_now(replace(car.situation, sun=SunAhead(kwh=SUN, sell_eur_per_kwh=0.08)), POOL)
    programme = known.chances.cost(known.chances.follow(known.levels, car.situation.stored_kwh))
    found = plan_whole(WholeHome(cars=(car,), sun_kwh=SUN, sell_eur_per_kwh=0.08))
    assert known.sun_kwh.max() > 2
    assert programme - 1e-2 <= found.counted_eur <= programme + 1e-6  # it is not bound to the programme's 31 levels
    assert known.chances.cost(found.cars[0].draw_kwh) == pytest.approx(found.counted_eur, abs=1e-3)
    without = plan_whole(WholeHome(cars=(car,)))
    assert found.counted_eur < without.counted_eur - 0.05


def test_a_car_that_draws_what_no_display_shows_is_said_to_wait() -> None:
    """ "The car charges 0.0 kWh this hour; waiting would cost 0.0 cents more": it drew 2 Wh beside a battery."""
    plan = plan_whole(WholeHome(cars=(plugged(0),)))
    assert plan.cars[0].draw_kwh[0] == 0
    drawn = plan.cars[0].draw_kwh.copy()
    drawn[0] = 0.002
    hardly = replace(plan, cars=(replace(plan.cars[0], draw_kwh=drawn),))
    assert whole_sentences(hardly, ["a"]) == whole_sentences(plan, ["a"])
    assert whole_sentences(plan, ["a"])[0].startswith("The car waits until ")


def test_two_cars_that_share_nothing_cost_what_each_costs_alone() -> None:
    cars = plugged(0), plugged(0, stored=20.0)
    alone = sum(plan_whole(WholeHome(cars=(car,))).cost_eur for car in cars)
    assert plan_whole(WholeHome(cars=cars)).cost_eur == pytest.approx(alone, abs=1e-6)


def test_what_is_added_to_a_home_never_costs_and_the_gap_is_closed() -> None:
    """A battery, a car that gives back; and sun in place of the grid."""
    car = plugged(1)
    plain = WholeHome(cars=(car,), sun_kwh=SUN, sell_eur_per_kwh=0.08)
    battery = HomeBattery(capacity_kwh=10.0, power_kw=5.0, start_kwh=0.0)
    giving = (replace(car, discharge_kw=5.0),)
    plans = [plan_whole(home) for home in (
        replace(plain, sun_kwh=None), plain, replace(plain, battery=battery),
        replace(plain, cars=giving, battery=battery),
    )]  # fmt: skip
    costs = [plan.cost_eur for plan in plans]
    assert all(later <= before + 1e-7 for before, later in pairwise(costs))
    assert costs[0] > costs[-1] + 0.05
    assert max(plan.gap for plan in plans) <= 1e-6


def test_fuse_and_flows_are_kept_with_every_car_there() -> None:
    one = metered(plugged(2, stored=3.0, gives=4.0), fuse_kw=9.0)
    battery = HomeBattery(capacity_kwh=8.0, power_kw=4.0, start_kwh=2.0)
    found = plan_whole(WholeHome(cars=(one, plugged(2, stored=5.0)), battery=battery))
    load = found.load
    assert load is not None
    drawn = sum(car.draw_kwh - car.give_kwh for car in found.cars) + found.battery_in_kwh - found.battery_out_kwh
    assert (drawn <= np.maximum(9.0 - load.highest, 0.0) + 1e-6).all()
    free = plan_whole(
        WholeHome(cars=(metered(plugged(2, stored=3.0, gives=4.0)), plugged(2, stored=5.0)), battery=battery)
    )
    assert free.cost_eur <= found.cost_eur + 1e-7
    for car in found.cars:
        assert (car.draw_kwh <= 7.4 + 1e-9).all()
        steps = car.draw_kwh - car.give_kwh / 0.93
        assert np.allclose(np.diff(car.stored_kwh), steps, atol=1e-6)
        assert (car.stored_kwh >= -1e-9).all()


def test_where_a_kw_costs_the_highest_hour_is_lower() -> None:
    blind, aware = (
        plan_whole(WholeHome(cars=(metered(plugged(3, stored=2.0), peak_eur_per_kw=eur),))) for eur in (1e-6, 8.0)
    )
    assert aware.cap_kw is not None
    assert blind.cap_kw is not None
    assert aware.cap_kw < blind.cap_kw - 0.5
    assert aware.cars[0].draw_kwh.max() < blind.cars[0].draw_kwh.max()


def test_a_price_below_zero_does_not_burn_energy_in_a_battery() -> None:
    car = plugged(1, below_zero=True, gives=5.0)
    found = plan_whole(WholeHome(cars=(car,), battery=HomeBattery(capacity_kwh=5.0, power_kw=5.0, start_kwh=4.0)))
    assert (np.minimum(found.battery_in_kwh, found.battery_out_kwh)[6:12] < 1e-6).all()
    assert (np.minimum(found.cars[0].draw_kwh, found.cars[0].give_kwh)[6:12] < 1e-6).all()


def test_the_household_load_is_learnt_from_past_hours_by_kind_of_day() -> None:
    """Nine in ten of new hours lie below the upper quantile, eight in ten between the two."""
    now, below, within = MONDAY + 24 * 7 * 20, [], []
    for seed in range(6):
        load = made_load(seed, MONDAY)
        past, coming = (laid(load, *span) for span in ((now - 24 * DAYS_BACK, now), (now, now + 168)))
        ahead = load_ahead(past, now, 168)
        below.append(coming <= ahead.high)
        within.append((coming >= ahead.low) & (coming <= ahead.high))
        assert (ahead.low <= ahead.median).all()
        assert (ahead.high <= ahead.highest).all()
    assert 0.84 <= np.mean(below) <= 0.94
    assert 0.74 <= np.mean(within) <= 0.86


def test_a_home_that_cannot_be_is_refused() -> None:
    car = plugged(0)
    with pytest.raises(BadInput, match="0 cars"):
        WholeHome(cars=())
    with pytest.raises(BadInput, match="different moments"):
        WholeHome(cars=(car, plugged(1)))
    with pytest.raises(BadInput, match="sun of the coming hours"):
        WholeHome(cars=(car,), sun_kwh=-SUN)
    with pytest.raises(BadInput, match="two weeks or more"):
        load_ahead(np.ones(24), MONDAY, 24)
