"""`beachhead targets`: the odds of every target, when it is reached, what would move it, and what follows."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.target_facts import in_scope
from beachhead.case.targets.answer import WORLDS, Assessed, Effect, assess_targets, state_odds
from beachhead.case.targets.raising import raise_target
from beachhead.cli.clock import OnOption, Who, name_of, now
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, cars, how_many, money, percent, say, show_json, show_table
from beachhead.programme.rank import Known
from beachhead.programme.target import FAN, SURE, Kind, Target, TargetOdds
from beachhead.world.quarter import Quarter

MOST_RIVALS = 8
MOST_LEVERS = 3


def targets(
    directory: LaunchDir,
    on: OnOption = None,
    worlds: Annotated[int, typer.Option(min=24, help="Made-up worlds behind the odds.")] = WORLDS,
    what_if: Annotated[bool, typer.Option(help="Also try what would move the odds.")] = True,
    price: Annotated[str | None, typer.Option("--price", metavar="CODE", help="Shadow price of one target.")] = None,
    raising: Annotated[
        str | None, typer.Option("--raise", metavar="CODE", help="Enter the next target in place of one that is met.")
    ] = None,
    because: Annotated[
        str, typer.Option("--because", metavar="TEXT", help="How it is known to be met, where no record shows it.")
    ] = "",
    register: Annotated[bool, typer.Option("--register", help="Enter the odds in the ledger, to be scored.")] = False,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """The odds of every target, when it is reached with 50, 80 and 95 %, and what would move the odds most."""
    launch = open_launch(directory)
    if raising is not None:
        new = raise_target(launch, raising, who=name_of(who), at=now(), because=because)
        show_json(new) if as_json else say(f"Next: {new.name}, by {new.by} ({new.code}). The ledger keeps both.")
        return
    day = None if on is None else on.date()
    with progress("targets", quiet=as_json) as advance:
        found = assess_targets(launch, on=day, worlds=worlds, what_if=what_if, price=price, tick=advance)
    stated = state_odds(launch, found, who=name_of(who), at=now()) if register else ()
    if as_json:
        show_json(targets_answer(launch, found))
        return
    show_targets(launch, found)
    if register:
        say(
            f"{len(stated)} odds entered in the ledger; once their day has come, `--register` settles them and "
            "`beachhead score` scores them."
        )


def show_targets(launch: Launch, found: Assessed) -> None:
    """Sentences and tables: odds, levers, rivals, price."""
    for line in headline(found):
        say(line)
    rows = [
        (
            item.target.code,
            item.target.amount_said,
            str(item.target.by),
            "met" if item.target.code in found.met else "?" if item.odds is None else percent(item.odds, item.error),
            *(_quarter(quarter, item) for quarter in item.reached_by),
            _range(item),
        )
        for item in found.odds
    ]
    show_table(("target", "amount", "by", "odds", "50 %", "80 %", "95 %", "then, 5 to 95 %"), rows, right={1, 3})
    say("50, 80, 95 %: the first quarter by which it is reached with those odds; - if not within the plan.")
    _show_effects(found)
    for scope, known in found.rivals.items():
        say(rivals_sentence(scope, known))
    if found.price is not None:
        _show_price(launch, found)


def headline(found: Assessed) -> list[str]:
    """The answer in sentences."""
    lines = [f"Odds over {how_many(found.worlds, 'world')} of {'; '.join(found.notes)}."]
    lines += [f"{item.target.code}: {item.why_not}." for item in found.odds if item.why_not]
    lines += [
        f"{target.after[0]} is met; next by its rule {target.amount_said} by {target.by}: enter it with "
        f"`--raise {target.after[0]}`."
        for target in found.proposed
    ]
    return lines


def rivals_sentence(scope: str, known: Known) -> str:
    """Whom the rank is counted against."""
    top = ", ".join(f"{b} {cars(float(c))}" for b, c in zip(known.brands[:MOST_RIVALS], known.cars, strict=False))
    scaled = ""
    if known.told_by:
        scaled = f" Listed volumes are raised by {100 * (known.factor - 1):.0f} %, as {', '.join(known.told_by)} tell."
    makers = how_many(len(known.brands), "maker")
    return f"Rank {in_scope(scope)} is counted against {makers}, in {known.year}: {top}.{scaled}"


def targets_answer(launch: Launch, found: Assessed) -> dict[str, Any]:
    """The answer as one JSON object."""
    return {
        "launch": launch.folder.terms.name,
        "currency": launch.folder.terms.currency,
        "quarters": found.quarters,
        "worlds": found.worlds,
        "fan_levels": FAN,
        "sure_levels": SURE,
        "targets": [
            {
                **_target(item.target),
                "met": item.target.code in found.met,
                "odds": item.odds,
                "error": item.error,
                "reached_by": item.reached_by,
                "by_quarter": item.by_quarter,
                "fan": item.fan,
                "why_not": item.why_not,
                "levers": [
                    {"lever": e.lever, "name": e.name, "change": e.change, "error": e.error}
                    for e in sorted(found.effects, key=lambda e: -abs(e.change))
                    if e.target == item.target.code
                ],
            }
            for item in found.odds
        ],
        "proposed": [_target(target) for target in found.proposed],
        "rivals": [
            {
                "scope": scope,
                "year": known.year,
                "factor": known.factor,
                "told_by": known.told_by,
                "makers": [
                    {"brand": b, "cars": c, "log_sd": s}
                    for b, c, s in zip(known.brands, known.cars.tolist(), known.sd.tolist(), strict=True)
                ],
            }
            for scope, known in found.rivals.items()
        ],
        "price": None
        if found.price is None
        else {
            "target": found.price.target,
            "bonus_for": {str(odds): found.price.bonus_for(odds) for odds in (0.5, 0.8)},
            "steps": found.price.steps,
        },
        "notes": found.notes,
        "sentences": headline(found),
    }


def _target(target: Target) -> dict[str, Any]:
    return {
        "code": target.code,
        "name": target.name,
        "kind": target.kind,
        "scope": target.scope,
        "amount": target.amount,
        "by": target.by,
        "after": target.after,
        "raise_share": target.raise_share,
        "raise_quarters": target.raise_quarters,
    }


def _show_effects(found: Assessed) -> None:
    if not found.effects:
        return
    rows = []
    for item in found.odds:
        mine = [effect for effect in found.effects if effect.target == item.target.code]
        moving = sorted((e for e in mine if abs(e.change) >= 0.0005), key=lambda e: -abs(e.change))[:MOST_LEVERS]
        for place, effect in enumerate(moving):
            rows.append(("" if place else item.target.code, effect.name, _points(effect)))
        if mine and not moving:
            rows.append((item.target.code, "none of the changes tried", "0"))
    title = "What moves the odds most, percentage points (± standard error)"
    show_table(("target", "change", "odds"), rows, title=title, right={2})


def _show_price(launch: Launch, found: Assessed) -> None:
    price, currency = found.price, launch.folder.terms.currency
    assert price is not None
    half = price.bonus_for(0.5)
    if half is None:
        last = price.steps[-1]
        say(
            f"No bonus up to {money(last.bonus, currency)} a car brings {price.target} to 50 %: limits bind, not "
            f"margins (it reaches {percent(last.odds)})."
        )
    else:
        say(f"Shadow price: {price.target} has even odds once each of its cars is worth {money(half, currency)} more.")
    rows = [
        (money(step.bonus, currency), percent(step.odds), cars(step.cars), money(step.cost, currency))
        for step in price.steps
    ]
    show_table(("bonus a car", "odds", "cars, discounted", "value given up"), rows, right={0, 1, 2, 3})


def _points(effect: Effect) -> str:
    return f"{100 * effect.change:+.1f} ± {100 * effect.error:.1f}"


def _quarter(quarter: Quarter | None, item: TargetOdds) -> str:
    return "?" if item.odds is None else "-" if quarter is None else str(quarter)


def _range(item: TargetOdds) -> str:
    """The level on the target's day."""
    at = item.target.by - item.quarters[0]
    if item.odds is None or not 0 <= at < len(item.quarters):
        return ""
    low, high = float(item.fan[0, at]), float(item.fan[-1, at])
    match item.target.kind:
        case Kind.SERVICE_COVER:
            return f"{percent(low)} to {percent(high)}"
        case Kind.CARS_PER_YEAR | Kind.CARS_IN_TOTAL:
            return f"{cars(low)} to {cars(high)}"
        case _:
            return f"{low:.0f} to {high:.0f}"
