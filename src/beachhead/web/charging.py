"""Charging on the wire: files sent, the plan of one car with its reasons, and what it is worth by market."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from beachhead.case.charging import (
    AtHome,
    Shift,
    Valued,
    charging_hours,
    charging_plan,
    charging_value,
    demand_shifts,
    write_shifts,
)
from beachhead.case.charging_files import (
    TOPIC,
    Kept,
    Table,
    at_home,
    drop_file,
    expected_load,
    home_names,
    keep_file,
    kept_files,
    last_evening,
    learn_home,
    learnt_pool,
    stored_band,
    tariffs_here,
)
from beachhead.case.charging_whole import SecondCar, battery_of, roof_of, whole_plan
from beachhead.case.clock import now, today
from beachhead.case.open import Launch, open_launch
from beachhead.charging.explain import sentences, whole_sentences
from beachhead.charging.now import NowPlan
from beachhead.charging.record import Load, Prices, read_loads, read_prices
from beachhead.charging.tariff import tariff_of
from beachhead.charging.value import Baseline, MarketValue
from beachhead.charging.whole import WholePlan
from beachhead.store import Row, current, deliver, reading, writing
from beachhead.web.api import FILE_BODY, REFUSALS, received, recorded, sheet_of
from beachhead.web.desk import Desk
from beachhead.web.refusal import NotFound
from beachhead.web.sessions import Analyst, Viewer
from beachhead.world.errors import BadInput

MOST_NAMED = 400
MOST_HOURS, LEAST_HOURS, LEAST_WHOLE = 48, 12, 24
LEAST_THERE = 0.02
"""Hours at which the car is still there with less than this are not shown."""

router = APIRouter(responses=REFUSALS)


class SunFrom(StrEnum):
    """Where it is known from what the roof will give."""

    FILE = "file"
    ROOF = "roof"


class PlaceOut(BaseModel):
    """A market in which charging can be planned."""

    market: str
    name: str
    zone: str


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
    sentence: str


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
    sentences: list[str]
    start_kwh: float
    hours: list[ChargeHourOut]
    decisions: list[ChargeDecisionOut]


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
    """The plan of a home with all that is in it; no plan has an expected cost below the bound."""

    market: str
    plugged_in: datetime
    sentences: list[str]
    cost_eur: float
    bound_eur: float
    gap: float
    other_costs_eur: float
    peak_kw: float | None
    household: str | None
    battery_kwh: float
    cars: list[WholeCarOut]
    hours: list[WholeHourOut]


class SavedOut(BaseModel):
    """What the planner saves a driver and year against one baseline, with its 95 % interval over homes."""

    baseline: str
    mean: float
    low: float
    high: float


class CostOut(BaseModel):
    """What a driver pays a year under one policy, at the spot price."""

    policy: str
    eur: float


class ChargeMarketOut(BaseModel):
    """The value of planned charging in one market, EUR per driver and year."""

    market: str
    name: str
    zone: str
    kwh_a_year: float
    costs: list[CostOut]
    saved: list[SavedOut]
    share_of_foresight: float
    missing_share: float
    tariff: str


class ShiftOut(BaseModel):
    """What a market's saving does to demand, and the row of studies.csv that would say so."""

    market: str
    saved_eur: float
    price_eur: float
    log_shift: float
    cars: float
    bias_sd: float


class ChargeValueOut(BaseModel):
    """What planned charging is worth, as worked out last."""

    made_at: datetime
    record: str
    is_stale: bool
    is_counted: bool
    sentences: list[str]
    markets: list[ChargeMarketOut]
    shifts: list[ShiftOut]


class ChargingOut(BaseModel):
    """What is on record for charging, and what may be asked."""

    files: dict[str, str]
    first_day: date | None
    last_day: date | None
    whose: str
    homes: list[str]
    markets: list[PlaceOut]
    plugged_in: datetime | None
    value: ChargeValueOut | None


class KeptOut(BaseModel):
    """What a file that was kept holds."""

    sentence: str


