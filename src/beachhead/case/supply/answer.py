"""Supply for an open launch: tables and the plan's cars in; landed cost, margin and capacity back out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from beachhead.case.answers.supplied import SupplyCourse, SupplyTerms, digests, keep_terms
from beachhead.case.open import Launch
from beachhead.case.plan.planning import Question, put_question
from beachhead.evidence.tables.areas import AREAS
from beachhead.evidence.tables.fx_scenarios import FxScenarioRow
from beachhead.evidence.tables.lanes import LaneRow
from beachhead.evidence.tables.offers import OfferRow
from beachhead.evidence.tables.plants import PlantRow
from beachhead.evidence.tables.tariffs import TariffRow
from beachhead.launch.plan.volumes import planned_cars
from beachhead.launch.question.problem import Problem
from beachhead.supply.handback import Handback, hand_back
from beachhead.supply.landed import Route, RouteCosts, price_routes
from beachhead.supply.lane import Lane
from beachhead.supply.network import Destination, Network
from beachhead.supply.odds import odds_of_steps
from beachhead.supply.plan import Depth, SupplyPlan, plan_supply, write_algebra
from beachhead.supply.plant import Build, LeadTime, Mode, Plant
from beachhead.supply.settle import settle_selling_cost
from beachhead.supply.switch import SwitchMap, map_switches, worth_a_map
from beachhead.supply.tariff import CurrencyMove, CustomsValue, Fork, Tariff, Turn
from beachhead.supply.whatif import Effect, try_changes, usual_changes
from beachhead.world.brief import brief
from beachhead.world.economics import best_margins
from beachhead.world.errors import BadInput, Fault
from beachhead.world.outlook import Outlook
from beachhead.world.quarter import Quarter

Floats = NDArray[np.float64]

DRAWS = 60
GATE_EVERY = 4  # quarters between gates at which a plant may be committed to
LAST_GATE = 4  # quarters before the end of the horizon after which no plant is worth a gate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Supplied:
    """The answer for a launch.

    Attributes:
        planned: the cars of the plan, draw by draw.
        plan: commitments, routes and bounds.
        handback: what the plan may count on.
        maps: switch map of each customs area that a plant could serve from within, by area.
        effects: what would change the answer; empty if not asked.
        without_lane: markets to which no lane leads; their cars are short.
        depth: how closely was looked.
        before: the first of two passes; None after one.
    """

    planned: Outlook
    plan: SupplyPlan
    handback: Handback
    maps: dict[str, SwitchMap]
    effects: tuple[Effect, ...]
    without_lane: tuple[str, ...]
    depth: Depth
    before: Supplied | None = None

    __repr__ = brief


def ask_supply(
    launch: Launch,
    *,
    on: date | None = None,
    draws: int = DRAWS,
    gate_every: int = GATE_EVERY,
    firm_share: float = 0.0,
    depth: Depth | None = None,
    what_if: bool = True,
    passes: int = 1,
    tick: Callable[[str, int, int], None] | None = None,
) -> Supplied:
    """Plan the cars, then plants and routes for them; with two passes the plan is made anew on what supply hands back.

    Args:
        launch: the launch.
        on: the day; None for today.
        draws: futures drawn.
        gate_every: quarters between the gates at which plants may be committed to.
        firm_share: share of the planned cars that must arrive.
        depth: how closely to look.
        what_if: whether to try the usual changes.
        passes: 1 or 2.
        tick: called with (what is done, done, in all).
    """
    _require(launch)
    tell = tick or (lambda what, done, total: None)
    question = put_question(launch, on=on, count_on_supply=False)
    first = _answer(launch, question, draws, gate_every, firm_share, depth, what_if and passes == 1, tell, None)
    if passes == 1:
        return first
    again = put_question(launch, on=on, supply=terms_of(launch, first))
    return _answer(launch, again, draws, gate_every, firm_share, depth, what_if, tell, first)


def write_supply(
    launch: Launch,
    path: Path,
    *,
    on: date | None = None,
    draws: int = DRAWS,
    gate_every: int = GATE_EVERY,
    firm_share: float = 0.0,
    depth: Depth | None = None,
) -> None:
    """Write the supply question as algebra, .lp or .mps by its ending."""
    _require(launch)
    problem = put_question(launch, on=on, count_on_supply=False).problem
    planned = planned_cars(problem, launch.folder.terms.seeds.plan, draws)
    network, _ = build_network(launch, problem, gate_every, firm_share, planned)
    write_algebra(network, planned, path, seed=launch.folder.terms.seeds.outlook, depth=depth)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LandedRoute:
    """What one route costs a car, quarter by quarter, expected over the ways the world may go; NaN where it is closed.

    Attributes:
        plant: plant code.
        market: market code.
        offer: offer code.
        mode: mode of the lane.
        border: duty and condition, in words.
        turn: the way the world must go for the route to be open; "" if in any case.
        ex_works: (T,), at the plant's gate.
        freight: (T,), freight, insurance and handling.
        duty: (T,).
        carrying: (T,), money bound and cars lost on the way.
        landed: (T,), all together.
        margin: (T,), net price less selling cost less landed cost.
    """

    plant: str
    market: str
    offer: str
    mode: str
    border: str
    turn: str
    ex_works: Floats
    freight: Floats
    duty: Floats
    carrying: Floats
    landed: Floats
    margin: Floats

    @property
    def shown(self) -> tuple[Floats, ...]:
        """The money columns in order."""
        return (self.ex_works, self.freight, self.duty, self.carrying, self.landed, self.margin)


def landed_routes(supplied: Supplied, market: str) -> tuple[LandedRoute, ...]:
    """Every route into a market with its costs, cheapest first; rows that differ in dates and quota's size are one."""
    network = supplied.plan.network
    ledger = price_routes(network, market)
    alike: dict[Hashable, list[tuple[Route, RouteCosts]]] = defaultdict(list)
    for route, costs in zip(ledger.routes, ledger.parts, strict=True):
        alike[route.plant, route.offer, route.lane, _terms(route.tariff)].append((route, costs))
    found = []
    for (route, costs), *later in alike.values():
        for _, other in later:
            costs = _either(costs, other)
        ways = [each.tariff for each in (route, *(each for each, _ in later)) if each.tariff is not None]
        turn = ways[0].turn if ways else None
        found.append(
            LandedRoute(
                plant=network.plants[route.plant].code,
                market=market,
                offer=network.builds[route.offer].offer,
                mode=network.lanes[route.lane].mode,
                border=_border(ways) if ways else "none",
                turn="" if turn is None else f"{turn.fork}: {turn.label}",
                ex_works=costs.ex_works,
                freight=costs.freight,
                duty=costs.duty,
                carrying=costs.carrying,
                landed=costs.landed,
                margin=costs.margin,
            )
        )
    opens = {route: int(np.argmax(np.isfinite(route.landed))) for route in found}
    return tuple(sorted(found, key=lambda route: (route.offer, _mean(route.landed), opens[route])))


