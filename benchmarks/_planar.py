"""Points of the plane as a p-median field: TSPLIB coordinates, Euclidean distance rounded down."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from beachhead.siting.field import Field, Limits, Lists
from beachhead.world.errors import BadInput

_CHUNK = 500
_PLANAR = {"EUC_2D", "CEIL_2D", "ATT"}


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
