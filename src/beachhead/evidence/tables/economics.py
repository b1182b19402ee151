"""economics.csv: what it costs and earns to sell in a market through a channel."""

from __future__ import annotations

from pydantic import model_validator

from beachhead.evidence.cell import ChannelCell, CountryCode, CurrencyCode, Number, Numbers, QuarterCell, refusal
from beachhead.evidence.row import Sourced, Table, column


class EconomicsRow(Sourced):
    """One channel in one market; side rooms replace single fields when they know better."""

    market: CountryCode = column("market", key=True, refers="markets.code", every=True)
    channel: ChannelCell = column("channel sold through", key=True)
    currency: CurrencyCode | None = column(
        "currency of all amounts in the row; blank = the launch's", refers="fx.currency", default=None
    )
    capital: Number = column("spent once when the market is scaled", unit="currency", least=0)
    exit_share: Number = column("share of the capital recovered on exit", unit="share")
    opex_per_quarter: Number = column("fixed cost of a scaled market", unit="currency/quarter", least=0)
    unit_margin: Number = column(
        "contribution per car after landed cost, duty, channel and variable cost; may be negative", unit="currency/car"
    )
    sites_share: Number | None = column(
        "share of capital and opex that is for stores, in whose place an answer of `beachhead site --keep` comes; "
        "blank = not known: all of the capital",
        unit="share",
        default=None,
    )
    reach: Number = column("share of full-scale demand this channel can serve", above=0, most=1)
    ramp: Numbers = column(
        "share of reach served in quarters 0, 1, 2 ... after the start; the last holds on", unit="share"
    )
    pilot_start_fee: Number = column("spent on a market's first pilot, never again there", unit="currency", least=0)
    pilot_fee_per_quarter: Number = column("fixed cost of a running pilot", unit="currency/quarter", least=0)
    pilot_cost_per_car: Number = column("extra cost per pilot car, net of what it earns", unit="currency/car")
    pilot_reach: Number = column(
        "share of full-scale demand that a pilot of 100 cars reaches; proportional to the batch", above=0, most=1
    )
    earliest_pilot: QuarterCell = column("first quarter in which a pilot is permitted")
    earliest_scale: QuarterCell = column("first quarter in which scaling is permitted")

    @model_validator(mode="after")
    def _ramp_rises_from_somewhere(self) -> EconomicsRow:
        if not any(self.ramp):
            raise refusal("never leaves zero", "write rising shares such as 0.3 0.7 1", "ramp")
        if self.earliest_pilot > self.earliest_scale:
            cure = "a pilot is permitted no later than scaling; write the same quarter or an earlier one"
            raise refusal(f"is after earliest_scale {self.earliest_scale}", cure, "earliest_pilot")
        return self


TABLE = Table(
    name="economics",
    row=EconomicsRow,
    required=True,
    purpose="What it costs and earns to sell in a market through a channel, one row each.",
)
