"""Units in repair or on the way to each base by their exact law."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from beachhead.aftersales.parts import ON_ORDER, Repairable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Law:
    """Units in repair or on the way to each base.

    Attributes:
        cumulative: (B, K), P(X <= k); K is so large that what lies beyond is less than 1e-12.
        mean: (B,).
        handed: (B,), share of demand that the depot meets at once; 0 where the way from it takes time.
    """

    cumulative: NDArray[np.float64]
    mean: NDArray[np.float64]
    handed: NDArray[np.float64]

    def at_most(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """(B,), P(X <= counts)."""
        bases, most = np.arange(len(self.mean)), self.cumulative.shape[1] - 1
        return np.where(counts < 0, 0.0, self.cumulative[bases, np.clip(counts, 0, most)])

    def stock_for(self, fill: NDArray[np.float64]) -> NDArray[np.int64]:
        """(B,), the smallest stock that meets each fill rate below 1; 0 where nothing is ever on order."""
        wanted = (self.cumulative < fill[:, None]).sum(axis=1) + 1
        return np.where((self.mean > ON_ORDER) & (self.handed < fill), wanted, 0).astype(np.int64)

    def backorders(self, stock: NDArray[np.int64]) -> NDArray[np.float64]:
        """(B,), expected backorders: the sum of P(X > k) from the stock on."""
        beyond = np.arange(self.cumulative.shape[1])[None, :] >= stock[:, None]
        return np.asarray(((1 - self.cumulative) * beyond).sum(axis=1))


def exact_law(part: Repairable, depot_stock: int) -> Law:
    """The law of units in repair or on the way to each base, given the depot's stock.

    One for one, first come first served, fixed shipping times: what the depot owes is the excess of a Poisson count
    over its stock (Palm 1938), each unit owed is base j's with probability f_j, its share of the depot's demand, and
    what was shipped or is repaired at the base is an independent Poisson count (the exact model of Graves 1985).
    Equals the sixteen exact costs printed for the one-for-one problems of Axsater, "Exact and approximate evaluation of
    batch-ordering policies for two-level inventory systems", Operations Research 41, 1993, tables I to III.
    """
    to_depot = part.demand_per_day * (1 - part.base_repair_share)
    total = float(to_depot.sum())
    own = part.demand_per_day * part.base_repair_share * part.base_repair_days + to_depot * part.order_ship_days
    if depot_stock == 0:  # every unit asked for is owed for a whole repair, so these too are Poisson by themselves
        own, owed = own + to_depot * part.depot_repair_days, np.ones(1)
    else:
        owed = _owed(total * part.depot_repair_days, depot_stock)
    width = len(owed) + _width(float(own.max(initial=0.0)))
    law = np.empty((len(own), width))
    known: dict[tuple[float, float], NDArray[np.float64]] = {}  # markets of one size have one law
    for base, (mean, demand) in enumerate(zip(own.tolist(), to_depot.tolist(), strict=True)):
        if (mean, demand) not in known:
            mine = _thinned(owed, demand / total if total > 0 else 0.0)
            known[mean, demand] = np.cumsum(np.convolve(mine, _poisson(mean, width))[:width])
        law[base] = known[mean, demand]
    mean = own + (to_depot / total if total > 0 else 0.0) * float(owed @ np.arange(len(owed)))
    in_stock = float(_poisson(total * part.depot_repair_days, depot_stock).sum())
    handed = np.where(part.order_ship_days > 0, 0.0, (1 - part.base_repair_share) * min(in_stock, 1.0))
    return Law(cumulative=np.minimum(law, 1.0), mean=np.asarray(mean), handed=np.asarray(handed))


def _owed(pipeline: float, stock: int) -> NDArray[np.float64]:
    """P(the depot owes k units)."""
    counts = _poisson(pipeline, max(stock + 1, _width(pipeline)))
    return np.concatenate([[counts[: stock + 1].sum()], counts[stock + 1 :]])


def _thinned(law: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """The law of a count of which each unit is kept with a probability.

    Its generating function is that of the count at 1 - share + share z: read at roots of unity and transformed back,
    at as many as the count has values (fewer where what lies beyond holds less than 1e-12), so nothing wraps around.
    """
    size = min(len(law), _width(share * (len(law) - 1)))
    kept = 1 - share + share * np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    at_roots = np.zeros(len(kept), np.complex128)
    for chance in law[::-1].tolist():
        at_roots = at_roots * kept + chance
    return np.asarray(np.maximum(np.fft.irfft(at_roots, size), 0.0))


def _poisson(mean: float, width: int) -> NDArray[np.float64]:
    counts = np.arange(width)
    return np.asarray(np.exp(xlogy(counts, mean) - mean - gammaln(counts + 1)))


def _width(mean: float) -> int:
    """Counts beyond which a Poisson law holds less than 1e-12."""
    return int(mean + 8 * np.sqrt(mean) + 12)