@router.get("/charging")
def charging(request: Request, response: Response, _: Viewer) -> ChargingOut:
    """Files, homes and markets; and the value by market, if it was worked out."""
    sheet, desk = sheet_of(request, response, may_be_kept=False), _desk(request)
    kept = kept_files(sheet.launch.path)
    held = _bodies(sheet.launch)
    told = {table.value: path.name for table in Table if (path := getattr(kept, table.value)) is not None}
    value = _value(held, kept, sheet.launch)
    whose = "on record" if kept.sessions else "made up"
    if kept.prices is None:
        return ChargingOut(
            files=told, first_day=None, last_day=None, whose=whose, homes=[], markets=[], plugged_in=None, value=value
        )
    table = _prices(desk, kept)
    here = tariffs_here(sheet.launch, table)
    names = {market.code: market.name for market in sheet.launch.folder.markets}
    homes: tuple[str, ...] = desk.kept(("homes", kept.stamp), lambda: home_names(kept, table.last_day))
    return ChargingOut(
        files=told,
        first_day=date(1970, 1, 1) + timedelta(hours=table.first_hour),
        last_day=table.last_day,
        whose=whose,
        homes=list(homes[:MOST_NAMED]),
        markets=[PlaceOut(market=t.market, name=names[t.market], zone=t.zone) for t in here],
        plugged_in=last_evening(table, here[0]) if here else None,
        value=value,
    )


@router.put(
    "/charging/files/{table}",
    openapi_extra=FILE_BODY,
)
async def send_file(request: Request, person: Analyst, table: Table) -> KeptOut:
    """Send a table as CSV, plain or gzipped: kept whole in place of the one before, or not at all."""
    desk = _desk(request)
    launch = await run_sync(desk.launch)
    async with received(request, table.value) as path:
        said = await run_sync(lambda: keep_file(launch, table, path, who=person.name, at=now()))
    await run_sync(recorded, request)
    return KeptOut(sentence=said)


@router.delete("/charging/files/{table}")
def forget_file(request: Request, person: Analyst, table: Table) -> KeptOut:
    """Take a table away; without sessions, made-up drivers take their place."""
    drop_file(_desk(request).launch(), table, who=person.name, at=now())
    recorded(request)
    return KeptOut(sentence=f"The table {table.value} is no longer used.")


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
    sheet, desk = sheet_of(request, response, may_be_kept=False), _desk(request)
    begins, ends = _clock(plugged_in), None if leaves is None else _clock(leaves)
    kept = _with_prices(sheet.launch)
    car = _car(desk, sheet.launch, kept, market, home, begins.year)

    def make() -> ChargePlanOut:
        found = charging_plan(car, plugged_in=begins, stored_kwh=stored, leaves=ends)
        hours = _hours(found, car)
        steps = min(len(hours), _known_hours(car, begins))
        followed = charging_hours(car, plugged_in=begins, hours=steps, stored_kwh=stored, leaves=ends)
        return _plan_out(car, market, begins, found, hours, followed)

    asked = ("charge plan", kept.stamp, market, home, begins, stored, ends)
    answer: ChargePlanOut = desk.kept(asked, make)
    return answer


