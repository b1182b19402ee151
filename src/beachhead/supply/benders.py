"""Benders decomposition: a master over the decisions, one small linear programme for each scenario.

The master keeps a cost estimate theta_s for each scenario (multi-cut L-shaped method: Van Slyke & Wets 1969, Birge &
Louveaux 1988). Cuts are first gathered on the linear relaxation at points pulled towards the best one known (in-out
separation, Ben-Ameur & Neto 2007), then at whole decisions until the gap closes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from beachhead.supply import highs
from beachhead.supply.extensive import Solution
from beachhead.supply.highs import Verdict
from beachhead.supply.recourse import Price, Recourses
from beachhead.supply.staged import Decisions, StagedProgram
from beachhead.world.work import Meter

Floats = NDArray[np.float64]

_RELAXED_ROUNDS = 80
_RELAXED_SHARE = 0.2  # of the gap asked for: how well the relaxation is known before whole decisions are tried
_MASTER_SHARE = 0.5  # of the gap asked for: how well a master with whole decisions is solved


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cut:
    """theta_s >= level + slope'y; or 0 >= level + slope'y where it speaks of feasibility."""

    scenario: int
    about_cost: bool
    slope: Floats
    level: float


def solve_by_benders(
    program: StagedProgram,
    recourses: Recourses,
    *,
    gap: float = 1e-6,
    meter: Meter | None = None,
    starts: Iterable[Floats] = (),
    cuts: list[Cut] | None = None,
) -> Solution:
    """Bounds and decisions of `program`; `starts` are tried first, known `cuts` are used and new ones appended."""
    numbers = tuple(range(len(program.scenarios)))
    weights = np.array([s.probability for s in program.scenarios])
    search = _Search(
        decisions=program.decisions,
        decision_costs=np.array([s.decision_cost for s in program.scenarios]),
        numbers=numbers,
        weights=weights,
        recourses=recourses,
        cuts=[] if cuts is None else cuts,
        gap=gap,
        meter=Meter() if meter is None else meter,
    )
    return search.run(starts)


def solve_alone(
    program: StagedProgram,
    recourses: Recourses,
    number: int,
    *,
    gap: float = 1e-6,
    meter: Meter | None = None,
    starts: Iterable[Floats] = (),
    cuts: list[Cut] | None = None,
) -> Solution:
    """Bounds and decisions if it were known that scenario `number` comes true (wait and see)."""
    search = _Search(
        decisions=program.decisions,
        decision_costs=program.scenarios[number].decision_cost[None, :],
        numbers=(number,),
        weights=np.ones(1),
        recourses=recourses,
        cuts=[] if cuts is None else cuts,
        gap=gap,
        meter=Meter() if meter is None else meter,
    )
    return search.run(starts)


@dataclass(kw_only=True)
class _Search:
    """One run over some of the scenarios; what it has found so far changes as it goes."""

    decisions: Decisions
    decision_costs: Floats
    numbers: tuple[int, ...]
    weights: Floats
    recourses: Recourses
    cuts: list[Cut]
    gap: float
    meter: Meter
    rounds: int = 0
    lower: float = -np.inf
    upper: float = np.inf
    best: Floats = field(default_factory=lambda: np.empty(0))
    best_costs: Floats = field(default_factory=lambda: np.empty(0))

    def run(self, starts: Iterable[Floats]) -> Solution:
        for start in starts:
            self.visit(start)
        whole = bool(self.decisions.integer.any())
        verdict = self.gather(self.gap * (_RELAXED_SHARE if whole else 1.0))
        if verdict is not Verdict.INFEASIBLE and whole:
            verdict = self.close()
        if verdict is not Verdict.INFEASIBLE and self.is_closed:
            verdict = Verdict.OPTIMAL
        return self.answer(verdict)

    def gather(self, tolerance: float) -> Verdict:
        """Cuts on the linear relaxation until its bound and its cost agree."""
        if not self.cuts:
            self.visit(self.decisions.lower)
        master = _Master(self, whole=False)
        core, core_cost, lower, stuck = self.best if self.is_found else None, self.upper, -np.inf, False
        for _ in range(_RELAXED_ROUNDS if self.decisions.integer.any() else 10_000):
            verdict = master.solve(self.meter, tolerance)
            if verdict not in (Verdict.OPTIMAL, Verdict.FEASIBLE):
                return verdict
            stuck = master.bound - lower <= 1e-9 * abs(master.bound)
            lower = max(lower, master.bound)
            self.lower = max(self.lower, lower)
            point = master.point if core is None or stuck else 0.5 * (master.point + core)
            cost = self.visit(point, master)
            if cost < core_cost:
                core, core_cost = point, cost
            if _met(lower, core_cost, tolerance) or self.meter.must_stop():
                break
        return Verdict.FEASIBLE

    def close(self) -> Verdict:
        """Whole decisions until lower and upper bound meet."""
        master = _Master(self, whole=True)
        while not self.is_closed and not self.meter.must_stop():
            if self.is_found:
                master.suggest(self.best)
            verdict = master.solve(self.meter, self.gap * _MASTER_SHARE)
            if verdict is Verdict.INFEASIBLE:
                return verdict
            self.lower = max(self.lower, min(master.bound, self.upper))
            if verdict is Verdict.UNKNOWN:
                break
            self.visit(np.where(self.decisions.integer, np.round(master.point), master.point), master)
        return Verdict.FEASIBLE if self.is_found else Verdict.UNKNOWN

    def visit(self, point: Floats, master: _Master | None = None) -> float:
        """Price the point in every scenario, keep the cuts and, if it may be carried out, the point; its cost."""
        self.rounds += 1
        prices = self.prices(point)
        self.meter.charge(sum(price.work for price in prices))
        fresh = [_cut(number, point, price) for number, price in zip(self.numbers, prices, strict=True)]
        self.cuts.extend(fresh)
        if master is not None:
            master.add(fresh)
        if not all(price.feasible for price in prices):
            return np.inf
        costs = self.decision_costs @ point + np.array([price.value for price in prices])
        cost = float(self.weights @ costs)
        if cost < self.upper and _may_be_carried_out(self.decisions, point):
            self.upper, self.best, self.best_costs = cost, point.copy(), costs
        return cost

    def prices(self, point: Floats) -> list[Price]:
        if len(self.numbers) == 1:
            return [self.recourses.price_one(self.numbers[0], point)]
        return self.recourses.price(point)

    @property
    def unit(self) -> float:
        """Money of which a scenario costs some hundreds."""
        largest = max((abs(cut.level) for cut in self.cuts if cut.about_cost), default=1.0)
        return float(10.0 ** np.floor(np.log10(max(largest, 100.0)) - 2))

    @property
    def is_found(self) -> bool:
        return bool(np.isfinite(self.upper))

    @property
    def is_closed(self) -> bool:
        return _met(self.lower, self.upper, self.gap)

    def answer(self, verdict: Verdict) -> Solution:
        return Solution(
            verdict=verdict,
            lower=np.inf if verdict is Verdict.INFEASIBLE else min(self.lower, self.upper),
            upper=self.upper,
            decisions=self.best,
            scenario_costs=self.best_costs,
            rounds=self.rounds,
            work=self.meter.done,
        )


class _Master:
    """min c'y + sum of weight * theta over the decisions' own rows and the cuts; money in a unit that suits HiGHS."""

    def __init__(self, search: _Search, *, whole: bool) -> None:
        d = search.decisions
        self.count, self.place = len(d.names), {number: i for i, number in enumerate(search.numbers)}
        estimates = len(search.numbers)
        self.unit = search.unit
        self.model = highs.load(
            cost=np.concatenate([search.weights @ search.decision_costs / self.unit, search.weights]),
            lower=np.concatenate([d.lower, np.full(estimates, -np.inf)]),
            upper=np.concatenate([d.upper, np.full(estimates, np.inf)]),
            matrix=sparse.hstack([d.matrix, sparse.csr_matrix((d.matrix.shape[0], estimates))]),
            row_lower=d.row_lower,
            row_upper=d.row_upper,
            integer=np.concatenate([d.integer, np.zeros(estimates, dtype=bool)]) if whole else None,
        )
        self.open = set(self.place)
        for number in self.open:  # an estimate without a cut would have no end
            self.hold(number, 0.0, 0.0)
        self.add(search.cuts)
        self.point, self.bound = np.empty(0), -np.inf

    def solve(self, meter: Meter, gap: float) -> Verdict:
        verdict = highs.run(self.model, gap=gap, meter=meter)
        if verdict in (Verdict.OPTIMAL, Verdict.FEASIBLE):
            self.point = highs.values(self.model)[: self.count]
        self.bound = -np.inf if self.open else highs.bound(self.model) * self.unit
        return verdict

    def suggest(self, point: Floats) -> None:
        """A start for the search in the tree of whole decisions."""
        index = np.arange(self.count, dtype=np.int32)
        self.model.setSolution(self.count, index, point)

    def add(self, cuts: Sequence[Cut]) -> None:
        mine = [cut for cut in cuts if cut.scenario in self.place]
        if not mine:
            return
        slopes = sparse.csr_matrix(np.array([-cut.slope for cut in mine]) / self.unit)
        picks = np.array([self.place[cut.scenario] for cut in mine])
        weights = np.array([1.0 if cut.about_cost else 0.0 for cut in mine])
        shape = (len(mine), len(self.place))
        estimates = sparse.csr_matrix((weights, (np.arange(len(mine)), picks)), shape)
        estimates.eliminate_zeros()
        levels = np.array([cut.level for cut in mine]) / self.unit
        highs.add_rows(self.model, sparse.hstack([slopes, estimates], format="csr"), levels, np.full(len(mine), np.inf))
        for number in {cut.scenario for cut in mine if cut.about_cost} & self.open:
            self.hold(number, -np.inf, np.inf)
            self.open.discard(number)

    def hold(self, number: int, lower: float, upper: float) -> None:
        self.model.changeColBounds(self.count + self.place[number], lower, upper)


def _cut(number: int, point: Floats, price: Price) -> Cut:
    level = price.value - float(price.slope @ point)
    return Cut(scenario=number, about_cost=price.feasible, slope=price.slope, level=level)


def _met(lower: float, upper: float, gap: float) -> bool:
    return bool(np.isfinite(upper)) and upper - lower <= gap * max(abs(upper), 1e-9)


def _may_be_carried_out(decisions: Decisions, point: Floats) -> bool:
    """Whole where it must be, within bounds and rows, to the tolerance that HiGHS keeps."""
    whole, rows = point[decisions.integer], decisions.matrix @ point
    slack = 1e-6 * np.maximum(1.0, abs(decisions.matrix) @ np.abs(point))
    return bool(
        np.all(np.abs(whole - np.round(whole)) < 1e-6)
        and np.all(point >= decisions.lower - 1e-6)
        and np.all(point <= decisions.upper + 1e-6)
        and np.all(rows >= decisions.row_lower - slack)
        and np.all(rows <= decisions.row_upper + slack)
    )
