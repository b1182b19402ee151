"""Stocks of parts: newsvendor, base stock, and repairable parts at two levels (METRIC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, pdtr, pdtrc
from scipy.stats import nbinom, norm, poisson

ON_ORDER = 1e-12
"""Units on the way up to which none ever is: no stock would shorten a wait, and a law cannot tell them from none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A single order under uncertain demand.

    Attributes:
        quantity: how many to order.
        critical_ratio: share of demand outcomes it covers at the optimum.
        expected_cost: expected cost of too many and too few.
    """

    quantity: float
    critical_ratio: float
    expected_cost: float


def newsvendor_normal(mean: float, sd: float, overage_cost: float, underage_cost: float) -> Order:
    """The best single order under normal demand (Snyder and Shen, "Fundamentals of Supply Chain Theory", section 4.3).

    Example 4.3 there: holding 0.18, stock-out 0.70, mean 50, sd 8 gives 56.60 and cost 1.9976.
    """
    ratio = underage_cost / (underage_cost + overage_cost)
    z = float(norm.ppf(ratio))
    cost = (overage_cost + underage_cost) * float(norm.pdf(z)) * sd
    return Order(quantity=mean + z * sd, critical_ratio=ratio, expected_cost=cost)


def newsvendor_poisson(mean: float, overage_cost: float, underage_cost: float) -> Order:
    """The best single order under Poisson demand: the smallest quantity that covers the critical ratio."""
    ratio = underage_cost / (underage_cost + overage_cost)
    quantity = int(poisson.ppf(ratio, mean))
    short = expected_backorders(quantity, mean)
    return Order(
        quantity=quantity,
        critical_ratio=ratio,
        expected_cost=overage_cost * (quantity - mean + short) + underage_cost * short,
    )


def last_time_buy(mean: float, sd: float, unit_cost: float, shortage_cost: float) -> Order:
    """The last order of a part for all the demand to come, which is negative binomial (Poisson where sd^2 <= mean).

    A newsvendor: a part too many has lost its cost, a part too few costs what a remade one costs more (final-order
    problem: Teunter and Fortuin 1999, International Journal of Production Economics 59).
    """
    short = shortage_cost - unit_cost
    if sd**2 <= mean * (1 + 1e-9):
        return newsvendor_poisson(mean, unit_cost, short)
    ratio = short / shortage_cost
    size = mean**2 / (sd**2 - mean)
    law = nbinom(size, size / (size + mean))
    quantity = int(law.ppf(ratio))
    counts = np.arange(quantity)
    left_over = float(((quantity - counts) * law.pmf(counts)).sum())
    lacking = mean - quantity + left_over
    return Order(
        quantity=quantity, critical_ratio=ratio, expected_cost=unit_cost * left_over + short * max(lacking, 0.0)
    )


def expected_backorders(stock: int, pipeline: float) -> float:
    """Mean number of unmet demands when `pipeline` units are on order on average, Poisson (Palm 1938).

    EBO(s) = m P(X >= s) - s P(X > s), written so that no large numbers cancel.
    """
    if pipeline == 0:
        return 0.0
    return pipeline * _exceeds(stock - 1, pipeline) - stock * _exceeds(stock, pipeline)


def _exceeds(count: int, mean: float) -> float:
    """P(X > count), Poisson."""
    return float(pdtrc(count, mean)) if count >= 0 else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairable:
    """One repairable part, a central depot and B bases.

    Attributes:
        code: part code.
        unit_cost: cost of one spare.
        demand_per_day: (B,), failures a day at each base.
        base_repair_share: (B,), share repaired at the base itself, 0..1.
        base_repair_days: (B,), time of such a repair.
        order_ship_days: (B,), time from depot to base when the depot has one.
        depot_repair_days: time of a repair at the depot, or of replacement from home.
    """

    code: str
    unit_cost: float
    demand_per_day: NDArray[np.float64]
    base_repair_share: NDArray[np.float64]
    base_repair_days: NDArray[np.float64]
    order_ship_days: NDArray[np.float64]
    depot_repair_days: float


def base_pipelines(part: Repairable, depot_stock: int) -> NDArray[np.float64]:
    """Mean units in repair or on the way to each base, (B,), given the depot's stock.

    METRIC (Sherbrooke, "METRIC: a multi-echelon technique for recoverable item control", Operations Research 16, 1968):
    mu_j = m_j (r_j T_j + (1 - r_j)(O_j + EBO0(s0) / m0)), with m0 = sum m_j (1 - r_j).
    """
    to_depot = part.demand_per_day * (1 - part.base_repair_share)
    total = float(to_depot.sum())
    delay = expected_backorders(depot_stock, total * part.depot_repair_days) / total if total > 0 else 0.0
    return np.asarray(
        part.demand_per_day * part.base_repair_share * part.base_repair_days + to_depot * (part.order_ship_days + delay)
    )


class OnOrder(Protocol):
    """What is known of the units in repair or on the way to each base, by moments or exactly."""

    @property
    def mean(self) -> NDArray[np.float64]:
        """(B,)."""

    @property
    def handed(self) -> NDArray[np.float64]:
        """(B,), share of demand that the depot meets at once, whatever the base has; 0 where that is not known."""

    def at_most(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """(B,), P(X <= counts)."""


def met_at_once(on_order: OnOrder, stock: NDArray[np.int64]) -> NDArray[np.float64]:
    """(B,), share of demand met at once: P(X <= stock - 1); 1 where nothing is ever on order.

    A base without a spare is served at once by a depot that has one, if the way from there takes no time.
    """
    return np.where(on_order.mean > ON_ORDER, np.maximum(on_order.at_most(stock - 1), on_order.handed), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pipelines:
    """Units in repair or on the way to each base, by their first two moments.

    Attributes:
        mean: (B,).
        variance: (B,), not below the mean.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    @property
    def handed(self) -> NDArray[np.float64]:
        """(B,), nothing: two moments do not tell when the depot has a spare."""
        return np.zeros_like(self.mean)

    def at_most(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """(B,), P(X <= counts), negative binomial with these moments; Poisson where they are equal."""
        wide = self.variance > self.mean * (1 + 1e-9)
        poisson_cdf = pdtr(np.maximum(counts, 0), np.maximum(self.mean, 1e-300))
        over = np.where(wide, self.variance - self.mean, 1.0)
        size, success = self.mean**2 / over, self.mean / np.where(wide, self.variance, 1.0)
        wide_cdf = betainc(np.where(wide, size, 1.0), np.maximum(counts, 0) + 1, np.where(wide, success, 0.5))
        return np.asarray(np.where(counts < 0, 0.0, np.where(wide, wide_cdf, poisson_cdf)))

    def backorders(self, stock: NDArray[np.int64]) -> NDArray[np.float64]:
        """(B,), expected backorders: mean less the sum of P(X > k) over k below the stock."""
        left = self.mean.copy()
        for count in range(int(stock.max(initial=0))):
            left = left - np.where(count < stock, 1 - self.at_most(np.full(len(stock), count)), 0.0)
        return np.asarray(np.maximum(left, 0.0))

    def stock_for(self, fill: NDArray[np.float64]) -> NDArray[np.int64]:
        """(B,), the smallest stock that meets each fill rate; 0 where nothing is ever on order."""
        wide = self.variance > self.mean * (1 + 1e-9)
        mean = np.maximum(self.mean, 1e-12)
        over = np.where(wide, self.variance - self.mean, 1.0)
        size, success = np.where(wide, mean**2 / over, 1.0), np.where(wide, mean / self.variance.clip(1e-12), 0.5)
        wanted = np.where(wide, nbinom.ppf(fill, size, success), poisson.ppf(fill, mean)) + 1
        return np.where(self.mean > ON_ORDER, wanted, 0).astype(np.int64)


def two_moment_pipelines(part: Repairable, depot_stock: int) -> Pipelines:
    """METRIC's means with the variance that waiting for the depot adds (VARI-METRIC).

    Var X_j = mu_j + f_j^2 (VBO0 - EBO0), f_j the base's share of the depot's demand, VBO0 the variance of the depot's
    backorders (Graves, "A multi-echelon inventory model for a repairable item with one-for-one replenishment",
    Management Science 31, 1985; Sherbrooke, "VARI-METRIC", Operations Research 34, 1986). METRIC takes X_j as Poisson
    and understates backorders; how much, and how little is left, is measured in
    `tests/recovery/test_aftersales_simulation.py`.
    """
    to_depot = part.demand_per_day * (1 - part.base_repair_share)
    total = float(to_depot.sum())
    mean = base_pipelines(part, depot_stock)
    if total <= 0:
        return Pipelines(mean=mean, variance=mean)
    at_depot = total * part.depot_repair_days
    short = expected_backorders(depot_stock, at_depot)
    extra = max(_squared_backorders(depot_stock, at_depot) - short**2 - short, 0.0)
    return Pipelines(mean=mean, variance=np.asarray(mean + (to_depot / total) ** 2 * extra))


def _squared_backorders(stock: int, pipeline: float) -> float:
    """E[((X - s)+)^2], Poisson: m^2 P(X > s-2) + (1 - 2s) m P(X > s-1) + s^2 P(X > s)."""
    if pipeline == 0:
        return 0.0
    whole = (
        pipeline**2 * _exceeds(stock - 2, pipeline)
        + (1 - 2 * stock) * pipeline * _exceeds(stock - 1, pipeline)
        + stock**2 * _exceeds(stock, pipeline)
    )
    return max(whole, 0.0)
