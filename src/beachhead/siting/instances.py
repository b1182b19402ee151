"""Readers of published location instances, as fields: OR-Library pmed and cap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from beachhead.siting.field import Field, Floats, Limits, dense_lists
from beachhead.world.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Warehouses:
    """An OR-Library warehouse location instance.

    Attributes:
        capacity: (J,), what each warehouse can serve; nan where the file says `capacity`.
        opening: (J,), cost of opening it.
        demand: (I,), what each customer needs.
        cost: (I, J), cost of serving all of a customer's demand from a warehouse.
    """

    capacity: Floats
    opening: Floats
    demand: Floats
    cost: Floats


def read_pmed(path: Path) -> Field:
    """OR-Library p-median (Beasley 1985): shortest paths between all vertices, p sites; a repeated edge counts last."""
    numbers = _numbers(path)
    vertices, count, sites = (int(v) for v in numbers[:3])
    edges = numbers[3:].reshape(-1, 3)
    if len(edges) != count or count == 0:
        raise BadInput(f"{path.name} announces {count} edges and lists {len(edges)}", "fetch the file again")
    last = {(int(min(a, b)) - 1, int(max(a, b)) - 1): cost for a, b, cost in edges}
    ends = np.array(list(last))
    graph = csr_array((list(last.values()), (ends[:, 0], ends[:, 1])), shape=(vertices, vertices))
    return median_field(shortest_path(graph, directed=False), sites)


def read_cap(path: Path) -> Warehouses:
    """OR-Library warehouse location (Beasley 1988)."""
    words = path.read_text().split()
    sites, customers = int(words[0]), int(words[1])
    head = words[2 : 2 + 2 * sites]
    rest = np.array(words[2 + 2 * sites :], float).reshape(customers, 1 + sites)
    capacity = np.array([np.nan if word == "capacity" else float(word) for word in head[::2]])
    return Warehouses(
        capacity=capacity, opening=np.array(head[1::2], float), demand=rest[:, 0].copy(), cost=rest[:, 1:].copy()
    )


def median_field(cost: Floats, sites: int) -> Field:
    """p-median on a full (I, J) matrix of costs."""
    customers, candidates = cost.shape
    outside = np.full(customers, 2.0 * cost.max() + 1.0)
    return Field(
        by_customer=dense_lists(cost),
        opening=np.zeros(candidates),
        outside=outside,
        horizon=outside,
        limits=Limits.count(candidates, sites),
    )


def warehouse_field(instance: Warehouses) -> Field:
    """Uncapacitated warehouse location: capacities are ignored, as in the published uncapacitated optima."""
    customers, sites = instance.cost.shape
    outside = np.full(customers, float(instance.cost.sum() + instance.opening.sum()))
    return Field(
        by_customer=dense_lists(instance.cost),
        opening=instance.opening,
        outside=outside,
        horizon=outside,
        limits=Limits.count(sites, np.inf),
    )


def _numbers(path: Path) -> NDArray[np.float64]:
    try:
        return np.array(path.read_text().split(), float)
    except ValueError as error:
        raise BadInput(f"{path.name} is not an OR-Library file: {error}", "give the file as published") from None
