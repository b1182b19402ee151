"""Says whether a launch folder holds together, and how far its facts can be trusted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from beachhead.case.compliance.answer import brief, rule_faults
from beachhead.case.programme import refuse_defects
from beachhead.evidence.folder import Folder, read_folder
from beachhead.evidence.row import Sourced
from beachhead.world.errors import BadInput, Fault
from beachhead.world.source import Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCount:
    """How much stands in a table.

    Attributes:
        name: table.
        rows: number of rows.
        grades: rows of grade A, B and C.
        oldest: date of the oldest fact, ISO, or "" in an empty table.
    """

    name: str
    rows: int
    grades: dict[str, int]
    oldest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What `check` found; either faults, or a sound folder.

    Attributes:
        path: the folder.
        faults: all of them, in file and row order; none in a sound folder.
        folder: the launch, None if it has faults.
    """

    path: Path
    faults: tuple[Fault, ...]
    folder: Folder | None

    @property
    def tables(self) -> tuple[TableCount, ...]:
        """The tables that a sound folder has rows in."""
        if self.folder is None:
            return ()
        return tuple(_count(name, rows) for name, rows in self.folder.tables.items() if rows)


def check_launch(path: Path) -> Checked:
    """Read a launch folder and report all its faults at once."""
    try:
        folder = read_folder(path)
    except BadInput as error:
        return Checked(path=path, faults=(*error.faults, *rule_faults(path)), folder=None)
    try:
        brief(folder)  # rule files and approvals hold against each other
        refuse_defects(folder)
    except BadInput as error:
        return Checked(path=path, faults=error.faults, folder=None)
    return Checked(path=path, faults=(), folder=folder)


def _count(name: str, rows: tuple[object, ...]) -> TableCount:
    sourced = [row for row in rows if isinstance(row, Sourced)]
    grades = Counter(row.grade.value for row in sourced)
    return TableCount(
        name=name,
        rows=len(rows),
        grades={grade.value: grades[grade.value] for grade in Grade},
        oldest=min((row.as_of.isoformat() for row in sourced), default=""),
    )
