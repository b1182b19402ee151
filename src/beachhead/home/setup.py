"""home.toml: which server, which entities, which car and which prices; read at once, with every fault at its line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from beachhead.charging.charger import Charger
from beachhead.charging.sun import Roof
from beachhead.charging.tariff import Tariff, bundled_tariffs
from beachhead.evidence.termsfile import line_of
from beachhead.world.errors import BadInput, Fault
from beachhead.world.source import Grade, Source
from beachhead.world.whole import write_whole

FILE = "home.toml"
MADE = (FILE, "watchdog.yaml", ".gitignore")
PLUGGED = ("on", "connected", "plugged", "charging", "ready_to_charge", "paused", "completed", "full", "waiting")
UNPLUGGED = ("off", "disconnected", "not_plugged", "unplugged", "available", "idle", "ready", "not_connected")
PRICE_UNITS = {"EUR/kWh": 1.0, "ct/kWh": 0.01, "EUR/MWh": 0.001}
"""What `price_unit` may be, in EUR/kWh."""
_SETTABLE: dict[str, tuple[str, ...]] = {
    "switch": ("switch", "input_boolean"),
    "current": ("number", "input_number"),
    "leaves": ("input_datetime",),
}
_ENTITY = re.compile(r"[a-z_]+\.[a-z0-9_]+")
_NAME = re.compile(r"[A-Z][A-Z0-9_]{1,40}")
_POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """Names of what the server knows; None where the home has no such thing.

    Attributes:
        plug: whether the cable is in the car: on and off, or a status in words.
        charger: what the charger draws: power (W, kW), current (A a phase) or a counter (Wh, kWh).
        switch: turns charging on and off.
        current: sets the current, A a phase.
        battery: charge of the car's battery, % or kWh.
        meter: what the home draws: power or a counter.
        solar: what the roof gives: power or a counter.
        forecast: what it will give, among its attributes.
        forecast_tomorrow: the same for tomorrow, where that is another entity.
        leaves: the driver's next departure, an `input_datetime`.
        price: the price now, with those to come among its attributes.
    """

    plug: str
    charger: str
    switch: str | None = None
    current: str | None = None
    battery: str | None = None
    meter: str | None = None
    solar: str | None = None
    forecast: str | None = None
    forecast_tomorrow: str | None = None
    leaves: str | None = None
    price: str | None = None

    @property
    def named(self) -> dict[str, str]:
        """What each is for, and its name; those that are not there left out."""
        pairs = {each.name: getattr(self, each.name) for each in fields(Entities)}
        return {use: name for use, name in pairs.items() if name is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A home as its driver describes it.

    Attributes:
        folder: where home.toml lies, and the log beside it.
        url: address of the server, without a slash at its end.
        token_env: environment variable that holds the token.
        timeout_seconds: how long an answer may take.
        zone: the home's time zone.
        entities: what the server calls things.
        plugged: states of the plug, in small letters, that mean: the cable is in.
        unplugged: those that mean: it is not.
        meter_holds_car: whether the household's meter counts the car too.
        battery_kwh: usable battery of the car.
        power_kw: what the charger draws at most.
        amps: what the charger can be set to.
        tariff: components of the bill; all 0 where the price is the whole price.
        price_file: hourly prices, EUR/MWh, or None where an entity tells them.
        price_is_whole: whether the price says all that the driver pays.
        price_eur: EUR/kWh for one unit of what the price entity says.
        price_unit: that unit as home.toml has it; EUR stands for any currency, as `eur_per_unit_of_currency` says.
        least_gain_eur: what a change of the plan under way must be worth more than.
        roof: the solar roof whose sun is reckoned from the sky, by the clock of `zone`; None without one, or where an
            entity forecasts it.
        cloud: share of the sky in cloud, 0 to 1.
        feed_in_eur: paid for a kWh fed in, EUR.
    """

    folder: Path
    url: str
    token_env: str
    timeout_seconds: float
    zone: ZoneInfo
    entities: Entities
    plugged: frozenset[str]
    unplugged: frozenset[str]
    meter_holds_car: bool
    battery_kwh: float
    power_kw: float
    amps: Charger
    tariff: Tariff
    price_file: Path | None
    price_is_whole: bool
    price_eur: float
    price_unit: str
    least_gain_eur: float
    roof: Roof | None = None
    cloud: float = 0.5
    feed_in_eur: float = 0.0


LOSSES = 0.1
"""Of what a charger draws about so much never reaches the battery; assumption, grade C."""


