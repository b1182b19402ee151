"""How what the rules permit reaches the plan: earliest quarters, limits of cars, cost of approvals."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from beachhead.case.compliance import brief, launch_permits, quarter_from, rule_faults, with_permits
from beachhead.evidence.folder import read_folder
from beachhead.world.quarter import Quarter

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "xiaomi"
FOLDER = read_folder(EXAMPLE)
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
