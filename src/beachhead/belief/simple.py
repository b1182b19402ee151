"""Simple odds of a coming count, to be beaten: the last value again, and the brand's mean share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, log

from scipy.special import ndtr

from beachhead.world.market import Market

SPREAD, WORTH = 1.0, 8.0
"""Before a rule has made errors of its own, its log error is taken for normal with this sd, worth so many errors."""

FACTORS = (0.5, 1.0, 2.0)
"""Odds are asked of half a reference level, the level itself, and twice it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a market sold in a span, beside what it was expected to sell if the brand took its mean share.

    Attributes:
        market: market code.
        count: cars counted.
        size: battery-electric cars that the market was expected to register in the same span.
    """

    market: str
    count: int
    size: float


def market_size(market: Market, start: date, end: date) -> float:
    """Battery-electric cars that the market was expected to register from `start` to `end`, both included.

    The yearly number holds in the middle of the year that ends on its as-of date, and grows at the market's rate.
    """
    days = (end - start).days + 1
    years = (start.toordinal() + days / 2 - (market.source.as_of.toordinal() - 182.5)) / 365.25
    growth: float = (1 + market.bev_growth) ** years
    return market.bev_per_year * growth * days / 365.25


def numbers_asked(reference: float) -> tuple[int, ...]:
    """The numbers of cars whose odds are stated: `FACTORS` times the reference, whole cars, at least one."""
    return tuple(dict.fromkeys(max(1, ceil(factor * reference)) for factor in FACTORS))


def mean_share(seen: Sequence[Seen], *, otherwise: float) -> float:
    """The brand's mean share of the markets where it sells; `otherwise` while it sells nowhere."""
    shares = [each.count / each.size for each in seen if each.size > 0]
    return sum(shares) / len(shares) if shares else otherwise


def error_of(level: float, count: int) -> float:
    """By how much a level missed, on the log scale: log(1 + count) - log(1 + level)."""
    return log(1 + count) - log(1 + level)


def odds_around(level: float, errors: Sequence[float], at_least: Sequence[int]) -> tuple[float, ...]:
    """P(count >= n) for each n, where the count is the level times an error like those made before, 0..1.

    The empirical distribution of the errors, mixed with a normal one worth `WORTH` of them, so that no odds are 0 or 1.
    """
    return tuple(_odds(log(1 + level), errors, number) for number in at_least)


def _odds(centre: float, errors: Sequence[float], number: int) -> float:
    needed = log(number + 0.5) - centre
    hits = sum(error >= needed for error in errors)
    return float((hits + WORTH * ndtr(-needed / SPREAD)) / (len(errors) + WORTH))
