"""What planned charging is worth to a driver in a market: EUR a year, with bootstrap intervals.

Every home's sessions are laid on a year of prices; each policy pays the market's tariff. Three baselines are named: a
fixed price on arrival, the spot price on arrival, and a night tariff with a clock. The interval is the percentile
bootstrap over homes (Efron & Tibshirani 1993, ch. 13): it speaks of other homes, not of other years.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.driver import made_load
from beachhead.charging.habit import Habits, Pool, learn_habits, learn_pool
from beachhead.charging.peak import Metered, metered
from beachhead.charging.record import Home, Load, Prices
from beachhead.charging.tariff import Tariff
from beachhead.charging.year import Course, Pieces, Policy, charge_year, course_of, pieces_of
from beachhead.world.errors import BadInput
from beachhead.world.work import finished_first

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

POLICIES = (Policy.ARRIVAL, Policy.TIMER, Policy.SORTED, Policy.LEARNED, Policy.FORESIGHT)
LEAST_SESSIONS = 20
"""Of a home on record; of fewer its habits are not learnt."""
_FOLDS = 5
_RESAMPLES = 2000
_THREADS = 2  # the kernels let go of the interpreter, what is between them does not


class Baseline(StrEnum):
    """What the planner is compared with."""

    FLAT = "fixed price, on arrival"
    SPOT = "spot price, on arrival"
    BY_TIME = "night tariff, by the clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Mean over homes with its 95 % bootstrap interval, EUR per driver and year."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketValue:
    """What charging costs and saves in a market, per driver and year.

    Attributes:
        market: market code.
        zone: its price zone.
        homes: number of homes.
        kwh: energy driven a year, mean.
        cost_eur: mean cost of each policy on the spot price.
        baseline_eur: mean cost of each baseline.
        saved_eur: what the planner (nothing typed) saves against each baseline.
        share_of_foresight: the planner's saving over that of perfect foresight, both against spot on arrival.
        missing: energy that lacked for trips under the planner, share of all driven.
        peak_eur: of the cost, what the car adds to the charge on the monthly peak; empty where there is none.
    """

    market: str
    zone: str
    homes: int
    kwh: float
    cost_eur: dict[Policy, float]
    baseline_eur: dict[Baseline, float]
    saved_eur: dict[Baseline, Saving]
    share_of_foresight: float
    missing: float
    peak_eur: dict[Policy, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ready:
    """A home prepared once for all markets: its sessions in pieces, and what was known at each plug-in."""

    home: Home
    pieces: Pieces
    habits: Habits

    @property
    def per_year(self) -> float:
        """Factor from the span on record to a year."""
        minutes = int(self.home.plug_out[-1] - self.home.plug_in[0])
        return 365 * 24 * 60 / max(minutes, 28 * 24 * 60)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fleet:
    """Homes and what their years are lived on: called with a home's number, what that home's years came to.

    A noun and not a closure, so that it can be sent to another process.

    Attributes:
        homes: N homes.
        fold: (N,) fold of each home.
        priors: of each fold, what the homes of the other folds give.
        tariffs: T tariffs.
        courses: of each tariff its course of prices, and the year's mean spot price, EUR/kWh.
        loads: household loads, round and round; none: made up where needed.
        seed: of made-up loads.
    """

    homes: tuple[Home, ...]
    fold: Ints
    priors: dict[int, Pool]
    tariffs: tuple[Tariff, ...]
    courses: tuple[tuple[Course, float], ...]
    loads: tuple[Load, ...]
    seed: int

    def __call__(self, number: int) -> tuple[int, Floats]:
        """A home's number, and its (T, 15) rows: it is learnt once, lives a year in every market and is forgotten."""
        ready = _learnt(self.homes[number], self.priors[int(self.fold[number])])
        rows = [
            _home_row(ready, course, tariff, mean_spot, _meter(number, ready.home, tariff, self.loads, self.seed))
            for tariff, (course, mean_spot) in zip(self.tariffs, self.courses, strict=True)
        ]
        return number, np.array(rows)


Mapper = Callable[[Fleet, Sequence[int]], Iterable[tuple[int, Floats]]]
"""Runs a fleet's homes anywhere and yields the answers as they come, in any order."""


