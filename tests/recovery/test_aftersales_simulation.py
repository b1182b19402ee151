"""Formulas against simulation with known truth: waits within 10 %, claim-rate intervals that cover 88 to 92 %."""

from __future__ import annotations

import numpy as np
import pytest

from beachhead.aftersales.demand import pool_rates
from beachhead.aftersales.quality import claim_rate
from beachhead.aftersales.queue import Station, wait
from beachhead.aftersales.simulate import simulate

STATED_ERROR = 0.10
CASES = [(c, u, cv2) for c in (1, 2, 4, 8) for u, cv2 in ((0.6, 0.0), (0.7, 0.5), (0.8, 1.0), (0.85, 0.3), (0.75, 2.0))]


def run(servers: int, utilisation: float, cv2: float, jobs: int, seed: int):
    station = Station(arrivals_per_hour=utilisation * servers / 2, service_hours=2, service_cv2=cv2, servers=servers)
    return wait(station), simulate(station, jobs, seed)


@pytest.mark.parametrize(("servers", "utilisation", "cv2"), CASES[::4])
def test_the_wait_agrees_with_a_short_run(servers, utilisation, cv2):
    formula, seen = run(servers, utilisation, cv2, 60_000, seed=11)
    assert abs(formula.mean_hours - seen.mean_hours) <= STATED_ERROR * seen.mean_hours + 3 * seen.standard_error


@pytest.mark.full
@pytest.mark.parametrize(("servers", "utilisation", "cv2"), CASES)
def test_the_wait_agrees_with_simulation_on_twenty_cases(servers, utilisation, cv2):
    formula, seen = run(servers, utilisation, cv2, 400_000, seed=12)
    assert len(CASES) == 20
    assert abs(formula.mean_hours - seen.mean_hours) <= STATED_ERROR * seen.mean_hours + 2 * seen.standard_error


def test_simpy_sees_the_same_as_our_run():
    simpy = pytest.importorskip("simpy")
    rng = np.random.default_rng(3)
    environment, waits = simpy.Environment(), []
    bays = simpy.Resource(environment, capacity=3)

    def job(hours):
        came = environment.now
        with bays.request() as turn:
            yield turn
            waits.append(environment.now - came)
            yield environment.timeout(hours)

    def arrivals():
        for _ in range(30_000):
            yield environment.timeout(rng.exponential(1.0))
            environment.process(job(rng.exponential(2.25)))

    environment.process(arrivals())
    environment.run()
    ours = simulate(Station(arrivals_per_hour=1.0, service_hours=2.25, servers=3), 60_000, seed=4)
    assert np.mean(waits) == pytest.approx(ours.mean_hours, rel=0.15)


def coverage(frailty: float, cars: int, rate: float, fleets: int, seed: int) -> float:
    """Share of 90 % intervals that hold the true rate; cars, delivered at different times, are censored today."""
    rng = np.random.default_rng(seed)
    covered = 0
    for _ in range(fleets):
        months = rng.uniform(0.5, 12.0, cars)
        own = rng.gamma(1 / frailty, frailty, cars) if frailty else np.ones(cars)
        found = claim_rate(rng.poisson(rate * own * months), months)
        covered += found.low <= 1000 * rate <= found.high
    return covered / fleets


FLEETS = [(0.0, 150, 0.02), (0.0, 400, 0.05), (0.5, 150, 0.02), (0.5, 400, 0.05), (2.0, 150, 0.02), (2.0, 400, 0.05)]


def test_claim_rate_intervals_cover_what_they_say_over_all_fleets():
    shares = [coverage(*fleet, fleets=250, seed=5) for fleet in FLEETS]
    assert 0.88 <= np.mean(shares) <= 0.92


@pytest.mark.full
@pytest.mark.parametrize(("frailty", "cars", "rate"), FLEETS)
def test_claim_rate_intervals_cover_88_to_92_percent(frailty, cars, rate):
    assert 0.88 <= coverage(frailty, cars, rate, fleets=4000, seed=6) <= 0.92


def test_pooled_rates_lie_nearer_the_truth_than_each_markets_own():
    rng = np.random.default_rng(8)
    own, pooled = [], []
    for _ in range(60):
        truth = rng.gamma(9.0, 0.03 / 9.0, 12)
        months = rng.uniform(20, 400, 12)
        claims = rng.poisson(truth * months)
        own.append(((claims / months - truth) ** 2).sum())
        pooled.append(((pool_rates(claims, months).mean - truth) ** 2).sum())
    assert np.mean(pooled) < 0.7 * np.mean(own)
