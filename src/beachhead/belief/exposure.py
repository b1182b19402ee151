"""Spending on awareness and showcases as exposure: demand moves by an elasticity that is not known, but learnt.

Goodwill of a kind of spending decays and is topped up, A_t = r A_t-1 + (1 - r) spend_t (Nerlove & Arrow 1962,
Economica 29; in discrete time Koyck's distributed lag, so that steady spending of s a year ends at A = s). Log demand
of market m in quarter t moves by

    k x_mt,  x_mt = sum over kinds of e_kind log(1 + A_mt / U_m)

with U what newcomers usually spend, e the long-run elasticity of published studies, and k the factor by which this
maker's spending works better or worse than the mean of the studies: log-normal about 1. k is integrated over by
adaptive Gauss-Hermite quadrature (Naylor & Smith 1982, Applied Statistics 31) around its posterior mode, each node
with a belief of its own; the belief carried on has the moments of the mixture. Spending that never changes in a market
teaches nothing there, since the level is not known either; it is change in time and between markets that does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, ndtri

from beachhead.belief.belief import Belief
from beachhead.belief.update import Posterior
from beachhead.world.quarter import Quarter
from beachhead.world.source import Grade, Source

Array = NDArray[np.float64]

_NODES = 5
_REACH = 4.0  # standard deviations of log k searched for the mode


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFit:
    """What one kind of spending does: long-run elasticity, and the share of goodwill left a quarter later."""

    elasticity: float
    retention: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureFit:
    """The published numbers, `fitted/exposure.toml`.

    Attributes:
        kinds: by kind of spending.
        shared_log_sd: sd of log k.
        own_log_sd: sd of what a single market adds to log k.
        usual_share: what newcomers spend anyway, share of sales at list prices.
        source: where they come from.
    """

    kinds: Mapping[str, KindFit]
    shared_log_sd: float
    own_log_sd: float
    usual_share: float
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Money spent in a market over days, evenly.

    Attributes:
        market: market code.
        kind: a kind of `ExposureFit`.
        start: first day.
        end: last day.
        amount: what counts of it, launch currency.
    """

    market: str
    kind: str
    start: date
    end: date
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exposed:
    """A belief after spending and counts, and what was learnt about the spending.

    Attributes:
        start: before any row, with log paths moved by the effect learnt and levels widened by a market's own.
        posterior: with log paths moved by the mean effect; doubt about the effect widens and ties the levels.
        lift: (M, T) x, the log of demand gained at k = 1.
        log_mean: mean of log k.
        log_sd: its standard deviation.
    """

    start: Belief
    posterior: Posterior
    lift: Array
    log_mean: float
    log_sd: float

    def gain(self, market: str, level: float, ahead: int = 0) -> Array:
        """(3,) low end, median and high end of the share by which demand is higher in the quarters from `ahead` on."""
        m = self.posterior.belief.markets.index(market)
        mean = float(self.lift[m, ahead:].mean())
        z = float(ndtri((1 + level) / 2)) * np.array([-1.0, 0.0, 1.0])
        out: Array = np.expm1(np.exp(self.log_mean + self.log_sd * z) * mean)
        return out

    def open_sd(self, market: str, ahead: int = 0) -> float:
        """What the doubt about k leaves open of log demand, as a standard deviation (log-normal k)."""
        m = self.posterior.belief.markets.index(market)
        k_sd = exp(self.log_mean + self.log_sd**2 / 2) * sqrt(exp(self.log_sd**2) - 1)
        return k_sd * float(self.lift[m, ahead:].mean())


Run = Callable[[Belief, bool], tuple[Posterior, float]]
"""From a prior, and whether to correct Laplace's method, to the posterior and the log marginal likelihood."""


def exposure_fit() -> ExposureFit:
    """The numbers shipped with the package."""
    table = tomllib.loads(files("beachhead.belief.fitted").joinpath("exposure.toml").read_text(encoding="utf-8"))
    said = table["source"]
    return ExposureFit(
        kinds={
            name: KindFit(elasticity=part["elasticity"], retention=part["retention"])
            for name, part in table.items()
            if "elasticity" in part
        },
        shared_log_sd=table["spread"]["shared_log_sd"],
        own_log_sd=table["spread"]["own_log_sd"],
        usual_share=table["usual"]["share_of_sales"],
        source=Source(who=said["who"], as_of=said["as_of"], grade=Grade(said["grade"])),
    )


def log_lift(
    spends: Iterable[Spend],
    markets: Sequence[str],
    quarters: Sequence[Quarter],
    usual: Mapping[str, float],
    fit: ExposureFit,
) -> Array:
    """(M, T) log of demand gained by spending if it works as the mean of the studies, k = 1.

    Args:
        spends: of the markets; goodwill from before the first quarter is carried into it.
        markets: M codes.
        quarters: T quarters.
        usual: by market, U: what newcomers spend a year, launch currency; positive.
        fit: elasticities and retention.
    """
    spends = tuple(spends)
    out = np.zeros((len(markets), len(quarters)))
    if not spends:
        return out
    first = min(quarters[0], *(Quarter.of(s.start) for s in spends))
    span = tuple(first + t for t in range(quarters[-1] - first + 1))
    for m, code in enumerate(markets):
        for kind, numbers in fit.kinds.items():
            rate = _yearly(span, [s for s in spends if (s.market, s.kind) == (code, kind)])
            if rate.any():
                stock = _goodwill(rate, numbers.retention)[quarters[0] - first :]
                out[m] += numbers.elasticity * np.log1p(stock / usual[code])
    return out


