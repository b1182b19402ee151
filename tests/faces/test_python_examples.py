"""The examples in the docstrings of `import beachhead as bh`, run as a reader would."""

import doctest
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import beachhead as bh
from beachhead.case.new import new_launch
from beachhead.world.errors import BadInput

MORE_TABLES = {"supply", "targets", "tasks"}
"""Verbs whose examples play the large bundled launch."""
NAMES = sorted(set(bh.__all__) - MORE_TABLES) + [pytest.param(n, marks=pytest.mark.full) for n in sorted(MORE_TABLES)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BEACHHEAD_NOW", "2027-01-05T09:00:00+00:00")
    return new_launch(tmp_path / "my-launch", "starter")


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_verb_runs_and_says_what_is_written(folder, name):
    verb = getattr(bh, name)
    (example,) = doctest.DocTestFinder(recurse=False).find(verb, name, globs={"bh": bh, "date": date})
    assert example.examples, f"bh.{name} shows no example"
    said = []
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    doctest.DocTestRunner(optionflags=flags).run(example, out=said.append, clear_globs=False)
    assert not said, "".join(said)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (lambda: bh.open(None), "None is not a folder"),
        (lambda: bh.open(3), "3 is not a folder"),
        (lambda: bh.new("other", example=None), "None is not a bundled launch"),
        (lambda: bh.plan("my-launch"), "'my-launch' is not an open launch"),
        (lambda: bh.plan(bh.open("my-launch"), worlds=2.5), "worlds=2.5 is not a whole number"),
        (lambda: bh.plan(bh.open("my-launch"), on="soon"), "'soon' is not a day"),
        (lambda: bh.design(bh.open("my-launch"), "NO", "many"), "batch='many' is not a whole number"),
        (lambda: bh.design(bh.open("my-launch"), "NO", 50, channel="shop"), "'shop' is not a channel"),
        (lambda: bh.observe(bh.open("my-launch"), None), "None is not a file"),
        (lambda: bh.summary(bh.open("my-launch"), 3), "int is no answer of a verb"),
    ],
)
def test_an_argument_of_another_kind_is_refused_with_its_cure(folder, asked, said):
    with pytest.raises(BadInput) as refused:
        asked()
    assert said in refused.value.message
    assert refused.value.hint


def test_an_answer_is_shown_in_a_line_and_said_in_words(folder):
    launch = bh.open("my-launch")
    read = bh.read(launch, on="2027-02-01")
    assert repr(launch).startswith("Launch(folder=Folder, store=")
    assert repr(read).startswith("Read(reading=Reading, moved=4 Moved, judgements=none, ")
    assert len(repr(read)) < 300
    assert bh.summary(launch, read).startswith("Nothing has been observed yet.")
