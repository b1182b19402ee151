"""`beachhead home` beside a made-up Home Assistant: the protocol, a server in trouble, and no token anywhere."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from beachhead.cli import home as home_face
from beachhead.cli.app import app
from beachhead.home.home_assistant import history_of, server_of, state_of
from beachhead.home.log import RUN_LOCK
from beachhead.home.setup import read_setup
from beachhead.store import last_delivery, open_store, reading
from beachhead.world.errors import BadInput, BeachheadError, NotStored, Unreachable
from made_home import (
    BATTERY,
    CURRENT,
    METER,
    PLUG,
    POWER,
    PRICE,
    SWITCH,
    TOKEN,
    MadeHome,
    Serving,
    folder_of,
    made_week,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 19, 18, 30, tzinfo=UTC)
TROUBLE = ("slow", "drip", "drip head", "drop", "half", "noise", "busy", "moved")


@pytest.fixture
def made() -> MadeHome:
    home = made_week(NOW, BERLIN, days=16)
    home.keep_days = 10
    return home


@pytest.fixture
def serving(made: MadeHome, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    monkeypatch.setenv("HASS_TOKEN", TOKEN)
    monkeypatch.setenv("BEACHHEAD_NOW", NOW.isoformat())
    with Serving(made) as serving:
        yield serving


@pytest.fixture
def folder(serving: Serving, tmp_path: Path) -> Path:
    lines = {"battery = ": f'battery = "{BATTERY}"', "timeout": "timeout_seconds = 60"}
    return folder_of(tmp_path / "home", serving.url, lines=lines)


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["home", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_check_reads_every_entity_and_finds_them_plausible(folder: Path) -> None:
    said = " ".join(run("check", str(folder)).split())
    assert "All 5 entities are there and plausible." in said
    assert "binary_sensor.wallbox_plug says on: the cable is in" in said
    assert "reads 50 %: 30.0 of 60 kWh" in said
    assert "tells 48 hours" in said
    assert "on record for 10 days; " in said  # and the server was asked for more
    assert json.loads(run("check", str(folder), "--json"))["sound"]


@pytest.mark.parametrize(
    ("entity", "text", "unit", "lines", "problem"),
    [
        (PLUG, "B2", None, {}, "means neither in nor out"),
        (POWER, "7320", "kW", {}, "is more than 14.3 kW"),
        (POWER, "42", "°C", {}, "is in °C"),
        (POWER, "broken", "W", {}, "is no number"),
        (BATTERY, "140", "%", {}, "is no charge of this battery"),
        (PRICE, "89.5", None, {}, "is more than 2 EUR/kWh"),
        (SWITCH, "auto", None, {}, "is neither on nor off"),
        (POWER, "unavailable", "W", {}, "has no value now"),
        (CURRENT, "16", "A", {"switch = ": "", "current = ": f'current = "{CURRENT}"'}, "cannot turn charging off"),
        (METER, "-900", "W", {"meter = ": f'meter = "{METER}"'}, "is below 0"),
        (METER, "400", "W", {"solar = ": 'solar = "sensor.roof"'}, "the server does not know it"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_with_its_cure(
    made: MadeHome, serving: Serving, tmp_path: Path, entity: str, text: str, unit: str | None, lines: dict[str, str],
    problem: str,
) -> None:  # fmt: skip
    made.say(entity, text)
    if unit is not None:
        made.attributes[entity] = {**made.attributes.get(entity, {}), "unit_of_measurement": unit}
    folder = folder_of(tmp_path / "h", serving.url, lines={"battery = ": f'battery = "{BATTERY}"'} | lines)
    result = CliRunner().invoke(app, ["home", "check", str(folder)])
    assert result.exit_code == 1
    assert problem in " ".join(result.output.split())
    assert "Cure: " in result.output


def test_a_time_zone_other_than_the_server_s_and_power_without_a_cable_are_named(
    made: MadeHome, serving: Serving, tmp_path: Path
) -> None:
    made.say(PLUG, "off")
    made.say(POWER, "7000")
    folder = folder_of(tmp_path / "h", serving.url, lines={"time_zone": 'time_zone = "Europe/London"'})
    said = " ".join(CliRunner().invoke(app, ["home", "check", str(folder)]).output.split())
    assert 'write time_zone = "Europe/Berlin"' in said
    assert "draws power while the cable is out" in said


def test_learning_says_what_it_learnt_and_a_second_time_changes_nothing(folder: Path) -> None:
    said = " ".join(run("learn", str(folder)).split())
    assert "sessions since 2026-11-1" in said
    assert "On working days you usually leave between" in said
    files = {path.name: path.read_bytes() for path in (folder / "learnt").iterdir()}
    store = open_store(folder)
    with reading(store) as work:
        before = last_delivery(work)
    assert "nothing new." in run("learn", str(folder))
    with reading(store) as work:
        assert last_delivery(work) == before
    assert {path.name: path.read_bytes() for path in (folder / "learnt").iterdir()} == files


def test_a_battery_that_cannot_hold_what_a_session_took_is_doubted_aloud(folder: Path) -> None:
    assert "battery_kwh" not in run("learn", str(folder)) + run("plan", str(folder))
    assert json.loads(run("learn", str(folder), "--json"))["warnings"] == []
    toml = folder / "home.toml"
    toml.write_text(toml.read_text().replace("battery_kwh = 60.0", "battery_kwh = 5.0"))
    said = " ".join(run("learn", str(folder)).split())
    assert "kWh, more than battery_kwh = 5 of home.toml can hold: plans count on" in said
    (warning,) = json.loads(run("learn", str(folder), "--json"))["warnings"]
    assert warning in said
    assert warning in json.loads(run("plan", str(folder), "--json"))["sentences"]


def test_what_the_server_forgets_stays_in_the_log(folder: Path, made: MadeHome) -> None:
    first = json.loads(run("learn", str(folder), "--json"))
    made.keep_days = 1
    again = json.loads(run("learn", str(folder), "--days", "10", "--json"))
    assert again["sessions"] == first["sessions"] > 4
    assert again["new_rows"] == 0


def test_history_is_asked_day_by_day_with_an_end(folder: Path, made: MadeHome) -> None:
    run("learn", str(folder))
    asked = [line for line in made.asked if "/api/history/period/" in line]
    assert len(asked) == 10
    assert all("end_time=" in line and "filter_entity_id=" in line and "minimal_response" in line for line in asked)


@pytest.mark.parametrize("mode", TROUBLE)
def test_a_server_in_trouble_is_an_error_in_plain_words_and_the_log_stays_as_it_was(
    mode: str, made: MadeHome, serving: Serving, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path / "h", serving.url, lines={"timeout": "timeout_seconds = 0.1"})
    made.mode = mode
    with pytest.raises(Unreachable) as caught:
        run("learn", str(folder))
    assert "127.0.0.1" in caught.value.message
    assert caught.value.hint
    assert TOKEN not in str(caught.value)
    with sqlite3.connect(folder / "beachhead.db") as log:
        assert log.execute("SELECT COUNT(*) FROM version").fetchone() == (0,)
    log.close()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"attributes": ["no table"]}, "not its API"),
        ({"attributes": {"unit_of_measurement": "\ud800"}}, "not its API"),
        ({"last_changed": "0001-01-01T00:00:00+14:00"}, "not its API"),
    ],
)
def test_a_state_that_cannot_be_is_said_plainly(
    folder: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, object], named: str
) -> None:
    state = MadeHome.state
    monkeypatch.setattr(MadeHome, "state", lambda made, entity: (state(made, entity) or {}) | wrong)
    for command in ("check", "learn", "plan"):
        with pytest.raises(Unreachable, match=named):
            run(command, str(folder))


def test_history_and_prices_of_impossible_days_are_refused_or_left_out(
    folder: Path, made: MadeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = made.told_prices() | {"far": [{"start": "0001-01-01T00:00:00+14:00", "value": 0.1}]}
    monkeypatch.setattr(MadeHome, "told_prices", lambda _: told)
    assert "sessions" in run("learn", str(folder))
    monkeypatch.setattr(MadeHome, "history", lambda *_: [{"entity_id": {}, "state": "on"}])
    assert "nothing new" in run("learn", str(folder))
    far = {"entity_id": PLUG, "state": "on", "last_changed": "0001-01-01T00:00:00+14:00"}
    monkeypatch.setattr(MadeHome, "history", lambda *_: [far])
    with pytest.raises(Unreachable, match="not its API"):
        run("learn", str(folder))
    with pytest.raises(BadInput, match="is not a time"):
        run("leaves", str(folder), "0001-01-01T00:00")


def test_no_server_a_wrong_token_and_no_token_are_told_apart(
    folder: Path, made: MadeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = folder_of(tmp_path / "off", "http://127.0.0.1:9", lines={"timeout": "timeout_seconds = 1"})
    with pytest.raises(Unreachable, match="gives no answer"):
        run("check", str(nobody))
    wrong = "wrong-token-value"
    monkeypatch.setenv("HASS_TOKEN", wrong)
    with pytest.raises(BadInput, match="refuses the token in HASS_TOKEN") as caught:
        run("check", str(folder))
    assert wrong not in str(caught.value)
    monkeypatch.setenv("HASS_TOKEN", "two\nlines")
    with pytest.raises(BadInput, match="is no token") as caught:
        run("check", str(folder))
    assert "lines" not in str(caught.value)
    monkeypatch.delenv("HASS_TOKEN")
    with pytest.raises(BadInput, match="holds no token"):
        run("check", str(folder))


def test_an_entity_that_is_gone_is_no_state_and_no_history(folder: Path, made: MadeHome) -> None:
    server = server_of(read_setup(folder))
    assert state_of(server, "sensor.nobody") is None
    begin = datetime(2026, 11, 18, tzinfo=UTC)
    assert history_of(server, ["sensor.nobody"], begin, NOW) == {"sensor.nobody": ()}
    del made.changes[SWITCH]
    with pytest.raises(BadInput, match=r"does not know switch = 'switch.wallbox'"):
        run("learn", str(folder))


def test_the_token_is_in_no_file_and_no_word(folder: Path, made: MadeHome) -> None:
    said = run("check", str(folder)) + run("learn", str(folder)) + run("learn", str(folder), "--json")
    made.mode = "busy"  # a server that repeats what it was sent
    with pytest.raises(BeachheadError) as caught:
        run("learn", str(folder))
    assert "***" in str(caught.value)
    assert TOKEN not in said + str(caught.value) + repr(server_of(read_setup(folder)))
    for path in folder.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()


HOLDER = """
import sys, time
from pathlib import Path
from beachhead.home.log import only_run

