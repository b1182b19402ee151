"""Every number of the entry model that history can tell, fitted on a panel in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.history.case import filled
from beachhead.belief.history.lasting import FEWEST_CARS, LastingFit, fit_lasting
from beachhead.belief.history.level import LevelFit, Levels, Told, fit_levels, levels, tell
from beachhead.belief.history.season import month_factors, quarter_factors, registration_size, within_quarter
from beachhead.world.entry import Entry, Panel, month_text
from beachhead.world.errors import NotLearnt

Array = NDArray[np.float64]

FEWEST_ENTRIES = 20
REGISTRATION_SIZE = 1.0
"""Negative-binomial size of a week of registrations that a reading takes (`belief.rows.SIZE_SHARE` of orders')."""
NO_COUNTRY = ("EU", "global")
"""Sums over countries that stand among the market totals."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EntryNumbers:
    """What a panel says of newcomers; the numbers of `belief/fitted/entry.toml`.

    Attributes:
        log_median: median over entries of the log share in months 7-12.
        sd: halfway between the spread of the upper half and that of all entries, about the median.
        brand: share of that variance common to a brand: halfway between pairs of entries and marginal likelihood.
        region: share common to a brand's region beyond that, by marginal likelihood.
        own: the rest.
        pairs: correlation over pairs of entries of one brand, each brand counting by its entries less one.
        fit: the mixed model with all covariates.
        seen: the levels it was fitted on.
        told: what each covariate is worth.
        growth_after_entry: mean change of the log share from months 7-12 to 13-24.
        growth_sd: its standard deviation between entries.
        season: (4,) log factors of the quarters, adding to 0.
        months: (12,) log factors of the months over all countries.
        months_of: (12,) log factors by country.
        within_quarter: (3,) log factors of a quarter's months on a newcomer's share.
        lasting: how long a level lasts, and what quarters scatter.
        registration_size_weekly: negative-binomial size of one week of registrations.
        entries: newcomers read.
        brands: their brands.
        first: first month of any.
        last: last month of any.
    """

    log_median: float
    sd: float
    brand: float
    region: float
    own: float
    pairs: float
    fit: LevelFit
    seen: Levels
    told: tuple[Told, ...]
    growth_after_entry: float
    growth_sd: float
    season: Array
    months: Array
    months_of: dict[str, Array]
    within_quarter: Array
    lasting: LastingFit
    registration_size_weekly: float
    entries: int
    brands: int
    first: str
    last: str


def refit_entry(panel: Panel, x: Array, names: Sequence[str]) -> EntryNumbers:
    """Fit everything on a panel's newcomers.

    Args:
        panel: entries and market totals.
        x: (newcomers, K) covariates of the newcomers, in the order of the panel; NaN where unknown.
        names: K names.

    Raises:
        NotLearnt: fewer than 20 newcomers have sold for a year.
    """
    new = newcomers(panel)
    seen = levels(new, x, names)
    if len(seen.log_share) < FEWEST_ENTRIES:
        raise NotLearnt(
            f"only {len(seen.log_share)} newcomers of the panel have sold for a year",
            f"give a panel with at least {FEWEST_ENTRIES}",
        )
    fit, y = fit_levels(seen), seen.log_share
    middle = float(np.median(y))
    pairs, region = _pairs(seen, middle), fit.region**2 / fit.variance
    brand = 0.5 * (pairs + fit.brand**2 / fit.variance)
    growth = _growth(new)
    pooled, own_months = month_factors([m for m in panel.markets if m.country not in NO_COUNTRY])
    return EntryNumbers(
        log_median=middle,
        sd=0.5 * (_rms(y[y > middle] - middle) + _rms(y - middle)),
        brand=brand,
        region=region,
        own=1 - brand - region,
        pairs=pairs,
        fit=fit,
        seen=seen,
        told=tell(seen),
        growth_after_entry=float(growth.mean()),
        growth_sd=float(growth.std()),
        season=quarter_factors(pooled),
        months=pooled,
        months_of=own_months,
        within_quarter=within_quarter(new),
        lasting=fit_lasting(new, REGISTRATION_SIZE),
        registration_size_weekly=registration_size(new),
        entries=len(new),
        brands=len({e.brand for e in new}),
        first=month_text(min(e.first for e in new)),
        last=month_text(max(e.first + len(e.cars) - 1 for e in new)),
    )


def newcomers(panel: Panel) -> tuple[Entry, ...]:
    """The entries that the numbers are fitted on."""
    return tuple(entry for entry in panel.entries if entry.newcomer)


def _rms(away: Array) -> float:
    return float(np.sqrt(np.mean(away**2)))


def _pairs(seen: Levels, middle: float) -> float:
    """Mean product of the deviations of two entries of a brand over the variance; brands weigh n - 1."""
    away = seen.log_share - middle
    total = weight = 0.0
    for brand in np.unique(seen.brand):
        own = away[seen.brand == brand]
        n = len(own)
        if n > 1:
            total += (float(own.sum()) ** 2 - float(own @ own)) / n
            weight += n - 1
    return float(np.clip(total / weight / np.mean(away**2), 0.0, 0.9)) if weight else 0.0


def _growth(entries: Sequence[Entry]) -> Array:
    """Change of the log share from months 7-12 to 13-24 of the entries that went on; to stop is the maker's choice."""
    out = []
    for e in entries:
        if len(e.cars) >= 24:
            cars = filled(e)
            if cars[6:12].sum() >= 2 * FEWEST_CARS and cars[21:24].sum() >= FEWEST_CARS:
                before = np.log((cars[6:12].sum() + 0.5) / e.market[6:12].sum())
                out.append(np.log((cars[12:24].sum() + 0.5) / e.market[12:24].sum()) - before)
    return np.array(out)
