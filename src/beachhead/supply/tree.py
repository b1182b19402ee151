"""The scenario tree: which draws can be told apart at which gate.

Draws are split, gate after gate and only within their node (conditional clustering: Heitsch & Römisch 2009, Chen & Yan
2018 describe kin), by what is known by then: settled forks exactly, volumes by k-means on what a gate can read of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.futures import Futures
from beachhead.supply.network import Network

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    """N nodes in order of their gates; node 0 is the root, at the first gate.

    Attributes:
        gate: (N,), number of the gate at which the node stands.
        parent: (N,), number of the node before it; -1 for the root.
        node_of: (S, G), node in which each draw is at each gate.
        probability: (N,), probability of passing through the node.
        seen: (S, G, R), log of cars that a gate has read in each region until then, blurred as the reader is.
        regions: R region labels, those without the home market.
    """

    gate: Ints
    parent: Ints
    node_of: Ints
    probability: Floats
    seen: Floats
    regions: tuple[str, ...]

    @property
    def size(self) -> int:
        """N, number of nodes."""
        return len(self.gate)

    def draws(self, node: int) -> Ints:
        """The draws that pass through a node."""
        return np.flatnonzero(self.node_of[:, self.gate[node]] == node)

    def path(self, draw: int) -> Ints:
        """(G,), nodes of one draw in order."""
        return np.asarray(self.node_of[draw])

    def children(self, node: int) -> Ints:
        """The nodes that follow."""
        return np.flatnonzero(self.parent == node)

    def before(self, node: int) -> list[int]:
        """The node and all before it, root last."""
        line = [node]
        while self.parent[line[-1]] >= 0:
            line.append(int(self.parent[line[-1]]))
        return line


def grow_tree(network: Network, futures: Futures, *, branches: int = 3, smallest: int = 3, blur: float = 0.3) -> Tree:
    """Split the draws gate by gate into at most `branches` clusters a node, none smaller than `smallest` draws.

    `blur` is the standard deviation with which one quarter of sales shows the log of a region's volume; it shrinks
    with the root of the quarters seen. Without it a tree would know each draw's demand after one quarter.
    """
    rng = np.random.default_rng([futures.seed, 8])
    seen, regions = _readings(network, futures, blur, rng)
    draws, gates = len(futures.cars), len(network.gates)
    node_of = np.zeros((draws, gates), dtype=np.int64)
    gate, parent = [0], [-1]
    for g in range(1, gates):
        known = _settled(network, futures, g)
        for node in [n for n in range(len(gate)) if gate[n] == g - 1]:
            inside = np.flatnonzero(node_of[:, g - 1] == node)
            for members in _split(inside, known, seen[:, g], branches, smallest, rng):
                node_of[members, g] = len(gate)
                gate.append(g)
                parent.append(node)
    numbers = np.arange(len(gate))
    probability = np.array([futures.probability[node_of[:, gate[n]] == n].sum() for n in numbers])
    return Tree(
        gate=np.array(gate),
        parent=np.array(parent),
        node_of=node_of,
        probability=probability,
        seen=seen,
        regions=regions,
    )


def _readings(
    network: Network, futures: Futures, blur: float, rng: np.random.Generator
) -> tuple[Floats, tuple[str, ...]]:
    """(S, G, R), what each gate reads: log of the mean quarterly cars of a region up to it, blurred."""
    abroad = [m for m in network.markets if not m.is_home] or list(network.markets)
    regions = tuple(dict.fromkeys(m.region for m in abroad))
    member = np.array([[not m.is_home and m.region == r for m in network.markets] for r in regions], dtype=float)
    if not member.any():
        member = np.ones((len(regions), len(network.markets)))
    regional = np.einsum("rm,smt->srt", member, futures.cars)
    noise = rng.standard_normal(regional.shape) * blur
    seen = np.zeros((len(futures.cars), len(network.gates), len(regions)))
    for g, until in enumerate(network.gate_index):
        if until > 0:
            blurred = np.log1p(regional[:, :, :until].mean(axis=2))
            seen[:, g] = blurred + noise[:, :, :until].mean(axis=2)
    seen.setflags(write=False)
    return seen, regions


def _settled(network: Network, futures: Futures, gate: int) -> Ints:
    """(S,), one number for each combination of forks that everybody knows at the gate."""
    now = network.gates[gate]
    known = [number for number, fork in enumerate(network.forks) if fork.known_from <= now]
    if not known:
        return np.zeros(len(futures.turns), dtype=np.int64)
    return np.unique(futures.turns[:, known], axis=0, return_inverse=True)[1].reshape(-1)


def _split(
    inside: Ints, known: Ints, seen: Floats, branches: int, smallest: int, rng: np.random.Generator
) -> list[Ints]:
    """Parts of one node: by settled forks, then by cluster of what is seen."""
    parts = []
    for combination in np.unique(known[inside]):
        group = inside[known[inside] == combination]
        parts.extend(_cluster(group, seen[group], branches, smallest, rng))
    return parts


def _cluster(group: Ints, seen: Floats, branches: int, smallest: int, rng: np.random.Generator) -> list[Ints]:
    """k-means (Lloyd 1982, seeded as in Arthur & Vassilvitskii 2007); fewer clusters where some would be too small."""
    for count in range(min(branches, len(group) // smallest), 1, -1):
        label = _k_means(seen, count, rng)
        sizes = np.bincount(label, minlength=count)
        if sizes.min() >= smallest:
            order = np.argsort([seen[label == c].sum(axis=1).mean() for c in range(count)])
            return [group[label == c] for c in order]
    return [group]


def _k_means(points: Floats, count: int, rng: np.random.Generator) -> Ints:
    best, best_spread = np.zeros(len(points), dtype=np.int64), np.inf
    for _ in range(4):
        centres = _far_apart(points, count, rng)
        label = np.full(len(points), -1)
        for _ in range(50):
            fresh = ((points[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
            if (fresh == label).all():
                break
            label = fresh
            for c in np.unique(label):
                centres[c] = points[label == c].mean(axis=0)
        spread = float(((points - centres[label]) ** 2).sum())
        if spread < best_spread:
            best, best_spread = label, spread
    return best


def _far_apart(points: Floats, count: int, rng: np.random.Generator) -> Floats:
    centres = [points[rng.integers(len(points))]]
    for _ in range(count - 1):
        distance = np.min([((points - c) ** 2).sum(axis=1) for c in centres], axis=0)
        total = distance.sum()
        centres.append(points[rng.choice(len(points), p=distance / total) if total > 0 else 0])
    return np.array(centres)
