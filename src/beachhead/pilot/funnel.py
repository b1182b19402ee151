"""The funnel as one model: leads -> test drives -> orders -> deliveries, so each stage tells of demand in its time.

`read` takes one count of a key, the one that covers most days. Here the spans that it had to leave out speak as well,
each buyer once. Orders come D days before their deliveries: a key read by its deliveries gains the orders whose cars
cannot have come yet, one read by orders the deliveries of cars ordered before its orders were written down. Leads and
test drives of the newest spans, before any order of them is known, are orders to come at a conversion r: its log is
normal, with what such shops usually convert beforehand, the shops' own ratios (each known up to 1/orders + 1/leads, and
apart from each other by .4) afterwards; a count times an uncertain r is a thinned negative binomial with its spread
added. D is the mean gap between the day on which so many cars had been ordered and the day on which so many had been
handed over, first in first out, with 60 days (sd 30) beforehand. A span in which stock had run out says nothing here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from math import exp, log

import numpy as np
from numpy.typing import NDArray

from beachhead.pilot.count import CARS, counted, funnel_of
from beachhead.pilot.once import each_once
from beachhead.pilot.read import at_list, buyers_of, is_scaled, name_of, place_of
from beachhead.world.figures import spaced
from beachhead.world.reading import DemandCount, Funnel, Observation, Reading, is_far_from_list

Array = NDArray[np.float64]
Key = tuple[str, str, str, str, str]

USUAL = {Funnel.TEST_DRIVES: (log(0.25), 0.6), Funnel.LEADS: (log(0.06), 0.8)}
"""Log of orders for one test drive or lead, and its spread between makers (grade C; 9 to 67 %; 2 to 22 %)."""
BETWEEN_SHOPS = 0.4
"""Spread of that log between the shops of one maker (grade C)."""
USUAL_DELAY_DAYS, DELAY_SD_DAYS, SHOP_DELAY_SD_DAYS = 60.0, 30.0, 15.0
"""From order to hand-over: mean and spread between makers, and between shops of one maker (grade C)."""
_FEWEST_ORDERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """Orders for one test drive or lead.

    Attributes:
        log_mean: mean of its log over shops.
        log_sd: spread of a shop's own, what is not known of the mean included.
        shops: keys in which both were counted.
    """

    log_mean: float
    log_sd: float
    shops: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelFit:
    """What the rows say of the way from a lead to a car.

    Attributes:
        conversions: of test drives and leads.
        delay_days: from order to hand-over.
        delay_shops: keys from which it was learnt.
    """

    conversions: Mapping[Funnel, Conversion]
    delay_days: float
    delay_shops: int


def join_funnel(
    rows: Iterable[Observation],
    seen: Reading,
    *,
    default_reach: Callable[[Observation], float | None],
    scaled_since: Mapping[str, date] | None = None,
    price_point: Callable[[Observation], float] = at_list,
) -> Reading:
    """The reading with the spans that one count a key had to leave out; `seen` is the answer of `pilot.read`.

    A sentence in `allowed_for` says for each kind of span what was taken in, and by which conversion or delay.
    """
    told = sorted(each_once(rows).rows, key=lambda r: (r.key, r.start))
    keys = [(key, list(group)) for key, group in groupby(told, lambda r: r.key)]
    fit = fit_funnel([group for _, group in keys])
    since = scaled_since or {}
    more: list[tuple[Observation, DemandCount]] = []
    for _, group in keys:
        more += [
            (row, made)
            for row, funnel, count in _further(group, fit)
            if (made := _demand(row, funnel, count, fit, default_reach, since, price_point(row))) is not None
        ]
    if not more:
        return seen
    more = _shared_doubt(more)
    taken = {name_of(row) for row, _ in more}
    return replace(
        seen,
        counts=tuple(sorted([*seen.counts, *(made for _, made in more)], key=place_of)),
        left_out=tuple(line for line in seen.left_out if line.partition(": ")[0] not in taken),
        allowed_for=(*seen.allowed_for, *_sentences([made for _, made in more], fit)),
    )


def _shared_doubt(more: list[tuple[Observation, DemandCount]]) -> list[tuple[Observation, DemandCount]]:
    """The conversion is one unknown for all spans of a market: n spans get n times its variance, so n tell no more."""
    alike = Counter((made.market, made.funnel) for _, made in more)
    return [
        (row, replace(made, factor_log_sd=made.factor_log_sd * alike[made.market, made.funnel] ** 0.5))
        for row, made in more
    ]


def fit_funnel(keys: Sequence[Sequence[Observation]]) -> FunnelFit:
    """Conversions and the delay from order to hand-over; rows by key, in order of time."""
    gaps = [gap for rows in keys if (gap := _delay(rows)) is not None]
    precision = 1 / DELAY_SD_DAYS**2 + len(gaps) / SHOP_DELAY_SD_DAYS**2
    middle = (USUAL_DELAY_DAYS / DELAY_SD_DAYS**2 + sum(gaps) / SHOP_DELAY_SD_DAYS**2) / precision
    return FunnelFit(
        conversions={funnel: _conversion(keys, funnel) for funnel in USUAL},
        delay_days=middle,
        delay_shops=len(gaps),
    )


def _conversion(keys: Sequence[Sequence[Observation]], funnel: Funnel) -> Conversion:
    """Normal-normal on the log of each shop's ratio (Gelman et al. 2013, Bayesian Data Analysis, section 5.4)."""
    mean, sd = USUAL[funnel]
    precision, total, shops = 1 / sd**2, mean / sd**2, 0
    for rows in keys:
        both = [r for r in rows if counted(r, funnel) and r.orders is not None and r.sold_out_on is None]
        before = sum(counted(r, funnel) or 0 for r in both)
        orders = sum(counted(r, Funnel.ORDERS) or 0 for r in both)
        if orders < _FEWEST_ORDERS:
            continue
        weight = 1 / (BETWEEN_SHOPS**2 + 1 / orders + 1 / before)
        precision, total, shops = precision + weight, total + weight * log(orders / before), shops + 1
    return Conversion(log_mean=total / precision, log_sd=(1 / precision + BETWEEN_SHOPS**2) ** 0.5, shops=shops)


