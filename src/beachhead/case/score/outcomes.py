"""What the rows show of the odds stated with decisions, and the ledger's entries about it.

The rule, in words, stands in `docs/explanation/scoring.md`. A pilot's odds are settled when its weeks are over, those
of its gate by the question as it was put at the look; odds of breaking even by the second year at full scale.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from beachhead.case.decide.stating import PILOT_ODDS, break_even_level, break_even_name
from beachhead.case.log import entries, say
from beachhead.case.open import Launch
from beachhead.case.plan.decision import CHOSEN, Chosen
from beachhead.case.plan.planning import PLAN_RECORD, PlanRecord
from beachhead.case.score.outcome import Came, Scene, State, ref_of_kind
from beachhead.case.score.outcome_of_demand import demand_came
from beachhead.case.score.outcome_of_pilot import pilot_came
from beachhead.case.score.regretting import Regretted, regretted
from beachhead.launch.information.pilot_odds import PilotOdds
from beachhead.launch.plan.plan import Plan
from beachhead.ledger import Act, Entry, Outcome, Said
from beachhead.store import put, writing
from beachhead.world.errors import NotStored

RESULT = "pilot_result"
"""Kind under which what came of a pilot is kept."""


def outcomes(launch: Launch, *, on: date, judged: bool = True, anew: bool = False) -> tuple[Came, ...]:
    """How it stands with all odds stated with decisions, in the ledger's order.

    Args:
        launch: the launch.
        on: the day; what ends later is not known yet.
        judged: whether gates are held against what their pilots showed, which takes a question each; `ready` if not.
        anew: hold even gates whose outcome is on record against what is known by now.
    """
    scene = Scene(launch, on, judged=judged, anew=anew)
    found = (came for entry in scene.decisions for came in _of_entry(scene, entry))
    return tuple(
        replace(came, on_record=came.state is State.TOLD and scene.on_record.get(came.stated.name) is came.happened)
        for came in found
    )


def regrets(launch: Launch, *, on: date) -> tuple[Regretted, ...]:
    """What decisions gave up in markets whose demand is known on that day, in the ledger's order."""
    scene, found = Scene(launch, on, judged=False, anew=False), []
    for entry in scene.decisions:
        ref = ref_of_kind(entry, PLAN_RECORD)
        for came in _of_entry(scene, entry):
            if came.realised is not None and ref is not None:
                found.append(regretted(scene, entry, came, scene.read(ref, PlanRecord)))
    return tuple(each for each in found if each is not None)


def register_outcomes(launch: Launch, *, on: date, who: str, at: datetime) -> tuple[Said, ...]:
    """Enter what came of stated odds, unless it is on record; where corrected rows tell otherwise, a further entry."""
    told = [came for came in outcomes(launch, on=on, anew=True) if came.state is State.TOLD]
    made: list[Said] = []
    with writing(launch.store) as work:
        known = {o.name: o.happened for entry in entries(work) for o in entry.said.outcomes}
        for number in dict.fromkeys(came.entry for came in told):
            fresh = {
                came.stated.name: came
                for came in told
                if came.entry == number and known.get(came.stated.name) is not came.happened
            }
            if not fresh:
                continue
            first = next(iter(fresh.values()))
            refs = () if first.result is None else (put(work, RESULT, first.result),)
            out = tuple(Outcome(name=name, happened=bool(came.happened)) for name, came in fresh.items())
            known |= {each.name: each.happened for each in out}
            made.append(
                Said(at=at, who=who, act=Act.OUTCOME, market=first.market, because=first.why, outcomes=out, refs=refs)
            )
            say(work, made[-1])
    return tuple(made)


def _of_entry(scene: Scene, entry: Entry) -> list[Came]:
    """None where the records of a decision were written by another version and do not read any more."""
    chosen_ref, record_ref, odds_ref = (ref_of_kind(entry, kind) for kind in (CHOSEN, PLAN_RECORD, PILOT_ODDS))
    assert chosen_ref is not None, "a decision names what was chosen"
    assert record_ref is not None, "a decision names its plan"
    try:
        chosen, record = scene.read(chosen_ref, Chosen), scene.read(record_ref, PlanRecord)
        odds = None if odds_ref is None else scene.read(odds_ref, PilotOdds)
        plan = scene.read(record.plan, Plan)
    except NotStored:
        return []
    found: list[Came] = []
    by_name = {stated.name: stated for stated in entry.said.odds}
    name = break_even_name(entry.said.market, chosen.quarter)
    if name in by_name:
        reason = next(reason for reason in plan.reasons if reason.market == entry.said.market)
        level = break_even_level(reason)
        assert level is not None, "odds of breaking even were stated without a break-even"
        found.append(demand_came(scene, entry, by_name[name], chosen.quarter, record, level))
    if odds is not None:
        found += pilot_came(scene, entry, chosen, odds, record)
    return found