def make_ready(homes: Sequence[Home], *, seed: int = 0, least_sessions: int = LEAST_SESSIONS) -> tuple[Ready, ...]:
    """Learn each home's habits with a prior from the other folds of homes: no home is in its own prior.

    A session's tables take 36 kB: for many homes at once `market_values` learns one at a time.
    """
    kept, fold, priors = _with_priors(homes, seed, least_sessions)
    return tuple(_learnt(home, priors[int(its)]) for home, its in zip(kept, fold, strict=True))


def market_values(
    homes: Sequence[Home],
    prices: Prices,
    tariffs: Sequence[Tariff],
    anchor: int,
    *,
    loads: Sequence[Load] = (),
    seed: int = 0,
    least_sessions: int = LEAST_SESSIONS,
    run: Mapper | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> tuple[MarketValue, ...]:
    """The value in each market over the 52 weeks from the Monday `anchor` (hours since 1970) on.

    Each home is learnt once, lives a year in every market and is forgotten: memory does not grow with the homes. Where
    a tariff charges for the monthly peak, home n lives with household load n of `loads`, round and round, or a made-up
    one; every policy and baseline pays what the car adds to that household's peaks.

    Args:
        homes: those with fewer than `least_sessions` are left out.
        prices: of every tariff's zone.
        tariffs: one a market.
        anchor: first hour of the year.
        loads: household loads on record.
        seed: of folds, made-up loads and bootstrap.
        least_sessions: that a home must have on record.
        run: where homes live their years; two threads of this process if None. The numbers do not depend on it.
        tick: hears homes done, and all.
    """
    kept, fold, priors = _with_priors(homes, seed, least_sessions)
    fleet = Fleet(
        homes=kept, fold=fold, priors=priors, tariffs=tuple(tariffs),
        courses=tuple(_courses(prices, tariff, anchor) for tariff in tariffs), loads=tuple(loads), seed=seed,
    )  # fmt: skip
    rows: dict[int, Floats] = {}
    numbers = range(len(kept))
    for number, its in finished_first(fleet, numbers, threads=_THREADS) if run is None else run(fleet, numbers):
        rows[number] = its
        if tick is not None:
            tick(len(rows), len(kept))
    table = np.array([rows[number] for number in range(len(kept))])  # (N, T, 15)
    return tuple(_summed(table[:, k], tariff, np.random.default_rng(seed)) for k, tariff in enumerate(tariffs))


def _with_priors(
    homes: Sequence[Home], seed: int, least_sessions: int
) -> tuple[tuple[Home, ...], Ints, dict[int, Pool]]:
    """Homes with enough sessions, their folds, and for each fold the prior that the other folds give."""
    kept = tuple(home for home in homes if home.sessions >= least_sessions)
    if len(kept) < 2:
        count = {0: "no home", 1: "one home"}[len(kept)]
        raise BadInput(f"{count} with {least_sessions} sessions or more, two are needed", "give sessions of more homes")
    folds = np.random.default_rng(seed).permutation(len(kept)) % min(_FOLDS, len(kept))
    priors = {
        int(fold): learn_pool([home for home, its in zip(kept, folds, strict=True) if its != fold])
        for fold in np.unique(folds)
    }
    return kept, folds, priors


def _learnt(home: Home, pool: Pool) -> Ready:
    return Ready(home=home, pieces=pieces_of(home), habits=learn_habits(home, pool))


def _courses(prices: Prices, tariff: Tariff, anchor: int) -> tuple[Course, float]:
    """The course of prices under the tariff, and the year's mean spot price."""
    spot = prices.zone(tariff.zone)
    return course_of(tariff.spot(spot), prices.first_hour, anchor), course_of(spot, prices.first_hour, anchor).mean


def _meter(number: int, home: Home, tariff: Tariff, loads: Sequence[Load], seed: int) -> Metered | None:
    if tariff.peak_eur_per_kw <= 0:
        return None
    load = loads[number % len(loads)] if loads else made_load(seed + number, int(home.plug_in[0]) // 60 // 24 * 24)
    return metered(load, home, tariff.peak_eur_per_kw)


def _home_row(ready: Ready, course: Course, tariff: Tariff, mean_spot: float, meter: Metered | None) -> Floats:
    """(5 policies, 3 baselines, 5 peak charges, kWh, kWh missing) of a home, per year."""
    home, pieces, factor = ready.home, ready.pieces, ready.per_year
    years = {policy: charge_year(home, pieces, course, policy, ready.habits, meter) for policy in POLICIES}
    arrival = years[Policy.ARRIVAL][1]
    night, draw = years[Policy.TIMER]
    clock = tariff.by_time(mean_spot, pieces.hour)
    by_time = tariff.flat(mean_spot)
    beside = night.cost_eur - night.paid_eur - (home.battery_kwh - night.stored_kwh) * course.mean
    refill = (home.battery_kwh - night.stored_kwh) * by_time
    baselines = [
        float(arrival.sum()) * by_time + years[Policy.ARRIVAL][0].peak_eur,
        years[Policy.ARRIVAL][0].cost_eur,
        float(draw @ clock) + beside + refill,
    ]
    costs = [years[policy][0].cost_eur for policy in POLICIES]
    learned = years[Policy.LEARNED][0]
    peaks = [years[policy][0].peak_eur for policy in POLICIES]
    return factor * np.array([*costs, *baselines, *peaks, learned.driven_kwh, learned.missing_kwh])


def _summed(rows: Floats, tariff: Tariff, rng: np.random.Generator) -> MarketValue:
    mean, count = rows.mean(0), len(rows)
    at = {policy: number for number, policy in enumerate(POLICIES)}
    base = {baseline: len(POLICIES) + number for number, baseline in enumerate(Baseline)}
    picks = rng.integers(0, count, (_RESAMPLES, count))
    saved = {}
    for baseline, column in base.items():
        each = rows[:, column] - rows[:, at[Policy.LEARNED]]
        low, high = np.quantile(each[picks].mean(1), [0.025, 0.975])
        saved[baseline] = Saving(mean=float(each.mean()), low=float(low), high=float(high))
    whole = mean[at[Policy.ARRIVAL]] - mean[at[Policy.FORESIGHT]]
    ours = mean[at[Policy.ARRIVAL]] - mean[at[Policy.LEARNED]]
    return MarketValue(
        market=tariff.market,
        zone=tariff.zone,
        homes=count,
        kwh=float(mean[-2]),
        cost_eur={policy: float(mean[number]) for policy, number in at.items()},
        baseline_eur={baseline: float(mean[column]) for baseline, column in base.items()},
        saved_eur=saved,
        share_of_foresight=float(ours / whole) if whole > 1e-9 else 0.0,
        missing=float(mean[-1] / mean[-2]),
        peak_eur={policy: float(mean[len(base) + len(POLICIES) + number]) for policy, number in at.items()}
        if tariff.peak_eur_per_kw > 0
        else {},
    )


def demand_shift(
    saved_eur: float,
    price_eur: float,
    *,
    years: float = 5.0,
    rate: float = 0.07,
    elasticity: float = 2.0,
    reach: float = 0.25,
) -> float:
    """Shift of log demand: the saving over `years`, discounted, as a share of the price, times price elasticity.

    Only the share `reach` of buyers (home charger and a spot contract) counts. All four are assumptions (grade C).
    """
    present = saved_eur * (1 - (1 + rate) ** -years) / rate
    return float(elasticity * reach * present / price_eur)


def demand_statement(mean: Floats, cov: Floats, shift: Floats, *, share: float = 0.02) -> tuple[Floats, Floats]:
    """Statements (log_demand (E,), sampling_sd (E,)) that move the belief in E markets by `shift` and tell little else.

    A simulation of savings says how demand moves, not how large it is: its statements must shift the mean and leave the
    uncertainty. With noise N = diag(cov) (1 - share) / share, the Kalman gain is cov (cov + N)^-1; solved for what must
    be said so that the mean moves by exactly `shift`. The variance shrinks by about `share`.
    """
    noise = np.diag(cov) * (1 - share) / share
    said = mean + (cov + np.diag(noise)) @ np.linalg.solve(cov, shift)
    return said, np.sqrt(noise)
