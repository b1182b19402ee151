"""The job and page of after-sales: the promise against its forecast, bays and technicians, quality, claims by use."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from beachhead.aftersales.network import MarketNetwork
from beachhead.aftersales.quality import Verdict, funnel
from beachhead.case.aftersales import DRAWS, Serviced, ask_service, centres_change, first_spares, recalls_past, staying
from beachhead.case.open import Launch, open_launch
from beachhead.case.quality.doubts import record_doubts
from beachhead.case.quality.judge import Judged, service_row
from beachhead.web.pages.room import (
    MOST_ROWS,
    Advance,
    Cell,
    FunnelOut,
    TableOut,
    day_of,
    keep_answer,
    number_or_none,
    stands_on,
    table_of,
)
from beachhead.world.figures import cars, duration, expected, money, percent


def work_aftersales(root: Path, arguments: dict[str, Any], advance: Advance) -> dict[str, Any]:
    """The job: what the cars that the plan would sell need, and what those on the road have shown."""
    launch = open_launch(root)
    stood = stands_on(launch, "aftersales")
    found = ask_service(launch, on=day_of(arguments), draws=int(arguments.get("draws", DRAWS)), tick=advance)
    if not found.markets:
        said = ["No car is planned abroad and none is in use, so there is nothing to serve yet."]
        return keep_answer(launch, "aftersales", arguments, said, [], stood=stood)
    names = {market.code: market.name for market in launch.folder.markets}
    tables = (
        _promises(launch, found, names),
        _capacity(found, names),
        _quality(found.judged, names),
        _by_use(found.judged),
        _orders(found),
    )
    shown = [table for table in tables if table.rows]
    funnelled = funnel_of(found.judged, names)
    return keep_answer(launch, "aftersales", arguments, _sentences(launch, found), shown, funnel=funnelled, stood=stood)


def _sentences(launch: Launch, found: Serviced) -> list[str]:
    last, currency = len(found.quarters) - 1, launch.folder.terms.currency
    fleet = found.in_use[:, :, last].sum(axis=1)
    stay = staying(found)
    most = cars(float(np.quantile(fleet, 0.9)))
    first = (
        f"By {found.quarters[last]} about {cars(float(fleet.mean()))} cars are in use abroad (90 % of futures: fewer "
        f"than {most}). Where markets stay, {cars(stay.cars)} of them bring {expected(stay.jobs, 'job')} a week, for "
        f"{money(stay.cost, currency)} a quarter."
    )
    said = [first, *recalls_past(launch, found), *centres_change(launch, found), *first_spares(launch, found)]
    if not found.parts:
        said.append("No parts.csv: spare parts are not planned; `beachhead new DIR --example xiaomi` shows one.")
    if not found.judged.record.cars:
        said.append("No car is on record yet: quality is not yet learnt.")
    return [*said, *record_doubts(launch, found.judged)]


def _shown(found: Serviced) -> list[MarketNetwork]:
    """The markets with the most cars to expect."""
    return sorted(found.network, key=lambda network: -network.odds * network.in_use[-1])[:MOST_ROWS]


def _promises(launch: Launch, found: Serviced, names: dict[str, str]) -> TableOut:
    return table_of(
        f"The promise and what is forecast for {found.quarters[-1]}, if the market stays",
        "Seen: from the call to the bay; repaired: from the bay to the keys. So far: share of the jobs on record. "
        "Waits are in opening hours and working days",
        [("market", "text"), ("promised", "share"), ("seen within, days", "number"), ("forecast", "share")]
        + [("so far", "share"), ("repaired within, hours", "number"), ("forecast ", "share"), ("so far ", "share")]
        + [("mean wait", "wait"), ("busy", "share")],
        [_promise(launch, names[n.market], n, found.judged) for n in _shown(found)],
    )


def _capacity(found: Serviced, names: dict[str, str]) -> TableOut:
    return table_of(
        f"Bays, technicians and cost in {found.quarters[-1]}, if the market stays",
        "Stays: odds. Of one centre: bays, technicians, and the places it needs if sales are high (90 % of futures "
        "have less); cost and capital: of all",
        [("market", "text"), ("stays", "share"), ("cars in use", "cars"), ("jobs a week", "number")]
        + [("centres", "number"), ("bays each", "number"), ("technicians each", "number")]
        + [("if sales are high", "number"), ("cost a quarter", "money"), ("capital", "money")],
        [
            [names[n.market], n.odds, float(n.in_use[-1]), float(n.jobs[-1]), float(n.centres)]
            + [float(n.staffing.bays[0, -1]), float(n.staffing.technicians[0, -1]), float(n.high[-1])]
            + [float(n.cost[-1]), float(n.capital.sum())]
            for n in _shown(found)
        ],
    )


def _quality(judged: Judged, names: dict[str, str]) -> TableOut:
    return table_of(
        "Quality: what was seen, and whether scaling may go on",
        "Claims a thousand car-months; a gate that is not yet learnt waits, it never passes",
        [("market", "text"), ("cars", "cars"), ("claims", "number"), ("gate", "text"), ("fails on", "text")],
        [
            [names.get(each.market, each.market), float(each.cars), number_or_none(each.rate.value)]
            + [each.gate.verdict.value if each.gate else "not judged"]
            + [", ".join(c.name for c in each.gate.conditions if c.verdict is Verdict.FAIL) if each.gate else ""]
            for each in judged.quality.markets
            if each.cars or each.open_jobs or each.late.exposure
        ],
    )


def _orders(found: Serviced) -> TableOut:
    names = {part.code: part.name for part in found.parts}
    return table_of(
        "Last orders of spare parts",
        "",
        [("part", "text"), ("in", "text"), ("demand", "number"), ("± sd", "number")]
        + [("order", "number"), ("cost", "money")],
        [
            [names[order.part], str(found.quarters[order.quarter]), float(order.demand), float(order.demand_sd)]
            + [float(order.order.quantity), float(order.cost)]
            for order in found.last_orders
        ],
    )


def _promise(launch: Launch, name: str, network: MarketNetwork, judged: Judged) -> list[Cell]:
    row, held = service_row(launch, network.market), network.kept[-1]
    seen = next((each for each in judged.quality.markets if each.market == network.market), None)
    return [
        name,
        row.promise_share,
        row.seen_within_days,
        None if held is None else held.seen,
        None if seen is None else number_or_none(1 - seen.seen_late.value),
        row.repaired_within_hours,
        None if held is None else held.repaired,
        None if seen is None else number_or_none(1 - seen.late.value),
        None if held is None else duration(held.mean_wait_days, row.open_hours_per_week / 5),
        None if held is None else held.utilisation,
    ]


def _by_use(judged: Judged) -> TableOut:
    use = judged.use
    classes = (*use.ages, *use.distances) if judged.record.claims and use.read.any() else ()
    return table_of(
        "Claims by age and by odometer",
        f"Of a car at 14,000 km a year, {percent(use.share.value)} of claims come with distance, the others with time "
        f"(90 %: {percent(use.share.low)} to {percent(use.share.high)})",
        [("cars", "text"), ("claims", "number"), ("car-months", "number"), ("kilometres", "number")]
        + [("claims a 1,000 months", "number"), ("claims a million km", "number")],
        [
            [each.name, float(each.claims), each.per_months.exposure, each.km]
            + [number_or_none(each.per_months.value), number_or_none(each.per_km.value)]
            for each in classes
            if each.per_months.exposure > 0
        ],
    )


def funnel_of(judged: Judged, names: dict[str, str]) -> FunnelOut | None:
    """Rates of markets by exposure, in the limits of chance about that of all cars."""
    quality = judged.quality
    shown = [each for each in quality.markets if each.rate.exposure > 0]
    if not shown or not math.isfinite(quality.rate.value):
        return None
    grid = np.geomspace(10, max(1.5 * max(each.rate.exposure for each in shown), 1000.0), 40)
    limits = funnel(quality.rate.value, grid, quality.rate.dispersion)
    asked = {standard.most_claims for standard in judged.standards.values() if standard.most_claims is not None}
    return FunnelOut(
        car_months=grid.tolist(),
        low=limits[:, 0].tolist(),
        high=limits[:, 1].tolist(),
        rate=quality.rate.value,
        limit=min(asked) if asked else None,
        markets=[names.get(each.market, each.market) for each in shown],
        at=[each.rate.exposure for each in shown],
        rates=[each.rate.value for each in shown],
    )
