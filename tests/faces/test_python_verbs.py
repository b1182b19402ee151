"""The verbs of `import beachhead as bh`, as a notebook calls them."""

import importlib
import inspect
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest

import beachhead as bh
from beachhead.case import verbs
from beachhead.world.errors import BadInput

ROOMS = sorted(path.parent.name for path in Path(bh.__file__).parent.glob("*/__init__.py"))


def test_every_verb_stays_a_verb_whatever_rooms_are_imported():
    for room in ROOMS:
        importlib.import_module(f"beachhead.{room}")
    for name in bh.__all__:
        for _ in range(2):
            verb = getattr(bh, name)
            assert inspect.isfunction(verb), f"bh.{name} is {verb!r}"
            assert verb.__module__ == ("beachhead.cli.summary" if name == "summary" else verbs.__name__)
            assert verb.__doc__
    assert sys.modules["beachhead.supply"].__name__ == "beachhead.supply"


def test_help_and_completion_list_every_verb():
    assert set(bh.__all__) <= set(dir(bh))
    told = pydoc.render_doc(bh, renderer=pydoc.plaintext)
    for name in bh.__all__:
        assert re.search(rf"^    {name}(\(| = )", told, re.MULTILINE), f"help(bh) says nothing of {name}"


def test_a_verb_is_found_after_its_namesake_among_the_rooms_was_imported_first():
    said = "import beachhead.supply.plan, beachhead as bh; print(bh.supply.__module__)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "beachhead.case.verbs"


def test_an_attribute_that_is_no_verb_is_told_as_python_does():
    with pytest.raises(AttributeError, match="has no attribute 'suply'"):
        bh.suply  # noqa: B018


def test_a_folder_that_is_none_is_refused_with_its_cure(tmp_path):
    with pytest.raises(BadInput) as refused:
        bh.open(tmp_path / "nowhere")
    assert "does not exist" in str(refused.value)


def test_a_rehearsal_in_no_world_is_refused(tmp_path):
    launch = bh.new(tmp_path / "mine")
    with pytest.raises(BadInput, match="a rehearsal cannot rest on 0 worlds"):
        bh.rehearse(launch, worlds=0)


def test_what_is_no_override_is_refused_with_its_cure(tmp_path):
    launch = bh.new(tmp_path / "mine")
    with pytest.raises(BadInput, match="is not an override"):
        bh.what_if(launch, ["economics.NO.own_store.capital=*2"])


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda launch: bh.rehearse(launch, worlds=8, families=["as_beleived"]), "'as_beleived' is no family"),
        (lambda launch: bh.rehearse(launch, worlds=8, families=[]), "in no family of worlds"),
        (lambda launch: bh.service(launch, draws=0), "cannot rest on draws=0"),
        (lambda launch: bh.supply(launch, draws=1), "cannot rest on draws=1"),
        (lambda launch: bh.site(launch, 3), "3 is not a question about sites"),
    ],
)
def test_an_argument_that_no_verb_can_take_is_refused_and_no_answer_made_of_nothing(tmp_path, ask, said):
    launch = bh.new(tmp_path / "mine", example="starter")
    with pytest.raises(BadInput, match=said):
        ask(launch)
