"""How large a share a newcomer takes after half a year: a mixed model of brands and countries, by marginal likelihood.

y = mu + X b + brand + brand in region + country + own + counting noise, y the log share of the market's battery-
electric registrations in months 7-12. Effects are normal; b has a ridge, b ~ N(0, ridge^2), one for all standardised
covariates, so that what the panel cannot tell is shrunk to nothing (Rasmussen & Williams 2006, section 2.7 for the
linear part, equation 5.8 for the likelihood; Gelman & Hill 2007, chapter 18, for the partial pooling). The four
standard deviations and the ridge maximise that likelihood times a wide normal prior on their logs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.special import ndtr

from beachhead.belief.history.case import filled
from beachhead.world.entry import Entry

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

FROM_MONTH, TO_MONTH = 6, 12
_WIDE = 36.0  # variance of the intercept about -5
_CENTRE = -5.0
# Centres of the wide prior on brand, brand in region, country, own and ridge; sd of the log .7, as in `fit`.
_START = np.array([1.0, 0.4, 0.6, 0.8, 0.2])
_PRIOR_LOG_SD = 0.7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Levels:
    """n entries that have sold for a year.

    Attributes:
        brand: (n,) index into `brands`.
        region: (n,) index of the region.
        country: (n,) index of the country.
        log_share: (n,) y.
        noise: (n,) variance of its counting noise.
        brands: names.
        x: (n, K) standardised covariates; 0, the mean, where unknown.
        known: (n, K) true where a source said.
        names: K names.
        centre: (K,) mean of each over the entries for which it is known.
        scale: (K,) standard deviation likewise; 1 where it does not vary.
    """

    brand: Ints
    region: Ints
    country: Ints
    log_share: Array
    noise: Array
    brands: tuple[str, ...]
    x: Array
    known: NDArray[np.bool_]
    names: tuple[str, ...]
    centre: Array
    scale: Array

    def take(self, rows: NDArray[np.bool_] | Ints, columns: Sequence[int] | None = None) -> Levels:
        """The chosen entries, with the chosen covariates."""
        at = list(range(len(self.names))) if columns is None else list(columns)
        return replace(
            self,
            brand=self.brand[rows],
            region=self.region[rows],
            country=self.country[rows],
            log_share=self.log_share[rows],
            noise=self.noise[rows],
            x=self.x[rows][:, at],
            known=self.known[rows][:, at],
            names=tuple(self.names[k] for k in at),
            centre=self.centre[at],
            scale=self.scale[at],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LevelFit:
    """The fitted model.

    Attributes:
        brand: sd of brands.
        region: sd of a brand's regions, beyond the brand.
        country: sd of countries.
        own: sd of single entries.
        ridge: sd of a slope.
        mean: of y where all covariates are at their mean.
        slopes: (K,) change of y for one standard deviation of each covariate.
        slope_sd: (K,) their posterior standard deviation.
        slope_cov: (K+1, K+1) of intercept and slopes.
        log_likelihood: log marginal likelihood, without the prior on the deviations.
    """

    brand: float
    region: float
    country: float
    own: float
    ridge: float
    mean: float
    slopes: Array
    slope_sd: Array
    slope_cov: Array
    log_likelihood: float

    @property
    def variance(self) -> float:
        """Of y for a new brand in a new country whose covariates are known, parameters taken as known."""
        return self.brand**2 + self.region**2 + self.country**2 + self.own**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one covariate, or all, told.

    Attributes:
        name: of the covariate; "all" for all together.
        known: entries for which a source says it.
        slope: change of the log share for one standard deviation; NaN for all together.
        slope_sd: its posterior standard deviation.
        log_likelihood_gain: over the model without covariates, in nats.
        crps_change: of the held-out CRPS of brands never seen, relative; negative is better.
        crps_change_low: lower end of its 90 % interval, bootstrap over brands.
        crps_change_high: upper end.
    """

    name: str
    known: int
    slope: float
    slope_sd: float
    log_likelihood_gain: float
    crps_change: float
    crps_change_low: float
    crps_change_high: float


