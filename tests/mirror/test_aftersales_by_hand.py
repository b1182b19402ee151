"""Service networks, spares, last orders and quality of a few cars, each sum done by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import ceil, sqrt

import numpy as np
import pytest
from scipy.stats import beta, gamma, nbinom

from beachhead.aftersales.demand import cars_by_age, claims_by_age
from beachhead.aftersales.exact import exact_law
from beachhead.aftersales.network import MarketService, service_network
from beachhead.aftersales.parts import last_time_buy
from beachhead.aftersales.provisioning import Part, _repairable, last_orders, stock_parts
from beachhead.aftersales.quality import claim_rate, exposure_to_settle, share
from beachhead.aftersales.record import Car, Claim, Job, Record, Standard, assess
from beachhead.aftersales.staffing import Promise, Rates, Work, places
from beachhead.aftersales.use import learn_use

WEEKS = 365.25 / 7 / 4
"""Of a quarter."""


def service(**changes: object) -> MarketService:
    plain = MarketService(
        market="NO",
        centres=None,
        cars_per_centre=150,
        maintenance_per_quarter=0.2,
        claims_per_month=0.03,
        claims_cv=0.5,
        claim_age_factor=np.array([1.5, 1.0]),
        accidents_per_year=0.08,
        breakdowns_per_year=0.4,
        recall_share=np.array([0.0, 0.0, 0.1]),
        work=Work(hours=2.5, cv2=1.0),
        promise=Promise(seen_within_days=3, repaired_within_hours=12),
        rates=Rates(bay=80e3, bay_per_quarter=6e3, technician_per_quarter=16e3, training=8e3),
        van_per_quarter=24e3,
        van_jobs=4,
        partner_fee=180,
        partner_jobs=3,
        roadside_per_call=250,
    )
    return replace(plain, **changes)


def test_a_network_by_hand():
    """Two futures that sell 100 and 300 cars a quarter, and one that stops; a tenth of the cars goes every quarter."""
    sold = np.array([[100.0, 100, 100], [300, 300, 300], [100, 100, 0]])[:, None]
    (found,) = service_network(sold, [service()], survival_per_quarter=0.9)
    assert found.odds == pytest.approx(2 / 3)
    ages = np.array([[0.5, 0, 0], [0.5, 0.9, 0], [0.5, 0.9, 0.81]])  # (T, A), of one car a quarter; the new ones half
    cars = np.outer([100, 300], ages.sum(axis=1))
    assert found.in_use == pytest.approx(200 * ages.sum(axis=1))
    assert found.in_use_high == pytest.approx(280 * ages.sum(axis=1))  # nine tenths of the way from 100 to 300
    assert found.centres == ceil(200 * 2.21 / 150) == 3
    claims = np.outer([100, 300], ages @ [1.5, 1, 1]) * 3 * 0.03 / WEEKS
    jobs = cars * (0.2 + 0.08 / 4 + np.array([0, 0, 0.1])) / WEEKS + claims
    assert found.jobs == pytest.approx(jobs.mean(axis=0))
    assert found.kinds[1] == pytest.approx(claims.mean(axis=0))
    # chance of a week, what is not known of claims, and the futures among themselves
    var = jobs.mean(axis=0) + (0.25 * claims**2).mean(axis=0) + jobs.var(axis=0)
    assert found.jobs_sd == pytest.approx(np.sqrt(var))
    centres = np.array([1, 2, 3])  # 100, 280 and 442 cars, 150 for each centre
    assert found.open.tolist() == centres.tolist()
    each = jobs.mean(axis=0) / centres
    assert found.per_centre == pytest.approx(each)
    # chance falls on each centre alone; what is not known is common to all
    assert found.per_centre_sd == pytest.approx(np.sqrt(each + (var - jobs.mean(axis=0)) / centres**2))
    law = nbinom(each**2 / (found.per_centre_sd**2 - each), each / found.per_centre_sd**2)
    assert (law.cdf(found.per_centre_most) >= 0.95).all()
    assert (law.cdf(found.per_centre_most - 1) < 0.95).all()
    asked = service()
    high = jobs[0] + 0.9 * (jobs[1] - jobs[0])
    assert found.high.tolist() == [places(rate, asked.work, asked.promise) for rate in high / centres]
    assert found.roadside == pytest.approx(200 * ages.sum(axis=1) * 0.1 / WEEKS)


def test_what_a_network_costs_by_hand():
    sold = np.full((1, 1, 3), 400.0)
    (found,) = service_network(sold, [service(centres=2)], survival_per_quarter=1.0)
    team, calls = found.staffing, np.array([200, 600, 1000]) * 0.4 / 4
    assert team.technicians[0, -1] > team.technicians[0, 0] > 0
    hired = np.diff(team.technicians[0], prepend=0)
    centre = 6e3 * team.bays[0] + 16e3 * team.technicians[0] + 8e3 * hired
    assert found.cost == pytest.approx(2 * centre + 250 * calls)
    assert found.capital == pytest.approx(2 * 80e3 * np.diff(team.bays[0], prepend=0))
    now = int(team.technicians[0, -1])
    bay, van, partner, less = found.relief
    assert [each.after.places for each in found.relief] == [now + 1, now, now, now - 1]
    assert bay.cost_per_quarter == -less.cost_per_quarter == 22e3
    assert van.cost_per_quarter == 24e3
    assert partner.cost_per_quarter == pytest.approx(180 * 3 * WEEKS)
    busy = found.per_centre[-1] * 2.5 / 45
    expected = [busy / (now + 1), busy * (1 - 4 / found.per_centre[-1]) / now, busy / (now - 1)]
    assert [each.after.utilisation for each in (bay, van, less)] == pytest.approx(expected)


def test_centres_open_as_cars_come_and_the_rest_of_their_bays_and_people_with_them():
    """All four stood from the first car on, with a technician each; told ones are taken as they are told."""
    sold = np.array([20.0, 60, 200, 600, 900])[None, None]
    asked = service(cars_per_centre=450, recall_share=np.zeros(5))
    (found,) = service_network(sold, [asked], survival_per_quarter=1.0)
    assert found.in_use == pytest.approx([10, 50, 180, 580, 1330])
    (every,) = service_network(sold, [replace(asked, centres=3)], survival_per_quarter=1.0)
    assert (found.centres, every.open.tolist()) == (3, [3] * 5)

    def cost(course: list[int]) -> float:
        """Of all quarters, each as many technicians as it needs, who stay."""
        (one,) = service_network(sold, [replace(asked, standing=np.array(course))], survival_per_quarter=1.0)
        total = one.open * one.staffing.technicians[0]
        assert (np.diff(total) >= 0).all()
        assert one.staffing.hire[0].tolist() == np.diff(total, prepend=0).tolist()
        bays = one.open * one.staffing.bays[0]
        assert one.capital == pytest.approx(80e3 * np.diff(bays, prepend=0))
        calls = found.in_use * 0.4 / 4 * 250
        assert one.cost == pytest.approx(6e3 * bays + 16e3 * total + 8e3 * one.staffing.hire[0] + calls)
        return float(one.cost.sum() + one.capital.sum())

    courses = [
        [a, b, c, d, 3] for d in (2, 3) for c in range(1, d + 1) for b in range(1, c + 1) for a in range(1, b + 1)
    ]
    found_cost = float(found.cost.sum() + found.capital.sum())
    assert found_cost == pytest.approx(min(map(cost, courses)))
    assert found_cost < float(every.cost.sum() + every.capital.sum())
    assert all(each is None or each.seen >= 0.95 for each in found.kept)


def spare(**changes: object) -> Part:
    plain = Part(
        code="P",
        name="part",
        unit_cost=100.0,
        per_1000_months=2.0,
        lead_days=60,
        ship_days=5,
        local_repair_share=0.25,
        local_repair_days=7,
        holding_share=0.2,
        last_order=1,
        support_years=1.0,
        shortage_cost=400.0,
    )
    return replace(plain, **changes)


def test_a_last_order_by_hand():
    """Four quarters of cars after the second: one inside the horizon, three that shrink by a tenth each."""
    cars, left = np.array([[900.0, 900, 1000], [1500, 1800, 2000]]), np.array([1100.0, 2100.0])
    (found,) = last_orders([spare()], cars, left, rate_cv=0.3, survival_per_quarter=0.9)
    by_draw = (cars[:, 2] + left * (0.9 + 0.81 + 0.729)) * 3 * 2 / 1000 * 0.75
    mean = by_draw.mean()
    assert found.demand == pytest.approx(mean)
    assert found.demand_sd == pytest.approx(sqrt(mean + by_draw.var() + (0.3 * mean) ** 2))
    assert found.order == last_time_buy(found.demand, found.demand_sd, 100.0, 400.0)
    assert found.cost == 100.0 * found.order.quantity > 0
    (all_live,) = last_orders([spare()], cars, left, rate_cv=0.3, survival_per_quarter=1.0)
    assert all_live.demand == pytest.approx((cars[:, 2] + 3 * left).mean() * 3 * 2 / 1000 * 0.75)


def test_spares_of_a_large_fleet_by_trying_every_central_stock():
    part, cars, fill = spare(unit_cost=250.0), np.array([40_000.0, 10_000.0]), np.array([0.95, 0.9])
    found = stock_parts([part], cars, fill)
    (stock,) = found.stocks
    assert stock.demand_per_year == pytest.approx(50 * 2 * 12)  # 2 a month for each thousand cars
    item = _repairable(part, cars)
    fewest = min(s + int(exact_law(item, s).stock_for(fill).sum()) for s in range(300))
    assert fewest <= stock.central + stock.local.sum() <= 1.02 * fewest
    law = exact_law(item, stock.central)
    assert (law.at_most(stock.local - 1) >= fill).all()
    assert (law.at_most(stock.local - 2) < fill).all()
    assert stock.central > 0
    assert stock.cost == 250.0 * (stock.central + stock.local.sum())
    assert stock.holding_per_year == pytest.approx(0.2 * stock.cost)
    # central spares are borne in the ratio of the fleets
    assert found.cost_by_market == pytest.approx(250.0 * (stock.local + stock.central * np.array([0.8, 0.2])))


def test_spares_of_a_small_fleet_are_there_as_often_as_asked():
    part = spare(lead_days=30, ship_days=0, local_repair_share=0.0)
    found = stock_parts([part], np.array([500.0]), np.array([0.9]))
    (stock,) = found.stocks
    # a car a month is on order on average (30 days of demand), Poisson, wherever the spares lie
    pipeline = 500 * 2 / 1000 / (365.25 / 12) * 30
    met = np.cumsum(np.exp(-pipeline) * pipeline ** np.arange(5) / [1, 1, 2, 6, 24])
    needed = int((met < 0.9).sum()) + 1
    assert stock.local.sum() + stock.central == needed == 3
    assert found.fill == pytest.approx(met[needed - 1], abs=1e-6)
    # two markets beside the central store need no more: it hands over at once
    beside = stock_parts([part], np.array([300.0, 200.0]), np.full(2, 0.9))
    assert beside.cost == 3 * 100.0
    assert beside.fill == pytest.approx(met[needed - 1], abs=1e-6)
    assert stock_parts([part], np.zeros(2), np.full(2, 0.9)).cost == 0.0


def test_a_share_and_a_rate_are_settled_where_the_end_of_their_interval_meets_the_limit():
    for seen, limit, tail in ((share(2, 20), 0.2, 0.95), (share(8, 20), 0.3, 0.05)):
        n = exposure_to_settle(seen, limit)
        assert n > 20
        assert beta.ppf(tail, seen.value * n + 0.5, (1 - seen.value) * n + 0.5) == pytest.approx(limit)
    some = claim_rate(np.array([6, 0, 0, 0]), np.full(4, 50.0))  # one bad car: counts are over-dispersed
    assert some.dispersion > 2
    n = exposure_to_settle(some, 60.0)
    counted = (some.value / 1000 * n + 0.5) / some.dispersion
    assert 1000 * gamma.ppf(0.95, counted, scale=some.dispersion / n) == pytest.approx(60.0)


def test_a_car_back_on_the_day_of_its_repair_is_a_repeat_and_no_order_repeats_itself():
    """Called on the 1st and done on the 4th, back and done the same day; the same again of another part, once."""

    def job(part: str, called: int, done: int | None) -> Job:
        at = [None if day is None else date(2027, 6, day) for day in (called, done)]
        return Job(car="V", market="NO", called=at[0], done=at[1], part=part)

    first, back, other = job("door", 1, 4), job("door", 4, 4), job("seat", 4, 4)
    cars = (Car(name="V", market="NO", delivered=date(2027, 1, 1)),)
    for jobs in ((first, back, other), (other, back, first)):
        record = Record(cars=cars, claims=(), jobs=jobs, until=date(2027, 6, 30))
        (market,) = assess(record, {"NO": Standard(repaired_within_days=2, seen_within_days=5)}).markets
        assert (market.repeats.value, market.repeats.exposure) == (pytest.approx(1 / 3), 3)


def test_workshop_orders_by_hand():
    """Days of June 2027: the 1st is a Tuesday, the 5th a Saturday."""

    def job(called: int, started: int | None, done: int | None, **more: object) -> Job:
        days = [None if day is None else date(2027, 6, day) for day in (called, started, done)]
        return Job(car="V", market="NO", called=days[0], started=days[1], done=days[2], **more)

    jobs = (
        job(1, 2, 4, part="door", parts_wait_days=0.0, satisfaction=5),  # two working days: in time
        job(3, 4, 9, part="seat", parts_wait_days=2.0, satisfaction=2),  # three, with a weekend between: late
        job(14, 22, 23, part="door", satisfaction=3),  # waited six; the door again
        job(21, None, None),  # seven days from call to the 30th: late to be seen
        job(29, 30, None),  # open, and not late yet
    )
    cars = (Car(name="V", market="NO", delivered=date(2027, 1, 1)),)
    record = Record(cars=cars, claims=(), jobs=jobs, until=date(2027, 6, 30))
    (market,) = assess(record, {"NO": Standard(repaired_within_days=2, seen_within_days=5)}).markets
    assert (market.late.value, market.late.exposure) == (pytest.approx(1 / 3), 3)
    assert (market.seen_late.value, market.seen_late.exposure) == (pytest.approx(2 / 5), 5)
    assert (market.repeats.value, market.repeats.exposure) == (pytest.approx(1 / 3), 3)
    assert (market.parts_waits.value, market.parts_waits.exposure) == (pytest.approx(1 / 2), 2)
    assert (market.unhappy.value, market.unhappy.exposure) == (pytest.approx(1 / 3), 3)
    assert market.open_jobs == 2
    assert market.gate is None


def test_claims_by_distance_and_by_age_of_a_car_by_hand():
    """1,000 km a month for two years, as its market is assumed to drive: 10,000 km in ten months, the rest above."""
    until, delivered = date(2027, 1, 1), date(2025, 1, 1)
    months = (until - delivered).days / (365.25 / 12)
    car = Car(name="V", market="NO", delivered=delivered, km=1_000 * months, km_on=until)
    claims = (
        Claim(car="V", market="NO", opened=date(2025, 6, 1)),  # five months: at 5,000 km
        Claim(car="V", market="NO", opened=date(2025, 7, 1), km=12_000.0),
        Claim(car="V", market="NO", opened=date(2026, 7, 1), km=18_000.0),
    )
    found = learn_use(Record(cars=(car,), claims=claims, jobs=(), until=until), {"NO": 1_000.0}, 0.5)
    assert (found.pace[0], found.market_pace["NO"]) == pytest.approx((1_000, 1_000))
    assert found.km == pytest.approx(1_000 * months)
    assert found.per_km.value == pytest.approx(3 / months * 1_000)  # a million km are a thousand of these months
    low, middle, high = found.distances
    assert [band.claims for band in found.distances] == [1, 2, 0]
    assert [band.km for band in found.distances] == pytest.approx([10_000, 1_000 * (months - 10), 0])
    assert (low.per_months.value, low.per_km.value) == pytest.approx((1_000 / 10, 1e6 / 10_000))
    assert middle.per_months.exposure == pytest.approx(months - 10)
    assert high.per_months.exposure == 0
    assert [age.claims for age in found.ages] == [2, 1, 0]
    assert [age.per_months.exposure for age in found.ages] == pytest.approx([12, months - 12, 0])


def test_a_car_is_in_its_first_year_for_twelve_months_whenever_in_its_quarter_it_was_handed_over():
    """Claims added up day by day over cars handed over evenly: half of the fifth quarter is still of the first year."""
    quarter, factor, rate = 90, 2.0, 1.0 / 90  # days; claims a quarter of an older car: one
    handed_over = np.arange(quarter) + 0.5
    days = np.arange(8 * quarter) + 0.5
    age = days[None, :] - handed_over[:, None]
    claims = np.where(age < 0, 0.0, np.where(age < 4 * quarter, factor, 1.0)) * rate
    by_quarter = claims.reshape(quarter, 8, quarter).sum(axis=2).mean(axis=0)
    in_use = cars_by_age(np.array([[1.0, 0, 0, 0, 0, 0, 0, 0]]))
    ages = np.minimum(np.arange(8), len(claims_by_age(factor)) - 1)
    assert (in_use @ claims_by_age(factor)[ages])[0] == pytest.approx(by_quarter, rel=0.02)
