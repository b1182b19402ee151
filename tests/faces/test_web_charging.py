"""The page Charging on the wire: files kept whole or not at all, a plan with its reasons, the value by market."""

import gzip
import json
import os
from datetime import datetime, timedelta

import numpy as np
import pytest
from fastapi.testclient import TestClient

from beachhead.case.charging.files import at_home, kept_files, learnt_pool
from beachhead.case.charging.home import AtCharger, charging_home, charging_plan
from beachhead.case.charging.whole import Beside, SecondCar, battery_of, whole_plan
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.charging.explain import _cents, sentences
from beachhead.charging.record import read_prices
from beachhead.web.app import create
from beachhead.web.work import WORK

LOCAL = "http://127.0.0.1"
ASKED = {"market": "DE", "home": "home 1", "plugged_in": "2023-12-18T18:00"}


def prices() -> str:
    """Two years of made-up prices of one zone: cheap at night, dear in the evening, every day another level."""
    rng = np.random.default_rng(7)
    first, level = datetime(2022, 6, 1), rng.uniform(40, 120, 640)
    share = [0.5] * 5 + [1.0] * 12 + [1.6] * 4 + [1.0] * 3
    rows = [
        f"{first + timedelta(hours=24 * day + hour)},{level[day] * share[hour]:.2f}"
        for day in range(640)
        for hour in range(24)
    ]
    return "\n".join(["time,DE-LU", *rows]) + "\n"


def sessions() -> str:
    """Three homes that come back in the evening and leave in the morning."""
    rng = np.random.default_rng(8)
    rows = ["user_id,plugin_time,plugout_time,energy_session"]
    for home in (1, 2, 3):
        for day in range(40):
            came = datetime(2023, 11, 1, 17) + timedelta(days=day, minutes=int(rng.integers(0, 120)))
            left = datetime(2023, 11, 2, 6, 30) + timedelta(days=day, minutes=int(rng.integers(0, 90)))
            rows.append(f"home {home},{came},{left},{rng.uniform(4, 14):.1f}")
    return "\n".join(rows) + "\n"


@pytest.fixture
def root(tmp_path):
    return new_launch(tmp_path / "launch", "xiaomi")