def _terms(way: Tariff | None) -> Hashable:
    """On what terms a row lets a car in, whenever it does and however many."""
    if way is None:
        return None
    limits = way.quota, way.quota_from, way.least_price, way.least_origin_share
    return way.origin, way.duty, way.customs_value, way.least_duty, way.turn, *limits


def _either(one: RouteCosts, other: RouteCosts) -> RouteCosts:
    """Costs of a route that is open where either is."""
    amounts = {each.name: (getattr(one, each.name), getattr(other, each.name)) for each in fields(RouteCosts)}
    return RouteCosts(**{name: np.where(np.isnan(mine), theirs, mine) for name, (mine, theirs) in amounts.items()})


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("inf")


def _border(ways: Sequence[Tariff]) -> str:
    """Duty and condition of rows of the same terms, in words."""
    way = ways[0]
    on = " of FOB" if way.customs_value is CustomsValue.FOB and way.duty else ""
    words = [f"{100 * way.duty:.4g} %{on}"]
    if way.least_duty:
        words.append(f"at least {way.least_duty:,.0f}")
    sizes = [each.quota_per_year for each in ways if each.quota_per_year is not None]
    if sizes:
        since = f" from Q{way.quota_from} on" if way.quota_from > 1 else ""
        told = f"{min(sizes):,.0f}" if min(sizes) == max(sizes) else f"{min(sizes):,.0f} to {max(sizes):,.0f}"
        words.append(f"{told} a year{since}")
    if way.least_price:
        words.append(f"price from {way.least_price:,.0f}")
    if way.least_origin_share:
        words.append(f"origin share {100 * way.least_origin_share:.0f} %")
    if way.turn is not None:
        words.append(f"if {way.turn.label}")
    ends = [each.last for each in ways if each.last is not None]
    if len(ends) == len(ways):
        words.append(f"to {max(ends)}")
    return ", ".join(words)


