"""The long work that the server runs in worker processes, by name."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from beachhead.case.clock import now
from beachhead.case.open import open_launch
from beachhead.case.planning import WORLDS, make_plan
from beachhead.web import backtest, charging_home, charging_value, rooms, supply


def plan(root: Path, arguments: dict[str, Any], advance: Callable[[float, float], None]) -> dict[str, Any]:
    """Make a plan; `on` (ISO day), `worlds` and `seed` may be given."""
    made = make_plan(
        open_launch(root),
        on=date.fromisoformat(arguments["on"]) if arguments.get("on") else None,
        worlds=int(arguments.get("worlds", WORLDS)),
        seed=int(arguments["seed"]) if "seed" in arguments else None,
        who=str(arguments.get("who", getpass.getuser())),
        at=now(),
        tick=advance,
    )
    return {"plan": made.record.plan.sha256}


WORK = {
    "plan": plan,
    "supply": supply.work_out,
    "what_if": rooms.try_what_if,
    "worth": rooms.work_out("worth"),
    "rehearsal": rooms.work_out("rehearsal"),
    "targets": rooms.work_out("targets"),
    "programme": rooms.work_out("programme"),
    "aftersales": rooms.work_out("aftersales"),
    "network": rooms.work_out("network"),
    "backtest": backtest.work_out,
    "charging": charging_value.work_out,
    "charging_home": charging_home.learn,
}
