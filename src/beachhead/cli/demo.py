"""`beachhead demo`: plan the bundled launch, read a real first batch, show what moved."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from beachhead.case.new import new_launch
from beachhead.case.open import open_launch
from beachhead.case.plan.planning import make_plan
from beachhead.case.reading import read
from beachhead.case.rows.observe import observe
from beachhead.case.score.replay import replay as tell_again
from beachhead.case.score.scoring import score_launch
from beachhead.cli.clock import name_of, now
from beachhead.cli.plan import show_plan
from beachhead.cli.progress import progress
from beachhead.cli.read import show_read
from beachhead.cli.replay import show_market, show_steps
from beachhead.cli.score import show_scores
from beachhead.cli.show import money, percent, say, show_table, suggest
from beachhead.launch.plan.headline import headline
from beachhead.launch.plan.reason import sentence
from beachhead.launch.question.action import Action, ActionKind
from beachhead.world.figures import at_price

BEFORE, AFTER = date(2021, 7, 1), date(2021, 11, 1)


def demo(
    replay: Annotated[bool, typer.Option("--replay", help="Tell BYD's entry into Europe again instead.")] = False,
) -> None:
    """Plan the bundled launch, then read a real first batch and show how belief and plan moved."""
    if replay:
        with TemporaryDirectory(prefix="beachhead-replay-") as folder:
            _replay_byd(Path(folder) / "byd-europe-2021")
        return
    with TemporaryDirectory(prefix="beachhead-demo-") as folder:
        say("1. The bundled launch `xiaomi`: where first, with how many cars, and what is it worth?", "")
        _plan_xiaomi(Path(folder) / "xiaomi")
        say("", "2. A real first batch: BYD in Norway, August to October 2021 (registrations, retyped).", "")
        _read_norway(Path(folder) / "byd-norway-2021")
    say("")
    suggest("beachhead new my-launch --example xiaomi && beachhead check my-launch && beachhead plan my-launch")


def _replay_byd(folder: Path) -> None:
    launch = open_launch(new_launch(folder, "byd-europe-2021"))
    with progress("following BYD through Europe, quarter by quarter") as tick:
        steps = tell_again(launch, who=name_of(None), at=now(), tick=tick)
    show_steps(launch, steps)
    show_market(launch, steps, "NO")
    show_scores(score_launch(launch), folder)
    say("")
    suggest("beachhead new byd --example byd-europe-2021 && beachhead replay byd --advise")


def _plan_xiaomi(folder: Path) -> None:
    launch = open_launch(new_launch(folder, "xiaomi"))
    with progress("planning 48 markets") as tick:
        planned = make_plan(launch, on=launch.folder.terms.start.first_day, who=name_of(None), at=now(), tick=tick)
    show_plan(launch, planned)


def _read_norway(folder: Path) -> None:
    launch = open_launch(new_launch(folder, "byd-norway-2021"))
    who, currency = name_of(None), launch.folder.terms.currency
    names = {market.code: market.name for market in launch.folder.markets}
    with progress("planning before the batch") as tick:
        before = make_plan(launch, on=BEFORE, who=who, at=now(), tick=tick)
    observe(launch.folder, launch.store, folder / "observations" / "first-batch.csv", who=who, at=now())
    show_read(launch, read(launch, on=AFTER))
    with progress("planning after the batch") as tick:
        after = make_plan(launch, on=AFTER, who=who, at=now(), tick=tick)
    value = [money(planned.plan.certificate.value.mean, currency) for planned in (before, after)]
    say(f"Expected value {value[0]} before the batch, {value[1]} after it.")
    say(headline(after.plan, names, currency)[0])
    odds = [[reason.figure("odds_of_break_even") or 0.0 for reason in p.plan.reasons] for p in (before, after)]
    show_table(
        ["market", str(before.record.quarter), "odds", str(after.record.quarter), "odds", "why now"],
        [
            [names[here.market], _short(then), percent(odds[0][i]), _short(here), percent(odds[1][i])]
            + [sentence(after.plan.reasons[i], currency)]
            for i, (then, here) in enumerate(zip(before.plan.actions, after.plan.actions, strict=True))
        ],
        title="How the recommendation moved, and the odds of breaking even",
        right={2, 4},
    )


def _short(action: Action) -> str:
    return (
        f"pilot {action.batch}{at_price(action.price_point)}" if action.kind is ActionKind.PILOT else action.kind.value
    )
