"""The book of every lane: what left the plant, what was lost, what is still on the way, what arrived."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.plan import SupplyPlan

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LaneBook:
    """Cars on L lanes, quarter by quarter; B quarters before the first are kept for cars already on the way.

    Attributes:
        left: (S, L, B + T), cars that left the plant.
        lost: (S, L, B + T), cars lost, booked when they would have arrived.
        arrived: (S, L, B + T), cars delivered.
        on_the_way: (S, L, B + T), cars on the way at the end of the quarter.
        before: B.
    """

    left: Floats
    lost: Floats
    arrived: Floats
    on_the_way: Floats
    before: int


def keep_books(plan: SupplyPlan) -> LaneBook:
    """Books of all lanes in all draws, from the cars delivered; cars for deliveries after the horizon are not made."""
    network = plan.network
    before = max((back for lane in network.lanes for back, _ in lane.lags), default=0)
    draws, horizon = len(plan.futures.cars), len(network.quarters)
    shape = (draws, len(network.lanes), before + horizon)
    left, lost, arrived = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for number, lane in enumerate(network.lanes):
        cars = plan.delivered[:, number].sum(axis=1)
        sent = cars / (1 - lane.loss_share)
        arrived[:, number, before:] = cars
        lost[:, number, before:] = sent - cars
        for back, share in lane.lags:
            left[:, number, before - back : before - back + horizon] += share * sent
    on_the_way = np.cumsum(left - lost - arrived, axis=2)
    return LaneBook(left=left, lost=lost, arrived=arrived, on_the_way=on_the_way, before=before)
