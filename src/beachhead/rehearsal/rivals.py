"""Other ways to run a launch, played on the same worlds: what a plan has to beat.

Every rival pays, sells, learns and leaves by the same rules as our policy; only what it scales and pilots differs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import IntEnum

import numpy as np

from beachhead.launch.policy.play import Played, World, after_horizon, apply, copy_position, observe, sell
from beachhead.launch.policy.select import leave
from beachhead.launch.policy.value import list_starts, scale_now
from beachhead.launch.question.kernel_terms import (
    OUT,
    PILOT,
    SCALE,
    SCALED,
    WAIT,
    Floats,
    Ints,
    Position,
    Prices,
    Terms,
    may_pilot,
    under,
)
from beachhead.world.compiled import compiled, inner


class Rival(IntEnum):
    """How a launch may be run without Beachhead; `SAID` says what each does."""

    SPRINKLER = 1
    WATERFALL = 2
    CERTAINTY_EQUIVALENT = 3
    PILOT_ALL = 4
    THOMPSON = 5


SAID: Mapping[Rival, str] = {
    Rival.SPRINKLER: "scales every market that looks worth it at the start, largest demand first, as fast as money and "
    "launches allow; pilots none",
    Rival.WATERFALL: "scales one market at a time, the one worth most per capital at the start first; the next only "
    "once the last has been kept for two quarters, or left; pilots none",
    Rival.CERTAINTY_EQUIVALENT: "each quarter takes the mean of demand for the truth and scales what is worth most per "
    "capital; learns from sales alone, pilots none",
    Rival.PILOT_ALL: "pilots every market once with the middle batch of the menu, as fast as cars for pilots allow, "
    "then scales what is worth most per capital",
    Rival.THOMPSON: "each quarter takes one demand drawn from the belief for the truth and scales what is worth most "
    "per capital (Thompson sampling); learns from sales alone, pilots none",
}
"""What each does, in a sentence for a reader."""

OF_LOG_DEMAND = 6
"""The other reading of certainty equivalence, exp of mean log demand for the truth: weaker, so no baseline of ours."""


@compiled
def play_rival(terms: Terms, start: Position, mean0: Floats, cov0: Floats, world: World, rival: int) -> Played:
    """Play a rival through one world; as `launch.policy.play.play`, without gates and prices."""
    M, T = terms.path.shape
    truth = under(terms, world.scenario)
    position = copy_position(start)
    mean, cov = mean0.copy(), cov0.copy()
    free = Prices(np.zeros(terms.capital_cap.shape[0]), np.zeros(T), np.zeros(T))
    stage = np.zeros((T, M), dtype=np.int64)
    batch = np.zeros((T, M))
    cash = np.zeros(T)
    sold = np.zeros((T, M))
    demand = np.exp(world.theta)
    value = 0.0
    weight = 1.0
    for t in range(T):
        if t == terms.scenario_known:
            terms = truth
        action, route, design = _decide(terms, position, mean, cov, mean0, cov0, t, free, world, rival)
        leave(terms, position, mean, cov, t, free, action)
        money = apply(terms, position, action, route, design, t, batch[t])
        for i in range(M):
            stage[t, i] = 3 if action[i] == PILOT else position.stage[i]
        money += sell(truth, position, demand, t, sold[t])
        cash[t] = money
        value += weight * money
        weight *= terms.discount
        observe(terms, position, mean, cov, world, t, action, route, design)
    value += weight * after_horizon(truth, position, demand)
    return Played(value, stage, batch, cash, sold, mean, cov, position.route)


@inner
def _decide(
    terms: Terms,
    position: Position,
    mean: Floats,
    cov: Floats,
    mean0: Floats,
    cov0: Floats,
    now: int,
    free: Prices,
    world: World,
    rival: int,
) -> tuple[Ints, Ints, Ints]:
    """Action, route and design of every market."""
    M = terms.capital.shape[0]
    action = np.zeros(M, dtype=np.int64)
    route = np.full(M, -1, dtype=np.int64)
    design = np.full(M, -1, dtype=np.int64)
    starts = list_starts(terms, position, now, free)
    value = np.full(M, -np.inf)
    for i in range(M):
        if position.stage[i] != OUT:
            continue
        if rival == Rival.SPRINKLER or rival == Rival.WATERFALL:
            value[i], route[i] = scale_now(starts, now, i, mean0[i], cov0[i, i])
        elif rival == Rival.CERTAINTY_EQUIVALENT:
            value[i], route[i] = scale_now(starts, now, i, mean[i] + 0.5 * cov[i, i], 1e-12)
        elif rival == Rival.PILOT_ALL:
            value[i], route[i] = scale_now(starts, now, i, mean[i], cov[i, i])
        else:  # OF_LOG_DEMAND; Thompson's draw replaces it below
            value[i], route[i] = scale_now(starts, now, i, mean[i], 1e-12)
    if rival == Rival.THOMPSON:
        drawn = _drawn(mean, cov, world.noise[now], world.luck[now])
        for i in range(M):
            if position.stage[i] == OUT:
                value[i], route[i] = scale_now(starts, now, i, drawn[i], 1e-12)
    rank = np.full(M, -np.inf)
    for i in range(M):
        if route[i] < 0 or value[i] <= 0.0:
            continue
        rank[i] = value[i] / terms.capital[i, route[i]]
        if rival == Rival.SPRINKLER:
            rank[i] = mean0[i]
    if rival == Rival.PILOT_ALL:
        _pilot_all(terms, position, now, action, route, design, mean)
        for i in range(M):
            if position.piloted[i] == 0 and position.stage[i] == OUT and terms.pilot_quarters > 0:
                rank[i] = -np.inf
    _take(terms, position, now, rank, action, route, 1.0 if rival == Rival.WATERFALL else np.inf)
    return action, route, design


@inner
def _drawn(mean: Floats, cov: Floats, noise: Floats, luck: Floats) -> Floats:
    """One draw of theta from the belief, from the world's own luck for this quarter.

    Uses sums of the unused pilot luck of this quarter as normals, so that a draw costs no random numbers of its own.
    """
    M = noise.shape[0]
    root = np.linalg.cholesky(cov[:M, :M] + 1e-10 * np.eye(M))
    z = np.empty(M)
    for i in range(M):
        z[i] = (luck[i].sum() - 0.5 * luck.shape[1]) * math.sqrt(12.0 / luck.shape[1])
    return mean[:M] + root @ z


@inner
def _pilot_all(
    terms: Terms, position: Position, now: int, action: Ints, route: Ints, design: Ints, mean: Floats
) -> None:
    """The middle batch to every market not yet piloted, largest demand first, while the pool lasts."""
    middle = terms.sizes // 2  # at list price
    pool = terms.pool_cap[now]
    for i in np.argsort(-mean[:-1], kind="mergesort"):
        if position.stage[i] != OUT or position.piloted[i] > 0 or terms.batches[middle] > pool:
            continue
        for c in range(terms.capital.shape[1]):
            if may_pilot(terms, i, c, terms.batches[middle], now):
                action[i], route[i], design[i] = PILOT, c, middle
                pool -= terms.batches[middle]
                break


@inner
def _take(
    terms: Terms,
    position: Position,
    now: int,
    rank: Floats,
    action: Ints,
    route: Ints,
    most_open: float,
) -> None:
    """Scale in order of rank while capital, launches and (for the waterfall) its patience last."""
    capital = terms.capital_cap[terms.year[now]] - position.spent[terms.year[now]]
    launches = terms.starts_cap[now]
    unproven = 0.0
    for i in range(rank.shape[0]):
        if position.stage[i] == SCALED and position.fixed[i] == 0 and now - position.since[i] < 2:
            unproven += 1.0
    for i in np.argsort(-rank, kind="mergesort"):
        if rank[i] == -np.inf or action[i] != WAIT:
            continue
        cost = terms.capital[i, route[i]]
        if launches < 1.0 or cost > capital or unproven >= most_open:
            continue
        action[i] = SCALE
        capital -= cost
        launches -= 1.0
        unproven += 1.0
