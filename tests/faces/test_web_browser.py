"""The web app in a real browser: the whole loop by clicks, every page for everybody, nothing from outside."""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import make_plan
from web import keep_sites

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "src" / "beachhead" / "case" / "examples"
BUILT = ROOT / "src" / "beachhead" / "web" / "static" / "index.html"
AXE = ROOT / "webapp" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = (
    "",
    "markets",
    "markets/NO",
    "plan",
    "pilots",
    "decisions",
    "compliance",
    "compliance/NO/TANG",
    "supply",
    "charging",
    "research",
    "report",
)

TOUCHED = "button, nav a, td a, th a, summary, select, input:not([type=radio], [type=checkbox])"
TOO_SMALL = f"""() => [...document.querySelectorAll({TOUCHED!r})]
  .filter((node) => node.offsetParent && Math.round(node.getBoundingClientRect().height) < 40)
  .map((node) => node.outerHTML.slice(0, 90))"""
"""What is touched by finger in a narrow window and too low for it; links within a sentence may be."""

NAMELESS = """() => [...document.querySelectorAll('table')].flatMap((table) => {
  const until = new Map();
  return [...table.querySelectorAll('tbody tr')].filter((row, at) => {
    const head = row.querySelector('th[scope=row], th[scope=rowgroup]');
    if (head) until.set(table, at + head.rowSpan);
    return (until.get(table) ?? 0) <= at;
  }).map((row) => row.innerHTML.slice(0, 90));
})"""
"""Rows of tables without a header of their own or of their group."""

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt-get install chromium)"),
    pytest.mark.skipif(not BUILT.is_file(), reason="the web app was not built (make does it)"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A server on a fresh copy of the bundled reading example, in the autumn of 2021."""
    folder = tmp_path_factory.mktemp("web") / "launch"
    shutil.copytree(EXAMPLES / "byd-norway-2021", folder)
    yield from _served(folder)


@pytest.fixture(scope="module")
def vacant(tmp_path_factory):
    """A server on an empty folder."""
    yield from _served(tmp_path_factory.mktemp("vacant"))


@pytest.fixture
def vacant_once(tmp_path):
    """A server on an empty folder, for one test."""
    yield from _served(tmp_path)


def _served(folder, port=None):
    """The address of a server on the folder, stopped when closed; on a port that was served before, if one is named."""
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port or 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "BEACHHEAD_NOW": "2021-11-01T12:00:00+00:00"}
    command = [sys.executable, "-m", "beachhead", "serve", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/api/v1/begin").close()
            break
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    try:
        yield address
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, request):
    """A tab that fails the test if anything but this machine is asked for, or a script fails."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(60_000)
    tab = context.new_page()
    wrong = []
    ours = ("http://127.0.0.1:", "data:")
    tab.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(ours) else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    yield tab
    context.close()
    assert wrong == []


def quarter_of_the_replay(**changes: str) -> str:
    """BYD's registrations in Norway in the third quarter of 2021, as somebody there would type them."""
    with (EXAMPLES / "byd-europe-2021" / "history" / "registrations.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["market"] == "NO" and "2021-07" <= row["start"] < "2021-10"]
    lines = [f"first,{row['market']},TANG,importer,,{row['start']},{row['end']},{row['registrations']}" for row in rows]
    text = "\n".join(["batch,market,offer,channel,store,start,end,registrations", *lines]) + "\n"
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def test_a_page_that_is_opened_asks_each_of_its_questions_once(page, server):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/" in request.url else None)
    page.goto(server)
    page.get_by_role("navigation", name="Pages").wait_for()
    page.wait_for_load_state("networkidle")
    assert f"{server}/api/v1/launch" in asked
    assert len(asked) == len(set(asked)), asked


def test_the_whole_loop_on_the_byd_replay_by_clicks(page, vacant, tmp_path):
    page.goto(vacant)
    page.get_by_text("BYD enters Europe").click()
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name="BYD enters Europe").first.wait_for()
    _plan(page, "Make a plan")
    assert "no plan can earn more than" in page.locator("main p").first.inner_text()

    _menu(page).get_by_role("link", name="Pilots").click()
    bad, good = tmp_path / "bad.csv", tmp_path / "third-quarter.csv"
    bad.write_text(quarter_of_the_replay(**{",61": ",-61", "2021-09-30": "2021-09-31"}), encoding="utf-8")
    good.write_text(quarter_of_the_replay(), encoding="utf-8")
    page.get_by_label("A file").set_input_files(bad)
    page.get_by_role("button", name="Send", exact=True).click()
    cells = page.locator("td.wrong")
    cells.first.wait_for()
    told = " ".join(cells.all_inner_texts())
    assert all(written in told for written in ("-61", "2021-09-31")), told
    assert "0 of 0 rows" in page.locator("main").inner_text(), "nothing may be stored while there are faults"
    page.get_by_label("A file").set_input_files(good)
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Norway: 100 cars in 61 days").wait_for()

    _menu(page).get_by_role("link", name="Decisions").click()
    _plan(page, "Plan again")
    page.reload()
    accept = page.get_by_role("button", name="Accept").first
    accept.wait_for()
    before = page.get_by_role("button", name="Accept").count()
    page.get_by_role("article").nth(1).get_by_label("because").fill("half a reason")
    accept.click()
    page.get_by_role("region", name="Ledger").wait_for()
    playwright.expect(page.get_by_role("article")).to_have_count(before - 1, timeout=60_000)

    due = page.get_by_role("article").first
    assert due.get_by_label("because").input_value() == "half a reason", "a decision elsewhere takes nothing typed here"
    due.get_by_label("because").fill("")
    due.get_by_label("override with").select_option("hold")
    assert due.get_by_role("button", name="Override").is_disabled(), "an override needs its reason"
    due.get_by_label("because").fill("no staff before summer")
    due.get_by_role("button", name="Override").click()
    page.get_by_text("no staff before summer").wait_for()
    assert "all as they were written" in page.locator("main p").first.inner_text()

    _menu(page).get_by_role("link", name="Report").click()
    page.get_by_text("launch memo").wait_for()
    page.get_by_text("1 Nov 2021 · state of the launch").wait_for()  # the server's day, not the browser's
    page.get_by_role("region", name="Timeline").wait_for()
    memo = page.pdf()
    assert memo.startswith(b"%PDF")
    assert len(memo) > 20_000
    assert b"/Subtype /Image" not in memo, "figures are vectors"
    record = page.request.get(f"{vacant}/api/v1/plan").json()["certificate"]["record"]
    assert record[:10] in page.locator("main").inner_text()
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 between its margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 688, "a column is cut off on paper"
    ink = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink')")
    assert ink.strip() == "#000", "paper is white"
    page.emulate_media(media="screen")
    _menu(page).get_by_role("link", name="Plan", exact=True).click()
    asked = page.locator("details li").first
    asked.wait_for(state="attached")
    assert not asked.is_visible()
    page.emulate_media(media="print")
    assert asked.bounding_box()["height"] > 8, "what is folded away on a screen nobody can open on paper"
    assert not page.get_by_role("heading", name="What if").is_visible(), "a heading with nothing below it"


@pytest.mark.full
def test_the_whole_loop_on_the_byd_replay_by_keyboard_alone(page, tmp_path):
    serving = _served(tmp_path)
    page.goto(next(serving))
    chosen = page.get_by_role("radio", checked=True)
    _reach(page, chosen)
    for _ in range(10):
        if "BYD enters Europe" in chosen.evaluate("radio => radio.closest('label').textContent"):
            break
        page.keyboard.press("ArrowDown")
    _press(page, page.get_by_role("button", name="Begin"))
    page.get_by_role("heading", name="BYD enters Europe").first.wait_for()

    worldwide = page.get_by_role("group", name="Map of markets by stage")
    _press(page, page.get_by_role("button", name="Europe", exact=True))
    _press(page, worldwide.get_by_role("link", name="Norway: "))
    page.get_by_role("heading", name="Norway").first.wait_for()
    _press(page, _menu(page).get_by_role("link", name="Plan", exact=True))
    _press(page, page.get_by_role("button", name="Make a plan"))
    page.get_by_role("heading", name="Timeline").wait_for(timeout=600_000)

    _press(page, _menu(page).get_by_role("link", name="Pilots"))
    pasted, send = page.get_by_label("Pasted rows"), page.get_by_role("button", name="Send", exact=True)
    _reach(page, pasted)
    page.keyboard.insert_text(quarter_of_the_replay(**{",61": ",-61"}))
    _press(page, send)
    page.locator("td.wrong").first.wait_for()
    assert "-61" in page.locator("td.wrong").first.inner_text()
    _reach(page, pasted)
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(quarter_of_the_replay())
    _press(page, send)
    page.get_by_text("Norway: 100 cars in 61 days").wait_for()

    _press(page, _menu(page).get_by_role("link", name="Decisions"))
    _press(page, page.get_by_role("button", name="Plan again"))
    page.get_by_role("button", name="planning").wait_for()
    page.get_by_role("button", name="Plan again").wait_for(timeout=600_000)
    page.reload()
    accept = page.get_by_role("button", name="Accept")
    accept.first.wait_for()
    before = accept.count()
    _press(page, accept.first)
    page.get_by_role("region", name="Ledger").wait_for()
    playwright.expect(page.get_by_role("article")).to_have_count(before - 1, timeout=60_000)
    playwright.expect(page.get_by_role("heading", name="Due now")).to_be_focused()  # the card went with its button
    due = page.get_by_role("article").first
    _reach(page, due.get_by_label("override with"))
    page.keyboard.type("hold")
    page.keyboard.press("Tab")
    page.keyboard.type("no staff before summer")
    _press(page, due.get_by_role("button", name="Override"))
    page.get_by_role("region", name="Ledger").get_by_text("no staff before summer").wait_for()

    _press(page, _menu(page).get_by_role("link", name="Report"))
    page.get_by_text("launch memo").wait_for()
    assert page.pdf().startswith(b"%PDF")
    serving.close()


def test_work_that_was_started_is_not_offered_again_before_the_socket_has_told_of_it(page, server):
    """Where the socket lagged, the button came back for a moment, and a plan on its way was taken for done."""

    def silent_about_jobs(socket):
        told = socket.connect_to_server()
        told.on_message(lambda message: None if json.loads(message)["topic"] == "jobs" else socket.send(message))

    page.route_web_socket(re.compile("/live$"), silent_about_jobs)
    page.goto(f"{server}/plan")
    button = page.locator("button", has_text=re.compile("^(Make a plan|Plan again|planning)"))
    with page.expect_response(re.compile("/api/v1/jobs$")) as answered:
        button.click()
    assert answered.value.ok
    page.wait_for_timeout(500)
    assert button.inner_text().startswith("planning")
    stopped = page.request.delete(f"{server}/api/v1/jobs/{answered.value.json()['id']}", headers={"Origin": server})
    assert stopped.json()["state"] == "cancelled"


def _job(**changes) -> str:
    """What the socket tells of one plan."""
    job = {"id": "a", "kind": "plan", "state": "running", "share_done": 0.5, "seconds_left": 60.0, "error": None}
    job |= {"is_compiling": False, "asked_at": "2021-11-01T12:00:00Z"} | changes
    return json.dumps({"topic": "jobs", "jobs": [job]})


def test_the_turns_of_long_work_are_told_once_and_its_seconds_are_not(page, server):
    """All of the bar was a live region: a reader of the screen heard every second that was left."""
    sockets = []
    page.route_web_socket(re.compile("/live$"), lambda socket: sockets.append(socket))
    page.goto(f"{server}/pilots")
    heard = page.locator("div.heard")
    heard.wait_for(state="attached")
    page.evaluate("""() => {
      window.heard = [];
      const told = document.querySelector("div.heard");
      new MutationObserver(() => window.heard.push(told.textContent))
        .observe(told, { childList: true, characterData: true, subtree: true });
    }""")
    turns = [{"state": "queued"}, {}, *({"is_compiling": here} for here in (True, False, True, False))]
    turns += [{"seconds_left": left} for left in (60.0, 59.0, 58.0)] + [{"state": "done"}]
    for turn in turns:
        sockets[-1].send(_job(**turn))
        page.wait_for_timeout(50)
    assert page.evaluate("window.heard") == [
        "Plan waits for its turn.",
        "Plan runs.",
        "Plan runs; it compiles first, once for this version.",
        "Plan is done.",
    ]
    assert page.locator("main [aria-live]").count() == 0


def test_what_begins_slowly_says_that_it_compiles(page, vacant_once):
    """A first run copied for a minute, by its button; copying takes a moment."""
    sockets = []
    page.route_web_socket(re.compile("/live$"), lambda socket: sockets.append(socket))
    page.route("**/api/v1/launch", lambda route: None if route.request.method == "POST" else route.continue_())
    page.goto(vacant_once)
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("copying, and reading what was copied").wait_for()
    sockets[-1].send(json.dumps({"topic": "compiling", "is_compiling": True}))
    page.get_by_text("copied; compiling, once for this version").wait_for()
    sockets[-1].send(json.dumps({"topic": "compiling", "is_compiling": False}))
    page.wait_for_timeout(100)
    assert page.get_by_text("copied; compiling").count() == 1, "between two kernels it is still that"


def test_a_refused_table_is_named_by_its_field_and_what_was_taken_away_leaves_the_keyboard_where_it_stood(page, server):
    page.goto(f"{server}/charging")
    sent = page.locator("section section").filter(has=page.get_by_role("heading", name="Electricity prices"))
    days = [
        f"2021-0{1 + day // 28}-{1 + day % 28:02d} {hour:02d}:00,{40 + hour}" for day in range(56) for hour in range(24)
    ]

    def send(rows):
        content = "\n".join(["time,NO1", *rows]).encode()
        sent.locator("input").set_input_files({"name": "p.csv", "mimeType": "text/csv", "buffer": content})
        sent.get_by_role("button", name="Send").click()

    send(days)
    kept = page.get_by_text("Hourly prices of 1 zone")
    kept.wait_for()
    send([days[0].replace("2021", "20x1"), *days[1:]])
    field = sent.locator("input")
    playwright.expect(field).to_have_attribute("aria-invalid", "true")
    assert "fault in the input" in page.locator(f"[id='{field.get_attribute('aria-describedby')}']").inner_text()
    assert kept.count() == 0, "what was kept before is no answer to what is refused now"
    _press(page, sent.get_by_role("button", name="Take away"))
    playwright.expect(page.get_by_role("heading", name="Electricity prices")).to_be_focused()


def _menu(page):
    """The links to all pages: a page may link to another in its own words too."""
    return page.get_by_role("navigation", name="Pages")


def _reach(page, target, most: int = 600) -> None:
    """Tab on until the target has the focus; the focus must be seen there."""
    target.wait_for()
    for _ in range(most):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{target} is not reached by {most} tabs")


def _press(page, target) -> None:
    _reach(page, target)
    page.keyboard.press("Enter")


def _plan(page, button: str) -> None:
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name="planning").wait_for()
    page.get_by_role("button", name="Plan again").wait_for(timeout=600_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_accessibility_violation_or_runs_over_a_narrow_window(browser, server, scheme):
    for width in (320, 1280):
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
        tab = context.new_page()
        for name in PAGES:
            tab.goto(f"{server}/{name}")
            tab.wait_for_load_state("networkidle")
            _examine(tab, f"/{name} at {width} in {scheme}")
        context.close()


def _examine(tab, where: str) -> None:
    """Nothing runs over the window, and axe finds nothing, with everything open that folds away."""
    tab.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1, f"{where} runs over the window by {wide} pixels"
    if tab.viewport_size["width"] < 640:
        assert tab.evaluate(TOO_SMALL) == [], f"{where} has what no finger meets"
    assert tab.evaluate(NAMELESS) == [], f"{where} has rows that nothing names"
    if AXE.is_file():
        tab.add_script_tag(path=str(AXE))
        found = tab.evaluate("axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html))")
        assert found == [], where


def test_forty_eight_markets_and_an_answer_with_all_its_reasons_open_are_for_everybody(browser, tmp_path):
    serving = _served(new_launch(tmp_path / "launch", "xiaomi"))
    address = next(serving)
    context = browser.new_context(viewport={"width": 320, "height": 800}, color_scheme="dark", bypass_csp=True)
    context.set_default_timeout(60_000)
    tab = context.new_page()
    for name in ("compliance", "compliance/DE/SU7-STD", "compliance/DE/none", "markets", "nowhere"):
        tab.goto(f"{address}/{name}")
        tab.wait_for_load_state("networkidle")
        _examine(tab, f"/{name}")
    context.close()
    serving.close()


def test_a_cell_of_the_matrix_opens_its_reasons_and_a_dossier_that_prints(page, server):
    page.goto(f"{server}/compliance?on=2021-11-01")
    page.get_by_role("link", name="in Norway").first.click()
    page.get_by_role("region", name="Requirements").first.get_by_text("reason").first.click()
    assert "Regulation" in page.locator("cite:visible").first.inner_text()
    box = page.get_by_role("img", name="missing").first
    assert box.is_visible()
    page.get_by_role("button", name="Print the dossier").wait_for()
    assert len(page.pdf()) > 20_000


def test_numbers_follow_the_reader_s_locale(browser, server):
    context = browser.new_context(locale="de-DE", timezone_id="America/Los_Angeles")
    tab = context.new_page()
    tab.goto(f"{server}/markets/NO")
    tab.get_by_text("BEV registrations").first.wait_for()
    assert re.search(r"\d\.\d{3}\b", tab.locator("dl").first.inner_text()), "thousands are parted by a point there"
    tab.get_by_role("region", name="Batches").wait_for()
    said = tab.locator("main").inner_text()
    assert not re.search(r"\d,\d{3}\b", said), "no number is left as it is written in English, in sentences neither"
    tab.goto(f"{server}/compliance/NO/TANG?on=2021-11-01")
    tab.get_by_text("On 01.11.2021, by the rules").wait_for()  # the same day west of Greenwich
    tab.goto(f"{server}/compliance?on=2021-11-01")
    tab.get_by_text("On 01.11.2021, cars may be sold").wait_for()  # in a sentence of the server as anywhere else
    context.close()


def test_the_first_tab_stop_skips_to_the_page_and_every_control_can_be_reached(page, server):
    page.goto(f"{server}/pilots")
    page.get_by_role("heading", name="Rows on record").wait_for()
    page.locator("body").evaluate("document.activeElement.blur()")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "skip to the page"
    wanted = page.locator("main :is(button:enabled, input:enabled, select:enabled, textarea:enabled, a[href])").count()
    reached = set()
    for _ in range(200):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "[...document.querySelectorAll('main :is(button:enabled, input:enabled, select:enabled, "
            "textarea:enabled, a[href])')].indexOf(document.activeElement)"
        )
        reached.add(here)
    assert set(range(wanted)) <= reached


