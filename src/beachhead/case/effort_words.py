"""How a search ended, in sentences that siting and supply share."""

from __future__ import annotations

from beachhead.world.figures import units


def work_done(done: float, allowed: float) -> str:
    """`12 of 60 units of work`."""
    return f"{units(done)} of {units(allowed)} units of work"


def stopped_by_clock(seconds: float | None, did: str) -> str:
    """What an answer says that a clock cut short."""
    return (
        f"The clock stopped the search after the {seconds or 0.0:g} s asked for, with {did} done: another machine, or "
        "this one when less busy, may get further. Without a limit of time the answer is the same everywhere."
    )


def stopped_by_work(did: str, *, spent: bool) -> str:
    """What an answer says whose search ended by itself with a gap; `spent` if all the work allowed was done."""
    further = ": more would let it look further" if spent else ""
    return f"The search ended after {did}, as it does on every machine{further}."
