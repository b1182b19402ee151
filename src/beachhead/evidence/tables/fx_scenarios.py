"""fx_scenarios.csv: where currencies may go, with odds."""

from __future__ import annotations

from collections.abc import Iterator

from beachhead.evidence.cell import Code, CurrencyCode, Number, QuarterCell
from beachhead.evidence.row import Placed, Sourced, Table, column
from beachhead.evidence.tables.forks import Said, fork_faults
from beachhead.world.errors import Fault


class FxScenarioRow(Sourced):
    """A currency's rate from a quarter on, in one course of events."""

    currency: CurrencyCode = column("currency", key=True, refers="fx.currency")
    fork: Code = column("what is open, such as yuan; may be a fork of tariffs.csv", key=True)
    scenario: Code = column("the way it goes", key=True)
    odds: Number = column("probability of that way; those of a fork sum to 1", unit="share")
    known_from: QuarterCell = column("first quarter in which everybody knows")
    valid_from: QuarterCell = column("first quarter at the new rate", key=True)
    rate: Number = column("worth of one unit of it from then on", unit="launch currency", above=0, most=1e6)


def forks_hold_together(rows: tuple[Placed[FxScenarioRow], ...]) -> Iterator[Fault]:
    """Each fork has one set of odds."""
    said = [
        Said(line=p.line, fork=p.row.fork, scenario=p.row.scenario, odds=p.row.odds, known_from=p.row.known_from)
        for p in rows
    ]
    return fork_faults(said, TABLE.file)


TABLE = Table(
    name="fx_scenarios",
    row=FxScenarioRow,
    required=False,
    purpose="Where currencies may go, with odds; supply plans for all of it.",
    whole=(forks_hold_together,),
)
