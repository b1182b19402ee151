"""The driver's page: what it says, one tap, who may not tap, and how it looks in a real browser."""

import base64
import re
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from beachhead.charging.driver import Kind, made_driver
from beachhead.charging.habit import Pool, learn_pool
from beachhead.charging.record import day_hour
from beachhead.cli.app import app
from beachhead.home.decision import Decision, write_decision
from beachhead.home.decision import Kind as Why
from beachhead.home.home_assistant import server_of
from beachhead.home.learn import learn
from beachhead.home.leaving import tapped
from beachhead.home.log import open_log
from beachhead.home.run import Running, planned_now
from beachhead.home.serve import Desk, serve
from beachhead.home.setup import read_setup
from beachhead.world.errors import BadInput
from made_home import BATTERY, PLUG, TOKEN, MadeHome, Serving, folder_of, made_week

NOW = datetime(2026, 11, 19, 18, 30, tzinfo=UTC)
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def pool() -> Pool:
    return learn_pool([made_driver(kind, 50 + n, day_hour(date(2025, 1, 6)), 120) for kind in Kind for n in range(2)])


@dataclass
class Page:
    made: MadeHome
    home: Running
    url: str

    def ask(self, path: str = "/", body: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
        data = None if body is None else urlencode(body).encode()
        asked = urllib.request.Request(self.url + path, data=data, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=600) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    @property
    def token(self) -> str:
        found = re.search(r'name="token" value="([^"]+)"', self.ask()[1])
        assert found
        return found[1]


@pytest.fixture
def opened(pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Page]]:
    monkeypatch.setenv("HASS_TOKEN", TOKEN)
    servers: list[Any] = []

    def make(password: str = "") -> Page:
        made = made_week(NOW, ZoneInfo("Europe/Berlin"), days=16)
        serving = Serving(made)
        serving.__enter__()
        setup = read_setup(folder_of(tmp_path / "home", serving.url, lines={"battery = ": f'battery = "{BATTERY}"'}))
        home = Running(setup=setup, server=server_of(setup), store=open_log(setup.folder), pool=pool)
        learn(setup, home.server, home.store, NOW, days=15)
        server = serve(Desk(home, lambda: NOW), listen="127.0.0.1", port=0, password=password)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        servers.append((server, thread, serving))
        return Page(made, home, f"http://127.0.0.1:{server.server_port}")

    yield make
    for server, thread, serving in servers:
        server.shutdown()
        server.server_close()
        thread.join()
        serving.__exit__(None, None, None)


def test_the_page_says_the_plan_and_that_nobody_carries_it_out_until_it_is_run(opened: Callable[..., Page]) -> None:
    page = opened()
    code, text = page.ask()
    assert code == 200
    assert "<h1>Waits until Fri" in text
    assert "Nobody carries this out" in text
    assert "<script" not in text
    assert TOKEN not in text
    for kind, said in ((Why.PLANNED, ""), (Why.MANUAL, "set by hand until the next plug-in")):
        write_decision(page.home.store, Decision(at=NOW - timedelta(minutes=2), kind=kind, charges=True, why="Told."))
        text = page.ask()[1]
        assert "Nobody carries this out" not in text
        assert said in text


def test_a_car_that_is_away_and_a_server_that_is_gone_are_said_plainly(opened: Callable[..., Page]) -> None:
    page = opened()
    page.made.mode = "busy"
    assert "There is no plan: " in page.ask()[1]
    page.made.mode = "fine"
    page.made.say(PLUG, "off")
    fresh = Desk(page.home, lambda: NOW).seen()
    assert fresh.planned is None
    assert fresh.said.startswith("The car is away")


def test_one_tap_is_in_the_log_and_the_next_plan_keeps_to_it(opened: Callable[..., Page]) -> None:
    page = opened()
    code, text = page.ask("/leaving", {"token": page.token, "at": "2026-11-20T06:00"})
    assert code == 200  # sent back to the page
    assert 'value="2026-11-20T06:00" aria-pressed="true"' in text or "Told: Friday 06:00." in text
    told = tapped(page.home.store)
    assert told is not None
    assert told.leaves == datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    assert "Leaves Fri 06:00, as told." in planned_now(page.home, NOW).sentences
    assert "Nothing is told" in page.ask("/leaving", {"token": page.token, "at": "forget"})[1]


def test_no_other_page_name_or_person_may_tap(opened: Callable[..., Page]) -> None:
    page = opened()
    tap = {"token": page.token, "at": "2026-11-20T06:00"}
    assert page.ask("/leaving", {**tap, "token": "guessed"})[0] == 403
    assert page.ask("/leaving", tap, Origin="http://evil.example")[0] == 403
    assert page.ask("/", None, Host="evil.example")[0] == 421
    assert page.ask("/etc/passwd")[0] == 404
    for wrong in ("tomorrow", "2020-01-01T06:00", "2027-11-20T06:00", "<b>"):
        assert page.ask("/leaving", {**tap, "at": wrong})[0] == 400
    assert page.ask("/leaving", {"at": "x" * 9000})[0] == 413
    assert tapped(page.home.store) is None


def test_beyond_this_machine_only_with_a_password(opened: Callable[..., Page]) -> None:
    page = opened(password="open sesame")
    assert page.ask()[0] == 401
    wrong, right = (base64.b64encode(f"ann:{word}".encode()).decode() for word in ("guess", "open sesame"))
    assert page.ask(Authorization=f"Basic {wrong}")[0] == 401
    assert page.ask(Authorization="Basic %%%")[0] == 401
    assert page.ask(Authorization=f"Basic {right}")[0] == 200
    with pytest.raises(BadInput, match="there is no password"):
        serve(Desk(page.home, lambda: NOW), listen="0.0.0.0", port=0, password="")


def test_a_departure_is_told_on_the_command_line_too(
    opened: Callable[..., Page], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened()
    monkeypatch.setenv("BEACHHEAD_NOW", NOW.isoformat())
    folder = str(page.home.setup.folder)
    said = CliRunner().invoke(app, ["home", "leaves", folder, "6:30"], catch_exceptions=False).output
    assert "Leaves Friday 20 November 06:30." in said
    assert "Leaves Fri 06:30, as told." in planned_now(page.home, NOW).sentences
    CliRunner().invoke(app, ["home", "leaves", folder, "forget"], catch_exceptions=False)
    assert "as told" not in " ".join(planned_now(page.home, NOW).sentences)
    with pytest.raises(BadInput, match="is not a time"):
        CliRunner().invoke(app, ["home", "leaves", folder, "soon"], catch_exceptions=False)


@pytest.mark.full
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)")
@pytest.mark.parametrize("width", [1200, 390])
def test_in_a_browser_the_page_fits_and_a_tap_is_one_click(opened: Callable[..., Page], width: int) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    page = opened()
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page(viewport={"width": width, "height": 900})
        complaints: list[str] = []
        shown.on("console", lambda message: complaints.append(message.text))
        shown.goto(page.url)
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        button = shown.get_by_role("button").first
        assert button.bounding_box()["height"] >= 44
        button.click()
        playwright.expect(shown.get_by_text("Told: Friday")).to_be_visible()
        assert shown.get_by_role("button", pressed=True).count() == 1
        assert complaints == []
        browser.close()
