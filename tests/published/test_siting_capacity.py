"""OR-Library capacitated warehouse location (Beasley 1988): published optima, proved; small yards by listing."""

import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from beachhead.siting.capacity import Yard, serve, unserved
from beachhead.siting.instances import read_cap
from beachhead.siting.solve import Status
from beachhead.world.errors import NotFeasible

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "siting" / "cap"
# OR-Library, capopt; known second hand (grade B). The first five do not bind: they equal the uncapacitated optima.
OPTIMA = {
    ("cap71", None): 932615.750,
    ("cap74", None): 1034976.975,
    ("cap101", None): 796648.437,
    ("cap131", None): 793439.562,
    ("cap134", None): 928941.750,
    ("capa", 8000): 19240822.449,
    ("capa", 10000): 18438046.543,
    ("capa", 12000): 17765201.949,
    ("capa", 14000): 17160439.012,
    ("capc", 5000): 11646596.974,
    ("capc", 5750): 11570340.289,
    ("capc", 6500): 11518743.744,
    ("capc", 7250): 11505767.394,
}
LARGE = ("capa", "capc")


def _yard(name: str, capacity: float | None) -> Yard:
    read = read_cap(SHARED / f"{name}.txt")
    size = read.capacity if capacity is None else np.full(len(read.capacity), float(capacity))
    kept = np.zeros(len(size), bool)
    return Yard(demand=read.demand, capacity=size, opening=read.opening, cost=read.cost, kept=kept)


@pytest.mark.skipif(not SHARED.exists(), reason="OR-Library cap is not in ../shared/data/siting/cap")
@pytest.mark.parametrize(("name", "capacity"), [key for key in OPTIMA if key[0] not in LARGE])
def test_the_published_optimum_of_a_small_file_is_found_and_proved(name, capacity):
    served = serve(_yard(name, capacity))
    assert served.upper == pytest.approx(OPTIMA[name, capacity], abs=0.0011)
    assert served.status is Status.OPTIMAL


@pytest.mark.full
@pytest.mark.skipif(not SHARED.exists(), reason="OR-Library cap is not in ../shared/data/siting/cap")
@pytest.mark.parametrize(("name", "capacity"), [("capa", 10000), ("capa", 14000), ("capc", 7250)])
def test_the_published_optimum_of_a_large_file_is_found_and_proved(name, capacity):
    served = serve(_yard(name, capacity), work=300)
    assert served.upper == pytest.approx(OPTIMA[name, capacity], abs=0.0011)
    assert served.lower == pytest.approx(served.upper, rel=2e-9)


def _made_up(seed: int) -> Yard:
    rng = np.random.default_rng(seed)
    cost = np.floor(100 * np.linalg.norm(rng.uniform(0, 1, (12, 1, 2)) - rng.uniform(0, 1, (1, 6, 2)), axis=2)) + 1
    return Yard(
        demand=rng.integers(1, 9, 12).astype(float),
        capacity=rng.integers(15, 40, 6).astype(float),
        opening=np.floor(rng.uniform(20, 120, 6)),
        cost=cost,
        kept=np.arange(6) == (0 if seed % 3 == 0 else 99),
    )


def _best_by_listing(yard: Yard) -> float:
    """Every set of sites, each with its transportation problem solved by scipy."""
    best = np.inf
    for size in range(1, 7):
        for some in combinations(range(6), size):
            if not set(np.flatnonzero(yard.kept)) <= set(some):
                continue
            if yard.capacity[list(some)].sum() < yard.demand.sum():
                continue
            sites = list(some)
            once = np.kron(np.eye(12), np.ones(size))
            load = np.zeros((size, 12 * size))
            for k in range(size):
                load[k, k::size] = yard.demand
            done = linprog(
                yard.cost[:, sites].ravel(), A_ub=load, b_ub=yard.capacity[sites], A_eq=once, b_eq=np.ones(12)
            )
            best = min(best, done.fun + yard.opening[sites].sum())
    return best


@settings(deadline=None, derandomize=True, max_examples=10)
@given(st.integers(0, 10_000))
def test_a_small_yard_is_solved_as_listing_says(seed):
    yard = _made_up(seed)
    if yard.capacity.sum() < yard.demand.sum():
        return
    served = serve(yard, work=20)
    assert served.upper == pytest.approx(_best_by_listing(yard), rel=1e-7)
    assert served.lower == pytest.approx(served.upper, rel=1e-6)
    assert np.allclose(served.share.sum(axis=1), 1.0)
    assert (yard.demand @ served.share <= yard.capacity + 1e-6).all()
    assert np.isin(np.flatnonzero(yard.kept), served.sites).all()


def test_too_little_capacity_in_all_is_said():
    yard = _made_up(1)
    short = Yard(demand=yard.demand, capacity=yard.capacity / 10, opening=yard.opening, cost=yard.cost, kept=yard.kept)
    with pytest.raises(NotFeasible, match="all sites together leave"):
        serve(short)


def test_a_second_site_opens_for_the_last_sliver_of_a_customer_however_dear_it_is():
    inf = np.inf
    yard = Yard(
        demand=np.array([100.0, 1.0]),
        capacity=np.array([99.9, 100.0, 10.0]),
        opening=np.array([1.0, 1e6, 1.0]),
        cost=np.array([[1.0, 9.0, inf], [inf, inf, 1.0]]),
        kept=np.zeros(3, bool),
    )
    served = serve(yard)
    assert served.status is Status.OPTIMAL
    assert served.sites.tolist() == [0, 1, 2]
    assert served.upper == pytest.approx(1e6 + 2.0 + 0.999 * 1.0 + 0.001 * 9.0 + 1.0)
    assert not served.share[~np.isfinite(yard.cost)].any()


def test_customers_beyond_the_capacity_in_their_reach_are_said_to_be_unserved():
    cost = np.array([[1.0, np.inf], [np.inf, 1.0]])
    yard = Yard(
        demand=np.array([10.0, 4.0]),
        capacity=np.array([7.0, 90.0]),
        opening=np.ones(2),
        cost=cost,
        kept=np.zeros(2, bool),
    )
    assert unserved(yard) == pytest.approx(3.0)
    with pytest.raises(NotFeasible, match=r"leave 3.0 of 14 unserved"):
        serve(yard)
