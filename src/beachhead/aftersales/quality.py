"""Whether quality is good enough to scale: claim rates with intervals, reliability growth, and the gate.

A car-month is one car in use for one month; cars still in use are censored at the last day observed, and count with the
months they have been seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaincinv, gammaincinv, pdtr, pdtrik

PER_CARS = 1000.0
MOST_EXPOSURE = 1e10
"""Beyond any fleet; from 1e12 on SciPy before 1.17 finds no end of an interval."""


class Verdict(StrEnum):
    """Where a condition of scaling stands: pass, fail, or not yet learnt from what was seen."""

    PASS = "pass"
    FAIL = "fail"
    NOT_YET_LEARNT = "not yet learnt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A quantity with its interval.

    Attributes:
        value: point estimate.
        low, high: ends of the central interval.
        level: nominal coverage of the interval, such as 0.9.
        exposure: what it rests on: car-months, jobs or answers.
        dispersion: variance of counts between cars over that of a Poisson count; 1 or more.
        is_share: true if it counts events out of trials, false if it is a rate per 1,000 car-months.
    """

    value: float
    low: float
    high: float
    level: float
    exposure: float
    dispersion: float = 1.0
    is_share: bool = False

    def against(self, limit: float) -> Verdict:
        """Pass if the whole interval lies at or below the limit, fail if it lies above."""
        if self.high <= limit:
            return Verdict.PASS
        return Verdict.FAIL if self.low > limit else Verdict.NOT_YET_LEARNT


def claim_rate(claims: NDArray[np.int64], months: NDArray[np.float64], level: float = 0.9) -> Estimate:
    """Claims per 1,000 car-months, from (N,) counts and (N,) months in use of N cars.

    Cars differ: counts are Poisson given the car, gamma between cars (Greenwood and Yule 1920). The interval is that of
    a gamma with the Jeffreys shape n + 1/2, shape and exposure both divided by the dispersion (quasi-likelihood,
    McCullagh and Nelder, "Generalized Linear Models", chapter 9). Coverage is measured on simulated censored fleets in
    `tests/recovery/test_aftersales_simulation.py`.
    """
    total, exposure = float(claims.sum()), float(months.sum())
    if exposure <= 0:
        return Estimate(value=math.nan, low=0.0, high=math.inf, level=level, exposure=0.0)
    dispersion = dispersion_of(claims, months)
    shape, scale = (total + 0.5) / dispersion, dispersion / exposure
    low, high = gammaincinv(shape, [(1 - level) / 2, (1 + level) / 2]) * scale * PER_CARS
    return Estimate(
        value=PER_CARS * total / exposure,
        low=float(low) if total else 0.0,
        high=float(high),
        level=level,
        exposure=exposure,
        dispersion=dispersion,
    )


def dispersion_of(claims: NDArray[np.int64], months: NDArray[np.float64]) -> float:
    """Dispersion of the fleet's total claim count, at least 1.

    With a gamma frailty of squared coefficient of variation w, Var(n_i) = mu_i + w mu_i^2, so the total's variance over
    its mean is 1 + w sum(mu_i^2) / sum(mu_i); w is estimated by moments.
    """
    seen = months > 0
    rate = claims[seen].sum() / months[seen].sum() if seen.any() else 0.0
    expected = rate * months[seen]
    if expected.sum() <= 0:
        return 1.0
    squared = float((expected**2).sum())
    frailty = float((((claims[seen] - expected) ** 2) - expected).sum()) / squared
    return max(1.0, 1.0 + frailty * squared / float(expected.sum()))


def share(events: int, trials: int, level: float = 0.9) -> Estimate:
    """A share of jobs, such as repeat repairs, with its Jeffreys interval (Brown, Cai and DasGupta 2001, section 3)."""
    if trials == 0:
        return Estimate(value=math.nan, low=0.0, high=1.0, level=level, exposure=0.0, is_share=True)
    tails = betaincinv(events + 0.5, trials - events + 0.5, [(1 - level) / 2, (1 + level) / 2])
    low = 0.0 if events == 0 else float(tails[0])
    high = 1.0 if events == trials else float(tails[1])
    return Estimate(value=events / trials, low=low, high=high, level=level, exposure=float(trials), is_share=True)


def exposure_to_settle(estimate: Estimate, limit: float) -> float:
    """Exposure needed in all for the interval to leave the limit if things go on so; inf beyond `MOST_EXPOSURE`.

    Car-months for a rate, trials for a share. Counts grow in proportion to the exposure; the dispersion stays.
    """
    if estimate.against(limit) is not Verdict.NOT_YET_LEARNT:
        return estimate.exposure
    if not math.isfinite(estimate.value) or math.isclose(estimate.value, limit, rel_tol=1e-9):
        return math.inf
    tail = (1 + estimate.level) / 2 if estimate.value < limit else (1 - estimate.level) / 2

    def gap(log_exposure: float) -> float:
        return _end(estimate, math.exp(log_exposure), tail) - limit

    low, high = math.log(max(estimate.exposure, 1.0)), math.log(MOST_EXPOSURE)
    if gap(low) * gap(high) > 0:
        return math.inf
    return math.exp(float(brentq(gap, low, high)))


