"""A discrete-event run of a service centre: the check on the formulas, not a planner."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from beachhead.aftersales.queue import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run saw.

    Attributes:
        mean_hours: mean wait.
        standard_error: of that mean, by batch means (20 batches).
        delayed: share of jobs that waited at all.
    """

    mean_hours: float
    standard_error: float
    delayed: float


def simulate(station: Station, jobs: int, seed: int, warm_up: float = 0.1) -> Run:
    """Serve `jobs` jobs first come first served, with gamma service times; the first `warm_up` share is dropped."""
    rng = np.random.default_rng(seed)
    arrivals = np.cumsum(rng.exponential(1 / station.arrivals_per_hour, jobs))
    if station.service_cv2 > 0:
        shape = 1 / station.service_cv2
        service = rng.gamma(shape, station.service_hours / shape, jobs)
    else:
        service = np.full(jobs, station.service_hours)
    free = [0.0] * station.servers
    waits = np.empty(jobs)
    for index, (arrival, hours) in enumerate(zip(arrivals.tolist(), service.tolist(), strict=True)):
        start = max(arrival, free[0])
        heapq.heapreplace(free, start + hours)
        waits[index] = start - arrival
    kept = waits[int(warm_up * jobs) :]
    batches = np.array([batch.mean() for batch in np.array_split(kept, 20)])
    return Run(
        mean_hours=float(kept.mean()),
        standard_error=float(batches.std(ddof=1) / np.sqrt(len(batches))),
        delayed=float((kept > 0).mean()),
    )
