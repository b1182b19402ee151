"""Minutes from the user's own matrix and from routing servers that answer as OSRM and Valhalla document."""

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.siting.answer import ask_sites
from beachhead.case.siting.question import Ask, Model
from beachhead.case.siting.router import table_of
from beachhead.case.siting.travel_times import Times
from beachhead.siting.geography import great_circle_km
from beachhead.world.errors import BadInput

TOWNS = """name,country,lat,lon,people
Alpha,NO,59.90,10.70,500000
Beta,NO,60.10,10.90,90000
Gamma,NO,60.30,11.10,80000
Delta,NO,60.50,11.30,20000
"""
SPEED = 1.0  # km a minute of the servers here


@pytest.fixture(scope="module")
def launch(tmp_path_factory):
    return open_launch(new_launch(tmp_path_factory.mktemp("times") / "launch", "starter"))


@pytest.fixture
def towns(tmp_path):
    file = tmp_path / "towns.csv"
    file.write_text(TOWNS)
    return file


def _asked(launch, towns, times, **other):
    ask = {"markets": ("NO",), "count": 1, "settlements": towns, "minutes": 30.0, "times": times} | other
    return ask_sites(launch, Ask(**ask))


def _seconds(a, b):
    """Every fifth degree of longitude apart there is no road, so that null is seen."""
    far = float(great_circle_km(np.array(a[0]), np.array(a[1]), np.array(b[0]), np.array(b[1])))
    return None if abs(a[1] - b[1]) > 0.5 else 60.0 * far / SPEED


class _Osrm(BaseHTTPRequestHandler):
    """The table service of OSRM 5 (project-osrm.org/docs): coordinates are lon,lat; durations in seconds."""

    def do_GET(self):
        url = urlsplit(self.path)
        service, version, profile, where = url.path.strip("/").split("/")
        assert (service, version, profile) == ("table", "v1", "driving")
        points = [tuple(float(x) for x in one.split(","))[::-1] for one in where.split(";")]
        asked = parse_qs(url.query)
        sources, targets = ([int(k) for k in asked[name][0].split(";")] for name in ("sources", "destinations"))
        if len(points) > 100:
            _answer(self, 400, {"code": "TooBig", "message": "Too many table coordinates"})
            return
        rows = [[_seconds(points[a], points[b]) for b in targets] for a in sources]
        _answer(self, 200, {"code": "Ok", "durations": rows, "sources": [], "destinations": []})

    def log_message(self, *words):
        pass


