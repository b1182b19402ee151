"""How cars travel from a plant to a market."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.world.source import Source

WEEKS_PER_QUARTER = 13.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One way from a plant to a market. Money in the launch's currency at today's rates.

    Attributes:
        plant: plant code.
        market: market code.
        mode: how, such as ro_ro, rail or truck.
        freight_per_m3: sea or road freight to the border, per cubic metre of car.
        freight_per_car: freight to the border that is not priced by room, a car.
        handling_per_car: behind the border: ports, inland haulage, inspection before delivery.
        insurance_share: of the car's value.
        transit_weeks: from the plant's gate to the market, cars in transit included.
        loss_share: cars lost or written off on the way, 0..1.
        capacity_per_quarter: cars a quarter that the lane can take; None if it does not bind.
        currency: ISO 4217 code in which freight and handling arise.
        source: who says so.
    """

    plant: str
    market: str
    mode: str = ""
    freight_per_m3: float
    freight_per_car: float = 0.0
    handling_per_car: float = 0.0
    insurance_share: float = 0.0
    transit_weeks: float
    loss_share: float = 0.0
    capacity_per_quarter: float | None = None
    currency: str
    source: Source

    def __post_init__(self) -> None:
        if not 0 <= self.loss_share < 1:
            raise ValueError(f"{self.plant} to {self.market}: loss share {self.loss_share} is not in [0, 1)")
        costs = (self.freight_per_m3, self.freight_per_car, self.handling_per_car, self.insurance_share)
        if min(*costs, self.transit_weeks) < 0:
            raise ValueError(
                f"{self.plant} to {self.market}: freight, handling, insurance and transit are not negative"
            )

    def freight(self, volume_m3: float) -> float:
        """Freight of a car of that volume to the border, launch currency at today's rates."""
        return self.freight_per_m3 * volume_m3 + self.freight_per_car

    @property
    def lags(self) -> tuple[tuple[int, float], ...]:
        """When the cars delivered in a quarter were made: (quarters before, share), shares summing to 1.

        Cars flow evenly, so those delivered in a quarter left the plant `transit_weeks` earlier.
        """
        whole, part = divmod(self.transit_weeks / WEEKS_PER_QUARTER, 1.0)
        if part == 0:
            return ((int(whole), 1.0),)
        return ((int(whole), 1.0 - part), (int(whole) + 1, part))
