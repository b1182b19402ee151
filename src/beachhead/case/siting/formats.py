"""Formats of a launch: those of formats.csv, or the assumed ones."""

from __future__ import annotations

from datetime import date

from beachhead.case.open import Launch
from beachhead.evidence.tables.formats import FormatRow
from beachhead.siting.formats import Format, default_formats
from beachhead.world.errors import BadInput
from beachhead.world.source import Grade, Source

_RULE = "assumption by rule: a store 4 M, a service centre 3 M, as in economics.csv; others by their floor space"


def formats_of(launch: Launch) -> tuple[Format, ...]:
    """Formats that may be opened, amounts in the launch's currency."""
    rows = launch.folder.rows(FormatRow)
    if rows:
        return tuple(_format(launch, row) for row in rows)
    euro = launch.folder.euro("the assumed costs of the formats", "add a row EUR to fx.csv, or write formats.csv")
    source = Source(who=_RULE, as_of=date(2026, 6, 30), grade=Grade.C)
    return default_formats(source, euro)


def format_of(launch: Launch, code: str) -> Format:
    """The format of that code."""
    known = formats_of(launch)
    found = next((one for one in known if one.code == code), None)
    if found is None:
        raise BadInput(f"{code!r} is not a format", f"use one of {', '.join(one.code for one in known)}")
    return found


def _format(launch: Launch, row: FormatRow) -> Format:
    return Format(
        code=row.code,
        name=row.name,
        capital=launch.folder.money(row.capital, row.currency),
        opex_per_quarter=launch.folder.money(row.opex_per_quarter, row.currency),
        staff=row.staff,
        lead_quarters=row.lead_quarters,
        bays=row.bays,
        sells=row.sells,
        pull=row.pull,
        cars_per_year=row.cars_per_year,
        source=row.said,
    )
