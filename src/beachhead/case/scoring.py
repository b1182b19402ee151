"""Every stated probability whose outcome is known, scored forecaster by forecaster."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.case.foretell import BEACHHEAD
from beachhead.case.log import whole
from beachhead.case.open import Launch
from beachhead.ledger import Margin, Score, Settled, Stated, margin, score, settle
from beachhead.world.errors import NotLearnt


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
class Scores:
    """The answer to `beachhead score`.

    Attributes:
        rows: one a forecaster, Beachhead first, then in order of the Brier score.
        open: stated odds whose outcome is not known yet.
    """

    rows: tuple[Scored, ...]
    open: int


def score_launch(launch: Launch) -> Scores:
    """Score the odds in the ledger whose outcome is there too; odds stated after their outcome do not count."""
    entries, _ = whole(launch.store)
    settled = settle(entries)
    if not settled:
        raise _nothing_to_score(tuple(odds for entry in entries for odds in entry.said.odds))
    stated = sum(len(entry.said.odds) for entry in entries)
    names = sorted({each.stated.forecaster for each in settled})
    by_name = {name: tuple(each for each in settled if each.stated.forecaster == name) for name in names}
    rows = sorted((_scored(name, by_name) for name in names), key=lambda row: (row.behind is not None, row.score.brier))
    return Scores(rows=tuple(rows), open=stated - len(settled))


def _nothing_to_score(stated: tuple[Stated, ...]) -> NotLearnt:
    if not stated:
        cure = "decide on a plan, or `beachhead targets DIR --register`; `beachhead replay` shows it on real entries"
        return NotLearnt("no odds are stated in the ledger yet", cure)
    first = min(odds.by for odds in stated)
    told = "1 stated probability waits" if len(stated) == 1 else f"{len(stated)} stated probabilities wait"
    cure = "`beachhead log` lists them; `beachhead targets DIR --register` enters what came of targets"
    return NotLearnt(f"none of the stated odds has an outcome yet: {told}, the first until {first}", cure)


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
