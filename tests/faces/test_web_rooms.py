"""The rooms beside the plan on the wire: compliance and supply say what their verbs say."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient

from beachhead.aftersales.record import Car, Claim, Record, Standard, assess
from beachhead.aftersales.use import learn_use
from beachhead.case.compliance.answer import brief, launch_permits, matrix
from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.adjust import as_things_are, ask_adjust
from beachhead.case.plan.planning import make_plan
from beachhead.case.plan.research import ask_research, effect_worth
from beachhead.case.programme import Report, update_progress
from beachhead.case.quality.judge import Judged
from beachhead.case.tasks.from_rooms import assess_whole
from beachhead.case.tasks.words import headline, is_brought, left_out, shown
from beachhead.programme.task import Progress
from beachhead.web.app import create
from beachhead.web.pages.aftersales import funnel_of
from beachhead.web.pages.supply import work_out
from beachhead.web.wire.browser_words import in_browser
from beachhead.web.work import WORK

LOCAL = "http://127.0.0.1"
DAY = date(2021, 11, 1)
DAY_ONE = date(2027, 1, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return new_launch(tmp_path_factory.mktemp("rooms") / "launch", "byd-europe-2021")


@pytest.fixture
def client(folder, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", f"{DAY}T12:00:00+00:00")
    with TestClient(create(folder), base_url=LOCAL) as opened:
        yield opened


def test_the_matrix_on_the_wire_is_that_of_the_room(client, folder):
    asked = brief(open_launch(folder).folder)
    told = client.get("/api/v1/compliance").json()
    assert told["on"] == str(DAY)
    cells = {(cell["offer"], cell["market"]): cell for cell in told["cells"]}
    for answer in matrix(asked, DAY):
        cell = cells.pop((answer.offer, answer.market))
        day = answer.unlimited.day if answer.unlimited else None
        assert cell["unlimited_from"] == (str(day) if day else None)
        assert (cell["state"] == "open") == any(r.day is not None and r.day <= DAY for r in answer.routes)
    assert not cells
    permits = {permit.market: permit for permit in launch_permits(asked, DAY)}
    for row in told["permits"]:
        assert row["cost_shared"] == pytest.approx(permits[row["market"]].cost_shared_eur)


def test_every_finding_of_an_answer_cites_somebody(client):
    told = client.get("/api/v1/compliance/NO/TANG").json()
    findings = told["findings"] + told["features"] + told["routes"]
    assert len(findings) > 40
    assert all(
        finding["reasons"] and all(reason["source"]["who"] for reason in finding["reasons"]) for finding in findings
    )
    cited = [
        number for section in told["dossier"]["sections"] for line in section["lines"] for number in line["citations"]
    ]
    assert set(cited) == set(range(1, len(told["dossier"]["citations"]) + 1))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("compliance/XX/TANG", 404),
        ("compliance/NO/NONE", 404),
        ("compliance?on=9999-12-31", 422),
        ("compliance/changes?on=2024-01-01&until=2023-01-01", 422),
        ("compliance/NO/TANG?route=by-sea", 422),
        ("supply", 404),
        ("supply/routes/NO", 404),
    ],
)
def test_what_cannot_be_answered_is_refused_in_the_one_shape(client, path, status):
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status
    assert answer.json()["error"]["hint"]


def test_a_year_of_changes_names_whom_they_hit_and_who_says_so(client):
    told = client.get("/api/v1/compliance/changes?on=2023-07-01&until=2024-12-31").json()
    assert told["changes"]
    for change in told["changes"]:
        assert "2023-07-01" < change["day"] <= "2024-12-31"
        assert change["markets"]
        assert change["source"]["who"]


def test_the_page_tells_what_is_promised_and_which_cars_in_stock_may_still_be_registered(tmp_path):
    """Euro 7 asks new types from 29 November 2026, which the promised approval shows, and every car a year later."""
    launch = new_launch(tmp_path / "launch", "xiaomi")
    table = launch / "approvals.csv"
    held = table.read_text(encoding="utf-8").replace("EU WVTA,,DE,,2026-12-18", "EU WVTA,,NL,,2026-10-01")
    days = "on=2026-11-23&until=2028-01-01"
    with TestClient(create(launch), base_url=LOCAL) as client:
        promised = client.get(f"/api/v1/compliance/changes?{days}").json()
        dossier = client.get("/api/v1/compliance/DE/SU7-STD?on=2026-11-23").json()["dossier"]
        table.write_text(held, encoding="utf-8")
        stocked = client.get(f"/api/v1/compliance/changes?{days}").json()
    (euro_7,) = [change for change in promised["changes"] if change["expected"]]
    assert (euro_7["codes"], euro_7["day"], euro_7["expected"]) == (["EURO7"], "2026-11-29", "2026-12-18")
    assert euro_7["closes"]
    assert not euro_7["no_way"]
    assert dossier["sentence"].startswith("All is told as it stands on 2026-12-18, the first day of sale")
    assert len(dossier["ahead"]) <= 12
    assert promised["end_of_series"] == []
    (rest,) = stocked["end_of_series"]
    assert rest.startswith("Cars in stock on 2027-11-29 without EURO7 may be registered until 2028-11-28")


def test_what_a_batch_tells_grows_with_it_and_never_beats_the_fans(client):
    told = client.get("/api/v1/markets/NO/designs").json()["designs"]
    assert len(told) >= 2
    assert [d["sd_after"] for d in told] == sorted((d["sd_after"] for d in told), reverse=True)
    assert all(d["floor_sd"] <= d["sd_after"] <= d["sd_before"] for d in told)


def test_price_response_research_and_monitor_are_those_of_the_verbs(client, folder):
    launch = open_launch(folder)
    ours = ask_adjust(launch, on=DAY, market="NO").rows[0]
    told = client.get("/api/v1/markets/NO/adjustment").json()
    assert [option["gain"] for option in told["options"]] == pytest.approx([option.gain for option in ours.options])
    assert [item["could_change"] for item in told["settling"]] == [item.could_change for item in ours.settling]
    assert told["sentence"].startswith(as_things_are(ours, "Norway", "EUR"))  # what gains and lost cars are set against
    screen = client.get("/api/v1/research").json()["screen"]
    assert [row["market"] for row in screen] == [row.market for row in ask_research(launch, on=DAY).found.screen]
    assert client.get("/api/v1/monitors").json()["monitors"] == []
    assert client.get("/api/v1/markets/XX/designs").status_code == 404
    rows = "batch,market,offer,channel,store,start,end,registrations\n"
    rows += "first,NO,TANG,importer,,2021-08-01,2021-08-31,61\nfirst,NO,TANG,importer,,2021-09-01,2021-09-30,39\n"
    assert client.post("/api/v1/observations?name=x.csv", content=rows).status_code == 200
    (monitor,) = client.get("/api/v1/monitors").json()["monitors"]
    assert [sight["cars"] for sight in monitor["sightings"]] == [61, 100]
    first, second = monitor["sightings"]
    assert first["high"] is None  # one month sets no upper end
    assert 0 < first["low"] < second["low"] < second["high"]


def test_what_spending_does_and_what_knowing_it_is_worth_is_told_as_the_verb_tells_it(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-01T12:00:00+00:00")
    root = new_launch(tmp_path / "launch", "starter")
    with TestClient(create(root), base_url=LOCAL) as client:
        quiet = client.get("/api/v1/research").json()
        assert (quiet["spending"], quiet["spending_sentence"]) == ([], "")
    rows = "market,kind,start,end,spend,source,as_of,grade\n"
    rows += "NO,awareness,2027-01-01,2028-12-31,6000000,media plan,2026-06-01,C\n"
    (root / "exposure.csv").write_text(rows, encoding="utf-8")
    found = ask_research(open_launch(root), on=date(2027, 1, 1))
    (ours,) = found.spending
    with TestClient(create(root), base_url=LOCAL) as client:
        told = client.get("/api/v1/research").json()
    (row,) = told["spending"]
    assert (row["market"], row["name"]) == ("NO", "Norway")
    assert (row["total"], row["gain"], row["gain_high"]) == pytest.approx((ours.total, ours.gain, ours.gain_high))
    assert row["worth"] == pytest.approx(effect_worth(found, "NO"))
    assert f"{ours.effect_low:.2f} to {ours.effect_high:.2f}" in told["spending_sentence"]
    assert told["spending_source"] == ours.source.who


def test_a_room_worked_out_by_its_job_is_served_with_the_numbers_of_its_verb(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-01T12:00:00+00:00")
    root = new_launch(tmp_path / "launch", "xiaomi")
    with TestClient(create(root), base_url=LOCAL) as client:
        assert client.get("/api/v1/rooms/programme").status_code == 404
        done = WORK["programme"](root, {"on": "2027-01-01", "who": "ana"}, lambda done, total: None)
        told = client.get("/api/v1/rooms/programme").json()
        assert (told["record"], told["stale"]) == (done["programme"], "")
        launch = open_launch(root)
        found = assess_whole(launch, on=DAY_ONE)
        assert any(is_brought(task.code) for task in found.standing.programme.tasks), "approvals are tasks here too"
        assert [bar["task"] for bar in told["bars"]] == [task.code for task in shown(found)]
        assert told["sentences"] == [in_browser(line) for line in (*headline(launch, found, DAY_ONE), left_out(found))]
        assert all(bar["begins"] <= bar["ends"] for bar in told["bars"])
        gates = {row[0]: row[2] for row in told["tables"][0]["rows"]}
        assert gates == {item.gate.code: item.odds for item in found.risk.gates}
        assert client.get("/api/v1/plan").status_code == 404, "a page kept by the web is no plan"
        assert client.get("/api/v1/rooms/kitchen").status_code == 422


def test_tasks_that_nobody_reported_stand_as_of_their_first_day_and_the_page_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-01T12:00:00+00:00")
    root = new_launch(tmp_path / "launch", "xiaomi")
    with TestClient(create(root), base_url=LOCAL) as client:
        WORK["programme"](root, {}, lambda done, total: None)
        told = client.get("/api/v1/rooms/programme").json()
        assert told["on"] == "2026-01-01"
        assert told["sentences"][0].startswith("As of 2026-01-01 ")
        assert any("“Work it out as of today” shows it so" in line for line in told["sentences"])
        assert all(row[0] not in row[-1].split() for row in told["tables"][0]["rows"]), "a gate waits for others"


def test_an_answer_says_what_has_changed_of_what_it_rests_on(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-01T12:00:00+00:00")
    root = new_launch(tmp_path / "launch", "starter")
    row = 'depot,hire a depot,6,9,16,"made up",2026-06-30,C'
    (root / "tasks.csv").write_text(f"code,name,weeks_low,weeks_likely,weeks_high,source,as_of,grade\n{row}\n")
    launch, at = open_launch(root), datetime(2027, 1, 1, 12, tzinfo=UTC)
    with TestClient(create(root), base_url=LOCAL) as client:

        def stale(room: str) -> str:
            return client.get(f"/api/v1/rooms/{room}").json()["stale"]

        WORK["programme"](root, {}, lambda done, total: None)
        WORK["network"](root, {"count": 2, "work": 1.0}, lambda done, total: None)
        assert (stale("programme"), stale("network")) == ("", "")
        begun = Report(task="depot", progress=Progress(on=DAY_ONE, started=DAY_ONE))
        update_progress(launch, [begun], who="ana", at=at, name="a report")
        assert stale("programme") == "Reports have come in since this was worked out."
        make_plan(launch, on=DAY_ONE, worlds=2, who="ana", at=at)
        assert stale("network") == "A newer plan has been made since this was worked out."
        (root / "tasks.csv").write_text((root / "tasks.csv").read_text().replace("6,9,16", "6,9,20"))
        told = stale("network")
        assert told.startswith("The tables of the launch have changed, and a newer plan has been made since"), told


def test_after_sales_without_parts_says_that_no_parts_are_planned(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-01T12:00:00+00:00")
    root = new_launch(tmp_path / "launch", "starter")
    WORK["aftersales"](root, {"draws": 4}, lambda done, total: None)
    with TestClient(create(root), base_url=LOCAL) as client:
        said = client.get("/api/v1/rooms/aftersales").json()["sentences"]
    assert "No parts.csv: spare parts are not planned; the bundled launch xiaomi has one." in said


def test_costs_of_approvals_are_told_in_the_currency_of_the_launch(tmp_path):
    root = new_launch(tmp_path / "launch", "starter")
    terms, rates = root / "launch.toml", root / "fx.csv"
    terms.write_text(terms.read_text().replace('currency = "EUR"', 'currency = "NOK"'), encoding="utf-8")
    kept = [line for line in rates.read_text().splitlines() if not line.startswith("NOK")]
    rates.write_text("\n".join([*kept, 'EUR,12,"made-up",2026-01-01,C', ""]), encoding="utf-8")
    permits = {one.market: one for one in launch_permits(brief(open_launch(root).folder), DAY_ONE)}
    with TestClient(create(root), base_url=LOCAL) as client:
        told = client.get(f"/api/v1/compliance?on={DAY_ONE}").json()
        assert told["currency"] == "NOK"
        for row in told["permits"]:
            assert row["cost_alone"] == pytest.approx(12 * permits[row["market"]].cost_alone_eur)
        made = client.get(f"/api/v1/compliance/NO/ONE?on={DAY_ONE}").json()["dossier"]
        assert (made["currency"], made["cost"]) == ("NOK", pytest.approx(sum(step["cost"] for step in made["steps"])))
    folder = open_launch(root).folder
    unrated = {code: rate for code, rate in folder.rates.items() if code != "EUR"}
    assert replace(folder, rates=unrated).euro_told == (1.0, "EUR"), "what cannot be converted stays in euro"


def test_the_job_of_the_network_tells_how_far_it_is_and_does_no_more_work_than_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-01T12:00:00+00:00")
    root = new_launch(tmp_path / "launch", "starter")
    heard: list[float] = []
    WORK["network"](root, {"count": 5, "work": 2.0}, lambda done, total: heard.append(done / total))
    assert len(heard) > 5
    assert heard == sorted(heard)
    assert 0.8 <= heard[-1] <= 1.0
    with TestClient(create(root), base_url=LOCAL) as client:
        told = client.get("/api/v1/rooms/network").json()
        assert any("of 2 units of work" in line for line in told["sentences"]), told["sentences"]
        refused = client.post("/api/v1/jobs", json={"kind": "network", "arguments": {"work": 601}})
        assert refused.status_code == 422


def test_stores_that_close_stand_on_the_map_of_the_network_with_their_last_quarter_in_words(tmp_path):
    root = new_launch(tmp_path / "launch", "starter")
    (root / "stores.csv").write_text(
        "code,market,channel,city,open_until,sells_cars,source,as_of,grade\n"
        "OSL,NO,own_store,Oslo,2028Q2,yes,own,2026-01-01,C\nBGO,NO,own_store,Bergen,,yes,own,2026-01-01,C\n"
    )
    WORK["network"](root, {"work": 2.0}, lambda done, total: None)
    with TestClient(create(root), base_url=LOCAL) as client:
        told = client.get("/api/v1/rooms/network").json()
    points = told["points"]
    assert [words for words in points["closes"] if words] == ["Oslo (Norway) after 2028Q2"]
    at = points["closes"].index("Oslo (Norway) after 2028Q2")
    assert (points["stands"][at], points["name"][at], round(points["lat"][at])) == (True, "Oslo", 60)
    assert {len(points[column]) for column in ("lon", "lat", "stands", "people", "closes")} == {len(points["closes"])}
    (closing,) = (table for table in told["tables"] if table["title"] == "Sites that close")
    assert closing["rows"] == [["Oslo", "Norway", "–", "2028Q2", "2028-07-01"]]


@pytest.mark.parametrize(
    ("kind", "arguments", "says"),
    [
        ("aftersales", {"on": "0001-01-01"}, "on '0001-01-01' lies outside 1900 to 2200"),
        ("network", {"on": "9999-12-31"}, "on '9999-12-31' lies outside 1900 to 2200"),
        ("network", {"count": True}, "count true is not a whole number from 1 to 20000"),
    ],
)
def test_a_day_outside_the_calendar_and_a_yes_for_a_number_are_refused_before_a_worker_starts(
    client, kind, arguments, says
):
    answer = client.post("/api/v1/jobs", json={"kind": kind, "arguments": arguments})
    assert (answer.status_code, answer.json()["error"]["message"]) == (422, says)
    assert client.get("/api/v1/jobs").json()["jobs"] == []


@pytest.mark.parametrize(
    "arguments", [{"sets": "nonsense"}, {"sets": "economics.NO.capital=1", "colour": 3}, {"worlds": 1}]
)
def test_a_scenario_that_cannot_be_read_is_refused_before_a_worker_starts(client, arguments):
    answer = client.post("/api/v1/jobs", json={"kind": "what_if", "arguments": arguments})
    assert answer.status_code == 422
    assert client.get("/api/v1/jobs").json()["jobs"] == []


def test_a_scenario_kept_is_served_side_by_side(client, folder):
    said = {"sets": "economics.NO.capital=*2", "name": "dear Norway", "worlds": 2, "on": str(DAY), "who": "ana"}
    WORK["what_if"](folder, said, lambda done, total: None)
    (item,) = client.get("/api/v1/what-ifs").json()["what_ifs"]
    assert (item["name"], item["worlds"]) == ("dear Norway", 2)
    assert item["gain"] == pytest.approx(item["other"] - item["value"])
    assert item["changed"]
    refused = client.delete("/api/v1/what-ifs", params={"name": "cheap Norway"})
    assert refused.status_code == 422
    assert "dear Norway" in refused.text
    assert client.delete("/api/v1/what-ifs", params={"name": "dear Norway"}).json() == {"what_ifs": []}


def test_a_launch_without_plants_has_no_page_on_supply(client):
    launch = client.get("/api/v1/launch").json()
    assert "supply" not in launch["pages"]
    assert launch["shut"]["supply"] == ["plants.csv", "lanes.csv"], "the files that would open it"
    assert "compliance" in launch["pages"]
    assert "compliance" not in launch["shut"]


@pytest.mark.full
def test_supply_worked_out_by_a_job_is_served_and_grows_stale_with_the_tables(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-01T12:00:00+00:00")
    root = new_launch(tmp_path / "launch", "xiaomi")
    shares = []
    done = work_out(
        root, {"on": "2027-01-01", "draws": 8, "what_if": False, "who": "ana"}, lambda n, of: shares.append(n / of)
    )
    assert shares == sorted(shares)
    with TestClient(create(root), base_url=LOCAL) as client:
        assert "supply" in client.get("/api/v1/launch").json()["pages"]
        told = client.get("/api/v1/supply").json()
        assert (told["record"], told["stale"]) == (done["supply"], "")
        assert told["asked"] == {"on": "2027-01-01", "draws": 8, "what_if": False}, "who asked is not among it"
        assert told["sentences"]
        for row in told["markets"]:
            assert sum(row["made_in"].values()) <= 1 + 1e-9
        routes = client.get("/api/v1/supply/routes/DE").json()["routes"]
        for route in routes:
            parts = [route[name] for name in ("ex_works", "freight", "duty", "carrying")]
            if route["landed"] is not None:
                assert sum(parts) == pytest.approx(route["landed"], rel=1e-6)
        terms = root / "launch.toml"
        terms.write_text(terms.read_text(encoding="utf-8").replace('title = "', 'title = "New: ', 1), encoding="utf-8")
        assert "tables of the launch have changed" in client.get("/api/v1/supply").json()["stale"]


def test_the_quality_funnel_shows_claims_a_thousand_car_months_and_the_limits_of_chance():
    cars = tuple(Car(name=f"V{n}", market="NO" if n % 2 else "DE", delivered=date(2027, 1, 1)) for n in range(200))
    claims = tuple(Claim(car=f"V{n}", market="NO", opened=date(2027, 3, 1)) for n in range(1, 61, 2))
    record = Record(cars=cars, claims=claims, jobs=(), until=date(2028, 1, 1))
    standards = {"NO": Standard(most_claims=40.0)}
    judged = Judged(
        quality=assess(record, standards),
        use=learn_use(record, {}, 0.5),
        record=record,
        standards=standards,
        from_deliveries=False,
    )
    shown = funnel_of(judged, {"NO": "Norway", "DE": "Germany"})
    assert shown is not None
    rates = dict(zip(shown.markets, shown.rates, strict=True))
    assert rates == pytest.approx({"Germany": 0.0, "Norway": 25.0}, abs=0.1)
    assert shown.rate == pytest.approx(12.5, abs=0.1)
    assert shown.limit == 40.0
    assert all(low <= shown.rate <= high for low, high in zip(shown.low[5:], shown.high[5:], strict=True))
    widths = [high - low for low, high in zip(shown.low, shown.high, strict=True)]
    assert widths[-1] < widths[5]
