"""Official sources, read from small recorded answers; the network itself is played by a server on this machine."""

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beachhead.case.history.fetch import fetch_source
from beachhead.evidence.fetch import SOURCES
from beachhead.evidence.fetch.web import get
from beachhead.evidence.panel.counts import read_counts
from beachhead.world.errors import BadInput, Unreachable

AT = datetime(2026, 9, 15, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACHHEAD_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def workbook(sheet_name: str = "FZ 10.1", electric: str = "mit Elektroantrieb (BEV)") -> bytes:
    """Brands of FZ 10.1 as the Kraftfahrt-Bundesamt lays it out: groups of three columns under one heading each, models
    that may be numbers, totals of a brand last, zero as a dash."""
    book = openpyxl.Workbook()
    book.active.title = "Deckblatt"
    sheet = book.create_sheet(sheet_name)
    sheet.append([None, "zurück zum Inhaltsverzeichnis"])
    for _ in range(4):
        sheet.append([])
    sheet.append([None, "FZ 10.1 Neuzulassungen von Personenkraftwagen nach Marken und Modellreihen im Mai 2026"])
    sheet.append([])
    groups = ["Insgesamt", "mit Hybridantrieb\n(incl. Plug-in-Hybrid)", electric, "mit Allradantrieb"]
    sheet.append([None, "Marke", "Modellreihe", *(text for group in groups for text in (group, None, None))])
    sheet.append([None, None, None, *["Mai 2026", "Jan. - Mai 2026", "Anteil in %"] * len(groups)])
    for brand, model, counts in (
        ("BYD", "ATTO 3", (150, 0, 150, 0)),
        (None, "SEAL", (200, 0, 200, 100)),
        ("BYD ZUSAMMEN", None, (350, 0, 350, 100)),
        ("PEUGEOT", 208, (900, 40, 210, 0)),
        (None, 3008, (1100, 90, 120, 0)),
        ("PEUGEOT ZUSAMMEN", None, (2000, 130, 330, 0)),
        ("VW ZUSAMMEN", None, (1350, 20, 0, 40)),
        ("SONSTIGE ZUSAMMEN", None, (99, 1, 1, 0)),
        ("NEUZULASSUNGEN INSGESAMT", None, (3799, 151, 681, 140)),
    ):
        cells = [cell for n in counts for cell in (n or "-", 5 * n or "-", 10.5)]
        sheet.append([None, brand, model, *cells])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    day = [datetime(2024, 1, 3), datetime(2024, 1, 9), datetime(2024, 2, 1), datetime(2024, 2, 1)]
    pq.write_table(
        pa.table(
            {
                "date_reg": pa.array(day, pa.date32()),
                "maker": pa.array(["BYD", "BYD", "BYD", "Perodua"]).dictionary_encode(),
                "fuel": pa.array(["electric", "electric", "electric", "petrol"]).dictionary_encode(),
                "state": ["Johor"] * 4,
            }
        ),
        out,
    )
    return out.getvalue()


RECORDED = {
    "rdw": {
        "opendata.rdw.nl": json.dumps(
            [{"merk": "TESLA", "count_kenteken": "812"}, {"merk": "BYD", "count_kenteken": "95"}]
            + [{"count_kenteken": "3"}]  # a few cars have no make
        ).encode()
    },
    "kba": {
        "fz10_2026_05.html": b'<a href="/SharedDocs/fz10_2026_05.xlsx?__blob=publicationFile&amp;v=3">Excel</a>',
        "fz10_2026_05.xlsx": workbook(),
    },
    "traficom": {
        "trafi2.stat.fi": '"Region","Make","Driving power","2026 April","2026 May"\n'
        '"MAINLAND FINLAND","BYD","Total",310,1 020\n"MAINLAND FINLAND","Lucid","Total","..",0\n'
        '"MAINLAND FINLAND","Passenger cars total","Total",6000,7000\n'.encode("utf-8-sig")
    },
    "dft": {
        "statistical-data-sets": b'<a href="https://assets.example/media/1/df_VEH0160_UK.csv">csv</a>',
        "df_VEH0160_UK.csv": b"BodyType,Make,GenModel,Model,Fuel,2026 Q1,2025 Q4\n"
        b'Cars,BYD,BYD SEAL,SEAL,Battery electric,"1,200",900\nCars,BYD,BYD SEAL U,DM-I,Plug-in hybrid,300,[c]\n'
        b"Motorcycles,BYD,X,X,Battery electric,5,5\n",
    },
    "datagovmy": {"storage.data.gov.my": parquet()},
    "robbieandrew": {
        "robbieandrew.github.io": b'"YYYYMM","Country","Fuel","Value"\n202401,"Norway","BatteryElectric",4717\n'
    },
    "eurostat": {
        "ec.europa.eu": json.dumps(
            {
                "id": ["unit", "mot_nrg", "geo", "time"],
                "size": [1, 2, 2, 2],
                "dimension": {
                    "unit": {"category": {"index": {"NR": 0}}},
                    "mot_nrg": {"category": {"index": {"ELC": 0, "PET": 1}}},
                    "geo": {"category": {"index": {"AT": 0, "DE": 1}}},
                    "time": {"category": {"index": {"2023": 0, "2024": 1}}},
                },
                "value": {"0": 47621, "1": 44622, "3": 380609, "7": 991948},
            }
        ).encode()
    },
}

MADE = {
    "rdw": ["country,period,brand,n", "NL,2026-05,TESLA,812", "NL,2026-05,BYD,95"],
    "kba": ["country,period,brand,n,bev_n", "DE,2026-05,BYD,350,350", "DE,2026-05,PEUGEOT,2000,330"]
    + ["DE,2026-05,VW,1350,0"],
    "traficom": ["country,period,brand,n", "FI,2026-04,BYD,310", "FI,2026-05,BYD,1020", "FI,2026-05,Lucid,0"],
    "dft": ["country,period,brand,n,bev_n", "UK,2025Q4,BYD,900,900", "UK,2026Q1,BYD,1500,1200"],
    "datagovmy": [
        "country,period,brand,n,bev_n",
        "MY,2024-01,BYD,2,2",
        "MY,2024-02,BYD,1,1",
        "MY,2024-02,Perodua,1,0",
    ],
    "robbieandrew": ["YYYYMM,Country,Fuel,Value", "202401,Norway,BatteryElectric,4717"],
    "eurostat": [
        "country,year,energy,n",
        "AT,2023,ELC,47621",
        "AT,2024,ELC,44622",
        "DE,2024,ELC,380609",
        "DE,2024,PET,991948",
    ],
}


class Recorded:
    """Answers by a part of the address; notes what was asked."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self.answers, self.asked = answers, []

    def __call__(self, url: str, body: bytes | None = None) -> bytes:
        self.asked.append((url, body))
        found = [data for part, data in self.answers.items() if part in url]
        if not found:
            raise Unreachable(f"no record of {url}")
        return found[-1]


def fetched(name: str, *, months=("2026-05", "2026-05"), **more):
    if name == "datagovmy":
        months = ("2024-01", "2024-12")
    return fetch_source(name, at=AT, first=months[0], last=months[1], get=Recorded(RECORDED[name]), **more)


@pytest.mark.parametrize("name", [s.name for s in SOURCES])
def test_each_source_makes_the_panel_file_it_promises(name):
    found = fetched(name)
    assert found.file.read_text(encoding="utf-8").splitlines() == MADE[name]
    assert found.rows == len(MADE[name]) - 1
    assert found.sha256 == hashlib.sha256(found.file.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", [s.name for s in SOURCES])
def test_what_was_fetched_once_can_be_read_offline(name):
    first = fetched(name)

    def nobody(url: str, body: bytes | None = None) -> bytes:
        raise AssertionError(f"asked {url} although offline")

    again = fetch_source(name, at=AT, offline=True, get=nobody)
    assert again.sha256 == first.sha256
    assert again.from_cache == again.answers > 0
    assert again.fetched_at == "2026-09-15T08:00:00+00:00"


@pytest.mark.parametrize(("name", "electric"), [("FZ10.1", "mit Elektroantrieb"), (" FZ 10.1 ", "Elektro (BEV)")])
def test_older_workbooks_name_sheet_and_electric_cars_otherwise(name, electric):
    recorded = RECORDED["kba"] | {"fz10_2026_05.xlsx": workbook(name, electric)}
    found = fetch_source("kba", at=AT, first="2026-05", last="2026-05", get=Recorded(recorded))
    assert found.file.read_text(encoding="utf-8").splitlines() == MADE["kba"]


def test_offline_without_a_cache_says_so():
    with pytest.raises(Unreachable, match="nothing of rdw was fetched before"):
        fetch_source("rdw", at=AT, offline=True)


def test_a_damaged_cache_is_refused_by_its_checksum(cache):
    fetched("robbieandrew")
    kept = cache / "robbieandrew" / "all_carsales_monthly.csv"
    kept.write_bytes(kept.read_bytes().replace(b"4717", b"9999"))
    with pytest.raises(BadInput, match="checksum differs"):
        fetch_source("robbieandrew", at=AT, offline=True)


@pytest.mark.parametrize("name", [s.name for s in SOURCES])
@pytest.mark.parametrize("answer", [b"", b"<html>We are doing maintenance</html>", b"\xff\xfe\x00garbage", b"{}"])
def test_an_answer_in_another_form_is_refused_and_leaves_what_was_there(name, answer, cache):
    before = fetched(name).file.read_bytes()
    other = {part: data if data.startswith(b"<a ") else answer for part, data in RECORDED[name].items()}
    with pytest.raises((BadInput, Unreachable), match=r"."):
        fetch_source(
            name,
            at=AT,
            first="2024-01" if name == "datagovmy" else "2026-05",
            last="2024-12" if name == "datagovmy" else "2026-05",
            get=Recorded(other),
        )
    assert (cache / name / next(s.file for s in SOURCES if s.name == name)).read_bytes() == before


def test_a_fetch_that_the_network_ends_halfway_leaves_a_cache_that_can_be_read():
    fetch_source("rdw", at=AT, first="2026-03", last="2026-05", get=Recorded(RECORDED["rdw"]))

    def fails_on_the_second(url: str, body: bytes | None = None) -> bytes:
        if "20260401" in url:
            raise Unreachable("the network is gone")
        return json.dumps([{"merk": "TESLA", "count_kenteken": "900"}]).encode()

    with pytest.raises(Unreachable):
        fetch_source("rdw", at=AT, first="2026-03", last="2026-05", get=fails_on_the_second)
    again = fetch_source("rdw", at=AT, offline=True)
    assert again.answers == 3
    assert "NL,2026-03,TESLA,900" in again.file.read_text(encoding="utf-8")
    assert "NL,2026-04,TESLA,812" in again.file.read_text(encoding="utf-8")


def test_one_answer_a_month_is_asked_of_rdw_and_the_months_are_named_in_the_request():
    ask = Recorded(RECORDED["rdw"])
    found = fetch_source("rdw", at=AT, first="2026-03", get=ask)
    assert found.answers == 6  # March to August, the last whole month before 15 September
    assert "20260301" in ask.asked[0][0]
    assert "20260831" in ask.asked[-1][0]


def test_eurostat_may_list_values_and_codes_instead_of_numbering_them():
    """JSON-stat 2.0 allows both forms, and a dimension of one code without an index; blanks are not counted."""
    said = json.loads(RECORDED["eurostat"]["ec.europa.eu"])
    said["value"] = [said["value"].get(str(n)) for n in range(8)]
    for dimension in said["dimension"].values():
        dimension["category"]["index"] = list(dimension["category"]["index"])
    said["dimension"]["unit"]["category"] = {"label": {"NR": "Number"}}
    other = Recorded({"ec.europa.eu": json.dumps(said).encode()})
    found = fetch_source("eurostat", at=AT, first="2023-01", last="2024-12", get=other)
    assert found.file.read_text(encoding="utf-8").splitlines() == MADE["eurostat"]


@pytest.mark.parametrize(
    "answer",
    [
        {"error": [{"status": 404, "id": 100, "label": "ERR_NOT_FOUND_4: no such dataset"}]},
        {"warning": {"status": 413, "label": "ASYNCHRONOUS_RESPONSE. The request will be treated later"}},
    ],
)
def test_eurostats_own_words_are_passed_on_when_it_sends_no_data(answer):
    words = next(iter(answer.values()))
    label = (words[0] if isinstance(words, list) else words)["label"]
    with pytest.raises(Unreachable) as refused:
        fetch_source(
            "eurostat",
            at=AT,
            first="2023-01",
            last="2024-12",
            get=Recorded({"ec.europa.eu": json.dumps(answer).encode()}),
        )
    assert label in str(refused.value)


def test_the_panel_reads_what_was_fetched(tmp_path):
    into = tmp_path / "panel"
    for name in ("rdw", "kba", "traficom", "datagovmy", "robbieandrew"):
        fetched(name, into=into)
    counts = read_counts(into)
    assert counts.official["NL", "BYD"] == {12 * 2026 + 4: 95.0}
    assert counts.bev["DE", "BYD"] == {12 * 2026 + 4: 350.0}
    assert counts.bev["MY", "BYD"][12 * 2024] == 2.0
    assert counts.totals["NO"] == {12 * 2024: 4717.0}


def test_unknown_sources_and_months_are_refused():
    with pytest.raises(BadInput, match="'dvla' is not a source"):
        fetch_source("dvla", at=AT)
    with pytest.raises(BadInput, match="not a month"):
        fetch_source("rdw", at=AT, first="May 2026")
    with pytest.raises(BadInput, match="lies before"):
        fetch_source("rdw", at=AT, first="2026-05", last="2026-01")


class Moody(BaseHTTPRequestHandler):
    """Answers by a script: a status, or a body that breaks off."""

    script: ClassVar[list[int | str]] = []

    def do_GET(self) -> None:
        step = self.script.pop(0) if self.script else 200
        if step == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
            return
        body = b"all of it"
        self.send_response(int(step))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    playing = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    thread = threading.Thread(target=playing.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{playing.server_port}/data.csv"
    playing.shutdown()
    playing.server_close()
    thread.join()


@pytest.mark.parametrize("script", [[503, 200], [429, 500, 200], ["cut", 200], ["cut", 502, "cut", 200]])
def test_busy_servers_and_broken_answers_are_asked_again_with_longer_pauses(server, script):
    Moody.script = list(script)
    pauses: list[float] = []
    assert get(server, wait=pauses.append) == b"all of it"
    assert pauses == [2.0 * 2**i for i in range(len(script) - 1)]


def test_a_refusal_is_not_asked_again(server):
    Moody.script = [404]
    pauses: list[float] = []
    with pytest.raises(Unreachable, match="answered 404"):
        get(server, wait=pauses.append)
    assert pauses == []


def test_after_all_tries_the_error_names_the_place_and_the_cure(server):
    Moody.script = [503] * 9
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1") as caught:
        get(server, tries=3, wait=lambda _: None)
    assert "--offline" in caught.value.hint


def test_no_connection_at_all_is_said_plainly():
    with pytest.raises(Unreachable, match="gave no answer"):
        get("http://127.0.0.1:9/none", tries=2, wait=lambda _: None, timeout_seconds=2)


def test_files_and_other_schemes_are_not_web_addresses():
    with pytest.raises(Unreachable, match="not a web address"):
        get("file:///etc/passwd")


def test_a_cache_that_cannot_be_made_names_what_would_name_another(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BEACHHEAD_CACHE", str(tmp_path / "file"))
    with pytest.raises(BadInput, match="cannot be made") as refused:
        fetch_source("kba", at=AT, offline=True)
    assert "BEACHHEAD_CACHE" in refused.value.hint
