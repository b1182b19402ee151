"""What an entry will sell in its next four quarters, given everything known on the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky
from scipy.special import ndtri
from scipy.stats import chi2, qmc

from beachhead.belief.history.case import Case
from beachhead.belief.history.covariance import EntryParams, covariance, month_scatter, scatter
from beachhead.belief.history.fit import fit_entries
from beachhead.belief.history.market import MarketOutlook
from beachhead.belief.history.momentum import momentum
from beachhead.belief.history.points import Points, points, quarters_ahead
from beachhead.world.compiled import compiled_as_numpy
from beachhead.world.entry import Entry

Array = NDArray[np.float64]

LEVELS = (np.arange(400) + 0.5) / 400
_TAIL_DF = 3.5  # most years go near to what is expected, a few go wholly otherwise: Student, not normal
_TAIL_SCALE = 0.66  # of the process; with what pooling adds, intervals on made-up panels hold what they promise
_DRAWS = 1024
_SELLS = 5.0  # cars a month, as in the panel's rule of entry: below it a month without a car is nothing strange


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
        known: blocks of all entries in the order of their last months; a forecast never looks at those later than its
            origin, so what it rests on is the first so many.
        params: fitted parameters.
        lower: (n, n) Cholesky factor of the covariance of the known log shares, their own scatter included; that of
            the first so many is its leading part.
        white: (n,) lower^-1 times the known log shares.
        lift: mean of log(uncut sum / cut sum) over blocks of a quarter or more of those learnt from.
        exits: chance that an entry which has all but stopped selling is over.
        lasting: part of the last month's momentum that lasts through the coming year.
    """

    known: Points
    params: EntryParams
    lower: Array
    white: Array
    lift: float
    exits: ExitOdds
    lasting: float = 0.0


def learnt(known: Points, training: Points, exits: ExitOdds) -> Learnt:
    """Fit on the training points, and prepare to forecast from the known ones, many times over.

    Quarters without a car are left out of the fit: they are exits, which have odds of their own, and would pass for
    great swings of those that go on. A forecast still knows them.
    """
    params = fit_entries(training.take((training.cars > 0) | (training.width < 3)))
    long = training.width >= 3
    lift = float(training.lifted[long].mean()) if long.any() else 0.0
    lower = white = np.zeros(0)  # filled in by what is known
    return knowing(known, Learnt(known=known, params=params, lower=lower, white=white, lift=lift, exits=exits))


def knowing(known: Points, held: Learnt) -> Learnt:
    """The same numbers, with other blocks to forecast from."""
    known = known.take(np.argsort(known.last, kind="stable"))
    cov = covariance(known, known, held.params)
    cov[np.diag_indices_from(cov)] += scatter(known, held.params)
    lower = np.ascontiguousarray(cholesky(cov, lower=True, check_finite=False))
    white = _forward(lower, known.log_share[:, None])[:, 0]
    return replace(held, known=known, lower=lower, white=white)


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
    log_share = mean + held.lift + held.lasting * momentum(case) + draws[:, :4] @ root.T * draws[:, 5:]
    cars = np.exp(market.mean + market.sd * draws[:, 4])[:, None] / 4 * np.exp(log_share)
    over = held.exits.of(case)
    return Forecast(
        log_total=np.log1p(_with_exit(cars.sum(axis=1), over)),
        quarters=np.array([_with_exit(cars[:, q], over) for q in range(4)]),
    )


def silent_months(case: Case) -> int:
    """Months without a car at the end of what was seen; 3 stands for three or more.

    Of an entry that sold fewer than five a month before, one or two such months say nothing: 0.
    """
    silent = int(np.argmax(np.append(case.seen[-1:-4:-1] > 0, True)))
    return 0 if silent < 3 and case.seen.sum() < _SELLS * (case.months - silent) else silent


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitOdds:
    """Chance that an entry is over (at most 3 cars in the next year), by its silent months at the end.

    What is believed before a panel is read: a fifth after one month without a car, a half after three.
    """

    one: float = 0.2
    two: float = 0.35
    three: float = 0.5

    def of(self, case: Case) -> float:
        """The chance for this case; none while it sells."""
        return (0.0, self.one, self.two, self.three)[silent_months(case)]


def exit_odds(training: Sequence[Case]) -> ExitOdds:
    """Odds from the training entries: each counts once, however many origins saw it so; the default, four times."""
    over: dict[int, dict[tuple[str, str, int], list[float]]] = {months: defaultdict(list) for months in range(4)}
    for c in training:
        over[silent_months(c)][*c.entry.key, c.entry.first].append(float(c.target <= np.log1p(3)))
    default = ExitOdds()
    return ExitOdds(
        one=_shrunk(over[1], default.one), two=_shrunk(over[2], default.two), three=_shrunk(over[3], default.three)
    )


def _shrunk(over: dict[tuple[str, str, int], list[float]], default: float) -> float:
    return (4 * default + sum(float(np.mean(v)) for v in over.values())) / (4 + len(over))


def _posterior(case: Case, number: int, held: Learnt) -> tuple[Array, Array]:
    """Mean and covariance of the four quarters' log shares, their own scatter included."""
    n = int(np.searchsorted(held.known.last, case.origin, side="right"))
    past = held.known.take(np.arange(n))
    begun = _begun(case, number, past, held.known)
    ahead = quarters_ahead(past.join(begun), number, case.entry.first, case.months)
    sought, b = begun.join(ahead), len(begun.age)
    cross = _forward(held.lower, covariance(past, sought, held.params))
    mean = cross.T @ held.white[:n]
    left = covariance(sought, sought, held.params) - cross.T @ cross
    left[np.diag_indices_from(left)] += np.append(scatter(begun, held.params), month_scatter(ahead, held.params))
    gain = np.linalg.solve(left[:b, :b], left[:b, b:]).T
    return mean[b:] + gain @ (begun.log_share - mean[:b]), left[b:, b:] - gain @ left[:b, b:]


@compiled_as_numpy
def _forward(lower: Array, right: Array) -> Array:
    """(n, m) solution of L x = right with L the leading (n, n) part of `lower`, which no LAPACK call takes uncopied."""
    out = right.copy()
    for i in range(out.shape[0]):
        for j in range(i):
            for c in range(out.shape[1]):
                out[i, c] -= lower[i, j] * out[j, c]
        for c in range(out.shape[1]):
            out[i, c] /= lower[i, i]
    return out


def _begun(case: Case, number: int, past: Points, known: Points) -> Points:
    """The entry's own block that had begun by the origin but not ended, if any, as it stood and under its labels."""
    own = points([_cut_off(case)])
    own = own.take(~np.isin(own.last, past.last[past.entry == number]))
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
    quantiles = np.interp(inside * (len(cars) - 1), np.arange(len(cars)), np.sort(cars))
    out: Array = np.where(over > LEVELS, 0.0, quantiles)
    return out
