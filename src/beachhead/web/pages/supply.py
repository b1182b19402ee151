"""Supply on the wire: commitments with odds, landed cost, switch maps; worked out by a job, then kept."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from numpy.typing import NDArray
from pydantic import BaseModel

from beachhead.case.clock import now, today
from beachhead.case.open import Launch, open_launch
from beachhead.case.supply.answer import DRAWS, LandedRoute, Supplied, ask_supply, landed_routes
from beachhead.case.supply.words import headline, map_sentence, turning_sentence
from beachhead.store import Row, Store, body_of, deliver, reading, writing
from beachhead.supply.last_year import last_year
from beachhead.supply.odds import commit_odds, turnings
from beachhead.supply.plan import Depth
from beachhead.supply.switch import SwitchMap
from beachhead.web.pages.room import changed_since, day_of, stands_on
from beachhead.web.server.request import REFUSALS, sheet_of
from beachhead.web.server.sessions import Viewer
from beachhead.web.wire.field import Sentence
from beachhead.web.wire.refusal import NotFound
from beachhead.world.figures import spaced

TOPIC = "supply_page"
WORLDS_SHARE = 0.3
"""Part of the work that the planned cars take; the changes tried take the rest."""
LEAST_SHARE = 0.005
"""Plants that make less of a market's cars are not named."""

router = APIRouter(responses=REFUSALS)

Floats = NDArray[np.float64]


class CommitmentOut(BaseModel):
    """What is done about one plant at one gate, with its odds and the sign that tells."""

    plant: str
    gate: str
    closes: bool
    odds: float
    odds_by_now: float
    sentence: Sentence


class PlantOut(BaseModel):
    """One plant: odds of having committed by each gate, cars it can make and makes, by quarter."""

    code: str
    name: str
    mode: str
    runs: bool
    capital: float
    odds_by_gate: list[float]
    capacity: list[float]
    made: list[float]


class LandedOut(BaseModel):
    """A market in the last year planned: cars, where they are made, cost and margin a car."""

    market: str
    name: str
    cars: float
    kept_out: float
    made_in: dict[str, float]
    landed: float | None
    margin: float | None
    margin_low: float | None
    margin_high: float | None
    margin_if_exported: float | None


class SwitchMapOut(BaseModel):
    """Which way wins, by cars a year (rows) and duty on cars from home (columns)."""

    area: str
    markets: list[str]
    options: list[str]
    volumes: list[float]
    duties: list[float]
    winner: list[list[int]]
    gain: list[list[float | None]]
    break_even: list[list[float | None]]
    today_volume: float
    today_duty: float
    sentence: Sentence


class EffectOut(BaseModel):
    """What one change does to the answer."""

    change: str
    gain: float | None
    commit_now: list[str]
    odds: dict[str, float]
    turns: bool


class SupplyOut(BaseModel):
    """The answer on supply as it was worked out last, and with which words of the asker's."""

    made_at: datetime
    on: date
    asked: dict[str, str | int | float | bool] = {}
    record: str
    stale: str = ""
    sentences: list[Sentence]
    quarters: list[str]
    gates: list[str]
    futures: int
    commitments: list[CommitmentOut]
    plants: list[PlantOut]
    markets: list[LandedOut]
    capacity: list[float]
    for_export: list[float]
    for_export_low: list[float]
    maps: list[SwitchMapOut]
    effects: list[EffectOut]


class LandedRouteOut(BaseModel):
    """One route into a market, a car, mean over the quarters in which it is open; null where it never is."""

    plant: str
    mode: str
    offer: str
    border: str
    ex_works: float | None
    freight: float | None
    duty: float | None
    carrying: float | None
    landed: float | None
    margin: float | None


class LandedRoutesOut(BaseModel):
    """Every route into a market, cheapest first for each offer."""

    market: str
    routes: list[LandedRouteOut]


@router.get("/supply")
def supply(request: Request, response: Response, _: Viewer) -> SupplyOut:
    """The newest answer; start a job of kind `supply` for a new one."""
    sheet = sheet_of(request, response)
    body = _kept(sheet.launch.store, "answer")
    if body is None:
        raise NotFound("supply has not been worked out yet", "start a job of kind supply")
    found = SupplyOut.model_validate_json(body)
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    stale = changed_since(sheet.launch, "supply", _kept(sheet.launch.store, "asked"))
    return found.model_copy(update={"stale": stale, "record": sha256})


@router.get("/supply/routes/{market}")
def supply_routes(request: Request, response: Response, _: Viewer, market: str) -> LandedRoutesOut:
    """What a car costs by every route into one market."""
    sheet = sheet_of(request, response)
    body = _kept(sheet.launch.store, f"routes:{market}")
    if body is None:
        raise NotFound(f"no routes into {market!r} are on record", "work supply out, or name a market it serves")
    return LandedRoutesOut.model_validate_json(body)


