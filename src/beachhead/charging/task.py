"""The question a planner answers: one car, one home, T slots of known prices, loads, presence and trips."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from beachhead.world.compiled import compiled
from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A battery-electric car at its charger.

    Attributes:
        battery_kwh: usable battery capacity, kWh, above 0.
        power_kw: most the charger draws, kW, above 0.
        reserve_kwh: kept in the battery at home whenever charging could have put it there, kWh; default none.
        efficiency: kWh stored per kWh drawn, 0..1; default 1, as losses cancel in a comparison of plans.
        discharge_kw: most the car gives back to home or grid, kW; default 0, a car that only charges.
        discharge_efficiency: kWh given per kWh taken out of the battery, 0..1.
    """

    battery_kwh: float
    power_kw: float
    reserve_kwh: float = 0.0
    efficiency: float = 1.0
    discharge_kw: float = 0.0
    discharge_efficiency: float = 1.0

    def __post_init__(self) -> None:
        if not (self.battery_kwh > 0 and self.power_kw > 0):
            raise BadInput(
                f"battery of {self.battery_kwh} kWh at {self.power_kw} kW", "state a battery and a power above 0"
            )
        if not (0 < self.efficiency <= 1 and 0 < self.discharge_efficiency <= 1):
            raise BadInput(
                f"efficiencies {self.efficiency} and {self.discharge_efficiency}", "state shares above 0, at most 1"
            )
        if not 0 <= self.reserve_kwh <= self.battery_kwh:
            raise BadInput(f"reserve of {self.reserve_kwh} kWh", f"keep it within 0..{self.battery_kwh} kWh")
        if self.discharge_kw < 0:
            raise BadInput(f"discharge of {self.discharge_kw} kW", "state 0 for a car that only charges")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """What energy left at the end of the horizon is worth: a concave, piecewise-linear function of kWh stored.

    Attributes:
        widths_kwh: (L,) widths of the pieces from an empty battery upwards, kWh.
        eur_per_kwh: (L,) worth of a kWh in each piece; not below 0, must not rise. Energy above is worth nothing.
    """

    widths_kwh: tuple[float, ...] = ()
    eur_per_kwh: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.widths_kwh) != len(self.eur_per_kwh):
            raise BadInput("the leftover value has unequal numbers of widths and values", "state one value a width")
        if any(value < 0 for value in self.eur_per_kwh) or any(width < 0 for width in self.widths_kwh):
            raise BadInput("a leftover width or value below 0", "state 0 where energy left over is worth nothing")
        if any(b > a for a, b in zip(self.eur_per_kwh, self.eur_per_kwh[1:], strict=False)):
            raise BadInput(f"leftover values {self.eur_per_kwh} rise", "order them from the first kWh to the last")

    def worth(self, stored_kwh: float) -> float:
        """Worth of that much energy, EUR."""
        left, total = stored_kwh, 0.0
        for width, value in zip(self.widths_kwh, self.eur_per_kwh, strict=True):
            step = min(width, left)
            total, left = total + step * value, left - step
        return total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChargingTask:
    """One car at one home over T slots; all arrays (T,), energies kWh in the slot, prices EUR/kWh.

    A trip leaves at the start of its slot and takes its energy at once; what the battery lacks is bought on the
    way at `shortage_eur_per_kwh`. Selling may never pay more than buying in the same slot, else the cost of a slot
    is not convex (`lattice` plans such homes).

    Attributes:
        slot_hours: length of a slot, hours.
        buy: price of a kWh taken from the grid.
        sell: price paid for a kWh fed in, at most `buy`.
        net_load_kwh: household load minus solar; negative is a surplus.
        present: share of the slot the car is plugged in, 0..1.
        trips_kwh: energy a trip takes that leaves at the start of the slot.
        car: the car.
        start_kwh: energy stored at the beginning.
        fuse_kw: most the home may draw, kW; the car gets what the household leaves.
        shortage_eur_per_kwh: price of energy bought on the way; above every price at home.
        leftover: what energy at the end is worth.
    """

    slot_hours: float
    buy: Floats
    sell: Floats
    net_load_kwh: Floats
    present: Floats
    trips_kwh: Floats
    car: Car
    start_kwh: float
    fuse_kw: float = float("inf")
    shortage_eur_per_kwh: float = 1.0
    leftover: Leftover = field(default_factory=Leftover)

    def __post_init__(self) -> None:
        for name in ("buy", "sell", "net_load_kwh", "present", "trips_kwh"):
            object.__setattr__(self, name, _frozen(getattr(self, name), name, self.slots))
        if not self.slot_hours > 0:
            raise BadInput(f"slots of {self.slot_hours} hours", "state a length above 0, such as 0.25")
        if not 0 <= self.start_kwh <= self.car.battery_kwh:
            raise BadInput(f"{self.start_kwh} kWh at the start", f"keep it within 0..{self.car.battery_kwh} kWh")
        if (self.present < 0).any() or (self.present > 1).any() or (self.trips_kwh < 0).any():
            raise BadInput("presence outside 0..1 or a trip below 0 kWh", "mend presence and trips")
        if not self.fuse_kw > 0:
            raise BadInput(f"a fuse of {self.fuse_kw} kW", "state a limit above 0, or leave it out")

    @property
    def slots(self) -> int:
        """T, the number of slots."""
        return int(np.asarray(self.buy).shape[0])

    @property
    def is_convex(self) -> bool:
        """True if no slot pays more for selling than buying costs."""
        return bool((self.sell <= self.buy).all())

    @property
    def room_kwh(self) -> Floats:
        """(T,) most the charger may draw in each slot: presence, power and what the fuse leaves."""
        under_fuse = np.maximum(self.fuse_kw * self.slot_hours - self.net_load_kwh, 0.0)
        return np.minimum(self.car.power_kw * self.slot_hours * self.present, under_fuse)

    @property
    def give_kwh(self) -> Floats:
        """(T,) most the car may give back in each slot, kWh at the socket."""
        return self.car.discharge_kw * self.slot_hours * self.present

    @property
    def floor_kwh(self) -> Floats:
        """(T,) least stored at the end of each slot: the reserve, or as much of it as charging could have put there."""
        car, stored = self.car, self.room_kwh * self.car.efficiency
        return reachable_reserve(stored, self.trips_kwh, self.present, self.start_kwh, car.reserve_kwh, car.battery_kwh)


@compiled
def reachable_reserve(
    room: Floats, trips: Floats, present: Floats, start: float, reserve: float, battery: float
) -> Floats:
    """(T,) the reserve at the end of slots at home, or the most that charging from the start on could have stored."""
    floor, top = np.zeros(room.shape[0]), start
    for slot in range(room.shape[0]):
        top = min(max(top - trips[slot], 0.0) + room[slot], battery)
        if present[slot] > 0.0:
            floor[slot] = min(reserve, top)
    return floor


def _frozen(values: object, name: str, slots: int) -> Floats:
    array = np.array(values, dtype=np.float64)
    if array.shape != (slots,):
        raise BadInput(f"{name} has shape {array.shape}", f"state one value for each of the {slots} slots")
    if not np.isfinite(array).all():
        raise BadInput(f"{name} holds values that are not finite numbers", "fill the gaps before planning")
    array.setflags(write=False)
    return array
