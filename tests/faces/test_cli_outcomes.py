"""Odds stated with decisions, what the rows then show of them, and the score: from decision to outcome."""

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import beachhead as bh
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import is_stale, newest_plan
from beachhead.case.score import outcomes as registering
from beachhead.cli.app import app
from beachhead.web.app import create
from beachhead.world.errors import NotLearnt, OutOfDate

HEAD = "batch,market,offer,channel,start,end,opening_stock,orders,price,currency\n"
SOLD = (
    "b1,NO,ONE,dealer,2027-04-05,2027-04-30,150,22,,",
    "b1,NO,ONE,dealer,2027-05-01,2027-05-31,,31,,",
    "b1,NO,ONE,dealer,2027-06-01,2027-06-30,,19,,",
)
ON, AFTER = "2027-04-05", "2027-07-01"


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> Path:
    """The starter, planned for its second quarter; tests work on copies."""
    folder = tmp_path_factory.mktemp("planned") / "launch"
    new_launch(folder, "starter")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEACHHEAD_NOW", "2027-04-05T09:00:00+00:00")
        run("plan", folder, "--on", ON, "--worlds", "2")
    return folder


@pytest.fixture
def launch(planned, tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("BEACHHEAD_WHO", "ana")
    monkeypatch.setenv("BEACHHEAD_NOW", "2030-01-10T09:00:00+00:00")
    return Path(shutil.copytree(planned, tmp_path / "launch"))


def run(*words, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    assert max(map(len, result.output.splitlines()), default=0) <= 100 or "--json" in words
    return result.output


def told(*words) -> str:
    """What is printed, as one line."""
    return " ".join(run(*words).split())


def answer(*words) -> dict:
    return json.loads(run(*words, "--json"))


def decide(launch: Path, choice: str = "NO=pilot:150:dealer") -> dict:
    return answer("decide", launch, "--override", choice, "--because", "a test")["entries"][0]


def observe(launch: Path, *rows: str) -> None:
    file = launch.parent / "seen.csv"
    file.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    run("observe", launch, file)


def states(launch: Path, on: str = AFTER) -> dict[str, str]:
    """How each of Norway's odds stands, by the end of its name."""
    found = answer("read", launch, "--on", on)["outcomes"]
    return {came["stated"]["name"].removeprefix("NO 2027Q2 pilot 150 through dealer "): came["state"] for came in found}


def test_a_pilot_states_odds_and_reading_it_says_what_came(launch):
    odds = {each["name"].partition(" dealer ")[2]: each["probability"] for each in decide(launch)["odds"]}
    assert {"sold out", "gate opens"} < set(odds)
    assert sum(name.endswith("orders") for name in odds) == 2
    with pytest.raises(NotLearnt, match="none of the stated odds has an outcome yet: 5 stated probabilities wait"):
        run("score", launch, "--on", ON)
    observe(launch, *SOLD)
    said = told("read", launch, "--on", AFTER)
    assert "Norway, pilot of 150, 2027-04-05 to 2027-06-30: 72 orders." in said
    assert "enters what came of 4 stated probabilities" in said
    assert "none has an outcome on record yet" in told("score", launch, "--on", AFTER)
    found = answer("read", launch, "--on", AFTER, "--register")
    assert {o["name"].partition(" dealer ")[2]: o["happened"] for e in found["entered"] for o in e["outcomes"]} == {
        name: name.endswith("orders") and int(name.split()[0]) <= 72 <= int(name.split()[2]) for name in odds if name
    }
    scores = answer("score", launch, "--on", AFTER)
    assert (scores["due"], scores["rows"][0]["score"]["count"], scores["open"]) == (4, 4, 1)
    squares = [(each["stated"]["probability"] - each["happened"]) ** 2 for each in scores["settled"]]
    assert scores["rows"][0]["score"]["brier"] == pytest.approx(sum(squares) / 4)
    assert scores["rows"][0]["score"]["brier_error"] is None  # one pilot, one day
    assert "Of 4 probabilities that have come due, 4 have an outcome" in run("score", launch, "--on", AFTER)


def test_what_came_is_entered_once_and_again_only_where_corrected_rows_say_otherwise(launch):
    decide(launch)
    observe(launch, *SOLD)
    run("read", launch, "--on", AFTER, "--register")
    before = answer("log", launch)
    assert "nothing was entered" in told("read", launch, "--on", AFTER, "--register")
    assert answer("log", launch) == before
    observe(launch, SOLD[0], SOLD[1], SOLD[2].replace(",19,", ",97,"))
    (entered,) = answer("read", launch, "--on", AFTER, "--register")["entered"]
    assert {"name": "NO 2027Q2 pilot 150 through dealer sold out", "happened": True} in entered["outcomes"]
    log = answer("log", launch)["entries"]
    assert log[: len(before["entries"])] == before["entries"]
    came = {each["stated"]["name"]: each["happened"] for each in answer("score", launch)["settled"]}
    assert came["NO 2027Q2 pilot 150 through dealer sold out"] is True
    assert "Whole" in run("log", launch, "--verify")


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ((SOLD[0].replace("150", "80"), *SOLD[1:]), "80 cars were shipped, 150 were decided"),
        pytest.param(
            tuple(row.removesuffix(",,") + ",405000,NOK" for row in SOLD),
            "sold at 90 % of list price",
            marks=pytest.mark.full,
        ),
    ],
)
def test_a_pilot_run_otherwise_than_decided_settles_nothing(launch, rows, why):
    decide(launch)
    observe(launch, *rows)
    found = states(launch)
    assert {state for name, state in found.items() if "break-even" not in name} == {"void"}
    assert answer("read", launch, "--on", AFTER, "--register")["entered"] == []
    assert why in told("score", launch, "--on", AFTER)


