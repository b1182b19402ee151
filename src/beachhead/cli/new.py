"""`beachhead new`: make a launch folder from a bundled one."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from beachhead.case.new import STARTER, examples, new_launch
from beachhead.cli.show import JsonFlag, say, show_json, suggest

NewDir = Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make; must not exist yet.", show_default=False)]
Example = Annotated[
    str, typer.Option("--example", metavar="NAME", help=f"Bundled launch to copy: {', '.join(examples())}.")
]


def new(folder: NewDir, example: Example = STARTER, as_json: JsonFlag = False) -> None:
    """Make a launch folder from a bundled launch, all of it or nothing."""
    made = new_launch(folder, example)
    names = sorted(path.name for path in made.iterdir())
    if as_json:
        show_json({"folder": str(made), "example": example, "files": names})
        return
    say(f"{made} now holds the launch {example}: {', '.join(names)}.", "")
    suggest(f"beachhead check {shlex.quote(str(made))}")
