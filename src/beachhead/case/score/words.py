"""The score in sentences: how many odds have come due, how good they were, and what has no outcome, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from beachhead.case.score.outcome import State
from beachhead.case.score.scoring import Scores
from beachhead.launch.information.regret import Regret
from beachhead.world.figures import how_many, money

LACKING = {State.UNSEEN: "for lack of rows", State.VOID: "void", State.UNDECIDED: "undecided"}


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
        lines.append(f"{how_many(waiting, 'waits for its', 'wait for their')} time.")
    if others := scores.open - len(scores.standing):
        said = how_many(others, "probability of other forecasters has", "probabilities of other forecasters have")
        lines.append(f"{said} no outcome yet.")
    if warning := selection_warning(scores):
        lines.append(warning)
    return tuple(lines)


def came_title(total: int, most: int) -> str:
    """Heading of a table of what came of the odds, of which it shows the latest `most`."""
    return "What came of the odds" + (f"; the latest {most} of {total:,}" if total > most else "")


def regret_sentence(scores: Scores) -> str:
    """Of how many decisions it is known what they gave up, "" if of none."""
    count, markets = len(scores.regrets), len({each.market for each in scores.regrets})
    if not count:
        return ""
    what, where = how_many(count, "decision"), how_many(markets, "market")
    return (
        f"What {what} in {where} gave up is known, for the market's demand is; of markets that were not entered it "
        "never will be."
    )


def regret_lines(scores: Scores, currency: str) -> tuple[str, ...]:
    """One sentence for each decision whose regret is known."""
    return tuple(
        f"{each.market}, {each.chosen} (entry {each.entry}): gave up {given_up(each.regret, currency)}; with hindsight "
        f"it was best to {best_words(each.regret)}."
        for each in scores.regrets
    )


def given_up(found: Regret, currency: str) -> str:
    """Money, or the range of it."""
    low, high = money(found.low, currency), money(found.high, currency)
    return low if low == high else f"{low} to {high}"


def best_words(found: Regret) -> str:
    """What would have been best: `scale through dealer in 2027Q3`, or `never enter`."""
    return "never enter" if found.best_start is None else f"scale through {found.best_channel} in {found.best_start}"


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
    why = "it is the only one" if found.count == 1 else "all became known on one day"
    alone = f"; {why}, so its spread is not known" if found.brier_error is None else ""
    due = "1 probability that has" if scores.due == 1 else f"{scores.due} probabilities that have"
    told = f"Brier score {found.brier:.3f}{spread}, where saying 50 % always scores 0.25{alone}"
    return f"Of {due} come due, {found.count} {have} an outcome: {told}."


def _what(name: str) -> str:
    """Market, quarter and what was decided, of a name such as `NO 2027Q2 pilot 50 through dealer sold out`."""
    words = name.split()
    return " ".join(words[:4] if "pilot" in words else words[:3])
