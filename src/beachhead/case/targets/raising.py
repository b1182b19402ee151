"""A target that is met gives way to the next by its rule; the ledger keeps both."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from beachhead import store
from beachhead.case.log import say
from beachhead.case.open import Launch
from beachhead.case.plan.target_facts import in_force, met, seen_cars
from beachhead.evidence.cell import meant
from beachhead.ledger import Act, Said
from beachhead.programme.target import Target, is_raised, next_target
from beachhead.store import Work
from beachhead.world.errors import BadInput

RECORD = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A target in force, held against what is known.

    Attributes:
        target: which.
        is_met: whether it is met, as `target_facts.met` tells it.
        is_raised: whether another stands in its place already.
        next: what its rule puts in its place; None if one stands there already, or it has no rule.
    """

    target: Target
    is_met: bool
    is_raised: bool
    next: Target | None


def held_targets(launch: Launch) -> tuple[Held, ...]:
    """Every target in force, whether it is met, and what may take its place; no odds. NotLearnt without targets.csv."""
    with store.reading(launch.store) as work:
        return _held(launch, work)


def held_against(targets: Sequence[Target], shown: Collection[str]) -> tuple[Held, ...]:
    """Targets in force, given the codes of those that are met."""
    raised = {target.code for target in targets if is_raised(target, targets)}
    return tuple(
        Held(
            target=target,
            is_met=target.code in shown,
            is_raised=target.code in raised,
            next=None if target.code in raised else next_target(target),
        )
        for target in targets
    )


def raise_target(launch: Launch, code: str, *, who: str, at: datetime, because: str = "") -> Target:
    """Put the next target in a met one's place; the ledger keeps both.

    Args:
        launch: the launch.
        code: of the target that is met.
        who: who says so.
        at: when.
        because: how it is known to be met, where no record shows it; from then on it counts as met.
    """
    with store.writing(launch.store) as work:  # whoever raises it at the same moment waits, and is refused
        held = {each.target.code: each for each in _held(launch, work)}
        if code not in held:
            raise BadInput(f"{code!r} is no target", meant(code, set(held), "name a code of targets.csv"))
        target, new = held[code].target, held[code].next
        if held[code].is_raised:
            raise BadInput(f"{code} has been raised already", "raise the target that follows it")
        if new is None:
            raise BadInput(f"{code} has no next target", "write raise_share in targets.csv")
        if not held[code].is_met and not because.strip():
            raise BadInput(f"no record shows that {code} is met", 'send the rows that do, or add --because "..."')
        refs = (store.put(work, RECORD, target), store.put(work, RECORD, new))
        said = f"{code} ({target.amount_said} by {target.by}) is met; next {new.amount_said} by {new.by}"
        say(work, Said(at=at, who=who, act=Act.TARGET, chosen=said, because=because, refs=refs))
    return new


def _held(launch: Launch, work: Work) -> tuple[Held, ...]:
    targets = in_force(launch, work)
    return held_against(targets, met(launch, work, targets, seen_cars(launch, work)))
