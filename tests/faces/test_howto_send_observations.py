"""The how-tos show what the commands print; `python tests/faces/test_howto_send_observations.py` renews them."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs" / "howto" / f"{name}.md" for name in ("send-observations", "send-workshop-files")]
BLOCK = re.compile(r"```console\n(.*?)```", re.S)


def as_run(page: str, folder: Path) -> str:
    """The page with every console block replaced by what its commands print."""
    return BLOCK.sub(lambda block: f"```console\n{_ran(block[1], folder)}```", page)


def _ran(block: str, folder: Path) -> str:
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{_printed(command, folder)}" for command in commands)


def _printed(command: str, folder: Path) -> str:
    real = re.sub(r"^beachhead ", f"{sys.executable} -m beachhead ", command)
    fixed = {"BEACHHEAD_NOW": "2026-12-04T09:00:00+00:00", "BEACHHEAD_WHO": "Ann", "COLUMNS": "100", "NO_COLOR": "1"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **fixed}
    done = subprocess.run(real, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    told = "\n".join(line.rstrip() for line in done.stdout.splitlines()).rstrip()
    return f"{told}\n" if told else ""


@pytest.mark.full
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_how_to_shows_what_the_commands_print(page: Path, tmp_path: Path):
    said = page.read_text(encoding="utf-8")
    assert as_run(said, tmp_path) == said, "stale: python tests/faces/test_howto_send_observations.py"


if __name__ == "__main__":
    for page in PAGES:
        with tempfile.TemporaryDirectory() as made:
            page.write_text(as_run(page.read_text(encoding="utf-8"), Path(made)), encoding="utf-8")
