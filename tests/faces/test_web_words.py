"""What a page says to do can be done in a browser: no sentence or refusal names an option of the command line."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from beachhead.case.new import new_launch
from beachhead.launch.estimate import Estimate
from beachhead.rehearsal.rehearse import OURS
from beachhead.web.pages import rooms
from beachhead.web.wire.browser_words import in_browser
from beachhead.web.wire.refusal import refusal_of
from beachhead.world.errors import BadInput

SOURCES = Path(__file__).parents[2] / "src" / "beachhead"
ROOMS = [
    path
    for path in sorted(SOURCES.rglob("*.py"))
    if path.relative_to(SOURCES).parts[0] not in ("cli", "home", "web") and "fitted" not in path.parts
]


def spoken(path: Path) -> list[str]:
    """Every text of a module that names an option, docstrings aside; what is filled in is X."""
    source = path.read_text(encoding="utf-8")
    if "--" not in source:  # nine files in ten: to parse and walk them all costs every worker of a run seconds
        return []
    tree = ast.parse(source)
    docs = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    out = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            out.append("".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | inside:
            out.append(node.value)
    return [text for text in out if re.search(r"--[a-z]", text)]


@pytest.mark.parametrize("path", [path for path in ROOMS if spoken(path)], ids=lambda path: path.stem)
def test_no_text_of_a_room_names_an_option_in_a_browser(path):
    for text in spoken(path):
        said = in_browser(text)
        assert not re.search(r"--[a-z]|\(\)|  |`[^`]*X[^`]*--", said), (text, said)
        assert not re.search(r"`[^`]*” of the command line", said), ("half a command is none", text, said)


def test_a_refusal_says_where_to_click():
    error = refusal_of(BadInput("the override of NO gives no reason", 'add --because "..."'))["error"]
    assert error["hint"] == "say why in the field “because”"
    error = refusal_of(BadInput("no plan is on record yet", "run `beachhead plan /tmp/some launch`"))["error"]
    assert error["hint"] == "press “Plan again”, under Plan"
    assert in_browser("only 4 worlds: play 8 or more (--worlds).") == "only 4 worlds: Plan again plays more than 8."
    assert in_browser("ordinary -- with a dash") == "ordinary -- with a dash"


def test_a_rehearsal_in_too_few_worlds_names_its_own_button_which_then_plays_enough(tmp_path, monkeypatch):
    """It named the plan's button, and its own asked for the same two worlds again."""
    new_launch(tmp_path / "launch", "starter")
    kept = {}

    def keep(_launch, room, arguments, sentences, _tables, *, stood):
        kept.update(asked=arguments, said=" ".join(in_browser(line) for line in sentences))
        return {room: stood}

    def played(*_, worlds, **__):
        ours = {"policy": OURS, "scaled": 3, "scaled_bad": 1, "good_piloted": 0, "good_dropped": 0}
        outcome = SimpleNamespace(**ours, value=Estimate(mean=1e6, se=None, count=worlds))
        return SimpleNamespace(worlds=worlds, quarter="2027Q1", notes=(), outcomes=(outcome,))

    monkeypatch.setattr(rooms, "keep_answer", keep)
    monkeypatch.setattr(rooms, "rehearse_launch", played)
    monkeypatch.setattr(rooms, "_played", lambda _found: [])
    rooms.work_out("rehearsal")(tmp_path / "launch", {"worlds": 2, "on": "2027-01-04"}, lambda _done, _total: None)
    assert "2 worlds are too few to say how exactly this is known: “Work it out again” plays 24." in kept["said"]
    assert kept["asked"] == {"on": "2027-01-04"}
