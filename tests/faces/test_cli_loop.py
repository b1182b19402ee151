"""The loop from the command line on a small launch: plan, decide, observe, read, plan again."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beachhead.cli.app import app
from beachhead.world.errors import BadInput, NotLearnt, NotStored, OutOfDate

EXAMPLE = Path(__file__).parents[2] / "src" / "beachhead" / "case" / "examples" / "xiaomi"
KEPT = {"NO", "SE", "DE", "PT", "CN"}
WORLDS = "4"
NOW = "2027-04-05T09:00:00+00:00"


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """The bundled launch cut down to four destinations and home."""
    folder = tmp_path_factory.mktemp("small")
    for name in ("launch.toml", "markets.csv", "economics.csv", "prices.csv", "facts.csv", "offers.csv", "fx.csv"):
        shutil.copy(EXAMPLE / name, folder / name)
    for name, column in (("markets", 0), ("economics", 0), ("prices", 0), ("facts", 0)):
        _keep_rows(folder / f"{name}.csv", column)
    return folder


@pytest.fixture
def launch(small, tmp_path) -> Path:
    shutil.copytree(small, tmp_path / "launch")
    return tmp_path / "launch"


@pytest.fixture(scope="module")
def planned(small, tmp_path_factory) -> tuple[Path, dict]:
    """The launch with the plan of its first quarter on record, and that plan; made once, for `plan` to copy."""
    folder = shutil.copytree(small, tmp_path_factory.mktemp("planned") / "launch")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEACHHEAD_NOW", NOW)
        return folder, answer("plan", folder, "--on", "2027-01-05", "--worlds", WORLDS)


@pytest.fixture
def plan(launch, planned) -> dict:
    """The plan of the first quarter, on record in `launch`."""
    folder, made = planned
    shutil.copytree(folder, launch, dirs_exist_ok=True)
    return made


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """All in this file happens in April 2027, unless `--on` says otherwise."""
    monkeypatch.setenv("BEACHHEAD_NOW", NOW)


def _keep_rows(file: Path, column: int) -> None:
    head, *rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
    file.write_text(head + "".join(row for row in rows if row.split(",")[column] in KEPT), encoding="utf-8")


def run(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def answer(*words: str) -> dict:
    return json.loads(run(*words, "--json"))


def test_a_gate_names_the_channel_of_its_break_even_where_the_pilot_goes_by_another(tmp_path):
    run("new", tmp_path / "start")
    told = answer("plan", tmp_path / "start", "--on", "2027-01-05", "--worlds", WORLDS)
    assert [(g["market"], g["channel"]) for g in told["gates"]] == [("NO", "own_store"), ("SE", "dealer")]
    gates = run("plan", tmp_path / "start", "--on", "2027-01-05", "--worlds", WORLDS).split("Gates registered")[1]
    assert re.search(r"Norway, scaled .*\n through own store", gates)
    assert "Sweden   " in gates
    own = next(g for g in told["gates"] if g["market"] == "NO")
    demand = next(row["figures"]["break_even_demand"] for row in told["markets"] if row["market"] == "NO")
    assert own["break_even_demand"] == pytest.approx(demand), "cars of the coming year, as the text and the reasons say"
    assert own["break_even_year"] == "2027Q1 to 2027Q4"
    assert own["break_even_level"] < own["break_even_demand"], "the market grows, and so do the cars behind one level"
    assert "break_even" not in own


def test_the_same_folder_seed_and_version_give_the_same_plan(launch):
    first = run("plan", launch, "--on", "2027-01-05", "--worlds", WORLDS, "--json")
    assert first == run("plan", launch, "--on", "2027-01-05", "--worlds", WORLDS, "--json")
    plan = json.loads(first)
    assert {row["market"] for row in plan["markets"]} == KEPT
    assert plan["bound"]["mean"] >= plan["value"]["mean"]
    assert plan["value_after_horizon"]["mean"] > 0
    assert {gate["market"] for gate in plan["gates"]} == {pilot["market"] for pilot in plan["pilots"]}


def test_printed_plans_fit_in_100_columns(launch):
    assert max(map(len, run("plan", launch, "--on", "2027-01-05", "--worlds", WORLDS).splitlines())) <= 100


def test_accepting_registers_gates_and_the_ledger_names_its_records(launch, plan):
    piloted = [pilot["market"] for pilot in plan["pilots"]]
    assert piloted, "the example must have something to pilot"
    decided = answer("decide", launch, "--accept", "--who", "ana")
    acts = [entry["act"] for entry in decided["entries"]]
    assert acts == ["decision"] * len(piloted) + ["gates"]
    assert {ref.partition(":")[0] for ref in decided["entries"][0]["refs"]} >= {"plan", "belief", "reading", "chosen"}
    assert answer("decide", launch)["due"] == []
    assert "Whole" in run("log", launch, "--verify")
    with pytest.raises(BadInput, match=r"nothing is due in 2027Q1 by the newest plan") as refused:
        run("decide", launch, "--accept")
    assert "once something has changed" in refused.value.hint
    odds = [each["name"] for entry in decided["entries"] for each in entry["odds"]]
    assert {f"{code} 2027Q1 break-even" for code in piloted} < set(odds)
    assert all(sum(f"{code} 2027Q1 pilot" in name for name in odds) >= 2 for code in piloted)  # sold out, gate, ranges
    waiting = f"{len(odds)} stated probabilities wait"
    with pytest.raises(
        NotLearnt, match=f"none of the stated odds has an outcome yet: {waiting}, the first until 2027-04-01"
    ):
        run("score", launch)


def test_who_may_only_look_sees_plan_decisions_and_ledger_and_changes_nothing(launch, monkeypatch):
    words = ("plan", launch, "--on", "2027-01-05", "--worlds", "2")
    made = answer(*words)
    due = answer("decide", launch)
    before = {path.name: path.read_bytes() for path in launch.iterdir()}
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: not mode & os.W_OK and allowed(path, mode, **how))
    assert answer("decide", launch) == due
    assert answer("log", launch)["entries"] == []
    seen = CliRunner().invoke(app, [str(word) for word in (*words, "--json")])
    assert "this plan is on no record" in " ".join(seen.stderr.split())
    assert json.loads(seen.stdout) == made
    with pytest.raises(NotStored, match="cannot be written here, only looked at"):
        run("decide", launch, "--accept")
    assert {path.name: path.read_bytes() for path in launch.iterdir()} == before


def test_an_override_needs_a_reason_and_is_kept_with_it(launch, plan):
    market = plan["pilots"][0]["market"]
    with pytest.raises(BadInput, match="the override of DE gives no reason"):
        run("decide", launch, "--override", f"{market}=hold")
    entry = answer("decide", launch, "--override", f"{market}=hold", "--because", "no staff", "--who", "ana")[
        "entries"
    ][0]
    assert (entry["act"], entry["chosen"], entry["because"]) == ("override", "hold", "no staff")
    assert entry["recommended"].startswith("pilot")


@pytest.mark.parametrize("choice", ["maybe", "pilot:many", "pilot:0", "pilot:²", "scale:kiosk", "hold:5"])
def test_a_choice_that_is_none_is_refused_with_the_forms_there_are(launch, plan, choice):
    market = plan["pilots"][0]["market"]
    with pytest.raises(BadInput, match="not a decision"):
        run("decide", launch, "--override", f"{market}={choice}", "--because", "x")


def test_a_choice_that_the_tables_rule_out_is_refused_and_the_ledger_stays_empty(launch, plan):
    for choice, why in (
        ("NO=pilot:90000", "set aside for pilots"),
        ("NO=scale:dealer", "rule out to scale"),
        ("CN=exit", "home market"),
    ):
        with pytest.raises(BadInput, match=why):
            run("decide", launch, "--override", choice, "--because", "the chairman likes it")
    assert answer("log", launch)["entries"] == []


def test_overrides_that_together_exceed_the_quarters_limits_are_refused(launch, plan):
    run("decide", launch, "--market", "NO", "--override", "NO=pilot:700:dealer", "--because", "a large store")
    with pytest.raises(BadInput, match="pilot cars, and 800 are left"):
        run("decide", launch, "--market", "SE", "--override", "SE=pilot:150:dealer", "--because", "one more")
    run("plan", launch, "--on", "2027-10-05", "--worlds", WORLDS)
    with pytest.raises(BadInput, match="capital, and"):
        run("decide", launch, "--market", "DE", "--override", "DE=scale:own_store", "--because", "all in")


def test_a_pilot_that_only_a_person_wants_gets_a_gate_of_its_own(launch, plan):
    run("decide", launch, "--market", "PT", "--override", "PT=pilot:50:dealer", "--because", "a partner asks")
    gates = [e["said"]["chosen"] for e in answer("log", launch)["entries"] if e["said"]["act"] == "gates"]
    assert gates == ["gates for PT"]


def test_a_market_overridden_twice_at_once_is_refused(launch, plan):
    with pytest.raises(BadInput, match="more than once"):
        run("decide", launch, "--override", "NO=hold", "--override", "no=exit", "--because", "x")


def test_a_day_in_the_past_knows_neither_later_rows_nor_later_decisions(launch, plan, tmp_path, monkeypatch):
    run("decide", launch, "--market", "NO", "--override", "NO=pilot:150:dealer", "--because", "test")
    then = answer("read", launch, "--on", "2027-01-05")
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-07-05T09:00:00+00:00")
    rows = tmp_path / "rows.csv"
    rows.write_text("batch,market,offer,channel,store,start,end,orders\nfirst,NO,,dealer,,2027-04-01,2027-06-30,2\n")
    run("observe", launch, rows)
    assert answer("read", launch, "--on", "2027-01-05") == then
    assert answer("read", launch)["counts"]
    with pytest.raises(OutOfDate, match="changed since the plan"):
        run("decide", launch, "--accept")


def test_a_market_that_was_scaled_goes_on_selling_and_is_not_scaled_again(launch):
    run("plan", launch, "--on", "2029-01-05", "--worlds", WORLDS)
    run("decide", launch, "--override", "NO=scale:dealer", "--because", "test")
    assert "Norway goes on selling" in run("plan", launch, "--on", "2029-04-05", "--worlds", WORLDS)
    with pytest.raises(BadInput, match="scaled already"):
        run("decide", launch, "--override", "NO=scale:dealer", "--because", "test")


def test_the_second_of_two_people_is_told_and_nothing_is_lost(launch, plan):
    market = plan["pilots"][0]["market"]
    run("decide", launch, "--market", market, "--who", "ana")
    with pytest.raises(OutOfDate, match="ana came before you"):
        run("decide", launch, "--override", f"{market}=hold", "--because", "too dear", "--who", "bo")
    drafts = [e for e in answer("log", launch)["entries"] if e["said"]["act"] == "draft"]
    assert [(d["said"]["who"], d["said"]["because"]) for d in drafts] == [("bo", "too dear")]


def test_a_pilot_that_sells_well_raises_the_odds_and_one_that_does_not_lowers_them(launch, plan, tmp_path):
    run("decide", launch, "--override", "NO=pilot:150:dealer", "--because", "test", "--who", "ana")
    before = answer("read", launch, "--on", "2027-04-05")
    for orders, rises in ((150, True), (2, False)):
        copy = tmp_path / f"with-{orders}"
        shutil.copytree(launch, copy)
        sold = "2027-01-20" if orders == 150 else ""
        rows = tmp_path / f"{orders}.csv"
        rows.write_text(
            "batch,market,offer,channel,store,start,end,opening_stock,orders,sold_out_on\n"
            f"first,NO,SU7-STD,dealer,,2027-01-04,2027-03-31,150,{orders},{sold}\n"
        )
        run("observe", copy, rows)
        after = answer("read", copy, "--on", "2027-04-05")
        odds = [next(m for m in found["markets"] if m["market"] == "NO")["odds"] for found in (before, after)]
        assert (odds[1] > odds[0]) is rises
        sweden = [next(m for m in found["markets"] if m["market"] == "SE")["median"] for found in (before, after)]
        assert (sweden[1] > sweden[0]) is rises, "markets are correlated"


def test_rows_that_came_after_the_plan_ask_for_a_new_one(launch, plan, tmp_path):
    assert "decides 2027Q1, and it is 2027Q2 now; run `beachhead plan" in " ".join(run("decide", launch).split())
    run("plan", launch, "--on", "2027-04-05", "--worlds", WORLDS)
    rows = tmp_path / "rows.csv"
    rows.write_text("batch,market,offer,channel,store,start,end,orders\nfirst,NO,,dealer,,2026-01-01,2026-03-31,40\n")
    assert "Accept them" in run("decide", launch)
    run("observe", launch, rows)
    listed = " ".join(run("decide", launch).split())
    assert "have come in since the plan was made; run `beachhead plan" in listed
    assert "Accept them" not in listed
    with pytest.raises(OutOfDate, match="changed since the plan"):
        run("decide", launch, "--accept")


def test_a_decision_on_a_plan_of_a_quarter_that_is_over_says_from_when_it_counts(launch, plan):
    said = " ".join(
        run("decide", launch, "--override", "NO=pilot:150:dealer", "--because", "late", "--who", "ana").split()
    )
    assert "decides 2027Q1, and it is 2027Q2 now: what is decided counts from 2027Q1. Norway: pilot 150" in said
    run("plan", launch, "--on", "2027-04-05", "--worlds", WORLDS)
    assert "counts from" not in run("decide", launch, "--override", "SE=hold", "--because", "in time", "--who", "ana")


def test_deciding_without_a_plan_names_the_command_that_makes_one(launch):
    with pytest.raises(NotLearnt, match="no plan") as refusal:
        run("decide", launch, "--accept")
    assert "beachhead plan" in refusal.value.hint


def test_a_larger_batch_tells_more(launch):
    designs = answer("design", launch, "--market", "NO", "--batch", "20", "--batch", "400", "--on", "2027-01-05")[
        "designs"
    ]
    assert designs[0]["share_resolved"] < designs[1]["share_resolved"] < 1


def test_an_unknown_market_is_named_with_those_there_are(launch):
    with pytest.raises(BadInput, match="'XX' is not a market") as refusal:
        run("design", launch, "--market", "XX")
    assert "NO" in refusal.value.hint


@pytest.mark.parametrize(("orders", "sold_out_on", "verdicts"), [(400, "2027-01-08", {"scale"}), (0, "", {"stop"})])
def test_a_pilot_that_settles_the_question_settles_its_gate(launch, plan, tmp_path, orders, sold_out_on, verdicts):
    run("decide", launch, "--override", "NO=pilot:400:dealer", "--because", "test", "--who", "ana")
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "batch,market,offer,channel,store,start,end,opening_stock,orders,sold_out_on\n"
        f"first,NO,,dealer,,2027-01-04,2027-03-31,400,{orders},{sold_out_on}\n"
    )
    run("observe", launch, rows)
    judged = {j["market"]: j["verdict"] for j in answer("read", launch, "--on", "2027-04-05")["judgements"]}
    assert {judged["NO"]} == verdicts


def test_what_was_learnt_a_year_ago_says_less_about_today(launch, plan, tmp_path):
    run("decide", launch, "--market", "NO", "--override", "NO=pilot:150:dealer", "--because", "test")
    rows = tmp_path / "rows.csv"
    rows.write_text("batch,market,offer,channel,store,start,end,orders\nfirst,NO,,dealer,,2027-01-04,2027-03-31,40\n")
    run("observe", launch, rows)
    then, later = (
        {row["market"]: row for row in answer("read", launch, "--on", day)["markets"]}["NO"]
        for day in ("2027-03-31", "2028-03-31")
    )
    assert later["high"] / later["low"] > 1.1 * then["high"] / then["low"]
    assert later["median"] == pytest.approx(then["median"], rel=0.3)  # cars do not come of doubt
