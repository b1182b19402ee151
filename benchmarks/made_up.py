"""Made-up launches with a known truth, shared by the belief's benchmark and its recovery tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from beachhead.belief import Belief
from beachhead.world.quarter import Quarter, grid
from beachhead.world.reading import DemandCount, Funnel, Reading

FIRST = date(2027, 1, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUp:
    """A belief, a truth drawn from it, and what was seen of that truth."""

    belief: Belief
    truth: np.ndarray
    reading: Reading


def belief(markets: int, *, sd: float = 0.9, regions: int = 5, size: float = 20.0, size_log_sd: float = 0.5) -> Belief:
    """Brand + region + own covariance over `markets` markets of about 10,000 cars a year."""
    region = np.arange(markets) % regions
    parts = 0.45 + 0.05 * (region[:, None] == region) + 0.5 * np.eye(markets)
    cov = np.zeros((markets + 1, markets + 1))
    cov[:markets, :markets] = sd**2 * parts
    cov[markets, markets] = 0.2**2
    quarters = grid(Quarter(2027, 1), 12)
    season = np.array([-0.06, -0.05, -0.02, 0.13])
    path = np.array([season[q.number - 1] + 0.05 * t / 4 for t, q in enumerate(quarters)])
    return Belief(
        markets=tuple(f"M{m:03d}" for m in range(markets)),
        quarters=quarters,
        mean=np.append(np.linspace(8.2, 9.8, markets), 0.15),
        cov=cov,
        log_path=np.tile(path, (markets, 1)),
        nb_size_weekly=size,
        nb_size_log_sd=size_log_sd,
    )


def launch(
    held: Belief,
    rng: np.random.Generator,
    *,
    weeks: int = 26,
    pilots: float = 0.7,
    scaled: float = 0.2,
    batch: int = 120,
    unknown_day: float = 0.3,
    missing: float = 0.2,
    truth: np.ndarray | None = None,
) -> MadeUp:
    """Draw a truth from the belief, run pilots and scaled markets in it, and lose some of what was seen.

    The root is Cholesky's: that by singular values is another on another processor where markets are alike.
    """
    drawn = rng.multivariate_normal(held.mean, held.cov, method="cholesky")
    truth = drawn if truth is None else truth
    size = held.nb_size_weekly * np.exp(held.nb_size_log_sd * rng.standard_normal())
    counts: list[DemandCount] = []
    for m, code in enumerate(held.markets):
        kind = rng.random()
        if kind < pilots:
            reach = float(np.clip(rng.lognormal(np.log(0.03), 0.5), 0.003, 0.3))
            sold = _daily(held, m, truth[m] + truth[-1], reach, size, 7 * weeks, rng)
            counts += _pilot_rows(code, sold, reach, batch, unknown_day, missing, rng)
        elif kind < pilots + scaled:
            sold = _daily(held, m, truth[m], 0.6, size, 7 * weeks, rng)
            counts += [_row(code, sold, s, s + 7, 0.6, False) for s in range(0, 7 * weeks, 7) if rng.random() > missing]
    return MadeUp(belief=held, truth=truth, reading=Reading(counts=tuple(counts)))


def priced_launch(
    held: Belief,
    elasticity: np.ndarray,
    rng: np.random.Generator,
    *,
    points: tuple[float, ...] = (0.85, 0.9, 1.0, 1.1),
    weeks: int = 13,
    batch: int = 120,
) -> MadeUp:
    """Draw a truth, and pilot every market at one or two price points; `elasticity` (M,) is the true one."""
    truth = rng.multivariate_normal(held.mean, held.cov, method="cholesky")
    size = held.nb_size_weekly * np.exp(held.nb_size_log_sd * rng.standard_normal())
    counts: list[DemandCount] = []
    for m, code in enumerate(held.markets):
        for point in rng.choice(points, rng.integers(1, 3), replace=False):
            reach = float(np.clip(rng.lognormal(np.log(0.03), 0.5), 0.003, 0.3))
            rate = truth[m] + truth[-1] - elasticity[m] * np.log(point)
            sold = _daily(held, m, rate, reach, size, 7 * weeks, rng)
            rows = _pilot_rows(code, sold, reach, batch, 0.2, 0.2, rng)
            counts += [replace(row, price_point=float(point)) for row in rows]
    return MadeUp(belief=held, truth=truth, reading=Reading(counts=tuple(counts)))


def _daily(
    held: Belief, m: int, log_rate: float, reach: float, size: float, days: int, rng: np.random.Generator
) -> np.ndarray:
    """Cars wanted on each day: a negative-binomial process, whose size grows with exposure."""
    path = np.array(
        [np.exp(held.log_path[m, Quarter.of(FIRST + timedelta(days=d)) - held.quarters[0]]) for d in range(days)]
    )
    mean = np.exp(log_rate) * reach * path / 365.25
    k = size * reach / 7
    return rng.poisson(rng.gamma(k, mean / k))


def _pilot_rows(
    code: str,
    wanted: np.ndarray,
    reach: float,
    batch: int,
    unknown_day: float,
    missing: float,
    rng: np.random.Generator,
) -> list[DemandCount]:
    """A batch sold until it is gone: weekly rows, some weeks lost, the sell-out day sometimes unknown."""
    gone = int((wanted.cumsum() < batch).sum())
    if gone == len(wanted):
        return [_row(code, wanted, s, s + 7, reach, True) for s in range(0, len(wanted), 7) if rng.random() > missing]
    if rng.random() < unknown_day:
        return [_row(code, wanted, 0, gone + 1 + int(rng.integers(0, 30)), reach, True, count=batch, stock_bound=True)]
    if rng.random() < 0.5:
        return [_row(code, wanted, 0, gone + 1, reach, True, count=batch, sold_out=True)]
    week = gone // 7 * 7
    whole = [_row(code, wanted, s, s + 7, reach, True) for s in range(0, week, 7)]
    left = batch - int(wanted[:week].sum())
    kept = [row for row in whole if rng.random() > missing]
    return [*kept, _row(code, wanted, week, gone + 1, reach, True, count=left, sold_out=True)]


def _row(
    code: str,
    wanted: np.ndarray,
    start: int,
    end: int,
    reach: float,
    is_pilot: bool,
    *,
    count: int | None = None,
    sold_out: bool = False,
    stock_bound: bool = False,
) -> DemandCount:
    return DemandCount(
        market=code,
        offer="",
        start=FIRST + timedelta(days=start),
        end=FIRST + timedelta(days=end - 1),
        count=int(wanted[start:end].sum()) if count is None else count,
        reach=reach,
        funnel=Funnel.ORDERS,
        sold_out=sold_out,
        stock_bound=stock_bound,
        is_pilot=is_pilot,
    )
