"""Supply: bounds, time and memory at 40 markets x 20 quarters x 5 plants x 100 draws; plain extensive form beside.

    python benchmarks/supply.py [--quick] [--json] [--peers]

Every case is solved twice in one run, each in a process of its own: by the decomposition that the product uses (time
of RP alone, and of everything the product reports: VSS, EVPI, the value of waiting), and as the plain extensive form by
HiGHS with the same gap, for as many seconds as the product may do units of work. `--peers` gives the extensive form
five times the time. Times on a shared machine are noisy: process times and the ratio within the run are quoted beside.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np

from beachhead.supply.extensive import solve_extensive
from beachhead.supply.futures import draw_futures
from beachhead.supply.lane import Lane
from beachhead.supply.network import Destination, Network
from beachhead.supply.odds import turnings
from beachhead.supply.plan import Depth, plan_supply
from beachhead.supply.plant import Build, LeadTime, Mode, Plant
from beachhead.supply.recourse import Recourses
from beachhead.supply.routing import write_routing
from beachhead.supply.tariff import CurrencyMove, Fork, Tariff, Turn
from beachhead.supply.tree import grow_tree
from beachhead.supply.worth import solve_only
from beachhead.world.outlook import Outlook
from beachhead.world.quarter import Quarter, grid
from beachhead.world.source import Grade, Source
from beachhead.world.work import meter

WORK = 120.0  # units of ours, seconds of the extensive form
GAP = 1e-4  # a hundred times finer than asked for
CASES = {
    "small": (20, 16, 40),
    "issue": (40, 20, 100),
    "two offers": (40, 20, 100, 2),
    "more draws": (40, 20, 300),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the small case only; ends within a minute")
    parser.add_argument("--case", choices=CASES, help="this case only")
    parser.add_argument("--json", action="store_true", help="print one object of figures")
    parser.add_argument("--peers", action="store_true", help="give the extensive form five times the time")
    asked = parser.parse_args()
    names = [asked.case] if asked.case else ["small"] if asked.quick else list(CASES)
    limit = 20.0 if asked.quick else WORK
    figures = {name: run_case(name, limit, limit * (5 if asked.peers else 1), quiet=asked.json) for name in names}
    if asked.json:
        print(json.dumps(figures, indent=2))


def run_case(name: str, work: float, peer_seconds: float, *, quiet: bool) -> dict[str, Any]:
    """Both forms of one case; prints a table unless quiet."""
    size = CASES[name]
    ours = alone(solve_by_product, size, work)
    plain = alone(solve_plainly, size, peer_seconds)
    figures = {"markets": size[0], "quarters": size[1], "plants": 5, "draws": size[2], "ours": ours, "extensive": plain}
    if not quiet:
        show(name, figures)
    return figures


def alone(work: Callable[..., dict[str, Any]], *words: Any) -> dict[str, Any]:
    """Run in a process of its own, so that time and memory are its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (work, words))


def _measured(work: Callable[..., dict[str, Any]], words: tuple[Any, ...]) -> dict[str, Any]:
    figures = work(*words)
    figures["memory_gb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2)
    return figures


def solve_by_product(size: tuple[int, ...], work: float) -> dict[str, Any]:
    network, planned = instance(*size)
    futures = draw_futures(network, planned, seed=3)
    tree = grow_tree(network, futures, smallest=4)
    wall, cpu = time.perf_counter(), time.process_time()
    program = write_routing(network, futures, tree).program
    with Recourses(program, threads=2) as recourses:
        found = solve_only(program, recourses, gap=GAP, meter=meter(work))
        rp = {"wall_s": round(time.perf_counter() - wall, 1), "cpu_s": round(time.process_time() - cpu, 1)}
        nothing = np.zeros(len(program.decisions.names))
        idle = sum(
            s.probability * price.value for s, price in zip(program.scenarios, recourses.price(nothing), strict=True)
        )
    wall, cpu = time.perf_counter(), time.process_time()
    plan = plan_supply(network, planned, seed=3, depth=Depth(gap=GAP, work=work, threads=2))
    worth = plan.worth
    return {
        "columns_per_draw": len(program.columns),
        "binaries": int(program.decisions.integer.sum()),
        "nodes": tree.size,
        "lower": -found.upper,
        "upper": -found.lower,
        "gap": found.gap,
        "gap_of_gain": (found.upper - found.lower) / max(idle - found.upper, 1e-9),
        "rounds": found.rounds,
        "work": round(found.work, 1),
        "rp": rp,
        "all": {
            "wall_s": round(time.perf_counter() - wall, 1),
            "cpu_s": round(time.process_time() - cpu, 1),
            "gap": plan.gap,
            "work": round(plan.work, 1),
        },
        "vss": worth.of_stochastic_solution.middle,
        "evpi": worth.of_perfect_information.middle,
        "waiting": worth.of_waiting.middle,
        "steps": [
            f"{'close' if t.closes else 'commit'} {network.plants[t.plant].code} {network.gates[t.gate]} {t.odds:.2f}"
            for t in turnings(plan)
        ],
    }


def solve_plainly(size: tuple[int, ...], seconds: float) -> dict[str, Any]:
    network, planned = instance(*size)
    futures = draw_futures(network, planned, seed=3)
    tree = grow_tree(network, futures, smallest=4)
    wall, cpu = time.perf_counter(), time.process_time()
    program = write_routing(network, futures, tree, strong=False).program
    found = solve_extensive(program, gap=GAP, seconds=seconds, threads=2)
    return {
        "columns": len(program.columns) * len(program.scenarios) + len(program.decisions.names),
        "lower": -found.upper if found.is_found else None,
        "upper": -found.lower if np.isfinite(found.lower) else None,
        "gap": found.gap if found.is_found else None,
        "verdict": found.verdict.value,
        "wall_s": round(time.perf_counter() - wall, 1),
        "cpu_s": round(time.process_time() - cpu, 1),
    }


def show(name: str, figures: dict[str, Any]) -> None:
    ours, plain = figures["ours"], figures["extensive"]
    size = f"{figures['markets']} markets x {figures['quarters']} quarters x {figures['plants']} plants"
    print(f"\n{name}: {size} x {figures['draws']} draws; {ours['nodes']} nodes, {ours['binaries']} binaries")
    rows = [
        ("decomposition, RP", ours["gap"], ours["rp"], ours["lower"], ours["upper"], ours["memory_gb"]),
        (
            "... with VSS, EVPI, waiting",
            ours["all"]["gap"],
            ours["all"],
            ours["lower"],
            ours["upper"],
            ours["memory_gb"],
        ),
        ("plain extensive form", plain["gap"], plain, plain["lower"], plain["upper"], plain["memory_gb"]),
    ]
    print(f"{'':28} {'gap':>9} {'wall s':>7} {'cpu s':>7} {'lower M':>10} {'upper M':>10} {'GB':>5}")
    for label, gap, clock, lower, upper, memory in rows:
        shown = [f"{each / 1e6:10,.1f}" if each is not None else f"{'-':>10}" for each in (lower, upper)]
        share = f"{100 * gap:8.4f}%" if gap is not None else f"{'none':>9}"
        print(f"{label:28} {share} {clock['wall_s']:7.1f} {clock['cpu_s']:7.1f} {' '.join(shown)} {memory:5.2f}")
    print(f"gap as a share of what plants abroad add: {100 * ours['gap_of_gain']:.3g} %")
    print(f"VSS {ours['vss'] / 1e6:,.0f} M, EVPI {ours['evpi'] / 1e6:,.0f} M, waiting {ours['waiting'] / 1e6:,.0f} M")
    print("plan: " + "; ".join(ours["steps"]))


MADE_UP = Source(who="benchmark instance, sized like the issue", as_of=date(2026, 1, 1), grade=Grade.C)
EU = ["DE", "FR", "IT", "ES", "NL", "BE", "AT", "SE", "DK", "FI", "PL", "CZ", "HU", "RO", "PT", "IE", "GR", "SK"]
OTHERS = ["GB", "NO", "CH", "IS", "TR", "IL", "AE", "SA", "TH", "MY", "ID"]
OTHERS += ["VN", "PH", "SG", "JP", "KR", "AU", "NZ", "MX", "BR", "CL"]
REGIONS = dict.fromkeys(EU, "eu") | dict.fromkeys(["GB", "NO", "CH", "IS"], "west")
REGIONS |= dict.fromkeys(["TR", "IL", "AE", "SA"], "levant") | dict.fromkeys(["MX", "BR", "CL"], "america")
DUTY_FROM_HOME = {"EU": 0.453, "GB": 0.1, "TR": 0.5, "IL": 0.07, "AE": 0.05, "SA": 0.05, "MY": 0.05, "ID": 0.5}
DUTY_FROM_HOME |= {"VN": 0.5, "KR": 0.08, "MX": 0.5, "BR": 0.35}


def instance(markets: int, quarters: int, draws: int, offers: int = 1, seed: int = 1) -> tuple[Network, Outlook]:
    """A maker at home with four places abroad to choose from."""
    codes = ["CN", *(EU + OTHERS)[: markets - 1]]
    rng = np.random.default_rng(seed)
    horizon = grid(Quarter(2027, 1), quarters)
    builds = (
        Build(
            offer="sedan", material_cost=17_500, currency="CNY", home_only_share=0.35, volume_m3=14.1, source=MADE_UP
        ),
        Build(offer="suv", material_cost=19_500, currency="CNY", home_only_share=0.35, volume_m3=16.0, source=MADE_UP),
    )[:offers]
    m, j = len(codes), len(builds)
    net = rng.uniform(31_000, 36_000, (m, 1)) + 3000 * np.arange(j)
    net[0] = 26_000 + 3000 * np.arange(j)
    network = Network(
        plants=plants(),
        markets=tuple(
            Destination(
                code=c,
                name=c,
                region=REGIONS.get(c, "asia"),
                currency="CNY" if c == "CN" else "EUR",
                is_home=c == "CN",
            )
            for c in codes
        ),
        builds=builds,
        lanes=tuple(lane(p, c, rng) for p in plants() for c in codes if p.code == "home" or c != "CN"),
        tariffs=tuple(tariffs(codes, horizon)),
        areas=dict.fromkeys([*EU], "EU"),
        forks=(
            Fork(name="eu_duty", labels=("duty", "undertaking"), odds=(0.7, 0.3), known_from=Quarter(2028, 1)),
            Fork(name="yuan", labels=("as now", "up"), odds=(0.6, 0.4), known_from=Quarter(2028, 1)),
        ),
        moves=(CurrencyMove(currency="CNY", turn=Turn(fork="yuan", label="up"), first=Quarter(2028, 1), factor=1.12),),
        mix=np.full((m, j), 1 / j),
        net_price=net,
        selling_cost=0.12 * net,
        quarters=horizon,
        gates=horizon[0 : max(quarters - 6, 1) : 4],
    )
    return network, outlook(codes, horizon, draws, rng, seed)


def plants() -> tuple[Plant, ...]:
    return (
        Plant(code="home", name="home plants", mode=Mode.HOME_EXPORT, country="CN", currency="CNY", exists=True,
              capacity_per_quarter=160_000, labour_hours=20, labour_cost_per_hour=8, source=MADE_UP),
        Plant(code="graz", name="contract assembly, Graz", mode=Mode.KIT_ASSEMBLY, country="AT", currency="EUR",
              capital=(60e6, 40e6), lead=LeadTime(low=22, likely=26, high=45), capacity_per_quarter=10_000,
              ramp=(0.3, 0.7, 1.0), fixed_cost_per_quarter=4e6, minimum_run_per_quarter=1500, underrun_fee=2500,
              closing_cost=15e6, labour_hours=18, labour_cost_per_hour=44.5, local_content_share=0.25,
              local_content_factor=1.15, kit_freight=1200, parts_duty=0.035, fee_per_car=1500, source=MADE_UP),
        Plant(code="spain", name="joint venture, Spain", mode=Mode.JOINT_VENTURE, country="ES", currency="EUR",
              capital=(120e6,) * 4, lead=LeadTime(low=52, likely=65, high=100), capacity_per_quarter=12_500,
              ramp=(0.2, 0.5, 0.8, 1.0), fixed_cost_per_quarter=10e6, minimum_run_per_quarter=2500, underrun_fee=2000,
              closing_cost=60e6, labour_hours=20, labour_cost_per_hour=25.5, local_content_share=0.55,
              local_content_factor=1.12, kit_freight=1000, parts_duty=0.035, fee_per_car=900, source=MADE_UP),
        Plant(code="hungary", name="own plant, Hungary", mode=Mode.GREENFIELD, country="HU", currency="EUR",
              capital=(350e6,) * 10, lead=LeadTime(low=104, likely=122, high=156), capacity_per_quarter=37_500,
              ramp=(0.1, 0.3, 0.6, 0.8, 1.0), fixed_cost_per_quarter=35e6, closing_cost=400e6, labour_hours=20,
              labour_cost_per_hour=14.1, local_content_share=0.75, local_content_factor=1.08, kit_freight=700,
              parts_duty=0.035, source=MADE_UP),
        Plant(code="thailand", name="own plant, Thailand", mode=Mode.GREENFIELD, country="TH", currency="EUR",
              capital=(140e6,) * 7, lead=LeadTime(low=78, likely=95, high=130), capacity_per_quarter=37_500,
              ramp=(0.1, 0.4, 0.7, 1.0), fixed_cost_per_quarter=12e6, closing_cost=90e6, labour_hours=24,
              labour_cost_per_hour=4, local_content_share=0.6, local_content_factor=1.05, kit_freight=500,
              source=MADE_UP),
    )  # fmt: skip


def lane(plant: Plant, market: str, rng: np.random.Generator) -> Lane:
    near = {"graz", "spain", "hungary"}
    europe = market in EU or market in {"GB", "NO", "CH", "IS", "TR"}
    weeks = (2.0 if europe else 6.0) if plant.code in near else (6.0 if europe else 3.0)
    freight = (35.0 if europe else 85.0) if plant.code in near else (88.0 if europe else 60.0)
    if plant.country == market:
        weeks, freight = 1.0, 15.0
    return Lane(
        plant=plant.code,
        market=market,
        freight_per_m3=freight * rng.uniform(0.9, 1.1),
        handling_per_car=250,
        insurance_share=0.003,
        transit_weeks=weeks,
        loss_share=0.001,
        currency="EUR",
        source=MADE_UP,
    )


def tariffs(codes: list[str], horizon: tuple[Quarter, ...]) -> list[Tariff]:
    first, rows = horizon[0], []
    areas = list(dict.fromkeys("EU" if c in EU else c for c in codes))
    for area in areas:
        for origin in ("CN", "EU", "TH"):
            if origin == area:
                continue
            duty = DUTY_FROM_HOME.get(area, 0.0)
            if origin == "CN" and area == "EU":
                rows += [
                    Tariff(destination="EU", origin="CN", duty=0.453, first=first, source=MADE_UP),
                    Tariff(destination="EU", origin="CN", duty=0.1, first=Quarter(2028, 1), quota="eu undertaking",
                           quota_per_year=25_000, least_price=32_000, turn=Turn(fork="eu_duty", label="undertaking"),
                           source=MADE_UP),
                ]  # fmt: skip
            elif origin == "CN":
                rows.append(Tariff(destination=area, origin=origin, duty=duty, first=first, source=MADE_UP))
            else:
                rows.append(Tariff(destination=area, origin=origin, duty=0.1, first=first, source=MADE_UP))
                rows.append(Tariff(destination=area, origin=origin, duty=0.0, first=first, least_origin_share=0.4,
                                   source=MADE_UP))  # fmt: skip
    rows.append(Tariff(destination="EU", origin="EU", duty=0.0, first=first, least_origin_share=0.25, source=MADE_UP))
    rows.append(Tariff(destination="EU", origin="EU", duty=0.453, first=first, source=MADE_UP))
    return rows


def outlook(codes: list[str], horizon: tuple[Quarter, ...], draws: int, rng: np.random.Generator, seed: int) -> Outlook:
    m, t = len(codes), len(horizon)
    level = rng.lognormal(np.log(900), 0.7, m)
    regions = {c: REGIONS.get(c, "asia") for c in codes}
    names = sorted(set(regions.values()))
    z = (
        0.5 * rng.standard_normal((draws, 1))
        + 0.35 * rng.standard_normal((draws, len(names)))[:, [names.index(regions[c]) for c in codes]]
    )
    z = z + 0.5 * rng.standard_normal((draws, m))
    path = np.minimum(1.0, (1 + np.arange(t)) / 10.0)[None, :] * np.where(
        np.arange(t)[None, :] >= rng.integers(0, 6, m)[:, None], 1.0, 0.0
    )
    cars = level[None, :, None] * np.exp(z)[:, :, None] * path[None] * rng.lognormal(0, 0.1, (draws, m, t))
    cars[:, 0] = 90_000 * np.exp(0.15 * rng.standard_normal((draws, 1))) * np.linspace(0.9, 1.1, t)
    return Outlook(values=cars, markets=tuple(codes), quarters=horizon, seed=seed)


if __name__ == "__main__":
    main()
