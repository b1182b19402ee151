"""The plan of the session at hand, its reason in plain figures, and when a changed plan is worth adopting.

What an alternative would cost is the difference of two expected costs of the same stochastic programme, one of them
charging, the other not charging, in the hour at hand. Decisions count energy that lacks for a trip with caution, as the
simulated year does (`year.counted_shortage`); what is said in euros counts it at its price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.habit import Pool
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
from beachhead.charging.known import learnt_now
from beachhead.charging.situation import Situation

Floats = NDArray[np.float64]

LEAST_GAIN_EUR = 0.02
"""A running decision is kept unless changing it is worth more than this."""


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
    known, connection = learnt_now(situation, pool), situation.connection
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
        peak_so_far_kw=0.0 if connection is None else connection.peak_so_far_kw,
        peak_eur_per_kw=0.0 if connection is None else connection.peak_eur_per_kw,
        plugged_in=situation.plugged_in,
        battery_kwh=situation.home.battery_kwh,
        change=step.change,
        starts=step.starts,
        most_starts=step.most_starts,
        sun_kwh=known.sun_kwh,
        by_sun_kwh=np.minimum(draw, chances.sun_kwh) * known.sun_share,
        sell_eur_per_kwh=0.0 if situation.sun is None else situation.sun.sell_eur_per_kwh,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Step:
    draw: Floats
    wanted: bool
    levels: Floats
    change: Change
    starts: int
    most_starts: int


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


def _charging_or_not(chances: Chances, levels: Floats) -> tuple[Floats, Floats]:
    """(T,) the paths that charge and do not charge in the hour at hand, and follow the programme after it.

    Charging means what the programme draws where it charges, else as much as the charger gives.
    """
    on, off = chances.follow(levels, chances.stored_kwh), _with_first(levels, chances, False)
    return on if on[0] > ON_KWH else _with_first(levels, chances, True), off
