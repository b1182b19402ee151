"""Charging on the wire: what is on record, and the files sent; plans and values stand in files of their own."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from beachhead.case.charging.files import (
    Table,
    drop_file,
    home_names,
    keep_file,
    kept_files,
    last_evening,
    tariffs_here,
)
from beachhead.case.clock import now
from beachhead.web.pages.charging import plan as charging_plan
from beachhead.web.pages.charging import value as charging_value
from beachhead.web.pages.charging import whole as charging_whole
from beachhead.web.pages.charging.home import KeptOut, prices_of
from beachhead.web.pages.charging.value import ChargeValueOut, value_of
from beachhead.web.server.request import FILE_BODY, REFUSALS, desk_of, received, recorded, sheet_of
from beachhead.web.server.sessions import Analyst, Viewer

MOST_NAMED = 400

router = APIRouter(responses=REFUSALS)


class PlaceOut(BaseModel):
    """A market in which charging can be planned."""

    market: str
    name: str
    zone: str


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


@router.get("/charging")
def charging(request: Request, response: Response, _: Viewer) -> ChargingOut:
    """Files, homes and markets; and the value by market, if it was worked out."""
    sheet, desk = sheet_of(request, response, may_be_kept=False), desk_of(request)
    kept = kept_files(sheet.launch.path)
    told = {table.value: path.name for table in Table if (path := getattr(kept, table.value)) is not None}
    value = value_of(sheet.launch, kept)
    whose = "on record" if kept.sessions else "made up"
    if kept.prices is None:
        return ChargingOut(
            files=told, first_day=None, last_day=None, whose=whose, homes=[], markets=[], plugged_in=None, value=value
        )
    table = prices_of(desk, kept)
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
    desk = desk_of(request)
    launch = await run_sync(desk.launch)
    async with received(request, table.value) as path:
        said = await run_sync(lambda: keep_file(launch, table, path, who=person.name, at=now()))
    await run_sync(recorded, request)
    return KeptOut(sentence=said)


@router.delete("/charging/files/{table}")
def forget_file(request: Request, person: Analyst, table: Table) -> KeptOut:
    """Take a table away; without sessions, made-up drivers take their place."""
    drop_file(desk_of(request).launch(), table, who=person.name, at=now())
    recorded(request)
    return KeptOut(sentence=f"The table {table.value} is no longer used.")


for _part in (charging_plan, charging_whole, charging_value):
    router.include_router(_part.router)
