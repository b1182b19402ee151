"""A row of a table and what its columns mean: the one place from which check, reading and reference page are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from inspect import get_annotations
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from beachhead.evidence.cell import Day, GradeCell, Text, WrittenAs, refusal
from beachhead.world.errors import Fault
from beachhead.world.source import Source

TOO_LARGE = 1e18
"""No amount of any currency is as large; sums and products of what is smaller do not overflow."""


def column(
    meaning: str,
    *,
    unit: str = "",
    default: Any = PydanticUndefined,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    key: bool = False,
    refers: str = "",
    besides: tuple[str, ...] = (),
    every: bool = False,
) -> Any:
    """One column of a table.

    Args:
        meaning: one sentence for the reference page.
        unit: unit of a number; `share` stands for 0..1, `currency` for the row's currency.
        default: what a blank cell means; left out, the cell may not be blank; None means *not known*.
        least: smallest value allowed.
        above: values must be greater than this.
        most: largest value allowed.
        key: part of what makes a row unique.
        refers: `table.column` in which each value must occur; `fx.currency` also accepts the launch's own currency.
        besides: values allowed besides those of `refers`.
        every: every value of the column referred to must occur here at least once.
    """
    if unit == "share" and least is None and above is None and most is None:
        least, most = 0.0, 1.0
    meta: dict[str, Any] = {
        "unit": unit,
        "least": least,
        "above": above,
        "most": most,
        "key": key,
        "refers": refers,
        "besides": besides,
        "every": every,
    }
    return Field(default, description=meaning, json_schema_extra=meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column means, read back from its row model; see `column` for the fields."""

    name: str
    meaning: str
    how: str
    example: str
    unit: str
    least: float | None
    above: float | None
    most: float | None
    required: bool
    default: Any
    key: bool
    refers: str
    besides: tuple[str, ...]
    every: bool


class Row(BaseModel):
    """Base of every row: immutable, no columns but the named ones, all ranges checked with a cure."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="after")
    @classmethod
    def _within_range(cls, value: Any, info: ValidationInfo) -> Any:
        if info.field_name is not None:
            for number in value if isinstance(value, tuple) else (value,):
                if isinstance(number, float | int) and not isinstance(number, bool):
                    _require_range(number, columns_of(cls)[info.field_name])
        return value


def _require_range(number: float, column: Column) -> None:
    low = column.least if column.least is not None else column.above
    too_low = low is not None and (number < low or (column.above is not None and number == low))
    if not too_low and (column.most is None or number <= column.most):
        if abs(number) >= TOO_LARGE:
            raise refusal("is too large a number", "check the unit and the exponent; write less than 1e18")
        return
    if column.unit.startswith("share") and not too_low and number <= 100:
        cure = f"for {number:g} % write {number / 100:g}" if number >= 2 else "write 0.25 for 25 %"
        raise refusal(f"is not a share between {column.least or 0:g} and {column.most:g}", cure)
    if column.least == 0 and too_low:
        raise refusal(
            "is negative", f"write 0 or more{_in_unit(column)}; leave an unknown blank where blank is allowed"
        )
    raise refusal("is out of range", f"write a number {range_text(column)}{_in_unit(column)}")


def _in_unit(column: Column) -> str:
    return f" {column.unit}" if column.unit and not column.unit.startswith("share") else ""


def range_text(column: Column) -> str:
    """The range of a column in words: '0 to 1', '> 0', '>= 0', or ''."""
    if column.least is not None and column.most is not None:
        return f"{_plain(column.least)} to {_plain(column.most)}"
    if column.above is not None and column.most is not None:
        return f"> {_plain(column.above)} to {_plain(column.most)}"
    parts = ((">=", column.least), (">", column.above), ("<=", column.most))
    return " ".join(f"{sign} {_plain(bound)}" for sign, bound in parts if bound is not None)


def _plain(bound: float) -> str:
    return str(int(bound)) if float(bound).is_integer() else f"{bound:g}"


def columns_of(row: type[BaseModel]) -> dict[str, Column]:
    """The columns of a row model: its own in order, then those it inherits, such as the source."""
    return _columns_of(row)


@cache
def _columns_of(row: type[BaseModel]) -> dict[str, Column]:
    own_first = [name for base in row.__mro__ for name in get_annotations(base)]
    names = [name for name in dict.fromkeys(own_first) if name in row.model_fields]
    return {name: _column(name, row.model_fields[name]) for name in names}


def _column(name: str, field: FieldInfo) -> Column:
    meta = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    written = _written(field)
    values: dict[str, Any] = {"unit": "", "least": None, "above": None, "most": None, "key": False, "refers": ""}
    values |= {"every": False, "besides": ()} | meta
    return Column(
        name=name,
        meaning=field.description or "",
        how=written.how,
        example=written.example,
        required=field.is_required(),
        default=None if field.is_required() else field.default,
        **values,
    )


def _written(field: FieldInfo) -> WrittenAs:
    # An optional cell is `Number | None`: its Annotated part sits inside the union.
    inside = [meta for part in get_args(field.annotation) for meta in getattr(part, "__metadata__", ())]
    found = [meta for meta in [*field.metadata, *inside] if isinstance(meta, WrittenAs)]
    return found[0] if found else WrittenAs("text", "")


class Sourced(Row):
    """A row that states facts: who says so, as of when, and how far we trust it."""

    source: Text = column("publisher and title, or the rule of an assumption")
    as_of: Day = column("day for which the row holds, or on which the source was read")
    grade: GradeCell = column("A read at source, B general knowledge or second hand, C assumption with its rule")

    @property
    def said(self) -> Source:
        """The source as a noun of the world."""
        return Source(who=self.source, as_of=self.as_of, grade=self.grade)


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Placed(Generic[R]):
    """A row and the line on which it starts, as an editor counts (the header is line 1)."""

    line: int
    row: R


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[R]):
    """One table of the launch folder.

    Attributes:
        name: file name without `.csv`.
        row: its row model.
        required: whether a launch must have it, with at least one row.
        purpose: one sentence for the reference page.
        across: rules that look at several rows of the table at once; each yields faults.
        whole: such rules that would mislead while any row is missing; not asked before every row is right.
    """

    name: str
    row: type[R]
    required: bool
    purpose: str
    across: tuple[Callable[[tuple[Placed[R], ...]], Iterable[Fault]], ...] = ()
    whole: tuple[Callable[[tuple[Placed[R], ...]], Iterable[Fault]], ...] = ()

    @property
    def file(self) -> str:
        """File name."""
        return f"{self.name}.csv"
