"""Set a problem up for the compiled kernels: arrays, gates applied, prices at the first gate."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from beachhead.launch.judge.judge import judge, stopped
from beachhead.launch.policy.play import Bars, best_route, share_asked
from beachhead.launch.policy.shadow_prices import find_prices, no_prices
from beachhead.launch.policy.value import pilot_noise
from beachhead.launch.question.action import ActionKind
from beachhead.launch.question.gate import Gate, Judgement, Verdict
from beachhead.launch.question.kernel_terms import OUT, Floats, Position, Prices, Terms, at_stake
from beachhead.launch.question.problem import Problem, kernel_position, kernel_terms

FIRST_ROUNDS = 60


class Scene(NamedTuple):
    """What the kernels play from.

    Attributes:
        terms: arrays of the launch.
        position: where every market stands, registered gates applied.
        bars: thresholds of registered and future gates.
        mean: (M+1,), belief.
        cov: (M+1, M+1), belief.
        prices: shadow prices at the first gate.
    """

    terms: Terms
    position: Position
    bars: Bars
    mean: Floats
    cov: Floats
    prices: Prices


def set_up(problem: Problem) -> Scene:
    """Kernel arrays of the problem, with its gates applied and its first prices found."""
    terms, position, bars = _gated(problem)
    mean, cov = problem.belief.mean.copy(), problem.belief.cov.copy()
    return Scene(
        terms, position, bars, mean, cov, find_prices(terms, position, mean, cov, 0, no_prices(terms), FIRST_ROUNDS)
    )


def _gated(problem: Problem) -> tuple[Terms, Position, Bars]:
    terms, position = kernel_terms(problem), kernel_position(problem)
    mean, cov = np.asarray(problem.belief.mean), np.asarray(problem.belief.cov)
    M = len(problem.markets)
    bars = Bars(
        odds=np.full(M, problem.rule.scale_odds),
        information=np.array(
            [problem.rule.information_share * expected_information(terms, mean, cov, i) for i in range(M)]
        ),
        loss=problem.rule.loss_share * _at_stake(terms, mean, cov),
        at_start=np.full(M, -1.0),
    )
    for gate in problem.gates:
        i = problem.markets.index(gate.market)
        bars.odds[i], bars.information[i] = gate.scale_odds, gate.information
        bars.loss[i], bars.at_start[i] = gate.max_expected_loss, gate.information_at_start
        if position.stage[i] == OUT:
            judged = judge(gate, problem)
            if ActionKind.SCALE not in judged.allowed:
                asked = share_asked(float(cov[i, i]), gate.information_at_start + gate.information)
                position.barred[i] = (
                    -1.0 if judged.verdict is Verdict.HOLD and _is_only_unready(judged, gate) else asked
                )
    position.piloted[stopped(problem) == 1] = problem.menu.quarters
    return terms, position, bars


def _is_only_unready(judged: Judgement, gate: Gate) -> bool:
    """True if readiness alone is missing, which no look at demand brings."""
    passed = judged.odds >= gate.scale_odds and judged.expected_loss <= gate.max_expected_loss
    return bool(judged.unmet) and passed


def _at_stake(terms: Terms, mean: Floats, cov: Floats) -> Floats:
    """(M,) money at stake on the route through which each market would be scaled."""
    routes = [best_route(terms, i, 0, float(mean[i]), float(cov[i, i])) for i in range(len(mean) - 1)]
    return at_stake(terms)[np.arange(len(routes)), routes]


def expected_information(terms: Terms, mean: Floats, cov: Floats, i: int, design: int | None = None) -> float:
    """Information on theta_i (1 / variance) that a pilot quarter is expected to add; of the usual design by default."""
    last = len(mean) - 1
    d = terms.sizes // 2 if design is None else design
    noise = min(
        (
            pilot_noise(terms, mean, i, c, d, min(int(terms.first_pilot[i, c]), terms.path.shape[1] - 1), 0)
            for c in range(terms.capital.shape[1])
            if np.isfinite(terms.capital[i, c])
        ),
        default=math.inf,
    )
    spread = cov[i, i] + 2 * cov[i, last] + cov[last, last] + noise
    left = cov[i, i] - (cov[i, i] + cov[i, last]) ** 2 / spread
    return float(1 / max(left, 1e-12) - 1 / max(cov[i, i], 1e-12))
