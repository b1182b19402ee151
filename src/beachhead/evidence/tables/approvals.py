"""approvals.csv: type approvals and certificates held."""

from __future__ import annotations

from collections.abc import Iterator

from beachhead.evidence.cell import Code, CountryCode, Text
from beachhead.evidence.row import Placed, Table, column
from beachhead.evidence.tables.periods import Dated, overlaps
from beachhead.world.errors import Fault


class ApprovalRow(Dated):
    """One approval held for one offer in one market."""

    market: CountryCode = column("market in which it counts", key=True, refers="markets.code")
    offer: Code = column("offer it covers", key=True, refers="offers.code")
    requirement: Code = column("requirement it meets, as named in rules/, such as R100", key=True)
    number: Text = column("approval number; blank = not known", default="")


def spans_do_not_overlap(rows: tuple[Placed[ApprovalRow], ...]) -> Iterator[Fault]:
    """One approval a day for a market, offer and requirement."""
    return overlaps(rows, "approvals.csv", lambda r: (r.market, r.offer, r.requirement), "market, offer, requirement")


TABLE = Table(
    name="approvals",
    row=ApprovalRow,
    required=False,
    purpose="Type approvals and certificates held; what is not listed is not held.",
    across=(spans_do_not_overlap,),
)
