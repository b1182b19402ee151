"""`beachhead adjust`: the change of price, trim list or mix with the largest expected gain in each market."""

from __future__ import annotations

from math import exp
from typing import Annotated

import typer

from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.adjust import Adjusted, as_things_are, ask_adjust
from beachhead.cli.clock import OnOption, day_of
from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, LaunchDir, how_many, money, odds, say, show_json, show_table
from beachhead.launch.adjust.adjust import Adjustment
from beachhead.launch.adjust.draws import Interval
from beachhead.launch.adjust.settling import Settling

SHOWN = 12


def adjust(
    directory: LaunchDir,
    market: Annotated[
        str | None, typer.Option("--market", metavar="CODE", help="This market alone, with every option.")
    ] = None,
    on: OnOption = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the draws; default that of launch.toml.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Adjust price, trims and mix: the best change in each market, its odds, and what would settle it."""
    launch = open_launch(directory)
    with progress("weighing changes of price, trim and mix", quiet=as_json):
        found = ask_adjust(launch, on=day_of(on), market=market, seed=seed)
    if as_json:
        show_json(adjust_answer(launch, found))
    elif market is not None:
        _show_market(launch, found, found.rows[0])
    else:
        show_adjusted(launch, found)


def adjust_answer(launch: Launch, found: Adjusted) -> dict[str, object]:
    """The answer as one object of plain values."""
    return {
        "launch": launch.folder.terms.name,
        "quarter": found.question.now,
        "currency": launch.folder.terms.currency,
        "markets": found.rows,
        "priced_counts": found.priced_counts,
        "car_price": found.car_price,
        "prior_elasticity": exp(found.fit.elasticity_log_mean),
        "prior_source": found.fit.source,
        "stated": found.stated,
        "converged": found.learnt.converged,
    }


def show_adjusted(launch: Launch, found: Adjusted) -> None:
    """The best change in each market."""
    names = {m.code: m.name for m in launch.folder.markets}
    currency = launch.folder.terms.currency
    if not found.rows:
        say("No market has both prices and economics.")
        return
    _show_rests_on(found, currency)
    first = found.rows[0]
    if first.best is None:
        say("In no market is a change expected to gain.")
    else:
        say(f"Most to gain: {names[first.market]}, {_sentence(first, currency)}")
    show_table(
        ["market", "elasticity, 90 %", "best change", "gain a year", "odds", "settled by", "worth a year"],
        [_row(names[a.market], a, currency) for a in found.rows[:SHOWN]],
        title="Best change in each market, at full scale",
        right={1, 3, 4, 6},
    )
    if len(found.rows) > SHOWN:
        say(f"... and {len(found.rows) - SHOWN} markets more; --market CODE shows one with all its options.")


def _show_rests_on(found: Adjusted, currency: str) -> None:
    changed = sum(a.contrast > 0 for a in found.rows)
    asked = sorted({s.study for s in found.stated})
    own = f", on {how_many(len(asked), 'choice study', 'choice studies')} of your own" if asked else ""
    seen = f"{how_many(found.priced_counts, 'count')} with a price" + (
        f", prices changed in {how_many(changed, 'market')}" if changed else ""
    )
    if changed:
        say(f"Rests on stated choices in the United States and China{own}, and on {seen}.")
    else:
        say(
            f"Rests on stated choices in the United States and China{own or ' alone'} ({seen}; no price has changed "
            "yet): read the odds, and test before you change much."
        )
    if found.car_price > 0:
        worth = money(found.car_price, currency)
        say(f"Cars are short: one is worth {worth} elsewhere by the newest plan, taken off each margin.")


def _row(name: str, a: Adjustment, currency: str) -> list[str]:
    e = a.elasticity
    head = [name, f"{e.median:.1f} ({e.low:.1f}-{e.high:.1f})"]
    settle = _worth_asking(a)
    tail = [settle.name, money(settle.worth, currency)] if settle else ["-", "-"]
    if a.best is None:
        return [*head, "leave as it is", "-", "-", *tail]
    return [*head, a.best.deed, money(a.best.gain, currency), odds(a.best.odds), *tail]


def _sentence(a: Adjustment, currency: str) -> str:
    if a.best is None:
        return "leave as it is."
    settle = _worth_asking(a)
    after = " No observation would change the choice." if settle is None else f" {_settles(settle, currency)}"
    return (
        f"{a.best.deed}: {money(a.best.gain, currency)} a year expected "
        f"(90 %: {_money(a.best.gain_interval, currency)}), {round(a.best.cars):+,} cars; "
        f"the odds that it gains are {odds(a.best.odds)}.{after}"
    )


def _settles(settle: Settling, currency: str) -> str:
    """What an observation would do to the choice; where its odds would not rise to the eye, what it is worth."""
    before, after = odds(settle.odds_now), odds(settle.odds_after)
    if before == after or settle.odds_after < settle.odds_now:  # a choice that gains more may be less sure to gain
        return f"{settle.deed.capitalize()} would tell most, worth {money(settle.worth, currency)} a year."
    return f"{settle.deed.capitalize()} would settle it: odds of the right choice from {before} to {after}."


def _worth_asking(a: Adjustment) -> Settling | None:
    """The observation worth most, None where none could change the choice."""
    return next((settle for settle in a.settling if settle.could_change), None)


def _money(interval: Interval, currency: str) -> str:
    return f"{money(interval.low, currency)} to {money(interval.high, currency)}"


def _show_market(launch: Launch, found: Adjusted, a: Adjustment) -> None:
    name, currency = launch.market(a.market).name, launch.folder.terms.currency
    _show_rests_on(found, currency)
    e = a.elasticity
    say(
        as_things_are(a, name, currency),
        f"Raising all prices by 1 % costs {e.median:.1f} % of the cars (90 %: {e.low:.1f} to {e.high:.1f}).",
        f"Best: {_sentence(a, currency)}",
    )
    if a.badge is not None:
        say(f"What the maker's nationality costs there, a year: {_money(a.badge, currency)} (90 %).")
    show_table(
        ["change", "gain a year", "90 %", "odds", "cars"],
        [
            [o.deed, money(o.gain, currency), _money(o.gain_interval, currency), odds(o.odds), f"{round(o.cars):+,}"]
            for o in a.options[:SHOWN]
        ],
        title="Options, best first",
        right={1, 2, 3, 4},
    )
    show_table(
        ["offer", "its own price +1 %", "90 %"],
        [
            [code, f"{a.own[j][j]:+.1f} %", f"{i.low:+.1f} to {i.high:+.1f} %"]
            for j, (code, i) in enumerate(a.own_interval.items())
        ],
        title="Elasticity of each offer",
        right={1, 2},
    )
    show_table(
        ["observation", "worth a year", "odds right now", "after it"],
        [
            [s.deed, money(s.worth, currency) if s.could_change else "nothing", odds(s.odds_now), odds(s.odds_after)]
            for s in a.settling
        ],
        title="What would settle it",
        right={1, 2, 3},
    )
