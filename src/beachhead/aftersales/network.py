"""The service network of a launch: appointments, bays, technicians and costs of every market, quarter by quarter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.aftersales.demand import Jobs, Visits, cars_by_age, jobs, most_in
from beachhead.aftersales.staffing import (
    Kept,
    Promise,
    Rates,
    Relief,
    Staffing,
    Work,
    kept,
    places,
    relief,
    staff,
)
from beachhead.world.errors import NotFeasible

Floats = NDArray[np.float64]

_WEEKS_PER_QUARTER = 365.25 / 7 / 4
MOST_SIZES = 12
"""Sizes of a centre, in places, that are tried for when a further one opens."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketService:
    """What service means in one market.

    Attributes:
        market: market code.
        centres: service centres all along; None for those of `standing`, or to build them as cars come, one for each
            `cars_per_centre` cars in use.
        standing: (T,), service centres that are decided to be open in each quarter; None where none is told.
        cars_per_centre: cars in use that one centre is built for.
        maintenance_per_quarter: visits of a car.
        claims_per_month: mean; a car.
        claims_cv: coefficient of variation of what is known of it.
        claim_age_factor: (A,), by age in quarters; the last value holds on.
        accidents_per_year: accident repairs a car.
        breakdowns_per_year: roadside calls a car.
        recall_share: (T,), share of cars in use called back in each quarter.
        work: what a job takes.
        promise: what is promised.
        rates: costs of bays and technicians, launch currency.
        van_per_quarter, van_jobs: a mobile van and the light jobs a week that it takes away.
        partner_fee, partner_jobs: fee a job of a partner garage, and jobs a week that it takes.
        roadside_per_call: cost of a roadside call.
    """

    market: str
    centres: int | None
    cars_per_centre: float
    maintenance_per_quarter: float
    claims_per_month: float
    claims_cv: float
    claim_age_factor: Floats
    accidents_per_year: float
    breakdowns_per_year: float
    recall_share: Floats
    work: Work
    promise: Promise
    rates: Rates
    van_per_quarter: float
    van_jobs: float
    partner_fee: float
    partner_jobs: float
    roadside_per_call: float
    standing: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketNetwork:
    """The service network of one market.

    Attributes:
        market: market code.
        odds: share of futures in which the market sells to the end; all else is said for these, or for all futures if
            there are none: a network is built for a market that stays.
        centres: service centres in the last quarter.
        open: (T,), service centres open in each quarter.
        in_use: (T,), expected cars in use.
        in_use_high: (T,), not exceeded in 90 % of these futures.
        jobs: (T,), expected jobs a week in the market.
        jobs_sd: (T,), standard deviation of one week's count: chance, what is not known of claims, and of sales.
        kinds: (K, T), jobs a week of each of `demand.KINDS`.
        roadside: (T,), roadside calls a week; they are bought from an assistance company, not done in a bay.
        per_centre: (T,), expected jobs a week at a centre.
        per_centre_sd: (T,), standard deviation of one week's count at a centre.
        per_centre_most: (T,), jobs that 95 % of a centre's weeks do not exceed.
        staffing: (1, T), bays and technicians of one centre, for the expected jobs.
        high: (T,), places that a centre would need in the high future.
        kept: T, how far the promise is kept; None in quarters without jobs.
        cost: (T,), of all centres and roadside calls.
        capital: (T,), of all bays built.
        relief: what one more bay, van or partner would bring at a centre in the last quarter.
    """

    market: str
    odds: float
    centres: int
    open: NDArray[np.int64]
    in_use: Floats
    in_use_high: Floats
    jobs: Floats
    jobs_sd: Floats
    kinds: Floats
    roadside: Floats
    per_centre: Floats
    per_centre_sd: Floats
    per_centre_most: Floats
    staffing: Staffing
    high: NDArray[np.int64]
    kept: tuple[Kept | None, ...]
    cost: Floats
    capital: Floats
    relief: tuple[Relief, ...]


