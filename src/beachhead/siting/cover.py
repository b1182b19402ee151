"""Covering at scale: which sites to open, and in which period, so that most people are within reach for longest.

A site, once open, stays open, so the sets of the periods are nested. A person first covered in period t is worth
`later[t]`, the summed worth of the periods from t on; choosing an opening period for each site is then one location
problem with (site, period) pairs as candidates. One period is maximal covering (Church & ReVelle 1974); several are
its multi-period form. The bound is Lagrangian (see `cover_dual`), the set is found by swaps (see `cover_search`); what
they leave open of a small question is settled exactly (see `cover_core`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.cover_core import entries, finish_cover
from beachhead.siting.cover_dual import Climb, ascend, first_climb, step_work
from beachhead.siting.cover_search import Roster, close_idle, improve, move_work, roster_of, schedule_of, seed_greedily
from beachhead.siting.field import Floats, Ints
from beachhead.siting.ground import Ground
from beachhead.siting.solve import Status
from beachhead.world.work import Meter, Tick, meter

_CHUNK = 100
_ARITHMETIC = 1e-9  # of value and bound: what lies between is arithmetic, and no gap to be told of or worked on
_CROWDED = 10  # by which 6 of 6 searches of made-up spacings ended at the optimum, where 1 to 4 of 6 had
_MOST_CROWDED = 1_000_000.0
_FEW_ENTRIES = 20_000  # HiGHS solves most questions of this size in seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverEffort:
    """How much work; counted in steps, so that the same seed gives the same answer.

    Attributes:
        steps: price steps towards the bound.
        moves: moves of the annealed search, per site that may be opened.
        work: units of work (see `beachhead.world.work`) after which no further stage starts.
        seconds: safety stop by the clock; None for none. An answer cut short by it says so.
        finish: units for HiGHS to close the gap of a small question; 0 leaves it to the search.
        aim: a value that is good enough; the search ends when it is reached or proved out of reach.
        tick: told of progress: units of work done, and units there are at most.
    """

    steps: int = 1500
    moves: float = 10_000.0
    finish: float = 20.0
    work: float = 100.0
    seconds: float | None = None
    aim: float = np.inf
    tick: Tick | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    """Sites and when they open, with what nobody could exceed.

    Attributes:
        opens: (J,), period in which each candidate opens; T: never. None opens that nobody would miss.
        covered: (T,), people covered in each period, those of sites that close later too.
        value: worth of people covered, summed over the periods.
        bound: no schedule within the limits is worth more.
        status: how the search ended.
        work: units of work done.
        prices: (I,), the best customer prices; they prove the bound where no exact finish lowered it.
    """

    opens: Ints
    covered: Floats
    value: float
    bound: float
    status: Status
    work: float
    prices: Floats

    @property
    def gap(self) -> float:
        """(bound - value) / bound, 0..1."""
        return max(self.bound - self.value, 0.0) / self.bound if self.bound > 0 else 0.0

    @property
    def sites(self) -> Ints:
        """Candidates open in the last period, ascending."""
        return np.flatnonzero(self.opens < len(self.covered)).astype(np.int32)


def most_covered(ground: Ground, *, seed: int, gap: float = 0.0, effort: CoverEffort | None = None) -> Cover:
    """Choose sites and periods, and prove how good they are; stops once the gap is at most `gap`."""
    effort = effort or CoverEffort()
    counted = meter(effort.work, effort.seconds, effort.tick)
    counted.foreseen = _foreseen(ground, effort)
    roster = roster_of(ground)
    seed_greedily(roster, seed)
    counted.charge(roster.work)
    climb = _climbed(ground, first_climb(ground), roster, effort, effort.steps, gap, counted)
    near = 1 + max(gap, _ARITHMETIC)
    if roster.value < min(effort.aim, climb.bound / near) and not _is_out_of_reach(climb.bound, effort):
        improve(roster, _moves(ground, effort), meter=counted)
        if climb.bound > roster.value * near and roster.value < effort.aim:
            climb = _climbed(ground, climb, roster, effort, effort.steps // 3, gap, counted)
    opens, value, bound = _finished(ground, schedule_of(roster), roster.value, climb.bound, effort, gap, counted)
    proved = bound <= value * (1 + _ARITHMETIC)
    bound = value if proved else bound
    closed = bound <= value * near
    opens = close_idle(roster, opens)
    within = Status.OPTIMAL if proved else Status.WITHIN_GAP
    return Cover(
        opens=opens,
        covered=covered_by(ground, opens),
        value=value + ground.by_leaving,
        bound=bound + ground.by_leaving,
        status=within if closed else Status.unproved(counted.by_clock),
        work=counted.done,
        prices=climb.best,
    )


def _finished(
    ground: Ground, opens: Ints, value: float, bound: float, effort: CoverEffort, gap: float, meter: Meter
) -> tuple[Ints, float, float]:
    """Schedule, value and bound after the exact finish, where the gap is open and the question small."""
    enough = value * (1 + max(gap, _ARITHMETIC)) if value < effort.aim else np.inf
    if bound <= enough or _is_out_of_reach(bound, effort) or not _is_small(ground, effort) or meter.must_stop():
        return opens, value, bound
    done = finish_cover(ground, start=opens, work=effort.finish, meter=meter)
    if done.opens is not None:
        found = float(covered_by(ground, done.opens) @ ground.worth) - ground.by_leaving
        opens, value = (done.opens, found) if found > value else (opens, value)
    return opens, value, min(bound, done.bound)


def _is_out_of_reach(bound: float, effort: CoverEffort) -> bool:
    """Whether no schedule reaches the aim."""
    return bool(np.isfinite(effort.aim) and bound < effort.aim)


def _is_small(ground: Ground, effort: CoverEffort) -> bool:
    """Whether what the search leaves open is settled exactly."""
    return effort.finish > 0.0 and entries(ground) <= _FEW_ENTRIES


def covered_by(ground: Ground, opens: Ints) -> Floats:
    """(T,), people whom a site covers in each period: one that is open then, or one that closes later."""
    rows = np.repeat(np.arange(len(ground.people)), np.diff(ground.reach.ptr))
    first = np.full(len(ground.people), ground.periods)
    np.minimum.at(first, rows, opens[ground.reach.item])
    return covered_from(first, ground.people, ground.periods, ground.leaving)


def covered_from(first: NDArray[np.intp], people: Floats, periods: int, leaving: NDArray[np.bool_] | None) -> Floats:
    """(T,), people covered in each period, each from the `first` (I,) on, and as long as a site that closes stands."""
    gained = np.bincount(first, people, minlength=periods + 1)[:periods]
    covered: Floats = np.cumsum(gained, dtype=np.float64)
    if leaving is not None:
        covered = covered + people @ (leaving & (first[:, None] > np.arange(periods)))
    return covered


def _foreseen(ground: Ground, effort: CoverEffort) -> float:
    """Units of work where the gap stays open: all steps, all moves, a third of the steps again, the exact finish."""
    steps = effort.steps + effort.steps // 3
    finish = effort.finish if _is_small(ground, effort) else 0.0
    return steps * step_work(ground) + _moves(ground, effort) * move_work(ground) + finish


def _moves(ground: Ground, effort: CoverEffort) -> int:
    """Moves of the search: where sites must keep apart, a small one cools ten times as slowly, or it ends crowded."""
    usual = effort.moves * _may_open(ground)
    return int(max(usual, min(_CROWDED * usual, _MOST_CROWDED)) if len(ground.conflict.item) else usual)


def _may_open(ground: Ground) -> float:
    """Roughly how many sites the budgets allow."""
    typical = max(float(np.median(ground.price)), 1e-12) if ground.sites else 1.0
    most = min(float(ground.total.sum()), float(ground.budget.sum())) / typical
    return min(most, float(ground.sites))


def _climbed(
    ground: Ground, climb: Climb, roster: Roster, effort: CoverEffort, steps: int, gap: float, meter: Meter
) -> Climb:
    """Climb (downwards: the bound is from above) in chunks: to the end of time, gap or aim."""
    taken, step = 0, step_work(ground)
    decay = 0.03 ** (1.0 / max(steps, 1))
    climb = climb.again()
    enough = max(roster.value * (1 + max(gap, _ARITHMETIC)), effort.aim if np.isfinite(effort.aim) else 0.0)
    while taken < steps and climb.bound > enough and not meter.must_stop():
        climb = ascend(climb, aim=roster.value, steps=min(_CHUNK, steps - taken), decay=decay)
        taken += _CHUNK
        meter.charge(_CHUNK * step)
    return climb