@pytest.fixture
def client(root, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-01T12:00:00+00:00")
    with TestClient(create(root), base_url=LOCAL) as opened:
        yield opened


@pytest.fixture
def told(client):
    """What the page says when it is sent prices and sessions."""
    assert client.put("/api/v1/charging/files/prices", content=prices()).status_code == 200
    return client.put("/api/v1/charging/files/sessions", content=sessions()).json()["sentence"]


@pytest.fixture
def learnt(root, told):
    """The habits of the home asked for, learnt by the job."""
    WORK["charging_home"](root, ASKED | {"who": "ana"}, lambda done, total: None)


def test_without_prices_the_page_says_what_it_needs_and_a_bad_file_is_refused_at_its_cells(client, root):
    assert "charging" in client.get("/api/v1/launch").json()["pages"]
    told = client.get("/api/v1/charging").json()
    assert (told["files"], told["markets"], told["value"]) == ({}, [], None)
    assert client.get("/api/v1/charging/plan", params=ASKED).status_code == 404
    untimed = prices().replace("time,DE-LU\n", "time,DE-LU\n,1\n", 1)
    bad = untimed.replace("2022-06-01 03:00:00", "2022-06-31 03:00:00", 1)
    refused = client.put("/api/v1/charging/files/prices", content=bad)
    assert refused.status_code == 422
    faults = [(fault["row"], fault["column"]) for fault in refused.json()["error"]["faults"]]
    assert faults == [(2, "time"), (6, "time")]
    for nonsense in (b"", b"\x1f\x8b\x00no", b"\xff\xfe\x00", b"time,DE-LU\n0001-01-01,1\n9999-01-01,2\n"):
        assert client.put("/api/v1/charging/files/prices", content=nonsense).status_code == 422
    assert client.put("/api/v1/charging/files/sessions", content="user_id\n1\n").status_code == 422
    assert kept_files(root).prices is None
    assert list((root / "charging").iterdir()) == []


def test_a_plan_on_the_wire_is_that_of_the_verb_with_the_reason_of_every_hour(client, root, told):
    assert told == "120 sessions of 3 homes."
    page = client.get("/api/v1/charging").json()
    assert (page["whose"], page["homes"]) == ("on record", ["home 1", "home 2", "home 3"])
    assert {"market": "DE", "name": "Germany", "zone": "DE-LU"} in page["markets"]
    assert client.get("/api/v1/charging/plan", params=ASKED).json()["error"]["kind"] == "NotLearnt"
    WORK["charging_home"](root, ASKED | {"who": "ana"}, lambda done, total: None)
    plan = client.get("/api/v1/charging/plan", params=ASKED).json()
    kept, begins = kept_files(root), datetime.fromisoformat(ASKED["plugged_in"])
    car = charging_home(kept.prices, market="DE", home="home 1", year=2023, sessions=kept.sessions, chargers=None)
    ours = charging_plan(car, AtCharger(plugged_in=begins))
    assert plan["sentences"] == sentences(ours)
    assert [hour["stored_kwh"] for hour in plan["hours"]] == pytest.approx(ours.stored_kwh[1 : len(plan["hours"]) + 1])
    assert all(hour["low_kwh"] <= hour["high_kwh"] <= hour["stored_kwh"] + 1e-9 for hour in plan["hours"])
    assert all(plan["decisions"][step]["sentence"] for step in range(10))
    dear = max(plan["decisions"], key=lambda item: item["eur_per_kwh"])
    assert not dear["charges"]
    assert "would cost" in dear["sentence"]


@pytest.mark.usefixtures("learnt")
def test_the_load_of_the_household_stands_beside_the_car_or_is_said_not_to_be_known(client):
    plan = client.get("/api/v1/charging/plan", params=ASKED).json()
    assert (plan["household"], {hour["load_kw"] for hour in plan["hours"]}) == (None, {None})
    first = datetime(2023, 10, 1)
    rows = [f"{first + timedelta(hours=hour)},{0.2 + 0.1 * (hour % 24)},1" for hour in range(24 * 84)]
    sent = client.put("/api/v1/charging/files/loads", content="\n".join(["time,home 1,home 2", *rows]))
    assert sent.json()["sentence"] == "Loads of 2 households for 84 days."
    plan = client.get("/api/v1/charging/plan", params=ASKED).json()
    assert plan["household"] == "home 1"
    clocks = [datetime.fromisoformat(hour["at"]).hour for hour in plan["hours"]]
    assert [hour["load_kw"] for hour in plan["hours"]] == pytest.approx([0.2 + 0.1 * clock for clock in clocks])
    assert client.delete("/api/v1/charging/files/loads").status_code == 200
    assert client.get("/api/v1/charging/plan", params=ASKED).json()["household"] is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no table of loads"),
        ("time,a\n2024-01-01 00:00,1\n", "no table of loads"),
        ("time,a\n2024-01-01 00:00,1\n2024-01-01 00:00,1\n", "never apart"),
        ("time,a\n2024-01-01 00:00,1\n2024-01-01 07:00,1\n", "420 minutes apart"),
        ("time,a\n2024-01-01 00:00,1\n2024-01-01 01:00,1\n", "spans 0 days"),
        ("time,a\n0001-01-01 00:00,1\n2024-01-01 00:00,1\n2024-01-01 01:00,1\n", "mistyped year"),
        ("time,a\n2024-01-01 00:00,\n2024-01-15 00:00,\n2024-01-15 01:00,\n", "nothing about a"),
        ("time,a\n2024-01-01 00:00,much\n2024-01-32 00:00\n", "is not a"),
    ],
)
def test_a_bad_file_of_loads_is_refused_with_its_cure(client, text, told):
    refused = client.put("/api/v1/charging/files/loads", content=text)
    assert refused.status_code == 422
    assert told in refused.text
    assert "loads" not in client.get("/api/v1/charging").json()["files"]


@pytest.mark.usefixtures("learnt")
def test_a_departure_that_is_told_ends_the_band_and_the_session(client):
    told = ASKED | {"leaves": "2023-12-19T07:00", "stored": 2}
    plan = client.get("/api/v1/charging/plan", params=told).json()
    assert plan["leaves_early"] == plan["leaves_late"] == "2023-12-19T07:00:00"
    assert plan["decisions"][-1]["at"] < told["leaves"]
    by_then = [hour for hour in plan["hours"] if hour["at"] < told["leaves"]]
    assert by_then[-1]["low_kwh"] == by_then[-1]["high_kwh"] > 2
    for wrong in ({"stored": -1}, {"stored": 999}, {"leaves": "2023-12-18T17:00"}, {"market": "XX"}, {"home": "none"}):
        assert client.get("/api/v1/charging/plan", params=ASKED | wrong).status_code in (409, 422)


