import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

import beachhead.case.new as new_module
from beachhead.case.open import open_launch
from beachhead.case.plan.whatif import parse_override, with_overrides
from beachhead.case.plan.worth import worth_nothing_said, worth_something
from beachhead.cli.app import app
from beachhead.launch.information.worth import Known
from beachhead.world.errors import BadInput

EXAMPLES = Path(new_module.__file__).parent / "examples"


@pytest.fixture
def starter(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-04T09:00:00+00:00")
    monkeypatch.setenv("BEACHHEAD_WHO", "Ana")
    return Path(shutil.copytree(EXAMPLES / "xiaomi", tmp_path / "launch"))


@pytest.fixture
def small(starter, planned_folder, tmp_path):
    """Four destinations of it, for what takes two plans to say and goes for one market as for forty."""
    folder = Path(shutil.copytree(planned_folder, tmp_path / "small", ignore=shutil.ignore_patterns("*.db*")))
    shutil.copy(starter / "service.csv", folder)
    return folder


def ask(*words):
    result = CliRunner().invoke(app, ["worth", *map(str, words)])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def test_a_batch_is_worth_money_net_of_its_cost(starter):
    answer = json.loads(ask(starter, "--market", "es", "--batch", "200", "--json"))
    (batch,) = answer["batches"]
    assert batch["design"]["market"] == "ES"
    assert batch["design"]["batch"] == 200
    assert batch["net"] == pytest.approx(batch["gross"] - batch["cost"])
    assert batch["on_top"] >= 0
    assert 0 <= batch["gross"] <= answer["everything"]
    assert {"all markets", "early-adopter bias"} <= {f["what"] for f in answer["factors"]}
    assert answer["facts"][0]["value"] >= answer["facts"][-1]["value"] >= 0
    text = ask(starter, "--market", "ES", "--batch", "200")
    assert "200 cars in Spain" in text
    assert "net EUR" in text


def test_facts_worth_nothing_are_counted_in_a_sentence_and_not_listed():
    def known(*values):
        return tuple(Known(what=f"NO fact{k}", value=value, here=value, spread=0.1) for k, value in enumerate(values))

    assert [row.value for row in worth_something(known(1e6, 1.0, 0.9, 1e-12, 0.0), 1.0)] == [1e6, 1.0]
    assert worth_something(known(0.0), 0.0) == ()
    assert worth_nothing_said(known(1e6, 2e6), 1.0) == ""
    said = "worth nothing to know: by itself none would change what the plan does."
    assert worth_nothing_said(known(1e6, 0.4), 1.0) == f"Of 2 facts 1 is {said}"
    assert worth_nothing_said(known(1e6, 0.4, 0.0), 1.0) == f"Of 3 facts 2 are {said}"
    assert worth_nothing_said(known(0.4, 0.0), 1.0) == f"All 2 facts are {said}"


def test_a_what_if_is_played_on_the_same_worlds_and_kept_by_name(starter, small):
    before = {p: p.read_bytes() for p in starter.glob("*.csv")}
    same = json.loads(ask(small, "--set", "economics.PT.dealer.capital=*1", "--worlds", "2", "--json"))
    assert (same["gain"]["mean"], same["gain"]["se"]) == (0, None)  # two worlds tell no error
    assert same["moves"] == []
    words = ["--set", "tariffs.EU.BEV.rate=0.207", "--worlds", "2", "--name", "lower duty"]
    text = " ".join(ask(starter, *words).split())
    assert "± ? more, on the same 2 worlds. 2 worlds are too few" in text
    assert "Kept as 'lower duty'" in text
    assert "0.453 -> 0.207" in text
    (kept,) = json.loads(ask(starter, "--kept", "--json"))["kept"]
    assert kept["name"] == "lower duty"
    assert kept["gain"]["mean"] > 0
    assert {p: p.read_bytes() for p in starter.glob("*.csv")} == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tariffs.EU.rate", "not an override"),
        ("duties.EU.rate=0.2", "has no duties.csv"),
        ("tariffs.EU.speed=0.2", "has no column speed"),
        ("tariffs.XX.rate=0.2", "no row of tariffs.csv"),
        ("economics.ES.dealer.capital=-5", "economics.csv"),
        ("economics.ES.dealer.earliest_pilot=*2", "cannot be multiplied"),
        ("launch.limits.capital_per_year=[]", "launch.toml"),
        ("launch.discount=0.95", "discount"),
        ("launch.title=*2", "cannot be multiplied"),
        ("economics.ES.dealer.earliest_pilot=+soon", "cannot be moved by 'soon'"),
        ("competitors.battery_kwh=*2", "blank in all"),
        ("economics.ES.dealer.capital=*x", "'x' is no number to multiply by"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_written(starter, text, said):
    launch = open_launch(starter)
    with pytest.raises(BadInput) as refused:
        with_overrides(launch, [parse_override(text)])
    assert said in str(refused.value)


def test_overrides_reach_tables_and_terms(starter):
    launch = open_launch(starter)
    texts = ["launch.limits.capital_per_year=*2", "economics.ES.dealer.unit_margin=1234", "launch.terminal_quarters=8"]
    other, changed = with_overrides(launch, [parse_override(text) for text in texts])
    assert other.folder.limits.capital_per_year[2027] == 2 * launch.folder.limits.capital_per_year[2027]
    assert other.folder.terms.terminal_quarters == 8
    assert {r.unit_margin for r in other.folder.economics if (r.market, r.channel.value) == ("ES", "dealer")} == {1234}
    assert len(changed) == 3


def test_norway_is_changed_alone_though_other_rows_say_no(starter):
    _, changed = with_overrides(open_launch(starter), [parse_override("markets.NO.bev_per_year=*2")])
    assert len(changed) == 1


@pytest.mark.parametrize(
    ("text", "was", "now"),
    [
        ("economics.ES.dealer.unit_margin=+3", "{:g}", lambda was: float(was) + 3),
        ("economics.ES.dealer.unit_margin=+-3", "{:g}", lambda was: float(was) - 3),
        ("launch.limits.scale_starts_per_quarter=+3", "4", lambda was: 7),
        ("launch.limits.scale_starts_per_quarter=*2", "4", lambda was: 8),
    ],
)
def test_what_stands_there_is_raised_or_multiplied(starter, text, was, now):
    _, (said,) = with_overrides(open_launch(starter), [parse_override(text)])
    before, after = said.split(" ", 1)[1].split(" -> ")
    assert float(after) == pytest.approx(now(before))


def test_dates_move_by_quarters_lists_part_by_part_and_blanks_stay_blank(starter):
    texts = ["economics.ES.dealer.earliest_scale=+2", "economics.ES.dealer.ramp=*0.5", "launch.start=+1"]
    _, (scale, ramp, start) = with_overrides(open_launch(starter), [parse_override(text) for text in texts])
    assert scale.endswith("2027Q3 -> 2028Q1")
    before, after = (list(map(float, part.split())) for part in ramp.split(":ramp ")[1].split(" -> "))
    assert after == pytest.approx([0.5 * share for share in before])
    assert start == "launch.toml:start 2027Q1 -> 2027Q2"
    _, lanes = with_overrides(open_launch(starter), [parse_override("lanes.cost_per_m3=*1.1")])
    assert lanes
    assert not any("blank" in line for line in lanes)


def test_a_what_if_that_the_plan_does_not_read_says_so_and_a_kept_one_may_be_forgotten(small):
    words = ["--set", "service.bay_cost=+1000", "--worlds", "2", "--name", "bays", "--on", "2027-01-04"]
    text = " ".join(ask(small, *words).split())
    assert "not made of what was changed: `beachhead service` reads it" in text
    assert "bays" in ask(small, "--kept")
    ask(small, "--forget", "bays")
    assert json.loads(ask(small, "--kept", "--json"))["kept"] == []
    both = ["--market", "PT", "--set", "economics.opex_per_quarter=*2"]
    for words, said in ((["--forget", "bays"], "is called 'bays'"), (both, "--market asks about a batch")):
        refused = CliRunner().invoke(app, ["worth", str(small), *words]).exception
        assert isinstance(refused, BadInput)
        assert said in str(refused)
