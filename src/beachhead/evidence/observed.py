"""Observations as a file brings them, before they meet what is on record."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.world.reading import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRow:
    """One row of a file.

    Attributes:
        line: line of the file; 0 for a period that the file shows to be empty.
        observation: what it says; blank cells are None.
        withdrawn: names of the fields whose recorded value is withdrawn.
    """

    line: int
    observation: Observation
    withdrawn: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationFile:
    """A file of observations without a fault.

    Attributes:
        name: file name.
        rows: its rows.
    """

    name: str
    rows: tuple[ObservedRow, ...]
