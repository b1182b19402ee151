"""Whoever is refused is told what to do: every refusal in the sources carries a cure."""

import ast
from pathlib import Path

import beachhead

KINDS = {"BadInput", "NotFeasible", "NotLearnt", "NotStored", "OutOfDate", "Unreachable", "NotFound"}


def refusals() -> list[tuple[str, ast.Call]]:
    found = []
    for file in sorted(Path(beachhead.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
                found.append((f"{file.name}:{node.lineno}", node))
    return found


def test_every_refusal_names_a_cure():
    made = refusals()
    assert len(made) > 300
    bare = [where for where, call in made if len(call.args) < 2 and not call.keywords]
    assert bare == []


def test_no_cure_is_a_bare_word_or_a_question():
    poor = []
    for where, call in refusals():
        cure = call.args[1] if len(call.args) > 1 else None
        if isinstance(cure, ast.Constant) and (str(cure.value).endswith("?") or len(str(cure.value).split()) < 2):
            poor.append((where, cure.value))
    assert poor == []