@pytest.mark.full
def test_a_choice_that_took_anothers_place_leaves_its_odds_void(launch):
    decide(launch, "NO=pilot:50:dealer")
    run("plan", launch, "--on", ON, "--worlds", "2")
    decide(launch)
    observe(launch, *SOLD)
    found = answer("read", launch, "--on", AFTER)["outcomes"]
    by_batch = {b: {c["state"] for c in found if f"pilot {b} " in c["stated"]["name"]} for b in (50, 150)}
    assert by_batch == {50: {"void"}, 150: {"told"}}


@pytest.mark.full
def test_odds_stated_when_rows_were_on_record_already_are_never_scored(launch):
    observe(launch, *SOLD)
    run("plan", launch, "--on", ON, "--worlds", "2")
    decide(launch)
    assert {state for name, state in states(launch).items() if "break-even" not in name} == {"void"}


@pytest.mark.full
def test_rows_that_are_missing_leave_it_open(launch):
    decide(launch)
    assert states(launch)["sold out"] == "waiting"  # it may have begun late
    observe(launch, *SOLD[:2])
    assert states(launch)["sold out"] == "unseen"
    assert "no row tells of 34 of its 91 days" in run("score", launch, "--on", AFTER)


def scale(launch: Path) -> None:
    """Norway may be scaled from 2027Q3 on."""
    run("plan", launch, "--on", AFTER, "--worlds", "2")
    decide(launch, "NO=scale:dealer")


def year_two(orders: int, stock: str = "") -> list[str]:
    """Norway's second year at full scale, from the start in 2027Q3: 2028Q3 to 2029Q2, a row a quarter."""
    spans = (
        ("2028-07-01", "2028-09-30"), ("2028-10-01", "2028-12-31"), ("2029-01-01", "2029-03-31"),
        ("2029-04-01", "2029-06-30"),
    )  # fmt: skip
    return [f"running,NO,ONE,dealer,{start},{end},{stock},{orders},," for start, end in spans]


@pytest.mark.parametrize(
    ("orders", "state", "happened"), [(3000, "told", True), pytest.param(100, "told", False, marks=pytest.mark.full)]
)
def test_the_second_year_at_full_scale_settles_the_odds_of_breaking_even(launch, orders, state, happened):
    scale(launch)
    observe(launch, *year_two(orders))
    assert states(launch, "2029-06-30") == {"NO 2027Q3 break-even": "waiting"}
    (came,) = answer("read", launch, "--on", "2029-07-01", "--register")["outcomes"]
    assert (came["state"], came["happened"]) == (state, happened)
    assert "2028Q3 to 2029Q2" in came["why"]
    scores = answer("score", launch)
    (settled,), (known,) = scores["settled"], scores["regrets"]
    assert settled["happened"] is happened
    assert (known["market"], known["chosen"]) == ("NO", "scale through dealer")
    assert 0 <= known["regret"]["low"] <= known["regret"]["high"]
    assert (known["regret"]["best_start"] is None) is not happened
    assert "gave up is known, for the market's demand is" in told("score", launch)


