"""Spare parts of a launch: stocks at the central store and in every market, last orders, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.aftersales.exact import Law, exact_law
from beachhead.aftersales.marginal import provision
from beachhead.aftersales.parts import (
    Order,
    Repairable,
    base_pipelines,
    last_time_buy,
    met_at_once,
    two_moment_pipelines,
)

Floats = NDArray[np.float64]

DAYS_PER_MONTH = 365.25 / 12
MONTHS_PER_QUARTER = 3.0
_SMALL = 25.0
"""Units on order up to which the stocks of all parts are balanced against each other by marginal analysis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A spare part.

    Attributes:
        code: part code.
        name: its name.
        unit_cost: launch currency.
        per_1000_months: demand of 1,000 cars in use in a month.
        lead_days: from home, or through repair there, to the central store.
        ship_days: from there to a market.
        local_repair_share: share repaired in the market itself.
        local_repair_days: days of such a repair.
        holding_share: cost of holding one a year, share of its cost.
        last_order: number of the last quarter in which the supplier takes an order, below 0 where that is past; None if
            not announced.
        support_years: years after it for which cars must be served.
        shortage_cost: cost of lacking one after it.
    """

    code: str
    name: str
    unit_cost: float
    per_1000_months: float
    lead_days: float
    ship_days: float
    local_repair_share: float
    local_repair_days: float
    holding_share: float
    last_order: int | None
    support_years: float
    shortage_cost: float

    @property
    def gone_since(self) -> int | None:
        """Number of the quarter of a last order that is past; None while one can be had, or none is announced."""
        return self.last_order if self.last_order is not None and self.last_order < 0 else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartStock:
    """Where spares of one part lie.

    Attributes:
        part: part code.
        central: spares at the central store.
        local: (M,), spares in each market.
        demand_per_year: expected demand of all markets.
        fill: share of demand met at once from the market's own store.
        cost: of all spares.
        holding_per_year: of all spares.
    """

    part: str
    central: int
    local: NDArray[np.int64]
    demand_per_year: float
    fill: float
    cost: float
    holding_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stocking:
    """Spares of all parts for a fleet.

    Attributes:
        stocks: one a part, in their order.
        fill: share of all demand met at once.
        cost: of all spares.
        holding_per_year: of all spares.
        cost_by_market: (M,), local spares, and of central ones the share of the market's demand.
        holding_by_market: (M,), a year.
    """

    stocks: tuple[PartStock, ...]
    fill: float
    cost: float
    holding_per_year: float
    cost_by_market: Floats
    holding_by_market: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class LastOrder:
    """A last order.

    Attributes:
        part: part code.
        quarter: number of the quarter.
        demand: expected demand to come.
        demand_sd: standard deviation of it.
        order: what to buy.
        cost: of that many.
    """

    part: str
    quarter: int
    demand: float
    demand_sd: float
    order: Order
    cost: float


def stock_parts(parts: Sequence[Part], in_use: Floats, fill: Floats) -> Stocking:
    """Spares for (M,) cars in use that meet the share `fill` (M,) of demand at once in every market.

    A small fleet, such as a pilot's, is provisioned over all parts together by marginal analysis on exact laws, so that
    money goes where it removes most waiting; a large one part by part, the central stock with the two moments of
    VARI-METRIC, those of the markets by the exact law.
    """
    items = [_repairable(part, in_use) for part in parts]
    demand = np.array([item.demand_per_day.sum() for item in items])
    if demand.sum() == 0:
        return _stocking(parts, in_use, [(0, np.zeros(len(in_use), dtype=np.int64), 1.0) for _ in parts], demand)
    small = sum(float(base_pipelines(item, 0).sum()) for item in items) <= _SMALL
    if small:
        target = min(float(fill @ in_use / max(in_use.sum(), 1e-9)), 0.999)
        found = provision(items, fill=target)
        at = [(found.depot[i.code], np.array(found.bases[i.code], dtype=np.int64)) for i in items]
        where = [(*stock, _filled(i, exact_law(i, stock[0]), stock[1])) for i, stock in zip(items, at, strict=True)]
    else:
        where = [_each(item, fill) for item in items]
    return _stocking(parts, in_use, where, demand)


def last_orders(
    parts: Sequence[Part], in_use: Floats, at_end: Floats, *, rate_cv: float, survival_per_quarter: float
) -> tuple[LastOrder, ...]:
    """Last orders to come from (S, T) draws of all cars in use, in which those handed over in a quarter count for half.

    After the horizon the fleet shrinks by its survival from (S,) `at_end`: all cars in use as the last quarter ends.
    """
    return tuple(
        _last_order(part, part.last_order, in_use, at_end, rate_cv, survival_per_quarter)
        for part in parts
        if part.last_order is not None and part.gone_since is None and part.last_order < in_use.shape[1]
    )


def _last_order(part: Part, quarter: int, in_use: Floats, at_end: Floats, rate_cv: float, survival: float) -> LastOrder:
    quarters = round(part.support_years * 4)
    inside = in_use[:, quarter + 1 : quarter + 1 + quarters]
    after = max(quarters - inside.shape[1], 0)
    tail = at_end * (survival * (1 - survival**after) / (1 - survival) if survival < 1 else after)
    months = (inside.sum(axis=1) + tail) * MONTHS_PER_QUARTER
    demand = months * part.per_1000_months / 1000 * (1 - part.local_repair_share)
    mean = float(demand.mean())
    sd = math.sqrt(mean + float(demand.var()) + (rate_cv * mean) ** 2)
    order = last_time_buy(mean, sd, part.unit_cost, part.shortage_cost)
    return LastOrder(
        part=part.code, quarter=quarter, demand=mean, demand_sd=sd, order=order, cost=order.quantity * part.unit_cost
    )


def _repairable(part: Part, in_use: Floats) -> Repairable:
    count = len(in_use)
    return Repairable(
        code=part.code,
        unit_cost=part.unit_cost,
        demand_per_day=in_use * part.per_1000_months / 1000 / DAYS_PER_MONTH,
        base_repair_share=np.full(count, part.local_repair_share),
        base_repair_days=np.full(count, part.local_repair_days),
        order_ship_days=np.full(count, part.ship_days),
        depot_repair_days=part.lead_days,
    )


def _each(item: Repairable, fill: Floats) -> tuple[int, NDArray[np.int64], float]:
    """Stocks that keep the fill rate in every market, with about the fewest spares in all, and the share met at once.

    Two moments tell which central stock needs the fewest. Where many units are on order they see fewer waits than there
    are (a part used 5,000 times a year, stocked for 97 %, met 96), so the law itself says what the markets need.
    """
    mean = float((item.demand_per_day * (1 - item.base_repair_share)).sum()) * item.depot_repair_days
    spread = math.sqrt(mean)
    grid = sorted({max(round(mean + k * spread), 0) for k in np.linspace(-3, 3, 25)} | {0})
    central = min(grid, key=lambda stock: stock + int(two_moment_pipelines(item, stock).stock_for(fill).sum()))
    law = exact_law(item, central)
    local = law.stock_for(fill)
    return central, local, _filled(item, law, local)


def _filled(item: Repairable, law: Law, local: NDArray[np.int64]) -> float:
    demand = item.demand_per_day
    return float(demand @ met_at_once(law, local) / demand.sum()) if demand.sum() > 0 else 1.0


def _stocking(
    parts: Sequence[Part], in_use: Floats, where: Sequence[tuple[int, NDArray[np.int64], float]], demand: Floats
) -> Stocking:
    share = in_use / max(in_use.sum(), 1e-9)
    stocks = []
    for part, (central, local, fill), daily in zip(parts, where, demand, strict=True):
        cost = part.unit_cost * (central + int(local.sum()))
        stocks.append(
            PartStock(
                part=part.code,
                central=central,
                local=local,
                demand_per_year=float(daily) * 365.25,
                fill=fill,
                cost=cost,
                holding_per_year=cost * part.holding_share,
            )
        )
    by_market = np.zeros(len(in_use))
    held = np.zeros(len(in_use))
    for part, stock in zip(parts, stocks, strict=True):
        value = part.unit_cost * (stock.local + stock.central * share)
        by_market += value
        held += value * part.holding_share
    total = float(demand.sum())
    return Stocking(
        stocks=tuple(stocks),
        fill=sum(s.fill * float(d) for s, d in zip(stocks, demand, strict=True)) / total if total else 1.0,
        cost=sum(stock.cost for stock in stocks),
        holding_per_year=sum(stock.holding_per_year for stock in stocks),
        cost_by_market=by_market,
        holding_by_market=held,
    )
