"""Bays and technicians, quarter by quarter, that keep the promise at least cost; and what one more would bring."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from beachhead.aftersales.queue import Load, Station, servers_for, wait
from beachhead.world.errors import NotFeasible


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What customers are promised.

    Attributes:
        seen_within_days: working days from the call to the bay.
        repaired_within_hours: working hours from the bay to the keys.
        share: share of customers for whom each holds.
    """

    seen_within_days: float
    repaired_within_hours: float
    share: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a job takes.

    Attributes:
        hours: mean working hours in the bay.
        cv2: squared coefficient of variation of it (gamma).
        open_hours_per_week: hours a bay works.
        days_per_week: working days.
        parts_fill: share of jobs whose parts are there at once.
        parts_delay_hours: working hours that the others wait for parts; the car leaves the bay meanwhile.
    """

    hours: float
    cv2: float
    open_hours_per_week: float = 45.0
    days_per_week: float = 5.0
    parts_fill: float = 1.0
    parts_delay_hours: float = 0.0

    @property
    def hours_per_day(self) -> float:
        """Working hours of a day."""
        return self.open_hours_per_week / self.days_per_week

    def repaired_within(self, hours: float) -> float:
        """Share of jobs done within that many hours of reaching the bay."""
        done = _gamma_cdf(hours, self)
        return self.parts_fill * done + (1 - self.parts_fill) * _gamma_cdf(hours - self.parts_delay_hours, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Costs, in one currency.

    Attributes:
        bay: building a bay; it stays.
        bay_per_quarter: running it.
        technician_per_quarter: wages.
        training: hiring and training one technician, before the first job.
    """

    bay: float
    bay_per_quarter: float
    technician_per_quarter: float
    training: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """Bays and technicians of C centres over T quarters; a row may stand for several alike.

    Attributes:
        needed: (C, T), job places that keep the promise.
        bays: (C, T).
        technicians: (C, T).
        hire: (C, T), technicians whose training ends by the quarter's first day; of all centres that a row stands for.
        cost: (C,), over all quarters; likewise.
    """

    needed: NDArray[np.int64]
    bays: NDArray[np.int64]
    technicians: NDArray[np.int64]
    hire: NDArray[np.int64]
    cost: NDArray[np.float64]


def staff(
    jobs_per_week: NDArray[np.float64],
    work: Work,
    promise: Promise,
    rates: Rates,
    centres: NDArray[np.int64] | None = None,
) -> Staffing:
    """Least-cost bays and technicians for (C, T) jobs a week at a centre; each busy bay takes one technician.

    The places needed follow from the queue. Bays stay once built, so they are the running maximum; technicians are
    kept or let go by dynamic programming over quarters. Raises NotFeasible where no number of bays can keep the
    promise on repair time.

    Args:
        jobs_per_week: (C, T), at a centre.
        work: what a job takes.
        promise: what customers are promised.
        rates: costs.
        centres: (C, T), centres alike that are open in each quarter; one all along if None. One that opens has the bays
            of the others.
    """
    _require_repair_time(work, promise)
    needed = np.vectorize(lambda rate: places(rate, work, promise), otypes=[np.int64])(jobs_per_week)
    bays = np.maximum.accumulate(needed, axis=1)
    alike = np.ones_like(needed) if centres is None else centres
    pairs = zip(needed, alike, strict=True)
    technicians = np.array([_keep_or_let_go(row, count, rates) for row, count in pairs], dtype=np.int64)
    hire = _added(technicians * alike)
    cost = (
        _added(bays * alike).sum(axis=1) * rates.bay
        + (bays * alike).sum(axis=1) * rates.bay_per_quarter
        + (technicians * alike).sum(axis=1) * rates.technician_per_quarter
        + hire.sum(axis=1) * rates.training
    )
    return Staffing(needed=needed, bays=bays, technicians=technicians, hire=hire, cost=np.asarray(cost, dtype=float))


def _added(count: NDArray[np.int64]) -> NDArray[np.int64]:
    """(C, T), by how much a count rises in each quarter, from none before the first."""
    return np.maximum(np.diff(count, axis=1, prepend=0), 0)


