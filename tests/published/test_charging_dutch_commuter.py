"""The published Dutch commuter of 2024: 10.8 MWh a year, home 18-07 h, 7.4 kW, day-ahead prices: EUR 609 saved, VAT in.

The published figure is named in the issue of the room; the evenings are those whose 13 hours lie within 2024 (365).
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from beachhead.charging.convex import plan_convex
from beachhead.charging.record import day_hour, read_prices
from beachhead.charging.task import Car, ChargingTask

SHARED = Path(os.environ.get("BEACHHEAD_SHARED") or Path(__file__).resolve().parents[3] / "shared")
FILE = SHARED / "data" / "charging" / "greendcc_dayahead_2020_2024_local.csv.gz"
EVENINGS, HOURS, POWER, VAT = 365, 13, 7.4, 0.21


def test_a_dutch_commuter_saves_609_euro_in_2024() -> None:
    if not FILE.exists():
        pytest.skip(f"no shared data at {FILE}")
    prices = read_prices(FILE)
    spot = prices.zone("NL")[day_hour(date(2024, 1, 1)) - prices.first_hour :] * (1 + VAT)
    need, saved = 10_800 / EVENINGS, 0.0
    power = np.diff(np.minimum(POWER * np.arange(HOURS + 1), need))
    for evening in range(EVENINGS):
        price = spot[24 * evening + 18 :][:HOURS]
        buy = np.append(price, price.mean())
        task = ChargingTask(
            slot_hours=1.0,
            buy=buy,
            sell=buy - 1,
            net_load_kwh=np.zeros(HOURS + 1),
            present=np.append(np.ones(HOURS), 0.0),
            trips_kwh=np.append(np.zeros(HOURS), need),
            car=Car(battery_kwh=need, power_kw=POWER),
            start_kwh=0.0,
            shortage_eur_per_kwh=5.0,
        )
        plan = plan_convex(task)
        assert plan.missing_kwh.sum() < 1e-9
        saved += float(power @ price) - plan.cost_eur
    assert saved == pytest.approx(609, rel=0.01)
