"""`beachhead log`: who decided what, on which records; checked and exported on request."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beachhead.case import log as ledger_of
from beachhead.case.open import open_launch
from beachhead.case.plan.again import Again, again
from beachhead.cli.show import JsonFlag, LaunchDir, how_many, percent, say, show_json, show_table
from beachhead.ledger import Entry
from beachhead.world.errors import BadInput, NotStored, OutOfDate
from beachhead.world.whole import write_whole

VerifyFlag = Annotated[
    bool, typer.Option("--verify", help="Check that no entry or record was altered, removed or reordered.")
]
ExpectOption = Annotated[
    str | None, typer.Option("--expect", metavar="DIGEST", help="A digest you noted: it must be in the ledger.")
]
ExportOption = Annotated[
    Path | None, typer.Option("--export", metavar="FILE", help="Write the ledger as FILE, .csv or .json.")
]
ReplayOption = Annotated[
    int | None, typer.Option("--replay", metavar="NUMBER", help="Plan again on the records of a past decision.")
]


def log(
    directory: LaunchDir,
    verify: VerifyFlag = False,
    expect: ExpectOption = None,
    export: ExportOption = None,
    replay: ReplayOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the ledger, check it, export it, or plan again on the records of a past decision."""
    launch = open_launch(directory)
    if replay is not None:
        _show_again(again(launch, replay), as_json)
        return
    kept = launch.store
    if verify or expect:
        _verify(ledger_of.check(kept, expected=expect), kept.name, as_json)
        return
    entries, end = ledger_of.whole(kept)
    if export is not None:
        _export(entries, export)
    elif as_json:
        show_json({"head": end, "entries": entries})
    else:
        _show(entries, end.sha256)


def _verify(check: ledger_of.Check, name: str, as_json: bool) -> None:
    breaks = check.verdict.breaks
    if as_json:
        show_json({"whole": check.whole, "verdict": check.verdict, "records": check.records, "faults": check.faults})
        if not check.whole:
            raise typer.Exit(1)
        return
    if not check.whole:
        found = [f"entry {fault.number}: {fault.what}" for fault in breaks] + list(check.faults)
        raise NotStored("the ledger is not as it was written\n  " + "\n  ".join(found), "restore it from a backup")
    if not check.verdict.entries:
        say(f"The ledger is empty: nothing was ever entered in {name}. If decisions were taken, that is another file.")
        return
    entries, records = how_many(check.verdict.entries, "entry", "entries"), how_many(check.records, "record")
    say(f"Whole: {entries} and the {records} they rest on are as they were written.")
    say(f"Head: {check.verdict.head.sha256}. Note it elsewhere; `log --expect {check.verdict.head.sha256[:10]}` asks.")


def _export(entries: tuple[Entry, ...], path: Path) -> None:
    kind = path.suffix.casefold()
    if kind == ".csv":
        text = ledger_of.as_csv(entries)
    elif kind == ".json":
        text = ledger_of.as_json(entries)
    else:
        raise BadInput(f"{path.name!r} is neither .csv nor .json", "end its name in .csv or .json")
    try:
        write_whole(path, text)
    except OSError as error:
        raise NotStored(f"{path} cannot be written ({error.strerror})", "choose another place") from error
    say(f"{how_many(len(entries), 'entry', 'entries')} written to {path}.")


def _show_again(answer: Again, as_json: bool) -> None:
    if as_json:
        show_json({"same": answer.same, "same_plan": answer.same_plan, "then": answer.then, "now": answer.now})
        if not answer.same:
            raise typer.Exit(1)
        return
    said, then, now = answer.entry.said, answer.then, answer.now
    who = f"entry {answer.entry.number}, {said.who} on {said.market}, {said.at:%Y-%m-%d}"
    if not answer.same:
        told = f"recommended then: {then.action} ({then.reason})\n  recommended now: {now.action} ({now.reason})"
        raise OutOfDate(
            f"{who}: this version answers its records otherwise\n  {told}",
            "CHANGELOG.md says what changed; the version that decided answers them as then",
        )
    plans = "the whole plan is the same, bit for bit" if answer.same_plan else "other parts of the plan differ"
    say(f"{who}: planned again on its records, the recommendation is the same; {plans}.")
    say(f"Recommended: {then.action}, because {then.reason}. Chosen: {said.chosen}.")


def _show(entries: tuple[Entry, ...], head: str) -> None:
    if not entries:
        say("The ledger is empty: nothing was decided, and no gates or odds were registered.")
        return
    say(f"{how_many(len(entries), 'entry', 'entries')}; the last has digest {head[:10]}.")
    columns = ("no", "when, UTC", "who", "act", "market", "recommended", "chosen", "why, odds")
    rows = [_line(entry) for entry in entries]
    used = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    show_table([columns[place] for place in used], [[row[place] for place in used] for row in rows], right={0})


def _line(entry: Entry) -> tuple[str, ...]:
    said = entry.said
    first = f"{percent(said.odds[0].probability)}: {said.odds[0].event}" if said.odds else ""
    odds = first + (f", and {len(said.odds) - 1} more" if len(said.odds) > 1 else "")
    came = sum(outcome.happened for outcome in said.outcomes)
    outcomes = f"{came} of {len(said.outcomes)} events happened" if said.outcomes else ""
    return (
        str(entry.number),
        f"{said.at:%Y-%m-%d %H:%M}",
        said.who,
        said.act.value,
        said.market,
        said.recommended,
        said.chosen,
        ". ".join(part for part in (said.because, odds, outcomes) if part),
    )
