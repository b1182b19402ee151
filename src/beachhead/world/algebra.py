"""Rows of a linear programme as text, in the .lp form that solvers read; two rooms write programmes out so."""

from __future__ import annotations

from collections.abc import Iterable

_WIDTH = 110


def row_text(name: str, terms: Iterable[tuple[float, str]], ending: str = "", *, digits: int) -> list[str]:
    """`name: + 2 x - 3 y <= 4` in lines that fit a screen.

    Args:
        name: of the row.
        terms: coefficient and column.
        ending: sense and limit; nothing for an objective.
        digits: significant digits of a coefficient.
    """
    lines, line = [], f" {name}:"
    for part in (*(f"{'-' if value < 0 else '+'} {abs(value):.{digits}g} {column}" for value, column in terms), ending):
        if part and len(line) + len(part) >= _WIDTH:
            lines.append(line)
            line = "  "
        line += f" {part}" if part else ""
    return [*lines, line]