def _delay(rows: Sequence[Observation]) -> float | None:
    """Mean gap in days at which as many cars had been handed over as ordered, first in first out; None if not seen."""
    orders = [(r.end, counted(r, Funnel.ORDERS)) for r in rows]
    handed = [(r.end, r.deliveries) for r in rows]
    if rows[0].orders is None or rows[0].deliveries is None:  # the first cars of one of the two were not written down
        return None
    order_days, ordered = _cumulated(rows[0].start, orders)
    hand_days, given = _cumulated(rows[0].start, handed)
    most = min(ordered[-1], given[-1])
    if most < _FEWEST_ORDERS:
        return None
    at = (np.arange(int(most)) + 0.5) * 1.0
    gap = np.interp(at, given, hand_days) - np.interp(at, ordered, order_days)
    return float(max(gap.mean(), 0.0))


def _cumulated(start: date, counts: Sequence[tuple[date, int | None]]) -> tuple[Array, Array]:
    """Days since the start and cars up to then, both rising; stops at the first span that was not counted."""
    days, cars = [0.0], [0.0]
    for end, count in counts:
        if count is None:
            break
        days.append(float((end - start).days + 1))
        cars.append(cars[-1] + count + 1e-9)
    return np.array(days), np.array(cars)


_Told = tuple[Observation, Funnel, int]
"""A span, and the count of it that is read."""


def _further(rows: Sequence[Observation], fit: FunnelFit) -> list[_Told]:
    """Spans of one key that `read` left out and that tell of other buyers than those it counted."""
    base, delay, empty = funnel_of(rows), timedelta(days=round(fit.delay_days)), _empty(rows)
    earlier = _before_orders(rows, delay) if base is Funnel.ORDERS else _still_to_come(rows, base, delay, empty)
    return [*earlier, *_newer_than_cars(rows, empty)]


def _before_orders(rows: Sequence[Observation], delay: timedelta) -> list[_Told]:
    """Deliveries of cars that were ordered before orders were written down."""
    written = next((row for row in rows if row.orders is not None), None)
    if written is None:
        return []
    return [
        (row, Funnel.DELIVERIES, row.deliveries)
        for row in rows
        if row.orders is None and row.deliveries is not None and row.end - delay < written.start
    ]


