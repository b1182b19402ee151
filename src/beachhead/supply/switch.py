"""Which way of making cars wins where: a map over yearly volume and duty on cars from home."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.futures import Futures
from beachhead.supply.network import Network
from beachhead.supply.recourse import Recourses
from beachhead.supply.routing import write_routing
from beachhead.supply.staged import StagedProgram, mean_recourse
from beachhead.supply.tree import Tree
from beachhead.world.outlook import Outlook

Floats = NDArray[np.float64]

_PRECISION = 1e-3  # of the largest volume: how closely a break-even is known


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SwitchMap:
    """The better way for each volume and duty, every other thing at its mean.

    Attributes:
        options: O numbers of plants; the first entry, -1, stands for using only what exists.
        volumes: (V,), cars a year planned into the area, mean of the last year of the horizon.
        duties: (D,), duty on cars from home at the area's border.
        values: (O, V, D), contribution over the horizon beyond using only what exists; the option is committed to at
            the first gate, alone, and serves this area alone.
        winner: (V, D), position among the options of the best.
        break_even: (O, D), least volume at which the option beats using only what exists; inf if no volume up to the
            largest does.
        today: volume and duty of the network as it stands.
        markets: market codes of the area.
    """

    options: tuple[int, ...]
    volumes: Floats
    duties: Floats
    values: Floats
    winner: NDArray[np.int64]
    break_even: Floats
    today: tuple[float, float]
    markets: tuple[str, ...]


def map_switches(
    network: Network,
    futures: Futures,
    *,
    area: str,
    volumes: Sequence[float] | None = None,
    duties: Sequence[float] | None = None,
) -> SwitchMap:
    """The switch map for the markets of one customs area, in the mean of the futures."""
    scene = _Scene(network, futures, area)
    volumes_at = np.array(volumes if volumes is not None else scene.volume * np.geomspace(0.1, 4.0, 9))
    duties_at = np.array(duties if duties is not None else np.linspace(0.0, max(0.5, 1.2 * scene.duty), 7))
    options = (-1, *(p for p, plant in enumerate(network.plants) if not plant.exists))
    values = np.zeros((len(options), len(volumes_at), len(duties_at)))
    break_even = np.full((len(options), len(duties_at)), np.inf)
    break_even[0] = 0.0
    for d, duty in enumerate(duties_at):
        here = scene.at(float(duty))
        for v, volume in enumerate(volumes_at):
            values[:, v, d] = here.gains(options, float(volume))
        for o, option in enumerate(options[1:], start=1):
            break_even[o, d] = here.break_even(option, float(volumes_at[-1]))
    return SwitchMap(
        options=options,
        volumes=volumes_at,
        duties=duties_at,
        values=values,
        winner=values.argmax(axis=0),
        break_even=break_even,
        today=(scene.volume, scene.duty),
        markets=scene.codes,
    )


def worth_a_map(network: Network, planned: Outlook) -> tuple[str, ...]:
    """Customs areas in which a plant could stand and that take at least a fiftieth of the cars planned abroad."""
    cars = planned.values.mean(axis=0).sum(axis=1)
    abroad = sum(c for c, m in zip(cars, network.markets, strict=True) if not m.is_home)
    by_area: dict[str, float] = {}
    for count, market in zip(cars, network.markets, strict=True):
        if not market.is_home:
            area = network.area(market.code)
            by_area[area] = by_area.get(area, 0.0) + float(count)
    areas = dict.fromkeys(network.area(plant.country) for plant in network.plants if not plant.exists)
    return tuple(area for area in areas if by_area.get(area, 0.0) > max(0.02 * abroad, 0.0))


def with_duty(network: Network, origin: str, areas: Collection[str], duty: float) -> Network:
    """The network in which cars from `origin` pay one sure duty at the borders of `areas`, without quota or promise."""
    kept = [row for row in network.tariffs if not (row.origin == origin and row.destination in areas)]
    patterns = {row.destination: row for row in network.tariffs if row.origin == origin and row.destination in areas}
    sure = [
        replace(
            row,
            duty=duty,
            least_duty=0.0,
            first=min(network.quarters[0], row.first),
            last=None,
            quota="",
            quota_per_year=None,
            least_price=0.0,
            least_origin_share=0.0,
            turn=None,
        )
        for row in patterns.values()
    ]
    return replace(network, tariffs=(*kept, *sure))


class _Scene:
    """The mean world, its volume and its duty as they stand."""

    def __init__(self, network: Network, futures: Futures, area: str) -> None:
        self.network, self.area = network, area
        self.inside = np.array([not m.is_home and network.area(m.code) == area for m in network.markets])
        self.codes = tuple(m.code for m, flag in zip(network.markets, self.inside, strict=True) if flag)
        # other markets abroad are left out: the map is about this area, and home buyers compete for its cars
        stay = self.inside | np.array([m.is_home for m in network.markets])
        self.futures = futures = replace(futures, cars=futures.cars * stay[None, :, None])
        if not self.codes:
            raise ValueError(f"no market lies in {area}")
        homes = [m.code for m in network.markets if m.is_home] or [p.country for p in network.plants if p.exists]
        self.origin = network.area(homes[0])
        mean = np.tensordot(futures.probability, futures.cars, axes=1)
        year = min(4, len(network.quarters))
        self.volume = float(mean[self.inside, -year:].sum() * 4 / year)
        rows = [r for r in network.tariffs if r.origin == self.origin and r.destination == area]
        self.duty = max((row.duty for row in rows), default=0.0)

    def at(self, duty: float) -> _Here:
        network = with_duty(self.network, self.origin, {self.area}, duty)
        return _Here(network, self.futures, self.inside, self.volume)


class _Here:
    """The mean world at one duty: a linear programme whose needs grow with the volume of the area."""

    def __init__(self, network: Network, futures: Futures, inside: NDArray[np.bool_], volume: float) -> None:
        draws = len(futures.cars)
        mean = np.tensordot(futures.probability, futures.cars, axes=1)
        alike = replace(futures, cars=np.repeat(mean[None], draws, axis=0))
        root = Tree(
            gate=np.zeros(1, dtype=np.int64),
            parent=np.array([-1]),
            node_of=np.zeros((draws, 1), dtype=np.int64),
            probability=np.ones(1),
            seen=np.zeros((draws, 1, 1)),
            regions=("all",),
        )
        routing = write_routing(replace(network, gates=network.gates[:1]), alike, root, strong=False)
        self.volume, self.layout = volume, routing.layout
        self.sure = replace(routing.program, scenarios=(mean_recourse(routing.program),))
        self.needs = np.array([row.kind == "need" and bool(inside[row.market]) for row in routing.layout.rows])
        served = np.array([inside[way.market] for way in routing.layout.ways])[routing.layout.column_way]
        self.deliveries = np.concatenate([served, np.zeros(len(routing.layout.underruns), dtype=bool)])

    def gains(self, options: Sequence[int], volume: float) -> list[float]:
        """Value of each option beyond the first, at a volume."""
        mean, scale = self.sure.scenarios[0], volume / max(self.volume, 1e-9)
        scaled = replace(
            mean,
            row_lower=mean.row_lower * np.where(self.needs & np.isfinite(mean.row_lower), scale, 1.0),
            row_upper=mean.row_upper * np.where(self.needs, scale, 1.0),
            upper=mean.upper * np.where(self.deliveries, scale, 1.0),
        )
        sure = replace(self.sure, scenarios=(scaled,))
        with Recourses(sure) as recourses:
            values = [self._value(sure, recourses, option) for option in options]
        return [value - values[0] for value in values]

    def break_even(self, option: int, most: float) -> float:
        """Least volume at which the option gains, by bisection; the gain grows with volume until capacity binds."""
        if self.gains((-1, option), most)[1] <= 0:
            return float(np.inf)
        low, high = 0.0, most
        while high - low > _PRECISION * most:
            middle = (low + high) / 2
            low, high = (low, middle) if self.gains((-1, option), middle)[1] > 0 else (middle, high)
        return high

    def _value(self, sure: StagedProgram, recourses: Recourses, option: int) -> float:
        decisions = np.array([float(c.plant == option and c.close_node is None) for c in self.layout.choices])
        return -float(sure.cost @ decisions) - recourses.price_one(0, decisions).value
