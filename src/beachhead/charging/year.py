"""A year of one home under a policy: what each way of charging costs on the same sessions and prices.

The car arrives with what the trips before left in it; a session's recorded energy is what the trip before it took, so
charging on arrival repeats the record. Energy that lacks for a trip is bought on the way at `SHORTAGE`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.convex import BareTask, solve_convex
from beachhead.charging.habit import Habits
from beachhead.charging.lived import Lived, Told, drive, hours_ahead
from beachhead.charging.peak import Metered, month_aware, perfect_peak
from beachhead.charging.published import known_until, prices_ahead
from beachhead.charging.record import Home
from beachhead.charging.stochastic import HORIZON, CarTerms, empty_worth, no_sun, plan_levels, to_come
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
    lived = _lived(home, pieces, course)
    if policy is Policy.FORESIGHT:
        draw, missing = _foresight(home, lived, course.mean, metered)
    elif policy in (Policy.LEARNED, Policy.TAP):
        if habits is None:
            raise ValueError("the learned policies need the habits of the home")
        told = Told(departure=policy is Policy.TAP)
        if metered is None or metered.eur_per_kw == 0.0:
            draw, missing = _learned(lived, _car(home, counted_shortage(told=told.departure)), habits, told)
        else:
            car = _car(home, counted_shortage(told=told.departure, peak=True))
            draw, missing = month_aware(lived, car, habits, told, metered)
    else:
        draw, missing = _sorted(lived, _car(home, SHORTAGE), _windows(home, policy))
    return _year(home, pieces, course, draw, missing, metered), draw


def charge_told(home: Home, pieces: Pieces, course: Course, habits: Habits, told: Told) -> tuple[Year, Floats]:
    """What the home's sessions cost under the stochastic planner that is told more, and the energy drawn (P,).

    Told nothing it is LEARNED, told the departure TAP, but for the caution with which energy that lacks is counted:
    here it is counted at its price, so that the steps between what is told are steps of knowing alone.
    """
    draw, missing = _learned(_lived(home, pieces, course), _car(home, SHORTAGE), habits, told)
    return _year(home, pieces, course, draw, missing, None), draw


def _lived(home: Home, pieces: Pieces, course: Course) -> Lived:
    return Lived(
        price=course.price,
        ahead=course.ahead,
        at=course.index(pieces.hour),
        hour=pieces.hour,
        part=pieces.part,
        first=pieces.first,
        energy=pieces.energy,
        start=float(home.battery_kwh - pieces.energy[0]),
    )


def _car(home: Home, shortage: float) -> CarTerms:
    return CarTerms(battery=float(home.battery_kwh), power=float(home.power_kw), shortage=shortage)


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


def _foresight(home: Home, lived: Lived, mean: float, metered: Metered | None) -> tuple[Floats, Floats]:
    price = lived.price[lived.at]
    if metered is not None and metered.eur_per_kw > 0.0:
        return perfect_peak(metered, lived, _car(home, SHORTAGE), worth=mean)
    trips = np.zeros(price.size)
    trips[lived.first[1:-1]] = lived.energy[1:]
    task = BareTask(
        hours=1.0,
        buy=price,
        sell=price - 1.0,
        net=np.zeros(price.size),
        present=lived.part,
        trips=trips,
        battery=home.battery_kwh,
        power=home.power_kw,
        start=lived.start,
        shortage=SHORTAGE,
        values=np.array([mean]),
        widths=np.array([home.battery_kwh]),
    )
    draw, _, missing, _ = solve_convex(task)
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
def _sorted(lived: Lived, car: CarTerms, window: Ints) -> tuple[Floats, Floats]:
    """Sessions charged in the cheapest hours of a window planned at plug-in, then at once; no window: at once."""
    hour, part, first = lived.hour, lived.part, lived.first
    draw, missing = np.zeros(len(hour)), np.zeros(len(hour))
    stored = lived.start
    for k in range(len(first) - 1):
        if k > 0:
            stored = drive(stored, lived.energy[k], missing, first[k])
        opens, closes = window[k]
        begin = first[k]
        if closes > 0:
            span, at = closes - opens, lived.at[begin]
            room = np.full(span, car.power)
            room[0] = car.power * part[begin] if first[k + 1] - begin == 1 or part[begin] < 1.0 else car.power
            wanted, planned = car.battery - stored, np.zeros(span)
            for j in np.argsort(lived.price[at : at + span], kind="mergesort"):
                planned[j] = min(room[j], wanted)
                wanted -= planned[j]
        for i in range(begin, first[k + 1]):
            most = min(car.power * part[i], car.battery - stored)
            if closes > 0 and hour[i] < closes:
                most = min(most, planned[hour[i] - opens])
            elif closes < 0 and hour[i] < opens:
                most = 0.0
            draw[i] = most
            stored += most
    return draw, missing


@compiled
def _learned(lived: Lived, car: CarTerms, habits: Habits, told: Told) -> tuple[Floats, Floats]:
    """Sessions charged by the stochastic planner, planned anew at plug-in and when prices are published."""
    hour, part, first = lived.hour, lived.part, lived.first
    draw, missing = np.zeros(len(hour)), np.zeros(len(hour))
    worth, room, sun = empty_worth(), np.full(HORIZON, car.power), no_sun()
    stored = lived.start
    for k in range(len(first) - 1):
        if k > 0:
            stored = drive(stored, lived.energy[k], missing, first[k])
        i, end, learnt = first[k], first[k + 1], to_come(habits, k)
        while i < end:
            now = hour[i]
            _, again = known_until(now)
            levels = plan_levels(car, hours_ahead(lived, habits, k, i, told), room, learnt, sun, worth).grid
            while i < end and hour[i] < again:
                draw[i] = min(max(levels[hour[i] - now] - stored, 0.0), car.power * part[i])
                stored += draw[i]
                i += 1
    return draw, missing
