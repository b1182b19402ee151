"""What a person writes to override a plan, as an action; refused where the launch could not carry it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from beachhead.launch.question.action import LIST_PRICE, Action, ActionKind, Standing
from beachhead.launch.question.kernel_terms import may_pilot
from beachhead.launch.question.problem import Problem
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many
from beachhead.world.market import Channel, Stage

MOST_DIGITS = 9
PILOT_WEEKS = 13


def override(problem: Problem, standing: Standing, proposed: Action, text: str) -> Action:
    """The action that `text` stands for.

    A person may overrule odds and gates. What the tables rule out is refused, for the ledger would then tell of
    something that did not happen: another channel, too early a start, more pilot cars than there are, a market that
    is scaled or was left.

    Args:
        problem: the question that the plan answers.
        standing: where the market stood when its quarter began.
        proposed: what the plan would do with the market.
        text: `hold`, `exit`, `scale`, `scale:CHANNEL`, `pilot:CARS`, `pilot:CARS:CHANNEL` or `pilot:CARS:CHANNEL:95%`;
            without a price as the plan proposes, or list price.
    """
    code = proposed.market
    if standing.is_home:
        raise BadInput(f"{code} is the home market", "decide on the markets to enter; home is scaled for good")
    action = _written(problem, standing, proposed, text)
    if action.kind in (ActionKind.PILOT, ActionKind.SCALE):
        _refuse_settled(standing, action, text)
        _refuse_ruled_out(problem, action, text)
    return action


def choices_of(problem: Problem, standing: Standing, proposed: Action, recommended: Action) -> tuple[str, ...]:
    """What a person may write instead of what is recommended: all that `override` takes, pilots of the menu's sizes."""
    channels = [channel for channel in problem.channels[problem.markets.index(proposed.market)] if channel is not None]
    written = ["hold", "exit", *(f"scale:{channel}" for channel in channels)]
    written += [f"pilot:{size}:{channel}" for channel in channels for size in problem.menu.batches]
    return tuple(text for text in written if _differs(problem, standing, proposed, recommended, text))


def _differs(problem: Problem, standing: Standing, proposed: Action, recommended: Action, text: str) -> bool:
    """True of what may be done and is not what is recommended."""
    try:
        action = override(problem, standing, proposed, text)
        refuse_beyond_limits(problem, [action])
    except BadInput:
        return False
    return action != recommended


def refuse_beyond_limits(problem: Problem, actions: Sequence[Action]) -> None:
    """Refuse what all decisions of the quarter together would use beyond its limits, overrides among them."""
    starts = {action.market: action for action in actions if action.kind is ActionKind.SCALE}
    pilots = {action.market: action for action in actions if action.kind is ActionKind.PILOT}
    terms, now = problem.terms, problem.quarters[0]
    capital = sum(capital_of(problem, action) for action in starts.values())
    cars = sum(action.batch for action in pilots.values())
    uses = (
        ("capital", "capital_per_year", capital, terms.capital_cap[terms.year[0]], ", ".join(starts)),
        ("scale starts", "scale_starts_per_quarter", len(starts), terms.starts_cap[0], ", ".join(starts)),
        ("pilot cars", "pilot_cars_per_quarter", cars, terms.pool_cap[0], ", ".join(pilots)),
    )
    for what, column, used, limit, markets in uses:
        if used > limit * (1 + 1e-9):
            raise BadInput(
                f"together, the decisions of {now} ({markets}) need {used:,.0f} {what}, and {limit:,.0f} are left",
                f"decide on fewer, or raise {column} in launch.toml and plan again",
            )


def capital_of(problem: Problem, action: Action) -> float:
    """Capital that starting at full scale through the action's channel commits, launch currency."""
    row = problem.markets.index(action.market)
    return float(problem.terms.capital[row, problem.channels[row].index(action.channel)])


