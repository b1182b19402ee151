"""roles.csv: who answers for tasks, and what tasks share."""

from __future__ import annotations

from beachhead.evidence.cell import Code, Text, Whole
from beachhead.evidence.row import Sourced, Table, column


class RoleRow(Sourced):
    """One role, team or shared resource, such as a test laboratory."""

    code: Code = column("short key", key=True)
    name: Text = column("the role or resource in words")
    capacity: Whole | None = column(
        "how many units can be busy at once; blank = it never holds a task up",
        unit="units",
        least=1,
        most=10_000,
        default=None,
    )


TABLE = Table(
    name="roles",
    row=RoleRow,
    required=False,
    purpose="Who answers for tasks, and the teams and resources that tasks share.",
)
