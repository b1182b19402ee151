"""What knowing, looking and waiting are worth: RP, WS, EEV and the plans that may not wait.

Names and definitions after Birge & Louveaux (1997), chapter 4, for costs:
RP the staged programme; WS wait and see, each scenario with its own decisions; EEV decisions of the mean scenario,
held in every scenario; EVPI = RP - WS; VSS = EEV - RP. Here also: `scheduled`, one plan for all futures that never
looks at what happened, and `now_or_never`, decisions at the first stage only. The value of waiting is
now_or_never - RP, the real option of Dixit & Pindyck (1994), chapter 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from beachhead.supply.benders import Cut, solve_alone, solve_by_benders
from beachhead.supply.extensive import Solution
from beachhead.supply.highs import Verdict
from beachhead.supply.recourse import Recourses
from beachhead.supply.staged import StagedProgram, mean_recourse
from beachhead.world.work import Meter

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A number known to lie between two others.

    Attributes:
        low: not less.
        high: not more.
    """

    low: float
    high: float

    def __sub__(self, other: Interval) -> Interval:
        return Interval(low=self.low - other.high, high=self.high - other.low)

    @property
    def not_negative(self) -> Interval:
        """The same number, known to be 0 or more."""
        return Interval(low=max(self.low, 0.0), high=max(self.high, 0.0))

    @property
    def middle(self) -> float:
        """Half way."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Expected costs of the staged programme and of its kin, each between bounds.

    Attributes:
        recourse: RP, decisions that look at what happened.
        wait_and_see: WS, decisions that know what will happen.
        scheduled: one schedule for all futures.
        now_or_never: decisions at the first stage only.
        on_mean: EEV, the decisions that would suit the mean scenario; inf if some scenario cannot carry them.
    """

    recourse: Interval
    wait_and_see: Interval
    scheduled: Interval
    now_or_never: Interval
    on_mean: Interval

    @property
    def of_stochastic_solution(self) -> Interval:
        """VSS: what planning for the mean would cost."""
        return (self.on_mean - self.recourse).not_negative

    @property
    def of_perfect_information(self) -> Interval:
        """EVPI: the most that knowing everything at the start can be worth."""
        return (self.recourse - self.wait_and_see).not_negative

    @property
    def of_waiting(self) -> Interval:
        """The real option: what is lost if all must be decided now."""
        return (self.now_or_never - self.recourse).not_negative

    @property
    def of_looking(self) -> Interval:
        """The part of it that comes from looking at what happened, not from acting later."""
        return (self.scheduled - self.recourse).not_negative


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solved:
    """A staged programme solved, and what its kin cost.

    Attributes:
        solution: the staged programme.
        schedule: the plan that does not look.
        worth: the costs side by side.
    """

    solution: Solution
    schedule: Solution
    worth: Worth


def solve_only(
    program: StagedProgram, recourses: Recourses, *, gap: float = 1e-4, meter: Meter | None = None
) -> Solution:
    """The staged programme alone, started from what would suit its mean."""
    meter = Meter() if meter is None else meter
    mean = _solve_mean(program, gap=gap, meter=meter)
    starts = [mean.decisions] if mean.is_found else []
    return solve_by_benders(program, recourses, gap=gap, meter=meter, starts=starts)


def solve_and_weigh(
    program: StagedProgram,
    recourses: Recourses,
    *,
    gap: float = 1e-4,
    meter: Meter | None = None,
    threads: int = 1,
) -> Solved:
    """The staged programme, its kin and their costs; cuts found for one serve all."""
    meter = Meter() if meter is None else meter
    cuts: list[Cut] = []

    def solve(asked: StagedProgram, share: float, tried: Iterable[Solution] = ()) -> Solution:
        part = meter.part(meter.left * share)
        starts = [solution.decisions for solution in tried if solution.is_found]
        found = solve_by_benders(asked, recourses, gap=gap, meter=part, starts=starts, cuts=cuts)
        meter.settle(part)
        return found

    mean = _solve_mean(program, gap=gap, meter=meter)
    found = solve(program, 0.6, [mean])
    if found.verdict is Verdict.INFEASIBLE:
        nothing = Interval(low=np.inf, high=np.inf)
        worth = Worth(recourse=nothing, wait_and_see=nothing, scheduled=nothing, now_or_never=nothing, on_mean=nothing)
        return Solved(solution=found, schedule=found, worth=worth)
    now = solve(now_or_never(program), 0.3)
    schedule = solve(tied(program), 0.4, [mean, now])
    # what suits the stricter question suits the freer one
    schedule = _better(schedule, now)
    solution = _better(found, schedule)
    known = wait_and_see(program, recourses, gap=gap, meter=meter, threads=threads, start=solution, cuts=cuts)
    on_mean = _cost_of(program, recourses, mean)
    worth = Worth(
        recourse=_bounds(solution),
        wait_and_see=known,
        scheduled=_bounds(schedule),
        now_or_never=_bounds(now),
        on_mean=Interval(low=on_mean, high=on_mean),
    )
    return Solved(solution=solution, schedule=schedule, worth=worth)


