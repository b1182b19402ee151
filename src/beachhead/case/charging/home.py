"""Charging of one home: what it recorded, read and learnt once; the plan for now and the hours as they would go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ValidationError

from beachhead.charging.connection import Connection
from beachhead.charging.driver import Kind, made_driver, made_load
from beachhead.charging.habit import LEAST_TO_LEARN, Pool, learn_pool
from beachhead.charging.keep import UnderWay
from beachhead.charging.now import LEAST_GAIN_EUR, NowPlan, plan_now
from beachhead.charging.peak import days_looked_at, laid, laid_halves, month_of
from beachhead.charging.published import DAYS_LEARNT, PUBLISHED_AT
from beachhead.charging.record import Home, Load, Prices, day_hour, hour_day, read_homes, read_loads, read_prices
from beachhead.charging.situation import Situation
from beachhead.charging.stochastic import HORIZON
from beachhead.charging.tariff import Tariff, tariff_of
from beachhead.world.errors import BadInput

DRIVERS = 8


def charging_homes(sessions: Path | None, chargers: Path | None, *, first_day: date, seed: int = 0) -> tuple[Home, ...]:
    """Homes on record, or made-up drivers of four kinds where no file is given."""
    if sessions is not None:
        return read_homes(sessions, chargers)
    return _made_up_homes(first_day, seed)


@lru_cache(maxsize=8)
def _made_up_homes(first_day: date, seed: int) -> tuple[Home, ...]:
    """The same for every question of a year, so they are made once."""
    first = day_hour(first_day)
    return tuple(made_driver(kind, seed + number, first, 364) for kind in Kind for number in range(DRIVERS))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AtHome:
    """What a live plan of one home rests on, read and learnt once.

    Attributes:
        home: its sessions.
        pool: the prior, from the other homes.
        pool_is_made: True if there are no others with enough sessions, and made-up drivers stand in for them.
        table: spot prices.
        price: (H,) EUR/kWh under the market's tariff, hour by hour as in `table`.
        load: the household's load; made up where the tariff charges for the peak and none is given.
        load_is_made: True if it is made up.
        peak_eur_per_kw: charge for each kW of a month's highest hour, EUR.
    """

    home: Home
    pool: Pool
    table: Prices
    price: np.ndarray
    load: Load | None = None
    load_is_made: bool = False
    peak_eur_per_kw: float = 0.0
    pool_is_made: bool = False


def charging_home(
    prices: Path,
    *,
    market: str,
    home: str,
    year: int,
    sessions: Path | None,
    chargers: Path | None,
    loads: Path | None = None,
    household: str | None = None,
    seed: int = 0,
) -> AtHome:
    """Read prices, sessions and the household's load, and learn the prior; without sessions, made-up drivers.

    Raises:
        BadInput: if the home, the household or the market is not there.
    """
    table, tariff = read_prices(prices), tariff_of(market)
    homes = charging_homes(sessions, chargers, first_day=first_monday(year), seed=seed)
    mine = home_of(homes, home)
    pool, is_made = pool_beside(homes, (home,), year=year, seed=seed)
    at_home = ready(mine, pool, table, tariff, _load_of(loads, household), year=year, seed=seed)
    return replace(at_home, pool_is_made=is_made)


def pool_beside(homes: Sequence[Home], names: Sequence[str], *, year: int, seed: int = 0) -> tuple[Pool, bool]:
    """The prior that all homes but these give, and whether made-up drivers give it: where there are no others.

    The table of one's own car, as `beachhead home` writes it, holds no others.
    """
    others = tuple(one for one in homes if one.name not in names)
    if any(one.sessions >= LEAST_TO_LEARN for one in others):
        return _learnt_once(others), False
    return made_up_pool(first_monday(year), seed), True


def made_up_pool(first_day: date, seed: int = 0) -> Pool:
    """The prior that made-up drivers give."""
    return _learnt_once(charging_homes(None, None, first_day=first_day, seed=seed))


@lru_cache(maxsize=8)
def _learnt_once(homes: tuple[Home, ...]) -> Pool:
    """`learn_pool` of these very homes: made-up ones are asked for again with every question."""
    return learn_pool(homes)


def home_of(homes: Sequence[Home], name: str, what: str = "home") -> Home:
    """The home of that name; BadInput if there is none, calling it `what`."""
    mine = next((one for one in homes if one.name == name), None)
    if mine is None and not homes:
        raise BadInput(f"no {what} {name!r} on record", "give sessions of it too")
    if mine is None:
        some = ", ".join(one.name for one in homes[:8])
        raise BadInput(f"no {what} {name!r} on record", f"name one of {some}{' ...' if len(homes) > 8 else ''}")
    return mine


def ready(
    mine: Home, pool: Pool, table: Prices, tariff: Tariff, load: Load | None, *, year: int, seed: int = 0
) -> AtHome:
    """The home with its prices; where the tariff charges for the monthly peak and no load is told, a made-up one."""
    made = load is None and tariff.peak_eur_per_kw > 0
    return AtHome(
        home=mine,
        pool=pool,
        table=table,
        price=tariff.spot(table.zone(tariff.zone)),
        load=made_load(seed, day_hour(first_monday(year))) if made else load,
        load_is_made=made,
        peak_eur_per_kw=tariff.peak_eur_per_kw / 12,
    )


def _load_of(path: Path | None, household: str | None) -> Load | None:
    if path is None:
        return None
    loads = read_loads(path)
    found = next((load for load in loads if household in (None, load.name)), None)
    if found is None:
        some = ", ".join(load.name for load in loads[:8])
        raise BadInput(f"no household {household!r} in {path.name}", f"name one of {some}{' ...' * (len(loads) > 8)}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AtCharger:
    """A car at its charger, as its driver or a server tells of it; times are those of the clock at home.

    Attributes:
        plugged_in: when it was plugged in.
        now: the moment planned for; default plug-in.
        stored_kwh: in the battery now; default 60 %.
        needed_kwh: what the battery lacked at plug-in; default what it lacks now.
        trip_kwh: what the trip before took, if that is known.
        leaves: departure, if the driver tells.
        charging: whether it charges now.
    """

    plugged_in: datetime
    now: datetime | None = None
    stored_kwh: float | None = None
    needed_kwh: float | None = None
    trip_kwh: float | None = None
    leaves: datetime | None = None
    charging: bool = False

    @property
    def moment(self) -> datetime:
        """What is planned for."""
        return self.now or self.plugged_in


def charging_plan(
    at_home: AtHome,
    car: AtCharger,
    *,
    least_gain_eur: float = LEAST_GAIN_EUR,
    peak_so_far_kw: float | None = None,
    fuse_kw: float = float("inf"),
    under_way: UnderWay | None = None,
) -> NowPlan:
    """The plan of a car plugged in at a moment of the price file; earlier sessions of its home teach its habits.

    Where the tariff charges for the monthly peak, `peak_so_far_kw` is what the meter shows for this month; without it
    the highest hour of the household alone. `under_way` is the plan made before in this session: it is changed only for
    more than `least_gain_eur`.

    Raises:
        BadInput: if the prices around the moment are not there.
    """
    situation = situation_of(at_home, car, peak_so_far_kw=peak_so_far_kw, fuse_kw=fuse_kw, under_way=under_way)
    return plan_now(situation, at_home.pool, least_gain_eur=least_gain_eur, under_way=under_way)


def situation_of(
    at_home: AtHome,
    car: AtCharger,
    *,
    peak_so_far_kw: float | None = None,
    fuse_kw: float = float("inf"),
    under_way: UnderWay | None = None,
) -> Situation:
    """The car at its charger with what is known then: prices published, the household's load until now."""
    mine, moment = at_home.home, _minute(car.moment)
    stored = 0.6 * mine.battery_kwh if car.stored_kwh is None else car.stored_kwh
    earlier, price, published = _prices_around(at_home.price, at_home.table, moment // 60)
    return Situation(
        home=mine,
        plugged_in=_minute(car.plugged_in),
        now=moment,
        stored_kwh=stored,
        needed_kwh=mine.battery_kwh - stored if car.needed_kwh is None else car.needed_kwh,
        price=price,
        published=published,
        earlier=earlier,
        trip_kwh=car.trip_kwh,
        leaves=None if car.leaves is None else _minute(car.leaves),
        charging=car.charging,
        drawn_kwh=None if under_way is None else _drawn_in_hour(under_way, moment),
        connection=_connection(at_home, moment, peak_so_far_kw, fuse_kw),
    )


def _connection(at_home: AtHome, moment: int, peak_so_far_kw: float | None, fuse_kw: float) -> Connection | None:
    """The home's connection as its meter shows it at a minute since 1970; None where nothing is metered."""
    if at_home.load is None:
        if at_home.peak_eur_per_kw > 0 or fuse_kw != float("inf"):
            raise BadInput("a peak or a fuse to keep to, but no household load", "give six weeks of hourly load")
        return None
    load, half = _past_load(at_home.load, moment // 60)
    return Connection(
        load_kw=load,
        half_kwh=None if half is None else half[:-1],
        half_now_kwh=float(half[-1]) if half is not None and moment % 60 >= 30 else None,
        fuse_kw=fuse_kw,
        peak_eur_per_kw=at_home.peak_eur_per_kw,
        peak_so_far_kw=_peak_of_month(load, moment // 60) if peak_so_far_kw is None else peak_so_far_kw,
    )


def _drawn_in_hour(under_way: UnderWay, moment: int) -> float | None:
    """What the plan under way has drawn in the hour at hand, kWh; None where it does not say."""
    at = moment // 60 - under_way.first_hour
    return under_way.draw_kwh[at] * (moment % 60) / 60 if 0 <= at < len(under_way.draw_kwh) else None


class _UnderWayRead(BaseModel):
    """The part `under_way` of a plan as JSON."""

    plugged_in: int
    leaves: int | None = None
    first_hour: int
    draw_kwh: list[float]
    level_kwh: list[float]
    starts: int
    most_starts: int


class _PlanRead(BaseModel):
    under_way: _UnderWayRead


def read_under_way(path: Path) -> UnderWay:
    """The plan under way from a file that `charge plan --json` wrote.

    Raises:
        BadInput: if the file is not such a plan.
    """
    cure = "give the output of an earlier `beachhead charge plan --json` of this session"
    try:
        read = _PlanRead.model_validate_json(path.read_bytes()).under_way
    except OSError as error:
        raise BadInput(f"no file {path}", cure) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BadInput(f"{path.name} is no plan: {where}: {first['msg']}", cure) from error
    return UnderWay(
        plugged_in=read.plugged_in,
        leaves=read.leaves,
        first_hour=read.first_hour,
        draw_kwh=tuple(read.draw_kwh),
        level_kwh=tuple(read.level_kwh),
        starts=read.starts,
        most_starts=read.most_starts,
    )


def charging_hours(
    at_home: AtHome,
    *,
    plugged_in: datetime,
    hours: int,
    stored_kwh: float | None = None,
    leaves: datetime | None = None,
) -> list[tuple[datetime, NowPlan]]:
    """The decisions of a session hour by hour from plug-in, planned anew each hour with what is known then.

    Ends at `leaves` where the driver told it.
    """
    found: list[tuple[datetime, NowPlan]] = []
    stored = 0.6 * at_home.home.battery_kwh if stored_kwh is None else stored_kwh
    needed, on = at_home.home.battery_kwh - stored, False
    peak: float | None = None
    for step in range(hours):
        at = plugged_in + timedelta(hours=step)
        at = at.replace(minute=0) if step else at
        if leaves is not None and at >= leaves:
            break
        car = AtCharger(plugged_in=plugged_in, now=at, stored_kwh=stored, needed_kwh=needed, leaves=leaves, charging=on)
        under_way = found[-1][1].under_way if found else None
        plan = charging_plan(at_home, car, peak_so_far_kw=peak, under_way=under_way)
        peak = _peak_after(at_home, at, plan)
        found.append((at, plan))
        stored, on = min(float(plan.stored_kwh[1]), at_home.home.battery_kwh), bool(plan.draw_kwh[0] > 1e-6)
    return found


def _past_load(load: Load, hour: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Hourly load before `hour`, and what fell in the first half of each and of that hour, if the meter tells it."""
    since = hour - 24 * days_looked_at(load)
    half = laid_halves(load, since, hour + 1)
    return laid(load, since, hour), half if half.size else None


def _peak_of_month(load: np.ndarray, hour: int) -> float:
    """Highest hour of this month before `hour`, kW; `load` ends there."""
    months = month_of(np.arange(hour - load.size, hour + 1))
    return float(load[months[:-1] == months[-1]].max(initial=0.0))


def _peak_after(at_home: AtHome, at: datetime, plan: NowPlan) -> float | None:
    """The month's peak once the hour at hand is over; None where nothing is metered or a month begins."""
    hour = _minute(at) // 60
    if at_home.load is None or month_of(np.array([hour]))[0] != month_of(np.array([hour + 1]))[0]:
        return None
    return max(plan.peak_so_far_kw, float(laid(at_home.load, hour, hour + 1)[0] + plan.draw_kwh[0]))


def _prices_around(price: np.ndarray, table: Prices, hour: int) -> tuple[np.ndarray, np.ndarray, int]:
    """The weeks before the week before an hour, that week with what is published, and how much of it: until midnight.

    From 13:00 on, until the next midnight. Of the weeks before, as many days as are on record without a gap.
    """
    at, clock = hour - table.first_hour, hour % 24
    published = 24 - clock + (24 if clock >= PUBLISHED_AT else 0)
    part = price[max(at - 168, 0) : at + published]
    if at < 168 or at >= price.size or not np.isfinite(part).all():
        day, begins, ends = hour_day(hour), hour_day(table.first_hour), table.last_day
        cure = "give older prices" if at < 168 else "give newer prices" if at >= price.size else "fill the gap"
        raise BadInput(
            f"the week of prices before {day} and that day itself are not whole; the file holds {begins} to {ends}",
            cure,
        )
    room = np.full(168 + HORIZON, np.nan)
    room[: part.size] = part
    earlier = price[max(at - 24 * DAYS_LEARNT, 0) : at - 168]
    gaps = np.flatnonzero(~np.isfinite(earlier))
    return earlier[gaps[-1] + 1 if gaps.size else 0 :], room, min(published, part.size - 168)


def first_monday(year: int) -> date:
    """The day from which made-up drivers and loads of a year count."""
    return next(day for day in (date(year, 1, number) for number in range(1, 8)) if day.weekday() == 0)


def _minute(moment: datetime) -> int:
    return 60 * day_hour(moment.date()) + 60 * moment.hour + moment.minute