def service_network(
    deliveries: Floats,
    services: Sequence[MarketService],
    *,
    before: Floats | None = None,
    survival_per_quarter: float = 0.995,
) -> tuple[MarketNetwork, ...]:
    """The network of every market from (S, M, T) draws of cars handed over; `services` in order of the markets.

    `before` are the (M, P) cars handed over in the P quarters before the first.
    """
    past = np.zeros((len(services), 0)) if before is None else before
    return tuple(
        _network(deliveries[:, m], past[m], service, survival_per_quarter) for m, service in enumerate(services)
    )


def _network(deliveries: Floats, before: Floats, service: MarketService, survival: float) -> MarketNetwork:
    stays = deliveries[:, -1] > 0
    fleet = _fleet(deliveries[stays] if stays.any() else deliveries, before, service, survival)
    in_use = fleet.in_use.mean(axis=0)
    mean, sd = fleet.mean, fleet.sd
    number, team = _centres(in_use, mean, service)
    per_centre = mean / number
    per_centre_sd = np.sqrt(per_centre + np.maximum(sd**2 - mean, 0.0) / number**2)
    high = np.quantile(fleet.jobs.mean, 0.9, axis=0)
    calls = in_use * service.breakdowns_per_year / 4
    return MarketNetwork(
        market=service.market,
        odds=float(stays.mean()),
        centres=int(number[-1]),
        open=number,
        in_use=in_use,
        in_use_high=np.quantile(fleet.in_use, 0.9, axis=0),
        jobs=mean,
        jobs_sd=sd,
        kinds=fleet.jobs.kinds.mean(axis=1),
        roadside=calls / _WEEKS_PER_QUARTER,
        per_centre=per_centre,
        per_centre_sd=per_centre_sd,
        per_centre_most=most_in(per_centre, per_centre_sd, 0.95),
        staffing=team,
        high=np.array([places(float(rate), service.work, service.promise) for rate in high / number]),
        kept=_promise_kept(per_centre, team, service),
        cost=_running(team, number, service.rates) + calls * service.roadside_per_call,
        capital=_built(team, number, service.rates.bay),
        relief=_relief(float(per_centre[-1]), int(team.technicians[0, -1]), service),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fleet:
    """Cars of a market in the futures in which it stays, and their jobs.

    Attributes:
        in_use: (S, T), cars.
        jobs: jobs a week; futures stand where markets do elsewhere.
    """

    in_use: Floats
    jobs: Jobs

    @property
    def mean(self) -> Floats:
        """(T,), expected jobs a week."""
        return np.asarray(self.jobs.mean.mean(axis=0))

    @property
    def sd(self) -> Floats:
        """(T,), of one week's count: chance within a future, and the futures among themselves."""
        return np.asarray(np.sqrt((self.jobs.sd**2).mean(axis=0) + self.jobs.mean.var(axis=0)))


def _fleet(deliveries: Floats, before: Floats, service: MarketService, survival: float) -> _Fleet:
    known = np.repeat(before[None], len(deliveries), axis=0)
    ages = cars_by_age(np.concatenate([known, deliveries], axis=1), survival)[:, len(before) :]
    visits = Visits(
        maintenance_per_quarter=np.array([service.maintenance_per_quarter]),
        claims_per_month=np.full(len(deliveries), service.claims_per_month),
        claims_cv=np.full(len(deliveries), service.claims_cv),
        claim_age_factor=service.claim_age_factor,
        accidents_per_year=service.accidents_per_year,
        recall_share=service.recall_share,
    )
    return _Fleet(in_use=ages.sum(axis=2), jobs=jobs(ages, visits))


def _centres(in_use: Floats, jobs: Floats, service: MarketService) -> tuple[NDArray[np.int64], Staffing]:
    """(T,), service centres open in each quarter, and the team of one.

    Where neither their number nor stores are told, there is one for each `cars_per_centre` cars in use in every
    quarter, those of the last in the end. A further one opens as soon as those open would need more than a number of
    places each; of these numbers, and of all centres from the start, the one that costs least is taken.
    """
    quarters = len(jobs)
    if service.centres is not None or service.standing is not None:
        told = np.full(quarters, service.centres) if service.centres is not None else service.standing
        number = np.maximum(np.asarray(told, dtype=np.int64), 1)
        return number, _team(jobs / number, number, service)
    least = np.maximum(np.ceil(in_use / service.cars_per_centre), 1).astype(np.int64)
    most = np.full(quarters, least[-1])
    every = _team(jobs / most, most, service)
    tried = [(most, every)]
    for size in np.unique(np.linspace(1, max(int(every.needed.max()), 1), MOST_SIZES).astype(int)).tolist():
        number = np.minimum(np.maximum.accumulate(np.maximum(least, _fewest(jobs, size, service))), most)
        tried.append((number, _team(jobs / number, number, service)))
    return min(tried, key=lambda one: float(one[1].cost[0]))


def _fewest(jobs: Floats, size: int, service: MarketService) -> NDArray[np.int64]:
    """(T,), fewest centres of that many places each that keep the promise."""
    full = float(jobs.max())
    low, high = 0.0, min(full, size * service.work.open_hours_per_week / service.work.hours)
    if high == full and places(full, service.work, service.promise) <= size:
        return np.ones(len(jobs), dtype=np.int64)
    for _ in range(40):  # jobs a week that so many places see to
        middle = (low + high) / 2
        enough = places(middle, service.work, service.promise) <= size
        low, high = (middle, high) if enough else (low, middle)
    return np.maximum(np.ceil(jobs / max(low, 1e-12)), 1).astype(np.int64)


def _team(per_centre: Floats, number: NDArray[np.int64], service: MarketService) -> Staffing:
    """Bays and technicians of one centre; where none can keep the promise, the market is named."""
    try:
        return staff(per_centre[None], service.work, service.promise, service.rates, number[None])
    except NotFeasible as error:
        raise NotFeasible(f"{service.market}: {error.message}", error.hint) from None


def _promise_kept(per_centre: Floats, team: Staffing, service: MarketService) -> tuple[Kept | None, ...]:
    """T, how far the promise is kept at a centre; None in quarters in which nobody works there."""
    return tuple(
        kept(float(rate), int(number), service.work, service.promise) if number > 0 else None
        for rate, number in zip(per_centre, team.technicians[0], strict=True)
    )


def _built(team: Staffing, number: NDArray[np.int64], bay: float) -> Floats:
    """(T,), capital of the bays that are built in each quarter at all centres; `bay`: of one."""
    return np.asarray(bay * np.maximum(np.diff(number * team.bays[0], prepend=0), 0), dtype=np.float64)


def _running(team: Staffing, number: NDArray[np.int64], rates: Rates) -> Floats:
    """(T,), what all centres cost a quarter, training included; bays are capital."""
    return np.asarray(
        number * (team.bays[0] * rates.bay_per_quarter + team.technicians[0] * rates.technician_per_quarter)
        + team.hire[0] * rates.training,
        dtype=np.float64,
    )


def _relief(per_centre: float, places_now: int, service: MarketService) -> tuple[Relief, ...]:
    if places_now == 0:
        return ()
    bay = service.rates.bay_per_quarter + service.rates.technician_per_quarter
    partner = service.partner_fee * min(service.partner_jobs, per_centre) * _WEEKS_PER_QUARTER
    return relief(
        per_centre,
        places_now,
        service.work,
        service.promise,
        [
            ("one more bay with a technician", 1, 0.0, bay),
            ("a mobile van", 0, service.van_jobs, service.van_per_quarter),
            ("a partner garage", 0, service.partner_jobs, partner),
            ("one bay less", -1, 0.0, -bay) if places_now > 1 else ("nothing", 0, 0.0, 0.0),
        ],
    )
