"""`beachhead verify`: every published number is met, and a wrong one would be noticed."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import beachhead.cli.verify as command
from beachhead.cli.app import app
from beachhead.verification.published import Published, check
from beachhead.verification.verify import every

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "siting"


@pytest.mark.parametrize("published", every(), ids=lambda each: f"{each.room}: {each.what}")
def test_the_production_function_meets_the_published_number(published: Published):
    checked = check(published)
    assert checked.passed, checked


@pytest.mark.skipif(not SHARED.exists(), reason="OR-Library is not in ../shared/data/siting")
def test_siting_is_checked_on_the_users_own_files():
    rows = [row for row in every(SHARED) if row.room == "siting"]
    assert len(rows) > 5
    for row in rows[:2]:
        assert check(row).passed


def test_a_number_that_is_not_met_fails_and_so_does_a_check_that_breaks():
    good = every()[0]
    assert not check(replace(good, value=good.value * 1.01)).passed
    broken = check(replace(good, ours=lambda: 1 / 0))
    assert not broken.passed
    assert "ZeroDivisionError" in broken.problem


def test_the_command_says_so_and_ends_with_a_status(monkeypatch):
    good = every()[0]
    monkeypatch.setattr(command, "verify_all", lambda _data, _tick: (check(good), check(replace(good, value=0.0))))
    answer = CliRunner().invoke(app, ["verify", "--json"])
    assert answer.exit_code == 1
    told = json.loads(answer.stdout)
    assert (told["passed"], [row["passed"] for row in told["checks"]]) == (False, [True, False])
    assert "1 of 2 published numbers" in CliRunner().invoke(app, ["verify"]).stdout


def test_a_folder_that_is_none_is_refused():
    answer = CliRunner().invoke(app, ["verify", "--data", "/nowhere/at/all"])
    assert answer.exit_code == 1
    assert "is not a folder" in str(answer.exception)
