"""What a car costs once it stands in the market, by route.

A route is a plant, a market, an offer and a way over the border. Duty is on the customs value: invoice, and where the
country counts them freight and insurance to the border, but no cost behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from beachhead.supply.network import Network
from beachhead.supply.tariff import CustomsValue, Tariff, Turn

Floats = NDArray[np.float64]
Amount = TypeVar("Amount", float, Floats)

WEEKS_PER_YEAR = 52.0


def customs_value(basis: CustomsValue, invoice: Amount, freight: Amount, insurance_share: float) -> Amount:
    """What duty is paid on: a car's invoice, on `cif` with freight and insurance to the border; any one currency.

    Args:
        basis: of the country whose border it is.
        invoice: price at which the car is invoiced across the border.
        freight: to the border.
        insurance_share: of the invoice.
    """
    return invoice if basis is CustomsValue.FOB else invoice + freight + insurance_share * invoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way to serve a market with an offer.

    Attributes:
        plant: number of the plant.
        market: number of the market.
        offer: number of the offer.
        lane: number of the lane.
        tariff: the row of the border used; None within a country.
    """

    plant: int
    market: int
    offer: int
    lane: int
    tariff: Tariff | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LandedCosts:
    """Costs a car of R routes in T quarters, in one state of the world; launch currency. All arrays are (R, T).

    Attributes:
        routes: R routes.
        ex_works: material, labour, fee, kit freight and parts duty.
        freight: freight, insurance and handling.
        duty: at the border.
        carrying: money bound on the way, and cars lost.
        revenue: net price less selling cost.
        allowed: true where the route may be used.
    """

    routes: tuple[Route, ...]
    ex_works: Floats
    freight: Floats
    duty: Floats
    carrying: Floats
    revenue: Floats
    allowed: NDArray[np.bool_]

    @property
    def landed(self) -> Floats:
        """(R, T), all that a car costs until it stands in the market."""
        return self.ex_works + self.freight + self.duty + self.carrying

    @property
    def margin(self) -> Floats:
        """(R, T), what a car earns."""
        return self.revenue - self.landed


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Routes that differ only in which row of a border is used, so that the cheapest open one always is.

    Attributes:
        plant: number of the plant.
        market: number of the market.
        offer: number of the offer.
        lane: number of the lane.
        quota: name of the quota the cars draw on; "" for none.
    """

    plant: int
    market: int
    offer: int
    lane: int
    quota: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WayCosts:
    """Cost and margin a car of W ways in T quarters, in one state of the world. All arrays are (W, T).

    Attributes:
        landed: cost by the cheapest open route; inf where none is open.
        revenue: net price less selling cost.
        allowed: true where a route is open.
    """

    landed: Floats
    revenue: Floats
    allowed: NDArray[np.bool_]

    @property
    def margin(self) -> Floats:
        """(W, T), what a car earns; -inf where no route is open."""
        return self.revenue - self.landed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RouteCosts:
    """Costs a car of one route, (T,) each, expected over the ways the world may go; NaN where it is closed."""

    ex_works: Floats
    freight: Floats
    duty: Floats
    carrying: Floats
    landed: Floats
    margin: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RouteLedger:
    """Every route into a market and what it costs.

    Attributes:
        routes: R routes.
        parts: R costs.
    """

    routes: tuple[Route, ...]
    parts: tuple[RouteCosts, ...]


def price_routes(network: Network, market: str) -> RouteLedger:
    """Costs of every route into one market, each expected over the ways the world may go in which it is open."""
    place = [m.code for m in network.markets].index(market)
    routes = tuple(route for route in routes_of(network) if route.market == place)
    courses = courses_of(network)
    costs = [land(network, routes, turns) for turns, _ in courses]
    odds = np.array([chance for _, chance in courses])
    open_odds = np.tensordot(odds, np.array([each.allowed for each in costs], dtype=float), axes=1)

    def expected(name: str) -> Floats:
        amounts = np.array([np.where(each.allowed, getattr(each, name), 0.0) for each in costs])
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(open_odds > 0, np.tensordot(odds, amounts, axes=1) / open_odds, np.nan)

    names = ("ex_works", "freight", "duty", "carrying", "landed", "margin")
    table = {name: expected(name) for name in names}
    parts = tuple(RouteCosts(**{name: table[name][r] for name in names}) for r in range(len(routes)))
    return RouteLedger(routes=routes, parts=parts)


def courses_of(network: Network) -> list[tuple[frozenset[Turn], float]]:
    """Every way the world may go, all forks together, with its odds."""
    ways = [list(zip(fork.labels, fork.odds, strict=True)) for fork in network.forks]
    courses = []
    for combination in product(*ways):
        names = zip(network.forks, combination, strict=True)
        turns = frozenset(Turn(fork=fork.name, label=label) for fork, (label, _) in names)
        courses.append((turns, float(np.prod([chance for _, chance in combination]))))
    return courses


def ways_of(routes: tuple[Route, ...]) -> tuple[Way, ...]:
    """The ways that the routes make up, in their order."""
    return tuple(dict.fromkeys(_way(route) for route in routes))


def by_way(costs: LandedCosts, ways: tuple[Way, ...]) -> WayCosts:
    """The cheapest open route of each way."""
    place = {way: w for w, way in enumerate(ways)}
    shape = (len(ways), costs.landed.shape[1])
    landed, revenue = np.full(shape, np.inf), np.zeros(shape)
    open_cost = np.where(costs.allowed, costs.landed, np.inf)
    for r, route in enumerate(costs.routes):
        w = place[_way(route)]
        landed[w] = np.minimum(landed[w], open_cost[r])
        revenue[w] = costs.revenue[r]
    return WayCosts(landed=landed, revenue=revenue, allowed=np.isfinite(landed))


def _way(route: Route) -> Way:
    quota = "" if route.tariff is None else route.tariff.quota
    return Way(plant=route.plant, market=route.market, offer=route.offer, lane=route.lane, quota=quota)


def routes_of(network: Network) -> tuple[Route, ...]:
    """Every route that may be open at some time: lane by lane, offer by offer, row by row."""
    plants = {plant.code: number for number, plant in enumerate(network.plants)}
    markets = {market.code: number for number, market in enumerate(network.markets)}
    rows: dict[tuple[str, str], list[Tariff]] = {}
    for tariff in network.tariffs:
        rows.setdefault((tariff.origin, tariff.destination), []).append(tariff)
    routes = []
    for number, lane in enumerate(network.lanes):
        origin, goal = network.area(network.plants[plants[lane.plant]].country), network.area(lane.market)
        ways: list[Tariff | None] = list(rows.get((origin, goal), [])) or ([None] if origin == goal else [])
        for offer in range(len(network.builds)):
            built = network.plants[plants[lane.plant]].offers
            if network.mix[markets[lane.market], offer] == 0 or (built and network.builds[offer].offer not in built):
                continue
            for way in ways:
                share = origin_share(network, plants[lane.plant], offer)
                if way is None or share >= way.least_origin_share - 1e-12:
                    routes.append(
                        Route(
                            plant=plants[lane.plant],
                            market=markets[lane.market],
                            offer=offer,
                            lane=number,
                            tariff=way,
                        )
                    )
    return tuple(routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutBorder:
    """A border that lanes cross, over which no car can come for a while: no row of it is in force, whatever happens.

    Attributes:
        origin: customs area of the plants.
        destination: customs area of the markets.
        quarters: numbers of the quarters, rising.
    """

    origin: str
    destination: str
    quarters: tuple[int, ...]


def shut_borders(network: Network) -> tuple[ShutBorder, ...]:
    """The borders of the lanes for which some quarter has no row, in the order of the lanes."""
    home = {plant.code: network.area(plant.country) for plant in network.plants}
    borders = dict.fromkeys((home[lane.plant], network.area(lane.market)) for lane in network.lanes)
    found = []
    for origin, destination in borders:
        rows = [row for row in network.tariffs if (row.origin, row.destination) == (origin, destination)]
        if origin == destination and not rows:
            continue
        shut = [t for t, quarter in enumerate(network.quarters) if not any(row.holds_in(quarter) for row in rows)]
        if shut:
            found.append(ShutBorder(origin=origin, destination=destination, quarters=tuple(shut)))
    return tuple(found)


def land(network: Network, routes: tuple[Route, ...], turns: frozenset[Turn]) -> LandedCosts:
    """Cost every route in every quarter, the world going these ways."""
    rates = _Rates(network, turns)
    works = np.array([[_ex_works(network, p, j, rates) for j in range(len(network.builds))] for p in _plants(network)])
    shape = (len(routes), len(network.quarters))
    ex_works, freight, duty, carrying, revenue = (np.zeros(shape) for _ in range(5))
    allowed = np.zeros(shape, dtype=bool)
    in_force: dict[Tariff | None, NDArray[np.bool_]] = {}
    for r, route in enumerate(routes):
        lane, market = network.lanes[route.lane], network.markets[route.market]
        works_cost, rate = works[route.plant, route.offer], rates.of(lane.currency)
        invoice = works_cost * (1 + network.transfer_margin)
        shipping = lane.freight(network.builds[route.offer].volume_m3) * rate
        insurance = lane.insurance_share * invoice
        ex_works[r] = works_cost
        freight[r] = shipping + insurance + lane.handling_per_car * rate
        bound = (works_cost + shipping) * network.carrying_rate * lane.transit_weeks / WEEKS_PER_YEAR
        carrying[r] = bound + (works_cost + shipping + insurance) * (1 / (1 - lane.loss_share) - 1)
        way, price = route.tariff, network.net_price[route.market, route.offer]
        if way is not None:
            value = customs_value(way.customs_value, invoice, shipping, lane.insurance_share)
            duty[r] = np.maximum(way.duty * value, way.least_duty)
        revenue[r] = (price - network.selling_cost[route.market, route.offer]) * rates.of(market.currency)
        if way not in in_force:
            in_force[way] = _in_force(network, way, turns)
        allowed[r] = in_force[way] & (price * rates.of(market.currency) >= (way.least_price - 1e-9 if way else 0.0))
    return LandedCosts(
        routes=routes,
        ex_works=ex_works,
        freight=freight,
        duty=duty,
        carrying=carrying,
        revenue=revenue,
        allowed=allowed,
    )


def origin_share(network: Network, plant: int, offer: int) -> float:
    """Share of a car's ex-works cost that arises in the plant's country, at today's rates."""
    parts = _parts(network, plant, offer)
    return (parts.local + parts.work) / max(parts.total, 1e-12)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """Where the cost of a car arises: parts from home with their freight and duty, local parts, work and fee."""

    imported: float
    local: float
    work: float

    @property
    def total(self) -> float:
        return self.imported + self.local + self.work


