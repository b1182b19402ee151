"""What happened to rows on record: who sent them first, in which file, and every correction since."""

from __future__ import annotations

import dataclasses

from beachhead.case.rows.observe import RowHistory
from beachhead.cli.show import how_many, say, show_table
from beachhead.world.reading import Observation

_KEY = {"batch", "market", "offer", "channel", "store", "start", "end"}


def show_histories(found: tuple[tuple[RowHistory, ...], ...]) -> None:
    """One table for all rows; a correction names what it changed."""
    versions = sum(map(len, found))
    say(f"{how_many(len(found), 'row')} sent in {how_many(versions, 'version')}; the last of each row holds.")
    lines = [line for row in found for line in _lines(row)]
    show_table(["row", "no", "sent, UTC", "by", "in", "said"], lines, right={1})


def _lines(versions: tuple[RowHistory, ...]) -> list[list[str]]:
    lines: list[list[str]] = []
    before: Observation | None = None
    for version in versions:
        row, sent = version.observation, version.delivery
        said = "taken off: another span took its place" if row is None else _said(before, row)
        name = _name(row) if row is not None and not lines else ""
        lines.append([name, str(version.version), f"{sent.at:%Y-%m-%d %H:%M}", sent.who, sent.name, said])
        before = row
    return lines


def _name(row: Observation) -> str:
    codes = (row.batch, row.market, row.offer or "all", row.channel.value, row.store or "")
    return f"{' '.join(code for code in codes if code)}\n{row.start} to {row.end}"


def _said(before: Observation | None, row: Observation) -> str:
    """What the first version said; of a later one what it changed."""
    names = [field.name for field in dataclasses.fields(Observation) if field.name not in _KEY]
    if before is None:
        return ", ".join(f"{name} {_shown(row, name)}" for name in names if getattr(row, name) is not None)
    changed = [name for name in names if getattr(row, name) != getattr(before, name)]
    return ", ".join(f"{name} {_shown(before, name)} to {_shown(row, name)}" for name in changed) or "the same again"


def _shown(row: Observation, name: str) -> str:
    value = getattr(row, name)
    return "not observed" if value is None else str(value)
