"""`beachhead replay`: a real entry told again, odds first, data after."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

import typer

from beachhead.case.open import Launch, open_launch
from beachhead.case.score.replay import Step
from beachhead.case.score.replay import replay as tell_again
from beachhead.cli.clock import Who, name_of, now
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, cars, how_many, percent, say, show_json, show_table, suggest
from beachhead.launch.question.action import Action, ActionKind
from beachhead.world.figures import at_price

FollowFlag = Annotated[
    bool, typer.Option("--follow/--advise", help="Follow what the maker did, or also say what Beachhead would do.")
]
MarketOption = Annotated[
    str | None, typer.Option("--market", metavar="CODE", help="Show every quarter of this market.")
]


def replay(
    directory: LaunchDir,
    follow: FollowFlag = True,
    market: MarketOption = None,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell a real entry again, quarter by quarter: odds are registered, then the data is read and learnt."""
    launch = open_launch(directory)
    if market is not None:
        launch.market(market)
    with progress("replaying", quiet=as_json) as advance:
        steps = tell_again(launch, who=name_of(who), at=now(), advise=not follow, tick=advance)
    if as_json:
        show_json({"steps": [_answer(step) for step in steps]})
    elif market is not None:
        show_market(launch, steps, market)
    else:
        show_steps(launch, steps)
        say("Every quarter's odds stood in the ledger before its data was read.")
        suggest(f"beachhead score {shlex.quote(str(directory))}")


def show_steps(launch: Launch, steps: tuple[Step, ...]) -> None:
    """One row a quarter: where the maker began, what came, how much of it lay within the 90 % intervals."""
    told = [step for step in steps if step.foretold]
    inside = sum(_inside(step) for step in told)
    count = sum(len(step.foretold) for step in told)
    names = {market.code: market.name for market in launch.folder.markets}
    begun = sum(len(step.entered) for step in steps)
    say(
        f"{launch.folder.terms.brand}: {how_many(begun, 'market')} in {how_many(len(steps), 'quarter')}; "
        f"{inside} of {count} quarterly counts ({percent(inside / max(count, 1))}) fell within their 90 % intervals."
    )
    advised = any(step.advice is not None for step in steps)
    columns = ["quarter", "the maker began in", "cars registered", "markets foretold", "within 90 %"]
    rows = [_step_row(step, names, advised) for step in steps if step.counts or step.advice]
    show_table([*columns, *(["Beachhead would have"] if advised else [])], rows, right={2, 3, 4})
    if advised:
        say("Advice is given what the maker had done until then: a pilot advised and not shipped is advised again.")


def show_market(launch: Launch, steps: tuple[Step, ...], code: str) -> None:
    """One row a quarter of one market: what was expected, what came, and the odds of half, all and twice the last."""
    rows = []
    for step in steps:
        for each in (each for each in step.foretold if each.market == code):
            p, came = each.prediction, step.counts[code]
            odds = "; ".join(f"{percent(q)} of {n:,}" for n, q in zip(p.at_least, p.probability, strict=True))
            mark = "" if p.low <= came <= p.high else "outside"
            rows.append([str(step.quarter), f"{p.low:,} to {p.high:,}", f"{p.median:,}", f"{came:,}", mark, odds])
    say(f"{launch.market(code).name}: expected before each quarter's data was read, and what came.")
    show_table(("quarter", "90 % interval", "median", "came", "", "odds of at least"), rows, right={1, 2, 3})


def _step_row(step: Step, names: dict[str, str], advised: bool) -> list[str]:
    row = [
        str(step.quarter),
        ", ".join(names[code] for code in step.entered),
        cars(sum(step.counts.values())) if step.counts else "",
        str(len(step.foretold)) if step.foretold else "",
        str(_inside(step)) if step.foretold else "",
    ]
    return [*row, _advice(step.advice or ())] if advised else row


def _inside(step: Step) -> int:
    return sum(each.prediction.low <= step.counts[each.market] <= each.prediction.high for each in step.foretold)


def _advice(actions: tuple[Action, ...]) -> str:
    """`scale CH; pilot 50 SE DK, 150 DE; exit NL`, or `wait`."""
    parts = []
    for kind in (ActionKind.SCALE, ActionKind.PILOT, ActionKind.EXIT):
        mine = [action for action in actions if action.kind is kind]
        shipped = sorted({(action.batch, action.price_point) for action in mine})
        told = [
            " ".join(
                [f"{b}{at_price(p)}" if b else "", *(a.market for a in mine if (a.batch, a.price_point) == (b, p))]
            ).strip()
            for b, p in shipped
        ]
        parts += [f"{kind} {', '.join(told)}"] if mine else []
    return "; ".join(parts) or "wait"


def _answer(step: Step) -> dict[str, Any]:
    return {
        "quarter": str(step.quarter),
        "entered": step.entered,
        "counts": step.counts,
        "foretold": step.foretold,
        "advice": step.advice,
    }
