"""What the rows observed so far say, how they moved the belief, and what the open gates make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf

import numpy as np
from numpy.typing import NDArray

from beachhead.belief import Belief, Year, coming_year, odds, weigh_evidence
from beachhead.case.belief.believe import Held
from beachhead.case.belief.offer_list import declared_mix
from beachhead.case.belief.studies import folder_evidence
from beachhead.case.clock import today
from beachhead.case.open import Launch, day_within
from beachhead.case.plan.planning import Question, put_question
from beachhead.case.score.outcome import Came
from beachhead.case.score.outcomes import outcomes
from beachhead.launch.judge.break_even import break_even
from beachhead.launch.judge.monitor import Monitor, Shown, Sighting, in_year, planned_look, watch
from beachhead.launch.question.gate import Gate, Judgement
from beachhead.world.brief import brief
from beachhead.world.figures import cars, how_many
from beachhead.world.figures import odds as said_odds
from beachhead.world.market import Stage
from beachhead.world.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far the belief about one market moved; cars a year at full scale in the coming year.

    Attributes:
        market: market code.
        median_before: median of the prior.
        low_before: lower end of its central 90 % interval.
        high_before: upper end.
        median: median now.
        low: lower end of the central 90 % interval now.
        high: upper end now.
        counted: cars counted in this market.
        days: days observed in it.
        cars_counted: false if only leads or test drives were observed.
        sold_out: true if the newest rows ended because the batch was sold out.
        break_even: of scaling now, infinite where no demand would pay; None where no gate is open.
        odds: that demand is at least that, 0..1; None where no gate is open.
    """

    market: str
    median_before: float
    low_before: float
    high_before: float
    median: float
    low: float
    high: float
    counted: int
    days: int
    cars_counted: bool
    sold_out: bool
    break_even: float | None
    odds: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Read:
    """The answer to `beachhead read`.

    Attributes:
        reading: the counts, and the rows that say nothing about demand.
        moved: every market, in the order of markets.csv.
        judgements: every open gate held against the belief.
        effective_sample_size: of the importance correction, 0 if none was made.
        corrected: true if the correction was made.
        question: the question that a plan would now answer.
        monitors: what the counts alone have shown, valid however often one looks; one for each market with counts.
        outcomes: what is known by then of the odds stated with decisions.
    """

    reading: Reading
    moved: tuple[Moved, ...]
    judgements: tuple[Judgement, ...]
    effective_sample_size: float
    corrected: bool
    question: Question
    monitors: tuple[Monitor, ...]
    outcomes: tuple[Came, ...] = ()

    __repr__ = brief


def read(launch: Launch, *, on: date | None = None) -> Read:
    """Read everything observed, update the belief, and hold open gates against it.

    Args:
        launch: the launch.
        on: the day; None for today. After the last quarter planned it is read as at its end.
    """
    question = put_question(launch, on=day_within(launch, on))
    held = question.held
    return Read(
        reading=held.reading,
        moved=moves(question),
        judgements=question.judgements,
        effective_sample_size=held.posterior.effective_sample_size,
        corrected=held.posterior.corrected,
        question=question,
        monitors=monitors(launch, question),
        outcomes=outcomes(launch, on=on or today()),
    )


def moves(question: Question) -> tuple[Moved, ...]:
    """How far the belief about every market moved, in the order of markets.csv."""
    held, problem = question.held, question.problem
    # the break-even that its gate is held against today: it rises as fewer quarters are left to earn the capital back
    levels = {g.market: break_even(problem, problem.markets.index(g.market)).cars_per_year for g in problem.gates}
    year = question.year
    before = demand_in(held.before, coming_year(held.before, question.now)).tolist()
    now = demand_in(held.belief, year).tolist()
    return tuple(
        _moved(held, year, code, before[m], now[m], levels.get(code)) for m, code in enumerate(held.belief.markets)
    )


def demand_in(belief: Belief, year: Year) -> NDArray[np.float64]:
    """(M, 3) low end, median and high end of the central 90 % of demand, cars of that year at full scale."""
    out: NDArray[np.float64] = belief.spread(0.9) * year.course[:, None]
    return out


def moved_sentence(moved: Moved, name: str, year: Year) -> str:
    """What was counted in a market, and what is believed of its demand now and was before."""
    sold = ", sold out" if moved.sold_out else ""
    seen = f"{how_many(moved.counted, 'car')} in {how_many(moved.days, 'day')}"
    counted = seen if moved.cars_counted else "no car counted yet, only leads"
    above = "" if moved.odds is None or moved.break_even is None else f"; {_beats(moved.odds, moved.break_even)}"
    return (
        f"{name}: {counted}{sold}; demand at full scale from {year.span} now {cars(moved.median)} "
        f"cars a year (90 %: {cars(moved.low)} to {cars(moved.high)}), before {cars(moved.median_before)} "
        f"({cars(moved.low_before)} to {cars(moved.high_before)}){above}."
    )


