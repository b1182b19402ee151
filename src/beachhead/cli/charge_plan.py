"""`beachhead charge plan` and `explain` for one car: its hours, and every decision of a session."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from beachhead.charging.explain import clock, dated, sentences
from beachhead.charging.now import NowPlan
from beachhead.charging.record import Home
from beachhead.cli.show import say, show_table

_HOURS_SHOWN = 36


def plan_answer(found: NowPlan, home: Home) -> dict[str, Any]:
    """A plan as one JSON object."""
    return {
        "home": home.name,
        "battery_kwh": home.battery_kwh,
        "charger_kw": home.power_kw,
        "sentences": sentences(found),
        "charge_now": found.charge_now,
        "other_costs_eur": found.other_costs_eur,
        "counted_other_eur": found.counted_other_eur,
        "kept_although_better": found.kept,
        "leaves": {name: clock(at) for name, at in zip(("early", "median", "late"), found.leaves, strict=True)},
        "leaves_at": {name: dated(at) for name, at in zip(("early", "median", "late"), found.leaves, strict=True)},
        "next_trip_kwh": {"half": found.next_trip_kwh[0], "nine_in_ten": found.next_trip_kwh[1]},
        "peak": None
        if found.cap_kw is None
        else {"cap_kw": found.cap_kw, "so_far_kw": found.peak_so_far_kw, "eur_per_kw": found.peak_eur_per_kw},
        "change": {"choice": found.change.choice.value, "gain_eur": found.change.gain_eur}
        | {"counted_eur": found.change.counted_eur},
        "under_way": found.under_way,
        "hours": [
            {
                "hour": clock(60 * (found.first_hour + t)),
                "at": dated(60 * (found.first_hour + t)),
                "eur_per_kwh": found.price[t],
                "published": t < found.published,
                "level_kwh": found.level_kwh[t],
                "draw_kwh": found.draw_kwh[t],
                "stored_kwh": found.stored_kwh[t + 1],
                "there": found.there[t + 1],
            }
            for t in range(len(found.price))
        ],
    }


def show_plan(found: NowPlan) -> None:
    """Sentences first, then the hours."""
    say(*sentences(found))
    last = max(int(np.flatnonzero(found.draw_kwh > 1e-6).max(initial=0)) + 2, 12)
    rows = [
        [
            clock(60 * (found.first_hour + t)),
            f"{100 * found.price[t]:.1f}" + ("" if t < found.published else " ?"),
            f"{found.draw_kwh[t]:.1f}" if found.draw_kwh[t] > 1e-6 else "",
            f"{found.stored_kwh[t + 1]:.1f}",
            f"{100 * found.there[t + 1]:.0f} %",
        ]
        for t in range(min(last, _HOURS_SHOWN, len(found.price)))
    ]
    show_table(["hour", "ct/kWh", "charges kWh", "then holds", "still there"], rows, right={1, 2, 3, 4})
    say("A price with ? is not published yet but expected. Charging stops when the car leaves.")


def decisions_answer(followed: list[tuple[datetime, NowPlan]]) -> list[dict[str, Any]]:
    """The decisions of a session, one object an hour."""
    return [
        {
            "at": at.isoformat(timespec="minutes"),
            "charges": plan.charge_now,
            "other_costs_eur": plan.other_costs_eur,
            "stored_kwh": plan.stored_kwh[0],
            "sentences": sentences(plan),
        }
        for at, plan in followed
    ]


def show_decisions(followed: list[tuple[datetime, NowPlan]]) -> None:
    """What is said at plug-in, then the decisions."""
    cells = [
        [
            f"{at:%a %H:%M}",
            f"{100 * plan.price[0]:.1f}",
            "charges" if plan.charge_now else "waits",
            f"{round(100 * plan.other_costs_eur, 1) + 0.0:.1f}",
            f"{plan.stored_kwh[0]:.1f}",
            f"{100 * plan.there[1]:.0f} %",
        ]
        for at, plan in followed
    ]
    say(*sentences(followed[0][1]))
    columns = ["hour", "ct/kWh", "decision", "the other costs more, ct", "holds kWh", "still there after"]
    show_table(columns, cells, right={1, 3, 4, 5})
