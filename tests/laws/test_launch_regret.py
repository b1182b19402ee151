from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beachhead.case.open import open_launch
from beachhead.case.plan.planning import put_question
from beachhead.launch.information.regret import Step, regret
from beachhead.launch.question.action import ActionKind
from beachhead.world.market import Channel

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "byd-norway-2021"
LAUNCH = open_launch(EXAMPLE)
PROBLEM = put_question(LAUNCH, on=LAUNCH.folder.terms.start.first_day).problem
GOOD, BAD = 12_000.0, 300.0


def scaled(after: int, channel: Channel = Channel.DEALER) -> Step:
    return Step(quarter=PROBLEM.quarters[after], kind=ActionKind.SCALE, channel=channel)


def piloted(after: int, batch: int = 150) -> Step:
    return Step(quarter=PROBLEM.quarters[after], kind=ActionKind.PILOT, channel=Channel.DEALER, batch=batch)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.floats(10, 50_000), st.floats(1, 3), st.integers(1, 5), st.sampled_from([Channel.DEALER, Channel.IMPORTER]))
def test_nothing_done_beats_hindsight(low, width, after, channel):
    found = regret(PROBLEM, "NO", [scaled(after, channel)], low, low * width)
    assert 0 <= found.low <= found.high


def test_who_did_what_was_best_regrets_nothing():
    found = regret(PROBLEM, "NO", [], GOOD, GOOD)
    best = scaled(found.best_start - PROBLEM.quarters[0], found.best_channel)
    assert regret(PROBLEM, "NO", [best], GOOD, GOOD).high == pytest.approx(0, abs=1e-6)
    assert regret(PROBLEM, "NO", [], BAD, BAD).high == 0  # staying out of a bad market


def test_entering_a_market_that_buys_too_little_is_regretted_and_never_to_enter_was_best():
    found = regret(PROBLEM, "NO", [scaled(1)], BAD, BAD)
    assert found.best_start is None
    assert found.low > 10e6  # most of the 60.8 M of capital, less what leaving recovers


def test_waiting_in_a_good_market_is_regretted_the_more_the_longer():
    given_up = [regret(PROBLEM, "NO", [scaled(after)], GOOD, GOOD).low for after in (1, 3, 6)]
    assert given_up == sorted(given_up)
    assert given_up[-1] > given_up[0]


def test_a_pilot_is_regretted_by_what_it_cost_where_demand_would_have_been_good_anyway():
    plain = regret(PROBLEM, "NO", [scaled(1)], GOOD, GOOD).low
    with_pilot = regret(PROBLEM, "NO", [piloted(0), scaled(1)], GOOD, GOOD).low
    assert with_pilot - plain == pytest.approx(150_000 + 80_000 + 150 * 3_000)


def test_pilots_are_discounted_to_the_decision_and_only_the_first_pays_for_its_start():
    good = regret(PROBLEM, "NO", [scaled(4)], GOOD, GOOD).low
    terms = PROBLEM.terms
    once = regret(PROBLEM, "NO", [piloted(2), scaled(4)], GOOD, GOOD).low - good
    assert once == pytest.approx(terms.discount**2 * (150_000 + 80_000 + 150 * 3_000))
    twice = regret(PROBLEM, "NO", [piloted(2), piloted(3, 50), scaled(4)], GOOD, GOOD).low - good
    assert twice - once == pytest.approx(terms.discount**3 * (80_000 + 50 * 3_000))
