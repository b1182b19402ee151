"""After-sales: 300 centres x 20 quarters staffed; formulas against simulation; cover of claim-rate intervals.

    python benchmarks/aftersales.py [--quick] [--json] [--peers]

`--peers` runs SimPy (an event calendar) beside our simulation on the same random numbers, and stockpyl beside our
newsvendor, those that are installed (extra `bench`). Times are medians of three in one process.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from _service_run import simulate
from beachhead.aftersales.parts import newsvendor_poisson
from beachhead.aftersales.provisioning import Part, stock_parts
from beachhead.aftersales.quality import claim_rate
from beachhead.aftersales.queue import Station, wait
from beachhead.aftersales.staffing import Promise, Rates, Work, kept, staff

CENTRES, QUARTERS = 300, 20
CASES = [(c, u, cv2) for c in (1, 2, 4, 8) for u, cv2 in ((0.6, 0.0), (0.7, 0.5), (0.8, 1.0), (0.85, 0.3), (0.75, 2.0))]
FLEETS = [(0.0, 150, 0.02), (0.0, 400, 0.05), (0.5, 150, 0.02), (0.5, 400, 0.05), (2.0, 150, 0.02), (2.0, 400, 0.05)]
WORK = Work(hours=2.5, cv2=0.8)
PROMISE = Promise(seen_within_days=3, repaired_within_hours=12)
RATES = Rates(bay=80e3, bay_per_quarter=6e3, technician_per_quarter=16e3, training=8e3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter runs; ends within a minute")
    parser.add_argument("--json", action="store_true", help="print one object of figures")
    parser.add_argument("--peers", action="store_true", help="also SimPy and stockpyl")
    asked = parser.parse_args()
    figures: dict[str, Any] = {
        "staffing": staffing(),
        "waits": waits(200_000 if asked.quick else 400_000),
        "claim_rates": cover(2000 if asked.quick else 4000),
        "parts": parts(),
    }
    if asked.peers:
        figures["peers"] = peers()
    if asked.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)


def staffing() -> dict[str, Any]:
    """Bays and technicians of 300 centres over 20 quarters."""
    rng = np.random.default_rng(1)
    growth = np.linspace(0.05, 1.0, QUARTERS)[None, :]
    jobs = rng.lognormal(np.log(80), 0.8, (CENTRES, 1)) * growth * rng.lognormal(0, 0.15, (CENTRES, QUARTERS))
    found, seconds = timed(lambda: staff(jobs, WORK, PROMISE, RATES))
    held = [
        kept(float(jobs[c, t]), int(found.technicians[c, t]), WORK, PROMISE).seen
        for c in range(0, CENTRES, 10)
        for t in range(QUARTERS)
    ]
    return {
        "centres": CENTRES,
        "quarters": QUARTERS,
        "seconds": round(seconds, 3),
        "least_share_seen_in_time": round(min(held), 4),
        "most_jobs_a_week": round(float(jobs.max()), 1),
        "most_technicians": int(found.technicians.max()),
        "cost_m": round(float(found.cost.sum()) / 1e6, 2),
    }


def waits(jobs: int) -> dict[str, Any]:
    """Mean waits by formula against simulation on twenty cases."""
    errors = []
    for servers, utilisation, cv2 in CASES:
        station = Station(
            arrivals_per_hour=utilisation * servers / 2, service_hours=2, service_cv2=cv2, servers=servers
        )
        seen = simulate(station, jobs, seed=12)
        errors.append(wait(station).mean_hours / seen.mean_hours - 1)
    return {
        "cases": len(CASES),
        "jobs": jobs,
        "median_error": round(float(np.median(np.abs(errors))), 4),
        "largest_error": round(float(np.max(np.abs(errors))), 4),
    }


def cover(fleets: int) -> dict[str, Any]:
    """Share of 90 % intervals that hold the true claim rate, fleets censored today."""
    shares = []
    for frailty, cars, rate in FLEETS:
        rng, held = np.random.default_rng(6), 0
        for _ in range(fleets):
            months = rng.uniform(0.5, 12.0, cars)
            own = rng.gamma(1 / frailty, frailty, cars) if frailty else np.ones(cars)
            found = claim_rate(rng.poisson(rate * own * months), months)
            held += found.low <= 1000 * rate <= found.high
        shares.append(held / fleets)
    spread = 2 * (0.9 * 0.1 / fleets) ** 0.5
    return {
        "fleets": fleets,
        "least": min(shares),
        "most": max(shares),
        "mean": round(float(np.mean(shares)), 4),
        "two_standard_errors": round(spread, 4),
    }


def parts() -> dict[str, Any]:
    """Spares of 100 parts for 40 markets."""
    rng = np.random.default_rng(3)
    asked = [
        Part(
            code=f"P{n}",
            name=f"part {n}",
            unit_cost=float(rng.lognormal(5, 1.5)),
            per_1000_months=float(rng.lognormal(-1, 1)),
            lead_days=60,
            ship_days=5,
            local_repair_share=float(rng.choice([0, 0.3])),
            local_repair_days=8,
            holding_share=0.2,
            last_order=None,
            support_years=10,
            shortage_cost=1e5,
        )
        for n in range(100)
    ]
    cars = rng.lognormal(8, 1, 40)
    found, seconds = timed(lambda: stock_parts(asked, cars, np.full(40, 0.97)))
    return {"parts": 100, "markets": 40, "seconds": round(seconds, 2), "fill": round(found.fill, 4)}


def peers() -> dict[str, Any]:
    """SimPy on the same random numbers, stockpyl's newsvendor; each beside ours, or left out where it is not there."""
    found: dict[str, Any] = {}
    if find_spec("simpy") is not None:
        simpy: Any = importlib.import_module("simpy")
        station = Station(arrivals_per_hour=1.0, service_hours=2.25, servers=3)
        jobs = 30_000
        ours, ours_s = timed(lambda: simulate(station, jobs, seed=4).mean_hours)
        theirs, theirs_s = timed(lambda: in_simpy(simpy, station, jobs, 4))
        found["simpy"] = {"mean_hours": theirs, "seconds": round(theirs_s, 3)}
        found["ours"] = {"mean_hours": ours, "seconds": round(ours_s, 3)}
    if find_spec("stockpyl") is not None:
        newsvendor: Any = importlib.import_module("stockpyl.newsvendor")
        (quantity, _), stockpyl_s = timed(lambda: newsvendor.newsvendor_poisson(1.0, 9.0, 80.0))
        order, order_s = timed(lambda: newsvendor_poisson(80.0, 1.0, 9.0))
        ratio = round(stockpyl_s / order_s, 1)
        found["stockpyl_newsvendor"] = {"quantity": quantity, "ours": order.quantity, "ratio": ratio}
    return found


