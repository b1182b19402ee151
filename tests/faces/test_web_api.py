"""The REST API on a small launch: one error shape, roles, idempotency, and no fault of ours whatever is sent."""

import asyncio
import os
import random
import re
import shutil
import signal
import socket
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import httpx2 as httpx
import numba
import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from beachhead.case.decide.deciding import Decided, decide
from beachhead.case.log import check, say
from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.planning import make_plan
from beachhead.case.reading import moved_sentence, read
from beachhead.case.rows.observe import observations
from beachhead.ledger import Act, Said
from beachhead.store import reading, writing
from beachhead.web.app import BUILT, create, serve
from beachhead.web.openapi import description
from beachhead.web.pages import loop
from beachhead.web.server import accounts
from beachhead.web.server.accounts import TRIES, add_account, list_accounts, remove_account
from beachhead.web.server.guard import Role
from beachhead.web.server.live import Tab
from beachhead.world.errors import BadInput

ROOT = Path(__file__).parents[2]
HEAD = "batch,market,offer,channel,store,start,end,registrations\n"
ROW = "first,NO,TANG,importer,,2021-08-01,2021-08-31,61\n"
LOCAL = "http://127.0.0.1"
LIVE = "ws://127.0.0.1/api/v1/live"
DAYS = range(1, 29)


@pytest.fixture
def folder(tmp_path) -> Path:
    shutil.copytree(ROOT / "src" / "beachhead" / "case" / "examples" / "byd-norway-2021", tmp_path / "launch")
    return tmp_path / "launch"


@pytest.fixture
def client(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    with TestClient(create(folder), base_url=LOCAL) as opened:
        yield opened


def planned(folder: Path) -> None:
    from datetime import UTC, date, datetime

    make_plan(open_launch(folder), on=date(2021, 11, 1), worlds=4, who="ana", at=datetime.now(UTC))


def test_the_committed_description_is_the_one_the_server_gives():
    if f"fastapi=={version('fastapi')} " not in (ROOT / "requirements.lock").read_text(encoding="utf-8"):
        pytest.skip("it is made with the FastAPI of requirements.lock, and another is installed")
    kept = (ROOT / "docs" / "reference" / "openapi.json").read_text(encoding="utf-8")
    assert kept == description(), "run: python -m beachhead.web.openapi > docs/reference/openapi.json"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/markets/XX", 404),
        ("GET", "/api/v1/plan", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/jobs/none", 404),
        ("GET", "/api/v1/records/plan/" + "0" * 64, 404),
        ("GET", "/api/v1/decisions?cursor=-1", 422),
        ("POST", "/api/v1/decisions", 422),
        ("POST", "/api/v1/jobs", 422),
    ],
)
def test_every_refusal_has_the_one_shape(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"kind", "message", "hint", "faults"}


def test_a_page_from_elsewhere_can_neither_read_nor_write(client):
    assert client.get("/api/v1/launch", headers={"Host": "evil.example"}).status_code == 421
    foreign = client.post("/api/v1/jobs", json={"kind": "plan"}, headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    assert "frame-ancestors 'none'" in client.get("/api/v1/launch").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/a%00b", {}, 200),
        ("/" + "a" * 5000, {}, 200),
        ("/" + "a" * 300 + ".js", {}, 404),
        ("/..%2f..%2fpyproject.toml", {}, 404),
        ("/api/v1/launch", {"host": "[evil.example"}, 421),
    ],
)
def test_an_address_that_is_no_file_s_is_answered_like_any_other(client, path, headers, status):
    assert client.get(path, headers=headers).status_code == (status if (BUILT / "index.html").is_file() else 404)


@pytest.mark.parametrize("name", ["..", ".", "../../rows.csv", "é" * 190 + ".csv", "\0.csv", "a\\..\\rows.csv"])
def test_a_file_may_be_called_anything_and_is_only_ever_one_in_a_folder_of_its_own(client, name):
    answer = client.post("/api/v1/observations", params={"name": name, "dry_run": True}, content=HEAD + ROW)
    assert answer.status_code in (200, 422)
    assert client.post("/api/v1/jobs", json={"kind": "nope"}, headers={"origin": "http://["}).status_code == 403


def test_what_is_typed_is_short_and_only_files_are_long(client):
    long = b'{"name": "' + b"a" * 2**20 + b'"}'
    for content in (long, iter([long])):  # of a length that is said, and in pieces
        answer = client.post("/api/v1/session", content=content)
        assert (answer.status_code, answer.json()["error"]["kind"]) == (413, "Refused")
    rows = HEAD + ROW + " " * 2**20
    assert client.post("/api/v1/observations?name=a.csv&dry_run=true", content=rows).status_code != 413


def test_a_table_that_is_wrong_throughout_says_that_it_was_not_read_to_its_end(client):
    days = (f"first,NO,TANG,importer,{store},2021-08-01,2021-08-31,-1\n" for store in range(700))
    error = client.post("/api/v1/observations?name=x.csv", content=HEAD + "".join(days)).json()["error"]
    assert error["message"] == "at least 500 faults in the input"
    faults = error["faults"]
    assert len(faults) == 501
    assert any("what follows was not read" in fault["problem"] for fault in faults)
    assert not any("more than are listed" in fault["problem"] for fault in faults), "nobody has counted them"