def test_the_map_of_sites_shows_thousands_and_moves_by_keyboard(page, tmp_path_factory):
    root = new_launch(tmp_path_factory.mktemp("sites") / "launch", "byd-norway-2021")
    keep_sites(root, 3000)
    serving = _served(root)
    page.goto(f"{next(serving)}/network")
    sites = page.locator("canvas.sites")
    sites.wait_for()
    count = """canvas => {
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
      let found = 0;
      for (let k = 0; k < data.length; k += 4) found += data[k] === 230 && data[k + 1] === 159 && data[k + 2] === 0;
      return found;
    }"""
    page.wait_for_function("Number(document.querySelector('canvas.sites').dataset.frames) > 0")
    assert sites.evaluate(count) > 3000, "an empty map draws fast too"
    before = sites.evaluate("canvas => canvas.toDataURL()")
    sites.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    page.wait_for_timeout(200)
    assert sites.evaluate("canvas => canvas.toDataURL()") != before
    assert sites.evaluate(count) > 0
    serving.close()


def test_a_site_that_closes_has_a_mark_of_its_own_and_its_quarter_in_words(page, server):
    answer = {"room": "network", "made_at": "2021-10-01T09:00:00Z", "on": "2021-10-01", "record": "0" * 64}
    answer |= {"sentences": [], "tables": [], "swings": []}
    points = {"lon": [10.7, 5.3, 10.4], "lat": [59.9, 60.4, 63.4], "stands": [False, True, True], "people": [1, 1, 0]}
    points |= {"name": ["Oslo", "Bergen", "Trondheim"], "closes": ["", "", "Trondheim (Norway) after 2028Q3"]}
    page.route("**/api/v1/rooms/network", lambda route: route.fulfill(json=answer | {"points": points}))
    page.goto(f"{server}/network")
    signs = page.get_by_role("list", name="Signs").get_by_role("listitem")
    signs.first.wait_for()
    assert signs.all_inner_texts() == [
        "● new (1)",
        "■ stands already (1)",
        "✕ closes (1): Trondheim (Norway) after 2028Q3",
    ]
    sites = page.locator("canvas.sites")
    assert "1 new (round), 1 standing (square), 1 closing (cross)" in sites.get_attribute("aria-label")
    page.wait_for_function("Number(document.querySelector('canvas.sites').dataset.frames) > 0")
    exited = """canvas => {
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let found = 0;
      for (let k = 0; k < data.length; k += 4) found += data[k] === 122 && data[k + 1] === 59 && data[k + 2] === 94;
      return found;
    }"""
    assert sites.evaluate(exited) > 3