with only_run(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_charger_is_run_by_one_process_and_by_the_next_once_that_is_killed(folder: Path, made: MadeHome) -> None:
    made.say(PLUG, "on")
    run("learn", str(folder))
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    words = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        for more in ((), ("--once",), ("--dry-run",)):
            with pytest.raises(NotStored, match="is run already, by process"):
                run("run", str(folder), *more)
        assert run("log", str(folder))
        first.kill()
    assert "[sent" in run("run", str(folder), "--once")


def test_a_charger_is_run_where_no_lock_can_be_made(folder: Path, made: MadeHome) -> None:
    """Whatever fails, the car charges."""
    made.say(PLUG, "on")
    run("learn", str(folder))
    (folder / RUN_LOCK).mkdir()
    assert "[sent" in run("run", str(folder), "--once")


def test_a_run_begun_while_the_server_is_away_waits_for_it_and_once_is_refused(
    folder: Path, made: MadeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a power cut, where both machines begin at once and this one is ready first."""
    made.mode = "busy"
    with pytest.raises(Unreachable, match="503"):
        run("run", str(folder), "--once")
    begun: list[str] = []
    monkeypatch.setattr(home_face, "run_home", lambda *_, **__: begun.append("run"))
    said = " ".join(run("run", str(folder)).split())
    assert begun == ["run"]
    assert "503" in said
    assert "is asked until it answers" in said


@pytest.mark.full
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_told_to_end_leaves_the_car_charging(folder: Path, made: MadeHome, sign: signal.Signals) -> None:
    """A real process, told to stop while the car waits."""
    made.say(PLUG, "on")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "COLUMNS": "400"}
    words = [sys.executable, "-m", "beachhead", "home", "run", str(folder)]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if "Waits until" in line:
                break
        assert made.text(SWITCH) == "off"
        run.send_signal(sign)
        rest = run.stdout.read()
    assert run.returncode == 0
    assert "Beachhead was stopped" in rest
    assert made.text(SWITCH) == "on"
    assert TOKEN not in rest
