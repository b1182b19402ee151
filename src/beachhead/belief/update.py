"""What a reading changes: prior belief + counts + outside evidence -> posterior belief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from math import ceil, exp, lgamma, log, pi

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, ndtri

from beachhead.belief import likelihood
from beachhead.belief.belief import Belief
from beachhead.belief.laplace import Sites, condition, log_mass, mode, refine
from beachhead.belief.line_up import OfferShares
from beachhead.belief.rows import Rows, Terms, rows, terms
from beachhead.world.errors import BadInput
from beachhead.world.evidence import Evidence
from beachhead.world.reading import Reading

Array = NDArray[np.float64]

_TAIL_DF = 15.0  # of the proposal in each direction: heavier than the posterior, at little cost in thirty directions
_LEAST_SHARE = 0.005  # a dispersion with less of the posterior than this is not drawn from
_LEAST_ESS = 0.05  # below this share of the draws the correction would be noise, and is not made


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posterior:
    """A belief after a reading, and how far the arithmetic behind it can be trusted.

    Attributes:
        belief: the moment-matched Gaussian to carry on with.
        draws: (S, M+1) weighted draws of z; S = 0 if no importance correction was made, or the belief was carried on
            since.
        weights: (S,) their weights, adding to 1.
        effective_sample_size: 1 / sum of squared weights; 0 if none was made.
        corrected: true if the belief's moments were corrected by the draws.
        log_marginal: log marginal likelihood of the counts (Laplace, over the dispersion's prior).
        converged: false if Newton's method stopped early.
    """

    belief: Belief
    draws: Array
    weights: Array
    effective_sample_size: float
    corrected: bool
    log_marginal: float
    converged: bool

    def interval(self, level: float) -> Array:
        """(M+1, 2) ends of the central interval of each coordinate of z."""
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        if not len(self.draws):
            sd = np.sqrt(np.diag(self.belief.cov))
            out: Array = self.belief.mean[:, None] + sd[:, None] * ndtri(tails)
            return out
        order = np.argsort(self.draws, axis=0)
        mass = np.cumsum(self.weights[order], axis=0) - 0.5 * self.weights[order]
        sorted_draws = np.take_along_axis(self.draws, order, axis=0)
        return np.array([np.interp(tails, mass[:, d], sorted_draws[:, d]) for d in range(self.draws.shape[1])])


def update(
    belief: Belief,
    reading: Reading,
    *,
    evidence: Sequence[Evidence] = (),
    shares: OfferShares | None = None,
    correct: bool = True,
    draws: int = 4000,
    seed: int = 0,
) -> Posterior:
    """Condition a belief on counts and outside evidence; the order of either does not matter.

    Evidence enters exactly (it is Gaussian). Counts enter by Laplace's method over z; with `correct`, the sites are
    refined by expectation propagation and the moments corrected by importance sampling from the result. The
    dispersion of the counts is unknown: its size is put at the mode of prior times marginal likelihood (Laplace), or
    averaged over three nodes around that mode (with `correct`).

    Args:
        belief: what is held before.
        reading: the W counts.
        evidence: statements about theta from outside the sales counts.
        shares: what counts of single offers stand for, as `offer_shares` says of these and all other counts; None if
            these are all.
        correct: false for Laplace alone.
        draws: importance draws, S.
        seed: seed of the draws.

    Raises:
        BadInput: a market that the belief does not know.
    """
    start = weigh_evidence(belief, evidence)
    if not reading.counts:
        return _unread(start)
    data = rows(start, reading.counts, shares)
    loading = _loading(start, data)
    peak, spread = _dispersion(start, data, loading)
    if not correct:
        fit = _fit(start, data, loading, peak)
        return replace(
            _unread(_mix(start, [fit], np.ones(1), log_sd=spread)),
            log_marginal=fit.log_marginal,
            converged=fit.converged,
        )
    fits = [_refined(start, data, loading, node) for node in _nodes(peak, spread)]
    return _importance(start, fits, loading, draws, seed)


def weigh_evidence(belief: Belief, evidence: Sequence[Evidence]) -> Belief:
    """Condition on outside statements about theta; those of one study share its bias.

    A study that speaks of several markets is one draw of the bias, so its errors
    are correlated across them with covariance `bias_sd^2`. A weight below 1 divides the error's variance by the weight.
    """
    if not evidence:
        return belief
    index = {code: m for m, code in enumerate(belief.markets)}
    unknown = sorted({e.market for e in evidence} - set(index))
    if unknown:
        raise BadInput(
            f"evidence names markets the belief does not know: {', '.join(unknown)}", "add them to markets.csv"
        )
    ordered = sorted(evidence, key=lambda e: (e.study, e.market, e.kind, e.log_demand, e.sampling_sd))
    loading = np.zeros((len(ordered), len(belief.mean)))
    loading[np.arange(len(ordered)), [index[e.market] for e in ordered]] = 1
    said = np.array([e.log_demand - e.bias_mean for e in ordered])
    noise = _study_noise(ordered)
    cross = belief.cov @ loading.T
    gain = np.linalg.solve(loading @ cross + noise, cross.T).T
    cov = belief.cov - gain @ cross.T
    return replace(belief, mean=belief.mean + gain @ (said - loading @ belief.mean), cov=(cov + cov.T) / 2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Fit:
    """The Gaussian approximation of the posterior at one dispersion.

    `log_marginal` includes the log prior of the dispersion; `log_node` is the log weight of its quadrature node.
    """

    log_size: float
    data: Terms
    sites: Sites
    mean: Array
    cov: Array
    log_marginal: float
    log_node: float
    converged: bool


def _study_noise(ordered: Sequence[Evidence]) -> Array:
    noise = np.diag([e.sampling_sd**2 / e.weight for e in ordered])
    at = 0
    for _, study in groupby(ordered, key=lambda e: e.study):
        bias = np.array([e.bias_sd / e.weight**0.5 for e in study])
        noise[at : at + len(bias), at : at + len(bias)] += np.outer(bias, bias)
        at += len(bias)
    return noise


def _unread(belief: Belief) -> Posterior:
    return Posterior(
        belief=belief,
        draws=np.empty((0, len(belief.mean))),
        weights=np.empty(0),
        effective_sample_size=0.0,
        corrected=False,
        log_marginal=0.0,
        converged=True,
    )


def _loading(belief: Belief, data: Rows) -> Array:
    """The matrix A of x = A z: a group's rate is its theta, plus beta for pilots, less elasticity x log price."""
    loading = np.zeros((len(data.market_of), len(belief.mean)))
    loading[np.arange(len(data.market_of)), data.market_of] = 1
    loading[:, -1] = data.is_pilot
    for g in np.flatnonzero(data.log_price):
        code = belief.markets[data.market_of[g]]
        if code not in belief.elastic:
            raise ValueError(f"{code} was sold at another price than list: join its elasticity, see belief.priced")
        loading[g, len(belief.markets) + belief.elastic.index(code)] = -data.log_price[g]
    return loading


def _evaluate(t: Terms, x: Array) -> tuple[Array, Array, Array]:
    out: tuple[Array, Array, Array] = likelihood.group_terms(x, t.of_fixed, t.fixed, t.of_stopped, t.stopped)
    return out


def _dispersion(belief: Belief, data: Rows, loading: Array) -> tuple[float, float]:
    """Mode and spread of the log size: its log-normal prior times the Laplace marginal likelihood."""
    centre, sd = log(belief.nb_size_weekly), belief.nb_size_log_sd
    if sd == 0:
        return centre, 0.0
    prior_mean, prior_cov = loading @ belief.mean, loading @ belief.cov @ loading.T
    pull = np.zeros_like(prior_mean)

    def miss(log_size: float) -> float:
        nonlocal pull
        t = terms(data, exp(log_size))
        sites = mode(prior_mean, prior_cov, partial(_evaluate, t), pull, tolerance=1e-4)
        pull = sites.pull
        return 0.5 * ((log_size - centre) / sd) ** 2 - sites.log_marginal - t.constant

    edges = (centre - 4 * sd, centre + 4 * sd)
    found = minimize_scalar(miss, bounds=edges, method="bounded", options={"xatol": 0.1})
    peak, step = float(found.x), 0.3 * sd
    bend = (miss(peak + step) - 2 * float(found.fun) + miss(peak - step)) / step**2
    return peak, min(sd, max(bend, 1e-12) ** -0.5)


def _nodes(peak: float, spread: float) -> list[tuple[float, float]]:
    """Log sizes to try, with the log weight that turns their posterior density into a share (Gauss-Hermite)."""
    if spread == 0:
        return [(peak, 0.0)]
    points, weights = np.polynomial.hermite_e.hermegauss(3)
    return [
        (peak + spread * float(p), log(float(w)) + 0.5 * float(p) ** 2) for p, w in zip(points, weights, strict=True)
    ]


def _fit(belief: Belief, data: Rows, loading: Array, log_size: float) -> _Fit:
    """Laplace at one dispersion."""
    t = terms(data, exp(log_size))
    sites = mode(loading @ belief.mean, loading @ belief.cov @ loading.T, partial(_evaluate, t))
    mean, cov = condition(belief.mean, belief.cov, loading, sites)
    sd = belief.nb_size_log_sd
    prior = -0.5 * ((log_size - log(belief.nb_size_weekly)) / sd) ** 2 if sd else 0.0
    return _Fit(
        log_size=log_size,
        data=t,
        sites=sites,
        mean=mean,
        cov=cov,
        log_marginal=sites.log_marginal + t.constant + prior,
        log_node=0.0,
        converged=sites.converged,
    )


def _refined(belief: Belief, data: Rows, loading: Array, node: tuple[float, float]) -> _Fit:
    """Expectation propagation at one dispersion."""
    fit = _fit(belief, data, loading, node[0])
    prior_mean, prior_cov = loading @ belief.mean, loading @ belief.cov @ loading.T
    sites = refine(prior_mean, prior_cov, partial(_evaluate, fit.data), fit.sites)
    mean, cov = condition(belief.mean, belief.cov, loading, sites)
    return replace(fit, sites=sites, mean=mean, cov=cov, log_node=node[1])


def _mix(belief: Belief, fits: Sequence[_Fit], share: Array, log_sd: float | None = None) -> Belief:
    """Moments of the mixture over dispersions."""
    mean = share @ np.array([f.mean for f in fits])
    cov = np.zeros_like(belief.cov)
    for w, f in zip(share, fits, strict=True):
        cov += w * (f.cov + np.outer(f.mean - mean, f.mean - mean))
    sizes = np.array([f.log_size for f in fits])
    centre = float(share @ sizes)
    spread = float(np.sqrt(share @ (sizes - centre) ** 2)) if log_sd is None else log_sd
    return replace(belief, mean=mean, cov=cov, nb_size_weekly=exp(centre), nb_size_log_sd=spread)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Weighted draws at one dispersion, and what they change."""

    z: Array
    weights: Array
    log_ratio: float
    mean_change: Array
    cov: Array


def _importance(belief: Belief, fits: Sequence[_Fit], loading: Array, draws: int, seed: int) -> Posterior:
    """Weigh draws from the Gaussians by the exact likelihood, and correct the moments by what the weights change."""
    rng = np.random.default_rng(seed)
    prior_mean, prior_cov = loading @ belief.mean, loading @ belief.cov @ loading.T
    rough = _normalised([f.log_marginal + f.log_node for f in fits])
    fits = [f for f, s in zip(fits, rough, strict=True) if s > _LEAST_SHARE]
    rough = np.array([s for s in rough if s > _LEAST_SHARE])
    parts = [
        _weighted(f, loading, 2 * ceil(draws * s / rough.sum() / 2), rng) for f, s in zip(fits, rough, strict=True)
    ]
    # Laplace's marginal likelihood gives way to the sampled one: mass under the sites times mean exact-to-site ratio
    exact = [
        f.log_marginal - f.sites.log_marginal + log_mass(prior_mean, prior_cov, f.sites) + p.log_ratio
        for f, p in zip(fits, parts, strict=True)
    ]
    share = _normalised([e + f.log_node for e, f in zip(exact, fits, strict=True)])
    weights = np.concatenate([s * p.weights for s, p in zip(share, parts, strict=True)])
    ess = 1.0 / float(np.sum(weights**2))
    corrected = ess >= _LEAST_ESS * draws
    moved = [replace(f, mean=f.mean + p.mean_change, cov=p.cov) for f, p in zip(fits, parts, strict=True)]
    return Posterior(
        belief=_mix(belief, moved, share) if corrected else _mix(belief, fits, rough / rough.sum()),
        draws=np.concatenate([p.z for p in parts]),
        weights=weights,
        effective_sample_size=ess,
        corrected=corrected,
        log_marginal=float(logsumexp([e + f.log_node for e, f in zip(exact, fits, strict=True)])),
        converged=all(f.converged for f in fits),
    )


def _normalised(scores: Sequence[float]) -> Array:
    share: Array = np.exp(np.array(scores) - logsumexp(scores))
    return share


def _weighted(fit: _Fit, loading: Array, draws: int, rng: np.random.Generator) -> _Part:
    """Antithetic draws with Student tails in each whitened direction, and their importance weights.

    Moments are corrected by a control variate: weighted minus unweighted moments of the same draws are added to the
    Gaussian's own, so the noise vanishes as the Gaussian becomes exact.
    """
    half = rng.standard_t(_TAIL_DF, size=(draws // 2, len(fit.mean))) * ((_TAIL_DF - 2) / _TAIL_DF) ** 0.5
    u = np.concatenate([half, -half])
    lower = _root(fit.cov)
    z = fit.mean + u @ lower.T
    x = z @ loading.T
    exact = likelihood.total(x, fit.data.of_fixed, fit.data.fixed, fit.data.of_stopped, fit.data.stopped)
    site = x @ fit.sites.shift - 0.5 * x**2 @ fit.sites.precision
    log_weight = exact - site + np.sum(_log_normal_to_student(u), axis=1)
    weights = np.exp(log_weight - logsumexp(log_weight))
    mean_u = weights @ u
    change = (u * (weights - 1 / draws)[:, None]).T @ u - np.outer(mean_u, mean_u)
    return _Part(
        z=z,
        weights=weights,
        log_ratio=float(logsumexp(log_weight)) - log(draws),
        mean_change=lower @ mean_u,
        cov=lower @ _positive(np.eye(len(mean_u)) + change) @ lower.T,
    )


def _log_normal_to_student(u: Array) -> Array:
    """Log ratio of the standard normal density to that of the unit-variance Student density drawn from."""
    v = _TAIL_DF
    constant = lgamma((v + 1) / 2) - lgamma(v / 2) - 0.5 * log(pi * (v - 2))
    out: Array = -0.5 * u**2 - 0.5 * log(2 * pi) - constant + 0.5 * (v + 1) * np.log1p(u**2 / (v - 2))
    return out


def _root(cov: Array) -> Array:
    """Lower triangle L with L L' = cov; a semi-definite cov gets the least ridge that lets it through."""
    ridge = 1e-12 * float(np.diag(cov).mean())
    lower: Array = np.linalg.cholesky(cov + ridge * np.eye(len(cov), dtype=np.float64)).astype(np.float64)
    return lower


def _positive(cov: Array) -> Array:
    """The matrix itself if positive definite, else with its eigenvalues lifted to a twentieth."""
    try:
        np.linalg.cholesky(cov)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(cov)
        lifted: Array = (vectors * np.maximum(values, 0.05)) @ vectors.T
        return lifted
    return cov
