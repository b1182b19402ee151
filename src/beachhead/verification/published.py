"""A published number, and ours beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Published:
    """One number somebody else has published, and how to ask our own code for it.

    Attributes:
        room: room whose function answers.
        what: what is computed, with its unit.
        source: where the number was printed.
        value: as printed.
        tolerance: largest difference that still counts as the same: the rounding of the print, or the error our method
            states for itself.
        ours: asks the production function.
    """

    room: str
    what: str
    source: str
    value: float
    tolerance: float
    ours: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of it.

    Attributes:
        published: the number.
        ours: our value; NaN if there was none.
        problem: why there was none; empty if there was.
    """

    published: Published
    ours: float
    problem: str = ""

    @property
    def passed(self) -> bool:
        """True if ours lies within the tolerance; NaN never does."""
        return abs(self.ours - self.published.value) <= self.published.tolerance


def check(published: Published) -> Checked:
    """Ask our own code. A check that cannot be carried out has not passed."""
    try:
        return Checked(published=published, ours=float(published.ours()))
    except Exception as error:  # whatever goes wrong in any room is this check's answer, not the end of all others
        return Checked(published=published, ours=float("nan"), problem=f"{type(error).__name__}: {error}")