@pytest.mark.usefixtures("told")
def test_the_value_is_worked_out_by_a_job_kept_and_counted_in_the_next_plan(client, root):
    shares = []
    WORK["charging"](root, {"year": 2023, "who": "ana"}, lambda done, total: shares.append(done / total))
    assert shares == sorted(shares)
    value = client.get("/api/v1/charging").json()["value"]
    assert [row["market"] for row in value["markets"]] == ["DE", "LU"]
    for row in value["markets"]:
        assert [saved["baseline"] for saved in row["saved"]] == [
            "fixed price, on arrival",
            "spot price, on arrival",
            "night tariff, by the clock",
        ]
        assert all(saved["low"] <= saved["mean"] <= saved["high"] for saved in row["saved"])
        costs = {cost["policy"]: cost["eur"] for cost in row["costs"]}
        assert costs["perfect foresight"] <= costs["learned, nothing typed"] < costs["on arrival"]
    assert (value["is_stale"], value["is_counted"]) == (False, False)
    before = client.get("/api/v1/markets/DE").json()["row"]["demand_median"]
    assert client.post("/api/v1/charging/statements").status_code == 200
    assert "simulated here" in (root / "studies.csv").read_text(encoding="utf-8")
    assert client.get("/api/v1/markets/DE").json()["row"]["demand_median"] > before
    assert client.get("/api/v1/charging").json()["value"]["is_counted"]
    assert client.delete("/api/v1/charging/files/sessions").status_code == 200
    page = client.get("/api/v1/charging").json()
    assert (page["value"]["is_stale"], page["whose"]) == (True, "made up")


@pytest.mark.parametrize("arguments", [{"homes": 1}, {"year": "soon"}, {"colour": 3}])
def test_a_job_on_charging_that_cannot_be_read_is_refused_before_a_worker_starts(client, arguments):
    answer = client.post("/api/v1/jobs", content=json.dumps({"kind": "charging", "arguments": arguments}))
    assert answer.status_code == 422


def test_the_whole_home_on_the_wire_is_that_of_the_verb_and_needs_both_cars_learnt(client, root, told):
    assert told
    both = ASKED | {"second": "home 2", "gives": 5, "battery": 8, "stored": 6, "feed_in": 7}
    assert client.get("/api/v1/charging/whole", params=both).json()["error"]["kind"] == "NotLearnt"
    WORK["charging_home"](root, ASKED | {"second": "home 2", "who": "ana"}, lambda done, total: None)
    plan = client.get("/api/v1/charging/whole", params=both).json()
    assert [car["home"] for car in plan["cars"]] == ["home 1", "home 2"]
    assert plan["gap"] < 1e-5
    assert len(plan["hours"]) >= 24
    assert any(hour["cars"][0]["give_kwh"] > 0.1 or hour["battery_out_kwh"] > 0.1 for hour in plan["hours"])
    kept, begins = kept_files(root), datetime.fromisoformat(ASKED["plugged_in"])
    cars = [
        at_home(kept, read_prices(kept.prices), learnt_pool(open_launch(root), name, 2023), market="DE", home=name,
                year=2023)
        for name in ("home 1", "home 2")
    ]  # fmt: skip
    second = SecondCar(home=cars[1], car=AtCharger(plugged_in=begins))
    beside = Beside(gives_kw=5, second=second, battery=battery_of(8, 5, None), feed_in_eur_per_kwh=0.07)
    ours = whole_plan(cars[0], AtCharger(plugged_in=begins, stored_kwh=6), beside)
    assert plan["cost_eur"] == pytest.approx(ours.cost_eur, abs=1e-9)
    alone = client.get("/api/v1/charging/whole", params=ASKED | {"stored": 6}).json()
    assert [len(hour["cars"]) for hour in alone["hours"]] == [1] * len(alone["hours"])
    assert alone["sentences"][0].startswith("The car")


