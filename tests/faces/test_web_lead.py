"""What an expansion lead is shown in the browser: choices that can be made, tables that say where they end."""

from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from beachhead.case.decide.deciding import decide
from beachhead.case.log import say
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import make_plan
from beachhead.case.rows.observe import observe
from beachhead.cli.app import app
from beachhead.ledger import Act, Outcome, Said, Stated
from beachhead.store import writing
from beachhead.web.app import create
from beachhead.web.pages.scored import MOST_CAME

LOCAL = "http://127.0.0.1"


@pytest.fixture
def folder(tmp_path):
    return new_launch(tmp_path / "launch", "starter")


@pytest.fixture
def client(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-05T12:00:00+00:00")
    with TestClient(create(folder), base_url=LOCAL) as opened:
        yield opened


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC)


def test_no_choice_is_offered_that_the_tables_rule_out(client, folder):
    make_plan(open_launch(folder), on=date(2027, 1, 5), worlds=2, who="ana", at=at("2027-01-05"))
    data = client.get("/api/v1/decisions").json()
    norway = next(item for item in data["due"] if item["market"] == "NO")
    assert norway["recommended"].startswith("pilot")
    assert {"hold", "exit", "pilot:50:own_store"} <= set(norway["allowed"])
    assert not [choice for choice in norway["allowed"] if choice.startswith("scale")]  # earliest_scale is 2027Q3
    first, *others = (
        client.post("/api/v1/decisions", json={"market": "NO", "choose": choice, "because": "try", "after": "0" * 64})
        for choice in norway["allowed"]
    )
    assert first.status_code == 201
    assert {answer.json()["error"]["kind"] for answer in others} == {"OutOfDate"}  # read, but decided meanwhile


def test_a_market_that_is_scaled_already_is_not_shown_as_starting_with_every_new_plan(tmp_path, monkeypatch):
    folder = new_launch(tmp_path / "launch", "byd-norway-2021")

    def steps(day: str) -> set[tuple[str, str]]:
        monkeypatch.setenv("BEACHHEAD_NOW", f"{day}T12:00:00+00:00")
        make_plan(open_launch(folder), on=date.fromisoformat(day), worlds=2, who="ana", at=at(day))
        with TestClient(create(folder), base_url=LOCAL) as client:
            assert client.get("/api/v1/launch").json()["planned_for"] == client.get("/api/v1/launch").json()["now"]
            return {(row["action"], row["quarter"]) for row in client.get("/api/v1/plan").json()["steps"]
                    if row["market"] == "NO"}  # fmt: skip

    steps("2021-11-05")
    decide(open_launch(folder), who="ana", at=at("2021-11-05"), overrides={"NO": "scale:importer"}, because="sure")
    assert ("scale", "2022Q1") not in steps("2022-01-05")
    decide(open_launch(folder), who="ana", at=at("2022-01-05"), overrides={"NO": "exit"}, because="sold")
    assert ("exit", "2022Q2") not in steps("2022-04-05")


def test_pilots_use_the_cars_set_aside_for_them_and_never_those_of_scaled_markets(client, folder):
    text = (folder / "launch.toml").read_text(encoding="utf-8")
    short = text.replace("cars_per_quarter = [10_000, 11_000, 12_000]", "cars_per_quarter = 60")
    assert short != text
    (folder / "launch.toml").write_text(short, encoding="utf-8")
    make_plan(open_launch(folder), on=date(2027, 1, 5), worlds=4, who="ana", at=at("2027-01-05"))
    uses = client.get("/api/v1/plan").json()["uses"]
    sold, pilots = ([use for use in uses if use["limit"] == limit] for limit in ("cars, home included", "pilot cars"))
    assert [use["used"] for use in sold] == [60.0] * 12  # the home market alone would take more
    assert len({use["period"] for use in pilots}) == len(pilots) == 12
    assert pilots[0]["used"] > 0
    assert all(use["used"] <= use["available"] == 300 for use in pilots)


def test_what_was_decided_is_not_due_again_by_a_plan_that_would_do_the_same(client, folder):
    launch = open_launch(folder)

    def asked() -> set[str]:
        make_plan(launch, on=date(2027, 1, 5), worlds=2, who="ana", at=at("2027-01-05"))
        return {item["market"] for item in client.get("/api/v1/decisions").json()["due"]}

    before = asked()
    decide(launch, who="ana", at=at("2027-01-05"), markets=["NO"])
    assert asked() == before - {"NO"}


