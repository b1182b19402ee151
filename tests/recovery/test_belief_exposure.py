"""Spending on awareness and showcases: its effect is found again, its doubt widens what it should, and no more."""

from dataclasses import replace
from datetime import date
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.belief import Belief, update
from beachhead.belief.exposure import Spend, exposure_fit, learn_exposure, log_lift
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel, Reading

START = Quarter(2027, 1)
MARKETS = ("NO", "SE", "DE", "FR", "NL", "ES")
QUARTERS = grid(START, 12)
FIT = exposure_fit()
USUAL = dict.fromkeys(MARKETS, 1e6)


def belief(level: float = log(1500.0), sd: float = 1.0) -> Belief:
    M = len(MARKETS)
    cov = np.zeros((M + 1, M + 1))
    cov[:M, :M] = sd**2 * (0.4 + 0.6 * np.eye(M))
    cov[M, M] = 0.3**2
    return Belief(
        markets=MARKETS,
        quarters=QUARTERS,
        mean=np.append(np.full(M, level), 0.15),
        cov=cov,
        log_path=np.zeros((M, 12)),
        nb_size_weekly=1.0,
        nb_size_log_sd=0.0,
    )


def spends(years: int = 2) -> list[Spend]:
    """Bursts of a half-year at different times, between nothing and four times what is usual."""
    out = []
    for m, code in enumerate(MARKETS):
        for half in range(2 * years):
            amount = (0.0, 2e6, 0.5e6, 4e6, 0.0, 1e6)[(m + half) % 6] / 2
            first = START + 2 * half
            kind = "awareness" if m % 2 else "showcase"
            out.append(Spend(market=code, kind=kind, start=first.first_day, end=(first + 1).last_day, amount=amount))
    return out


def counts(rng: np.random.Generator, held: Belief, lift: np.ndarray, k: float, quarters: int = 8) -> tuple:
    """Truth drawn from the prior, own effects around k, orders by quarter at full scale."""
    theta = rng.multivariate_normal(held.mean, held.cov)
    own = k * np.exp(FIT.own_log_sd * rng.standard_normal(len(MARKETS)))
    rows = []
    for m, code in enumerate(MARKETS):
        for t in range(quarters):
            quarter = QUARTERS[t]
            days = (quarter.last_day - quarter.first_day).days + 1
            mean, size = exp(theta[m] + own[m] * lift[m, t]) * days / 365.25, days / 7
            seen = rng.negative_binomial(size, size / (size + mean))
            rows.append(
                DemandCount(
                    market=code,
                    offer="",
                    start=quarter.first_day,
                    end=quarter.last_day,
                    reach=1.0,
                    is_pilot=False,
                    count=int(seen),
                    sold_out=False,
                    stock_bound=False,
                    funnel=Funnel.ORDERS,
                )
            )
    return theta, tuple(rows)


def learnt(held: Belief, lift: np.ndarray, rows: tuple, fit=FIT):
    def run(start: Belief, correct: bool):
        found = update(start, Reading(counts=rows), correct=False)
        return found, found.log_marginal

    return learn_exposure(held, lift, fit, run)


def test_the_effect_of_spending_is_found_again_and_its_interval_covers():
    held, lift = belief(), log_lift(spends(), MARKETS, QUARTERS, USUAL, FIT)
    rng, inside, errors, sds = np.random.default_rng(11), 0, [], []
    for _ in range(40):
        log_k = FIT.shared_log_sd * rng.standard_normal()
        _, rows = counts(rng, held, lift, exp(log_k))
        found = learnt(held, lift, rows)
        inside += abs(log_k - found.log_mean) <= 1.645 * found.log_sd
        errors.append(log_k - found.log_mean)
        sds.append(found.log_sd)
    assert 32 <= inside <= 40  # 90 % of 40, three binomial standard deviations
    assert np.mean(sds) < 0.6 * FIT.shared_log_sd
    assert np.sqrt(np.mean(np.square(errors))) < 0.6 * FIT.shared_log_sd


