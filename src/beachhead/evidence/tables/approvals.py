"""approvals.csv: type approvals, certificates and declarations held or promised."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from beachhead.evidence.cell import Code, CountryCode, Day, Text, refusal
from beachhead.evidence.row import Sourced, Table, column


class ApprovalRow(Sourced):
    """One approval held, or promised for a day still to come."""

    approval: Text = column("what is held, by its name in the rule files, such as UN R100 or EU WVTA", key=True)
    offer: Code | None = column(
        "offer it covers; blank = every offer of the maker", key=True, default=None, refers="offers.code"
    )
    issuer: CountryCode = column("country whose authority issued it", key=True)
    series: Text = column("series of amendments it was granted to, such as 03; blank = none", key=True, default="")
    granted_on: Day = column("day of grant; a day still to come is a promise", key=True)
    extended_on: Day | None = column("day of the last extension; blank = never extended", default=None)
    expires_on: Day | None = column(
        "last day of validity, included; blank = as the rule files say, else without end", default=None
    )
    number: Text = column("approval number; blank = not known", default="")

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        for name, day in (("extended_on", self.extended_on), ("expires_on", self.expires_on)):
            if day is not None and day < self.granted_on:
                raise refusal(
                    f"lies before the grant on {self.granted_on}", "exchange the two dates, or mend one", name
                )
        if self.series and not self.series.isdigit():
            raise refusal("is not a series of amendments", "write its number, such as 03", "series")
        return self


TABLE = Table(
    name="approvals",
    row=ApprovalRow,
    required=False,
    purpose="Type approvals, certificates and declarations held; what is not listed is not held. With this file in "
    "the folder (no row needed), or one in rules/, no plan opens a market before its rules permit it; without, the "
    "dates of economics.csv stand.",
)
