"""What the rules permit a launch to do in each market: from when, how many, and what the approvals cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from beachhead.compliance.approval import Holding, Vehicle
from beachhead.compliance.assess import law_of, read
from beachhead.compliance.finding import Assessment, SaleDate, earliest
from beachhead.compliance.in_hand import hand
from beachhead.compliance.prospect import prospect
from beachhead.compliance.ready import network, ready
from beachhead.compliance.road import Road, road
from beachhead.compliance.rulebook import Rulebook

Steps = Mapping[tuple[str, str], float]
"""Cost of each step still to be done, by type (empty if it is done once for the maker) and approval code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """What the rules permit in one market.

    Attributes:
        market: market code.
        pilot: the small-series route with the first day, over all offers; None if the market has no such route.
        unlimited: likewise without a cap; None if the market has no route on record.
        offers: by offer, the first day of unlimited sale; None where none is known.
        pilots: by offer, the first day of a small series; None where none is known.
        pilots_left: by offer, cars of its small series left in the year of that day; None where none are counted.
        cost_alone_eur: cost of what is still to be obtained, as if for this market only.
        cost_shared_eur: its part if each step is paid in equal parts by the markets that need it; parts add up.
    """

    market: str
    pilot: SaleDate | None
    unlimited: SaleDate | None
    offers: Mapping[str, date | None]
    pilots: Mapping[str, date | None]
    pilots_left: Mapping[str, int | None]
    cost_alone_eur: float
    cost_shared_eur: float


def permits(
    rulebook: Rulebook, vehicles: Sequence[Vehicle], markets: Sequence[str], on: date, holding: Holding
) -> tuple[Permit, ...]:
    """One permit a market, in the order of `markets`, if work on approvals starts on day `on`."""
    answers, steps = _answers(rulebook, vehicles, markets, on, holding)
    payers = Counter(step for market in markets for step in steps[market])
    return tuple(_permit(market, answers[market], steps[market], payers) for market in markets)


def _answers(
    rulebook: Rulebook, vehicles: Sequence[Vehicle], markets: Sequence[str], on: date, holding: Holding
) -> tuple[dict[str, list[Assessment]], dict[str, dict[tuple[str, str], float]]]:
    net = network(rulebook)
    answers: dict[str, list[Assessment]] = {market: [] for market in markets}
    steps: dict[str, dict[tuple[str, str], float]] = {market: {} for market in markets}
    for alike in _alike(vehicles, holding):
        in_hand = hand(rulebook, alike[0], holding)
        when = ready(net, in_hand, on)
        for market in markets:
            ahead = prospect(net, alike[0], law_of(rulebook, market), in_hand, on)
            answer = read(ahead, market, when, on, holding)
            answers[market] += [replace(answer, offer=vehicle.code) for vehicle in alike]
            best = answer.unlimited
            if best is not None:
                way = road(ahead, when, answer.routes.index(best), best)
                for vehicle in alike:
                    steps[market] |= _steps(rulebook, vehicle, way)
    return answers, steps


def _alike(vehicles: Sequence[Vehicle], holding: Holding) -> list[list[Vehicle]]:
    """Vehicles in groups that the rules cannot tell apart: same equipment, origin and approvals in hand."""
    groups: dict[tuple[object, ...], list[Vehicle]] = {}
    by_type = any(item.type_name for item in holding.used)
    for vehicle in vehicles:
        held = tuple(number for number, paper in enumerate(holding.certificates) if paper.covers(vehicle.code))
        counted = vehicle.of_type if by_type else ""
        same = (vehicle.features, vehicle.category, vehicle.built_in, vehicle.maker_from, held, counted)
        groups.setdefault(same, []).append(vehicle)
    return list(groups.values())


def _steps(rulebook: Rulebook, vehicle: Vehicle, ahead: Road) -> dict[tuple[str, str], float]:
    costs = {}
    for timed in ahead.schedule.timed:
        code = timed.activity.code
        once = rulebook.approvals[code].covers_maker
        costs[("" if once else vehicle.of_type, code)] = timed.activity.cost_eur
    return costs


def _permit(market: str, answers: Sequence[Assessment], steps: Steps, payers: Counter[tuple[str, str]]) -> Permit:
    return Permit(
        market=market,
        pilot=earliest(answer.pilot for answer in answers if answer.pilot is not None),
        unlimited=earliest(answer.unlimited for answer in answers if answer.unlimited is not None),
        offers={answer.offer: answer.unlimited.day if answer.unlimited else None for answer in answers},
        pilots={answer.offer: answer.pilot.day if answer.pilot else None for answer in answers},
        pilots_left={answer.offer: answer.pilot.cap_left if answer.pilot else None for answer in answers},
        cost_alone_eur=sum(steps.values()),
        cost_shared_eur=sum(cost / payers[step] for step, cost in steps.items()),
    )
