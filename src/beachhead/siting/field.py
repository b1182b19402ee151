"""The serving problem every model is brought to: who can be served from where, and at what cost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from beachhead.world.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


class Lists(NamedTuple):
    """Sparse lists in compressed rows, readable by compiled code.

    Attributes:
        ptr: (rows + 1,), row r owns entries ptr[r] to ptr[r + 1].
        item: (entries,), what the entry points at.
        cost: (entries,), cost of serving that customer from that candidate, weight included.
    """

    ptr: NDArray[np.int64]
    item: Ints
    cost: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Limits:
    """Which sets of sites may be open.

    Attributes:
        price: (J,), what opening a site uses of its budgets (1 where sites are counted).
        group: (J,), budget group of each candidate, such as its country.
        budget: (G,), what each group may use; inf where it is not limited.
        total: what all groups together may use; inf where it is not limited.
        kept: (J,), true where a site stays open.
        clique: (J,), at most one site may be open among equal numbers; -1 stands alone.
        conflict: pairs of candidates too close to be open together, both directions.
    """

    price: Floats
    group: Ints
    budget: Floats
    total: float
    kept: NDArray[np.bool_]
    clique: Ints
    conflict: Lists

    @classmethod
    def count(cls, candidates: int, most: float, kept: NDArray[np.bool_] | None = None) -> Limits:
        """At most `most` sites, `kept` ones among them."""
        return cls(
            price=np.ones(candidates),
            group=np.zeros(candidates, np.int32),
            budget=np.array([np.inf]),
            total=float(most),
            kept=np.zeros(candidates, np.bool_) if kept is None else kept,
            clique=np.full(candidates, -1, np.int32),
            conflict=no_lists(candidates),
        )

    @property
    def counts_sites(self) -> bool:
        """True where every site uses one unit of budget."""
        return bool((self.price == 1).all())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """Customers, candidate sites and the cost of serving the one from the other.

    The cost of a set of sites is `sum of opening + sum over customers of the least listed cost, or outside`.

    Attributes:
        by_customer: (I) rows of candidates, cheapest first.
        opening: (J,), cost of having a site open.
        outside: (I,), cost of a customer whom no listed open site serves.
        horizon: (I,), no unlisted candidate serves the customer at less than this.
        limits: which sets of sites may be open.
    """

    by_customer: Lists
    opening: Floats
    outside: Floats
    horizon: Floats
    limits: Limits

    @property
    def customers(self) -> int:
        """I, the number of customers."""
        return len(self.outside)

    @property
    def sites(self) -> int:
        """J, the number of candidate sites."""
        return len(self.opening)


def no_lists(rows: int) -> Lists:
    """Rows without entries."""
    return Lists(np.zeros(rows + 1, np.int64), np.zeros(0, np.int32), np.zeros(0))


def restrict(field: Field, keep: NDArray[np.bool_]) -> Field:
    """The same field with fewer candidates: those where `keep` (J,) is true, in the same order."""
    number = np.where(keep, np.cumsum(keep) - 1, -1).astype(np.int32)
    limits = field.limits
    pairs = limits.conflict
    row = np.repeat(np.arange(field.sites), np.diff(pairs.ptr))
    stay = keep[row] & keep[pairs.item]
    fewer = replace(
        limits,
        price=limits.price[keep],
        group=limits.group[keep],
        kept=limits.kept[keep],
        clique=limits.clique[keep],
        conflict=lists_of(number[row[stay]], number[pairs.item[stay]], np.zeros(int(stay.sum())), int(keep.sum())),
    )
    rows = Lists(*_thin(*field.by_customer, number))
    return replace(field, by_customer=rows, opening=field.opening[keep], limits=fewer)


def shorten(field: Field, most: Floats) -> Field:
    """The same field with lists that end at cost `most` (I,).

    A customer served at more than that counts as served by nobody, so costs of sets are never understated, and the
    horizon drops to `most`, so bounds are never overstated.
    """
    limit = np.minimum(np.minimum(field.outside, field.horizon), most)
    return replace(field, by_customer=Lists(*_cut(*field.by_customer, limit)), horizon=limit)


def lists_of(row: NDArray[Any], item: NDArray[Any], cost: NDArray[Any], rows: int) -> Lists:
    """Lists from triples; entries of a row keep the order in which they come."""
    order = np.argsort(row, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=rows))]).astype(np.int64)
    return Lists(ptr, item[order].astype(np.int32), cost[order])


def by_site(field: Field) -> Lists:
    """The (J) rows of customers: the transpose of `by_customer`, customers ascending."""
    return Lists(*_transpose(*field.by_customer, field.sites))


def transposed(lists: Lists, columns: int) -> tuple[NDArray[np.int64], Ints]:
    """Rows of each column of the lists, ascending, in compressed rows; costs are left out."""
    ptr, row, _ = _transpose(lists.ptr, lists.item, lists.item, columns)
    return ptr, row


def cost_of(field: Field, sites: NDArray[Any]) -> tuple[float, NDArray[np.int32], Floats]:
    """Cost of an open set, the site that serves each customer (-1: nobody) and what each customer costs."""
    is_open = np.zeros(field.sites, np.bool_)
    is_open[sites] = True
    server, cost = _assign(*field.by_customer, field.outside, is_open)
    return float(cost.sum() + field.opening[is_open].sum()), server, cost


def fit(field: Field, order: NDArray[Any]) -> NDArray[np.int32]:
    """The kept sites and, of those in `order`, each that the limits still allow; ascending."""
    limits = field.limits
    budget = np.append(limits.budget, limits.total)
    wanted = np.concatenate([np.flatnonzero(limits.kept), np.asarray(order, np.int64)])
    sites: NDArray[np.int32] = _fit(
        wanted, limits.kept, limits.price, limits.group, budget, limits.conflict.ptr, limits.conflict.item
    )
    return sites


def dense_lists(cost: Floats) -> Lists:
    """Lists of a full (I, J) matrix, each row sorted."""
    order = np.argsort(cost, axis=1, kind="stable")
    customers, sites = cost.shape
    return Lists(
        np.arange(customers + 1, dtype=np.int64) * sites,
        order.astype(np.int32).ravel(),
        np.take_along_axis(cost, order, 1).ravel(),
    )


@compiled
def _transpose(
    ptr: NDArray[np.int64], item: Ints, cost: NDArray[Any], columns: int
) -> tuple[NDArray[np.int64], Ints, NDArray[Any]]:
    start = np.zeros(columns + 1, np.int64)
    for j in item:
        start[j + 1] += 1
    for j in range(columns):
        start[j + 1] += start[j]
    at = start[:-1].copy()
    row = np.empty(len(item), np.int32)
    value = np.empty(len(item), cost.dtype)
    for i in range(len(ptr) - 1):
        for e in range(ptr[i], ptr[i + 1]):
            j = item[e]
            row[at[j]] = i
            value[at[j]] = cost[e]
            at[j] += 1
    return start, row, value


@compiled
def _thin(ptr: NDArray[np.int64], item: Ints, cost: Floats, number: Ints) -> tuple[NDArray[np.int64], Ints, Floats]:
    start = np.zeros(len(ptr), np.int64)
    for i in range(len(ptr) - 1):
        count = 0
        for e in range(ptr[i], ptr[i + 1]):
            if number[item[e]] >= 0:
                count += 1
        start[i + 1] = start[i] + count
    fewer = np.empty(start[-1], np.int32)
    value = np.empty(start[-1], cost.dtype)
    for i in range(len(ptr) - 1):
        at = start[i]
        for e in range(ptr[i], ptr[i + 1]):
            if number[item[e]] >= 0:
                fewer[at] = number[item[e]]
                value[at] = cost[e]
                at += 1
    return start, fewer, value


@compiled
def _cut(ptr: NDArray[np.int64], item: Ints, cost: Floats, most: Floats) -> tuple[NDArray[np.int64], Ints, Floats]:
    start = np.zeros(len(ptr), np.int64)
    for i in range(len(ptr) - 1):
        count = 0
        while ptr[i] + count < ptr[i + 1] and cost[ptr[i] + count] <= most[i]:
            count += 1
        start[i + 1] = start[i] + count
    fewer = np.empty(start[-1], np.int32)
    value = np.empty(start[-1], cost.dtype)
    for i in range(len(ptr) - 1):
        for k in range(start[i + 1] - start[i]):
            fewer[start[i] + k] = item[ptr[i] + k]
            value[start[i] + k] = cost[ptr[i] + k]
    return start, fewer, value


@compiled
def _assign(
    ptr: NDArray[np.int64], item: Ints, cost: Floats, outside: Floats, is_open: NDArray[np.bool_]
) -> tuple[Ints, Floats]:
    server = np.full(len(outside), -1, np.int32)
    paid = outside.copy()
    for i in range(len(outside)):
        for e in range(ptr[i], ptr[i + 1]):
            if cost[e] >= outside[i]:
                break
            if is_open[item[e]]:
                server[i] = item[e]
                paid[i] = cost[e]
                break
    return server, paid


@compiled
def _fit(
    wanted: Ints,
    kept: NDArray[np.bool_],
    price: Floats,
    group: Ints,
    budget: Floats,
    clash_ptr: NDArray[np.int64],
    clash_item: Ints,
) -> Ints:
    is_open = np.zeros(len(price), np.bool_)
    left = budget.copy()
    for j in wanted:
        clash = False
        for e in range(clash_ptr[j], clash_ptr[j + 1]):
            clash = clash or is_open[clash_item[e]]
        room = price[j] <= left[group[j]] + 1e-9 and price[j] <= left[-1] + 1e-9
        if is_open[j] or (not kept[j] and (clash or not room)):
            continue
        is_open[j] = True
        left[group[j]] -= price[j]
        left[-1] -= price[j]
    return np.flatnonzero(is_open).astype(np.int32)
