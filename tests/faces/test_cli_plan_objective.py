import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import beachhead.case.new as new_module
from beachhead.case.open import open_launch
from beachhead.case.plan.objective import objective_note, objective_of
from beachhead.cli.app import app
from beachhead.launch.aim import steer
from beachhead.launch.question.objective import Count, Wanted, scores
from beachhead.web.app import create
from beachhead.world.errors import BadInput
from beachhead.world.quarter import Quarter, grid


def asking(folder, written):
    terms = folder / "launch.toml"
    terms.write_text(terms.read_text().replace('kind = "npv"', written))
    return open_launch(folder)


@pytest.fixture
def example(tmp_path):
    return shutil.copytree(Path(new_module.__file__).parent / "examples/xiaomi", tmp_path / "launch")


def objective(launch):
    terms = launch.folder.terms
    return objective_of(launch, tuple(m.code for m in launch.folder.markets), terms.grid)


def test_value_without_a_floor_is_no_objective(example):
    assert objective(open_launch(example)) is None


def test_cars_are_counted_abroad_up_to_the_quarter(example):
    launch = asking(example, 'kind = "units_by"\nby = "2029Q4"\ndownside_floor = -50e6')
    found = objective(launch)
    assert (found.wanted, found.floor, found.tail) == (Wanted.CARS, -50e6, 0.1)
    assert found.milestone.last == 11
    outside = [m.code for m, counts in zip(launch.folder.markets, found.milestone.markets, strict=True) if not counts]
    assert outside == ["CN"]
    assert found.said == "cars sold abroad by 2029Q4"
    assert objective_of(launch, ("NO",), grid(Quarter(2028, 1), 4)).said == "more cars sold abroad by 2029Q4"


def test_a_target_brings_what_must_come_before_it(example):
    found = objective(asking(example, 'kind = "target_odds"\ntarget = "abroad-130k"'))
    assert [m.code for m in found.milestones] == ["abroad-100k", "abroad-130k"]
    assert found.milestone.after == (0,)
    assert found.milestone.count is Count.CARS_PER_YEAR


def test_a_rank_asks_for_the_sales_of_the_maker_who_holds_it(example):
    needed = objective(asking(example, 'kind = "target_odds"\ntarget = "top-five"')).milestone.needed
    assert needed.shape == (400, 20)
    assert np.isinf(needed[:, :3]).all()
    assert (np.median(needed[:, 3:], axis=0) > 3e5).all()


def test_a_target_that_tables_decide_is_refused(example):
    launch = asking(example, 'kind = "target_odds"\ntarget = "stores-10000"')
    with pytest.raises(BadInput, match="stores_open, which tables decide and no plan"):
        objective(launch)


def test_an_objective_whose_day_is_over_leaves_expected_value_and_says_so(example):
    launch = asking(example, 'kind = "units_by"\nby = "2027Q2"')
    now = Quarter(2027, 3)
    assert objective_of(launch, ("NO",), (now,)) is None
    assert "for 2027Q2, which is over" in objective_note(launch, now)[0]


def test_a_floor_holds_on_when_the_objective_s_day_is_over(example):
    """The floor went with the day: the plan maximised expected value whatever the worst worlds lose."""
    launch = asking(example, 'kind = "units_by"\nby = "2027Q2"\ndownside_floor = -50e6')
    found = objective_of(launch, ("NO",), (Quarter(2027, 3),))
    assert (found.wanted, found.floor) == (Wanted.VALUE, -50e6)


def test_a_target_that_rows_show_to_be_met_is_pursued_no_more_and_opens_the_next(example, tmp_path, monkeypatch):
    """A year's cars that were sold once had to be sold again before the target after them could count."""
    monkeypatch.setenv("BEACHHEAD_NOW", "2029-01-05T09:00:00+00:00")
    rows = tmp_path / "rows.csv"
    rows.write_text("batch,market,channel,start,end,deliveries\nb1,NO,dealer,2026-01-01,2026-12-31,100000\n")
    assert CliRunner().invoke(app, ["observe", str(example), str(rows)]).exit_code == 0
    quarters = grid(Quarter(2029, 1), 8)
    launch = asking(example, 'kind = "target_odds"\ntarget = "abroad-130k"')
    found = objective_of(launch, ("NO", "CN"), quarters)
    sold = np.zeros((1, 2, 8))
    sold[0, 0, 3:] = 130_000 / 4
    assert scores(found, sold).tolist() == [1]
    assert objective_note(launch, quarters[0]) == ()
    (example / "launch.toml").write_text((example / "launch.toml").read_text().replace("abroad-130k", "abroad-100k"))
    launch = open_launch(example)
    assert objective_of(launch, ("NO", "CN"), quarters) is None
    (note,) = objective_note(launch, quarters[0])
    assert note == (
        "The objective target_odds names target abroad-100k, which is met: this plan maximises expected value."
    )


def test_a_plan_says_what_its_objective_reaches_and_costs(planned_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-05T09:00:00+00:00")
    monkeypatch.setattr(steer, "SEARCH_WORLDS", 8)  # what is said of a search, however many worlds it takes
    folder = shutil.copytree(planned_folder, tmp_path / "launch")
    asking(folder, 'kind = "units_by"\nby = "2029Q4"')
    result = CliRunner().invoke(app, ["plan", str(folder), "--json"])
    assert result.exit_code == 0, (result.output, result.exception)
    answer = json.loads(result.output)
    found = answer["objective"]
    assert found["wanted"] == "units_by"
    assert 0 < found["score"]["mean"] <= found["bound"]["mean"]
    assert found["score"]["mean"] >= found["plain_score"]["mean"]
    assert len(found["tried"]) == 6
    assert answer["notes"][0].startswith("Objective: cars sold abroad by 2029Q4.")
    with TestClient(create(folder), base_url="http://127.0.0.1") as client:
        shown = client.get("/api/v1/plan").json()["objective"]
    assert shown["sentences"][0] == answer["notes"][0]
    assert sum(row["is_chosen"] for row in shown["tried"]) == 1
