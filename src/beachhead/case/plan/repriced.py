"""What other list prices do to a plan's question: margins move with what is kept, and demand answers to price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from beachhead.belief import Belief
from beachhead.belief.priced import Elasticities
from beachhead.case.belief.offer_list import offer_list
from beachhead.case.open import Launch
from beachhead.launch.question.problem import Problem
from beachhead.world.economics import CHANNEL_CUT
from beachhead.world.figures import percent

Floats = NDArray[np.float64]

SHOWN = 0.1
"""Largest change of price that the choice experiments speak of, as a share; `adjust` stops there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repriced:
    """How list prices differ from those that a question was put with.

    Attributes:
        log_price: (M,), log of the typical price over what it was, offers as mixed.
        net: (M,), price without tax less what it was, launch currency a car, offers as mixed.
    """

    log_price: Floats
    net: Floats


def repriced(before: Launch, after: Launch, markets: tuple[str, ...]) -> Repriced:
    """Prices of one launch held against those of another, in the mix of the first; 0 where either asks none."""
    log_price, net = np.zeros(len(markets)), np.zeros(len(markets))
    for m, code in enumerate(markets):
        was, now = offer_list(before, code), offer_list(after, code)
        if was is None or now is None or was.offers != now.offers:
            continue
        mix = np.array(was.mix)
        log_price[m] = np.log((mix @ np.array(now.prices)) / (mix @ np.array(was.prices)))
        kept = [_net(launch, code) for launch in (before, after)]
        net[m] = sum(w * (kept[1][offer] - kept[0][offer]) for w, offer in zip(mix, was.offers, strict=True))
    return Repriced(log_price=log_price, net=net)


def at_other_prices(problem: Problem, asked: Problem, moved: Repriced) -> Problem:
    """A question at other list prices.

    A change of price reaches the maker less tax and the channel's cut, as in `adjust`; costs and duties stay. Demand
    answers by the elasticity believed in: the levels are those at the old prices, theta - e log(new / old).

    Args:
        problem: at the prices that stand; its belief is what has been learnt at these.
        asked: the same put with the other prices, which say what is offered and what a pilot's car brings.
        moved: from one to the other.
    """
    belief, answers = problem.belief, problem.answers
    if answers is not None and moved.log_price.any():
        belief, answers = moved_levels(belief, answers, moved.log_price)
    keeps = [[0.0 if channel is None else 1 - CHANNEL_CUT[channel] for channel in row] for row in asked.channels]
    more = moved.net[:, None] * np.array(keeps)
    terms = replace(
        problem.terms,
        kept=asked.terms.kept,
        margin=problem.terms.margin + more[:, :, None],
        scenario_margin=problem.terms.scenario_margin + more[None, :, :, None],
    )
    if answers is not None and len(terms.elasticity):
        M = len(problem.markets)
        cov = np.column_stack([answers.cross[:, :M], answers.cov, answers.cross[:, M]])
        terms = replace(terms, elasticity_cov=cov)
    return replace(problem, belief=belief, answers=answers, offers=asked.offers, terms=terms)


def moved_levels(belief: Belief, answers: Elasticities, log_price: Floats) -> tuple[Belief, Elasticities]:
    """Belief and elasticities jointly Gaussian, with each level theta_m replaced by theta_m - e_m log_price_m.

    Args:
        belief: z = (theta, beta).
        answers: e, its covariance and that with z.
        log_price: (M,).
    """
    M = len(belief.markets)
    mean, cov = belief.mean.copy(), belief.cov.copy()
    mean[:M] -= answers.mean * log_price
    along = log_price[:, None] * answers.cross  # cov(log_price e, z)
    cov[:M] -= along
    cov[:, :M] -= along.T
    cov[:M, :M] += np.outer(log_price, log_price) * answers.cov
    cross = answers.cross.copy()
    cross[:, :M] -= answers.cov * log_price
    return replace(belief, mean=mean, cov=cov), replace(answers, cross=cross)


def price_note(problem: Problem, moved: Repriced, names: Mapping[str, str], currency: str) -> str:
    """What was counted, with the largest change; "" where no price moved."""
    if not (moved.net.any() or moved.log_price.any()):
        return ""
    m = int(np.argmax(np.abs(moved.net) + np.abs(moved.log_price)))
    demand = ""
    if problem.answers is not None and moved.log_price[m]:
        e = float(problem.answers.mean[m])
        demand = f" and demand by an elasticity of {e:.1f} ({np.exp(-e * moved.log_price[m]) - 1:+.0%} there)"
        demand = demand.replace("%", " %")
    far = ""
    if np.abs(np.expm1(moved.log_price)).max() > SHOWN + 1e-9:
        far = f" A price moved by more than {percent(SHOWN)} lies beyond what the choice experiments show."
    return (
        f"A changed price moves the margin by what the maker keeps of it, less tax and the channel's cut "
        f"({moved.net[m]:+,.0f} {currency} a car without tax in {names[problem.markets[m]]}){demand}; costs and duties "
        f"stay, and rivals do not answer. `beachhead adjust` looks for the best change.{far}"
    )


def _net(launch: Launch, market: str) -> dict[str, float]:
    return {price.offer: price.net for price in launch.folder.prices if price.market == market}
