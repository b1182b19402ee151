"""What must hold after the sale, whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from beachhead.aftersales.parts import Repairable, base_pipelines, fill_rate, provision
from beachhead.aftersales.quality import claim_rate
from beachhead.aftersales.queue import Station, wait
from beachhead.aftersales.staffing import Promise, Rates, Work, places, staff
from beachhead.world.errors import NotFeasible

LAWS = settings(max_examples=80, deadline=None, derandomize=True)
loads = st.floats(0.05, 0.99)
cv2s = st.floats(0.0, 4.0)


@LAWS
@given(st.integers(1, 30), loads, cv2s, st.floats(0.0, 20.0))
def test_more_bays_never_lengthen_waits(servers, load, cv2, hours):
    rate = load * servers
    one = wait(Station(arrivals_per_hour=rate, service_hours=1, service_cv2=cv2, servers=servers))
    more = wait(Station(arrivals_per_hour=rate, service_hours=1, service_cv2=cv2, servers=servers + 1))
    assert more.mean_hours <= one.mean_hours + 1e-12
    assert more.longer_than(hours) <= one.longer_than(hours) + 1e-12


@LAWS
@given(st.integers(1, 20), loads, cv2s)
def test_merging_two_identical_centres_never_lengthens_waits(servers, load, cv2):
    rate = load * servers
    apart = wait(Station(arrivals_per_hour=rate, service_hours=1, service_cv2=cv2, servers=servers))
    merged = wait(Station(arrivals_per_hour=2 * rate, service_hours=1, service_cv2=cv2, servers=2 * servers))
    assert merged.mean_hours <= apart.mean_hours + 1e-12


@LAWS
@given(st.floats(0.01, 50.0), st.integers(0, 80))
def test_the_fill_rate_is_monotone_in_stock(pipeline, stock):
    assert fill_rate(stock, pipeline) <= fill_rate(stock + 1, pipeline) <= 1


@LAWS
@given(st.lists(st.floats(0.01, 2.0), min_size=1, max_size=4), st.integers(0, 12))
def test_more_spares_at_the_depot_never_lengthen_a_pipeline(demand, stock):
    part = _part("P", np.array(demand), 1.0)
    assert (base_pipelines(part, stock + 1) <= base_pipelines(part, stock) + 1e-12).all()


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.01, 0.5), min_size=1, max_size=3), st.floats(0.5, 0.95))
def test_a_higher_fill_rate_never_costs_less(demand, fill):
    parts = [_part("P", np.array(demand), 10.0), _part("Q", np.array(demand) / 3, 50.0)]
    low, high = provision(parts, fill=fill), provision(parts, fill=fill + 0.04)
    assert low.availability >= fill - 1e-9
    assert low.cost <= high.cost


@LAWS
@given(st.lists(st.floats(0.0, 60.0), min_size=1, max_size=10))
def test_staffing_keeps_the_promise_in_every_quarter_and_bays_never_go(jobs):
    work, promise = Work(hours=2.0, cv2=0.7), Promise(seen_within_days=2, repaired_within_hours=9)
    rates = Rates(bay=50e3, bay_per_quarter=4e3, technician_per_quarter=15e3, training=20e3, leaving=5e3)
    found = staff(np.array([jobs]), work, promise, rates)
    assert (found.bays >= found.needed).all()
    assert (found.technicians >= found.needed).all()
    assert (np.diff(found.bays, axis=1) >= 0).all()
    assert [places(rate, work, promise) for rate in jobs] == found.needed[0].tolist()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.0, 30.0), min_size=1, max_size=5), st.floats(0.0, 60e3))
def test_no_other_run_of_technicians_is_cheaper(jobs, training):
    work, promise = Work(hours=2.0, cv2=0.7), Promise(seen_within_days=2, repaired_within_hours=9)
    rates = Rates(bay=0, bay_per_quarter=0, technician_per_quarter=15e3, training=training, leaving=1e3)
    found = staff(np.array([jobs]), work, promise, rates)
    need = found.needed[0]
    assume(need.max() <= 3)
    choices = np.stack(np.meshgrid(*[range(n, int(need.max()) + 1) for n in need]), axis=-1).reshape(-1, len(need))
    change = np.diff(np.concatenate([np.zeros((len(choices), 1)), choices], axis=1), axis=1)
    costs = 15e3 * choices.sum(1) + training * change.clip(0).sum(1) + 1e3 * (-change).clip(0).sum(1)
    assert found.cost[0] == pytest.approx(costs.min())


def test_a_promise_no_number_of_bays_can_keep_is_refused():
    with pytest.raises(NotFeasible, match="more bays do not help"):
        staff(
            np.array([[10.0]]),
            Work(hours=6.0, cv2=1.0),
            Promise(seen_within_days=2, repaired_within_hours=8),
            Rates(bay=1, bay_per_quarter=1, technician_per_quarter=1, training=1),
        )


@LAWS
@given(st.lists(st.integers(0, 4), min_size=5, max_size=60), st.floats(1.0, 12.0))
def test_the_claim_rate_lies_in_its_interval(claims, months):
    found = claim_rate(np.array(claims), np.full(len(claims), months))
    assert found.low <= found.value <= found.high


def _part(code: str, demand: np.ndarray, cost: float) -> Repairable:
    ones = np.ones_like(demand)
    return Repairable(
        code=code,
        unit_cost=cost,
        demand_per_day=demand,
        base_repair_share=0.1 * ones,
        base_repair_days=3 * ones,
        order_ship_days=4 * ones,
        depot_repair_days=20.0,
    )
