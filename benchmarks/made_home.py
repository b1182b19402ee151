"""A made-up home with a server that speaks Home Assistant's REST API: for tests, the how-to, and to try `home` out.

`python benchmarks/made_home.py DIR` begins a home folder in DIR (with its home.toml filled in) and serves until Ctrl-C.
The car obeys its switch: what it draws, what the battery holds and what is on record follow from the clock.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import threading
import time
from bisect import bisect_left, bisect_right
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import numpy as np

from beachhead.charging.driver import Kind, made_driver, made_load
from beachhead.charging.record import Home, day_hour
from beachhead.home.setup import new_home

TOKEN = "made.up-token_0123456789abcdefghijklmnopqrstuvwxyz"
PLUG, POWER, SWITCH = "binary_sensor.wallbox_plug", "sensor.wallbox_power", "switch.wallbox"
CURRENT, BATTERY = "number.wallbox_current", "sensor.car_battery"
METER, PRICE, LEAVES = "sensor.home_power", "sensor.electricity_price", "input_datetime.car_leaves"
PERIOD = re.compile(r"/api/history/period(?:/([^?]+))?$")


@dataclass
class MadeHome:
    """What there is to know of a home: every change of every entity, and the car that obeys.

    `trips` are (plug in, plug out, kWh needed), seconds since 1970; `mode` is how the server is: "fine", or in trouble:
    "slow", "drip", "drip head", "drop", "half", "noise", "busy", "moved", "forgetful" (no history).
    """

    zone: ZoneInfo
    trips: list[tuple[float, float, float]]
    now: float
    battery_kwh: float = 60.0
    power_kw: float = 11.0
    keep_days: float = 3650.0
    mode: str = "fine"
    token: str = TOKEN
    price_of: dict[int, float] = field(default_factory=dict)
    load_w: dict[int, float] = field(default_factory=dict)
    changes: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    written: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    person: dict[str, bool] = field(default_factory=dict)
    stored_kwh: float = 30.0
    obeys: bool = True
    go: threading.Event = field(default_factory=threading.Event)

    def say(self, entity: str, text: str, at: float | None = None, *, person: bool = False) -> None:
        """An entity changes its state, by a person's hand or by itself; nothing is recorded if it says the same."""
        self.person[entity] = person
        series = self.changes.setdefault(entity, [])
        moment = self.now if at is None else at
        if not series or series[-1][1] != text:
            series.append((moment, text))

    def text(self, entity: str) -> str | None:
        """What an entity says now."""
        series = self.changes.get(entity, [])
        at = bisect_right(series, self.now, key=lambda one: one[0])
        return series[at - 1][1] if at else None

    def drawing_kw(self) -> float:
        """What the car draws: all that the charger gives while it may and the battery is not full."""
        on, plugged = self.text(SWITCH) == "on", self.text(PLUG) == "on"
        amps = float(self.text(CURRENT) or 16.0) if CURRENT in self.changes else 16.0
        return min(self.power_kw, 0.69 * amps) if on and plugged and self.stored_kwh < self.battery_kwh - 1e-9 else 0.0

    def advance(self, to: float) -> None:
        """Live on to a moment, minute by minute."""
        while self.now < to:
            step = min(60.0, to - self.now)
            self.stored_kwh = min(self.stored_kwh + self.drawing_kw() * step / 3600, self.battery_kwh)
            self.now += step
            self._live()

    def _live(self) -> None:
        there = any(begin <= self.now < end for begin, end, _ in self.trips)
        came = there and self.text(PLUG) != "on"
        if came:
            needed = next(kwh for begin, end, kwh in self.trips if begin <= self.now < end)
            self.stored_kwh = max(self.battery_kwh - needed, 0.0)
        self.say(PLUG, "on" if there else "off")
        self.say(POWER, f"{1000 * self.drawing_kw():.0f}")
        self.say(BATTERY, f"{100 * self.stored_kwh / self.battery_kwh:.0f}")
        hour = int(self.now // 3600)
        if hour in self.load_w:
            self.say(METER, f"{self.load_w[hour] + 1000 * self.drawing_kw() + 0.1 * (self.now % 3600 > 1800):.1f}")
        if hour in self.price_of:
            self.say(PRICE, f"{self.price_of[hour]:.5f}")

    def state(self, entity: str) -> dict[str, Any] | None:
        """An entity as the server tells it."""
        if entity in self.written:
            return self.written[entity]
        text = self.text(entity)
        if text is None:
            return None
        series = self.changes[entity]
        at = bisect_right(series, self.now, key=lambda one: one[0])
        since = _iso(series[at - 1][0])
        attributes = dict(self.attributes.get(entity, {}))
        if entity == PRICE:
            attributes |= self.told_prices()
        user = "ann" if self.person.get(entity) else None
        return {"entity_id": entity, "state": text, "attributes": attributes, "last_changed": since,
                "last_updated": since, "context": {"id": "01", "parent_id": None, "user_id": user}}  # fmt: skip

    def told_prices(self) -> dict[str, Any]:
        """Today's prices, and tomorrow's from 13:00 on, as the Nord Pool integration tells them."""
        local = datetime.fromtimestamp(self.now, self.zone)
        days = {"raw_today": local.date(), "raw_tomorrow": local.date() + timedelta(days=1)}
        told: dict[str, Any] = {}
        for name, day in days.items():
            told[name] = self._day_prices(day) if name == "raw_today" or local.hour >= 13 else []
        return told | {"tomorrow_valid": bool(told["raw_tomorrow"])}

    def _day_prices(self, day: date) -> list[dict[str, Any]]:
        begin = datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()
        next_day = day + timedelta(days=1)
        end = datetime(next_day.year, next_day.month, next_day.day, tzinfo=self.zone).timestamp()
        return [
            {"start": datetime.fromtimestamp(at, self.zone).isoformat(), "value": self.price_of[int(at // 3600)]}
            for at in np.arange(begin, end, 3600.0).tolist()
            if int(at // 3600) in self.price_of
        ]

    def history(self, entity: str, begin: float, end: float, minimal: bool) -> list[dict[str, Any]]:
        """Changes in a period as the recorder tells them, the state at its begin first; what was purged is gone."""
        series, oldest = self.changes.get(entity, []), self.now - 86400 * self.keep_days
        series = [one for one in series if one[0] >= oldest and one[0] <= self.now]
        at = bisect_left(series, begin, key=lambda one: one[0])
        first = [(begin, series[at - 1][1])] if at else []
        found = first + [one for one in series[at:] if one[0] < end]
        rows = [{"state": text, "last_changed": _iso(moment)} for moment, text in found]
        for number, row in enumerate(rows):
            if number == 0 or not minimal:
                row |= {"entity_id": entity, "attributes": {}, "last_updated": row["last_changed"]}  # type: ignore[dict-item]
        return rows

    def serve(self, domain: str, verb: str, body: dict[str, Any]) -> bool:
        """A service is called; False if there is none of that name."""
        self.calls.append((f"{domain}.{verb}", body))
        entity = body.get("entity_id", "")
        if (domain, verb) in (("switch", "turn_on"), ("switch", "turn_off"), ("input_boolean", "turn_on")):
            if self.obeys:
                self.say(entity, verb.removeprefix("turn_"), person=True)
        elif verb == "set_value":
            if self.obeys:
                self.say(entity, f"{body['value']}", person=True)
        elif (domain, verb) == ("input_datetime", "set_datetime"):
            self.say(entity, str(body["datetime"]))
        else:
            return False
        if entity in (SWITCH, CURRENT):
            self._live()
        return True


def home_of(driver: Home, zone: ZoneInfo, now: datetime, **more: Any) -> MadeHome:
    """A home whose car came and went as a made-up driver's did, and charged on arrival."""
    trips = [
        (_epoch(begin, zone), _epoch(end, zone), float(kwh))
        for begin, end, kwh in zip(driver.plug_in, driver.plug_out, driver.energy_kwh, strict=True)
    ]
    made = MadeHome(zone=zone, trips=trips, now=now.timestamp(), battery_kwh=driver.battery_kwh, **more)
    made.power_kw = driver.power_kw
    start = min(begin for begin, _, _ in trips) - 6 * 3600
    for entity, text in ((PLUG, "off"), (POWER, "0"), (SWITCH, "on"), (BATTERY, "50")):
        made.changes[entity] = [(start, text)]
    for begin, end, kwh in trips:
        full = min(begin + 3600 * kwh / driver.power_kw, end)
        made.changes[PLUG] += [(begin, "on"), (end, "off")]
        made.changes[POWER] += [(begin, f"{1000 * driver.power_kw:.0f}"), (full, "0")]
    made.changes = {name: [one for one in series if one[0] <= made.now] for name, series in made.changes.items()}
    made.attributes = {
        PLUG: {"device_class": "plug", "friendly_name": "Wallbox plug"},
        POWER: {"unit_of_measurement": "W", "device_class": "power"},
        BATTERY: {"unit_of_measurement": "%", "device_class": "battery"},
        PRICE: {"unit_of_measurement": "EUR/kWh"},
        METER: {"unit_of_measurement": "W", "device_class": "power"},
        CURRENT: {"unit_of_measurement": "A", "min": 6, "max": 16},
        LEAVES: {"has_date": True, "has_time": True},
    }
    return made


def with_prices(made: MadeHome, begin: datetime, days: int, *, seed: int = 0) -> MadeHome:
    """Prices with a cheap night and a dear evening, EUR/kWh, on record as the state of the price entity."""
    rng = np.random.default_rng([seed, 5])
    first = int(begin.timestamp() // 3600)
    for hour in range(first, first + 24 * days):
        clock = datetime.fromtimestamp(3600 * hour, made.zone).hour
        shape = 0.09 - 0.05 * math.cos(2 * math.pi * (clock - 3) / 24) + 0.04 * math.exp(-(((clock - 18.5) / 2) ** 2))
        made.price_of[hour] = round(shape + float(rng.normal(0.0, 0.008)), 5)
    for hour, price in made.price_of.items():
        if 3600 * hour <= made.now:
            made.say(PRICE, f"{price:.5f}", 3600.0 * hour)
    return made


def with_meter(made: MadeHome, driver: Home, begin: datetime, days: int, *, seed: int = 0) -> MadeHome:
    """A household's meter that counts the car too, W: it moves each half hour, the car comes on top."""
    load = made_load(seed, day_hour(begin.date()), days)
    hours = np.arange(load.kwh.size) + int(begin.timestamp() // 3600)
    cuts = {1800.0 * half for half in range(2 * int(hours[0]), 2 * int(hours[-1]) + 2)} | {
        at for at, _ in made.changes[POWER]
    }
    made.load_w = {hour: 1000 * float(kwh) for hour, kwh in zip(hours.tolist(), load.kwh, strict=True)}
    power = made.changes[POWER]
    for at in sorted(cut for cut in cuts if begin.timestamp() <= cut <= made.now):
        slot = min(int((at - begin.timestamp()) // 3600), load.kwh.size - 1)
        index = bisect_right(power, at, key=lambda one: one[0])
        car = float(power[index - 1][1]) if index else 0.0
        made.say(METER, f"{1000 * float(load.kwh[slot]) + car + 0.1 * (at % 3600 > 0):.1f}", at)
    return made


class Serving:
    """The home's server on a free port of this machine, for as long as the block lasts."""

    def __init__(self, made: MadeHome, port: int = 0) -> None:
        """Begin to listen; `port` 0 takes a free one."""
        self.made = made
        handler = type("Handler", (_Handler,), {"made": made})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop serving, whatever is still waiting."""
        self.made.go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    made: MadeHome
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing: what was asked is in `made.asked`."""

    def do_GET(self) -> None:
        """Answer as Home Assistant does."""
        if not self._lets_in():
            return
        parts = urlsplit(self.path)
        if parts.path == "/api/":
            self._answer(200, {"message": "API running."})
        elif parts.path == "/api/config":
            self._answer(200, {"version": "2026.11.1", "time_zone": self.made.zone.key, "state": "RUNNING"})
        elif parts.path.startswith("/api/states/"):
            state = self.made.state(unquote(parts.path.removeprefix("/api/states/")))
            self._answer(200, state) if state else self._answer(404, {"message": "Entity not found."})
        elif self.made.mode == "forgetful" and parts.path.startswith("/api/history"):
            self._answer(500, {"message": "the recorder is gone"})
        elif found := PERIOD.match(parts.path):
            self._history(unquote(found[1] or ""), parse_qs(parts.query, keep_blank_values=True))
        else:
            self._answer(404, {"message": "404: Not Found"})

    def do_POST(self) -> None:
        """Call a service, or write a state."""
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if not self._lets_in():
            return
        words = urlsplit(self.path).path.strip("/").split("/")
        if words[:2] == ["api", "services"] and len(words) == 4:
            done = self.made.serve(words[2], words[3], body)
            self._answer(200, []) if done else self._answer(400, {"message": "Service not found."})
        elif words[:2] == ["api", "states"] and len(words) == 3:
            new = words[2] not in self.made.written
            at = _iso(self.made.now)
            state = {"entity_id": words[2], **body, "last_changed": at, "last_updated": at}
            self.made.written[words[2]] = state
            self._answer(201 if new else 200, state)
        else:
            self._answer(404, {"message": "404: Not Found"})

    def _lets_in(self) -> bool:
        """Trouble first, then the token; False if it is answered already."""
        self.made.asked.append(f"{self.command} {self.path}")
        mode = self.made.mode
        if mode == "slow":
            self.made.go.wait(20)
        if mode == "drop":
            self.close_connection = True
            self.connection.shutdown(2)
            return False
        if mode in ("drip", "drip head"):  # a byte now and then, in the answer or before it
            self._drip(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" if mode == "drip" else b"HTTP/1.1 ")
            return False
        if mode == "half":
            self._raw(200, b'[[{"entity_id": "sensor.a", "sta', length=4000)
            return False
        if mode == "noise":
            self._raw(200, b"<html>a router says hello</html>")
            return False
        if mode == "busy":
            self._answer(503, {"message": f"starting; you said {self.headers.get('Authorization')}"})
            return False
        if mode == "moved":
            self.send_response(302)
            self.send_header("Location", "http://elsewhere.example/api/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return False
        if self.headers.get("Authorization") != f"Bearer {self.made.token}":
            self._raw(401, b"401: Unauthorized")
            return False
        return True

    def _drip(self, begun: bytes) -> None:
        self.close_connection = True
        self.wfile.write(begun)
        with suppress(OSError):  # whoever asked hung up
            while not self.made.go.wait(0.05):
                self.wfile.write(b" ")

    def _history(self, begins: str, words: dict[str, list[str]]) -> None:
        begin = datetime.fromisoformat(begins).timestamp()
        end = datetime.fromisoformat(words["end_time"][0]).timestamp() if "end_time" in words else begin + 86400
        if "filter_entity_id" not in words:
            self._answer(400, {"message": "filter_entity_id is missing"})
            return
        if begin > self.made.now:
            self._answer(200, [])
            return
        names = words["filter_entity_id"][0].lower().split(",")
        found = [self.made.history(name, begin, end, "minimal_response" in words) for name in names]
        self._answer(200, [series for series in found if series])

    def _answer(self, code: int, body: Any) -> None:
        self._raw(code, json.dumps(body).encode())

    def _raw(self, code: int, data: bytes, length: int | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) if length is None else length))
        if length is not None:
            self.close_connection = True
        self.end_headers()
        self.wfile.write(data)


def folder_of(folder: Path, url: str, *, lines: dict[str, str] | None = None) -> Path:
    """A home folder whose home.toml names that server; `lines` replaces whole lines by what they begin with."""
    new_home(folder)
    return pointed(folder, url, lines=lines)


def pointed(folder: Path, url: str, *, lines: dict[str, str] | None = None) -> Path:
    """The folder, its home.toml edited as a driver would."""
    text = (folder / "home.toml").read_text(encoding="utf-8")
    swaps = {'url = "http': f'url = "{url}"'} | (lines or {})
    kept = []
    for line in text.splitlines():
        swap = next((to for begins, to in swaps.items() if line.lstrip("# ").startswith(begins)), None)
        kept.append(line if swap is None else swap)
    (folder / "home.toml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    return folder


def made_week(now: datetime, zone: ZoneInfo, *, days: int = 60, kind: Kind = Kind.COMMUTER, seed: int = 3) -> MadeHome:
    """A home with a commuter's car, prices and a battery sensor, as it would be `days` after it began."""
    begin = (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    driver = made_driver(kind, seed, day_hour(begin.date()), days + 8)
    return with_prices(home_of(driver, zone, now), begin, days + 10, seed=seed)


def _epoch(minute: float, zone: ZoneInfo) -> float:
    naive = datetime(1970, 1, 1) + timedelta(minutes=float(minute))
    return naive.replace(tzinfo=zone).timestamp()


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat()


def main() -> None:
    """Serve a made-up home until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="home folder to begin")
    parser.add_argument("--port", type=int, default=8123)
    asked = parser.parse_args()
    zone = ZoneInfo("Europe/Berlin")
    made = made_week(datetime.now(UTC), zone)
    made.keep_days = 10
    with Serving(made, asked.port) as serving:
        if not (asked.folder / "home.toml").exists():
            folder_of(asked.folder, serving.url, lines={"battery = ": f'battery = "{BATTERY}"'})
        print(f"export HASS_TOKEN={TOKEN}\nbeachhead home check {asked.folder}", flush=True)
        while True:
            time.sleep(1)
            made.advance(time.time())


if __name__ == "__main__":
    main()
