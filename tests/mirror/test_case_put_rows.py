"""Rows put into a table of the launch: beside what stands there, and whoever else writes at the same time."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import beachhead
from beachhead.case.open import open_launch
from beachhead.case.put_rows import put_rows
from beachhead.evidence.tables.studies import StudyRow
from beachhead.world.errors import BadInput

STARTER = Path(beachhead.__file__).parent / "case/examples/starter"
SOURCE = {"PYTHONPATH": str(Path(beachhead.__file__).parents[1])}
COLUMNS = ("study", "market", "kind", "cars", "bias_sd", "source", "as_of", "grade")
WRITER = """
import sys
from beachhead.case.open import open_launch
from beachhead.case.put_rows import put_rows

launch, who = open_launch(sys.argv[1]), sys.argv[2]
said = {"market": "PT", "kind": "expert", "cars": "900", "bias_sd": "0.5", "source": "us", "as_of": "2026-01-05"}
print("ready", flush=True)
sys.stdin.readline()
for number in range(15):
    row = said | {"study": f"{who}-{number}", "grade": "C"}
    put_rows(launch, "studies.csv", tuple(row), [row], replaces=lambda there: there["study"] == row["study"])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STARTER, tmp_path / "launch", ignore=shutil.ignore_patterns("*.db*")))


def row(study: str) -> dict[str, str]:
    return dict(zip(COLUMNS, (study, "PT", "expert", "900", "0.5", "ours", "2026-01-05", "C"), strict=True))


def test_two_commands_at_once_lose_no_row_of_each_other(folder: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": os.environ | SOURCE}
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(folder), who], **pipes) for who in ("ann", "ben")]
    for writer in writers:
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    said = {each.study for each in open_launch(folder).folder.rows(StudyRow)}
    assert {f"{who}-{number}" for who in ("ann", "ben") for number in range(15)} <= said


def test_a_header_with_spaces_is_read_as_the_launch_reads_it(folder: Path) -> None:
    text = f"\n{', '.join(COLUMNS)}\n{','.join(row('ours').values())}\n{','.join(row('old').values())}\n"
    (folder / "studies.csv").write_text(text, encoding="utf-8")
    file = put_rows(
        open_launch(folder), "studies.csv", COLUMNS, [row("new")], replaces=lambda there: there["study"] == "old"
    )
    with file.open(encoding="utf-8", newline="") as handle:
        assert [each["study"] for each in csv.DictReader(handle)] == ["ours", "new"]
    assert len(open_launch(folder).folder.rows(StudyRow)) == 2


def test_a_table_spoilt_since_the_launch_was_opened_is_left_as_it_is(folder: Path) -> None:
    launch, file = open_launch(folder), folder / "studies.csv"
    file.write_text('study,market\n"half', encoding="utf-8")
    with pytest.raises(BadInput, match=r"studies\.csv:2: opens a quotation mark"):
        put_rows(launch, "studies.csv", COLUMNS, [row("new")], replaces=lambda _: False)
    assert file.read_text(encoding="utf-8") == 'study,market\n"half'
