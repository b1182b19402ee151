"""benchmarks/charging.py on price files and homes that it was not written for."""

from datetime import date

import numpy as np
import pytest

from beachhead.charging.record import Prices, day_hour
from beachhead.world.errors import BadInput
from charging import among, few, whole_year


def prices(first: date, last: date, gap: date | None = None) -> Prices:
    """Two zones from a day to a day; ES lacks a day where a gap is named."""
    table = np.ones((2, day_hour(last) + 24 - day_hour(first)))
    if gap is not None:
        table[1, day_hour(gap) - day_hour(first) :][:24] = np.nan
    return Prices(zones=("SE3", "ES"), first_hour=day_hour(first), eur_per_kwh=table)


def test_the_year_is_that_of_the_docs_or_the_last_one_held_or_the_one_asked():
    long = prices(date(2021, 1, 1), date(2026, 2, 1))
    assert whole_year(long, None, "p.csv")[0] == 2023
    assert whole_year(long, 2025, "p.csv")[0] == 2025
    assert whole_year(prices(date(2023, 11, 1), date(2026, 1, 10)), None, "p.csv")[0] == 2025


def test_a_zone_with_a_gap_in_the_year_or_before_it_is_left_out():
    held = whole_year(prices(date(2021, 1, 1), date(2023, 12, 31), gap=date(2022, 11, 20)), None, "p.csv")[1]
    assert held.zones == ("SE3",)
    assert held.eur_per_kwh.shape[0] == 1
    assert among(held, ("DE-LU", "ES")) == ("SE3",)


@pytest.mark.parametrize(
    ("first", "asked", "cure"),
    [(date(2022, 10, 1), 2031, "name --year 2023"), (date(2023, 1, 1), None, "give prices of fourteen months or more")],
)
def test_a_year_that_is_not_held_is_refused_in_a_sentence(first, asked, cure):
    with pytest.raises(BadInput, match=r"p\.csv spans .* to 2023-12-31") as refused:
        whole_year(prices(first, date(2023, 12, 31)), asked, "p.csv")
    assert refused.value.hint == cure


def test_of_few_homes_some_are_left_to_learn_from():
    assert few(tuple(range(161)), 16) == tuple(range(0, 161, 16))
    assert few(tuple(range(161)), 4, 3) == tuple(range(3, 161, 4))
    assert few(tuple(range(9)), 16) == (0, 2, 4, 6, 8)
    assert few((1, 2, 3), 16) == (1, 2, 3)
