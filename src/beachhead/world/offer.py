"""What is sold: a model in a trim, and what is asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from beachhead.world.quarter import Quarter
from beachhead.world.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One model in one trim.

    Attributes:
        code: short key, such as `SU7-PRO`.
        model: model name.
        trim: trim name.
        battery_kwh: battery capacity, kWh.
        features: declared features, such as `lane_keep`, `over_the_air_update`; read by compliance.
        available_from: first quarter in which it can be shipped abroad.
        source: source of the figures.
    """

    code: str
    model: str
    trim: str
    battery_kwh: float
    features: frozenset[str]
    available_from: Quarter
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What is asked for an offer in a market.

    Attributes:
        market: market code.
        offer: offer code.
        amount: price per car, in the launch's currency (converted on reading), taxes included as displayed.
        vat: value-added or sales tax contained in it, 0.2 = 20 % on top of the net price.
        source: source of the price.
    """

    market: str
    offer: str
    amount: float
    vat: float
    source: Source

    @property
    def net(self) -> float:
        """Price without tax, in the launch's currency."""
        return self.amount / (1 + self.vat)
