"""`beachhead worth`: what a batch, a study or a fact is worth, and what if an input were different."""

from __future__ import annotations

from typing import Annotated

import typer

from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.planning import WORLDS
from beachhead.case.plan.whatif import Compared, compare, forget, keep, kept
from beachhead.case.plan.worth import (
    SPREADS,
    Worth,
    ask_worth,
    named,
    worth_most_said,
    worth_nothing_said,
    worth_something,
)
from beachhead.cli.clock import OnOption, Who, day_of, name_of, now
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, cars, money, percent, say, show_json, show_table
from beachhead.launch.estimate import Estimate
from beachhead.launch.information.worth import BatchWorth, Known
from beachhead.launch.plan.headline import too_few
from beachhead.world.errors import BadInput
from beachhead.world.figures import at_price, give_or_take, how_many, spaced
from beachhead.world.market import Channel

MOST_ROWS = 8


def worth(
    directory: LaunchDir,
    market: Annotated[str | None, typer.Option("--market", metavar="CODE", help="Market of the batch.")] = None,
    batch: Annotated[
        list[int] | None, typer.Option("--batch", metavar="CARS", min=1, help="Cars shipped; repeat to compare.")
    ] = None,
    channel: Annotated[Channel | None, typer.Option("--channel", help="Default: that of the plan's own pilot.")] = None,
    price_point: Annotated[
        list[float] | None,
        typer.Option("--price-point", metavar="SHARE", help="Price over list price, such as 0.95; repeat to compare."),
    ] = None,
    sets: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="ITEM=VALUE",
            help="What if: TABLE.KEY.COLUMN=VALUE, =*FACTOR or =+MORE; repeat for more than one.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Keep the what-if under this name.")
    ] = None,
    list_kept: Annotated[bool, typer.Option("--kept", help="Show the what-ifs on record.")] = False,
    drop: Annotated[str | None, typer.Option("--forget", help="Take the what-if of this name off the list.")] = None,
    tornado: Annotated[bool, typer.Option(help="Plan anew under each changed assumption (slow).")] = True,
    worlds: Annotated[int, typer.Option(min=2, help="Made-up worlds played for each variant.")] = WORLDS,
    seed: Annotated[int | None, typer.Option(help="Seed of the worlds; default that of launch.toml.")] = None,
    on: OnOption = None,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what a question is worth: a batch net of its cost, knowing a market, a factor or a fact; or what if."""
    launch = open_launch(directory)
    if name is not None and not sets:
        raise BadInput(f"there is nothing to keep under {name!r}", "say what changes with --set")
    if drop is not None:
        if sets or name is not None:
            raise BadInput(f"--forget {drop!r} goes alone", "leave out --set and --name")
        forget(launch, drop, who=name_of(who), at=now())
        show_json({"forgotten": drop}) if as_json else say(f"{drop!r} is off the list of what-ifs.")
        return
    if sets and (market is not None or batch):
        raise BadInput(
            "--set compares the launch as it is with the launch as it would be, and --market asks about a batch",
            "ask one at a time",
        )
    if list_kept:
        found = kept(launch)
        show_json({"kept": found}) if as_json else _show_kept(launch, found)
        return
    if sets:
        with progress("playing both", quiet=as_json) as advance:
            compared = compare(launch, sets, on=day_of(on), worlds=worlds, seed=seed, tick=advance)
        if name is not None:
            compared = keep(launch, compared, name, who=name_of(who), at=now())
        show_json(compared) if as_json else show_compared(launch, compared)
        return
    asked = None if market is None else market.strip().upper()
    with progress("planning anew under each assumption", quiet=as_json) as advance:
        answer = ask_worth(
            launch,
            market=asked,
            batches=tuple(batch or ()),
            channel=channel,
            price_points=tuple(price_point or ()),
            on=day_of(on),
            swings=tornado and asked is None,
            worlds=worlds,
            seed=seed,
            tick=advance,
        )
    show_json(answer) if as_json else show_worth(launch, answer)


def show_worth(launch: Launch, answer: Worth) -> None:
    """Sentences first, then what is worth knowing, then what moves the value."""
    currency, names = answer.currency, {m.code: m.name for m in launch.folder.markets}
    if answer.batches:
        _show_batches(names, answer.batches, currency)
    say(
        f"{answer.quarter}: knowing demand everywhere before the next gate would be worth "
        f"{money(answer.everything, currency)}; no study of demand that is read by then can be worth more."
    )
    if not answer.batches:
        _show_known("Knowing a market's demand", answer.markets, answer.least, currency, names)
    _show_known("Knowing what markets share", answer.factors, answer.least, currency, names)
    _show_known("Knowing a fact", answer.facts, answer.least, currency, names)
    if idle := worth_nothing_said(answer.facts, answer.least):
        say(idle)
    if answer.facts:
        told = ", ".join(f"{grade.value} {percent(share)}" for grade, share in SPREADS.items())
        say(f"Facts are taken to be off by one standard deviation of, by grade: {told} (assumption).")
    if answer.swings:
        show_table(
            ["assumption", "changed by", "value changes by"],
            [
                [s.what, f"{s.low} / {s.high}", f"{_change(s.at_low, currency)} / {_change(s.at_high, currency)}"]
                for s in answer.swings
            ],
            title="What moves the value of the launch most, each changed alone",
        )
        ends = (end for swing in answer.swings for end in (swing.at_low, swing.at_high))
        if few := next(filter(None, map(too_few, ends)), ""):
            say(few.strip())


def _show_batches(names: dict[str, str], batches: tuple[BatchWorth, ...], currency: str) -> None:
    best = max(batches, key=lambda b: b.net)
    design = best.design
    added = best.on_top - best.cost
    priced = any(b.design.price_point != 1.0 for b in batches)
    verdict = _verdict(best.net > 0, added > 0, best.others)
    besides = ""
    if best.others:
        besides = (
            f"; on top of the {how_many(best.others, 'other pilot')} that the plan starts they teach "
            f"{money(best.on_top, currency)} more, net {money(added, currency)}"
        )
    say(
        f"{cars(design.batch)} cars{at_price(design.price_point)} in {names[design.market]} through "
        f"{spaced(design.channel)} are "
        f"{verdict}: as the only pilot of the quarter they teach {money(best.gross, currency)} "
        f"({money(best.here, currency)} here, {money(best.elsewhere, currency)} elsewhere), cost "
        f"{money(best.cost, currency)}, net {money(best.net, currency)}{besides}. "
        f"Knowing {names[design.market]} for certain would be worth {money(best.most, currency)}."
    )
    show_table(
        [
            "batch at price" if priced else "batch",
            "teaches",
            "here",
            "elsewhere",
            "costs",
            "net",
            "on top of others, net",
        ],
        [
            [cars(b.design.batch) + (f" at {percent(b.design.price_point)}" if priced else "")]
            + [money(x, currency) for x in (b.gross, b.here, b.elsewhere, b.cost, b.net, b.on_top - b.cost)]
            for b in batches
        ],
        right=set(range(7)),
    )


def _verdict(alone: bool, on_top: bool, others: int) -> str:
    """Whether a batch pays, by itself and beside the pilots that the plan starts anyway."""
    if alone and on_top:
        return "worth their cost"
    if alone:
        return f"not worth their cost beside the plan's {how_many(others, 'other pilot')}, though they would be alone"
    return "not worth their cost"


def _show_known(title: str, rows: tuple[Known, ...], least: float, currency: str, names: dict[str, str]) -> None:
    worth = worth_something(rows, least)
    if worth:
        show_table(
            [title, "worth up to"],
            [[named(row.what, names), money(row.value, currency)] for row in worth[:MOST_ROWS]],
            right={1},
        )
    if part := worth_most_said(MOST_ROWS, worth):
        say(f"{part}; --json has all.")


def _change(estimate: Estimate, currency: str) -> str:
    sign = "+" if estimate.mean > 0 else ""
    return f"{sign}{give_or_take(estimate.mean, estimate.se, currency)}"


def show_compared(launch: Launch, compared: Compared) -> None:
    """As it is and as it would be, side by side."""
    currency, names = launch.folder.terms.currency, {m.code: m.name for m in launch.folder.markets}
    kept_as = f" Kept as {compared.name!r}." if compared.name else ""
    sign = "more" if compared.gain.mean >= 0 else "less"
    say(
        f"With {', '.join(compared.sets)} the launch is worth "
        f"{give_or_take(abs(compared.gain.mean), compared.gain.se, currency)} {sign}, on the same {compared.worlds} "
        f"worlds.{too_few(compared.gain)}{kept_as}"
    )
    show_table(
        ["", "as it is", "as it would be", "difference"],
        [
            ["worth over carrying on"]
            + [give_or_take(each.mean, each.se, currency) for each in (compared.value, compared.other)]
            + [_change(compared.gain, currency)]
        ],
        right={1, 2, 3},
    )
    if compared.value.se is not None:
        say(
            "The difference is known best, for both met the same luck. `beachhead plan` tells the value itself more "
            "closely, by its bound on more worlds."
        )
    if compared.moves:
        show_table(
            ["market", f"in {compared.quarter}", "would be"],
            [[names[code], one, two] for code, one, two in compared.moves],
            title="What would be done differently now",
        )
    else:
        say("Nothing would be done differently now.")
    shown = compared.changed[:MOST_ROWS]
    more = f" and {len(compared.changed) - len(shown)} more" if len(compared.changed) > len(shown) else ""
    say(f"Changed: {'; '.join(shown)}{more}.")
    say(*compared.notes)


def _show_kept(launch: Launch, found: tuple[Compared, ...]) -> None:
    currency = launch.folder.terms.currency
    if not found:
        say("No what-if is on record; keep one with --set ... --name NAME.")
        return
    show_table(
        ["name", "with", "worlds", "value changes by"],
        [[c.name, ", ".join(c.sets), str(c.worlds), _change(c.gain, currency)] for c in found],
        title="What-ifs on record",
        right={2},
    )
