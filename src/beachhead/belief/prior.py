"""What to believe before anything is sold: the share that real newcomers took, times each market's size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import log1p

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.belief import Belief
from beachhead.belief.fitted import EntryFit, entry_fit
from beachhead.world.errors import BadInput
from beachhead.world.market import Market
from beachhead.world.quarter import Quarter

HOME_SALES = "brand_sales_cars_per_year"
"""Name of the fact that says how many cars the maker already sells a year in its home market."""


def prior(
    markets: Sequence[Market],
    quarters: Sequence[Quarter],
    *,
    fit: EntryFit | None = None,
    known: Mapping[str, Mapping[str, float]] | None = None,
) -> Belief:
    """Log demand = log(battery-electric registrations x brand share); covariance = brand + region + own + covariates.

    What is known of a market moves the log share by slope x (value - centre) / scale for each covariate, within 2.5
    scales; the slopes' own doubt is shared by all markets. What is not known moves nothing and, with a slope of its own
    doubt too, widens that market alone.

    A home market with the fact `brand_sales_cars_per_year` is known narrowly and shares nothing with the entries: its
    level is what the maker sells, not what newcomers take.

    Args:
        markets: the M markets, in the order of the belief.
        quarters: the T quarters of the horizon.
        fit: numbers of the entry model; those shipped with the package where not given.
        known: by market, values of the fit's covariates by name, in the panel's units; NaN or left out = not known.
            Without it none of the covariates counts.

    Raises:
        BadInput: a market without registrations, or no market or quarter at all.
    """
    if not markets or not quarters:
        raise BadInput("a belief needs at least one market and one quarter", "add rows to markets.csv")
    sizeless = [m.code for m in markets if not m.bev_per_year > 0]
    if sizeless:
        raise BadInput(f"no battery-electric registrations in {', '.join(sizeless)}", "give bev_per_year above 0")
    numbers = fit or entry_fit()
    sold = np.array([_home_sales(m) for m in markets])
    at_home = np.isfinite(sold)
    x, unknown = _covariates(markets, at_home, numbers, known)
    slopes = np.array([c.slope for c in numbers.covariates])
    doubts = np.array([c.slope_sd for c in numbers.covariates])
    share = np.log([m.bev_per_year for m in markets]) + numbers.log_share + x @ slopes
    cov = _covariance(markets, at_home, numbers)
    cov[: len(markets), : len(markets)] += (x * doubts**2) @ x.T + np.diag(unknown @ (slopes**2 + doubts**2))
    return Belief(
        markets=tuple(m.code for m in markets),
        quarters=tuple(quarters),
        mean=np.append(np.where(at_home, np.log(np.where(at_home, sold, 1.0)), share), numbers.bias_mean),
        cov=cov,
        log_path=np.array([_log_path(m, quarters, numbers) for m in markets]),
        nb_size_weekly=numbers.nb_size_weekly,
        nb_size_log_sd=numbers.nb_size_log_sd,
    )


def _covariates(
    markets: Sequence[Market],
    at_home: NDArray[np.bool_],
    fit: EntryFit,
    known: Mapping[str, Mapping[str, float]] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(M, K) standardised covariates, 0 where not known, and (M, K) 1 where not known; nothing at home."""
    said = np.array(
        [[known.get(m.code, {}).get(c.name, np.nan) if known else np.nan for c in fit.covariates] for m in markets]
    ).reshape(len(markets), -1)
    x = np.array([[c.standard(v) for c, v in zip(fit.covariates, row, strict=True)] for row in said])
    abroad = ~at_home[:, None] * (known is not None)
    return x.reshape(said.shape) * abroad, np.isnan(said) * abroad


def settled(markets: Sequence[Market]) -> tuple[str, ...]:
    """Home markets known by what the maker sells there, whose quarters do not scatter as a newcomer's do."""
    return tuple(market.code for market in markets if np.isfinite(_home_sales(market)))


def _home_sales(market: Market) -> float:
    fact = market.fact(HOME_SALES)
    return fact.value if market.is_home and fact is not None and fact.value > 0 else np.nan


def _covariance(markets: Sequence[Market], at_home: NDArray[np.bool_], fit: EntryFit) -> NDArray[np.float64]:
    """(M+1, M+1): brand + region + own among the entries; home alone; the bias alone."""
    count = len(markets)
    regions = np.array([m.region for m in markets])
    same_region = regions[:, None] == regions
    parts = fit.brand + fit.region * same_region + fit.own * np.eye(count)
    cov = np.zeros((count + 1, count + 1))
    cov[:count, :count] = fit.share_sd**2 * parts
    cov[:count][at_home] = 0
    cov[:, :count][:, at_home] = 0
    home = np.flatnonzero(at_home)
    cov[home, home] = fit.home_sd**2
    cov[count, count] = fit.bias_sd**2
    return cov


def _log_path(market: Market, quarters: Sequence[Quarter], fit: EntryFit) -> NDArray[np.float64]:
    """(T,): market growth since the year that `bev_per_year` counts, growth after entry, season.

    The year counted ends on `market.source.as_of`, so its middle is the moment at which the path is 1. The share
    drifts from a year after the first quarter on (how fast stores ramp up is the channel's affair), for three years.
    """
    middle = market.source.as_of - timedelta(days=183)
    years = np.array([((q.first_day - middle).days + 45.6) / 365.25 for q in quarters])
    age = np.array([(q - quarters[0] + 0.5) / 4 for q in quarters])
    drift = 0.0 if market.is_home else fit.growth_after_entry
    calendar = fit.season_of(market.code)
    season = np.array([calendar[q.number - 1] for q in quarters])
    out: NDArray[np.float64] = years * log1p(market.bev_growth) + drift * np.clip(age - 1, 0, 3) + season
    return out
