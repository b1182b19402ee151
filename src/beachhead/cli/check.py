"""`beachhead check`: all faults of a launch folder at once, each with its place and cure."""

from __future__ import annotations

import shlex
import textwrap
from typing import Annotated

import typer

from beachhead.case.check import Checked, check_launch
from beachhead.case.clock import today
from beachhead.cli.faults import fault_lines
from beachhead.cli.show import WIDTH, JsonFlag, LaunchDir, how_many, say, show_json, show_table, suggest
from beachhead.world.errors import how_many_faults
from beachhead.world.quarter import Quarter

AllFlag = Annotated[bool, typer.Option("--all", help="List every fault, also those that are alike.")]


def check(folder: LaunchDir, every: AllFlag = False, as_json: JsonFlag = False) -> None:
    """Check a launch folder and report all its faults at once, each with its place and cure."""
    found = check_launch(folder)
    if as_json:
        _show_json(found)
    elif found.faults:
        _show_faults(found, every)
    else:
        _show_sound(found)
    if found.faults:
        raise typer.Exit(1)


def _show_json(found: Checked) -> None:
    digest = found.folder.digest if found.folder else None
    show_json(
        {
            "folder": str(found.path),
            "sound": not found.faults,
            "digest": digest,
            "tables": found.tables,
            "faults": found.faults,
        }
    )


def _show_sound(found: Checked) -> None:
    launch = found.folder
    assert launch is not None, "a folder without a fault is read"
    home = [market.code for market in launch.markets if market.is_home]
    abroad = len(launch.markets) - len(home)
    say(
        f"{launch.terms.name} is sound: {how_many(abroad, 'market')} to enter{f' from {home[0]}' if home else ''}, "
        f"{how_many(len(launch.offers), 'offer')}, "
        f"{how_many(launch.terms.quarters, 'quarter')} from {launch.terms.start}, all money in {launch.terms.currency}."
    )
    rows = [
        [table.name, str(table.rows), *(str(table.grades[grade] or "") for grade in "ABC"), table.oldest]
        for table in found.tables
    ]
    show_table(["table", "rows", "grade A", "B", "C", "oldest fact"], rows, right={1, 2, 3, 4})
    say("A read at source, B general knowledge, C assumption with its rule.", "")
    last = launch.terms.start + (launch.terms.quarters - 1)
    is_over = Quarter.of(today()) > last
    if is_over:
        say(f"The last quarter planned, {last}, is over: lengthen `quarters` in launch.toml, or plan as on a day then.")
    as_then = f" --on {launch.terms.start.first_day}" if is_over else ""
    suggest(f"beachhead plan {shlex.quote(str(found.path))}{as_then}")


def _show_faults(found: Checked, every: bool) -> None:
    files = {fault.file for fault in found.faults}
    say(f"{found.path} has {how_many_faults(found.faults)} in {how_many(len(files), 'file')}:", "")
    for line in fault_lines(found.faults, every=every):
        print(textwrap.fill(line, WIDTH, subsequent_indent="    ", break_on_hyphens=False))
    say("", "Mend them and check again. docs/reference/columns.md says what each column means.")
