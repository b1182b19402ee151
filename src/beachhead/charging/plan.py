"""The answer of a planner: what is charged when, what it costs, and how far from the optimum it can be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.task import ChargingTask


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChargingPlan:
    """A plan of T slots with its certificate; arrays read-only, kWh.

    Attributes:
        draw_kwh: (T,) drawn by the charger.
        give_kwh: (T,) given back by the car, at the socket.
        stored_kwh: (T + 1,) in the battery at the start and after each slot.
        missing_kwh: (T,) bought on the way because the battery did not hold the trip that left in the slot.
        cost_eur: what the car adds to the bill, energy bought on the way included, EUR.
        leftover_eur: worth of what is left in the battery, EUR.
        bound_eur: no plan has `cost_eur - leftover_eur` below this, EUR.
    """

    draw_kwh: NDArray[np.float64]
    give_kwh: NDArray[np.float64]
    stored_kwh: NDArray[np.float64]
    missing_kwh: NDArray[np.float64]
    cost_eur: float
    leftover_eur: float
    bound_eur: float

    @property
    def objective_eur(self) -> float:
        """What is minimised: cost less the worth of what is left, EUR."""
        return self.cost_eur - self.leftover_eur

    @property
    def gap(self) -> float:
        """Distance to the bound, relative to the larger of the bound's size and one cent."""
        return gap_of(self.objective_eur, self.bound_eur)

    def with_starts(self, eur: float) -> ChargingPlan:
        """The same plan with the cost of starting the charger added."""
        return replace(self, cost_eur=self.cost_eur + eur)


def gap_of(objective_eur: float, bound_eur: float) -> float:
    """Distance of an objective to its bound, relative to the larger of the bound's size and one cent."""
    return max(objective_eur - bound_eur, 0.0) / max(abs(bound_eur), 0.01)


def priced(
    task: ChargingTask,
    *,
    draw_kwh: NDArray[np.float64],
    give_kwh: NDArray[np.float64],
    missing_kwh: NDArray[np.float64],
    bound_eur: float,
) -> ChargingPlan:
    """The plan with these flows: stored energy, cost and leftover follow from the task.

    The bill of a slot is buy x max(net, 0) - sell x max(-net, 0); the car's cost is the bill with it less the bill
    without it.
    """
    car = task.car
    steps = draw_kwh * car.efficiency - give_kwh / car.discharge_efficiency - task.trips_kwh + missing_kwh
    stored = np.concatenate(([task.start_kwh], task.start_kwh + np.cumsum(steps)))
    stored = np.clip(stored, 0.0, car.battery_kwh)  # rounding of a sum of T terms, no more
    with_car = _bill(task, task.net_load_kwh + draw_kwh - give_kwh)
    cost = with_car - _bill(task, task.net_load_kwh) + task.shortage_eur_per_kwh * float(missing_kwh.sum())
    for array in (draw_kwh, give_kwh, stored, missing_kwh):
        array.setflags(write=False)
    return ChargingPlan(
        draw_kwh=draw_kwh,
        give_kwh=give_kwh,
        stored_kwh=stored,
        missing_kwh=missing_kwh,
        cost_eur=cost,
        leftover_eur=task.leftover.worth(float(stored[-1])),
        bound_eur=bound_eur,
    )


def _bill(task: ChargingTask, net_kwh: NDArray[np.float64]) -> float:
    return float(task.buy @ np.maximum(net_kwh, 0.0) - task.sell @ np.maximum(-net_kwh, 0.0))
