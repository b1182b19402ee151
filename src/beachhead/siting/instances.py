"""Readers of published location instances, as fields: OR-Library pmed and cap, TSPLIB coordinates as p-median."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path
from scipy.spatial import cKDTree

from beachhead.siting.field import Field, Floats, Limits, Lists, dense_lists
from beachhead.world.errors import BadInput

_CHUNK = 500
_PLANAR = {"EUC_2D", "CEIL_2D", "ATT"}


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


def read_tsp(path: Path) -> NDArray[np.float64]:
    """Coordinates (n, 2) of a planar TSPLIB instance (Reinelt 1991)."""
    lines = path.read_text().splitlines()
    kind = next((line.split(":")[1].strip() for line in lines if line.startswith("EDGE_WEIGHT_TYPE")), "EUC_2D")
    if kind not in _PLANAR:
        raise BadInput(f"{path.name} has EDGE_WEIGHT_TYPE {kind}", f"use a planar instance: {', '.join(_PLANAR)}")
    try:
        begin = next(k for k, line in enumerate(lines) if line.startswith("NODE_COORD_SECTION")) + 1
    except StopIteration:
        raise BadInput(f"{path.name} has no NODE_COORD_SECTION", "use a TSPLIB file with coordinates") from None
    rows = []
    for line in lines[begin:]:
        words = line.split()
        if len(words) != 3:
            break
        rows.append([float(words[1]), float(words[2])])
    return np.array(rows)


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


def planar_field(points: NDArray[np.float64], sites: int) -> Field:
    """p-median on points (n, 2) of the plane, Euclidean distance rounded down, on lists three fair shares deep.

    A share is n / p candidates. Prices end near one share and never much beyond two (measured on rl5934, p = 10 to
    1000), so deeper lists would change nothing; should one matter, the bound stays true because of the horizon.
    """
    count = len(points)
    shares = 3.0 if sites >= 20 else 2.0
    deep = min(count, int(shares * count / sites) + 30)
    tree = cKDTree(points)
    item = np.empty((count, deep), np.int32)
    cost = np.empty((count, deep))
    for begin in range(0, count, _CHUNK):
        distance, near = tree.query(points[begin : begin + _CHUNK], deep)
        item[begin : begin + _CHUNK] = near.reshape(-1, deep)
        cost[begin : begin + _CHUNK] = np.floor(distance + 1e-9).reshape(-1, deep)
    far = np.full(count, 4.0 * float(np.ptp(points, axis=0).max()) + 1.0)
    return Field(
        by_customer=Lists(np.arange(count + 1, dtype=np.int64) * deep, item.ravel(), cost.ravel()),
        opening=np.zeros(count),
        outside=far,
        horizon=far if deep == count else cost[:, -1].copy(),
        limits=Limits.count(count, sites),
    )


def planar_cost(points: NDArray[np.float64], sites: NDArray[np.int32]) -> float:
    """True cost of a set of sites: every customer to its nearest, Euclidean distance rounded down."""
    distance, _ = cKDTree(points[sites]).query(points)
    return float(np.floor(distance + 1e-9).sum())


def _numbers(path: Path) -> NDArray[np.float64]:
    try:
        return np.array(path.read_text().split(), float)
    except ValueError as error:
        raise BadInput(f"{path.name} is not an OR-Library file: {error}", "give the file as published") from None
