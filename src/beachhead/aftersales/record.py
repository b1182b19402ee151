"""What the workshop saw of cars in customers' hands, and whether it is good enough to scale."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from beachhead.aftersales.quality import Estimate, Gate, Growth, Verdict, claim_rate, growth, quality_gate, share

DAYS_PER_MONTH = 365.25 / 12
REPEAT_DAYS = 60
LEAST_FAILURES = 3
_YEAR = 12.0
_ROUNDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A car in a customer's hands.

    Attributes:
        name: its key; "" if only its delivery is known.
        market: market code.
        delivered: day it was handed over.
        gone: day it left the fleet; None while in use.
        revision: hardware and software with which it was handed over; "" if not told.
        km, km_on: newest reading of its odometer and the day of it; None if never read.
    """

    name: str
    market: str
    delivered: date
    gone: date | None = None
    revision: str = ""
    km: float | None = None
    km_on: date | None = None

    def months(self, until: date) -> float:
        """Months in use until a day; a car in use then is censored there."""
        end = until if self.gone is None else min(self.gone, until)
        return max((end - self.delivered).days, 0) / DAYS_PER_MONTH

    def is_in_use(self, day: date) -> bool:
        """Whether the customer has it on that day, the first and the last one counted in."""
        return self.delivered <= day and (self.gone is None or day <= self.gone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A warranty claim on a car; `name` is its number, "" if not told, `km` on its odometer, None if not told."""

    car: str
    market: str
    opened: date
    part: str = ""
    km: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A workshop order; days not known are None."""

    car: str
    market: str
    called: date
    started: date | None = None
    done: date | None = None
    part: str = ""
    parts_wait_days: float | None = None
    satisfaction: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that was seen until a day.

    Attributes:
        cars: cars handed over.
        claims: claims on them.
        jobs: workshop orders.
        until: the last day seen.
    """

    cars: tuple[Car, ...]
    claims: tuple[Claim, ...]
    jobs: tuple[Job, ...]
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """The quality that scaling asks for, and the promise it is held against; None is not judged.

    Attributes:
        most_claims: per 1,000 car-months, over the cars of all markets: they are the same cars.
        most_late: share of jobs past the repair promise.
        most_repeats: share of jobs on a part of the same car that was repaired within 60 days before.
        most_parts_waits: share of jobs that waited for a part.
        most_unhappy: share of answers of 1 or 2 out of 5.
        repaired_within_days: working days from start to keys.
        seen_within_days: working days from call to start.
    """

    most_claims: float | None = None
    most_late: float | None = None
    most_repeats: float | None = None
    most_parts_waits: float | None = None
    most_unhappy: float | None = None
    repaired_within_days: int = 2
    seen_within_days: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketQuality:
    """What was seen in one market.

    Attributes:
        market: market code.
        cars: cars handed over.
        claims: claims made.
        rate: claims per 1,000 car-months of its own cars.
        seen_late, late, repeats, parts_waits, unhappy: shares of its jobs.
        gate: its quality gate; None where nothing is judged.
        open_jobs: jobs not done.
    """

    market: str
    cars: int
    claims: int
    rate: Estimate
    seen_late: Estimate
    late: Estimate
    repeats: Estimate
    parts_waits: Estimate
    unhappy: Estimate
    gate: Gate | None
    open_jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What was seen in all markets together.

    Attributes:
        rate: claims per 1,000 car-months of all cars.
        markets: each market with cars or jobs, by code.
        revisions: claims per 1,000 car-months by revision, in order of first delivery.
        growth: reliability growth on the fleet's clock; None below three failures.
        parts: number of claims by part, most first.
        strangers: cars that claims name and no file of cars does, one for each such claim.
        outside: claims opened before the car was handed over, or after it left, by name; they count all the same.
    """

    rate: Estimate
    markets: tuple[MarketQuality, ...]
    revisions: tuple[tuple[str, Estimate], ...]
    growth: Growth | None
    parts: tuple[tuple[str, int], ...]
    strangers: tuple[str, ...]
    outside: tuple[str, ...]


def assess(record: Record, standards: dict[str, Standard], level: float = 0.9) -> Quality:
    """Rates, shares and gates of what was seen; `standards` by market."""
    # in one order, so that the same rows give the same bits however they were sent
    record = replace(record, cars=tuple(sorted(record.cars, key=lambda car: (car.delivered, car.name, car.market))))
    owner = _owners(record)
    months = np.array([car.months(record.until) for car in record.cars])
    counts = np.bincount(np.array([n for _, n in owner], dtype=np.int64), minlength=len(record.cars) + 1)
    strangers = tuple(claim.car for claim, n in owner if n == len(record.cars))
    # claims on cars of which nothing else is known count, with no months of their own
    claims, exposure = (counts, np.append(months, 0.0)) if strangers else (counts[: len(months)], months)
    overall = claim_rate(claims, exposure, level)
    seen = {car.market for car in record.cars} | {job.market for job in record.jobs} | set(standards)
    return Quality(
        rate=overall,
        markets=tuple(
            _market(record, code, standards.get(code), overall, counts, months, level) for code in sorted(seen)
        ),
        revisions=_revisions(record, counts, months, level),
        growth=_growth(record, level),
        parts=tuple(Counter(claim.part or "not known" for claim in record.claims).most_common()),
        strangers=strangers,
        outside=_outside(record, owner),
    )


def fleet_clock(cars: Sequence[Car], days: Sequence[date]) -> NDArray[np.float64]:
    """(D,), months in use of all cars together until each of the days: days since delivery less days since leaving."""
    on = np.array([day.toordinal() for day in days], dtype=np.int64)
    begun = _days_since([car.delivered for car in cars], on)
    over = _days_since([car.gone for car in cars if car.gone is not None], on)
    return np.asarray((begun - over) / DAYS_PER_MONTH)


def _days_since(events: Sequence[date], on: NDArray[np.int64]) -> NDArray[np.int64]:
    """(D,), days from each event to each of the days `on`, summed over the events before it."""
    at = np.sort(np.array([event.toordinal() for event in events], dtype=np.int64))
    before = np.searchsorted(at, on)
    return np.asarray(before * on - np.concatenate([[0], np.cumsum(at)])[before])


def _owners(record: Record) -> list[tuple[Claim, int]]:
    """Each claim with the number of its car, that after the last one where none is known.

    Cars without a name take, in order of delivery, the claims that name no known car.
    """
    named = {car.name: n for n, car in enumerate(record.cars) if car.name}
    unnamed: dict[str, list[int]] = defaultdict(list)
    for n in sorted(range(len(record.cars)), key=lambda n: record.cars[n].delivered, reverse=True):
        if not record.cars[n].name:
            unnamed[record.cars[n].market].append(n)
    owners = []
    for claim in sorted(record.claims, key=lambda claim: (claim.opened, claim.car)):
        if claim.car not in named and unnamed[claim.market]:
            named[claim.car] = unnamed[claim.market].pop()
        owners.append((claim, named.get(claim.car, len(record.cars))))
    return owners


def _outside(record: Record, owner: Sequence[tuple[Claim, int]]) -> tuple[str, ...]:
    """Claims on named cars that were not in use then; the day of a car without a name is but a guess."""
    known = [(claim, record.cars[n]) for claim, n in owner if n < len(record.cars) and record.cars[n].name]
    return tuple(claim.name for claim, car in known if not car.is_in_use(claim.opened))


def _market(
    record: Record,
    code: str,
    standard: Standard | None,
    overall: Estimate,
    counts: NDArray[np.int64],
    months: NDArray[np.float64],
    level: float,
) -> MarketQuality:
    mine = np.array([n for n, car in enumerate(record.cars) if car.market == code], dtype=np.int64)
    jobs = [job for job in record.jobs if job.market == code]
    held = standard or Standard()
    late = _late(jobs, held.repaired_within_days, record.until)
    repeats = _repeats(jobs)
    waited = [job.parts_wait_days > 0 for job in jobs if job.parts_wait_days is not None]
    unhappy = [job.satisfaction <= 2 for job in jobs if job.satisfaction is not None]
    shares = [share(sum(each), len(each), level) for each in (late, repeats, waited, unhappy)]
    asked = [
        ("claims per 1,000 car-months, all markets", overall, held.most_claims),
        ("jobs past the repair promise", shares[0], held.most_late),
        ("repeat repairs", shares[1], held.most_repeats),
        ("jobs that waited for a part", shares[2], held.most_parts_waits),
        ("unhappy answers", shares[3], held.most_unhappy),
    ]
    conditions = [(name, estimate, limit) for name, estimate, limit in asked if limit is not None]
    seen_late = _seen_late(jobs, held.seen_within_days, record.until)
    return MarketQuality(
        market=code,
        cars=len(mine),
        claims=sum(claim.market == code for claim in record.claims),
        rate=claim_rate(counts[mine], months[mine], level),
        seen_late=share(sum(seen_late), len(seen_late), level),
        late=shares[0],
        repeats=shares[1],
        parts_waits=shares[2],
        unhappy=shares[3],
        gate=quality_gate(conditions) if conditions else None,
        open_jobs=sum(job.done is None for job in jobs),
    )


def _late(jobs: Sequence[Job], within: int, until: date) -> list[bool]:
    """Jobs past the promise; one still open counts once it is past it, and is not known before."""
    found = []
    for job in jobs:
        if job.started is None:
            continue
        late = working_days(job.started, job.done or until) > within
        if job.done is not None or late:
            found.append(late)
    return found


def _seen_late(jobs: Sequence[Job], within: float, until: date) -> list[bool]:
    """Customers seen past the promise; one still waiting counts once it is past it."""
    found = []
    for job in jobs:
        late = working_days(job.called, job.started or until) > within
        if job.started is not None or late:
            found.append(late)
    return found


def _repeats(jobs: Sequence[Job]) -> list[bool]:
    """Of jobs with a part: whether one of the same car and part came before; of two of one day, the later call does."""
    done: dict[tuple[str, str], list[tuple[date, date, int]]] = defaultdict(list)
    for number, job in enumerate(jobs):
        if job.part and job.done is not None:
            done[job.car, job.part].append((job.done, job.called, number))
    return [
        any(
            0 <= (job.called - before[0]).days <= REPEAT_DAYS and before < (job.done or date.max, job.called, number)
            for before in done[job.car, job.part]
        )
        for number, job in enumerate(jobs)
        if job.part
    ]


def working_days(first: date, last: date) -> int:
    """Mondays to Fridays from a day to another; 0 on the same day."""
    return int(np.busday_count(np.datetime64(first, "D"), np.datetime64(last, "D")))


def _revisions(
    record: Record, counts: NDArray[np.int64], months: NDArray[np.float64], level: float
) -> tuple[tuple[str, Estimate], ...]:
    first: dict[str, date] = {}
    for car in record.cars:
        if car.revision:
            first[car.revision] = min(first.get(car.revision, car.delivered), car.delivered)
    found = []
    for revision in sorted(first, key=lambda name: (first[name], name)):
        mine = np.array([n for n, car in enumerate(record.cars) if car.revision == revision])
        found.append((revision, claim_rate(counts[mine], months[mine], level)))
    return tuple(found)


def _growth(record: Record, level: float) -> Growth | None:
    """Failures on the fleet's clock; time-ended at the last day seen."""
    clock = fleet_clock(record.cars, [*sorted(claim.opened for claim in record.claims), record.until]).tolist()
    times, end = [time for time in clock[:-1] if time > 0], clock[-1]
    if len(times) < LEAST_FAILURES or not any(time < end for time in times):
        return None
    return growth([min(time, end) for time in times], end=end, level=level)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByAge:
    """Claims and months of one market, first year of a car and later.

    Attributes:
        claims: (2,).
        months: (2,), in which a car that drives twice as far as the reference counts for more than one.
    """

    claims: tuple[int, int]
    months: tuple[float, float]


def by_age(record: Record, market: str, intensity: NDArray[np.float64]) -> ByAge:
    """Claims and months by a car's age; claims on cars that are not on record count as of the first year.

    `intensity`, (N,) by car of the record, is what a month of its counts for (see `Use.intensity`).
    """
    cars = {car.name: car for car in record.cars if car.market == market and car.name}
    first = later = 0.0
    for car, weight in zip(record.cars, intensity.tolist(), strict=True):
        if car.market == market:
            months = car.months(record.until)
            first, later = first + weight * min(months, _YEAR), later + weight * max(months - _YEAR, 0.0)
    mine = [claim for claim in record.claims if claim.market == market]
    old = sum(
        claim.car in cars and (claim.opened - cars[claim.car].delivered).days / DAYS_PER_MONTH > _YEAR for claim in mine
    )
    return ByAge(claims=(len(mine) - old, old), months=(first, later))


def first_year_factor(seen: Sequence[ByAge], assumed: float, rate: float, weight: float = 4.0) -> float:
    """Claims of a car's first year over those of later ones: the assumption, moved by what was seen.

    Gamma priors that weigh as much as `weight` claims each: on the later rate, assumed `rate` a month, and on the
    factor, assumed `assumed`; each is set to its mean given the other until both stand.
    """
    claims = np.array([each.claims for each in seen], dtype=float).reshape(-1, 2).sum(axis=0)
    months = np.array([each.months for each in seen], dtype=float).reshape(-1, 2).sum(axis=0)
    if assumed <= 0 or rate <= 0:
        return assumed
    factor = assumed
    for _ in range(_ROUNDS):
        later = (weight + claims.sum()) / (weight / rate + factor * months[0] + months[1])
        factor = (weight + claims[0]) / (weight / assumed + later * months[0])
    return float(factor)


def what_settles(gate: Gate, cars: int, months: float = 3.0) -> tuple[str, ...]:
    """What would settle the conditions that are not yet learnt: more time with the cars there are, or more cars."""
    said = []
    for condition in gate.conditions:
        if condition.settles_at is None:
            continue
        more = condition.settles_at - condition.estimate.exposure
        if condition.estimate.exposure <= 0:
            said.append(f"{condition.name}: {'workshop orders' if condition.estimate.is_share else 'cars'} on record")
        elif not math.isfinite(more):
            said.append(f"{condition.name}: no number of cars, while it stays at its limit")
        elif condition.estimate.is_share:
            said.append(f"{condition.name}: about {math.ceil(more):,} more of them counted")
        else:
            wait = f"{more / cars:,.1f} more months with the {cars:,} cars there are, or " if cars else ""
            said.append(f"{condition.name}: {wait}{math.ceil(more / months):,} more cars for {months:g} months")
    return tuple(said)


def verdict_of(quality: Quality, market: str) -> Verdict | None:
    """Where the quality gate of a market stands; None where nothing is judged."""
    found = next((each for each in quality.markets if each.market == market), None)
    return None if found is None or found.gate is None else found.gate.verdict