def battery_doubt(setup: Setup, begun: datetime, kwh: float) -> tuple[str, ...]:
    """A warning where a session took more than home.toml says that the battery holds; nothing where it may hold it."""
    if kwh * (1 - LOSSES) <= setup.battery_kwh:
        return ()
    said = f"more than battery_kwh = {setup.battery_kwh:g} of home.toml can hold: plans count on {kwh:.1f} kWh"
    cure = f"but read a charge in % as one of {setup.battery_kwh:g}. Mend battery_kwh."
    return (f"The session of {begun:%Y-%m-%d} took {kwh:.1f} kWh, {said}, {cure}",)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, allow_inf_nan=False)


Positive = Annotated[float, Field(gt=0)]


class _Server(_Section):
    url: str
    token_env: str = "HASS_TOKEN"
    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 10.0
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entities(Entities):
    """The section of home.toml: the entities, and what their states mean."""

    __pydantic_config__: ClassVar[ConfigDict] = _Section.model_config

    plugged: list[str] = field(default_factory=list)
    unplugged: list[str] = field(default_factory=list)
    meter_holds_car: bool = True


class _Car(_Section):
    battery_kwh: Annotated[float, Field(gt=1, le=300)]
    power_kw: Annotated[float, Field(gt=1, le=50)]
    phases: Annotated[int, Field(ge=1, le=3)] = 3
    least_amps: Annotated[int, Field(ge=1, le=63)] = 6
    most_amps: Annotated[int, Field(ge=1, le=63)] = 16
    volts: Annotated[float, Field(ge=100, le=260)] = 230.0


class _Tariff(_Section):
    market: str
    prices: str | None = None
    zone: str | None = None
    price_is: Literal["spot", "whole"] = "spot"
    price_unit: Literal["EUR/kWh", "ct/kWh", "EUR/MWh"] = "EUR/kWh"
    eur_per_unit_of_currency: Positive = 1.0
    supplier_eur_per_kwh: float | None = None
    grid_eur_per_kwh: float | None = None
    tax_eur_per_kwh: float | None = None
    vat_share: Annotated[float, Field(ge=0, lt=1)] | None = None
    peak_eur_per_kw_year: Annotated[float, Field(ge=0)] | None = None


class _Plan(_Section):
    least_gain_cents: Annotated[float, Field(ge=0, le=1000)] = 2.0