def test_a_table_of_a_room_names_its_rows_and_rounds_as_the_command_line_does(page, server):
    answer = {"room": "aftersales", "made_at": "2021-10-01T09:00:00Z", "on": "2021-10-01", "record": "0" * 64}
    units = {"market": "text", "stays": "share", "odds": "odds", "lost": "cars"}
    columns = [{"name": name, "unit": unit} for name, unit in units.items()]
    table = {"title": "Gates", "caption": "", "columns": columns, "rows": [["Norway", 17 / 40, 1.0, -0.4]]}
    answer |= {"stale": "Reports have come in.", "sentences": [], "tables": [table], "swings": [], "points": None}
    page.route("**/api/v1/rooms/aftersales", lambda route: route.fulfill(json=answer))
    page.goto(f"{server}/aftersales")
    page.get_by_text("Reports have come in.").wait_for()
    row = page.get_by_role("region", name="Gates").get_by_role("row").nth(1)
    assert row.get_by_role("rowheader").inner_text() == "Norway"
    told = [cell.replace("\u00a0", " ") for cell in row.get_by_role("cell").all_inner_texts()]
    assert told == ["42 %", ">99 %", "0"], "17 of 40 is 42 % there too; odds counted from draws are never certain"


def test_the_memo_of_a_plan_that_does_nothing_now_says_so_and_shows_no_empty_table(page, server):
    certificate = {"value": 1.0e6, "value_se": 1.0e4, "bound": 2.0e6, "method": "a bound", "share_of_bound": 0.5}
    certificate |= {"record": "0" * 64, "sentence": "Expected value EUR 1.00 M."}
    plan = {"made_at": "2021-10-01T09:00:00Z", "certificate": certificate, "objective": None, "steps": []}
    plan |= {"markets": [{"code": "NO", "name": "Norway", "action": "wait", "stage": "out"}]}
    held = "Tasks hold up pilots in Norway until 2022Q2; it hangs on approval of the type."
    page.route("**/api/v1/plan", lambda route: route.fulfill(json=plan | {"notes": [held]}))
    page.goto(f"{server}/report")
    page.get_by_text("hold everywhere").wait_for()
    assert page.get_by_role("region", name="What happens now").count() == 0
    assert page.get_by_role("listitem").filter(has_text=held).is_visible(), "what holds a plan up is part of it"


