"""Spares of all parts together: money goes where it removes most waiting."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beachhead.aftersales.exact import Law, exact_law
from beachhead.aftersales.parts import Repairable, met_at_once
from beachhead.world.errors import NotFeasible


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """Spares of every part at depot and bases.

    Attributes:
        depot: by part code, spares at the depot.
        bases: by part code, spares at each base.
        cost: cost of all spares.
        backorders: expected backorders at all bases, all parts.
        availability: share of demand met at once, over all parts and bases.
    """

    depot: dict[str, int]
    bases: dict[str, tuple[int, ...]]
    cost: float
    backorders: float
    availability: float


def provision(parts: Sequence[Repairable], *, fill: float) -> Provision:
    """Spares by marginal analysis until the share of demand met at once reaches `fill`.

    For each part and total stock the best split between depot and bases is found; the next unit goes to the part with
    the largest fall in backorders for its cost (Sherbrooke 1968, section 5; optimal on the convex hull of the curve).
    Backorders and fill rates are those of `exact_law`.
    """
    if not 0 < fill < 1:
        raise NotFeasible(f"a fill rate of {fill:g} cannot be had with a finite stock", "ask for one between 0 and 1")
    curves = {part.code: _Curve(part=part, laws=[], splits=[]) for part in parts}
    at = dict.fromkeys(curves, 0)
    total_demand = sum(float(part.demand_per_day.sum()) for part in parts)
    queue = [(-_gain(curves[part.code], 0), part.code) for part in parts if part.demand_per_day.sum() > 0]
    heapq.heapify(queue)
    while queue and _met(curves, at) < fill * total_demand - 1e-12:
        _, code = heapq.heappop(queue)
        at[code] += 1
        heapq.heappush(queue, (-_gain(curves[code], at[code]), code))
    return Provision(
        depot={code: _split(curves[code], level).depot for code, level in at.items()},
        bases={code: _split(curves[code], level).bases for code, level in at.items()},
        cost=sum(curves[code].part.unit_cost * level for code, level in at.items()),
        backorders=sum(_split(curves[code], level).backorders for code, level in at.items()),
        availability=_met(curves, at) / total_demand if total_demand else 1.0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Curve:
    """One part: its law by depot stock and its best split by total stock, both grown as far as asked for."""

    part: Repairable
    laws: list[Law]
    splits: list[_Split]


@dataclass(frozen=True, slots=True)
class _Split:
    depot: int
    bases: tuple[int, ...]
    backorders: float
    met_per_day: float


def _split(curve: _Curve, total: int) -> _Split:
    """The depot stock with the fewest backorders at the bases, the rest spread by marginal analysis."""
    while len(curve.splits) <= total:
        units = len(curve.splits)
        curve.laws.append(exact_law(curve.part, units))
        tried = (_spread(curve, depot, units - depot) for depot in range(units + 1))
        curve.splits.append(min(tried, key=lambda split: split.backorders))
    return curve.splits[total]


def _spread(curve: _Curve, depot: int, left: int) -> _Split:
    law = curve.laws[depot]
    stock = np.zeros(len(law.mean), dtype=np.int64)
    lost = 1 - law.cumulative[:, 0]  # one more unit at base j removes P(X_j > s_j) backorders
    backorders = float(law.mean.sum())
    for _ in range(left):
        base = int(lost.argmax())
        backorders -= float(lost[base])
        stock[base] += 1
        lost[base] = 1 - law.cumulative[base, min(int(stock[base]), law.cumulative.shape[1] - 1)]
    met = curve.part.demand_per_day @ met_at_once(law, stock)
    return _Split(depot=depot, bases=tuple(stock.tolist()), backorders=max(backorders, 0.0), met_per_day=float(met))


def _gain(curve: _Curve, level: int) -> float:
    """Backorders removed per unit of cost by the next spare."""
    fewer = _split(curve, level).backorders - _split(curve, level + 1).backorders
    cost = curve.part.unit_cost
    return fewer / cost if math.isfinite(cost) and cost > 0 else fewer


def _met(curves: dict[str, _Curve], at: dict[str, int]) -> float:
    return sum(_split(curves[code], level).met_per_day for code, level in at.items())
