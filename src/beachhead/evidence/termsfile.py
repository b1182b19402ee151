"""Reads launch.toml: syntax, unknown keys with the nearest known one, and every value at its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from beachhead.evidence.checked import fault_of, unknown_key
from beachhead.evidence.terms import FILE, Terms
from beachhead.world.errors import Fault

_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_SECTION = re.compile(r"\s*\[\s*([A-Za-z0-9_.\s\"']+?)\s*\]")
_KEY = re.compile(r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")


def parse_terms(text: str) -> Terms | tuple[Fault, ...]:
    """The terms of the launch, or every fault in them."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return (_syntax(str(error), text),)
    except (ValueError, RecursionError):
        cure = "write plain keys, numbers and quoted text"
        return (Fault(file=FILE, problem="holds a value too large or too deep to read", cure=cure),)
    try:
        return Terms.model_validate(raw)
    except ValidationError as error:
        return _faults([dict(each) for each in error.errors()], text)


def _syntax(message: str, text: str) -> Fault:
    found = _POSITION.search(message)
    row = int(found[1]) if found and found[1] else max(1, len(text.splitlines()))
    lines = text.splitlines()
    written = lines[row - 1].strip() if row <= len(lines) else ""
    what = _POSITION.sub("", message)
    problem = f"is not valid TOML ({what[:1].lower()}{what[1:]})"
    cure = 'write `key = value`; text in "quotation marks", lists in [brackets], sections as [name]'
    return Fault(file=FILE, row=row, written=written, problem=problem, cure=cure)


def _faults(errors: list[dict[str, Any]], text: str) -> tuple[Fault, ...]:
    unknown = [_fault(error, text) for error in errors if error["type"] == "extra_forbidden"]
    others = [_fault(error, text) for error in errors if error["type"] != "extra_forbidden"]
    # One slip, one fault: what an unknown key is likely to mean is not reported as missing too.
    meant = {f"{fault.column}".rpartition(".")[0] + fault.cure for fault in unknown}
    return (*unknown, *(fault for fault in others if fault.written or _slip(fault) not in meant))


def _slip(fault: Fault) -> str:
    section, _, key = f"{fault.column}".rpartition(".")
    return f"{section}did you mean {key}?"


def _fault(error: Mapping[str, Any], text: str) -> Fault:
    where = tuple(str(part) for part in error["loc"] if isinstance(part, str))
    if error["type"] == "extra_forbidden":
        return unknown_key(error, tuple(_section(where[:-1]).model_fields), FILE, line_of(where, text))
    if error["type"] == "missing":
        problem, cure = "is missing", f"add it: {_meaning(where)}"
        return Fault(
            file=FILE,
            row=line_of(where[:-1], text) if where[1:] else None,
            column=".".join(where),
            problem=problem,
            cure=cure,
        )
    named = tuple(str((error.get("ctx") or {}).get("column") or ".".join(where)).split("."))
    return fault_of(error, FILE, line_of(named, text) or line_of(named[:-1], text), {})


def _section(where: tuple[str, ...]) -> type[BaseModel]:
    model: type[BaseModel] = Terms
    for name in where:
        inner = model.model_fields[name].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return model


def _meaning(where: tuple[str, ...]) -> str:
    return _section(where[:-1]).model_fields[where[-1]].description or ""


def line_of(where: tuple[str, ...], text: str) -> int | None:
    """The line on which a key or section stands, as far as a plain scan can tell."""
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if found := _SECTION.match(line):
            section = tuple(part.strip().strip("\"'") for part in found[1].split("."))
            if section == where:
                return number
        elif (found := _KEY.match(line)) and (*section, found[1]) == where:
            return number
    return None
