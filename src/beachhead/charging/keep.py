"""When a plan under way gives way to another one: only for more than a stated gain, without restarting too often.

A plan under way is a path: what is drawn in each hour as long as the car is there. Nothing but prices comes to be known
of the session while it lasts, so a path is all that the stochastic programme can choose, and any path has one expected
cost under its chances (`path_cost`): the price of what is drawn while the car is there, and the cost to go of leaving
with what is stored. Whether to change is a comparison of two such costs.

Restarts are held to one above the optimum: the optimum is the plan that would have been made at plug-in with what is
known now (the prices gone by, that the car is still there); its starts are counted at every re-planning, and the most
that it ever had, plus one, is what the charger may start in a session. The plan under way always keeps to that, so
there always is a plan that does. A driver who tells another departure asks a new question, whose plan may start as it
needs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.convex import BareTask, solve_convex
from beachhead.charging.stochastic import drawn_by
from beachhead.world.compiled import compiled, inner
from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]

ON_KWH = 1e-6
"""An hour that draws more than this has the charger on."""
NEAR_HOURS = 24
"""Plans that differ only later than this are the same plan to a driver."""


class Choice(StrEnum):
    """What became of the plan under way.

    FIRST: there was none; SAME: the best plan is the one under way; CHANGED: another one is adopted; SMALL: another one
    is better, by too little; RESTARTS: another one is better, but would start the charger too often.
    """

    FIRST = "first"
    SAME = "same"
    CHANGED = "changed"
    SMALL = "kept, the gain is small"
    RESTARTS = "kept, the charger has started often enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Hours in a row with the charger on: the first (since 1970 local), how many, and the energy drawn, kWh."""

    first_hour: int
    hours: int
    kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a plan follows from the one before.

    Attributes:
        choice: what became of the plan under way.
        gain_eur: what the best plan is expected to cost less than the one under way, EUR; 0 if it is the same. Below 0
            where it costs more on average, but leaves less lacking for trips.
        counted_eur: the same as the decision counts it, with caution: what the least gain is compared with.
        before: when the plan under way would charge in the next 24 hours.
        best: when the best plan would.
    """

    choice: Choice
    gain_eur: float = 0.0
    counted_eur: float = 0.0
    before: tuple[Block, ...] = ()
    best: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """A plan under way, as much of it as the next plan needs.

    Attributes:
        plugged_in: minute of plug-in, since 1970 local: a plan of another session is none.
        leaves: departure as the driver told it, minutes since 1970; None if nothing was typed.
        first_hour: hour since 1970 of its first hour.
        draw_kwh: what it draws in each hour if the car stays, kWh.
        level_kwh: what it charges up to in each hour, kWh.
        starts: how often the charger has started in this session, the plan's first hour included.
        most_starts: how often it may.
    """

    plugged_in: int
    leaves: int | None = None
    first_hour: int
    draw_kwh: tuple[float, ...]
    level_kwh: tuple[float, ...]
    starts: int = 0
    most_starts: int = 2

    def __post_init__(self) -> None:
        if len(self.draw_kwh) != len(self.level_kwh) or not self.draw_kwh:
            raise BadInput(
                f"a plan under way with {len(self.draw_kwh)} hours drawn and {len(self.level_kwh)} levels",
                "hand over what the plan before gave, unchanged",
            )
        if not np.isfinite([*self.draw_kwh, *self.level_kwh]).all() or min(self.draw_kwh) < 0:
            raise BadInput("a plan under way that draws less than nothing", "hand over what the plan before gave")
        if self.starts < 0 or self.most_starts < 1:
            raise BadInput(f"{self.starts} starts of {self.most_starts}", "state 0 starts or more, at most 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chances:
    """What a path is judged by; hour 0 is the one at hand, and the car is there in it.

    Attributes:
        first_hour: hour 0, since 1970 local.
        price: (T,) EUR/kWh.
        room_kwh: (T,) most the charger may draw in each hour if the car stays.
        hazard: (T,) chance to leave in each hour.
        part: (T,) part of the hour it stays where the departure is known, below 0 where it is not.
        gone_eur: (T + 1, S) cost to go of leaving in each hour; last row: of being there at the horizon. Energy that
            lacks is counted with caution (`year.counted_shortage`): what is decided by.
        plain_eur: (T + 1, S) the same with energy that lacks at its price: what is said.
        battery_kwh: capacity, the top of the S energies.
        stored_kwh: stored now.
        sun_kwh: (T,) the first so many kWh of each hour cost `sun_eur` each, the rest its price; 0 without sun.
        sun_eur: (T,) at most the price.
        upto_kwh: (T,) the stochastic programme charges up to this in each hour as far as the sun goes.
    """

    first_hour: int
    price: Floats
    room_kwh: Floats
    hazard: Floats
    part: Floats
    gone_eur: Floats
    plain_eur: Floats
    battery_kwh: float
    stored_kwh: float
    sun_kwh: Floats
    sun_eur: Floats
    upto_kwh: Floats

    def cost(self, draw: Floats) -> float:
        """Expected cost of a path (T,) as decisions count it, EUR: energy that lacks is counted with caution."""
        return self._cost(draw, self.gone_eur)

    def euros(self, draw: Floats) -> float:
        """Expected cost of a path (T,), EUR: energy that lacks is counted at its price."""
        return self._cost(draw, self.plain_eur)

    def _cost(self, draw: Floats, gone: Floats) -> float:
        value: float = path_cost(
            draw,
            self.stored_kwh,
            self.price,
            self.hazard,
            self.part,
            gone,
            self.battery_kwh,
            self.sun_kwh,
            self.sun_eur,
        )
        return value

    def follow(self, levels: Floats, stored_kwh: float, *, waits: bool = False) -> Floats:
        """(T,) drawn by charging up to a level in each hour, and by the sun up to its own; `waits`: not in hour 0."""
        room = self.room_kwh
        if waits:
            room = room.copy()
            room[0] = 0.0
        return np.asarray(follow(levels, room, stored_kwh, self.upto_kwh, self.sun_kwh))


@dataclass(slots=True)
class _Best:
    cost: float
    draw: Floats = field(repr=False)


def adopt(
    chances: Chances, best: Floats, running: UnderWay, *, charging: bool, starts: int, most_starts: int, least: float
) -> tuple[Floats, Change]:
    """The path (T,) to follow: the best, or the one under way if that is nearly as good or starts less often.

    `starts` is how often the charger has started before the hour at hand; `least` the gain in EUR that a change must be
    worth more than.
    """
    left = max(most_starts - starts, 0)
    before = _within(chances, continued(chances, running, best), charging, left)
    able = _within(chances, best, charging, left)
    if starts_ahead(able, charging) > left:
        able = before
    gain, allowed = (chances.cost(before) - chances.cost(path) for path in (best, able))
    kept, wanted = blocks(before, chances.first_hour), blocks(best, chances.first_hour)
    if allowed > least:
        euros, turned = chances.euros(before) - chances.euros(able), blocks(able, chances.first_hour)
        return able, Change(choice=Choice.CHANGED, gain_eur=euros, counted_eur=allowed, before=kept, best=turned)
    if _alike(kept, wanted):
        return before, Change(choice=Choice.SAME)
    choice, euros = Choice.RESTARTS if gain > least else Choice.SMALL, chances.euros(before) - chances.euros(best)
    return before, Change(choice=choice, gain_eur=euros, counted_eur=max(gain, 0.0), before=kept, best=wanted)


def tidied(chances: Chances, draw: Floats, *, charging: bool, least: float) -> Floats:
    """The path with every restart taken out of it that is worth no more than `least` EUR in all."""
    limit = chances.cost(draw) + least
    while True:
        found = _merged(chances, draw, charging)
        if found is None or found.cost > limit:
            return draw
        draw = found.draw


def starts_ahead(draw: Floats, charging: bool) -> int:
    """How often a path (T,) turns the charger on."""
    on = np.concatenate(([charging], draw > ON_KWH))
    return int((on[1:] & ~on[:-1]).sum())


def starts_before(running: UnderWay, hour: int, *, charging: bool) -> int:
    """How often the charger has started before `hour` in this session: as planned, and once more if on unplanned."""
    gap = min(max(hour - running.first_hour, 0), len(running.draw_kwh))
    on = [kwh > ON_KWH for kwh in running.draw_kwh[:gap]]
    begun = sum(not was and now for was, now in pairwise(on))
    unplanned = charging and gap > 0 and not on[-1]
    return max(running.starts + begun + unplanned, int(charging))


def best_starts(
    chances: Chances, best: Floats, levels: Floats, past_price: Floats, past_kwh: Floats, start: float
) -> int:
    """Starts of the plan that would have been made at plug-in with what is known now.

    `past_price` and `past_kwh` (P,): price of each hour since plug-in and the most that could be drawn in it; `start`:
    stored at plug-in, kWh. From the hour at hand on it follows `levels`; energy is worth there what that saves.
    """
    if past_price.size == 0:
        return starts_ahead(best, False)
    worth, widths = _worth_now(chances, levels)
    hours = past_price.size
    power = max(float(past_kwh.max()), 1e-9)
    task = BareTask(
        hours=1.0,
        buy=past_price,
        sell=past_price - 1.0,
        net=np.zeros(hours),
        present=past_kwh / power,
        trips=np.zeros(hours),
        battery=chances.battery_kwh,
        power=power,
        start=start,
        shortage=10.0,
        values=worth,
        widths=widths,
    )
    draw, _, _, _ = solve_convex(task)
    onward = chances.follow(levels, min(start + float(draw.sum()), chances.battery_kwh))
    return starts_ahead(np.concatenate((draw, onward)), False)


@compiled
def follow(levels: Floats, room: Floats, stored: float, upto: Floats, sun: Floats) -> Floats:
    """(T,) drawn by charging up to a level in each hour, by the sun up to its own, as far as room and sun go."""
    draw = np.zeros(room.size)
    for t in range(room.size):
        draw[t] = drawn_by(levels[t], upto[t], stored, room[t], sun[t])
        stored += draw[t]
    return draw


def continued(chances: Chances, running: UnderWay, best: Floats) -> Floats:
    """(T,) the plan under way from now on: its hours on, up to its levels; what lies beyond its end as in `best`."""
    gap, hours = chances.first_hour - running.first_hour, best.size
    draw, stored = np.zeros(hours), chances.stored_kwh
    for t in range(hours):
        at = gap + t
        if 0 <= at < len(running.draw_kwh):
            wish = running.level_kwh[at] - stored if running.draw_kwh[at] > ON_KWH else 0.0
        else:
            wish = float(best[t])
        draw[t] = min(max(wish, 0.0), float(chances.room_kwh[t]), chances.battery_kwh - stored)
        stored += draw[t]
    return draw


def blocks(draw: Floats, first_hour: int, hours: int = NEAR_HOURS) -> tuple[Block, ...]:
    """The blocks of a path that begin in the next `hours`."""
    return tuple(
        Block(first_hour=first_hour + begin, hours=end - begin, kwh=float(draw[begin:end].sum()))
        for begin, end in _runs(draw)
        if begin < hours
    )


def _alike(one: tuple[Block, ...], other: tuple[Block, ...]) -> bool:
    """The same hours, and energies within half a kWh."""
    return len(one) == len(other) and all(
        a.first_hour == b.first_hour and a.hours == b.hours and abs(a.kwh - b.kwh) < 0.5
        for a, b in zip(one, other, strict=True)
    )


def _runs(draw: Floats) -> list[tuple[int, int]]:
    edges = np.diff(np.concatenate(([False], draw > ON_KWH, [False])).astype(np.int8))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _within(chances: Chances, draw: Floats, charging: bool, most: int) -> Floats:
    """The path with as many blocks joined, the cheapest way, as keep it to `most` starts."""
    while starts_ahead(draw, charging) > most:
        found = _merged(chances, draw, charging)
        if found is None:
            break
        draw = found.draw
    return draw


def _merged(chances: Chances, draw: Floats, charging: bool) -> _Best | None:
    """The cheapest path with a start less and the same energy: two neighbouring blocks charged in one."""
    now, found = starts_ahead(draw, charging), None
    runs = ([(0, 0)] if charging and draw[0] <= ON_KWH else []) + _runs(draw)
    for (begin, stop), (start, end) in pairwise(runs):
        energy = float(draw[begin:stop].sum() + draw[start:end].sum())
        rest = draw.copy()
        rest[begin:end] = 0.0
        for path in (_filled(rest, chances, energy, begin, 1), _filled(rest, chances, energy, end - 1, -1),
                     _filled(rest, chances, energy, start, 1)):  # fmt: skip
            if path is not None and starts_ahead(path, charging) < now:
                cost = chances.cost(path)
                if found is None or cost < found.cost:
                    found = _Best(cost, path)
    return found


def _filled(rest: Floats, chances: Chances, energy: float, at: int, step: int) -> Floats | None:
    """`rest` with this energy drawn in free hours in a row, from hour `at` on or back; None if they do not hold it."""
    path = rest.copy()
    while energy > ON_KWH:
        if not 0 <= at < path.size or rest[at] > ON_KWH or chances.room_kwh[at] <= ON_KWH:
            return None
        path[at] = min(energy, float(chances.room_kwh[at]))
        energy -= path[at]
        at += step
    return path


def _worth_now(chances: Chances, levels: Floats) -> tuple[Floats, Floats]:
    """What each kWh in the battery is worth at the hour at hand, EUR/kWh, falling, and the widths of the pieces."""
    count = chances.gone_eur.shape[1]
    grid = np.linspace(0.0, chances.battery_kwh, count)
    cost = np.array(
        [
            path_cost(
                chances.follow(levels, float(stored)), stored, chances.price, chances.hazard, chances.part,
                chances.gone_eur, chances.battery_kwh, chances.sun_kwh, chances.sun_eur,
            )
            for stored in grid
        ]
    )  # fmt: skip
    worth = np.maximum(-np.diff(cost) / np.diff(grid), 0.0)
    return np.minimum.accumulate(worth), np.diff(grid)


@compiled
def path_cost(
    draw: Floats, stored: float, price: Floats, hazard: Floats, part: Floats, gone: Floats, battery: float, sun: Floats,
    sun_eur: Floats,
) -> float:  # fmt: skip
    """Expected cost of drawing (T,) as long as the car is there, as `stochastic` counts it, EUR.

    Of the cars that leave within an hour, half leave before they could charge in it, but in the hour at hand; where the
    departure is known the car charges in the part of the hour that it stays.
    """
    hours, levels = draw.shape[0], gone.shape[1]
    step, there, total = battery / (levels - 1), 1.0, 0.0
    for t in range(hours):
        known = part[t] >= 0.0
        first = 0.0 if known or t == 0 else 0.5 * hazard[t]
        second = hazard[t] if known else 0.5 * hazard[t] / (1 - 0.5 * hazard[t])
        total += there * first * _at(gone[t], stored, step)
        there *= 1.0 - first
        total += there * (price[t] * draw[t] + (sun_eur[t] - price[t]) * min(draw[t], sun[t]))
        stored += draw[t]
        total += there * second * _at(gone[t], stored, step)
        there *= 1.0 - second
        if there < 1e-12:
            return float(total)
    return total + there * _at(gone[hours], stored, step)


@inner
def _at(values: Floats, stored: float, step: float) -> float:
    place = stored / step
    low = min(int(place), values.shape[0] - 2)
    return float(values[low] + (place - low) * (values[low + 1] - values[low]))