def in_simpy(simpy: Any, station: Station, jobs: int, seed: int, warm_up: float = 0.1) -> float:
    """The mean wait that SimPy sees on the random numbers of `simulate`."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(1 / station.arrivals_per_hour, jobs)
    if station.service_cv2 > 0:
        shape = 1 / station.service_cv2
        service = rng.gamma(shape, station.service_hours / shape, jobs)
    else:
        service = np.full(jobs, station.service_hours)
    environment, waited = simpy.Environment(), np.empty(jobs)
    bays = simpy.Resource(environment, capacity=station.servers)

    def job(number: int) -> Any:
        came = environment.now
        with bays.request() as turn:
            yield turn
            waited[number] = environment.now - came
            yield environment.timeout(service[number])

    def arrivals() -> Any:
        for number, gap in enumerate(gaps):
            yield environment.timeout(gap)
            environment.process(job(number))

    environment.process(arrivals())
    environment.run()
    return float(waited[int(warm_up * jobs) :].mean())


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """The answer and the median time of three runs, the first of them warm."""
    answer, times = work(), []
    for _ in range(3):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return answer, statistics.median(times)


def show(figures: dict[str, Any]) -> None:
    s, w, c, p = (figures[name] for name in ("staffing", "waits", "claim_rates", "parts"))
    print(f"{s['centres']} centres x {s['quarters']} quarters staffed in {s['seconds']:.2f} s (asked: 10 s);")
    print(
        f"  up to {s['most_jobs_a_week']:.0f} jobs a week; at worst {100 * s['least_share_seen_in_time']:.1f} % in time"
    )
    print(
        f"mean waits by formula against simulation, {w['cases']} cases of {w['jobs']:,} jobs: median error "
        f"{100 * w['median_error']:.1f} %, largest {100 * w['largest_error']:.1f} % (stated: 10 %)"
    )
    print(
        f"90 % intervals of claim rates cover {100 * c['least']:.1f} to {100 * c['most']:.1f} % "
        f"(each ± {100 * c['two_standard_errors']:.1f}: {c['fleets']:,} fleets of each of {len(FLEETS)} kinds; asked "
        "of many fleets: 88 to 92 %)"
    )
    print(
        f"{p['parts']} parts stocked for {p['markets']} markets in {p['seconds']:.2f} s, fill {100 * p['fill']:.1f} %"
    )
    if "peers" in figures:
        print(json.dumps(figures["peers"], indent=2) if figures["peers"] else "no peer is installed (extra `bench`)")


if __name__ == "__main__":
    main()
