"""Prices of a kWh, and what savings say of demand, by sums done by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from beachhead.charging.tariff import Tariff
from beachhead.charging.value import POLICIES, Baseline, _summed, demand_shift, demand_statement
from beachhead.charging.year import Policy
from beachhead.world.source import Grade, Source

MADE_UP = Source(who="made up for a test", as_of=date(2026, 1, 1), grade=Grade.C)


def tariff(**changes: float) -> Tariff:
    plain = {"supplier": 0.01, "grid": 0.05, "tax": 0.02, "vat": 0.25}
    return Tariff(market="NO", zone="NO1", source=MADE_UP, **(plain | changes))


def test_a_kwh_costs_spot_and_all_charges_with_vat_and_less_at_night_by_the_clock() -> None:
    assert tariff().spot(np.array([0.04, -0.08])) == pytest.approx([0.15, 0.0])
    fixed = (0.04 + 0.02 + 0.08) * 1.25  # 2 cents for the risk
    assert tariff().flat(0.04) == pytest.approx(fixed)
    hours = 24 * 19_001 + np.array([0, 5, 6, 21, 22, 23])
    assert tariff().by_time(0.04, hours) == pytest.approx(fixed * np.array([0.85, 0.85, 1.1, 1.1, 0.85, 0.85]))


def test_savings_shift_demand_by_their_present_value_over_the_price() -> None:
    yearly = sum(100 / 1.07**year for year in range(1, 6))  # 5 years at 7 %
    assert demand_shift(100.0, 40_000.0) == pytest.approx(2 * 0.25 * yearly / 40_000)


def test_a_statement_of_savings_moves_each_market_by_its_shift_and_leaves_the_doubt() -> None:
    mean, cov = np.array([8.0, 6.0]), np.array([[0.5, 0.2], [0.2, 0.4]])
    shift = np.array([0.02, 0.05])
    said, sd = demand_statement(mean, cov, shift)
    gain = cov @ np.linalg.inv(cov + np.diag(sd**2))  # of a Kalman filter
    assert mean + gain @ (said - mean) == pytest.approx(mean + shift)
    assert np.diag(cov - gain @ cov) == pytest.approx(np.diag(cov), rel=0.03)


def test_homes_are_summed_to_means_savings_and_shares() -> None:
    """Two homes: costs of five policies, of three baselines, five peak charges, energy driven and missing."""
    costs = np.array([[500.0, 450, 420, 400, 380], [300, 290, 280, 260, 240]])
    bases = np.array([[550.0, 500, 520], [330, 300, 310]])
    peaks = np.array([[50.0, 40, 30, 20, 10], [30, 20, 10, 10, 10]])
    energy = np.array([[3_000.0, 30], [1_000, 0]])
    found = _summed(np.hstack([costs, bases, peaks, energy]), tariff(peak_eur_per_kw=40.0), np.random.default_rng(1))
    assert found.cost_eur == dict(zip(POLICIES, [400.0, 370, 350, 330, 310], strict=True))
    assert found.baseline_eur == {Baseline.FLAT: 440, Baseline.SPOT: 400, Baseline.BY_TIME: 415}
    assert [found.saved_eur[each].mean for each in Baseline] == [110, 70, 85]
    assert (found.saved_eur[Baseline.SPOT].low, found.saved_eur[Baseline.SPOT].high) == (40, 100)
    assert found.share_of_foresight == pytest.approx(70 / 90)
    assert (found.kwh, found.missing) == (2_000, pytest.approx(15 / 2_000))
    assert found.peak_eur[Policy.LEARNED] == 15
