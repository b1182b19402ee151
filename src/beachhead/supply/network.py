"""The question of this room: plants, lanes, borders and planned cars, over the quarters of the launch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.lane import Lane
from beachhead.supply.plant import Build, Plant
from beachhead.supply.tariff import CurrencyMove, Fork, Tariff, Turn
from beachhead.world.quarter import Quarter

Floats = NDArray[np.float64]

TRANSFER_MARGIN = 0.05
"""Mark-up on cost at which a car is invoiced across a border; an assumption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A market as supply sees it.

    Attributes:
        code: market code.
        name: English short name.
        region: label of its region; gates read demand by region.
        currency: ISO 4217 code in which its buyers pay.
        is_home: true for the market that competes for the same lines from the start.
    """

    code: str
    name: str
    region: str
    currency: str
    is_home: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """P plants, M markets, J offers, T quarters, G gates.

    Attributes:
        plants: P plants, those that exist first.
        markets: M markets.
        builds: J offers, by what they take.
        lanes: at most one for each plant, market and mode.
        tariffs: rows of every border crossed; a car made in the market's own customs area crosses none, unless rows
            from the area to itself say what it must meet.
        areas: customs area of a country, such as DE: EU; a country that is not named is its own area.
        forks: what the world has yet to settle.
        moves: what that means for currencies.
        mix: (M, J), share of each offer in the planned cars of a market; rows sum to 1.
        net_price: (M, J), price without tax, launch currency at today's rates.
        selling_cost: (M, J), channel and other cost a car after landing, launch currency at today's rates.
        quarters: T quarters.
        gates: G quarters at whose start plants may be committed to or closed, rising, the first not before quarters[0].
        discount: factor of one quarter.
        terminal_quarters: quarters of the last year's average operating profit counted after the horizon.
        transfer_margin: mark-up on cost at which a car is invoiced across a border; duty is on this value.
        carrying_rate: yearly cost of the money bound in cars on the way.
        firm_share: share of the planned cars of every market and quarter that must arrive, 0..1.
    """

    plants: tuple[Plant, ...]
    markets: tuple[Destination, ...]
    builds: tuple[Build, ...]
    lanes: tuple[Lane, ...]
    tariffs: tuple[Tariff, ...]
    areas: Mapping[str, str] = field(default_factory=dict)
    forks: tuple[Fork, ...] = ()
    moves: tuple[CurrencyMove, ...] = ()
    mix: Floats
    net_price: Floats
    selling_cost: Floats
    quarters: tuple[Quarter, ...]
    gates: tuple[Quarter, ...]
    discount: float = 0.98
    terminal_quarters: float = 10.0
    transfer_margin: float = TRANSFER_MARGIN
    carrying_rate: float = 0.08
    firm_share: float = 0.0

    def __post_init__(self) -> None:
        shape = (len(self.markets), len(self.builds))
        for name in ("mix", "net_price", "selling_cost"):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not np.isfinite(array).all() or (array < 0).any():
                raise ValueError(f"{name} must be finite and not negative with shape {shape}, got {array.shape}")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if not np.allclose(self.mix.sum(axis=1), 1):
            raise ValueError("the offers' shares of a market do not sum to 1")
        self._check_labels()
        self._check_times()

    def _check_labels(self) -> None:
        plants, markets = {p.code for p in self.plants}, {m.code for m in self.markets}
        for codes, nouns in ((plants, self.plants), (markets, self.markets)):
            if len(codes) != len(nouns):
                raise ValueError("a plant or market is named twice")
        pairs = [(lane.plant, lane.market, lane.mode) for lane in self.lanes]
        if len(set(pairs)) != len(pairs):
            raise ValueError("two lanes of one mode join the same plant and market")
        if strangers := [pair for pair in pairs if pair[0] not in plants or pair[1] not in markets]:
            raise ValueError(f"a lane names an unknown plant or market: {strangers[0]}")
        offers = {build.offer for build in self.builds}
        if wrong := [plant.code for plant in self.plants if not set(plant.offers) <= offers]:
            raise ValueError(f"{wrong[0]} builds an offer that nobody knows")
        known = {Turn(fork=fork.name, label=label) for fork in self.forks for label in fork.labels}
        turns = {row.turn for row in self.tariffs if row.turn is not None} | {move.turn for move in self.moves}
        if turns - known:
            raise ValueError(f"no fork knows {next(iter(turns - known))}")
        quotas = {(row.quota, row.quota_from) for row in self.tariffs if row.quota}
        if len(quotas) > len(self.quotas):
            raise ValueError("the years of one quota begin with two different quarters")

    def _check_times(self) -> None:
        if list(self.gates) != sorted(set(self.gates)) or not self.gates or self.gates[0] < self.quarters[0]:
            raise ValueError(f"gates {self.gates} must rise and start within the horizon")
        if self.gates[-1] > self.quarters[-1]:
            raise ValueError(f"gate {self.gates[-1]} lies after the horizon")
        if not 0 < self.discount <= 1 or not 0 <= self.firm_share <= 1 or self.terminal_quarters < 0:
            raise ValueError("discount must be in (0, 1], firm_share in 0..1, terminal_quarters not negative")

    def area(self, country: str) -> str:
        """The customs area of a country."""
        return self.areas.get(country, country)

    @property
    def quotas(self) -> dict[str, int]:
        """The quotas by name, each with the quarter of the calendar with which its year begins."""
        return {row.quota: row.quota_from for row in self.tariffs if row.quota}

    @property
    def gate_index(self) -> tuple[int, ...]:
        """(G,), position of each gate among the quarters."""
        return tuple(gate - self.quarters[0] for gate in self.gates)

    @property
    def last_year(self) -> slice:
        """The last four quarters, or all of a shorter horizon."""
        return slice(-min(4, len(self.quarters)), None)

    @property
    def quarter_weight(self) -> Floats:
        """(T,), what one unit of money earned in a quarter is worth now, the time after the horizon included.

        What comes after the horizon is discounted from its end on, as in the plan (`launch.policy.value`).
        """
        weight = self.discount ** np.arange(len(self.quarters), dtype=np.float64)
        last = self.last_year
        weight[last] += self.discount ** len(weight) * self.terminal_quarters / len(weight[last])
        return weight
