"""`beachhead plan`: which markets to pilot, scale, hold or leave, with gates, value and certificate."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from beachhead.belief import Year, coming_year
from beachhead.case.decide.decided_last import decided_last, said_of_last
from beachhead.case.decide.deciding import is_stopped
from beachhead.case.open import Launch, open_launch
from beachhead.case.plan.planning import WORLDS, Planned, make_plan, write_bound
from beachhead.case.plan.standing import standings
from beachhead.cli.clock import OnOption, Who, day_of, name_of, now
from beachhead.cli.progress import progress
from beachhead.cli.show import (
    JsonFlag,
    LaunchDir,
    cars,
    console,
    how_many,
    money,
    percent,
    plain,
    say,
    show_json,
    show_table,
)
from beachhead.launch.aim.pursue import Pursued
from beachhead.launch.plan.headline import headline
from beachhead.launch.plan.reason import sentence
from beachhead.launch.question.action import Action, ActionKind
from beachhead.launch.question.gate import Gate
from beachhead.launch.question.objective import Wanted
from beachhead.world.errors import BadInput
from beachhead.world.figures import at_price, give_or_take, spaced
from beachhead.world.market import Channel, Stage

MOST_WAITING = 5


def plan(
    directory: LaunchDir,
    on: OnOption = None,
    worlds: Annotated[int, typer.Option(min=2, help="Made-up worlds played for value and bound.")] = WORLDS,
    seed: Annotated[int | None, typer.Option(help="Seed of the worlds; default that of launch.toml.")] = None,
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Write the bound of one world as algebra, .lp, and stop."),
    ] = None,
    world: Annotated[int, typer.Option(min=0, help="With --write: which world; 0 is the first one played.")] = 0,
    who: Who = None,
    as_json: JsonFlag = False,
) -> None:
    """Plan the launch: pilots, batches, gates, what to scale, what it is worth and what no plan can beat."""
    launch = open_launch(directory)
    if write is not None:
        _write(launch, write, world, day_of(on), seed, as_json)
        return
    with progress("planning", quiet=as_json) as advance:
        planned = make_plan(launch, on=day_of(on), worlds=worlds, seed=seed, who=name_of(who), at=now(), tick=advance)
    if as_json:
        show_json(plan_answer(launch, planned))
    else:
        show_plan(launch, planned)
    if not planned.kept:
        note = f"{launch.store.name} cannot be written: this plan is on no record, and nothing can be decided on it."
        console(err=True).print(note, markup=False)


def _write(launch: Launch, path: Path, world: int, day: date | None, seed: int | None, as_json: bool) -> None:
    if path.suffix != ".lp":
        raise BadInput(f"{str(path)!r} does not say its format", "let the name end in .lp")
    if not path.parent.is_dir():
        raise BadInput(f"the folder of {str(path)!r} does not exist", "make it, or write elsewhere")
    algebra, currency = write_bound(launch, path, world=world, on=day, seed=seed), launch.folder.terms.currency
    if as_json:
        course = {name: part for name, part in zip(algebra.columns, algebra.course.tolist(), strict=True) if part}
        answer = {"written": str(path), "bytes": path.stat().st_size, "world": world, "currency": currency}
        money_of = {"bound": algebra.bound, "earned": algebra.earned, "pilots": algebra.pilots}
        show_json(answer | money_of | {"course": course})
        return
    bound, earned, pilots = (money(value, currency) for value in (algebra.bound, algebra.earned, algebra.pilots))
    say(f"In world {world} no plan can earn more than {bound}; this one earns {earned} after {pilots} for pilots.")
    say(
        f"Wrote the programme whose optimum is that bound to {path} ({path.stat().st_size / 1e6:.1f} MB), the plan's"
        " course at its end. Any solver of linear programmes reads it; the printed bound is the mean over many worlds."
    )


def show_plan(launch: Launch, planned: Planned) -> None:
    """Sentences first, then one table for what happens now and one for the limits."""
    made, currency = planned.plan, launch.folder.terms.currency
    names = {market.code: market.name for market in launch.folder.markets}
    for line in (*headline(made, names, currency), *planned.record.notes):
        say(line)
    now = sorted(
        (index for index, action in enumerate(made.actions) if action.kind is not ActionKind.WAIT),
        key=lambda i: (made.actions[i].kind.value, -(made.reasons[i].figure("gain") or 0.0)),
    )
    rows = [[names[made.actions[i].market], deed(made.actions[i]), sentence(made.reasons[i], currency)] for i in now]
    if rows:
        show_table(["market", f"in {planned.record.quarter}", "why"], rows, title="What to do now")
    earlier = decided_last(launch, planned)
    for code in (made.actions[i].market for i in now if made.actions[i].market in earlier):
        say(said_of_last(earlier[code], names[code]))
    _show_waiting(launch, planned)
    if made.pursued is not None:
        _show_tried(made.pursued, currency)
    starting = {action.market: action.channel for action in made.actions if action.kind is ActionKind.PILOT}
    fresh = [g for g in made.gates if g.registered == planned.record.quarter and g.market in starting]
    if fresh:
        year = coming_year(planned.belief, planned.record.quarter)
        show_table(
            ["gate", "first look", f"break-even, {year.span}", "scale at odds", "stop below", "most expected loss"],
            [
                [
                    _scaled_through(names[g.market], g.channel, starting[g.market]),
                    str(g.looks[0]) if g.looks else "-",
                    f"{cars(year.cars(g.market, g.break_even))} cars/yr",
                ]
                + [percent(g.scale_odds), percent(g.stop_odds), money(g.max_expected_loss, currency)]
                for g in fresh
            ],
            title="Gates registered when a pilot is accepted",
            right={2, 3, 4, 5},
        )


def _scaled_through(name: str, scaled: Channel, piloted: Channel | None) -> str:
    """The market of a gate; with the channel its break-even is of, where the pilot goes by another."""
    return name if scaled is piloted else f"{name}, scaled through {spaced(scaled)}"


def _show_tried(pursued: Pursued, currency: str) -> None:
    """What was tried for the objective: what each step towards it costs."""
    heads = ["caution", "expected value", "worst tail"]
    rows = [
        [
            f"{t.steering.caution:g} sd",
            give_or_take(t.value.mean, t.value.se, currency),
            give_or_take(t.worst.mean, t.worst.se, currency),
        ]
        for t in pursued.tried
    ]
    if pursued.wanted is not Wanted.VALUE:  # value has no bonus, and is its own score
        heads = ["bonus", "cars" if pursued.wanted is Wanted.CARS else "odds", *heads]
        for row, t in zip(rows, pursued.tried, strict=True):
            scored = percent(t.score.mean, t.score.se) if pursued.wanted is Wanted.ODDS else cars(t.score.mean)
            row[:0] = [money(t.steering.bonus, currency), scored]
    show_table(
        heads,
        rows,
        title=f"Policies tried, on {pursued.tried[0].value.count} other worlds (plain means)",
        right=set(range(len(heads))),
    )


def _show_waiting(launch: Launch, planned: Planned) -> None:
    """Markets that were entered or left in a sentence, those that wait in a table."""
    made, currency = planned.plan, launch.folder.terms.currency
    names = {market.code: market.name for market in launch.folder.markets}
    stages = {code: s.stage for code, s in standings(launch, planned.record.quarter).by_market.items()}
    still = [
        r for a, r in zip(made.actions, made.reasons, strict=True) if a.kind is ActionKind.WAIT and not _home(launch, a)
    ]
    stopped = {row.market: row.reason for row in planned.recommendations if is_stopped(row)}
    for reason in still:
        if stages[reason.market] is Stage.SCALED:
            expected = cars(reason.figure("expected_demand") or 0.0)
            say(f"{names[reason.market]} goes on selling: {expected} cars expected in the coming year at full scale.")
        elif stages[reason.market] is Stage.EXITED:
            say(f"{names[reason.market]} was left.")
        elif reason.market in stopped:
            say(f"{names[reason.market]} is stopped by its gate: {stopped[reason.market]}.")
    waiting = [r for r in still if stages[r.market] in (Stage.OUT, Stage.PILOTING) and r.market not in stopped]
    best = sorted(waiting, key=lambda reason: -(reason.figure("value_of_waiting") or 0.0))[:MOST_WAITING]
    if best:
        all_of_them = f"Waiting: {how_many(len(waiting), 'market')}"
        show_table(
            ["market", "why it waits"],
            [[names[reason.market], sentence(reason, currency)] for reason in best],
            title=all_of_them + (f", the {len(best)} most promising" if len(best) < len(waiting) else ""),
        )


def deed(action: Action) -> str:
    """An action in a few words: `pilot 150 cars at 95 % of list, 13 weeks, dealer`."""
    if action.kind is ActionKind.PILOT:
        offers = f", {' + '.join(action.offers)}" if action.offers else ""
        shipped = f"{how_many(action.batch, 'car')}{at_price(action.price_point)}"
        return f"pilot {shipped}, {how_many(action.weeks, 'week')}, {_channel(action)}{offers}"
    return f"scale through {_channel(action)}" if action.kind is ActionKind.SCALE else action.kind.value


def plan_answer(launch: Launch, planned: Planned) -> dict[str, Any]:
    """The plan as one JSON object; identical for the same folder, ledger, seed and version."""
    made, currency = planned.plan, launch.folder.terms.currency
    year = coming_year(planned.belief, planned.record.quarter)
    rows = zip(made.actions, made.reasons, planned.recommendations, strict=True)
    markets = [
        {
            "market": action.market,
            "action": action,
            "recommended": recommendation.verdict,
            "reason": recommendation.reason,
            "sentence": sentence(reason, currency),
            "figures": {figure.name: figure.value for figure in reason.figures},
        }
        for action, reason, recommendation in rows
    ]
    return {
        "launch": launch.folder.terms.name,
        "quarter": str(planned.record.quarter),
        "currency": currency,
        "value": made.certificate.value,
        "value_after_horizon": made.certificate.after,
        "bound": made.certificate.bound,
        "gap": made.certificate.gap,
        "share_of_bound": made.certificate.share,
        "method": made.certificate.method,
        "objective": made.pursued,
        "pilots": [action for action in made.actions if action.kind is ActionKind.PILOT],
        "scale": [action for action in made.actions if action.kind is ActionKind.SCALE],
        "exit": [action for action in made.actions if action.kind is ActionKind.EXIT],
        "gates": [_gate_answer(gate, year) for gate in made.gates],
        "markets": markets,
        "unaffordable": made.unaffordable,
        "notes": planned.record.notes,
        "shadow_prices": made.prices,
        "seed": made.seed,
        "worlds": made.worlds,
        "records": {"plan": planned.record.plan, "belief": planned.record.belief, "reading": planned.record.reading},
    }


def _gate_answer(gate: Gate, year: Year) -> dict[str, Any]:
    """A gate with its break-even under the names that the figures of a market have: cars of the year, and the level."""
    said: dict[str, Any] = plain(gate)
    level = said.pop("break_even")
    demand = year.cars(gate.market, gate.break_even)
    return said | {"break_even_demand": demand, "break_even_year": year.span, "break_even_level": level}


def _channel(action: Action) -> str:
    return spaced(action.channel) if action.channel else "?"


def _home(launch: Launch, action: Action) -> bool:
    return launch.market(action.market).is_home
