"""How it stands with odds stated with a decision, and what all of them are held against."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from beachhead.belief.realised import Realised
from beachhead.case.answers.sited import siting_inputs
from beachhead.case.log import entries
from beachhead.case.open import Launch
from beachhead.case.plan.decision import CHOSEN
from beachhead.case.plan.planning import PLAN_RECORD, PlanRecord, Question, put_question
from beachhead.case.plan.standing import choices
from beachhead.case.rows.observe import TOPIC as ROWS
from beachhead.case.rows.observe import rows_today
from beachhead.ledger import Act, Entry, Stated
from beachhead.pilot import RUNNING
from beachhead.pilot.result import PilotResult
from beachhead.store import get, history, reading
from beachhead.world.economics import Economics
from beachhead.world.quarter import Quarter
from beachhead.world.ref import Ref

N = TypeVar("N")


class State(StrEnum):
    """How it stands with stated odds.

    told: what came is known. ready: the rows show it, and nobody has held the gate against them yet. waiting: its time
    is not over. unseen: it is over, and rows are missing. void: what was decided was not done so, or was known before.
    unentered: its market was not scaled, so nobody will know. undecided: the rows leave both open.
    """

    TOLD = "told"
    READY = "ready"
    WAITING = "waiting"
    UNSEEN = "unseen"
    VOID = "void"
    UNENTERED = "unentered"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What is known of one probability that was stated with a decision.

    Attributes:
        stated: the event and its odds.
        entry: number of the decision's entry.
        market: market code.
        state: how it stands.
        happened: whether the event came; None unless it is told.
        why: what the rows show, or why they do not.
        result: what its pilot showed; None where it is not about one.
        realised: demand as counted in the second year; None where it is not known, or not what the odds are of.
        on_record: true if the ledger's last entry about it says the same.
    """

    stated: Stated
    entry: int
    market: str
    state: State
    happened: bool | None
    why: str
    result: PilotResult | None = None
    realised: Realised | None = None
    on_record: bool = False


class Scene:
    """What the odds of all decisions are held against."""

    def __init__(self, launch: Launch, on: date, *, judged: bool, anew: bool) -> None:
        self.launch, self.on, self.judged, self.anew = launch, on, judged, anew
        with reading(launch.store) as work:
            self.said = entries(work)
            self.sent = [
                (key[0], key[1], date.fromisoformat(key[5]), version.delivery)
                for version in history(work, ROWS)
                for key in [json.loads(version.key)]
            ]
            self.rows = tuple(
                row for row in rows_today(launch.folder, work, default_reach=lambda row: row.reach) if row.end <= on
            )
        self.on_record = {o.name: o.happened for entry in self.said for o in entry.said.outcomes}
        self.chosen = choices(launch, self.said)
        self.questions: dict[Quarter, Question] = {}
        self._records: dict[Ref, Any] = {}

    @property
    def decisions(self) -> list[Entry]:
        """Entries of decisions that stated odds."""
        acts, kinds = (Act.DECISION, Act.OVERRIDE), {CHOSEN, PLAN_RECORD}
        stated = (entry for entry in self.said if entry.said.act in acts and entry.said.odds)
        return [entry for entry in stated if kinds <= {ref.kind for ref in entry.said.refs}]

    def read(self, ref: Ref, kind: type[N]) -> N:
        """A record, read once however many decisions rest on it."""
        if ref not in self._records:
            with reading(self.launch.store) as work:
                self._records[ref] = get(work, ref, kind)
        found: N = self._records[ref]
        return found

    @cached_property
    def economics(self) -> tuple[Economics, ...]:
        """Those that a plan counts on, with the reach of siting's answer where one is kept."""
        return siting_inputs(self.launch, self.launch.folder.economics).economics

    def question_at(self, look: Quarter) -> Question:
        """The question of a look, by the rows that had ended before it."""
        if look not in self.questions:
            seen_to = (look + -1).last_day
            self.questions[look] = put_question(self.launch, on=look.first_day, seen_to=seen_to)
        return self.questions[look]

    def seen_before(self, record: PlanRecord, market: str, first: date, last: date, *, pilots: bool) -> bool:
        """True if rows of these days, of pilots or of the running supply, were on record when the plan was made."""
        return any(
            number <= record.read_to and code == market and (batch != RUNNING or not pilots) and first <= start <= last
            for batch, code, start, number in self.sent
        )


def ref_of_kind(entry: Entry, kind: str) -> Ref | None:
    """The record of that kind on which an entry rests; None if it names none."""
    return next((ref for ref in entry.said.refs if ref.kind == kind), None)
