"""Why the plan does what it does with a market: numbers for a face to print, and one plain sentence."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.launch.question.action import ActionKind
from beachhead.world.figures import cars, money, percent

MONEY = frozenset(
    {
        "expected_loss",
        "capital",
        "gain",
        "value_of_waiting",
        "own_news",
        "news_for_others",
        "value_of_scaling_now",
        "pilot_cost",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number behind a decision.

    Attributes:
        name: what it is; `odds_of_break_even` is 0..1, `break_even_demand` and `expected_demand` are cars a year at
            full scale in the coming year, `break_even_level` in a quarter whose path is 1, all others are money.
        value: the number.
    """

    name: str
    value: float

    @property
    def unit(self) -> str:
        """money, odds or cars a year."""
        if self.name in MONEY:
            return "money"
        return "odds" if self.name == "odds_of_break_even" else "cars a year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a market gets its action.

    Attributes:
        market: market code.
        kind: the action it explains.
        figures: the numbers, the two or three that decide first; of a scaled market what is expected, of one that was
            left none.
        blocked: what forbids more, such as an unmet gate; empty if nothing does.
    """

    market: str
    kind: ActionKind
    figures: tuple[Figure, ...]
    blocked: str = ""

    def figure(self, name: str) -> float | None:
        """The number of that name, or None."""
        return next((f.value for f in self.figures if f.name == name), None)


def sentence(reason: Reason, currency: str) -> str:
    """One plain sentence with the two or three numbers that decide."""
    values = {f.name: _shown(f, currency) for f in reason.figures if not _idle(f)}
    if reason.kind is ActionKind.WAIT and "odds_of_break_even" not in values:
        if not values:
            return "it was left"
        return f"it goes on selling, {values['expected_demand']} expected in the coming year at full scale"
    said = ", ".join(part.format(**values) for name, part in _TEXTS[reason.kind] if name in values)
    return f"{said} ({reason.blocked})" if reason.blocked else said


_TEXTS = {
    ActionKind.PILOT: (
        ("pilot_cost", "a pilot costs {pilot_cost}"),
        ("own_news", "what it teaches is worth {own_news} here"),
        ("news_for_others", "and {news_for_others} in other markets"),
    ),
    ActionKind.SCALE: (
        ("odds_of_break_even", "{odds_of_break_even} odds of breaking even"),
        ("value_of_scaling_now", "worth {value_of_scaling_now} now for {capital} of capital"),
    ),
    ActionKind.WAIT: (
        ("odds_of_break_even", "{odds_of_break_even} odds of breaking even"),
        ("value_of_scaling_now", "scaling now is worth {value_of_scaling_now}"),
        ("value_of_waiting", "waiting is worth up to {value_of_waiting} by itself"),
    ),
    ActionKind.EXIT: (("expected_demand", "{expected_demand} expected in the coming year do not pay for staying"),),
}


def _idle(figure: Figure) -> bool:
    """Waiting for what never comes, and news for markets that there are not, are worth nothing, and no word either."""
    return figure.name in ("value_of_waiting", "news_for_others") and figure.value < 0.5


def _shown(figure: Figure, currency: str) -> str:
    if figure.unit == "odds":
        return percent(figure.value)
    return f"{cars(figure.value)} cars" if figure.unit == "cars a year" else money(figure.value, currency)
