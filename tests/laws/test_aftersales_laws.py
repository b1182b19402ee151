"""What must hold after the sale, whatever the numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import binom, poisson

from beachhead.aftersales.exact import _thinned, exact_law
from beachhead.aftersales.marginal import provision
from beachhead.aftersales.network import MarketService, service_network
from beachhead.aftersales.parts import Pipelines, Repairable, base_pipelines, last_time_buy, met_at_once
from beachhead.aftersales.provisioning import Part, _repairable, last_orders, stock_parts
from beachhead.aftersales.quality import Verdict, claim_rate, exposure_to_settle, share
from beachhead.aftersales.queue import Station, wait
from beachhead.aftersales.record import Car, Claim, Record, Standard, assess, fleet_clock
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
@given(st.floats(0.01, 50.0), st.floats(1.0, 3.0), st.integers(0, 80))
def test_the_fill_rate_is_monotone_in_stock(mean, spread, stock):
    on_order = Pipelines(mean=np.full(2, mean), variance=np.full(2, mean * spread))
    less, more = met_at_once(on_order, np.array([stock, stock + 1]))
    assert less <= more <= 1


@LAWS
@given(st.floats(0.01, 50.0), st.floats(1.0, 3.0), st.floats(0.5, 0.99))
def test_the_stock_for_a_fill_rate_is_the_smallest_that_meets_it(mean, spread, target):
    on_order = Pipelines(mean=np.array([mean]), variance=np.array([mean * spread]))
    stock = on_order.stock_for(np.array([target]))
    assert met_at_once(on_order, stock)[0] >= target - 1e-12
    assert met_at_once(on_order, stock - 1)[0] <= target + 1e-12


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
    rates = Rates(bay=50e3, bay_per_quarter=4e3, technician_per_quarter=15e3, training=20e3)
    found = staff(np.array([jobs]), work, promise, rates)
    assert (found.bays >= found.needed).all()
    assert (found.technicians >= found.needed).all()
    assert (np.diff(found.bays, axis=1) >= 0).all()
    assert [places(rate, work, promise) for rate in jobs] == found.needed[0].tolist()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.0, 30.0), min_size=1, max_size=5), st.floats(0.0, 60e3))
def test_no_other_run_of_technicians_is_cheaper(jobs, training):
    work, promise = Work(hours=2.0, cv2=0.7), Promise(seen_within_days=2, repaired_within_hours=9)
    rates = Rates(bay=0, bay_per_quarter=0, technician_per_quarter=15e3, training=training)
    found = staff(np.array([jobs]), work, promise, rates)
    need = found.needed[0]
    assume(need.max() <= 3)
    choices = np.stack(np.meshgrid(*[range(n, int(need.max()) + 1) for n in need]), axis=-1).reshape(-1, len(need))
    change = np.diff(np.concatenate([np.zeros((len(choices), 1)), choices], axis=1), axis=1)
    costs = 15e3 * choices.sum(1) + training * change.clip(0).sum(1)
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


def _spare(**changes: object) -> Part:
    plain = Part(
        code="P",
        name="part",
        unit_cost=100.0,
        per_1000_months=2.0,
        lead_days=60,
        ship_days=5,
        local_repair_share=0.2,
        local_repair_days=7,
        holding_share=0.2,
        last_order=2,
        support_years=10,
        shortage_cost=400.0,
    )
    return replace(plain, **changes)


@LAWS
@given(st.lists(st.floats(1.0, 20_000.0), min_size=1, max_size=6), st.floats(0.5, 0.98))
def test_stocked_parts_meet_the_fill_rate_and_costs_add_up(in_use, fill):
    parts = [_spare(), _spare(code="Q", per_1000_months=0.1, unit_cost=7000.0)]
    cars = np.array(in_use)
    found = stock_parts(parts, cars, np.full(len(cars), fill))
    assert found.fill >= fill - 1e-9
    assert found.cost_by_market.sum() == pytest.approx(found.cost)
    assert found.holding_by_market.sum() == pytest.approx(found.holding_per_year)


@pytest.mark.parametrize("rate", [2.0, 40.0, 900.0])
def test_every_market_of_a_part_used_often_is_met_as_often_as_asked_by_the_exact_law(rate):
    part, cars = _spare(per_1000_months=rate, local_repair_share=0.0), np.array([60_000.0, 30_000.0, 9_000.0, 2_000.0])
    found = stock_parts([part], cars, np.full(4, 0.97))
    (stock,) = found.stocks
    met = met_at_once(exact_law(_repairable(part, cars), stock.central), stock.local)
    assert (met >= 0.97).all()
    assert stock.fill == pytest.approx(cars @ met / cars.sum())


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 1.0])
def test_a_count_thinned_at_roots_of_unity_is_the_sum_over_binomials(share):
    counts = np.arange(80)
    law = poisson.pmf(counts, 30.0)
    summed = sum(law[n] * binom.pmf(counts, n, share) for n in counts)
    found = _thinned(law, share)
    assert found == pytest.approx(summed[: len(found)], abs=1e-14)
    assert summed[len(found) :].sum() < 1e-12


@pytest.mark.parametrize("cars", [20.0, 200_000.0])
def test_a_part_that_is_there_at_once_needs_no_stock_and_holds_no_other_up(cars):
    instant = _spare(code="I", lead_days=0, ship_days=0, local_repair_share=0)
    fleet, fill = np.full(3, cars), np.full(3, 0.95)
    alone = stock_parts([instant], fleet, fill)
    assert (alone.cost, alone.fill) == (0.0, 1.0)
    beside = stock_parts([instant, _spare()], fleet, fill)
    assert beside.stocks[0].cost == 0
    assert beside.fill >= 0.95


def test_technicians_of_a_market_with_wrong_units_are_still_planned():
    jobs, work = np.array([[1e5, 3e6, 2e6]]), Work(hours=2.5, cv2=1.0)
    rates = Rates(bay=50e3, bay_per_quarter=4e3, technician_per_quarter=15e3, training=20e3)
    found = staff(jobs, work, Promise(seen_within_days=5, repaired_within_hours=16), rates)
    assert (found.technicians >= jobs * 2.5 / 45).all()


@LAWS
@given(st.floats(0.5, 500.0), st.floats(0.1, 1.5), st.floats(1.1, 20.0))
def test_a_last_order_grows_with_the_price_of_lacking_and_with_doubt(mean, cv, ratio):
    sd = cv * mean
    some = last_time_buy(mean, sd, 100.0, 100.0 * ratio)
    more = last_time_buy(mean, sd, 100.0, 100.0 * (ratio + 1))
    assert more.quantity >= some.quantity
    assert some.expected_cost >= 0
    surer = last_time_buy(mean, 0.0, 100.0, 100.0 * ratio)
    assert some.expected_cost >= surer.expected_cost * (1 - 0.02) - 1e-6 * mean * 100


def test_no_order_is_taken_for_cars_that_nobody_has():
    (order,) = last_orders([_spare()], np.zeros((3, 8)), np.zeros(3), rate_cv=0.5, survival_per_quarter=0.99)
    assert order.order.quantity == 0
    for none in (None, -1, 8):
        some = last_orders(
            [_spare(last_order=none)], np.ones((3, 8)), np.ones(3), rate_cv=0.5, survival_per_quarter=0.99
        )
        assert some == ()


@LAWS
@given(st.integers(0, 30), st.floats(50.0, 5000.0), st.floats(5.0, 60.0))
def test_what_settles_a_claim_rate_does_settle_it(claims, months, limit):
    seen = claim_rate(np.array([claims]), np.array([months]))
    needed = exposure_to_settle(seen, limit)
    if not np.isfinite(needed) or needed <= seen.exposure:
        return
    factor = int(np.ceil(needed / months))
    later = claim_rate(np.array([claims * factor]), np.array([months * factor]))
    assert later.against(limit) is not Verdict.NOT_YET_LEARNT


@LAWS
@given(st.integers(0, 40), st.integers(1, 60), st.floats(0.02, 0.5))
def test_more_jobs_of_the_same_kind_settle_a_share(events, more, limit):
    trials = events + more
    seen = share(events, trials)
    needed = exposure_to_settle(seen, limit)
    if not np.isfinite(needed) or needed <= seen.exposure:
        return
    factor = int(np.ceil(needed / trials))
    assert share(events * factor, trials * factor).against(limit) is not Verdict.NOT_YET_LEARNT


@LAWS
@given(st.lists(st.floats(0.0, 80.0), min_size=8, max_size=8), st.integers(1, 5))
def test_more_cars_never_need_fewer_places_and_cost_no_less(path, factor):
    deliveries = np.cumsum(np.array(path))[None, None, :]
    (built,) = service_network(deliveries, [_service()])
    service = replace(_service(), centres=built.centres)
    (one,), (more,) = service_network(deliveries, [service]), service_network(deliveries * factor, [service])
    assert (more.staffing.bays >= one.staffing.bays).all()
    assert (more.cost >= one.cost - 1e-9).all()
    assert (more.jobs_sd >= one.jobs_sd - 1e-9).all()


@LAWS
@given(st.lists(st.floats(0.0, 900.0), min_size=8, max_size=8))
def test_centres_that_open_as_cars_come_keep_the_promise_and_cost_no_more_than_all_from_the_start(path):
    deliveries, service = np.array(path)[None, None, :], _service()
    (found,) = service_network(deliveries, [service])
    (every,) = service_network(deliveries, [replace(service, centres=found.centres)])
    assert (np.diff(found.open) >= 0).all()
    assert found.centres == found.open[-1] == max(np.ceil(found.in_use[-1] / service.cars_per_centre), 1)
    assert (found.open >= np.minimum(np.ceil(found.in_use / service.cars_per_centre), found.centres)).all()
    assert all(each is None or each.seen >= service.promise.share for each in found.kept)
    spent, before = (float(one.cost.sum() + one.capital.sum()) for one in (found, every))
    assert spent <= before * (1 + 1e-12)
    assert found.capital.sum() == pytest.approx(every.capital.sum())


@LAWS
@given(st.lists(st.floats(0.0, 80.0), min_size=12, max_size=12), st.integers(1, 4))
def test_cars_of_the_past_age_as_if_they_had_been_planned(path, past):
    """The same deliveries, told as past or as planned, need the same from the first quarter on."""
    service = replace(_service(), centres=1, recall_share=np.zeros(12))
    (whole,) = service_network(np.array(path)[None, None], [service])
    later = replace(service, recall_share=np.zeros(12 - past))
    told = np.array(path[past:])[None, None]
    (split,) = service_network(told, [later], before=np.array(path[:past])[None])
    assert split.in_use == pytest.approx(whole.in_use[past:])
    assert split.jobs == pytest.approx(whole.jobs[past:])


def _service() -> MarketService:
    return MarketService(
        market="NO",
        centres=None,
        cars_per_centre=500,
        maintenance_per_quarter=0.15,
        claims_per_month=0.025,
        claims_cv=0.5,
        claim_age_factor=np.array([1.5, 1.0]),
        accidents_per_year=0.06,
        breakdowns_per_year=0.05,
        recall_share=np.zeros(8),
        work=Work(hours=2.5, cv2=1.0),
        promise=Promise(seen_within_days=3, repaired_within_hours=12),
        rates=Rates(bay=80e3, bay_per_quarter=6e3, technician_per_quarter=16e3, training=8e3),
        van_per_quarter=24e3,
        van_jobs=12,
        partner_fee=180,
        partner_jobs=10,
        roadside_per_call=250,
    )


DAYS = st.dates(date(2027, 1, 1), date(2027, 12, 1))


@LAWS
@given(st.lists(DAYS, min_size=1, max_size=20), st.lists(DAYS, max_size=12), st.integers(1, 60))
def test_claims_and_cars_in_any_order_are_judged_alike(delivered, opened, limit):
    cars = tuple(Car(name=f"V{n}", market="NO", delivered=day) for n, day in enumerate(delivered))
    claims = tuple(Claim(car=f"V{n % len(cars)}", market="NO", opened=day) for n, day in enumerate(opened))
    record = Record(cars=cars, claims=claims, jobs=(), until=date(2028, 1, 1))
    turned = replace(record, cars=cars[::-1], claims=claims[::-1])
    standards = {"NO": Standard(most_claims=float(limit))}
    one, other = assess(record, standards), assess(turned, standards)
    assert one.rate == other.rate
    assert one.markets[0].gate == other.markets[0].gate
    assert one.rate.exposure == pytest.approx(fleet_clock(cars, [record.until])[0])


@LAWS
@given(st.lists(st.tuples(DAYS, st.none() | st.integers(0, 300)), max_size=15), st.lists(DAYS, min_size=1, max_size=8))
def test_the_clock_of_a_fleet_is_the_sum_of_its_cars_months(lives, days):
    cars = [
        Car(name="", market="NO", delivered=day, gone=None if life is None else day + timedelta(days=life))
        for day, life in lives
    ]
    by_car = [sum(car.months(day) for car in cars) for day in days]
    assert fleet_clock(cars, days) == pytest.approx(by_car, abs=1e-9)


def test_judging_a_fleet_reads_each_car_a_few_times_however_many_claims_there_are(monkeypatch):
    cars = tuple(Car(name=f"V{n}", market="NO", delivered=date(2027, 1, 1) + timedelta(days=n)) for n in range(50))
    claims = tuple(Claim(car=f"V{n % 50}", market="NO", opened=date(2027, 6, 1)) for n in range(400))
    read, months = [], Car.months
    monkeypatch.setattr(Car, "months", lambda car, until: read.append(car) or months(car, until))
    assess(Record(cars=cars, claims=claims, jobs=(), until=date(2028, 1, 1)), {})
    assert len(read) <= 5 * len(cars)
