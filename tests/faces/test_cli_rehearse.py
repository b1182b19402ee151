import json
import shutil

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from beachhead.cli.app import app
from beachhead.cli.rehearse import odds_of
from beachhead.rehearsal.family import SAID
from beachhead.rehearsal.rehearse import DOES, OURS, POLICIES
from beachhead.web.app import create
from beachhead.web.work import WORK


@pytest.fixture
def folder(planned_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-05T09:00:00+00:00")
    return shutil.copytree(planned_folder, tmp_path / "launch")


def ask(folder, *words):
    result = CliRunner().invoke(app, ["rehearse", str(folder), "--worlds", "10", *words])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output


def test_a_rehearsal_is_kept_and_goes_on_after_a_crash(folder):
    words = ("--family", "as_believed", "--family", "demand_lower", "--json")
    first = json.loads(ask(folder, *words))
    assert first["resumed"] == 0
    (kept,) = (folder / "rehearsals").glob("*.jsonl")
    whole = kept.read_text()
    kept.write_text(whole[: len(whole) - 40])  # the last line cut short, as by a power cut
    again = json.loads(ask(folder, *words))
    assert 0 < again["resumed"] < 20
    assert again["outcomes"] == first["outcomes"]
    assert json.loads(ask(folder, *words))["resumed"] == 20


def test_it_says_what_goes_wrong_where_the_belief_is_wrong(folder):
    text = ask(folder, "--family", "as_believed", "--family", "keener_fans")
    assert "Played 20 launches" in text
    assert "of the markets scaled" in text
    assert "keener fans: the first buyers are keener" in text
    assert set(DOES) == set(POLICIES) - {OURS}
    plain = " ".join(text.split())
    for policy, does in DOES.items():
        assert f"{policy.replace('_', ' ')}: {does}." in plain


def test_odds_of_targets_count_what_was_sold_so_far_and_those_raised(folder, tmp_path, monkeypatch):
    """A rehearsal began at nothing in every quarter, where `targets` counted the rows on record."""
    head = "code,name,kind,scope,amount,by,after,raise_share,raise_quarters,source,as_of,grade\n"
    rows = (
        "most,all but one car,cars_in_total,abroad,5001,2028Q4,,,",
        "met,already,cars_in_total,abroad,4000,2027Q2,,9,4",
        "later,after it,cars_per_year,abroad,5000,2027Q2,met,,",
        "rank,first,rank,NO,1,2028Q4,,,",
    )
    (folder / "targets.csv").write_text(head + "".join(f"{row},plan,2026-01-01,C\n" for row in rows))
    sent = tmp_path / "rows.csv"
    sent.write_text("batch,market,channel,start,end,deliveries\nb1,NO,dealer,2027-01-01,2027-03-31,5000\n")
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-04-05T09:00:00+00:00")
    for words in (["observe", folder, sent], ["targets", folder, "--raise", "met"]):
        assert CliRunner().invoke(app, [str(word) for word in words]).exit_code == 0
    words = ("--family", "as_believed", "--json")
    found = json.loads(ask(folder, *words))
    ours = next(each for each in found["outcomes"] if each["policy"] == OURS)
    told = dict(zip(found["targets"], ours["odds"], strict=True))
    assert list(told) == ["most", "met-raised1"]
    assert told["most"] > 0.5  # one car of any pilot or market
    assert told["met-raised1"] < 0.5  # forty thousand in fifteen months
    assert found["notes"][-2:] == [
        "Met already: met, later.",
        "Not rehearsed: rank; `beachhead targets` gives their odds.",
    ]


def test_a_browser_is_told_what_every_policy_and_family_of_worlds_is(folder):
    """The same sentences as on the command line; the page named sprinkler and waterfall, and said nothing of them."""
    WORK["rehearsal"](folder, {"on": "2027-01-05", "worlds": 2, "who": "ann"}, lambda done, total: None)
    with TestClient(create(folder), base_url="http://127.0.0.1") as client:
        tables = {table["title"]: table["rows"] for table in client.get("/api/v1/rooms/rehearsal").json()["tables"]}
    assert [does for _, does in tables["What the other policies do"]] == list(DOES.values())
    assert [says for _, says in tables["Where the worlds come from"]] == list(SAID.values())
    assert "Odds of each target under the plan" not in tables  # it has none


def test_a_cluster_without_dask_or_scheduler_is_refused_with_the_cure(folder):
    result = CliRunner().invoke(app, ["rehearse", str(folder), "--worlds", "2", "--scheduler", "tcp://127.0.0.1:1"])
    assert result.exit_code != 0
    assert "tcp://127.0.0.1:1" in str(result.exception)


def test_a_dask_cluster_gives_the_same_numbers_and_goes_on_where_local_cores_stopped(folder):
    distributed = pytest.importorskip("distributed")
    words = ("--family", "as_believed", "--json")
    local = json.loads(ask(folder, *words))
    (kept,) = (folder / "rehearsals").glob("*.jsonl")
    first, *_ = kept.read_text().splitlines(keepends=True)
    # over TCP, so that the work is truly sent, though the worker is a thread of this process
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, protocol="tcp://", dashboard_address=":0"
    ) as cluster:
        kept.unlink()
        away = json.loads(ask(folder, *words, "--scheduler", cluster.scheduler_address))
        kept.write_text(first)
        resumed = json.loads(ask(folder, *words, "--scheduler", cluster.scheduler_address))
    assert away == local
    assert 0 < resumed["resumed"] < 10
    assert resumed["outcomes"] == local["outcomes"]


def test_odds_of_few_worlds_are_shown_with_what_so_few_leave_open():
    assert odds_of(0.5, 24) == "50 ± 10 %"
    assert odds_of(0.0, 24) == "0 ± 3 %"  # none of 24 is no proof of never
    assert odds_of(1.0, 8) == "100 ± 7 %"
