"""`beachhead design`: what a pilot batch can and cannot tell, before it is shipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.planning import put_question
from beachhead.cli.clock import OnOption, day_of
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, cars, how_many, money, percent, say, show_json, show_table
from beachhead.launch.information.batch_design import Design, pilot_channel
from beachhead.launch.information.batch_design import design as design_batch
from beachhead.world.figures import spaced
from beachhead.world.market import Channel


def design(
    directory: LaunchDir,
    market: Annotated[str, typer.Option("--market", metavar="CODE", help="Market code.")],
    batch: Annotated[
        list[int] | None, typer.Option("--batch", metavar="CARS", min=1, help="Cars shipped; repeat to compare.")
    ] = None,
    channel: Annotated[Channel | None, typer.Option("--channel", help="Default: that of the plan's own pilot.")] = None,
    price_point: Annotated[
        list[float] | None,
        typer.Option("--price-point", metavar="SHARE", help="Price over list price, such as 0.95; repeat to compare."),
    ] = None,
    on: OnOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what a batch would tell: spread before and after, odds of misjudging, what it teaches elsewhere."""
    launch = open_launch(directory)
    market = market.strip().upper()
    launch.market(market)
    with progress("weighing batches", quiet=as_json):
        problem = put_question(launch, on=day_of(on)).problem
        through = channel or pilot_channel(problem, market)
        sizes, points = batch or problem.menu.batches, price_point or problem.menu.price_points
        designs = [design_batch(problem, market, size, through, point) for point in points for size in sizes]
    if as_json:
        show_json({"market": market, "designs": designs})
        return
    show_designs(launch, designs)


def show_designs(launch: Launch, designs: Sequence[Design]) -> None:
    """What batches of one market would tell."""
    first, currency = designs[0], launch.folder.terms.currency
    name = launch.market(first.market).name
    say(
        f"{name}, through {spaced(first.channel)}, {how_many(first.weeks, 'week')}: today "
        f"{percent(first.odds_break_even)} odds that demand of the coming year beats {cars(first.break_even)} cars, "
        f"and log demand is known within a factor {_factor(first.sd_before)} either way (one standard deviation). No "
        f"pilot can bring that below {_factor(first.floor_sd)}: a quarter is not the years, and the first "
        "buyers are fans, by how much is only learnt at full scale."
    )
    priced = any(d.price_point != 1.0 for d in designs)
    show_table(
        [
            "batch",
            *(["price"] if priced else []),
            "cost",
            "orders",
            "sells out",
            "variance removed",
            "factor after",
            "odds of misjudging",
        ],
        [
            [f"{d.batch}", *([percent(d.price_point)] if priced else []), money(d.cost, currency)]
            + [cars(d.expected_orders), percent(d.odds_sold_out)]
            + [percent(d.share_resolved), _factor(d.sd_after), percent(d.odds_wrong)]
            for d in designs
        ],
        right=set(range(8)),
    )
    names = {m.code: m.name for m in launch.folder.markets}
    taught = ", ".join(f"{names[code]} ({percent(share)} of its variance)" for code, share in first.teaches[:3])
    if taught:
        say(f"It also teaches about {taught}.")


def _factor(sd: float) -> str:
    return f"x {2.718281828**sd:.2f}"
