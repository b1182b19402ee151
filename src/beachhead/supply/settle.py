"""Makes supply and plan agree on what an exported car earns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.landed import courses_of, land, routes_of
from beachhead.supply.network import Network

Floats = NDArray[np.float64]


def settle_selling_cost(network: Network, margins: Mapping[str, float]) -> Network:
    """The network whose selling cost is what net price less expected landed cost by export leaves over the margin.

    `margins` gives the unit margin by market that the plan works with. Where it promises more than price less landed
    cost, selling is free and supply earns less than the plan says. Markets that no running plant can reach keep a
    selling cost of price less margin.
    """
    landed = _exported(network)
    wanted = np.array([margins.get(market.code, 0.0) for market in network.markets])
    known = np.where(np.isfinite(landed), landed, 0.0)
    left = (network.mix * (network.net_price - known)).sum(axis=1) - wanted
    cost = np.where(network.net_price > 0, np.maximum(left, 0.0)[:, None], 0.0)
    return replace(network, selling_cost=np.minimum(cost, network.net_price))


def _exported(network: Network) -> Floats:
    """(M, J), expected landed cost over all turns by the cheapest route from a running plant, mean over quarters."""
    routes = tuple(route for route in routes_of(network) if network.plants[route.plant].exists)
    expected = np.zeros((len(network.markets), len(network.builds), len(network.quarters)))
    for turns, odds in courses_of(network):
        costs = land(network, routes, turns)
        least = np.full(expected.shape, np.inf)
        for r, route in enumerate(routes):
            here = np.where(costs.allowed[r], costs.landed[r], np.inf)
            least[route.market, route.offer] = np.minimum(least[route.market, route.offer], here)
        expected += odds * least
    return np.asarray(expected.mean(axis=2))
