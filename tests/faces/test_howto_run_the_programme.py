"""The how-to shows what the commands print; `python tests/faces/test_howto_run_the_programme.py` renews it."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "run-the-programme.md"
SRC = Path(__file__).parents[2] / "src"
BLOCK = re.compile(r"```console\n(.*?)```", re.S)


def as_run(page: str, folder: Path) -> str:
    """The page with every console block replaced by what its commands print."""
    return BLOCK.sub(lambda block: f"```console\n{ran(block[1], folder)}```", page)


def ran(block: str, folder: Path) -> str:
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{shown(command, folder)}" for command in commands)


def shown(command: str, folder: Path) -> str:
    real = re.sub(r"^beachhead ", f"{sys.executable} -m beachhead ", command)
    env = {
        **os.environ,
        "PYTHONPATH": str(SRC),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "BEACHHEAD_NOW": "2026-05-12T08:00Z",
    }
    done = subprocess.run(real, shell=True, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return "".join(f"{line.rstrip()}\n" for line in (done.stdout + done.stderr).splitlines())


@pytest.mark.full
def test_the_how_to_shows_what_the_commands_print(tmp_path: Path):
    page = PAGE.read_text(encoding="utf-8")
    assert as_run(page, tmp_path) == page, "stale: python tests/faces/test_howto_run_the_programme.py"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(as_run(PAGE.read_text(encoding="utf-8"), Path(made)), encoding="utf-8")
