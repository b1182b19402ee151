"""`beachhead rehearse`: play the launch in made-up worlds, as believed and where the belief is wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from beachhead.case.open import open_launch
from beachhead.case.plan.rehearse import Rehearsed, rehearse_launch
from beachhead.cli.clock import OnOption, day_of
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, money, percent, say, show_json, show_table
from beachhead.launch.plan.headline import too_few
from beachhead.rehearsal.family import SAID, Family
from beachhead.rehearsal.rehearse import DOES, OURS, Outcome
from beachhead.world.figures import give_or_take, odds_of, spaced, tally

WORLDS = 24


def rehearse(
    directory: LaunchDir,
    worlds: Annotated[int, typer.Option(min=2, help="Made-up worlds of each family.")] = WORLDS,
    family: Annotated[list[Family] | None, typer.Option(help="Where worlds come from; repeat; default all.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the worlds; default that of launch.toml.")] = None,
    scheduler: Annotated[
        str | None,
        typer.Option("--scheduler", metavar="ADDRESS", help="Address of a Dask scheduler; default local cores."),
    ] = None,
    on: OnOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Play whole launches in made-up worlds: value, scaled though bad, dropped though good, money low, targets."""
    launch = open_launch(directory)
    with progress("rehearsing", quiet=as_json) as advance:
        answer = rehearse_launch(
            launch,
            worlds=worlds,
            families=tuple(family or Family),
            seed=seed,
            on=day_of(on),
            scheduler=scheduler,
            tick=advance,
        )
    show_json(answer) if as_json else show_rehearsal(answer)


def show_rehearsal(answer: Rehearsed) -> None:
    """What the plan does where it is right and where it is wrong, then how others do on the same worlds."""
    currency = answer.currency
    ours = [o for o in answer.outcomes if o.policy == OURS]
    first = ours[0]
    resumed = f", {answer.resumed} of them from an earlier run" if answer.resumed else ""
    say(
        f"Played {answer.worlds * len(ours)} launches from {answer.quarter} on{resumed}. "
        f"{_capital(SAID[first.family])}: "
        f"worth {give_or_take(first.value.mean, first.value.se, currency)}"
        + ("" if first.share is None else f", {percent(first.share)} of what a clairvoyant earns")
        + f"; {_wrong(first)}; money is lowest at {money(first.low_mean, currency)} on average"
        + ("" if first.low_worst is None else f", {money(first.low_worst, currency)} in the worst twentieth")
        + f".{too_few(first.value, ', or what share of the best it is')}"
    )
    show_table(
        ["worlds", "value", "of best", "bad scaled", "good dropped", "to scale", "90 % cover", "cash low"],
        [
            [spaced(o.family), money(o.value.mean, currency), _share(o.share), _bad(o)]
            + [_dropped(o), _quarters(o), _share(o.cover), money(o.low_mean, currency)]
            for o in ours
        ],
        title="The plan, where the belief is right and where it is wrong",
        right=set(range(1, 8)),
    )
    for family in list(dict.fromkeys(o.family for o in answer.outcomes))[1:]:
        say(f"{spaced(family)}: {SAID[family]}.")
    show_table(
        ["policy", "value", "of best", "behind the plan", "bad scaled", "good dropped", "cash low"],
        [
            [spaced(o.policy), money(o.value.mean, currency), _share(o.share), _behind(o, currency)]
            + [_bad(o), _dropped(o), money(o.low_mean, currency)]
            for o in answer.outcomes
            if o.family is first.family
        ],
        title=f"Other policies on the same worlds, {spaced(first.family)}",
        right=set(range(1, 7)),
    )
    for policy, does in DOES.items():
        say(f"{spaced(policy)}: {does}.")
    if answer.targets:
        show_table(
            ["target", *(spaced(o.family) for o in ours)],
            [[code, *(odds_of(o.odds[k], answer.worlds) for o in ours)] for k, code in enumerate(answer.targets)],
            title="Odds of each target under the plan, one standard deviation of so few worlds",
            right=set(range(1, len(ours) + 1)),
        )
    say(*answer.notes)


def _share(share: float | None) -> str:
    return "-" if share is None else percent(share)


def _wrong(outcome: Outcome) -> str:
    scaled = f"of the markets scaled {_bad(outcome)} were bad" if outcome.scaled else "no market was scaled"
    if not outcome.good_piloted:
        return f"{scaled}, no good one was piloted"
    return f"{scaled}, of the good ones piloted {_dropped(outcome)} were never scaled"


def _bad(outcome: Outcome) -> str:
    return tally(outcome.scaled_bad, outcome.scaled)


def _dropped(outcome: Outcome) -> str:
    return tally(outcome.good_dropped, outcome.good_piloted)


def _quarters(outcome: Outcome) -> str:
    return "-" if outcome.quarters_to_scale is None else f"{outcome.quarters_to_scale:.1f} q"


def _behind(outcome: Outcome, currency: str) -> str:
    if outcome.policy == OURS:
        return "-"
    return give_or_take(outcome.behind.mean, outcome.behind.se, currency)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
