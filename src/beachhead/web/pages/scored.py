"""How stated odds turned out, as it crosses the wire."""

from __future__ import annotations

from beachhead.case.log import whole
from beachhead.case.open import Launch
from beachhead.case.score.outcome import State
from beachhead.case.score.scoring import score_launch
from beachhead.case.score.words import came_title, regret_lines, regret_sentence, score_sentences, without_outcome
from beachhead.web.wire.shape import BandOut, CameOut, ScoreOut, WithoutOut
from beachhead.world.errors import NotLearnt

MOST_CAME = 40


def score_out(launch: Launch) -> ScoreOut:
    """How stated odds turned out."""
    try:
        found = score_launch(launch)
    except NotLearnt as nothing:
        stated = sum(len(entry.said.odds) for entry in whole(launch.store)[0])
        said = f"{nothing.message[0].upper()}{nothing.message[1:]}."
        return ScoreOut(
            settled=0, open=stated, due=0, ready=0, brier=None, brier_error=None, sentence=said, lines=[], bands=[],
            came_title=came_title(0, MOST_CAME), came=[], without=[],
        )  # fmt: skip
    ours = next((row.score for row in found.rows if row.behind is None), None)
    told = (regret_sentence(found), *regret_lines(found, launch.folder.terms.currency)) if found.regrets else ()
    sentence, *lines = score_sentences(found, "it can be entered here")
    return ScoreOut(
        settled=len(found.settled),
        open=found.open,
        due=found.due,
        ready=found.count(State.READY, State.TOLD),
        brier=None if ours is None else ours.brier,
        brier_error=None if ours is None else ours.brier_error,
        sentence=sentence,
        lines=[*lines, *told],
        bands=[
            BandOut(**{name: getattr(row, name) for name in BandOut.model_fields})
            for row in (() if ours is None else ours.calibration)
        ],
        came_title=came_title(len(found.settled), MOST_CAME),
        came=[
            CameOut(
                event=each.stated.event,
                probability=each.stated.probability,
                by=each.stated.by,
                happened=each.happened,
            )
            for each in found.settled[:MOST_CAME]
        ],
        without=[WithoutOut(what=each.what, count=each.count, why=each.why) for each in without_outcome(found)],
    )