def test_no_page_from_elsewhere_hears_what_the_server_tells_its_own(client):
    for headers in ({"origin": "http://evil.example"}, {"host": "evil.example"}, {"origin": "null"}):
        with (
            pytest.raises(WebSocketDisconnect) as refused,
            client.websocket_connect(LIVE, headers=headers),
        ):
            pass
        assert refused.value.code == 1008
    with client.websocket_connect(LIVE, headers={"origin": LOCAL}) as tab:
        assert tab.receive_json()["topic"] == "launch"


def test_a_folder_edited_by_hand_is_told_to_every_tab_once_somebody_looks(client, folder):
    with client.websocket_connect(LIVE) as tab:
        before = tab.receive_json()["version"]
        assert tab.receive_json()["topic"] == "jobs"
        markets = folder / "markets.csv"
        markets.write_text(markets.read_text(encoding="utf-8").replace("Norway", "Noreg"), encoding="utf-8")
        now = client.get("/api/v1/launch").json()["version"]
        assert now != before
        while (told := tab.receive_json())["topic"] == "compiling":
            pass
        assert told == {"topic": "launch", "version": now}
    assert "Noreg" in client.get("/api/v1/markets").text


def test_a_folder_that_cannot_be_read_any_more_is_told_to_every_tab_and_so_is_its_mend(client, folder):
    """A typing error beside an open page left the old figures standing there as if the edit had been taken."""
    markets = folder / "markets.csv"
    good = markets.read_text(encoding="utf-8")

    def told(tab) -> str:
        while (message := tab.receive_json())["topic"] != "launch":
            pass
        return message["version"]

    with client.websocket_connect(LIVE) as tab:
        before = told(tab)
        assert client.get("/api/v1/launch").json()["version"] == before
        markets.write_text(good.replace("96270", "many"), encoding="utf-8")
        assert client.get("/api/v1/launch").json()["error"]["faults"][0]["column"] == "bev_per_year"
        broken = told(tab)
        markets.write_text(good.replace("96270", "much"), encoding="utf-8")
        assert client.get("/api/v1/launch").status_code == 422
        assert len({before, broken, told(tab)}) == 3
        markets.write_text(good, encoding="utf-8")
        assert client.get("/api/v1/launch").json()["version"] == before == told(tab)


def test_a_page_that_waits_for_kernels_of_the_server_is_told_so(client):
    """Begin said "copying" for the minute that a first run compiles in."""
    with client.websocket_connect(LIVE) as tab:
        assert [tab.receive_json()["topic"] for _ in range(2)] == ["launch", "jobs"]
        numba.njit(lambda number: number + 1)(1.0)
        told = [tab.receive_json()]
        while told[-1]["is_compiling"]:  # a tab that is slow hears the last alone
            told.append(tab.receive_json())
        assert {message["topic"] for message in told} == {"compiling"}
        client.app.state.hub.compiling(2)
        assert tab.receive_json() == {"topic": "compiling", "is_compiling": True}
        with client.websocket_connect(LIVE) as later:
            assert later.receive_json()["topic"] == "launch"
            assert [later.receive_json()["topic"] for _ in range(2)] == ["jobs", "compiling"]


def test_a_bad_file_is_refused_at_its_cells_and_nothing_is_stored(client):
    answer = client.post("/api/v1/observations?name=x.csv", content=HEAD + ROW + ROW.replace("61", "-4"))
    assert answer.status_code == 422
    assert {fault["row"] for fault in answer.json()["error"]["faults"]} >= {3}
    assert client.get("/api/v1/observations").json()["total_rows"] == 0


def test_checking_only_stores_nothing_and_sending_twice_changes_nothing(client):
    tried = client.post("/api/v1/observations?name=x.csv&dry_run=true", content=HEAD + ROW).json()
    assert (tried["stored"], tried["new"]) == (False, 1)
    first = client.post("/api/v1/observations?name=x.csv", content=HEAD + ROW).json()
    again = client.post("/api/v1/observations?name=x.csv", content=HEAD + ROW).json()
    assert (first["stored"], again["stored"]) == (True, False)
    assert client.get("/api/v1/observations").json()["total_rows"] == 1


def test_rows_are_listed_before_anything_is_learnt_from_them(client, monkeypatch):
    client.post("/api/v1/observations?name=x.csv", content=HEAD + ROW)
    assert [reading["market"] for reading in client.get("/api/v1/readings").json()["readings"]] == ["NO"]
    seen = client.get("/api/v1/observations")
    assert client.get("/api/v1/observations", headers={"If-None-Match": seen.headers["ETag"]}).status_code == 304
    monkeypatch.setattr("beachhead.web.server.desk.put_question", None)  # learning would now fail
    assert client.post("/api/v1/observations?name=y.csv", content=HEAD + ROW.replace("61", "62")).status_code == 200
    after = client.get("/api/v1/observations", headers={"If-None-Match": seen.headers["ETag"]})
    assert (after.status_code, [row["registrations"] for row in after.json()["rows"]]) == (200, [62])