def _better(freer: Solution, stricter: Solution) -> Solution:
    """The freer programme's solution, with the stricter one's decisions where they are cheaper and its bound kept."""
    if stricter.upper >= freer.upper:
        return replace(freer, lower=min(freer.lower, freer.upper))
    return replace(
        freer,
        upper=stricter.upper,
        lower=min(freer.lower, stricter.upper),
        decisions=stricter.decisions,
        scenario_costs=stricter.scenario_costs,
    )


def tied(program: StagedProgram) -> StagedProgram:
    """The programme whose decisions may differ by stage, not by node."""
    d = program.decisions
    first = {tie: k for k, tie in reversed(list(enumerate(d.tie.tolist())))}
    pairs = [(k, first[tie]) for k, tie in enumerate(d.tie.tolist()) if first[tie] != k]
    if not pairs:
        return program
    rows = np.repeat(np.arange(len(pairs)), 2)
    places = np.array(pairs).ravel()
    signs = np.tile([1.0, -1.0], len(pairs))
    ties = sparse.csr_matrix((signs, (rows, places)), (len(pairs), len(d.names)))
    zero = np.zeros(len(pairs))
    joined = replace(
        d,
        matrix=sparse.vstack([d.matrix, ties], format="csr"),
        row_lower=np.concatenate([d.row_lower, zero]),
        row_upper=np.concatenate([d.row_upper, zero]),
        row_names=(*d.row_names, *(f"tie_{d.names[k]}" for k, _ in pairs)),
    )
    return replace(program, decisions=joined)


def now_or_never(program: StagedProgram) -> StagedProgram:
    """The programme whose later stages may only leave things as they are (their decisions at the lower bound)."""
    d = program.decisions
    return replace(program, decisions=replace(d, upper=np.where(d.stage > 0, d.lower, d.upper)))


def wait_and_see(
    program: StagedProgram,
    recourses: Recourses,
    *,
    gap: float = 1e-4,
    meter: Meter | None = None,
    threads: int = 1,
    start: Solution,
    cuts: Iterable[Cut] = (),
) -> Interval:
    """Expected cost if each scenario had its own decisions; those of `start` are tried first.

    Each scenario has the same share of the work, whenever a thread comes to it, so threads do not change the answer.
    """
    count = len(program.scenarios)
    mine: list[list[Cut]] = [[] for _ in range(count)]
    for cut in cuts:
        mine[cut.scenario].append(cut)
    meter = Meter() if meter is None else meter
    parts = [meter.part(meter.left / max(count, 1)) for _ in range(count)]
    starts = [start.decisions] if start.is_found else []

    def alone(number: int) -> Solution:
        asked = parts[number]
        return solve_alone(program, recourses, number, gap=gap, meter=asked, starts=starts, cuts=mine[number])

    with ThreadPoolExecutor(max_workers=threads) as pool:
        solutions = list(pool.map(alone, range(count)))
    for part in parts:
        meter.settle(part)
    chances = [s.probability for s in program.scenarios]
    low = sum(p * solution.lower for p, solution in zip(chances, solutions, strict=True))
    high = sum(p * solution.upper for p, solution in zip(chances, solutions, strict=True))
    return Interval(low=float(low), high=float(high))


def _solve_mean(program: StagedProgram, *, gap: float, meter: Meter) -> Solution:
    """What one would decide if every number were sure to be its mean; a tenth of the work left at most."""
    part = meter.part(0.1 * meter.left)
    sure = tied(replace(program, scenarios=(mean_recourse(program),)))
    with Recourses(sure) as recourses:
        found = solve_by_benders(sure, recourses, gap=gap, meter=part)
    meter.settle(part)
    return found


def _cost_of(program: StagedProgram, recourses: Recourses, solution: Solution) -> float:
    if not solution.is_found:
        return np.inf
    decisions = solution.decisions
    prices = recourses.price(decisions)
    if not all(price.feasible for price in prices):
        return np.inf
    sure = float(program.cost @ decisions)
    return sure + sum(s.probability * price.value for s, price in zip(program.scenarios, prices, strict=True))


def _bounds(solution: Solution) -> Interval:
    return Interval(low=solution.lower, high=solution.upper)
