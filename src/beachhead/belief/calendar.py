"""What a calendar says of a span of registrations: number plates, ends of quarters, holidays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from beachhead.belief.fitted import EntryFit
from beachhead.world.quarter import Quarter
from beachhead.world.reading import DemandCount, Funnel

CALENDAR_LOG_SD = 0.1
"""A month's own factor differs from year to year by about so much (residual sd of month factors, panel)."""


def calendar_factor(fit: EntryFit, market: str, start: date, end: date) -> float:
    """What a span is expected to register against an even spread of each quarter over its days; 1 for whole quarters.

    The belief's path carries the quarters of the year; this is the month within its quarter: the market's own month
    factor times that of a newcomer's share, over their mean of the quarter, weighed by days and by the path.
    """
    months = tuple(fit.months.get(market, fit.months["all"]))
    within, season = tuple(fit.within_quarter), tuple(float(v) for v in fit.season_of(market))
    return _factor(months, within, season, start, end)


def calendar_count(fit: EntryFit, count: DemandCount) -> DemandCount:
    """The count with its calendar; orders, leads and test drives follow no register's and are taken as they come."""
    if count.funnel not in (Funnel.DELIVERIES, Funnel.REGISTRATIONS):
        return count
    factor = calendar_factor(fit, count.market, count.start, count.end)
    if abs(np.log(factor)) < 1e-6:
        return count
    spread = float(np.hypot(count.factor_log_sd, CALENDAR_LOG_SD))
    return replace(count, calendar=factor, factor_log_sd=spread)


@lru_cache(maxsize=65_536)
def _factor(
    months: tuple[float, ...], within: tuple[float, ...], season: tuple[float, ...], start: date, end: date
) -> float:
    shaped = even = 0.0
    day = start
    while day <= end:
        quarter = Quarter.of(day)
        last = min(quarter.last_day, end)
        weight, whole = float(np.exp(season[quarter.number - 1])), _days_by_month(quarter.first_day, quarter.last_day)
        part = _days_by_month(day, last)
        mean = sum(_month(months, within, m) * d for m, d in whole) / sum(d for _, d in whole)
        shaped += weight * sum(_month(months, within, m) * d for m, d in part) / mean
        even += weight * sum(d for _, d in part)
        day = last + timedelta(days=1)
    return shaped / even


def _month(months: tuple[float, ...], within: tuple[float, ...], month: int) -> float:
    return float(np.exp(months[month - 1] + within[(month - 1) % 3]))


def _days_by_month(start: date, end: date) -> list[tuple[int, int]]:
    """(month, days of it) of a span within one quarter."""
    days = [start + timedelta(days=step) for step in range((end - start).days + 1)]
    return [(m, sum(d.month == m for d in days)) for m in sorted({d.month for d in days})]
