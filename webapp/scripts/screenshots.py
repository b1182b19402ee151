"""Pictures of every page at three widths, in light and dark, into the ignored folder screenshots/: `make screenshots`.

python webapp/scripts/screenshots.py [--launch DIR] [--page NAME ...] [--width PIXELS ...] [--scheme light|dark]
                                      [--first-screen] [--out DIR]

Without --launch a fresh copy of the bundled launch `xiaomi` is planned, gets a first file of rows, and its rooms are
worked out (a few minutes), so that no page is empty. Needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from datetime import UTC, date, datetime
from pathlib import Path

from playwright.sync_api import sync_playwright

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import make_plan
from beachhead.case.rows.observe import observe
from beachhead.web.work import WORK

ROOT = Path(__file__).parents[2]
WIDTHS = (320, 1280, 2560)
TODAY = "2027-01-01"
ROOMS = {
    "programme": {},
    "aftersales": {},
    "targets": {"worlds": 24},
    "network": {"seconds": 10},
    "supply": {"draws": 8, "passes": 1},
}
ROWS = """batch,market,offer,channel,store,start,end,leads,test_drives,orders,deliveries,registrations,sold_out_on
first,NO,,importer,,2026-07-01,2026-07-31,310,120,18,9,9,
first,NO,,importer,,2026-08-01,2026-08-31,280,110,22,15,15,
first,NO,,importer,,2026-09-01,2026-09-30,260,90,25,22,20,2026-09-26
second,DE,,dealer,,2026-07-01,2026-09-30,900,240,41,33,30,
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--launch", type=Path, help="a planned launch; a fresh one is made without it")
    parser.add_argument("--page", action="append", help="such as overview, plan or markets/NO; all without it")
    parser.add_argument("--width", action="append", type=int, help="320, 1280 and 2560 without it")
    parser.add_argument("--scheme", action="append", choices=("light", "dark"), help="both without it")
    parser.add_argument("--first-screen", action="store_true", help="only what shows without scrolling")
    parser.add_argument("--out", type=Path, default=ROOT / "screenshots")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        launch = said.launch or _planned(Path(folder) / "launch")
        process, address = _served(launch)
        try:
            take(
                address, said.out, said.page, said.width or WIDTHS, said.scheme or ("light", "dark"), said.first_screen
            )
        finally:
            process.kill()
            process.wait()


def take(
    address: str, out: Path, pages: list[str] | None, widths: tuple[int, ...], schemes: tuple[str, ...], short: bool
) -> None:
    """One picture a page, width and scheme."""
    out.mkdir(exist_ok=True)
    chromium = next(path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name)))
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for scheme in schemes:
            for width in widths:
                size = {"width": width, "height": 900 if width < 2000 else 1440}
                context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
                context.set_default_timeout(120_000)
                tab = context.new_page()
                for page in pages if pages is not None else _pages(address):
                    tab.goto(f"{address}/{page.removeprefix('overview')}")
                    tab.wait_for_load_state("networkidle")
                    tab.locator("main [aria-busy]").first.wait_for(state="detached")
                    name = page.partition("?")[0].replace("/", "-")
                    tab.screenshot(path=out / f"{name}-{width}-{scheme}.png", full_page=not short)
                context.close()
        browser.close()
    print(f"{len(list(out.glob('*.png')))} pictures in {out}")


def _pages(address: str) -> list[str]:
    """Every page of the menu, and one market and one answer on compliance."""
    menu = json.loads(urllib.request.urlopen(f"{address}/api/v1/launch").read())["pages"]
    markets = json.loads(urllib.request.urlopen(f"{address}/api/v1/markets").read())["markets"]
    one = next((row["code"] for row in markets if row["code"] in ("NO", "DE")), markets[0]["code"])
    pages = [*menu, f"markets/{one}"]
    if "compliance" in menu:
        cells = json.loads(urllib.request.urlopen(f"{address}/api/v1/compliance").read())["cells"]
        pages.append(f"compliance/{one}/{cells[0]['offer']}")
    return pages


def _planned(root: Path) -> Path:
    new_launch(root, "xiaomi")
    launch, at = open_launch(root), datetime.now(UTC)
    sent = root.parent / "first.csv"
    sent.write_text(ROWS, encoding="utf-8")
    observe(launch.folder, launch.store, sent, who="screenshots", at=at, today=date.fromisoformat(TODAY))
    make_plan(open_launch(root), on=date.fromisoformat(TODAY), worlds=8, who="screenshots", at=at)
    for room, arguments in ROOMS.items():
        print(f"working out {room} ...", flush=True)
        WORK[room](root, {"on": TODAY, **arguments}, lambda done, total: None)
    return root


def _served(root: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "beachhead", "serve", str(root), "--port", str(port)]
    environment = {"BEACHHEAD_NOW": f"{TODAY}T12:00:00+00:00"} | os.environ | {"PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(1200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/launch").close()
            return process, f"http://127.0.0.1:{port}"
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
