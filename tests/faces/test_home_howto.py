"""The how-to of a driver's home shows what its commands print; `python tests/faces/test_home_howto.py` renews it."""

import os
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))  # when renewed by hand

from beachhead.cli.app import app  # noqa: E402
from beachhead.home.home_assistant import server_of  # noqa: E402
from beachhead.home.log import open_log  # noqa: E402
from beachhead.home.plan import pool_of  # noqa: E402
from beachhead.home.run import Clock, Running, run  # noqa: E402
from beachhead.home.setup import read_setup  # noqa: E402
from made_home import BATTERY, PLUG, POWER, TOKEN, MadeHome, Serving, made_week, pointed  # noqa: E402

PAGE = ROOT / "docs" / "howto" / "charge-at-home.md"
BLOCK = re.compile(r"```text\n(.*?)```", re.S)
EVENING = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
SHOWN = "http://homeassistant.local:8123"


def as_run(page: str, setenv: Callable[[str, str], None]) -> str:
    """The page with what its commands print, in a home where a car came at 17:40 and lacks 45 kWh."""
    made = made_week(EVENING, ZoneInfo("Europe/Berlin"), days=21)
    came, left = EVENING - timedelta(minutes=20), EVENING + timedelta(hours=13, minutes=10)
    made.trips = [trip for trip in made.trips if trip[1] < came.timestamp() - 3600]
    for entity in (PLUG, POWER):
        last = made.trips[-1][1]
        made.changes[entity] = [one for one in made.changes[entity] if one[0] <= last]
    made.trips.append((came.timestamp(), left.timestamp(), 45.0))
    made.now = came.timestamp() - 60
    made.advance(came.timestamp() + 60)
    made.say("switch.wallbox", "off")
    made.advance(EVENING.timestamp())
    made.say("switch.wallbox", "on")
    setenv("HASS_TOKEN", TOKEN)
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, Serving(made) as serving:
        os.chdir(folder)
        try:
            return BLOCK.sub(lambda block: f"```text\n{_printed(block[1], made, serving, setenv)}```", page)
        finally:
            os.chdir(before)


def _printed(block: str, made: MadeHome, serving: Serving, setenv: Callable[[str, str], None]) -> str:
    command = block.splitlines()[0].removeprefix("$ ")
    if " log " in command:
        _live_through_the_night(made)
    setenv("BEACHHEAD_NOW", datetime.fromtimestamp(made.now, UTC).isoformat())
    result = CliRunner().invoke(app, command.split()[1:], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    if " new " in command:
        pointed(Path("my-home"), serving.url, lines={"battery = ": f'battery = "{BATTERY}"'})
    told = "\n".join(line.rstrip() for line in result.output.replace(serving.url, SHOWN).splitlines()).rstrip()
    return f"$ {command}\n{told}\n"


def _live_through_the_night(made: MadeHome) -> None:
    setup, store = read_setup(Path("my-home")), open_log(Path("my-home"))
    home = Running(setup=setup, server=server_of(setup), store=store, pool=pool_of(store))
    morning = EVENING + timedelta(hours=13, minutes=40)

    def wait(seconds: float) -> bool:
        made.advance(min(made.now + max(seconds, 300.0), morning.timestamp()))
        return made.now >= morning.timestamp()

    run(home, Clock(now=lambda: datetime.fromtimestamp(made.now, UTC), wait=wait))


@pytest.mark.full
def test_the_how_to_of_a_home_shows_what_its_commands_print(monkeypatch: pytest.MonkeyPatch) -> None:
    said = PAGE.read_text(encoding="utf-8")
    assert as_run(said, monkeypatch.setenv) == said, "stale: python tests/faces/test_home_howto.py"


if __name__ == "__main__":
    told = as_run(PAGE.read_text(encoding="utf-8"), os.environ.__setitem__)
    PAGE.write_text(told, encoding="utf-8")