def terms_of(launch: Launch, supplied: Supplied) -> SupplyTerms:
    """What a plan may count on: margins by course of the world, and the cars and capital of new plants."""
    plan, back = supplied.plan, supplied.handback
    network, weight = plan.network, plan.futures.probability
    committed = odds_of_steps(network, plan.futures, plan.tree, plan.steps)[:, -1]
    first = network.quarters[0]
    return SupplyTerms(
        quarters=network.quarters,
        markets=tuple(market.code for market in network.markets),
        courses=tuple(
            SupplyCourse(
                name=", ".join(f"{turn.fork}: {turn.label}" for turn in course.turns) or "as it stands",
                odds=course.odds / float(weight.sum()),
                margin=course.margin,
            )
            for course in back.courses
        ),
        known_from=max((fork.known_from for fork in network.forks), default=first),
        added=back.added,
        capital=float(sum(sum(plant.capital) * odds for plant, odds in zip(network.plants, committed, strict=True))),
        tables=digests(launch),
    )


def keep_supply(launch: Launch, supplied: Supplied, *, who: str, at: datetime) -> SupplyTerms:
    """Put the answer on record, so that the next plan counts on it."""
    terms = terms_of(launch, supplied)
    keep_terms(launch, terms, who=who, at=at)
    return terms


def build_network(
    launch: Launch, problem: Problem, gate_every: int, firm_share: float, planned: Outlook
) -> tuple[Network, tuple[str, ...]]:
    """The network of the tables, and the markets with planned cars to which no lane leads."""
    folder, quarters = launch.folder, problem.quarters
    markets = tuple(_destination(launch, code) for code in problem.markets)
    lanes = tuple(_lanes(launch, {market.code for market in markets}))
    offers = {row.code: row for row in folder.rows(OfferRow)}
    builds = tuple(_build(launch, offers[offer.code]) for offer in folder.offers)
    plants = sorted((_plant(launch, row) for row in folder.rows(PlantRow)), key=lambda plant: not plant.exists)
    mix, net = _mix_and_prices(launch, problem, offers)
    network = Network(
        plants=tuple(plants),
        markets=markets,
        builds=builds,
        lanes=lanes,
        tariffs=tuple(_tariffs(launch, quarters)),
        areas={country: area for area, members in AREAS.items() for country in members},
        forks=tuple(_forks(launch, quarters)),
        moves=tuple(_moves(launch)),
        mix=mix,
        net_price=net,
        selling_cost=np.zeros_like(net),
        quarters=quarters,
        gates=quarters[: max(1, len(quarters) - LAST_GATE) : gate_every],
        discount=folder.terms.discount_per_quarter,
        terminal_quarters=folder.terms.terminal_quarters,
        firm_share=firm_share,
    )
    reached = {lane.market for lane in lanes}
    wanted = planned.values.sum(axis=(0, 2))
    left_out = [m.code for m, cars in zip(markets, wanted, strict=True) if cars > 0 and m.code not in reached]
    return settle_selling_cost(network, best_margins(folder.economics)), tuple(left_out)


def _answer(
    launch: Launch,
    question: Question,
    draws: int,
    gate_every: int,
    firm_share: float,
    depth: Depth | None,
    what_if: bool,
    tell: Callable[[str, int, int], None],
    before: Supplied | None,
) -> Supplied:
    seeds = launch.folder.terms.seeds
    planned = planned_cars(question.problem, seeds.plan, draws, lambda done, total: tell("worlds", done, total))
    network, without_lane = build_network(launch, question.problem, gate_every, firm_share, planned)
    plan = plan_supply(network, planned, seed=seeds.outlook, depth=depth)
    maps = {area: map_switches(network, plan.futures, area=area) for area in worth_a_map(network, planned)}
    effects: tuple[Effect, ...] = ()
    if what_if:
        changes = usual_changes(network, planned)
        for done, change in enumerate(changes):
            tell("changes", done, len(changes))
            effects += try_changes(plan, planned, [change], seed=seeds.outlook, depth=depth)
    return Supplied(
        planned=planned,
        plan=plan,
        handback=hand_back(plan),
        maps=maps,
        effects=effects,
        without_lane=without_lane,
        depth=depth or Depth(),
        before=before,
    )


