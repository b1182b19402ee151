"""How the command line shows long work: how much is done and how much time is left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from beachhead.cli.show import console, how_many
from beachhead.world.compiled import compiling


class Advance(Protocol):
    """Tells the reader how far long work has come."""

    def __call__(self, done: float, total: float) -> None:
        """`done` of `total` steps are finished."""


@contextmanager
def progress(label: str, *, quiet: bool = False) -> Iterator[Advance]:
    """Show progress with the remaining time on stderr, on a terminal only; gone when the work is done.

    The first run of a version compiles its kernels, for a minute or two in which nothing else moves: it says so.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console(err=True),
        transient=True,
        disable=quiet or not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(label, total=None)

        def advance(done: float, total: float) -> None:
            bar.update(task, completed=done, total=total)

        def told(functions: int) -> None:
            once = f"compiling, once for this version: {how_many(functions, 'function')}"
            bar.update(task, description=once if functions else label)

        with compiling(told):
            yield advance