def work_out(root: Path, arguments: dict[str, Any], advance: Callable[[float, float], None]) -> dict[str, Any]:
    """The job: answer, and keep it; `on`, `draws`, `what_if`, `passes` and `work` may be given."""
    launch = open_launch(root)
    stood = stands_on(launch, "supply")
    day = day_of(arguments) or today()
    what_if = bool(arguments.get("what_if", True))

    def tick(what: str, done: int, total: int) -> None:
        share = done / total if total else 0.0
        first = WORLDS_SHARE if what_if else 1.0
        advance(first * share if what == "worlds" else first + (1 - first) * share, 1.0)

    supplied = ask_supply(
        launch,
        on=day,
        draws=int(arguments.get("draws", DRAWS)),
        depth=Depth(work=float(arguments.get("work", Depth().work))),
        what_if=what_if,
        passes=int(arguments.get("passes", 1)),
        tick=tick,
    )
    at = now()
    asked = {name: value for name, value in arguments.items() if name != "who"}
    answer = _answer(launch, supplied, day, at).model_copy(update={"asked": asked}).model_dump_json()
    codes = [market.code for market in supplied.plan.network.markets]
    rows = [Row(key="answer", body=answer), Row(key="asked", body=stood)]
    rows += [Row(key=f"routes:{code}", body=_routes(supplied, code).model_dump_json()) for code in codes]
    sha256 = hashlib.sha256(answer.encode()).hexdigest()
    with writing(launch.store) as work:
        deliver(work, TOPIC, rows, sha256=sha256, name="supply", who=str(arguments.get("who", "")), at=at)
    return {"supply": sha256}


def _kept(store: Store, key: str) -> str | None:
    with reading(store) as work:
        return body_of(work, TOPIC, key)


def _answer(launch: Launch, supplied: Supplied, day: date, at: datetime) -> SupplyOut:
    plan, back, network = supplied.plan, supplied.handback, supplied.plan.network
    odds, weight = commit_odds(plan), plan.futures.probability
    return SupplyOut(
        made_at=at,
        on=day,
        record="",
        stale="",
        sentences=headline(launch, supplied),
        quarters=[str(quarter) for quarter in network.quarters],
        gates=[str(gate) for gate in network.gates],
        futures=len(plan.futures.cars),
        commitments=[
            CommitmentOut(
                plant=network.plants[turning.plant].code,
                gate=str(network.gates[turning.gate]),
                closes=turning.closes,
                odds=turning.odds,
                odds_by_now=turning.odds_by_now,
                sentence=turning_sentence(supplied, turning),
            )
            for turning in turnings(plan)
        ],
        plants=[
            PlantOut(
                code=plant.code,
                name=plant.name,
                mode=spaced(plant.mode),
                runs=plant.exists,
                capital=float(sum(plant.capital)),
                odds_by_gate=[float(share) for share in odds[p]],
                capacity=(weight @ plan.capacity[:, p]).tolist(),
                made=np.maximum(weight @ plan.made[:, p], 0.0).tolist(),
            )
            for p, plant in enumerate(network.plants)
        ],
        markets=_landed(supplied),
        capacity=back.capacity.tolist(),
        for_export=back.for_export.tolist(),
        for_export_low=back.for_export_low.tolist(),
        maps=[_map(supplied, area, found) for area, found in supplied.maps.items()],
        effects=[
            EffectOut(
                change=effect.name,
                gain=_known(effect.gain),
                commit_now=[network.plants[p].code for p in effect.now],
                odds={plant.code: float(effect.odds[p]) for p, plant in enumerate(network.plants) if not plant.exists},
                turns=effect.turns,
            )
            for effect in supplied.effects
        ],
    )


def _landed(supplied: Supplied) -> list[LandedOut]:
    """Markets with planned cars in the last year, the largest first."""
    network = supplied.plan.network
    return [
        LandedOut(
            market=network.markets[year.market].code,
            name=network.markets[year.market].name,
            cars=year.cars,
            kept_out=year.kept_out,
            made_in={
                plant.code: float(share)
                for plant, share in zip(network.plants, year.made_in, strict=True)
                if share > LEAST_SHARE
            },
            landed=_known(year.landed),
            margin=_known(year.margin),
            margin_low=_known(year.margin_low),
            margin_high=_known(year.margin_high),
            margin_if_exported=_known(year.exported),
        )
        for year in last_year(supplied.plan, supplied.handback)
    ]


def _map(supplied: Supplied, area: str, found: SwitchMap) -> SwitchMapOut:
    names = ["export" if o < 0 else supplied.plan.network.plants[o].name for o in found.options]
    best = np.take_along_axis(found.values, found.winner[None], axis=0)[0]
    return SwitchMapOut(
        area=area,
        markets=list(found.markets),
        options=names,
        volumes=found.volumes.tolist(),
        duties=found.duties.tolist(),
        winner=found.winner.tolist(),
        gain=[[_known(float(value)) for value in row] for row in best],
        break_even=[[_known(float(value)) for value in row] for row in found.break_even],
        today_volume=found.today[0],
        today_duty=found.today[1],
        sentence=map_sentence(supplied, area, found),
    )


def _routes(supplied: Supplied, market: str) -> LandedRoutesOut:
    return LandedRoutesOut(market=market, routes=[_route(route) for route in landed_routes(supplied, market)])


def _route(route: LandedRoute) -> LandedRouteOut:
    names = ("ex_works", "freight", "duty", "carrying", "landed", "margin")
    figures = {name: _mean(values) for name, values in zip(names, route.shown, strict=True)}
    return LandedRouteOut(plant=route.plant, mode=route.mode, offer=route.offer, border=route.border, **figures)


def _mean(values: Floats) -> float | None:
    """Mean over the quarters in which the route is open."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