@pytest.mark.usefixtures("learnt")
def test_the_sun_comes_from_a_clear_sky_or_from_the_file_that_was_sent(client):
    morning = ASKED | {"plugged_in": "2023-12-18T08:00", "stored": 3}
    asked = morning | {"sun": "roof", "roof": 8, "latitude": 48.1, "longitude": 11.6, "cloud": 0.2}
    sunny = client.get("/api/v1/charging/whole", params=asked).json()
    by_clock = {hour["at"][11:13]: hour["sun_kwh"] for hour in sunny["hours"][:16]}
    assert by_clock["12"] > 0.5 > by_clock["22"] == 0
    assert sunny["cost_eur"] < client.get("/api/v1/charging/whole", params=morning).json()["cost_eur"]
    assert client.get("/api/v1/charging/whole", params=morning | {"sun": "file"}).status_code == 422
    below = "time,kW\n2023-12-18 00:00,1\n2023-12-18 01:00,-2\n"
    assert "less than nothing" in client.put("/api/v1/charging/files/solar", content=below).text
    first = datetime(2023, 12, 11)
    rows = [f"{first + timedelta(hours=hour)},{2.5 if 10 <= hour % 24 < 14 else 0}" for hour in range(24 * 9)]
    sent = client.put("/api/v1/charging/files/solar", content="\n".join(["time,kW", *rows]))
    assert "at most 2.5 kW" in sent.json()["sentence"]
    told = client.get("/api/v1/charging/whole", params=morning | {"sun": "file"}).json()
    assert [hour["sun_kwh"] for hour in told["hours"][:6]] == [0, 0, 2.5, 2.5, 2.5, 2.5]


@pytest.mark.usefixtures("learnt")
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"second": "home 1"}, 422),
        ({"second": "nobody"}, 409),
        ({"battery": 0}, 422),
        ({"battery": 5, "battery_stored": 9}, 422),
        ({"gives": -1}, 422),
        ({"sun": "roof"}, 422),
        ({"sun": "moon"}, 422),
        ({"fuse": 10}, 422),
        ({"leaves": "2023-12-18T17:00"}, 422),
        ({"stored": 999}, 422),
        ({"plugged_in": "2031-01-01T10:00"}, 422),
    ],
)
def test_a_whole_home_that_cannot_be_is_refused_with_its_cure(client, wrong, status):
    refused = client.get("/api/v1/charging/whole", params=ASKED | wrong)
    assert refused.status_code == status, refused.text
    assert refused.json()["error"]["hint"]


def test_one_cent_is_not_called_cents():
    assert [_cents(eur) for eur in (0.002, 0.0099, 0.01, 0.0142, 0.02)] == [
        "0.2 cents", "1.0 cents", "1 cent", "1 cent", "2 cents"
    ]  # fmt: skip


def test_chargers_are_counted_by_the_homes_they_belong_to_and_refused_where_that_is_none(client, told):
    """Another spelling of the homes' names was thanked for, and changed nothing."""
    to, head = "/api/v1/charging/files/chargers", "user_id,charging_power,battery_capacity\n"
    kept = client.put(to, content=head + "home 1,11,60\nhome 9,11,60\n").json()["sentence"]
    assert kept == "Charger and battery of 1 of 3 homes with sessions."
    refused = client.put(to, content=head + "Home-1,11,60\n")
    assert refused.status_code == 422
    assert refused.json()["error"]["hint"] == "write user_id as the sessions do, such as home 1"


def test_a_page_that_is_read_while_another_table_comes_in_finds_the_old_one_gone_without_a_fault(client, root):
    """It ended in an error of the server."""
    assert client.put("/api/v1/charging/files/prices", content=prices()).status_code == 200
    seen = kept_files(root)
    assert client.put("/api/v1/charging/files/prices", content=gzip.compress(prices().encode())).status_code == 200
    assert seen.stamp != kept_files(root).stamp


def test_of_a_plain_and_a_packed_table_the_newer_counts(client, root):
    """Who sends the one and is stopped before the other is taken away finds both."""
    assert client.put("/api/v1/charging/files/prices", content=prices()).status_code == 200
    plain = kept_files(root).prices
    packed = plain.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(prices().encode()))
    os.utime(plain, ns=(1, 1))
    assert kept_files(root).prices == packed
    os.utime(packed, ns=(0, 0))
    assert kept_files(root).prices == plain
    assert sorted(path.name for path in plain.parent.iterdir()) == [plain.name, packed.name]


def test_a_number_that_no_field_takes_is_refused_under_the_name_of_its_field(client):
    refused = client.get("/api/v1/charging/whole", params=ASKED | {"latitude": "100"})
    assert refused.status_code == 422
    (fault,) = refused.json()["error"]["faults"]
    assert (fault["column"], fault["written"]) == ("latitude", "100")
    assert "send it again" in fault["cure"]
