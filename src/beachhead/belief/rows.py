"""Observed counts as arrays: which group each belongs to, and with how much exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import groupby
from math import log
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from beachhead.belief.belief import Belief
from beachhead.belief.line_up import OfferShares, offer_shares
from beachhead.world.errors import BadInput
from beachhead.world.quarter import Quarter, days_by_quarter
from beachhead.world.reading import DemandCount, Funnel

Array = NDArray[np.float64]

_YEAR = 365.25
_WEEKS_A_YEAR = 365.25 / 7

# Deliveries and registrations arrive by boatload and quarter-end, orders do not: their negative-binomial size is this
# share of the size of orders. Registrations: months of the entry panel scatter as with size .94 a week (1 is taken)
# against 20 a week for orders (assumption of the policy prototype, grade C). Deliveries lie between, grade C.
# Leads and test drives scatter more than orders do (events, campaigns), grade C.
SIZE_SHARE = {
    Funnel.ORDERS: 1.0,
    Funnel.DELIVERIES: 0.2,
    Funnel.REGISTRATIONS: 0.05,
    Funnel.TEST_DRIVES: 0.5,
    Funnel.LEADS: 0.5,
}

# What a count is told apart by: place, kind, span, reach, funnel, factor, price; then where twins over offers differ.
_twin_key = attrgetter(
    *("market", "place", "is_pilot", "start", "end", "reach", "funnel", "factor", "factor_log_sd", "price_point"),
    *("offer", "count", "sold_out", "stock_bound"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """W counts, told apart by group g = (market, pilot or not, price asked); sizes are for `nb_size_weekly` = 1.

    Attributes:
        market_of: (G,) index of the market of each group.
        is_pilot: (G,) true where early-adopter bias applies.
        log_price: (G,) log of the price asked over the list price.
        group_of: (W,) group of each count.
        count: (W,) cars counted.
        mean: (W,) exposure: expected count at theta = 0 (years x reach x path).
        size: (W,) negative-binomial size at `nb_size_weekly` = 1 (weeks x reach x share of the funnel).
        mean_before: (W,) exposure up to the morning of the last day; used by sold-out rows only.
        size_before: (W,) size up to the morning of the last day, in proportion to the exposure; likewise.
        sold_out: (W,) true for a stopped count.
        stock_bound: (W,) true where only demand >= count is known.
        log_ratio: (W,) log(mean / size).
        slot: (W,) number of the row's (group, ratio) pair among those of fixed-span rows; 0 for stopped rows.
        slot_group: (F,) group of each pair.
        slot_ratio: (F,) log ratio of each pair.
    """

    market_of: NDArray[np.int64]
    is_pilot: NDArray[np.bool_]
    log_price: NDArray[np.float64]
    group_of: NDArray[np.int64]
    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    size: NDArray[np.float64]
    mean_before: NDArray[np.float64]
    size_before: NDArray[np.float64]
    sold_out: NDArray[np.bool_]
    stock_bound: NDArray[np.bool_]
    log_ratio: NDArray[np.float64]
    slot: NDArray[np.int64]
    slot_group: NDArray[np.int64]
    slot_ratio: NDArray[np.float64]


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


def rows(belief: Belief, counts: tuple[DemandCount, ...], shares: OfferShares | None = None) -> Rows:
    """Arrange counts by group, in an order that does not depend on the order they came in.

    Theta is the demand for all offers of a market; the count of one offer stands for its share of that demand:
    Counts of several offers over the same span are added, and so are their shares.

    Args:
        belief: names the markets and carries the path.
        counts: the W counts.
        shares: of the offers in these and all other counts, as `offer_shares` says; None if these are all.

    Raises:
        BadInput: a count names a market that the belief does not know.
    """
    unknown = sorted({c.market for c in counts} - set(belief.markets))
    if unknown:
        raise BadInput(
            f"the reading names markets the belief does not know: {', '.join(unknown)}", "add them to markets.csv"
        )
    pooled = _pool_offers(counts, offer_shares(counts) if shares is None else shares)
    return arrange(belief, pooled, [_price_label(c) for c, _ in pooled])


def arrange(belief: Belief, pooled: Sequence[tuple[DemandCount, float]], labels: Sequence[str]) -> Rows:
    """Counts with the share of demand that each stands for, as arrays; rows with different labels form other groups."""
    index = {code: m for m, code in enumerate(belief.markets)}
    keys_of = [(index[c.market], c.is_pilot, label) for (c, _), label in zip(pooled, labels, strict=True)]
    groups = sorted(set(keys_of))
    place = {group: g for g, group in enumerate(groups)}
    log_price = np.zeros(len(groups))
    for key, (c, _) in zip(keys_of, pooled, strict=True):
        log_price[place[key]] = log(c.price_point)
    count, mean, size, mean_before, size_before = _columns(belief, [keys[0] for keys in keys_of], pooled)
    group_of = np.array([place[key] for key in keys_of], dtype=np.int64)
    sold_out = np.array([c.sold_out for c, _ in pooled], dtype=np.bool_)
    stock_bound = np.array([c.stock_bound for c, _ in pooled], dtype=np.bool_)
    log_ratio = np.log(mean) - np.log(size)
    fixed = ~(sold_out | stock_bound)
    pairs = np.column_stack((group_of[fixed], np.round(log_ratio[fixed], 12)))
    keys, inverse = np.unique(pairs, axis=0, return_inverse=True)
    slot = np.zeros(len(pooled), dtype=np.int64)
    slot[fixed] = inverse.reshape(-1)
    return Rows(
        market_of=np.array([m for m, _, _ in groups], dtype=np.int64),
        is_pilot=np.array([p for _, p, _ in groups], dtype=np.bool_),
        log_price=log_price,
        group_of=group_of,
        count=count,
        mean=mean,
        size=size,
        mean_before=mean_before,
        size_before=size_before,
        sold_out=sold_out,
        stock_bound=stock_bound,
        log_ratio=log_ratio,
        slot=slot,
        slot_group=keys[:, 0].astype(np.int64),
        slot_ratio=np.ascontiguousarray(keys[:, 1]),
    )


def _price_label(count: DemandCount) -> str:
    return "" if count.price_point == 1.0 else f"at {count.price_point:.12f} of list"


def terms(data: Rows, nb_size_weekly: float) -> Terms:
    """The likelihood's arguments at one dispersion; fixed-span rows of a group with one odds ratio become one term."""
    known = ~(data.sold_out | data.stock_bound)
    late = ~known
    n, k, r = data.count[known], data.size[known] * nb_size_weekly, data.log_ratio[known] - np.log(nb_size_weekly)
    constant = float(np.sum(gammaln(n + k) - gammaln(k) - gammaln(n + 1) + n * r))
    slots = len(data.slot_group)
    fixed = np.column_stack(
        (
            np.bincount(data.slot[known], n, slots),
            np.bincount(data.slot[known], k, slots),
            data.slot_ratio - np.log(nb_size_weekly),
        )
    )
    before = data.size_before[late] * nb_size_weekly * data.sold_out[late]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio_before = np.where(before > 0, np.log(data.mean_before[late]) - np.log(before), 0.0)
    ratio = data.log_ratio[late] - np.log(nb_size_weekly)
    return Terms(
        of_fixed=data.slot_group,
        fixed=fixed,
        of_stopped=data.group_of[late],
        stopped=np.column_stack((data.count[late], data.size[late] * nb_size_weekly, ratio, before, ratio_before)),
        constant=constant,
    )


