"""What a pilot is expected to show, stated before its first row, so that it can be scored when the pilot is over.

Orders are a negative binomial mixed over what is believed of demand, the early-adopter bias, the answer to price and
the dispersion (`belief.predict`); stock ends them, so a batch b sells out with P(demand >= b). What the gate will say
follows from the pilot's own count: the better it sells, the more there is to scale, so the least result that opens the
gate is found by bisection, each result read by `belief.update` as a reading reads it, and held against the gate as at
the look. News from pilots elsewhere moves the gate a little too; that is left out, and nothing is said of a gate surer
than `SUREST`. Calibration is measured in `tests/recovery/test_launch_pilot_odds.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from beachhead.belief.belief import Belief
from beachhead.belief.lasting import look, read_through
from beachhead.belief.predict import count_below, quantile
from beachhead.belief.priced import asked_off_list, joined, parted
from beachhead.launch.information.batch_design import with_pilot
from beachhead.launch.judge.judge import opens
from beachhead.launch.question.action import Action, ActionKind
from beachhead.launch.question.gate import Gate
from beachhead.launch.question.problem import Problem, looked
from beachhead.world.market import Channel
from beachhead.world.quarter import Quarter
from beachhead.world.reading import DemandCount, Funnel, Reading

LEVELS = (0.5, 0.9)
SUREST = 0.99
"""Odds of a gate are stated between 1 and 99 %: they leave out what other markets may tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRange:
    """A central range of the orders of a pilot.

    Attributes:
        level: share aimed at; orders are whole cars and end with the stock, so the odds are rarely just that.
        low: least orders within it.
        high: most.
        probability: that orders lie within it, both ends included.
    """

    level: float
    low: int
    high: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotOdds:
    """What one pilot is expected to show.

    Attributes:
        market: market code.
        quarter: in which it was decided.
        channel: sold through.
        batch: cars shipped.
        weeks: weeks on sale, stock permitting.
        price_point: price asked over the list price.
        sold_out: P(orders reach the batch within the weeks).
        ranges: of the orders, narrowest first; a range that says no more than `sold_out`, or nothing, is left out.
        gate: the gate that will be held against the reading; None where none is registered.
        opens: P(its odds, information and loss then allow scaling); None without a gate.
    """

    market: str
    quarter: Quarter
    channel: Channel
    batch: int
    weeks: int
    price_point: float
    sold_out: float
    ranges: tuple[OrderRange, ...]
    gate: Gate | None
    opens: float | None


def pilot_odds(problem: Problem, pilot: Action, gate: Gate | None) -> PilotOdds:
    """The odds of what a pilot of the quarter decided now will show.

    Args:
        problem: the question that was decided; its belief has seen no row of this pilot.
        pilot: an action of kind PILOT.
        gate: registered for its market; None if none is.
    """
    if pilot.kind is not ActionKind.PILOT or pilot.channel is None:
        raise ValueError(f"{pilot.kind} in {pilot.market} is no pilot")
    span = planned_span(problem, pilot)
    belief = _with_price(problem, span)
    shown = look(belief, looked(problem))
    below = count_below(shown, span)
    return PilotOdds(
        market=pilot.market,
        quarter=problem.quarters[0],
        channel=pilot.channel,
        batch=pilot.batch,
        weeks=pilot.weeks,
        price_point=pilot.price_point,
        sold_out=_share(1 - below(pilot.batch)),
        ranges=_ranges(below, pilot.batch),
        gate=gate,
        opens=None if gate is None or len(problem.quarters) < 2 else _odds_to_open(problem, belief, shown, span, gate),
    )


def planned_span(problem: Problem, pilot: Action) -> DemandCount:
    """The pilot as a count to come: on sale from the quarter's first day; `count` is its batch."""
    assert pilot.channel is not None
    i = problem.markets.index(pilot.market)
    terms = with_pilot(problem, pilot.batch, pilot.price_point)
    start = problem.quarters[0].first_day
    return DemandCount(
        market=pilot.market,
        offer="",
        start=start,
        end=start + timedelta(days=7 * pilot.weeks - 1),
        count=pilot.batch,
        reach=float(terms.pilot_reach[i, problem.channels[i].index(pilot.channel), 0]),
        funnel=Funnel.ORDERS,
        price_point=pilot.price_point,
    )


def _with_price(problem: Problem, span: DemandCount) -> Belief:
    if problem.answers is None:
        return problem.belief
    return joined(problem.belief, problem.answers, asked_off_list([span]))


def _share(odds: float) -> float:
    return min(1.0, max(0.0, odds))


def _ranges(below: Callable[[int], float], batch: int) -> tuple[OrderRange, ...]:
    """Ranges of min(demand, batch) with as many odds below as above; from below alone where stock ends those above."""
    found: dict[tuple[int, int], OrderRange] = {}
    for level in LEVELS:
        high = quantile(below, (1 + level) / 2)
        low = quantile(below, (1 - level) / 2 if high < batch else 1 - level)
        low, high = min(low, batch), min(high, batch)
        if low == batch or (low == 0 and high == batch):
            continue
        odds = _share((1.0 if high == batch else below(high + 1)) - below(low))
        found.setdefault((low, high), OrderRange(level=level, low=low, high=high, probability=odds))
    return tuple(found.values())


def _odds_to_open(problem: Problem, belief: Belief, shown: Belief, span: DemandCount, gate: Gate) -> float:
    """P(the pilot's result is at least the least one that opens the gate); results in order of what they promise."""
    days = (span.end - span.start).days + 1
    worst, best = 0, span.count + days  # so many orders; from the batch on, sold out ever earlier
    if not _opens(problem, belief, shown, _result(span, best - 1), gate):
        return 1 - SUREST
    while worst < best - 1:
        middle = (worst + best - 1) // 2
        if _opens(problem, belief, shown, _result(span, middle), gate):
            best = middle + 1
        else:
            worst = middle + 1
    least = _result(span, worst)
    reached = 1 - count_below(shown, least)(least.count)
    return min(SUREST, max(1 - SUREST, reached))


def _result(span: DemandCount, rank: int) -> DemandCount:
    """The result of that rank: orders over all the weeks, then a batch sold out on the last day, the day before ..."""
    if rank < span.count:
        return replace(span, count=rank)
    return replace(span, end=span.end - timedelta(days=rank - span.count), sold_out=True)


def _opens(problem: Problem, belief: Belief, shown: Belief, result: DemandCount, gate: Gate) -> bool:
    held = read_through(belief, shown, Reading(counts=(result,)), correct=True)
    if problem.answers is not None:
        held, _ = parted(held, problem.answers)
    return opens(gate, replace(problem, belief=held.belief), later=1)