def test_the_network_is_worked_out_again_with_what_the_form_says(page, server):
    answer = {"room": "network", "made_at": "2021-10-01T09:00:00Z", "on": "2021-10-01", "record": "0" * 64}
    answer |= {"asked": {"minutes": 60, "count": 7}, "stale": "", "sentences": ["7 new sites."], "tables": []}
    page.route("**/api/v1/rooms/network", lambda route: route.fulfill(json=answer | {"swings": [], "points": None}))
    page.route("**/api/v1/jobs", lambda route: route.fulfill(status=202, json={}))
    page.goto(f"{server}/network")
    minutes = page.get_by_label("minutes by road")
    assert minutes.input_value() == "60", "the form says what the answer below was worked out with"
    minutes.fill("30")
    page.get_by_label("work at most").fill("9")
    _menu(page).get_by_role("link", name="Plan", exact=True).click()
    page.get_by_role("heading", name="Plan", exact=True).wait_for()
    page.get_by_role("link", name="Network", exact=True).click()
    assert minutes.input_value() == "30", "what was typed is still there after a look at another page"
    with page.expect_request(lambda asked: asked.method == "POST" and asked.url.endswith("/jobs")) as sent:
        page.get_by_role("button", name="Work it out").click()
    assert sent.value.post_data_json == {"kind": "network", "arguments": {"minutes": 30, "count": 7, "work": 9}}


