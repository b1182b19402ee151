"""What planned charging is worth by market, on the wire: a job works it out, it is kept, the launch may count it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from beachhead.case.charging.files import TOPIC, Kept, kept_files, tariffs_here
from beachhead.case.charging.value import Shift, Valued, charging_value, counts_shifts, demand_shifts, write_shifts
from beachhead.case.clock import now, today
from beachhead.case.open import Launch, open_launch
from beachhead.charging.record import read_prices
from beachhead.charging.tariff import tariff_of
from beachhead.charging.value import Baseline, MarketValue
from beachhead.store import Row, body_of, deliver, reading, writing
from beachhead.web.pages.charging.home import KeptOut
from beachhead.web.server.request import REFUSALS, desk_of, recorded
from beachhead.web.server.sessions import Analyst
from beachhead.web.wire.field import Sentence
from beachhead.web.wire.refusal import NotFound
from beachhead.world.errors import BadInput
from beachhead.world.figures import how_many

router = APIRouter(responses=REFUSALS)


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
    sentences: list[Sentence]
    markets: list[ChargeMarketOut]
    shifts: list[ShiftOut]


@router.post("/charging/statements")
def count_it(request: Request, _: Analyst) -> KeptOut:
    """Put what the savings say about demand into studies.csv, so that the next plan counts it."""
    desk = desk_of(request)
    launch = desk.launch()
    body = _kept(launch, "value")
    if body is None:
        raise NotFound("the value of charging has not been worked out yet", "start a job of kind charging")
    value = ChargeValueOut.model_validate_json(body)
    shifts = [Shift(**row.model_dump()) for row in value.shifts]
    if not shifts:
        raise BadInput("the values say nothing about demand in this launch", "give markets of the launch prices")
    write_shifts(launch, shifts, today())
    recorded(request)
    return KeptOut(
        sentence=f'{how_many(len(shifts), "row of studies.csv says", "rows of studies.csv say")} "simulated here" now; '
        "the next plan counts what is said there, as grade C."
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


def value_of(launch: Launch, kept: Kept) -> ChargeValueOut | None:
    """The value as worked out last, and whether it still rests on what is on record; None before that."""
    body = _kept(launch, "value")
    if body is None:
        return None
    stale = _kept(launch, "value:asked") != _asked(kept, launch)
    record = hashlib.sha256(body.encode()).hexdigest()
    value = ChargeValueOut.model_validate_json(body)
    return value.model_copy(update={"is_stale": stale, "record": record, "is_counted": counts_shifts(launch)})


def _kept(launch: Launch, key: str) -> str | None:
    with reading(launch.store) as work:
        return body_of(work, TOPIC, key)


def _asked(kept: Kept, launch: Launch) -> str:
    """What a value rests on: the files, and the launch's markets and prices."""
    codes = [market.code for market in launch.folder.markets]
    return hashlib.sha256("|".join([kept.stamp, *codes]).encode()).hexdigest()


def _value_out(launch: Launch, valued: Valued, at: datetime) -> ChargeValueOut:
    names = {market.code: market.name for market in launch.folder.markets}
    best = max(valued.markets, key=lambda found: found.saved_eur[Baseline.SPOT].mean)
    saved = best.saved_eur[Baseline.SPOT]
    the_most = f"the most of {len(valued.markets)} markets, " if len(valued.markets) > 1 else ""
    most = (
        f"Planned charging with nothing typed saves {saved.mean:.0f} EUR a driver and year ({saved.low:.0f} to "
        f"{saved.high:.0f}) in {names[best.market]}, {the_most}against charging on "
        "arrival at the same spot price."
    )
    rests = (
        f"{how_many(valued.homes, 'home')}, {valued.whose}; prices of the 52 weeks from {valued.first_day}. Tariffs "
        "are rounded (grade C). The intervals speak of other homes, not of other years."
    )
    said = [most, rests, *filter(None, [valued.said_of_left_out, valued.said_without_tariff])]
    worse = [names[found.market] for found in valued.markets if found.saved_eur[Baseline.SPOT].low <= 0]
    if worse:
        said.append(f"Not shown to save anything in {', '.join(worse)}: the interval includes 0.")
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
