"""The pilots that launch.toml lets a plan choose."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

import beachhead.case.new as new_module
from beachhead.case.decide.override import override
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import put_question
from beachhead.cli.app import app
from beachhead.launch.question.action import Action, ActionKind, PilotMenu, Standing
from beachhead.world.errors import BadInput


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(Path(new_module.__file__).parent / "examples/starter", tmp_path / "launch")


def with_pilots(folder, written):
    terms = folder / "launch.toml"
    terms.write_text(terms.read_text() + f"\n[pilots]\n{written}\n")
    return folder


def asked(folder):
    return put_question(open_launch(folder), on=date(2027, 1, 4)).problem


def test_without_a_word_the_usual_pilots_may_be_chosen(folder):
    assert asked(folder).menu == PilotMenu(batches=(50, 150, 400), weeks=13, quarters=4, offers=2)


def test_a_plan_chooses_among_the_batches_weeks_and_quarters_that_the_folder_names(folder):
    problem = asked(with_pilots(folder, "batches = [30, 90]\nweeks = 8\nquarters = 2\noffers = 1"))
    assert problem.menu == PilotMenu(batches=(30, 90), weeks=8, quarters=2, offers=1)
    assert problem.terms.batches.tolist() == [30, 90]
    assert (problem.terms.weeks, problem.terms.pilot_quarters) == (8, 2)


def test_a_plan_chooses_among_the_prices_that_the_folder_names(folder):
    problem = asked(with_pilots(folder, "batches = [30, 90]\nprice_points = [0.9, 1]"))
    assert problem.menu.price_points == (0.9, 1.0)
    assert problem.terms.asked.tolist() == [1.0, 1.0, 0.9, 0.9]
    norway = problem.markets.index("NO")
    kept = dict(zip(problem.channels[norway], problem.terms.kept[norway], strict=True))
    assert kept["dealer"] == pytest.approx(450_000 * 0.085 / 1.25 * 0.86)  # list price less tax and the channel's cut
    assert problem.terms.lure[norway, 2] == pytest.approx(1.51, abs=0.01)


def told(folder):
    """The plan of the quarter in which the bundled launch begins to pilot."""
    said = CliRunner().invoke(app, ["plan", str(folder), "--on", "2027-04-05", "--worlds", "2", "--json"])
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def test_the_only_batch_on_the_menu_is_the_one_that_is_shipped(folder):
    pilots = [row["action"] for row in told(with_pilots(folder, "batches = 60\nweeks = 10"))["markets"]]
    shipped = [(action["batch"], action["weeks"]) for action in pilots if action["kind"] == "pilot"]
    assert shipped
    assert set(shipped) == {(60, 10)}


def test_where_no_quarter_may_be_piloted_nothing_is(folder):
    assert {row["action"]["kind"] for row in told(with_pilots(folder, "quarters = 0"))["markets"]} <= {"wait", "scale"}


def test_the_plan_says_at_which_price_a_pilot_is_sold_and_a_decision_keeps_it(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-04-05T12:00:00+00:00")
    chosen = told(with_pilots(folder, "price_points = [1.0, 1.05]"))
    dear = [row["action"]["market"] for row in chosen["markets"] if row["action"]["price_point"] == 1.05]
    assert "SE" in dear
    assert all(row["action"]["price_point"] == 1.0 for row in chosen["markets"] if row["action"]["kind"] != "pilot")
    said = CliRunner().invoke(app, ["plan", str(folder), "--worlds", "2"])
    assert "at 105 % of list" in " ".join(said.output.split())
    for choice in ("SE=pilot:150:dealer", "NO=pilot:50:dealer:90%"):
        done = CliRunner().invoke(app, ["decide", str(folder), "--override", choice, "--because", "a test"])
        assert done.exit_code == 0, done.output
    kept = " ".join(CliRunner().invoke(app, ["log", str(folder), "--json"]).output.split())
    assert "pilot 150 at 105 % of list through dealer" in kept
    assert "pilot 50 at 90 % of list through dealer" in kept


@pytest.mark.parametrize("price", ["40%", "%", "9x%", "90", "-90%", "201%"])
def test_a_price_that_is_none_is_no_decision(folder, price):
    problem = asked(folder)
    proposed = Action(market="NO", kind=ActionKind.WAIT)
    with pytest.raises(BadInput, match="is not a decision"):
        override(problem, Standing(), proposed, f"NO=pilot:50:dealer:{price}"[3:])
