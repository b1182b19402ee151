"""What was decided last in each market, and what is new since: a gate that is held is due again every quarter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from beachhead.case.decide.stating import break_even_name
from beachhead.case.log import entries
from beachhead.case.open import Launch
from beachhead.case.plan.decision import CHOSEN, Chosen
from beachhead.case.plan.planning import PLAN_RECORD, Planned, PlanRecord, Recommendations
from beachhead.case.rows.observe import TOPIC
from beachhead.launch.question.action import Action
from beachhead.launch.question.gate import Recommendation
from beachhead.ledger import Act, Said
from beachhead.store import Version, Work, current, decode, get, reading
from beachhead.world.brief import brief
from beachhead.world.errors import NotStored
from beachhead.world.figures import how_many, percent
from beachhead.world.reading import Observation
from beachhead.world.ref import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedLast:
    """The last decision on a market, and what is new by the plan at hand.

    Attributes:
        said: who decided what, when and why, as it stands in the ledger.
        action: what was decided.
        recommendation: what was recommended then; None if the plan did not know the market yet.
        odds_then: P(demand >= break-even), 0..1, as the gate had it then, or the plan where there was no gate yet; None
            if neither told any.
        odds_now: likewise by the plan at hand.
        new_rows: rows of the market that came in, or were corrected, between the two plans.
    """

    said: Said
    action: Action
    recommendation: Recommendation | None
    odds_then: float | None
    odds_now: float | None
    new_rows: int

    __repr__ = brief


class _Told(NamedTuple):
    """A plan's record, what was recommended on it by market code, and how many rows came in since, likewise."""

    record: PlanRecord
    rows: Mapping[str, Recommendation]
    new_rows: Counter[str]


def decided_last(launch: Launch, planned: Planned) -> Mapping[str, DecidedLast]:
    """By market code; markets that nobody has decided on have none, nor have decisions of another version."""
    now = {row.market: row for row in planned.recommendations}
    reasons = {reason.market: reason for reason in planned.plan.reasons}
    told: dict[Ref, _Told] = {}  # decisions of one day rest on one plan
    found: dict[str, DecidedLast] = {}
    with reading(launch.store) as work:
        latest = {
            entry.said.market: entry.said
            for entry in entries(work)
            if entry.said.act in (Act.DECISION, Act.OVERRIDE) and entry.said.market in now
        }
        sent = current(work, TOPIC) if latest else ()
        for code, said in latest.items():
            refs = {ref.kind: ref for ref in said.refs}
            try:
                action, by = get(work, refs[CHOSEN], Chosen).action, refs[PLAN_RECORD]
                record, rows, new_rows = told[by] = told.get(by) or _told(work, by, sent, planned.record.read_to)
            except (KeyError, NotStored):
                continue
            then = rows.get(code)
            found[code] = DecidedLast(
                said=said,
                action=action,
                recommendation=then,
                odds_then=_odds(then, _stated(said, record)),
                odds_now=_odds(now[code], reasons[code].figure("odds_of_break_even")),
                new_rows=new_rows[code],
            )
    return found


def _told(work: Work, by: Ref, sent: tuple[Version, ...], until: int) -> _Told:
    record = get(work, by, PlanRecord)
    rows = {row.market: row for row in get(work, record.recommendations, Recommendations).rows}
    new = (version.body for version in sent if record.read_to < version.delivery <= until and version.body)
    return _Told(record, rows, Counter(decode(body, Observation).market for body in new))


def _odds(told: Recommendation | None, planned: float | None) -> float | None:
    """The gate's odds; the plan's where there was no gate yet."""
    return planned if told is None or told.judgement is None else told.judgement.odds


def _stated(said: Said, record: PlanRecord) -> float | None:
    name = break_even_name(said.market, record.quarter)
    return next((stated.probability for stated in said.odds if stated.name == name), None)


def said_of_last(last: DecidedLast, name: str) -> str:
    """What was decided for the market of that name, when and by whom, and what changed since: two short sentences."""
    said = last.said
    because = f", because {said.because.rstrip('.')}" if said.because else ""
    decided = f"On {said.at:%Y-%m-%d} {said.who} decided for {name}: {said.chosen}{because}."
    came = f"{how_many(last.new_rows, 'row')} came in since" if last.new_rows else "No row came in since"
    if last.odds_then is None or last.odds_now is None:
        return f"{decided} {came}."
    then, now = percent(last.odds_then), percent(last.odds_now)
    odds = f"are {now} as they were" if then == now else f"went from {then} to {now}"
    return f"{decided} {came}; the odds of breaking even {odds}."
