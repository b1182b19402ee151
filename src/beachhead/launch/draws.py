"""Made-up worlds from a belief, with luck keyed by world, quarter and market.

Every market has a random stream of its own, keyed by the seed and the market's code: the same world shows the same luck
to every policy, whatever was decided before, and permuting the markets permutes the worlds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from beachhead.launch.policy.play import World
from beachhead.launch.question.action import WEEKS_A_QUARTER
from beachhead.launch.question.kernel_terms import Floats
from beachhead.launch.question.problem import Problem

_FAN_KEY = "early-adopter bias"
_TARIFF_KEY = "scenario of tariffs"
_PRICE_KEY = "answer to price in"


def draw_worlds(problem: Problem, seed: int, count: int, first: int = 0) -> list[World]:
    """Worlds number `first` to `first + count - 1` of a problem and a seed.

    Levels are mean + cov^(1/2) z with the symmetric root, which does not depend on the order of the markets. Luck is
    drawn for every week of a quarter, however long pilots are: another length meets the same worlds.
    """
    belief, weeks = problem.belief, problem.terms.weeks
    T = len(belief.quarters)
    names = (*belief.markets, _FAN_KEY, _TARIFF_KEY)
    streams = [_stream(seed, name, first, T) for name in names]
    root = symmetric_root(np.asarray(belief.cov))
    worlds = []
    for _ in range(count):
        drawn = [_draw(stream, T) for stream in streams]
        level = belief.mean + root @ np.array([z for z, _, _ in drawn[:-1]])
        worlds.append(
            World(
                scenario=_scenario(problem.terms.scenario_odds, float(drawn[-1][1][0, 0])),
                theta=level[:-1].copy(),
                beta=float(level[-1]),
                luck=np.ascontiguousarray(np.stack([luck[:, :weeks] for _, luck, _ in drawn[:-2]], axis=1)),
                noise=np.ascontiguousarray(np.stack([noise for _, _, noise in drawn[:-2]], axis=1)),
                elasticity=np.zeros(len(belief.markets)),
            )
        )
    moved = np.array([np.append(world.theta, world.beta) for world in worlds]).reshape(count, -1) - belief.mean
    found = _answers(problem, seed, first, moved)
    return [world._replace(elasticity=row.copy()) for world, row in zip(worlds, found, strict=True)]


def _answers(problem: Problem, seed: int, first: int, moved: Floats) -> Floats:
    """(S, M) elasticities given how far (S, M+1) log demand and bias lie from their means; from streams of their own.

    Zeros where every pilot is at list price.
    """
    terms, M = problem.terms, len(problem.markets)
    if not len(terms.elasticity):
        return np.zeros((len(moved), M))
    levels = np.r_[:M, 2 * M]
    cross, own = terms.elasticity_cov[:, levels], terms.elasticity_cov[:, M : 2 * M]
    along = cross @ np.linalg.pinv(problem.belief.cov, hermitian=True) if cross.any() else np.zeros((M, M + 1))
    root = symmetric_root(own - along @ cross.T)
    luck = [_stream(seed, f"{_PRICE_KEY} {code}", 0, 0).standard_normal(first + len(moved)) for code in problem.markets]
    return np.asarray(terms.elasticity + moved @ along.T + np.array(luck)[:, first:].T @ root)


def draw_scores(markets: Sequence[str], seed: int, count: int) -> Floats:
    """(count, M+1) independent standard normals, a column a market and one for the early-adopter bias.

    For what needs many levels of demand and nothing else; keyed by market like the worlds, and apart from theirs.
    """
    names = [f"score of {name}" for name in (*markets, _FAN_KEY)]
    return np.column_stack([_generator(seed, name).standard_normal(count) for name in names])


def _stream(seed: int, name: str, first: int, T: int) -> np.random.Generator:
    """A counter-based stream for one market, moved to its world number `first`."""
    generator = _generator(seed, name)
    for _ in range(first):
        _draw(generator, T)
    return generator


def _generator(seed: int, name: str) -> np.random.Generator:
    key = int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:16], "little")
    return np.random.Generator(np.random.Philox(key=key))


def _draw(generator: np.random.Generator, T: int) -> tuple[float, Floats, Floats]:
    return float(generator.standard_normal()), generator.random((T, WEEKS_A_QUARTER)), generator.standard_normal(T)


def _scenario(odds: Floats, luck: float) -> int:
    return min(int(np.searchsorted(np.cumsum(odds), luck, side="right")), len(odds) - 1)


def symmetric_root(cov: Floats) -> Floats:
    """The symmetric square root, which does not depend on the order of the axes."""
    values, vectors = np.linalg.eigh(cov)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
