"""One entry of the ledger, and the text that is hashed.

The text is this room's own and plain: an entry stays readable when every other room has been rewritten.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from beachhead.world.ref import Ref


class Act(StrEnum):
    """What an entry does.

    decision: a person accepted the recommendation. override: a person chose otherwise, and says why. gates: gates were
    registered with a plan. forecast: odds were stated before their data was read. outcome: what came of stated odds.
    target: a target was set or changed. draft: somebody's decision that came second; it is kept, but not in force.
    """

    DECISION = "decision"
    OVERRIDE = "override"
    GATES = "gates"
    FORECAST = "forecast"
    OUTCOME = "outcome"
    TARGET = "target"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A probability said of an event that will be seen to happen or not.

    Attributes:
        name: short key, by which an outcome is matched, such as `SE 2023Q1 registrations >= 100`.
        event: what is meant, as a sentence.
        probability: 0..1.
        by: the day on which it can be known.
        forecaster: who or what says so.
    """

    name: str
    event: str
    probability: float
    by: date
    forecaster: str = "beachhead"

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"{self.name}: {self.probability} is not a probability")
        if not self.name.strip() or not self.event.strip():
            raise ValueError("stated odds name their event")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Whether an event happened.

    Attributes:
        name: key of the event, as in `Stated`.
        happened: true if it did.
    """

    name: str
    happened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody enters, before it has its place in the chain.

    Attributes:
        at: when, aware; kept in UTC.
        who: the person or program that says it.
        act: what it does.
        market: market code, "" for the whole launch.
        recommended: what Beachhead recommended, "" if nothing.
        chosen: what was chosen, "" if nothing is.
        because: why, in the person's words; an override needs it.
        odds: stated probabilities.
        outcomes: what came of odds stated earlier.
        refs: the records this rests on: belief, plan, reading, gates ...
    """

    at: datetime
    who: str
    act: Act
    market: str = ""
    recommended: str = ""
    chosen: str = ""
    because: str = ""
    odds: tuple[Stated, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    refs: tuple[Ref, ...] = ()

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"{self.at} has no time zone; instants are aware")
        object.__setattr__(self, "at", self.at.astimezone(UTC))
        if not self.who.strip():
            raise ValueError("an entry names who says it")
        if self.act is Act.OVERRIDE and not self.because.strip():
            raise ValueError("an override says why")
        if self.act is Act.DECISION and self.chosen != self.recommended:
            raise ValueError(f"{self.chosen!r} was chosen, {self.recommended!r} recommended: that is an override")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was said, at its place in the chain.

    Attributes:
        number: 1, 2, 3 ...
        predecessor: digest of the entry before, 64 zeros for the first.
        said: what it says.
    """

    number: int
    predecessor: str
    said: Said


def text_of(entry: Entry) -> str:
    """The entry's text, over which its digest is taken: JSON with sorted keys and no spaces."""
    said = entry.said
    tree = {
        "number": entry.number,
        "predecessor": entry.predecessor,
        "at": said.at.isoformat(),
        "who": said.who,
        "act": said.act.value,
        "market": said.market,
        "recommended": said.recommended,
        "chosen": said.chosen,
        "because": said.because,
        "odds": [_stated_tree(stated) for stated in said.odds],
        "outcomes": [{"name": outcome.name, "happened": outcome.happened} for outcome in said.outcomes],
        "refs": [str(ref) for ref in said.refs],
    }
    return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def entry_of(text: str) -> Entry:
    """The entry that `text_of` wrote; ValueError if the text is none."""
    try:
        tree = json.loads(text)
        return Entry(number=tree.pop("number"), predecessor=tree.pop("predecessor"), said=_said(tree))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a ledger entry: {error}") from error


def _stated_tree(stated: Stated) -> dict[str, Any]:
    return {
        "name": stated.name,
        "event": stated.event,
        "probability": float(stated.probability),
        "by": stated.by.isoformat(),
        "forecaster": stated.forecaster,
    }


def _said(tree: dict[str, Any]) -> Said:
    return Said(
        **tree
        | {
            "at": datetime.fromisoformat(tree["at"]),
            "act": Act(tree["act"]),
            "odds": tuple(Stated(**stated | {"by": date.fromisoformat(stated["by"])}) for stated in tree["odds"]),
            "outcomes": tuple(Outcome(**outcome) for outcome in tree["outcomes"]),
            "refs": tuple(Ref.parse(ref) for ref in tree["refs"]),
        }
    )
