"""One way through: bound, search, merge, prove. Every answer carries both bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from beachhead.siting.branch import branch, reduced, rounded, threshold
from beachhead.siting.core import finish
from beachhead.siting.dual import Prices, climb, margins
from beachhead.siting.field import Field, cost_of, fit, restrict
from beachhead.siting.swap import Frame, descend, frame_of, iterate, open_sites, stand, work_of
from beachhead.world.work import Meter, Tick, meter

_HEAT = 0.15  # of the mean cost of a customer: tuned on rl5934 and pcb3038
_KICK_SIZE = 3
_FEW_OPEN = 7  # fewer open sites are kicked as often as so many
_GLANCE = 0.1  # of a run's kicks, made before the first attempt at a proof
_FEW_FREE = 500  # free sites up to which branching on prices beats a programme
_FEW_ENTRIES = 60_000  # list entries up to which HiGHS stays within some 100 MB; 93,000 took 280 and proved nothing


class Status(StrEnum):
    """How a search ended.

    OPTIMAL: proved best. WITHIN_GAP: as close to the bound as was asked. STOPPED: its work is done, as it would be on
    any machine. OUT_OF_TIME: the clock that a user set cut it short, so another machine may get further.
    """

    OPTIMAL = "optimal"
    WITHIN_GAP = "within_gap"
    STOPPED = "stopped"
    OUT_OF_TIME = "out_of_time"

    @staticmethod
    def unproved(by_clock: bool) -> Status:
        """STOPPED or OUT_OF_TIME."""
        return Status.OUT_OF_TIME if by_clock else Status.STOPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much work a search may do; counted, not timed, so that the same seed gives the same answer anywhere.

    Attributes:
        steps: price steps towards the bound.
        kicks: kicks of the local search per open site, in one run.
        runs: runs of the local search whose sets are merged.
        nodes: nodes of the proof.
        merge: units of work of one merge by HiGHS at most.
        finish: units of work of the exact finish by HiGHS at most.
        work: units of work (see `beachhead.world.work`) after which no further stage starts.
        seconds: safety stop by the clock; None for none. An answer cut short by it says so.
        tick: told of progress: units of work done, and units there are at most.
    """

    steps: int = 3000
    kicks: int = 30
    runs: int = 8
    nodes: int = 20_000
    merge: float = 10.0
    finish: float = 20.0
    work: float = 60.0
    seconds: float | None = None
    tick: Tick | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """A set of sites and how far it is from the best possible.

    Attributes:
        sites: open candidates, ascending.
        upper: cost of that set.
        lower: no allowed set costs less.
        status: how the search ended.
        work: units of work done.
        prices: (I,), customer prices that prove the root bound.
    """

    sites: NDArray[np.int32]
    upper: float
    lower: float
    status: Status
    work: float
    prices: NDArray[np.float64]

    @property
    def gap(self) -> float:
        """(upper - lower) / upper, 0..1."""
        return (self.upper - self.lower) / abs(self.upper) if self.upper > self.lower else 0.0


