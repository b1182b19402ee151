"""Our policy and its rivals on the same worlds, with the clairvoyant bound of each world."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from beachhead.launch.bound.clairvoyant import as_is, clairvoyant
from beachhead.launch.bound.control import control_alone
from beachhead.launch.bound.penalised import SCOUTS, expected_urgency, penalised
from beachhead.launch.bound.revealed import split_own, told_with, what_is_told
from beachhead.launch.draws import draw_worlds
from beachhead.launch.policy.play import World, play
from beachhead.launch.question.kernel_terms import under
from beachhead.launch.question.problem import Problem
from beachhead.launch.scene import Scene, set_up
from beachhead.rehearsal.family import without_correlation
from beachhead.rehearsal.rehearse import INDEPENDENT, OURS
from beachhead.rehearsal.rivals import Rival, play_rival

_SCOUT_SEED = 2_718_281_828


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contest:
    """What each policy earned in each world, over carrying on as is.

    Attributes:
        policies: P names, ours first.
        values: (P, S), launch currency.
        clairvoyant: (S,), bound of each world.
        penalised: (S,), penalised bound of each world; infinite where it was not asked for.
        clear_control: (S,), control variate of the clairvoyant bound less its known mean.
        told_control: (S,), control variate of the penalised bound less its known mean.
    """

    policies: tuple[str, ...]
    values: NDArray[np.float64]
    clairvoyant: NDArray[np.float64]
    penalised: NDArray[np.float64]
    clear_control: NDArray[np.float64]
    told_control: NDArray[np.float64]


def contest(
    problem: Problem,
    worlds: Sequence[World],
    rivals: Iterable[Rival] = tuple(Rival),
    *,
    believed: bool = True,
    whole: bool = True,
) -> Contest:
    """Play ours, ours with independent beliefs, and the rivals on the same worlds; threads share the work.

    Args:
        problem: the launch.
        worlds: played.
        rivals: besides ours.
        believed: whether the worlds are drawn from the belief; the penalised bound holds, and is taken, only then.
        whole: forbid the penalised bound to split markets: tighter, and ten times slower.
    """
    rivals = tuple(rivals)
    ours, alone = set_up(problem), set_up(without_correlation(problem))

    own = split_own(*told_with(ours.terms, ours.cov))
    at = ours.terms, ours.position, ours.mean, own
    urgency = expected_urgency(*at, draw_worlds(problem, _SCOUT_SEED, SCOUTS)) if believed else None

    def one(world: World) -> tuple[list[float], float, float]:
        terms = under(ours.terms, world.scenario)
        base = as_is(terms, ours.position, np.exp(world.theta))
        earned = [play(*ours, world).value, play(*alone, world).value, *(_rival(ours, world, r) for r in rivals)]
        told = penalised(*at, world, whole=whole, urgency=urgency) if believed else math.inf
        return [e - base for e in earned], clairvoyant(terms, ours.position, world.theta), told

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        rows = list(pool.map(one, worlds))
    clear = control_alone(ours, np.array([world.theta for world in worlds]))
    given = np.array([what_is_told(ours.position, ours.mean, own, world) for world in worlds])
    told = control_alone(ours, given, own.own)
    return Contest(
        policies=(OURS, INDEPENDENT, *(r.name.lower() for r in rivals)),
        values=np.array([row for row, _, _ in rows]).T,
        clairvoyant=np.array([bound for _, bound, _ in rows]),
        penalised=np.array([bound for _, _, bound in rows]),
        clear_control=clear.worlds - clear.mean,
        told_control=told.worlds - told.mean,
    )


def _rival(scene: Scene, world: World, rival: Rival) -> float:
    return float(play_rival(scene.terms, scene.position, scene.mean, scene.cov, world, int(rival)).value)
