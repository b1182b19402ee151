"""How numbers are said: the unit and the digits that a reader wants."""

import math

import pytest

from beachhead.world.figures import (
    at_least,
    cars,
    duration,
    expected,
    give_or_take,
    how_many,
    odds,
    percent,
    tally,
    within_minutes,
)


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


def test_an_error_that_too_few_worlds_tell_is_a_question_and_a_share_of_few_is_its_count():
    assert give_or_take(12.34e6, 4.5e5, "EUR") == "EUR 12.3 M ± EUR 450 k"
    assert give_or_take(12.34e6, None, "EUR") == "EUR 12.3 M ± ?"
    assert [tally(0, 0), tally(0, 3), tally(49, 49), tally(9, 50)] == ["-", "0 of 3", "49 of 49", "18 %"]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0.0, "0 centres"),
        (0.03, "under 0.1 centres"),
        (0.4, "0.4 centres"),
        (1.0, "1 centre"),
        (1.3, "1.3 centres"),
        (12.4, "12 centres"),
        (12_345.0, "12,300 centres"),
    ],
)
def test_an_expected_count_below_one_is_not_said_to_be_none(count, said):
    assert expected(count, "centre") == said


def test_one_of_anything_is_not_said_in_the_plural():
    assert [how_many(count, "task") for count in (0, 1, 1200)] == ["0 tasks", "1 task", "1,200 tasks"]
    assert [within_minutes(count) for count in (1.0, 22.5, 45.0)] == ["1 minute", "22.5 minutes", "45 minutes"]
    assert [how_many(count, "entry", "entries") for count in (1, 2)] == ["1 entry", "2 entries"]


def test_a_share_that_rounds_to_nothing_has_no_sign():
    assert (percent(-0.003), percent(-0.02), percent(0.0)) == ("0 %", "-2 %", "0 %")


def test_a_lower_bound_is_rounded_down() -> None:
    """82.6 % is no 83 % where "at least" stands before it, and what floats make of a whole percent stays whole."""
    assert [at_least(share) for share in (0.826, 0.83, 0.29, 1.0)] == [
        "at least 82 %",
        "at least 83 %",
        "at least 29 %",
        "at least 100 %",
    ]
    assert (at_least(0.004), at_least(0.996)) == ("more than 0 %", "more than 99 %")


def test_less_than_half_a_car_below_none_is_none():
    assert (cars(-0.2), cars(-0.5), cars(-1.0)) == ("0", "0", "-1")
