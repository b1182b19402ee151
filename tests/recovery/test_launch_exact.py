"""The policy against launches small enough to be solved exactly (benchmarks/_exact.py)."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _exact import independent_share, tiny_instances, tiny_share
from policy import regimes

TWO = [tiny for tiny in tiny_instances() if tiny.markets == 2]
THREE = [tiny for tiny in tiny_instances() if tiny.markets == 3]


@pytest.mark.full
@pytest.mark.parametrize("tiny", TWO, ids=lambda tiny: tiny.name)
def test_two_markets_are_launched_almost_as_well_as_can_be(tiny):
    share, se = tiny_share(tiny, regimes()["base"], worlds=60)
    assert 0.985 - 2 * se <= share <= 1 + 1e-9


@pytest.mark.full
def test_three_markets_are_launched_almost_as_well_as_can_be():
    tiny = next(t for t in THREE if t.name == "M=3 corr=0.7 tight cheap")
    share, se = tiny_share(tiny, regimes()["base"], worlds=20, points=17)
    assert 0.985 - 2 * se <= share <= 1 + 1e-9


@pytest.mark.full
def test_ten_independent_markets_are_launched_as_well_as_each_alone():
    share, _ = independent_share(regimes()["base"], worlds=4)
    assert 0.99 <= share <= 1 + 1e-9
