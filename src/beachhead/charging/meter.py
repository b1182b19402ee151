"""What a household's meter has shown: quantiles of its load by hour and kind of day, from strictly past hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.charging.habit import weekday
from beachhead.world.errors import BadInput

Floats = NDArray[np.float64]

LEVELS_SHOWN = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadAhead:
    """The household's load expected in each hour, kW; quantiles over past days of the same kind (working day, weekend).

    Attributes:
        low: (T,) one hour in ten was below.
        median: (T,) half were below.
        high: (T,) nine in ten were below.
        mean: (T,) mean.
        highest: (T,) the highest of any day: what a fuse and a peak are kept by.
    """

    low: Floats
    median: Floats
    high: Floats
    mean: Floats
    highest: Floats


def load_ahead(load_kw: Floats, now: int, hours: int) -> LoadAhead:
    """Expected load of `hours` from the hour `now` (since 1970 local) on; `load_kw` (P,) are the hours before it."""
    if load_kw.size < 14 * 24 or not np.isfinite(load_kw).all() or (load_kw < 0).any():
        raise BadInput(f"{load_kw.size} hours of household load", "give two weeks or more, in kW, without gaps")
    past = now - load_kw.size + np.arange(load_kw.size)
    clock, ends = past % 24, weekday(past) >= 5
    table = np.empty((5, 2, 24))
    for weekend in (0, 1):
        for hour in range(24):
            alike = load_kw[(clock == hour) & (ends == weekend)]
            # The quantile that a new day of the kind lies below with this chance (Weibull 1939).
            table[:3, weekend, hour] = np.quantile(alike, LEVELS_SHOWN, method="weibull")
            table[3, weekend, hour] = alike.mean()
            table[4, weekend, hour] = load_kw[clock == hour].max()
    ahead = now + np.arange(hours)
    low, median, high, mean, highest = table[:, (weekday(ahead) >= 5).astype(int), ahead % 24]
    return LoadAhead(low=low, median=median, high=high, mean=mean, highest=highest)