def test_levels_are_read_better_when_spending_is_known():
    held, lift = belief(), log_lift(spends(1), MARKETS, QUARTERS, USUAL, FIT)
    rng, known, unknown = np.random.default_rng(5), [], []
    for _ in range(20):
        theta, rows = counts(rng, held, lift, 2.0, quarters=4)
        blind = update(held, Reading(counts=rows), correct=False).belief
        found = learnt(held, lift, rows)
        # what is asked is demand long after the money was spent, at theta + path
        late = (found.posterior.belief.mean[:-1] + found.posterior.belief.log_path[:, -1]) - found.lift[:, -1]
        known += list(late - theta[:-1])
        unknown += list(blind.mean[:-1] - theta[:-1])
    assert np.sqrt(np.mean(np.square(known))) < 0.8 * np.sqrt(np.mean(np.square(unknown)))


def test_quadrature_over_the_effect_agrees_with_a_fine_grid():
    held, lift = belief(), log_lift(spends(), MARKETS, QUARTERS, USUAL, FIT)
    _, rows = counts(np.random.default_rng(3), held, lift, 1.4)
    fit = replace(FIT, own_log_sd=1e-9)
    found = learnt(held, lift, rows, fit=fit)
    grid_k = np.linspace(-2.5, 2.0, 181)
    score = []
    for log_k in grid_k:
        start = replace(held, log_path=exp(log_k) * lift)
        score.append(update(start, Reading(counts=rows), correct=False).log_marginal)
    weight = np.exp(np.array(score) - max(score) - 0.5 * (grid_k / FIT.shared_log_sd) ** 2)
    weight /= weight.sum()
    mean = weight @ grid_k
    assert found.log_mean == pytest.approx(mean, abs=0.03)
    assert found.log_sd == pytest.approx(np.sqrt(weight @ (grid_k - mean) ** 2), rel=0.1)


def test_steady_spending_at_the_usual_rate_gains_the_published_elasticity_times_log_two():
    steady = [Spend(market="NO", kind="awareness", start=date(2020, 1, 1), end=date(2029, 12, 31), amount=10e6)]
    lift = log_lift(steady, MARKETS, QUARTERS, USUAL, FIT)
    assert lift[0] == pytest.approx(np.full(12, 0.24 * log(2)), rel=0.01)
    assert not lift[1:].any()


def test_nine_tenths_of_the_effect_are_gone_within_nine_months():
    # Leone 1995: between six and nine months; a small burst, so that the log is nearly straight
    burst = [Spend(market="NO", kind="awareness", start=date(2027, 1, 1), end=date(2027, 3, 31), amount=1e3)]
    lift = log_lift(burst, MARKETS, QUARTERS, USUAL, FIT)[0]
    assert lift[:2].sum() < 0.9 * lift.sum() < lift[:3].sum()


@given(amount=st.floats(0, 1e8), more=st.floats(0, 1e8), kind=st.sampled_from(sorted(FIT.kinds)))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_spending_more_never_lowers_demand_and_spending_nothing_changes_nothing(amount, more, kind):
    def lifted(money: float) -> np.ndarray:
        row = Spend(market="SE", kind=kind, start=date(2026, 5, 3), end=date(2027, 8, 9), amount=money)
        return log_lift([row], MARKETS, QUARTERS, USUAL, FIT)

    assert (lifted(amount + more) >= lifted(amount) - 1e-12).all()
    assert not lifted(0.0).any()


def test_before_any_sale_the_doubt_about_spending_widens_only_markets_with_spending():
    held = belief()
    one = [Spend(market="NO", kind="showcase", start=START.first_day, end=(START + 11).last_day, amount=6e6)]
    found = learnt(held, log_lift(one, MARKETS, QUARTERS, USUAL, FIT), ())
    after = found.posterior.belief
    assert (found.log_mean, found.log_sd) == (pytest.approx(0.0, abs=1e-6), pytest.approx(FIT.shared_log_sd))
    assert after.cov[0, 0] > held.cov[0, 0]
    assert after.cov[1:, 1:] == pytest.approx(held.cov[1:, 1:])
    assert after.mean == pytest.approx(held.mean)
    assert (after.log_path[0] > 0).all()


def test_the_order_of_rows_does_not_matter():
    mixed = [s for s in spends() if s.amount]
    one = log_lift(mixed, MARKETS, QUARTERS, USUAL, FIT)
    assert log_lift(mixed[::-1], MARKETS, QUARTERS, USUAL, FIT) == pytest.approx(one, rel=1e-12)
