"""Exact planners against HiGHS on tasks cut from real prices, loads and sessions."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from beachhead.charging.convex import plan_convex
from beachhead.charging.household import HomeTask, plan_household
from beachhead.charging.lattice import lattice_program, plan_lattice
from beachhead.charging.program import Outcome
from beachhead.charging.record import Home, Load, Prices, read_homes, read_loads, read_prices


def _cases() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "_charging_cases.py"
    spec = importlib.util.spec_from_file_location("_charging_cases", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = _cases()


@pytest.fixture(scope="module")
def real() -> tuple[Prices, tuple[Load, ...], tuple[Home, ...]]:
    folder = CASES.shared("charging")
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}")
    prices = read_prices(folder / "greendcc_dayahead_2020_2024_local.csv.gz")
    homes = read_homes(
        folder / "norway12_charging_sessions.csv.gz", folder / "norway12_user_power_capacity_predictions.csv"
    )
    loads = read_loads(folder / "lcl_2013_halfhourly_kwh_87households.csv.gz")
    return prices.between(date(2023, 1, 1), date(2023, 12, 31)), loads, homes


def worst_error(real: tuple[Prices, tuple[Load, ...], tuple[Home, ...]], count: int, seed: int) -> float:
    rng, worst = np.random.default_rng(seed), 0.0
    for number in range(count):
        task = CASES.real_task(rng, *real, gives=number % 4 == 0)
        ours, judge = plan_convex(task), plan_household(HomeTask(cars=(task,)))
        worst = max(worst, abs(ours.objective_eur - judge.bound_eur) / max(abs(judge.bound_eur), 0.01), ours.gap)
    return worst


def test_convex_plans_equal_the_linear_programme_on_real_cases(
    real: tuple[Prices, tuple[Load, ...], tuple[Home, ...]],
) -> None:
    assert worst_error(real, 150, seed=1) < 1e-9


@pytest.mark.full
def test_convex_plans_equal_the_linear_programme_on_ten_thousand_real_cases(
    real: tuple[Prices, tuple[Load, ...], tuple[Home, ...]],
) -> None:
    assert worst_error(real, 10_000, seed=2) < 1e-9


def worst_lattice_error(real: tuple[Prices, tuple[Load, ...], tuple[Home, ...]], count: int, seed: int) -> float:
    rng, worst = np.random.default_rng(seed), 0.0
    for _ in range(count):
        task, charger = CASES.lattice_case(rng, *real)
        ours, judge = plan_lattice(task, charger), lattice_program(task, charger).solve(gap=0.0, nodes=1_000_000)
        assert judge.outcome is Outcome.OPTIMAL
        without = float(task.buy @ np.maximum(task.net_load_kwh, 0) - task.sell @ np.maximum(-task.net_load_kwh, 0))
        error = abs(ours.objective_eur - (judge.objective - without)) / max(abs(ours.objective_eur), 0.01)
        worst = max(worst, error, ours.gap)
    return worst


def test_lattice_plans_equal_the_mixed_integer_programme_on_real_cases(
    real: tuple[Prices, tuple[Load, ...], tuple[Home, ...]],
) -> None:
    assert worst_lattice_error(real, 30, seed=3) < 1e-9


@pytest.mark.full
def test_lattice_plans_equal_the_mixed_integer_programme_on_a_thousand_real_cases(
    real: tuple[Prices, tuple[Load, ...], tuple[Home, ...]],
) -> None:
    assert worst_lattice_error(real, 1_000, seed=4) < 1e-9