def test_a_person_may_decide_where_nothing_is_due_and_only_once_a_plan(client, folder):
    make_plan(open_launch(folder), on=date(2027, 1, 5), worlds=2, who="ana", at=at("2027-01-05"))
    data = client.get("/api/v1/decisions").json()
    others = {item["market"]: item for item in data["others"]}
    assert others
    assert not set(others) & {item["market"] for item in data["due"]}
    market, item = next(iter(others.items()))
    assert item["recommended"] == "hold"
    assert "exit" in item["allowed"]
    body = {"market": market, "choose": "exit", "because": "the licence is gone", "after": data["head"]}
    assert client.post("/api/v1/decisions", json=body).json()["chosen"] == "exit"
    left = client.get("/api/v1/decisions").json()
    assert market not in {row["market"] for row in (*left["due"], *left["others"])}


def test_a_table_of_what_came_says_how_many_it_leaves_out(client, folder):
    names = [f"event {number}" for number in range(MOST_CAME + 5)]
    odds = tuple(Stated(name=name, event=name, probability=0.3, by=date(2026, 3, 1)) for name in names)
    came = tuple(Outcome(name=name, happened=False) for name in names)
    with writing(open_launch(folder).store) as work:
        say(work, Said(at=at("2026-01-05"), who="ana", act=Act.FORECAST, chosen="odds", odds=odds))
        say(work, Said(at=at("2026-04-05"), who="ana", act=Act.OUTCOME, outcomes=came))
    score = client.get("/api/v1/score").json()
    assert len(score["came"]) == MOST_CAME
    assert score["came_title"] == f"What came of the odds; the latest {MOST_CAME} of {MOST_CAME + 5}"


def test_a_decision_that_is_due_again_says_what_was_decided_last(client, folder, monkeypatch):
    launch = open_launch(folder)
    make_plan(launch, on=date(2027, 1, 5), worlds=2, who="ana", at=at("2027-01-05"))
    assert {row["decided_last"] for row in client.get("/api/v1/decisions").json()["due"]} == {""}
    decide(launch, who="ana", at=at("2027-01-05"), overrides={"NO": "hold"}, because="the stores are full")
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-04-05T12:00:00+00:00")
    make_plan(launch, on=date(2027, 4, 5), worlds=2, who="ana", at=at("2027-04-05"))
    found = client.get("/api/v1/decisions").json()
    (norway,) = [row for row in (*found["due"], *found["others"]) if row["market"] == "NO"]
    said = "On 2027-01-05 ana decided for Norway: hold, because the stores are full. No row came in since"
    assert norway["decided_last"].startswith(said)


def test_a_launch_whose_last_quarter_is_over_can_still_be_read(client, folder, monkeypatch, tmp_path):
    launch = open_launch(folder)
    make_plan(launch, on=date(2027, 1, 5), worlds=2, who="ana", at=at("2027-01-05"))
    decide(launch, who="ana", at=at("2027-01-05"), markets=["NO"])
    (tmp_path / "rows.csv").write_text("batch,market,channel,start,end,orders\na,NO,dealer,2027-01-01,2027-03-31,9\n")
    observe(launch.folder, launch.store, tmp_path / "rows.csv", who="ana", at=at("2027-04-01"), today=date(2027, 4, 1))
    monkeypatch.setenv("BEACHHEAD_NOW", "2047-01-05T12:00:00+00:00")
    last = launch.folder.terms.grid[-1]
    told = client.get("/api/v1/launch").json()
    assert (told["over"], told["now"], told["overtaken"]) == (
        f"the last quarter planned, {last}, is over", str(last), ""
    )  # fmt: skip
    pages = ["overview", "markets", "markets/NO", "plan", "observations", "monitors", "score", "mappings", "jobs"]
    assert [client.get(f"/api/v1/{page}").status_code for page in pages] == [200] * len(pages)
    decisions = client.get("/api/v1/decisions").json()
    assert decisions["due"] == []
    assert {"NO"} <= {row["market"] for row in decisions["rows"]}
    assert client.get("/api/v1/readings").json()["readings"][0]["sentence"].startswith("Norway: 9 cars in 90 days")
    error = client.get("/api/v1/research").json()["error"]
    assert error["message"] == f"the last quarter planned, {last}, is over, so nothing is planned any more"
    typed = CliRunner().invoke(app, ["read", str(folder)])
    assert typed.exit_code == 0, typed.output
    assert "Norway: 9 cars in 90 days" in typed.output


def test_a_batch_is_asked_of_a_market_to_enter_also_where_any_demand_pays(client, folder):
    table = folder / "economics.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("PT,importer,,2000000,0.1,200000", "PT,importer,,0,0,0"))
    assert client.get("/api/v1/markets/CN/designs").json()["error"]["message"] == "CN is the home market"
    made = client.get("/api/v1/markets/PT/designs").json()["designs"]
    assert {each["odds_wrong"] for each in made} == {0.0}  # before, both were a fault of ours
    assert "CN" not in {taught["market"] for each in made for taught in each["teaches"]}
