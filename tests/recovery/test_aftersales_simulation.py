"""Formulas against simulation with known truth: waits within 10 %, claim-rate intervals that cover 88 to 92 %."""

from __future__ import annotations

import numpy as np
import pytest

from _service_run import simulate
from aftersales import in_simpy
from beachhead.aftersales.demand import pool_rates
from beachhead.aftersales.parts import Repairable, base_pipelines, expected_backorders, two_moment_pipelines
from beachhead.aftersales.quality import claim_rate
from beachhead.aftersales.queue import Station, wait

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


@pytest.mark.parametrize(("servers", "utilisation", "cv2"), CASES)
def test_simpy_sees_the_same_waits_on_twenty_cases(servers, utilisation, cv2):
    """SimPy's event calendar on the random numbers of our run: the same mean wait, to rounding."""
    simpy = pytest.importorskip("simpy")
    station = Station(arrivals_per_hour=utilisation * servers / 2, service_hours=2, service_cv2=cv2, servers=servers)
    assert in_simpy(simpy, station, 2500, seed=4) == pytest.approx(simulate(station, 2500, seed=4).mean_hours, rel=1e-9)


REPAIRABLES = [
    # demand a day and base, bases, days of repair, of shipping, share repaired at the base, spares at depot and bases
    (0.1, 2, 14.0, 2.0, 0.0, 2, 1),  # the model of LINGO's METRIC sample: two outlets, 0.1 a day, 2 and 14 days
    (23.2 / 365, 5, 9.24, 3.65, 0.2, 2, 1),  # rates of Sherbrooke (2004), chapter 3: 23.2 a year, five bases
    (0.05, 8, 40.0, 5.0, 0.3, 10, 1),
    (0.2, 4, 30.0, 5.0, 0.0, 20, 2),
    (0.02, 20, 60.0, 5.0, 0.0, 20, 1),
]


def repairable(demand: float, bases: int, repair: float, shipping: float, local: float) -> Repairable:
    return Repairable(
        code="P",
        unit_cost=1.0,
        demand_per_day=np.full(bases, demand),
        base_repair_share=np.full(bases, local),
        base_repair_days=np.full(bases, 7.0),
        order_ship_days=np.full(bases, shipping),
        depot_repair_days=repair,
    )


def waiting_in_a_run(part: Repairable, depot: int, stock: int, days: float, seed: int) -> float:
    """Mean number of parts that customers of all bases wait for, seen in a run of the two levels themselves."""
    rng, bases = np.random.default_rng(seed), len(part.demand_per_day)
    counts = rng.poisson(part.demand_per_day * days)
    base = np.repeat(np.arange(bases), counts)
    at = rng.uniform(0, days, counts.sum())
    order = np.argsort(at)
    at, base = at[order], base[order]
    local = rng.random(len(at)) < part.base_repair_share[base]
    back = np.empty(len(at))
    back[local] = at[local] + rng.exponential(part.base_repair_days[base[local]])
    asked = at[~local]
    repaired = np.sort(asked + rng.exponential(part.depot_repair_days, len(asked)))
    # the depot's spares go first, then units in the order in which they come out of repair
    free = np.concatenate([np.full(depot, -np.inf), repaired])[: len(asked)]
    back[~local] = np.maximum(asked, free) + part.order_ship_days[base[~local]]
    moments = np.linspace(0.05 * days, 0.95 * days, 40_000)
    total = 0.0
    for j in range(bases):
        gone = np.searchsorted(at[base == j], moments, side="right")
        come = np.searchsorted(np.sort(back[base == j]), moments, side="right")
        total += float(np.maximum(gone - come - stock, 0).mean())
    return total


@pytest.mark.parametrize("case", REPAIRABLES)
def test_two_moments_see_the_backorders_of_a_run_and_metric_somewhat_fewer(case):
    """Stated errors: two moments within 6 %, METRIC up to 25 % too few (Graves 1985 finds the same direction)."""
    *rates, depot, stock = case
    part = repairable(*rates)
    seen = np.mean([waiting_in_a_run(part, depot, stock, 200_000, seed) for seed in (1, 2)])
    places = np.full(len(part.demand_per_day), stock)
    both = two_moment_pipelines(part, depot).backorders(places).sum()
    metric = sum(expected_backorders(stock, float(mean)) for mean in base_pipelines(part, depot))
    assert both == pytest.approx(seen, rel=0.06)
    assert 0.75 * seen <= metric <= 1.03 * seen


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


@pytest.mark.parametrize("months", [(1e4, 2e4, 0.0), (0.0, 0.0, 0.0)])
def test_markets_without_a_claim_tell_no_rate_instead_of_one_of_nought(months):
    with pytest.raises(ValueError, match="without a claim no rate is told"):
        pool_rates(np.zeros(3, dtype=np.int64), np.array(months))
    assumed = pool_rates(np.array([0, 0, 0, 4]), np.array([*months, 160.0])).mean
    assert (assumed <= 0.025 * 1.01).all()
    assert assumed.min() > 1e-6


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
