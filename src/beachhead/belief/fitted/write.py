"""The numbers of the entry model as the text of `entry.toml`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from beachhead.belief.fitted import EntryFit
from beachhead.belief.history.refit import EntryNumbers

Array = NDArray[np.float64]

_ISO = {"UK": "GB"}  # the panel's spelling, and that of a launch


_TEXT = """\
# Numbers of the entry model, fitted on real brand entries; read by `beachhead.belief.fitted`.
# Written by `beachhead evidence refit --panel DIR --write FILE`: mend the fit, not this file. What no panel can tell
# (bias, home, dispersion) is an assumption and stays as it stands here.
# Log share = log of a brand's share of a market's battery-electric registrations in months 7-12 after entry.

[source]
who = "{who}"
as_of = {where.as_of}
grade = "B"

[provenance]
panel_sha256 = "{where.digest}"
files = [{files}]
rows = {where.rows}
entries = {entries}
entries_of_a_year = {of_a_year}
fitted_on = {where.fitted_on}
version = "{where.version}"

[share]
# Median of the log share of listed entries. The distribution is left-skewed, and failed entries are under-counted
# because only listed brands are seen: the Gaussian takes the median for its mean, and for its sd the middle between
# that of the upper half and that of all, so it is wider below than the listed entries say.
log_median = {log_median}
sd = {sd}
# Share of that variance held in common by all markets of one brand (middle between that over pairs of entries and that
# by marginal likelihood), by the markets of one region beyond that, and by the single market.
brand = {brand}
region = {region}
own = {own}
brand_by_pairs = {pairs}
brand_by_likelihood = {likelihood}

[covariates]
# Change of the log share for one standard deviation (`scale`) of what is known of a market, all together with one ridge
# ({ridge}, by marginal likelihood). Brands left out one at a time: the six together change the CRPS of months 7-12 by
# {change}.
{slopes}

[path]
# Yearly drift of the log share after the first year of an entry that went on (months 7-12 to 13-24, sd {growth_sd}).
growth_after_entry = {growth}
# Log of quarterly registrations against their centred mean, median of {countries} countries.
season = {season}
# Log factor of a quarter's first, second and third month on a newcomer's share of its market.
within_quarter = {within}

[months]
# Log factor of January to December on a market's registrations; a country's own is shrunk towards that of all.
all = {all_months}
{months}

[lasting]
# How long a level lasts: the variance by which it moves in a quarter, as a share of that above (a random walk of
# {walk_var} a quarter), and the variance of a quarter's own scatter, by the likelihood of {quarters:,} quarters of
# newcomers; counting noise is apart.
walk = {walk}
scatter = {scatter_var}

[bias]
# Early-adopter bias of pilots: no panel can show it; assumption of grade C.
mean = {held.bias_mean}
sd = {held.bias_sd}

[home]
# A market in which the maker already sells: what it sells now is known up to a tenth either way (assumption, grade C).
log_sd = {held.home_sd}

[dispersion]
# Size of the negative binomial for a week of orders at full reach, and the sd of its log (assumption, grade C). That of
# registrations is taken as a twentieth, 1 a week; months of the panel's newcomers scatter as with {scatter}.
nb_size_weekly = {held.nb_size_weekly}
nb_size_log_sd = {held.nb_size_log_sd}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where refitted numbers come from.

    Attributes:
        digest: sha256 over names and contents of the files read.
        files: their names.
        rows: lines read in them.
        as_of: last day of the newest month read.
        fitted_on: day of the fit.
        version: of Beachhead.
    """

    digest: str
    files: tuple[str, ...]
    rows: int
    as_of: date
    fitted_on: date
    version: str


def entry_toml(found: EntryNumbers, held: EntryFit, where: Provenance) -> str:
    """The file: what the panel says, and the assumptions that it cannot tell as they are held now."""
    season = [round(float(v), 3) for v in found.season[:3]]
    brand, region = _number(found.brand), _number(found.region)
    months = {_ISO.get(code, code): logs for code, logs in found.months_of.items()}
    all_six, lasting = found.told[-1], found.lasting
    return _TEXT.format(
        who=f"entry panel: {found.entries} newcomers ({found.brands} brands, {found.first} to {found.last})",
        where=where,
        files=", ".join(f'"{name}"' for name in where.files),
        entries=found.entries,
        of_a_year=len(found.seen.log_share),
        log_median=_number(found.log_median),
        sd=_number(found.sd),
        brand=brand,
        region=region,
        own=_number(1 - brand - region),
        pairs=_number(found.pairs),
        likelihood=_number(found.fit.brand**2 / found.fit.variance),
        ridge=f"{found.fit.ridge:.2f}",
        change=f"{all_six.crps_change:+.1%} ({all_six.crps_change_low:+.1%} to {all_six.crps_change_high:+.1%})",
        slopes="\n".join(_slope(found, k) for k in range(len(found.seen.names))),
        growth=_number(found.growth_after_entry),
        growth_sd=f"{found.growth_sd:.2f}",
        season=[*season, round(-sum(season), 3)],
        within=_list(found.within_quarter, 3),
        countries=len(months),
        months="\n".join(f"{code} = {_list(logs, 2)}" for code, logs in sorted(months.items())),
        all_months=_list(found.months, 2),
        walk_var=f"{lasting.walk:.3f}",
        quarters=lasting.quarters,
        walk=round(lasting.walk / found.sd**2, 4),
        scatter_var=_number(lasting.scatter),
        held=held,
        scatter=f"{found.registration_size_weekly:.2f}",
    )


def _slope(found: EntryNumbers, k: int) -> str:
    seen, fit = found.seen, found.fit
    numbers = {
        "centre": _number(seen.centre[k]),
        "scale": _number(seen.scale[k]),
        "slope": _number(fit.slopes[k]),
        "slope_sd": _number(fit.slope_sd[k]),
        "known": int(seen.known[:, k].sum()),
    }
    return f'"{seen.names[k]}" = {{ {", ".join(f"{name} = {value}" for name, value in numbers.items())} }}'


def _number(value: float) -> float:
    return round(float(value), 3)


def _list(values: Array | Sequence[float], digits: int) -> str:
    return "[" + ", ".join(f"{round(float(v), digits) + 0.0:g}" for v in values) + "]"
