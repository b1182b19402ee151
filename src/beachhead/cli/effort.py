"""How long a search may look: work, the same on every machine, and a clock only for those who ask for one."""

from __future__ import annotations

from typing import Annotated

import typer

WorkOption = Annotated[
    float,
    typer.Option(
        "--work",
        min=0.1,
        help="Units of work of the search; one takes about a second, the answer is the same anywhere.",
    ),
]
SecondsOption = Annotated[
    float | None,
    typer.Option(
        "--seconds", min=0.1, help="Safety stop by the clock; an answer that it cuts short depends on the machine."
    ),
]
