"""The numbers of the entry model as data with provenance, and how to read them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from math import log
from typing import Any

from beachhead.world.source import Grade, Source


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
        drift_brand_sd: sd of the log by which all levels of a brand move together, per square root of a year.
        drift_own_sd: sd of the log by which one market's level moves alone, per square root of a year.
        season: log factor of quarters 1 to 4, adding to 0.
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
    drift_brand_sd: float
    drift_own_sd: float
    season: tuple[float, float, float, float]
    nb_size_weekly: float
    nb_size_log_sd: float
    source: Source

    def __post_init__(self) -> None:
        if min(self.brand, self.region, self.own) < 0 or abs(self.brand + self.region + self.own - 1) > 1e-9:
            raise ValueError("the parts brand, region and own must be at least 0 and add to 1")
        if abs(sum(self.season)) > 1e-9:
            raise ValueError("the season's four log factors must add to 0")

    def with_share(self, median: float | None, log_sd: float | None) -> EntryFit:
        """The same numbers with another median share (0..1) or spread of its log, where given."""
        return replace(
            self,
            log_share=self.log_share if median is None else log(median),
            share_sd=self.share_sd if log_sd is None else log_sd,
        )


def entry_fit() -> EntryFit:
    """The numbers shipped with the package, `entry.toml` beside this file."""
    table = tomllib.loads(files(__package__).joinpath("entry.toml").read_text(encoding="utf-8"))
    return _entry_fit(table)


def _entry_fit(table: dict[str, Any]) -> EntryFit:
    share, bias, path, said = table["share"], table["bias"], table["path"], table["source"]
    as_of: date = said["as_of"]
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
        drift_brand_sd=table["drift"]["brand_sd"],
        drift_own_sd=table["drift"]["own_sd"],
        season=tuple(path["season"]),
        nb_size_weekly=table["dispersion"]["nb_size_weekly"],
        nb_size_log_sd=table["dispersion"]["nb_size_log_sd"],
        source=Source(who=said["who"], as_of=as_of, grade=Grade(said["grade"])),
    )
