"""Charging models as algebra, pinned. They may change when a model or the way HiGHS writes .lp files changes.

Run this file with `python tests/golden/test_charging_algebra.py` to write the snapshots anew, and read what changed.
"""

from pathlib import Path

import highspy
import numpy as np
import pytest

from beachhead.charging.charger import Charger
from beachhead.charging.household import HomeBattery, HomeTask, PeakCharge, plan_household, write_household
from beachhead.charging.lattice import plan_lattice, write_lattice
from beachhead.charging.task import Car, ChargingTask, Leftover

HOUSEHOLD = Path(__file__).with_name("charging_household.lp")
LATTICE = Path(__file__).with_name("charging_lattice.lp")


def a_car(*, gives_kw: float = 0.0, trip_kwh: float = 4.0) -> ChargingTask:
    """Four hours: cheap, dear, paid to take, dear; a trip at the third; the sun shines at the last."""
    return ChargingTask(
        slot_hours=1.0,
        buy=np.array([0.2, 0.35, -0.05, 0.3]),
        sell=np.array([0.08, 0.08, -0.1, 0.08]),
        net_load_kwh=np.array([0.5, 1.0, 0.4, -1.5]),
        present=np.array([1.0, 1.0, 0.5, 1.0]),
        trips_kwh=np.array([0.0, 0.0, trip_kwh, 0.0]),
        car=Car(battery_kwh=10.0, power_kw=7.0, efficiency=0.9, discharge_kw=gives_kw, discharge_efficiency=0.95),
        start_kwh=2.0,
        fuse_kw=9.0,
        leftover=Leftover(widths_kwh=(4.0, 6.0), eur_per_kwh=(0.25, 0.1)),
    )


def a_home() -> HomeTask:
    """Two cars, one of which gives back, a home battery, and a charge on the peak of two months."""
    return HomeTask(
        cars=(a_car(gives_kw=3.0), a_car(trip_kwh=6.0)),
        battery=HomeBattery(capacity_kwh=5.0, power_kw=2.5, start_kwh=1.0, wear_eur_per_kwh=0.02),
        peak=PeakCharge(eur_per_kw=0.5, month=(0, 0, 1, 1), locked_kw=(2.0, 0.0)),
    )


def a_charger() -> Charger:
    return Charger(phases=(1, 3), most_amps=10, start_eur=0.05, least_on_slots=2)


def least_of(path: Path) -> float:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("mip_rel_gap", 0.0)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    highs.run()
    return float(highs.getInfo().objective_function_value)


def test_the_algebra_of_a_home_is_as_it_was_and_its_least_is_the_cost_of_the_plan(tmp_path):
    write_household(a_home(), tmp_path / "model.lp")
    assert (tmp_path / "model.lp").read_text() == HOUSEHOLD.read_text()
    assert least_of(HOUSEHOLD) == pytest.approx(plan_household(a_home()).objective_eur, abs=1e-9)


def test_the_algebra_of_a_charger_is_as_it_was_and_its_least_is_the_cost_of_the_plan(tmp_path):
    write_lattice(a_car(), a_charger(), tmp_path / "model.lp")
    assert (tmp_path / "model.lp").read_text() == LATTICE.read_text()
    assert least_of(LATTICE) == pytest.approx(plan_lattice(a_car(), a_charger()).objective_eur, abs=1e-9)


if __name__ == "__main__":
    write_household(a_home(), HOUSEHOLD)
    write_lattice(a_car(), a_charger(), LATTICE)