def _still_to_come(
    rows: Sequence[Observation], base: Funnel, delay: timedelta, empty: set[tuple[object, ...]]
) -> list[_Told]:
    """Orders whose cars cannot have come yet, where cars are counted."""
    last = next((row.end for row in reversed(rows) if counted(row, base) is not None), None)
    if last is None:
        return []
    return [
        (row, Funnel.ORDERS, counted(row, Funnel.ORDERS) or 0)
        for row in rows
        if row.orders is not None
        and counted(row, base) is None
        and row.start + delay > last
        and row.key + (row.start,) not in empty
    ]


def _newer_than_cars(rows: Sequence[Observation], empty: set[tuple[object, ...]]) -> list[_Told]:
    """What stands earliest in the funnel, of spans after the last one in which cars were counted."""
    newest = max((row.end for row in rows if any(counted(row, f) is not None for f in CARS)), default=None)
    out: list[_Told] = []
    for row in rows:
        if (newest is None or row.start > newest) and row.key + (row.start,) not in empty:
            funnel = next((f for f in USUAL if counted(row, f) is not None), None)
            if funnel is not None:
                out.append((row, funnel, counted(row, funnel) or 0))
    return out


def _empty(rows: Sequence[Observation]) -> set[tuple[object, ...]]:
    """Spans that began with no stock, as far as known: after a sell-out, until more came."""
    out: set[tuple[object, ...]] = set()
    gone = False
    for row in rows:
        if row.opening_stock is not None:
            gone = row.opening_stock == 0
        if gone or row.sold_out_on is not None:
            out.add(row.key + (row.start,))
        gone = gone or row.sold_out_on is not None
    return out


def _demand(
    row: Observation,
    funnel: Funnel,
    count: int,
    fit: FunnelFit,
    default_reach: Callable[[Observation], float | None],
    since: Mapping[str, date],
    point: float,
) -> DemandCount | None:
    reach = row.reach if row.reach is not None else default_reach(row)
    if not reach or is_far_from_list(point):
        return None
    conversion = fit.conversions.get(funnel)
    back = timedelta(days=round(fit.delay_days)) if funnel is Funnel.DELIVERIES else timedelta(0)
    return DemandCount(
        market=row.market,
        offer=row.offer,
        start=row.start - back,
        end=row.end - back,
        count=count,
        reach=reach,
        funnel=funnel,
        is_pilot=not is_scaled(row, since),
        per_order=1.0 if conversion is None else exp(-conversion.log_mean),
        factor_log_sd=0.0 if conversion is None else conversion.log_sd,
        price_point=point,
        place=buyers_of(row, since),
    )


def _sentences(made: Sequence[DemandCount], fit: FunnelFit) -> list[str]:
    out = []
    for funnel, conversion in fit.conversions.items():
        spans = [c for c in made if c.funnel is funnel]
        if spans:
            low, high = (exp(conversion.log_mean + z * conversion.log_sd) for z in (-1.645, 1.645))
            by = (
                f"learnt from {conversion.shops} of our own shops"
                if conversion.shops
                else "usual, nothing of ours says it yet"
            )
            rate = f"{exp(conversion.log_mean):.1%} ({low:.1%} to {high:.1%}; {by})"
            what = f"{_sum(spans)} {_words(funnel)} of days without a car counted since"
            out.append(f"{what} are orders to come at {rate}")
    gap = (
        f"{fit.delay_days:.0f} days from order to hand-over (usual, and learnt from {fit.delay_shops} of our own shops)"
    )
    if orders := [c for c in made if c.funnel is Funnel.ORDERS]:
        out.append(f"{_sum(orders)} orders of {len(orders)} spans whose cars cannot have come yet, by {gap}")
    if early := [c for c in made if c.funnel is Funnel.DELIVERIES]:
        out.append(f"{_sum(early)} deliveries of cars ordered before orders were written down, by {gap}")
    return out


def _sum(spans: Sequence[DemandCount]) -> str:
    return f"{sum(c.count for c in spans):,}"


def _words(funnel: Funnel) -> str:
    return spaced(funnel)
