"""Rules on forks: what the world has yet to settle is said with one set of odds, wherever it is said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from beachhead.world.errors import Fault
from beachhead.world.quarter import Quarter


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one row says of a fork.

    Attributes:
        line: line of the row.
        fork: what is open.
        scenario: the way it goes.
        odds: probability of that way.
        known_from: when it is settled; None if the row does not say.
    """

    line: int
    fork: str
    scenario: str
    odds: float
    known_from: Quarter | None


def fork_faults(rows: Iterable[Said], file: str, *, sums: bool = True) -> Iterator[Fault]:
    """Faults for forks whose scenario is given two odds, that are settled at two dates, or whose odds miss 1.

    `sums` is false where the table has a stricter rule on sums of its own.
    """
    of: dict[str, dict[str, Said]] = defaultdict(dict)
    for row in rows:
        first = of[row.fork].setdefault(row.scenario, row)
        if abs(row.odds - first.odds) > 1e-9:
            yield Fault(
                file=file,
                row=row.line,
                column="odds",
                written=f"{row.odds:g}",
                problem=f"differs from line {first.line} for the same scenario {row.scenario} of {row.fork}",
                cure="write the same odds for a scenario wherever it stands, or give the row a fork of its own",
            )
        dated = next(iter(of[row.fork].values()))
        if row.known_from != dated.known_from:
            yield Fault(
                file=file,
                row=row.line,
                column="known_from",
                written=str(row.known_from or ""),
                problem=f"differs from line {dated.line} for the same fork {row.fork}",
                cure="a fork is settled for all at once: write one quarter",
            )
    for fork, scenarios in of.items() if sums else ():
        total = sum(row.odds for row in scenarios.values())
        if abs(total - 1) > 1e-6:
            yield Fault(
                file=file,
                row=min(row.line for row in scenarios.values()),
                column="odds",
                written=f"{total:g}",
                problem=f"is the sum of the odds of {fork}",
                cure="let the odds of its scenarios sum to 1",
            )
