"""Claims by age and by use: how far cars drive, and how much of their claims comes with distance and not with time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from beachhead.aftersales.quality import Estimate, claim_rate, dispersion_of
from beachhead.aftersales.record import DAYS_PER_MONTH, Car, Claim, Record

Floats = NDArray[np.float64]

KM_PER_MONTH = 14_000 / 12
"""The distance at which claim rates are stated; a car that drives just so counts each month as one month."""
AGES = (("first year", 0.0, 12.0), ("second year", 12.0, 24.0), ("later", 24.0, math.inf))
ODOMETER = (("under 10,000 km", 0.0, 1e4), ("10,000 to 30,000 km", 1e4, 3e4), ("over 30,000 km", 3e4, math.inf))
_FLEET_MONTHS = 60.0
"""What is assumed of a market's distance counts as much as five cars read after a year."""
_GRID = (np.arange(400) + 0.5) / 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """Cars of one age, or at one distance.

    Attributes:
        name: which.
        claims: claims made in it.
        km: distance driven in it by all cars.
        per_months: claims per 1,000 car-months.
        per_km: claims per 1,000,000 car-kilometres.
    """

    name: str
    claims: int
    km: float
    per_months: Estimate
    per_km: Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Use:
    """How far cars drive, and what it does.

    Attributes:
        pace: (N,), kilometres a month of each car of the record, in its order; its market's where it was not read.
        read: (N,), whether the file of cars tells its odometer.
        market_pace: kilometres a month by market.
        km: distance of all cars until the last day seen.
        per_km: claims per 1,000,000 car-kilometres.
        share: share of claims that come with distance, for a car at 14,000 km a year.
        ages, distances: claims by a car's age and by its odometer.
    """

    pace: Floats
    read: NDArray[np.bool_]
    market_pace: Mapping[str, float]
    km: float
    per_km: Estimate
    share: Estimate
    ages: tuple[Class, ...]
    distances: tuple[Class, ...]

    def intensity(self, pace: Floats) -> Floats:
        """Claims of a car of that pace over those of one at 14,000 km a year: 1 - u + u x pace / (14,000 / 12)."""
        return np.asarray(1 - self.share.value + self.share.value * pace / KM_PER_MONTH)


def learn_use(record: Record, assumed_km: Mapping[str, float], share: float, level: float = 0.9) -> Use:
    """Distances and what comes with them; `assumed_km` a month by market, `share` before any claim is seen.

    A car's mean is rho x (1 - u + u x pace / reference) x months: a sum of one Poisson process in time and one in
    distance. Distances end today, as months do: a car read before drives on at its own pace, one never read at its
    market's.
    """
    market_pace = _market_pace(record, assumed_km)
    pace = np.array([_pace(car, record.until, market_pace) for car in record.cars])
    read = np.array([_reading(car, record.until) is not None for car in record.cars], dtype=bool)
    months = np.array([car.months(record.until) for car in record.cars])
    owners = {car.name: n for n, car in enumerate(record.cars) if car.name}
    hits = [(owners[claim.car], claim) for claim in record.claims if claim.car in owners]
    counts = np.bincount(np.array([n for n, _ in hits], dtype=np.int64), minlength=len(record.cars))
    return Use(
        pace=pace,
        read=read,
        market_pace=market_pace,
        km=float(pace @ months),
        per_km=claim_rate(counts, pace * months / 1000, level),
        share=_share_of_use(record, hits, pace, read, share, level),
        ages=_classes(AGES, months, np.ones_like(pace), hits, [_age(record.cars[n], c) for n, c in hits], pace, level),
        distances=_classes(
            ODOMETER, months, pace, hits, [_odometer(record.cars[n], c, pace[n]) for n, c in hits], pace, level
        ),
    )


def share_from_cars(
    claims: NDArray[np.int64], months: Floats, km: Floats, cell: NDArray[np.int64], prior: float, level: float = 0.9
) -> Estimate:
    """Share of claims that comes with distance at 14,000 km a year, from (N,) cars (or car and age class) in cells.

    Given the claims of a cell (a market and an age class), which of its cars made them is multinomial, with odds in
    proportion to (1 - u) x months + u x km / reference: neither the rate of the market nor that of the age matters
    (the conditional likelihood of Poisson counts, McCullagh and Nelder, "Generalized Linear Models", section 6.4). It
    is divided by the dispersion between cars; a beta prior counts as much as four claims. The cover of the interval is
    measured in `tests/recovery/test_aftersales_use.py`.
    """
    if not 0 < prior < 1:
        return Estimate(value=prior, low=prior, high=prior, level=level, exposure=0.0, is_share=True)
    dispersion = dispersion_of(claims, months * (1 - prior) + prior * km / KM_PER_MONTH)
    log = (4 * prior - 1) * np.log(_GRID) + (4 * (1 - prior) - 1) * np.log1p(-_GRID)
    for name in np.unique(cell):
        mine = (cell == name) & (months > 0)
        hit = mine & (claims > 0)
        means = np.outer(1 - _GRID, months[hit]) + np.outer(_GRID, km[hit]) / KM_PER_MONTH
        whole = (1 - _GRID) * months[mine].sum() + _GRID * km[mine].sum() / KM_PER_MONTH
        seen = claims[hit]
        log = (
            log + (np.log(np.maximum(means, 1e-12)) @ seen - seen.sum() * np.log(np.maximum(whole, 1e-12))) / dispersion
        )
    weights = np.exp(log - log.max())
    weights /= weights.sum()
    low, high = np.interp([(1 - level) / 2, (1 + level) / 2], np.cumsum(weights), _GRID + 0.5 / len(_GRID))
    return Estimate(
        value=float(weights @ _GRID),
        low=float(low),
        high=float(high),
        level=level,
        exposure=float(claims.sum()),
        dispersion=dispersion,
        is_share=True,
    )


