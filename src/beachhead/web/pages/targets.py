"""Targets in force, and the raising of one that is met; their odds are the answer of the room `targets`."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from beachhead.case.clock import now
from beachhead.case.targets.raising import Held, held_targets, raise_target
from beachhead.web.server.request import REFUSALS, Key, desk_of, once, sheet_of
from beachhead.web.server.sessions import Approver, Viewer
from beachhead.web.wire.field import Typed

router = APIRouter(responses=REFUSALS)


class TargetOut(BaseModel):
    """One target in force.

    `amount` and `next` are written out: `100,000`, `rank 4`, `95 %`. `next` and `next_by` are what its rule puts in its
    place once it is met; "" where another stands there already, or it has no rule.
    """

    code: str
    name: str
    amount: str
    by: str
    is_met: bool
    is_raised: bool
    next: str
    next_by: str


class TargetsOut(BaseModel):
    """Every target in force, in the order of the table, then those that were raised."""

    targets: list[TargetOut]


class RaiseIn(Typed):
    """One person's word that a target is met; `because` is asked where no record shows it."""

    code: str
    because: str = ""


@router.get("/targets")
def targets(request: Request, response: Response, _: Viewer) -> TargetsOut:
    """Every target in force, whether it is met, and what may take its place; start a job of kind `targets` for odds."""
    return TargetsOut(targets=[_told(each) for each in held_targets(sheet_of(request, response).launch)])


@router.post("/targets", status_code=201)
def enter_next(request: Request, person: Approver, body: RaiseIn, key: Key = None) -> TargetOut:
    """Put the next target in a met one's place, and answer with it; the ledger keeps both."""

    def taken(_: object) -> TargetOut:
        launch = desk_of(request).launch()
        new = raise_target(launch, body.code, who=person.name, at=now(), because=body.because)
        return _told(next(each for each in held_targets(launch) if each.target.code == new.code))

    return once(request, person, key, body, TargetOut, taken)


def _told(held: Held) -> TargetOut:
    target = held.target
    return TargetOut(
        code=target.code,
        name=target.name,
        amount=target.amount_said,
        by=str(target.by),
        is_met=held.is_met,
        is_raised=held.is_raised,
        next="" if held.next is None else held.next.amount_said,
        next_by="" if held.next is None else str(held.next.by),
    )
