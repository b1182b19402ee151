"""The cars a plan would sell, world by world: what supply has to route."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from beachhead.launch.draws import draw_worlds
from beachhead.launch.play import play
from beachhead.launch.problem import Problem
from beachhead.launch.scene import set_up
from beachhead.world.outlook import Outlook


def planned_cars(problem: Problem, seed: int, worlds: int, tick: Callable[[int, int], None] | None = None) -> Outlook:
    """Cars sold and shipped to pilots in each of `worlds` worlds, rationed as the plan rations them.

    Args:
        problem: the question.
        seed: of the worlds; with the seed of a plan its own worlds come back.
        worlds: how many worlds to play.
        tick: called with (worlds done, worlds in all) as they end.
    """
    scene, values = set_up(problem), []
    with ThreadPoolExecutor(max_workers=2) as pool:  # the kernels let go of the interpreter
        played = pool.map(lambda world: play(*scene, world), draw_worlds(problem, seed, worlds))
        for done, world in enumerate(played, start=1):
            values.append((world.sold + world.batch).T)
            if tick is not None:
                tick(done, worlds)
    return Outlook(values=np.array(values), markets=problem.markets, quarters=problem.quarters, seed=seed)
