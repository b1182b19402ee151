"""`beachhead service DIR quality`: claims and repairs with their intervals, and what would settle the quality gate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from beachhead.aftersales.quality import Estimate, Gate, Verdict, funnel
from beachhead.aftersales.record import MarketQuality, what_settles
from beachhead.case.open import Launch
from beachhead.case.quality.doubts import record_doubts
from beachhead.case.quality.judge import Judged, service_row
from beachhead.cli.show import cars, how_many, percent, say, show_table

_TREND = {
    Verdict.PASS: "grow rarer",
    Verdict.FAIL: "grow more frequent",
    Verdict.NOT_YET_LEARNT: "show no trend yet",
}


def show_quality(launch: Launch, judged: Judged) -> None:
    """Sentences, then conditions by market, then growth."""
    quality, record = judged.quality, judged.record
    if not record.cars:
        say("No car is on record yet: send cars.csv, or observe deliveries; quality is not yet learnt.")
        return
    say(*_seen_so_far(launch, judged))
    shown = [each for each in quality.markets if each.cars or each.open_jobs or each.late.exposure]
    _show_markets(launch, shown)
    if quality.revisions:
        rows = [[name, f"{rate.exposure:,.0f}", _rate(rate)] for name, rate in quality.revisions]
        show_table(["revision", "car-months", "claims /1,000 months"], rows, title="By revision", right={1, 2})
    _show_use(judged)
    for each in shown:
        if each.gate is not None and each.gate.verdict is not Verdict.PASS:
            say(f"{launch.market(each.market).name}: {_why_not(each.gate, len(record.cars))}.")


def _seen_so_far(launch: Launch, judged: Judged) -> list[str]:
    """What all cars together show: the rate of claims, and how failures grow."""
    quality, record = judged.quality, judged.record
    told = " counted from deliveries" if judged.from_deliveries else ""
    months = f"{quality.rate.exposure:,.0f} car-months until {record.until}"
    claims = f"{how_many(len(record.claims), 'claim')}, {_rate(quality.rate)} per 1,000 car-months"
    said = [f"{how_many(len(record.cars), 'car')}{told} with {months}: {claims}."]
    said += record_doubts(launch, judged)
    if quality.growth is not None:
        shape = f"Crow-AMSAA shape {quality.growth.shape:.2f}"
        said.append(
            f"Failures {_TREND[quality.growth.improving]} on the fleet's clock ({shape}); one each "
            f"{quality.growth.mtbf:,.0f} car-months now."
        )
    return said


def _show_markets(launch: Launch, shown: Sequence[MarketQuality]) -> None:
    show_table(
        ["market", "cars", "claims", "past promise", "repeats", "part waits", "unhappy", "quality"],
        [
            [
                launch.market(each.market).name,
                cars(each.cars),
                _rate(each.rate),
                *(_share(part) for part in (each.late, each.repeats, each.parts_waits, each.unhappy)),
                each.gate.verdict.value if each.gate else "not judged",
            ]
            for each in shown
        ],
        title="Claims per 1,000 car-months, and shares of jobs, with 90 % intervals",
        right={1, 2, 3, 4, 5, 6},
    )


def _why_not(gate: Gate, fleet: int) -> str:
    """On what a gate fails, and what would settle it."""
    failed = [condition.name for condition in gate.conditions if condition.verdict is Verdict.FAIL]
    open_still = what_settles(gate, fleet)
    said = [f"fails on {', '.join(failed)}"] if failed else []
    said += [f"to settle it, {'; '.join(open_still)}"] if open_still else []
    return "; ".join(said)


def _show_use(judged: Judged) -> None:
    use = judged.use
    if not judged.record.claims or not use.read.any():
        return
    share = f"{percent(use.share.value)} ({100 * use.share.low:.0f}-{100 * use.share.high:.0f})"
    say(
        f"They drove {use.km / 1e6:,.2f} M km ({use.read.sum():,} odometers read): {_rate(use.per_km)} claims per "
        f"million km. Of a car at 14,000 km a year, {share} of claims come with distance, the others with time."
    )
    show_table(
        ["cars", "claims", "car-months", "km", "/1,000 months", "/million km"],
        [
            [
                c.name,
                f"{c.claims:,}",
                f"{c.per_months.exposure:,.0f}",
                f"{c.km:,.0f}",
                _rate(c.per_months),
                _rate(c.per_km),
            ]
            for c in (*use.ages, *use.distances)
            if c.per_months.exposure > 0
        ],
        title="Claims by age and by odometer, with 90 % intervals",
        right={1, 2, 3, 4, 5},
    )


def quality_answer(launch: Launch, judged: Judged) -> dict[str, Any]:
    """What the workshop saw, the gates, and the funnel to draw it in."""
    quality, record = judged.quality, judged.record
    months = np.array([each.rate.exposure for each in quality.markets])
    grid = np.geomspace(10, max(float(months.max(initial=0.0)) * 1.5, 1000.0), 25)
    return {
        "until": record.until,
        "cars": len(record.cars),
        "from_deliveries": judged.from_deliveries,
        "claims": len(record.claims),
        "claims_on_unknown_cars": len(quality.strangers),
        "claims_outside_use": list(quality.outside),
        "doubts": record_doubts(launch, judged),
        "jobs": len(record.jobs),
        "rate": quality.rate,
        "growth": quality.growth,
        "use": use_answer(judged),
        "revisions": [{"revision": name, "rate": rate} for name, rate in quality.revisions],
        "parts": dict(quality.parts),
        "markets": [_market_answer(launch, each, len(record.cars)) for each in quality.markets],
        "funnel": {"car_months": grid, "limits": funnel(quality.rate.value, grid, quality.rate.dispersion)}
        if math.isfinite(quality.rate.value)
        else None,
    }


def use_answer(judged: Judged) -> dict[str, Any]:
    """Claims by age and by distance, and how much of them comes with distance."""
    use = judged.use
    return {
        "km": use.km,
        "odometers_read": int(use.read.sum()),
        "km_per_year": {code: 12 * pace for code, pace in use.market_pace.items()},
        "per_million_km": use.per_km,
        "share_that_comes_with_distance": use.share,
        "by_age": use.ages,
        "by_odometer": use.distances,
    }


def _market_answer(launch: Launch, each: MarketQuality, fleet: int) -> dict[str, Any]:
    return {
        "market": each.market,
        "cars": each.cars,
        "claims": each.claims,
        "rate": each.rate,
        "seen_late": each.seen_late,
        "late": each.late,
        "repeats": each.repeats,
        "parts_waits": each.parts_waits,
        "unhappy": each.unhappy,
        "open_jobs": each.open_jobs,
        "scaling_waits_for_it": service_row(launch, each.market).gate,
        "verdict": each.gate.verdict if each.gate else None,
        "conditions": each.gate.conditions if each.gate else (),
        "what_settles": what_settles(each.gate, fleet) if each.gate else (),
    }


def _rate(estimate: Estimate) -> str:
    if not math.isfinite(estimate.value):
        return "-"
    return f"{estimate.value:.1f} ({estimate.low:.0f}-{estimate.high:.0f})"


def _share(estimate: Estimate) -> str:
    if not math.isfinite(estimate.value):
        return "-"
    return f"{100 * estimate.value:.0f} % ({100 * estimate.low:.0f}-{100 * estimate.high:.0f})"
