"""Market research: which markets are worth a look, how sure that order is, and which fact is worth checking.

A doubted fact leaves a spread in what its market earns; what settling it is worth is the expected value of perfect
partial information, the same figure that `beachhead worth` gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from beachhead.launch.information.worth import Spread, know_facts, know_markets
from beachhead.launch.question.kernel_terms import at_stake
from beachhead.launch.question.problem import Problem
from beachhead.world.brief import brief
from beachhead.world.market import Stage
from beachhead.world.quarter import QUARTERS_A_YEAR

Array = NDArray[np.float64]

TOP = 10
DRAWS = 1000
_FIELDS = {"unit_margin": "margin", "capital": "capital"}


class State(StrEnum):
    """Why a fact is doubted."""

    STALE = "stale"
    WEAK = "weak"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A fact that is stale, weak or missing.

    Attributes:
        market: market code.
        table: table of the launch folder.
        field: column, or name of the fact.
        states: why it is doubted, gravest first.
        value: as written, in `currency` if it is money; None where missing.
        grade: A, B, C, or "" where missing.
        age_days: since `as_of`; None where missing.
        log_sd: what it leaves open, standard deviation of the log of what the market earns.
        channel: whose row of the table it stands in; "" where a market has but one row.
        currency: of `value`, as the row says; "" where it is no money.
    """

    market: str
    table: str
    field: str
    states: tuple[State, ...]
    value: float | None
    grade: str
    age_days: int | None
    log_sd: float
    channel: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """A doubt and what settling it is worth.

    Attributes:
        doubt: the fact.
        worth: expected gain of the plan if the fact is known before the next gate, launch currency.
    """

    doubt: Doubt
    worth: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """One market of the screen.

    Attributes:
        market: market code.
        rank: by the median score, 1 = best.
        rank_low: best rank within the central 90 % of draws.
        rank_high: worst.
        top_odds: odds of being among the best `TOP`.
        score: median yearly contribution at full scale over what is at stake: the capital, or a year of the fixed cost
            where that is more; best channel.
        score_low: 5 % point.
        score_high: 95 % point.
        demand_worth: what knowing demand there exactly is worth to the plan; less where scaling itself would teach it.
        can_open: false if nothing may be scaled there within the horizon.
    """

    market: str
    rank: int
    rank_low: int
    rank_high: int
    top_odds: float
    score: float
    score_low: float
    score_high: float
    demand_worth: float
    can_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Research:
    """The answer.

    Attributes:
        screen: markets abroad with economics that are neither scaled nor left, best first.
        stability: mean rank correlation (Spearman) of a draw's order with the order shown, 0..1.
        facts: doubts, most worth first.
    """

    screen: tuple[Screened, ...]
    stability: float
    facts: tuple[Worth, ...]

    __repr__ = brief


def research(problem: Problem, doubts: Sequence[Doubt], *, seed: int, draws: int = DRAWS) -> Research:
    """Screen the markets, and order the doubts by what settling them is worth.

    Args:
        problem: the launch at a gate.
        doubts: facts that are stale, weak or missing.
        seed: of the draws.
        draws: S.
    """
    shown = [
        m
        for m, at in enumerate(problem.standing)
        if at.stage in (Stage.OUT, Stage.PILOTING) and np.isfinite(problem.terms.capital[m]).any()
    ]
    if not shown:
        return Research(screen=(), stability=1.0, facts=_by_worth(problem, doubts))
    scores = _scores(problem, doubts, shown, draws, seed)
    order = np.argsort(-np.median(scores, axis=0), kind="stable")
    ranks = 1 + np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    demand = {known.what: known.value for known in know_markets(problem)}
    screen = tuple(
        _screened(problem, shown[j], place + 1, scores[:, j], ranks[:, j], demand.get(problem.markets[shown[j]], 0.0))
        for place, j in enumerate(order)
    )
    return Research(
        screen=screen,
        stability=_stability(ranks, order),
        facts=_by_worth(problem, doubts),
    )


def _by_worth(problem: Problem, doubts: Sequence[Doubt]) -> tuple[Worth, ...]:
    return tuple(sorted(worth_of_knowing(problem, doubts), key=lambda w: (-w.worth, w.doubt.market, w.doubt.field)))


def worth_of_knowing(problem: Problem, doubts: Sequence[Doubt]) -> tuple[Worth, ...]:
    """Expected value of perfect information about each doubt alone, in the order given; see `know_facts`."""
    found: dict[int, float] = {}
    by_field: dict[str, list[int]] = defaultdict(list)
    for d, doubt in enumerate(doubts):
        by_field[f"{doubt.table}.{doubt.field}"].append(d)
    for members in by_field.values():
        field = _FIELDS.get(doubts[members[0]].field, "demand")
        spreads = [
            Spread(market=doubts[d].market, field=field, share=doubts[d].log_sd, source=doubts[d].table)
            for d in members
        ]
        values = {known.what: known.value for known in know_facts(problem, spreads)}
        found |= {d: values.get(f"{doubts[d].market} {field}", 0.0) for d in members}
    return tuple(Worth(doubt=doubt, worth=found[d]) for d, doubt in enumerate(doubts))


def _scores(problem: Problem, doubts: Sequence[Doubt], shown: list[int], draws: int, seed: int) -> Array:
    """(S, shown) yearly contribution at full scale over what is at stake, best route; doubts widen the draws."""
    terms, count = problem.terms, len(problem.markets)
    stake = at_stake(terms)
    rng = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(problem.belief.cov[:count, :count])
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    level = problem.belief.mean[:count] + rng.standard_normal((draws, count)) @ root.T
    extra = np.zeros(count)
    for doubt in doubts:
        extra[problem.markets.index(doubt.market)] += doubt.log_sd**2
    level += np.sqrt(extra) * rng.standard_normal((draws, count))
    path = terms.path[:, : min(8, terms.path.shape[1])].mean(axis=1)
    out = []
    for m in shown:
        routes = np.flatnonzero(np.isfinite(terms.capital[m]))
        served = terms.ramp[m, routes, -1] * path[m] * terms.margin[m, routes].mean(axis=1)
        yearly = np.exp(level[:, [m]]) * served - QUARTERS_A_YEAR * terms.opex[m, routes]
        out.append((yearly / np.maximum(stake[m, routes], 1.0)).max(axis=1))
    return np.stack(out, axis=1)


def _screened(
    problem: Problem, m: int, rank: int, score: Array, ranks: NDArray[np.int64], demand_worth: float
) -> Screened:
    low, middle, high = np.quantile(score, [0.05, 0.5, 0.95])
    rank_low, rank_high = np.quantile(ranks, [0.05, 0.95], method="inverted_cdf")
    return Screened(
        market=problem.markets[m],
        rank=rank,
        rank_low=int(rank_low),
        rank_high=int(rank_high),
        top_odds=float((ranks <= TOP).mean()),
        score=float(middle),
        score_low=float(low),
        score_high=float(high),
        demand_worth=demand_worth,
        can_open=problem.can_open(m),
    )


def _stability(ranks: NDArray[np.int64], order: NDArray[np.int64]) -> float:
    count = ranks.shape[1]
    if count < 2:
        return 1.0
    shown = np.empty(count)
    shown[order] = np.arange(1, count + 1)
    gap = ((ranks - shown) ** 2).sum(axis=1)
    return float(np.mean(1 - 6 * gap / (count * (count**2 - 1))))