def _parts(network: Network, plant_number: int, offer: int) -> _Parts:
    """Duty is on the parts from home, with their freight where the plant's country counts it."""
    plant, build = network.plants[plant_number], network.builds[offer]
    on_freight = plant.parts_duty if _customs_value_at(network, plant.country) is CustomsValue.CIF else 0.0
    local_share = plant.local_content_share * (1.0 if _is_at_home(network, plant_number) else 1 - build.home_only_share)
    from_home = build.material_cost * (1 - local_share)
    return _Parts(
        imported=from_home * (1 + plant.parts_duty) + plant.kit_freight * (1 + on_freight),
        local=build.material_cost * local_share * plant.local_content_factor,
        work=plant.labour_hours * plant.labour_cost_per_hour + plant.fee_per_car,
    )


def _customs_value_at(network: Network, country: str) -> CustomsValue:
    """How a country values what crosses its border: the rows into it agree; `cif` where none stands."""
    area = network.area(country)
    return next((row.customs_value for row in network.tariffs if row.destination == area), CustomsValue.CIF)


def _ex_works(network: Network, plant: int, offer: int, rates: _Rates) -> Floats:
    """(T,), cost of a car at the plant's gate."""
    parts = _parts(network, plant, offer)
    home, local = rates.of(network.builds[offer].currency), rates.of(network.plants[plant].currency)
    return parts.imported * home + (parts.local + parts.work) * local


def _is_at_home(network: Network, plant: int) -> bool:
    return any(m.is_home and m.code == network.plants[plant].country for m in network.markets)


def _plants(network: Network) -> range:
    return range(len(network.plants))


def _in_force(network: Network, way: Tariff | None, turns: frozenset[Turn]) -> NDArray[np.bool_]:
    if way is None:
        return np.ones(len(network.quarters), dtype=bool)
    if way.turn is not None and way.turn not in turns:
        return np.zeros(len(network.quarters), dtype=bool)
    return np.array([way.holds_in(quarter) for quarter in network.quarters])


class _Rates:
    """(T,) factor of each currency against today's rates, the world going these ways."""

    def __init__(self, network: Network, turns: frozenset[Turn]) -> None:
        self._flat = np.ones(len(network.quarters))
        self._moved: dict[str, Floats] = {}
        for move in sorted((m for m in network.moves if m.turn in turns), key=lambda m: m.first):
            rate = self._moved.setdefault(move.currency, self._flat.copy())
            rate[[quarter >= move.first for quarter in network.quarters]] = move.factor

    def of(self, currency: str) -> Floats:
        return self._moved.get(currency, self._flat)