def solve(field: Field, *, seed: int, gap: float = 0.0, effort: Effort | None = None) -> Found:
    """Find sites for the field and prove how good they are; stops once the gap is at most `gap`."""
    effort = effort or Effort()
    counted = meter(effort.work, effort.seconds, effort.tick)
    task = _Task(field=field, seed=seed, gap=gap, grain=grain_of(field), effort=effort, meter=counted)
    prices = task.climbed(climb(field, aim=np.inf, enough=np.inf, steps=effort.steps // 4, final=0.01))
    climbing = counted.done
    best = _descended(task, prices)
    for part in (_GLANCE, 1.0):  # a short search often finds what is best, and a short climb proves it
        before = counted.done
        best = _searched(task, prices, best, runs=range(1), part=part)
        counted.foreseen = _foreseen(effort, climbing, (counted.done - before) / part)
        steps = effort.steps if part == 1.0 else effort.steps // 4
        prices = task.climbed(climb(field, aim=best.cost, enough=task.goal(best), steps=steps, start=prices))
        best = _proved(task, prices, best.with_bound(prices.bound), easy_only=True)
        if best.lower >= task.goal(best):
            break
    if best.lower < task.goal(best):
        best = _searched(task, prices, best, runs=range(1, effort.runs + 1))
        # Steps are as long as the aim is high: with a better set known, the same prices climb further.
        goal = task.goal(best)
        last = task.climbed(climb(field, aim=best.cost, enough=goal, steps=effort.steps, start=prices, theta=0.5))
        prices = last if last.bound > prices.bound else prices
        best = best.with_bound(prices.bound)
        best = _proved(task, prices, best, easy_only=False)
    lower = rounded(best.lower, best.cost, task.grain)
    return Found(
        sites=np.sort(best.sites),
        upper=best.cost,
        lower=lower,
        status=_status(lower, best.cost, gap, counted.by_clock),
        work=counted.done,
        prices=prices.best,
    )


def _foreseen(effort: Effort, climbing: float, run: float) -> float:
    """Units of work where the gap stays open, by what a first quarter of the steps and one whole run took."""
    return 10 * climbing + (1 + _GLANCE + effort.runs) * run + effort.finish


def grain_of(field: Field) -> float:
    """1 where every cost is a whole number, so that bounds may be rounded up; else 0."""
    whole = all((costs == np.floor(costs)).all() for costs in (field.by_customer.cost, field.opening, field.outside))
    return 1.0 if whole else 0.0


def _status(lower: float, upper: float, gap: float, by_clock: bool) -> Status:
    if lower >= threshold(upper, 0.0):
        return Status.OPTIMAL
    return Status.WITHIN_GAP if upper - lower <= gap * abs(upper) else Status.unproved(by_clock)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Best:
    """The best set so far, its cost, and the best bound so far."""

    sites: NDArray[np.int32]
    cost: float
    lower: float = -np.inf

    def against(self, sites: NDArray[np.int32], cost: float) -> _Best:
        return replace(self, sites=sites, cost=cost) if cost < self.cost - 1e-12 * abs(self.cost) else self

    def with_bound(self, lower: float) -> _Best:
        return replace(self, lower=max(self.lower, min(lower, self.cost)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Task:
    """What does not change while a field is solved, but for the work that its meter counts."""

    field: Field
    seed: int
    gap: float
    grain: float
    effort: Effort
    meter: Meter

    def goal(self, best: _Best) -> float:
        return threshold(best.cost, self.grain, self.gap)

    def climbed(self, prices: Prices) -> Prices:
        self.meter.charge(prices.work)
        return prices


def _descended(task: _Task, prices: Prices) -> _Best:
    """The relaxed choice made to fit, then improved by single moves among promising candidates."""
    field = task.field
    order = np.lexsort((-prices.share, -prices.chosen))
    start = fit(field, order[prices.chosen[order] + prices.share[order] > 0])
    core = _promising(field, prices, start)
    numbers = np.flatnonzero(core)
    small = frame_of(restrict(field, core))
    standing = stand(small, np.searchsorted(numbers, start), task.seed)
    descend(small, standing, 50)
    task.meter.charge(work_of(standing))
    sites = numbers[open_sites(standing)].astype(np.int32)
    return _Best(sites=sites, cost=cost_of(field, sites)[0])


def _promising(field: Field, prices: Prices, known: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(J,), true for the candidates that the reduced costs favour, those kept and those of a known set."""
    count = min(field.sites, int(4 * (prices.chosen > 0).sum()) + 300)
    core = field.limits.kept.copy()
    core[np.argsort(margins(field, prices).if_open, kind="stable")[:count]] = True
    core[known] = True
    return core


def _searched(task: _Task, prices: Prices, best: _Best, runs: range, part: float = 1.0) -> _Best:
    """Annealed runs, by turns from the best set and from a random one; each is merged with those before.

    Of the kicks of a run only `part` (0..1) is made.
    """
    field = task.field
    core = _promising(field, prices, best.sites)
    numbers = np.flatnonzero(core)
    small = frame_of(restrict(field, core))
    elite = [best.sites]
    for run in runs:
        if prices.bound >= task.goal(best) or task.meter.must_stop():
            break
        random = np.random.default_rng([task.seed, run])
        start = best.sites if run % 2 == 0 else fit(field, random.permutation(numbers))
        begin = np.searchsorted(numbers, start)
        kicks = part * task.effort.kicks
        sites = numbers[_annealed(small, begin, best.cost, task.seed + run, kicks, task.meter)].astype(np.int32)
        elite.append(sites)
        best = best.against(sites, cost_of(field, sites)[0])
        best = _merged(task, elite, best)
    return best


def _annealed(
    small: Frame, start: NDArray[np.int64], cost: float, seed: int, kicks: float, meter: Meter
) -> NDArray[np.int32]:
    """One run of kicks that first accepts losses of a tenth of a customer's cost, at last hardly any."""
    standing = stand(small, start, seed)
    descend(small, standing, 50)
    heat = max(_HEAT * cost / len(small.outside), 1e-9)
    count = int(kicks * max(int(standing.tally[0]), _FEW_OPEN))
    iterate(small, standing, max(count, 1), _KICK_SIZE, heat, heat / 30)
    descend(small, standing, 20)
    meter.charge(work_of(standing))
    return open_sites(standing)


def _merged(task: _Task, elite: list[NDArray[np.int32]], best: _Best) -> _Best:
    """The best set that can be made of the sites of several good ones, those they share kept."""
    field = task.field
    count = np.bincount(np.concatenate(elite), minlength=field.sites)
    union = count > 0
    if union.sum() == len(best.sites) or task.meter.must_stop():
        return best
    numbers = np.flatnonzero(union)
    small = restrict(field, union)
    small = replace(small, limits=replace(small.limits, kept=(count[union] == len(elite)) | small.limits.kept))
    start = np.searchsorted(numbers, best.sites).astype(np.int32)
    done = finish(small, start=start, work=task.effort.merge, meter=task.meter)
    return best.against(numbers[done.sites].astype(np.int32), done.upper)


def _proved(task: _Task, prices: Prices, best: _Best, *, easy_only: bool) -> _Best:
    """Close the gap on what the reduced costs leave undecided, if that is little enough."""
    field, goal = task.field, task.goal(best)
    if best.lower >= goal or task.meter.must_stop():
        return best
    core = reduced(field, prices, goal)
    free = int((~core.field.limits.kept).sum())
    if free <= _FEW_FREE:
        proof = branch(
            core.field,
            core.prices,
            upper=best.cost,
            sites=np.searchsorted(core.numbers, best.sites).astype(np.int32),
            grain=task.grain,
            gap=task.gap,
            meter=task.meter,
            most_nodes=task.effort.nodes,
        )
        return best.against(core.numbers[proof.sites].astype(np.int32), proof.upper).with_bound(proof.lower)
    if easy_only or core.field.by_customer.item.size > _FEW_ENTRIES:
        return best
    start = np.searchsorted(core.numbers, best.sites).astype(np.int32)
    done = finish(core.field, start=start, work=task.effort.finish, meter=task.meter)
    sites = core.numbers[done.sites].astype(np.int32)
    return best.against(sites, cost_of(field, sites)[0]).with_bound(min(done.lower, goal))