def places(jobs_per_week: float, work: Work, promise: Promise) -> int:
    """Fewest bays with a technician that see the promised share of customers in time; 0 where nobody comes."""
    if jobs_per_week <= 0:
        return 0
    rate = jobs_per_week / work.open_hours_per_week
    within = promise.seen_within_days * work.hours_per_day
    return servers_for(rate, work.hours, work.cv2, within, promise.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How far the promise is kept with a number of places.

    Attributes:
        places: bays with a technician.
        seen: share of customers seen in time.
        repaired: share of jobs done in time once begun.
        mean_wait_days: mean wait in working days; infinite if more comes in than goes out.
        utilisation: share of time a bay is busy.
    """

    places: int
    seen: float
    repaired: float
    mean_wait_days: float
    utilisation: float


def kept(jobs_per_week: float, number: int, work: Work, promise: Promise) -> Kept:
    """How far the promise is kept."""
    station = Station(
        arrivals_per_hour=jobs_per_week / work.open_hours_per_week,
        service_hours=work.hours,
        service_cv2=work.cv2,
        servers=number,
    )
    waits = wait(station)
    late = waits.longer_than(promise.seen_within_days * work.hours_per_day)
    overloaded = waits.load is Load.OVERLOADED
    return Kept(
        places=number,
        seen=1 - late,
        repaired=work.repaired_within(promise.repaired_within_hours),
        mean_wait_days=math.inf if overloaded else waits.mean_hours / work.hours_per_day,
        utilisation=station.utilisation,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """What one more of something brings.

    Attributes:
        what: bay, van or partner.
        before, after: how far the promise is kept.
        cost_per_quarter: what it costs.
    """

    what: str
    before: Kept
    after: Kept
    cost_per_quarter: float


def relief(
    jobs_per_week: float,
    number: int,
    work: Work,
    promise: Promise,
    options: Sequence[tuple[str, int, float, float]],
) -> tuple[Relief, ...]:
    """What each option brings; each is (what, places added, jobs a week taken away, cost a quarter).

    A bay adds a place; a van takes the light jobs it can do away from the centre; a partner garage takes a number.
    """
    before = kept(jobs_per_week, number, work, promise)
    return tuple(
        Relief(
            what=what,
            before=before,
            after=kept(max(0.0, jobs_per_week - taken), number + added, work, promise),
            cost_per_quarter=cost,
        )
        for what, added, taken, cost in options
    )


def _require_repair_time(work: Work, promise: Promise) -> None:
    done = work.repaired_within(promise.repaired_within_hours)
    if done < promise.share:
        raise NotFeasible(
            f"{100 * done:.4g} % of jobs are done within {promise.repaired_within_hours:g} h (repaired_within_hours), "
            f"promise_share asks for {100 * promise.share:g} %",
            "more bays do not help: in service.csv shorten job_hours, raise parts_fill, or promise less",
        )


def _gamma_cdf(hours: float, work: Work) -> float:
    if hours <= 0:
        return 0.0
    if work.cv2 == 0:
        return float(hours >= work.hours)
    return float(gamma.cdf(hours, 1 / work.cv2, scale=work.hours * work.cv2))


def _keep_or_let_go(needed: NDArray[np.int64], centres: NDArray[np.int64], rates: Rates) -> list[int]:
    """Technicians of a centre quarter by quarter at least cost of all centres open, never fewer than needed.

    Costs are linear between the numbers that some quarter needs, and those with which nobody is hired as centres open
    or is let go as they close, so that one of these is always among the cheapest; to whole people.
    """
    shared = (centres * needed)[:, None] / centres[None, :]
    levels = np.unique(np.concatenate([[0], np.floor(shared).ravel(), np.ceil(shared).ravel()])).astype(np.int64)
    levels = levels[levels <= needed.max(initial=0)]
    value = np.zeros(len(levels))
    choices = []
    for t in reversed(range(len(needed))):
        before = 0 if t == 0 else centres[t - 1]
        move = np.maximum(centres[t] * levels[None, :] - before * levels[:, None], 0) * rates.training  # row to column
        paid = centres[t] * levels * rates.technician_per_quarter + value
        paid = np.where(levels >= needed[t], paid, np.inf)
        whole = move + paid[None, :]
        choices.append(whole.argmin(axis=1))
        value = whole.min(axis=1)
    at, path = 0, []
    for choice in reversed(choices):
        at = int(choice[at])
        path.append(int(levels[at]))
    return path
