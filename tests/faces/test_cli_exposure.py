"""exposure.csv from the file to the plan: what is refused, what research and plan say, what a what-if moves."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from beachhead.case.belief.believe import believe
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.cli.app import app
from beachhead.evidence.folder import check_folder

HEAD = "market,kind,start,end,spend,currency,weight,source,as_of,grade\n"
SAID = "media plan,2026-06-01,C"
ON = ("--on", "2027-02-01")


@pytest.fixture
def folder(tmp_path):
    return new_launch(tmp_path / "launch", "starter")


def spend(folder, *rows: str):
    (folder / "exposure.csv").write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return folder


def run(*words) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    return result.output


def test_what_cannot_be_meant_is_refused_at_its_row_and_column(folder):
    spend(
        folder,
        f"NO,awareness,2027-01-01,2026-12-31,1000,,,{SAID}",
        f"NO,leaflets,2027-01-01,2027-03-31,1000,,,{SAID}",
        f"XX,showcase,2027-01-01,2027-03-31,1000,,,{SAID}",
        f"SE,showcase,2027-01-01,2027-06-30,-5,,,{SAID}",
        f"SE,awareness,2027-01-01,2027-06-30,1000,SEX,,{SAID}",
        f"PT,awareness,2027-01-01,2027-06-30,1000,,1.5,{SAID}",
    )
    faults = {(f.row, f.column) for f in check_folder(folder)}
    assert {(2, "end"), (3, "kind"), (4, "market"), (5, "spend"), (6, "currency"), (7, "weight")} <= faults


def test_periods_that_overlap_are_refused_for_money_must_not_count_twice(folder):
    spend(
        folder,
        f"NO,awareness,2027-01-01,2027-06-30,1000,,,{SAID}",
        f"NO,awareness,2027-06-30,2027-12-31,1000,,,{SAID}",
        f"NO,showcase,2027-06-30,2027-12-31,1000,,,{SAID}",
    )
    (fault,) = check_folder(folder)
    assert (fault.row, fault.column) == (3, "start")
    assert "line 2" in fault.problem


def test_spending_raises_demand_where_it_is_spent_and_a_blank_table_changes_nothing(folder):
    before = believe(open_launch(folder)).belief
    spend(folder, f"NO,awareness,2027-01-01,2027-12-31,0,,,{SAID}")
    nothing = believe(open_launch(folder)).belief
    assert (nothing.mean == before.mean).all()
    assert (nothing.cov == before.cov).all()
    spend(folder, f"NO,awareness,2027-01-01,2027-12-31,3000000,,,{SAID}")
    after = believe(open_launch(folder)).belief
    m = after.markets.index("NO")
    rose = after.log_path - before.log_path
    assert (rose[m, :6] > 0).all()
    assert np.abs(np.delete(rose, m, axis=0)).max() < 1e-12
    assert after.cov[m, m] > before.cov[m, m]


def test_half_the_weight_is_half_the_money_and_foreign_money_is_converted(folder):
    def path(row: str):
        return believe(open_launch(spend(folder, row))).belief.log_path

    half = path(f"NO,showcase,2027-01-01,2027-12-31,1000000,,,{SAID}")
    assert path(f"NO,showcase,2027-01-01,2027-12-31,2000000,,0.5,{SAID}") == pytest.approx(half)
    rate = open_launch(folder).folder.rates["NOK"]
    assert path(f"NO,showcase,2027-01-01,2027-12-31,{1000000 / rate:.6f},NOK,,{SAID}") == pytest.approx(half)


def test_research_says_what_spending_does_and_what_knowing_that_is_worth(folder):
    spend(folder, f"NO,awareness,2027-01-01,2028-12-31,6000000,,,{SAID}")
    said = json.loads(run("research", folder, *ON, "--json"))
    (spent,) = said["spending"]
    assert spent["market"] == "NO"
    assert 0 < spent["gain_low"] < spent["gain"] < spent["gain_high"]
    assert any(fact["doubt"]["table"] == "exposure" for fact in said["facts"])
    text = run("research", folder, *ON)
    assert "Awareness and showcases" in text
    assert "knowing its effect" in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_what_if_spends_more_and_says_that_the_money_is_not_counted(folder):
    spend(folder, f"NO,awareness,2027-01-01,2027-12-31,1000000,,,{SAID}")
    words = ("worth", folder, *ON, "--worlds", "4", "--json", "--set", "exposure.NO.awareness.spend=*10")
    said = json.loads(run(*words))
    assert "9.00 M more" in json.dumps(said)
    assert "raise demand" in run("plan", folder, *ON, "--worlds", "2")
