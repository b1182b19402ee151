"""How an answer reads where Python shows it: a line, not a screen of arrays.

The faces say answers in words; this only tells what an answer holds, so that a notebook stays readable.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import date
from enum import Enum
from typing import Any

MOST_LETTERS = 60
_PLAIN = (bool, int, float, date, type(None))


def brief(noun: Any) -> str:
    """A dataclass in a line: plain values as they are, records by their name, many things by their number."""
    parts = ", ".join(f"{field.name}={_held(getattr(noun, field.name))}" for field in dataclasses.fields(noun))
    return f"{type(noun).__name__}({parts})"


def _held(value: object) -> str:
    if isinstance(value, str):
        return repr(str(value) if len(value) <= MOST_LETTERS else f"{value[: MOST_LETTERS - 3]}...")
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, _PLAIN):
        return str(value)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):  # an array; a curve of wear has a shape of its own, a number
        return f"array{shape}"
    if isinstance(value, Collection):
        return _many(value)
    return type(value).__name__


def _many(held: Collection[object]) -> str:
    kinds = {type(item).__name__ for item in held}
    return f"{len(held)} {kinds.pop()}" if len(kinds) == 1 else str(len(held)) if held else "none"