@router.get("/charging/whole")
def charge_whole(
    request: Request,
    response: Response,
    _: Viewer,
    market: Annotated[str, Query(max_length=8)],
    home: Annotated[str, Query(max_length=200)],
    plugged_in: Annotated[datetime, Query(description="Clock at home, such as 2024-03-14T17:40.")],
    stored: Annotated[float | None, Query(ge=0, le=1000, description="kWh in the car; default 60 %.")] = None,
    leaves: Annotated[datetime | None, Query(description="Departure, if the driver tells.")] = None,
    gives: Annotated[float, Query(ge=0, le=400, description="Most the car gives back, kW; 0: it only charges.")] = 0.0,
    second: Annotated[str | None, Query(max_length=200, description="Whose second car.")] = None,
    second_plugged_in: Annotated[datetime | None, Query(description="Default with the first car.")] = None,
    second_stored: Annotated[float | None, Query(ge=0, le=1000, description="kWh in it; default 60 %.")] = None,
    second_leaves: Annotated[datetime | None, Query(description="Its departure, if told.")] = None,
    battery: Annotated[float | None, Query(gt=0, le=10_000, description="Home battery, kWh.")] = None,
    battery_kw: Annotated[float, Query(gt=0, le=10_000, description="Most it takes or gives.")] = 5.0,
    battery_stored: Annotated[float | None, Query(ge=0, le=10_000, description="kWh in it; default half.")] = None,
    sun: Annotated[SunFrom | None, Query(description="file: the table solar; roof: a clear sky less cloud.")] = None,
    roof: Annotated[float, Query(gt=0, le=1000, description="Peak power of the roof, kW.")] = 6.0,
    latitude: Annotated[float | None, Query(ge=-90, le=90, description="Degrees north, for a roof.")] = None,
    longitude: Annotated[float | None, Query(ge=-180, le=180, description="Degrees east, for a roof.")] = None,
    tilt: Annotated[float, Query(ge=0, le=90, description="Degrees from flat.")] = 35.0,
    azimuth: Annotated[float, Query(ge=-360, le=360, description="Degrees from north over east.")] = 180.0,
    cloud: Annotated[float, Query(ge=0, le=1, description="Share of the sky in cloud.")] = 0.5,
    feed_in: Annotated[float, Query(ge=-100, le=100, description="Cents paid for a kWh fed in.")] = 0.0,
    fuse: Annotated[float | None, Query(gt=0, le=1000, description="Most the home may draw, kW; needs loads.")] = None,
) -> WholePlanOut:
    """The plan of the whole home: cars, home battery, sun, and a car that gives back, planned together with a bound."""
    sheet, desk = sheet_of(request, response, may_be_kept=False), _desk(request)
    begins = _clock(plugged_in)
    kept = _with_prices(sheet.launch)
    if sun is SunFrom.FILE and kept.solar is None:
        raise BadInput("no table of what the roof gives is on record", "send the table solar: time, kW")
    if sun is SunFrom.ROOF and (latitude is None or longitude is None):
        raise BadInput("a roof without a place", "give latitude and longitude in degrees")
    car = _car(desk, sheet.launch, kept, market, home, begins.year)
    beside = None if second is None else _car(desk, sheet.launch, kept, market, second, begins.year)
    its_second = None if beside is None else SecondCar(
        car=beside, plugged_in=begins if second_plugged_in is None else _clock(second_plugged_in),
        stored_kwh=second_stored, leaves=None if second_leaves is None else _clock(second_leaves),
    )  # fmt: skip
    its_roof = None
    if sun is SunFrom.ROOF and latitude is not None and longitude is not None:
        its_roof = roof_of(roof, latitude, longitude, market=market, tilt=tilt, azimuth=azimuth)

    def make() -> WholePlanOut:
        plan = whole_plan(
            car, plugged_in=begins, stored_kwh=stored, leaves=None if leaves is None else _clock(leaves),
            fuse_kw=float("inf") if fuse is None else fuse, gives_kw=gives, second=its_second,
            battery=None if battery is None else battery_of(battery, battery_kw, battery_stored),
            roof=its_roof, cloud=cloud, solar=kept.solar if sun is SunFrom.FILE else None,
            feed_in_eur_per_kwh=feed_in / 100,
        )  # fmt: skip
        return _whole_out(plan, [car] if beside is None else [car, beside], market, begins, battery or 0.0)

    answer: WholePlanOut = desk.kept(("whole plan", kept.whole, str(request.query_params)), make)
    return answer


@router.post("/charging/statements")
def count_it(request: Request, _: Analyst) -> KeptOut:
    """Put what the savings say about demand into studies.csv, so that the next plan counts it."""
    desk = _desk(request)
    launch = desk.launch()
    body = _bodies(launch).get("value")
    if body is None:
        raise NotFound("the value of charging has not been worked out yet", "start a job of kind charging")
    value = ChargeValueOut.model_validate_json(body)
    shifts = [Shift(**row.model_dump()) for row in value.shifts]
    if not shifts:
        raise BadInput("the values say nothing about demand in this launch", "give markets of the launch prices")
    write_shifts(launch, shifts, today())
    recorded(request)
    return KeptOut(
        sentence=f'{len(shifts)} rows of studies.csv now say "simulated here"; the next plan counts them, as grade C.'
    )


def work_out(root: Path, arguments: dict[str, Any], advance: Callable[[float, float], None]) -> dict[str, Any]:
    """The job `charging`: the value in every market of the launch with prices; `homes` and `year` may be given."""
    launch = open_launch(root)
    kept = kept_files(launch.path)
    path = kept.need_prices()
    here = tariffs_here(launch, read_prices(path))
    if not here:
        raise BadInput("no market of the launch has a tariff and prices", "send prices of a zone of the launch")
    valued = charging_value(
        path,
        markets=[tariff.market for tariff in here],
        sessions=kept.sessions,
        chargers=kept.chargers,
        loads=kept.loads,
        year=int(arguments["year"]) if "year" in arguments else None,
        most_homes=int(arguments["homes"]) if "homes" in arguments else None,
        tick=advance,
    )
    at = now()
    answer = _value_out(launch, valued, at).model_dump_json()
    sha256 = hashlib.sha256(answer.encode()).hexdigest()
    rows = [Row(key="value", body=answer), Row(key="value:asked", body=_asked(kept, launch))]
    with writing(launch.store) as work:
        deliver(work, TOPIC, rows, sha256=sha256, name="value", who=str(arguments.get("who", "")), at=at)
    return {"charging": sha256}