def _beats(probability: float, break_even: float) -> str:
    if break_even == inf:
        return "no demand would pay for scaling any more"
    return f"{said_odds(probability)} that it beats {cars(break_even)}, its break-even if scaled now"


def monitor_sentence(monitor: Monitor, name: str, year: Year) -> str:
    """What the counts alone have shown, valid however often one looks, and the planned look if there is one."""
    last = monitor.sightings[-1]
    within = f"{_within(last)}, as of {year.span}"
    if last.low > last.high:
        moved = next(sight.day for sight in monitor.sightings if sight.low > sight.high)
        within = f"no single level fits them since {moved}: demand has moved"
    which = "counts" if monitor.is_pilot else "counts at full scale"  # those of the pilots before are left out
    head = f"{name}, {which} alone, valid at every look: {within}"
    if monitor.break_even is None:
        return f"{head} (95 %)."
    registered = "registered " if monitor.look is not None else ""  # a gate's own; scaling now may need another
    level = f"{registered}break-even, {cars(monitor.break_even)}"
    if monitor.shown is Shown.OPEN:
        strongest = max(last.evidence_above or 0.0, last.evidence_below or 0.0)
        told = f"not yet shown to be above or below its {level} (evidence {strongest:,.1f} of {monitor.threshold:.0f})"
    else:
        told = f"shown on {monitor.shown_on} to be {monitor.shown} its {level}"
    look = monitor.look
    if look is None or look.statistic is None or look.boundary is None:
        return f"{head}; {told}."
    passed = "crossed" if look.crossed else "not crossed"
    planned = f"planned look {look.number} of {look.of}: {look.statistic:.2f} against {look.boundary:.2f}, {passed}"
    return f"{head}; {told}; {planned}."


def _within(sight: Sighting) -> str:
    """The interval of one look in whole cars; an end that the counts do not set is not made up."""
    floor = round(sight.low) > 0
    if not floor and sight.high == inf:
        return "every level still fits them"
    if sight.high == inf:
        return f"at least {cars(sight.low)} car{'' if round(sight.low) == 1 else 's'} a year, no upper end yet"
    if not floor:
        return f"at most {cars(sight.high)} car{'' if round(sight.high) == 1 else 's'} a year, no lower end yet"
    return f"{cars(sight.low)} to {cars(sight.high)} cars a year"


def monitors(launch: Launch, question: Question) -> tuple[Monitor, ...]:
    """The anytime-valid monitor of every market with counts, in cars of the coming year, and its gate's planned look.

    Without a gate the break-even is that of the channel that would pay most if scaled now; a market that is scaled or
    was left has none. A planned look is held on what counts add to the studies.
    """
    held, told = question.held, weigh_evidence(question.held.before, folder_evidence(launch))
    gates, mix = {gate.market: gate for gate in question.problem.gates}, declared_mix(launch)
    out = []
    for code in held.belief.markets:
        gate = gates.get(code)
        counts = tuple(count for count in held.reading.counts if count.market == code and count.counts_cars)
        level = _level(question, code, gate) if counts else None
        found = watch(held.before, counts, code, mix=mix, break_even=level)
        if found is not None:
            look = None if gate is None else planned_look(gate, told, held.belief, question.now)
            out.append(replace(in_year(found, question.year), look=look))
    return tuple(out)


def _level(question: Question, code: str, gate: Gate | None) -> float | None:
    """Cars a year that the market must sell: what its gate asks, without one what scaling would need now.

    None where it is scaled, so that its capital is spent, or was left.
    """
    if gate is not None:
        return gate.break_even
    if code not in question.problem.markets:
        return None
    at = question.problem.markets.index(code)
    if question.problem.standing[at].stage in (Stage.SCALED, Stage.EXITED):
        return None
    level = break_even(question.problem, at).cars_per_year
    return level if 0 < level < inf else None


def _moved(
    held: Held, year: Year, code: str, before: Sequence[float], now: Sequence[float], level: float | None
) -> Moved:
    counts = [count for count in held.reading.counts if count.market == code]
    days = {count.start.toordinal() + step for count in counts for step in range((count.end - count.start).days + 1)}
    newest = max((count.end for count in counts), default=None)
    return Moved(
        market=code,
        low_before=before[0],
        median_before=before[1],
        high_before=before[2],
        low=now[0],
        median=now[1],
        high=now[2],
        counted=sum(count.count for count in counts if count.counts_cars),
        days=len(days),
        cars_counted=any(count.counts_cars for count in counts),
        sold_out=any(count.sold_out for count in counts if count.end == newest),
        break_even=None if level is None else year.cars(code, level),
        odds=None if level is None else odds(held.posterior, code, level).probability,
    )
