"""Targets on the wire: those in force, and one that is raised as on the command line."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from beachhead.case.log import check, whole
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import make_plan
from beachhead.cli.app import app
from beachhead.ledger import Act
from beachhead.web.app import create
from beachhead.web.server.accounts import add_account
from beachhead.web.server.guard import Role
from beachhead.web.work import WORK

LOCAL = "http://127.0.0.1"
NOW = "2027-01-05T12:00:00+00:00"
WHY = "the statistics of 2026 list us second"
TARGETS = """code,name,kind,scope,amount,by,after,raise_share,raise_quarters,source,as_of,grade
first,a hundred cars abroad,cars_in_total,abroad,100,2027Q4,,0.3,2,plan,2026-01-01,C
rank,top two in Norway,rank,NO,2,2028Q4,,1,4,plan,2026-01-01,C
many,a million cars in one year,cars_per_year,world,1000000,2027Q4,,,,plan,2026-01-01,C
"""
RIVALS = "scope,brand,year,cars,source,as_of,grade\n" + "".join(
    f"NO,{brand},2025,{cars},plan,2026-01-01,C\n" for brand, cars in (("A", 9000), ("B", 500), ("C", 40))
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", NOW)
    path = new_launch(tmp_path / "launch")
    (path / "targets.csv").write_text(TARGETS)
    (path / "rivals.csv").write_text(RIVALS)
    return path


@pytest.fixture
def client(folder):
    with TestClient(create(folder), base_url=LOCAL) as opened:
        yield opened


def raisings(folder):
    return [entry.said for entry in whole(open_launch(folder).store)[0] if entry.said.act is Act.TARGET]


def send(client, key=None, **body):
    return client.post("/api/v1/targets", json=body, headers={"Idempotency-Key": key} if key else {})


def test_a_target_raised_in_the_browser_stands_in_the_ledger_as_one_raised_by_command(client, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "other")
    raised = send(client, "k1", code="rank", because=WHY)
    assert raised.status_code == 201, raised.text
    assert raised.json() == {
        "code": "rank-raised1", "name": "top two in Norway, raised to rank 1", "amount": "rank 1", "by": "2029Q4",
        "is_met": False, "is_raised": False, "next": "", "next_by": "",
    }  # fmt: skip
    assert send(client, "k1", code="rank", because=WHY).json() == raised.json()
    (ours,) = raisings(folder)
    done = CliRunner().invoke(
        app, ["targets", str(tmp_path / "other"), "--raise", "rank", "--because", WHY, "--who", ours.who]
    )
    assert done.exception is None, done.output
    assert [ours] == raisings(tmp_path / "other")
    assert ours.chosen == "rank (rank 2 by 2028Q4) is met; next rank 1 by 2029Q4"
    assert check(open_launch(folder).store).whole
    row = client.get("/api/v1/decisions").json()["rows"][0]
    assert (row["chosen"], row["because"]) == (ours.chosen, WHY)
    now = {target["code"]: target for target in client.get("/api/v1/targets").json()["targets"]}
    assert list(now) == ["first", "rank", "many", "rank-raised1"]
    assert [(now[code]["is_met"], now[code]["is_raised"], now[code]["next"]) for code in ("first", "rank", "many")] == [
        (False, False, "130"), (True, True, ""), (False, False, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "says", "cure"),
    [
        ({"code": "first"}, "no record shows that first is met", "say why in the field “because”"),
        ({"code": "first", "because": "  "}, "no record shows that first is met", "send the rows that do"),
        ({"code": "many", "because": "x"}, "many has no next target", "write raise_share in targets.csv"),
        ({"code": "frist", "because": "x"}, "'frist' is no target", "did you mean first?"),
    ],
)
def test_a_target_that_cannot_be_raised_is_refused_in_one_sentence_and_nothing_is_entered(
    client, folder, body, says, cure
):
    refused = send(client, **body)
    assert refused.status_code == 422
    assert refused.json()["error"]["message"] == says
    assert cure in refused.json()["error"]["hint"]
    assert raisings(folder) == []


def test_two_who_raise_a_target_at_the_same_moment_raise_it_once(client, folder):
    both = threading.Barrier(2)

    def at_once(key):
        both.wait()
        return send(client, key, code="rank", because=WHY)

    with ThreadPoolExecutor(2) as threads:
        answers = sorted(threads.map(at_once, ("one", "other")), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [201, 422]
    assert answers[1].json()["error"]["message"] == "rank has been raised already"
    assert len(raisings(folder)) == 1


def test_only_an_approver_raises_a_target_and_the_ledger_names_who(folder):
    store = open_launch(folder).store
    for name, role in (("vera", Role.VIEWER), ("ann", Role.ANALYST), ("paul", Role.APPROVER)):
        add_account(store, name, role, "correct horse battery")
    for name, status in (("vera", 403), ("ann", 403), ("paul", 201)):
        with TestClient(create(folder), base_url=LOCAL) as client:
            client.post("/api/v1/session", json={"name": name, "password": "correct horse battery"})
            assert client.get("/api/v1/targets").status_code == 200
            assert send(client, code="rank", because=WHY).status_code == status
    assert [said.who for said in raisings(folder)] == ["paul"]


def test_the_odds_say_that_a_target_was_raised_and_then_count_it(client, folder):
    make_plan(open_launch(folder), on=date(2027, 1, 5), worlds=2, who="ann", at=datetime(2027, 1, 5, 12, tzinfo=UTC))

    def odds():
        told = client.get("/api/v1/rooms/targets").json()
        return told["stale"], {row[0]: row[3] for row in told["tables"][0]["rows"]}

    def work():
        WORK["targets"](folder, {"worlds": 24}, lambda done, total: None)

    work()
    stale, before = odds()
    assert stale == ""
    assert isinstance(before["top two in Norway"], float)
    send(client, code="rank", because=WHY)
    assert odds()[0] == "A target has been raised since this was worked out."
    work()
    stale, after = odds()
    assert stale == ""
    assert after["top two in Norway"] == "met"
    assert isinstance(after["top two in Norway, raised to rank 1"], float)
    assert after["a hundred cars abroad"] == before["a hundred cars abroad"]


def test_a_launch_without_targets_is_told_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", NOW)
    with TestClient(create(new_launch(tmp_path / "launch")), base_url=LOCAL) as client:
        for answer in (client.get("/api/v1/targets"), send(client, code="rank", because=WHY)):
            assert answer.status_code == 409
            assert "add targets.csv" in answer.json()["error"]["hint"]