def _pool_offers(counts: tuple[DemandCount, ...], shares: OfferShares) -> list[tuple[DemandCount, float]]:
    """Counts with the share of the market's demand that they stand for, twins over offers added."""

    def share(c: DemandCount) -> float:
        return shares.get((c.market, c.place, c.offer, c.start, c.end), 1.0)

    pooled: list[tuple[DemandCount, float]] = []
    # sorted once with the key in hand: its first ten parts are the span's
    keyed = sorted(zip(map(_twin_key, counts), range(len(counts)), strict=True))
    for _, same in groupby(keyed, key=lambda pair: pair[0][:10]):
        twins = [counts[at] for _, at in same]
        if len(twins) == 1:
            pooled.append((twins[0], share(twins[0])))
        elif any(c.sold_out or c.stock_bound for c in twins) or len({c.offer for c in twins}) < len(twins):
            pooled.extend((c, share(c)) for c in twins)
        else:
            whole = replace(twins[0], offer="", count=sum(c.count for c in twins))
            pooled.append((whole, min(1.0, sum(share(c) for c in twins))))
    return pooled


def _columns(
    belief: Belief, market_of: Sequence[int], pooled: Sequence[tuple[DemandCount, float]]
) -> tuple[Array, Array, Array, Array, Array]:
    """Count, exposure and unit size of each row, and both up to the morning of its last day; each (W,)."""
    market = np.array(market_of, dtype=np.int64)
    exposed = np.array([c.reach * share for c, share in pooled], dtype=np.float64)
    unit = exposed * np.array([SIZE_SHARE[c.funnel] for c, _ in pooled], dtype=np.float64) * _WEEKS_A_YEAR
    years = np.array([(c.end - c.start).days + 1 for c, _ in pooled], dtype=np.float64) / _YEAR
    factor = np.array([c.factor for c, _ in pooled], dtype=np.float64)
    # a factor known up to a spread s widens the count: 1 / size + s^2 is its squared coefficient of variation
    doubt = np.array([c.factor_log_sd for c, _ in pooled], dtype=np.float64) ** 2 * belief.nb_size_weekly
    unit /= 1 + unit * years * doubt
    path = np.exp(belief.log_path)
    course = _years_on_path([(c.start, c.end) for c, _ in pooled], market, path, belief.quarters)
    # only a stopped count asks for the morning of its last day
    last_day = np.zeros(len(pooled))
    stopped = [w for w, (c, _) in enumerate(pooled) if c.sold_out]
    ends = [(pooled[w][0].end,) * 2 for w in stopped]
    last_day[stopped] = _years_on_path(ends, market[stopped], path, belief.quarters)
    before = np.zeros(len(pooled))
    before[stopped] = np.maximum(course[stopped] - last_day[stopped], 0.0)
    return (
        np.array([c.count for c, _ in pooled], dtype=np.float64),
        exposed * factor * course,
        unit * years,
        exposed * factor * before,
        # by exposure as the mean is, not by days: with other odds than by the evening, more could have sold by morning
        unit * years * before / course,
    )


def _years_on_path(
    spans: Sequence[tuple[date, date]], market: NDArray[np.int64], path: Array, quarters: tuple[Quarter, ...]
) -> Array:
    """(W,) integral of each market's path over its span's days, in years; beyond the grid its nearest quarter holds on.

    Markets share their spans, so each span is split but once, and its integral taken for all markets.
    """
    numbers: dict[tuple[date, date], int] = {}
    span_of = [numbers.setdefault(span, len(numbers)) for span in spans]
    integral = np.zeros((len(numbers), len(path)))
    for (start, end), number in numbers.items():
        for at, years in _split(start, end, quarters[0], len(quarters)):
            integral[number] += years * path[:, at]
    out: Array = integral[span_of, market]
    return out


@lru_cache(maxsize=65_536)
def _split(start: date, end: date, first: Quarter, count: int) -> tuple[tuple[int, float], ...]:
    """The span's years in each quarter of the grid; many markets share their spans."""
    parts = days_by_quarter(start, end)
    return tuple((min(max(quarter - first, 0), count - 1), days / _YEAR) for quarter, days in parts)
