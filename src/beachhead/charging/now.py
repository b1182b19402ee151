"""The plan of the session at hand, its reason in plain figures, and when a changed plan is worth adopting.

What an alternative would cost is the difference of two expected costs of the same stochastic programme, one of them
charging, the other not charging, in the hour at hand. Decisions count energy that lacks for a trip with caution, as the
simulated year does (`year.counted_shortage`); what is said in euros counts it at its price.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.habit import (
    LAST_HAZARD,
    Habits,
    Pool,
    departure_interval,
    departure_quantile,
    learn_habits,
    minutes_to_leave,
    sure_at,
    sure_until,
)
from beachhead.charging.hour import Household, Stakes, halves_like, loads_like, worth_drawing
from beachhead.charging.keep import (
    ON_KWH,
    Chances,
    Change,
    Choice,
    UnderWay,
    adopt,
    best_starts,
    starts_ahead,
    starts_before,
    tidied,
)
from beachhead.charging.meter import load_ahead
from beachhead.charging.peak import (
    DAYS_BACK,
    Month,
    best_cap,
    busy_load,
    daily_peaks,
    month_of,
    planned_load,
    room_under,
    stays_below,
)
from beachhead.charging.published import price_ahead
from beachhead.charging.record import Home
from beachhead.charging.stochastic import (
    HORIZON,
    BaseStock,
    CarTerms,
    HoursAhead,
    Sun,
    empty_worth,
    hazards_of,
    plan_levels,
    to_come,
)
from beachhead.charging.year import SHORTAGE, counted_shortage
from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_GAIN_EUR = 0.02
"""A running decision is kept unless changing it is worth more than this."""
_BEYOND_HABIT = 1e-9
"""Where a car was less sure to be still there and is, its habits say nothing more: it leaves in any hour alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Situation:
    """A car at its charger.

    Attributes:
        home: its sessions before this one; battery and charger.
        plugged_in: minute of plug-in, since 1970 local.
        now: minute at hand, not before it.
        stored_kwh: energy in the battery now.
        needed_kwh: energy the battery lacked at plug-in.
        trip_kwh: what the trip before took of it; None if nobody knows: then all that it lacked. Habits are learnt by
            what trips took: a battery that was not filled the last time lacks more, and says nothing by it.
        price: (7 x 24 + 96,) EUR/kWh: the week before the hour at hand, then that hour and what is published after it.
        published: hours known from the hour at hand on.
        earlier: (P,) EUR/kWh of the hours before those in `price`: seven weeks of them tell what to expect later.
        leaves: minute it leaves, if the driver has told; None if nothing is typed.
        charging: whether it charges now.
        load_kw: (P,) hourly mean load of the household before the hour at hand, 42 days or more, of which the newest 84
            are looked at; None if it is not metered.
        half_kwh: (P,) of it what fell in the first half of each hour, kWh; None if the meter tells whole hours.
        half_now_kwh: what the household took in the first half of the hour at hand; None before it is over.
        drawn_kwh: what the car has drawn in the hour at hand; None (not told): as fast as it will in the rest.
        peak_eur_per_kw: charge for each kW of this month's highest hour, EUR; 0 where there is none.
        peak_so_far_kw: highest hour of this month so far, car included.
        fuse_kw: most the home may draw; the car gets what the household has left free in the past six weeks.
        sun_kwh: (T,) what the roof is expected to give in the hour at hand and each after it; None without a roof. What
            the household takes by itself (the mean of like hours of `load_kw`) is not for the car.
        sell_eur_per_kwh: paid for a kWh fed in, EUR.
        least_kw: least that the charger draws while it charges, kW; 0: it follows the sun however faint.
    """

    home: Home
    plugged_in: int
    now: int
    stored_kwh: float
    needed_kwh: float
    price: Floats
    published: int
    earlier: Floats = field(default_factory=lambda: np.empty(0))
    trip_kwh: float | None = None
    leaves: int | None = None
    charging: bool = False
    load_kw: Floats | None = None
    half_kwh: Floats | None = None
    half_now_kwh: float | None = None
    drawn_kwh: float | None = None
    peak_eur_per_kw: float = 0.0
    peak_so_far_kw: float = 0.0
    fuse_kw: float = float("inf")
    sun_kwh: Floats | None = None
    sell_eur_per_kwh: float = 0.0
    least_kw: float = 0.0

    def __post_init__(self) -> None:
        if (self.peak_eur_per_kw > 0 or self.fuse_kw < np.inf) and self.load_kw is None:
            raise BadInput("a peak or a fuse to keep to, but no household load", "give six weeks of hourly load")
        if self.load_kw is not None and self.load_kw.size < 24 * DAYS_BACK:
            raise BadInput(f"{self.load_kw.size} hours of household load", f"give the {24 * DAYS_BACK} before the hour")
        if self.half_kwh is not None and (self.load_kw is None or self.half_kwh.shape != self.load_kw.shape):
            raise BadInput("first halves of other hours than the household's load", "give one for each hour of it")
        if self.half_now_kwh is not None and (self.half_kwh is None or self.now % 60 < 30):
            raise BadInput("a half hour that is not over, or without those before it", "give it from half past on")
        if not self.fuse_kw > 0 or self.peak_so_far_kw < 0 or self.peak_eur_per_kw < 0:
            raise BadInput("a fuse of nothing, or a peak below 0", "state the fuse and the peak so far in kW")
        if self.sun_kwh is not None and (self.sun_kwh.shape != (HORIZON,) or not (self.sun_kwh >= 0).all()):
            cure = f"give {HORIZON} hours, kWh, 0 or more"
            raise BadInput("the sun of the coming hours is not known or below 0", cure)
        if not (np.isfinite(self.sell_eur_per_kwh) and 0 <= self.least_kw < np.inf):
            raise BadInput("no price of what is fed in, or a charger below 0 kW", "state EUR/kWh, and kW")
        if self.price.size < 168 + 1 or self.published < 1:
            raise BadInput("no week of prices before the hour at hand", "give prices from a week before until today")
        if not 0 <= self.stored_kwh <= self.home.battery_kwh:
            held = f"{self.home.battery_kwh:.0f} kWh"
            raise BadInput(f"{self.stored_kwh:g} kWh stored in a battery of {held}", f"state 0 to {held}")
        if self.trip_kwh is not None and not 0 <= self.trip_kwh <= self.home.battery_kwh:
            held = f"{self.home.battery_kwh:.0f} kWh"
            raise BadInput(f"a trip of {self.trip_kwh:g} kWh on a battery of {held}", f"state 0 to {held}")
        if self.now < self.plugged_in:
            at, moment = _said(self.plugged_in), _said(self.now)
            raise BadInput(f"the car is plugged in at {at}, later than the moment planned for, {moment}", "mend one")
        if self.leaves is not None and self.leaves <= self.now:
            gone, moment = _said(self.leaves), _said(self.now)
            raise BadInput(f"the departure told, {gone}, is over at {moment}", "tell a later one, or none")


