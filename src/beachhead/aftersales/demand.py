"""How much work comes in: cars in use by age, visits by kind, jobs a week at each centre with their spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln
from scipy.stats import nbinom

WEEKS_PER_QUARTER = 365.25 / 7 / 4
MONTHS_PER_QUARTER = 3.0
KINDS = ("maintenance", "claims", "accidents", "recalls")


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledRates:
    """Claim rates of M markets, pooled as far as they agree: gamma between markets, Poisson within.

    Attributes:
        shape: shape of the gamma between markets; large where markets agree.
        rate: its rate, car-months.
        posterior_shape, posterior_rate: (M,), gamma of each market's claims a car-month given what was seen.
    """

    shape: float
    rate: float
    posterior_shape: NDArray[np.float64]
    posterior_rate: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """Claims a car-month, (M,)."""
        return np.asarray(self.posterior_shape / self.posterior_rate)


def pool_rates(claims: NDArray[np.int64], months: NDArray[np.float64]) -> PooledRates:
    """Rates from (M,) claims and (M,) car-months up to today, by empirical Bayes.

    The gamma between markets maximises the marginal, negative-binomial likelihood (Gelman et al., "Bayesian Data
    Analysis", section 2.6), under a weak exponential prior of mean one on its coefficient of variation, without which
    two markets that happen to agree would be taken for one. Months after today are not exposure: they are censored.
    Without a claim the likelihood rises all the way down to a rate of nought, so there has to be one: what is assumed
    may count as a market of its own.
    """
    seen = months > 0
    if not claims[seen].any():
        raise ValueError("without a claim no rate is told: let what is assumed count as a market with claims")
    mean = float(claims[seen].sum()) / max(float(months[seen].sum()), 1.0)

    def loss(point: NDArray[np.float64]) -> float:
        mu, cv = math.exp(point[0]), math.exp(point[1])
        shape = 1 / cv**2
        rate = shape / mu
        n, e = claims[seen], months[seen]
        terms = gammaln(shape + n) - gammaln(shape) + shape * math.log(rate) - (shape + n) * np.log(rate + e)
        return float(cv - point[1] - terms.sum())

    best = minimize(loss, np.array([math.log(mean), math.log(0.5)]), method="Nelder-Mead")
    mu, cv = math.exp(best.x[0]), math.exp(best.x[1])
    shape = 1 / cv**2
    rate = shape / mu
    return PooledRates(
        shape=shape,
        rate=rate,
        posterior_shape=np.asarray(shape + claims, dtype=np.float64),
        posterior_rate=np.asarray(rate + months, dtype=np.float64),
    )


def cars_by_age(deliveries: NDArray[np.float64], survival_per_quarter: float = 1.0) -> NDArray[np.float64]:
    """Cars in use, (M, T, T): market, quarter, age in quarters, from (M, T) deliveries.

    A car is of age 0 in the quarter of its delivery, in which it counts for half.
    """
    markets, quarters = deliveries.shape
    in_use = np.zeros((markets, quarters, quarters))
    for age in range(quarters):
        in_use[:, age:, age] = deliveries[:, : quarters - age] * survival_per_quarter**age
    in_use[:, :, 0] *= 0.5
    return in_use


def claims_by_age(first_year_factor: float) -> NDArray[np.float64]:
    """Claims by age in quarters over those of later years, (6,); the last value holds on.

    Cars are handed over evenly over the quarter in which their age is 0, so half of what they are used at age 4 still
    lies in their first year.
    """
    return np.array([first_year_factor] * 4 + [(first_year_factor + 1) / 2, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Visits of a car, by kind.

    Attributes:
        maintenance_per_quarter: (A,), by age in quarters; the last value holds on.
        claims_per_month: (M,), mean; by market.
        claims_cv: (M,), coefficient of variation of what is known of it.
        claim_age_factor: (A,), claims by age over their mean; the last value holds on.
        accidents_per_year: accident repairs a car.
        recall_share: (T,), share of cars in use called back in each quarter; a scenario.
    """

    maintenance_per_quarter: NDArray[np.float64]
    claims_per_month: NDArray[np.float64]
    claims_cv: NDArray[np.float64]
    claim_age_factor: NDArray[np.float64]
    accidents_per_year: float
    recall_share: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """Jobs a week.

    Attributes:
        mean: (M, T), expected.
        kinds: (K, M, T), of each of `KINDS`; they add up to the mean.
        sd: (M, T), standard deviation of one week's count: chance and what is not known of the claim rate.
    """

    mean: NDArray[np.float64]
    kinds: NDArray[np.float64]
    sd: NDArray[np.float64]

    def most(self, level: float) -> NDArray[np.float64]:
        """Jobs a week that are not exceeded in a share `level` of weeks, (M, T), by the negative binomial."""
        return most_in(self.mean, self.sd, level)


def most_in(mean: NDArray[np.float64], sd: NDArray[np.float64], level: float) -> NDArray[np.float64]:
    """Count that is not exceeded in a share `level` of weeks, by the negative binomial with these moments."""
    extra = np.maximum(sd**2 - mean, 1e-9 * np.maximum(mean, 1e-12))
    size = np.maximum(mean, 1e-12) ** 2 / extra
    return np.asarray(nbinom.ppf(level, size, size / (size + np.maximum(mean, 1e-12))))


def jobs(in_use: NDArray[np.float64], visits: Visits) -> Jobs:
    """Jobs a week by market and quarter from cars in use by age, (M, T, A)."""
    ages = in_use.shape[2]
    upkeep = in_use @ _by_age(visits.maintenance_per_quarter, ages)
    months = in_use @ _by_age(visits.claim_age_factor, ages) * MONTHS_PER_QUARTER
    claims = months * visits.claims_per_month[:, None]
    total = in_use.sum(axis=2)
    accidents, recalls = total * (visits.accidents_per_year / 4), total * visits.recall_share[None, :]
    kinds = np.stack([upkeep, claims, accidents, recalls]) / WEEKS_PER_QUARTER
    mean = kinds.sum(axis=0)
    unsure = kinds[1] * visits.claims_cv[:, None]
    return Jobs(mean=mean, kinds=kinds, sd=np.sqrt(mean + unsure**2))


def _by_age(values: NDArray[np.float64], ages: int) -> NDArray[np.float64]:
    return np.asarray(values[np.minimum(np.arange(ages), len(values) - 1)])
