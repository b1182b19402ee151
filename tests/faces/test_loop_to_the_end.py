"""A launch played gate by gate: what its rows showed on a quarter's last day holds on the first of the next."""

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from beachhead.case.clock import now
from beachhead.case.decide.decided_last import said_of_last
from beachhead.case.decide.deciding import decide, due, words
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import make_plan, put_question
from beachhead.case.plan.standing import standings
from beachhead.cli.app import app
from beachhead.launch.plan.reason import sentence
from beachhead.launch.policy.value import served
from beachhead.launch.question.gate import Verdict
from beachhead.launch.question.problem import kernel_position, kernel_terms
from beachhead.world.market import Stage
from beachhead.world.quarter import Quarter

HEADER = "batch,market,offer,channel,store,start,end,price,currency,reach,opening_stock,orders,sold_out_on\n"
SOLD_OUT = "first,NO,ONE,dealer,,2027-01-01,2027-01-31,450000,NOK,0.085,50,50,2027-01-20\n"


UNSOLD = "first,NO,ONE,dealer,,2027-01-01,2027-03-31,450000,NOK,0.085,50,1,\n"


@pytest.fixture
def sold_out(tmp_path, monkeypatch):
    """A launch whose first pilot, of 50 cars, sold out in 20 days."""
    return piloted(tmp_path, monkeypatch, SOLD_OUT)


def piloted(tmp_path, monkeypatch, row):
    """A launch that piloted 50 cars in Norway in its first quarter."""
    folder = new_launch(tmp_path / "launch", "starter")
    (tmp_path / "rows.csv").write_text(HEADER + row)
    for instant, typed in (
        ("2027-01-05", ["plan", folder, "--worlds", "2"]),
        ("2027-01-05", ["decide", folder, "--override", "NO=pilot:50:dealer", "--because", "stores", "--who", "ann"]),
        ("2027-03-31", ["observe", folder, tmp_path / "rows.csv", "--who", "ann"]),
    ):
        monkeypatch.setenv("BEACHHEAD_NOW", f"{instant}T09:00:00+00:00")
        result = CliRunner().invoke(app, [str(word) for word in typed])
        assert result.exit_code == 0, result.output
    return open_launch(folder)


def test_a_gate_that_said_scale_on_the_last_day_of_a_quarter_says_so_on_the_first_of_the_next(sold_out):
    """Time's doubt of a quarter came on its first day, took the information away, and no launch was ever scaled."""
    (before,) = put_question(sold_out, on=date(2027, 3, 31)).judgements
    (after,) = put_question(sold_out, on=date(2027, 4, 1)).judgements
    assert before.verdict is after.verdict is Verdict.SCALE
    assert after.odds < before.odds  # time is weighed in the odds


def test_a_market_is_piloting_until_its_gate_was_decided_on_and_no_longer(sold_out, monkeypatch):
    def stage(quarter: str) -> Stage:
        return standings(sold_out, Quarter.parse(quarter)).by_market["NO"].stage

    assert [stage(q) for q in ("2027Q1", "2027Q2", "2027Q3", "2029Q1")] == [Stage.PILOTING] * 2 + [Stage.OUT] * 2
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-04-05T09:00:00+00:00")
    make_plan(sold_out, on=date(2027, 4, 5), worlds=2, who="ann", at=now())
    decide(sold_out, who="ann", at=now(), overrides={"NO": "hold"}, because="the stores are full")
    held = standings(sold_out, Quarter.parse("2027Q2"))
    assert (held.by_market["NO"].stage, held.by_market["NO"].pilot_quarters) == (Stage.OUT, 1)
    assert "NO" in {gate.market for gate in held.gates}


def test_a_gate_held_by_a_person_says_at_every_quarter_what_was_decided_last_and_what_is_new(sold_out, monkeypatch):
    """It was due again every quarter without a word of the last time, as if nobody had looked at it before."""

    def asked(day: str) -> str:
        monkeypatch.setenv("BEACHHEAD_NOW", f"{day}T09:00:00+00:00")
        planned = make_plan(sold_out, on=date.fromisoformat(day), worlds=2, who="ann", at=now())
        (norway,) = [row for row in due(sold_out, planned) if row.action.market == "NO"]
        shown = CliRunner().invoke(app, ["decide", str(sold_out.path)])
        assert shown.exit_code == 0, shown.output
        told = said_of_last(norway.last, "Norway")
        assert told in " ".join(shown.output.split())
        return told

    first = asked("2027-04-05")
    assert first.startswith("On 2027-01-05 ann decided for Norway: pilot 50 through dealer. 1 row came in since; ")
    decide(sold_out, who="bea", at=now(), overrides={"NO": "hold"}, because="the port is not ready.")
    held = asked("2027-07-05")
    assert held.startswith("On 2027-04-05 bea decided for Norway: hold, because the port is not ready. No row came in ")
    assert "; the odds of breaking even " in held
    assert asked("2028-01-05").startswith("On 2027-04-05 bea decided for Norway: hold")


