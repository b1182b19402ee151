"""`site --write` gives the question as algebra: a solver that knows nothing of us finds our optimum in the file."""

import json
import shutil
from pathlib import Path

import highspy
import pytest
from typer.testing import CliRunner

from beachhead.case.new import new_launch
from beachhead.cli.app import app
from beachhead.siting.algebra import plain_names
from beachhead.world.errors import BadInput


@pytest.fixture(scope="module")
def launch(tmp_path_factory) -> Path:
    return new_launch(tmp_path_factory.mktemp("write") / "launch", "starter").resolve()


def _run(*words: object) -> str:
    done = CliRunner().invoke(app, ["site", *map(str, words)])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def _optimum(path: Path) -> float:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", 0.0)
    assert solver.readModel(str(path)) == highspy.HighsStatus.kOk
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(solver.getInfo().objective_function_value)


ASKED = {
    "cover": (["--count", 3], lambda value, missed_of: value),
    "cover with spacing": (["--count", 3, "--spacing", 90, "--minutes", 60], lambda value, missed_of: value),
    "cover in two markets": (["--per-market", "NO=2", "--per-market", "PT=1"], lambda value, missed_of: value),
    "phases": ([], lambda value, missed_of: 4 * value),
    "promise": (["--promise", "0.7@45min"], lambda value, missed_of: value),
    "travel": (["--model", "travel", "--count", 3], lambda value, missed_of: value),
    "gradual": (["--model", "gradual", "--count", 3], lambda value, missed_of: missed_of - value),
    "uncapacitated": (["--model", "uncapacitated"], lambda value, missed_of: value),
    "capacitated": (["--model", "capacitated", "--format", "showroom,store"], lambda value, missed_of: value),
}


@pytest.mark.parametrize(("words", "of_file"), ASKED.values(), ids=ASKED)
def test_a_stranger_finds_our_optimum_in_the_file(launch, tmp_path, words, of_file):
    asked = [*words, *(["--market", "NO"] if "--per-market" not in words else [])]
    path = tmp_path / "sites.lp"
    said = _run(launch, *asked, "--write", path)
    assert "Any solver of integer programmes reads it" in " ".join(said.split())
    answer = json.loads(_run(launch, *asked, "--json"))
    told = next(line for line in path.read_text().splitlines() if line.startswith("\\ Optimum"))
    missed_of = float(told.split(" cars")[0].split()[-1]) if "missed" in told else 0.0
    best = of_file(answer["value"], missed_of)
    assert answer["gap"] <= 0.1
    assert _optimum(path) == pytest.approx(best, rel=1e-6)


def test_a_stranger_finds_our_optimum_where_a_store_closes(launch, tmp_path):
    path, sites = tmp_path / "launch", tmp_path / "sites.lp"
    shutil.copytree(launch, path)
    (path / "stores.csv").write_text(
        "code,market,channel,city,open_from,open_until,sells_cars,source,as_of,grade\n"
        "OSL,NO,own_store,Oslo,2027Q2,2028Q2,yes,own,2026-01-01,C\nTOS,NO,own_store,Tromsø,,2028Q4,yes,own,2026-01-01,C\n"
    )
    asked = ["--model", "phases", "--market", "NO", "--count", 2, "--exclude", "Tromsø"]
    _run(path, *asked, "--write", sites)
    answer = json.loads(_run(path, *asked, "--json"))
    assert len(answer["leaving"]) == 2
    assert _optimum(sites) == pytest.approx(4 * answer["value"], rel=1e-6)


def test_what_cannot_be_written_is_refused_with_the_cure(launch, tmp_path, monkeypatch):
    def refused(*words: object) -> str:
        done = CliRunner().invoke(app, ["site", str(launch), *map(str, words)])
        assert isinstance(done.exception, BadInput), (done.output, done.exception)
        return str(done.exception)

    path = tmp_path / "sites.lp"
    with monkeypatch.context() as small:
        small.setattr("beachhead.case.siting.algebra.MOST_ENTRIES", 20)
        said = refused("--count", 3, "--market", "NO", "--write", path)
        assert "more than is written out (20)" in said
        assert "raise --least-people or --site-people" in said
    assert "Huff's law" in refused("--model", "capture", "--count", 3, "--write", path)
    assert "let the name end in .lp" in refused("--count", 3, "--write", tmp_path / "sites.mps")
    assert "make it, or write elsewhere" in refused("--count", 3, "--write", tmp_path / "no" / "sites.lp")
    assert not path.exists(), "nothing half-written"


def test_names_are_plain_and_each_stands_once():
    names = plain_names(["Tromsø", "São Paulo", "Tromso", "東京", "St. John's"])
    assert names == ("Tromso", "Sao_Paulo", "Tromso__2", "nameless", "St_John_s")
