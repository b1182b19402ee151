"""Laws of plans on the charger's own amps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.charging.charger import Charger
from beachhead.charging.convex import plan_convex
from beachhead.charging.lattice import plan_lattice, starts
from beachhead.charging.task import Car, ChargingTask
from beachhead.world.errors import BadInput


def made(seed: int, slots: int = 40) -> tuple[ChargingTask, Charger]:
    rng = np.random.default_rng(seed)
    buy = rng.normal(0.12, 0.1, slots)
    present, trips = np.ones(slots), np.zeros(slots)
    for _ in range(rng.integers(0, 4)):
        left = int(rng.integers(0, slots))
        present[left : left + int(rng.integers(1, 12))] = rng.choice([0.0, 0.4])
        trips[left] += rng.exponential(9.0)
    battery = float(rng.uniform(10, 60))
    task = ChargingTask(
        slot_hours=0.25,
        buy=buy,
        sell=buy - rng.choice([0.0, 0.05, -0.03]),
        net_load_kwh=rng.normal(0.1, 0.6, slots),
        present=present,
        trips_kwh=trips,
        car=Car(battery_kwh=battery, power_kw=float(rng.choice([3.7, 11.0])), efficiency=0.9),
        start_kwh=battery * float(rng.random()),
        fuse_kw=float(rng.choice([np.inf, 9.2])),
    )
    charger = Charger(
        phases=((3,), (1,), (1, 3))[rng.integers(3)],
        start_eur=float(rng.choice([0.0, 0.05])),
        least_on_slots=int(rng.integers(1, 4)),
        least_off_slots=int(rng.integers(1, 4)),
    )
    return task, charger


@settings(deadline=None, derandomize=True, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_lattice_plan_draws_only_levels_of_the_charger_and_keeps_its_least_times(seed: int) -> None:
    task, charger = made(seed)
    plan = plan_lattice(task, charger)
    amps = plan.draw_kwh / charger.kwh(1, task.slot_hours)
    assert np.abs(amps - np.round(amps)).max() < 1e-6
    assert set(np.round(amps).astype(int)) <= {0, *charger.levels.tolist()}
    assert (plan.draw_kwh <= task.room_kwh + 1e-9).all()
    assert (plan.stored_kwh <= task.car.battery_kwh + 1e-9).all()
    assert plan.gap < 1e-9
    on = plan.draw_kwh > 0
    can = task.room_kwh >= charger.kwh(int(charger.levels[0]), task.slot_hours) - 1e-9
    for slot in range(1, task.slots):
        if on[slot - 1] and not on[slot] and can[slot]:
            assert on[max(slot - charger.least_on_slots, 0) : slot].all()
        if on[slot] and not on[slot - 1]:
            assert not on[max(slot - charger.least_off_slots, 0) : slot].any()


@settings(deadline=None, derandomize=True, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_finer_charger_without_cost_of_starting_never_costs_more_and_the_convex_plan_bounds_it(seed: int) -> None:
    task, charger = made(seed)
    free = replace(charger, start_eur=0.0, least_on_slots=1, least_off_slots=1)
    wider = replace(free, least_amps=1, most_amps=32)
    exact, looser, loosest = (plan_lattice(task, kind).objective_eur for kind in (charger, free, wider))
    assert looser <= exact + 1e-9
    assert loosest <= looser + 1e-9
    if task.is_convex:
        assert plan_convex(task).objective_eur <= loosest + 1e-9


def test_a_dear_start_is_made_once() -> None:
    task, charger = made(4)
    task = replace(
        task, trips_kwh=np.zeros(task.slots), start_kwh=0.0, present=np.ones(task.slots), net_load_kwh=task.buy * 0
    )
    task = replace(task, buy=np.tile([0.1, 0.2], task.slots // 2) - 0.3, sell=np.full(task.slots, -1.0))
    cheap = plan_lattice(task, replace(charger, start_eur=0.0, least_on_slots=1, least_off_slots=1))
    dear = plan_lattice(task, replace(charger, start_eur=5.0, least_on_slots=1, least_off_slots=1))
    assert starts(cheap.draw_kwh) > 1
    assert starts(dear.draw_kwh) <= 1


def test_a_charger_that_runs_already_pays_no_start() -> None:
    task, charger = made(11)
    task = replace(task, present=np.ones(task.slots), fuse_kw=np.inf)
    costly = replace(charger, start_eur=0.5)
    assert plan_lattice(task, costly, on_slots=9).objective_eur <= plan_lattice(task, costly).objective_eur


def test_what_the_lattice_does_not_know_is_refused() -> None:
    task, charger = made(2)
    with pytest.raises(BadInput, match="reserve"):
        plan_lattice(replace(task, car=replace(task.car, reserve_kwh=5.0)), charger)
    with pytest.raises(BadInput, match="amps from 9 to 6"):
        Charger(least_amps=9, most_amps=6)
