"""`beachhead decide`: accept what the newest plan recommends, or override it with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from beachhead.case.decide.decided_last import said_of_last
from beachhead.case.decide.deciding import Decided, Due, due, words
from beachhead.case.decide.deciding import decide as decide_launch
from beachhead.case.open import Launch, day_within, open_launch, quarter_on
from beachhead.case.plan.planning import inputs_changed, newest_plan, overtaken
from beachhead.cli.clock import Who, name_of, now
from beachhead.cli.show import JsonFlag, LaunchDir, how_many, say, show_json, show_table
from beachhead.launch.plan.reason import sentence
from beachhead.world.errors import BadInput


def decide(
    directory: LaunchDir,
    accept: Annotated[bool, typer.Option("--accept", help="Accept every recommendation that is due.")] = False,
    market: Annotated[
        list[str] | None, typer.Option("--market", metavar="CODE", help="Accept for this market only; repeat.")
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option("--override", metavar="MARKET=CHOICE", help="hold, exit, scale, pilot:150, pilot:150:95% ..."),
    ] = None,
    because: Annotated[str, typer.Option("--because", metavar="TEXT", help="The reason for the overrides.")] = "",
    who: Who = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="DIGEST", help="Digest of the ledger entry you looked at last.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Decide on the newest plan; without --accept or --override, list what is due."""
    launch = open_launch(directory)
    overrides = _pairs(override or ())
    if not accept and not overrides and not market:
        _list_due(directory, as_json=as_json)
        return
    decided = decide_launch(
        launch,
        who=name_of(who),
        at=now(),
        markets=[code.strip().upper() for code in market] if market else (None if accept else []),
        overrides=overrides,
        because=because,
        after=after,
    )
    if as_json:
        show_json({"entries": decided.entries, "head": decided.head})
        return
    planned = newest_plan(launch)
    if said := overtaken(planned, quarter_on(launch, day_within(launch, None)), is_changed=False):
        say(f"{said}: what is decided counts from {planned.record.quarter}.")
    show_decided(launch, decided)


def show_decided(launch: Launch, decided: Decided) -> None:
    """What the ledger now holds, line by line."""
    names = {m.code: m.name for m in launch.folder.markets}
    for entry in decided.entries:
        overridden = f" instead of {entry.recommended}, because {entry.because}" if entry.act == "override" else ""
        say(f"{names.get(entry.market, 'Registered')}: {entry.chosen}{overridden}.")
    say(f"The ledger now ends with entry {decided.head.number}, {decided.head.sha256[:10]}.")


def _list_due(directory: LaunchDir, *, as_json: bool) -> None:
    launch = open_launch(directory)
    planned = newest_plan(launch)
    rows = due(launch, planned)
    if as_json:
        show_json({"quarter": planned.record.quarter, "due": rows})
        return
    currency = launch.folder.terms.currency
    names = {row.action.market: row.action.market for row in rows} | {m.code: m.name for m in launch.folder.markets}
    are_due = f"{how_many(len(rows), 'decision is', 'decisions are')} due" if rows else "No decision is due"
    say(f"{are_due} for {planned.record.quarter}; nothing was decided by this command.")
    if not rows:
        return
    show_table(
        ["market", "recommended", "why"],
        [[names[row.action.market], words(row.action), _why(row, currency)] for row in rows],
    )
    for row in rows:
        if row.last is not None:
            say(said_of_last(row.last, names[row.action.market]))
    now_decided = quarter_on(launch, day_within(launch, None))
    if said := overtaken(planned, now_decided, inputs_changed(launch, planned)):
        say(f"{said}; run `beachhead plan {directory}` before deciding on it.")
        return
    say(f'Accept them with `beachhead decide {directory} --accept`, or add `--override XX=hold --because "..."`.')


def _why(row: Due, currency: str) -> str:
    """The gate's reason where one is registered, else the plan's own."""
    return row.recommendation.reason if row.recommendation.judgement else sentence(row.reason, currency)


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs = [_pair(text) for text in texts]
    codes = [code for code, _ in pairs]
    twice = next((code for code in codes if codes.count(code) > 1), None)
    if twice is not None:
        raise BadInput(f"{twice} is overridden more than once", "say one choice for each market")
    return dict(pairs)


def _pair(text: str) -> tuple[str, str]:
    code, equals, choice = text.partition("=")
    if not equals or not code.strip() or not choice.strip():
        raise BadInput(f"{text!r} is not an override", "write MARKET=CHOICE, such as NO=hold")
    return code.strip().upper(), choice.strip()
