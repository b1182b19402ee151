"""Travel times from a routing server: the table service of OSRM, the matrix service of Valhalla.

OSRM: `GET /table/v1/driving/LON,LAT;...?sources=...&destinations=...&annotations=duration`, answered by `code` and
`durations` in seconds, null where no road is found. Valhalla: `POST /sources_to_targets`, answered by rows of `time` in
seconds, null likewise. Both refuse large tables by default, so one destination is asked for at a time.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from beachhead.siting.field import Floats
from beachhead.world.errors import BadInput

Table = Callable[[Floats, Floats, float, float], Floats]

_OSRM_MOST = 99  # sources with one destination: `--max-table-size` is 100 by default
_VALHALLA_MOST = 49  # `max_locations` of service_limits.auto is 50 in older versions
_WAIT_SECONDS = 30.0


def table_of(text: str) -> Table:
    """The table service at `osrm=URL` or `valhalla=URL`: minutes from points (n,) to one point, inf without a road."""
    kind, equals, url = text.partition("=")
    parts = urlsplit(url.strip())
    if kind.strip().lower() not in ("osrm", "valhalla") or not equals or parts.scheme not in ("http", "https"):
        raise BadInput(
            f"{text!r} is not a routing server",
            "write osrm=http://localhost:5000 or valhalla=http://localhost:8002",
        )
    base = url.strip().rstrip("/")
    return _osrm(base) if kind.strip().lower() == "osrm" else _valhalla(base)


def _osrm(base: str) -> Table:
    def ask(lat: Floats, lon: Floats, to_lat: float, to_lon: float) -> Floats:
        out = []
        for some in _chunks(len(lat), _OSRM_MOST):
            points = [f"{lon[k]:.6f},{lat[k]:.6f}" for k in some]
            sources = ";".join(str(k + 1) for k in range(len(points)))
            where = ";".join([f"{to_lon:.6f},{to_lat:.6f}", *points])
            url = f"{base}/table/v1/driving/{where}?sources={sources}&destinations=0&annotations=duration"
            answer = _sent(urllib.request.Request(url), base)
            if answer.get("code") != "Ok":
                raise _refused(base, f"{answer.get('code')}: {answer.get('message', '')}")
            out += _column(answer.get("durations"), len(points), base)
        return np.array(out) / 60.0

    return ask


def _valhalla(base: str) -> Table:
    def ask(lat: Floats, lon: Floats, to_lat: float, to_lon: float) -> Floats:
        out = []
        for some in _chunks(len(lat), _VALHALLA_MOST):
            asked = {
                "sources": [{"lat": float(lat[k]), "lon": float(lon[k])} for k in some],
                "targets": [{"lat": to_lat, "lon": to_lon}],
                "costing": "auto",
                "verbose": True,
            }
            head = {"Content-Type": "application/json"}
            request = urllib.request.Request(f"{base}/sources_to_targets", json.dumps(asked).encode(), head)
            table = _sent(request, base).get("sources_to_targets")
            if isinstance(table, dict):  # the concise form: durations alone
                out += _column(table.get("durations"), len(some), base)
            else:
                out += _column(table, len(some), base, of=lambda cell: cell["time"])
        return np.array(out) / 60.0

    return ask


def _chunks(count: int, most: int) -> Iterator[range]:
    for start in range(0, count, most):
        yield range(start, min(start + most, count))


def _column(rows: Any, count: int, base: str, of: Callable[[Any], Any] = lambda cell: cell) -> list[float]:
    """The one column of a table of seconds, `of` a cell; null is no road. A time below zero, or none, is refused."""
    try:
        cells = [of(row[0]) for row in rows]
    except (TypeError, IndexError, KeyError):
        cells = []
    if len(cells) != count or not all(cell is None or _is_time(cell) for cell in cells):
        raise _refused(base, "its answer is not a table of durations")
    return [float("inf") if cell is None else float(cell) for cell in cells]


def _is_time(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and 0.0 <= cell < float("inf")


def _sent(request: urllib.request.Request, base: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(request, timeout=_WAIT_SECONDS) as answer:
            read = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(base, f"HTTP {error.code} {_said(error.read())}".strip()) from None
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise BadInput(
            f"no routing server answers at {base} ({reason})",
            "start it, mend the URL, give a matrix (--matrix), or leave --router out: minutes then come by rule",
        ) from None
    except ValueError:
        raise _refused(base, "its answer is not JSON") from None
    if not isinstance(read, dict):
        raise _refused(base, "its answer is not an object")
    return read


def _said(body: bytes) -> str:
    """What a server says of its refusal: OSRM in `message`, Valhalla in `error`."""
    try:
        read = json.loads(body)
        return str(read.get("message") or read.get("error") or "")
    except (ValueError, AttributeError):
        return ""


def _refused(base: str, why: str) -> BadInput:
    return BadInput(
        f"the routing server at {base} gave no table: {why}",
        "check that osrm-routed (`/table`) or valhalla_service (`/sources_to_targets`) runs there, and its size limits",
    )
