"""After-sales for an open launch: tables, deliveries and the plan's cars in; network, parts and their cost out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from beachhead.aftersales.demand import PooledRates, claims_by_age, pool_rates
from beachhead.aftersales.network import MarketNetwork, MarketService, service_network
from beachhead.aftersales.provisioning import LastOrder, Part, Stocking, last_orders, stock_parts
from beachhead.aftersales.record import by_age, first_year_factor
from beachhead.aftersales.staffing import Promise, Rates, Work
from beachhead.case.answers.serviced import ServiceTerms, keep_service_terms
from beachhead.case.clock import today
from beachhead.case.open import Launch
from beachhead.case.plan.planning import put_question
from beachhead.case.quality.judge import Judged, judge_quality, service_row
from beachhead.evidence.tables.parts import PartRow
from beachhead.evidence.tables.service import ASSUMED_EUR, ServiceRow
from beachhead.evidence.tables.stores import StoreRow
from beachhead.launch.plan.volumes import planned_cars
from beachhead.world.brief import brief
from beachhead.world.figures import money, percent, some
from beachhead.world.quarter import Quarter

Floats = NDArray[np.float64]

DRAWS = 40
SURVIVAL = 0.995
"""Share of the cars in use that are still in use a quarter later, as of a fleet that loses 2 % a year."""
PRIOR_CLAIMS = 4
"""The rate of service.csv counts as one market in which so many claims were seen: a coefficient of variation of 0.5."""
PARTS_DELAY_DAYS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Serviced:
    """After-sales of a launch.

    Attributes:
        day: the day asked about.
        markets: M market codes: those abroad in which cars are planned or in use.
        quarters: T quarters, the first is decided now.
        in_use: (S, M, T), cars in use in each future.
        network: bays, technicians and costs, by market.
        rates: what is known of claim rates after the first year, by market, of a car at 14,000 km a year.
        km_per_year: (M,), distance of a car.
        first_year_factor: claims of a car's first year over those of later ones.
        pilot: spares for the cars of the first year's end, which are mostly pilots.
        parts: the parts of parts.csv.
        stocking: spares for the fleet at the end of each year, by quarter number.
        last_orders: last orders.
        judged: quality of the cars seen so far.
        cars_seen: (M,), cars handed over before the first quarter and not gone.
    """

    day: date
    markets: tuple[str, ...]
    quarters: tuple[Quarter, ...]
    in_use: Floats
    network: tuple[MarketNetwork, ...]
    rates: PooledRates
    km_per_year: Floats
    first_year_factor: float
    pilot: Stocking | None
    parts: tuple[Part, ...]
    stocking: dict[int, Stocking]
    last_orders: tuple[LastOrder, ...]
    judged: Judged
    cars_seen: Floats

    __repr__ = brief


@dataclass(frozen=True, slots=True, kw_only=True)
class Staying:
    """What markets that sell to the end come to in the last quarter, each counted with its odds.

    Attributes:
        cars: in use.
        jobs: a week.
        centres: of all markets.
        technicians: likewise.
        cost: of a quarter, launch currency.
    """

    cars: float
    jobs: float
    centres: float
    technicians: float
    cost: float


def staying(serviced: Serviced) -> Staying:
    """What is served at the end; cars that a market was left with need service too, but no network is planned there."""
    last, network = len(serviced.quarters) - 1, serviced.network
    return Staying(
        cars=sum(each.odds * float(each.in_use[last]) for each in network),
        jobs=sum(each.odds * float(each.jobs[last]) for each in network),
        centres=sum(each.odds * each.centres for each in network),
        technicians=sum(each.odds * each.centres * int(each.staffing.technicians[0, last]) for each in network),
        cost=sum(each.odds * float(each.cost[last]) for each in network),
    )


def ask_service(
    launch: Launch, *, on: date | None = None, draws: int = DRAWS, tick: Callable[[int, int], None] | None = None
) -> Serviced:
    """Cars in use, appointments, bays, technicians, spares and quality for the cars that the plan would sell.

    Args:
        launch: the launch.
        on: the day; None for today.
        draws: futures drawn.
        tick: called with (futures played, futures in all).
    """
    day = on or today()
    question = put_question(launch, on=on, count_on_service=False)
    planned = planned_cars(question.problem, launch.folder.terms.seeds.plan, draws, tick)
    judged = judge_quality(launch, day)
    home = {market.code for market in launch.folder.markets if market.is_home}
    past = _handed_over(judged, planned.markets, planned.quarters[0])
    seen = past.sum(axis=1)
    sold = planned.values.sum(axis=(0, 2))
    index = [
        m for m, code in enumerate(planned.markets) if code not in home and (sold[m] / draws >= 1.0 or seen[m] > 0)
    ]
    markets = tuple(planned.markets[m] for m in index)
    deliveries, on_record = planned.values[:, index], past[index]
    before = _as_delivered(on_record)
    rates, factor = _rates(launch, markets, judged)
    paces = np.array([judged.use.market_pace[code] for code in markets])
    monthly = rates.mean * judged.use.intensity(paces)
    services = [
        _service(
            launch, code, planned.quarters, float(monthly[m]), float(1 / np.sqrt(rates.posterior_shape[m])), factor
        )
        for m, code in enumerate(markets)
    ]
    network = service_network(deliveries, services, before=before, survival_per_quarter=SURVIVAL)
    in_use = _in_use(deliveries, before)
    parts = tuple(_part(launch, row, planned.quarters[0]) for row in launch.folder.rows(PartRow))
    fill = np.array([service_row(launch, code).parts_fill for code in markets])
    fleets = in_use.mean(axis=0)
    ends = sorted({min(t, len(planned.quarters) - 1) for t in range(3, len(planned.quarters) + 3, 4)})
    return Serviced(
        day=day,
        markets=markets,
        quarters=planned.quarters,
        in_use=in_use,
        network=network,
        rates=rates,
        km_per_year=12 * paces,
        first_year_factor=factor,
        pilot=stock_parts(parts, fleets[:, 0], fill) if parts and markets else None,
        parts=parts,
        stocking={t: stock_parts(parts, fleets[:, t], fill) for t in ends} if parts and markets else {},
        last_orders=last_orders(
            parts,
            in_use.sum(axis=1),
            (in_use[:, :, -1] + 0.5 * deliveries[:, :, -1]).sum(axis=1),
            rate_cv=1 / math.sqrt(PRIOR_CLAIMS),
            survival_per_quarter=SURVIVAL,
        ),
        judged=judged,
        cars_seen=on_record.sum(axis=1),
    )


def recalls_past(launch: Launch, serviced: Serviced) -> list[str]:
    """A sentence for the recalls of service.csv whose quarter is over: none of their jobs are counted."""
    past: dict[Quarter, list[str]] = {}
    for code in serviced.markets:
        row = service_row(launch, code)
        if row.recall_share > 0 and row.recall_quarter is not None and row.recall_quarter < serviced.quarters[0]:
            past.setdefault(row.recall_quarter, []).append(launch.market(code).name)
    return [
        f"The recall of {quarter} is over and counts no more: {', '.join(names)}."
        for quarter, names in sorted(past.items())
    ]


def centres_change(launch: Launch, serviced: Serviced) -> list[str]:
    """Sentences for the markets whose service centres open or close on the way: those told, and those to be built."""
    told, built, last = [], [], serviced.quarters[-1]
    for network in sorted(serviced.network, key=lambda network: -network.odds * network.in_use[-1]):
        code, name, counts = network.market, launch.market(network.market).name, network.open
        others = sorted({int(count) for count in counts} - {network.centres})
        if not others or service_row(launch, code).centres is not None:
            continue
        if _standing(launch, code, serviced.quarters) is not None:
            between = " to ".join(str(count) for count in sorted({others[0], others[-1]}))
            told.append(f"{name} {network.centres} ({between} before)")
        else:
            first = int(np.flatnonzero(network.jobs > 0)[0])
            built.append(f"{name} {counts[first]} to {network.centres}")
    said = f"Service centres are those of stores.csv that are open in each quarter, or one where none is; in {last}:"
    rule = "Where no table names service centres, they open as cars come, no later than cars_per_centre asks for; "
    rule += f"from the first cars to {last}"
    return [*([f"{said} {some(told)}."] if told else []), *([f"{rule}: {some(built)}."] if built else [])]


def first_spares(launch: Launch, serviced: Serviced) -> list[str]:
    """A sentence for the spares that the first cars need; none where they cost nothing."""
    if serviced.pilot is None or serviced.pilot.cost <= 0:
        return []
    cost = money(serviced.pilot.cost, launch.folder.terms.currency)
    return [f"The first cars need spares for {cost}, which meet {percent(serviced.pilot.fill)} of demand at once."]


def service_terms(serviced: Serviced) -> ServiceTerms:
    """What spare parts add to the economics of each market: capital for stocks, and holding them."""
    last = max(serviced.stocking, default=None)
    if last is None:
        return ServiceTerms(capital={}, opex_per_quarter={})
    stocking = serviced.stocking[last]
    return ServiceTerms(
        capital={code: float(c) for code, c in zip(serviced.markets, stocking.cost_by_market, strict=True)},
        opex_per_quarter={
            code: float(c) / 4 for code, c in zip(serviced.markets, stocking.holding_by_market, strict=True)
        },
    )


def keep_service(launch: Launch, serviced: Serviced, *, who: str, at: datetime) -> ServiceTerms:
    """Put the cost of parts on record, so that the next plan counts on it."""
    terms = service_terms(serviced)
    keep_service_terms(launch, terms, who=who, at=at)
    return terms


def _rates(launch: Launch, markets: tuple[str, ...], judged: Judged) -> tuple[PooledRates, float]:
    """Claim rates of later years pooled over markets, and the first year's factor.

    The assumption counts as one market in which four claims were seen. Months of the first year count by the factor,
    so that a young fleet's claims are not taken for those of every age; months of cars that drive far count for more.
    """
    assumed = np.array([service_row(launch, code).claims_per_1000_months / 1000 for code in markets])
    factors = [service_row(launch, code).first_year_factor for code in markets]
    typical = max(float(assumed.mean()), 1e-6) if len(markets) else 0.025
    weights = judged.use.intensity(judged.use.pace)
    seen = [by_age(judged.record, code, weights) for code in markets]
    factor = first_year_factor(seen, float(np.mean(factors)) if factors else 1.0, typical, PRIOR_CLAIMS)
    claims = [sum(each.claims) for each in seen]
    months = [each.months[0] * factor + each.months[1] for each in seen]
    if not any(months):
        rates = PooledRates(
            shape=float(PRIOR_CLAIMS),
            rate=PRIOR_CLAIMS / typical,
            posterior_shape=np.full(len(markets), float(PRIOR_CLAIMS)),
            posterior_rate=np.divide(PRIOR_CLAIMS, assumed, out=np.full(len(assumed), np.inf), where=assumed > 0),
        )
        return rates, factor
    pooled = pool_rates(np.array([*claims, PRIOR_CLAIMS]), np.array([*months, PRIOR_CLAIMS / typical]))
    own = PooledRates(
        shape=pooled.shape,
        rate=pooled.rate,
        posterior_shape=pooled.posterior_shape[:-1],
        posterior_rate=pooled.posterior_rate[:-1],
    )
    return own, factor


def _service(
    launch: Launch, code: str, quarters: tuple[Quarter, ...], claims_per_month: float, claims_cv: float, factor: float
) -> MarketService:
    row = service_row(launch, code)

    def money(column: str) -> float:
        said = getattr(row, column)
        if said is not None:
            return launch.folder.money(said, row.currency)
        what = f"service costs that service.csv leaves blank, such as {column},"
        return ASSUMED_EUR[column] * launch.folder.euro(what, f"add a row EUR to fx.csv, or write {column}")

    recall = np.array([row.recall_share if quarter == row.recall_quarter else 0.0 for quarter in quarters])
    return MarketService(
        market=code,
        centres=row.centres,
        standing=_standing(launch, code, quarters),
        cars_per_centre=row.cars_per_centre,
        maintenance_per_quarter=row.maintenance_per_year / 4,
        claims_per_month=claims_per_month,
        claims_cv=claims_cv,
        claim_age_factor=claims_by_age(factor),
        accidents_per_year=row.accidents_per_year,
        breakdowns_per_year=row.breakdowns_per_year,
        recall_share=recall,
        work=_work(row, bool(launch.folder.rows(PartRow))),
        promise=Promise(
            seen_within_days=row.seen_within_days,
            repaired_within_hours=row.repaired_within_hours,
            share=row.promise_share,
        ),
        rates=Rates(
            bay=money("bay_cost"),
            bay_per_quarter=money("bay_per_quarter"),
            technician_per_quarter=money("technician_per_quarter"),
            training=money("training_cost"),
        ),
        van_per_quarter=money("van_per_quarter"),
        van_jobs=row.van_jobs_per_week,
        partner_fee=money("partner_fee_per_job"),
        partner_jobs=row.partner_jobs_per_week,
        roadside_per_call=money("roadside_per_call"),
    )


def _work(row: ServiceRow, with_parts: bool) -> Work:
    return Work(
        hours=row.job_hours,
        cv2=row.job_cv2,
        open_hours_per_week=row.open_hours_per_week,
        parts_fill=row.parts_fill if with_parts else 1.0,
        parts_delay_hours=PARTS_DELAY_DAYS * row.open_hours_per_week / 5,
    )


def _standing(launch: Launch, code: str, quarters: tuple[Quarter, ...]) -> NDArray[np.int64] | None:
    """(T,), stores of stores.csv with bays that are open in each quarter; None where none is in the last."""
    rows = [row for row in launch.folder.rows(StoreRow) if row.market == code and row.service_bays]
    found = np.array([sum(row.count for row in rows if row.is_open(quarter)) for quarter in quarters], dtype=np.int64)
    return found if found[-1] else None


def _part(launch: Launch, row: PartRow, now: Quarter) -> Part:
    cost = launch.folder.money(row.unit_cost, row.currency)
    short = launch.folder.money(row.shortage_cost, row.currency) if row.shortage_cost is not None else 3 * cost
    return Part(
        code=row.code,
        name=row.name,
        unit_cost=cost,
        per_1000_months=row.per_1000_months,
        lead_days=row.lead_days,
        ship_days=row.ship_days,
        local_repair_share=row.local_repair_share,
        local_repair_days=row.local_repair_days,
        holding_share=row.holding_share,
        last_order=None if row.last_order is None else row.last_order - now,
        support_years=row.support_years,
        shortage_cost=short,
    )


def _handed_over(judged: Judged, markets: tuple[str, ...], first: Quarter) -> Floats:
    """(M, P), cars still in use by quarter of delivery, P quarters before the first; those of today's are planned."""
    cars = [car for car in judged.record.cars if car.gone is None and Quarter.of(car.delivered) < first]
    oldest = max((first - Quarter.of(car.delivered) for car in cars), default=0)
    past = np.zeros((len(markets), oldest))
    for car in cars:
        if car.market in markets:
            past[markets.index(car.market), oldest - (first - Quarter.of(car.delivered))] += 1
    return past


def _as_delivered(in_use: Floats) -> Floats:
    """(M, P), how many must have been handed over for these to be in use now: survival is counted from delivery on."""
    return in_use / SURVIVAL ** np.arange(in_use.shape[1], 0, -1)


def _in_use(deliveries: Floats, before: Floats) -> Floats:
    """(S, M, T), cars in use; those of a quarter count for half in it."""
    total = np.zeros_like(deliveries)
    ages = np.arange(before.shape[1], 0, -1)
    kept = np.repeat((before @ SURVIVAL**ages)[None], len(deliveries), axis=0)
    for t in range(deliveries.shape[2]):
        total[:, :, t] = kept + 0.5 * deliveries[:, :, t]
        kept = (kept + deliveries[:, :, t]) * SURVIVAL
    return total