def _said(minute: int) -> str:
    return f"{datetime(1970, 1, 1) + timedelta(minutes=minute):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NowPlan:
    """What to do, hour by hour, as long as the car is there; hour 0 is the one at hand.

    Attributes:
        first_hour: hour since 1970 local.
        price: (T,) EUR/kWh, published or expected.
        published: number of hours that are published.
        level_kwh: (T,) charge up to this in each hour.
        draw_kwh: (T,) what that draws if the car stays.
        stored_kwh: (T + 1,) stored if it stays.
        there: (T + 1,) probability that the car is still there at the beginning of each hour.
        leaves: (low, median, high) departure, minutes since 1970: 90 % interval; all the same if it was told.
        next_trip_kwh: (half, nine in ten) quantiles of the next trip.
        charge_now: the decision for the hour at hand.
        other_costs_eur: what the other decision would cost more in expectation; below 0 if the decision is kept
            although changing it is worth a little, or taken out of caution.
        counted_other_eur: the same as the decision counts it: energy that lacks for a trip at more than its price.
        wanted: what the programme would have decided without the wish to keep on.
        cap_kw: what household and car are kept under for the rest of the month; None without a charge on the peak.
        peak_so_far_kw: highest hour of the month so far.
        peak_eur_per_kw: charge for each kW of it.
        plugged_in: minute of plug-in.
        battery_kwh: what the battery holds at most.
        change: how it follows from the plan before, and what changing is worth.
        starts: how often the charger has started in this session, the hour at hand included.
        most_starts: how often it may: once more than the best plan of the session, as far as it is known.
        sun_kwh: (T,) what the roof is expected to leave for the car in each hour, the household served.
        by_sun_kwh: (T,) of what is drawn in each hour, what the roof gives; less where the charger cannot go so low.
        sell_eur_per_kwh: paid for a kWh fed in, EUR.
    """

    first_hour: int
    price: Floats
    published: int
    level_kwh: Floats
    draw_kwh: Floats
    stored_kwh: Floats
    there: Floats
    leaves: tuple[float, float, float]
    next_trip_kwh: tuple[float, float]
    charge_now: bool
    other_costs_eur: float
    counted_other_eur: float
    wanted: bool
    cap_kw: float | None = None
    peak_so_far_kw: float = 0.0
    peak_eur_per_kw: float = 0.0
    plugged_in: int
    battery_kwh: float
    change: Change
    starts: int
    most_starts: int
    sun_kwh: Floats
    by_sun_kwh: Floats
    sell_eur_per_kwh: float = 0.0

    @property
    def under_way(self) -> UnderWay:
        """What the next plan of this session needs to know of this one."""
        low, told, high = self.leaves
        return UnderWay(
            plugged_in=self.plugged_in,
            leaves=int(told) if low == high else None,
            first_hour=self.first_hour,
            draw_kwh=tuple(self.draw_kwh.tolist()),
            level_kwh=tuple(self.level_kwh.tolist()),
            starts=self.starts,
            most_starts=self.most_starts,
        )

    @property
    def cautious(self) -> bool:
        """True if the other way would cost less on average, and is not taken because more would lack for trips."""
        return self.other_costs_eur < 0 <= self.counted_other_eur

    @property
    def kept(self) -> bool:
        """True if a running decision was kept because changing it is worth too little."""
        return self.charge_now != self.wanted


