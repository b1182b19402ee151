import json

import highspy
import pytest
from typer.testing import CliRunner

from beachhead.cli.app import app
from beachhead.world.errors import BadInput


@pytest.fixture
def folder(tmp_path):
    """The small bundled launch."""
    assert CliRunner().invoke(app, ["new", str(tmp_path / "launch")]).exit_code == 0
    return tmp_path / "launch"


def test_the_bound_of_a_world_is_written_as_algebra_with_the_plans_course(folder, tmp_path):
    path = tmp_path / "world.lp"
    asked = ["plan", str(folder), "--on", "2027-04-05", "--write", str(path), "--world", "1", "--json"]
    answer = json.loads(CliRunner().invoke(app, asked).output)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.readModel(str(path))
    solver.run()
    most = 1e6 * max(abs(cost) for cost in solver.getLp().col_cost_)  # of one column; rows are kept to 1e-7 of it
    found = 1e6 * solver.getInfo().objective_function_value
    assert found == pytest.approx(answer["bound"], rel=1e-6, abs=3e-7 * most)
    assert answer["earned"] <= answer["bound"]
    assert set(answer["course"]) <= set(solver.getLp().col_names_)
    assert "world 1 of seed" in path.read_text().splitlines()[0]


@pytest.mark.parametrize(("name", "cure"), [("world.txt", "end in .lp"), ("nowhere/world.lp", "make it")])
def test_a_file_that_cannot_be_written_is_refused_with_its_cure(folder, tmp_path, name, cure):
    refused = CliRunner().invoke(app, ["plan", str(folder), "--write", str(tmp_path / name)])
    assert refused.exit_code != 0
    assert isinstance(refused.exception, BadInput)
    assert cure in refused.exception.hint