def learn(root: Path, arguments: dict[str, Any], _: Callable[[float, float], None]) -> dict[str, Any]:
    """The job `charging_home`: learn what a home has in common with the others; `home`, `market`, `plugged_in`.

    `second` names another car of the same home, learnt likewise.
    """
    try:
        moment = datetime.fromisoformat(str(arguments.get("plugged_in", "")))
    except ValueError:
        raise BadInput(f"plugged_in {arguments.get('plugged_in')!r} is not a time", "write 2024-03-14T17:40") from None
    launch = open_launch(root)
    for name in [str(arguments.get("home", "")), *([str(second)] if (second := arguments.get("second")) else [])]:
        digest = learn_home(
            launch,
            name,
            str(arguments.get("market", "")),
            moment.year,
            who=str(arguments.get("who", "")),
            at=now(),
        )
    return {"pool": digest}


def _with_prices(launch: Launch) -> Kept:
    """The files on record; NotFound while no prices are among them."""
    kept = kept_files(launch.path)
    if kept.prices is None:
        raise NotFound("there are no electricity prices yet", "send a table of hourly prices by zone")
    return kept


def _car(desk: Desk, launch: Launch, kept: Kept, market: str, home: str, year: int) -> AtHome:
    """The home with its prices and its prior, kept between questions."""

    def make() -> AtHome:
        pool = learnt_pool(launch, home, year)
        return at_home(kept, _prices(desk, kept), pool, _loads(desk, kept), market=market, home=home, year=year)

    found: AtHome = desk.kept(("at home", kept.stamp, market, home, year), make)
    return found


def _plan_out(
    car: AtHome,
    market: str,
    begins: datetime,
    found: NowPlan,
    hours: list[ChargeHourOut],
    followed: list[tuple[datetime, NowPlan]],
) -> ChargePlanOut:
    early, middle, late = (_moment(minute) for minute in found.leaves)
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


def _whole_out(plan: WholePlan, cars: list[AtHome], market: str, begins: datetime, battery_kwh: float) -> WholePlanOut:
    load, first = plan.load, plan.cars[0].known.chances
    mine = cars[0]
    last = max(int(np.flatnonzero(its.draw_kwh + its.give_kwh > 1e-6).max(initial=0)) for its in plan.cars)
    return WholePlanOut(
        market=market,
        plugged_in=begins,
        sentences=whole_sentences(plan, [car.home.name for car in cars]),
        cost_eur=plan.cost_eur,
        bound_eur=plan.bound_eur,
        gap=plan.gap,
        other_costs_eur=plan.other_costs_eur,
        peak_kw=plan.cap_kw,
        household=None if mine.load is None else "made up" if mine.load_is_made else mine.load.name,
        battery_kwh=battery_kwh,
        cars=[
            WholeCarOut(
                home=car.home.name, battery_kwh=car.home.battery_kwh, charger_kw=car.home.power_kw,
                leaves_early=_moment(its.known.leaves[0]), leaves=_moment(its.known.leaves[1]),
                leaves_late=_moment(its.known.leaves[2]),
            )
            for car, its in zip(cars, plan.cars, strict=True)
        ],
        hours=[
            WholeHourOut(
                at=_moment(60 * (first.first_hour + t)),
                eur_per_kwh=float(first.price[t]),
                published=t < plan.cars[0].known.published,
                load_kw=None if load is None else float(load.median[t]),
                load_high_kw=None if load is None else float(load.high[t]),
                sun_kwh=float(plan.sun_kwh[t]),
                cars=[
                    WholeCarHourOut(
                        draw_kwh=float(its.draw_kwh[t]), give_kwh=float(its.give_kwh[t]),
                        stored_kwh=float(its.stored_kwh[t + 1]), there=float(its.known.there[t + 1]),
                    )
                    for its in plan.cars
                ],
                battery_in_kwh=float(plan.battery_in_kwh[t]),
                battery_out_kwh=float(plan.battery_out_kwh[t]),
                battery_kwh=float(plan.battery_kwh[t + 1]),
                grid_kwh=float(plan.grid_kwh[t]),
            )
            for t in range(min(max(last + 2, LEAST_WHOLE), MOST_HOURS, plan.grid_kwh.size))
        ],
    )  # fmt: skip


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
            at=_moment(60 * (found.first_hour + t)),
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


