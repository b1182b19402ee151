"""What a room's page is made of: sentences, tables, charts; kept beside the launch by the job that worked it out.

A cell is text or a number; the column's unit says which, so that a page may write it in the reader's own way.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel

from beachhead.case.clock import now, today
from beachhead.case.open import Launch
from beachhead.case.plan.planning import TOPIC as PLAN
from beachhead.case.plan.planning import TOPICS_READ
from beachhead.case.plan.target_facts import raisings
from beachhead.case.programme import TOPIC as PROGRESS
from beachhead.case.quality.workshop import TOPICS as WORKSHOP
from beachhead.case.rows.observe import TOPIC as ROWS
from beachhead.store import Row, deliver, newest_by_topic, reading, writing
from beachhead.web.wire.field import Sentence

TOPIC = "room_page"
MOST_ROWS = 40

RoomName = Literal["worth", "rehearsal", "targets", "programme", "aftersales", "network", "backtest"]
RAISED = "targets raised"
RESTS_ON: dict[str, tuple[str, ...]] = {
    "worth": TOPICS_READ,
    "rehearsal": (*TOPICS_READ, RAISED),
    "targets": (PLAN, *TOPICS_READ, RAISED),
    "programme": (PROGRESS,),
    "aftersales": (PLAN, ROWS, *WORKSHOP),
    "network": (PLAN,),
    "supply": (PLAN, ROWS),
    "backtest": (),
}
"""By room, what its answer is read from besides the tables."""
Unit = Literal["text", "number", "cars", "money", "change", "share", "odds", "points", "day", "wait"]
Cell = str | float | None
Advance = Callable[[float, float], None]


class ColumnOut(BaseModel):
    """One column.

    `money` and `change` are in the launch's currency, `share` is 0..1, `points` percentage points; `odds` are a share
    counted from so many draws that none or all of them are less than 1 % and more than 99 %; a `wait` is written out
    with its unit.
    """

    name: str
    unit: Unit


class TableOut(BaseModel):
    """One table; null is not known."""

    title: str
    caption: str
    columns: list[ColumnOut]
    rows: list[list[Cell]]


class SwingOut(BaseModel):
    """What one assumption does to the value of the launch, planned anew and paired by world."""

    what: str
    low: str
    high: str
    at_low: float
    at_low_se: float | None
    at_high: float
    at_high_se: float | None


class PointsOut(BaseModel):
    """Sites on the map, column by column; the names of the first few; when a site closes in words, "" if it stays."""

    lon: list[float]
    lat: list[float]
    stands: list[bool]
    people: list[float]
    name: list[str]
    closes: list[str] = []


class LevelFanOut(BaseModel):
    """A level quarter by quarter: 5, 25, 50, 75 and 95 % of the futures lie below; what is aimed at, and by when."""

    name: str
    unit: Unit
    quarters: list[str]
    quantiles: list[list[float | None]]
    amount: float
    by: str
    odds: list[float | None]


class FunnelOut(BaseModel):
    """Claim rates of markets in the limits within which they would lie if all were alike."""

    car_months: list[float]
    low: list[float]
    high: list[float]
    rate: float
    limit: float | None
    markets: list[str]
    at: list[float]
    rates: list[float]


class BarOut(BaseModel):
    """One task in time: its place in the schedule, the middle of its end, and the odds that it holds up the last."""

    task: str
    name: str
    stage: str
    begins: date
    ends: date
    ends_low: date
    ends_high: date
    criticality: float | None


class RoomOut(BaseModel):
    """What a room answered last, and with which words of the asker's; what is not among them was left to the room.

    `stale` says what has changed of what the answer rests on, in a sentence; "" where nothing has.
    """

    room: RoomName
    made_at: datetime
    on: date
    asked: dict[str, str | int | float | bool] = {}
    record: str
    stale: str = ""
    sentences: list[Sentence]
    tables: list[TableOut]
    swings: list[SwingOut]
    points: PointsOut | None
    fans: list[LevelFanOut] = []
    funnel: FunnelOut | None = None
    bars: list[BarOut] = []
    has_figures: bool = False


def table_of(title: str, caption: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> TableOut:
    """A table of cells; what is not a number is left blank."""
    plain = [[number_or_none(cell) if isinstance(cell, float) else cell for cell in row] for row in rows]
    return TableOut(
        title=title,
        caption=caption,
        columns=[ColumnOut.model_validate({"name": name, "unit": unit}) for name, unit in columns],
        rows=plain,
    )


def keep_answer(
    launch: Launch,
    room: RoomName,
    arguments: dict[str, Any],
    sentences: list[str],
    tables: list[TableOut],
    *,
    stood: str,
    on: date | None = None,
    swings: Sequence[SwingOut] = (),
    points: PointsOut | None = None,
    fans: Sequence[LevelFanOut] = (),
    funnel: FunnelOut | None = None,
    bars: Sequence[BarOut] = (),
    figures: str | None = None,
) -> dict[str, Any]:
    """Keep what a room answered, and a page of its figures (HTML) if it has one; its digest by the room's name.

    `stood` is what `stands_on` said before the work began; `on` is the day that the answer stands for, where that is
    neither the day asked about nor today.
    """
    at = now()
    answer = RoomOut(
        room=room,
        made_at=at,
        on=on or day_of(arguments) or today(),
        asked={name: value for name, value in arguments.items() if name != "who"},
        record="",
        stale="",
        sentences=sentences,
        tables=tables,
        swings=list(swings),
        points=points,
        fans=list(fans),
        funnel=funnel,
        bars=list(bars),
        has_figures=figures is not None,
    ).model_dump_json()
    sha256 = hashlib.sha256(answer.encode()).hexdigest()
    rows = [Row(key=room, body=answer), Row(key=f"{room}:asked", body=stood)]
    if figures is not None:
        rows.append(Row(key=f"{room}:figures", body=figures))
    with writing(launch.store) as work:
        deliver(work, TOPIC, rows, sha256=sha256, name=room, who=str(arguments.get("who", "")), at=at)
    return {room: sha256}


def stands_on(launch: Launch, room: str) -> str:
    """What a room's answer rests on: the tables as they were read, and the newest delivery of all that it reads."""
    with reading(launch.store) as work:
        newest = {**newest_by_topic(work), RAISED: raisings(work)}
    return "|".join([launch.folder.digest, *(f"{topic}:{newest.get(topic, 0)}" for topic in RESTS_ON[room])])


