"""The folder changes under a plan, as when a colleague's edit is pulled: every page still answers, or says why not."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from beachhead.case.open import open_launch
from beachhead.case.plan.planning import newest_plan
from beachhead.web.app import create

PAGES = ("overview", "plan", "decisions", "markets/NO", "reading", "research", "targets", "supply", "compliance")


def term(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "launch.toml"
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))

    return change


def without(start: str, *files: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in files or ("markets", "prices", "economics", "facts"):
            file = folder / f"{name}.csv"
            rows = file.read_text().splitlines(keepends=True)
            file.write_text("".join(row for row in rows if not row.startswith(start)))

    return change


def planned_terms(folder: Path) -> str:
    return next(line for line in (folder / "launch.toml").read_text().splitlines() if line.startswith("quarters"))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda folder: term(planned_terms(folder), "quarters = 5")(folder), id="a shorter horizon"),
        pytest.param(term('start = "2027Q1"', 'start = "2027Q3"'), id="a later start"),
        pytest.param(without("PT,"), id="a market less"),
        pytest.param(without("NO,own_store", "economics"), id="a channel less"),
    ],
)
def test_every_page_answers_after_the_folder_changed_under_its_plan(planned_folder, tmp_path, monkeypatch, change):
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-05T12:00:00+00:00")
    folder = shutil.copytree(planned_folder, tmp_path / "launch")
    assert newest_plan(open_launch(folder))
    change(folder)
    with TestClient(create(folder), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        said = {page: client.get(f"/api/v1/{page}") for page in PAGES}
    broken = [page for page, answer in said.items() if answer.status_code >= 500]
    assert broken == []
    assert said["overview"].status_code == 200, said["overview"].text
    assert said["plan"].json()["is_stale"]
