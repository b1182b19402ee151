"""How numbers are said: the unit and the digits that a reader wants."""

import math

import pytest

from beachhead.world.figures import duration, odds


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0.0, "0 min"),
        (0.0003, "<1 min"),
        (0.0139, "20 min"),
        (0.154, "3.7 h"),
        (0.99, "23.8 h"),
        (1.39, "1.4 days"),
        (9.96, "10 days"),
        (123.4, "123 days"),
        (-0.02, "-29 min"),
        (math.inf, "never"),
    ],
)
def test_a_span_of_time_is_said_in_the_unit_that_reads_best(days, said):
    assert duration(days) == said


def test_days_of_a_workshop_have_its_opening_hours():
    assert duration(0.154, 9) == "83 min"
    assert duration(0.5, 9) == "4.5 h"
    assert duration(1.0, 9) == "1.0 days"


def test_odds_counted_from_draws_are_never_certain():
    assert [odds(share) for share in (0.0, 0.004, 0.5, 1.0)] == ["<1 %", "<1 %", "50 %", ">99 %"]