def test_a_market_that_its_gate_stopped_is_told_to_be_stopped(tmp_path, monkeypatch):
    launch = piloted(tmp_path, monkeypatch, UNSOLD)
    planned = make_plan(launch, on=date(2027, 4, 5), worlds=2, who="ann", at=now())
    norway = next(reason for reason in planned.plan.reasons if reason.market == "NO")
    assert sentence(norway, "EUR").endswith("odds of breaking even (its gate says stop)")


def test_a_market_that_its_gate_stopped_is_due_once_and_stays_stopped(tmp_path, monkeypatch):
    launch = piloted(tmp_path, monkeypatch, UNSOLD)

    def asked(day: date) -> list[tuple[str, str]]:
        monkeypatch.setenv("BEACHHEAD_NOW", f"{day}T09:00:00+00:00")
        planned = make_plan(launch, on=day, worlds=2, who="ann", at=now())
        return [(row.action.market, words(row.action)) for row in due(launch, planned)]

    assert ("NO", "hold") in asked(date(2027, 4, 5))
    decide(launch, who="ann", at=now(), markets=["NO"])
    for day in (date(2027, 4, 6), date(2027, 7, 5), date(2028, 1, 5)):  # before, it was due again at every plan
        assert "NO" not in {market for market, _ in asked(day)}
    question = put_question(launch, on=date(2028, 1, 5))
    assert question.standings.by_market["NO"].stage is Stage.OUT
    assert question.stopped == {"NO"}
    told = CliRunner().invoke(app, ["plan", str(launch.path), "--worlds", "2"]).output
    assert "Norway is stopped by its gate" in told
    decide(launch, who="ann", at=now(), overrides={"NO": "exit"}, because="nobody came")  # it may still be left
    assert put_question(launch, on=date(2028, 4, 5)).stopped == frozenset()


def test_a_market_that_left_the_tables_takes_its_gate_along_and_stops_nothing(sold_out):
    for file in sold_out.path.glob("*.csv"):
        file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith("NO,")))
    left = open_launch(sold_out.path)
    assert standings(left, Quarter.parse("2027Q2")).gates == ()
    assert [line for line in put_question(left, on=date(2027, 4, 1)).held.reading.left_out if "markets.csv" in line]


def test_what_a_plan_asks_about_a_market_that_left_the_tables_is_listed_and_not_decided(sold_out):
    for file in sold_out.path.glob("*.csv"):
        file.write_text("".join(line for line in file.read_text().splitlines(True) if not line.startswith("SE,")))
    listed = CliRunner().invoke(app, ["decide", str(sold_out.path)])
    assert listed.exception is None, listed.output
    assert "SE " in listed.output
    assert "before deciding on it" in " ".join(listed.output.split())


def test_nobody_is_told_to_pilot_look_at_or_adjust_a_market_that_is_scaled_or_was_left(sold_out, monkeypatch):
    """Batches were designed and priced there, and such markets headed the screen."""
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-07-05T09:00:00+00:00")
    make_plan(sold_out, on=date(2027, 7, 5), worlds=2, who="ann", at=now())
    chosen = {"NO": "scale:dealer", "SE": "exit"}
    decide(sold_out, who="ann", at=now(), overrides=chosen, because="the board says so")

    def answer(*words):
        return CliRunner().invoke(app, [words[0], str(sold_out.path), *words[1:]])

    for asked in (["design"], ["worth", "--batch", "50", "--no-tornado"]):
        assert answer(*asked, "--market", "NO").exception.message == "NO is scaled already"
        assert answer(*asked, "--market", "SE").exception.message == "SE was left"
    screen = json.loads(answer("research", "--json").output)["screen"]
    assert [row["market"] for row in screen] == ["PT"]
    assert "Scaled already: Norway. Left: Sweden." in " ".join(answer("research").output.split())
    adjusted = {row["market"] for row in json.loads(answer("adjust", "--json").output)["markets"]}
    assert adjusted == {"NO", "PT"}
    (watched,) = [m for m in json.loads(answer("read", "--json").output)["monitors"] if m["market"] == "NO"]
    assert watched["break_even"] is None, "its capital is spent"
    rows = sold_out.path.parent / "more.csv"
    rows.write_text(HEADER + "on,NO,ONE,dealer,,2027-07-01,2027-07-04,,,,,9,\n")
    assert answer("observe", str(rows)).exit_code == 0
    assert "Norway, counts at full scale alone" in " ".join(answer("read").output.split())


def test_a_market_scaled_long_ago_serves_all_its_reach_to_the_last_quarter(sold_out, monkeypatch):
    """Ramps were cut to the quarters left: in the last a market of two years served what it had in its first."""
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-07-05T09:00:00+00:00")
    make_plan(sold_out, on=date(2027, 7, 5), worlds=2, who="ann", at=now())
    decide(sold_out, who="ann", at=now(), overrides={"NO": "scale:dealer"}, because="the board says so")
    problem = put_question(sold_out, on=date(2029, 10, 5)).problem
    terms, position, i = kernel_terms(problem), kernel_position(problem), problem.markets.index("NO")
    assert (len(problem.quarters), position.since[i]) == (1, -9)
    full = 0.25 * 0.9 * terms.path[i, 0]
    assert served(terms, i, position.route[i], position.since[i], 0) == pytest.approx(full)
    assert served(terms, i, position.route[i], 0, 0) == pytest.approx(0.3 * full)
