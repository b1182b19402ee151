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
    """(M, J), landed cost by the cheapest route from a running plant, mean over the turns and quarters that have one.

    inf where none is ever open.
    """
    routes = tuple(route for route in routes_of(network) if network.plants[route.plant].exists)
    shape = (len(network.markets), len(network.builds), len(network.quarters))
    paid, times = np.zeros(shape), np.zeros(shape)
    for turns, odds in courses_of(network):
        costs = land(network, routes, turns)
        least = np.full(shape, np.inf)
        for r, route in enumerate(routes):
            here = np.where(costs.allowed[r], costs.landed[r], np.inf)
            least[route.market, route.offer] = np.minimum(least[route.market, route.offer], here)
        reached = np.isfinite(least)
        paid += odds * np.where(reached, least, 0.0)
        times += odds * reached
    often = times.sum(axis=2)
    return np.where(often > 0, paid.sum(axis=2) / np.maximum(often, 1e-12), np.inf)
