"""What an entry will sell in its next four quarters, given everything known on the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.special import ndtri
from scipy.stats import chi2, qmc

from beachhead.belief.history.case import Case
from beachhead.belief.history.covariance import EntryParams, covariance, month_scatter, scatter
from beachhead.belief.history.fit import fit_entries
from beachhead.belief.history.market import MarketOutlook
from beachhead.belief.history.points import Points, points, quarters_ahead
from beachhead.world.entry import Entry

Array = NDArray[np.float64]

LEVELS = (np.arange(400) + 0.5) / 400
_TAIL_DF = 3.5  # most years go near to what is expected, a few go wholly otherwise: Student, not normal
_TAIL_SCALE = 0.84
_DRAWS = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecast:
    """Quantiles at the 400 levels (i + 1/2) / 400.

    Attributes:
        log_total: (400,) log1p of the cars of the next twelve months.
        quarters: (4, 400) cars of each of the four quarters.
    """

    log_total: Array
    quarters: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learnt:
    """What a forecast rests on.

    Attributes:
        known: blocks of all entries; a forecast never looks at those later than its origin.
        params: fitted parameters.
        cov: (n, n) covariance of the known log shares, their own scatter included.
        lift: mean of log(uncut sum / cut sum) over blocks of a quarter or more of those learnt from.
        exits: chance that an entry which has all but stopped selling is over.
    """

    known: Points
    params: EntryParams
    cov: Array
    lift: float
    exits: ExitOdds


def learnt(known: Points, training: Points, exits: ExitOdds) -> Learnt:
    """Fit on the training points, and prepare to forecast from the known ones, many times over."""
    params = fit_entries(training)
    long = training.width >= 3
    cov = covariance(known, known, params)
    cov[np.diag_indices_from(cov)] += scatter(known, params)
    lift = float(training.lifted[long].mean()) if long.any() else 0.0
    return Learnt(known=known, params=params, cov=cov, lift=lift, exits=exits)


def forecast(case: Case, number: int, held: Learnt, market: MarketOutlook) -> Forecast:
    """Condition the Gaussian process on all blocks complete by the origin, and add the market's own uncertainty.

    Args:
        case: the entry at its origin.
        number: index of the entry among those the known blocks were made of.
        held: what was learnt.
        market: the market's next twelve months.
    """
    mean, cov = _posterior(case, number, held)
    draws = _standard_draws()
    root = np.linalg.cholesky(cov + 1e-9 * np.eye(4))
    log_share = mean + held.lift + draws[:, :4] @ root.T * draws[:, 5:]
    cars = np.exp(market.mean + market.sd * draws[:, 4])[:, None] / 4 * np.exp(log_share)
    over = held.exits.of(case)
    return Forecast(
        log_total=np.log1p(_with_exit(cars.sum(axis=1), over)),
        quarters=np.array([_with_exit(cars[:, q], over) for q in range(4)]),
    )


class Fading(Enum):
    """How near to nothing the last quarter's sales have come."""

    SELLING = "selling"
    NEXT_TO_NONE = "next to none"
    NONE = "none"


def fading(case: Case) -> Fading:
    """NONE: no car in the last quarter; NEXT_TO_NONE: at most 4, and at most a tenth of the best quarter."""
    if case.months < 6:
        return Fading.SELLING
    last = float(case.seen[-3:].sum())
    if last == 0:
        return Fading.NONE
    best = float(np.convolve(case.seen, np.ones(3), mode="valid").max())
    return Fading.NEXT_TO_NONE if last <= 4 and last <= 0.1 * best else Fading.SELLING


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitOdds:
    """Chance that an entry is over (at most 3 cars in the next year), by how it sold in the last quarter."""

    none: float = 0.5
    next_to_none: float = 0.2

    def of(self, case: Case) -> float:
        """The chance for this case."""
        return {Fading.NONE: self.none, Fading.NEXT_TO_NONE: self.next_to_none, Fading.SELLING: 0.0}[fading(case)]


def exit_odds(training: Sequence[Case]) -> ExitOdds:
    """Odds from the training entries: each counts once, however many origins saw it so; the default, four times."""
    over: dict[Fading, dict[tuple[str, str, int], list[float]]] = {state: defaultdict(list) for state in Fading}
    for c in training:
        over[fading(c)][*c.entry.key, c.entry.first].append(float(c.target <= np.log1p(3)))
    default = ExitOdds()
    return ExitOdds(
        none=_shrunk(over[Fading.NONE], default.none),
        next_to_none=_shrunk(over[Fading.NEXT_TO_NONE], default.next_to_none),
    )


def _shrunk(over: dict[tuple[str, str, int], list[float]], default: float) -> float:
    return (4 * default + sum(float(np.mean(v)) for v in over.values())) / (4 + len(over))


def _posterior(case: Case, number: int, held: Learnt) -> tuple[Array, Array]:
    """Mean and covariance of the four quarters' log shares, their own scatter included."""
    others = np.flatnonzero((held.known.last <= case.origin) & (held.known.entry != number))
    own = _own_points(case, number, held.known)
    past = held.known.take(others).join(own)
    ahead = quarters_ahead(past, number, case.entry.first, case.months)
    cov = np.empty((len(past.age), len(past.age)))
    cov[: len(others), : len(others)] = held.cov[np.ix_(others, others)]
    cov[len(others) :] = covariance(own, past, held.params)
    cov[:, len(others) :] = cov[len(others) :].T
    cov[np.arange(len(others), len(past.age)), np.arange(len(others), len(past.age))] += scatter(own, held.params)
    lower = cholesky(cov, lower=True, check_finite=False)
    cross = solve_triangular(lower, covariance(past, ahead, held.params), lower=True, check_finite=False)
    white = solve_triangular(lower, past.log_share, lower=True, check_finite=False)
    left = covariance(ahead, ahead, held.params) - cross.T @ cross
    left[np.diag_indices_from(left)] += month_scatter(ahead, held.params)
    return cross.T @ white, left


def _own_points(case: Case, number: int, known: Points) -> Points:
    """The entry's own blocks as they stood at the origin, under the labels it has among the known."""
    own = points([_cut_off(case)])
    labels = known.take(np.flatnonzero(known.entry == number)[:1].repeat(len(own.age)))
    return replace(own, entry=labels.entry, brand=labels.brand, country=labels.country, region=labels.region)


def _cut_off(case: Case) -> Entry:
    """The entry as it stood at the origin."""
    e, k = case.entry, case.months
    return replace(e, cars=e.cars[:k], ceiling=e.ceiling[:k], market=e.market[:k])


@cache
def _standard_draws() -> Array:
    """(S, 6) five standard normals and a Student's scale from one fixed scrambled Sobol set, the same for all."""
    uniform = qmc.Sobol(6, seed=1).random(_DRAWS) * (1 - 2e-6) + 1e-6
    tails = np.sqrt(_TAIL_DF / chi2.ppf(uniform[:, 5], _TAIL_DF)) * _TAIL_SCALE
    out: Array = np.column_stack((ndtri(uniform[:, :5]), tails))
    out.setflags(write=False)
    return out


def _with_exit(cars: Array, over: float) -> Array:
    """Quantiles of a mixture: nothing with probability `over`, else the draws."""
    inside = np.clip((LEVELS - over) / max(1 - over, 1e-9), 0, 1)
    out: Array = np.where(over > LEVELS, 0.0, np.quantile(cars, inside))
    return out
