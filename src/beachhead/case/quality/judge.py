"""Quality of the cars in customers' hands: what the workshop saw, and whether it lets a market scale."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from beachhead import store
from beachhead.aftersales.quality import Verdict
from beachhead.aftersales.record import Car, Claim, Job, Quality, Record, Standard, assess, verdict_of
from beachhead.aftersales.use import Use, learn_use
from beachhead.case.open import Launch
from beachhead.case.quality.workshop import workshop
from beachhead.case.rows.observe import rows_today
from beachhead.evidence.tables.service import EVERYWHERE, ServiceRow
from beachhead.pilot.once import each_once
from beachhead.world.reading import Funnel

READY = "service_quality"
"""Name of the readiness condition on gates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What after-sales asks of scaling.

    Attributes:
        asked: conditions by market; markets without any are left out.
        met: conditions met, by market.
    """

    asked: Mapping[str, tuple[str, ...]]
    met: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Quality on a day.

    Attributes:
        quality: what was seen.
        use: how far cars drive, and claims by age and distance.
        record: what it was seen from.
        standards: what is asked, by market.
        from_deliveries: true if no file of cars was sent, and the cars are those of observed deliveries.
    """

    quality: Quality
    use: Use
    record: Record
    standards: Mapping[str, Standard]
    from_deliveries: bool


def judge_quality(launch: Launch, until: date) -> Judged:
    """What the workshop saw until a day, held against service.csv."""
    seen = workshop(launch, until)
    cars = tuple(
        Car(
            name=car.car,
            market=car.market,
            delivered=car.delivered,
            gone=car.gone,
            revision=car.revision or "",
            km=car.odometer_km,
            km_on=car.odometer_on,
        )
        for car in seen.cars
    )
    counted = cars or tuple(_delivered(launch, until))
    record = Record(
        cars=counted,
        claims=tuple(
            Claim(car=c.car, market=c.market, opened=c.opened, part=c.part or "", km=c.odometer_km, name=c.claim)
            for c in seen.claims
        ),
        jobs=tuple(
            Job(
                car=job.car,
                market=job.market,
                called=job.called,
                started=_by(job.started, until),
                done=_by(job.done, until),
                part=job.part or "",
                parts_wait_days=job.parts_wait_days,
                satisfaction=job.satisfaction,
            )
            for job in seen.jobs
        ),
        until=until,
    )
    standards = {
        market.code: standard_of(launch, market.code) for market in launch.folder.markets if not market.is_home
    }
    return Judged(
        quality=assess(record, standards),
        use=_use(launch, record),
        record=record,
        standards=standards,
        from_deliveries=not cars and bool(counted),
    )


def _use(launch: Launch, record: Record) -> Use:
    """Distances as read, service.csv's where none were."""
    abroad = [market.code for market in launch.folder.markets if not market.is_home]
    assumed = {code: service_row(launch, code).km_per_year / 12 for code in abroad}
    return learn_use(record, assumed, service_row(launch, EVERYWHERE).use_share)


def readiness(launch: Launch, until: date) -> Readiness:
    """Markets whose scaling waits for quality, and those in which it has passed."""
    asking = [m.code for m in launch.folder.markets if not m.is_home and service_row(launch, m.code).gate]
    if not asking:
        return Readiness(asked={}, met={})
    quality = judge_quality(launch, until).quality
    passed = {code for code in asking if verdict_of(quality, code) is Verdict.PASS}
    return Readiness(asked=dict.fromkeys(asking, (READY,)), met={code: frozenset({READY}) for code in passed})


def service_row(launch: Launch, market: str) -> ServiceRow:
    """The market's row of service.csv, that for all, or one with the defaults."""
    rows = {row.market: row for row in launch.folder.rows(ServiceRow)}
    return rows.get(market) or rows.get(EVERYWHERE) or _defaults()


def standard_of(launch: Launch, market: str) -> Standard:
    """The quality asked of a market."""
    row = service_row(launch, market)
    return Standard(
        most_claims=row.most_claims,
        most_late=row.most_late_repairs,
        most_repeats=row.most_repeat_repairs,
        most_parts_waits=row.most_parts_waits,
        most_unhappy=row.most_unhappy,
        repaired_within_days=math.ceil(row.repaired_within_hours / (row.open_hours_per_week / 5)),
        seen_within_days=row.seen_within_days,
    )


def _defaults() -> ServiceRow:
    return ServiceRow.model_validate(
        {
            "market": EVERYWHERE,
            "source": "assumption: the defaults of service.csv",
            "as_of": "2026-06-30",
            "grade": "C",
        }
    )


def _delivered(launch: Launch, until: date) -> Iterator[Car]:
    """Cars of observed deliveries (orders less cancellations where none are told), handed over half way through."""
    with store.reading(launch.store) as work:
        rows = rows_today(launch.folder, work, default_reach=lambda row: row.reach)
    ended = (row for row in rows if row.end <= until)
    for row in each_once(ended, funnels=(Funnel.DELIVERIES, Funnel.ORDERS)).rows:
        sold = None if row.orders is None else row.orders - (row.cancellations or 0)
        count = row.deliveries if row.deliveries is not None else sold
        for _ in range(count or 0):
            yield Car(name="", market=row.market, delivered=row.start + (row.end - row.start) / 2)


def _by(day: date | None, until: date) -> date | None:
    return None if day is None or day > until else day
