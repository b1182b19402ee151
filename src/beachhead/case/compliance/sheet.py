"""Compliance answers as rows for a spreadsheet: one sheet each for the matrix, requirements, features and routes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font

from beachhead.compliance.finding import Assessment, Reason, SaleDate, Verdict
from beachhead.evidence.sheet import harmless
from beachhead.world.errors import BadInput, NotStored
from beachhead.world.whole import write_whole

Cell = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table of cells.

    Attributes:
        name: what it holds.
        header: column names.
        rows: cells; days as YYYY-MM-DD.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def sheets(answers: Sequence[Assessment]) -> tuple[Sheet, ...]:
    """Everything the answers say."""
    key = ("offer", "market", "jurisdiction", "on")
    return (
        Sheet(
            name="matrix",
            header=(*key, "pilot_from", "pilot_route", "pilot_cap", "pilot_cap_left", "unlimited_from", "missing")
            + ("unknown", "features_shut"),
            rows=tuple((*_key(answer), *_summary(answer)) for answer in answers),
        ),
        Sheet(
            name="requirements",
            header=(*key, "requirement", "title", "verdict", "closes", "accepted", "grade", "reasons", "citations"),
            rows=tuple(row for answer in answers for row in _requirements(answer)),
        ),
        Sheet(
            name="features",
            header=(*key, "feature", "title", "verdict", "blocked_until", "awaits", "conditions", "grade")
            + ("reasons", "citations"),
            rows=tuple(row for answer in answers for row in _features(answer)),
        ),
        Sheet(
            name="routes",
            header=(*key, "route", "title", "volume", "day", "provisional_day", "cap", "cap_left", "waits_for")
            + ("shut_by", "to_settle", "reasons", "citations"),
            rows=tuple(row for answer in answers for row in _routes(answer)),
        ),
    )


def write_sheets(path: Path, tables: Sequence[Sheet]) -> tuple[Path, ...]:
    """Write sheets as one workbook (.xlsx), or as one CSV file each; returns the files written."""
    kind = path.suffix.casefold()
    if kind not in (".csv", ".xlsx"):
        raise BadInput(f"{path.name!r} is neither .csv nor .xlsx", "end its name in .csv or .xlsx")
    try:
        return _write_workbook(path, tables) if kind == ".xlsx" else _write_csv(path, tables)
    except OSError as error:
        raise NotStored(f"{path} cannot be written ({error.strerror})", "choose another place") from error


def _write_workbook(path: Path, tables: Sequence[Sheet]) -> tuple[Path, ...]:
    book = Workbook()
    book.remove(book.worksheets[0])
    for table in tables:
        page = book.create_sheet(table.name)
        page.append([*table.header])
        for row in table.rows:
            page.append([harmless(cell) for cell in row])
        page.freeze_panes = "A2"
        page.auto_filter.ref = page.dimensions
        for cell in page[1]:
            cell.font = Font(bold=True)
    whole = io.BytesIO()
    book.save(whole)
    return (write_whole(path, whole.getvalue()),)


def _write_csv(path: Path, tables: Sequence[Sheet]) -> tuple[Path, ...]:
    """The matrix under the name given, the other sheets beside it."""
    written = []
    for index, table in enumerate(tables):
        target = path if index == 0 else path.with_name(f"{path.stem}-{table.name}{path.suffix}")
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(table.header)
        writer.writerows([harmless(cell) for cell in row] for row in table.rows)
        written.append(write_whole(target, text.getvalue()))
    return tuple(written)


def _key(answer: Assessment) -> tuple[Cell, ...]:
    return (answer.offer, answer.market, answer.jurisdiction, answer.on.isoformat())


def _summary(answer: Assessment) -> tuple[Cell, ...]:
    pilot, unlimited = answer.pilot, answer.unlimited
    shut = [feature.feature for feature in answer.features if feature.verdict in ("blocked", "unknown")]
    return (
        _day(pilot),
        pilot.route if pilot else None,
        pilot.cap if pilot else None,
        pilot.cap_left if pilot else None,
        _day(unlimited),
        " ".join(answer.with_verdict(Verdict.MISSING)),
        " ".join(answer.with_verdict(Verdict.UNKNOWN)),
        " ".join(shut),
    )


def _requirements(answer: Assessment) -> Iterator[tuple[Cell, ...]]:
    for finding in answer.findings:
        yield (
            *_key(answer),
            finding.requirement,
            finding.title,
            finding.verdict.value,
            finding.gate.value,
            "; ".join(map(str, finding.accepts)),
            finding.grade.value,
            *_reasons(finding.reasons),
        )


def _features(answer: Assessment) -> Iterator[tuple[Cell, ...]]:
    for feature in answer.features:
        yield (
            *_key(answer),
            feature.feature,
            feature.title,
            feature.verdict.value,
            feature.blocked_until.isoformat() if feature.blocked_until else None,
            " ".join(feature.awaits),
            " ".join(feature.conditions),
            feature.grade.value,
            *_reasons(feature.reasons),
        )


def _routes(answer: Assessment) -> Iterator[tuple[Cell, ...]]:
    for route in answer.routes:
        yield (
            *_key(answer),
            route.route,
            route.title,
            route.volume.value,
            _day(route),
            route.provisional.isoformat() if route.provisional else None,
            route.cap,
            route.cap_left,
            " ".join(route.waits_for),
            " ".join(route.shut_by),
            " ".join(route.to_settle),
            *_reasons(route.reasons),
        )


def _day(route: SaleDate | None) -> str | None:
    return route.day.isoformat() if route is not None and route.day is not None else None


def _reasons(reasons: Sequence[Reason]) -> tuple[str, str]:
    sources = dict.fromkeys(reason.source for reason in reasons)
    cited = "; ".join(f"{source.who} [{source.grade.value}, {source.as_of}]" for source in sources)
    return " ".join(reason.text for reason in reasons), cited
