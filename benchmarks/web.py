"""What the pages cost: bytes and seconds of the first load, reads while a plan runs, delay of a live update.

    python benchmarks/web.py [--quick] [--json]

Needs the extra `server`. The first load is what a browser asks for on the Overview page, compressed as it travels.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from websockets.sync.client import connect

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.planning import make_plan

READS = (
    "/api/v1/launch",
    "/api/v1/overview",
    "/api/v1/markets/NO",
    "/api/v1/plan",
    "/api/v1/decisions",
    "/api/v1/observations",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="end within a minute")
    parser.add_argument("--json", action="store_true", help="print one object of figures")
    parser.add_argument("--peers", action="store_true", help="no peers here; accepted for uniformity")
    arguments = parser.parse_args()
    figures = measure(rounds=5 if arguments.quick else 40)
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:32} {value:,.3f}" if isinstance(value, float) else f"{name:32} {value}")


def measure(rounds: int) -> dict[str, float | int]:
    from datetime import UTC, date, datetime

    with tempfile.TemporaryDirectory() as folder:
        root = new_launch(Path(folder) / "launch", "xiaomi")
        make_plan(open_launch(root), on=date(2027, 1, 1), worlds=4, who="benchmark", at=datetime.now(UTC))
        process, address = _served(root)
        try:
            files, load_bytes = _first_load(address)
            idle = _reads(address, rounds)
            _post(f"{address}/api/v1/jobs", {"kind": "plan", "arguments": {"worlds": 400 if rounds < 10 else 2000}})
            time.sleep(3)
            busy = _reads(address, rounds)
            return {
                "first_load_kilobytes": load_bytes / 1024,
                "first_load_files": files,
                "read_p50_ms_idle": 1000 * statistics.median(idle),
                "read_p95_ms_idle": 1000 * _p95(idle),
                "read_p50_ms_while_planning": 1000 * statistics.median(busy),
                "read_p95_ms_while_planning": 1000 * _p95(busy),
                "live_update_ms": 1000 * _live(address),
            }
        finally:
            process.kill()
            process.wait()


def _served(root: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "beachhead", "serve", str(root), "--port", str(port)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet, env=os.environ | {"BEACHHEAD_TODAY": "2027-01-01"})
    for _ in range(1200):
        try:
            _get(f"http://127.0.0.1:{port}/api/v1/launch")
            return process, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


def _get(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        body: bytes = answer.read()
        return body


def _post(url: str, body: object) -> None:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()


def _first_load(address: str) -> tuple[int, int]:
    """Files and bytes of the page, what it links to, and the two questions it asks."""
    page = _get(f"{address}/")
    html = (gzip.decompress(page) if page[:2] == b"\x1f\x8b" else page).decode()
    links = re.findall(r'(?:src|href)="(/[^"]+)"', html)
    bodies = [page, *(_get(address + link) for link in links), *(_get(address + path) for path in READS[:2])]
    return len(bodies), sum(map(len, bodies))


def _reads(address: str, rounds: int) -> list[float]:
    seconds = []
    for _ in range(rounds):
        for path in READS:
            start = time.perf_counter()
            _get(address + path)
            seconds.append(time.perf_counter() - start)
    return seconds


def _live(address: str) -> float:
    """From sending a row to the word of it in another tab, the write to disk included."""
    with connect(address.replace("http", "ws") + "/api/v1/live") as tab:
        tab.recv()
        tab.recv()
        row = "batch,market,offer,channel,store,start,end,orders\nb,NO,,dealer,,2026-08-01,2026-08-31,6\n"
        request = urllib.request.Request(f"{address}/api/v1/observations?name=x.csv", row.encode(), method="POST")
        urllib.request.urlopen(request).close()
        start = time.perf_counter()
        while json.loads(tab.recv(timeout=30))["topic"] != "launch":
            pass
        return time.perf_counter() - start


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * (len(seconds) - 1))]


if __name__ == "__main__":
    main()
