"""A person decides on what the newest plan recommends; the ledger keeps who, when, on which records, with what odds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from beachhead.case.answers.sited import sited_routes
from beachhead.case.decide.decided_last import DecidedLast, decided_last
from beachhead.case.decide.override import capital_of, choices_of, override, refuse_beyond_limits
from beachhead.case.decide.stating import PILOT_ODDS, odds_of_pilot, stated_of_market, stated_of_pilot
from beachhead.case.log import KEEPS_SCORE, entries, head, say, since, whole
from beachhead.case.open import Launch
from beachhead.case.plan.decision import CHOSEN, Chosen
from beachhead.case.plan.planning import Planned, inputs_changed, newest_plan
from beachhead.case.plan.standing import choices, standings
from beachhead.launch.information.pilot_odds import PilotOdds
from beachhead.launch.plan.reason import Reason
from beachhead.launch.question.action import Action, ActionKind
from beachhead.launch.question.gate import Recommendation, Verdict
from beachhead.launch.question.problem import Problem
from beachhead.ledger import Act, Entry, Head, Said
from beachhead.store import Work, get, put, reading, writing
from beachhead.world.brief import brief
from beachhead.world.errors import BadInput, OutOfDate
from beachhead.world.figures import at_price
from beachhead.world.market import Channel
from beachhead.world.ref import Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A decision that is due, or may be taken.

    Attributes:
        action: what the plan would do.
        recommendation: what is recommended, and why.
        reason: the numbers behind the plan's choice.
        choices: what a person may decide in its place, as `override` reads it.
        last: what was decided last, and what is new since; None where nobody has decided yet.
    """

    action: Action
    recommendation: Recommendation
    reason: Reason
    choices: tuple[str, ...]
    last: DecidedLast | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was entered.

    Attributes:
        entries: the new entries, in order.
        head: the ledger's head after them.
    """

    entries: tuple[Said, ...]
    head: Head

    __repr__ = brief


class _Meant(NamedTuple):
    """A decision before it has its place in the ledger."""

    said: Said
    chosen: Chosen
    expected: PilotOdds | None


def due(launch: Launch, planned: Planned) -> tuple[Due, ...]:
    """What the plan asks a person to decide, and nobody has decided since it was made.

    Of a market that its gate stops a person is asked once: held, it stays stopped until its gate says otherwise. What
    was decided for the quarter is not asked for again by a plan made since that would do the same.
    """
    return _rows(launch, planned, asked=True)


def not_due(launch: Launch, planned: Planned) -> tuple[Due, ...]:
    """Markets that nothing is asked about, and where a person may decide otherwise than planned all the same.

    Nobody has decided there since the plan was made: what is decided is decided once a plan.
    """
    return tuple(row for row in _rows(launch, planned, asked=False) if row.choices)


def _rows(launch: Launch, planned: Planned, *, asked: bool) -> tuple[Due, ...]:
    """Markets not yet decided on since the plan was made: those that a person is asked about, or the others."""
    made = choices(launch, whole(launch.store)[0])
    in_force = {chosen.action for chosen in made if chosen.quarter == planned.record.quarter}
    with reading(launch.store) as work:
        settled = {entry.said.market for entry in _decided(work, planned)}
        problem = get(work, planned.record.problem, Problem)
    before, earlier = standings(launch, planned.record.quarter + -1).by_market, decided_last(launch, planned)
    found: list[Due] = []
    rows = zip(planned.plan.actions, planned.recommendations, planned.plan.reasons, strict=True)
    for proposed, recommendation, reason in rows:
        code, action, last = proposed.market, _allowed(proposed, recommendation), earlier.get(proposed.market)
        is_asked = (
            (recommendation.judgement is not None or recommendation.action is not ActionKind.WAIT)
            and not (is_stopped(recommendation) and _was_held_stopped(last))
            and action not in in_force
        )
        if code not in settled and is_asked is asked:
            has_gone = code not in before  # from markets.csv, since
            written = () if has_gone else choices_of(problem, before[code], proposed, action)
            found.append(Due(action=action, recommendation=recommendation, reason=reason, choices=written, last=last))
    return tuple(found)


def _was_held_stopped(last: DecidedLast | None) -> bool:
    """True if its gate stopped the market when it was decided on last, and somebody held it, told so."""
    if last is None or last.recommendation is None:
        return False
    return last.action.kind is ActionKind.WAIT and is_stopped(last.recommendation)


def is_stopped(recommendation: Recommendation) -> bool:
    """True if its gate stops the market, so that the plan can only wait."""
    return recommendation.verdict is Verdict.STOP and recommendation.action is ActionKind.WAIT


def decide(
    launch: Launch,
    *,
    who: str,
    at: datetime,
    markets: Iterable[str] | None = None,
    overrides: Mapping[str, str] | None = None,
    because: str = "",
    after: str | None = None,
) -> Decided:
    """Enter decisions on the newest plan: accept what is recommended, except where overridden.

    Args:
        launch: the launch.
        who: the person deciding.
        at: when.
        markets: decide on these only; all that are due if None. Overridden markets are always included.
        overrides: by market, `hold`, `exit`, `scale`, `scale:CHANNEL`, `pilot:CARS` or `pilot:CARS:CHANNEL`.
        because: the reason for the overrides; needed if there are any.
        after: digest of the ledger's head that the person looked at; not checked if None.

    Raises:
        OutOfDate: rows, tables or decisions came in since; what was meant is kept as a draft.
    """
    planned = newest_plan(launch)
    overrides = overrides or {}
    if overrides and not because.strip():
        raise BadInput(f"the override of {', '.join(overrides)} gives no reason", 'add --because "..."')
    said = _said(launch, planned, who, at, markets, overrides, because)
    if inputs_changed(launch, planned):
        raise OutOfDate("tables or observations changed since the plan was made", f"run `beachhead plan {launch.path}`")
    with writing(launch.store) as work:
        first = _first_come(work, planned, [meant.said.market for meant in said], after)
        if first is None:
            return _enter(work, planned, said)
        for meant in said:
            say(work, replace(meant.said, act=Act.DRAFT, odds=()))
    raise OutOfDate(first, "look at it, then decide again; what you meant is kept in the ledger as a draft")


def _said(
    launch: Launch,
    planned: Planned,
    who: str,
    at: datetime,
    markets: Iterable[str] | None,
    overrides: Mapping[str, str],
    because: str,
) -> list[_Meant]:
    for code in (*overrides, *(markets or ())):
        launch.market(code)
    rows = {row.action.market: row for row in due(launch, planned)}
    wanted = list(rows) if markets is None else list(markets)
    codes = [action.market for action in planned.plan.actions if action.market in {*wanted, *overrides}]
    with reading(launch.store) as work:
        problem = get(work, planned.record.problem, Problem)
        earlier = [_choice(work, entry).action for entry in _decided(work, planned)]
    before = standings(launch, planned.record.quarter + -1).by_market
    sited = sited_routes(launch)
    out: list[_Meant] = []
    for code in codes:
        index = _index(planned, code)
        recommended = rows[code].action if code in rows else planned.plan.actions[index]
        chosen = recommended
        if code in overrides:
            chosen = override(problem, before[code], planned.plan.actions[index], overrides[code])
        expected = odds_of_pilot(planned, problem, chosen)
        item = _one(planned, recommended, chosen, who, at, because if code in overrides else "", expected)
        out.append(_Meant(item, _chosen(planned, problem, chosen, sited), expected))
    if overrides:
        refuse_beyond_limits(problem, [*earlier, *(meant.chosen.action for meant in out)])
    if not out:
        cure = f"name a market to override, or run `beachhead plan {launch.path}` once something has changed"
        raise BadInput(f"nothing is due in {planned.record.quarter} by the newest plan", cure)
    return out


def _chosen(planned: Planned, problem: Problem, action: Action, sited: Collection[tuple[str, Channel]]) -> Chosen:
    """The choice with the capital that its plan counted: what is decided stays, whatever is answered later."""
    if action.kind is not ActionKind.SCALE or action.channel is None:
        return Chosen(quarter=planned.record.quarter, action=action)
    return Chosen(
        quarter=planned.record.quarter,
        action=action,
        capital=capital_of(problem, action),
        on_sites=(action.market, action.channel) in sited,
    )


def _one(
    planned: Planned,
    recommended: Action,
    chosen: Action,
    who: str,
    at: datetime,
    because: str,
    expected: PilotOdds | None,
) -> Said:
    refs = (planned.ref, planned.record.plan, planned.record.belief, planned.record.reading)
    same = chosen == recommended
    return Said(
        at=at,
        who=who,
        act=Act.DECISION if same else Act.OVERRIDE,
        market=chosen.market,
        recommended=words(recommended),
        chosen=words(chosen),
        because="" if same else because,
        odds=stated_of_market(planned, chosen.market) + (() if expected is None else stated_of_pilot(expected)),
        refs=refs,
    )


def words(action: Action) -> str:
    """As the ledger has it: `pilot 150 at 95 % of list through dealer`, `scale through agent`, `hold`, `exit`."""
    match action.kind:
        case ActionKind.PILOT:
            return f"pilot {action.batch}{at_price(action.price_point)} through {action.channel}"
        case ActionKind.SCALE:
            return f"scale through {action.channel}"
        case ActionKind.WAIT:
            return "hold"
        case _:
            return "exit"


def _enter(work: Work, planned: Planned, said: Sequence[_Meant]) -> Decided:
    items = [replace(meant.said, refs=(*meant.said.refs, *_kept(work, meant))) for meant in said]
    items += _registered(work, planned, [meant.chosen.action for meant in said], items[0])
    for item in items:
        say(work, item)
    return Decided(entries=tuple(items), head=head(work))


def _kept(work: Work, meant: _Meant) -> list[Ref]:
    chosen = put(work, CHOSEN, meant.chosen)
    return [chosen] if meant.expected is None else [chosen, put(work, PILOT_ODDS, meant.expected)]


def _registered(work: Work, planned: Planned, actions: Sequence[Action], like: Said) -> list[Said]:
    """One entry that registers the gates of the pilots that start; a gate once registered never changes."""
    piloted = {action.market for action in actions if action.kind is ActionKind.PILOT}
    made = (*planned.plan.gates, *planned.plan.spare_gates)
    fresh = [gate for gate in made if gate.market in piloted and gate.registered == planned.record.quarter]
    if not fresh:
        return []
    refs: tuple[Ref, ...] = tuple(put(work, "gate", gate) for gate in fresh)
    names = ", ".join(gate.market for gate in fresh)
    return [Said(at=like.at, who=like.who, act=Act.GATES, chosen=f"gates for {names}", refs=(planned.ref, *refs))]


def _decided(work: Work, planned: Planned) -> list[Entry]:
    """Decisions in force that were entered on this plan's quarter after the plan was made; clocks may differ."""
    found, since = [], False
    for entry in entries(work):
        since = since or entry.predecessor == planned.record.ledger_head
        ref = next((ref for ref in entry.said.refs if ref.kind == CHOSEN), None)
        if not since or ref is None or entry.said.act is Act.DRAFT:
            continue
        if get(work, ref, Chosen).quarter == planned.record.quarter:
            found.append(entry)
    return found


def _choice(work: Work, entry: Entry) -> Chosen:
    return get(work, next(ref for ref in entry.said.refs if ref.kind == CHOSEN), Chosen)


def _first_come(work: Work, planned: Planned, codes: Sequence[str], after: str | None) -> str | None:
    """Who came first with one of these markets, or with anything since the head that was looked at; None if nobody."""
    clash = next((entry for entry in _decided(work, planned) if entry.said.market in codes), None)
    new = [] if after is None else [entry for entry in since(work, after) if entry.said.act not in KEEPS_SCORE]
    if clash is None and not new:
        return None
    first = (clash or new[-1]).said
    what = f"{first.market} = {first.chosen}" if first.market else first.chosen
    return f"{first.who} came before you: {what!r}, {first.at:%Y-%m-%d %H:%M} UTC"


def _index(planned: Planned, code: str) -> int:
    return next(index for index, action in enumerate(planned.plan.actions) if action.market == code)


def _allowed(action: Action, recommendation: Recommendation) -> Action:
    """The plan's action where the gate allows it, else to hold."""
    if action.kind is recommendation.action:
        return action
    return Action(market=action.market, kind=recommendation.action)
