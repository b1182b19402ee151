"""Schedules under resource limits against published makespans.

j301_1 of PSPLIB: R. Kolisch and A. Sprecher, "PSPLIB - a project scheduling problem library", European Journal of
Operational Research 96 (1997); 30 tasks, 4 resources, critical path 38, shortest schedule 43 (solution file j30opt).
The crew of three builds a house in 8 days: example in OR-Tools' own scheduling tests.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from beachhead.programme.exact import improve
from beachhead.programme.schedule import build_work, length_of, lower_bound, solve

SUCCESSORS = (
    "2 3 4/6 11 15/7 8 13/5 9 10/20/30/27/12 19 27/14/16 25/20 26/14/17 18/17/25/21 22/22/20 22/24 29/23 25/28/23/24/"
    "30/30/31/28/31/32/32/32/"
)
DAYS = (0, 8, 4, 6, 3, 8, 5, 9, 2, 7, 9, 2, 6, 3, 9, 10, 6, 5, 3, 7, 2, 7, 2, 3, 3, 7, 8, 3, 7, 2, 2, 0)
# Units of the four resources, ten as `a`.
NEEDS = (
    "0000 4000 a000 0003 3000 0008 4000 0100 6000 0001 0500 0700 4000 0800 3000 0005 0008 0007 0100 0a00 0006 2000 "
    "3000 0900 4000 0040 0007 0800 0700 0700 0020 0000"
)


def j301_1(capacity=(12, 13, 4, 12)):
    waits = [[] for _ in DAYS]
    for task, written in enumerate(SUCCESSORS.split("/")):
        for after in written.split():
            waits[int(after) - 1].append(task)
    need = np.array([[int(sign, 16) for sign in each] for each in NEEDS.split()])
    return build_work(days=np.array(DAYS), need=need, capacity=np.array(capacity), waits=waits)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_j301_1_takes_43_days(seed):
    work = j301_1()
    start = solve(work, seed=seed)
    assert length_of(work, start) == 43
    assert lower_bound(work) == 38


def test_j301_1_takes_its_critical_path_of_38_days_where_nothing_is_short():
    work = j301_1(capacity=(100, 100, 100, 100))
    assert length_of(work, solve(work)) == 38


@pytest.mark.skipif(find_spec("ortools") is None, reason="OR-Tools is not installed")
def test_cp_sat_proves_that_43_days_are_the_shortest():
    work = j301_1()
    start, bound = improve(work, solve(work), lower_bound(work), 60)
    assert (length_of(work, start), bound) == (43, 43)


def test_a_crew_of_three_builds_the_house_in_8_days():
    work = build_work(
        days=np.array([3, 2, 4, 2, 1]),
        need=np.array([[2], [1], [2], [1], [1]]),
        capacity=np.array([3]),
        waits=[[], [], [0], [1], [2, 3]],
    )
    assert length_of(work, solve(work)) == 8
