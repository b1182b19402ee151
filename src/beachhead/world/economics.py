"""What it costs and earns to sell in a market through a channel, and what the maker can afford."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter
from beachhead.world.source import Source

CHANNEL_CUT = {Channel.OWN_STORE: 0.05, Channel.AGENT: 0.09, Channel.DEALER: 0.14, Channel.IMPORTER: 0.20}
"""Share of the net price that stays with the channel (grade C, the rule behind the bundled economics.csv)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Economics:
    """Money of one market and channel; all amounts in the launch's currency.

    Attributes:
        market: market code.
        channel: channel sold through.
        capital: spent once when the market is scaled (stores, service centres, approvals).
        exit_share: share of `capital` recovered on exit, 0..1.
        opex_per_quarter: fixed cost of a scaled market, a quarter.
        unit_margin: contribution per car sold, after landed cost, channel and variable cost.
        reach: share of the market's full-scale demand this channel can serve, 0..1.
        ramp: share of `reach` served in quarters 0, 1, 2 ... after the start, over 1 where stores close later; the last
            value holds on.
        pilot_start_fee: spent when the market is first piloted; a later pilot there pays none, whichever its channel.
        pilot_fee_per_quarter: fixed cost of a running pilot.
        pilot_cost_per_car: extra cost per pilot car shipped (net of what it earns).
        pilot_reach: share of full-scale demand that a pilot of 100 cars reaches; proportional to the batch, at most 1.
        earliest_scale: first quarter in which scaling is permitted (approvals, readiness; the latest of all counts).
        earliest_pilot: first quarter in which a pilot is permitted.
        small_series: cars that may still be sold in a calendar year before `earliest_scale`, by an approval for small
            series; None where no such limit stands.
        source: where the numbers come from; grade C with a rule until a side room replaces them.
    """

    market: str
    channel: Channel
    capital: float
    exit_share: float
    opex_per_quarter: float
    unit_margin: float
    reach: float
    ramp: tuple[float, ...]
    pilot_start_fee: float
    pilot_fee_per_quarter: float
    pilot_cost_per_car: float
    pilot_reach: float
    earliest_scale: Quarter
    earliest_pilot: Quarter
    small_series: int | None = None
    source: Source

    def served(self, age: int) -> float:
        """Share of full-scale demand served `age` quarters after the start, 0..1: reach x ramp; 0 before it."""
        return self.reach * self.ramp[min(age, len(self.ramp) - 1)] if age >= 0 else 0.0


def best_margins(rows: Iterable[Economics]) -> dict[str, float]:
    """The best unit margin of each market's channels."""
    best: dict[str, float] = {}
    for row in rows:
        best[row.market] = max(best.get(row.market, row.unit_margin), row.unit_margin)
    return best


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What couples the markets. Per-quarter tuples have one value for each of the T quarters.

    Attributes:
        capital_per_year: capital that may be committed in each calendar year of the horizon, launch currency.
        scale_starts_per_quarter: markets that may start scaling in one quarter.
        cars_per_quarter: cars that all markets together can be given, the home market included, (T,).
        pilot_cars_per_quarter: cars set aside for pilots, (T,).
    """

    capital_per_year: dict[int, float]
    scale_starts_per_quarter: int
    cars_per_quarter: tuple[float, ...]
    pilot_cars_per_quarter: tuple[float, ...]
