"""What can go wrong, by who must act."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beachhead.world.figures import how_many


class BeachheadError(Exception):
    """Base of every error a user may see.

    Attributes:
        message: what is wrong, quoting what the user wrote.
        hint: the cure, as an instruction.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  cure: {self.hint}" if self.hint else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong at one place of one file.

    Attributes:
        file: file name relative to the launch folder.
        row: line number in the file as an editor counts it (header is 1); None if the whole file is meant.
        column: column or key name; None if the whole row is meant.
        written: what the user wrote there, shortened to 60 characters; empty if nothing was written.
        problem: what is wrong with it.
        cure: what to do about it.
    """

    file: str
    row: int | None = None
    column: str | None = None
    written: str = ""
    problem: str
    cure: str

    def __post_init__(self) -> None:
        if len(self.written) > 60:
            object.__setattr__(self, "written", self.written[:57] + "...")

    @property
    def place(self) -> str:
        """`file:row:column`, as far as each is known."""
        return ":".join([self.file, *(str(part) for part in (self.row, self.column) if part is not None)])

    def __str__(self) -> str:
        quoted = f"{self.written!r} " if self.written else ""
        return f"{self.place}: {quoted}{self.problem}: {self.cure}"


class Unlisted(Fault):
    """Says that a file holds more faults than are listed, or was read no further; no fault by itself."""

    __slots__ = ()


def how_many_faults(faults: Sequence[Fault]) -> str:
    """As in "3 faults", or "at least 500 faults" where more than those listed may be there."""
    listed = sum(not isinstance(fault, Unlisted) for fault in faults)
    least = "at least " if 0 < listed < len(faults) else ""
    count = listed or len(faults)
    return f"{least}{how_many(count, 'fault')}"


class BadInput(BeachheadError):
    """The user's files or arguments are wrong: all faults found, raised once."""

    def __init__(self, message: str, hint: str = "", faults: Iterable[Fault] = ()) -> None:
        super().__init__(message, hint)
        self.faults = tuple(faults)

    @classmethod
    def of(cls, faults: Iterable[Fault], *, most: int | None = None) -> BadInput:
        """One error from all faults gathered, in file and row order; of more than `most` how many more there are."""
        ordered = sorted(faults, key=lambda f: (f.file, isinstance(f, Unlisted), f.row or 0, f.column or ""))
        if most is not None and len(ordered) > most:
            rest = ordered[most:]
            unread = [fault for fault in rest if isinstance(fault, Unlisted)]  # how many more there are is not known
            more, cure = (
                f"has {how_many(len(rest), 'fault')} more than are listed",
                "mend those listed, then send it again",
            )
            ordered = [*ordered[:most], unread[0] if unread else Unlisted(file=rest[0].file, problem=more, cure=cure)]
        return cls(f"{how_many_faults(ordered)} in the input", "mend the places listed", ordered)

    def __str__(self) -> str:
        if not self.faults:
            return super().__str__()
        return "\n".join([self.message, *(f"  {fault}" for fault in self.faults)])


class NotFeasible(BeachheadError):
    """No plan meets all limits; the message names the limits that bind."""


class NotLearnt(BeachheadError):
    """There is too little evidence to answer; the hint says which evidence would settle it."""


class NotStored(BeachheadError):
    """The disk, a lock or a damaged file stood in the way; nothing was written. The hint says what to free."""


class OutOfDate(BeachheadError):
    """The record a decision rests on has been superseded; the hint says what to re-run."""


class Unreachable(BeachheadError):
    """A source on the network did not answer as it should; the hint says how to go on without it."""