def _value_out(launch: Launch, valued: Valued, at: datetime) -> ChargeValueOut:
    names = {market.code: market.name for market in launch.folder.markets}
    best = max(valued.markets, key=lambda found: found.saved_eur[Baseline.SPOT].mean)
    saved = best.saved_eur[Baseline.SPOT]
    most = (
        f"Planned charging with nothing typed saves {saved.mean:.0f} EUR a driver and year ({saved.low:.0f} to "
        f"{saved.high:.0f}) in {names[best.market]}, the most of {len(valued.markets)} markets, against charging on "
        "arrival at the same spot price."
    )
    rests = (
        f"{valued.homes} homes, {valued.whose}; prices of the 52 weeks from {valued.first_day}. Tariffs are rounded "
        "(grade C). The intervals speak of other homes, not of other years."
    )
    said = [most, rests]
    worse = [names[found.market] for found in valued.markets if found.saved_eur[Baseline.SPOT].low <= 0]
    if worse:
        said.append(f"Not shown to save anything in {', '.join(worse)}: the interval includes 0.")
    if valued.peak_left_out:
        where = ", ".join(names[code] for code in valued.peak_left_out)
        said.append(f"The charge on the monthly peak in {where} is left out.")
    return ChargeValueOut(
        made_at=at,
        record="",
        is_stale=False,
        is_counted=False,
        sentences=said,
        markets=[_market_out(found, names[found.market]) for found in valued.markets],
        shifts=[ShiftOut(**{f: getattr(s, f) for f in ShiftOut.model_fields}) for s in demand_shifts(launch, valued)],
    )


def _market_out(found: MarketValue, name: str) -> ChargeMarketOut:
    return ChargeMarketOut(
        market=found.market,
        name=name,
        zone=found.zone,
        kwh_a_year=found.kwh,
        costs=[CostOut(policy=policy.value, eur=eur) for policy, eur in found.cost_eur.items()],
        saved=[
            SavedOut(baseline=baseline.value, mean=s.mean, low=s.low, high=s.high)
            for baseline, s in found.saved_eur.items()
        ],
        share_of_foresight=found.share_of_foresight,
        missing_share=found.missing,
        tariff=tariff_of(found.market).source.who,
    )


def _value(held: dict[str, str], kept: Kept, launch: Launch) -> ChargeValueOut | None:
    body = held.get("value")
    if body is None:
        return None
    stale = held.get("value:asked") != _asked(kept, launch)
    studies = launch.path / "studies.csv"
    counted = studies.is_file() and "CHARGING-" in studies.read_text(encoding="utf-8-sig")
    record = hashlib.sha256(body.encode()).hexdigest()
    value = ChargeValueOut.model_validate_json(body)
    return value.model_copy(update={"is_stale": stale, "record": record, "is_counted": counted})


def _asked(kept: Kept, launch: Launch) -> str:
    """What a value rests on: the files, and the launch's markets and prices."""
    codes = [market.code for market in launch.folder.markets]
    return hashlib.sha256("|".join([kept.stamp, *codes]).encode()).hexdigest()


def _bodies(launch: Launch) -> dict[str, str]:
    with reading(launch.store) as work:
        return {v.key: v.body for v in current(work, TOPIC) if v.body is not None and v.key.startswith("value")}


def _prices(desk: Desk, kept: Kept) -> Prices:
    path = kept.need_prices()
    found: Prices = desk.kept(("prices", kept.stamp), lambda: read_prices(path))
    return found


def _loads(desk: Desk, kept: Kept) -> tuple[Load, ...]:
    found: tuple[Load, ...] = desk.kept(
        ("loads", kept.stamp), lambda: () if kept.loads is None else read_loads(kept.loads)
    )
    return found


def _clock(moment: datetime) -> datetime:
    """Time on the clock at home: an offset is dropped, as in the session files."""
    return moment.replace(tzinfo=None, second=0, microsecond=0)


def _moment(minute: float) -> datetime:
    return datetime(1970, 1, 1) + timedelta(minutes=round(minute))


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk
