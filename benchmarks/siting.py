"""How good siting is: published p-median and warehouse instances, with proved gap, seconds and memory.

python benchmarks/siting.py [--quick] [--json] [--peers] [--pmed DIR] [--cap DIR] [--tsp FILE --p P] [--seconds S]

`--pmed` takes a folder of OR-Library pmed files (with pmedopt.txt, where it is there), `--tsp` one planar TSPLIB file.
Without either, the instances in ../shared/data/siting are run, those that are there. `--peers` runs kmedoids and spopt
(group `bench`) after ours, in the same run, on the same instances.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import time
from pathlib import Path

import numpy as np

from beachhead.siting.instances import (
    median_field,
    planar_cost,
    planar_field,
    read_cap,
    read_pmed,
    read_tsp,
    warehouse_field,
)
from beachhead.siting.solve import Effort, Found, solve

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "siting"
QUICK = ("pmed1", "pmed6", "pmed17", "pmed20", "pmed26", "pmed40")


def warm_up() -> float:
    """Seconds that compiling (or reading the compiled kernels) takes; paid once a machine."""
    began = time.perf_counter()
    solve(median_field(np.random.default_rng(1).uniform(1, 9, (60, 60)), 5), seed=1)
    return time.perf_counter() - began


def row(name: str, sites: int, found: Found, cost: float, best: float | None, cpu: float) -> dict[str, object]:
    return {
        "instance": name,
        "p": sites,
        "cost": cost,
        "lower": found.lower,
        "proven_gap_percent": 100 * max(cost - found.lower, 0.0) / cost,
        "above_best_known_percent": None if best is None else 100 * (cost / best - 1),
        "status": found.status.value,
        "seconds": found.seconds,
        "cpu_seconds": cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def pmed(folder: Path, seconds: float, quick: bool) -> list[dict[str, object]]:
    optima = {}
    if (folder / "pmedopt.txt").exists():
        words = [line.split() for line in (folder / "pmedopt.txt").read_text().splitlines()[1:]]
        optima = {word[0]: float(word[1]) for word in words if len(word) == 2}
    rows = []
    paths = sorted(folder.glob("pmed[0-9]*.txt"), key=lambda path: int("".join(filter(str.isdigit, path.stem))))
    for path in paths:
        if quick and path.stem not in QUICK:
            continue
        field = read_pmed(path)
        cpu = time.process_time()
        found = solve(field, seed=1, effort=Effort(seconds=seconds))
        spent = time.process_time() - cpu
        rows.append(row(path.stem, int(field.limits.total), found, found.upper, optima.get(path.stem), spent))
    return rows


def planar(path: Path, sites: int, seconds: float) -> dict[str, object]:
    points = read_tsp(path)
    cpu = time.process_time()
    field = planar_field(points, sites)
    found = solve(field, seed=1, effort=Effort(seconds=seconds))
    spent = time.process_time() - cpu
    return row(path.stem, sites, found, planar_cost(points, found.sites), best_known(path.stem, sites), spent)


def warehouses(folder: Path, seconds: float) -> list[dict[str, object]]:
    rows = []
    for path in sorted(folder.glob("cap*.txt")):
        cpu = time.process_time()
        found = solve(warehouse_field(read_cap(path)), seed=1, effort=Effort(seconds=seconds))
        best = best_known(path.stem, None)
        rows.append(row(path.stem, len(found.sites), found, found.upper, best, time.process_time() - cpu))
    return rows


def best_known(name: str, sites: int | None) -> float | None:
    if not (SHARED / "best_known.csv").exists():
        return None
    with (SHARED / "best_known.csv").open() as file:
        for line in csv.DictReader(file):
            if line["instance"] == name and line["p"] == ("" if sites is None else str(sites)):
                return float(line["best_known"])
    return None


def peers(folder: Path, names: list[str]) -> list[dict[str, object]]:
    """FasterPAM of kmedoids and spopt with HiGHS on the same matrices; a peer that is not installed is left out."""
    rows = []
    for name in names:
        field = read_pmed(folder / f"{name}.txt")
        lists = field.by_customer
        cost = np.empty((field.customers, field.sites))
        cost[np.repeat(np.arange(field.customers), np.diff(lists.ptr)), lists.item] = lists.cost
        sites = int(field.limits.total)
        try:
            import kmedoids

            began = time.perf_counter()
            value = float(kmedoids.fasterpam(cost, sites, random_state=1).loss)
            rows.append({"instance": name, "peer": "kmedoids", "cost": value, "seconds": time.perf_counter() - began})
        except ImportError:
            pass
        try:
            import pulp
            from spopt.locate import PMedian

            began = time.perf_counter()
            problem = PMedian.from_cost_matrix(cost, np.ones(len(cost)), p_facilities=sites)
            problem.solve(pulp.HiGHS(msg=False, timeLimit=600))
            value = float(pulp.value(problem.problem.objective))
            rows.append({"instance": name, "peer": "spopt", "cost": value, "seconds": time.perf_counter() - began})
        except ImportError:
            pass
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--pmed", type=Path)
    parser.add_argument("--cap", type=Path)
    parser.add_argument("--tsp", type=Path)
    parser.add_argument("--p", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    figures: dict[str, object] = {"warm_up_seconds": warm_up()}
    all_of_it = not (asked.pmed or asked.cap or asked.tsp)
    folder = asked.pmed or SHARED / "pmed"
    if asked.pmed or (all_of_it and folder.exists()):
        figures["pmed"] = pmed(folder, asked.seconds, asked.quick)
    cap = asked.cap or SHARED / "cap"
    if asked.cap or (all_of_it and cap.exists()):
        figures["cap"] = warehouses(cap, asked.seconds)
    if asked.tsp:
        figures["tsp"] = [planar(asked.tsp, asked.p, asked.seconds)]
    elif all_of_it and (SHARED / "tsplib").exists() and not asked.quick:
        runs = [("pcb3038", 200), ("pcb3038", 500), ("rl5934", 200), ("rl5934", 1000)]
        figures["tsp"] = [planar(SHARED / "tsplib" / f"{name}.tsp", p, asked.seconds) for name, p in runs]
    if asked.peers:
        figures["peers"] = peers(folder, ["pmed6", "pmed11", "pmed20"])
    if asked.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)


def show(figures: dict[str, object]) -> None:
    for name, value in figures.items():
        if isinstance(value, float):
            print(f"{name}: {value:.1f}")
            continue
        print(f"\n{name}")
        for line in value:  # type: ignore[attr-defined]
            print("  " + "  ".join(f"{k} {v:.4f}" if isinstance(v, float) else f"{k} {v}" for k, v in line.items()))


if __name__ == "__main__":
    main()
