"""A plan in two or three sentences, for every face."""

from __future__ import annotations

from collections.abc import Mapping

from beachhead.launch.aim.pursue import FLOORED, Pursued
from beachhead.launch.aim.steer import PLAIN
from beachhead.launch.bound.certificate import Certificate
from beachhead.launch.bound.certify import LEAST_BOUND
from beachhead.launch.estimate import FEWEST, Estimate
from beachhead.launch.plan.plan import Plan
from beachhead.launch.question.action import ActionKind
from beachhead.launch.question.objective import Wanted
from beachhead.world.figures import at_least, cars, give_or_take, how_many, money, odds_of, percent

WORTH_TELLING = 0.1
"""Least share of the value, counted after the horizon, that is told."""

_VERBS = {ActionKind.SCALE: "scale", ActionKind.PILOT: "pilot", ActionKind.EXIT: "leave"}


def headline(plan: Plan, names: Mapping[str, str], currency: str) -> tuple[str, ...]:
    """What to do now, what it is worth, and what is left out.

    Args:
        plan: the plan.
        names: market names by code.
        currency: of all amounts.
    """
    lines = [_deeds(plan, names), worth(plan.certificate, currency), *after_horizon(plan, currency)]
    if plan.unaffordable:
        left_out = ", ".join(names[code] for code in plan.unaffordable)
        lines.append(f"Left out, because no year's capital can pay for them: {left_out}.")
    return tuple(lines)


def worth(certificate: Certificate, currency: str) -> str:
    """Value, bound and share of the bound in one sentence."""
    value, bound = certificate.value, certificate.bound
    if certificate.committed is None and max(bound.mean, bound.se or 0.0) < LEAST_BOUND:
        return f"No plan can earn anything within these limits ({certificate.method}; {bound.count} worlds bounded)."
    share = "" if certificate.share is None else f", so {at_least(certificate.share)} of the best possible"
    if certificate.share is not None and certificate.share > 1:
        share = ", which the plan reaches as nearly as these worlds can tell"
    if certificate.share is not None and certificate.share < 0.005:
        share = ", of which it is not shown to reach any"
    besides = ""
    if certificate.committed is not None:
        entered = certificate.committed
        besides = (
            f" That is what is still open; markets entered already are worth "
            f"{give_or_take(entered.mean, entered.se, currency)} besides if nothing more is done."
        )
    if value.se is not None and value.mean < -2 * value.se:
        besides += " Doing nothing more would earn more than this plan, by all that these worlds tell."
    return (
        f"Expected value {give_or_take(value.mean, value.se, currency)}; no plan can earn more than "
        f"{give_or_take(bound.mean, bound.se, currency)}{share} ({certificate.method}; {value.count} worlds played, "
        f"{bound.count} bounded, Monte Carlo errors).{too_few(value, ', or what share of the bound it is')}{besides}"
    )


def after_horizon(plan: Plan, currency: str) -> tuple[str, ...]:
    """How much of the value is counted after the last quarter, in a sentence; nothing where it is a small part."""
    value, after, last = plan.certificate.value.mean, plan.certificate.after, plan.timeline.quarters[-1]
    if after is None or value <= 0 or after.mean < WORTH_TELLING * value:
        return ()
    counted = give_or_take(after.mean, after.se, currency)
    said = (
        f"Of the value, {counted} lie after {last}, in the quarters that terminal_quarters adds"
        if after.mean < value
        else f"It pays back after {last} only: the quarters that terminal_quarters adds are worth {counted}"
    )
    short = plan.prices.car.get(last, 0.0) > 0
    return (f"{said}; cars, short in {last}, are taken to be short no longer then." if short else f"{said}.",)


def too_few(found: Estimate, besides: str = "", cure: str = "") -> str:
    """What to do where worlds are too few to tell an error; nothing where they are enough.

    Args:
        found: what the worlds told.
        besides: what else they leave open.
        cure: where more are not to be had by the option `--worlds`, how.
    """
    if found.se is not None:
        return ""
    said = how_many(found.count, "world is", "worlds are")
    enough = f"{FEWEST} or more" if found.count < FEWEST else "more"
    return f" {said} too few to say how exactly this is known{besides}: {cure or f'play {enough} (--worlds)'}."


