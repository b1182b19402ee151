"""The charger as it is built: whole amps, one or three phases, a cost of starting, least times on and off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import gcd

import numpy as np
from numpy.typing import NDArray

from beachhead.world.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class Charger:
    """What a wallbox can do (IEC 61851-1: 0 or at least 6 A, in whole amps).

    Attributes:
        least_amps: smallest current that is not zero, A per phase.
        most_amps: largest current, A per phase.
        phases: phase counts it may use, such as (3,), (1,) or (1, 3) for one that switches between slots.
        volts: phase voltage, V.
        start_eur: cost of going from off to on (wear, waking the car), EUR.
        least_on_slots: slots it stays on once started, unless it cannot draw at all (car gone, fuse taken).
        least_off_slots: slots it stays off once stopped.
    """

    least_amps: int = 6
    most_amps: int = 16
    phases: tuple[int, ...] = (3,)
    volts: float = 230.0
    start_eur: float = 0.0
    least_on_slots: int = 1
    least_off_slots: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.least_amps <= self.most_amps:
            raise BadInput(
                f"amps from {self.least_amps} to {self.most_amps}", "state 1 <= least <= most, such as 6 to 16"
            )
        if not self.phases or any(count not in (1, 2, 3) for count in self.phases):
            raise BadInput(f"phases {self.phases}", "state phase counts out of 1, 2 and 3")
        if not self.volts > 0 or self.start_eur < 0:
            raise BadInput(
                f"{self.volts} V, {self.start_eur} EUR a start", "state a voltage above 0 and no cost below 0"
            )
        if self.least_on_slots < 1 or self.least_off_slots < 1:
            raise BadInput("a least time of no slot", "state at least 1 slot on and 1 slot off")

    @property
    def levels(self) -> NDArray[np.int64]:
        """Currents it can draw, summed over phases, A: rising, zero left out."""
        each = range(self.least_amps, self.most_amps + 1)
        return np.array(sorted({amps * count for amps in each for count in self.phases}), dtype=np.int64)

    @property
    def unit_amps(self) -> int:
        """Largest current of which every level is a multiple, A: the mesh of the lattice."""
        return reduce(gcd, (int(level) for level in self.levels))

    def kwh(self, amps: float, hours: float) -> float:
        """Energy drawn at `amps` summed over phases, kWh."""
        return self.volts * amps * hours / 1000
