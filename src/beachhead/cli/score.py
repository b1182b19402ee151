"""`beachhead score`: how good the stated odds were."""

from __future__ import annotations

from beachhead.case.open import open_launch
from beachhead.case.scoring import Scored, Scores, score_launch
from beachhead.cli.show import JsonFlag, LaunchDir, percent, say, show_json, show_table
from beachhead.ledger import CalibrationRow


def score(directory: LaunchDir, as_json: JsonFlag = False) -> None:
    """Score every stated probability whose outcome is known: Brier, log score, calibration."""
    scores = score_launch(open_launch(directory))
    if as_json:
        show_json(scores)
    else:
        show_scores(scores)


def show_scores(scores: Scores) -> None:
    """Who was best in a sentence, the scores, and the calibration of Beachhead's own odds."""
    rows = scores.rows
    say(_headline(rows))
    show_table(
        ("forecaster", "odds stated", "Brier", "log score", "Brier behind Beachhead", "log score behind"),
        [_score_row(row) for row in rows],
        right={1, 2, 3, 4, 5},
        title="Scores: lower is better; ± one standard error, events of one day counting as one",
    )
    show_table(
        ("odds stated", "how often", "days", "mean", "came true", "events alone", "days together"),
        [_calibration_row(row) for row in rows[0].score.calibration],
        right={1, 2, 3, 4},
        title=f"Calibration of {rows[0].forecaster}'s odds, 90 % intervals",
    )
    if scores.open:
        say(f"{scores.open} stated odds have no outcome yet.")


def _headline(rows: tuple[Scored, ...]) -> str:
    best = min(rows, key=lambda row: row.score.brier)
    others = ", ".join(f"{row.forecaster} {row.score.brier:.3f}" for row in rows if row is not best)
    against = f"; {others}" if others else ""
    return f"Best by Brier score: {best.forecaster} {best.score.brier:.3f}{against}."


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