def pursuit(pursued: Pursued, currency: str) -> tuple[str, ...]:
    """What is wanted, how much of it the plan reaches, what that costs, and whether the floor is kept."""
    lines = [_reached(pursued)]
    if pursued.steering == PLAIN:
        lines.append(
            "The plan of highest expected value keeps the floor in the search, so it stands."
            if pursued.wanted is Wanted.VALUE and _is_kept(pursued)
            else "No other policy tried serves that better, so this is the plan of highest expected value."
        )
    else:
        lines.append(_price(pursued, currency))
    return (*lines, *_floor(pursued, currency))


def _reached(pursued: Pursued) -> str:
    if pursued.wanted is Wanted.VALUE:
        return "Objective: expected value, with a floor under the worst worlds. The bound holds with or without it."
    share = "" if pursued.share is None else f", so {at_least(min(pursued.share, 1.0))} of what is possible"
    who = "plan that keeps the floor" if pursued.method == FLOORED else "plan, whatever it costs,"
    return (
        f"Objective: {pursued.said}. Reached: {_counted(pursued, pursued.score)}; no {who} can reach more than "
        f"{_counted(pursued, pursued.bound)}{share} ({pursued.method})."
    )


def _price(pursued: Pursued, currency: str) -> str:
    steering, lowered = pursued.steering, []
    if steering.bonus:
        lowered.append(
            f"counts {money(steering.bonus, currency)} besides for each car, or quarter on sale, that counts"
        )
    if steering.caution:
        many = "" if steering.caution == 1 else "s"
        lowered.append(f"takes demand to be {steering.caution:g} standard deviation{many} lower in what markets share")
    cost = pursued.cost
    given = "gives up" if cost.mean >= 0 else "gains"
    other = "" if pursued.wanted is Wanted.VALUE else f", which reaches {_counted(pursued, pursued.plain_score)}"
    return (
        f"To that end it {' and '.join(lowered)} when it decides, and {given} "
        f"{give_or_take(abs(cost.mean), cost.se, currency)} of expected value against the plan of highest value{other} "
        f"({cost.count} worlds).{too_few(cost)}"
    )


def _floor(pursued: Pursued, currency: str) -> tuple[str, ...]:
    worst, floor = pursued.worst, pursued.floor
    seen = (
        f"In the worst {percent(pursued.tail)} of worlds it is worth "
        f"{give_or_take(worst.mean, worst.se, currency)} on average (CVaR)"
    )
    if floor is None:
        return (f"{seen}; no floor is set.",)
    if not _is_kept(pursued):
        value = pursued.value
        idle = " It enters no market, whatever is learnt." if max(abs(value.mean), value.se or 0.0) < 1e-3 else ""
        return (
            f"{seen}: no policy tried keeps the floor of {money(floor, currency)}; this is the safest of them.{idle}",
        )
    if worst.mean >= floor:
        return (f"{seen}; the floor of {money(floor, currency)} is kept.",)
    within = " within the error of the estimate" if worst.se is None or worst.mean + 2 * worst.se >= floor else ""
    return (f"{seen}; the floor of {money(floor, currency)}, kept in the search, is missed{within} on these worlds.",)


def _is_kept(pursued: Pursued) -> bool:
    """Whether any policy tried keeps the floor on the worlds of the search."""
    return pursued.floor is None or any(tried.worst.mean >= pursued.floor for tried in pursued.tried)


def _counted(pursued: Pursued, found: Estimate) -> str:
    if pursued.wanted is Wanted.ODDS:
        return odds_of(found.mean, found.count) if not found.se else percent(found.mean, found.se)
    return f"{cars(found.mean)} ± {'?' if found.se is None else cars(found.se)} cars"


def _deeds(plan: Plan, names: Mapping[str, str]) -> str:
    done = {kind: [names[a.market] for a in plan.actions if a.kind is kind] for kind in _VERBS}
    said = "; ".join(f"{verb} {', '.join(done[kind])}" for kind, verb in _VERBS.items() if done[kind])
    return f"{plan.quarter}: {said or 'hold everywhere'}."
