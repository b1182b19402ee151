"""Prices expected after the published ones: from the past alone, and aware of the kind of day and of what is on now."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.charging.published import DAYS_LEARNT, price_ahead, prices_ahead
from beachhead.charging.record import day_hour, read_prices

MONDAY = day_hour(date(2023, 1, 2))
PRICES = (
    Path(os.environ.get("BEACHHEAD_SHARED", "../shared")) / "data/charging/greendcc_dayahead_2020_2024_local.csv.gz"
)


def made_prices(seed: int, days: int = 63) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(rng.normal(0.1, 0.03, days), 24) + rng.normal(0.0, 0.02, 24 * days)


def weekly(days: int) -> np.ndarray:
    """Working days with a dear evening, weekends cheap and flat."""
    evening = np.where((np.arange(24) > 16) & (np.arange(24) < 21), 0.3, 0.2)
    return np.concatenate([evening if day % 7 < 5 else np.full(24, 0.05) for day in range(days)])


@settings(deadline=None, derandomize=True, max_examples=30)
@given(seed=st.integers(0, 999), shift=st.floats(-0.5, 0.5), factor=st.floats(0.1, 5.0))
def test_prices_in_another_unit_or_with_a_tax_on_top_are_expected_likewise(
    seed: int, shift: float, factor: float
) -> None:
    price = made_prices(seed)
    moved = price_ahead(factor * price + shift, MONDAY)
    assert np.allclose(moved, factor * price_ahead(price, MONDAY) + shift, atol=1e-9)


@pytest.mark.parametrize("day", [7, 20, 56, 61])
def test_what_is_expected_after_a_midnight_rests_on_the_prices_before_it_alone_live_and_in_the_year(day: int) -> None:
    price = made_prices(3)
    later = price.copy()
    later[24 * day :] += 1.0
    expected = prices_ahead(price)[day]
    assert np.array_equal(prices_ahead(later)[day], expected)
    assert np.array_equal(price_ahead(price[: 24 * day], MONDAY + 24 * day), expected)


def test_a_week_that_repeats_is_expected_to_repeat_for_the_most_part() -> None:
    price = weekly(70)
    rows = prices_ahead(price)
    wrong, plain = [], []
    for day in range(DAYS_LEARNT, 66):
        then = price[24 * day :][:96]
        wrong.append(np.abs(rows[day] - then).mean())
        plain.append(np.abs(np.tile(price[24 * day - 168 : 24 * day].reshape(7, 24).mean(0), 4) - then).mean())
    assert np.mean(wrong) < 0.35 * np.mean(plain)


def test_a_calm_evening_makes_tomorrow_dearer_and_the_days_after_it_less_so() -> None:
    price = np.tile(np.full(24, 0.2), 56)
    price[-3:] += 0.1
    means = price_ahead(price, MONDAY).reshape(4, 24).mean(1)
    assert means[0] > means[1] > means[2] > means[3] > 0.2


def test_a_record_of_one_week_is_enough() -> None:
    assert np.allclose(price_ahead(np.full(168, 0.2), MONDAY), 0.2)


@pytest.mark.skipif(not PRICES.exists(), reason="shared prices are not there")
def test_on_real_prices_the_error_is_a_tenth_below_that_of_the_mean_of_the_week_in_every_zone() -> None:
    table = read_prices(PRICES).between(date(2023, 1, 2), date(2024, 1, 7))
    for zone in table.zones:
        price = table.zone(zone)
        rows, days = prices_ahead(price), price.reshape(-1, 24)
        at = range(DAYS_LEARNT, len(days) - 4)
        wrong = np.mean([np.abs(rows[day] - days[day : day + 4].ravel()).mean() for day in at])
        plain = np.mean([np.abs(days[day - 7 : day].mean(0) - days[day : day + 4]).mean() for day in at])
        assert wrong < 0.9 * plain, zone
