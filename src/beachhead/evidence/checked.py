"""From what pydantic refuses to faults in our words: place, what was written, what is wrong, the cure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from beachhead.evidence.cell import meant
from beachhead.evidence.row import Placed, R, Row, columns_of
from beachhead.evidence.textfile import MOST_FAULTS, Grid, Line, given_up
from beachhead.world.errors import Fault

_KINDS = {
    "string_type": ("is not text", "write it in quotation marks"),
    "float_type": ("is not a number", "write a bare number, without quotation marks"),
    "int_type": ("is not a whole number", "write a whole number, without quotation marks or decimals"),
    "int_from_float": ("is not a whole number", "write a whole number, without decimals"),
    "bool_type": ("is neither true nor false", "write true or false"),
    "finite_number": ("is not finite", "write a finite number, or leave the key out if unknown"),
    "tuple_type": ("is neither a number nor a list of numbers", "write 100 or [100, 200]"),
    "too_short": ("is an empty list", "write at least one number"),
    "too_long": ("has too many values", "write at most one value a quarter; the last holds on"),
    "model_type": ("is not a section", "write it as a section in square brackets with keys below"),
    "model_attributes_type": ("is not a section", "write it as a section in square brackets with keys below"),
    "is_instance_of": ("is not of the right kind", "write it as docs/reference/columns.md says"),
}


def checked_rows(grid: Grid, row: type[R], file: str) -> tuple[tuple[Placed[R], ...], tuple[Fault, ...]]:
    """The rows of a table that are right, and the faults of those that are not."""
    rows: list[Placed[R]] = []
    faults: list[Fault] = []
    for line in grid.lines:
        if len(line.cells) != len(grid.header):
            continue  # its raggedness is a fault already
        found = _row_faults(line, grid.header, row, file)
        if isinstance(found, Row):
            rows.append(Placed(line.number, found))
        else:
            faults += found
            if len(faults) > MOST_FAULTS:
                faults.append(given_up(line.number + 1, file))
                break
    return tuple(rows), tuple(faults)


def _row_faults(line: Line, header: Sequence[str], row: type[R], file: str) -> R | list[Fault]:
    cells = {name: cell for name, cell in zip(header, line.cells, strict=True) if cell}
    columns = columns_of(row)
    blank = [name for name, column in columns.items() if column.required and name not in cells]
    try:
        return row.model_validate(cells)
    except ValidationError as error:
        missing = [_blank(name, columns[name].meaning, line.number, file) for name in blank]
        return missing + [
            fault_of(dict(each), file, line.number, cells) for each in error.errors() if each["type"] != "missing"
        ]


def _blank(name: str, meaning: str, line: int, file: str) -> Fault:
    if name == "source":
        problem = "is blank: a fact needs a source"
        cure = "name publisher and title, or write the rule of the assumption with grade C"
    else:
        problem, cure = "is blank but required", f"write the {meaning}"
    return Fault(file=file, row=line, column=name, problem=problem, cure=cure)


def fault_of(error: Mapping[str, Any], file: str, line: int | None, cells: Mapping[str, Any]) -> Fault:
    """One fault from one pydantic error."""
    context = error.get("ctx") or {}
    # Positions inside a list are left out: the whole list is quoted.
    column = context.get("column") or ".".join(part for part in error["loc"] if isinstance(part, str))
    written = _quoted(cells.get(column, "") if context.get("column") else error.get("input", ""))
    if error["type"] == "cell":
        problem, cure = context["problem"], context["cure"]
    else:
        cure = "write it as docs/reference/columns.md says"
        problem, cure = _KINDS.get(error["type"], (f"is not valid ({error['msg']})", cure))
    return Fault(file=file, row=line, column=column or None, written=written, problem=problem, cure=cure)


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        return value[:200]
    return "" if isinstance(value, dict | BaseModel) else repr(value)[:200]


def unknown_key(error: Mapping[str, Any], known: Sequence[str], file: str, line: int | None) -> Fault:
    """A key that no section of launch.toml has."""
    key = str(error["loc"][-1])
    cure = meant(key, tuple(known), f"delete it; known here are {', '.join(known)}")
    column = ".".join(str(part) for part in error["loc"])
    return Fault(file=file, row=line, column=column, written=key, problem="is not a key", cure=cure)