def test_the_version_changes_with_what_is_recorded(client):
    before = client.get("/api/v1/overview").headers["ETag"]
    assert client.get("/api/v1/overview").headers["ETag"] == before
    client.post("/api/v1/observations?name=x.csv", content=HEAD + ROW)
    assert client.get("/api/v1/overview").headers["ETag"] != before


def test_what_has_not_changed_is_not_sent_again_but_never_to_somebody_else(client, folder):
    tag = client.get("/api/v1/overview").headers["ETag"]
    kept = client.get("/api/v1/overview", headers={"If-None-Match": tag})
    assert (kept.status_code, kept.content) == (304, b"")
    assert client.get("/api/v1/decisions", headers={"If-None-Match": tag}).status_code == 200, "checked anew each time"
    add_account(open_launch(folder).store, "vera", Role.VIEWER, "correct horse battery")
    with TestClient(create(folder), base_url=LOCAL) as other:
        other.post("/api/v1/session", json={"name": "vera", "password": "correct horse battery"})
        answer = other.get("/api/v1/overview", headers={"If-None-Match": tag})
        assert (answer.status_code, answer.json()["launch"]["role"]) == (200, "viewer")


def test_a_launch_begins_in_an_empty_folder_only_and_once(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    root = tmp_path / "empty"
    root.mkdir()
    with TestClient(create(root), base_url=LOCAL) as client:
        assert client.get("/api/v1/overview").json()["error"]["kind"] == "NoLaunch"
        offered = client.get("/api/v1/begin").json()
        assert offered["may_begin"]
        assert {"starter", "byd-europe-2021"} <= {item["name"] for item in offered["bundled"]}
        assert client.post("/api/v1/launch", json={"example": "../../etc"}).status_code == 422
        assert list(root.iterdir()) == []
        begun = client.post("/api/v1/launch", json={"example": "byd-europe-2021"})
        assert (begun.status_code, begun.json()["currency"]) == (201, "EUR")
        assert client.get("/api/v1/overview").status_code == 200
        assert not client.get("/api/v1/begin").json()["may_begin"]
        again = client.post("/api/v1/launch", json={"example": "starter"})
        assert again.status_code == 409
        assert "BYD" in client.get("/api/v1/launch").json()["name"]


def test_a_decision_sent_twice_with_one_key_is_taken_once_and_a_second_person_is_told(client, folder):
    planned(folder)
    found = client.get("/api/v1/decisions").json()
    due = found["due"][0]
    body = {"market": due["market"], "choose": due["recommended"], "after": found["head"]}
    first = client.post("/api/v1/decisions", json=body, headers={"Idempotency-Key": "k1"})
    again = client.post("/api/v1/decisions", json=body, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, first.json()) == (201, again.json())
    late = client.post("/api/v1/decisions", json=body, headers={"Idempotency-Key": "k2"})
    assert late.status_code == 409
    assert "came before you" in late.json()["error"]["message"]
    then = client.get("/api/v1/decisions").json()
    kinds = [row["kind"] for row in then["rows"]]
    assert kinds.count("decision") == 1
    assert kinds.count("draft") == 1
    said = f"{len(kinds)} entries, checked just now: all as they were written; head {then['head'][:10]}."
    assert then["ledger_sentence"] == said


def test_a_ledger_in_which_nothing_stands_is_said_to_be_empty(client):
    found = client.get("/api/v1/decisions").json()
    assert found["ledger_sentence"] == "The ledger is empty: nothing was decided, and no gates or odds were registered."


@pytest.mark.parametrize("route", ["decisions", "decisions/all", "observations"])
def test_one_key_sent_twice_at_the_same_moment_is_carried_out_once_and_both_are_told_the_same(
    client, folder, monkeypatch, route
):
    planned(folder)
    found = client.get("/api/v1/decisions").json()
    due, began = found["due"][0], []

    def slowly(name):
        done = getattr(loop, name)

        def slow(*said, **how):
            began.append(name)
            time.sleep(0.5)  # the other request is here by now
            return done(*said, **how)

        monkeypatch.setattr(loop, name, slow)

    slowly("decide")
    slowly("observe")
    body = {"market": due["market"], "choose": due["recommended"]} if route == "decisions" else {}
    sent = (
        {"params": {"name": "a.csv"}, "content": HEAD + ROW}
        if route == "observations"
        else {"json": body | {"after": found["head"]}}
    )
    both = threading.Barrier(2)

    def send(_):
        both.wait()
        return client.post(f"/api/v1/{route}", **sent, headers={"Idempotency-Key": "k1"})

    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(send, range(2))
    assert one.status_code == other.status_code < 300
    assert one.json() == other.json()
    assert len(began) == 1


@pytest.mark.parametrize("route", ["decisions", "observations"])
def test_one_key_sent_to_two_servers_of_one_launch_at_the_same_moment_is_answered_alike_by_both(
    postgres, folder, monkeypatch, route
):
    """A balancer, or a browser that tries again, may bring the second to the other server of a team's PostgreSQL."""
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    monkeypatch.setenv("BEACHHEAD_STORE", postgres)
    terms = folder / "launch.toml"
    named = re.sub(r"(?m)^name = .*", f'name = "{uuid.uuid4().hex}"', terms.read_text(encoding="utf-8"))
    terms.write_text(named, encoding="utf-8")
    planned(folder)
    done, both = getattr(loop, name := "decide" if route == "decisions" else "observe"), threading.Barrier(2)
    began = []

    def slow(*said, **how):
        began.append(name)
        time.sleep(0.5)  # the other server has its request by now
        return done(*said, **how)

    monkeypatch.setattr(loop, name, slow)
    with TestClient(create(folder), base_url=LOCAL) as one, TestClient(create(folder), base_url=LOCAL) as other:
        found = one.get("/api/v1/decisions").json()
        due = found["due"][0]
        body = {"market": due["market"], "choose": due["recommended"], "after": found["head"]}
        file = {"params": {"name": "a.csv"}, "content": HEAD + ROW}

        def send(server):
            both.wait()
            sent = file if route == "observations" else {"json": body}
            return server.post(f"/api/v1/{route}", **sent, headers={"Idempotency-Key": "k1"})

        with ThreadPoolExecutor(2) as threads:
            first, second = threads.map(send, (one, other))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert first.status_code < 300
    assert len(began) == 1


def test_a_key_used_at_another_route_is_another_key(client, folder):
    planned(folder)
    sent = {"params": {"name": "a.csv"}, "content": HEAD + ROW, "headers": {"Idempotency-Key": "1"}}
    assert client.post("/api/v1/observations", **sent).json()["new"] == 1
    assert client.post("/api/v1/observations", **sent).json()["new"] == 1, "the answer given before"
    body = {"market": "NO", "choose": "hold", "because": "x", "after": "0" * 64}
    assert client.post("/api/v1/decisions", json=body, headers={"Idempotency-Key": "1"}).status_code == 409


def test_a_file_of_a_market_that_no_decision_has_started_is_taken_and_told(client, folder):
    sent = {"params": {"name": "a.csv"}, "content": HEAD + ROW}
    said = client.post("/api/v1/observations", **sent).json()["sentence"]
    assert "No decision on record had started NO by the end of such rows" in said
    again = client.post("/api/v1/observations", **sent).json()["sentence"]
    assert again == "a.csv: the same rows were sent before; nothing changed."


def test_a_key_sent_with_another_request_is_refused_and_nothing_is_done(client, folder):
    planned(folder)
    key = {"Idempotency-Key": "1"}
    found = client.get("/api/v1/decisions").json()
    body = {"market": found["due"][0]["market"], "choose": "hold", "because": "first", "after": found["head"]}
    assert client.post("/api/v1/decisions", json=body, headers=key).status_code == 201
    assert client.post("/api/v1/decisions", json=body | {"because": "second"}, headers=key).status_code == 422
    assert client.post("/api/v1/decisions", json=body, headers=key).json()["because"] == "first"

    file = {"params": {"name": "a.csv"}, "content": HEAD + ROW, "headers": key}
    trial = client.post("/api/v1/observations", **file | {"params": {"name": "a.csv", "dry_run": True}})
    assert trial.status_code == 200
    assert client.post("/api/v1/observations", **file).json()["new"] == 1, "a dry run does not use a key up"
    for other in (file | {"content": HEAD + ROW.replace("61", "62")}, file | {"params": {"name": "b.csv"}}):
        refused = client.post("/api/v1/observations", **other)
        assert refused.status_code == 422
        assert "with another request before" in refused.json()["error"]["message"]
    assert client.get("/api/v1/observations").json()["total_rows"] == 1


def test_the_page_of_decisions_says_whether_there_is_a_plan_and_whether_rows_came_in_since(client, folder):
    def stands() -> tuple[bool, str]:
        return client.get("/api/v1/decisions").json()["is_planned"], client.get("/api/v1/launch").json()["overtaken"]

    assert stands() == (False, "")
    planned(folder)
    assert stands() == (True, "")
    head = client.get("/api/v1/decisions").json()["head"]
    due = client.get("/api/v1/decisions").json()["due"][0]
    body = {"market": due["market"], "choose": due["recommended"], "because": "", "after": head}
    assert client.post("/api/v1/decisions", json=body).status_code == 201
    assert stands() == (True, ""), "a decision on the plan does not overtake it"
    client.post("/api/v1/observations?name=rows.csv", content=HEAD + ROW)
    assert stands() == (True, "New observations or tables have come in since the plan was made")


def test_a_plan_of_a_quarter_that_is_over_is_said_to_be_one(client, folder, monkeypatch):
    planned(folder)
    monkeypatch.setenv("BEACHHEAD_NOW", "2022-05-01T12:00:00+00:00")
    assert client.get("/api/v1/launch").json()["overtaken"] == "The newest plan decides 2021Q4, and it is 2022Q2 now"


def test_what_the_rows_say_is_said_in_the_words_of_the_command_line(client, folder):
    head = "batch,market,offer,channel,store,start,end,orders,sold_out_on\n"
    rows = "first,NO,TANG,importer,one,2021-07-01,2021-07-31,30,2021-07-20\n"
    rows += "".join(
        f"second,NO,TANG,importer,{store},2021-08-01,2021-08-31,{n},\n" for store, n in (("one", 20), ("two", 9))
    )
    assert client.post("/api/v1/observations?name=rows.csv", content=head + rows).status_code == 200
    (told,) = client.get("/api/v1/readings").json()["readings"]
    found = read(open_launch(folder), on=date(2021, 11, 1))
    moved = next(row for row in found.moved if row.market == "NO")
    assert told["sentence"] == moved_sentence(moved, "Norway", found.question.year)
    assert told["sentence"].startswith("Norway: 59 cars in 51 days; "), "days of two stores count once"


def test_all_that_is_due_is_accepted_at_once_or_not_at_all(client, folder):
    planned(folder)
    found = client.get("/api/v1/decisions").json()
    one, *others = found["due"]
    client.post(
        "/api/v1/decisions", json={"market": one["market"], "choose": one["recommended"], "after": found["head"]}
    )
    stale = client.post("/api/v1/decisions/all", json={"after": found["head"]})
    assert stale.status_code == 409
    assert [item["market"] for item in client.get("/api/v1/decisions").json()["due"]] == [i["market"] for i in others]
    head = client.get("/api/v1/decisions").json()["head"]
    taken = client.post("/api/v1/decisions/all", json={"after": head}, headers={"Idempotency-Key": "k1"})
    again = client.post("/api/v1/decisions/all", json={"after": head}, headers={"Idempotency-Key": "k1"})
    assert (taken.status_code, taken.json()) == (201, again.json())
    decided = {row["market"] for row in taken.json()["rows"] if row["kind"] == "decision"}
    assert decided == {item["market"] for item in others}
    assert client.get("/api/v1/decisions").json()["due"] == []


def test_what_somebody_else_enters_meanwhile_is_not_given_back_as_ones_own(client, folder, monkeypatch):
    planned(folder)

    def then_another(launch: Launch, **asked: object) -> Decided:
        made = decide(launch, **asked)  # type: ignore[arg-type]
        with writing(launch.store) as work:
            for entry in made.entries:
                say(work, Said(at=entry.at, who="Zoe", act=Act.DRAFT, market=entry.market, chosen="hold"))
        return made

    monkeypatch.setattr("beachhead.web.pages.loop.decide", then_another)
    found = client.get("/api/v1/decisions").json()
    one = found["due"][0]
    body = {"market": one["market"], "choose": one["recommended"], "after": found["head"]}
    own = client.post("/api/v1/decisions", json=body).json()
    assert own["kind"] == "decision"
    assert own["who"] != "Zoe"
    head = client.get("/api/v1/decisions").json()["head"]
    rest = client.post("/api/v1/decisions/all", json={"after": head}).json()["rows"]
    assert rest
    assert "Zoe" not in {row["who"] for row in rest}


def test_once_there_are_accounts_everybody_signs_in_and_roles_hold(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    store = open_launch(folder).store
    add_account(store, "vera", Role.VIEWER, "correct horse battery")
    with TestClient(create(folder), base_url=LOCAL) as client:
        assert client.get("/api/v1/overview").status_code == 401
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(LIVE):
            pass  # what moves is told to nobody who has not signed in
        wrong = client.post("/api/v1/session", json={"name": "vera", "password": "guess"})
        assert wrong.status_code == 403
        signed = client.post("/api/v1/session", json={"name": "vera", "password": "correct horse battery"})
        assert signed.json() == {"name": "vera", "role": "viewer"}
        assert "httponly" in signed.headers["set-cookie"].lower()
        assert client.get("/api/v1/overview").status_code == 200
        assert client.get("/api/v1/launch").json()["is_signed_in"], "who signed in can be shown how to sign out"
        refused = client.post("/api/v1/jobs", json={"kind": "plan"})
        assert refused.status_code == 403
        client.delete("/api/v1/session")
        assert client.get("/api/v1/overview").status_code == 401


def test_every_route_asks_who_it_is_and_no_viewer_writes(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    add_account(open_launch(folder).store, "vera", Role.VIEWER, "correct horse battery")
    app = create(folder)
    asked = [(method.upper(), path) for path, routes in app.openapi()["paths"].items() for method in routes]
    asked = [(method, re.sub(r"{\w+}", "x", path)) for method, path in asked if path != "/api/v1/session"]
    assert len(asked) > 40
    with TestClient(app, base_url=LOCAL) as client:
        assert {client.request(method, path).status_code for method, path in asked} == {401}
        client.post("/api/v1/session", json={"name": "vera", "password": "correct horse battery"})
        writes = [client.request(method, path).status_code for method, path in asked if method != "GET"]
        assert set(writes) == {403}


def test_guesses_sent_all_at_once_are_counted_like_those_sent_one_by_one(folder):
    add_account(open_launch(folder).store, "vera", Role.VIEWER, "correct horse battery")
    with TestClient(create(folder), base_url=LOCAL) as client, ThreadPoolExecutor(16) as guessers:

        def guess(number: int) -> str:
            said = {"name": "vera", "password": f"guess {number}"}
            return client.post("/api/v1/session", json=said).json()["error"]["message"]

        told = Counter(guessers.map(guess, range(32)))
    assert told == {"name or password is wrong": TRIES, "too many wrong passwords": 32 - TRIES}


def test_who_signed_out_hears_no_more_of_what_the_server_tells(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    store = open_launch(folder).store
    add_account(store, "vera", Role.VIEWER, "correct horse battery")
    app = create(folder)
    with TestClient(app, base_url=LOCAL) as client:
        for end in (
            lambda: client.delete("/api/v1/session"),
            lambda: add_account(store, "vera", Role.VIEWER, "correct horse battery"),
        ):
            client.post("/api/v1/session", json={"name": "vera", "password": "correct horse battery"})
            with client.websocket_connect(LIVE) as tab:
                assert {tab.receive_json()["topic"] for _ in range(2)} == {"launch", "jobs"}
                end()
                app.state.hub.recorded("news")
                with pytest.raises(WebSocketDisconnect) as ended:
                    tab.receive_json()
                assert ended.value.code == 1008


def test_a_tab_that_is_slow_is_told_the_newest_of_each_topic_only():
    async def told() -> list[dict]:
        tab = Tab()
        for number in range(1000):
            tab.put({"topic": "jobs", "number": number})
        tab.put({"topic": "launch", "number": 0})
        return [await tab.next(), await tab.next()]

    assert asyncio.run(told()) == [{"topic": "jobs", "number": 999}, {"topic": "launch", "number": 0}]


def test_names_made_up_by_the_thousand_keep_nobody_elsewhere_waiting(folder, monkeypatch):
    monkeypatch.setattr(accounts, "TRIES_FROM", 8)
    add_account(open_launch(folder).store, "vera", Role.ANALYST, "correct horse battery")
    app = create(folder)
    flood = TestClient(app, base_url=LOCAL, client=("10.0.0.9", 5))
    told = Counter(
        flood.post("/api/v1/session", json={"name": f"n{n}", "password": "guess"}).json()["error"]["message"]
        for n in range(20)
    )
    assert told == {"name or password is wrong": 8, "too many wrong passwords": 12}
    right = {"name": "vera", "password": "correct horse battery"}
    assert flood.post("/api/v1/session", json=right).status_code == 403
    elsewhere = TestClient(app, base_url=LOCAL, client=("10.0.0.7", 5))
    for _ in range(12):
        assert elsewhere.post("/api/v1/session", json=right).status_code == 200, "who is right has tried nothing"


def test_half_of_a_character_is_no_text(client):
    """JSON may hold it, and no answer could: who had it kept would have shut the page for all."""
    for method, path, body in (
        ("POST", "/session", r'{"name": "\ud800", "password": "correct horse battery"}'),
        ("POST", "/decisions", r'{"market": "NO", "choose": "hold", "because": "\udfff", "after": ""}'),
        ("PUT", "/mappings/x", r'{"text": "\ud800"}'),
        ("POST", "/jobs", r'{"kind": "what_if", "arguments": {"name": "\ud800"}}'),
    ):
        answer = client.request(method, f"/api/v1{path}", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert "half of a character" in answer.text
        assert client.request(method, f"/api/v1{path}", content=body).status_code == 422, "not said to be JSON"


def test_work_whose_answer_could_not_be_kept_is_refused_before_it_begins(folder, monkeypatch):
    """A plan went on for minutes and was said to be done, and was on no record."""
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **how: not mode & os.W_OK and allowed(path, mode, **how))
    with TestClient(create(folder), base_url=LOCAL) as client:
        assert client.get("/api/v1/plan").status_code in (200, 404), "it may be looked at"
        refused = client.post("/api/v1/jobs", json={"kind": "plan", "arguments": {}})
        assert (refused.status_code, refused.json()["error"]["kind"]) == (503, "NotStored")
        assert "write permission" in refused.json()["error"]["hint"]
        assert client.get("/api/v1/jobs").json()["jobs"] == []


def test_accounts_roles_and_passwords_count_at_once_while_the_server_runs(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    store = open_launch(folder).store
    with TestClient(create(folder), base_url=LOCAL) as client:
        assert client.get("/api/v1/launch").json()["role"] == "approver", "who sits at this machine, alone"
        add_account(store, "vera", Role.ANALYST, "correct horse battery")
        assert client.get("/api/v1/overview").status_code == 401
        client.post("/api/v1/session", json={"name": "vera", "password": "correct horse battery"})
        assert client.get("/api/v1/launch").json()["role"] == "analyst"
        (folder / "markets.csv").rename(folder / "gone.csv")
        client.cookies.clear()
        assert client.get("/api/v1/overview").status_code == 401, "a launch that cannot be read lets nobody in"
        (folder / "gone.csv").rename(folder / "markets.csv")
        client.post("/api/v1/session", json={"name": "vera", "password": "correct horse battery"})
        add_account(store, "vera", Role.VIEWER, "another horse battery")
        assert client.get("/api/v1/overview").status_code == 401, "the old password opens nothing more"
        client.post("/api/v1/session", json={"name": "vera", "password": "another horse battery"})
        assert client.get("/api/v1/launch").json()["role"] == "viewer"


def test_an_account_taken_away_ends_its_sessions_at_once_and_the_last_one_stays(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    store, password = open_launch(folder).store, "correct horse battery"
    add_account(store, "ada", Role.APPROVER, password)
    with TestClient(create(folder), base_url=LOCAL) as client:
        for _ in range(2):  # whoever comes back may go again
            add_account(store, "vera", Role.ANALYST, password)
            assert client.post("/api/v1/session", json={"name": "vera", "password": password}).status_code == 200
            assert client.get("/api/v1/overview").status_code == 200
            remove_account(store, "vera")
            assert client.get("/api/v1/overview").status_code == 401
            assert client.post("/api/v1/session", json={"name": "vera", "password": password}).status_code == 403
    assert [person.name for person in list_accounts(store)] == ["ada"]
    with pytest.raises(BadInput, match="last account"):
        remove_account(store, "ada")
    with pytest.raises(BadInput, match="nobody called 'vera'"):
        remove_account(store, "vera")


def test_listening_beyond_loopback_without_accounts_is_refused(folder):
    with pytest.raises(BadInput, match="nobody has an account"):
        serve(folder, listen="0.0.0.0", port=1, hosts=frozenset())


def served(folder: Path, monkeypatch: pytest.MonkeyPatch, **said):
    """What uvicorn is given to serve, as it serves it."""
    settled: list[uvicorn.Config] = []
    monkeypatch.setattr(uvicorn, "run", lambda app, **how: settled.append(uvicorn.Config(app, **how)))
    monkeypatch.setenv("BEACHHEAD_SERVE_FOLDER", "")  # serve writes both; so they are taken back
    monkeypatch.setenv("BEACHHEAD_SERVE_HOSTS", "")
    serve(folder, **({"listen": "127.0.0.1", "port": 1, "hosts": frozenset()} | said))
    settled[0].load()
    assert settled[0].workers == 1
    return settled[0].loaded_app


def test_a_proxy_on_this_machine_passes_a_name_on_once_there_are_accounts(folder, monkeypatch):
    name = frozenset({"launch.example"})
    with pytest.raises(BadInput, match=r"will not answer to 'launch.example': nobody has an account"):
        serve(folder, listen="127.0.0.1", port=1, hosts=name)
    add_account(open_launch(folder).store, "vera", Role.ANALYST, "correct horse battery")
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    app = served(folder, monkeypatch, hosts=name)
    with TestClient(app, base_url="https://launch.example") as client:
        said = {"json": {"name": "vera", "password": "correct horse battery"}}
        assert client.get("/api/v1/overview").status_code == 401
        assert client.post("/api/v1/session", headers={"Origin": "https://launch.example"}, **said).status_code == 200
        assert client.post("/api/v1/session", headers={"Origin": "https://else.example"}, **said).status_code == 403
        assert client.get("/api/v1/launch", headers={"Host": "else.example"}).status_code == 421


def test_a_proxy_elsewhere_is_believed_where_it_is_named(folder, monkeypatch):
    add_account(open_launch(folder).store, "vera", Role.ANALYST, "correct horse battery")
    monkeypatch.setattr(accounts, "TRIES_FROM", 2)
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "10.0.0.9")
    app = served(folder, monkeypatch, listen="10.0.0.5")

    def guess(proxy: str, comes_from: str, name: str) -> str:
        client = TestClient(app, base_url="http://10.0.0.5", client=(proxy, 5000))
        wrong = {"name": name, "password": "wrong"}
        answer = client.post("/api/v1/session", json=wrong, headers={"X-Forwarded-For": comes_from})
        assert answer.status_code == 403
        return answer.json()["error"]["message"]

    for number in range(2):
        assert "is wrong" in guess("10.0.0.9", "192.0.2.1", f"a{number}")
        assert "is wrong" in guess("10.0.0.7", "192.0.2.2", f"b{number}")
    assert "too many" in guess("10.0.0.9", "192.0.2.1", "c")
    assert "is wrong" in guess("10.0.0.9", "192.0.2.2", "d"), "another person behind the proxy"
    assert "too many" in guess("10.0.0.7", "192.0.2.3", "e"), "who is not named says nothing of others"


def test_a_job_reports_its_progress_and_can_be_stopped(client):
    job = client.post("/api/v1/jobs", json={"kind": "plan", "arguments": {"worlds": 2000}}).json()
    assert client.post("/api/v1/jobs", json={"kind": "plan", "arguments": {"worlds": 2000}}).json()["id"] == job["id"]
    assert client.delete(f"/api/v1/jobs/{job['id']}").json()["state"] == "cancelled"
    assert client.get("/api/v1/plan").status_code == 404


def test_work_asked_for_twice_under_one_key_is_started_once_even_when_it_is_over(client):
    asked, key = {"kind": "plan", "arguments": {"worlds": 2000}}, {"Idempotency-Key": "one"}
    first = client.post("/api/v1/jobs", json=asked, headers=key).json()
    client.delete(f"/api/v1/jobs/{first['id']}")
    again = client.post("/api/v1/jobs", json=asked, headers=key).json()
    assert (again["id"], again["state"]) == (first["id"], "cancelled")
    more = client.post("/api/v1/jobs", json=asked | {"arguments": {"worlds": 3000}}, headers=key)
    assert (more.status_code, more.json()["error"]["kind"]) == (422, "BadInput")
    other = client.post("/api/v1/jobs", json=asked, headers={"Idempotency-Key": "two"}).json()
    assert other["id"] != first["id"]
    client.delete(f"/api/v1/jobs/{other['id']}")


@pytest.mark.full
def test_ten_thousand_made_up_requests_never_meet_a_fault_of_ours(folder, monkeypatch):
    schemathesis = pytest.importorskip("schemathesis")
    from hypothesis import HealthCheck, Phase, given, seed, settings

    monkeypatch.setattr("beachhead.web.server.jobs.Jobs.start", _no_work)
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", create(folder), headers={"Host": "127.0.0.1"})
    operations = [result.ok() for result in schema.get_all_operations()]
    count = turn = 0
    while count < 10_000:  # an operation that takes nothing has one request only; the others are asked again
        turn += 1
        assert turn <= 50, f"only {count} different requests could be made up"
        for operation in operations:

            @seed(turn)
            @settings(
                max_examples=10_000 // len(operations) + 1,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
                database=None,
            )
            @given(case=operation.as_strategy())
            def tried(case):
                nonlocal count
                count += 1
                assert case.call(headers={"Host": "127.0.0.1"}).status_code < 500

            tried()


def _no_work(self, kind, arguments, *, key=None):
    raise BadInput(f"no work in this test: {kind}")


@pytest.mark.full
def test_killing_the_server_fifty_times_inside_writes_loses_nothing_acknowledged(folder, tmp_path, monkeypatch):
    """A timer kills the server with -9 while it is kept writing files of rows (deciding: test_nothing_is_lost).

    Each turn first sees how long a write takes; the kill then falls at a random moment of the next few writes, so
    that over the turns it lands anywhere from the first byte read to the last one acknowledged.
    """
    monkeypatch.setenv("BEACHHEAD_NOW", "2021-11-01T12:00:00+00:00")
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # files half received stay behind where a server was killed
    dice, acknowledged, broken = random.Random(7), [], 0
    starter = get_context("forkserver")  # forked from a process that has read the program already
    starter.set_forkserver_preload(["beachhead.web.app"])
    for turn in range(50):
        port = _free_port()
        said = {"listen": "127.0.0.1", "port": port, "hosts": frozenset()}
        process = starter.Process(target=serve, args=(folder,), kwargs=said, daemon=True)
        process.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60) as client:
            _wait_for(client)
            usual = _send(client, f"w{turn}")
            acknowledged.append(f"w{turn}")
            kill = threading.Timer(usual * dice.uniform(0.1, 4.0), process.kill)
            kill.start()
            try:
                for number in range(1000):
                    _send(client, f"b{turn}-{number}")
                    acknowledged.append(f"b{turn}-{number}")
            except httpx.HTTPError:
                broken += 1  # killed while a request was under way
            kill.join()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    assert broken == 50, "a kill fell between the writes"
    launch = open_launch(folder)
    with reading(launch.store) as work:
        kept = Counter(row.batch for row in observations(work))
    print(f"{len(acknowledged)} files acknowledged, {len(kept)} kept")
    assert set(acknowledged) <= set(kept)
    assert set(kept.values()) == {len(DAYS)}, "a file is kept whole or not at all"
    assert check(launch.store).whole


def _send(client, name: str) -> float:
    """Send 28 rows under a batch of that name; seconds it took."""
    began = time.monotonic()
    rows = "".join(f"{name},NO,TANG,importer,,2021-08-{day:02},2021-08-{day:02},{day}\n" for day in DAYS)
    assert client.post("/observations?name=x.csv", content=HEAD + rows).status_code == 200
    return time.monotonic() - began


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _wait_for(client) -> None:
    for _ in range(1200):
        try:
            client.get("/jobs")
            return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")
