"""The interval for realised demand covers the truth as often as it says."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.optimize import brentq

from beachhead.belief import Belief
from beachhead.belief.realised import realised
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel

BELIEF = Belief(
    markets=("NO",),
    quarters=grid(Quarter(2028, 1), 4),
    mean=np.array([8.0, 0.1]),
    cov=np.diag([0.25, 0.04]),
    log_path=np.array([[0.0, 0.1, 0.2, 0.3]]),
    nb_size_weekly=20.0,
    nb_size_log_sd=0.5,
)
PATH = float(np.exp([0.0, 0.1, 0.2, 0.3]).mean())
YEAR = DemandCount(
    market="NO",
    offer="",
    start=date(2028, 1, 1),
    end=date(2028, 12, 31),
    count=0,
    reach=0.5,
    funnel=Funnel.ORDERS,
    is_pilot=False,
)


@pytest.mark.parametrize("funnel", [Funnel.ORDERS, Funnel.REGISTRATIONS])
def test_nine_intervals_in_ten_hold_the_demand_there_was(funnel):
    rng, worlds, inside = np.random.default_rng(3), 400, 0
    share = {Funnel.ORDERS: 1.0, Funnel.REGISTRATIONS: 0.05}[funnel]
    for _ in range(worlds):
        demand = 2000 * np.exp(0.5 * rng.standard_normal())
        size = 20 * np.exp(0.5 * rng.standard_normal()) * share * 0.5 * 366 / 7
        count = rng.poisson(demand * 0.5 * PATH * rng.gamma(size, 1 / size))
        found = realised(BELIEF, (replace(YEAR, count=int(count), funnel=funnel),))
        inside += found.low <= demand <= found.high
    assert 0.87 <= inside / worlds <= 0.94


def test_counts_ended_by_stock_only_say_at_least():
    found = realised(BELIEF, (replace(YEAR, count=600, stock_bound=True),))
    open_ended = realised(BELIEF, (replace(YEAR, count=600),))
    assert found.high == np.inf
    assert open_ended.low < 600 / 0.5 / PATH < open_ended.high
    assert found.low < 600 / 0.5 / PATH


def test_a_year_without_a_sale_has_no_lower_end():
    found = realised(BELIEF, (YEAR,))
    assert found.low == 0
    assert found.high < 10
    with pytest.raises(ValueError, match="at full scale"):
        realised(BELIEF, (replace(YEAR, is_pilot=True),))


def test_without_dispersion_the_interval_is_that_of_a_poisson_count():
    """Twice the log likelihood of 40 cars falls by 2.7055, the 90 % quantile of chi squared with one degree."""
    sure = replace(BELIEF, nb_size_weekly=1e9, nb_size_log_sd=0.0)
    found = realised(sure, (replace(YEAR, count=40),))

    def fall(mean: float) -> float:
        return 2 * (40 * np.log(40 / mean) - 40 + mean) - 2.7055

    exposure = 0.5 * PATH * 366 / 365.25
    assert found.low == pytest.approx(brentq(fall, 10, 40) / exposure, rel=0.01)
    assert found.high == pytest.approx(brentq(fall, 40, 90) / exposure, rel=0.01)
    assert (found.counted, found.days) == (40, 366)