def test_a_target_is_raised_by_clicks_and_its_odds_are_shown_afterwards(page, tmp_path):
    root = new_launch(tmp_path / "launch", "byd-norway-2021")
    head = "code,name,kind,scope,amount,by,after,raise_share,raise_quarters,source,as_of,grade\n"
    row = "some,a hundred cars abroad,cars_in_total,abroad,100,2022Q4,,0.5,0,made up,2021-06-30,C\n"
    (root / "targets.csv").write_text(head + row)
    make_plan(open_launch(root), on=date(2021, 11, 1), worlds=2, who="ana", at=datetime(2021, 11, 1, 12, tzinfo=UTC))
    for address in _served(root):
        page.goto(f"{address}/targets")
        page.get_by_text("The odds of the targets have not been worked out yet.").wait_for()
        button = page.get_by_role("button", name="Raise", exact=True)
        page.get_by_label("target", exact=True).select_option("some")
        page.get_by_text("next by its rule 150 by 2022Q4").wait_for()
        assert button.is_disabled(), "no record shows it to be met: it takes a reason"
        page.get_by_label("because").fill("the registry lists 140 cars")
        button.click()
        page.get_by_text("Next: a hundred cars abroad, raised to 150, by 2022Q4.").wait_for()
        odds = page.get_by_role("table").first
        odds.get_by_role("row").filter(has_text="raised to 150").wait_for()
        assert odds.get_by_role("row").filter(has_text="met").count() == 1