def learn_exposure(before: Belief, lift: Array, fit: ExposureFit, run: Run, *, ahead: int = 0) -> Exposed:
    """Condition levels and the effect of spending on whatever `run` reads.

    Args:
        before: the prior without any extra spending.
        lift: (M, T) log of demand gained at k = 1, over the belief's quarters.
        fit: how well k is known.
        run: reads counts and studies into a prior; called for each value of k tried.
        ahead: index of the first quarter still to come: doubt about k enters the levels as it moves the mean of those.
    """
    sd, count = fit.shared_log_sd, _markets_that_tell(lift, ahead)

    def said_of(log_k: float) -> float:
        return run(_at(before, lift, fit, log_k, ahead), False)[1]

    tempered = _tempered(said_of, sd, fit.own_log_sd**2 / count)
    peak, spread = _peak(lambda log_k: tempered * said_of(log_k), sd)
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    nodes = peak + spread * points
    found = [run(_at(before, lift, fit, float(log_k), ahead), True) for log_k in nodes]
    said = np.array([value for _, value in found])
    score = tempered * said - 0.5 * (nodes / sd) ** 2 + np.log(weights) + 0.5 * points**2
    share = np.exp(score - logsumexp(score))
    log_mean = float(share @ nodes)
    return Exposed(
        start=_at(before, lift, fit, log_mean, ahead),
        posterior=_mixed(before, lift, nodes, share, [p for p, _ in found], ahead),
        lift=lift,
        log_mean=log_mean,
        log_sd=float(np.sqrt(share @ (nodes - log_mean) ** 2)),
    )


def _yearly(span: Sequence[Quarter], spends: Sequence[Spend]) -> Array:
    """(len(span),) spending of each quarter at a yearly rate."""
    out = np.zeros(len(span))
    for spend in spends:
        days = (spend.end - spend.start).days + 1
        for t, quarter in enumerate(span):
            inside = (min(spend.end, quarter.last_day) - max(spend.start, quarter.first_day)).days + 1
            out[t] += 4 * spend.amount * max(inside, 0) / days
    return out


def _goodwill(rate: Array, retention: float) -> Array:
    out, stock = np.zeros(len(rate)), 0.0
    for t, spent in enumerate(rate):
        stock = retention * stock + (1 - retention) * spent
        out[t] = stock
    return out


def _at(before: Belief, lift: Array, fit: ExposureFit, log_k: float, ahead: int) -> Belief:
    """The prior at one k: the path moved, each level widened by how far its own market may differ from k."""
    k, cov, M = exp(log_k), np.array(before.cov), len(before.markets)
    cov[np.arange(M), np.arange(M)] += (k * fit.own_log_sd * lift[:, ahead:].mean(axis=1)) ** 2
    return replace(before, cov=cov, log_path=before.log_path + k * lift)


def _markets_that_tell(lift: Array, ahead: int) -> float:
    """Effective number of markets whose spending changed in time so far: (sum v)^2 / sum v^2, v its variance."""
    change = lift[:, : max(ahead + 1, 2)].var(axis=1) + lift.var(axis=1)
    return float(change.sum() ** 2 / (change**2).sum()) if change.any() else 1.0


def _tempered(log_marginal: Callable[[float], float], sd: float, own_var: float) -> float:
    """Share of the counts' information about k that counts, 0..1.

    All rows of a market share its own deviation from k, so what looks like a variance 1 / I is 1 / I + own / markets.
    """
    _, spread = _peak(log_marginal, sd)
    told = spread**-2 - sd**-2
    return 1.0 / (1.0 + max(told, 0.0) * own_var)


def _peak(log_marginal: Callable[[float], float], sd: float) -> tuple[float, float]:
    """Posterior mode of log k and its curvature as a standard deviation, at most the prior's."""

    def miss(log_k: float) -> float:
        return 0.5 * (log_k / sd) ** 2 - log_marginal(log_k)

    found = minimize_scalar(miss, bounds=(-_REACH * sd, _REACH * sd), method="bounded", options={"xatol": 0.05})
    peak, step = float(found.x), 0.3 * sd
    bend = (miss(peak + step) - 2 * float(found.fun) + miss(peak - step)) / step**2
    return peak, min(sd, max(bend, 1e-12) ** -0.5)


def _mixed(
    before: Belief, lift: Array, nodes: Array, share: Array, found: Sequence[Posterior], ahead: int
) -> Posterior:
    """Moments of the mixture over k, on the path of its mean; what a node's path differs goes into its levels."""
    k = np.exp(nodes)
    mean_k, M = float(share @ k), len(before.markets)
    shifts = np.zeros((len(nodes), M + 1))
    shifts[:, :M] = (k - mean_k)[:, None] * lift[:, ahead:].mean(axis=1)
    means = np.array([p.belief.mean for p in found]) + shifts
    mean = share @ means
    cov = np.einsum("g,gij->ij", share, np.array([p.belief.cov for p in found])) + np.einsum(
        "g,gi,gj->ij", share, means - mean, means - mean
    )
    log_size = np.log([p.belief.nb_size_weekly for p in found])
    size_var = share @ (np.array([p.belief.nb_size_log_sd for p in found]) ** 2 + (log_size - share @ log_size) ** 2)
    weights = np.concatenate([s * p.weights for s, p in zip(share, found, strict=True)])
    belief = replace(
        found[0].belief,
        mean=mean,
        cov=(cov + cov.T) / 2,
        log_path=before.log_path + mean_k * lift,
        nb_size_weekly=float(np.exp(share @ log_size)),
        nb_size_log_sd=float(np.sqrt(size_var)),
    )
    return replace(
        found[0],
        belief=belief,
        draws=np.concatenate([p.draws + shift for p, shift in zip(found, shifts, strict=True)]),
        weights=weights,
        effective_sample_size=1.0 / float(np.sum(weights**2)) if len(weights) else 0.0,
        corrected=all(p.corrected for p in found),
        converged=all(p.converged for p in found),
    )
