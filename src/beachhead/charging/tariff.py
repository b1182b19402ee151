"""What a kWh and a kW cost a household in a market, besides the spot price."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from beachhead.world.errors import BadInput
from beachhead.world.source import Grade, Source

Floats = NDArray[np.float64]

_HEDGE, _DAY, _NIGHT = 0.02, 1.10, 0.85
_NIGHT_BEGINS, _NIGHT_ENDS = 22, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Components of a household's bill; prices without VAT.

    Attributes:
        market: market code.
        zone: price zone its spot price is read from.
        supplier: margin of the supplier on spot, EUR/kWh.
        grid: network charge, EUR/kWh.
        tax: taxes and levies, EUR/kWh.
        vat: value added tax, share.
        peak_eur_per_kw: charge on the mean monthly peak, EUR per kW and year, VAT included; 0 where there is none.
        source: where the components come from.
    """

    market: str
    zone: str
    supplier: float
    grid: float
    tax: float
    vat: float
    peak_eur_per_kw: float = 0.0
    source: Source

    def spot(self, spot: Floats) -> Floats:
        """Price of each hour on a spot contract, EUR/kWh with VAT."""
        return (spot + self.supplier + self.grid + self.tax) * (1 + self.vat)

    def flat(self, mean_spot: float) -> float:
        """Price of a fixed contract, EUR/kWh with VAT: the mean spot price and a charge for the risk."""
        return (mean_spot + _HEDGE + self.supplier + self.grid + self.tax) * (1 + self.vat)

    def by_time(self, mean_spot: float, hour: NDArray[np.int64]) -> Floats:
        """Price of each hour (since 1970) on a contract with a night price, EUR/kWh with VAT."""
        clock = hour % 24
        night = (clock >= _NIGHT_BEGINS) | (clock < _NIGHT_ENDS)
        return self.flat(mean_spot) * np.where(night, _NIGHT, _DAY)


@cache
def bundled_tariffs() -> dict[str, Tariff]:
    """The tariffs that come with the package, by market."""
    text = files("beachhead.charging").joinpath("tariffs.toml").read_text(encoding="utf-8")
    found = {}
    for market, row in tomllib.loads(text).items():
        source = Source(who=row.pop("source"), as_of=date(2023, 12, 31), grade=Grade.C)
        found[market] = Tariff(market=market, source=source, **row)
    return found


def tariff_of(market: str) -> Tariff:
    """The bundled tariff of a market."""
    found = bundled_tariffs().get(market.upper())
    if found is None:
        raise BadInput(f"no charging tariff of {market!r}", f"tariffs are known for {', '.join(bundled_tariffs())}")
    return found