def test_what_was_typed_is_kept_and_sent_under_the_same_key_when_the_answer_was_lost(page, server):
    page.goto(f"{server}/pilots")
    page.get_by_label("Pasted rows").fill(quarter_of_the_replay())
    keys = []

    def lose_the_first_answer(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # it reached the server; the answer never came back
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/observations?*", lose_the_first_answer)
    page.get_by_role("button", name="Check only").click()
    page.get_by_text("the server did not answer").wait_for()
    page.get_by_role("button", name="Check only").click()
    page.get_by_text("pasted.csv would bring").wait_for()
    assert keys[0] == keys[1], "what may have been carried out is asked for again, not done again"


@pytest.mark.full
def test_work_that_a_server_lost_is_told_and_a_page_that_cannot_be_loaded_says_so(page, tmp_path):
    root = new_launch(tmp_path / "launch", "byd-norway-2021")
    serving = _served(root)
    address = next(serving)
    page.goto(f"{address}/network")
    page.get_by_role("button", name="Work it out").click()
    page.get_by_role("button", name="stop: Network").wait_for()
    serving.close()
    page.get_by_text("not connected; trying again").wait_for()
    page.get_by_role("link", name="Research").click()
    page.get_by_role("alert").get_by_text("could not be loaded").wait_for()  # its script never came
    page.go_back()
    serving = _served(root, int(address.rsplit(":", 1)[1]))
    next(serving)
    page.get_by_text("Network: the server was stopped before this was finished").wait_for()
    page.get_by_role("button", name="put away: Network").click()
    page.get_by_role("button", name="Work it out").wait_for()
    serving.close()


def test_the_map_is_reached_and_opened_by_keyboard(page, server):
    page.goto(server)
    norway = page.get_by_role("link", name="Norway: ")
    norway.first.wait_for()
    norway.first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Norway").wait_for()
    assert page.url.endswith("/markets/NO")


def test_what_somebody_typed_is_not_lost_when_another_tab_decides_first(browser, tmp_path):
    folder = new_launch(tmp_path / "launch", "starter")
    make_plan(open_launch(folder), on=date(2027, 1, 5), worlds=2, who="ana", at=datetime(2021, 11, 1, tzinfo=UTC))
    with closing(_served(folder)) as served:
        address = next(served)
        tabs = [browser.new_context(viewport={"width": 1280, "height": 900}).new_page() for _ in range(2)]
        for tab in tabs:
            tab.goto(f"{address}/decisions")
        norway = [tab.get_by_role("article", name="Norway") for tab in tabs]
        norway[1].get_by_label("override with").select_option("hold")
        norway[1].get_by_label("because").fill("the stores are full")
        norway[0].get_by_role("button", name="Accept").click()
        told = tabs[1].get_by_text("You had meant: hold, because the stores are full.")
        told.wait_for()  # before, card and words were gone without a word
        assert norway[1].count() == 0
        assert tabs[0].get_by_text("You had meant").count() == 0
        tabs[1].get_by_role("button", name="Understood").click()
        told.wait_for(state="detached")

        # Sweden: the second tab has not heard yet, its click is refused, and the card goes away with the answer
        tabs[1].route("**/api/v1/decisions", lambda route: _late(route, tabs[0], address))
        tabs[1].get_by_role("article", name="Sweden").get_by_role("button", name="Accept").click()
        tabs[1].get_by_text("came before you").wait_for()
        tabs[1].get_by_role("article", name="Sweden").wait_for(state="detached")
        assert tabs[1].get_by_text("came before you").count() == 1


OUT_OF_ITS_CELL = """() => [...document.querySelectorAll("td a, th a")].filter((link) => {
  const cell = link.closest("td, th").getBoundingClientRect();
  return link.offsetParent && link.getBoundingClientRect().right > cell.right + 1;
}).map((link) => link.textContent)"""


def test_a_very_long_name_stays_in_its_cell_in_a_narrow_window(browser, tmp_path):
    folder = new_launch(tmp_path / "launch", "starter")
    markets = folder / "markets.csv"
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsland"
    markets.write_text(markets.read_text(encoding="utf-8").replace(",Norway,", f",{word},"), encoding="utf-8")
    make_plan(open_launch(folder), on=date(2027, 1, 5), worlds=2, who="ana", at=datetime(2021, 11, 1, tzinfo=UTC))
    with closing(_served(folder)) as served:
        address = next(served)
        tab = browser.new_context(viewport={"width": 420, "height": 900}).new_page()
        for name in ("markets", "plan", "compliance"):
            tab.goto(f"{address}/{name}")
            tab.locator("td a, th a").get_by_text(word).first.wait_for()
            assert tab.evaluate(OUT_OF_ITS_CELL) == []


def _late(route, other, address):
    """Lets the other tab decide before what this one sends is sent."""
    if route.request.method == "POST":
        sent = route.request.post_data_json
        assert other.request.post(f"{address}/api/v1/decisions", data=sent, headers={"Origin": address}).status == 201
    route.continue_()


def test_after_a_launchs_end_a_page_says_so_once_and_the_menu_shows_where_one_is(browser, tmp_path):
    """Research said so twice, once as a fault; in a narrow window the link to the page was out of sight."""
    with closing(_served(shutil.copytree(EXAMPLES / "tesla-norway", tmp_path / "launch"))) as served:
        address = next(served)
        page = browser.new_page(viewport={"width": 420, "height": 900})
        page.goto(f"{address}/research")
        page.get_by_text("No decision is left that knowing more could change.").wait_for()
        assert page.get_by_text("is over").count() == 1
        assert page.get_by_role("alert").count() == 0
        here = page.locator('nav [aria-current="page"]').bounding_box()
        assert here["x"] >= 0
        assert here["x"] + here["width"] <= 420
        page.goto(f"{address}/markets/NO")
        page.get_by_role("heading", name="Facts").wait_for()
        assert page.get_by_text("is over").count() == 1
        page.close()


def test_figures_of_a_plan_of_an_earlier_quarter_are_said_to_be_that_plans(browser, tmp_path):
    """The sentence spoke of the odds at the last plan, the figure beside it of the odds by now, and neither said so."""
    folder = shutil.copytree(EXAMPLES / "byd-norway-2021", tmp_path / "launch")
    make_plan(open_launch(folder), on=date(2021, 7, 1), worlds=2, who="ana", at=datetime(2021, 7, 1, tzinfo=UTC))
    with closing(_served(folder)) as served:
        address = next(served)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/markets/NO")
        page.get_by_text("by the plan of 2021Q3:").wait_for()
        assert page.get_by_text("through the best channel, as the plan of 2021Q3 has it").count() == 1
        page.goto(address)
        page.get_by_role("button", name="plan of 2021Q3").wait_for()
        page.goto(f"{address}/plan")
        first = page.get_by_role("region", name="Timeline").locator("thead th").nth(1)
        first.wait_for()
        assert first.inner_text() == "21Q3"
        page.close()


GO = "to => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }"


def test_an_answer_is_never_shown_under_the_address_of_another_question(page, server):
    """Norway stood under the address of a market that there is none of, and, while Sweden was read, under Sweden's."""
    held = []
    page.route("**/api/v1/markets/SE", lambda route: held.append(route))
    page.goto(f"{server}/markets/NO")
    page.get_by_role("heading", name="Norway").wait_for()
    page.evaluate(GO, "/markets/SE")
    page.get_by_role("heading", name="SE", exact=True).wait_for()
    page.wait_for_function("() => document.querySelector('main [aria-busy]')")
    assert page.get_by_role("heading", name="Norway").count() == 0
    held[-1].continue_()
    page.get_by_role("heading", name="Sweden").wait_for()
    page.evaluate(GO, "/markets/XX")
    page.get_by_role("alert").get_by_text("'XX' is not a market of this launch").wait_for()
    assert page.get_by_role("heading", name="Sweden").count() == 0

    page.goto(f"{server}/compliance?on=2021-12-01")
    page.get_by_text("On 1 Dec 2021, cars may be sold").wait_for()
    page.evaluate(GO, "/compliance?on=1500-01-01")
    page.get_by_role("alert").wait_for()
    assert page.get_by_text("On 1 Dec 2021").count() == 0


def test_no_day_is_asked_about_before_its_year_is_typed_to_the_end(page, server):
    """Each figure of the year asked for the rules of the years 2, 20 and 202, and was refused in silence."""
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/compliance?" in request.url else None)
    page.goto(f"{server}/compliance")
    page.get_by_label("on the day").focus()
    page.keyboard.type("03032022")  # whichever of day and month comes first
    page.get_by_text("On 3 Mar 2022, cars may be sold").wait_for()
    assert page.evaluate("document.activeElement.id") == "on"
    assert [url for url in asked if "on=0" in url] == []
    page.get_by_role("navigation").get_by_role("link", name="Compliance").click()
    page.get_by_text("On 1 Nov 2021, cars may be sold").wait_for()
    assert page.get_by_label("on the day").input_value() == "2021-11-01"


def test_a_folder_that_cannot_be_read_any_more_says_so_above_what_was_shown_before(page, tmp_path):
    """Whoever mistyped in an editor beside the page came back to the old figures and no word."""
    folder = shutil.copytree(EXAMPLES / "byd-norway-2021", tmp_path / "launch")
    markets = folder / "markets.csv"
    good = markets.read_text(encoding="utf-8")
    with closing(_served(folder)) as served:
        page.goto(f"{next(served)}/markets")
        page.get_by_role("rowheader", name="Norway").wait_for()
        markets.write_text(good.replace("96270", "many"), encoding="utf-8")
        page.evaluate("dispatchEvent(new Event('focus'))")
        told = page.get_by_role("alert").get_by_text("What is shown below is as it stood before: 1 fault")
        told.wait_for()
        assert page.get_by_role("alert").count() == 1
        assert page.get_by_role("rowheader", name="Norway").count() == 1
        page.get_by_role("navigation").get_by_role("link", name="Research").click()
        page.get_by_role("heading", name="Not to be shown").wait_for()
        told.wait_for(state="detached")  # nothing of before is shown there
        assert page.get_by_role("alert").count() == 1
        page.go_back()
        markets.write_text(good.replace("Norway", "Noreg"), encoding="utf-8")
        page.evaluate("dispatchEvent(new Event('focus'))")
        page.get_by_role("rowheader", name="Noreg").wait_for()
        assert page.get_by_role("alert").count() == 0


def test_the_page_of_a_market_says_what_the_plan_does_there_or_how_to_make_one(browser, tmp_path):
    """It said what a pilot costs and teaches, not that the plan pilots; and, unplanned, no more than that."""
    folder = new_launch(tmp_path / "launch", "starter")
    with closing(_served(folder)) as served:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{next(served)}/markets/NO")
        page.get_by_text("No plan yet: make one under Plan").wait_for()
        make_plan(open_launch(folder), on=date(2027, 1, 1), worlds=2, who="ana", at=datetime(2021, 11, 1, tzinfo=UTC))
        page.evaluate("dispatchEvent(new Event('focus'))")
        page.get_by_text(
            re.compile(r"^(by the plan of 2027Q1: )?(pilot \d+ through \w+|hold|scale through \w+); \S")
        ).wait_for()
        page.close()


def test_a_table_of_very_many_markets_shows_the_first_and_the_rest_on_asking(page, tmp_path):
    folder = new_launch(tmp_path / "launch", "starter")
    codes = re.findall(
        "..", "ATBEBGHRCYCZDKEEFIFRDEGRHUIEITLVLTLUMTNLPLROSKSIESGBCHISTRILAESATHMYIDSGJPKRAUNZCLMXBRCAZAEGMAINVNPH"
    )
    for name in ("markets", "economics", "prices"):
        table = folder / f"{name}.csv"
        lines = table.read_text(encoding="utf-8").splitlines()
        of_norway = [line for line in lines if line.startswith("NO,")]
        added = [line.replace("NO,Norway,", f"{code},Market {code},").replace("NO,", f"{code},", 1)
                 for code in codes for line in of_norway]  # fmt: skip
        table.write_text("\n".join([*lines, *added]) + "\n", encoding="utf-8")
    with closing(_served(folder)) as served:
        page.goto(f"{next(served)}/markets")
        rows = page.get_by_role("region", name="Table of markets").locator("tbody tr")
        page.get_by_role("button", name="Show all 54 markets").wait_for()
        assert rows.count() == 50
        page.get_by_role("button", name="Show all 54 markets").click()
        assert rows.count() == 54
        assert page.get_by_role("button", name="Show all").count() == 0