def _share_of_use(
    record: Record, hits: Sequence[tuple[int, Claim]], pace: Floats, read: NDArray[np.bool_], prior: float, level: float
) -> Estimate:
    """Only cars whose odometer the file of cars tells: readings taken at claims would find far-driven cars to claim."""
    place = {code: n for n, code in enumerate(sorted({car.market for car in record.cars}))}
    chosen = np.flatnonzero(read)
    at = {int(n): row for row, n in enumerate(chosen)}
    months = np.array([record.cars[n].months(record.until) for n in chosen])
    claims = np.zeros((2, len(chosen)), dtype=np.int64)
    for n, claim in hits:
        if n in at:
            claims[int(_age(record.cars[n], claim) >= AGES[0][2]), at[n]] += 1
    first = np.minimum(months, AGES[0][2])
    parts = np.concatenate([first, months - first])
    market = np.array([place[record.cars[n].market] for n in chosen], dtype=np.int64)
    cell = np.concatenate([2 * market, 2 * market + 1])
    return share_from_cars(claims.ravel(), parts, parts * np.tile(pace[chosen], 2), cell, prior, level)


def _market_pace(record: Record, assumed_km: Mapping[str, float]) -> dict[str, float]:
    """Kilometres a month: those read, and the assumption as five cars read after a year."""
    km: defaultdict[str, float] = defaultdict(float)
    months: defaultdict[str, float] = defaultdict(float)
    for car in record.cars:
        found = _reading(car, record.until)
        if found is not None:
            km[car.market] += found[0]
            months[car.market] += found[1]
    codes = set(assumed_km) | {car.market for car in record.cars}
    return {
        code: (km[code] + _FLEET_MONTHS * assumed_km.get(code, KM_PER_MONTH)) / (months[code] + _FLEET_MONTHS)
        for code in sorted(codes)
    }


def _pace(car: Car, until: date, market_pace: Mapping[str, float]) -> float:
    """Kilometres a month; what the market drives counts as one month, so that a first week is not taken for a life."""
    found = _reading(car, until)
    usual = market_pace[car.market]
    return usual if found is None else (found[0] + usual) / (found[1] + 1.0)


def _reading(car: Car, until: date) -> tuple[float, float] | None:
    """Kilometres and months of the newest reading by then; None if there is none."""
    if car.km is None or car.km_on is None or car.km_on > until:
        return None
    return car.km, (car.km_on - car.delivered).days / DAYS_PER_MONTH


def _age(car: Car, claim: Claim) -> float:
    return max((claim.opened - car.delivered).days, 0) / DAYS_PER_MONTH


def _odometer(car: Car, claim: Claim, pace: float) -> float:
    return claim.km if claim.km is not None else pace * _age(car, claim)


def _classes(
    bands: Sequence[tuple[str, float, float]],
    months: Floats,
    per_month: Floats,
    hits: Sequence[tuple[int, Claim]],
    where: Sequence[float],
    pace: Floats,
    level: float,
) -> tuple[Class, ...]:
    """Claims and exposure of each band; a car moves through the bands at `per_month`."""
    found = []
    for name, low, high in bands:
        spent = np.clip(months, low / np.maximum(per_month, 1e-9), high / np.maximum(per_month, 1e-9))
        inside = np.maximum(spent - low / np.maximum(per_month, 1e-9), 0.0)
        mine = np.array([n for (n, _), at in zip(hits, where, strict=True) if low <= at < high], dtype=np.int64)
        counts = np.bincount(mine, minlength=len(months))
        found.append(
            Class(
                name=name,
                claims=len(mine),
                km=float(inside @ pace),
                per_months=claim_rate(counts, inside, level),
                per_km=claim_rate(counts, inside * pace / 1000, level),
            )
        )
    return tuple(found)
