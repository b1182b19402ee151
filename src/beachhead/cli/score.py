"""`beachhead score`: how good the stated odds were."""

from __future__ import annotations

from pathlib import Path

from beachhead.case.open import Launch, open_launch
from beachhead.case.score.scoring import Scored, Scores, score_launch
from beachhead.case.score.words import (
    best_words,
    came_title,
    given_up,
    regret_sentence,
    score_sentences,
    selection_warning,
    without_outcome,
)
from beachhead.cli.clock import OnOption, day_of
from beachhead.cli.show import JsonFlag, LaunchDir, cars, percent, say, show_json, show_table
from beachhead.ledger import CalibrationRow, Settled

SHOWN_OUTCOMES = 15


def score(directory: LaunchDir, on: OnOption = None, as_json: JsonFlag = False) -> None:
    """Score every stated probability whose outcome is known: Brier, log score, calibration."""
    launch = open_launch(directory)
    scores = score_launch(launch, on=day_of(on))
    if as_json:
        show_json(
            {
                "due": scores.due,
                "rows": scores.rows,
                "settled": scores.settled,
                "open": scores.open,
                "standing": scores.standing,
                "regrets": scores.regrets,
                "selection_warning": selection_warning(scores),
            }
        )
    else:
        show_scores(scores, directory)
        _show_regrets(scores, launch)


def show_scores(scores: Scores, directory: Path) -> None:
    """How good the odds were in a sentence, the scores, the calibration, and what came of which odds."""
    ready = f"`beachhead read {directory} --register` enters it"
    for line in score_sentences(scores, ready):
        say(line)
    rows = scores.rows
    if len(rows) > 1:
        show_table(
            ("forecaster", "odds stated", "Brier", "log score", "Brier behind Beachhead", "log score behind"),
            [_score_row(row) for row in rows],
            right={1, 2, 3, 4, 5},
            title="Scores: lower is better; ± one standard error, events of one day counting as one",
        )
    if rows:
        show_table(
            ("odds stated", "how often", "days", "mean", "came true", "events alone", "days together"),
            [_calibration_row(row) for row in rows[0].score.calibration],
            right={1, 2, 3, 4},
            title=f"Calibration of {rows[0].forecaster}'s odds, 90 % intervals",
        )
    if len(rows) == 1:
        _show_settled(scores.settled)
    _show_why_not(scores)


def _show_settled(settled: tuple[Settled, ...]) -> None:
    show_table(
        ("known", "event", "odds stated", "came true"),
        [
            [str(each.stated.by), each.stated.event, percent(each.stated.probability), "yes" if each.happened else "no"]
            for each in settled[:SHOWN_OUTCOMES]
        ],
        right={2},
        title=came_title(len(settled), SHOWN_OUTCOMES),
    )


def _show_why_not(scores: Scores) -> None:
    lacking = without_outcome(scores)
    if lacking:
        show_table(
            ("odds of", "how many", "why there is no outcome"),
            [[each.what, str(each.count), each.why] for each in lacking],
            right={1},
        )


def _show_regrets(scores: Scores, launch: Launch) -> None:
    """What each decision gave up, where its market's demand is known."""
    if not scores.regrets:
        return
    say(regret_sentence(scores))
    currency = launch.folder.terms.currency
    show_table(
        ("entry", "market", "demand, cars of its second year", "chosen", "best with hindsight", "given up"),
        [
            [
                str(each.entry),
                each.market,
                f"{cars(each.low)}-{cars(each.high)}",
                each.chosen,
                best_words(each.regret),
                given_up(each.regret, currency),
            ]
            for each in scores.regrets
        ],
        right={0, 2, 5},
        title="Regret: by the accounting of the plan decided on, limits left out",
    )


def _score_row(row: Scored) -> list[str]:
    behind = row.behind
    lost = ["", ""] if behind is None else [
        f"{behind.brier:+.3f} ± {behind.brier_error:.3f}",
        f"{behind.log_score:+.3f} ± {behind.log_error:.3f}",
    ]  # fmt: skip
    return [row.forecaster, f"{row.score.count}", f"{row.score.brier:.3f}", f"{row.score.log_score:.3f}", *lost]


def _calibration_row(row: CalibrationRow) -> list[str]:
    return [
        f"{100 * row.low:.0f} to {100 * row.high:.0f} %",
        f"{row.count}",
        f"{row.clusters}",
        percent(row.stated),
        percent(row.happened),
        f"{100 * row.happened_low:.0f} to {100 * row.happened_high:.0f} %",
        f"{100 * row.clustered_low:.0f} to {100 * row.clustered_high:.0f} %",
    ]
