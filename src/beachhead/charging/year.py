"""A year of one home under a policy: what each way of charging costs on the same sessions and prices.

The car arrives with what the trips before left in it; a session's recorded energy is what the trip before it took, so
charging on arrival repeats the record. Energy that lacks for a trip is bought on the way at `SHORTAGE`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.convex import solve_convex
from beachhead.charging.habit import Habits
from beachhead.charging.peak import Metered, month_aware, perfect_peak
from beachhead.charging.published import forecast, known_until, prices_ahead
from beachhead.charging.record import Home
from beachhead.charging.stochastic import HORIZON, drive, empty_worth, expected_hazards, plan_levels
from beachhead.world.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SHORTAGE = 0.55
"""EUR/kWh of energy bought on the way: a usual price of fast charging in Europe, no contract (grade B, 2023)."""
CAUTION = 1.8
"""With nothing typed, the planner counts energy that lacks for a trip at so many times its price: an empty car is worse
than its bill. Costs about a point of saving and halves what is missing."""
PAST_HOURS = 56 * 24
"""Hours of prices before the first session that a policy may look back on."""
TIMER = 7
NIGHT = (23, 7)


class Policy(StrEnum):
    """How a car is charged.

    ARRIVAL at once; TIMER by a clock, from 23:00 to 07:00; SORTED into the cheapest hours before 07:00 (what chargers
    with a fixed goal do), and at once after it; LEARNED by the stochastic planner with nothing typed; TAP likewise,
    with the departure told at plug-in; TYPED into the cheapest hours before the told departure;
    FORESIGHT knows all prices, departures and trips of the year.
    """

    ARRIVAL = "on arrival"
    TIMER = "night timer"
    SORTED = "cheapest hours before 07:00"
    LEARNED = "learned, nothing typed"
    TAP = "learned, departure told"
    TYPED = "cheapest hours before the told departure"
    FORESIGHT = "perfect foresight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What a year under a policy came to.

    Attributes:
        paid_eur: electricity at home.
        missing_kwh: energy that lacked for trips.
        stored_kwh: left in the battery at the end.
        driven_kwh: energy of all sessions on record.
        battery_kwh: battery, to value what is left at the end.
        mean_price: mean price of the year, EUR/kWh, likewise.
        peak_eur: what the car adds to the charge on the monthly peak; 0 where there is none.
    """

    paid_eur: float
    missing_kwh: float
    stored_kwh: float
    driven_kwh: float
    battery_kwh: float
    mean_price: float
    peak_eur: float = 0.0

    @property
    def cost_eur(self) -> float:
        """Paid at home, on the way and for the peak, and refilling the battery at the end at the mean price."""
        refill = (self.battery_kwh - self.stored_kwh) * self.mean_price
        return self.paid_eur + SHORTAGE * self.missing_kwh + self.peak_eur + refill


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the stochastic planner is told beyond what it has learnt, to see what not knowing it costs.

    Attributes:
        departure: of each session, at plug-in.
        trip: energy of the next trip and hours away, at plug-in.
        prices: of all hours planned ahead, not of the published ones only.
    """

    departure: bool = False
    trip: bool = False
    prices: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """Prices of a year that sessions of any year are laid on, weekday on weekday.

    Attributes:
        price: (56 x 24 + H + ...) EUR/kWh: 56 days before, H hours of the year, and what follows the last day.
        anchor: hour since 1970 of a Monday 00:00, the first hour of the year.
        hours: H, whole weeks.
        ahead: (days + 1, 96) what is expected after each midnight from the prices before it, once for all homes.
    """

    price: Floats
    anchor: int
    hours: int
    ahead: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ahead", prices_ahead(self.price))

    def index(self, hour: Ints) -> Ints:
        """Position in `price` of hours since 1970, by their place in the year."""
        return PAST_HOURS + (hour - self.anchor) % self.hours

    @property
    def mean(self) -> float:
        """Mean price of the year, EUR/kWh."""
        return float(self.price[PAST_HOURS : PAST_HOURS + self.hours].mean())


def course_of(price: Floats, first_hour: int, anchor: int, weeks: int = 52) -> Course:
    """The course of `weeks` weeks from the Monday `anchor` on; `price` begins at `first_hour`, 56 days earlier."""
    hours, at = weeks * 168, anchor - first_hour
    part = price[at - PAST_HOURS : at + hours]
    if at < PAST_HOURS or part.size < PAST_HOURS + hours or not np.isfinite(part).all():
        raise ValueError("prices must cover 56 days before the year and the year, without gaps")
    return Course(price=np.concatenate((part, part[PAST_HOURS:][: 14 * 24])), anchor=anchor, hours=hours)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """The sessions of a home cut at full hours: P pieces of N sessions.

    Attributes:
        hour: (P,) hour since 1970.
        part: (P,) length, hours.
        first: (N + 1,) first piece of each session.
        energy: (N,) kWh of each session, at most what the charger gives in its time.
    """

    hour: Ints
    part: Floats
    first: Ints
    energy: Floats


def pieces_of(home: Home) -> Pieces:
    """Cut the sessions of a home at full hours."""
    hours, parts, first = [], [], [0]
    for begin, end in zip(home.plug_in, home.plug_out, strict=True):
        edges = np.unique(np.concatenate(([begin], np.arange((begin // 60 + 1) * 60, end, 60), [end])))
        hours.append(edges[:-1] // 60)
        parts.append(np.diff(edges) / 60)
        first.append(first[-1] + edges.size - 1)
    energy = np.minimum(home.energy_kwh, home.power_kw * (home.plug_out - home.plug_in) / 60)
    return Pieces(hour=np.concatenate(hours), part=np.concatenate(parts), first=np.array(first), energy=energy)


def charge_year(
    home: Home,
    pieces: Pieces,
    course: Course,
    policy: Policy,
    habits: Habits | None = None,
    metered: Metered | None = None,
) -> tuple[Year, Floats]:
    """What the home's sessions cost under a policy, and the energy drawn in each piece (P,).

    With `metered` the month's peak is charged too: the learned policies weigh it, foresight knows the household's load
    of every hour, the others do not look at it.
    """
    battery, power = home.battery_kwh, home.power_kw
    start, at = battery - pieces.energy[0], course.index(pieces.hour)
    price = course.price[at]
    if policy is Policy.FORESIGHT:
        draw, missing = _foresight(pieces, price, battery, power, start, course.mean, metered)
    elif policy in (Policy.LEARNED, Policy.TAP):
        if habits is None:
            raise ValueError("the learned policies need the habits of the home")
        record = (
            course.price,
            course.ahead,
            at,
            pieces.hour,
            pieces.part,
            pieces.first,
            pieces.energy,
            battery,
            power,
            start,
        )
        learnt = (habits.depart, habits.early, habits.later, habits.trip_kwh, habits.away_hours)
        told = policy is Policy.TAP
        if metered is None or metered.eur_per_kw == 0.0:
            draw, missing = _learned(*record, counted_shortage(told=told), told, False, False, *learnt)
        else:
            meter = (metered.load_kw, metered.half_kwh, metered.month, metered.first_hour, metered.eur_per_kw)
            draw, missing = month_aware(*record, counted_shortage(told=told, peak=True), told, *learnt, *meter)
    else:
        allowed = _windows(home, policy)
        draw, missing = _sorted(
            course.price, at, pieces.hour, pieces.part, pieces.first, pieces.energy, battery, power, start, allowed
        )
    return _year(home, pieces, course, draw, missing, metered), draw


def charge_told(home: Home, pieces: Pieces, course: Course, habits: Habits, told: Told) -> tuple[Year, Floats]:
    """What the home's sessions cost under the stochastic planner that is told more, and the energy drawn (P,).

    Told nothing it is LEARNED, told the departure TAP, but for the caution with which energy that lacks is counted:
    here it is counted at its price, so that the steps between what is told are steps of knowing alone.
    """
    draw, missing = _learned(
        course.price, course.ahead, course.index(pieces.hour), pieces.hour, pieces.part, pieces.first, pieces.energy,
        home.battery_kwh, home.power_kw, home.battery_kwh - pieces.energy[0], SHORTAGE,
        told.departure, told.trip, told.prices,
        habits.depart, habits.early, habits.later, habits.trip_kwh, habits.away_hours,
    )  # fmt: skip
    return _year(home, pieces, course, draw, missing, None), draw


def _year(home: Home, pieces: Pieces, course: Course, draw: Floats, missing: Floats, metered: Metered | None) -> Year:
    start = home.battery_kwh - float(pieces.energy[0])
    return Year(
        paid_eur=float(draw @ course.price[course.index(pieces.hour)]),
        missing_kwh=float(missing.sum()),
        stored_kwh=start + float(draw.sum()) - float(pieces.energy[1:].sum()) + float(missing.sum()),
        driven_kwh=float(pieces.energy.sum()),
        battery_kwh=home.battery_kwh,
        mean_price=course.mean,
        peak_eur=metered.added_eur(pieces.hour, draw) if metered is not None else 0.0,
    )


def counted_shortage(*, told: bool, peak: bool = False) -> float:
    """What the planner counts a kWh at that lacks for a trip, EUR; at its price where the month's peak costs."""
    return SHORTAGE if told or peak else CAUTION * SHORTAGE


