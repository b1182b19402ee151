"""`beachhead score`: how good the stated odds were."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from beachhead.case.open import open_launch
from beachhead.case.outcome import State
from beachhead.case.scoring import Scored, Scores, score_launch, selection_warning
from beachhead.cli.clock import OnOption, day_of
from beachhead.cli.show import JsonFlag, LaunchDir, percent, say, show_json, show_table
from beachhead.ledger import CalibrationRow, Settled

SHOWN_OUTCOMES = 15
WORDS = {
    State.UNSEEN: "lack rows",
    State.VOID: "are void",
    State.UNDECIDED: "are undecided",
}


def score(directory: LaunchDir, on: OnOption = None, as_json: JsonFlag = False) -> None:
    """Score every stated probability whose outcome is known: Brier, log score, calibration."""
    scores = score_launch(open_launch(directory), on=day_of(on))
    if as_json:
        show_json(
            {
                "due": scores.due,
                "rows": scores.rows,
                "settled": scores.settled,
                "open": scores.open,
                "standing": scores.standing,
                "selection_warning": selection_warning(scores),
            }
        )
    else:
        show_scores(scores, directory)


def show_scores(scores: Scores, directory: Path) -> None:
    """How good the odds were in a sentence, the scores, the calibration, and what came of which odds."""
    for line in (*_headline(scores), *_waiting(scores, directory)):
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


def _headline(scores: Scores) -> list[str]:
    if not scores.rows:
        have = "1 probability has" if scores.due == 1 else f"{scores.due} probabilities have"
        return [f"{have} come due, and none has an outcome on record yet."]
    if len(scores.rows) > 1:
        best = min(scores.rows, key=lambda row: row.score.brier)
        others = ", ".join(f"{row.forecaster} {row.score.brier:.3f}" for row in scores.rows if row is not best)
        return [f"Best by Brier score: {best.forecaster} {best.score.brier:.3f}; {others}."]
    found = scores.rows[0].score
    spread = "" if found.brier_error is None else f" ± {found.brier_error:.3f}"
    have = "has" if found.count == 1 else "have"
    alone = "; all became known on one day, so its spread is not known" if found.brier_error is None else ""
    due = "1 probability that has" if scores.due == 1 else f"{scores.due} probabilities that have"
    told = f"Brier score {found.brier:.3f}{spread}, where saying 50 % always scores 0.25{alone}"
    return [f"Of {due} come due, {found.count} {have} an outcome: {told}."]


def _waiting(scores: Scores, directory: Path) -> list[str]:
    """What is still open, and why."""
    lines = []
    if ready := scores.count(State.READY, State.TOLD):
        are = "1 more is known by now" if ready == 1 else f"{ready} more are known by now"
        lines.append(f"{are}: `beachhead read {directory} --register` enters what came of them.")
    lacking = [f"{count} {WORDS[state]}" for state in WORDS if (count := scores.count(state))]
    if lacking:
        lines.append(f"Without an outcome although their time is over: {', '.join(lacking)}.")
    if waiting := scores.count(State.WAITING):
        lines.append("1 waits for its time." if waiting == 1 else f"{waiting} wait for their time.")
    others = scores.open - len(scores.standing)
    if others:
        lines.append(f"{others} odds of other forecasters have no outcome yet.")
    return [*lines, *([warning] if (warning := selection_warning(scores)) else [])]


def _show_settled(settled: tuple[Settled, ...]) -> None:
    more = f"; the latest {SHOWN_OUTCOMES} of {len(settled)}" if len(settled) > SHOWN_OUTCOMES else ""
    show_table(
        ("known", "event", "odds stated", "came true"),
        [
            [str(each.stated.by), each.stated.event, percent(each.stated.probability), "yes" if each.happened else "no"]
            for each in settled[:SHOWN_OUTCOMES]
        ],
        right={2},
        title=f"What came of the odds{more}",
    )


def _show_why_not(scores: Scores) -> None:
    """One line for each reason, with how many odds it holds for."""
    why = Counter((_what(each.stated.name), each.why) for each in scores.standing if each.state in WORDS)
    if why:
        show_table(
            ("odds of", "how many", "why there is no outcome"),
            [[what, str(count), reason] for (what, reason), count in why.items()],
            right={1},
        )


def _what(name: str) -> str:
    """The market, the quarter and what was decided, of a name such as `NO 2027Q2 pilot 50 through dealer sold out`."""
    return " ".join(name.split()[: 4 if " pilot " in name else 3])


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
