"""Claims by age and by use, recovered from simulated fleets whose truth is known; all is censored today."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from beachhead.aftersales.demand import pool_rates
from beachhead.aftersales.quality import claim_rate
from beachhead.aftersales.record import DAYS_PER_MONTH, Car, Claim, Record, by_age
from beachhead.aftersales.use import KM_PER_MONTH, learn_use, share_from_cars

TODAY = date(2029, 6, 30)
FACTOR = 1.5


def a_fleet(rng, *, share: float, cars: int = 250, rate: float = 0.03, frailty: float = 0.0, markets: int = 3):
    """(N,) claims, months and kilometres in two age classes, and the cell of each; cars drive 0.2 to 3 times as far."""
    months = rng.uniform(0.5, 30.0, cars * markets)
    pace = KM_PER_MONTH * rng.gamma(4.0, 0.25, cars * markets)
    market = np.repeat(np.arange(markets), cars)
    own = rng.gamma(1 / frailty, frailty, cars * markets) if frailty else np.ones(cars * markets)
    level = rate * rng.gamma(9.0, 1 / 9.0, markets)[market] * own * (1 - share + share * pace / KM_PER_MONTH)
    first, later = np.minimum(months, 12.0), np.maximum(months - 12.0, 0.0)
    claims = np.concatenate([rng.poisson(FACTOR * level * first), rng.poisson(level * later)])
    parts = np.concatenate([first, later])
    return claims, parts, parts * np.tile(pace, 2), np.concatenate([2 * market, 2 * market + 1])


def cover_of_share(frailty: float, fleets: int, seed: int, cars: int = 120) -> float:
    """Share of 90 % intervals that hold the truth, which is drawn as assumed before anything is seen: beta (2, 2)."""
    rng, held = np.random.default_rng(seed), 0
    for _ in range(fleets):
        truth = rng.beta(2.0, 2.0)
        found = share_from_cars(*a_fleet(rng, share=truth, frailty=frailty, cars=cars), prior=0.5)
        held += found.low <= truth <= found.high
    return held / fleets


@pytest.mark.parametrize("truth", [0.15, 0.5, 0.85])
def test_the_share_of_claims_that_comes_with_distance_is_recovered(truth):
    rng = np.random.default_rng(3)
    found = [share_from_cars(*a_fleet(rng, share=truth, cars=800), prior=0.5).value for _ in range(12)]
    assert np.mean(found) == pytest.approx(truth, abs=0.04)


def test_intervals_of_that_share_cover_what_they_say():
    assert 0.86 <= cover_of_share(0.0, 300, seed=1) <= 0.94


@pytest.mark.full
@pytest.mark.parametrize("frailty", [0.0, 0.5])
def test_intervals_of_that_share_cover_88_to_92_percent(frailty):
    assert 0.88 <= cover_of_share(frailty, 3000, seed=2) <= 0.92


@pytest.mark.full
@pytest.mark.parametrize("frailty", [0.0, 0.5, 2.0])
def test_claims_per_kilometre_cover_88_to_92_percent(frailty):
    rng, held, fleets, rate = np.random.default_rng(4), 0, 4000, 0.02
    for _ in range(fleets):
        months = rng.uniform(0.5, 12.0, 400)
        km = months * KM_PER_MONTH * rng.gamma(4.0, 0.25, 400)
        own = rng.gamma(1 / frailty, frailty, 400) if frailty else np.ones(400)
        found = claim_rate(rng.poisson(rate * own * km / KM_PER_MONTH), km / 1000)
        held += found.low <= 1e6 * rate / KM_PER_MONTH <= found.high
    assert 0.88 <= held / fleets <= 0.92


def a_record(rng, *, share: float, rate: float, paces: dict[str, float], cars: int, read: bool = True) -> Record:
    """Cars delivered over two years, their claims day by day, odometers read up to two months ago."""
    owned, claims = [], []
    for market, pace in paces.items():
        for n in range(cars):
            delivered = TODAY - timedelta(days=int(rng.integers(30, 760)))
            own = pace * rng.gamma(4.0, 0.25)
            monthly = rate * (1 - share + share * own / KM_PER_MONTH)
            days = np.arange((TODAY - delivered).days)
            daily = monthly / DAYS_PER_MONTH * np.where(days < 12 * DAYS_PER_MONTH, FACTOR, 1.0)
            name = f"{market}{n}"
            on = delivered + timedelta(days=max(1, len(days) - int(rng.integers(0, 60))))
            km = own * (on - delivered).days / DAYS_PER_MONTH
            owned.append(Car(name=name, market=market, delivered=delivered, km=km if read else None, km_on=on))
            claims += [
                Claim(car=name, market=market, opened=delivered + timedelta(days=int(day)))
                for day in np.flatnonzero(rng.poisson(daily))
            ]
    return Record(cars=tuple(owned), claims=tuple(claims), jobs=(), until=TODAY)


def test_markets_that_drive_far_are_known_to_claim_more_and_rates_are_those_of_the_same_distance():
    """Equal cars, but Germany drives twice as far as Norway: per month its claims differ, at 14,000 km a year not."""
    rng, found = np.random.default_rng(5), []
    for _ in range(6):
        record = a_record(rng, share=0.7, rate=0.05, paces={"NO": 800.0, "DE": 1600.0}, cars=300)
        use = learn_use(record, {"NO": KM_PER_MONTH, "DE": KM_PER_MONTH}, 0.5)
        assert use.market_pace["DE"] / use.market_pace["NO"] == pytest.approx(2.0, rel=0.12)
        weights = use.intensity(use.pace)
        seen = [by_age(record, market, weights) for market in ("NO", "DE")]
        months = np.array([FACTOR * each.months[0] + each.months[1] for each in seen])
        pooled = pool_rates(np.array([sum(each.claims) for each in seen]), months)
        plain = [sum(by_age(record, market, np.ones_like(weights)).months) for market in ("NO", "DE")]
        found.append([*pooled.mean, sum(seen[0].claims) / plain[0], sum(seen[1].claims) / plain[1], use.share.value])
    norway, germany, norway_months, germany_months, share = np.mean(found, axis=0)
    assert share == pytest.approx(0.7, abs=0.1)
    assert (norway, germany) == pytest.approx((0.05, 0.05), rel=0.08)
    assert germany_months > 1.3 * norway_months


def test_odometers_that_nobody_read_teach_nothing():
    record = a_record(np.random.default_rng(6), share=0.9, rate=0.05, paces={"NO": 1000.0}, cars=60, read=False)
    use = learn_use(record, {"NO": 1000.0}, 0.4)
    assert use.share.value == pytest.approx(0.4, abs=0.01)
    assert use.market_pace == {"NO": 1000.0}
    assert use.km == pytest.approx(1000.0 * sum(car.months(TODAY) for car in record.cars))


def test_ages_and_distances_share_out_all_claims_months_and_kilometres():
    record = a_record(np.random.default_rng(7), share=0.5, rate=0.08, paces={"NO": 900.0, "DE": 2500.0}, cars=80)
    use = learn_use(record, {"NO": 900.0, "DE": 1800.0}, 0.5)
    for classes in (use.ages, use.distances):
        assert sum(each.claims for each in classes) == len(record.claims)
        assert sum(each.per_months.exposure for each in classes) == pytest.approx(
            sum(car.months(TODAY) for car in record.cars)
        )
        assert sum(each.km for each in classes) == pytest.approx(use.km)
    first, second, _ = use.ages
    assert first.per_months.value > 1.2 * second.per_months.value


def test_a_reading_after_the_day_asked_for_is_not_known_on_it():
    record = a_record(np.random.default_rng(8), share=0.5, rate=0.02, paces={"NO": 2000.0}, cars=40)
    before = replace(record, until=TODAY - timedelta(days=800))
    assert learn_use(before, {"NO": 1000.0}, 0.5).market_pace["NO"] == 1000.0
