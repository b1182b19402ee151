"""The score in sentences: how many odds have come due, how good they were, and what has no outcome, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from beachhead.case.outcome import State
from beachhead.case.scoring import Scores

LACKING = {State.UNSEEN: "lack rows", State.VOID: "are void", State.UNDECIDED: "are undecided"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """Odds whose time is over and which have no outcome.

    Attributes:
        what: market, quarter and what was decided.
        count: how many odds.
        why: there is none.
    """

    what: str
    count: int
    why: str


def score_sentences(scores: Scores, ready: str) -> tuple[str, ...]:
    """How good the odds were, first; then what is still open. `ready` says how to enter it."""
    lines = [_headline(scores)]
    if known := scores.count(State.READY, State.TOLD):
        more = " more" if scores.rows else ""
        lines.append(f"What came of {known}{more} is known by now: {ready}.")
    lacking = [f"{count} {LACKING[state]}" for state in LACKING if (count := scores.count(state))]
    if lacking:
        lines.append(f"Without an outcome although their time is over: {', '.join(lacking)}.")
    if waiting := scores.count(State.WAITING):
        lines.append("1 waits for its time." if waiting == 1 else f"{waiting} wait for their time.")
    if others := scores.open - len(scores.standing):
        lines.append(f"{others} odds of other forecasters have no outcome yet.")
    if warning := selection_warning(scores):
        lines.append(warning)
    return tuple(lines)


def selection_warning(scores: Scores) -> str:
    """What the score cannot show, "" if nothing is left out: only markets that were entered are ever scored."""
    never = scores.count(State.UNENTERED)
    if not never:
        return ""
    odds = "1 probability of breaking even" if never == 1 else f"{never} probabilities of breaking even"
    return (
        f"{odds} will never have an outcome, for the market was not scaled in time: breaking even is only ever scored "
        "in markets that were entered, and cannot show whether those that were stopped would have broken even."
    )


def without_outcome(scores: Scores) -> tuple[Without, ...]:
    """One line for each decision and reason."""
    why = Counter((_what(each.stated.name), each.why) for each in scores.standing if each.state in LACKING)
    return tuple(Without(what=what, count=count, why=reason) for (what, reason), count in why.items())


def _headline(scores: Scores) -> str:
    if not scores.rows:
        have = "1 probability has" if scores.due == 1 else f"{scores.due} probabilities have"
        return f"{have} come due, and none has an outcome on record yet."
    if len(scores.rows) > 1:
        best = min(scores.rows, key=lambda row: row.score.brier)
        others = ", ".join(f"{row.forecaster} {row.score.brier:.3f}" for row in scores.rows if row is not best)
        return f"Best by Brier score: {best.forecaster} {best.score.brier:.3f}; {others}."
    found = scores.rows[0].score
    spread = "" if found.brier_error is None else f" ± {found.brier_error:.3f}"
    have = "has" if found.count == 1 else "have"
    alone = "; all became known on one day, so its spread is not known" if found.brier_error is None else ""
    due = "1 probability that has" if scores.due == 1 else f"{scores.due} probabilities that have"
    told = f"Brier score {found.brier:.3f}{spread}, where saying 50 % always scores 0.25{alone}"
    return f"Of {due} come due, {found.count} {have} an outcome: {told}."


def _what(name: str) -> str:
    """Market, quarter and what was decided, of a name such as `NO 2027Q2 pilot 50 through dealer sold out`."""
    words = name.split()
    return " ".join(words[:4] if "pilot" in words else words[:3])
