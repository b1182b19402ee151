"""Faults as people read them: each with its place and cure; those that are alike are said a few times and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from beachhead.world.errors import Fault

ALIKE_SHOWN = 3


def fault_lines(faults: Sequence[Fault], *, every: bool = False) -> Iterator[str]:
    """One line a fault; of those of one column and problem the first `ALIKE_SHOWN`, then the rows of the rest."""
    alike: dict[tuple[str, str | None, str], list[Fault]] = defaultdict(list)
    for fault in faults:
        alike[fault.file, fault.column, fault.problem].append(fault)
    for kind in alike.values():
        shown = kind if every or len(kind) <= ALIKE_SHOWN + 1 else kind[:ALIKE_SHOWN]
        yield from map(str, shown)
        if rest := kind[len(shown) :]:
            rows = ", ".join(str(fault.row) for fault in rest[:8]) + (" ..." if len(rest) > 8 else "")
            yield f"  and {len(rest)} more like it, in rows {rows}"