def changed_since(launch: Launch, room: str, stood: str | None) -> str:
    """What has changed of what an answer rests on, in a sentence; "" where nothing has."""
    tables, *then = (stood or "").split("|")
    known = dict(part.rsplit(":", 1) for part in then)
    now = dict(part.rsplit(":", 1) for part in stands_on(launch, room).split("|")[1:])
    new = {topic for topic in known.keys() & now.keys() if known[topic] != now[topic]}
    rows = new - {PLAN, RAISED}
    said = [
        "the tables of the launch have changed" if tables != launch.folder.digest else "",
        "a newer plan has been made" if PLAN in new else "",
        "a target has been raised" if RAISED in new else "",
        "reports have come in" if rows == {PROGRESS} else "rows or reports have come in" if rows else "",
    ]
    told = ", and ".join(filter(None, said))
    return f"{told[0].upper()}{told[1:]} since this was worked out." if told else ""


def day_of(arguments: dict[str, Any]) -> date | None:
    """The day asked about; None for the launch's own."""
    return date.fromisoformat(arguments["on"]) if arguments.get("on") else None


def iso_of(day: object) -> str | None:
    """A day as text; None if there is none."""
    return None if day is None else str(day)[:10]


def number_or_none(value: float) -> float | None:
    """A number; None where it is not known or without end."""
    return value if math.isfinite(value) else None
