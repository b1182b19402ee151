"""The plan of the session at hand: prices, habits and loads of the log, and what the server says now."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from beachhead.case.charging.home import AtCharger, AtHome, made_up_pool, ready, situation_of
from beachhead.charging.explain import moment_of, sentences
from beachhead.charging.habit import Pool
from beachhead.charging.keep import UnderWay
from beachhead.charging.now import NowPlan, plan_now
from beachhead.charging.record import Home, Prices, read_homes, read_loads, read_prices
from beachhead.charging.situation import SunAhead
from beachhead.home.control import least_kw
from beachhead.home.live import Live
from beachhead.home.log import Record
from beachhead.home.setup import Setup, battery_doubt
from beachhead.home.tables import CAR, Tables, peak_of_month
from beachhead.store import Row, Store, body_of, decode, deliver, encode, reading, writing
from beachhead.world.errors import BadInput, NotLearnt

POOL = "home_pool"
_MADE_UP = "made-up drivers, 1"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planned:
    """A plan of the session at hand.

    Attributes:
        live: what it starts from.
        plan: hour by hour.
        sentences: the reason, the decision first.
        load_is_made: whether the household's load is made up, because the log holds less than fifteen days of it.
    """

    live: Live
    plan: NowPlan
    sentences: tuple[str, ...]
    load_is_made: bool


def pool_of(store: Store) -> Pool:
    """What drivers have in common, learnt from made-up ones; learnt once and kept in the log."""
    with reading(store) as work:
        body = body_of(work, POOL, _MADE_UP)
    if body is not None:
        return decode(body, Pool)
    pool = made_up_pool(date(2026, 1, 5))
    keep_pool(store, pool, datetime(2026, 1, 5, tzinfo=UTC))
    return pool


def keep_pool(store: Store, pool: Pool, at: datetime) -> None:
    """Put what drivers have in common into the log."""
    body = encode(pool)
    digest = hashlib.sha256(body.encode()).hexdigest()
    with writing(store) as work:
        deliver(work, POOL, [Row(key=_MADE_UP, body=body)], sha256=digest, name="prior", who="home", at=at)


def plan_home(
    setup: Setup,
    live: Live,
    record: Record,
    tables: Tables,
    pool: Pool,
    *,
    trip_kwh: float | None = None,
    under_way: UnderWay | None = None,
) -> Planned:
    """The plan from now on, kept to the one under way unless changing it is worth more than the least gain.

    `trip_kwh` is what the trip before took, if the car tells its charge and was seen to leave.

    Raises:
        BadInput: if prices are missing.
        NotLearnt: if the cable is out, or nobody knows.
    """
    if not live.plugged or live.since is None:
        raise NotLearnt("the cable is out: there is nothing to plan", "plug the car in")
    at_home = _at_home(setup, record, tables, pool, live.at)
    begun, now = (_on_the_clock(moment, setup) for moment in (live.since, live.at.timestamp()))
    now = max(now, begun)
    peak = peak_of_month(setup, record, live.at) if at_home.load is not None else None
    car = AtCharger(
        plugged_in=begun, now=now, stored_kwh=min(live.stored_kwh, at_home.home.battery_kwh),
        needed_kwh=live.needed_kwh, trip_kwh=trip_kwh, leaves=live.leaves, charging=live.charges,
    )  # fmt: skip
    situation = situation_of(at_home, car, peak_so_far_kw=peak, under_way=under_way)
    if at_home.load is not None and not at_home.load_is_made:
        situation = replace(situation, drawn_kwh=live.drawn_kwh)
    if live.sun is not None and live.sun.kwh is not None:
        sun = SunAhead(kwh=np.array(live.sun.kwh), sell_eur_per_kwh=setup.feed_in_eur, least_kw=least_kw(setup))
        situation = replace(situation, sun=sun)
    plan = plan_now(situation, pool, least_gain_eur=setup.least_gain_eur, under_way=under_way)
    return Planned(
        live=live,
        plan=plan,
        sentences=(*sentences(plan), *_notes(setup, live, at_home)),
        load_is_made=at_home.load_is_made,
    )


def _at_home(setup: Setup, record: Record, tables: Tables, pool: Pool, now: datetime) -> AtHome:
    if tables.prices is None:
        raise BadInput(
            "there are no prices yet", "run `beachhead home learn`, and see that the price entity is recorded"
        )
    prices = read_prices(tables.prices)
    _require_week(prices, _on_the_clock(now.timestamp(), setup))
    load = None if tables.loads is None else read_loads(tables.loads)[0]
    return ready(_car(setup, tables), pool, prices, setup.tariff, load, year=now.year)


def _require_week(prices: Prices, now: datetime) -> None:
    """A home that has just begun is told from when on there is a plan."""
    begins = datetime(1970, 1, 1) + timedelta(hours=prices.first_hour)
    first = begins + timedelta(days=7)
    if now < first:
        raise BadInput(
            f"the week of prices before now is not on record, they begin on {begins:%A} {begins.day} {begins:%B}; "
            f"the first plan is due on {first:%A} {first.day} {first:%B}, until then the car just charges",
            "wait, or name a price file that reaches further back",
        )


def _car(setup: Setup, tables: Tables) -> Home:
    """The car's sessions; none yet is a home too."""
    if tables.sessions is not None:
        return read_homes(tables.sessions, tables.chargers)[0]
    nothing = np.empty(0, np.int64)
    return Home(
        name=CAR,
        place="",
        plug_in=nothing,
        plug_out=nothing.copy(),
        energy_kwh=np.empty(0),
        power_kw=setup.power_kw,
        battery_kwh=setup.battery_kwh,
    )


def _on_the_clock(moment: float, setup: Setup) -> datetime:
    return datetime.fromtimestamp(moment, setup.zone).replace(tzinfo=None, second=0, microsecond=0, fold=0)


def _notes(setup: Setup, live: Live, at_home: AtHome) -> tuple[str, ...]:
    notes = [live.sun.note] if live.sun is not None and live.sun.note else []
    if not live.is_measured:
        notes.append(f"The car does not tell its charge; {live.stored_kwh:.0f} kWh are taken to be in it.")
    if at_home.load_is_made:
        notes.append("The household's load is made up until fifteen days of its meter are in the log.")
    if at_home.home.sessions:
        most = int(at_home.home.energy_kwh.argmax())
        begun = moment_of(float(at_home.home.plug_in[most]))
        notes += battery_doubt(setup, begun, float(at_home.home.energy_kwh[most]))
    return tuple(notes)
