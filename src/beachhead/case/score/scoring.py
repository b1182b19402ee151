"""Every stated probability whose outcome is known, scored forecaster by forecaster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from beachhead.case.clock import today
from beachhead.case.log import whole
from beachhead.case.open import Launch
from beachhead.case.score.foretell import BEACHHEAD
from beachhead.case.score.outcome import Came, State
from beachhead.case.score.outcomes import outcomes, regrets
from beachhead.case.score.regretting import Regretted
from beachhead.ledger import Entry, Margin, Score, Settled, Stated, first_stated, margin, score, settle
from beachhead.world.brief import brief
from beachhead.world.errors import NotLearnt
from beachhead.world.figures import how_many


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """How good one forecaster's odds were.

    Attributes:
        forecaster: who stated them.
        score: Brier, log score and calibration.
        behind: by how much it loses to Beachhead on the events that both gave odds for; None for Beachhead itself.
    """

    forecaster: str
    score: Score
    behind: Margin | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Stated odds without an outcome, and why they have none.

    Attributes:
        state: how it stands with them.
        stated: the odds.
        why: what the rows show, or why they do not.
    """

    state: State
    stated: Stated
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The answer to `beachhead score`.

    Attributes:
        rows: one a forecaster, Beachhead first, then in order of the Brier score; none while nothing is settled.
        settled: Beachhead's own odds whose outcome is known, latest first.
        standing: its odds without an outcome, in the order in which they were stated.
        regrets: what decisions gave up in markets whose demand is known by now.
        open: stated odds of all forecasters whose outcome is not known yet.
    """

    rows: tuple[Scored, ...]
    settled: tuple[Settled, ...]
    standing: tuple[Standing, ...]
    regrets: tuple[Regretted, ...]
    open: int

    __repr__ = brief

    def count(self, *states: State) -> int:
        """How many of Beachhead's odds without an outcome stand so."""
        return sum(each.state in states for each in self.standing)

    @property
    def due(self) -> int:
        """Beachhead's odds whose time has come: those with an outcome, and those that lack it for some reason."""
        return len(self.settled) + self.count(*DUE)


DUE = (State.TOLD, State.READY, State.UNSEEN, State.VOID, State.UNDECIDED)
"""How odds stand that have come due without an outcome on record."""


def score_launch(launch: Launch, *, on: date | None = None) -> Scores:
    """Score the odds in the ledger whose outcome is there too; odds stated after their outcome do not count.

    Nothing is entered: of odds without an outcome it is said why, and what `register_outcomes` could enter.

    Args:
        launch: the launch.
        on: the day; None for today. What came later counts as not known yet.

    Raises:
        NotLearnt: no odds are stated at all, or none has come due.
    """
    entries, _ = whole(launch.store)
    day = on or today()
    stated, settled = first_stated(entries), _known_by(day, entries)
    if not stated:
        cure = "decide on a plan, or `beachhead targets DIR --register`; `beachhead replay` shows it on real entries"
        raise NotLearnt("no odds are stated in the ledger yet", cure)
    names = sorted({each.stated.forecaster for each in settled})
    by_name = {name: tuple(each for each in settled if each.stated.forecaster == name) for name in names}
    rows = sorted((_scored(name, by_name) for name in names), key=lambda row: (row.behind is not None, row.score.brier))
    ours = sorted(by_name.get(BEACHHEAD, ()), key=lambda each: each.stated.by, reverse=True)
    told = {each.stated.name for each in ours}
    waiting = [each for _, each in stated if each.forecaster == BEACHHEAD and each.name not in told]
    scores = Scores(
        rows=tuple(rows),
        settled=tuple(ours),
        standing=_standing(launch, waiting, day),
        regrets=regrets(launch, on=day),
        open=len(stated) - len(settled),
    )
    if not settled and not scores.due:
        raise _nothing_due(scores)
    return scores


def _known_by(day: date, entries: Sequence[Entry]) -> tuple[Settled, ...]:
    """Odds whose outcome was known on a day: their own day had come, or somebody had entered what came."""
    entered: dict[str, date] = {}
    for entry in entries:
        for outcome in entry.said.outcomes:
            entered.setdefault(outcome.name, entry.said.at.date())
    return tuple(each for each in settle(entries) if min(each.stated.by, entered[each.stated.name]) <= day)


def _nothing_due(scores: Scores) -> NotLearnt:
    waiting = [each.stated.by for each in scores.standing if each.state is State.WAITING]
    told = how_many(len(waiting), "stated probability waits", "stated probabilities wait")
    until = f", the first until {min(waiting)}" if waiting else ""
    cure = "`read DIR --register` enters what came of decisions once it is known, `targets DIR --register` of targets"
    return NotLearnt(f"none of the stated odds has an outcome yet: {told}{until}", cure)


def _standing(launch: Launch, waiting: Sequence[Stated], on: date) -> tuple[Standing, ...]:
    """How it stands with each; odds of targets and of replays wait for their day."""
    known: dict[str, Came] = {}
    for came in outcomes(launch, on=on, judged=False):
        known.setdefault(came.stated.name, came)
    return tuple(
        Standing(state=known[each.name].state, stated=each, why=known[each.name].why)
        if each.name in known
        else Standing(
            state=State.WAITING if on <= each.by else State.UNSEEN,
            stated=each,
            why=f"known on {each.by}" if on <= each.by else "no outcome was entered",
        )
        for each in waiting
    )


def _scored(name: str, by_name: dict[str, tuple[Settled, ...]]) -> Scored:
    mine, ours = by_name[name], by_name.get(BEACHHEAD)
    return Scored(
        forecaster=name,
        score=score(
            [each.stated.probability for each in mine],
            [each.happened for each in mine],
            cluster=[each.stated.by.toordinal() for each in mine],
        ),
        behind=None if name == BEACHHEAD or ours is None else margin(ours, mine),
    )
