"""The pilots that launch.toml lets a plan choose."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

import beachhead.case.new as new_module
from beachhead.case.open import open_launch
from beachhead.case.planning import put_question
from beachhead.cli.app import app
from beachhead.launch.action import PilotMenu


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
