"""The one command-line application; each command stands in a file of its own."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="beachhead",
    help="Plan, run and learn from a staged product launch across countries.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def _root() -> None:
    """Plan, run and learn from a staged product launch across countries."""


def main() -> None:
    """Run the command line."""
    app()
