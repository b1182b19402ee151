"""What supply hands back to the plan: landed cost, margin and capacity, with their odds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.futures import keep
from beachhead.supply.network import Network
from beachhead.supply.plan import SupplyPlan
from beachhead.supply.tariff import Turn

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """One way the world may go, all forks together.

    Attributes:
        turns: the ways.
        odds: their probability among the futures.
        margin: (M, T), expected margin of a planned car of the market; NaN where no route is open.
    """

    turns: tuple[Turn, ...]
    odds: float
    margin: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Handback:
    """What the plan may count on; launch currency. Margins are of a planned car over the mix of offers.

    Attributes:
        landed: (M, J, T), expected landed cost.
        margin: (M, T), expected margin; NaN where no route is open in some future.
        margin_low: (M, T), 10 % quantile over the futures.
        margin_high: (M, T), 90 % quantile.
        exported: (M, T), expected margin if only plants that run already were used.
        courses: the same margin in each way the world may go.
        capacity: (T,), expected cars that all open plants can make.
        added: (T,), the part of it in plants yet to be committed to.
        capacity_low: (T,), exceeded in 90 % of the futures.
        for_export: (T,), expected cars beyond what the home market takes.
        for_export_low: (T,), exceeded in 90 % of the futures.
    """

    landed: Floats
    margin: Floats
    margin_low: Floats
    margin_high: Floats
    exported: Floats
    courses: tuple[Course, ...]
    capacity: Floats
    added: Floats
    capacity_low: Floats
    for_export: Floats
    for_export_low: Floats


def hand_back(plan: SupplyPlan) -> Handback:
    """Margins and capacity of a supply plan."""
    futures, weight = plan.futures, plan.futures.probability
    margin = _over_mix(plan.network, plan.revenue - plan.landed)
    exported = _over_mix(plan.network, plan.revenue - plan.exported)
    new = np.array([not plant.exists for plant in plan.network.plants])
    total, export = plan.capacity.sum(axis=1), plan.for_export
    return Handback(
        landed=np.tensordot(weight, np.where(np.isfinite(plan.landed), plan.landed, np.nan), axes=1),
        margin=np.tensordot(weight, margin, axes=1),
        margin_low=_quantile(margin, weight, 0.1),
        margin_high=_quantile(margin, weight, 0.9),
        exported=np.tensordot(weight, exported, axes=1),
        courses=tuple(
            Course(
                turns=tuple(sorted(futures.turns_of(plan.network, int(draws[0])), key=lambda turn: turn.fork)),
                odds=float(weight[draws].sum()),
                margin=np.tensordot(keep(futures, draws).probability, margin[draws], axes=1),
            )
            for draws in _groups(plan)
        ),
        capacity=weight @ total,
        added=weight @ plan.capacity[:, new].sum(axis=1),
        capacity_low=_quantile(total, weight, 0.1),
        for_export=weight @ export,
        for_export_low=_quantile(export, weight, 0.1),
    )


def _over_mix(network: Network, margin: Floats) -> Floats:
    """(S, M, J, T) to (S, M, T); NaN where an offer that is planned cannot come."""
    known = np.where(np.isfinite(margin), margin, np.nan)
    known = np.where(network.mix[None, :, :, None] > 0, known, 0.0)
    return np.asarray(np.einsum("mj,smjt->smt", network.mix, known))


def _groups(plan: SupplyPlan) -> list[NDArray[np.int64]]:
    """Draws that share their turns."""
    which = np.unique(plan.futures.turns, axis=0, return_inverse=True)[1].reshape(-1)
    return [np.flatnonzero(which == number) for number in np.unique(which)]


def _quantile(values: Floats, weight: Floats, level: float) -> Floats:
    """Weighted quantile over the first axis."""
    order = np.argsort(values, axis=0)
    ranked = np.take_along_axis(values, order, axis=0)
    mass = np.cumsum(weight[order], axis=0)
    index = np.minimum((mass < level - 1e-12).sum(axis=0), len(values) - 1)
    return np.asarray(np.take_along_axis(ranked, index[None], axis=0)[0])