@pytest.mark.full
def test_what_a_rival_was_to_do_counts_in_what_came_as_in_what_was_stated(launch, planned, tmp_path):
    def demand(folder: Path) -> float:
        scale(folder)
        observe(folder, *year_two(3000))
        return answer("read", folder, "--on", "2029-07-01")["outcomes"][0]["realised"]["low"]

    alone = demand(Path(shutil.copytree(planned, tmp_path / "alone" / "launch")))
    (launch / "competitors.csv").write_text(
        "market,brand,cars_per_year,price_change,change_from,odds,source,as_of,grade\n"
        "NO,Rival,50000,-0.2,2027-07-01,1,made up,2026-01-01,C\n",
        encoding="utf-8",
    )
    assert demand(launch) > 1.05 * alone  # as many cars, though a rival took some


def test_stock_that_ended_every_row_says_only_that_demand_was_at_least_that(launch):
    scale(launch)
    observe(launch, *year_two(100, stock="100"))
    (came,) = answer("read", launch, "--on", "2029-07-01")["outcomes"]
    assert came["state"] == "undecided"
    assert "400 cars in 2028Q3 to 2029Q2: at least" in came["why"]


@pytest.mark.full
def test_a_market_that_was_not_entered_has_no_outcome_and_the_score_says_so(launch):
    decide(launch)
    observe(launch, *SOLD)
    run("read", launch, "--on", AFTER, "--register")
    assert answer("score", launch, "--on", AFTER)["selection_warning"] == ""
    later = answer("score", launch)
    assert [each["state"] for each in later["standing"]] == ["unentered"]
    assert later["due"] == 4
    assert "cannot show whether those that were stopped would have broken even" in told("score", launch)


def test_what_came_is_entered_whole_or_not_at_all(launch, monkeypatch):
    """As if the process were killed while it writes: the transaction is not committed, nothing is half-written."""
    decide(launch)
    observe(launch, *SOLD)
    before = answer("log", launch)
    said = registering.say

    def killed(work, item):
        said(work, item)
        raise KeyboardInterrupt

    monkeypatch.setattr(registering, "say", killed)
    with pytest.raises(KeyboardInterrupt):
        registering.register_outcomes(
            open_launch(launch), on=date(2028, 1, 1), who="ana", at=datetime(2028, 1, 1, tzinfo=UTC)
        )
    monkeypatch.undo()
    monkeypatch.setenv("BEACHHEAD_NOW", "2030-01-10T09:00:00+00:00")
    assert answer("log", launch) == before


def test_what_came_neither_ages_the_plan_nor_stands_in_the_way_of_who_decides(launch):
    decide(launch)
    observe(launch, *SOLD)
    run("plan", launch, "--on", AFTER, "--worlds", "2")
    seen = answer("log", launch)["head"]["sha256"]
    run("read", launch, "--on", AFTER, "--register")
    opened = open_launch(launch)
    assert not is_stale(opened, newest_plan(opened))
    run("decide", launch, "--override", "NO=hold", "--because", "not now", "--after", seen)
    with pytest.raises(OutOfDate, match="ana came before you"):
        run("decide", launch, "--override", "SE=hold", "--because", "not now", "--after", seen)


def test_the_web_enters_what_came_and_shows_the_score_with_its_counts(launch, monkeypatch):
    decide(launch)
    observe(launch, *SOLD)
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-07-01T09:00:00+00:00")
    with TestClient(create(launch), base_url="http://127.0.0.1") as client:
        before = client.get("/api/v1/score").json()
        assert (before["settled"], before["due"], before["ready"], before["brier"]) == (0, 4, 4, None)
        after = client.post("/api/v1/score", headers={"Origin": "http://127.0.0.1"})
        assert after.status_code == 201
        assert (after.json()["settled"], after.json()["ready"], len(after.json()["came"])) == (4, 0, 4)
        assert client.get("/api/v1/score").json() == after.json()
        newest = client.get("/api/v1/decisions").json()["rows"][0]
        assert newest["kind"] == "outcome"
        assert "NO 2027Q2 pilot 150 through dealer sold out: no" in newest["odds"]


@pytest.mark.full
def test_python_reads_registers_and_scores(launch):
    decide(launch)
    observe(launch, *SOLD)
    opened = bh.open(launch)
    found = bh.read(opened, on=date(2027, 7, 1), register=True)
    assert sum(came.on_record for came in found.outcomes) == 4
    assert bh.score(opened, on=date(2027, 7, 1)).rows[0].score.count == 4
