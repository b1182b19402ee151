"""`beachhead verify`: published numbers beside ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from beachhead.cli.progress import progress
from beachhead.cli.show import JsonFlag, how_many, say, show_json, show_table
from beachhead.verification.published import Checked
from beachhead.verification.verify import verify as verify_all
from beachhead.world.errors import BadInput


def verify(
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with OR-Library files (pmed*.txt, cap*.txt), to check room siting as well."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compare our functions with published numbers; ends with status 1 if any lies outside its tolerance."""
    if data is not None and not data.is_dir():
        raise BadInput(f"{data} is not a folder", "name the folder that holds the OR-Library files")
    with progress("verifying", quiet=as_json) as advance:
        checked = verify_all(data, advance)
    if as_json:
        show_json({"checks": [_answer(each) for each in checked], "passed": all(each.passed for each in checked)})
    else:
        _show(checked)
    if not all(each.passed for each in checked):
        raise typer.Exit(1)


def _show(checked: tuple[Checked, ...]) -> None:
    right = sum(each.passed for each in checked)
    say(f"{right} of {how_many(len(checked), 'published number')} are met by the functions that the plan itself calls.")
    show_table(
        ["room", "what", "published", "ours", "tolerance", ""],
        [_row(each) for each in checked],
        right={2, 3, 4},
        title="Published numbers",
    )
    sources = dict.fromkeys((each.published.room, each.published.source) for each in checked)
    show_table(["room", "source"], [list(each) for each in sources], title="Where they were printed")
    for each in checked:
        if each.problem:
            say(f"{each.published.room}, {each.published.what}: {each.problem}")


def _row(each: Checked) -> list[str]:
    published = each.published
    digits = [f"{value:.10g}" for value in (published.value, published.tolerance)]
    ours = f"{each.ours:.9g}"
    return [published.room, published.what, digits[0], ours, digits[1], "pass" if each.passed else "FAIL"]


def _answer(each: Checked) -> dict[str, object]:
    published = each.published
    return {
        "room": published.room,
        "what": published.what,
        "source": published.source,
        "published": published.value,
        "ours": None if each.problem else each.ours,
        "tolerance": published.tolerance,
        "passed": each.passed,
        "problem": each.problem,
    }
