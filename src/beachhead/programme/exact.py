"""Shorter schedules by OR-Tools CP-SAT, where the extra `schedule` is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from beachhead.programme.sequence import Ints, Work
from beachhead.world.errors import BadInput, NotFeasible


def improve(
    work: Work, start: Ints, bound: int, seconds: float, *, workers: int = 2, hinted: bool = True
) -> tuple[Ints, int]:
    """Starts whose end is no later, and the best lower bound known.

    Args:
        work: the tasks.
        start: (N,), starts known already.
        bound: no schedule is shorter.
        seconds: how long to look.
        workers: threads.
        hinted: whether the solver is told `start`; without it it begins from nothing.
    """
    if find_spec("ortools") is None:
        cure = 'install it with `pip install "beachhead[schedule]"`, or leave the exact search out'
        raise BadInput("OR-Tools is not installed", cure)
    if (_used_by_fixed(work) > work.capacity).any():
        cure = "finish or stop one of them, or raise the capacity in roles.csv"
        raise NotFeasible("more is under way than its resources allow", cure)
    asked = {
        "days": work.days.tolist(),
        "release": work.release.tolist(),
        "fixed": work.fixed.tolist(),
        "need": work.need.tolist(),
        "capacity": work.capacity.tolist(),
        "waits": [work.waits[a:b].tolist() for a, b in zip(work.waits_first, work.waits_first[1:], strict=False)],
        "longest": int((start + work.days).max(initial=0)),
        "bound": bound,
        "hint": start.tolist() if hinted else [],
        "seconds": seconds,
        "workers": workers,
    }
    told = subprocess.run(
        [sys.executable, "-I", str(Path(__file__).with_name("cpsat.py"))],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        last = told.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise BadInput(f"OR-Tools failed: {last[0]}", "install it anew, or leave the exact search out")
    found = json.loads(told.stdout)
    if not found["start"]:
        return start, bound
    return np.array(found["start"], dtype=np.int64), int(found["bound"])


def _used_by_fixed(work: Work) -> Ints:
    return np.asarray((work.need * work.fixed[:, None]).sum(axis=0))
