"""The cars a plan would sell, world by world: what supply has to route."""

from __future__ import annotations

from collections.abc import Callable

from beachhead.launch.aim.steer import Steering, cars_of, find_steering, play_all, set_course
from beachhead.launch.draws import draw_worlds
from beachhead.launch.question.problem import Problem
from beachhead.world.outlook import Outlook


def planned_cars(
    problem: Problem,
    seed: int,
    worlds: int,
    tick: Callable[[int, int], None] | None = None,
    steering: Steering | None = None,
) -> Outlook:
    """Cars sold and shipped to pilots in each of `worlds` worlds, rationed as the plan rations them.

    Args:
        problem: the question.
        seed: of the worlds; with the seed of a plan its own worlds come back.
        worlds: how many worlds to play.
        tick: called with (worlds done, worlds in all) as they end.
        steering: of the plan on record; searched for anew if None and the problem has an objective.
    """
    course = set_course(problem, find_steering(problem, seed) if steering is None else steering)
    cars = cars_of(play_all(course, draw_worlds(problem, seed, worlds), tick))
    return Outlook(values=cars, markets=problem.markets, quarters=problem.quarters, seed=seed)
