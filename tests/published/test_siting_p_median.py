"""OR-Library p-median (Beasley 1985) and TSPLIB p-median (Duran-Mateluna, Ales & Elloumi, EJOR 308, 2023)."""

import csv
import os
from pathlib import Path

import pytest

from _planar import planar_cost, planar_field, read_tsp
from beachhead.siting.instances import read_pmed
from beachhead.siting.solve import Effort, Status, solve

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "siting"
PMED = SHARED / "pmed"
HERE = sorted(int(path.stem[4:]) for path in PMED.glob("pmed[0-9]*.txt")) if PMED.exists() else []
SMALL = [k for k in HERE if k <= 17]


def _optimum(k: int) -> float:
    rows = (PMED / "pmedopt.txt").read_text().split("\n")[1:]
    return next(float(row.split()[1]) for row in rows if row.split()[:1] == [f"pmed{k}"])


@pytest.mark.skipif(not HERE, reason="OR-Library pmed is not in ../shared/data/siting/pmed")
@pytest.mark.parametrize("k", SMALL)
def test_the_published_optimum_of_a_small_pmed_is_found_and_proved(k):
    found = solve(read_pmed(PMED / f"pmed{k}.txt"), seed=1, effort=Effort(work=600))
    assert found.upper == _optimum(k)
    assert found.status is Status.OPTIMAL
    assert found.lower == found.upper


@pytest.mark.full
@pytest.mark.skipif(not HERE, reason="OR-Library pmed is not in ../shared/data/siting/pmed")
@pytest.mark.parametrize("k", [k for k in HERE if k > 17])
def test_the_published_optimum_of_a_large_pmed_is_found_and_proved(k):
    found = solve(read_pmed(PMED / f"pmed{k}.txt"), seed=1, effort=Effort(work=600))
    assert found.upper == _optimum(k)
    assert found.lower == found.upper


def _best_known(name: str, p: int) -> float:
    with (SHARED / "best_known.csv").open() as file:
        rows = csv.DictReader(file)
        return next(float(row["best_known"]) for row in rows if row["instance"] == name and row["p"] == str(p))


@pytest.mark.full
@pytest.mark.skipif(not (SHARED / "tsplib").exists(), reason="TSPLIB is not in ../shared/data/siting/tsplib")
@pytest.mark.parametrize(
    ("name", "p", "most_above", "most_gap"),
    [("pcb3038", 50, 1e-3, 3e-3), ("pcb3038", 300, 2e-4, 5e-4), ("rl5934", 500, 2e-4, 5e-4)],
)
def test_large_planar_instances_come_within_a_hair_of_the_best_known(name, p, most_above, most_gap):
    points = read_tsp(SHARED / "tsplib" / f"{name}.tsp")
    found = solve(planar_field(points, p), seed=1, effort=Effort(work=600))
    best = _best_known(name, p)
    assert found.upper == planar_cost(points, found.sites)
    assert best * (1 - 1e-9) <= found.upper <= best * (1 + most_above)
    assert found.lower <= best
    assert found.gap <= most_gap