def _foresight(
    pieces: Pieces, price: Floats, battery: float, power: float, start: float, mean: float, metered: Metered | None
) -> tuple[Floats, Floats]:
    if metered is not None and metered.eur_per_kw > 0.0:
        return perfect_peak(
            metered, pieces.hour, pieces.part, pieces.first, pieces.energy, price,
            battery=battery, power=power, start=start, shortage=SHORTAGE, worth=mean,
        )  # fmt: skip
    trips = np.zeros(price.size)
    trips[pieces.first[1:-1]] = pieces.energy[1:]
    draw, _, missing, _ = solve_convex(
        1.0, price, price - 1.0, np.zeros(price.size), pieces.part, trips, battery, power, 0.0, 1.0, 0.0, 1.0,
        start, np.inf, SHORTAGE, np.array([mean]), np.array([battery]),
    )  # fmt: skip
    return draw, missing


def _windows(home: Home, policy: Policy) -> Ints:
    """(N, 2) hours in which each session charges by price: from, and before; (0, 0) charges at once."""
    arrive, leave = home.plug_in // 60, (home.plug_out - 1) // 60 + 1
    if policy is Policy.TYPED:
        return np.column_stack((arrive, leave))
    goal = (arrive // 24) * 24 + TIMER
    goal = np.where(goal <= arrive, goal + 24, goal)
    if policy is Policy.SORTED:
        return np.column_stack((arrive, goal))
    if policy is Policy.TIMER:
        return np.column_stack((np.maximum(arrive, goal - 24 + NIGHT[0] - TIMER), np.full_like(goal, -1)))
    return np.zeros((arrive.size, 2), dtype=np.int64)


@compiled
def _sorted(price, at, hour, part, first, energy, battery, power, start, window):  # type: ignore[no-untyped-def]
    """Sessions charged in the cheapest hours of a window planned at plug-in, then at once; no window: at once."""
    draw, missing = np.zeros(len(hour)), np.zeros(len(hour))
    stored = start
    for k in range(len(first) - 1):
        if k > 0:
            stored = drive(stored, energy[k], missing, first[k])
        opens, closes = window[k]
        begin = first[k]
        if closes > 0:
            span = closes - opens
            room = np.full(span, power)
            room[0] = power * part[begin] if first[k + 1] - begin == 1 or part[begin] < 1.0 else power
            wanted, planned = battery - stored, np.zeros(span)
            for j in np.argsort(price[at[begin] : at[begin] + span], kind="mergesort"):
                planned[j] = min(room[j], wanted)
                wanted -= planned[j]
        for i in range(begin, first[k + 1]):
            most = min(power * part[i], battery - stored)
            if closes > 0 and hour[i] < closes:
                most = min(most, planned[hour[i] - opens])
            elif closes < 0 and hour[i] < opens:
                most = 0.0
            draw[i] = most
            stored += most
    return draw, missing


@compiled
def _learned(  # type: ignore[no-untyped-def]
    price, ahead, at, hour, part, first, energy, battery, power, start, shortage, told, trip_told, prices_told,
    depart, early, later, trip, away,
):  # fmt: skip
    """Sessions charged by the stochastic planner, planned anew at plug-in and when prices are published."""
    draw, missing = np.zeros(len(hour)), np.zeros(len(hour))
    worth, levels = empty_worth(), np.empty(HORIZON)
    expected, hazard, known = np.empty(HORIZON), np.empty(HORIZON), np.empty(HORIZON)
    room = np.full(HORIZON, power)
    stored = start
    for k in range(len(first) - 1):
        if k > 0:
            stored = drive(stored, energy[k], missing, first[k])
        i, end = first[k], first[k + 1]
        next_kwh, next_away = -1.0, 1
        if trip_told and k < len(first) - 2:
            next_kwh, next_away = energy[k + 1], max(hour[end] - hour[end - 1], 1)
        while i < end:
            now = hour[i]
            until, again = known_until(now)
            forecast(price, ahead, at[i], HORIZON if prices_told else until - now, expected)
            expected_hazards(told, now, hour[end - 1], part[end - 1], depart[k], now - hour[first[k]], hazard, known)
            mean = price[at[i] - 168 : at[i]].mean()
            plan_levels(
                now, expected, mean, battery, power, room, shortage, hazard, known, next_kwh, next_away,
                early[k], later[k], trip[k], away[k], worth, levels,
            )  # fmt: skip
            while i < end and hour[i] < again:
                draw[i] = min(max(levels[hour[i] - now] - stored, 0.0), power * part[i])
                stored += draw[i]
                i += 1
    return draw, missing
