"""`beachhead research`: which markets are worth a look, and which facts are worth checking."""

from __future__ import annotations

from typing import Annotated

import typer

from beachhead.case.belief.spending import effect_said
from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.research import (
    Researched,
    ask_research,
    effect_worth,
    screen_said,
    settled_said,
    worth_checking,
)
from beachhead.cli.clock import OnOption, day_of
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, cars, money, percent, say, show_json, show_table
from beachhead.launch.information.research import TOP, Doubt

SHOWN = 15


def research(
    directory: LaunchDir,
    on: OnOption = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws; default that of launch.toml.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Screen the markets, say how sure the order is, and list facts by what knowing them is worth to the plan."""
    launch = open_launch(directory)
    with progress("screening the markets", quiet=as_json):
        found = ask_research(launch, on=day_of(on), seed=seed)
    if as_json:
        show_json(research_answer(launch, found))
    else:
        show_research(launch, found)


def research_answer(launch: Launch, found: Researched) -> dict[str, object]:
    """The answer as one object of plain values."""
    return {
        "launch": launch.folder.terms.name,
        "quarter": found.question.now,
        "currency": launch.folder.terms.currency,
        "top": TOP,
        "stability": found.found.stability,
        "screen": found.found.screen,
        "facts": found.found.facts,
        "studies": found.studies,
        "spending": found.spending,
        "least_worth": found.least,
    }


def show_research(launch: Launch, found: Researched) -> None:
    """Which markets to look at, then what is worth checking."""
    names, currency = {m.code: m.name for m in launch.folder.markets}, launch.folder.terms.currency
    screen, facts = found.found.screen, worth_checking(found)
    settled = settled_said(found.question.standings.by_market, names)
    say(" ".join(filter(None, (screen_said(screen, names, found.question.shut), settled))))
    if not screen:
        return
    if len(screen) > 1:
        say(f"A draw's order and this one correlate at {found.found.stability:.2f}.")
    many = len(screen) > TOP  # of fewer all are among the first
    show_table(
        ["rank", "market", "90 %", *([f"in first {TOP}"] if many else []), "return", "90 %", "knowing demand"],
        [
            [str(s.rank), names[s.market], f"{s.rank_low}-{s.rank_high}", *([percent(s.top_odds)] if many else [])]
            + [
                _change(s.score),
                f"{_change(s.score_low)} to {_change(s.score_high)}",
                money(s.demand_worth, currency) if s.can_open else "shut",
            ]
            for s in screen[:SHOWN]
        ],
        title="Screen: a year's contribution over what is at stake; what knowing demand is worth to the plan",
        right={0, 2, 3, 4, 5, 6} - (set() if many else {6}),
    )
    if not all(s.can_open for s in screen[:SHOWN]):
        say("shut: nothing may be scaled there in time, so what is learnt there changes no plan.")
    if not facts:
        say("No fact alone would change the plan.")
    else:
        show_table(
            ["market", "fact", "why", "written", "grade", "days", "worth"],
            [[names[w.doubt.market], *_cells(w.doubt), money(w.worth, currency)] for w in facts[:SHOWN]],
            title=f"Facts to check: {len(facts)} would help the plan",
            right={3, 5, 6},
        )
    if found.spending:
        _show_spending(found, names, currency)
    for study in found.studies:
        say(f"Counted already: {study.kind} of {names[study.market]}, {study.source.who}.")


def _show_spending(found: Researched, names: dict[str, str], currency: str) -> None:
    show_table(
        ["market", "spent", "raises demand by", "90 %", "knowing its effect"],
        [
            [names[s.market], money(s.total, currency), f"{s.gain:.1%}", f"{s.gain_low:.1%} to {s.gain_high:.1%}"]
            + ["-" if (worth := effect_worth(found, s.market)) is None else money(worth, currency)]
            for s in found.spending
        ],
        title="Awareness and showcases: demand in the quarters to come; what knowing their effect is worth",
        right={1, 2, 3, 4},
    )
    say(effect_said(found.spending))


def _change(share: float) -> str:
    """A return with its sign, whole percent and at most three digits: `+149 %`, `+1,980 %`."""
    return f"{'-' if share < -0.005 else '+'}{cars(abs(100 * share))} %"


def _cells(doubt: Doubt) -> list[str]:
    value = "-" if doubt.value is None else f"{doubt.value:,.4g}" if abs(doubt.value) < 10 else f"{doubt.value:,.0f}"
    field = f"{doubt.channel} {doubt.field}" if doubt.channel else doubt.field
    age = "-" if doubt.age_days is None else str(doubt.age_days)
    return [
        field if doubt.table == "facts" else f"{doubt.table}: {field}",
        " ".join(doubt.states) or "open",
        f"{doubt.currency} {value}".strip(),
        doubt.grade or "-",
        age,
    ]
