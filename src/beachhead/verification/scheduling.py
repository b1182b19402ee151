"""Uncertain durations, critical paths, schedules under resource limits."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from beachhead.programme.duration import textbook_sd_weeks
from beachhead.programme.network import assemble
from beachhead.programme.risk import Risk, assess
from beachhead.programme.schedule import build_work, length_of, lower_bound, solve
from beachhead.programme.sequence import Work
from beachhead.programme.task import Duration, Shape, Task
from beachhead.verification.published import Published

DAY = date(2027, 1, 4)
RELIABLE = {
    "A": (1, 2, 3, ""),
    "B": (2, 3.5, 8, "A"),
    "C": (6, 9, 18, "B"),
    "D": (4, 5.5, 10, "C"),
    "E": (1, 4.5, 5, "C"),
    "F": (4, 4, 10, "E"),
    "G": (5, 6.5, 11, "D"),
    "H": (5, 8, 17, "E G"),
    "I": (3, 7.5, 9, "C"),
    "J": (3, 9, 9, "F I"),
    "K": (4, 4, 4, "J"),
    "L": (1, 5.5, 7, "J"),
    "M": (1, 2, 3, "H"),
    "N": (5, 5.5, 9, "K L"),
}
SUCCESSORS = (
    "2 3 4/6 11 15/7 8 13/5 9 10/20/30/27/12 19 27/14/16 25/20 26/14/17 18/17/25/21 22/22/20 22/24 29/23 25/28/23/24/"
    "30/30/31/28/31/32/32/32/"
)
DAYS = (0, 8, 4, 6, 3, 8, 5, 9, 2, 7, 9, 2, 6, 3, 9, 10, 6, 5, 3, 7, 2, 7, 2, 3, 3, 7, 8, 3, 7, 2, 2, 0)
NEEDS = (  # units of the four resources, ten as `a`
    "0000 4000 a000 0003 3000 0008 4000 0100 6000 0001 0500 0700 4000 0800 3000 0005 0008 0007 0100 0a00 0006 2000 "
    "3000 0900 4000 0040 0007 0800 0700 0700 0020 0000"
)
_HILLIER = "Hillier and Lieberman, Introduction to Operations Research, Reliable Construction Co."
_PSPLIB = "PSPLIB j301_1 (Kolisch and Sprecher 1997)"


def scheduling() -> tuple[Published, ...]:
    """Numbers of room `programme`."""
    room = "programme"
    return (
        Published(room, "mean critical path, weeks", _HILLIER, 44, 1e-9, lambda: (_risk().end.expected - DAY).days / 7),
        Published(room, "variance along it, weeks squared", _HILLIER, 9, 1e-9, _variance),
        Published(room, "shortest schedule, days", _PSPLIB, 43, 0, _shortest),
        Published(room, "critical path, days", _PSPLIB, 38, 0, lambda: lower_bound(_house())),
    )


@cache
def _risk() -> Risk:
    tasks = [
        Task(code=code, name=code, duration=_duration(code), after=tuple(after.split()))
        for code, (_, _, _, after) in RELIABLE.items()
    ]
    return assess(assemble(tasks, (), DAY), on=DAY, common=0.0, seed=5)


def _duration(code: str) -> Duration:
    low, likely, high, _ = RELIABLE[code]
    return Duration(low=low, likely=likely, high=high, shape=Shape.PERT)


def _variance() -> float:
    path = sorted(_risk().tasks, key=lambda task: -task.criticality)[:8]
    return sum(textbook_sd_weeks(_duration(task.code)) ** 2 for task in path)


def _shortest() -> float:
    return length_of(_house(), solve(_house(), seed=1))


@cache
def _house() -> Work:
    waits: list[list[int]] = [[] for _ in DAYS]
    for task, written in enumerate(SUCCESSORS.split("/")):
        for after in written.split():
            waits[int(after) - 1].append(task)
    need = np.array([[int(sign, 16) for sign in each] for each in NEEDS.split()])
    return build_work(days=np.array(DAYS), need=need, capacity=np.array((12, 13, 4, 12)), waits=waits)
