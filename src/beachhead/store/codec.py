"""One codec: nouns to canonical JSON text and back, exactly.

The declared types of a frozen dataclass say how each field is written, so equal nouns give equal text, and equal text
one digest. Floats are written in their shortest form that reads back to the same bits (David Gay's, as Python's
`repr`); arrays as dtype, shape and base64 of their little-endian bytes in C order; instants in UTC.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import math
import operator
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import numpy as np

N = TypeVar("N")


def encode(noun: object) -> str:
    """Canonical JSON text of a dataclass: sorted keys, no spaces, the same on every machine."""
    if not dataclasses.is_dataclass(noun) or isinstance(noun, type):
        raise TypeError(f"only dataclasses are recorded, not {type(noun).__name__}")
    return _text(_form(type(noun)).write(noun))


def decode(text: str, kind: type[N]) -> N:
    """The noun of type `kind` that `encode` wrote as `text`.

    A field that the text lacks takes the dataclass's default, so that a record stays readable when a noun gains a
    field; a field that the noun does not know is refused. A noun that was called otherwise names that in `FORMERLY`.
    """
    declared: Any = kind
    noun: N = _form(declared).read(json.loads(text))
    return noun


def digest(text: str) -> str:
    """SHA-256 over the UTF-8 bytes of a canonical text, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How values of one declared type are written and read.

    Attributes:
        label: what its JSON looks like; arms of a union must differ in it, or they could not be told apart.
        takes: whether a value belongs to this type; asked only to choose the arm of a union.
        write: value to JSON tree.
        read: JSON tree to value.
    """

    label: str
    takes: Callable[[Any], bool]
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]


@cache
def _form(kind: Any) -> _Form:
    kind = _bare(kind)
    if kind in _SCALARS:
        return _SCALARS[kind]
    origin, arms = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _union(arms)
    if origin is typing.Literal:
        return _union(tuple({type(arm) for arm in arms}))
    if origin is tuple:
        return _tuple(arms)
    if origin is frozenset:
        return _set(arms[0])
    if origin in (dict, Mapping):
        return _dict(*arms)
    if origin is np.ndarray or kind is np.ndarray:
        return _ARRAY
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _record(kind)
    raise TypeError(f"no way to record a {kind}; use a dataclass, tuple, frozenset, dict, array or plain value")


def _bare(kind: Any) -> Any:
    """The kind without annotations, new names and aliases (`type X[T] = ...`, as NumPy's NDArray from 2.5 on)."""
    while True:
        origin, arms = typing.get_origin(kind), typing.get_args(kind)
        if origin is typing.Annotated:
            kind = arms[0]
        elif hasattr(kind, "__supertype__"):
            kind = kind.__supertype__
        elif hasattr(origin or kind, "__value__"):
            kind = origin.__value__[arms] if arms else kind.__value__
        else:
            return kind


def _text(tree: Any) -> str:
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _write_str(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    value.encode()  # a lone surrogate has no UTF-8 and so no digest
    return str(value)


def _write_bool(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{value!r} is not true or false")
    return bool(value)


def _write_float(value: Any) -> float | str:
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _write_datetime(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone; instants are aware")
    return value.astimezone(UTC).isoformat()


def _write_date(value: Any) -> str:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError(f"{value!r} is not a date")
    return value.isoformat()


def _write_none(value: Any) -> None:
    if value is not None:
        raise TypeError(f"{value!r} is not None")


def _write_array(value: Any) -> dict[str, Any]:
    array = np.asarray(value)
    if array.dtype.kind not in "biufMU":
        raise TypeError(f"an array of dtype {array.dtype} has no portable bytes")
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
    coded = base64.b64encode(little.tobytes()).decode("ascii")
    return {"base64": coded, "dtype": little.dtype.str, "shape": list(array.shape)}


def _read_array(tree: Any) -> Any:
    array = np.frombuffer(base64.b64decode(tree["base64"]), dtype=np.dtype(tree["dtype"]))
    return array.reshape(tree["shape"])  # over immutable bytes: read-only


_SCALARS: dict[Any, _Form] = {
    str: _Form(label="text", takes=lambda v: isinstance(v, str), write=_write_str, read=_write_str),
    bool: _Form(label="bool", takes=lambda v: isinstance(v, bool | np.bool_), write=_write_bool, read=_write_bool),
    int: _Form(
        label="int",
        takes=lambda v: isinstance(v, int | np.integer) and not isinstance(v, bool),
        write=lambda v: int(operator.index(v)),
        read=lambda t: int(operator.index(t)),
    ),
    float: _Form(label="float", takes=lambda v: isinstance(v, float | np.floating), write=_write_float, read=float),
    type(None): _Form(label="null", takes=lambda v: v is None, write=_write_none, read=_write_none),
    date: _Form(label="text", takes=lambda v: type(v) is date, write=_write_date, read=date.fromisoformat),
    datetime: _Form(
        label="text", takes=lambda v: isinstance(v, datetime), write=_write_datetime, read=datetime.fromisoformat
    ),
}
_ARRAY = _Form(label="array", takes=lambda v: isinstance(v, np.ndarray), write=_write_array, read=_read_array)


def _label(tree: Any) -> str:
    """Which label a JSON tree bears, to choose the arm of a union."""
    if isinstance(tree, dict):
        if "is" in tree:
            return f"object {tree['is']}"
        return "array" if "base64" in tree else "dict"
    plain = {type(None): "null", bool: "bool", int: "int", float: "float", str: "text", list: "list"}
    return plain[type(tree)]


def _union(arms: tuple[Any, ...]) -> _Form:
    forms = tuple(_form(arm) for arm in arms)
    by_label = {form.label: form for form in forms}
    if len(by_label) != len(forms):
        raise TypeError(f"the arms of {' | '.join(map(str, arms))} look alike as JSON")

    def write(value: Any) -> Any:
        form = next((form for form in forms if form.takes(value)), None)
        if form is None:
            raise TypeError(f"{value!r} is none of {arms}")
        tree = form.write(value)
        if form.label == "float" and isinstance(tree, str) and "text" in by_label:
            raise ValueError(f"{value} cannot be told from text here")
        return tree

    def read(tree: Any) -> Any:
        label = _label(tree)
        if label == "text" and "text" not in by_label:
            label = "float"  # "nan", "inf", "-inf"
        return by_label[label].read(tree)

    return _Form(label="union", takes=lambda v: any(f.takes(v) for f in forms), write=write, read=read)


def _tuple(arms: tuple[Any, ...]) -> _Form:
    if len(arms) == 2 and arms[1] is Ellipsis:
        each = _form(arms[0])
        return _Form(
            label="list",
            takes=lambda v: isinstance(v, tuple),
            write=lambda v: [each.write(item) for item in v],
            read=lambda t: tuple(each.read(item) for item in t),
        )
    forms = tuple(_form(arm) for arm in arms)
    return _Form(
        label="list",
        takes=lambda v: isinstance(v, tuple),
        write=lambda v: [form.write(item) for form, item in zip(forms, v, strict=True)],
        read=lambda t: tuple(form.read(item) for form, item in zip(forms, t, strict=True)),
    )


def _set(arm: Any) -> _Form:
    each = _form(arm)
    return _Form(
        label="list",
        takes=lambda v: isinstance(v, frozenset),
        write=lambda v: sorted((each.write(item) for item in v), key=_text),
        read=lambda t: frozenset(each.read(item) for item in t),
    )


def _dict(key: Any, value: Any) -> _Form:
    """A dict as a list of pairs sorted by key: keys need not be text, and order never changes the digest."""
    keys, values = _form(key), _form(value)
    return _Form(
        label="list",
        takes=lambda v: isinstance(v, Mapping),
        write=lambda v: sorted(([keys.write(k), values.write(x)] for k, x in v.items()), key=lambda p: _text(p[0])),
        read=lambda t: {keys.read(k): values.read(x) for k, x in t},
    )


def _enum(kind: type[Enum]) -> _Form:
    value_type: Any = type(next(iter(kind)).value)
    form = _form(value_type)
    return _Form(
        label=form.label,
        takes=lambda v: isinstance(v, kind),
        write=lambda v: form.write(kind(v).value),
        read=lambda t: kind(form.read(t)),
    )


def _record(kind: Any) -> _Form:
    """A dataclass as an object that names itself; its fields' forms are found late, so it may nest."""
    fields = tuple(field.name for field in dataclasses.fields(kind) if field.init)
    hints = typing.get_type_hints(kind, include_extras=True)

    def write(noun: Any) -> dict[str, Any]:
        if type(noun) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(noun).__name__}")
        return {"is": kind.__name__} | {name: _field(kind, name, hints, getattr(noun, name)) for name in fields}

    def read(tree: dict[str, Any]) -> Any:
        if tree.get("is") not in (kind.__name__, *getattr(kind, "FORMERLY", ())):
            raise ValueError(f"expected a {kind.__name__}, the record holds a {tree.get('is')}")
        if unknown := tree.keys() - {*fields, "is"}:
            raise ValueError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}")
        return kind(**{name: _form(hints[name]).read(tree[name]) for name in fields if name in tree})

    return _Form(label=f"object {kind.__name__}", takes=lambda v: type(v) is kind, write=write, read=read)


def _field(kind: type, name: str, hints: dict[str, Any], value: Any) -> Any:
    try:
        return _form(hints[name]).write(value)
    except (TypeError, ValueError, AttributeError) as error:
        plain = ValueError if isinstance(error, ValueError) else TypeError
        raise plain(f"{kind.__name__}.{name}: {error}") from error
