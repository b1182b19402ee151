"""Progress files: how far tasks have come; sent in with `beachhead programme update`, not part of the folder."""

from __future__ import annotations

from pydantic import model_validator

from beachhead.evidence.cell import Code, Day, Number, Text, refusal
from beachhead.evidence.row import Row, Table, column


class ProgressRow(Row):
    """How far one task has come; the latest report of a task holds, all stay on record."""

    task: Code = column("code of tasks.csv", key=True)
    on: Day | None = column("day for which it is reported; blank = the day given with the command", default=None)
    started_on: Day | None = column("day on which work began; blank = not yet", default=None)
    finished_on: Day | None = column("day on which it was done; blank = not yet", default=None)
    left_low: Number | None = column(
        "weeks of work still to do if all goes well; blank = as likely", unit="weeks", least=0, most=1000, default=None
    )
    left_likely: Number | None = column(
        "weeks still to do, most likely; blank = judged from the estimate and the time gone",
        unit="weeks",
        least=0,
        most=1000,
        default=None,
    )
    left_high: Number | None = column(
        "weeks still to do if much goes wrong; blank = as likely", unit="weeks", least=0, most=1000, default=None
    )
    note: Text = column("in words", default="")

    @model_validator(mode="after")
    def _holds_together(self) -> ProgressRow:
        low, likely, high = self.left_low, self.left_likely, self.left_high
        if likely is None and (low is not None or high is not None):
            raise refusal("is missing beside the other weeks", "write the most likely weeks still to do", "left_likely")
        if likely is not None and not (likely if low is None else low) <= likely <= (likely if high is None else high):
            raise refusal("is out of order", "write left_low <= left_likely <= left_high", "left_likely")
        if likely is not None and self.finished_on is not None:
            raise refusal("is left of a task that is done", "clear it, or clear finished_on", "left_likely")
        if self.finished_on is not None and self.started_on is not None and self.finished_on < self.started_on:
            raise refusal(f"is before the start {self.started_on}", "exchange the two days, or mend one", "finished_on")
        return self


TABLE = Table(
    name="progress",
    row=ProgressRow,
    required=False,
    purpose="How far tasks have come.",
)