class _Sun(_Section):
    roof_kw: Annotated[float, Field(gt=0, le=1000)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    tilt: Annotated[float, Field(ge=0, le=90)] = 35.0
    azimuth: Annotated[float, Field(ge=-360, le=360)] = 180.0
    cloud: Annotated[float, Field(ge=0, le=1)] = 0.5
    feed_in_cents_per_kwh: Annotated[float, Field(ge=-100, le=100)] = 0.0


class _Home(_Section):
    server: _Server
    entities: _Entities
    car: _Car
    tariff: _Tariff
    plan: _Plan = _Plan()
    sun: _Sun | None = None


def new_home(folder: Path) -> tuple[Path, ...]:
    """Write a commented home.toml, the watchdog for the server, and a .gitignore for the log; nothing is overwritten.

    Raises:
        BadInput: if a home is there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / FILE).exists():
        raise BadInput(f"{folder / FILE} is there already", "edit it, or name another folder")
    source = files("beachhead.home").joinpath("template")
    made = []
    for name in MADE:
        path = folder / name
        if not path.exists():
            write_whole(path, source.joinpath(name.lstrip(".")).read_bytes())
            made.append(path)
    return tuple(made)


def read_setup(folder: Path) -> Setup:
    """The home that home.toml describes.

    Raises:
        BadInput: with every fault of the file, each at its line and key.
    """
    path = folder / FILE
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"no {FILE} in {folder}", f"begin with `beachhead home new {folder}`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text", "save it as plain text in UTF-8") from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput.of([_syntax(str(error), text)]) from None
    try:
        told = _Home.model_validate(raw)
    except ValidationError as error:
        raise BadInput.of([*_refused(error, text), *_secrets(raw, text)]) from None
    faults = [*_secrets(raw, text), *_faults(told, folder, text)]
    if faults:
        raise BadInput.of(faults)
    return _setup(told, folder)


def _syntax(message: str, text: str) -> Fault:
    found, lines = _POSITION.search(message), text.splitlines()
    row = int(found[1]) if found and found[1] else max(1, len(lines))
    what = _POSITION.sub("", message)
    return Fault(
        file=FILE,
        row=row,
        problem=f"the line is not valid TOML ({what[:1].lower()}{what[1:]})",
        cure='write `key = value`; text in "quotation marks", lists in [brackets], sections as [name]',
    )


def _refused(error: ValidationError, text: str) -> list[Fault]:
    return [_fault(dict(each), text) for each in error.errors()]


def _fault(error: dict[str, Any], text: str) -> Fault:
    where = tuple(str(part) for part in error["loc"] if isinstance(part, str))
    column = ".".join(where)
    if error["type"] == "missing":
        row = line_of(where[:-1], text) if where[1:] else None
        return Fault(file=FILE, row=row, column=column, problem="is missing", cure="add it; `home new` shows how")
    row = line_of(where, text) or line_of(where[:-1], text)
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        known = ", ".join(_fields(where[:-1]))
        cure = f"delete it, or name one of {known}"
        return Fault(file=FILE, row=row, column=column, problem="is not a key", cure=cure)
    told = error.get("input")
    written = "" if isinstance(told, dict) or where[-1:] == ("token_env",) else str(told)
    problem = error["msg"][:1].lower() + error["msg"][1:]
    return Fault(file=FILE, row=row, column=column, written=written, problem=problem, cure="mend the value")


def _fields(where: tuple[str, ...]) -> list[str]:
    """The keys of a section."""
    model: Any = _Home
    for name in where:
        inner = model.model_fields[name].annotation if name in model.model_fields else None
        model = inner if isinstance(inner, type) else model
    return [each.name for each in fields(model)] if is_dataclass(model) else list(model.model_fields)


def _secrets(raw: dict[str, Any], text: str) -> list[Fault]:
    """A token or a password written into the file: told without quoting it."""
    server = raw.get("server")
    if not isinstance(server, dict):
        return []
    faults = []
    name, url = server.get("token_env"), server.get("url")
    if isinstance(name, str) and not _NAME.fullmatch(name.strip()):
        faults.append(
            Fault(
                file=FILE,
                row=line_of(("server", "token_env"), text),
                column="server.token_env",
                problem="is not the name of an environment variable",
                cure='write its name, such as "HASS_TOKEN"; a token itself never belongs into this file',
            )
        )
    if isinstance(url, str) and "@" in url:
        faults.append(
            Fault(
                file=FILE,
                row=line_of(("server", "url"), text),
                column="server.url",
                problem="holds a user or a password",
                cure="write the plain address, such as http://homeassistant.local:8123",
            )
        )
    return faults


def _faults(told: _Home, folder: Path, text: str) -> list[Fault]:
    """What does not hold between keys, or is not as the server would have it."""
    faults: list[Fault] = []

    def refuse(key: str, written: object, problem: str, cure: str) -> None:
        where = tuple(key.split("."))
        row = line_of(where, text) or line_of(where[:-1], text)
        faults.append(Fault(file=FILE, row=row, column=key, written=str(written), problem=problem, cure=cure))

    parts = _split(told.server.url)
    if "@" not in told.server.url and (parts is None or parts.scheme not in ("http", "https") or not parts.hostname):
        refuse("server.url", told.server.url, "is not a web address", "write http://homeassistant.local:8123")
    elif parts is not None and (parts.query or parts.fragment or parts.path.rstrip("/").endswith("/api")):
        refuse("server.url", told.server.url, "says more than the address", "leave out /api and what follows")
    if told.server.time_zone not in available_timezones():
        refuse("server.time_zone", told.server.time_zone, "is not a time zone", 'write one such as "Europe/Berlin"')
    names = told.entities.named
    for use, name in names.items():
        if not _ENTITY.fullmatch(name):
            refuse(f"entities.{use}", name, "is not an entity", "write it as the server does: sensor.wallbox_power")
    _wrong_domain(names, refuse)
    both = {word.lower() for word in told.entities.plugged} & {word.lower() for word in told.entities.unplugged}
    if both:
        refuse("entities.unplugged", ", ".join(sorted(both)), "means plugged too", "name each state once")
    if told.car.least_amps > told.car.most_amps:
        refuse("car.least_amps", told.car.least_amps, "is above most_amps", "state 6 and 16, or as the charger says")
    _wrong_tariff(told, folder, refuse)
    _wrong_sun(told, refuse)
    return faults


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _wrong_domain(names: dict[str, str], refuse: Any) -> None:
    for use, domains in _SETTABLE.items():
        name = names.get(use)
        if name is not None and _ENTITY.fullmatch(name) and name.partition(".")[0] not in domains:
            refuse(f"entities.{use}", name, "cannot be set", f"name one that begins with {' or '.join(domains)}")
    if "switch" not in names and "current" not in names:
        refuse("entities.switch", "", "is missing", "name the charger's switch, or its current as `current`")


def _wrong_tariff(told: _Home, folder: Path, refuse: Any) -> None:
    tariff, known = told.tariff, bundled_tariffs()
    own = (tariff.supplier_eur_per_kwh, tariff.grid_eur_per_kwh, tariff.tax_eur_per_kwh, tariff.vat_share)
    if tariff.market.upper() not in known and tariff.price_is == "spot" and None in own:
        cure = f"name one of {', '.join(known)}, or state supplier, grid, tax and vat of your own"
        refuse("tariff.market", tariff.market, "has no bundled tariff", cure)
    elif tariff.market.upper() not in known and tariff.zone is None and tariff.prices is not None:
        refuse("tariff.zone", "", "is missing", "name the column of the price file")
    if (tariff.prices is None) == (told.entities.price is None):
        there = "both" if tariff.prices is not None else "neither"
        cure = "state `prices` here (a file), or `price` under [entities], one of the two"
        refuse("tariff.prices", "", f"and entities.price: {there} given", cure)
    elif tariff.prices is not None and not (folder / tariff.prices).is_file():
        refuse("tariff.prices", tariff.prices, "is no file", "name hourly prices: time, then a column a zone, EUR/MWh")


def _wrong_sun(told: _Home, refuse: Any) -> None:
    """A roof needs a place; what is paid for feeding in needs a roof or a forecast, and a forecast what is paid."""
    sun, forecast = told.sun, told.entities.forecast or told.entities.forecast_tomorrow
    if sun is None:
        if forecast is not None:
            cure = "add it with feed_in_cents_per_kwh, what feeding in pays"
            refuse("sun", "", "is missing, and entities.forecast tells of a roof", cure)
        return
    if sun.roof_kw is None and forecast is None:
        refuse("sun.roof_kw", "", "is missing", "state the roof's peak power in kW, or `forecast` under [entities]")
    for name in ("latitude", "longitude"):
        if sun.roof_kw is not None and getattr(sun, name) is None:
            refuse(f"sun.{name}", "", "is missing", "state where the roof is, in degrees")


def _roof(sun: _Sun, zone: ZoneInfo) -> Roof | None:
    if sun.roof_kw is None or sun.latitude is None or sun.longitude is None:
        return None
    return Roof(
        kwp=sun.roof_kw,
        latitude=sun.latitude,
        longitude=sun.longitude,
        tilt=sun.tilt,
        azimuth=sun.azimuth,
        zone=zone,
    )


def _setup(told: _Home, folder: Path) -> Setup:
    yes, no = (frozenset(word.strip().lower() for word in words) for words in _words(told))
    zone, sun = ZoneInfo(told.server.time_zone), told.sun or _Sun()
    return Setup(
        folder=folder,
        url=told.server.url.rstrip("/"),
        token_env=told.server.token_env,
        timeout_seconds=told.server.timeout_seconds,
        zone=zone,
        entities=Entities(**told.entities.named),
        plugged=(frozenset(PLUGGED) - no) | yes,
        unplugged=(frozenset(UNPLUGGED) - yes) | no,
        meter_holds_car=told.entities.meter_holds_car,
        battery_kwh=told.car.battery_kwh,
        power_kw=told.car.power_kw,
        amps=Charger(
            least_amps=told.car.least_amps,
            most_amps=told.car.most_amps,
            phases=(told.car.phases,),
            volts=told.car.volts,
        ),
        tariff=_tariff(told.tariff),
        price_file=None if told.tariff.prices is None else folder / told.tariff.prices,
        price_is_whole=told.tariff.price_is == "whole",
        price_eur=PRICE_UNITS[told.tariff.price_unit] * told.tariff.eur_per_unit_of_currency,
        price_unit=told.tariff.price_unit,
        least_gain_eur=told.plan.least_gain_cents / 100,
        roof=_roof(sun, zone),
        cloud=sun.cloud,
        feed_in_eur=sun.feed_in_cents_per_kwh / 100,
    )


def _words(told: _Home) -> tuple[list[str], list[str]]:
    return told.entities.plugged, told.entities.unplugged


def _tariff(told: _Tariff) -> Tariff:
    """The bundled tariff, its components replaced by what the driver's bill says; none if the price is whole."""
    market = told.market.upper()
    known = bundled_tariffs().get(market)
    said = Source(who="home.toml, the driver's own bill", as_of=date(2026, 1, 1), grade=Grade.C)
    peak = told.peak_eur_per_kw_year
    if peak is None:
        peak = known.peak_eur_per_kw if known is not None else 0.0
    zone = told.zone or (known.zone if known is not None else market)
    whole = told.price_is == "whole"

    def part(own: float | None, name: str) -> float:
        if whole:
            return 0.0
        return own if own is not None else float(getattr(known, name))

    return Tariff(
        market=market,
        zone=zone,
        supplier=part(told.supplier_eur_per_kwh, "supplier"),
        grid=part(told.grid_eur_per_kwh, "grid"),
        tax=part(told.tax_eur_per_kwh, "tax"),
        vat=part(told.vat_share, "vat"),
        peak_eur_per_kw=peak,
        source=said if whole or known is None else known.source,
    )