def _require(launch: Launch) -> None:
    """Raise unless the tables that supply needs are there and say enough."""
    faults = []
    for kind, name in ((PlantRow, "plants"), (LaneRow, "lanes")):
        if not launch.folder.rows(kind):
            cure = f"add {name}.csv; `beachhead new DIR --example xiaomi` shows one"
            faults.append(
                Fault(file=f"{name}.csv", problem="has no rows, so supply has nothing to route with", cure=cure)
            )
    if launch.folder.rows(PlantRow) and not any(row.running for row in launch.folder.rows(PlantRow)):
        cure = "write running yes for the plants that build cars today"
        faults.append(Fault(file="plants.csv", column="running", problem="no plant runs yet", cure=cure))
    for number, row in enumerate(launch.folder.rows(OfferRow), start=2):
        for column in ("ex_works_cost", "volume_m3"):
            if getattr(row, column) is None:
                cure = f"write the {column} of {row.code}"
                faults.append(Fault(file="offers.csv", row=number, column=column, problem="is blank", cure=cure))
    if faults:
        raise BadInput.of(faults)


def _destination(launch: Launch, code: str) -> Destination:
    market = launch.market(code)
    return Destination(
        code=code, name=market.name, region=market.region, currency=market.currency, is_home=market.is_home
    )


def _lanes(launch: Launch, markets: set[str]) -> Iterator[Lane]:
    for row in launch.folder.rows(LaneRow):
        if row.market in markets:
            yield Lane(
                plant=row.plant,
                market=row.market,
                mode=row.mode,
                freight_per_m3=launch.folder.money(row.cost_per_m3 or 0.0, row.currency),
                freight_per_car=launch.folder.money(row.freight_per_car, row.currency),
                handling_per_car=launch.folder.money(row.cost_per_car, row.currency),
                insurance_share=row.insurance_share,
                transit_weeks=row.transit_weeks,
                loss_share=row.loss_share,
                capacity_per_quarter=row.capacity_per_quarter,
                currency=row.currency or launch.folder.terms.currency,
                source=row.said,
            )


def _build(launch: Launch, row: OfferRow) -> Build:
    """Bought parts are what the ex-works cost leaves after the work of the first running plant."""
    home = next(plant for plant in launch.folder.rows(PlantRow) if plant.running)
    work = launch.folder.money(home.labour_hours_per_car * home.labour_cost_per_hour, home.currency)
    cost = launch.folder.money(row.ex_works_cost or 0.0, row.currency)
    return Build(
        offer=row.code,
        material_cost=max(cost - work, 0.0),
        currency=row.currency or launch.folder.terms.currency,
        volume_m3=row.volume_m3 or 0.0,
        source=row.said,
    )


def _plant(launch: Launch, row: PlantRow) -> Plant:
    def money(amount: float) -> float:
        return launch.folder.money(amount, row.currency)

    return Plant(
        code=row.code,
        name=row.name,
        mode=Mode(row.mode.value),
        country=row.country,
        currency=row.currency or launch.folder.terms.currency,
        offers=row.offers,
        exists=row.running,
        capital=() if row.running else tuple(money(spent) for spent in row.capital),
        lead=LeadTime(low=row.weeks_low, likely=row.weeks_likely, high=row.weeks_high),
        capacity_per_quarter=row.capacity_per_quarter,
        ramp=row.ramp,
        fixed_cost_per_quarter=money(row.opex_per_quarter),
        minimum_run_per_quarter=row.minimum_run_per_quarter,
        underrun_fee=money(row.underrun_fee),
        closing_cost=None if row.closing_cost is None else money(row.closing_cost),
        labour_hours=row.labour_hours_per_car,
        labour_cost_per_hour=money(row.labour_cost_per_hour),
        local_content_share=row.local_content,
        local_content_factor=row.local_content_factor,
        kit_freight=money(row.kit_freight),
        parts_duty=row.parts_duty,
        fee_per_car=money(row.fee_per_car),
        source=row.said,
    )


