"""The odds that are stated with a decision: that demand breaks even, and what a pilot will show."""

from __future__ import annotations

from beachhead.belief import coming_year
from beachhead.case.plan.planning import Planned
from beachhead.launch.information.pilot_odds import OrderRange, PilotOdds, pilot_odds
from beachhead.launch.plan.reason import Reason
from beachhead.launch.question.action import Action, ActionKind
from beachhead.launch.question.problem import Problem
from beachhead.ledger import Stated
from beachhead.world.figures import at_price, how_many
from beachhead.world.quarter import Quarter

PILOT_ODDS = "pilot_odds"
"""Kind under which the odds of a pilot are kept."""
QUARTERS_TO_KNOW = 8
"""Stated odds of break-even can be settled two years after the decision, when a market has ramped up."""


def odds_of_pilot(planned: Planned, problem: Problem, chosen: Action) -> PilotOdds | None:
    """What the pilot chosen is expected to show; None if it is none."""
    if chosen.kind is not ActionKind.PILOT:
        return None
    made = (*problem.gates, *planned.plan.gates, *planned.plan.spare_gates)  # one registered stays in force
    return pilot_odds(problem, chosen, next((gate for gate in made if gate.market == chosen.market), None))


def stated_of_market(planned: Planned, code: str) -> tuple[Stated, ...]:
    """P(demand >= break-even), as the plan has it."""
    reason = next(reason for reason in planned.plan.reasons if reason.market == code)
    probability, level = reason.figure("odds_of_break_even"), reason.figure("break_even_demand")
    if probability is None or level is None or level == float("inf"):
        return ()
    quarter = planned.record.quarter
    span = coming_year(planned.belief, quarter).span
    event = f"demand in {code} at full scale is at least {level:,.0f} cars a year from {span}"
    by = (quarter + QUARTERS_TO_KNOW).last_day
    return (Stated(name=break_even_name(code, quarter), event=event, probability=probability, by=by),)


def stated_of_pilot(odds: PilotOdds) -> tuple[Stated, ...]:
    """The odds of a pilot as events, in the order sold out, gate, ranges of orders."""
    by = (odds.quarter + 1).first_day
    what = f"a pilot of {odds.batch:,}{at_price(odds.price_point)} in {odds.market}"
    weeks = how_many(odds.weeks, "week")
    said = [Stated(name=sold_out_name(odds), event=f"{what} sells out in {weeks}", probability=odds.sold_out, by=by)]
    if odds.opens is not None:
        event = f"the gate of {odds.market} lets it be scaled after {what}"
        said.append(Stated(name=gate_name(odds), event=event, probability=odds.opens, by=by))
    said += [
        Stated(
            name=range_name(odds, each),
            event=f"{what} takes {_orders(each)} in {weeks}",
            probability=each.probability,
            by=by,
        )
        for each in odds.ranges
    ]
    return tuple(said)


def break_even_level(reason: Reason) -> float | None:
    """What a market's sales are held against, in a quarter whose path is 1.

    Plans made before demand was told in cars of a year named it `break_even_demand`; their odds are settled still.
    """
    level = reason.figure("break_even_level")
    return reason.figure("break_even_demand") if level is None else level


def break_even_name(code: str, quarter: Quarter) -> str:
    """Of P(demand >= break-even) stated in a quarter."""
    return f"{code} {quarter} break-even"


def sold_out_name(odds: PilotOdds) -> str:
    """Of the event that a pilot sells out."""
    return f"{_name(odds)} sold out"


def gate_name(odds: PilotOdds) -> str:
    """Of the event that its gate lets the market be scaled."""
    return f"{_name(odds)} gate opens"


def range_name(odds: PilotOdds, within: OrderRange) -> str:
    """Of the event that its orders lie in a range."""
    return f"{_name(odds)} {within.low} to {within.high} orders"


def _orders(within: OrderRange) -> str:
    low, high = within.low, within.high
    return how_many(high, "order") if low == high else f"{low:,} to {high:,} orders"


def _name(odds: PilotOdds) -> str:
    """Names what was decided, so that another pilot decided in its place is another event."""
    return f"{odds.market} {odds.quarter} pilot {odds.batch}{at_price(odds.price_point)} through {odds.channel}"
