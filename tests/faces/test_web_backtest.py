"""Registration files, the backtest as a job, and mappings of other exports on the wire."""

import pytest
from fastapi.testclient import TestClient

from beachhead.case.new import new_launch
from beachhead.web.app import create
from beachhead.web.work import WORK

LOCAL = "http://127.0.0.1"
EXPORT = "Monat;Land;Marke;Zulassungen\n08/2026;Norwegen;ACME;1.204\n09/2026;Norwegen;ACME;900\n"
MAPPING = """[file]
delimiter = ";"
thousands = "."
decimal = ","
[columns]
market = "Land"
registrations = "Zulassungen"
[values.market]
Norwegen = "NO"
[constants]
batch = "running"
channel = "importer"
[period]
column = "Monat"
unit = "month"
format = "%m/%Y"
"""


@pytest.fixture
def root(tmp_path):
    return new_launch(tmp_path / "launch", "byd-europe-2021")


@pytest.fixture
def client(root, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_NOW", "2026-11-01T12:00:00+00:00")
    with TestClient(create(root), base_url=LOCAL) as opened:
        yield opened


def panel() -> str:
    """Monthly registrations of nine made-up brands in two countries, entering one after the other."""
    rows = ["country,period,brand,bev_n,all_n"]
    for place, country in enumerate(("NO", "SE")):
        for month in range(60):
            period = f"{2019 + month // 12}-{month % 12 + 1:02d}"
            rows.append(f"{country},{period},OLD,4000,9000")
            for brand in range(9):
                since = month - 6 - 3 * brand - place
                cars = (
                    0 if since < 0 else int(40 * (1 + brand % 3) * (1 + 0.04 * since) + (7 * month * (brand + 2)) % 31)
                )
                rows.append(f"{country},{period},NEW{brand},{cars},{cars}")
    return "\n".join(rows) + "\n"


def test_a_panel_that_is_sent_is_forecast_by_the_job_and_its_figures_have_a_page(client, root):
    assert client.get("/api/v1/panel").json()["files"] == []
    assert client.get("/api/v1/rooms/backtest").status_code == 404
    assert client.get("/api/v1/rooms/backtest/figures").status_code == 404
    for name, text in (
        ("../../x.csv", panel()),
        ("oec_brand_period.csv", panel().replace("NO,2019-03,OLD,4000", "NO,2019-13,OLD,x")),
    ):
        refused = client.put("/api/v1/panel/files", params={"name": name}, content=text)
        assert refused.status_code == 422, name
    assert client.get("/api/v1/panel").json()["files"] == []
    totals = ["country,period,all_cars,bev_cars"]
    totals += [f"{c},{2019 + m // 12}-{m % 12 + 1:02d},20000,{8000 + 60 * m}" for c in ("NO", "SE") for m in range(60)]
    sent = client.put("/api/v1/panel/files", params={"name": "oec_country_totals.csv"}, content="\n".join(totals))
    assert "by brand are needed" in sent.json()["sentence"]
    sent = client.put("/api/v1/panel/files", params={"name": "oec_brand_period.csv"}, content=panel())
    assert "entries of 9 brands" in sent.json()["sentence"]
    shares = []
    WORK["backtest"](root, {"brands": "NEW6, NEW7,NEW8", "who": "ana"}, lambda n, of: shares.append(n / of))
    assert shares[-1] == 1.0
    told = client.get("/api/v1/rooms/backtest").json()
    assert (told["has_figures"], told["stale"]) == (True, "")
    assert [row[0] for row in told["tables"][0]["rows"]] == [3.0, 6.0, 12.0]
    assert told["tables"][2]["rows"][0][0] == "this model"
    page = client.get("/api/v1/rooms/backtest/figures")
    assert page.headers["content-type"].startswith("text/html")
    assert page.text.count("<svg") >= 3
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_an_export_with_other_columns_is_sent_by_a_kept_mapping_and_refused_in_its_own_words(client):
    looks = client.post("/api/v1/observations/heading?name=export.csv", content=EXPORT).json()
    assert (looks["delimiter"], looks["columns"]) == (";", ["Monat", "Land", "Marke", "Zulassungen"])
    assert looks["values"]["Land"] == ["Norwegen"]
    assert client.post("/api/v1/observations?name=export.csv", content=EXPORT).status_code == 422
    assert client.post("/api/v1/observations?name=export.csv&mapping=kba", content=EXPORT).status_code == 422
    bad = client.put("/api/v1/mappings/kba", json={"text": MAPPING.replace("registrations =", "sales =")})
    assert bad.status_code == 422
    assert bad.json()["error"]["faults"][0]["row"] == 7
    assert client.get("/api/v1/mappings").json()["mappings"] == {}
    assert client.put("/api/v1/mappings/kba", json={"text": MAPPING}).json()["mappings"] == {"kba": MAPPING}
    tried = client.post("/api/v1/observations?name=export.csv&mapping=kba&dry_run=true", content=EXPORT).json()
    assert (tried["stored"], tried["new"]) == (False, 2)
    wrong = client.post("/api/v1/observations?name=export.csv&mapping=kba", content=EXPORT.replace("900", "9O0"))
    (fault,) = wrong.json()["error"]["faults"]
    assert (fault["row"], fault["column"], fault["written"]) == (3, "Zulassungen", "9O0")
    assert client.post("/api/v1/observations?name=export.csv&mapping=kba", content=EXPORT).json()["new"] == 2
    assert [row["registrations"] for row in client.get("/api/v1/observations").json()["rows"]] == [900, 1204]
    assert client.delete("/api/v1/mappings/kba").json()["mappings"] == {}
    assert client.delete("/api/v1/mappings/kba").status_code == 422


@pytest.mark.parametrize("name", ["x.csv", "x.xlsx", "x.parquet", "x.exe", "", "../x.csv"])
def test_what_is_no_table_has_no_heading(client, name):
    for nonsense in (b"", b"\x00\xff\xfe", b"PK\x03\x04zip"):
        answer = client.post("/api/v1/observations/heading", params={"name": name}, content=nonsense)
        assert answer.status_code in (200, 422)
        assert answer.status_code == 422 or answer.json()["columns"]