def _tariffs(launch: Launch, quarters: tuple[Quarter, ...]) -> Iterator[Tariff]:
    """The row's own duty on its conditions, and the duty otherwise."""
    for row in launch.folder.rows(TariffRow):
        first = quarters[0] if row.valid_from is None else _quarter_after(row.valid_from)
        last = None if row.valid_to is None else Quarter.of(row.valid_to)
        if (last is not None and last < max(first, quarters[0])) or first > quarters[-1] or row.odds == 0:
            continue  # in force only within a quarter, or over, or after the horizon, or ruled out
        plain = Tariff(
            destination=row.destination,
            origin=row.origin,
            duty=row.duty,
            customs_value=CustomsValue(row.customs_value.value),
            least_duty=launch.folder.money(row.least_duty, row.currency),
            first=first,
            last=last,
            turn=Turn(fork=row.open_question, label=row.scenario) if row.is_open else None,
            source=row.said,
        )
        quota = row.quota_cars_per_year
        yield replace(
            plain,
            quota="" if quota is None else row.quota or f"{row.origin}-{row.destination}",
            quota_per_year=None if quota is None else quota * row.quota_share,
            quota_from=_quarter_after(date(first.year, row.quota_year_from, 1)).number,
            least_price=launch.folder.money(row.minimum_price or 0.0, row.currency),
            least_origin_share=row.least_origin_share,
        )
        if row.duty_otherwise is not None:
            yield replace(plain, duty=row.duty_otherwise)


def _quarter_after(day: date) -> Quarter:
    """The quarter that starts on the day, or the next one."""
    quarter = Quarter.of(day)
    return quarter if day <= quarter.first_day else quarter + 1


def _forks(launch: Launch, quarters: tuple[Quarter, ...]) -> Iterator[Fork]:
    """What tariffs and currencies leave open, each fork once; the folder holds no fork with two odds."""
    said: dict[str, dict[str, float]] = {}
    known: dict[str, Quarter] = {}
    rows: list[tuple[str, str, float, Quarter | None]] = [
        (row.open_question, row.scenario, row.odds, row.known_from)
        for row in launch.folder.rows(TariffRow)
        if row.is_open
    ]
    rows += [(row.fork, row.scenario, row.odds, row.known_from) for row in launch.folder.rows(FxScenarioRow)]
    second = quarters[min(1, len(quarters) - 1)]
    for fork, label, odds, when in rows:
        said.setdefault(fork, {})[label] = odds
        known[fork] = max(known.get(fork, second), when or second)
    for fork, odds_of in said.items():
        yield Fork(name=fork, labels=tuple(odds_of), odds=tuple(odds_of.values()), known_from=known[fork])


def _moves(launch: Launch) -> Iterator[CurrencyMove]:
    for row in launch.folder.rows(FxScenarioRow):
        yield CurrencyMove(
            currency=row.currency,
            turn=Turn(fork=row.fork, label=row.scenario),
            first=row.valid_from,
            factor=row.rate / launch.folder.rates[row.currency],
        )


def _mix_and_prices(launch: Launch, problem: Problem, offers: dict[str, OfferRow]) -> tuple[np.ndarray, np.ndarray]:
    """(M, J) shares of today's mix among the offers priced in a market, and net prices, 0 where it is not sold."""
    codes = [offer.code for offer in launch.folder.offers]
    net = np.zeros((len(problem.markets), len(codes)))
    for price in launch.folder.prices:
        if price.market in problem.markets:
            net[problem.markets.index(price.market), codes.index(price.offer)] = price.net
    weight = np.array([1.0 if offers[code].mix is None else offers[code].mix for code in codes], dtype=float)
    share = np.where(net > 0, weight, 0.0)
    share[share.sum(axis=1) == 0] = 1.0  # not sold there: no cars are planned either
    return share / share.sum(axis=1, keepdims=True), net
