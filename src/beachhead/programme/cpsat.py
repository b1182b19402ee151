"""The shortest schedule by OR-Tools CP-SAT: a question as JSON on stdin, its answer as JSON on stdout.

Run as a file of its own by `exact.improve`, never imported: OR-Tools and highspy each bring the HiGHS library, and the
second to be loaded into a process fails on the symbols of the first.
"""

from __future__ import annotations

import json
import sys
from math import ceil
from typing import Any


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Starts and the best lower bound known; no starts where nothing was found in time."""
    from ortools.sat.python import cp_model  # an optional extra

    model = cp_model.CpModel()
    longest, begins, spans = asked["longest"], [], []
    for i, days in enumerate(asked["days"]):
        low = asked["release"][i]
        high = 0 if asked["fixed"][i] else max(longest - days, low)
        begins.append(model.new_int_var(low, high, f"begin{i}"))
        spans.append(model.new_fixed_size_interval_var(begins[i], days, f"span{i}"))
        for before in asked["waits"][i]:
            model.add(begins[i] >= begins[before] + asked["days"][before])
    for r, capacity in enumerate(asked["capacity"]):
        users = [i for i, need in enumerate(asked["need"]) if need[r] > 0 and asked["days"][i] > 0]
        model.add_cumulative([spans[i] for i in users], [asked["need"][i][r] for i in users], capacity)
    end = model.new_int_var(asked["bound"], longest, "end")
    for i, days in enumerate(asked["days"]):
        model.add(end >= begins[i] + days)
        if asked["hint"]:
            model.add_hint(begins[i], asked["hint"][i])
    model.minimize(end)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = asked["seconds"]
    solver.parameters.num_workers = asked["workers"]
    solved = solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    start = [solver.value(begin) for begin in begins] if solved else []
    return {"start": start, "bound": max(asked["bound"], ceil(solver.best_objective_bound - 1e-6)) if solved else 0}


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
