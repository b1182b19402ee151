"""A mapping file (TOML): how somebody else's export becomes a table of ours.

```toml
[file]
delimiter = ";"
decimal = ","
date_format = "%d.%m.%Y"

[only]                    # their column = values; other rows are passed over
Marke = ["BYD", "BYD AUTO"]

[columns]                 # our column = their column
market = "Land"
registrations = "Zulassungen"

[values.market]           # their value = ours
Norwegen = "NO"

[constants]               # our column = the same for every row
batch = "running"
channel = "importer"

[period]                  # instead of start and end
column = "Monat"
unit = "month"
format = "%m/%Y"

[rows]
sum = true                # rows with the same key and span are added up
```
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Lookup
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from beachhead.evidence.cell import Text, WrittenAs, one_of, refusal
from beachhead.evidence.checked import fault_of, unknown_key
from beachhead.evidence.row import column
from beachhead.evidence.tables.observations import ObservationRow
from beachhead.evidence.terms import Section
from beachhead.evidence.termsfile import line_of
from beachhead.evidence.textfile import decode, read_bytes
from beachhead.world.errors import BadInput, Fault
from beachhead.world.quarter import Quarter


class Unit(StrEnum):
    """Length of a period that an export names in one column."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


def _unit(value: Any) -> Any:
    return Unit(value) if isinstance(value, str) and value in tuple(Unit) else value


UnitWord = Annotated[Unit, BeforeValidator(_unit), one_of(Unit), WrittenAs(" | ".join(Unit), "month")]
Yes = Annotated[bool, WrittenAs("true or false", "true")]
Count = Annotated[int, WrittenAs("whole number", "3")]


class FileSection(Section):
    """How the file is written."""

    sheet: Text | None = column("sheet of a workbook; blank = the first", default=None)
    header_row: Count = column("line on which the header stands", least=1, most=1000, default=1)
    delimiter: Text = column("sign between the cells of a CSV", default=",")
    encoding: Text = column("encoding of a CSV, such as cp1252", default="utf-8")
    decimal: Text = column("decimal sign of numbers", default=".")
    thousands: Text = column("sign between thousands; blank = none", default="")
    date_format: Text | None = column("form of a date or instant as in Python's strptime; blank = ISO", default=None)
    time_zone: Text | None = column(
        "zone of instants without an offset, such as Europe/Oslo; blank = they are refused", default=None
    )

    @model_validator(mode="after")
    def _single_signs(self) -> FileSection:
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise refusal("is not one sign", 'write one sign, such as ";" or "\\t"', "file.delimiter")
        if self.decimal not in (".", ","):
            raise refusal("is not a decimal sign", 'write "." or ","', "file.decimal")
        if self.thousands == self.decimal:
            raise refusal("is the decimal sign too", "leave one of them out", "file.thousands")
        return self


class PeriodSection(Section):
    """One column that names a whole period, in place of start and end."""

    unit: UnitWord = column("what it names")
    format: Text | None = column(
        "form as in strptime; blank = 2027-03-31, 2027-W13, 2027-03, 2027Q1, 2027", default=None
    )
    column: Text = column("their column")  # last, since it hides the function of this name


class RowsSection(Section):
    """What becomes of several rows for the same key and span."""

    sum: Yes = column("add up their counts; else they are a fault", default=False)
    complete: Yes = column(
        "the export lists everything: a period between a key's first and last that has no row counts zero",
        default=False,
    )


