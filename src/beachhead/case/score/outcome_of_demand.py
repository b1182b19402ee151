"""What the rows show of the odds of breaking even: the second year at full scale, if there was one."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from beachhead import pilot
from beachhead.belief import Belief, Year, coming_year
from beachhead.belief.calendar import calendar_count
from beachhead.belief.realised import Realised, realised
from beachhead.case.belief.believe import fit_of
from beachhead.case.belief.pricing import price_point_of
from beachhead.case.belief.reach import served_over, stores_told
from beachhead.case.plan.planning import PlanRecord
from beachhead.case.score.outcome import Came, Scene, State
from beachhead.launch.question.action import ActionKind
from beachhead.ledger import Entry, Stated
from beachhead.pilot.result import PRICE_TOLERANCE
from beachhead.world.figures import cars, how_many
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter
from beachhead.world.reading import DemandCount, Observation

RAMP_QUARTERS, COUNTED_QUARTERS = 4, 4
"""A market that was scaled ramps up for a year; what the next year sells settles its odds of breaking even."""
FEWEST_DAYS = 270
"""Days of that year that rows must tell of."""
QUARTERS_UNTIL_SCALED = 4
"""Levels move: a market scaled later than this after the decision does not settle its odds."""


def demand_came(scene: Scene, entry: Entry, stated: Stated, quarter: Quarter, record: PlanRecord, level: float) -> Came:
    """How it stands with P(demand >= `level`) stated in a quarter."""
    state, why, found = _known(scene, entry.said.market, quarter, record)
    came = Came(
        stated=stated, entry=entry.number, market=entry.said.market, state=state, happened=None, why=why, realised=found
    )
    if found is None:
        return came
    year = second_year(scene, entry.said.market, record)
    low, high, needed = (cars(year.cars(entry.said.market, each)) for each in (found.low, found.high, level))
    demand = f"at least {low}" if found.high == inf else f"{low} to {high}"
    told = f"{how_many(found.counted, 'car')} in {why}: {demand} wanted that year at full scale (90 %), break-even"
    if found.low < level <= found.high:
        return replace(came, state=State.UNDECIDED, why=f"{told} {needed} lies within")
    return replace(came, happened=level <= found.low, why=f"{told} {needed}")


def second_year(scene: Scene, market: str, record: PlanRecord) -> Year:
    """The year whose sales settle the odds of a market that was scaled, on the course that they were stated on."""
    start = _started(scene, market)
    assert start is not None, "only a market that was scaled has a second year"
    return coming_year(scene.read(record.belief, Belief), start[0] + RAMP_QUARTERS)


def _known(scene: Scene, market: str, quarter: Quarter, record: PlanRecord) -> tuple[State, str, Realised | None]:
    """What the second year showed and when that was, or what stands in the way."""
    if all(known.code != market for known in scene.launch.folder.markets):
        return State.UNSEEN, "its market is no longer in markets.csv", None
    start = _started(scene, market)
    if start is None or start[0] - quarter > QUARTERS_UNTIL_SCALED:
        if Quarter.of(scene.on) - quarter <= QUARTERS_UNTIL_SCALED:
            return State.WAITING, "its market is not scaled yet", None
        return State.UNENTERED, "its market was not scaled within a year, so nobody knows its demand", None
    since, channel, left = start
    first, last = since + RAMP_QUARTERS, since + (RAMP_QUARTERS + COUNTED_QUARTERS - 1)
    span = f"{first} to {last}"
    if quarter >= first or scene.seen_before(record, market, first.first_day, last.last_day, pilots=False):
        return State.VOID, f"rows of {span} were on record before the odds were stated", None
    if left is not None and left <= last:
        return State.UNSEEN, f"the market was left in {left}, before the end of {span}", None
    if scene.on <= last.last_day:
        return State.WAITING, f"settled by what is sold from {span}", None
    counts = _counts(scene, market, channel, since, first, last)
    days = len({day for c in counts for day in range(c.start.toordinal(), c.end.toordinal() + 1)})
    if days < FEWEST_DAYS:
        return State.UNSEEN, f"rows tell of {how_many(days, 'day')} of {span}, at least {FEWEST_DAYS} are needed", None
    # against the course that the odds were stated on: what rivals and spending were to do is in its break-even too
    return State.TOLD, span, realised(scene.read(record.belief, Belief), counts)


def _started(scene: Scene, market: str) -> tuple[Quarter, Channel, Quarter | None] | None:
    """When the market was scaled, through which channel, and when it was left; None if it was not scaled."""
    mine = [made for made in scene.chosen if made.action.market == market]
    scaled = next((made for made in mine if made.action.kind is ActionKind.SCALE), None)
    if scaled is None or scaled.action.channel is None:
        return None
    left = (made.quarter for made in mine if made.action.kind is ActionKind.EXIT and made.quarter > scaled.quarter)
    return scaled.quarter, scaled.action.channel, next(left, None)


def _counts(
    scene: Scene, market: str, channel: Channel, since: Quarter, first: Quarter, last: Quarter
) -> tuple[DemandCount, ...]:
    """Cars counted in these quarters at list price, with the share of buyers that the channel serves by then."""
    economics = next((row for row in scene.economics if (row.market, row.channel) == (market, channel)), None)

    rows = [
        row for row in scene.rows if row.market == market and first.first_day <= row.start and row.end <= last.last_day
    ]
    stores = stores_told(rows, {market: since.first_day})

    def reach(row: Observation) -> float | None:
        return None if economics is None else served_over(economics, row.start, row.end, since.first_day) / stores(row)

    point = price_point_of(scene.launch)
    seen = pilot.read(rows, default_reach=reach, scaled_since={market: since.first_day}, price_point=point)
    fit = fit_of(scene.launch)
    return tuple(calendar_count(fit, count) for count in seen.counts if abs(count.price_point - 1) <= PRICE_TOLERANCE)
