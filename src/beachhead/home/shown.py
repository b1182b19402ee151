"""The plan as a sensor of our own, so that the driver sees it on the dashboard that is there already."""

from __future__ import annotations

from typing import Any

from beachhead.charging.explain import dated
from beachhead.home.decision import Decision, Kind
from beachhead.home.plan import Planned
from beachhead.home.setup import Setup

SENSOR = "sensor.beachhead_charging_plan"
_HOURS = 36
_ON_KWH = 1e-6


def sensor_state(decision: Decision) -> str:
    """What the sensor says in one word."""
    if decision.kind in (Kind.PLANNED, Kind.STOPPED, Kind.FAILED):
        return "charging" if decision.charges else "waiting"
    return decision.kind.value


def sensor_attributes(decision: Decision, planned: Planned | None, setup: Setup) -> dict[str, Any]:
    """The reason and the hours to come, small enough to be recorded (16 kB)."""
    told: dict[str, Any] = {
        "friendly_name": "Charging plan",
        "icon": "mdi:ev-station",
        "why": decision.why[:1500],
        "kind": decision.kind.value,
        "planned_at": decision.at.astimezone(setup.zone).isoformat(timespec="seconds"),
    }
    if planned is None:
        return told
    plan = planned.plan
    low, median, high = (dated(minute) for minute in plan.leaves)
    starts = [t for t in range(len(plan.draw_kwh)) if plan.draw_kwh[t] > _ON_KWH]
    return told | {
        "stored_kwh": round(planned.live.stored_kwh, 1),
        "leaves_early": low,
        "leaves": median,
        "leaves_late": high,
        "next_start": dated(60 * (plan.first_hour + starts[0])) if starts else None,
        "other_way_costs_ct": round(100 * plan.other_costs_eur, 1),
        "hours": hours_of(planned, _HOURS),
    }


def hours_of(planned: Planned, count: int) -> list[dict[str, Any]]:
    """The hours to come: begin on the home's clock, price, energy drawn, energy stored at the end."""
    plan = planned.plan
    return [
        {
            "start": dated(60 * (plan.first_hour + t)),
            "ct_per_kwh": round(100 * float(plan.price[t]), 2),
            "published": t < plan.published,
            "draw_kwh": round(float(plan.draw_kwh[t]), 2),
            "sun_kwh": round(float(plan.by_sun_kwh[t]), 2),
            "stored_kwh": round(float(plan.stored_kwh[t + 1]), 1),
            "there": round(float(plan.there[t + 1]), 3),
        }
        for t in range(min(count, len(plan.price)))
    ]
