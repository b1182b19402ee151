"""Learning price response from sales at different prices, jointly with the level of demand.

The log rate of a count is theta_m + [pilot] beta + log rho(prices, list; e_m), rho the demand for what was on offer
over that for the reference list at reference prices. log rho is linear in log e_m about the present estimate, so the
Laplace machinery of the belief serves with one coordinate more for each market, and is run until the estimate stands
still (Gauss-Newton). A quarter's counts scatter about the level together, and the level moves (`belief.lasting`), so
the counts are learnt quarter by quarter: prices that change within a quarter teach much, those that change from one to
the next as much as the quarters are alike. Prices that differ between markets teach little, because a market's level is
hardly known before it sells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from beachhead.belief import likelihood
from beachhead.belief.belief import Belief
from beachhead.belief.choice.response import ChoiceFit, PriceResponse
from beachhead.belief.choice.shares import Taste, intercepts_of, shares
from beachhead.belief.laplace import condition, mode
from beachhead.belief.lasting import Tracked
from beachhead.belief.rows import Terms, arrange, terms
from beachhead.world.quarter import Quarter
from beachhead.world.reading import DemandCount

Array = NDArray[np.float64]

TYPICAL_SHARE = 0.01  # of the market, where a rate at other prices is worked out; rho hardly depends on it
_ROUNDS = 8

Follow = Callable[[Belief, Mapping[Quarter, Any], Callable[[Tracked, Any], Tracked]], Belief]
"""From a belief on one quarter's levels, what is to be read in each quarter, and how, to that over the years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedCount:
    """A count and what was asked.

    Attributes:
        count: what was seen.
        price: price asked for the offer, the money of the reference prices; None if not known.
    """

    count: DemandCount
    price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferList:
    """What is on offer in a market at reference prices, and how demand for it splits.

    Attributes:
        market: market code.
        offers: J offer codes.
        prices: J reference prices.
        mix: J expected shares of the maker's demand there, adding to 1.
    """

    market: str
    offers: tuple[str, ...]
    prices: tuple[float, ...]
    mix: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.offers) == len(self.prices) == len(self.mix) > 0 or abs(sum(self.mix) - 1) > 1e-9:
            raise ValueError(f"{self.market}: an offer list needs prices and a mix that adds to 1")

    @property
    def typical_price(self) -> float:
        """Mean price over the mix."""
        return float(np.dot(self.prices, self.mix))

    def only(self, offers: set[str]) -> OfferList:
        """The list with these offers alone."""
        kept = [j for j, code in enumerate(self.offers) if code in offers]
        whole = sum(self.mix[j] for j in kept)
        return OfferList(
            market=self.market,
            offers=tuple(self.offers[j] for j in kept),
            prices=tuple(self.prices[j] for j in kept),
            mix=tuple(self.mix[j] / whole for j in kept),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learnt:
    """Level and price response after the counts; z = (theta_1 .. M, beta, log e_1 .. M).

    Attributes:
        belief: about levels over the years; its moments are the first M + 1 coordinates.
        response: about log elasticities; its moments are the last M coordinates.
        mean: (2M+1,).
        cov: (2M+1, 2M+1).
        contrasts: by market, the widest change of the mean price seen between spans, on the log; 0 if none.
        converged: false if the estimate was still moving.
    """

    belief: Belief
    response: PriceResponse
    mean: Array
    cov: Array
    contrasts: Mapping[str, float]
    converged: bool


def learn_prices(
    belief: Belief,
    response: PriceResponse,
    counts: Sequence[PricedCount],
    lists: Mapping[str, OfferList],
    fit: ChoiceFit,
    follow: Follow,
) -> Learnt:
    """Condition levels and elasticities on counts at their prices.

    Args:
        belief: of the levels of one quarter, before the counts.
        response: of the elasticities, before the counts; the belief's markets.
        counts: with prices; one without a price is taken at the reference price.
        lists: by market, its offers; counts of an offer or market not listed stand for the whole demand.
        fit: spread between people and nearness of offers.
        follow: what time does to the levels; it reads quarter by quarter.
    """
    if response.markets != belief.markets:
        raise ValueError("belief and price response must know the same markets")
    M, start, spans = len(belief.markets), _beside(belief, response), _spans(counts, lists)
    held, at, moved = start, response.mean.copy(), np.inf
    for _ in range(_ROUNDS):
        held = follow(start, _by_quarter(spans, _linearised(belief, spans, at, fit)), partial(_read, at))
        moved = float(np.abs(held.mean[M : 2 * M] - at).max())
        at = held.mean[M : 2 * M].copy()
        if moved < 1e-4:
            break
    return _learnt(held, response, spans, converged=moved < 1e-2)


def _beside(belief: Belief, response: PriceResponse) -> Belief:
    """The belief with all log elasticities among its coordinates: z = (theta_1 .. M, log e_1 .. M, beta)."""
    M = len(belief.markets)
    levels, answers = np.r_[:M, 2 * M], np.arange(M, 2 * M)
    mean, cov = np.empty(2 * M + 1), np.zeros((2 * M + 1, 2 * M + 1))
    mean[levels], mean[answers] = belief.mean, response.mean
    cov[np.ix_(levels, levels)], cov[np.ix_(answers, answers)] = belief.cov, response.cov
    return replace(belief, mean=mean, cov=cov, elastic=belief.markets)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """Counts of a market that were open at one time at one set of prices, and the list they came from."""

    whole: OfferList | None
    offered: tuple[str, ...]
    prices: tuple[float, ...]
    counts: tuple[DemandCount, ...]

    @property
    def label(self) -> str:
        return "|".join(f"{o}@{p:.2f}" for o, p in zip(self.offered, self.prices, strict=True))


_Said = tuple[DemandCount, float, float]
"""A count, the demand it stands for over that for the reference list, and the slope of the log of that in log e."""


def _spans(counts: Sequence[PricedCount], lists: Mapping[str, OfferList]) -> list[_Span]:
    """Counts by market and time; offers counted over the same days share the demand of those days."""
    seen: dict[str, set[str]] = defaultdict(set)
    for priced in counts:
        seen[priced.count.market].add(priced.count.offer)

    def key(p: PricedCount) -> tuple[object, ...]:
        c = p.count
        return (c.market, c.place, c.is_pilot, c.start, c.reach, c.funnel.value)

    def order(p: PricedCount) -> tuple[object, ...]:
        return (*key(p), p.count.offer, p.count.end, p.count.count, p.price or 0.0)

    spans: list[_Span] = []
    for _, same in groupby(sorted(counts, key=order), key=key):
        group = list(same)
        market = group[0].count.market
        listed = lists.get(market)
        offers = [p.count.offer for p in group]
        if listed is None or len(set(offers)) < len(offers) or not set(offers) <= set(listed.offers):
            spans.extend(_Span(whole=None, offered=(), prices=(), counts=(p.count,)) for p in group)
            continue
        whole = listed.only(seen[market] & set(listed.offers))
        asked = {p.count.offer: p.price for p in group}
        prices = tuple(asked[o] or whole.prices[whole.offers.index(o)] for o in offers)
        spans.append(_Span(whole=whole, offered=tuple(offers), prices=prices, counts=_pooled([p.count for p in group])))
    return spans


def _pooled(group: list[DemandCount]) -> tuple[DemandCount, ...]:
    """Counts over the same days added; a batch that sold out earlier than its neighbours stands alone."""
    whole = {(c.end, c.sold_out, c.stock_bound) for c in group}
    if len(group) == 1 or len(whole) > 1 or group[0].sold_out or group[0].stock_bound:
        return tuple(group)
    return (replace(group[0], offer="", count=sum(c.count for c in group)),)


def _linearised(belief: Belief, spans: list[_Span], at: Array, fit: ChoiceFit) -> list[tuple[Array, Array]]:
    """By span, log rho of each of its counts and the slope of that in log e, at the present log elasticities."""
    index = {code: m for m, code in enumerate(belief.markets)}
    found: list[tuple[Array, Array]] = []
    known: dict[tuple[str, str, tuple[str, ...]], tuple[Array, Array]] = {}
    for span in spans:
        market = span.counts[0].market
        place = (market, span.label, tuple(c.offer for c in span.counts))
        if place not in known:
            known[place] = _log_rho(span, float(at[index[market]]), fit)
        found.append(known[place])
    return found


def _by_quarter(spans: list[_Span], linearised: list[tuple[Array, Array]]) -> dict[Quarter, list[_Said]]:
    """Counts are learnt in the quarter in which they end."""
    out: dict[Quarter, list[_Said]] = defaultdict(list)
    for span, (values, slopes) in zip(spans, linearised, strict=True):
        for count, log_rho, slope in zip(span.counts, values, slopes, strict=True):
            out[Quarter.of(count.end)].append((count, float(np.exp(log_rho)), float(slope)))
    return out


def _log_rho(span: _Span, log_elasticity: float, fit: ChoiceFit) -> tuple[Array, Array]:
    """Per count: log of demand for what it stands for over demand for the reference list; slope by differences."""
    if span.whole is None:
        return np.zeros(len(span.counts)), np.zeros(len(span.counts))
    whole, step = span.whole, 0.05
    taste = Taste(
        elasticity=np.exp(log_elasticity + np.array([0.0, step, -step])),
        nest=np.full(3, fit.nest),
        price_spread=fit.price_spread,
        brand_spread=fit.brand_spread,
        price=whole.typical_price,
    )
    reference = np.array(whole.prices)
    given = np.tile(TYPICAL_SHARE * np.array(whole.mix), (3, 1))
    intercepts = intercepts_of(given, taste, reference)
    prices = reference.copy()
    on_list = np.zeros(len(prices), dtype=np.bool_)
    for offer, price in zip(span.offered, span.prices, strict=True):
        prices[whole.offers.index(offer)] = price
        on_list[whole.offers.index(offer)] = True
    taken = shares(np.where(on_list, intercepts, -np.inf), taste, prices)
    parts = [taken[:, whole.offers.index(c.offer)] if c.offer else taken.sum(axis=1) for c in span.counts]
    log_rho = np.log(np.array(parts) / TYPICAL_SHARE)  # (counts, 3)
    return log_rho[:, 0], (log_rho[:, 1] - log_rho[:, 2]) / (2 * step)


def _read(at: Array, now: Tracked, said: Sequence[_Said]) -> Tracked:
    """Laplace with rates theta + scatter + beta + slope x (log e - its present estimate `at`)."""
    shown = now.seen
    data = arrange(shown, [(count, rho) for count, rho, _ in said], [f"{slope:.9f}" for _, _, slope in said])
    M, G = len(shown.markets), len(data.market_of)
    loading = np.zeros((G, 2 * M + 1))
    loading[np.arange(G), data.market_of] = 1
    loading[:, -1] = data.is_pilot
    of_group = np.zeros(G)
    of_group[data.group_of] = [slope for _, _, slope in said]
    loading[np.arange(G), M + data.market_of] = of_group
    # centre log e on the present estimate, where rho was worked out
    centre = np.concatenate([np.zeros(M), at, np.zeros(1)])
    t = terms(data, shown.nb_size_weekly)
    sites = mode(loading @ (shown.mean - centre), loading @ shown.cov @ loading.T, partial(_evaluate, t))
    shifted, cov = condition(shown.mean - centre, shown.cov, loading, sites)
    return now.told(replace(shown, mean=shifted + centre, cov=cov))


def _evaluate(t: Terms, x: Array) -> tuple[Array, Array, Array]:
    out: tuple[Array, Array, Array] = likelihood.group_terms(x, t.of_fixed, t.fixed, t.of_stopped, t.stopped)
    return out


def _learnt(held: Belief, response: PriceResponse, spans: list[_Span], *, converged: bool) -> Learnt:
    M = len(held.markets)
    order = np.r_[:M, 2 * M, M : 2 * M]
    mean, cov = held.mean[order], held.cov[np.ix_(order, order)]
    return Learnt(
        belief=replace(held, mean=mean[: M + 1], cov=cov[: M + 1, : M + 1], elastic=()),
        response=replace(response, mean=mean[M + 1 :], cov=cov[M + 1 :, M + 1 :]),
        mean=mean,
        cov=cov,
        contrasts=_contrasts(held.markets, spans),
        converged=converged,
    )


def _contrasts(markets: tuple[str, ...], spans: list[_Span]) -> dict[str, float]:
    """Widest gap between log relative mean prices of a market's spans."""
    seen: dict[str, list[float]] = {code: [] for code in markets}
    for span in spans:
        if span.whole is not None:
            reference = [span.whole.prices[span.whole.offers.index(o)] for o in span.offered]
            ratios = [log(p / r) for p, r in zip(span.prices, reference, strict=True)]
            seen[span.counts[0].market].append(sum(ratios) / len(ratios))
    return {code: max(values) - min(values) if values else 0.0 for code, values in seen.items()}
