"""The plan of one car on the wire: hour by hour with its band, and every decision of the session with its reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from beachhead.case.charging.files import expected_load, stored_band
from beachhead.case.charging.home import AtCharger, AtHome, charging_hours, charging_plan
from beachhead.charging.explain import moment_of, sentences
from beachhead.charging.now import NowPlan
from beachhead.web.pages.charging.home import MOST_HOURS, car_of, clock_at_home, with_prices
from beachhead.web.server.request import REFUSALS, desk_of, sheet_of
from beachhead.web.server.sessions import Viewer
from beachhead.web.wire.field import Sentence

LEAST_HOURS = 12
LEAST_THERE = 0.02
"""Hours at which the car is still there with less than this are not shown."""

router = APIRouter(responses=REFUSALS)


class ChargeHourOut(BaseModel):
    """One hour of a plan; energy is that at the end of the hour, its band the central 90 % over departures.

    The load is what the household is expected to draw besides the car; null where it is not known.
    """

    at: datetime
    eur_per_kwh: float
    published: bool
    draw_kwh: float
    stored_kwh: float
    low_kwh: float
    high_kwh: float
    there: float
    load_kw: float | None


class ChargeDecisionOut(BaseModel):
    """What is decided at one hour, with what is known then, and what the other way would cost."""

    at: datetime
    charges: bool
    eur_per_kwh: float
    other_costs_eur: float
    stored_kwh: float
    there: float
    sentence: Sentence


class ChargePlanOut(BaseModel):
    """The plan of one car at its charger; times are those of the clock at home.

    Household and car are kept under the cap where the tariff charges for the month's highest hour.
    """

    home: str
    market: str
    plugged_in: datetime
    battery_kwh: float
    charger_kw: float
    leaves_early: datetime
    leaves: datetime
    leaves_late: datetime
    household: str | None
    cap_kw: float | None
    sentences: list[Sentence]
    start_kwh: float
    hours: list[ChargeHourOut]
    decisions: list[ChargeDecisionOut]


@router.get("/charging/plan")
def charge_plan(
    request: Request,
    response: Response,
    _: Viewer,
    market: Annotated[str, Query(max_length=8)],
    home: Annotated[str, Query(max_length=200)],
    plugged_in: Annotated[datetime, Query(description="Clock at home, such as 2024-03-14T17:40.")],
    stored: Annotated[float | None, Query(ge=0, le=1000, description="kWh in the battery; default 60 %.")] = None,
    leaves: Annotated[datetime | None, Query(description="Departure, if the driver tells.")] = None,
) -> ChargePlanOut:
    """The plan of a car, hour by hour, and every decision of its session with its reason."""
    sheet, desk = sheet_of(request, response, may_be_kept=False), desk_of(request)
    begins, ends = clock_at_home(plugged_in), None if leaves is None else clock_at_home(leaves)
    kept = with_prices(sheet.launch)
    car = car_of(desk, sheet.launch, kept, market, home, begins.year)

    def make() -> ChargePlanOut:
        found = charging_plan(car, AtCharger(plugged_in=begins, stored_kwh=stored, leaves=ends))
        hours = _hours(found, car)
        steps = min(len(hours), _known_hours(car, begins))
        followed = charging_hours(car, plugged_in=begins, hours=steps, stored_kwh=stored, leaves=ends)
        return _plan_out(car, market, begins, found, hours, followed)

    asked = ("charge plan", kept.stamp, market, home, begins, stored, ends)
    answer: ChargePlanOut = desk.kept(asked, make)
    return answer


def _plan_out(
    car: AtHome,
    market: str,
    begins: datetime,
    found: NowPlan,
    hours: list[ChargeHourOut],
    followed: list[tuple[datetime, NowPlan]],
) -> ChargePlanOut:
    early, middle, late = (moment_of(minute) for minute in found.leaves)
    return ChargePlanOut(
        home=car.home.name,
        market=market,
        plugged_in=begins,
        battery_kwh=car.home.battery_kwh,
        charger_kw=car.home.power_kw,
        leaves_early=early,
        leaves=middle,
        leaves_late=late,
        household=None if car.load is None else "made up" if car.load_is_made else car.load.name,
        cap_kw=found.cap_kw,
        sentences=sentences(found),
        start_kwh=float(found.stored_kwh[0]),
        hours=hours,
        decisions=[
            ChargeDecisionOut(
                at=at,
                charges=plan.charge_now,
                eur_per_kwh=float(plan.price[0]),
                other_costs_eur=plan.other_costs_eur,
                stored_kwh=float(plan.stored_kwh[0]),
                there=float(found.there[step]),
                sentence=sentences(plan)[0],
            )
            for step, (at, plan) in enumerate(followed)
        ],
    )


def _known_hours(car: AtHome, begins: datetime) -> int:
    """Hours from a moment on whose price is on record, so that its decision can be followed."""
    at = (begins - datetime(1970, 1, 1)) // timedelta(hours=1) - car.table.first_hour
    missing = np.flatnonzero(~np.isfinite(car.price[at:]))
    return int(missing[0]) if missing.size else car.price.size - at


def _hours(found: NowPlan, car: AtHome) -> list[ChargeHourOut]:
    low, high = stored_band(found)
    load = expected_load(car, found.first_hour, len(found.price))
    gone = next((t for t, share in enumerate(found.there) if share < LEAST_THERE), len(found.price))
    return [
        ChargeHourOut(
            at=moment_of(60 * (found.first_hour + t)),
            eur_per_kwh=float(found.price[t]),
            published=t < found.published,
            draw_kwh=float(found.draw_kwh[t]),
            stored_kwh=float(found.stored_kwh[t + 1]),
            low_kwh=float(low[t + 1]),
            high_kwh=float(high[t + 1]),
            there=float(found.there[t + 1]),
            load_kw=None if load is None else float(load[t]),
        )
        for t in range(min(max(gone, LEAST_HOURS), MOST_HOURS, len(found.price)))
    ]