def _end(estimate: Estimate, exposure: float, tail: float) -> float:
    """One end of the interval that the same value would have on another exposure."""
    if estimate.is_share:
        events = estimate.value * exposure
        return float(betaincinv(events + 0.5, exposure - events + 0.5, tail))
    shape = (estimate.value / PER_CARS * exposure + 0.5) / estimate.dispersion
    return float(gammaincinv(shape, tail) * estimate.dispersion / exposure) * PER_CARS


def funnel(
    rate: float, exposures: NDArray[np.float64], dispersion: float = 1.0, level: float = 0.9
) -> NDArray[np.float64]:
    """(E, 2), limits within which a market's rate would lie if it were like all others, by its car-months.

    A funnel plot (Spiegelhalter 2005, Statistics in Medicine 24, section 2): quantiles of the over-dispersed count.
    """
    mean = rate / PER_CARS * np.maximum(exposures, 1e-9) / dispersion
    tails = _poisson_quantile(np.array([(1 - level) / 2, (1 + level) / 2])[:, None], mean)
    return np.asarray((tails * dispersion / np.maximum(exposures, 1e-9) * PER_CARS).T)


def _poisson_quantile(share: NDArray[np.float64], mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smallest count whose Poisson probability reaches the share; scipy.stats takes a second to load for this."""
    above = np.ceil(pdtrik(share, mean))
    below = np.maximum(above - 1, 0.0)
    return np.asarray(np.where(pdtr(below, mean) >= share, below, above))


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Reliability growth as a power-law process: expected failures by time t are scale x t^shape.

    Attributes:
        shape: below 1 failures grow rarer.
        scale: failures by time 1.
        shape_unbiased: bias-corrected shape.
        mtbf: instantaneous mean time between failures at the end, by the bias-corrected shape.
        failures: number of failures.
        improving: verdict on shape < 1 at the level asked.
    """

    shape: float
    scale: float
    shape_unbiased: float
    mtbf: float
    failures: int
    improving: Verdict


def growth(times: Sequence[float], end: float | None = None, level: float = 0.9) -> Growth:
    """Crow-AMSAA estimates from failure times on the fleet's total clock, ended at time `end`, or at the last failure.

    Crow, "Reliability analysis for complex, repairable systems" (1974); MIL-HDBK-189: shape = n / sum ln(T / t_i),
    scale = n / T^shape; unbiased shape (n-1)/n for a time-ended, (n-2)/n for a failure-ended test. The ratio
    2 n shape_true / shape is chi squared with 2n (time-ended) or 2(n-1) degrees of freedom.
    """
    at_failure = end is None
    stop = max(times) if end is None else end
    logs = float(sum(math.log(stop / time) for time in times))
    count = len(times)
    if count < 3 or logs <= 0:
        raise ValueError(f"{count} failures do not tell a trend; at least three at different times are needed")
    shape = count / logs
    unbiased = (count - 2 if at_failure else count - 1) / count * shape
    freedom = 2 * (count - 1 if at_failure else count)
    low, high = (float(gammaincinv(freedom / 2, q)) * shape / count for q in ((1 - level) / 2, (1 + level) / 2))
    verdict = Verdict.PASS if high < 1 else Verdict.FAIL if low > 1 else Verdict.NOT_YET_LEARNT
    return Growth(
        shape=shape,
        scale=count / stop**shape,
        shape_unbiased=unbiased,
        mtbf=stop / (count * unbiased),
        failures=count,
        improving=verdict,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of the quality gate.

    Attributes:
        name: what it is about.
        estimate: what was seen.
        limit: the most allowed.
        verdict: where it stands.
        settles_at: exposure at which it would be settled, if it goes on so; None if it is settled, infinite if never.
    """

    name: str
    estimate: Estimate
    limit: float
    verdict: Verdict
    settles_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The quality gate: it fails with any condition, passes with all, and is not yet learnt otherwise."""

    conditions: tuple[Condition, ...]
    verdict: Verdict


def quality_gate(conditions: Sequence[tuple[str, Estimate, float]]) -> Gate:
    """Hold estimates against their limits; each is (name, estimate, most allowed)."""
    judged = tuple(_condition(name, estimate, limit) for name, estimate, limit in conditions)
    verdicts = {condition.verdict for condition in judged}
    if Verdict.FAIL in verdicts:
        overall = Verdict.FAIL
    else:
        overall = Verdict.PASS if verdicts == {Verdict.PASS} else Verdict.NOT_YET_LEARNT
    return Gate(conditions=judged, verdict=overall)


def _condition(name: str, estimate: Estimate, limit: float) -> Condition:
    verdict = estimate.against(limit)
    settles = exposure_to_settle(estimate, limit) if verdict is Verdict.NOT_YET_LEARNT else None
    return Condition(name=name, estimate=estimate, limit=limit, verdict=verdict, settles_at=settles)
