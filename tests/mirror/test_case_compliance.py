"""How what the rules permit reaches the plan: earliest quarters, limits of cars, cost of approvals."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from beachhead.case.compliance.answer import (
    brief,
    keeps_approvals,
    launch_permits,
    permitted,
    quarter_from,
    rule_faults,
    with_permits,
)
from beachhead.case.plan.planning import _small_series_used
from beachhead.case.plan.standing import Standings
from beachhead.compliance.approval import Used
from beachhead.evidence.folder import read_folder
from beachhead.evidence.tables.approvals import ApprovalRow
from beachhead.world.quarter import Quarter

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "xiaomi"
WITH_PROMISES = read_folder(EXAMPLE)
FOLDER = replace(WITH_PROMISES, tables=dict(WITH_PROMISES.tables) | {"approvals": ()})
ASKED = brief(FOLDER)
PERMITS = {permit.market: permit for permit in launch_permits(ASKED, date(2026, 11, 21))}


@pytest.mark.parametrize(
    ("day", "quarter"),
    [
        (date(2027, 1, 1), Quarter(2027, 1)),
        (date(2027, 1, 2), Quarter(2027, 2)),
        (date(2027, 12, 31), Quarter(2028, 1)),
    ],
)
def test_a_day_falls_into_the_first_quarter_that_begins_on_or_after_it(day, quarter):
    assert quarter_from(day) == quarter


def test_no_market_opens_before_the_rules_permit_it():
    economics = with_permits(FOLDER, FOLDER.economics, tuple(PERMITS.values()))
    for before, after in zip(FOLDER.economics, economics, strict=True):
        permit = PERMITS.get(before.market)
        if permit is None:
            assert after == before
            continue
        assert after.earliest_scale >= before.earliest_scale
        assert after.earliest_pilot >= before.earliest_pilot
        day = permit.unlimited.day if permit.unlimited else None
        if day is not None:
            assert after.earliest_scale.first_day >= day


def test_a_market_with_something_unknown_stays_shut_for_the_whole_horizon():
    economics = with_permits(FOLDER, FOLDER.economics, tuple(PERMITS.values()))
    after = next(row for row in economics if row.market == "TH")
    assert PERMITS["TH"].unlimited is not None
    assert PERMITS["TH"].unlimited.day is None
    assert after.earliest_scale == FOLDER.terms.start + FOLDER.terms.quarters


def test_the_small_series_opens_a_pilot_before_full_approval_and_says_its_limit():
    permit = PERMITS["DE"]
    assert permit.pilot is not None
    assert permit.unlimited is not None
    assert permit.pilot.day < permit.unlimited.day
    assert permit.pilot.cap == 250


def test_the_cost_of_approvals_is_in_the_capital_in_the_launchs_currency():
    dear = replace(PERMITS["DE"], cost_shared_eur=1_000_000.0)
    row = next(row for row in FOLDER.economics if row.market == "DE")
    (after,) = with_permits(FOLDER, [row], [dear])
    assert after.capital == pytest.approx(row.capital + 1_000_000.0 * FOLDER.rates["EUR"])


def test_offers_of_one_model_share_their_tests():
    one_model = replace(ASKED, vehicles=tuple(v for v in ASKED.vehicles if v.type_name == "SU7"))
    one_trim = replace(ASKED, vehicles=one_model.vehicles[:1])
    costs = [launch_permits(asked, date(2026, 11, 21))[0].cost_alone_eur for asked in (one_model, one_trim)]
    assert len(one_model.vehicles) == 3
    assert costs[0] == pytest.approx(costs[1])


def test_the_home_market_needs_no_permit():
    assert "CN" not in PERMITS


def test_faults_of_rule_files_are_among_those_of_the_folder(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "launch")
    (tmp_path / "launch" / "rules").mkdir()
    (tmp_path / "launch" / "rules" / "x.yaml").write_text("jurisdiction: DE\ncolour: red\n", encoding="utf-8")
    told = [str(fault) for fault in rule_faults(tmp_path / "launch")]
    assert any("rules/x.yaml:2:colour" in fault for fault in told)
    assert rule_faults(EXAMPLE) == ()


def test_a_launch_that_keeps_no_approvals_here_goes_by_its_own_dates(tmp_path):
    shutil.copytree(EXAMPLE, tmp_path / "launch")
    (tmp_path / "launch" / "approvals.csv").unlink()
    folder = read_folder(tmp_path / "launch")
    assert not keeps_approvals(folder)
    assert permitted(folder, folder.economics, date(2027, 1, 1)).economics == folder.economics


def test_the_plan_says_which_markets_are_shut_and_which_open_later():
    told = permitted(FOLDER, FOLDER.economics, date(2027, 1, 1))
    shut, later, small = told.notes
    assert "Thailand" in shut
    assert "Germany" not in shut
    assert "Germany (2027Q4)" in later
    assert "Germany (250 cars left this year)" in small


def test_what_is_open_by_the_quarter_decided_is_not_said_to_open_later():
    """A year on, each of 26 markets long on sale was said to open in the quarter decided, and the list was not read."""
    (later,) = (
        note for note in permitted(WITH_PROMISES, WITH_PROMISES.economics, date(2028, 4, 1)).notes if "later" in note
    )
    assert "United Kingdom (2029Q1)" in later
    assert "Germany" not in later


def test_approvals_promised_in_time_leave_the_dates_of_the_table():
    economics = permitted(WITH_PROMISES, WITH_PROMISES.economics, date(2027, 1, 1)).economics
    pairs = zip(WITH_PROMISES.economics, economics, strict=True)
    germany = [(old, new) for old, new in pairs if old.market == "DE"]
    assert germany
    assert all(old.earliest_scale == new.earliest_scale for old, new in germany)
    assert all(new.small_series is None for _, new in germany)


def test_cars_already_piloted_this_year_count_against_the_small_series():
    used = [Used(market="DE", year=2027, cars=150)]
    economics = permitted(FOLDER, FOLDER.economics, date(2027, 1, 1), used).economics
    assert {row.small_series for row in economics if row.market == "DE"} == {100}
    assert {row.small_series for row in economics if row.market == "FR"} == {250}


@pytest.mark.parametrize(
    ("used", "left"),
    [
        ((("SU7", 150),), 100),
        ((("YU7", 250),), 250),  # a pilot ships the two cheapest offers, both of the SU7
        ((("SU7", 150), ("YU7", 90)), 100),
        ((("SU7", 250),), 1250),  # the national series is used up, of the Union's 1,500 are so many left
        ((("SU7", 1500),), None),  # none left before the approval without a limit
    ],
)
def test_a_pilot_keeps_to_what_is_left_of_the_type_that_it_ships(used, left):
    """Germany's 250 and the Union's 1,500 cars of one type a year (Regulation (EU) 2018/858, annex V), by hand."""
    cars = [Used(market="DE", year=2027, cars=count, type_name=name) for name, count in used]
    economics = permitted(FOLDER, FOLDER.economics, date(2027, 1, 1), cars).economics
    assert {row.small_series for row in economics if row.market == "DE"} == {left}


def test_a_pilot_of_two_types_keeps_to_the_scarcer_one():
    """Only one trim of each model is for sale in Germany, so that a pilot ships both."""
    prices = tuple(p for p in FOLDER.prices if p.market != "DE" or p.offer in ("SU7-STD", "YU7-STD"))
    cars = [Used(market="DE", year=2027, cars=60, type_name="YU7")]
    economics = permitted(replace(FOLDER, prices=prices), FOLDER.economics, date(2027, 1, 1), cars).economics
    assert {row.small_series for row in economics if row.market == "DE"} == {190}


def test_a_pilot_counts_against_the_type_it_shipped_and_a_mixed_one_against_every_type():
    stand = Standings(
        by_market={},
        gates=(),
        committed={},
        scaled_since={},
        pilot_cars={
            ("DE", 2027, ("SU7-STD", "SU7-PRO")): 150,
            ("DE", 2027, ("SU7-STD", "YU7-STD")): 50,
            ("FR", 2027, ("GONE",)): 20,
        },
    )
    assert [(used.market, used.cars, used.type_name) for used in _small_series_used(stand, FOLDER.offers)] == [
        ("DE", 150, "SU7"),
        ("DE", 50, ""),
        ("FR", 20, ""),
    ]


def test_a_pilot_waits_until_what_it_ships_may_be_sold_and_the_plan_names_what_may_not():
    """The Union's approval is promised for the dearest trim alone; the two cheapest, which a pilot ships, wait."""
    rows = tuple(
        row.model_copy(update={"offer": "YU7-MAX"}) if row.approval == "EU WVTA" else row
        for row in WITH_PROMISES.rows(ApprovalRow)
    )
    folder = replace(WITH_PROMISES, tables=dict(WITH_PROMISES.tables) | {"approvals": rows})
    told = permitted(folder, folder.economics, date(2027, 1, 1))
    (permit,) = [p for p in launch_permits(brief(folder), date(2027, 1, 1)) if p.market == "DE"]
    assert permit.unlimited.day < permit.pilots["SU7-STD"] < permit.offers["SU7-STD"]
    germany = [row for row in told.economics if row.market == "DE"]
    assert {row.earliest_pilot for row in germany} == {quarter_from(permit.pilots["SU7-STD"])}
    assert {row.small_series for row in germany} == {250}
    assert any("Germany (pilots 2027Q4)" in note for note in told.notes)
    (note,) = [note for note in told.notes if note.startswith("Scaled once the first offer may be sold without")]
    assert "where SU7-STD, SU7-PRO, SU7-MAX, YU7-STD, YU7-PRO may not be sold yet then." in note
