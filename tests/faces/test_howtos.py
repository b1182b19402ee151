"""The how-tos show what their commands print; `python tests/faces/test_howtos.py` renews them."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOW = {
    "make-a-launch-folder": "2026-05-12T08:00Z",
    "price-a-pilot": "2027-04-05T09:00Z",
    "score-the-odds": "2027-07-05T09:00Z",
    "run-the-programme": "2026-05-12T08:00Z",
    "send-observations": "2026-11-04T09:00Z",
    "send-workshop-files": "2026-11-04T09:00Z",
}
"""When each page is run: after all the days in its files, and no later than a reader who types them."""

QUICK = {"make-a-launch-folder"}
BLOCK = re.compile(r"```console\n(.*?)```", re.S)


def as_run(page: str, folder: Path, now: str) -> str:
    """The page with every console block replaced by what its commands print."""
    return BLOCK.sub(lambda block: f"```console\n{_ran(block[1], folder, now)}```", page)


def _ran(block: str, folder: Path, now: str) -> str:
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{_printed(command, folder, now)}" for command in commands)


def _printed(command: str, folder: Path, now: str) -> str:
    real = re.sub(r"^beachhead ", f"{sys.executable} -m beachhead ", command)
    fixed = {"BEACHHEAD_NOW": now, "BEACHHEAD_WHO": "Ann", "COLUMNS": "100", "NO_COLOR": "1"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **fixed}
    done = subprocess.run(real, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    told = "\n".join(line.rstrip() for line in (done.stdout + done.stderr).splitlines()).rstrip()
    return f"{told}\n" if told else ""


def _path(page: str) -> Path:
    return ROOT / "docs" / "howto" / f"{page}.md"


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=() if page in QUICK else pytest.mark.full, id=page) for page in NOW]
)
def test_the_how_to_shows_what_the_commands_print(page: str, tmp_path: Path):
    said = _path(page).read_text(encoding="utf-8")
    assert as_run(said, tmp_path, NOW[page]) == said, "stale: python tests/faces/test_howtos.py"


def test_every_how_to_with_commands_and_answers_is_run():
    shown = {path.stem for path in _path("any").parent.glob("*.md") if "```console" in path.read_text(encoding="utf-8")}
    assert shown == set(NOW)


if __name__ == "__main__":
    for page in sys.argv[1:] or NOW:
        with tempfile.TemporaryDirectory() as made:
            told = as_run(_path(page).read_text(encoding="utf-8"), Path(made), NOW[page])
            _path(page).write_text(told, encoding="utf-8")
