"""A plan in two or three sentences, for every face."""

from __future__ import annotations

from collections.abc import Mapping

from beachhead.launch.action import ActionKind
from beachhead.launch.certificate import Certificate
from beachhead.launch.plan import Plan
from beachhead.world.figures import money, percent

_VERBS = {ActionKind.SCALE: "scale", ActionKind.PILOT: "pilot", ActionKind.EXIT: "leave"}


def headline(plan: Plan, names: Mapping[str, str], currency: str) -> tuple[str, ...]:
    """What to do now, what it is worth, and what is left out.

    Args:
        plan: the plan.
        names: market names by code.
        currency: of all amounts.
    """
    lines = [_deeds(plan, names), worth(plan.certificate, currency)]
    if plan.unaffordable:
        left_out = ", ".join(names[code] for code in plan.unaffordable)
        lines.append(f"Left out, because no year's capital can pay for them: {left_out}.")
    return tuple(lines)


def worth(certificate: Certificate, currency: str) -> str:
    """Value, bound and share of the bound in one sentence."""
    value, bound = certificate.value, certificate.bound
    share = "" if certificate.share is None else f", so at least {percent(certificate.share)} of the best possible"
    besides = ""
    if certificate.committed is not None:
        entered = certificate.committed
        besides = (
            f" That is what is still open; markets entered already are worth {money(entered.mean, currency)} ± "
            f"{money(entered.se, currency)} besides if nothing more is done."
        )
    return (
        f"Expected value {money(value.mean, currency)} ± {money(value.se, currency)}; no plan can earn more than "
        f"{money(bound.mean, currency)} ± {money(bound.se, currency)}{share} ({certificate.method}; "
        f"{value.count} worlds played, {bound.count} bounded, Monte Carlo errors).{besides}"
    )


def _deeds(plan: Plan, names: Mapping[str, str]) -> str:
    done = {kind: [names[a.market] for a in plan.actions if a.kind is kind] for kind in _VERBS}
    said = "; ".join(f"{verb} {', '.join(done[kind])}" for kind, verb in _VERBS.items() if done[kind])
    return f"{plan.quarter}: {said or 'hold everywhere'}."
