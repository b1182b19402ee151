"""Targets, the rule that raises them, and ranks among makers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.programme.rank import FITTED, History, Known, draw_rivals, draw_volumes, known_volumes, ranks
from beachhead.programme.target import Kind, Target, is_raised, next_target, target_odds
from beachhead.world.quarter import Quarter, grid
from beachhead.world.trailing_year import trailing_year

QUARTERS = grid(Quarter(2027, 1), 8)
DAY = Quarter(2027, 4)


def target(code="t", kind=Kind.CARS_IN_TOTAL, amount=100.0, by=DAY, **more):
    return Target(code=code, name=code, kind=kind, scope="world", amount=amount, by=by, **more)


def test_a_target_is_reached_in_the_first_quarter_in_which_its_level_holds():
    level = np.array([[20.0 * t for t in range(1, 9)], [10.0 * t for t in range(1, 9)]])
    (found,) = target_odds([target(by=Quarter(2028, 1))], {"t": level}, QUARTERS)
    assert found.odds == 0.5
    assert found.by_quarter.tolist() == [0, 0, 0, 0, 0.5, 0.5, 0.5, 0.5]
    assert found.reached_by == (Quarter(2028, 1), None, None)
    assert found.fan[2].tolist() == [15.0 * t for t in range(1, 9)]


def test_a_target_that_comes_after_another_waits_for_it():
    first = np.array([[0, 0, 200, 200, 0, 0, 0, 0.0]])
    second = np.array([[300, 0, 0, 0, 300, 0, 0, 0.0]])
    asked = [target("a"), target("b", amount=300, by=Quarter(2028, 4), after=("a",))]
    odds = target_odds(asked, {"a": first, "b": second}, QUARTERS)
    assert odds[1].by_quarter.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_a_target_that_was_met_stays_met_and_opens_the_next_wherever_its_level_goes():
    left = np.array([[4.0, 4, 4, 4, 4, 4, 4, 4], [4, 4, 4, 4, 4, 4, 5, 5]])
    asked = [target("a", amount=5, by=Quarter(2026, 4)), target("b", amount=4, after=("a",))]
    before = target_odds(asked, {"a": left, "b": left}, QUARTERS)
    assert [item.odds for item in before] == [0, 0]
    now = target_odds(asked, {"a": left, "b": left}, QUARTERS, met=("a",))
    assert [item.odds for item in now] == [1, 1]
    assert now[0].by_quarter.tolist() == [1] * 8
    assert now[0].error == 0, "what the records show has no odds"
    assert now[1].error > 0


def test_a_target_is_raised_by_its_next_and_not_by_whatever_waits_for_it():
    """Live markets that come after a number of cars were taken for its next, and the number was never raised."""
    cars = target("cars", raise_share=0.5)
    live = target("live", kind=Kind.MARKETS_LIVE, amount=2, after=("cars",))
    elsewhere = replace(target("there", after=("cars",)), scope="NO")
    assert not is_raised(cars, [cars, live, elsewhere])
    assert is_raised(cars, [cars, live, next_target(cars)])
    assert is_raised(cars, [target("by-hand", amount=900, after=("cars", "live")), cars])


def test_what_cannot_be_told_is_said_and_so_is_what_comes_after_it():
    asked = [target("a"), target("b", after=("a",))]
    odds = target_odds(asked, {"a": "no stores are listed", "b": np.ones((3, 8))}, QUARTERS)
    assert [item.odds for item in odds] == [None, None]
    assert odds[0].why_not == "no stores are listed"
    assert "comes after a" in odds[1].why_not


def test_odds_from_few_worlds_are_never_certain():
    (found,) = target_odds([target()], {"t": np.full((30, 8), 1e6)}, QUARTERS, repeats=10)
    assert found.odds == 1
    assert found.error > 0.1


def test_the_error_of_odds_is_that_of_a_share_of_whole_worlds():
    level = np.where(np.arange(40) < 10, 200.0, 0.0)[:, None] * np.ones(8)  # reached in 10 of 40 draws
    (alone,) = target_odds([target()], {"t": level}, QUARTERS)
    assert (alone.odds, alone.error) == (0.25, pytest.approx((0.25 * 0.75 / 39) ** 0.5))
    (five,) = target_odds([target()], {"t": level}, QUARTERS, repeats=5)  # 8 worlds, 2 of which reach it
    assert (five.odds, five.error) == (0.25, pytest.approx((0.25 * 0.75 / 7) ** 0.5))
    (sure,) = target_odds([target()], {"t": np.full((30, 8), 1e6)}, QUARTERS, repeats=10)
    assert sure.error == pytest.approx((0.8 * 0.2 / 5) ** 0.5)  # as if a world had reached it and one had not


def test_the_targets_of_2024_rose_by_30_percent_within_the_year():
    old = target("home", Kind.CARS_PER_YEAR, 100_000, Quarter(2024, 4), raise_share=0.3)
    new = next_target(old)
    assert (new.code, new.amount, new.by, new.after) == ("home-raised1", 130_000, Quarter(2024, 4), ("home",))
    assert next_target(new).code == "home-raised2"


@pytest.mark.parametrize(
    ("old", "amount"),
    [
        (target(kind=Kind.RANK, amount=5, raise_share=1), 4),
        (target(kind=Kind.RANK, amount=1, raise_share=1), None),
        (target(kind=Kind.SERVICE_COVER, amount=0.9, raise_share=0.5), 1.0),
        (target(kind=Kind.SERVICE_COVER, amount=1.0, raise_share=0.5), None),
        (target(), None),
    ],
)
def test_a_raised_target_is_never_easier(old, amount):
    new = next_target(old)
    assert (None if new is None else new.amount) == amount


def test_a_trailing_year_counts_the_quarters_before_as_far_as_they_are_known():
    year = trailing_year(np.array([[1.0, 2, 3, 4, 5]]), np.array([10.0, 20]))
    assert year.tolist() == [[31, 33, 26, 10, 14]]


@given(amount=st.floats(1, 1000), more=st.floats(0, 500), seed=st.integers(0, 99))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_a_higher_target_is_never_likelier_and_a_later_day_never_less_likely(amount, more, seed):
    level = np.random.default_rng(seed).gamma(2, 100, size=(40, 8)).cumsum(axis=1)
    asked = [
        target("low", amount=amount),
        target("high", amount=amount + more),
        target("late", amount=amount, by=QUARTERS[-1]),
    ]
    low, high, late = (
        item.odds for item in target_odds(asked, dict.fromkeys(("low", "high", "late"), level), QUARTERS)
    )
    assert high <= low <= late


def history(*cars):
    return History(scope="x", brands=tuple("abcdef")[: len(cars)], years=(2025.0,), cars=np.array(cars)[:, None])


def test_shares_add_up_to_less_than_the_whole_and_unlisted_makers_sell_nothing():
    drawn = draw_volumes(history(500.0, 300.0, np.nan), FITTED, 3, 2000, np.random.default_rng(1))
    assert (drawn[:, 2] == 0).all()
    assert (drawn > 0)[:, :2].all()
    growth = np.exp(FITTED.growth_sd * 6)
    assert (drawn.sum(axis=1) < 800 * growth**2).all()


def test_makers_begin_with_what_they_sold():
    """Where nothing moves, the years to come are the last one: what is left to unlisted makers is not theirs."""
    still = replace(FITTED, drift=0.0, log_sd=-50.0, growth_sd=0.0)
    drawn = draw_volumes(history(500.0, 300.0), still, 3, 10, np.random.default_rng(1))
    np.testing.assert_allclose(drawn, np.broadcast_to([[[500.0], [300.0]]], drawn.shape))


def test_a_larger_maker_is_likelier_to_lead_and_a_close_one_less_surely():
    drawn = draw_volumes(history(500.0, 450.0, 50.0), FITTED, 2, 8000, np.random.default_rng(2))
    lead = (drawn.argmax(axis=1)[:, None, :] == np.arange(3)[:, None]).mean(axis=0)
    assert lead[0, 1] > lead[1, 1] > lead[2, 1]
    assert lead[2, 0] < lead[2, 1]  # with time even the small one may


def test_a_rank_is_one_more_than_the_number_that_sell_more():
    rivals = np.array([[[5.0, 5], [3, 9], [1, 9]]])
    assert ranks(np.array([[4.0, 4]]), rivals).tolist() == [[2, 4]]


def test_listed_volumes_are_raised_to_what_makers_publish_and_published_ones_count():
    listed = {2024: {"A": 100.0, "B": 100.0, "C": 200.0}, 2025: {"A": 110.0, "D": 50.0}}
    own = {2024: {"B": 150.0, "C": 300.0}, 2025: {"A": 165.0}}
    known = known_volumes("world", listed, own)
    assert known.year == 2025
    assert dict(zip(known.brands, known.cars.tolist(), strict=True)) == pytest.approx(
        {"A": 165.0, "B": 150.0, "C": 300.0, "D": 75.0}
    )
    assert known.factor == pytest.approx(1.5)
    assert known.told_by == ("A", "B", "C")
    # of 110 listed A sells 165, B and C 150 of 100 and 300 of 200: all 1.5 times, so D is known as surely
    assert dict(zip(known.brands, known.sd, strict=True)) == pytest.approx({"A": 0.03, "B": 0.2, "C": 0.2, "D": 0})
    unlike = known_volumes("world", listed, {2024: {"B": 200.0, "C": 300.0}, 2025: {"A": 165.0}})
    factor = 665 / 410
    off = np.array([110, 100, 200]) @ np.log(np.array([1.5, 2, 1.5]) / factor) ** 2 / 410
    assert dict(zip(unlike.brands, unlike.sd, strict=True))["D"] == pytest.approx(off**0.5)
    few = known_volumes("world", listed, {2025: {"A": 165.0}})  # one maker alone says how much the lists leave out
    assert dict(zip(few.brands, few.sd, strict=True)) == {"A": 0.03, "D": 0.3}
    plain = known_volumes("NO", listed, {})
    assert (plain.factor, plain.sd.tolist(), plain.cars.tolist()) == (1, [0.03] * 2, [110, 50])


def test_between_two_years_volumes_are_read_off_on_the_log_scale():
    known = Known(scope="x", year=2025, brands=("a",), cars=np.array([100.0]), sd=np.zeros(1), factor=1.0, told_by=())
    drawn = draw_rivals(known, [2026.0, 2026.5, 2027.0], 50, 3)
    assert drawn[:, 0, 0] == pytest.approx(100)
    assert drawn[:, 0, 1] == pytest.approx(np.sqrt(drawn[:, 0, 0] * drawn[:, 0, 2]))