def levels(entries: Sequence[Entry], x: Array, names: Sequence[str]) -> Levels:
    """Entries of at least a year as levels; `x` (len(entries), K) raw covariates, NaN where unknown."""
    old = [i for i, entry in enumerate(entries) if len(entry.cars) >= TO_MONTH]
    kept = [entries[i] for i in old]
    cars = np.array([filled(e)[FROM_MONTH:TO_MONTH].sum() for e in kept])
    market = np.array([e.market[FROM_MONTH:TO_MONTH].sum() for e in kept])
    unlisted = np.array([np.isnan(e.cars[FROM_MONTH:TO_MONTH]).mean() for e in kept])
    raw = x[old]
    known = np.isfinite(raw)
    held = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, raw, 0.0).sum(axis=0) / held
    scale = np.sqrt((np.where(known, raw - centre, 0.0) ** 2).sum(axis=0) / held)
    scale = np.where(scale > 1e-9, scale, 1.0)
    brands = tuple(sorted({e.brand for e in kept}))
    return Levels(
        brand=_index([e.brand for e in kept]),
        region=_index([e.region for e in kept]),
        country=_index([e.country for e in kept]),
        log_share=np.log((cars + 0.5) / market),
        noise=1 / (cars + 1.5) + 0.5 * unlisted,
        brands=brands,
        x=np.where(known, (raw - centre) / scale, 0.0),
        known=known,
        names=tuple(names),
        centre=centre,
        scale=scale,
    )


def fit_levels(seen: Levels) -> LevelFit:
    """Standard deviations by marginal likelihood, then intercept and slopes given them."""
    begin = np.log(_START)
    found = minimize(_objective, begin, args=(seen,), method="L-BFGS-B", bounds=[(b - 3, b + 3) for b in begin])
    sds = np.exp(found.x)
    effects = _effects(seen, seen, sds) + np.diag(seen.noise)
    factor = cho_factor(effects, lower=True)
    design = np.column_stack((np.ones(len(seen.log_share)), seen.x))
    precision = design.T @ cho_solve(factor, design) + np.diag([1 / _WIDE, *[1 / sds[4] ** 2] * len(seen.names)])
    cov = np.linalg.inv(precision)
    coefficients = cov @ (design.T @ cho_solve(factor, seen.log_share - _CENTRE))
    return LevelFit(
        brand=float(sds[0]),
        region=float(sds[1]),
        country=float(sds[2]),
        own=float(sds[3]),
        ridge=float(sds[4]),
        mean=_CENTRE + float(coefficients[0]),
        slopes=coefficients[1:],
        slope_sd=np.sqrt(np.diag(cov)[1:]),
        slope_cov=cov,
        log_likelihood=_log_likelihood(found.x, seen),
    )


def tell(seen: Levels, *, seed: int = 0) -> tuple[Told, ...]:
    """What each covariate is worth alone, and all together: likelihood, and brands left out one at a time."""
    without = seen.take(np.arange(len(seen.log_share)), [])
    base, base_scores = fit_levels(without).log_likelihood, _left_out(without)
    ways = [(name, [k]) for k, name in enumerate(seen.names)]
    ways.append(("all", list(range(len(seen.names)))))
    return tuple(_told(seen, name, at, base, base_scores, seed) for name, at in ways)


def _told(seen: Levels, name: str, at: list[int], base: float, base_scores: Array, seed: int) -> Told:
    chosen = seen.take(np.arange(len(seen.log_share)), at)
    fit, scores = fit_levels(chosen), _left_out(chosen)
    low, high = _interval(seen, scores, base_scores, seed)
    alone = len(at) == 1
    return Told(
        name=name,
        known=int(chosen.known.all(axis=1).sum()),
        slope=float(fit.slopes[0]) if alone else float("nan"),
        slope_sd=float(fit.slope_sd[0]) if alone else float("nan"),
        log_likelihood_gain=fit.log_likelihood - base,
        crps_change=float(scores.mean() / base_scores.mean() - 1),
        crps_change_low=low,
        crps_change_high=high,
    )


