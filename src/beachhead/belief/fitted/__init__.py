"""The numbers of the entry model as data with provenance, and how to read them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beachhead.world.source import Grade, Source

MOST_SCALES = 2.5
"""A market further from the panel's mean than so many standard deviations counts as if it lay there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """How one thing known of a market moves the log share of a newcomer.

    Attributes:
        name: what it is; the units are those of `evidence.panel.surroundings`.
        centre: its mean over the panel's entries.
        scale: its standard deviation over them.
        slope: change of the log share for one `scale`.
        slope_sd: posterior standard deviation of that.
        known: entries of the panel for which a source said it.
    """

    name: str
    centre: float
    scale: float
    slope: float
    slope_sd: float
    known: int

    def standard(self, value: float) -> float:
        """The value in scales from the mean, within 2.5; 0, the mean, where it is not known (NaN)."""
        if not np.isfinite(value):
            return 0.0
        return float(np.clip((value - self.centre) / self.scale, -MOST_SCALES, MOST_SCALES))


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFit:
    """What real entries say about a new brand in a new country, on the log scale.

    Attributes:
        log_share: mean of the log share of the market's battery-electric registrations in months 7-12.
        share_sd: its standard deviation over brands and countries.
        brand: part of that variance common to all markets of one brand.
        region: part common to the markets of one region, beyond the brand's.
        own: part of the single market; the three add to 1.
        bias_mean: early-adopter bias of pilots, log ratio.
        bias_sd: its standard deviation.
        home_sd: standard deviation of the log of demand in a market where the maker already sells.
        growth_after_entry: yearly drift of the log share after the first year.
        walk: by how much a level moves in a quarter, as a share of the variance `share_sd`^2.
        scatter: variance of the log by which a quarter scatters about its level, beyond its count's.
        season: log factor of quarters 1 to 4, adding to 0.
        months: log factors of January to December by country; "all" for every other country.
        within_quarter: log factor of a quarter's three months on a newcomer's share of its market.
        covariates: what is known of a market and moves its share; none where a launch states its own median.
        nb_size_weekly: negative-binomial size of one week of orders at full reach.
        nb_size_log_sd: standard deviation of its log.
        source: what the numbers were fitted on.
    """

    log_share: float
    share_sd: float
    brand: float
    region: float
    own: float
    bias_mean: float
    bias_sd: float
    home_sd: float
    growth_after_entry: float
    walk: float
    scatter: float
    season: tuple[float, float, float, float]
    months: Mapping[str, tuple[float, ...]]
    within_quarter: tuple[float, float, float]
    covariates: tuple[Covariate, ...]
    nb_size_weekly: float
    nb_size_log_sd: float
    source: Source

    def __post_init__(self) -> None:
        if min(self.brand, self.region, self.own) < 0 or abs(self.brand + self.region + self.own - 1) > 1e-9:
            raise ValueError("the parts brand, region and own must be at least 0 and add to 1")
        if abs(sum(self.season)) > 1e-9:
            raise ValueError("the season's four log factors must add to 0")

    def season_of(self, market: str) -> NDArray[np.float64]:
        """(4,) log factors of a market's quarters, adding to 0: its own calendar, or that of all."""
        if market not in self.months:
            return np.array(self.season)
        logs = np.log(np.exp(np.array(self.months[market]).reshape(4, 3)).mean(axis=1))
        out: NDArray[np.float64] = logs - logs.mean()
        return out

    def with_share(self, median: float | None, log_sd: float | None) -> EntryFit:
        """The same numbers with another median share (0..1) or spread of its log, where given.

        Who states a median has looked at the markets: the covariates then move nothing.
        """
        return replace(
            self,
            covariates=self.covariates if median is None else (),
            log_share=self.log_share if median is None else log(median),
            share_sd=self.share_sd if log_sd is None else log_sd,
        )


def entry_fit() -> EntryFit:
    """The numbers shipped with the package, `entry.toml` beside this file."""
    return read_entry_fit(files(__package__).joinpath("entry.toml").read_text(encoding="utf-8"))


def read_entry_fit(text: str) -> EntryFit:
    """Numbers in the form of `entry.toml`."""
    return _entry_fit(tomllib.loads(text))


def _entry_fit(table: dict[str, Any]) -> EntryFit:
    share, bias, path, source = table["share"], table["bias"], table["path"], table["source"]
    as_of: date = source["as_of"]
    return EntryFit(
        log_share=share["log_median"],
        share_sd=share["sd"],
        brand=share["brand"],
        region=share["region"],
        own=share["own"],
        bias_mean=bias["mean"],
        bias_sd=bias["sd"],
        home_sd=table["home"]["log_sd"],
        growth_after_entry=path["growth_after_entry"],
        walk=table["lasting"]["walk"],
        scatter=table["lasting"]["scatter"],
        season=tuple(path["season"]),
        months={code: tuple(logs) for code, logs in table["months"].items()},
        within_quarter=tuple(path["within_quarter"]),
        covariates=tuple(Covariate(name=name, **said) for name, said in table["covariates"].items()),
        nb_size_weekly=table["dispersion"]["nb_size_weekly"],
        nb_size_log_sd=table["dispersion"]["nb_size_log_sd"],
        source=Source(who=source["who"], as_of=as_of, grade=Grade(source["grade"])),
    )
