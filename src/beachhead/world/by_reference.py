"""Nouns of many arrays that kernels take by reference: one counted pointer in place of every array.

Numba hands a tuple on field by field: each of its arrays is counted up and down again at every call, and every field is
typed, lowered and optimised anew in every kernel that it passes through. A noun declared here is a frozen dataclass in
Python and a structure of Numba's (`numba.experimental.structref`) in kernels; the arrays themselves are shared, so that
what a kernel writes into one is seen by both.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from typing import Any, TypeVar, dataclass_transform

from numba import typeof, types
from numba.core import cgutils
from numba.core.pythonapi import NativeValue
from numba.experimental import structref
from numba.extending import box, overload, unbox

T = TypeVar("T")


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def by_reference(noun: type[T]) -> type[T]:
    """Make a dataclass that kernels take, build and return by reference; built there by place, every field given."""
    made: Any = dataclass(frozen=True, eq=False)(noun)  # the very class, with what a dataclass has
    names = tuple(field.name for field in fields(made))
    struct = _structure(made)

    def type_of(value: Any) -> Any:
        return struct(tuple((name, typeof(getattr(value, name))) for name in names))

    # where Numba looks for the type of a Python value
    made._numba_type_ = cached_property(type_of)
    made._numba_type_.__set_name__(made, "_numba_type_")
    made.__getstate__ = parts
    _let_kernels_build(made, struct, names)
    _let_calls_cross(made, struct)
    return noun


def parts(value: Any) -> dict[str, Any]:
    """The fields of a noun by name, none copied."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _structure(noun: type) -> Any:
    """Numba's type of the noun; it stands in the noun's module, where compiled code that is kept finds it again."""
    name = f"{noun.__name__}Structure"
    struct: Any = type(name, (types.StructRef,), {"__module__": noun.__module__, "__qualname__": name})
    setattr(sys.modules[noun.__module__], name, struct)
    structref.register(struct)
    return struct


@cache
def _builder(kind: Any) -> Any:
    """A function that builds one of this very type; written out, for Numba sets no field whose name is a variable."""
    names = [name for name, _ in kind._fields]
    fill = [f"    it.{name} = {name}" for name in names]
    lines = [f"def build({', '.join(names)}):", "    it = new(kind)", *fill, "    return it"]
    known: dict[str, Any] = {"__name__": __name__, "new": structref.new, "kind": kind}
    exec("\n".join(lines), known)
    return known["build"]


def _let_kernels_build(noun: type, struct: Any, names: tuple[str, ...]) -> None:
    """The noun called by its own name; written out too, for Numba wants the arguments of what it calls by name."""

    def choose(*kinds: Any) -> Any:
        return _builder(struct(tuple(zip(names, map(types.unliteral, kinds), strict=True))))

    known: dict[str, Any] = {"__name__": __name__, "choose": choose}
    exec(f"def build({', '.join(names)}):\n    return choose({', '.join(names)})", known)
    overload(noun, strict=False)(known["build"])


def _let_calls_cross(noun: type, struct: Any) -> None:
    """From Python to a kernel field by field, and back."""

    @unbox(struct)
    def enter(kind: Any, value: Any, c: Any) -> NativeValue:
        natives = []
        for name, inner in kind._fields:
            item = c.pyapi.object_getattr_string(value, name)
            natives.append(c.unbox(inner, item).value)
            c.pyapi.decref(item)
        is_error, out = c.pyapi.call_jit_code(_builder(kind), kind(*(inner for _, inner in kind._fields)), natives)
        for native, (_, inner) in zip(natives, kind._fields, strict=True):
            c.context.nrt.decref(c.builder, inner, native)
        return NativeValue(out, is_error=is_error)

    @box(struct)
    def leave(kind: Any, value: Any, c: Any) -> Any:
        data = structref._Utils(c.context, c.builder, kind).get_data_struct(value)
        out = cgutils.alloca_once_value(c.builder, c.pyapi.get_null_object())
        with ExitStack() as ends:  # at the first that fails: Ctrl-C shows here, and hid behind an error of ours
            items = []
            for name, inner in kind._fields:
                native = getattr(data, name)
                c.context.nrt.incref(c.builder, inner, native)
                items.append(c.pyapi.from_native_value(inner, native, c.env_manager))
                ends.enter_context(c.builder.if_then(_went_well(c, items[-1]), likely=True))
            build = c.pyapi.unserialize(c.pyapi.serialize_object(noun))
            ends.enter_context(c.builder.if_then(_went_well(c, build), likely=True))
            c.builder.store(c.pyapi.call_function_objargs(build, items), out)
            for item in [*items, build]:
                c.pyapi.decref(item)
        c.context.nrt.decref(c.builder, kind, value)
        return c.builder.load(out)


def _went_well(c: Any, item: Any) -> Any:
    """Whether there is an item, and no exception beside it: Numba hands over an array although its type was not had."""
    is_quiet = cgutils.is_null(c.builder, c.pyapi.err_occurred())
    return c.builder.and_(cgutils.is_not_null(c.builder, item), is_quiet)