def plan_now(
    situation: Situation, pool: Pool, *, least_gain_eur: float = LEAST_GAIN_EUR, under_way: UnderWay | None = None
) -> NowPlan:
    """The plan from the hour at hand on, learnt from the home's sessions so far and the pooled prior.

    With `under_way`, the plan made before in this session, another one is adopted only if it is worth more than
    `least_gain_eur`, and only if the charger starts at most once more than under the best plan (`keep`).
    """
    known = learnt_now(situation, pool)
    chances, levels = known.chances, known.levels
    on, off = _charging_or_not(chances, levels)
    gain, euros = chances.cost(off) - chances.cost(on), chances.euros(off) - chances.euros(on)
    step = _step(situation, chances, levels, gain, least_gain_eur, under_way)
    draw, charge = step.draw, bool(step.draw[0] > ON_KWH)
    stored = np.concatenate(([0.0], np.cumsum(draw))) + situation.stored_kwh
    return NowPlan(
        first_hour=chances.first_hour,
        price=chances.price,
        published=situation.published,
        level_kwh=step.levels,
        draw_kwh=draw,
        stored_kwh=stored,
        there=known.there,
        leaves=known.leaves,
        next_trip_kwh=known.next_trip_kwh,
        charge_now=charge,
        other_costs_eur=euros if charge else -euros,
        counted_other_eur=gain if charge else -gain,
        wanted=step.wanted,
        cap_kw=known.cap_kw,
        peak_so_far_kw=situation.peak_so_far_kw,
        peak_eur_per_kw=situation.peak_eur_per_kw,
        plugged_in=situation.plugged_in,
        battery_kwh=situation.home.battery_kwh,
        change=step.change,
        starts=step.starts,
        most_starts=step.most_starts,
        sun_kwh=known.sun_kwh,
        by_sun_kwh=np.minimum(draw, chances.sun_kwh) * known.sun_share,
        sell_eur_per_kwh=situation.sell_eur_per_kwh,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownNow:
    """What is learnt and expected of a car at its charger.

    Attributes:
        chances: prices, room, chances to leave and what leaving costs: what a path is judged by.
        levels: (T,) what the stochastic programme charges up to in each hour.
        onward: (S,) cost to go after the hour at hand by energy stored, as decisions count it.
        leaves: (low, median, high) departure, minutes since 1970: 90 % interval; all the same if it was told.
        there: (T + 1,) probability that the car is still there at the beginning of each hour.
        next_trip_kwh: (half, nine in ten) quantiles of the next trip.
        cap_kw: what household and car are kept under for the rest of the month; None without a charge on the peak.
        published: number of hours whose price is published.
        sun_kwh: (T,) what the roof is expected to leave for the car, in the rest of the hour at hand and each after it.
        sun_share: (T,) part of the first kWh drawn in each hour (`chances.sun_kwh`) that comes from the roof.
    """

    chances: Chances
    levels: Floats
    onward: Floats
    leaves: tuple[float, float, float]
    there: Floats
    next_trip_kwh: tuple[float, float]
    cap_kw: float | None
    published: int
    sun_kwh: Floats
    sun_share: Floats


def learnt_now(situation: Situation, pool: Pool, *, peak_costs: bool | None = None) -> KnownNow:
    """Learn from the home's sessions so far and the pooled prior, and run the stochastic programme of its session.

    `peak_costs` tells of a charge on the month's peak that another programme weighs; None: as the situation says.
    """
    home, session = _with_this_session(situation)
    habits = learn_habits(home, pool, since=session)
    hour, ahead = situation.now // 60, _hours_ahead(situation, habits.depart[session])
    cap, room = _allowed(situation, habits, session, ahead)
    peak = situation.peak_eur_per_kw > 0 if peak_costs is None else peak_costs
    counted = counted_shortage(told=situation.leaves is not None, peak=peak)
    surplus = _surplus(situation)
    cheap, share = _cheap(situation, surplus, ahead.price)
    sun = Sun(kwh=cheap, eur=ahead.price + (situation.sell_eur_per_kwh - ahead.price) * share)
    solved = _solved(situation, habits, session, ahead, room, sun, counted)
    plain = solved if counted == SHORTAGE else _solved(situation, habits, session, ahead, room, sun, SHORTAGE)
    told = situation.leaves
    leaves = (told, told, told) if told is not None else _interval(habits, session, situation)
    stays = _stays(situation)
    chances = Chances(
        first_hour=hour,
        price=ahead.price,
        room_kwh=room * stays,
        hazard=ahead.hazard,
        part=ahead.part,
        gone_eur=solved.gone,
        plain_eur=plain.gone,
        battery_kwh=situation.home.battery_kwh,
        stored_kwh=situation.stored_kwh,
        sun_kwh=sun.kwh * stays,
        sun_eur=sun.eur,
        upto_kwh=solved.sun,
    )
    return KnownNow(
        chances=chances,
        levels=solved.grid,
        onward=solved.onward[0],
        leaves=leaves,
        there=_still_there(habits, session, situation, 60 * (hour + np.arange(HORIZON + 1))),
        next_trip_kwh=_next_trip(habits, session, leaves[1]),
        cap_kw=cap,
        published=situation.published,
        sun_kwh=surplus * stays,
        sun_share=share,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Step:
    draw: Floats
    wanted: bool
    levels: Floats
    change: Change
    starts: int
    most_starts: int


def _stays(situation: Situation) -> Floats:
    """(T,) the part of each hour that is left for charging: of the hour at hand, and of that it is told to leave in."""
    hour, begun = situation.now // 60, situation.now % 60 / 60
    stays = np.ones(HORIZON)
    if situation.leaves is not None:
        stays = np.clip(situation.leaves / 60 - hour - np.arange(HORIZON), 0.0, 1.0)
    stays[0] -= begun
    return stays


def _surplus(situation: Situation) -> Floats:
    """(T,) what the roof is expected to leave for the car in each whole hour, kWh."""
    if situation.sun_kwh is None:
        return np.zeros(HORIZON)
    if situation.load_kw is None:
        return situation.sun_kwh
    ahead = load_ahead(situation.load_kw[-24 * DAYS_BACK :], situation.now // 60, HORIZON)
    return np.maximum(situation.sun_kwh - ahead.mean, 0.0)


def _cheap(situation: Situation, surplus: Floats, price: Floats) -> tuple[Floats, Floats]:
    """(T,) kWh of each hour that the sun makes cheaper, and (T,) the part of them that comes from the roof.

    A charger that follows the sun pays what feeding in would have paid. One that cannot go so low draws its least, part
    of it from the grid. Where feeding in pays more than the grid asks, a car that charges does so at full power.
    """
    power = situation.home.power_kw
    least = np.where(price < situation.sell_eur_per_kwh, power, min(max(situation.least_kw, 1e-3), power))
    return np.where(surplus > 0, np.maximum(surplus, least), 0.0), np.minimum(surplus / least, 1.0)


def _step(
    situation: Situation, chances: Chances, levels: Floats, gain: float, least: float, under_way: UnderWay | None
) -> _Step:
    """The path to follow: the programme's, less the restarts that are worth too little, or the one under way."""
    charging, programmed = situation.charging, chances.follow(levels, situation.stored_kwh)
    best = tidied(chances, programmed, charging=charging, least=least)
    wanted, before = bool(best[0] > ON_KWH), int(charging)
    if under_way is not None and under_way.plugged_in != situation.plugged_in:
        under_way = None
    most = 1 + max(_best_starts(situation, chances, programmed, levels), 1)
    if under_way is None:
        draw, change = best, Change(choice=Choice.FIRST)
        if wanted != charging and abs(gain) <= least:
            draw = _with_first(levels, chances, charging)
        most = max(most, before + starts_ahead(draw, charging))
    else:
        before = starts_before(under_way, chances.first_hour, charging=charging)
        most = max(most, under_way.most_starts)
        if under_way.leaves != situation.leaves:
            most = max(most, before + starts_ahead(best, charging))
        draw, change = adopt(chances, best, under_way, charging=charging, starts=before, most_starts=most, least=least)
    if chances.sun_kwh.any() or not np.array_equal(draw, programmed):  # up to what the path holds, and no further
        stored = np.concatenate(([0.0], np.cumsum(draw))) + situation.stored_kwh
        levels = np.where(draw > ON_KWH, stored[1:], np.minimum(levels, stored[:-1]))
    return _Step(
        draw=draw,
        wanted=wanted,
        levels=levels,
        change=change,
        starts=before + (not charging and bool(draw[0] > ON_KWH)),
        most_starts=most,
    )


def _best_starts(situation: Situation, chances: Chances, best: Floats, levels: Floats) -> int:
    """Starts of the best plan of the session, made at plug-in with what is known now; over a week at most."""
    home, plugged = situation.home, situation.plugged_in
    gone_by = min(chances.first_hour - plugged // 60, 168)
    most = np.full(gone_by, home.power_kw)
    if 0 < gone_by < 168:
        most[0] *= 1 - plugged % 60 / 60
    start = min(max(home.battery_kwh - situation.needed_kwh, 0.0), home.battery_kwh)
    return best_starts(chances, best, levels, situation.price[168 - gone_by : 168], most, start)


def _with_first(levels: Floats, chances: Chances, charges: bool) -> Floats:
    """The programme's path, but for the hour at hand, in which it charges or does not."""
    first = levels.copy()
    first[0] = chances.battery_kwh if charges else 0.0
    return chances.follow(first, chances.stored_kwh, waits=not charges)


def _with_this_session(situation: Situation) -> tuple[Home, int]:
    """The home with the open session as its last; its end is not known and not looked at."""
    home = situation.home
    before = home.plug_out <= situation.plugged_in
    took = situation.needed_kwh if situation.trip_kwh is None else situation.trip_kwh
    energy = max(took, 0.1)
    return Home(
        name=home.name,
        place=home.place,
        plug_in=np.append(home.plug_in[before], situation.plugged_in),
        plug_out=np.append(home.plug_out[before], situation.plugged_in + max(int(60 * energy / home.power_kw) + 1, 60)),
        energy_kwh=np.append(home.energy_kwh[before], energy),
        power_kw=home.power_kw,
        battery_kwh=home.battery_kwh,
    ), int(before.sum())


def _price(situation: Situation) -> Floats:
    """(T,) published prices, then those expected from them and from the weeks before."""
    published = min(situation.published, situation.price.size - 168)
    known = np.concatenate((situation.earlier, situation.price[: 168 + published]))
    ahead = price_ahead(known, situation.now // 60 + published)
    return np.concatenate((known[known.size - published :], ahead))[:HORIZON]


def _hours_ahead(situation: Situation, depart: Floats) -> HoursAhead:
    """What is known of the hours to come: prices, and how the session at hand may end."""
    hazard, part = np.zeros(HORIZON), np.full(HORIZON, -1.0)
    hour = situation.now // 60
    if situation.leaves is None:
        hazards_of(depart, hour - situation.plugged_in // 60, HORIZON, hazard)
    else:
        last = situation.leaves // 60
        hazard[max(last - hour, 0) :] = 1.0
        part[:] = 1.0
        if last - hour < HORIZON:
            part[last - hour] = situation.leaves % 60 / 60
    mean = float(situation.price[:168].mean())
    return HoursAhead(now=hour, price=_price(situation), mean_price=mean, hazard=hazard, part=part, trip=-1.0, away=1)


def _car(situation: Situation, shortage: float) -> CarTerms:
    home = situation.home
    return CarTerms(battery=float(home.battery_kwh), power=float(home.power_kw), shortage=shortage)


def _allowed(situation: Situation, habits: Habits, session: int, ahead: HoursAhead) -> tuple[float | None, Floats]:
    """The cap worth keeping to for the rest of the month, and (T,) what the charger may draw, kW."""
    home, now, load = situation.home, ahead.now, situation.load_kw
    room = np.full(HORIZON, home.power_kw)
    if load is None:
        return None, room
    room = np.clip(situation.fuse_kw - busy_load(load, load.size, now)[(now + np.arange(HORIZON)) % 24], 0.0, room)
    if situation.peak_eur_per_kw == 0:
        return None, room
    month = _month(situation, load)
    cap, levels = best_cap(
        float(month.days[-1]),
        month,
        _car(situation, counted_shortage(told=situation.leaves is not None, peak=True)),
        ahead,
        float(situation.stored_kwh),
        1 - situation.now % 60 / 60,
        to_come(habits, session),
        empty_worth(),
    )
    under = room_under(cap, month, now, home.power_kw)
    charge = situation.peak_eur_per_kw * stays_below(cap, month.days, max(month.left // 24, 1))
    stakes = Stakes(
        price=float(ahead.price[0]),
        onward=levels.onward[0],
        charge=float(charge),
        battery=float(home.battery_kwh),
        power=float(home.power_kw),
    )
    under[0] = _worth_in_hour(situation, float(cap), stakes)
    return float(cap), np.minimum(room, under)


def _month(situation: Situation, load: Floats) -> Month:
    """Where the month stands; its usual peak is the household's highest hour of late, or what is locked in."""
    now, locked = situation.now // 60, float(situation.peak_so_far_kw)
    months = month_of(now + np.arange(31 * 24 + 1))
    days = daily_peaks(load, load.size)
    return Month(
        locked=locked,
        left=int((months == months[0]).sum()),
        usual=max(float(days[-1]), locked),
        busy=planned_load(load, load.size, now),
        days=days,
        eur_per_kw=float(situation.peak_eur_per_kw),
    )


def _worth_in_hour(situation: Situation, cap: float, stakes: Stakes) -> float:
    """How fast it is worth charging in the hour at hand at most, kW: as in `peak`, by what the household may take."""
    begun = situation.now % 60 / 60
    seen, likely = _likely_in_hour(situation)
    if situation.drawn_kwh is None:  # as fast before as it will in the rest
        free, rest = cap - seen, 1.0
    else:
        free, rest = cap - seen - situation.drawn_kwh, 1 - begun
    return float(worth_drawing(free, situation.stored_kwh, stakes.power * rest, stakes, likely) / rest)


def load_in_hour(situation: Situation) -> float:
    """The most that the household is likely to take in the hour at hand, kWh: by like hours and by the half seen."""
    if situation.load_kw is None:
        return 0.0
    seen, likely = _likely_in_hour(situation)
    return seen + float(likely[-1])


def _likely_in_hour(situation: Situation) -> tuple[float, Floats]:
    """What the household took in the first half of the hour at hand if that is over, and what the rest may take."""
    load = situation.load_kw if situation.load_kw is not None else np.empty(0)
    half = np.empty(0) if situation.half_kwh is None else situation.half_kwh
    house = Household(load=load, half=half)
    if situation.half_now_kwh is None:
        return 0.0, loads_like(house, load.size)
    return situation.half_now_kwh, halves_like(house, load.size, situation.half_now_kwh)


def _solved(
    situation: Situation, habits: Habits, session: int, ahead: HoursAhead, room: Floats, sun: Sun, shortage: float
) -> BaseStock:
    """The programme of the session at hand; a kWh that lacks for a trip is counted at `shortage`."""
    return plan_levels(_car(situation, shortage), ahead, room, to_come(habits, session), sun, empty_worth())


def _charging_or_not(chances: Chances, levels: Floats) -> tuple[Floats, Floats]:
    """(T,) the paths that charge and do not charge in the hour at hand, and follow the programme after it.

    Charging means what the programme draws where it charges, else as much as the charger gives.
    """
    on, off = chances.follow(levels, chances.stored_kwh), _with_first(levels, chances, False)
    return on if on[0] > ON_KWH else _with_first(levels, chances, True), off


def _interval(habits: Habits, session: int, situation: Situation) -> tuple[float, float, float]:
    """Low, median, high of the departure, given that the car is still there."""
    gone = 1 - sure_until(habits, session, situation.plugged_in, situation.now)
    if 1 - gone <= _BEYOND_HABIT:
        low, middle, high = (situation.now + minutes_to_leave(level) for level in (0.05, 0.5, 0.95))
        return low, middle, high
    if situation.now == situation.plugged_in:
        low, high = departure_interval(habits, session, situation.plugged_in)
        return low, departure_quantile(habits, session, situation.plugged_in, 0.5), high
    low, middle, high = (
        departure_quantile(habits, session, situation.plugged_in, gone + (1 - gone) * level)
        for level in (0.05, 0.5, 0.95)
    )
    return low, middle, high


def _still_there(habits: Habits, session: int, situation: Situation, minutes: Ints) -> Floats:
    """(M,) probability that the car is still there at each minute, given that it is now."""
    if situation.leaves is not None:
        return np.asarray(minutes < situation.leaves, dtype=np.float64)
    later = np.maximum(minutes, situation.now).astype(np.float64)
    sure = sure_at(habits, session, situation.plugged_in, np.concatenate(([situation.now], later)))
    if sure[0] <= _BEYOND_HABIT:
        return np.asarray((1 - LAST_HAZARD) ** ((later - situation.now) / 60))
    return np.asarray(sure[1:] / sure[0])


def _next_trip(habits: Habits, session: int, leaves: float) -> tuple[float, float]:
    from_monday = int(leaves // 60 + 72) % 168
    kind = max(from_monday // 24 - 3, 0)
    quantiles = habits.trip_kwh[session, kind, from_monday % 24]
    return float(quantiles[8]), float(quantiles[15])
