"""Where made-up worlds come from: the planner's own belief, or a stated way in which it is wrong."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

import numpy as np

from beachhead.launch.draws import draw_worlds
from beachhead.launch.policy.play import World
from beachhead.launch.question.problem import Problem


class Family(StrEnum):
    """How the truth differs from what is believed; the policies keep their belief."""

    BELIEVED = "as_believed"
    LOWER = "demand_lower"
    HEAVY = "heavier_tails"
    ALONE = "nothing_shared"
    FANS = "keener_fans"


SAID: Mapping[Family, str] = {
    Family.BELIEVED: "worlds drawn from the belief itself",
    Family.LOWER: "demand in every market is 30 % lower than believed",
    Family.HEAVY: "surprises are larger: log demand has Student's t tails of 4 degrees of freedom, same spread, "
    "cut at 4 standard deviations",
    Family.ALONE: "markets share nothing: each is as uncertain as believed, but says nothing about the others",
    Family.FANS: "the first buyers are keener: pilots sell 25 % more than believed, demand at full scale does not",
}
LOWER, KEENER, FREEDOM = 0.7, 1.25, 4
FAR = 4.0
"""Standard deviations of log demand at which heavy tails end: demand whose log is a Student's t has no mean at all, and
what is earned after the horizon is not held to the plants, so one world could be all that a mean of many says."""


def family_worlds(problem: Problem, family: Family, seed: int, chunk: int, count: int) -> list[World]:
    """The worlds of one chunk; every chunk has streams of its own, so chunks can be drawn anywhere, in any order."""
    key = hashlib.sha256(f"{seed}:{chunk}".encode()).digest()
    drawn = draw_worlds(
        without_correlation(problem) if family is Family.ALONE else problem,
        int.from_bytes(key[:6], "little"),
        count,
    )
    free = np.array([not at.is_home for at in problem.standing])
    mean, sd = np.asarray(problem.belief.mean)[:-1], np.sqrt(np.diag(problem.belief.cov))[:-1]
    rng = np.random.default_rng(np.frombuffer(key, dtype=np.uint32))
    worlds = []
    for world in drawn:
        theta, beta = world.theta, world.beta
        if family is Family.LOWER:
            theta = theta + math.log(LOWER) * free
        elif family is Family.HEAVY:
            stretch = math.sqrt((FREEDOM - 2) / rng.chisquare(FREEDOM))
            theta = mean + np.clip(stretch * (theta - mean), -FAR * sd, FAR * sd)
        elif family is Family.FANS:
            beta = beta + math.log(KEENER)
        worlds.append(world._replace(theta=np.ascontiguousarray(theta), beta=float(beta)))
    return worlds


def without_correlation(problem: Problem) -> Problem:
    """The same launch believed to have no shared factors: each market teaches about itself only."""
    terms, M = problem.terms, len(problem.markets)
    if len(terms.elasticity):  # what rows have tied to the levels is a shared factor too
        apart = np.array(terms.elasticity_cov)
        apart[:, np.r_[:M, 2 * M]] = 0.0
        terms = replace(terms, elasticity_cov=apart)
    return replace(problem, terms=terms, belief=replace(problem.belief, cov=np.diag(np.diag(problem.belief.cov))))