class _Valhalla(BaseHTTPRequestHandler):
    """The matrix service of Valhalla 3 (valhalla.github.io): verbose rows with `time` in seconds."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if len(asked["sources"]) + len(asked["targets"]) > 50:
            _answer(self, 400, {"error_code": 150, "error": "Exceeded max locations: 50", "status_code": 400})
            return
        points = [[(one["lat"], one["lon"]) for one in asked[name]] for name in ("sources", "targets")]
        rows = [
            [{"from_index": i, "to_index": j, "time": _seconds(a, b), "distance": 1.0} for j, b in enumerate(points[1])]
            for i, a in enumerate(points[0])
        ]
        _answer(self, 200, {"algorithm": "timedistancematrix", "sources_to_targets": rows, "units": "kilometers"})

    def log_message(self, *words):
        pass


class _Broken(_Osrm):
    """Whatever else listens at a port."""

    def do_GET(self):
        _answer(self, 200, {"hello": "world"})


def _answer(handler, status, said):
    body = json.dumps(said).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def _serving(handler):
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("kind", "handler"), [("osrm", _Osrm), ("valhalla", _Valhalla)])
def test_a_routing_server_gives_the_minutes_and_no_road_is_out_of_reach(launch, towns, kind, handler):
    with _serving(handler) as url:
        answer = _asked(launch, towns, Times(router=f"{kind}={url}"), minutes=40.0)
        places = answer.places
        at = answer.sites[0].place
        far = great_circle_km(places.lat, places.lon, places.lat[at], places.lon[at])
        road = np.abs(places.lon - places.lon[at]) <= 0.5
        within = (far <= 40.0) & road
        assert answer.covered_share == pytest.approx(places.people[within].sum() / places.people.sum())
        assert any("routing server" in note and "no road" in note for note in answer.notes)


@pytest.mark.parametrize(("kind", "handler"), [("osrm", _Osrm), ("valhalla", _Valhalla)])
def test_more_points_than_a_server_takes_at_once_are_asked_in_parts(kind, handler):
    lat, lon = np.linspace(59.0, 61.0, 230), np.linspace(10.0, 11.0, 230)
    with _serving(handler) as url:
        minutes = table_of(f"{kind}={url}")(lat, lon, 60.0, 10.5)
    expected = [_seconds((a, b), (60.0, 10.5)) for a, b in zip(lat, lon, strict=True)]
    assert minutes == pytest.approx([np.inf if one is None else one / 60 for one in expected], rel=1e-4, abs=1e-3)


CELLS = {"osrm": ("x", True, -5.0, float("nan"), [1.0]), "valhalla": (5, None, {}, {"time": -5.0}, {"time": "x"})}


@pytest.mark.parametrize(("kind", "cell"), [(kind, cell) for kind, cells in CELLS.items() for cell in cells])
def test_a_table_of_anything_but_times_is_refused(kind, cell):
    class Odd(_Broken):
        def do_GET(self):
            _answer(self, 200, {"code": "Ok", "durations": [[cell]]})

        def do_POST(self):
            _answer(self, 200, {"sources_to_targets": [[cell]]})

    with _serving(Odd) as url, pytest.raises(BadInput, match="its answer is not a table of durations"):
        table_of(f"{kind}={url}")(np.array([60.0]), np.array([10.0]), 60.1, 10.1)


def test_a_silent_port_a_strange_answer_and_a_wrong_word_are_told_apart(launch, towns):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(BadInput, match="no routing server answers at"):
            _asked(launch, towns, Times(router=f"osrm=http://127.0.0.1:{port}"))
    with _serving(_Broken) as url, pytest.raises(BadInput, match="gave no table"):
        _asked(launch, towns, Times(router=f"osrm={url}"))
    with _serving(_Valhalla) as url, pytest.raises(BadInput, match="gave no table: HTTP 501"):
        _asked(launch, towns, Times(router=f"osrm={url}"))
    with pytest.raises(BadInput, match="is not a routing server"):
        _asked(launch, towns, Times(router="graphhopper=http://localhost"))


def test_an_own_matrix_takes_the_place_of_the_rule_in_csv_and_parquet_alike(launch, towns, tmp_path):
    rows = [("Beta", "Alpha", 12.0), ("NO:Gamma", "Alpha", 29.0), ("Delta", "Alpha", 31.0), ("Atlantis", "Alpha", 5.0)]
    text = tmp_path / "minutes.csv"
    text.write_text("from,to,minutes\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows))
    table = tmp_path / "minutes.parquet"
    pq.write_table(pa.table(dict(zip(("from", "to", "minutes"), zip(*rows, strict=True), strict=True))), table)
    answers = [_asked(launch, towns, Times(matrix=file)) for file in (text, table)]
    for answer in answers:
        assert answer.places.name[answer.sites[0].place] == "Alpha"
        assert answer.covered_share == pytest.approx(670 / 690)
        assert [answer.places.name[k] for k in answer.left_out] == ["Delta"]
        assert any("1 row of minutes." in note and "Atlantis" in note for note in answer.notes)


def test_least_cost_takes_its_minutes_from_the_matrix_too(launch, towns, tmp_path):
    text = tmp_path / "minutes.csv"
    text.write_text("from,to,minutes\nBeta,Alpha,10\nGamma,Alpha,10\nDelta,Alpha,20\n")
    one = _asked(
        launch, towns, Times(matrix=text), count=None, model=Model.CAPACITATED, formats=("store",), cars={"NO": 690.0}
    )
    # 690 cars are more than a store sees to: a second one stands beside the first, or where people live
    assert len(one.sites) == 2
    assert sum(site.serves for site in one.sites) == pytest.approx(690.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("from,to\nBeta,Alpha\n", "lacks the column minutes"),
        ("from,to,minutes\nBeta,Alpha,soon\n", "minutes.csv:2:minutes"),
        ("from,to,minutes\nBeta,Alpha,-3\n", "is not a number of minutes"),
        ("from,to,minutes\nBeta,Alpha,9\nBeta,Alpha,8\n", "differs from row 2"),
        ("from,to,minutes\nBeta,Alpha,900\n", "no pair of a settlement and a candidate"),
    ],
)
def test_a_bad_matrix_is_refused_with_its_row(launch, towns, tmp_path, text, says):
    file = tmp_path / "minutes.csv"
    file.write_text(text)
    with pytest.raises(BadInput, match=says):
        _asked(launch, towns, Times(matrix=file))
    with pytest.raises(BadInput, match="give --matrix or --router"):
        _asked(launch, towns, Times(matrix=file, router="osrm=http://localhost"))
