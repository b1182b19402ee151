"""YAML as plain values with the line of each, so that a fault can name the place. `NO` is Norway, not false."""

from __future__ import annotations

from datetime import date
from typing import Any

import yaml

from beachhead.world.errors import Fault

Path = tuple[str | int, ...]


class Tree:
    """Plain values of a YAML text, and the line on which each path begins."""

    def __init__(self) -> None:
        self.value: Any = None
        self.lines: dict[Path, int] = {}

    def line(self, path: Path) -> int:
        """Line of the path, or of the nearest part of it that was written."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse(name: str, text: str, faults: list[Fault]) -> Tree:
    """The values of a YAML text and the line of each; what is wrong with it is added to `faults`."""
    tree = Tree()
    try:
        node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = None if mark is None else mark.line + 1
        problem = str(getattr(error, "problem", None) or error)
        faults.append(Fault(file=name, row=row, problem=f"not YAML: {problem}", cure="mend the indentation or quoting"))
        return tree
    if node is not None:
        tree.value = _value(node, (), tree, name, faults, set())
    return tree


def _value(node: Any, path: Path, tree: Tree, name: str, faults: list[Fault], seen: set[int]) -> Any:
    line = node.start_mark.line + 1
    tree.lines[path] = line
    if id(node) in seen:
        faults.append(Fault(file=name, row=line, problem="repeats another entry by alias", cure="write it out"))
        return None
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, index), tree, name, faults, seen) for index, item in enumerate(node.value)]
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in mapping:
            faults.append(
                Fault(
                    file=name,
                    row=key_node.start_mark.line + 1,
                    column=key,
                    problem="is written twice in one entry",
                    cure="keep one of them",
                )
            )
        mapping[key] = _value(value_node, (*path, key), tree, name, faults, seen)
        tree.lines[(*path, key)] = key_node.start_mark.line + 1
    return mapping


def _scalar(node: Any) -> Any:
    """A scalar as people mean it: NO is Norway, 03 is a series, 2026-11-29 is a day."""
    tag, text = node.tag.rpartition(":")[2], node.value
    if tag == "null":
        return None
    if tag == "bool" and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if tag == "int" and (text == "0" or not text.lstrip("+-").startswith("0")):
        try:
            return int(text.replace("_", ""))
        except ValueError:
            return text
    if tag == "float":
        try:
            return float(text.replace("_", ""))
        except ValueError:
            return text
    if tag == "timestamp":
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text