def _index(names: Sequence[str]) -> Ints:
    place = {name: i for i, name in enumerate(sorted(set(names)))}
    return np.array([place[name] for name in names], dtype=np.int64)


def _effects(a: Levels, b: Levels, sds: Array) -> Array:
    """(n, m) covariance of everything but the linear part and the counting noise."""
    brand = a.brand[:, None] == b.brand
    out: Array = sds[0] ** 2 * brand + sds[1] ** 2 * (brand & (a.region[:, None] == b.region))
    out = out + sds[2] ** 2 * (a.country[:, None] == b.country)
    if a is b:
        out = out + sds[3] ** 2 * np.eye(len(a.log_share))
    return out


def _covariance(seen: Levels, sds: Array) -> Array:
    out: Array = _effects(seen, seen, sds) + np.diag(seen.noise) + _WIDE + sds[4] ** 2 * seen.x @ seen.x.T
    return out


def _log_likelihood(log_sds: Array, seen: Levels) -> float:
    factor = cho_factor(_covariance(seen, np.exp(log_sds)), lower=True)
    away = seen.log_share - _CENTRE
    half = float(np.log(np.diag(factor[0])).sum())
    return -0.5 * float(away @ cho_solve(factor, away)) - half - 0.5 * len(away) * float(np.log(2 * np.pi))


def _objective(log_sds: Array, seen: Levels) -> float:
    away = (log_sds - np.log(_START)) / _PRIOR_LOG_SD
    return -_log_likelihood(log_sds, seen) + 0.5 * float(away @ away)


def _left_out(seen: Levels) -> Array:
    """(n,) CRPS of y of each entry, forecast from all other brands."""
    out = np.empty(len(seen.log_share))
    for brand in np.unique(seen.brand):
        held = seen.brand == brand
        rest = seen.take(~held)
        fit = fit_levels(rest)
        mean, sd = _predict(rest, seen.take(held), fit)
        out[held] = _normal_crps((seen.log_share[held] - mean) / sd) * sd
    return out


def _predict(known: Levels, asked: Levels, fit: LevelFit) -> tuple[Array, Array]:
    """Mean and standard deviation of y at the entries asked."""
    sds = np.array([fit.brand, fit.region, fit.country, fit.own, fit.ridge])
    factor = cho_factor(_covariance(known, sds), lower=True)
    cross = _effects(known, asked, sds) + _WIDE + sds[4] ** 2 * known.x @ asked.x.T
    mean = _CENTRE + cross.T @ cho_solve(factor, known.log_share - _CENTRE)
    whole = np.diag(_covariance(asked, sds))
    left = whole - np.sum(cross * cho_solve(factor, cross), axis=0)
    return mean, np.sqrt(left)


def _normal_crps(z: Array) -> Array:
    """CRPS of a standard normal at z (Gneiting, Raftery, Westveld & Goldman 2005, MWR 133, equation 5)."""
    density = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
    out: Array = z * (2 * ndtr(z) - 1) + 2 * density - 1 / np.sqrt(np.pi)
    return out


def _interval(seen: Levels, scores: Array, base: Array, seed: int) -> tuple[float, float]:
    """90 % interval of the relative change of the mean score, brands drawn with replacement."""
    rng = np.random.default_rng(seed)
    names = np.unique(seen.brand)
    sums = np.array([[scores[seen.brand == b].sum(), base[seen.brand == b].sum()] for b in names])
    drawn = sums[rng.integers(len(names), size=(2000, len(names)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1] - 1, [0.05, 0.95])
    return float(low), float(high)
