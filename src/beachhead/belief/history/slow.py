"""PyMC-Marketing's Bass model beside ours, on a pinned part of the cases: a Markov chain for every one is too slow.

Pinned means chosen by the name of brand and country alone, so that neither the forecasts nor their scores choose. All
pinned series of one origin are fitted in one model (each with a curve of its own; negative binomial counts of a common
size) and extended by twelve months. Two distributions are scored: the posterior predictive as it comes, and, as for
every other peer, its median with the errors it made on the pinned cases of all other brands.
"""

from __future__ import annotations

import logging
import warnings
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.history.backtest import Backtest, Scored
from beachhead.belief.history.case import HORIZON_MONTHS, Case
from beachhead.belief.history.score import crps, mean_interval, skill
from beachhead.world.errors import BadInput

Array = NDArray[np.float64]

ONE_IN = 4
"""One case in so many is pinned."""
_MONTHLY = {"p": 0.0025, "q": 0.03}
"""Medians of the priors: a year's .03 and .38 (Sultan, Farley & Lehmann 1990, Journal of Marketing Research 27)."""
_TUNE, _DRAWS, _CHAINS = 500, 500, 2

Draws = Callable[[Sequence[Case], int], Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowOrigin:
    """Scores after k months on the pinned cases; all are mean CRPS of log1p of the next twelve months' total.

    Attributes:
        months: k.
        entries: cases pinned.
        brands: brands among them.
        crps_log1p: ours.
        best_peer: the quick peer that is best on these very cases.
        best_peer_crps_log1p: its score.
        bass_own: PyMC-Marketing's Bass model, posterior predictive.
        bass_errors: its median with its errors on the pinned cases of other brands.
        skill: 1 - ours / the better of its two.
        difference: mean over the cases of ours less the better of its two; below 0 ours is better.
        difference_low: lower end of its 95 % interval, bootstrap over cases, which stay paired.
        difference_high: upper end.
        difference_low_brands: lower end, drawing whole brands.
        difference_high_brands: upper end.
    """

    months: int
    entries: int
    brands: int
    crps_log1p: float
    best_peer: str
    best_peer_crps_log1p: float
    bass_own: float
    bass_errors: float
    skill: float
    difference: float
    difference_low: float
    difference_high: float
    difference_low_brands: float
    difference_high_brands: float


def slow_origins(answer: Backtest, *, seed: int, draws: Draws | None = None) -> tuple[SlowOrigin, ...]:
    """Score PyMC-Marketing's Bass model on the pinned cases of a backtest.

    Args:
        answer: the backtest, scored.
        seed: of the Markov chains.
        draws: from cases of one origin and a seed to (C, S) draws of each next year's total; that of PyMC-Marketing.

    Raises:
        BadInput: PyMC-Marketing is not installed.
    """
    fit = draws or bass_draws
    found = []
    for months in sorted({s.case.months for s in answer.scored}):
        here = [s for s in answer.scored if s.case.months == months and pinned(s.case)]
        if len({s.case.brand for s in here}) > 1:
            found.append(_origin(answer, here, fit([s.case for s in here], seed), seed))
    return tuple(found)


def pinned(case: Case) -> bool:
    """True for one case in four, by a checksum of brand and country."""
    return zlib.crc32("|".join(case.entry.key).encode()) % ONE_IN == 0


def _origin(answer: Backtest, here: Sequence[Scored], totals: Array, seed: int) -> SlowOrigin:
    log_totals, targets = np.log1p(totals), np.array([s.case.target for s in here])
    middle, brands = np.median(log_totals, axis=1), np.array([s.case.brand for s in here])
    errors = targets - middle
    own = np.array([crps(d, t) for d, t in zip(log_totals, targets, strict=True)])
    shifted = [np.maximum(middle[i] + errors[brands != brands[i]], 0.0) for i in range(len(here))]
    by_errors = np.array([crps(atoms, t) for atoms, t in zip(shifted, targets, strict=True)])
    better = min(own, by_errors, key=np.mean)
    ours, peers = np.array([s.crps for s in here]), np.array([s.peers for s in here]).mean(axis=0)
    best, paired = int(peers.argmin()), ours - better
    low, high = mean_interval(paired, np.arange(len(here)), seed)
    low_brands, high_brands = mean_interval(paired, brands, seed)
    return SlowOrigin(
        months=here[0].case.months,
        entries=len(here),
        brands=len(set(brands)),
        crps_log1p=float(ours.mean()),
        best_peer=answer.peers[best],
        best_peer_crps_log1p=float(peers[best]),
        bass_own=float(own.mean()),
        bass_errors=float(by_errors.mean()),
        skill=skill(ours, better),
        difference=float(paired.mean()),
        difference_low=low,
        difference_high=high,
        difference_low_brands=low_brands,
        difference_high_brands=high_brands,
    )


def bass_draws(asked: Sequence[Case], seed: int) -> Array:
    """(C, S) posterior predictive draws of the next twelve months' total of each case, all of one origin."""
    pm, create, prior = _package()
    k, count = asked[0].months, len(asked)
    seen = np.round(np.array([c.seen for c in asked])).astype(np.int64).T  # (k, C)
    months = np.arange(1, k + HORIZON_MONTHS + 1, dtype=np.float64)
    level = np.log(36 * (seen.mean(axis=0) + 1))
    priors = {
        "m": prior("LogNormal", mu=level, sigma=1.5, dims="product"),
        "p": prior("LogNormal", mu=float(np.log(_MONTHLY["p"])), sigma=1.5, dims="product"),
        "q": prior("LogNormal", mu=float(np.log(_MONTHLY["q"])), sigma=1.0, dims="product"),
        "likelihood": prior("NegativeBinomial", alpha=prior("LogNormal", mu=0.5, sigma=0.7), dims=("T", "product")),
    }
    coords = {"T": np.arange(k), "product": np.arange(count)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("pymc").setLevel(logging.ERROR)
        with create(t=months[:k], observed=seen, priors=priors, coords=coords):
            trace = pm.sample(
                tune=_TUNE,
                draws=_DRAWS,
                chains=_CHAINS,
                cores=1,
                target_accept=0.9,
                random_seed=seed,
                progressbar=False,
            ).posterior
    m, p, q = (trace[name].to_numpy().reshape(-1, count) for name in ("m", "p", "q"))
    alpha = trace["y_alpha"].to_numpy().reshape(-1)
    mean = m[..., None] * _density(p[..., None], q[..., None], months[k:])  # (S, C, 12)
    size = np.broadcast_to(alpha[:, None, None], mean.shape)
    drawn = np.random.default_rng(seed).negative_binomial(size, size / (size + np.maximum(mean, 1e-9)))
    out: Array = drawn.sum(axis=2).T.astype(np.float64)
    return out


def _density(p: Array, q: Array, t: Array) -> Array:
    """Bass's density of adoption, as PyMC-Marketing writes it."""
    done = np.exp(-(p + q) * t)
    out: Array = p * (p + q) ** 2 * done / (p + q * done) ** 2
    return out


def _package() -> tuple[Any, Any, Any]:
    try:
        import pymc
        from pymc_extras.prior import Prior
        from pymc_marketing.bass.model import create_bass_model
    except ImportError as error:
        cure = "pip install 'beachhead[slow]'"
        raise BadInput("--peers slow needs PyMC-Marketing, which is not installed", cure) from error
    return pymc, create_bass_model, Prior
