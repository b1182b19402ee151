"""OR-Library warehouse location (Beasley 1988), uncapacitated: optimum to the last published digit, and proved."""

import os
from pathlib import Path

import pytest

from beachhead.siting.instances import read_cap, warehouse_field
from beachhead.siting.solve import Effort, solve

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "siting" / "cap"
OPTIMA = {
    "cap71": 932615.750,
    "cap74": 1034976.975,
    "cap101": 796648.437,
    "cap104": 928941.750,
    "cap131": 793439.562,
    "cap134": 928941.750,
    "capa": 17156454.478,
    "capc": 11505594.329,
}


@pytest.mark.skipif(not SHARED.exists(), reason="OR-Library cap is not in ../shared/data/siting/cap")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.full if name in ("capa", "capc") else ()) for name in OPTIMA]
)
def test_the_published_uncapacitated_optimum_is_found_and_proved(name):
    found = solve(warehouse_field(read_cap(SHARED / f"{name}.txt")), seed=1, effort=Effort(work=600))
    assert found.upper == pytest.approx(OPTIMA[name], abs=0.0011)
    assert found.lower == pytest.approx(found.upper, rel=2e-9)
