"""What an expansion lead is shown in the browser: choices that can be made, tables that say where they end."""

from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient

from beachhead.case.log import say
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.planning import make_plan
from beachhead.ledger import Act, Outcome, Said, Stated
from beachhead.store import writing
from beachhead.web.app import create
from beachhead.web.scored import MOST_CAME

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
