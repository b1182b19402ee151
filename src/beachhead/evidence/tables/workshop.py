"""Workshop files: cars handed over, warranty claims, workshop orders; sent in, not part of the folder."""

from __future__ import annotations

from pydantic import model_validator

from beachhead.evidence.cell import Code, CountryCode, Day, Flag, Number, Text, Whole, refusal
from beachhead.evidence.row import Row, Table, column

MOST_KM_A_DAY = 1500.0
"""Fastest pace that is believed of a car over its whole life."""


class CarRow(Row):
    """One car in a customer's hands."""

    car: Code = column("chassis number or any key of the car", key=True)
    market: CountryCode = column("market", refers="markets.code")
    offer: Code | None = column("offer; blank = not told", refers="offers.code", default=None)
    delivered: Day = column("day it was handed over")
    gone: Day | None = column("day it left the fleet: wrecked, exported, handed back; blank = in use", default=None)
    revision: Code | None = column("hardware and software with which it was handed over, such as R3", default=None)
    odometer_km: Number | None = column(
        "newest reading of the odometer; blank = not read", unit="km", least=0, most=2_000_000, default=None
    )
    odometer_on: Day | None = column("day of that reading", default=None)
    withdrawn: Flag = column("yes takes the recorded row back", default=False)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> CarRow:
        if self.gone is not None and self.gone < self.delivered:
            raise refusal(f"is before its delivery on {self.delivered}", "mend one of the dates", "gone")
        self._reads_its_odometer()
        return self

    def _reads_its_odometer(self) -> None:
        if self.odometer_km is None and self.odometer_on is None:
            return
        if self.odometer_km is None:
            raise refusal(
                "is blank beside a day of reading", "write the kilometres, or leave odometer_on blank", "odometer_km"
            )
        if self.odometer_on is None:
            raise refusal("is blank beside a reading", "write the day of the reading", "odometer_on")
        if self.odometer_on <= self.delivered:
            cure = "send a reading from a day after it, so that the pace is known"
            raise refusal(f"is not after the delivery on {self.delivered}", cure, "odometer_on")
        if self.gone is not None and self.odometer_on > self.gone:
            raise refusal(f"is after the car left on {self.gone}", "mend one of the dates", "odometer_on")
        pace = self.odometer_km / (self.odometer_on - self.delivered).days
        if pace > MOST_KM_A_DAY:
            cure = f"mend the reading or the day; no car drives more than {MOST_KM_A_DAY:,.0f} km a day for long"
            raise refusal(f"would be {pace:,.0f} km a day since delivery", cure, "odometer_km")


class ClaimRow(Row):
    """One warranty claim."""

    claim: Code = column("number of the claim", key=True)
    car: Code = column("car, as in the file of cars")
    market: CountryCode = column("market in which it was made", refers="markets.code")
    opened: Day = column("day of the claim")
    odometer_km: Number | None = column(
        "odometer at the claim; blank = reckoned from the car's pace", unit="km", least=0, most=2_000_000, default=None
    )
    part: Code | None = column("part at fault; blank = not known yet", default=None)
    fault: Text = column("what the customer said", default="")
    withdrawn: Flag = column("yes takes the recorded row back", default=False)


class JobRow(Row):
    """One workshop order."""

    job: Code = column("number of the order", key=True)
    car: Code = column("car, as in the file of cars")
    market: CountryCode = column("market", refers="markets.code")
    centre: Code | None = column("service centre; blank = not told", default=None)
    called: Day = column("day on which the customer called")
    started: Day | None = column("day on which work began; blank = still waiting", default=None)
    done: Day | None = column("day on which the keys were handed back; blank = not done", default=None)
    part: Code | None = column("part worked on; blank = none", default=None)
    parts_wait_days: Number | None = column(
        "days of waiting for a part; blank = not known", unit="days", least=0, default=None
    )
    satisfaction: Whole | None = column(
        "answer of the customer, 5 best; blank = not asked", least=1, most=5, default=None
    )
    withdrawn: Flag = column("yes takes the recorded row back", default=False)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> JobRow:
        if self.started is not None and self.started < self.called:
            raise refusal(f"is before the call on {self.called}", "mend one of the dates", "started")
        if self.done is not None and self.started is None:
            raise refusal("is done without having begun", "write the day on which work began", "started")
        if self.done is not None and self.started is not None and self.done < self.started:
            raise refusal(f"is before work began on {self.started}", "mend one of the dates", "done")
        return self


CARS = Table(name="cars", row=CarRow, required=False, purpose="Cars in customers' hands, one a row.")
CLAIMS = Table(name="claims", row=ClaimRow, required=False, purpose="Warranty claims, one a row.")
JOBS = Table(name="jobs", row=JobRow, required=False, purpose="Workshop orders, one a row; an open one is sent again.")