class Mapping(Section):
    """A mapping file."""

    file: FileSection = Field(default_factory=FileSection, description="how the file is written")
    only: dict[str, list[str]] = Field(default_factory=dict, description="their column = values that are read")
    columns: dict[str, str] = Field(default_factory=dict, description="our column = their column")
    constants: dict[str, str | int | float] = Field(default_factory=dict, description="our column = value in every row")
    values: dict[str, dict[str, str]] = Field(default_factory=dict, description="[values.ours] their value = ours")
    period: PeriodSection | None = Field(default=None, description="one column that names a whole period")
    rows: RowsSection = Field(default_factory=RowsSection, description="several rows for the same key and span")

    @model_validator(mode="after")
    def _fills_our_columns(self) -> Mapping:
        ours = tuple(ObservationRow.model_fields)
        for section, names in (("columns", self.columns), ("constants", self.constants), ("values", self.values)):
            for name in names:
                if name not in ours:
                    cure = f"known are {', '.join(ours)}"
                    raise refusal("is not a column of observations", cure, f"{section}.{name}")
        if twice := set(self.columns) & set(self.constants):
            raise refusal("stands in columns and in constants", "keep one", f"constants.{min(twice)}")
        given = {*self.columns, *self.constants, *(("start", "end") if self.period else ())}
        if self.period and {"start", "end"} & {*self.columns, *self.constants}:
            raise refusal("stands beside start or end", "keep the period, or start and end", "period")
        for name, field in ObservationRow.model_fields.items():
            if field.is_required() and name not in given:
                raise refusal("has no counterpart", f"say where {name} comes from in [columns] or [constants]", name)
        if self.rows.complete and not (self.rows.sum and self.period):
            raise refusal("needs sum = true and a [period]", "add them, or leave it out", "rows.complete")
        return self


def read_mapping(path: Path) -> Mapping:
    """The mapping in a TOML file; raises `BadInput` with every fault found."""
    data = read_bytes(path.resolve(), path.name)
    text = data if isinstance(data, Fault) else decode(data, path.name)
    if isinstance(text, Fault):
        raise BadInput.of([text])
    try:
        return Mapping.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        cure = 'write `key = "value"` and sections as [name]'
        problem = f"is not valid TOML ({error})"
        raise BadInput.of([Fault(file=path.name, problem=problem, cure=cure)]) from None
    except ValidationError as error:
        raise BadInput.of([_fault(dict(each), path.name, text) for each in error.errors()]) from None


def _fault(error: Lookup[str, Any], file: str, text: str) -> Fault:
    where = tuple(str(part) for part in error["loc"] if isinstance(part, str))
    if error["type"] == "extra_forbidden":
        return unknown_key(error, tuple(_section(where[:-1]).model_fields), file, line_of(where, text))
    if error["type"] == "missing":
        return Fault(file=file, column=".".join(where), problem="is missing", cure="add it")
    named = tuple(str((error.get("ctx") or {}).get("column") or ".".join(where)).split("."))
    return fault_of(error, file, line_of(named, text) or line_of(named[:-1], text), {})


def _section(where: tuple[str, ...]) -> type[BaseModel]:
    kinds: dict[str, type[BaseModel]] = {"file": FileSection, "period": PeriodSection, "rows": RowsSection}
    return kinds.get(where[0], Mapping) if where else Mapping


def span_of(written: str, unit: Unit, form: str | None) -> tuple[date, date]:
    """First and last day of a period as an export names it; ValueError if it does not read."""
    if unit is Unit.QUARTER:
        quarter = Quarter.parse(written) if form is None else Quarter.of(datetime.strptime(written, form).date())
        return quarter.first_day, quarter.last_day
    first = datetime.strptime(written, form).date() if form else _iso(written, unit)
    if unit is Unit.DAY:
        return first, first
    if unit is Unit.WEEK:
        monday = first - timedelta(days=first.weekday())
        return monday, monday + timedelta(days=6)
    if unit is Unit.MONTH:
        first = first.replace(day=1)
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return date(first.year, 1, 1), date(first.year, 12, 31)


def _iso(written: str, unit: Unit) -> date:
    if unit is Unit.WEEK:
        return datetime.strptime(f"{written}-1", "%G-W%V-%u").date()
    tail = {Unit.DAY: "", Unit.MONTH: "-01", Unit.YEAR: "-01-01"}[unit]
    return date.fromisoformat(written + tail)
