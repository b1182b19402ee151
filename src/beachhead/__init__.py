"""Beachhead plans, runs and learns from a staged product launch across countries.

import beachhead as bh
launch = bh.new("my-launch", example="xiaomi")  # or bh.open("my-launch")
planned = bh.plan(launch)
print(bh.summary(launch, planned))  # in words, as on the command line
planned.plan.certificate
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from beachhead.world.version import VERSION

if TYPE_CHECKING:
    from beachhead.case.verbs import (
        adjust,
        decide,
        design,
        log,
        new,
        plan,
        read,
        rehearse,
        research,
        score,
        service,
        site,
        supply,
        targets,
        tasks,
        what_if,
        worth,
    )
    from beachhead.case.verbs import observe_file as observe
    from beachhead.case.verbs import open_folder as open

__version__ = VERSION

__all__ = [
    "adjust",
    "decide",
    "design",
    "log",
    "new",
    "observe",
    "open",
    "plan",
    "read",
    "rehearse",
    "research",
    "score",
    "service",
    "site",
    "summary",
    "supply",
    "targets",
    "tasks",
    "what_if",
    "worth",
]

_NAMED = {"observe": "observe_file", "open": "open_folder"}


def __getattr__(name: str) -> Any:
    # Lazily, so that a room can be imported without all the others (PEP 562).
    if name not in __all__:
        raise AttributeError(f"module 'beachhead' has no attribute {name!r}")
    if name == "summary":
        from beachhead.cli.summary import summary

        return summary
    from beachhead.case import verbs

    return getattr(verbs, _NAMED.get(name, name))


def __dir__() -> list[str]:
    # `help` and a notebook's completion ask for the names, and what comes lazily is not among the globals.
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """`supply` is a verb here, although importing the room of that name would put the room in its place."""

    @property
    def supply(self) -> Any:
        return __getattr__("supply")

    @supply.setter
    def supply(self, _: ModuleType) -> None:
        """The room stands in `sys.modules`, where `from beachhead.supply import ...` finds it."""


sys.modules[__name__].__class__ = _Package
