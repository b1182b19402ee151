"""The plan of a whole home on the wire: cars, home battery, sun, and a car that gives back, with its bound."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from beachhead.case.charging.files import Kept
from beachhead.case.charging.home import AtCharger, AtHome
from beachhead.case.charging.whole import Beside, SecondCar, battery_of, roof_of, whole_plan
from beachhead.charging.explain import moment_of, whole_sentences
from beachhead.charging.sun import Roof
from beachhead.charging.whole import CarPath, WholePlan
from beachhead.web.pages.charging.home import MOST_HOURS, car_of, clock_at_home, with_prices
from beachhead.web.server.request import REFUSALS, desk_of, sheet_of
from beachhead.web.server.sessions import Viewer
from beachhead.web.wire.field import Sentence
from beachhead.world.errors import BadInput

LEAST_WHOLE = 24

router = APIRouter(responses=REFUSALS)


class SunFrom(StrEnum):
    """Where it is known from what the roof will give."""

    FILE = "file"
    ROOF = "roof"


class WholeAsked(BaseModel):
    """What is at the home, and how it stands now; times are those of the clock at home."""

    market: str = Field(max_length=8)
    home: str = Field(max_length=200)
    plugged_in: datetime = Field(description="Clock at home, such as 2024-03-14T17:40.")
    stored: float | None = Field(default=None, ge=0, le=1000, description="kWh in the car; default 60 %.")
    leaves: datetime | None = Field(default=None, description="Departure, if the driver tells.")
    gives: float = Field(default=0.0, ge=0, le=400, description="Most the car gives back, kW; 0: it only charges.")
    second: str | None = Field(default=None, max_length=200, description="Whose second car.")
    second_plugged_in: datetime | None = Field(default=None, description="Default with the first car.")
    second_stored: float | None = Field(default=None, ge=0, le=1000, description="kWh in it; default 60 %.")
    second_leaves: datetime | None = Field(default=None, description="Its departure, if told.")
    battery: float | None = Field(default=None, gt=0, le=10_000, description="Home battery, kWh.")
    battery_kw: float = Field(default=5.0, gt=0, le=10_000, description="Most it takes or gives.")
    battery_stored: float | None = Field(default=None, ge=0, le=10_000, description="kWh in it; default half.")
    sun: SunFrom | None = Field(default=None, description="file: the table solar; roof: a clear sky less cloud.")
    roof: float = Field(default=6.0, gt=0, le=1000, description="Peak power of the roof, kW.")
    latitude: float | None = Field(default=None, ge=-90, le=90, description="Degrees north, for a roof.")
    longitude: float | None = Field(default=None, ge=-180, le=180, description="Degrees east, for a roof.")
    tilt: float = Field(default=35.0, ge=0, le=90, description="Degrees from flat.")
    azimuth: float = Field(default=180.0, ge=-360, le=360, description="Degrees from north over east.")
    cloud: float = Field(default=0.5, ge=0, le=1, description="Share of the sky in cloud.")
    feed_in: float = Field(default=0.0, ge=-100, le=100, description="Cents paid for a kWh fed in.")
    fuse: float | None = Field(default=None, gt=0, le=1000, description="Most the home may draw, kW; needs loads.")


class WholeCarOut(BaseModel):
    """A car of a whole home; times are those of the clock at home."""

    home: str
    battery_kwh: float
    charger_kw: float
    leaves_early: datetime
    leaves: datetime
    leaves_late: datetime


class WholeCarHourOut(BaseModel):
    """What a car does in an hour if it is still there, and what it holds at its end."""

    draw_kwh: float
    give_kwh: float
    stored_kwh: float
    there: float


class WholeHourOut(BaseModel):
    """One hour of a whole home. The load is that of half of the hours like it, and of nine in ten; null if not known.

    The grid is the mean over whether the cars are there; below 0 the home feeds in.
    """

    at: datetime
    eur_per_kwh: float
    published: bool
    load_kw: float | None
    load_high_kw: float | None
    sun_kwh: float
    cars: list[WholeCarHourOut]
    battery_in_kwh: float
    battery_out_kwh: float
    battery_kwh: float
    grid_kwh: float


class WholePlanOut(BaseModel):
    """The plan of a home with all that is in it, and its expected cost; none counts less than the bound.

    `counted_eur` is the cost as the plan counts it: energy that lacks for trips at more than its price.
    """

    market: str
    plugged_in: datetime
    sentences: list[Sentence]
    cost_eur: float
    counted_eur: float
    bound_eur: float
    gap: float
    other_costs_eur: float
    peak_kw: float | None
    household: str | None
    battery_kwh: float
    cars: list[WholeCarOut]
    hours: list[WholeHourOut]


@router.get("/charging/whole")
def charge_whole(
    request: Request, response: Response, _: Viewer, asked: Annotated[WholeAsked, Query()]
) -> WholePlanOut:
    """The plan of the whole home: cars, home battery, sun, and a car that gives back, planned together with a bound."""
    sheet, desk = sheet_of(request, response, may_be_kept=False), desk_of(request)
    kept, year = with_prices(sheet.launch), clock_at_home(asked.plugged_in).year
    roof = _roof(asked, kept)
    cars = [
        car_of(desk, sheet.launch, kept, asked.market, name, year)
        for name in (asked.home, asked.second)
        if name is not None
    ]

    def make() -> WholePlanOut:
        return _whole_out(_planned(asked, cars, roof, kept), cars, asked)

    answer: WholePlanOut = desk.kept(("whole plan", kept.whole, str(request.query_params)), make)
    return answer


def _roof(asked: WholeAsked, kept: Kept) -> Roof | None:
    """The roof whose sun is reckoned from the sky; BadInput where the sun asked for cannot be known."""
    if asked.sun is SunFrom.FILE and kept.solar is None:
        raise BadInput("no table of what the roof gives is on record", "send the table solar: time, kW")
    if asked.sun is not SunFrom.ROOF:
        return None
    if asked.latitude is None or asked.longitude is None:
        raise BadInput("a roof without a place", "give latitude and longitude in degrees")
    return roof_of(
        asked.roof, asked.latitude, asked.longitude, market=asked.market, tilt=asked.tilt, azimuth=asked.azimuth
    )


def _planned(asked: WholeAsked, cars: list[AtHome], roof: Roof | None, kept: Kept) -> WholePlan:
    beside = Beside(
        gives_kw=asked.gives,
        second=None if len(cars) == 1 else SecondCar(home=cars[1], car=_second(asked)),
        battery=None if asked.battery is None else battery_of(asked.battery, asked.battery_kw, asked.battery_stored),
        solar=kept.solar if asked.sun is SunFrom.FILE else None,
        roof=roof,
        cloud=asked.cloud,
        feed_in_eur_per_kwh=asked.feed_in / 100,
    )
    fuse_kw = float("inf") if asked.fuse is None else asked.fuse
    return whole_plan(cars[0], _first(asked), beside, fuse_kw=fuse_kw)


def _first(asked: WholeAsked) -> AtCharger:
    return AtCharger(
        plugged_in=clock_at_home(asked.plugged_in),
        stored_kwh=asked.stored,
        leaves=None if asked.leaves is None else clock_at_home(asked.leaves),
    )


def _second(asked: WholeAsked) -> AtCharger:
    return AtCharger(
        plugged_in=clock_at_home(asked.second_plugged_in or asked.plugged_in),
        stored_kwh=asked.second_stored,
        leaves=None if asked.second_leaves is None else clock_at_home(asked.second_leaves),
    )


def _whole_out(plan: WholePlan, cars: list[AtHome], asked: WholeAsked) -> WholePlanOut:
    mine = cars[0]
    last = max(int(np.flatnonzero(its.draw_kwh + its.give_kwh > 1e-6).max(initial=0)) for its in plan.cars)
    shown = min(max(last + 2, LEAST_WHOLE), MOST_HOURS, plan.grid_kwh.size)
    return WholePlanOut(
        market=asked.market,
        plugged_in=clock_at_home(asked.plugged_in),
        sentences=whole_sentences(plan, [car.home.name for car in cars]),
        cost_eur=plan.cost_eur,
        counted_eur=plan.counted_eur,
        bound_eur=plan.bound_eur,
        gap=plan.gap,
        other_costs_eur=plan.other_costs_eur,
        peak_kw=plan.cap_kw,
        household=None if mine.load is None else "made up" if mine.load_is_made else mine.load.name,
        battery_kwh=asked.battery or 0.0,
        cars=[_car_out(car, its) for car, its in zip(cars, plan.cars, strict=True)],
        hours=[_hour_out(plan, t) for t in range(shown)],
    )


def _car_out(car: AtHome, its: CarPath) -> WholeCarOut:
    early, middle, late = (moment_of(minute) for minute in its.known.leaves)
    return WholeCarOut(
        home=car.home.name,
        battery_kwh=car.home.battery_kwh,
        charger_kw=car.home.power_kw,
        leaves_early=early,
        leaves=middle,
        leaves_late=late,
    )


def _hour_out(plan: WholePlan, t: int) -> WholeHourOut:
    load, first = plan.load, plan.cars[0].known
    return WholeHourOut(
        at=moment_of(60 * (first.chances.first_hour + t)),
        eur_per_kwh=float(first.chances.price[t]),
        published=t < first.published,
        load_kw=None if load is None else float(load.median[t]),
        load_high_kw=None if load is None else float(load.high[t]),
        sun_kwh=float(plan.sun_kwh[t]),
        cars=[
            WholeCarHourOut(
                draw_kwh=float(its.draw_kwh[t]),
                give_kwh=float(its.give_kwh[t]),
                stored_kwh=float(its.stored_kwh[t + 1]),
                there=float(its.known.there[t + 1]),
            )
            for its in plan.cars
        ],
        battery_in_kwh=float(plan.battery_in_kwh[t]),
        battery_out_kwh=float(plan.battery_out_kwh[t]),
        battery_kwh=float(plan.battery_kwh[t + 1]),
        grid_kwh=float(plan.grid_kwh[t]),
    )