_BARE = {"hold": ActionKind.WAIT, "wait": ActionKind.WAIT, "exit": ActionKind.EXIT}
"""Decisions that say nothing further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """What is written after `scale` or `pilot`: `150:dealer:95%`, each part or none, in any order."""

    channel: Channel | None
    batch: int | None
    price: float | None


def _terms(parts: Sequence[str]) -> _Terms | None:
    """The parts taken apart; None if one of them is none of the three, or stands twice."""
    channel = next((Channel(part) for part in parts if part in set(Channel)), None)
    batch = next((int(part) for part in parts if part.isdecimal() and len(part) <= MOST_DIGITS), None)
    price = next((float(part[:-1]) / 100 for part in parts if _is_percent(part)), None)
    understood = sum(one is not None for one in (channel, batch, price))
    return _Terms(channel=channel, batch=batch, price=price) if understood == len(parts) else None


def _written(problem: Problem, standing: Standing, proposed: Action, text: str) -> Action:
    code = proposed.market
    kind, *parts = text.strip().lower().split(":")
    if kind in _BARE and not parts:
        return Action(market=code, kind=_BARE[kind])
    terms = _terms(parts) if kind in ("scale", "pilot") else None
    if terms is None:
        raise _no_decision(code, text)
    through = terms.channel or proposed.channel or standing.channel or _registered(problem, code)
    if through is None:
        known = [channel for channel in problem.channels[problem.markets.index(code)] if channel is not None]
        raise BadInput(
            f"{code}={text!r} names no channel, and the plan proposes none",
            "write " + " or ".join(f"{code}={text.strip()}:{channel}" for channel in known),
        )
    if kind == "scale" and terms.batch is None and terms.price is None:
        return replace(proposed, kind=ActionKind.SCALE, channel=through, batch=0, weeks=0, price_point=LIST_PRICE)
    batch = proposed.batch if terms.batch is None else terms.batch
    if kind == "pilot" and batch > 0:
        weeks, price = proposed.weeks or PILOT_WEEKS, terms.price or proposed.price_point
        return replace(proposed, kind=ActionKind.PILOT, channel=through, batch=batch, weeks=weeks, price_point=price)
    raise _no_decision(code, text)


def _no_decision(code: str, text: str) -> BadInput:
    return BadInput(
        f"{code}={text!r} is not a decision",
        f"write {code}=hold, {code}=exit, {code}=scale:dealer, {code}=pilot:150:dealer or {code}=pilot:150:dealer:95%",
    )


def _is_percent(part: str) -> bool:
    """`95%` of list price, from half of it to twice."""
    return part.endswith("%") and part[:-1].isdecimal() and 50 <= int(part[:-1][:MOST_DIGITS]) <= 200


def _refuse_settled(standing: Standing, action: Action, text: str) -> None:
    code = action.market
    if standing.stage is Stage.SCALED:
        cure = f"write {code}=hold to go on selling, which takes an exit of this quarter back, or {code}=exit"
        raise BadInput(f"{code}={text!r}: {code} is scaled already", cure)
    if standing.stage is Stage.EXITED:
        raise BadInput(f"{code}={text!r}: {code} was left", f"write {code}=hold; a market that was left stays so")


def _refuse_ruled_out(problem: Problem, action: Action, text: str) -> None:
    code, terms = action.market, problem.terms
    row = problem.markets.index(code)
    channels = problem.channels[row]
    if action.channel not in channels:
        known = ", ".join(channel for channel in channels if channel is not None)
        raise BadInput(
            f"{code}={text!r}: {code} has no {action.channel} in economics.csv",
            f"name one of {known}" if known else "add a row for it, then plan again",
        )
    route = channels.index(action.channel)
    scaling = action.kind is ActionKind.SCALE
    first = int((terms.first_scale if scaling else terms.first_pilot)[row, route])
    if first > 0:
        when = f"before {problem.quarters[first]}" if first < len(problem.quarters) else "within the horizon"
        column = "earliest_scale" if scaling else "earliest_pilot"
        raise BadInput(
            f"{code}={text!r}: the tables rule out to {action.kind} through {action.channel} {when}",
            f"if that is wrong, mend {column} in economics.csv or the offers and prices, then plan again",
        )
    if not scaling and not may_pilot(terms, row, route, action.batch, 0):
        raise BadInput(
            f"{code}={text!r}: only {how_many(round(terms.small_series[row, route]), 'car')} may still be sold in "
            f"{code} this year under the approval for small series",
            f"ship at most {terms.small_series[row, route]:,.0f}, or wait for the approval without a limit",
        )
    if action.batch > terms.pool_cap[0]:
        raise BadInput(
            f"{code}={text!r}: only {how_many(round(terms.pool_cap[0]), 'car is', 'cars are')} set aside for pilots in "
            f"{problem.quarters[0]}",
            "ship fewer, or raise pilot_cars_per_quarter in launch.toml and plan again",
        )


def _registered(problem: Problem, code: str) -> Channel | None:
    return next((gate.channel for gate in problem.gates if gate.market == code), None)
