"""Observed counts as arrays: which group each belongs to, and with how much exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from beachhead.belief.belief import Belief
from beachhead.world.errors import BadInput
from beachhead.world.quarter import Quarter
from beachhead.world.reading import DemandCount, Funnel

_YEAR = 365.25
_WEEKS_A_YEAR = 365.25 / 7

# Deliveries and registrations arrive by boatload and quarter-end, orders do not: their negative-binomial size is this
# share of the size of orders. Registrations: monthly coefficient of variation .47 on the entry panel (size 1.0 a week)
# against 20 a week for orders (assumption of the policy prototype, grade C). Deliveries lie between, grade C.
SIZE_SHARE = {Funnel.ORDERS: 1.0, Funnel.DELIVERIES: 0.2, Funnel.REGISTRATIONS: 0.05}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """W counts, told apart by group g = (market, pilot or not); sizes are for `nb_size_weekly` = 1.

    Attributes:
        market_of: (G,) index of the market of each group.
        is_pilot: (G,) true where early-adopter bias applies.
        group_of: (W,) group of each count.
        count: (W,) cars counted.
        mean: (W,) exposure: expected count at theta = 0 (years x reach x path).
        size: (W,) negative-binomial size at `nb_size_weekly` = 1 (weeks x reach x share of the funnel).
        mean_before: (W,) exposure up to the morning of the last day; used by sold-out rows only.
        size_before: (W,) size up to the morning of the last day.
        sold_out: (W,) true for a stopped count.
        stock_bound: (W,) true where only demand >= count is known.
    """

    market_of: NDArray[np.int64]
    is_pilot: NDArray[np.bool_]
    group_of: NDArray[np.int64]
    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    size: NDArray[np.float64]
    mean_before: NDArray[np.float64]
    size_before: NDArray[np.float64]
    sold_out: NDArray[np.bool_]
    stock_bound: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Terms:
    """Rows at a given dispersion, with equal odds ratios of a group summed; arguments of `likelihood`.

    Attributes:
        of_fixed: (F,) group of each fixed-span term.
        fixed: (F, 3) count, size, log(mean / size).
        of_stopped: (E,) group of each stopped count.
        stopped: (E, 5) count, size and log ratio at the end and at the beginning of the last day.
        constant: log likelihood terms free of the rates.
    """

    of_fixed: NDArray[np.int64]
    fixed: NDArray[np.float64]
    of_stopped: NDArray[np.int64]
    stopped: NDArray[np.float64]
    constant: float


def rows(belief: Belief, counts: tuple[DemandCount, ...], offer_shares: Mapping[tuple[str, str], float]) -> Rows:
    """Arrange counts by group, in an order that does not depend on the order they came in.

    Theta is the demand for all offers of a market; the count of one offer stands for its share of that demand:
    `offer_shares[market, offer]` where given, else an equal share among the offers seen in the market. Counts of
    several offers over the same span are added, and so are their shares.

    Args:
        belief: names the markets and carries the path.
        counts: the W counts.
        offer_shares: share of a market's demand that goes to an offer, 0..1.

    Raises:
        BadInput: a count names a market that the belief does not know.
    """
    unknown = sorted({c.market for c in counts} - set(belief.markets))
    if unknown:
        raise BadInput(
            f"the reading names markets the belief does not know: {', '.join(unknown)}", "add them to markets.csv"
        )
    pooled = _pool_offers(counts, offer_shares)
    index = {code: m for m, code in enumerate(belief.markets)}
    groups = sorted({(index[c.market], c.is_pilot) for c, _ in pooled})
    place = {group: g for g, group in enumerate(groups)}
    path = np.exp(belief.log_path)
    table = np.array([_row(c, share, path[index[c.market]], belief.quarters) for c, share in pooled]).reshape(-1, 5)
    return Rows(
        market_of=np.array([m for m, _ in groups], dtype=np.int64),
        is_pilot=np.array([p for _, p in groups], dtype=np.bool_),
        group_of=np.array([place[index[c.market], c.is_pilot] for c, _ in pooled], dtype=np.int64),
        count=np.ascontiguousarray(table[:, 0]),
        mean=np.ascontiguousarray(table[:, 1]),
        size=np.ascontiguousarray(table[:, 2]),
        mean_before=np.ascontiguousarray(table[:, 3]),
        size_before=np.ascontiguousarray(table[:, 4]),
        sold_out=np.array([c.sold_out for c, _ in pooled], dtype=np.bool_),
        stock_bound=np.array([c.stock_bound for c, _ in pooled], dtype=np.bool_),
    )


def terms(data: Rows, nb_size_weekly: float) -> Terms:
    """The likelihood's arguments at one dispersion; fixed-span rows of a group with one odds ratio become one term."""
    known = ~(data.sold_out | data.stock_bound)
    size = data.size * nb_size_weekly
    ratio = np.log(data.mean) - np.log(size)
    n, k, r, g = data.count[known], size[known], ratio[known], data.group_of[known]
    constant = float(np.sum(gammaln(n + k) - gammaln(k) - gammaln(n + 1) + n * r))
    keys, inverse = np.unique(np.column_stack((g, np.round(r, 12))), axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    fixed = np.column_stack((np.bincount(inverse, n, len(keys)), np.bincount(inverse, k, len(keys)), keys[:, 1]))
    late = ~known
    before = data.size_before[late] * nb_size_weekly * data.sold_out[late]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio_before = np.where(before > 0, np.log(data.mean_before[late]) - np.log(before), 0.0)
    return Terms(
        of_fixed=keys[:, 0].astype(np.int64),
        fixed=np.ascontiguousarray(fixed),
        of_stopped=data.group_of[late],
        stopped=np.column_stack((data.count[late], size[late], ratio[late], before, ratio_before)),
        constant=constant,
    )


def _pool_offers(
    counts: tuple[DemandCount, ...], offer_shares: Mapping[tuple[str, str], float]
) -> list[tuple[DemandCount, float]]:
    """Counts with the share of the market's demand that they stand for, twins over offers added."""
    seen = {market: {c.offer for c in counts if c.market == market} for market in {c.market for c in counts}}

    def share(c: DemandCount) -> float:
        equal = 1.0 / len(seen[c.market] - {""}) if c.offer else 1.0
        return offer_shares.get((c.market, c.offer), equal)

    pooled: list[tuple[DemandCount, float]] = []
    for _, same in groupby(sorted(counts, key=_twin_key), key=_span_key):
        twins = list(same)
        if any(c.sold_out or c.stock_bound for c in twins) or len({c.offer for c in twins}) < len(twins):
            pooled.extend((c, share(c)) for c in twins)
        else:
            whole = replace(twins[0], offer="", count=sum(c.count for c in twins))
            pooled.append((whole, min(1.0, sum(share(c) for c in twins))))
    return pooled


def _span_key(c: DemandCount) -> tuple[str, bool, date, date, float, str]:
    return (c.market, c.is_pilot, c.start, c.end, c.reach, c.funnel.value)


def _twin_key(c: DemandCount) -> tuple[object, ...]:
    return (*_span_key(c), c.offer, c.count, c.sold_out, c.stock_bound)


def _row(
    c: DemandCount, share: float, path: NDArray[np.float64], quarters: tuple[Quarter, ...]
) -> tuple[float, float, float, float, float]:
    """Count, exposure and unit size of a row, and both up to the morning of its last day."""
    exposed = c.reach * share
    unit = exposed * SIZE_SHARE[c.funnel] * _WEEKS_A_YEAR
    years = c.years
    before = years - 1 / _YEAR
    course = _years_on_path(c.start, c.end, path, quarters)
    course_before = course - _years_on_path(c.end, c.end, path, quarters)
    return float(c.count), exposed * course, unit * years, exposed * max(course_before, 0.0), unit * max(before, 0.0)


def _years_on_path(start: date, end: date, path: NDArray[np.float64], quarters: tuple[Quarter, ...]) -> float:
    """Integral of the path over the days start..end, in years; beyond the grid its nearest quarter holds on."""
    total, day = 0.0, start
    while day <= end:
        quarter = Quarter.of(day)
        last = min(quarter.last_day, end)
        at = min(max(quarter - quarters[0], 0), len(quarters) - 1)
        total += ((last - day).days + 1) / _YEAR * float(path[at])
        day = last + timedelta(days=1)
    return total
